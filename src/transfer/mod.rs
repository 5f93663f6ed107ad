//! Use cases of the monthly transfer (月度移交): what the calendar makes of it, papers looked up by their labels, the
//! package sealed, the register printed, papers put off with the department's consent, and how a site's months stand. The hand-over itself is
//! `custody`'s. Nothing here knows HTTP or a command line, and nothing here writes but through `Ledger::record`. They
//! work with the parts of [`Counter`](crate::counter::Counter).

mod defer;
mod gather;
mod month;
pub mod pack;
mod rate;
mod register;
mod standing;
mod tick;
mod view;

pub use defer::{DeferralOrder, DeferralRequestOrder};
pub use gather::ReconcileDraft;
pub use pack::{
    Acceptance, CheckReport, CheckVerdict, PackageForm, PackageProfile, Packer, Submitted,
    acceptance, check_of,
};
pub use rate::{RATE_MONTHS_MAX, RateRow, RateView};
pub use standing::{MonthView, StandingCount, case_standing};
pub use tick::{EarlyRound, Ticked};
pub use view::{AcceptedFacts, DeferralView, PackageFacts, RoundPaper, RoundView};
