//! The facts about visits and cases. Written once, never changed: new variants are added.
use serde::{Deserialize, Serialize};

use super::terms::*;
use super::{Deferred, FormPrint, KeptDocument, Met, Progress, TakenOver};
use crate::domain::{
    CaseNo, Commitment, Date, DepartmentCode, Digest, MaterialCode, SerialNo, StaffId, TicketId,
    VisitId, catalogue::SpecialProcedure, hall::Mandate,
};

/// What can happen to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseEvent {
    /// The case was opened; it pins the item's version.
    Opened {
        /// The right to receive, with item, version and digest of the version.
        mandate: Mandate,
        /// The visit, none when it was imported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
        /// How it came in.
        channel: Channel,
        /// Who opened it.
        clerk: StaffId,
        /// Who applies.
        applicant: Applicant,
        /// Who acts for the applicant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<Agent>,
        /// How the result is wanted.
        delivery: DeliveryChoice,
        /// Vault record of the code for looking up progress.
        query: Commitment,
        /// Fields that did not pass the first check.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<FieldFinding>,
    },
    /// The city platform gave the case a number (办件编号).
    PlatformNumbered {
        /// That number.
        number: CaseNo,
    },
    /// This number is the platform's name of another case.
    NumberOf {
        /// That case.
        case: CaseNo,
    },
    /// The applicant of a case from afar came to a window, which goes on with it.
    Attended {
        /// The visit.
        visit: VisitId,
        /// The window's right to receive.
        mandate: Mandate,
        /// Its channel.
        channel: Channel,
    },
    /// Someone now acts for the applicant.
    AgentAppointed {
        /// Who, with power of attorney.
        agent: Agent,
    },
    /// The applicant wants the result another way.
    DeliveryChosen {
        /// How.
        choice: DeliveryChoice,
    },
    /// The entry was checked again; earlier findings no longer stand.
    FieldsChecked {
        /// What is wrong now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<FieldFinding>,
    },
    /// A clerk decided whether a conditional row is needed.
    RowDecided {
        /// The row.
        row: MaterialCode,
        /// Whether it is.
        needed: bool,
        /// Vault record of the reason.
        reason: Commitment,
        /// Who decided.
        clerk: StaffId,
    },
    /// A row was met.
    RowMet {
        /// The row.
        row: MaterialCode,
        /// How.
        met: Met,
    },
    /// What a row was met by was taken back before the receipt.
    RowReopened {
        /// The row.
        row: MaterialCode,
    },
    /// A scan belongs to a row.
    ScanFiled {
        /// The row.
        row: MaterialCode,
        /// The scan's digest.
        scan: Digest,
    },
    /// What was filed with the case belongs to another (串件).
    Refiled(Refiled),
    /// Rows may be handed in later (容缺), on the applicant's undertaking.
    DeferralGranted {
        /// What was promised.
        deferred: Deferred,
    },
    /// Rows may not be handed in later; the reason was printed.
    DeferralRefused {
        /// Which rows, and why.
        rows: Vec<BarredRow>,
        /// Digest of the printed refusal.
        notice: Digest,
        /// Who refused.
        clerk: StaffId,
    },
    /// The receipt (收件凭证) was issued.
    ReceiptIssued {
        /// Digest of the manifest: rows and counts.
        manifest: Digest,
        /// Number of rows on it.
        rows: u32,
        /// Paper kept.
        kept: PaperCount,
        /// How it reached the applicant.
        manner: ReceiptManner,
        /// Serial of the numbered blank it was written on during an outage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        serial: Option<SerialNo>,
        /// Who issued it.
        clerk: StaffId,
    },
    /// A deferred row was handed in.
    Supplemented {
        /// The row.
        row: MaterialCode,
        /// How it was met.
        met: Met,
        /// Digest of the manifest as it stands now.
        manifest: Digest,
    },
    /// The one complete correction notice (一次性告知) of this submission was given.
    CorrectionNoticed {
        /// All that is to be corrected.
        defects: Vec<Defect>,
        /// Until when, the day included.
        due: Date,
        /// Digest of the printed notice.
        notice: Digest,
        /// Who gave it.
        clerk: StaffId,
        /// The applicant's signature, when receipted paper goes back with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<WitnessedSignature>,
    },
    /// The notice was not complete; a supervisor allowed another one.
    CorrectionEscalated(Escalated),
    /// The applicant handed the application in again.
    Resubmitted {
        /// Who took it.
        clerk: StaffId,
    },
    /// The case was pushed to a department, with the rows it may read.
    Pushed {
        /// The department.
        department: DepartmentCode,
        /// Its step in a joint item; 0 is the lead.
        step: u8,
        /// Rows whose paper cannot go through the platform and has to be collected.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        by_paper: Vec<MaterialCode>,
        /// Digest of the package.
        package: Digest,
    },
    /// The department has it, with the same digest.
    Acknowledged {
        /// The department.
        department: DepartmentCode,
        /// Its step.
        step: u8,
    },
    /// A department collected paper at the window; both sides signed.
    PaperCollected {
        /// The department.
        department: DepartmentCode,
        /// The rows whose paper it took.
        rows: Vec<MaterialCode>,
        /// How much.
        count: PaperCount,
        /// The window's signature.
        given: StaffSignature,
        /// The department's.
        taken: StaffSignature,
    },
    /// The department accepted the application (受理).
    Accepted {
        /// Who, for which department.
        officer: Officer,
        /// Digest of the sealed, dated document.
        notice: Digest,
    },
    /// The department does not accept it (不予受理). The case ends.
    AcceptanceRefused {
        /// Who, for which department.
        officer: Officer,
        /// Why.
        reason: RefusalReason,
        /// Vault record of the reason in words.
        note: Commitment,
        /// Digest of the sealed, dated document.
        notice: Digest,
    },
    /// The department gave the case back to the window (退件).
    Returned {
        /// Who, for which department.
        officer: Officer,
        /// Why.
        reason: ReturnReason,
        /// Vault record of the reason in words.
        note: Commitment,
    },
    /// A special procedure stops the clock.
    Suspended {
        /// Which.
        procedure: SpecialProcedure,
        /// Digest of the written notice.
        notice: Digest,
        /// Who ordered it.
        officer: Officer,
        /// Working days it is expected to take, if the notice says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u16>,
    },
    /// The special procedure is over; the clock runs on.
    Resumed {
        /// Which.
        procedure: SpecialProcedure,
        /// Digest of its report.
        report: Digest,
        /// Who reported.
        officer: Officer,
    },
    /// The limit was extended, once (许可法 42).
    Extended {
        /// By how many working days.
        days: u16,
        /// Digest of the written notice.
        notice: Digest,
        /// Who, for the department, approved it.
        approver: Officer,
    },
    /// A co-department did its part. Art 9(2).
    TaskDone {
        /// Who, for which department.
        officer: Officer,
        /// Its step.
        step: u8,
        /// Digest of its opinion.
        opinion: Digest,
    },
    /// The first review before a higher authority decides. Art 11(2).
    FirstReviewed {
        /// Who, for which department.
        officer: Officer,
        /// Digest of the opinion.
        opinion: Digest,
    },
    /// The decision was made: 办结.
    Decided {
        /// What.
        outcome: Outcome,
        /// Digest of the decision.
        document: Digest,
        /// Who decided, or registered the authority's decision.
        officer: Officer,
        /// By the department's chief representative.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        chief: bool,
        /// By a higher authority.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        authority: bool,
    },
    /// The applicant withdrew the application (撤回).
    Withdrawn {
        /// Who.
        by: Recipient,
        /// That person's signature.
        signature: WitnessedSignature,
        /// Vault record of the reason, if one was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
    /// The case was opened in error (作废).
    Voided {
        /// Why.
        reason: VoidReason,
        /// Vault record of the reason in words.
        note: Commitment,
        /// Who voided it.
        clerk: StaffId,
    },
    /// The case ends without a decision (终止).
    Terminated {
        /// Why.
        reason: TerminationReason,
        /// Digest of the written notice.
        notice: Digest,
        /// Who terminated it.
        by: StaffId,
    },
    /// What a department collected is at the window again.
    PaperBroughtBack(BroughtBack),
    /// The paper of an ended case went back to the applicant.
    PaperReturned {
        /// The rows whose paper it was.
        rows: Vec<MaterialCode>,
        /// How much.
        count: PaperCount,
        /// To whom.
        recipient: Recipient,
        /// That person's signature.
        signature: WitnessedSignature,
    },
    /// The window has the result.
    ResultObtained {
        /// It, and how it came.
        result: CaseResult,
    },
    /// The result was posted. Not yet delivered.
    Posted {
        /// The waybill.
        waybill: SerialNo,
        /// Who posted it.
        clerk: StaffId,
    },
    /// What became of a post that did not arrive.
    PostEnded {
        /// The waybill.
        waybill: SerialNo,
        /// What.
        outcome: PostOutcome,
    },
    /// Someone asked after an undelivered result.
    DeliveryChased {
        /// Vault record of what was done.
        note: Commitment,
        /// Who did.
        clerk: StaffId,
    },
    /// The result was delivered: one row of the delivery register. Art 10(5).
    Delivered {
        /// How.
        way: DeliveryWay,
    },
    /// The applicant was invited to rate the service. Art 10(6).
    RatingInvited,
    /// The applicant rated the service.
    Rated {
        /// How.
        level: RatingLevel,
        /// Vault record of the remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remarks: Option<Commitment>,
        /// The ticket that follows a negative rating up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<TicketId>,
    },
    /// The case may be erased; its key is destroyed after this.
    ErasureApproved {
        /// Why.
        reason: ErasureReason,
        /// The hall's vault record of who ordered it and on what ground.
        approval: Commitment,
        /// Who approved it.
        by: StaffId,
    },
    /// The platform was told how far the case is.
    ProgressReported {
        /// How far.
        progress: Progress,
    },
    /// A document or a captured signature is kept with the case.
    DocumentKept {
        /// It.
        document: KeptDocument,
    },
    /// It was closed before the system was there; its paper was found in a cabinet (期初盘点).
    TakenOver(TakenOver),
    /// A form was printed.
    FormPrinted {
        /// How.
        print: FormPrint,
    },
}
