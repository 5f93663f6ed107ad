//! What may happen between acceptance and decision: special procedures that stop the clock with written notice
//! (许可法 45), one extension (许可法 42), and the parts of a joint item (Art 9(2)).

use super::clocks;
use super::dispatch::{current_step, pushed};
use super::event::CaseEvent;
use super::opening::{fact, in_order, pinned, undecided};
use super::refusal::CaseRefusal;
use super::state::{CaseState, Stage};
use super::terms::Officer;
use crate::domain::calendar::Calendar;
use crate::domain::catalogue::{Handling, ServiceItem, SpecialProcedure};
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::time::Timestamp;

/// Working days an extension has at most; joint items have more (许可法 42).
const EXTENSION_DAYS_MAX: u16 = 10;
const JOINT_EXTENSION_DAYS_MAX: u16 = 15;

/// Working days that a special procedure can be expected to take at most.
const PROCEDURE_DAYS_MAX: u16 = 365;

/// A procedure that begins.
#[derive(Debug, Clone)]
pub struct Suspend {
    /// Which, one of the item's.
    pub procedure: SpecialProcedure,
    /// Digest of the written notice with the time it needs.
    pub notice: Digest,
    /// Who orders it.
    pub officer: Officer,
    /// Working days it is expected to take, for the notice. They bind nobody: the clock goes on when it ends.
    pub days: Option<u16>,
}

/// Refuses what only the lead department may do with a case it accepted.
pub(super) fn accepted(
    case: &CaseState,
    item: &ServiceItem,
    officer: &Officer,
) -> Result<(), CaseRefusal> {
    pinned(case, item)?;
    undecided(case)?;
    if officer.department != item.lead {
        let department = officer.department.clone();
        return Err(CaseRefusal::WrongDepartment { department });
    }
    if case.stage != Stage::Accepted {
        return Err(CaseRefusal::NotAccepted);
    }
    Ok(())
}

/// Begins a special procedure: the clock stops.
pub fn suspend(
    case: &CaseState,
    item: &ServiceItem,
    command: Suspend,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    accepted(case, item, &command.officer)?;
    in_order(case, now)?;
    if !item.special_procedures.contains(&command.procedure) {
        return Err(CaseRefusal::ProcedureNotListed);
    }
    if case.running().is_some() {
        return Err(CaseRefusal::ProcedureRunning);
    }
    if case.pauses.last().and_then(|pause| pause.to) > Some(now) {
        return Err(CaseRefusal::OutOfOrder);
    }
    let fits = |days: u16| (1..=PROCEDURE_DAYS_MAX).contains(&days);
    if !command.days.is_none_or(fits) {
        let most = PROCEDURE_DAYS_MAX;
        return Err(CaseRefusal::ProcedureDays { most });
    }
    let suspended = CaseEvent::Suspended {
        procedure: command.procedure,
        notice: command.notice,
        officer: command.officer,
        days: command.days,
    };
    Ok(vec![fact(case, suspended)])
}

/// Ends the special procedure that is running: the clock runs on.
pub fn resume(
    case: &CaseState,
    item: &ServiceItem,
    procedure: SpecialProcedure,
    report: Digest,
    officer: Officer,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    accepted(case, item, &officer)?;
    let running = case.running().filter(|pause| pause.procedure == procedure);
    let Some(pause) = running else {
        return Err(CaseRefusal::ProcedureNotRunning);
    };
    if now < pause.from {
        return Err(CaseRefusal::OutOfOrder);
    }
    let resumed = CaseEvent::Resumed {
        procedure,
        report,
        officer,
    };
    Ok(vec![fact(case, resumed)])
}

/// Extends the limits once, before the legal one is past, with written notice. `days` are working days: up to 10,
/// for a joint item up to 15.
pub fn extend(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    days: u16,
    notice: Digest,
    approver: Officer,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    accepted(case, item, &approver)?;
    in_order(case, now)?;
    if item.handling == Handling::Instant {
        return Err(CaseRefusal::NoLimit);
    }
    if case.extended_days.is_some() {
        return Err(CaseRefusal::ExtendedAlready);
    }
    let most = if item.co_tasks.is_empty() {
        EXTENSION_DAYS_MAX
    } else {
        JOINT_EXTENSION_DAYS_MAX
    };
    if days == 0 || days > most {
        return Err(CaseRefusal::ExtensionDays { most });
    }
    let legal = clocks::legal_due(case, item, calendar, now)?;
    if legal.is_some_and(|limit| limit.is_overdue(now)) {
        return Err(CaseRefusal::LimitPassed);
    }
    let extended = CaseEvent::Extended {
        days,
        notice,
        approver,
    };
    Ok(vec![fact(case, extended)])
}

/// A co-department finishes its part of the step under way.
pub fn complete_task(
    case: &CaseState,
    item: &ServiceItem,
    officer: Officer,
    step: u8,
    opinion: Digest,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    undecided(case)?;
    in_order(case, now)?;
    if case.stage != Stage::Accepted {
        return Err(CaseRefusal::NotAccepted);
    }
    let department = officer.department.clone();
    let mine = item
        .co_tasks
        .iter()
        .any(|task| task.department == department && task.step == step);
    let done = case
        .tasks
        .iter()
        .any(|task| task.department == department && task.step == step);
    let present = current_step(case, item) == Some(step);
    if !mine || done || !present || pushed(case, &department, step).is_none() {
        return Err(CaseRefusal::TaskNotDue { department });
    }
    let completed = CaseEvent::TaskDone {
        officer,
        step,
        opinion,
    };
    Ok(vec![fact(case, completed)])
}
