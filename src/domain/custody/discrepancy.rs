//! Discrepancies (交接差异): what did not match at a hand-over, who clears it up, and until when.

use serde::{Deserialize, Serialize};

use super::bundle_event::BundleEvent;
use super::offer::of_bundle;
use super::signer::acts_for;
use super::terms::*;
use crate::domain::calendar::{Calendar, NoYear};
use crate::domain::date::Date;
use crate::domain::event::{Entry, Event, Fact};
use crate::domain::id::{
    CaseNo, Commitment, DiscrepancyId, InventoryId, SlipId, StaffId, Subject, TransferId,
};
use crate::domain::refusal::refusals;
use crate::domain::staff::StaffState;
use crate::domain::time::Timestamp;

/// Working days for clearing a discrepancy up, where the hall's settings say nothing else.
pub const CLEAR_DAYS: u32 = 5;

/// What did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discrepancy {
    /// The slip it was found on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slip: Option<SlipId>,
    /// The round of transfer it was found on, where the window looked its own paper up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferId>,
    /// The count of paper it was found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InventoryId>,
    /// The case whose bundle it is about.
    pub case: CaseNo,
    /// The papers, by number; none for a label that was on no line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<u16>,
    /// What is wrong.
    pub kind: DiscrepancyKind,
    /// Who clears it up: the giver.
    pub owner: Holder,
    /// The last day for that.
    pub due: Date,
}

/// What can happen to a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DiscrepancyEvent {
    /// It was found.
    Opened {
        /// What.
        discrepancy: Discrepancy,
    },
    /// It was cleared up.
    Cleared {
        /// Vault record of how.
        note: Commitment,
        /// By whom.
        by: StaffId,
    },
}

/// A discrepancy as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscrepancyState {
    /// Its number.
    pub id: DiscrepancyId,
    /// What is wrong.
    pub discrepancy: Discrepancy,
    /// When it was found.
    pub opened_at: Timestamp,
    /// When it was cleared up, and by whom.
    pub cleared: Option<(Timestamp, StaffId)>,
}

impl DiscrepancyState {
    /// Whether it is not cleared up in time.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let until = self.cleared.as_ref().map_or(now, |(at, _)| *at);
        until >= self.discrepancy.due.end()
    }
}

refusals! {
    /// Why a discrepancy cannot be cleared up like this.
    DiscrepancyRefusal;
    Cleared { id: DiscrepancyId }, "cleared", "",
        "交接差异 {id} 已处理", "discrepancy {id} is cleared up already";
    NotOwner { staff: StaffId, owner: Holder }, "not-owner", "",
        "交接差异由{owner}处理，{staff} 不属于该方", "the discrepancy is for {owner:#} to clear up, and {staff} is not of that side";
}

/// The last day for clearing up what is found at `now`.
pub fn clear_by(calendar: &Calendar, days: u32, now: Timestamp) -> Result<Date, NoYear> {
    calendar.plus_working_days(Date::of(now), days)
}

/// The facts that open what was found on one slip or round, or by one count; they are numbered in its order.
/// Papers stay in doubt until it is cleared up.
pub(in crate::domain) fn opened(
    source: &str,
    found: impl IntoIterator<Item = Discrepancy>,
) -> Vec<Fact> {
    opened_from(source, 1, found)
}

/// The same, where fewer than `first` were opened from this source before.
pub(super) fn opened_from(
    source: &str,
    first: u32,
    found: impl IntoIterator<Item = Discrepancy>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (number, discrepancy) in (first..).zip(found) {
        let id = DiscrepancyId::of(source, number);
        if !discrepancy.papers.is_empty() {
            let doubted = BundleEvent::Doubted {
                discrepancy: id.clone(),
                papers: discrepancy.papers.clone(),
            };
            facts.push(of_bundle(&discrepancy.case, doubted));
        }
        let event = DiscrepancyEvent::Opened { discrepancy };
        facts.push(Fact::new(
            Subject::Discrepancy(id),
            Event::Discrepancy { event },
        ));
    }
    facts
}

/// Clears a discrepancy up, with a note of how. Whoever does is of the owner's side.
pub fn clear(
    state: &DiscrepancyState,
    by: &StaffId,
    clearer: &StaffState,
    note: Commitment,
) -> Result<Vec<Fact>, DiscrepancyRefusal> {
    if state.cleared.is_some() {
        let id = state.id.clone();
        return Err(DiscrepancyRefusal::Cleared { id });
    }
    acts_for(by, clearer, &state.discrepancy.owner.side).map_err(|_| {
        DiscrepancyRefusal::NotOwner {
            staff: by.clone(),
            owner: state.discrepancy.owner.clone(),
        }
    })?;
    let by = by.clone();
    let event = DiscrepancyEvent::Cleared { note, by };
    let subject = Subject::Discrepancy(state.id.clone());
    let mut facts = vec![Fact::new(subject, Event::Discrepancy { event })];
    if !state.discrepancy.papers.is_empty() {
        let discrepancy = state.id.clone();
        let cleared = BundleEvent::Cleared { discrepancy };
        facts.push(of_bundle(&state.discrepancy.case, cleared));
    }
    Ok(facts)
}

/// Folds the history of a discrepancy, oldest first.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<DiscrepancyState> {
    let mut state: Option<DiscrepancyState> = None;
    for entry in history {
        let (Event::Discrepancy { event }, Subject::Discrepancy(id)) =
            (&entry.event, &entry.subject)
        else {
            continue;
        };
        match (event, &mut state) {
            (DiscrepancyEvent::Opened { discrepancy }, None) => {
                state = Some(DiscrepancyState {
                    id: id.clone(),
                    discrepancy: discrepancy.clone(),
                    opened_at: entry.at,
                    cleared: None,
                });
            }
            (DiscrepancyEvent::Cleared { by, .. }, Some(state)) => {
                state.cleared = Some((entry.at, by.clone()));
            }
            _ => {}
        }
    }
    state
}
