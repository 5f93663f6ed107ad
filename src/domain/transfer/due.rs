//! The days of a transfer.

use crate::domain::calendar::{Calendar, NoYear};
use crate::domain::date::{Date, Month};

/// Working days before the last one on which both sides are reminded.
pub const REMINDERS: [u32; 3] = [10, 5, 1];

/// The last day for a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The last calendar day.
    pub day: Date,
    /// The last working day on or before it: from then on nobody is at the counter to hand anything over.
    pub working: Date,
}

/// The month whose transfer a paper belongs to: that in which its case closed, or in which it came in if that was later
/// (a supplement, a signed delivery receipt).
pub fn month_of(closed: Date, came_in: Date) -> Month {
    closed.max(came_in).month()
}

/// The last day for what belongs to a month: the last calendar day of the month after it (Art 12(4)).
pub fn due_of(month: Month) -> Date {
    month.next().last()
}

/// The same with its last working day.
pub fn shown(day: Date, calendar: &Calendar) -> Result<Due, NoYear> {
    let working = calendar.last_working_day_on_or_before(day)?;
    Ok(Due { day, working })
}

/// The first day on which no more than `days` working days are left before the end of `due`.
pub fn reminder_day(due: Date, calendar: &Calendar, days: u32) -> Result<Date, NoYear> {
    let (mut day, mut left) = (due, 0);
    loop {
        left += u32::from(calendar.is_working_day(day)?);
        if left > days {
            return Ok(day);
        }
        day = day.previous();
    }
}
