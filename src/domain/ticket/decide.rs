//! Decisions about tickets: how they are opened and routed, and the order in which they are settled.

use super::{ComplaintCategory, LateCall, Matter, Step, TicketEvent, TicketRefusal, TicketState};
use crate::domain::calendar::Calendar;
use crate::domain::case::Party;
use crate::domain::date::Date;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{CaseNo, Commitment, DepartmentCode, SiteCode, StaffId, Subject, TicketId};
use crate::domain::time::Timestamp;

/// A ticket to be opened.
#[derive(Debug, Clone)]
pub struct OpenTicket {
    /// A fresh id.
    pub id: TicketId,
    /// What it is about.
    pub matter: Matter,
    /// Who answers mainly; a complaint's is [`route`]'s.
    pub party: Party,
    /// The case it belongs to.
    pub case: Option<CaseNo>,
    /// Where it came up.
    pub site: SiteCode,
    /// Who has to see to it: the first asked.
    pub owner: StaffId,
    /// Vault record of what was said.
    pub note: Option<Commitment>,
    /// Working days to settle a complaint, a finding or a rating in, such as [`super::FOLLOW_UP_DAYS`]. Questions,
    /// calls and referrals are answered at once and have no limit.
    pub days: u32,
}

/// A step of settling a ticket.
#[derive(Debug, Clone)]
pub enum Proceed {
    /// Answer.
    Answer {
        /// Vault record of the answer.
        answer: Commitment,
    },
    /// Look into it.
    Verify {
        /// Whether it is as was said.
        founded: bool,
        /// Vault record of what was found.
        report: Commitment,
    },
    /// Put it right.
    Rectify {
        /// Vault record of the measures.
        report: Commitment,
    },
    /// Tell whoever complained.
    FeedBack {
        /// Vault record of what was said.
        note: Commitment,
    },
    /// Ask again.
    Revisit {
        /// Whether it is settled.
        satisfied: bool,
        /// Vault record of what was said.
        note: Commitment,
    },
    /// Close.
    Close,
}

/// Who answers a complaint mainly (Art 14): the window for 14(1), the department for 14(2).
pub fn route(
    category: ComplaintCategory,
    department: Option<&DepartmentCode>,
) -> Result<Party, TicketRefusal> {
    if category.is_windows() {
        return Ok(Party::Window);
    }
    match department.cloned() {
        Some(department) => Ok(Party::Department { department }),
        None => Err(TicketRefusal::DepartmentMissing),
    }
}

/// The waiting time a complaint about late help states, read off the call (14(2)3).
pub fn late_call(call: &TicketState, now: Timestamp) -> LateCall {
    let so_far = now.as_millis() - call.opened_at.as_millis();
    LateCall {
        call: call.id.clone(),
        waited_ms: call.response_ms().unwrap_or(so_far),
    }
}

fn fact(id: &TicketId, event: TicketEvent) -> Fact {
    Fact::new(Subject::Ticket(id.clone()), Event::Ticket { event })
}

/// Opens a ticket under a fresh id. A complaint goes to the side that Art 14 names.
pub fn open_ticket(
    state: Option<&TicketState>,
    command: OpenTicket,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Vec<Fact>, TicketRefusal> {
    if state.is_some() {
        return Err(TicketRefusal::AlreadyOpen);
    }
    match &command.matter {
        Matter::Complaint { category, .. }
            if category.is_windows() != (command.party == Party::Window) =>
        {
            return Err(TicketRefusal::WrongParty);
        }
        Matter::ExpertCall if command.party == Party::Window => {
            return Err(TicketRefusal::DepartmentMissing);
        }
        Matter::Rating { level } if !level.is_negative() => {
            return Err(TicketRefusal::NotNegative);
        }
        _ => {}
    }
    let limited = matches!(
        command.matter,
        Matter::Complaint { .. } | Matter::Finding | Matter::Rating { .. }
    );
    let due = if limited {
        if command.days == 0 {
            return Err(TicketRefusal::DaysMissing);
        }
        Some(calendar.plus_working_days(Date::of(now), command.days)?)
    } else {
        None
    };
    let opened = TicketEvent::Opened {
        matter: command.matter,
        party: command.party,
        case: command.case,
        site: command.site,
        owner: command.owner,
        note: command.note,
        due,
    };
    Ok(vec![fact(&command.id, opened)])
}

fn unsettled(ticket: &TicketState) -> Result<(), TicketRefusal> {
    if ticket.next == Step::Done {
        return Err(TicketRefusal::AlreadyClosed);
    }
    Ok(())
}

/// Another party helps; one that does already gives no fact.
pub fn join(ticket: &TicketState, party: Party) -> Result<Vec<Fact>, TicketRefusal> {
    unsettled(ticket)?;
    if ticket.party == party || ticket.joined.contains(&party) {
        return Ok(Vec::new());
    }
    Ok(vec![fact(&ticket.id, TicketEvent::Joined { party })])
}

/// Someone else sees to it from now on; whoever does already gives no fact.
pub fn reassign(ticket: &TicketState, owner: StaffId) -> Result<Vec<Fact>, TicketRefusal> {
    unsettled(ticket)?;
    if ticket.owner == owner {
        return Ok(Vec::new());
    }
    Ok(vec![fact(&ticket.id, TicketEvent::Reassigned { owner })])
}

/// Takes the next step, in its order: a question is answered; a complaint is verified, put right if founded, and fed
/// back; a negative rating is also revisited; a finding is put right. Then it is closed, a finding by someone else
/// than who put it right.
pub fn proceed(
    ticket: &TicketState,
    command: Proceed,
    by: StaffId,
) -> Result<Vec<Fact>, TicketRefusal> {
    unsettled(ticket)?;
    let (step, event) = match command {
        Proceed::Answer { answer } => (Step::Answer, TicketEvent::Answered { by, answer }),
        Proceed::Verify { founded, report } => (
            Step::Verify,
            TicketEvent::Verified {
                by,
                founded,
                report,
            },
        ),
        Proceed::Rectify { report } => (Step::Rectify, TicketEvent::Rectified { by, report }),
        Proceed::FeedBack { note } => (Step::FeedBack, TicketEvent::FedBack { by, note }),
        Proceed::Revisit { satisfied, note } => (
            Step::Revisit,
            TicketEvent::Revisited {
                by,
                satisfied,
                note,
            },
        ),
        Proceed::Close => {
            let own = ticket.matter == Matter::Finding && ticket.rectified_by.as_ref() == Some(&by);
            if own && ticket.next == Step::Close {
                return Err(TicketRefusal::SamePerson);
            }
            (Step::Close, TicketEvent::Closed { by })
        }
    };
    if step != ticket.next {
        return Err(TicketRefusal::WrongStep);
    }
    Ok(vec![fact(&ticket.id, event)])
}
