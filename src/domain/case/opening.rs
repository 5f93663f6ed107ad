//! Opening a case: at a window on a visit, or from the city platform by its number. The case pins the version of its
//! item (Art 11(3)); a number is taken once (Art 13(2)).

use super::event::{CaseEvent, VisitEvent};
use super::refusal::CaseRefusal;
use super::state::{CaseState, Stage};
use super::terms::*;
use super::visit::{self, VisitState};
use crate::domain::catalogue::ServiceItem;
use crate::domain::event::{Event, Fact};
use crate::domain::hall::{Mandate, Power};
use crate::domain::id::{CaseNo, Commitment, StaffId, Subject, VisitId};
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
    mandate: &Mandate,
    item: &ServiceItem,
    applicant: &Applicant,
) -> Result<(), CaseRefusal> {
    if mandate.power != Power::Receive {
        return Err(CaseRefusal::WrongMandate);
    }
    if item.task_code != mandate.task || item.version != mandate.version {
        return Err(CaseRefusal::WrongItem);
    }
    if !item.applicants.contains(&applicant.kind) {
        return Err(CaseRefusal::WrongApplicantKind);
    }
    Ok(())
}

/// Opens a case on a visit; `consultation` is the one that becomes it, counted from 0 (Art 8(1)). `state` and `alias` are what its number is already ([`super::fold`],
/// [`super::alias_of`]).
pub fn open(
    state: Option<&CaseState>,
    alias: Option<&CaseNo>,
    no: &CaseNo,
    visit: &VisitState,
    item: &ServiceItem,
    application: Application,
    consultation: Option<u32>,
) -> Result<Vec<Fact>, CaseRefusal> {
    if state.is_some() || alias.is_some() {
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
    receivable(&application.mandate, item, &application.applicant)?;
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
    state: Option<&CaseState>,
    alias: Option<&CaseNo>,
    number: &CaseNo,
    item: &ServiceItem,
    application: Application,
) -> Result<Vec<Fact>, CaseRefusal> {
    if let Some(known) = state
        && known.mandate.task != application.mandate.task
    {
        return Err(CaseRefusal::AlreadyOpen);
    }
    if state.is_some() || alias.is_some() {
        return Ok(Vec::new());
    }
    receivable(&application.mandate, item, &application.applicant)?;
    let opened = application.opened(None, Channel::Platform);
    Ok(vec![about(number, opened)])
}

/// Notes the number that the platform gave a case of ours, and that the number is this case. `taken` and `alias` are
/// what the number is already.
pub fn assign_platform_no(
    case: &CaseState,
    taken: Option<&CaseState>,
    alias: Option<&CaseNo>,
    number: &CaseNo,
) -> Result<Vec<Fact>, CaseRefusal> {
    if alias == Some(&case.no) || *number == case.no {
        return Ok(Vec::new());
    }
    if taken.is_some() || alias.is_some() || case.platform_no.is_some() {
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
