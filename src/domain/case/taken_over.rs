//! A case taken over (接管): it was closed before the system was there, and its paper lay in a cabinet. Nothing can happen
//! to it any more but what happens to its paper. Art 12(4).

use serde::{Deserialize, Serialize};

use super::begun::begun;
use super::ending::Ending;
use super::event::CaseEvent;
use super::fold::Number;
use super::refusal::CaseRefusal;
use super::state::{CaseState, Stage};
use super::terms::Applicant;
use crate::domain::catalogue::ApplicantKind;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::hall::{Mandate, Power};
use crate::domain::id::{
    AuthorisationId, CaseNo, Commitment, DepartmentCode, SiteCode, StaffId, Subject, TaskCode,
    WindowCode,
};
use crate::domain::time::Timestamp;

/// What stands for the window and the authorisation of a case that was received before either was known here.
const UNKNOWN: &str = "-";

/// An old file that was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenOver {
    /// The site in whose cabinet it lay.
    pub site: SiteCode,
    /// The department its paper goes to: the lead of its item.
    pub department: DepartmentCode,
    /// Its item.
    pub task: TaskCode,
    /// The version of the item that was live when it was registered: it names the item on labels and registers.
    pub version: u32,
    /// Digest of that version's blob.
    pub content: Digest,
    /// What its applicant was.
    pub applicant: ApplicantKind,
    /// Vault record of its old number, which may name a person.
    pub number: Commitment,
    /// The day it closed.
    pub closed: Date,
    /// Who registered it.
    pub clerk: StaffId,
}

impl TakenOver {
    /// The case it begins. Since its closing it has ended.
    pub(super) fn begins(&self, no: &CaseNo, at: Timestamp) -> Option<CaseState> {
        let mandate = Mandate {
            site: self.site.clone(),
            window: WindowCode::new(UNKNOWN).ok()?,
            power: Power::Receive,
            department: self.department.clone(),
            authorisation: AuthorisationId::new(UNKNOWN).ok()?,
            task: self.task.clone(),
            version: self.version,
            content: self.content,
        };
        let applicant = Applicant {
            kind: self.applicant,
            record: self.number,
        };
        let begun = begun(no.clone(), mandate, self.clerk.clone(), applicant, at);
        Some(CaseState {
            stage: Stage::Ended,
            since: self.closed.start(),
            ending: Some(Ending::TakenOver),
            taken_over: Some(self.clone()),
            ..begun
        })
    }
}

/// Takes a case over under a free number.
pub fn take_over(known: &Number, no: &CaseNo, taken: TakenOver) -> Result<Vec<Fact>, CaseRefusal> {
    if *known != Number::Free {
        return Err(CaseRefusal::AlreadyOpen);
    }
    let event = CaseEvent::TakenOver(taken);
    Ok(vec![Fact::new(
        Subject::Case(no.clone()),
        Event::Case { event },
    )])
}
