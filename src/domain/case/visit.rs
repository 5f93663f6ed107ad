//! Visits: who came where, in which capacity the clerk acted and by which channel. Art 6, 8(1), 12(5), 12(6).

use serde::{Deserialize, Serialize};

use super::happened;
use super::refusal::CaseRefusal;
use super::terms::{Channel, DeskRole, GuidanceKind};
use crate::domain::calendar::Calendar;
use crate::domain::event::{Entry, Event, Fact};
use crate::domain::id::{
    CaseNo, Commitment, SiteCode, StaffId, Subject, TaskCode, TicketId, VisitId, WindowCode,
};
use crate::domain::ticket::{OpenTicket, TicketRefusal, TicketState, open_ticket};
use crate::domain::time::Timestamp;

/// What can happen to a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum VisitEvent {
    /// Someone came, or called, or asked for a pre-check.
    Opened {
        /// Where.
        site: SiteCode,
        /// At which window, or from which one the clerk went out.
        window: WindowCode,
        /// Who serves.
        clerk: StaffId,
        /// In which capacity.
        role: DeskRole,
        /// By which channel.
        channel: Channel,
    },
    /// The clerk goes on in another capacity of a merged window.
    RoleTaken {
        /// Which.
        role: DeskRole,
    },
    /// Guidance, consultation or help was given.
    GuidanceGiven {
        /// What.
        kind: GuidanceKind,
        /// About which item, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskCode>,
        /// Vault record of what was asked and said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Commitment>,
    },
    /// A case was opened on this visit.
    CaseOpened {
        /// Its number.
        case: CaseNo,
        /// The consultation (its place among the visit's guidance, from 0) that became it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consultation: Option<u32>,
    },
    /// The matter is not the window's: a referral was given.
    Referred {
        /// The referral's ticket.
        ticket: TicketId,
    },
    /// The visitor left.
    Closed,
}

/// A visit as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitState {
    /// Its id.
    pub id: VisitId,
    /// Where.
    pub site: SiteCode,
    /// At which window.
    pub window: WindowCode,
    /// Who serves.
    pub clerk: StaffId,
    /// In which capacity now.
    pub role: DeskRole,
    /// By which channel.
    pub channel: Channel,
    /// When it began.
    pub opened_at: Timestamp,
    /// What was said and done without a case, in order.
    pub guidance: Vec<GuidanceKind>,
    /// The cases it opened.
    pub cases: Vec<CaseNo>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// How a visit begins.
#[derive(Debug, Clone)]
pub struct OpenVisit {
    /// Where.
    pub site: SiteCode,
    /// At which window.
    pub window: WindowCode,
    /// Who serves.
    pub clerk: StaffId,
    /// In which capacity.
    pub role: DeskRole,
    /// By which channel; not [`Channel::Platform`], which brings no visitor.
    pub channel: Channel,
}

/// Guidance that was given.
#[derive(Debug, Clone)]
pub struct Guidance {
    /// What.
    pub kind: GuidanceKind,
    /// About which item, if known.
    pub task: Option<TaskCode>,
    /// Vault record of what was asked and said.
    pub note: Option<Commitment>,
}

/// Folds a visit's history, oldest first.
pub fn fold_visit<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<VisitState> {
    let mut state: Option<VisitState> = None;
    for entry in history {
        let (Subject::Visit(id), Event::Visit { event }) = (&entry.subject, &entry.event) else {
            continue;
        };
        let at = happened(entry);
        match (&mut state, event) {
            (
                None,
                VisitEvent::Opened {
                    site,
                    window,
                    clerk,
                    role,
                    channel,
                },
            ) => {
                state = Some(VisitState {
                    id: id.clone(),
                    site: site.clone(),
                    window: window.clone(),
                    clerk: clerk.clone(),
                    role: *role,
                    channel: *channel,
                    opened_at: at,
                    guidance: Vec::new(),
                    cases: Vec::new(),
                    closed_at: None,
                });
            }
            (Some(visit), VisitEvent::RoleTaken { role }) => visit.role = *role,
            (Some(visit), VisitEvent::GuidanceGiven { kind, .. }) => visit.guidance.push(*kind),
            (Some(visit), VisitEvent::CaseOpened { case, .. }) => visit.cases.push(case.clone()),
            (Some(visit), VisitEvent::Closed) => visit.closed_at = Some(at),
            _ => {}
        }
    }
    state
}

/// A fact about a visit.
pub(super) fn fact(id: &VisitId, event: VisitEvent) -> Fact {
    Fact::new(Subject::Visit(id.clone()), Event::Visit { event })
}

/// Begins a visit under a fresh id.
pub fn open_visit(
    state: Option<&VisitState>,
    id: &VisitId,
    command: OpenVisit,
) -> Result<Vec<Fact>, CaseRefusal> {
    if state.is_some() {
        return Err(CaseRefusal::VisitOpen);
    }
    if command.channel == Channel::Platform {
        return Err(CaseRefusal::WrongVisit);
    }
    let opened = VisitEvent::Opened {
        site: command.site,
        window: command.window,
        clerk: command.clerk,
        role: command.role,
        channel: command.channel,
    };
    Ok(vec![fact(id, opened)])
}

/// The clerk of a merged window goes on in another capacity (Art 6). `roles` are the window's; taking the present
/// role gives no fact.
pub fn take_role(
    visit: &VisitState,
    role: DeskRole,
    roles: &[DeskRole],
) -> Result<Vec<Fact>, CaseRefusal> {
    present(visit)?;
    if !roles.contains(&role) {
        return Err(CaseRefusal::RoleMissing);
    }
    if visit.role == role {
        return Ok(Vec::new());
    }
    Ok(vec![fact(&visit.id, VisitEvent::RoleTaken { role })])
}

/// Notes guidance, consultation or help (Art 8(1)).
pub fn give_guidance(visit: &VisitState, guidance: Guidance) -> Result<Vec<Fact>, CaseRefusal> {
    present(visit)?;
    let given = VisitEvent::GuidanceGiven {
        kind: guidance.kind,
        task: guidance.task,
        note: guidance.note,
    };
    Ok(vec![fact(&visit.id, given)])
}

/// Refers a matter that is not the window's: the first asked owns the referral (Art 12(5)). `ticket` is a fresh
/// referral ticket.
pub fn refer(
    visit: &VisitState,
    state: Option<&TicketState>,
    ticket: OpenTicket,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Vec<Fact>, TicketRefusal> {
    let referred = VisitEvent::Referred {
        ticket: ticket.id.clone(),
    };
    let mut facts = open_ticket(state, ticket, calendar, now)?;
    facts.push(fact(&visit.id, referred));
    Ok(facts)
}

/// Ends a visit; one that has ended gives no new fact.
pub fn close_visit(visit: &VisitState) -> Result<Vec<Fact>, CaseRefusal> {
    if visit.closed_at.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![fact(&visit.id, VisitEvent::Closed)])
}

/// Refuses what is asked of a visit that has ended.
pub(super) fn present(visit: &VisitState) -> Result<(), CaseRefusal> {
    match visit.closed_at {
        Some(_) => Err(CaseRefusal::VisitClosed),
        None => Ok(()),
    }
}
