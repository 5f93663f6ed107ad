//! The one table of refusals about visits and cases.

use super::paper::FirstStep;
use super::terms::{CaseForm, DefectSubject, DeferralBar};
use crate::domain::calendar::NoYear;
use crate::domain::id::{CaseNo, DepartmentCode, MaterialCode};
use crate::domain::refusal::refusals;

refusals! {
    /// Why a decision about a visit or a case was refused.
    CaseRefusal;
    // Which case, visit, item; in which order.
    Unknown, "case-unknown", "case", "没有这个办件；请核对办件编号", "there is no case of this number; check it";
    AlreadyOpen, "case-already-open", "case", "该办件编号已被使用；请改用新的编号", "this case number is taken; use a new one";
    NumberTaken { number: CaseNo }, "platform-number-taken", "number", "办件编号 {number} 已属于另一办件；请核对平台编号", "the platform number {number} belongs to another case; check it";
    TakenOver, "case-taken-over", "", "该办件为期初盘点接管的旧卷，只能保管、移交；请在材料袋和移交批次中办理", "this case was taken over with its paper; nothing else can be done with it, see its bundle and its round";
    NotTakenOver, "case-not-taken-over", "", "该办件不是期初盘点接管的旧卷；请核对申请人证件后办理退还", "this case was not taken over; return its paper with the applicant's document number";
    WrongItem, "wrong-item-version", "item", "事项版本与办件固定的版本不一致；请按办件固定的版本办理", "this is not the item version the case pins; use the pinned version";
    WrongMandate, "wrong-mandate", "mandate", "本窗口的部门授权委托书不适用于此办件；请核对事项、部门和权限（收件/发证）", "the window's authorisation does not cover this act; check item, department and power";
    WrongApplicantKind, "wrong-applicant-kind", "applicant", "该事项不受理此类申请人；请核对申请人类型", "this kind of applicant cannot apply for the item; check the kind";
    PowerMissing, "power-of-attorney-missing", "agent", "申请人委托书不含此项权限，或今日不在有效期内；请申请人本人办理，或补交委托书", "the power of attorney does not cover this today; the applicant acts, or gives another one";
    VisitUnknown, "visit-unknown", "visit", "没有这次到访；请先登记到访", "there is no such visit; open one first";
    VisitOpen, "visit-already-open", "visit", "该到访编号已被使用；请改用新的编号", "this visit id is taken; use a new one";
    VisitClosed, "visit-closed", "visit", "本次到访已结束；请重新登记到访", "the visit is over; open a new one";
    WrongVisit, "wrong-visit", "visit", "到访的窗口与收件窗口不一致，或咨询记录不存在；请在同一窗口办理", "the visit is at another window, or has no such consultation; act at the visit's window";
    RoleMissing, "role-missing", "role", "当前岗位不能执行此操作；请切换到相应岗位", "this cannot be done in the present role; take the right one";
    OutOfOrder, "out-of-order", "occurred", "发生时间早于本办件的上一步；请核对补录时间", "the time is before the case's last step; check the time entered";
    Calendar { year: i16 }, "calendar-year-missing", "", "工作日历中没有{year}年，无法计算期限；请由系统管理员补充该年日历", "the calendar has no year {year}, so no limit can be counted; an administrator adds it";
    Ended, "case-ended", "", "办件已终结，不能再办理；如仍需办理，请重新申请", "the case has ended; if it is still wanted, apply again";
    NotEnded, "case-not-ended", "", "办件尚未撤回、作废、终止或不予受理，不能退还材料", "the case has not ended without a decision; paper goes back only then";
    Erased, "case-erased", "", "办件已依法删除，不能再办理", "the case was lawfully erased; nothing more is done with it";
    NotClosed, "case-not-closed", "", "办件尚未终结或结果尚未送达，不能删除", "the case has not ended and its result is not delivered; it cannot be erased";
    KeptForEver, "kept-for-ever", "reason", "该事项的材料永久保管，不能以保管期满为由删除", "the item's records are kept for ever; that their retention is over is no reason";
    RetentionRuns { last: i32 }, "retention-runs", "reason", "保管期限至 {last} 年底，届满前不能以此为由删除", "the records are kept to the end of {last}; that their retention is over is no reason before";
    // The checklist and the receipt.
    NotAtWindow, "not-at-window", "", "办件不在窗口收件环节；只有出具收件凭证之前才能更改材料清单", "the case is not being taken in; the checklist changes only before the receipt";
    UnknownRow { row: MaterialCode }, "unknown-row", "row", "事项没有材料 {row}；请按办事指南核对", "the item has no material {row}; compare its guide";
    RowNotOpen { row: MaterialCode }, "row-not-open", "row", "材料 {row} 已收、已容缺或不需要；如有误请先撤销", "material {row} is met, deferred or not needed; take that back first";
    RowNotMet { row: MaterialCode }, "row-not-met", "row", "材料 {row} 本次尚未收取，无可撤销", "material {row} was not met in this submission; there is nothing to take back";
    NotConditional { row: MaterialCode }, "row-not-conditional", "row", "材料 {row} 为必要材料，不能由窗口决定是否需要", "material {row} is always required; nobody decides that it is not";
    RowUndecided { row: MaterialCode }, "row-undecided", "row", "材料 {row} 是否需要尚未决定；请先决定并说明理由", "whether material {row} is needed is not decided; decide it and say why";
    WayNotAllowed { row: MaterialCode }, "way-not-allowed", "way", "材料 {row} 不允许以这种方式提供；请按办事指南选择", "material {row} cannot be met this way; choose one of its guide";
    TooFewOriginals { row: MaterialCode, asked: u8 }, "too-few-originals", "originals", "材料 {row} 需要原件 {asked} 份；请补足，或注明原件在哪个办件的材料袋中", "material {row} needs {asked} original(s); add them, or name the case whose bundle holds them";
    TooFewCopies { row: MaterialCode, asked: u8 }, "too-few-copies", "copies", "材料 {row} 需要复印件 {asked} 份；请补足", "material {row} needs {asked} copy(ies); add them";
    NoPaper { row: MaterialCode }, "no-paper", "originals", "材料 {row} 按留存纸质材料办理，但份数为零；请填写份数", "material {row} is met by paper kept, but none is counted; count it";
    CountWithoutPaper { row: MaterialCode }, "count-without-paper", "originals", "材料 {row} 不留存纸质材料，份数应为零", "material {row} keeps no paper this way; its counts are zero";
    EvidenceMissing { row: MaterialCode }, "evidence-missing", "evidence", "材料 {row} 缺少电子证照、共享数据、承诺书或历史办件的凭据；请提供", "material {row} lacks its evidence: the licence, the data, the undertaking or the earlier case; give it";
    NoPaperFromAfar { row: MaterialCode }, "no-paper-from-afar", "way", "远程预审阶段不能收取或核验纸质材料 {row}；请待申请人到窗口后办理", "paper of {row} cannot be taken or seen in a pre-check from afar; do it when the applicant comes";
    SharedNotHeld { row: MaterialCode, case: CaseNo }, "shared-original-not-held", "shared", "办件 {case} 的材料袋中没有材料 {row} 可共用的原件；请核对", "the bundle of case {case} does not hold the original of {row}; check it";
    RowOpen { row: MaterialCode }, "row-open", "row", "材料 {row} 尚未收齐，不能出具收件凭证；请补齐、按规定容缺，或一次性告知", "material {row} is open, so no receipt; get it, defer it by the rules, or give the correction notice";
    FindingsStanding { field: DefectSubject }, "findings-standing", "findings", "{field} 校验未通过，不能出具收件凭证；请更正后重新校验", "{field:#} did not pass its check, so no receipt; correct and check again";
    // Deferral.
    NoRows, "no-rows", "rows", "没有指明材料；请至少选择一项", "no material is named; choose at least one";
    NotDeferrable { row: MaterialCode, bar: DeferralBar }, "not-deferrable", "rows", "材料 {row} 不能容缺：{bar}；请打印不予容缺告知书", "material {row} cannot be deferred: {bar:#}; print the refusal";
    Deferrable { row: MaterialCode }, "deferrable", "rows", "材料 {row} 符合容缺条件，不得拒绝", "material {row} can be deferred; it must not be refused";
    NotDeferred { row: MaterialCode }, "row-not-deferred", "row", "材料 {row} 不是待补交的容缺材料", "material {row} is not one to be handed in later";
    // Correction.
    NothingToCorrect, "nothing-to-correct", "defects", "没有需要补正的内容；请直接出具收件凭证", "there is nothing to correct; issue the receipt";
    NoticeIncomplete { about: DefectSubject }, "notice-incomplete", "defects", "告知书漏列 {about}；应当一次性告知全部内容", "the notice leaves out {about:#}; it must list everything at once";
    SecondNotice, "second-notice", "", "本次提交已一次性告知，不得再次告知；确有遗漏的，请报主管处理", "this submission had its one notice; if something was left out, escalate to a supervisor";
    NotEscalatable, "nothing-to-escalate", "", "本次提交尚未告知，或已获准再次告知，无需上报", "this submission had no notice yet, or another one is allowed already";
    DueTooEarly, "due-too-early", "due", "补正期限应晚于告知之日；请更改期限", "the date for correcting must be later than the day of the notice";
    HandBackUnsigned { row: MaterialCode }, "hand-back-unsigned", "signature", "退还已开具凭证的材料 {row} 须由申请人签收", "receipted paper of {row} goes back only against the applicant's signature";
    NothingReturned, "nothing-to-resubmit", "", "没有待补正或被退回的提交", "there is nothing to hand in again: no notice, no return";
    PaperNotHere { row: MaterialCode }, "paper-not-here", "rows", "材料 {row} 的纸质件不在窗口；请先核对保管位置", "the paper of {row} is not at the window; find its holder first";
    // Dispatch and review.
    NotReceived, "not-received", "", "尚未出具收件凭证，不能推送", "no receipt was issued yet; issue it first";
    NotDigitised { row: MaterialCode }, "not-digitised", "row", "材料 {row} 尚未扫描；请先扫描，或注明由部门领取纸质件", "material {row} is not scanned; scan it, or mark it to be collected as paper";
    NotPushed { department: DepartmentCode }, "not-pushed", "department", "办件未推送给部门 {department}", "the case was not pushed to department {department}";
    PackageDiffers, "package-differs", "package", "部门收到的数字摘要与窗口推送的不一致；请重新推送", "the department's digest differs from the window's; push again";
    NotReader { department: DepartmentCode, row: MaterialCode }, "not-reader", "rows", "部门 {department} 在当前环节无权获取材料 {row}", "department {department} may not have material {row} at this step";
    TwoSigners, "two-signers", "taken", "交接须由窗口和部门两人分别签名", "a hand-over needs two people's signatures, one of the window and one of the department";
    WrongDepartment { department: DepartmentCode }, "wrong-department", "department", "该事项不由部门 {department} 办理此环节", "department {department} does not do this step of the item";
    NotAccepted, "not-accepted", "", "部门尚未受理；请先受理", "the department has not accepted it; accept it first";
    AlreadyAccepted, "already-accepted", "", "部门已受理，不得退件、不予受理或作废；应当作出决定", "it is accepted: it cannot be returned, refused or voided; it has to be decided";
    AlreadyDecided, "already-decided", "", "办件已办结", "the case is decided";
    // Procedures, decision.
    ProcedureNotListed, "procedure-not-listed", "procedure", "该事项没有此特别程序；不得停止计时", "the item has no such special procedure; the clock does not stop for it";
    ProcedureRunning, "procedure-running", "procedure", "特别程序正在进行；请先结束", "a special procedure is running; end it first";
    ProcedureNotRunning, "procedure-not-running", "procedure", "此特别程序未在进行", "this special procedure is not running";
    ProcedureDays { most: u16 }, "procedure-days", "days", "特别程序预计所需时间应为 1 至 {most} 个工作日", "a special procedure is expected to take 1 to {most} working days";
    NoLimit, "no-limit", "", "即办件没有可延长的时限", "what is done on the spot has no limit to extend";
    ExtendedAlready, "extended-already", "", "时限只能延长一次", "the limit can be extended only once";
    ExtensionDays { most: u16 }, "extension-days", "days", "延长时限应为 1 至 {most} 个工作日", "an extension is 1 to {most} working days";
    LimitPassed, "limit-passed", "", "时限已过，不能再延长", "the limit has passed; it cannot be extended any more";
    TaskNotDue { department: DepartmentCode }, "task-not-due", "step", "部门 {department} 当前没有此项联办任务", "department {department} has no such part to do now";
    TasksOpen { department: DepartmentCode }, "tasks-open", "", "联办部门 {department} 尚未完成，牵头部门不能办结；请督促", "co-department {department} has not finished, so the lead cannot close; urge it";
    NeedsDepartment, "needs-department", "officer", "该事项须专家评审、现场踏勘或集体讨论，首席代表不能决定；请由部门作出决定", "expert review, site inspection or collective discussion is needed; the department decides, not its chief representative";
    ProcedureNotDone, "procedure-not-done", "", "法定的专家评审、现场踏勘或集体讨论尚未完成，不能决定", "a required expert review, site inspection or collective discussion is not completed";
    HigherAuthority, "higher-authority", "", "该事项由上级机关决定；请先初审，再登记上级决定", "a higher authority decides it; review it first, then register that decision";
    NotHigherAuthority, "not-higher-authority", "", "该事项由本部门决定，无需初审上报", "the department itself decides it; there is no first review";
    NoFirstReview, "no-first-review", "", "尚未初审；请先完成初审", "the first review is missing; do it first";
    ReviewedAlready, "reviewed-already", "", "已完成初审", "the first review is done";
    NotLapsed, "not-lapsed", "reason", "期限尚未届满，不能以此为由终止", "the date has not passed; it is no reason to terminate yet";
    NothingToReturn, "nothing-to-return", "", "窗口没有可退还的纸质材料", "the window holds no paper to give back";
    // Result and delivery.
    NotDecided, "not-decided", "", "办件尚未在平台办结，不能登记结果", "the case is not decided on the platform; no result can be registered";
    ResultExists, "result-exists", "", "该办件已有结果记录；一个办件只有一份结果", "the case has its result already; there is exactly one";
    SerialMissing, "serial-missing", "serial", "请登记证件编号", "register the certificate's serial";
    NoResult, "no-result", "", "窗口尚未取得办理结果", "the window does not have the result yet";
    SupplementsMissing { row: MaterialCode }, "supplements-missing", "", "容缺材料 {row} 尚未补齐，暂不能发放结果；请先补交", "deferred material {row} is missing, so the result is not released; get it first";
    WrongHolder, "wrong-holder", "bearer", "领取人既非申请人，也非持有委托书的代理人；不得发放", "the bearer is neither the applicant nor an agent with power of attorney; do not hand it out";
    NotToBeMailed, "not-to-be-mailed", "delivery", "申请人选择窗口自取；如需邮寄，请先更改送达方式和地址", "the applicant wants to fetch it; to mail it, change the delivery and address first";
    DepartmentMails, "department-mails", "sender", "业务审批部门不得自行寄送结果；请交综合窗口寄出", "a department must not mail results itself; give it to the window";
    InThePost, "in-the-post", "", "结果已寄出，尚无投递结果；请先查询运单", "it is in the post; find out what became of it first";
    NotInThePost, "not-in-the-post", "waybill", "该运单没有在途的结果；请核对运单号", "nothing is in the post under this waybill; check it";
    WaybillUsed, "waybill-used", "waybill", "该运单号已用于本办件的前一次寄送；请填写新的运单号", "this waybill was used for an earlier post of the case; give the new one";
    AlreadyDelivered, "already-delivered", "", "结果已送达，送达台账只登记一次", "it is delivered; the register has one row a result";
    NotInvited, "not-invited", "", "服务尚未结束，还不能评价", "the service is not finished; it cannot be rated yet";
    RatedAlready, "rated-already", "", "该办件已评价", "the case is rated";
    TicketTaken, "ticket-taken", "ticket", "该工单编号已被使用；请改用新的编号", "this ticket id is taken; use a new one";
    // Papers.
    NothingToPrint { form: CaseForm, first: FirstStep }, "nothing-to-print", "form", "本办件还没有可印入《{form}》的事项；{first}", "the case has nothing yet that the {form:#} states; {first:#}";
    NotStated { form: CaseForm, fact: u32 }, "fact-not-stated", "fact", "第 {fact} 条记录不是《{form}》所载的事项；请从可打印清单中选择", "fact {fact} is not what the {form:#} states; choose one of the printable facts";
    PrintedMeanwhile, "printed-meanwhile", "", "该表单刚被他人打印；请刷新后重试", "somebody printed this form meanwhile; refresh and try again";
    TooManyPrints, "too-many-prints", "form", "该表单已打印 100 次，不能再打印；请查明原因", "this form was printed 100 times; find out why before going on";
    TooManyDocuments, "too-many-documents", "", "本办件已保存 1000 份文件，不能再保存；请核对", "the case has 1000 documents and takes no more; check them";
    TicketMissing, "ticket-missing", "ticket", "差评须同时建立整改工单；请提供工单编号", "a negative rating opens a ticket; name it";
}

impl From<NoYear> for CaseRefusal {
    fn from(missing: NoYear) -> Self {
        Self::Calendar { year: missing.year }
    }
}
