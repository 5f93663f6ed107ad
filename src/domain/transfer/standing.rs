//! How a closed case's paper stands: not yet due, done, put off with consent, or overdue. There is no other state.

use super::due::{due_of, month_of};
use crate::domain::catalogue::ServiceItem;
use crate::domain::custody::{HeldPaper, Origin, Place, Side};
use crate::domain::date::Date;
use crate::domain::id::DepartmentCode;

/// What became of a paper, as far as the transfer is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its department has it, it went back to the applicant, or both sides approved that it is lost: nothing is owed any
    /// more.
    Settled,
    /// It is still to be transferred, also while it is lent or offered.
    Owed,
}

/// A paper that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaperDuty {
    /// The day it came in.
    pub came_in: Date,
    /// The day to which its transfer was put off, with the department's consent and the supervisor's approval.
    pub deferred: Option<Date>,
    /// What became of it.
    pub fate: Fate,
}

/// How a closed case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseStanding {
    /// It never had paper, and says so.
    NoPaper,
    /// All its paper is where it belongs.
    Settled,
    /// Paper is to be transferred by this day.
    NotYetDue(Date),
    /// Paper was put off to this day.
    Deferred(Date),
    /// Paper should have been transferred by this day.
    Overdue(Date),
}

/// What became of a paper in custody. What a department collected on the way counts as transferred (Art 8(5)). What is
/// lent counts where it is to be back: what the hall lent is still to be transferred, and a department
/// that lends has it already.
pub fn fate(paper: &HeldPaper) -> Fate {
    match &paper.place {
        Place::Applicant | Place::Refiled(_) | Place::Lost { .. } => Fate::Settled,
        Place::With(holder) => {
            let owner = paper.lent.as_ref().map_or(holder, |(_, lender)| lender);
            match owner.side {
                Side::Department { .. } => Fate::Settled,
                Side::Hall { .. } => Fate::Owed,
            }
        }
    }
}

/// The department a paper goes to: that named for its material, by default whoever leads.
pub fn goes_to(item: &ServiceItem, paper: &HeldPaper) -> DepartmentCode {
    let row = paper.paper.row.as_ref();
    let material = row.and_then(|row| item.material(row));
    let named = material.and_then(|material| material.transfer_to.clone());
    named.unwrap_or_else(|| item.lead.clone())
}

/// The day a paper came in, as far as the transfer is concerned. What lay in a cabinet before the system was there did so
/// when its case closed, whenever it was registered.
pub fn came_in(paper: &HeldPaper, closed: Date) -> Date {
    match paper.paper.origin {
        Origin::Stocktake => closed,
        _ => Date::of(paper.since),
    }
}

/// The day since which a paper could be on a round: nothing else is being done with it.
pub fn ready(paper: &HeldPaper, closed: Date) -> Date {
    match paper.touched == paper.since {
        true => came_in(paper, closed),
        false => Date::of(paper.touched),
    }
}

/// How a case that closed on a day stands on `today`: what is overdue longest counts before what is due next.
pub fn standing(
    closed: Date,
    papers: impl IntoIterator<Item = PaperDuty>,
    today: Date,
) -> CaseStanding {
    let mut seen = false;
    let mut first: Option<(Date, bool)> = None;
    for paper in papers {
        seen = true;
        if paper.fate == Fate::Settled {
            continue;
        }
        let due = due_of(month_of(closed, paper.came_in));
        let due = (paper.deferred.unwrap_or(due), paper.deferred.is_some());
        first = Some(first.map_or(due, |known| known.min(due)));
    }
    match first {
        None if seen => CaseStanding::Settled,
        None => CaseStanding::NoPaper,
        Some((due, _)) if today > due => CaseStanding::Overdue(due),
        Some((due, true)) => CaseStanding::Deferred(due),
        Some((due, false)) => CaseStanding::NotYetDue(due),
    }
}
