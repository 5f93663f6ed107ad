//! Words that the facts about visits and cases are made of. All are codes, digests, amounts and times.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::catalogue::{ApplicantKind, MetBy, SpecialProcedure};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::id::{
    CaseNo, Commitment, DepartmentCode, FieldName, MaterialCode, SerialNo, StaffId, WindowCode,
};
use crate::domain::person::AgentPower;

pub use super::words::*;

/// The one who applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applicant {
    /// Person or organisation.
    pub kind: ApplicantKind,
    /// Vault record with name, number and phone.
    pub record: Commitment,
}

/// The one who acts for the applicant, and what the power of attorney (申请人委托书) lets the agent do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Vault record with name, number, phone and the power's reference.
    pub record: Commitment,
    /// What the agent may do.
    pub powers: Vec<AgentPower>,
    /// When the power was signed.
    pub signed_on: Date,
    /// Its last day; none if it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
}

impl Agent {
    /// Whether the power of attorney lets the agent do this on `day`.
    pub fn may(&self, power: AgentPower, day: Date) -> bool {
        self.powers.contains(&power)
            && self.signed_on <= day
            && self.valid_until.is_none_or(|last| day <= last)
    }
}

/// Whom the identity check at the window found to be standing there: the document shown, compared with the case's
/// records (Art 10(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// The applicant.
    Applicant,
    /// The agent.
    Agent,
    /// Somebody else.
    Other,
}

/// How the applicant wants the result. The applicant chooses, not the department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryChoice {
    /// Fetched at the window.
    PickUp,
    /// Sent by mail.
    Mail {
        /// Vault record of the address.
        address: Commitment,
    },
}

/// Paper, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaperCount {
    /// Originals.
    pub originals: u32,
    /// Copies.
    pub copies: u32,
}

impl PaperCount {
    /// Whether there is no paper at all.
    pub const fn is_empty(self) -> bool {
        self.originals == 0 && self.copies == 0
    }

    /// Whether there is no paper at all, as a serialiser asks it.
    pub(super) const fn is_empty_ref(&self) -> bool {
        self.is_empty()
    }

    /// Both together.
    pub const fn plus(self, other: Self) -> Self {
        Self {
            originals: self.originals.saturating_add(other.originals),
            copies: self.copies.saturating_add(other.copies),
        }
    }
}

/// An original that lies in another case's bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedOriginal {
    /// The case whose bundle holds it.
    pub case: CaseNo,
    /// The row it meets there.
    pub row: MaterialCode,
}

/// An applicant's, agent's or courier's signature on pad or paper, and who saw it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessedSignature {
    /// Digest of the signature as captured.
    pub digest: Digest,
    /// The clerk who witnessed it.
    pub witness: StaffId,
}

/// On whose side a person signs.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Party {
    /// The hall's windows.
    Window,
    /// A department.
    Department {
        /// Which.
        department: DepartmentCode,
    },
}

/// A staff member's signature over what is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffSignature {
    /// Who signs.
    pub staff: StaffId,
    /// For whom.
    pub party: Party,
    /// Digest of the signature.
    pub digest: Digest,
}

/// What a department brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BroughtBack {
    /// Which department.
    pub department: DepartmentCode,
    /// The rows whose paper it was.
    pub rows: Vec<MaterialCode>,
}

/// Why another correction notice is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalated {
    /// The supervisor.
    pub supervisor: StaffId,
    /// Vault record of the reason.
    pub reason: Commitment,
}

/// What was filed with a case by mistake and belongs to another. What the receipt said stays as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refiled {
    /// The other case.
    pub to: CaseNo,
    /// Scans that are no longer of this case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scans: Vec<Digest>,
    /// Rows of which no paper is in this case's bundle any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<MaterialCode>,
}

/// A department's officer who acts in its review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Who.
    pub staff: StaffId,
    /// For which department.
    pub department: DepartmentCode,
}

/// A field that did not pass its check (Art 12(1)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldFinding {
    /// The field's path, such as `applicant.id_number`.
    pub field: FieldName,
    /// What is wrong.
    pub kind: DefectKind,
}

/// One line of a correction notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// What it is about.
    pub about: DefectSubject,
    /// What is wrong.
    pub kind: DefectKind,
    /// Vault record that says in words what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Commitment>,
}

/// What a defect is about.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DefectSubject {
    /// A material row.
    Row {
        /// Its code.
        row: MaterialCode,
    },
    /// A field of the entry.
    Field {
        /// Its path.
        field: FieldName,
    },
}

/// Chinese; with `{:#}` English.
impl fmt::Display for DefectSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, f.alternate()) {
            (Self::Row { row }, false) => write!(f, "材料 {row}"),
            (Self::Row { row }, true) => write!(f, "material {row}"),
            (Self::Field { field }, false) => write!(f, "字段 {field}"),
            (Self::Field { field }, true) => write!(f, "field {field}"),
        }
    }
}

/// A row that cannot be deferred, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarredRow {
    /// Its code.
    pub row: MaterialCode,
    /// The reason that is printed.
    pub bar: DeferralBar,
}

/// How the window comes by a result; each case has exactly one. Art 10(1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ResultRoute {
    /// Pushed by the platform and made at the window.
    Platform,
    /// Made by the window in the department's own system.
    DepartmentSystem {
        /// The clerk who made it.
        clerk: StaffId,
    },
    /// Handed over by the department as paper, both sides signing.
    HandedOver {
        /// The department's signature.
        given: StaffSignature,
        /// The window's.
        taken: StaffSignature,
    },
}

/// A result as the window has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseResult {
    /// How it came.
    pub route: ResultRoute,
    /// Digest of the document or electronic licence.
    pub content: Digest,
    /// Serial of the certificate, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<SerialNo>,
}

/// Who took a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The applicant.
    Applicant,
    /// The agent, by power of attorney.
    Agent,
}

/// How a result reached the one it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryWay {
    /// Handed out at a window after an identity check.
    PickUp {
        /// To whom.
        recipient: Recipient,
        /// Its signature.
        signature: WitnessedSignature,
        /// At which window of the case's site; older facts do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<WindowCode>,
    },
    /// The courier delivered it.
    Mail {
        /// The waybill.
        waybill: SerialNo,
    },
}

impl DeliveryWay {
    /// The window that handed it out.
    pub const fn window(&self) -> Option<&WindowCode> {
        match self {
            Self::PickUp { window, .. } => window.as_ref(),
            Self::Mail { .. } => None,
        }
    }
}

/// The three steps that a chief representative cannot decide on (Art 11(2)).
pub const DEPARTMENT_STEPS: [SpecialProcedure; 3] = [
    SpecialProcedure::ExpertReview,
    SpecialProcedure::SiteInspection,
    SpecialProcedure::CollectiveDiscussion,
];

/// Whether paper stays when a row is met this way. Only then it is counted and enters custody.
pub const fn keeps_paper(way: MetBy) -> bool {
    matches!(way, MetBy::PaperKept)
}
