//! Why custody declines.

use super::held::HeldPaper;
use super::terms::{ContainerKind, Leg, Side};
use crate::domain::date::Date;
use crate::domain::id::{CaseNo, ContainerId, DiscrepancyId, SealNo, SlipId, StaffId, TransferId};
use crate::domain::refusal::refusals;

refusals! {
    /// Why paper cannot be handed over like this.
    CustodyRefusal;
    NoPapers, "no-papers", "papers",
        "没有列出任何材料；请至少扫描一份", "no paper is listed; scan at least one";
    TooMany { max: usize }, "too-many-bundles", "lines",
        "一张交接单最多 {max} 个材料袋；请分成几张", "a slip has at most {max} bundles; make several";
    ListedTwice { case: CaseNo }, "listed-twice", "lines",
        "材料袋 {case} 或其中的材料重复列出；请删除重复行", "bundle {case}, or a paper of it, is listed twice; remove the repeated line";
    NoBundle { case: CaseNo }, "no-bundle", "lines",
        "办件 {case} 没有材料袋；请核对标签", "case {case} has no bundle; check the label";
    NoPaper { case: CaseNo, no: u16 }, "no-paper", "papers",
        "材料袋 {case} 没有第 {no} 号材料；请核对清单", "bundle {case} has no paper {no}; check its list";
    PaperDiffers { case: CaseNo, no: u16 }, "paper-differs", "lines",
        "交接单上 {case} 第 {no} 号材料与登记不一致；请重新生成交接单", "paper {no} of {case} is not on the slip as it is registered; make the slip again";
    NotHolder { case: CaseNo, no: u16, staff: StaffId }, "not-holder", "papers",
        "{case} 第 {no} 号材料不在 {staff} 名下；请由现持有人交出", "paper {no} of {case} is not held by {staff}; its present holder gives it";
    OnSlip { case: CaseNo, no: u16, slip: SlipId }, "on-slip", "papers",
        "{case} 第 {no} 号材料已在交接单 {slip} 上；请先完成或撤回该单", "paper {no} of {case} is on slip {slip}; finish or cancel that first";
    OnRound { case: CaseNo, no: u16, transfer: TransferId }, "on-round", "papers",
        "{case} 第 {no} 号材料已列入移交批次 {transfer}；请先完成该批次或申请延期移交", "paper {no} of {case} is on transfer round {transfer}; finish the round or have it put off first";
    NotOnRound { case: CaseNo, no: u16 }, "not-on-round", "papers",
        "{case} 第 {no} 号材料不在这一移交批次内；请按批次清单移交", "paper {no} of {case} is not on this transfer round; transfer what the round lists";
    TransferByRound, "transfer-by-round", "transfer",
        "办结材料按移交批次移交；请在移交批次中发起，其他交接不填批次号", "finished paper is transferred by rounds; offer it from its round, and name no round for anything else";
    Lent { case: CaseNo, no: u16, until: Date }, "lent", "papers",
        "{case} 第 {no} 号材料为借阅件（{until} 前归还）；请先办理归还", "paper {no} of {case} is lent (until {until}); return it first";
    InDoubt { case: CaseNo, no: u16, id: DiscrepancyId }, "in-doubt", "papers",
        "{case} 第 {no} 号材料有未处理的交接差异 {id}；请先处理", "something does not match about paper {no} of {case}, {id}; clear it up first";
    HoldersDiffer, "holders-differ", "papers",
        "所列材料登记在不同站点；请分次移动", "the papers listed are held at different sites; move them in turn";
    NotLent { case: CaseNo, no: u16 }, "not-lent", "papers",
        "{case} 第 {no} 号材料不是从对方借阅的；请选择其他交接类型", "paper {no} of {case} was not lent by the other side; choose another kind of hand-over";
    WrongLeg { leg: Leg, from: Side, to: Side }, "wrong-leg", "leg",
        "{leg}不能从{from}到{to}；请选择正确的交接类型或接收方", "{leg:#} does not go from {from:#} to {to:#}; choose the right kind of hand-over or receiver";
    NoReturnDay, "no-return-day", "back_by",
        "借阅须填写归还日期，且不早于交接单有效期；其他交接不填", "a loan states the day it comes back, not before the slip expires; nothing else does";
    ExpiresBefore { today: Date }, "expires-before", "expires",
        "交接单有效期不能早于今天（{today}）；请改为今天或以后", "a slip does not expire before today ({today}); choose today or later";
    SlipKnown { slip: SlipId }, "slip-known", "slip",
        "交接单号 {slip} 已使用；请重新生成", "slip number {slip} is taken; make another";
    NotOpen { slip: SlipId }, "slip-not-open", "slip",
        "交接单 {slip} 已办结；请查看其结果", "slip {slip} is finished; look at its outcome";
    Expired { slip: SlipId, on: Date }, "slip-expired", "slip",
        "交接单 {slip} 已于 {on} 过期；请交出方重新发起", "slip {slip} expired on {on}; the giver offers again";
    NotExpired { slip: SlipId, on: Date }, "slip-not-expired", "slip",
        "交接单 {slip} 在 {on} 当日结束前仍有效", "slip {slip} is good until the end of {on}";
    OtherManifest { slip: SlipId }, "other-manifest", "manifest",
        "签收的不是交接单 {slip} 现在的清单；请重新打开交接单", "this is not the manifest of slip {slip}; open the slip again";
    LinesDiffer { case: CaseNo }, "lines-differ", "lines",
        "签收结果与交接单在 {case} 处不一致：每份材料都要有且只有一个结论", "the outcome does not match the slip at {case}: every paper gets one finding and only one";
    NothingTaken, "nothing-taken", "lines",
        "没有接收任何材料；请改为拒收并说明原因", "nothing is taken; refuse the slip and say why";
    SamePerson { staff: StaffId }, "same-person", "receipt",
        "交出人和接收人不能是同一人（{staff}）；请由另一人签收", "giver and receiver cannot be one person ({staff}); somebody else signs for it";
    NotTheirSide { staff: StaffId, side: Side }, "not-their-side", "receipt",
        "{staff} 不能代表{side}；请由该方人员签字", "{staff} does not act for {side:#}; somebody of that side signs";
    HolderDiffers, "holder-differs", "to",
        "签收后的持有人须为签收人本人", "whoever signs for it holds it";
    StampForDepartments, "stamp-for-departments", "receipt",
        "只有部门可以在纸质交接单上签章；大厅内部请用签名密钥", "only a department signs and stamps on paper; within the hall sign with a key";
    NoKey { staff: StaffId }, "no-signing-key", "signature",
        "{staff} 没有在用的签名密钥，或所用密钥已停用；请先登记签名密钥", "{staff} has no signing key in force, or used another; enrol a signing key first";
    BadSignature { staff: StaffId }, "bad-signature", "signature",
        "{staff} 的签名与内容不符；请核对后重新签名", "the signature of {staff} does not fit what is signed; check it and sign again";
    NotGiver { staff: StaffId }, "not-giver", "slip",
        "交接单由他人发起，{staff} 不能撤回；请发起人办理", "the slip was offered by somebody else; {staff} cannot cancel it";

    // in transit
    InTransit { slip: SlipId }, "in-transit", "slip",
        "交接单 {slip} 的材料在途；请先由承运人送回并登记", "what is on slip {slip} is in transit; have the carrier bring it back first, and record that";
    NotInTransit { slip: SlipId }, "not-in-transit", "slip",
        "交接单 {slip} 的材料不在承运人处；无需登记送回", "no carrier has what is on slip {slip}; there is nothing to bring back";
    NotSender { staff: StaffId }, "not-sender", "slip",
        "交接单由他人发起，{staff} 不能交给承运人；请发起人办理", "the slip was offered by somebody else; {staff} cannot give it to a carrier";
    Away { case: CaseNo, no: u16, slip: SlipId }, "away", "papers",
        "{case} 第 {no} 号材料仍在承运人处（交接单 {slip}）；请先登记送回", "paper {no} of {case} is still with the carrier of slip {slip}; record that it was brought back first";

    // received by seal
    InSealedBox { case: CaseNo, no: u16, container: ContainerId }, "in-sealed-box", "papers",
        "{case} 第 {no} 号材料在已封的 {container} 中；请整盒交接，或先启封", "paper {no} of {case} is in the sealed box {container}; hand over the whole box, or open it first";
    BoxDiffers { container: ContainerId }, "box-differs", "boxes",
        "交接单上的 {container} 与实际封存不一致（封签号或盒内材料）；请重新生成交接单", "box {container} is not on the slip as it is sealed (its seal, or what is in it); make the slip again";
    SealNotWhole { container: ContainerId }, "seal-not-whole", "seals",
        "{container} 的封签破损、号码不符或没有核对，不能凭封签接收；请现在逐件核对", "the seal of {container} is broken, another, or was not read, so it is not taken by seal; check it line by line now";
    BoxPartly { container: ContainerId }, "box-partly", "lines",
        "{container} 只有部分材料凭封签接收；请整盒凭封签接收，或全部逐件核对", "only some of box {container} is taken by seal; take all of it so, or check every line";
    NotInBox { case: CaseNo, no: u16 }, "not-in-box", "lines",
        "{case} 第 {no} 号材料不能凭封签接收；请逐件核对", "paper {no} of {case} cannot be taken by seal; check it";
    NothingToCheck { slip: SlipId }, "nothing-to-check", "slip",
        "交接单 {slip} 没有待逐件核对的材料；请查看其结果", "slip {slip} has no lines left to check; look at its outcome";

    // containers
    ContainerKnown { container: ContainerId }, "container-known", "container",
        "标签 {container} 已在使用；请换一个", "the label {container} is in use; take another";
    ContainerTooSmall { container: ContainerId, kind: ContainerKind, into: ContainerKind }, "container-too-small", "into",
        "{container} 是{kind}，不能放入{into}；请选择更大的容器", "{container} is a {kind:#} and does not go into a {into:#}; choose a larger container";
    ContainerGone { container: ContainerId, side: Side }, "container-gone", "container",
        "{container} 已随交接单交给{side}；收回空盒后请先登记存放位置", "{container} went to {side:#} on a slip; when it comes back empty, move it to its place first";
    OtherSite { container: ContainerId }, "other-site", "into",
        "{container} 不在该站点；请选择同一站点的容器", "{container} is not at that site; choose a container of the same site";
    OnlyBoxes { container: ContainerId }, "only-boxes", "container",
        "{container} 不是档案盒；只有档案盒可以封签或换站点", "{container} is no box; only a box is sealed or changes its site";
    BoxNotEmpty { container: ContainerId }, "box-not-empty", "container",
        "{container} 中还有材料；请封签后用交接单交接，或先取出材料", "there is paper in {container}; seal it and hand it over on a slip, or take the paper out first";
    BoxEmpty { container: ContainerId }, "box-empty", "container",
        "{container} 中没有材料；请先放入材料", "there is no paper in {container}; put some in first";
    BoxSealed { container: ContainerId }, "box-sealed", "container",
        "{container} 已封；请先启封", "{container} is sealed; open it first";
    BoxNotSealed { container: ContainerId }, "box-not-sealed", "container",
        "{container} 没有封签；无需启封", "{container} is not sealed; there is nothing to open";
    SealUsed { container: ContainerId, seal: SealNo }, "seal-used", "seal",
        "封签号 {seal} 已在 {container} 上用过；请换新封签", "seal {seal} was on {container} before; take a new one";
    InContainer { case: CaseNo, no: u16, container: ContainerId }, "in-container", "papers",
        "{case} 第 {no} 号材料已在 {container} 中", "paper {no} of {case} is in {container} already";
    NotInContainer { case: CaseNo, no: u16, container: ContainerId }, "not-in-container", "papers",
        "{case} 第 {no} 号材料不在 {container} 中；请核对其位置", "paper {no} of {case} is not in {container}; check where it is";
}

impl CustodyRefusal {
    /// The paper is on another round than the slip's, or on none.
    pub(super) fn round_differs(case: CaseNo, no: u16, held: &HeldPaper) -> Self {
        match &held.listed {
            Some(transfer) => Self::OnRound {
                case,
                no,
                transfer: transfer.clone(),
            },
            None => Self::NotOnRound { case, no },
        }
    }
}
