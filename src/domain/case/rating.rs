//! 好差评: the invitation is made with every delivery, the rating is free. A negative one opens a ticket. Art 10(6).

use super::event::CaseEvent;
use super::opening::fact;
use super::refusal::CaseRefusal;
use super::state::CaseState;
use super::terms::{Party, RatingLevel};
use crate::domain::calendar::Calendar;
use crate::domain::event::Fact;
use crate::domain::id::{Commitment, StaffId, TicketId};
use crate::domain::ticket::{Matter, OpenTicket, TicketRefusal, TicketState, open_ticket};
use crate::domain::time::Timestamp;

/// A rating as the applicant gives it.
#[derive(Debug, Clone)]
pub struct Rate {
    /// The level.
    pub level: RatingLevel,
    /// Vault record of the remarks.
    pub remarks: Option<Commitment>,
    /// A fresh ticket for a negative one; not used otherwise.
    pub ticket: Option<FollowUp>,
}

/// The ticket that follows a negative rating up.
#[derive(Debug, Clone)]
pub struct FollowUp {
    /// Its id.
    pub id: TicketId,
    /// Who has to see to it.
    pub owner: StaffId,
    /// Within how many working days; the local limit.
    pub days: u32,
}

/// Takes a rating, once. `known` is what the follow-up's ticket id is already.
pub fn rate(
    case: &CaseState,
    command: Rate,
    known: Option<&TicketState>,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    if case.rating.is_some() {
        return Err(CaseRefusal::RatedAlready);
    }
    if case.invited_at.is_none() {
        return Err(CaseRefusal::NotInvited);
    }
    let level = command.level;
    let follow_up = command.ticket.filter(|_| level.is_negative());
    if level.is_negative() && follow_up.is_none() {
        return Err(CaseRefusal::TicketMissing);
    }
    let rated = CaseEvent::Rated {
        level,
        remarks: command.remarks,
        ticket: follow_up.as_ref().map(|ticket| ticket.id.clone()),
    };
    let mut facts = vec![fact(case, rated)];
    if let Some(follow_up) = follow_up {
        let ticket = OpenTicket {
            id: follow_up.id,
            matter: Matter::Rating { level },
            party: Party::Window,
            case: Some(case.no.clone()),
            site: case.mandate.site.clone(),
            owner: follow_up.owner,
            note: command.remarks,
            days: follow_up.days,
        };
        facts.extend(open_ticket(known, ticket, calendar, now)?);
    }
    Ok(facts)
}

impl From<TicketRefusal> for CaseRefusal {
    fn from(refusal: TicketRefusal) -> Self {
        match refusal {
            TicketRefusal::Calendar { year } => Self::Calendar { year },
            _ => Self::TicketTaken,
        }
    }
}
