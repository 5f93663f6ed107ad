//! A case as its history tells it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ending::Ending;
use super::paper::PrintRecord;
use super::register::Progress;
use super::taken_over::TakenOver;
use super::terms::*;
use crate::domain::catalogue::{MetBy, SpecialProcedure};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::hall::Mandate;
use crate::domain::id::{
    CaseNo, Commitment, DepartmentCode, MaterialCode, SerialNo, StaffId, VisitId,
};
use crate::domain::time::Timestamp;

/// How a row was met, and the paper that stayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Met {
    /// The way.
    pub way: MetBy,
    /// Paper in this case's bundle; empty unless paper was kept.
    #[serde(default, skip_serializing_if = "PaperCount::is_empty_ref")]
    pub kept: PaperCount,
    /// The original lies in another case's bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<SharedOriginal>,
    /// Digest of the electronic licence, the shared data or the signed commitment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Digest>,
    /// The case it was handed in with before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<CaseNo>,
    /// Who took or saw it.
    pub clerk: StaffId,
}

/// A deferral as it was promised and signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deferred {
    /// The rows.
    pub rows: Vec<MaterialCode>,
    /// The last day to hand them in.
    pub due: Date,
    /// Digest of the undertaking that was signed.
    pub undertaking: Digest,
    /// The applicant's signature.
    pub signature: WitnessedSignature,
}

/// Where a case stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Being taken in at the window.
    Intake,
    /// The applicant has a correction notice.
    Correcting,
    /// The department gave it back to the window.
    Returned,
    /// Receipted, not yet pushed.
    Received,
    /// With the department, not yet accepted.
    Pushed,
    /// Accepted (受理).
    Accepted,
    /// Decided (办结).
    Decided,
    /// Ended without a decision.
    Ended,
}

/// A material row's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Whether a conditional row is needed; none while nobody decided.
    pub needed: Option<bool>,
    /// How it was met.
    pub met: Option<Met>,
    /// The submission in which it was met.
    pub met_in: u32,
    /// To be handed in until this day.
    pub deferred: Option<Date>,
    /// Its scans, in the order they were filed.
    pub scans: Vec<Digest>,
    /// Who holds its paper now; none where there is none.
    pub holder: Option<PaperHolder>,
}

impl Row {
    /// The paper this row keeps in the case's bundle.
    pub fn kept(&self) -> PaperCount {
        self.met
            .as_ref()
            .map_or(PaperCount::default(), |met| met.kept)
    }
}

/// Who holds a case's paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaperHolder {
    /// The window that received the case.
    Window,
    /// A department that collected it.
    Department(DepartmentCode),
    /// It went back.
    Applicant,
}

/// A correction notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The submission it is about.
    pub submission: u32,
    /// All that is to be corrected.
    pub defects: Vec<Defect>,
    /// Until when, the day included.
    pub due: Date,
    /// When it was given.
    pub at: Timestamp,
    /// Digest of the printed notice.
    pub notice: Digest,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRecord {
    /// The submission it is for.
    pub submission: u32,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Paper kept.
    pub kept: PaperCount,
    /// When it was issued.
    pub at: Timestamp,
}

/// A push to a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The submission it is of.
    pub submission: u32,
    /// To whom.
    pub department: DepartmentCode,
    /// For which step; 0 is the lead.
    pub step: u8,
    /// Digest of the package.
    pub package: Digest,
    /// When.
    pub at: Timestamp,
    /// When the department confirmed it.
    pub acknowledged: Option<Timestamp>,
}

/// The department's acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Who.
    pub officer: Officer,
    /// When.
    pub at: Timestamp,
    /// Digest of the notice.
    pub notice: Digest,
}

/// A time in which the clock stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// For which procedure.
    pub procedure: SpecialProcedure,
    /// From.
    pub from: Timestamp,
    /// To; none while it runs.
    pub to: Option<Timestamp>,
}

/// A part done by a co-department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord {
    /// Who.
    pub department: DepartmentCode,
    /// Which step.
    pub step: u8,
    /// When.
    pub at: Timestamp,
    /// Digest of its opinion.
    pub opinion: Digest,
}

/// The decision: 办结.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub outcome: Outcome,
    /// Digest of the decision.
    pub document: Digest,
    /// Who decided or registered it.
    pub officer: Officer,
    /// The instant of 办结.
    pub at: Timestamp,
}

/// The result as the window has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRecord {
    /// It, and how it came.
    pub result: CaseResult,
    /// When the window obtained it.
    pub obtained_at: Timestamp,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostRecord {
    /// The waybill.
    pub waybill: SerialNo,
    /// When it was posted.
    pub at: Timestamp,
    /// What became of it; none while it is on the way.
    pub outcome: Option<PostOutcome>,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// How.
    pub way: DeliveryWay,
    /// When.
    pub at: Timestamp,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseState {
    /// Its number.
    pub no: CaseNo,
    /// The right under which it was received; pins item, version and digest.
    pub mandate: Mandate,
    /// The visit it was opened on, or attended on last.
    pub visit: Option<VisitId>,
    /// How it came in.
    pub channel: Channel,
    /// Who opened it.
    pub clerk: StaffId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The city platform's number, if it has another.
    pub platform_no: Option<CaseNo>,
    /// Who applies.
    pub applicant: Applicant,
    /// Who acts for the applicant.
    pub agent: Option<Agent>,
    /// How the result is wanted.
    pub delivery: DeliveryChoice,
    /// Vault record of the code for looking up progress.
    pub query: Commitment,
    /// Fields that do not pass their check.
    pub findings: Vec<FieldFinding>,
    /// The rows that anything happened to.
    pub rows: BTreeMap<MaterialCode, Row>,
    /// Which submission this is, from 1.
    pub submission: u32,
    /// When it was handed in.
    pub submitted_at: Timestamp,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
    /// The correction notices.
    pub notices: Vec<Notice>,
    /// Submissions for which a supervisor allowed another notice, once each entry.
    pub escalations: Vec<u32>,
    /// The undertakings.
    pub deferrals: Vec<Deferred>,
    /// The receipts, one a submission.
    pub receipts: Vec<ReceiptRecord>,
    /// When the last deferred row was handed in.
    pub supplied_at: Option<Timestamp>,
    /// The pushes.
    pub pushes: Vec<Pushed>,
    /// The acceptance.
    pub acceptance: Option<Acceptance>,
    /// When the clock stood.
    pub pauses: Vec<Pause>,
    /// Working days by which the limit was extended.
    pub extended_days: Option<u16>,
    /// Parts done by co-departments.
    pub tasks: Vec<TaskRecord>,
    /// When the first review was done.
    pub first_review: Option<Timestamp>,
    /// The decision.
    pub decision: Option<Decision>,
    /// How it ended without one.
    pub ending: Option<Ending>,
    /// The result.
    pub result: Option<ResultRecord>,
    /// What was posted.
    pub posts: Vec<PostRecord>,
    /// When someone last asked after the delivery.
    pub chased_at: Option<Timestamp>,
    /// The delivery.
    pub delivered: Option<Delivered>,
    /// When the applicant was invited to rate.
    pub invited_at: Option<Timestamp>,
    /// The rating.
    pub rating: Option<RatingLevel>,
    /// The progress the platform was told last.
    pub reported: Option<Progress>,
    /// What was taken over, of a case that was closed before the system was there.
    pub taken_over: Option<TakenOver>,
    /// When its erasure was approved, and the hall's record of that.
    pub erased: Option<(Timestamp, Commitment)>,
    /// Documents and signatures kept with it.
    pub documents: BTreeSet<Digest>,
    /// Forms that were printed.
    pub prints: Vec<PrintRecord>,
}

impl CaseState {
    /// The row's state; an untouched row is the default.
    pub fn row(&self, row: &MaterialCode) -> Row {
        self.rows.get(row).cloned().unwrap_or_default()
    }

    /// The paper in the case's bundle by its rows.
    pub fn kept(&self) -> PaperCount {
        self.rows
            .values()
            .map(Row::kept)
            .fold(PaperCount::default(), PaperCount::plus)
    }

    /// The receipt of the present submission.
    pub fn receipt(&self) -> Option<&ReceiptRecord> {
        self.receipts
            .last()
            .filter(|receipt| receipt.submission == self.submission)
    }

    /// The notice that the applicant is to follow now.
    pub fn open_notice(&self) -> Option<&Notice> {
        self.notices
            .last()
            .filter(|_| self.stage == Stage::Correcting)
    }

    /// The procedure for which the clock stands now.
    pub fn running(&self) -> Option<&Pause> {
        self.pauses.last().filter(|pause| pause.to.is_none())
    }

    /// The deferred rows that are still missing.
    pub fn missing(&self) -> impl Iterator<Item = (&MaterialCode, Date)> {
        self.rows
            .iter()
            .filter(|(_, row)| row.met.is_none())
            .filter_map(|(code, row)| row.deferred.map(|due| (code, due)))
    }

    /// The post that is on its way.
    pub fn in_post(&self) -> Option<&PostRecord> {
        self.posts.last().filter(|post| post.outcome.is_none())
    }

    /// The pushes of the present submission.
    pub fn present_pushes(&self) -> impl Iterator<Item = &Pushed> {
        self.pushes
            .iter()
            .filter(|push| push.submission == self.submission)
    }
}
