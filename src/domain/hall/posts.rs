//! Appointing chief representatives and officers, and ending it.

use super::authorisation::ItemScope;
use super::department::{Appointment, DepartmentEvent, DepartmentState, fact};
use super::plan::not_past;
use super::refusal::SetupRefusal;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::StaffId;
use crate::domain::time::Timestamp;

/// Decides whether a chief representative may be appointed; the one that was made already gives no fact.
pub fn appoint(
    state: &DepartmentState,
    staff: &StaffId,
    items: ItemScope,
    (from, until): (Date, Option<Date>),
    document: Digest,
) -> Result<Vec<Fact>, SetupRefusal> {
    if let Some(until) = until.filter(|until| *until < from) {
        return Err(SetupRefusal::DatesReversed { from, until });
    }
    let wanted = Appointment {
        staff: staff.clone(),
        chief: true,
        decides: Some(items.clone()),
        from,
        until,
        document: Some(document),
        ended: None,
    };
    if known(state, &wanted) {
        return Ok(Vec::new());
    }
    free(state, &wanted)?;
    let event = DepartmentEvent::ChiefAppointed {
        staff: staff.clone(),
        items,
        from,
        until,
        document,
    };
    Ok(vec![fact(&state.code, event)])
}

/// Decides whether a person may become an officer; one who is already gives no fact.
pub fn assign(
    state: &DepartmentState,
    staff: &StaffId,
    decides: bool,
    from: Date,
) -> Result<Vec<Fact>, SetupRefusal> {
    let wanted = Appointment {
        staff: staff.clone(),
        chief: false,
        decides: decides.then_some(ItemScope::All),
        from,
        until: None,
        document: None,
        ended: None,
    };
    if known(state, &wanted) {
        return Ok(Vec::new());
    }
    free(state, &wanted)?;
    let event = DepartmentEvent::OfficerAssigned {
        staff: staff.clone(),
        decides,
        from,
    };
    Ok(vec![fact(&state.code, event)])
}

/// Decides whether a person's post ends with a day on which it no longer holds. It is never dated back.
pub fn remove(
    state: &DepartmentState,
    staff: &StaffId,
    chief: bool,
    from: Date,
    now: Timestamp,
) -> Result<Vec<Fact>, SetupRefusal> {
    not_past(from, now)?;
    let mut posts = state.posts.iter().rev();
    let last = posts.find(|post| post.staff == *staff && post.chief == chief);
    if last.is_none_or(|post| post.end().is_some_and(|end| end <= from)) {
        let staff = staff.clone();
        return Err(SetupRefusal::NotAppointed { staff });
    }
    let staff = staff.clone();
    let event = if chief {
        DepartmentEvent::ChiefRemoved { staff, from }
    } else {
        DepartmentEvent::OfficerRemoved { staff, from }
    };
    Ok(vec![fact(&state.code, event)])
}

/// Whether this very post was given already, even if it ended since.
fn known(state: &DepartmentState, wanted: &Appointment) -> bool {
    let same = |post: &Appointment| {
        let given = Appointment {
            ended: None,
            ..post.clone()
        };
        given == *wanted
    };
    state.posts.iter().any(same)
}

/// A person has one post of a kind at a department at a time.
fn free(state: &DepartmentState, wanted: &Appointment) -> Result<(), SetupRefusal> {
    let overlaps = |post: &Appointment| {
        let begins_before_end =
            |one: &Appointment, other: &Appointment| other.end().is_none_or(|end| one.from < end);
        post.staff == wanted.staff
            && post.chief == wanted.chief
            && begins_before_end(post, wanted)
            && begins_before_end(wanted, post)
    };
    if state.posts.iter().any(overlaps) {
        let staff = wanted.staff.clone();
        return Err(SetupRefusal::AlreadyAppointed { staff });
    }
    Ok(())
}
