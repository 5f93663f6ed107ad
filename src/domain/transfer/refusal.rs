//! Why a round of transfer declines.

use crate::domain::custody::Side;
use crate::domain::date::Date;
use crate::domain::id::{CaseNo, SlipId, StaffId, TransferId};
use crate::domain::refusal::refusals;

refusals! {
    /// Why a round of transfer cannot go on like this.
    TransferRefusal;
    Done { transfer: TransferId }, "round-done", "",
        "移交批次 {transfer} 已办结；请查看其结果", "round {transfer} is done; look at its outcome";
    OnOffer { transfer: TransferId, slip: SlipId }, "round-offered", "",
        "移交批次 {transfer} 已发出交接单 {slip}；请先完成或撤回该单", "round {transfer} is offered on slip {slip}; finish or cancel that first";
    NotReconciled { transfer: TransferId }, "round-not-reconciled", "",
        "移交批次 {transfer} 尚未逐件核对，或核对后清单有变；请先扫描核对", "the papers of round {transfer} were not looked up, or have changed since; scan them first";
    NotSealed { transfer: TransferId }, "round-not-sealed", "",
        "移交批次 {transfer} 的移交包尚未封装；请先封装", "the package of round {transfer} is not sealed; seal it first";
    LinesDiffer { case: CaseNo }, "lines-differ", "lines",
        "核对结果与批次清单在 {case} 处不一致：每份材料都要有且只有一个结论", "what was found does not match the round's list at {case}: every paper gets one finding and only one";
    NotTaken { case: CaseNo, no: u16 }, "finding-not-possible", "lines",
        "{case} 第 {no} 号材料由本窗口核对，不能填“接收（破损）”或“凭封签接收”；请填相符或破损", "paper {no} of {case} is looked up by its own window and cannot be taken damaged or by seal; say present or damaged";
    NotOnRound { case: CaseNo, no: u16 }, "not-on-round", "lines",
        "{case} 第 {no} 号材料不在移交批次内；请核对清单", "paper {no} of {case} is not on the round; check its list";
    NoPapers, "no-papers", "lines",
        "没有列出任何材料；请至少选择一份", "no paper is listed; choose at least one";
    OtherDepartment { expected: Side }, "other-department", "to",
        "这一批次应移交给{expected}；请更正接收方", "this round goes to {expected:#}; correct the receiver";
    ChecksFailed { failed: u32 }, "checks-failed", "checks",
        "有 {failed} 项必检项目未通过，不能封装；请按检测报告处理后重试", "{failed} mandatory checks failed, so the package is not sealed; mend what the report names and try again";
    OtherRound { transfer: TransferId }, "other-round", "report.transfer",
        "检测报告不是移交批次 {transfer} 的；请核验该批次的移交包", "the checks are not about round {transfer}; verify the package of that round";
    ReportForm, "report-form", "report",
        "检测报告为空、过长或含控制字符；请用 counterfoil verify --report 生成", "the checks are empty, too long or have control characters; make them with counterfoil verify --report";
    DeferralOpen { transfer: TransferId }, "deferral-open", "",
        "移交批次 {transfer} 已有延期申请在办；请先办结", "a request to have papers of round {transfer} later is open; finish it first";
    NoDeferral { transfer: TransferId }, "no-deferral", "",
        "移交批次 {transfer} 没有在办的延期申请", "there is no open request to have papers of round {transfer} later";
    NotLater { due: Date }, "not-later", "until",
        "延期日期须晚于原期限（{due}）", "the new day has to be after the present one ({due})";
    NotConsented, "not-consented", "",
        "部门尚未同意延期；须先由部门同意，再由大厅主管批准", "the department has not agreed; it agrees first, then the hall's supervisor approves";
    SamePerson { staff: StaffId }, "same-person", "",
        "申请人 {staff} 不能批准自己的延期申请；请另一位主管批准", "{staff} asked for it and cannot approve it; another supervisor does";
}
