//! A report of lost paper as its history tells it, and the document that both sides sign.

use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::documents::documents;
use super::loss::LossEvent;
use super::terms::{Holder, KeySignature, Paper, Side};
use crate::domain::case::happened;
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{
    CaseNo, Commitment, DepartmentCode, DiscrepancyId, SiteCode, StaffId, Subject,
};
use crate::domain::time::Timestamp;

/// What is reported lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// The case whose paper it is.
    pub case: CaseNo,
    /// The papers, by number: all that are missing.
    pub papers: Vec<u16>,
    /// Who holds them by the ledger.
    pub last: Holder,
    /// Since when.
    pub since: Timestamp,
    /// The site whose supervisor has to approve.
    pub site: SiteCode,
    /// The departments that have to approve: those that the papers go to.
    pub departments: Vec<DepartmentCode>,
    /// Vault record of the reason in words.
    pub reason: Commitment,
    /// Who reports it.
    pub by: StaffId,
}

/// A search for the paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossSearch {
    /// Vault record of what was searched and what came of it.
    pub record: Commitment,
    /// Who searched.
    pub by: StaffId,
    /// When that was recorded.
    pub at: Timestamp,
}

/// A side's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Which side.
    pub side: Side,
    /// Digest of the [`LossDocument`].
    pub document: Digest,
    /// The signature over it.
    pub signed: KeySignature,
    /// When.
    pub at: Timestamp,
}

/// What both sides approve. They sign the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossDocument {
    /// The report.
    pub loss: DiscrepancyId,
    /// What is lost.
    pub reported: Reported,
    /// The papers as they are registered.
    pub papers: Vec<Paper>,
    /// Every search.
    pub searches: Vec<LossSearch>,
}

documents!(LossDocument);

/// How far a report has come.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LossStanding {
    /// It is reported and searched for.
    Reported,
    /// A side did not approve it: the paper stays in doubt. It may be reported anew.
    Declined,
    /// Every side approved it.
    Lost,
    /// It was found; its holder has not signed for it yet.
    Found,
    /// It is back.
    Back,
}

impl LossStanding {
    /// In Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Reported => "已报失，查找中",
            Self::Declined => "未予认定，仍存疑",
            Self::Lost => "已认定遗失",
            Self::Found => "已找到，待持有人签收",
            Self::Back => "已找回",
        }
    }
}

/// A report as its history tells it. Reported anew, it begins again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossState {
    /// Its number: that of what did not match.
    pub id: DiscrepancyId,
    /// What is reported.
    pub reported: Reported,
    /// When.
    pub reported_at: Timestamp,
    /// The searches.
    pub searches: Vec<LossSearch>,
    /// The approvals of what was found out so far; another search takes them back.
    pub approvals: Vec<Approval>,
    /// How far it has come.
    pub standing: LossStanding,
    /// Who is to hold it again, since it was found, and what they sign.
    pub found: Option<(Holder, Digest, StaffId)>,
    /// How often it was reported found.
    pub finds: u32,
}

impl LossState {
    /// Its subject.
    pub fn subject(&self) -> Subject {
        Subject::Loss(self.id.clone())
    }

    /// The sides that have to approve.
    pub fn sides(&self) -> Vec<Side> {
        let site = self.reported.site.clone();
        let departments = self.reported.departments.iter().cloned();
        let departments = departments.map(|department| Side::Department { department });
        std::iter::once(Side::Hall { site })
            .chain(departments)
            .collect()
    }

    /// What is signed; `bundle` says what the papers are.
    pub fn document(&self, bundle: &Bundle) -> LossDocument {
        let papers = self.reported.papers.iter();
        let papers = papers.filter_map(|no| bundle.papers.get(no));
        LossDocument {
            loss: self.id.clone(),
            reported: self.reported.clone(),
            papers: papers.map(|held| held.paper.clone()).collect(),
            searches: self.searches.clone(),
        }
    }

    fn apply(&mut self, event: &LossEvent, at: Timestamp) {
        match event {
            LossEvent::Reported(reported) => *self = begun(&self.id, reported, at),
            LossEvent::Searched { record, by } => {
                self.searches.push(LossSearch {
                    record: *record,
                    by: by.clone(),
                    at,
                });
                self.approvals.clear();
            }
            LossEvent::Approved {
                side,
                document,
                signed,
            } => {
                self.approvals.push(Approval {
                    side: side.clone(),
                    document: *document,
                    signed: signed.clone(),
                    at,
                });
                if self.approvals.len() == self.sides().len() {
                    self.standing = LossStanding::Lost;
                }
            }
            LossEvent::Declined { .. } => self.standing = LossStanding::Declined,
            LossEvent::Found {
                to,
                document,
                signed,
            } => {
                self.standing = LossStanding::Found;
                self.found = Some((to.clone(), *document, signed.staff.clone()));
                self.finds = self.finds.saturating_add(1);
            }
            LossEvent::TakenBack { .. } => self.standing = LossStanding::Back,
        }
    }
}

fn begun(id: &DiscrepancyId, reported: &Reported, at: Timestamp) -> LossState {
    LossState {
        id: id.clone(),
        reported: reported.clone(),
        reported_at: at,
        searches: Vec::new(),
        approvals: Vec::new(),
        standing: LossStanding::Reported,
        found: None,
        finds: 0,
    }
}

/// Folds the history of a report, oldest first; none while nothing was reported.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<LossState> {
    let mut state: Option<LossState> = None;
    for entry in history {
        let (Event::Loss { event }, Subject::Loss(id)) = (&entry.event, &entry.subject) else {
            continue;
        };
        let at = happened(entry);
        match (&mut state, event) {
            (Some(state), event) => state.apply(event, at),
            (None, LossEvent::Reported(reported)) => state = Some(begun(id, reported, at)),
            (None, _) => {}
        }
    }
    state
}
