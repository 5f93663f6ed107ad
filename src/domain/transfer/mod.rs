//! The monthly transfer (月度移交): what is due when, which papers a round gathers, and how a closed case stands. Art
//! 12(4): paper goes to its department no later than the month after the case closes. Pure: days and instants are
//! arguments. What was handed over, and by whom, is `custody`'s to say.

mod due;
mod plan;
mod standing;

pub use due::{Due, REMINDERS, due_of, month_of, reminders, shown};
pub use plan::{Candidate, Closed, Planned, Round, Rounds, plan};
pub use standing::{CaseStanding, Fate, PaperDuty, fate, standing};
