//! The hall: sites and their windows, departments and who decides for them, mandates, and what the rules conclude
//! from them for a case ([`Mandate`], [`Delegation`]). Facts hold codes, dates and digests; what things are called
//! stands in definition blobs. Never here: anything about one case, or a person's name.

mod authorisation;
mod books;
mod definition;
mod department;
mod house;
mod load;
mod mandate;
mod plan;
mod posts;
mod refusal;
mod role;
mod site;
mod timetable;

pub use authorisation::{
    AuthorisationEvent, AuthorisationState, Grant, ItemScope, Term, fold as fold_authorisation,
    grant, revoke,
};
pub use books::{HallBooks, gather, gather_departments};
pub use definition::{DepartmentDefinition, SiteDefinition};
pub use department::{
    Appointment, DepartmentEvent, DepartmentState, Departments, delegate,
    describe as describe_department, fold as fold_department, open as open_department, responsible,
    succeed,
};
pub(in crate::domain) use house::fact as hall_fact;
pub use house::{
    Comparison, HallEvent, HallState, extend_calendar, fold as fold_hall, record_audit,
    record_comparison,
};
pub use load::{WindowHour, by_hour_of_day, hourly_load};
pub use mandate::{Delegation, Mandate, Post, Power};
pub use plan::{ALL_ROLES, close as close_site, close_window, open_tidal};
pub use posts::{appoint, assign, remove};
pub use refusal::{HallRefusal, Referral, SetupRefusal};
pub use role::Role;
pub use site::{
    SiteEvent, SiteLevel, SiteState, WindowKind, WindowPlan, WindowState,
    describe as describe_site, fold as fold_site, open as open_site, set_window,
};
pub use timetable::{OpenHours, TimeOfDay, Timetable};
