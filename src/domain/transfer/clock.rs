//! What the calendar alone makes of a round: it is opened, both sides are reminded, it is overdue, the next level is
//! told. Asked late, it says the same and marks it late.

use super::due::{REMINDERS, reminder_day};
use super::plan::Planned;
use super::round::{RoundLine, RoundLines, RoundStage, RoundState, TransferEvent};
use crate::domain::calendar::{Calendar, NoYear};
use crate::domain::custody::BundleEvent;
use crate::domain::date::Date;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{Subject, TransferId};

/// Working days after the last one at which the next level is told.
pub const ESCALATIONS: [u32; 2] = [5, 10];

pub(super) fn of_round(id: &TransferId, event: TransferEvent) -> Fact {
    Fact::new(Subject::Transfer(id.clone()), Event::Transfer { event })
}

/// The lines of a planned round.
pub fn lines(planned: &Planned) -> RoundLines {
    let line = |(case, papers): &(_, Vec<u16>)| RoundLine {
        case: Clone::clone(case),
        papers: papers.clone(),
    };
    RoundLines {
        transfer: planned.id.clone(),
        lines: planned.lines.iter().map(line).collect(),
    }
}

/// Opens a planned round: its papers are on it from now on.
pub fn open(planned: &Planned, today: Date) -> Vec<Fact> {
    let lines = lines(planned);
    let papers: usize = lines.lines.iter().map(|line| line.papers.len()).sum();
    let opened = TransferEvent::Opened {
        department: planned.of.department.clone(),
        site: planned.of.site.clone(),
        month: planned.of.month,
        round: planned.round,
        on: planned.on,
        due: planned.due,
        lines: lines.digest(),
        bundles: count(lines.lines.len()),
        papers: count(papers),
        late: today > planned.on,
    };
    let mut facts = vec![of_round(&planned.id, opened)];
    facts.extend(lines.lines.into_iter().map(|line| {
        let listed = BundleEvent::Listed {
            transfer: planned.id.clone(),
            papers: line.papers,
        };
        Fact::new(Subject::Bundle(line.case), Event::Bundle { event: listed })
    }));
    facts
}

pub(super) fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

/// Tells once that a round is overdue, and whose fault it is. Needs no calendar: the last day is a calendar day.
pub fn overdue(round: &RoundState, today: Date) -> Vec<Fact> {
    let on = round.due.next().max(round.on);
    if round.stage() == RoundStage::Done || round.overdue.is_some() || today < on {
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
/// left out if a later one reached its day too.
pub fn remind(round: &RoundState, calendar: &Calendar, today: Date) -> Result<Vec<Fact>, NoYear> {
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
        let due = on <= round.due && today >= on && !round.reminded.contains(&days_left);
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
        if level <= round.escalated || today <= round.due {
            continue;
        }
        let on = calendar.plus_working_days(round.due.max(round.on), days)?;
        if today >= on {
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
