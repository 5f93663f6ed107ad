//! The roll of everyone who was ever enrolled, and how a person is named as an actor.

use super::event::StaffEvent;
use super::refusal::StaffRefusal;
use crate::domain::Event;
use crate::domain::id::{Actor, StaffId};

/// How an actor that is a person begins.
const PREFIX: &str = "staff:";

/// Everyone who was ever enrolled, in that order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roll {
    members: Vec<StaffId>,
}

impl Roll {
    /// Reads the roll from the hall's history.
    pub fn of_hall<'a>(history: impl IntoIterator<Item = &'a Event>) -> Self {
        let listed = history.into_iter().filter_map(|event| match event {
            Event::Staff {
                event: StaffEvent::Listed { staff },
            } => Some(staff.clone()),
            _ => None,
        });
        Self {
            members: listed.collect(),
        }
    }

    /// Everyone, in the order of enrolment.
    pub fn members(&self) -> &[StaffId] {
        &self.members
    }

    /// Whether nobody was ever enrolled.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether `staff` is on it.
    pub fn contains(&self, staff: &StaffId) -> bool {
        self.members.contains(staff)
    }
}

/// The actor a person is in the facts: `staff:<id>`. An id is lower-case, so that no two people differ by case alone.
pub fn actor_of(staff: &StaffId) -> Result<Actor, StaffRefusal> {
    if staff.as_str().bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(StaffRefusal::BadStaffId);
    }
    Actor::new(format!("{PREFIX}{staff}")).map_err(|_| StaffRefusal::BadStaffId)
}

/// The person an actor is, if it is one.
pub fn staff_of(actor: &Actor) -> Option<StaffId> {
    let id = actor.as_str().strip_prefix(PREFIX)?;
    StaffId::new(id).ok()
}
