//! Coming, holding roles, and leaving.

use super::event::StaffEvent;
use super::refusal::StaffRefusal;
use super::roll::{Roll, actor_of};
use super::state::StaffState;
use crate::domain::access::{Grant, Role, Scope, conflict};
use crate::domain::id::{Actor, Commitment, StaffId};
use crate::domain::{Event, Fact, Subject};

/// An account to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The id, lower-case, never used before.
    pub staff: StaffId,
    /// Vault record with the name.
    pub profile: Commitment,
    /// Vault record with the password's hash.
    pub credential: Option<Commitment>,
    /// Someone else chose the password.
    pub temporary: bool,
    /// The roles it begins with.
    pub grants: Vec<Grant>,
}

pub(super) fn fact(staff: &StaffId, event: StaffEvent) -> Fact {
    Fact::new(Subject::Staff(staff.clone()), Event::Staff { event })
}

/// The person's state, if the person works here.
pub(super) fn here(state: Option<&StaffState>) -> Result<&StaffState, StaffRefusal> {
    let state = state.ok_or(StaffRefusal::Unknown)?;
    if !state.works_here() {
        return Err(StaffRefusal::HasLeft);
    }
    Ok(state)
}

/// The person's state, if the account may be used.
pub(super) fn active(state: Option<&StaffState>) -> Result<&StaffState, StaffRefusal> {
    let state = here(state)?;
    if state.locked {
        return Err(StaffRefusal::IsLocked);
    }
    Ok(state)
}

/// Refuses what nobody does to their own account.
pub(super) fn not_oneself(staff: &StaffId, by: &Actor) -> Result<(), StaffRefusal> {
    if actor_of(staff)? == *by {
        return Err(StaffRefusal::OwnAccount);
    }
    Ok(())
}

/// Opens the first three accounts: the system, the security and the audit administrator, in this order. Once, on an
/// empty roll.
pub fn initialise(roll: &Roll, three: &[Enrolment; 3]) -> Result<Vec<Fact>, StaffRefusal> {
    if !roll.is_empty() {
        return Err(StaffRefusal::AlreadyInitialised);
    }
    let [system, security, audit] = three;
    let distinct = system.staff != security.staff
        && security.staff != audit.staff
        && audit.staff != system.staff;
    if !distinct {
        return Err(StaffRefusal::SamePerson);
    }
    let mut facts = Vec::new();
    for (enrolment, role) in three.iter().zip(Role::ADMINISTRATORS) {
        let mut enrolment = enrolment.clone();
        enrolment.grants = vec![Grant {
            role,
            scope: Scope::Hall,
        }];
        facts.extend(enrol(roll, None, &enrolment)?);
    }
    Ok(facts)
}

/// Opens an account. `state` is what is known of that id: an id is never used twice.
pub fn enrol(
    roll: &Roll,
    state: Option<&StaffState>,
    enrolment: &Enrolment,
) -> Result<Vec<Fact>, StaffRefusal> {
    let staff = &enrolment.staff;
    actor_of(staff)?;
    if state.is_some() || roll.contains(staff) {
        return Err(StaffRefusal::AlreadyEnrolled);
    }
    let listed = StaffEvent::Listed {
        staff: staff.clone(),
    };
    let mut facts = vec![
        Fact::new(Subject::Hall, Event::Staff { event: listed }),
        fact(
            staff,
            StaffEvent::Enrolled {
                profile: enrolment.profile,
                credential: enrolment.credential,
                temporary: enrolment.temporary && enrolment.credential.is_some(),
            },
        ),
    ];
    let mut held: Vec<Grant> = Vec::new();
    for grant in &enrolment.grants {
        check_grant(&held, grant)?;
        held.push(grant.clone());
        let grant = grant.clone();
        facts.push(fact(staff, StaffEvent::RoleAssigned { grant }));
    }
    Ok(facts)
}

/// Corrects the name.
pub fn change_profile(
    staff: &StaffId,
    state: Option<&StaffState>,
    profile: Commitment,
) -> Result<Vec<Fact>, StaffRefusal> {
    here(state)?;
    Ok(vec![fact(staff, StaffEvent::ProfileChanged { profile })])
}

fn check_grant(held: &[Grant], grant: &Grant) -> Result<(), StaffRefusal> {
    if grant.role == Role::Station || !grant.role.fits(&grant.scope) {
        return Err(StaffRefusal::RoleDoesNotFit);
    }
    if held.contains(grant) {
        return Err(StaffRefusal::RoleHeld);
    }
    if held.iter().any(|other| conflict(other.role, grant.role)) {
        return Err(StaffRefusal::RolesConflict);
    }
    Ok(())
}

/// Gives a role.
pub fn assign(
    staff: &StaffId,
    state: Option<&StaffState>,
    grant: Grant,
    by: &Actor,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = here(state)?;
    not_oneself(staff, by)?;
    check_grant(&state.grants, &grant)?;
    Ok(vec![fact(staff, StaffEvent::RoleAssigned { grant })])
}

/// Takes a role away. `colleagues` are the other people here; they matter when it is an administrator's role, and may
/// be left out otherwise.
pub fn remove(
    staff: &StaffId,
    state: Option<&StaffState>,
    grant: Grant,
    colleagues: &[&StaffState],
    by: &Actor,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = here(state)?;
    not_oneself(staff, by)?;
    if !state.grants.contains(&grant) {
        return Err(StaffRefusal::RoleNotHeld);
    }
    not_the_last(std::slice::from_ref(&grant), colleagues)?;
    Ok(vec![fact(staff, StaffEvent::RoleRemoved { grant })])
}

fn not_the_last(leaving: &[Grant], colleagues: &[&StaffState]) -> Result<(), StaffRefusal> {
    for grant in leaving.iter().filter(|grant| grant.role.is_administrator()) {
        let another = colleagues
            .iter()
            .any(|colleague| colleague.is_active() && colleague.holds(grant.role));
        if !another {
            return Err(StaffRefusal::LastAdministrator);
        }
    }
    Ok(())
}

/// Lets a person go: the account ends, and the successor takes over what the person held, including what that person
/// had taken over before.
pub fn offboard(
    staff: &StaffId,
    state: Option<&StaffState>,
    successor: &StaffId,
    successor_state: Option<&StaffState>,
    colleagues: &[&StaffState],
    by: &Actor,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = here(state)?;
    not_oneself(staff, by)?;
    let able = successor_state.is_some_and(StaffState::is_active);
    if !able || successor == staff {
        return Err(StaffRefusal::NoSuccessor);
    }
    not_the_last(&state.grants, colleagues)?;
    let left = StaffEvent::Offboarded {
        successor: successor.clone(),
    };
    let mut facts = vec![fact(staff, left)];
    for from in state.took_over.iter().chain([staff]) {
        let from = from.clone();
        facts.push(fact(successor, StaffEvent::TookOver { from }));
    }
    Ok(facts)
}
