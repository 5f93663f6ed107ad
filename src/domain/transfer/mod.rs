//! The monthly transfer (月度移交): what is due when, which papers a round gathers, how it goes from its opening to the
//! department's signature, and how a closed case stands. Art 12(4): paper goes to its department no later than the month
//! after the case closes. Here live facts, folds and pure decisions; days and instants are arguments. What was handed
//! over, and by whom, is `custody`'s to say.

mod clock;
mod defer;
mod due;
mod event;
mod gather;
mod hand;
mod month;
mod plan;
mod rate;
mod refusal;
mod round;
mod standing;

pub use clock::{ESCALATIONS, lines, open, overdue, remind};
pub use defer::{
    approve as approve_deferral, ask as ask_deferral, consent as consent_deferral,
    decline as decline_deferral,
};
pub use due::{Due, REMINDERS, due_of, month_of, reminder_day, shown};
pub use event::{RoundLine, RoundLines, RoundOutcome, TransferEvent};
pub use gather::{Seal, checked, given, on_round, reconcile, seal};
pub use hand::{ended, offered, received, withdrawn};
pub use month::{
    MonthClosing, MonthEvent, PaperCourse, close_month, courses, fold_month, of_month,
};
pub use plan::{Candidate, Closed, Opened, Planned, Round, Rounds, plan};
pub use rate::{PaperEnd, RateCount, Timeliness, timeliness};
pub use refusal::TransferRefusal;
pub use round::{
    CheckedPackage, DeferralRequest, RoundStage, RoundState, SealedPackage, fold as fold_round,
};
pub use standing::{CaseStanding, Fate, PaperDuty, came_in, fate, goes_to, ready, standing};
