//! Lawful erasure of a closed case: the fact that approves it, after which the case's key is destroyed. PIPL Art 47;
//! 政务服务 retention periods count from the year after the closing.

use super::event::CaseEvent;
use super::opening::fact;
use super::refusal::CaseRefusal;
use super::state::{CaseState, Stage};
use super::words::ErasureReason;
use crate::domain::catalogue::{Retention, ServiceItem};
use crate::domain::date::Date;
use crate::domain::event::Fact;
use crate::domain::id::{Commitment, StaffId};
use crate::domain::time::Timestamp;

/// An erasure.
#[derive(Debug, Clone)]
pub struct Erase {
    /// Why.
    pub reason: ErasureReason,
    /// The hall's vault record of who ordered it and on what ground.
    pub approval: Commitment,
    /// Who approves it.
    pub by: StaffId,
}

/// When nothing more is to be done with the case: it ended, or its result was delivered.
pub fn closed_at(case: &CaseState) -> Option<Timestamp> {
    match (case.stage, &case.delivered) {
        (Stage::Ended, _) => Some(case.since),
        (_, Some(delivered)) => Some(delivered.at),
        _ => None,
    }
}

/// When it was closed (办结): decided, or ended without a decision. From then on its paper is to go to its department
/// (Art 12(4)), whether or not the result was fetched.
pub fn concluded_at(case: &CaseState) -> Option<Timestamp> {
    let decided = case.decision.as_ref().map(|decision| decision.at);
    decided.or((case.stage == Stage::Ended).then_some(case.since))
}

/// Approves that a closed case is erased, once. That its retention is over can be a reason only when it is; a court's
/// order or the applicant's right does not wait for it.
pub fn erase(
    case: &CaseState,
    item: &ServiceItem,
    command: Erase,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    if case.erased.is_some() {
        return Err(CaseRefusal::Erased);
    }
    let closed = closed_at(case).ok_or(CaseRefusal::NotClosed)?;
    if command.reason == ErasureReason::RetentionOver {
        let Retention::Years { years } = item.retention else {
            return Err(CaseRefusal::KeptForEver);
        };
        let last = i32::from(Date::of(closed).year()) + i32::from(years);
        if i32::from(Date::of(now).year()) <= last {
            return Err(CaseRefusal::RetentionRuns { last });
        }
    }
    let approved = CaseEvent::ErasureApproved {
        reason: command.reason,
        approval: command.approval,
        by: command.by,
    };
    Ok(vec![fact(case, approved)])
}
