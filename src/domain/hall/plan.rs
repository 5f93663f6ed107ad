//! Setting windows up and taking them down.

use super::refusal::SetupRefusal;
use super::role::Role;
use super::site::{SiteEvent, SiteLevel, SiteState, WindowKind, WindowPlan, fact};
use crate::domain::date::Date;
use crate::domain::event::Fact;
use crate::domain::id::WindowCode;
use crate::domain::time::Timestamp;

/// Whether a window may be set up like this at a site of this level (Art 5, 6, 7).
pub fn check(level: SiteLevel, window: &WindowCode, plan: &WindowPlan) -> Result<(), SetupRefusal> {
    let window = || window.clone();
    if plan.roles.is_empty() || has_twins(&plan.roles) {
        return Err(SetupRefusal::NoRoles { window: window() });
    }
    if let WindowKind::FieldLimited { fields } = &plan.kind
        && (fields.is_empty() || has_twins(fields))
    {
        return Err(SetupRefusal::NoFields { window: window() });
    }
    if (plan.kind == WindowKind::AllInOne) != (level == SiteLevel::Village) {
        return Err(SetupRefusal::AllInOneElsewhere { window: window() });
    }
    let table = plan.timetable.as_ref();
    if table.is_some_and(|table| !table.is_sound()) {
        return Err(SetupRefusal::BadTimetable { window: window() });
    }
    Ok(())
}

fn has_twins<T: PartialEq>(list: &[T]) -> bool {
    let twin = |place: usize, one: &T| list.iter().skip(place + 1).any(|other| other == one);
    list.iter().enumerate().any(|(place, one)| twin(place, one))
}

/// Decides whether a window may be closed from a day on. It is never dated back.
pub fn close_window(
    state: &SiteState,
    window: &WindowCode,
    from: Date,
    now: Timestamp,
) -> Result<Vec<Fact>, SetupRefusal> {
    let known = state.windows.get(window);
    let known = known.ok_or_else(|| SetupRefusal::Unknown {
        code: window.to_string(),
    })?;
    not_past(from, now)?;
    if let Some(since) = known.closed {
        let code = window.to_string();
        return Err(SetupRefusal::Closed { code, since });
    }
    let window = window.clone();
    let event = SiteEvent::WindowClosed { window, from };
    Ok(vec![fact(&state.code, event)])
}

/// Decides whether a tidal window may be opened outside its timetable until an instant (Art 7).
pub fn open_tidal(
    state: &SiteState,
    window: &WindowCode,
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<Fact>, SetupRefusal> {
    let known = state.windows.get(window);
    let known = known.ok_or_else(|| SetupRefusal::Unknown {
        code: window.to_string(),
    })?;
    if let Some(since) = known.closed {
        let code = window.to_string();
        return Err(SetupRefusal::Closed { code, since });
    }
    if known.plan.timetable.is_none() {
        let window = window.clone();
        return Err(SetupRefusal::NotTidal { window });
    }
    if until <= now {
        return Err(SetupRefusal::PastInstant { until });
    }
    let window = window.clone();
    let event = SiteEvent::TidalOpened { window, until };
    Ok(vec![fact(&state.code, event)])
}

/// Decides whether a site may be closed from a day on. It is never dated back.
pub fn close(state: &SiteState, from: Date, now: Timestamp) -> Result<Vec<Fact>, SetupRefusal> {
    not_past(from, now)?;
    if let Some(since) = state.closed {
        let code = state.code.to_string();
        return Err(SetupRefusal::Closed { code, since });
    }
    Ok(vec![fact(&state.code, SiteEvent::Closed { from })])
}

/// Refuses a day before the one on which `now` falls.
pub(super) fn not_past(date: Date, now: Timestamp) -> Result<(), SetupRefusal> {
    if date < Date::of(now) {
        return Err(SetupRefusal::PastDate { date });
    }
    Ok(())
}

/// Every role, for windows that merge them.
pub const ALL_ROLES: [Role; 3] = [Role::Consult, Role::Receive, Role::Issue];
