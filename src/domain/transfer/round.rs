//! A round of the monthly transfer, and what became of it. Its papers are those whose bundles say that they are on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::event::TransferEvent;
use super::plan::Round;
use crate::domain::case::happened;
use crate::domain::custody::Side;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{Commitment, SlipId, StaffId, Subject, TransferId};
use crate::domain::time::Timestamp;

/// How far a request to have papers later has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferralRequest {
    /// Digest of the papers it is about.
    pub lines: Digest,
    /// Until when.
    pub until: Date,
    /// Vault record of the reason.
    pub reason: Commitment,
    /// Who asked.
    pub asked_by: StaffId,
    /// Who agreed for the department.
    pub consented_by: Option<StaffId>,
}

/// A sealed package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedPackage {
    /// Digest of its payload manifest.
    pub package: Digest,
    /// Digest of its checks.
    pub checks: Digest,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Facts in the log when it was made.
    pub log_size: u64,
    /// When.
    pub at: Timestamp,
}

/// What the department found when it checked the package (接收检测).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPackage {
    /// Digest of the payload manifest that it has.
    pub package: Digest,
    /// Digest of its checks.
    pub checks: Digest,
    /// How many mandatory ones failed.
    pub failed: u32,
    /// By whom.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

/// Where a round stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RoundStage {
    /// Its papers are gathered.
    Gathering,
    /// Every paper was looked up.
    Reconciled,
    /// Its package is sealed.
    Sealed,
    /// It is offered to the department.
    Offered,
    /// Nothing is left on it: signed for, put off or found missing.
    Done,
}

/// Chinese; with `{:#}` English.
impl fmt::Display for RoundStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (zh, en) = match self {
            Self::Gathering => ("归集中", "gathered"),
            Self::Reconciled => ("已核对", "looked up"),
            Self::Sealed => ("已封装", "sealed"),
            Self::Offered => ("待部门签收", "waiting for the department"),
            Self::Done => ("已办结", "done"),
        };
        f.write_str(if f.alternate() { en } else { zh })
    }
}

/// A round as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundState {
    /// Its number.
    pub id: TransferId,
    /// Whose.
    pub of: Round,
    /// Which round of the month.
    pub round: u32,
    /// The day on which it could first be opened.
    pub on: Date,
    /// The last day for it.
    pub due: Date,
    /// Digest of every line that was ever on it.
    pub lines: Digest,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Papers still on it.
    pub left: u32,
    /// The reminders that were sent.
    pub reminded: BTreeSet<u32>,
    /// Whose fault it is, since it was told overdue.
    pub overdue: Option<Side>,
    /// The highest level told.
    pub escalated: u8,
    /// How often its papers were looked up.
    pub reconciliations: u32,
    /// Digest of what was found last.
    pub reconciled: Option<Digest>,
    /// Its package.
    pub sealed: Option<SealedPackage>,
    /// What the department found when it checked that package.
    pub checked: Option<CheckedPackage>,
    /// Sizes of the log in the checkpoints that the department was given with its package.
    pub given: BTreeSet<u64>,
    /// Its open offers.
    pub offers: BTreeSet<SlipId>,
    /// The slips on which it was handed over, with the papers taken.
    pub handed_over: BTreeMap<SlipId, u32>,
    /// When the department first signed.
    pub signed_at: Option<Timestamp>,
    /// The request to have papers later that is open.
    pub deferral: Option<DeferralRequest>,
}

impl RoundState {
    /// Its subject.
    pub fn subject(&self) -> Subject {
        Subject::Transfer(self.id.clone())
    }

    /// Where it stands.
    pub fn stage(&self) -> RoundStage {
        if self.left == 0 {
            RoundStage::Done
        } else if !self.offers.is_empty() {
            RoundStage::Offered
        } else if self.sealed.is_some() {
            RoundStage::Sealed
        } else if self.reconciled.is_some() {
            RoundStage::Reconciled
        } else {
            RoundStage::Gathering
        }
    }

    /// Which side keeps it waiting (责任方): the department while papers are offered to it, else the hall.
    pub fn waits_for(&self) -> Side {
        if self.offers.is_empty() {
            let site = self.of.site.clone();
            Side::Hall { site }
        } else {
            let department = self.of.department.clone();
            Side::Department { department }
        }
    }

    fn apply(&mut self, event: &TransferEvent, at: Timestamp) {
        match event {
            TransferEvent::Joined { lines, left, .. } => {
                self.lines = *lines;
                self.left = *left;
                self.reopen();
            }
            TransferEvent::Reminded { days, .. } => {
                self.reminded.insert(*days);
            }
            TransferEvent::Overdue { side, .. } => self.overdue = Some(side.clone()),
            TransferEvent::Escalated { level, .. } => self.escalated = *level,
            TransferEvent::Reconciled { outcome, left, .. } => {
                self.reconciliations += 1;
                self.reconciled = Some(*outcome);
                self.sealed = None;
                self.left = *left;
            }
            TransferEvent::PackageGiven { log_size, .. } => {
                self.given.insert(*log_size);
            }
            TransferEvent::Offered { slip } => {
                self.offers.insert(slip.clone());
            }
            TransferEvent::OfferEnded { slip, .. } => {
                self.offers.remove(slip);
            }
            TransferEvent::HandedOver {
                slip, taken, left, ..
            } => {
                self.offers.remove(slip);
                self.handed_over.insert(slip.clone(), *taken);
                self.signed_at = self.signed_at.or(Some(at));
                self.left = *left;
            }
            TransferEvent::Withdrawn { left, .. } => {
                self.left = *left;
                self.reopen();
            }
            TransferEvent::Sealed { .. } | TransferEvent::PackageChecked { .. } => {
                self.apply_package(event, at);
            }
            _ => self.apply_deferral(event),
        }
    }

    fn apply_package(&mut self, event: &TransferEvent, at: Timestamp) {
        match event {
            TransferEvent::Sealed {
                package,
                checks,
                files,
                bytes,
                log_size,
                ..
            } => {
                self.sealed = Some(SealedPackage {
                    package: *package,
                    checks: *checks,
                    files: *files,
                    bytes: *bytes,
                    log_size: *log_size,
                    at,
                });
                self.checked = None;
            }
            TransferEvent::PackageChecked {
                package,
                checks,
                failed,
                by,
            } => {
                self.checked = Some(CheckedPackage {
                    package: *package,
                    checks: *checks,
                    failed: *failed,
                    by: by.clone(),
                    at,
                });
            }
            _ => {}
        }
    }

    /// What was looked up and sealed holds papers that are no longer on it.
    fn reopen(&mut self) {
        self.reconciled = None;
        self.sealed = None;
    }

    fn apply_deferral(&mut self, event: &TransferEvent) {
        match event {
            TransferEvent::DeferralAsked {
                lines,
                until,
                reason,
                by,
            } => {
                self.deferral = Some(DeferralRequest {
                    lines: *lines,
                    until: *until,
                    reason: *reason,
                    asked_by: by.clone(),
                    consented_by: None,
                });
            }
            TransferEvent::DeferralConsented { by } => {
                if let Some(request) = &mut self.deferral {
                    request.consented_by = Some(by.clone());
                }
            }
            TransferEvent::DeferralApproved { left, .. } => {
                self.deferral = None;
                self.left = *left;
                self.reopen();
            }
            TransferEvent::DeferralDeclined { .. } => self.deferral = None,
            _ => {}
        }
    }
}

/// Folds the history of a round, oldest first; none when it was never opened.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<RoundState> {
    let mut state: Option<RoundState> = None;
    for entry in history {
        let (Event::Transfer { event }, Subject::Transfer(id)) = (&entry.event, &entry.subject)
        else {
            continue;
        };
        match &mut state {
            None => state = opened(id, event, happened(entry)),
            Some(state) => state.apply(event, happened(entry)),
        }
    }
    state
}

fn opened(id: &TransferId, event: &TransferEvent, at: Timestamp) -> Option<RoundState> {
    let TransferEvent::Opened {
        department,
        site,
        month,
        round,
        on,
        due,
        lines,
        papers,
        ..
    } = event
    else {
        return None;
    };
    Some(RoundState {
        id: id.clone(),
        of: Round {
            department: department.clone(),
            site: site.clone(),
            month: *month,
        },
        round: *round,
        on: *on,
        due: *due,
        lines: *lines,
        opened_at: at,
        left: *papers,
        reminded: BTreeSet::new(),
        overdue: None,
        escalated: 0,
        reconciliations: 0,
        reconciled: None,
        sealed: None,
        checked: None,
        given: BTreeSet::new(),
        offers: BTreeSet::new(),
        handed_over: BTreeMap::new(),
        signed_at: None,
        deferral: None,
    })
}
