//! The decision (办结): by the department's delegate, after every part and procedure it needs. Art 9, 11(2).

use super::dispatch::{LEAD, pushed};
use super::event::CaseEvent;
use super::opening::{fact, in_order, pinned, undecided};
use super::refusal::CaseRefusal;
use super::state::{CaseState, Stage};
use super::terms::{DEPARTMENT_STEPS, Officer, Outcome};
use crate::domain::catalogue::{Handling, ServiceItem, SpecialProcedure};
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::hall::Delegation;
use crate::domain::time::Timestamp;

/// A decision.
#[derive(Debug, Clone)]
pub struct Decide {
    /// The right to decide, as it is now.
    pub delegation: Delegation,
    /// What.
    pub outcome: Outcome,
    /// Digest of the decision.
    pub document: Digest,
}

/// A higher authority's decision, registered here.
#[derive(Debug, Clone)]
pub struct AuthorityDecision {
    /// Who registers it.
    pub officer: Officer,
    /// What was decided.
    pub outcome: Outcome,
    /// Digest of the decision.
    pub document: Digest,
}

/// Refuses a decision before its time: not accepted, a procedure running, a part open. What is done on the spot is
/// accepted by being decided.
fn ripe(
    case: &CaseState,
    item: &ServiceItem,
    department: &crate::domain::DepartmentCode,
) -> Result<(), CaseRefusal> {
    pinned(case, item)?;
    undecided(case)?;
    if *department != item.lead {
        let department = department.clone();
        return Err(CaseRefusal::WrongDepartment { department });
    }
    if pushed(case, &item.lead, LEAD).is_none() {
        let department = item.lead.clone();
        return Err(CaseRefusal::NotPushed { department });
    }
    let on_the_spot = item.handling == Handling::Instant && case.stage == Stage::Pushed;
    if case.stage != Stage::Accepted && !on_the_spot {
        return Err(CaseRefusal::NotAccepted);
    }
    if case.running().is_some() {
        return Err(CaseRefusal::ProcedureRunning);
    }
    let open = item.co_tasks.iter().find(|task| {
        let same = |record: &super::state::TaskRecord| {
            record.department == task.department && record.step == task.step
        };
        !case.tasks.iter().any(same)
    });
    if let Some(task) = open {
        let department = task.department.clone();
        return Err(CaseRefusal::TasksOpen { department });
    }
    Ok(())
}

/// The delegate decides. Where the item lists expert review, site inspection or collective discussion, the law wants
/// them: then the chief representative cannot decide, and the department's officer only when each is done (Art 11(2)).
pub fn decide(
    case: &CaseState,
    item: &ServiceItem,
    command: Decide,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    let delegation = command.delegation;
    ripe(case, item, &delegation.department)?;
    in_order(case, now)?;
    if item.higher_authority {
        return Err(CaseRefusal::HigherAuthority);
    }
    let needed: Vec<SpecialProcedure> = DEPARTMENT_STEPS
        .into_iter()
        .filter(|step| item.special_procedures.contains(step))
        .collect();
    if delegation.chief && !needed.is_empty() {
        return Err(CaseRefusal::NeedsDepartment);
    }
    let done = |step: &SpecialProcedure| {
        let mut pauses = case.pauses.iter();
        pauses.any(|pause| pause.procedure == *step && pause.to.is_some())
    };
    if !needed.iter().all(done) {
        return Err(CaseRefusal::ProcedureNotDone);
    }
    let decided = CaseEvent::Decided {
        outcome: command.outcome,
        document: command.document,
        officer: Officer {
            staff: delegation.staff,
            department: delegation.department,
        },
        chief: delegation.chief,
        authority: false,
    };
    Ok(vec![fact(case, decided)])
}

/// The first review of a matter that a higher authority decides; the chief representative may do it.
pub fn first_review(
    case: &CaseState,
    item: &ServiceItem,
    delegation: Delegation,
    opinion: Digest,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    ripe(case, item, &delegation.department)?;
    in_order(case, now)?;
    if !item.higher_authority {
        return Err(CaseRefusal::NotHigherAuthority);
    }
    if case.first_review.is_some() {
        return Err(CaseRefusal::ReviewedAlready);
    }
    let reviewed = CaseEvent::FirstReviewed {
        officer: Officer {
            staff: delegation.staff,
            department: delegation.department,
        },
        opinion,
    };
    Ok(vec![fact(case, reviewed)])
}

/// Registers what the higher authority decided, after the first review.
pub fn register_authority_decision(
    case: &CaseState,
    item: &ServiceItem,
    command: AuthorityDecision,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    ripe(case, item, &command.officer.department)?;
    in_order(case, now)?;
    if !item.higher_authority {
        return Err(CaseRefusal::NotHigherAuthority);
    }
    if case.first_review.is_none() {
        return Err(CaseRefusal::NoFirstReview);
    }
    let decided = CaseEvent::Decided {
        outcome: command.outcome,
        document: command.document,
        officer: command.officer,
        chief: false,
        authority: true,
    };
    Ok(vec![fact(case, decided)])
}
