//! A round of the monthly transfer, and what became of it. Its papers are those whose bundles say that they are on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::Round;
use crate::domain::case::happened;
use crate::domain::custody::{CallOff, Extra, OutcomeLine, Side};
use crate::domain::date::{Date, Month};
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{
    CaseNo, Commitment, DepartmentCode, SiteCode, SlipId, StaffId, Subject, TransferId,
};
use crate::domain::time::Timestamp;

/// What can happen to a round. Counts are of papers unless they say otherwise; `left` is how many are still on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TransferEvent {
    /// It was opened: its papers are to be gathered.
    Opened {
        /// To whom.
        department: DepartmentCode,
        /// From where.
        site: SiteCode,
        /// The month its papers belong to.
        month: Month,
        /// Which round of that month, from 1.
        round: u32,
        /// The day on which it could first be opened.
        on: Date,
        /// The last day for it.
        due: Date,
        /// Digest of the [`RoundLines`].
        lines: Digest,
        /// Bundles on it.
        bundles: u32,
        /// Papers on it.
        papers: u32,
        /// Whether it was opened after its day.
        late: bool,
    },
    /// More papers are on it: they came while it was gathered.
    Joined {
        /// Digest of the [`RoundLines`], those it had and those that joined.
        lines: Digest,
        /// Papers that joined.
        papers: u32,
        /// On it now.
        left: u32,
    },
    /// Both sides are reminded of it.
    Reminded {
        /// So many working days before its last one.
        days: u32,
        /// The day for that.
        on: Date,
        /// Whether they were reminded after that day.
        late: bool,
    },
    /// Its last day passed. Told once.
    Overdue {
        /// Whose fault that is (责任方).
        side: Side,
        /// The first day on which it was overdue.
        on: Date,
        /// Whether it was told after that day.
        late: bool,
    },
    /// It is overdue for so long that the next level is told.
    Escalated {
        /// Which level, from 1.
        level: u8,
        /// Whose fault it is.
        side: Side,
        /// The day for that.
        on: Date,
        /// Whether it was told after that day.
        late: bool,
    },
    /// The window looked every paper up by its label.
    Reconciled {
        /// Digest of the [`RoundOutcome`].
        outcome: Digest,
        /// Found as they should be.
        present: u32,
        /// Not found so: they are off the round.
        absent: u32,
        /// Labels that were found and are on no line.
        extras: u32,
        /// Still on it.
        left: u32,
        /// By whom.
        by: StaffId,
    },
    /// A mandatory check failed: the package was not sealed.
    CheckFailed {
        /// Digest of the checks with their verdicts.
        checks: Digest,
        /// How many mandatory ones failed.
        failed: u32,
        /// Who wanted to seal it.
        by: StaffId,
    },
    /// Its package is made and sealed.
    Sealed {
        /// Digest of the package's payload manifest, which lists every file with its digest.
        package: Digest,
        /// Digest of the checks with their verdicts.
        checks: Digest,
        /// Files in it.
        files: u64,
        /// Their bytes.
        bytes: u64,
        /// Facts in the log when it was made.
        log_size: u64,
        /// By whom.
        by: StaffId,
    },
    /// Its papers are offered to the department.
    Offered {
        /// On which slip.
        slip: SlipId,
    },
    /// An offer of it ended without a hand-over.
    OfferEnded {
        /// Which slip.
        slip: SlipId,
        /// How.
        how: CallOff,
    },
    /// The department signed for its papers.
    HandedOver {
        /// On which slip.
        slip: SlipId,
        /// Taken.
        taken: u32,
        /// Not taken: they are off the round and in doubt.
        kept: u32,
        /// Still on it.
        left: u32,
    },
    /// Papers went back to the applicant from it.
    Withdrawn {
        /// How many.
        papers: u32,
        /// Still on it.
        left: u32,
    },
    /// The department checked the package (接收检测).
    PackageChecked {
        /// Digest of the package's payload manifest as the department has it.
        package: Digest,
        /// Digest of the checks with their verdicts.
        checks: Digest,
        /// How many mandatory ones failed.
        failed: u32,
        /// By whom.
        by: StaffId,
    },
    /// The hall asks the department to have papers later.
    DeferralAsked {
        /// Which papers: digest of their [`RoundLines`].
        lines: Digest,
        /// Until when.
        until: Date,
        /// Vault record of the reason in words.
        reason: Commitment,
        /// Who asks.
        by: StaffId,
    },
    /// The department agrees.
    DeferralConsented {
        /// Who.
        by: StaffId,
    },
    /// The hall's supervisor approves: the papers are off the round until the month of the new day.
    DeferralApproved {
        /// Who.
        by: StaffId,
        /// Put off.
        papers: u32,
        /// Still on it.
        left: u32,
    },
    /// The department does not agree, or the supervisor does not approve.
    DeferralDeclined {
        /// Which side.
        side: Side,
        /// Who.
        by: StaffId,
        /// Vault record of the reason in words.
        reason: Commitment,
    },
}

/// The papers of a round, or some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundLines {
    /// The round.
    pub transfer: TransferId,
    /// Its bundles, by case number.
    pub lines: Vec<RoundLine>,
}

/// A bundle on a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundLine {
    /// The case whose bundle it is.
    pub case: CaseNo,
    /// Its papers, by number.
    pub papers: Vec<u16>,
}

/// What the window found when it looked up the papers of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundOutcome {
    /// The round.
    pub transfer: TransferId,
    /// Every paper on it.
    pub lines: Vec<OutcomeLine>,
    /// What is there and on no line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

macro_rules! documents {
    ($($name:ident),*) => {$(
        impl $name {
            /// The bytes that are kept. Equal documents have equal bytes.
            pub fn bytes(&self) -> Vec<u8> {
                // A struct of codes and counts always becomes JSON.
                serde_json::to_vec(self).unwrap_or_default()
            }

            /// The digest that facts name.
            pub fn digest(&self) -> Digest {
                Digest::of(self.bytes())
            }
        }
    )*};
}

documents!(RoundLines, RoundOutcome);

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
            _ => self.apply_deferral(event),
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
        offers: BTreeSet::new(),
        handed_over: BTreeMap::new(),
        signed_at: None,
        deferral: None,
    })
}
