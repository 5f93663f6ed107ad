//! Opening a case: at a window on a visit, or from the city platform by its number. The case pins the version of its
//! item (Art 11(3)); a number is taken once (Art 13(2)).

use super::event::CaseEvent;
use super::fold::Number;
use super::refusal::CaseRefusal;
use super::state::{CaseState, Stage};
use super::terms::*;
use super::visit::{self, VisitEvent, VisitState};
use crate::domain::catalogue::ServiceItem;
use crate::domain::date::Date;
use crate::domain::event::{Event, Fact};
use crate::domain::hall::{Mandate, Power};
use crate::domain::id::{CaseNo, Commitment, StaffId, Subject, VisitId};
use crate::domain::person::AgentPower;
use crate::domain::time::Timestamp;

/// How far a fact's time may lie before the case's last step: clocks of two machines differ a little.
const CLOCK_SKEW_MILLIS: i64 = 60_000;

/// What a case is opened or imported with.
#[derive(Debug, Clone)]
pub struct Application {
    /// The right to receive, which names the live version.
    pub mandate: Mandate,
    /// Who opens it.
    pub clerk: StaffId,
    /// Who applies.
    pub applicant: Applicant,
    /// Who acts for the applicant.
    pub agent: Option<Agent>,
    /// How the result is wanted.
    pub delivery: DeliveryChoice,
    /// Vault record of the code for looking up progress.
    pub query: Commitment,
    /// What the check of the entry found (Art 12(1)).
    pub findings: Vec<FieldFinding>,
}

impl Application {
    fn opened(self, visit: Option<VisitId>, channel: Channel) -> CaseEvent {
        CaseEvent::Opened {
            mandate: self.mandate,
            visit,
            channel,
            clerk: self.clerk,
            applicant: self.applicant,
            agent: self.agent,
            delivery: self.delivery,
            query: self.query,
            findings: self.findings,
        }
    }
}

/// A fact about a case.
pub(super) fn fact(case: &CaseState, event: CaseEvent) -> Fact {
    about(&case.no, event)
}

fn about(no: &CaseNo, event: CaseEvent) -> Fact {
    Fact::new(Subject::Case(no.clone()), Event::Case { event })
}

/// Refuses an item that is not the version the case pins.
pub(super) fn pinned(case: &CaseState, item: &ServiceItem) -> Result<(), CaseRefusal> {
    if item.task_code != case.mandate.task || item.version != case.mandate.version {
        return Err(CaseRefusal::WrongItem);
    }
    Ok(())
}

/// Refuses a mandate that does not cover the case.
pub(super) fn covered(
    case: &CaseState,
    mandate: &Mandate,
    power: Power,
) -> Result<(), CaseRefusal> {
    let covers = mandate.power == power
        && mandate.task == case.mandate.task
        && mandate.site == case.mandate.site;
    if !covers {
        return Err(CaseRefusal::WrongMandate);
    }
    Ok(())
}

/// Refuses a time before the case's last step.
pub(super) fn in_order(case: &CaseState, now: Timestamp) -> Result<(), CaseRefusal> {
    if now.plus_millis(CLOCK_SKEW_MILLIS) < case.since {
        return Err(CaseRefusal::OutOfOrder);
    }
    Ok(())
}

/// Refuses what is asked of a case that ended without a decision.
pub(super) fn alive(case: &CaseState) -> Result<(), CaseRefusal> {
    if case.stage == Stage::Ended {
        return Err(CaseRefusal::Ended);
    }
    Ok(())
}

/// Refuses what cannot be done once a case is decided or has ended.
pub(super) fn undecided(case: &CaseState) -> Result<(), CaseRefusal> {
    alive(case)?;
    if case.stage == Stage::Decided {
        return Err(CaseRefusal::AlreadyDecided);
    }
    Ok(())
}

fn receivable(
    item: &ServiceItem,
    application: &Application,
    now: Timestamp,
) -> Result<(), CaseRefusal> {
    let mandate = &application.mandate;
    if mandate.power != Power::Receive {
        return Err(CaseRefusal::WrongMandate);
    }
    if item.task_code != mandate.task || item.version != mandate.version {
        return Err(CaseRefusal::WrongItem);
    }
    if !item.applicants.contains(&application.applicant.kind) {
        return Err(CaseRefusal::WrongApplicantKind);
    }
    let today = Date::of(now);
    let may_apply = |agent: &Agent| agent.may(AgentPower::Apply, today);
    if !application.agent.as_ref().is_none_or(may_apply) {
        return Err(CaseRefusal::PowerMissing);
    }
    Ok(())
}

/// Whether the one at the window may do this: the applicant, or an agent whose power of attorney covers it today.
pub(super) fn entitled(
    case: &CaseState,
    bearer: Bearer,
    power: AgentPower,
    now: Timestamp,
) -> Result<Recipient, CaseRefusal> {
    match (bearer, &case.agent) {
        (Bearer::Applicant, _) => Ok(Recipient::Applicant),
        (Bearer::Agent, Some(agent)) if agent.may(power, Date::of(now)) => Ok(Recipient::Agent),
        (Bearer::Agent, Some(_)) => Err(CaseRefusal::PowerMissing),
        (Bearer::Agent, None) | (Bearer::Other, _) => Err(CaseRefusal::WrongHolder),
    }
}

/// Opens a case on a visit under a free number; `consultation` is the one of the visit that becomes it, counted from 0
/// (Art 8(1)).
pub fn open(
    known: &Number,
    no: &CaseNo,
    visit: &VisitState,
    item: &ServiceItem,
    application: Application,
    consultation: Option<u32>,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    if *known != Number::Free {
        return Err(CaseRefusal::AlreadyOpen);
    }
    visit::present(visit)?;
    if visit.role != DeskRole::Receive {
        return Err(CaseRefusal::RoleMissing);
    }
    let here = application.mandate.site == visit.site && application.mandate.window == visit.window;
    let talked = consultation.is_none_or(|place| {
        let kind = visit.guidance.get(place as usize);
        kind == Some(&GuidanceKind::Consultation)
    });
    if !here || !talked {
        return Err(CaseRefusal::WrongVisit);
    }
    receivable(item, &application, now)?;
    let opened = application.opened(Some(visit.id.clone()), visit.channel);
    let noted = VisitEvent::CaseOpened {
        case: no.clone(),
        consultation,
    };
    Ok(vec![about(no, opened), visit::fact(&visit.id, noted)])
}

/// Imports a case from the city platform under its number (办件编号). A number that is known already, as a case or as
/// the platform's name of one, gives no fact: nothing is keyed twice.
pub fn import(
    known: &Number,
    number: &CaseNo,
    item: &ServiceItem,
    application: Application,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    match known {
        Number::Free => {}
        Number::Case(known) if known.mandate.task != application.mandate.task => {
            return Err(CaseRefusal::AlreadyOpen);
        }
        Number::Case(_) | Number::NameOf(_) => return Ok(Vec::new()),
    }
    receivable(item, &application, now)?;
    let opened = application.opened(None, Channel::Platform);
    Ok(vec![about(number, opened)])
}

/// Notes the number that the platform gave a case of ours, and that the number is this case. `known` is what the
/// number is already; told again, it gives no fact.
pub fn assign_platform_no(
    case: &CaseState,
    known: &Number,
    number: &CaseNo,
) -> Result<Vec<Fact>, CaseRefusal> {
    if *known == Number::NameOf(case.no.clone()) || *number == case.no {
        return Ok(Vec::new());
    }
    if case.taken_over.is_some() {
        return Err(CaseRefusal::TakenOver);
    }
    if *known != Number::Free || case.platform_no.is_some() {
        return Err(CaseRefusal::NumberTaken {
            number: number.clone(),
        });
    }
    let numbered = CaseEvent::PlatformNumbered {
        number: number.clone(),
    };
    let name = CaseEvent::NumberOf {
        case: case.no.clone(),
    };
    Ok(vec![fact(case, numbered), about(number, name)])
}

/// The applicant of a case checked from afar, or imported, comes to a window (Art 12(6)): from now on paper can be
/// taken there.
pub fn attend(
    case: &CaseState,
    visit: &VisitState,
    mandate: Mandate,
) -> Result<Vec<Fact>, CaseRefusal> {
    undecided(case)?;
    visit::present(visit)?;
    if mandate.power != Power::Receive || mandate.task != case.mandate.task {
        return Err(CaseRefusal::WrongMandate);
    }
    if mandate.site != visit.site
        || mandate.window != visit.window
        || visit.channel == Channel::RemotePreCheck
    {
        return Err(CaseRefusal::WrongVisit);
    }
    let attended = CaseEvent::Attended {
        visit: visit.id.clone(),
        mandate,
        channel: visit.channel,
    };
    Ok(vec![fact(case, attended)])
}

/// Appoints an agent by power of attorney; a later one takes the place of the one before.
pub fn appoint_agent(case: &CaseState, agent: Agent) -> Result<Vec<Fact>, CaseRefusal> {
    alive(case)?;
    if case.delivered.is_some() {
        return Err(CaseRefusal::AlreadyDelivered);
    }
    Ok(vec![fact(case, CaseEvent::AgentAppointed { agent })])
}
