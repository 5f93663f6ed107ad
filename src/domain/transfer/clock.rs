//! What the calendar alone makes of a round: it is opened, both sides are reminded, it is overdue, the next level is
//! told. Asked late, it says the same and marks it late.

use std::collections::{BTreeMap, BTreeSet};

use super::due::{REMINDERS, reminder_day};
use super::event::{RoundLine, RoundLines, TransferEvent};
use super::plan::Planned;
use super::round::{RoundStage, RoundState};
use crate::domain::calendar::{Calendar, NoYear};
use crate::domain::custody::BundleEvent;
use crate::domain::date::Date;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{CaseNo, Subject, TransferId};

/// Working days after the last one at which the next level is told.
pub const ESCALATIONS: [u32; 2] = [5, 10];

pub(super) fn of_round(id: &TransferId, event: TransferEvent) -> Fact {
    Fact::new(Subject::Transfer(id.clone()), Event::Transfer { event })
}

/// The lines of a planned round; of one that is joined, with those it has.
pub fn lines(planned: &Planned, known: Option<&RoundLines>) -> RoundLines {
    let mut all: BTreeMap<&CaseNo, BTreeSet<u16>> = BTreeMap::new();
    for line in known.iter().flat_map(|known| &known.lines) {
        all.entry(&line.case).or_default().extend(&line.papers);
    }
    for (case, papers) in &planned.lines {
        all.entry(case).or_default().extend(papers);
    }
    let lines = all.into_iter().map(|(case, papers)| RoundLine {
        case: case.clone(),
        papers: papers.into_iter().collect(),
    });
    RoundLines {
        transfer: planned.id.clone(),
        lines: lines.collect(),
    }
}

/// Opens a planned round, or lets its papers join the one there is: they are on it from now on. `lines` are those of
/// [`lines`].
pub fn open(
    planned: &Planned,
    known: Option<&RoundState>,
    lines: &RoundLines,
    today: Date,
) -> Vec<Fact> {
    let papers = count(planned.lines.iter().map(|(_, papers)| papers.len()).sum());
    let event = match known {
        Some(known) => TransferEvent::Joined {
            lines: lines.digest(),
            papers,
            left: known.left + papers,
        },
        None => TransferEvent::Opened {
            department: planned.of.department.clone(),
            site: planned.of.site.clone(),
            month: planned.of.month,
            round: planned.round,
            on: planned.on,
            due: planned.due,
            lines: lines.digest(),
            bundles: count(planned.lines.len()),
            papers,
            late: today > planned.on,
        },
    };
    let mut facts = vec![of_round(&planned.id, event)];
    facts.extend(planned.lines.iter().map(|(case, papers)| {
        let listed = BundleEvent::Listed {
            transfer: planned.id.clone(),
            papers: papers.clone(),
        };
        Fact::new(
            Subject::Bundle(case.clone()),
            Event::Bundle { event: listed },
        )
    }));
    facts
}

pub(super) fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

/// Tells once that a round is overdue, and whose fault it is. Needs no calendar: the last day is a calendar day. What is
/// told on `today` is what happened by `until`, so that what comes to an end between the two ends in its turn.
pub fn overdue(round: &RoundState, until: Date, today: Date) -> Vec<Fact> {
    let on = round.due.next().max(round.on);
    if round.stage() == RoundStage::Done || round.overdue.is_some() || until < on {
        return Vec::new();
    }
    let event = TransferEvent::Overdue {
        side: round.waits_for(),
        on,
        late: today > on,
    };
    vec![of_round(&round.id, event)]
}

/// Reminds both sides, before the last day and after it. A reminder whose day was past when the round was opened is
/// left out if a later one reached its day too. `until` and `today` are those of [`overdue`].
pub fn remind(
    round: &RoundState,
    calendar: &Calendar,
    until: Date,
    today: Date,
) -> Result<Vec<Fact>, NoYear> {
    let mut facts = Vec::new();
    if round.stage() == RoundStage::Done {
        return Ok(facts);
    }
    let mut days = REMINDERS.into_iter().peekable();
    while let Some(days_left) = days.next() {
        let day = reminder_day(round.due, calendar, days_left)?;
        let overtaken = match days.peek() {
            Some(next) => reminder_day(round.due, calendar, *next)? <= round.on,
            None => false,
        };
        let on = day.max(round.on);
        let due = on <= round.due && until >= on && !round.reminded.contains(&days_left);
        if due && !overtaken {
            let event = TransferEvent::Reminded {
                days: days_left,
                on,
                late: today > on,
            };
            facts.push(of_round(&round.id, event));
        }
    }
    for (level, days) in (1..).zip(ESCALATIONS) {
        if level <= round.escalated || until <= round.due {
            continue;
        }
        let on = calendar.plus_working_days(round.due.max(round.on), days)?;
        if until >= on {
            let event = TransferEvent::Escalated {
                level,
                side: round.waits_for(),
                on,
                late: today > on,
            };
            facts.push(of_round(&round.id, event));
        }
    }
    Ok(facts)
}
