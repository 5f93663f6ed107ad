//! The department's review: it accepts, or returns the case to the window with a reason. Art 9(1), 11(5). A refusal to
//! accept ends the case and stands in `ending`.

use super::dispatch::{LEAD, pushed};
use super::event::CaseEvent;
use super::opening::{fact, in_order, pinned, undecided};
use super::refusal::CaseRefusal;
use super::state::{CaseState, Stage};
use super::terms::{Officer, ReturnReason};
use crate::domain::catalogue::ServiceItem;
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::Commitment;
use crate::domain::time::Timestamp;

/// A return: there is none without a reason and an author.
#[derive(Debug, Clone)]
pub struct Return {
    /// Who, for which department.
    pub officer: Officer,
    /// Why.
    pub reason: ReturnReason,
    /// Vault record of the reason in words.
    pub note: Commitment,
}

/// Refuses what only the lead department may do with a case that lies with it and is not accepted yet.
pub(super) fn for_review(
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
    if case.stage == Stage::Accepted {
        return Err(CaseRefusal::AlreadyAccepted);
    }
    if case.stage != Stage::Pushed || pushed(case, &item.lead, LEAD).is_none() {
        let department = item.lead.clone();
        return Err(CaseRefusal::NotPushed { department });
    }
    Ok(())
}

/// The lead department accepts (受理), with a sealed, dated document (许可法 32).
pub fn accept(
    case: &CaseState,
    item: &ServiceItem,
    officer: Officer,
    notice: Digest,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    for_review(case, item, &officer)?;
    in_order(case, now)?;
    Ok(vec![fact(case, CaseEvent::Accepted { officer, notice })])
}

/// The lead department gives the case back to the window (退件), only before it has accepted.
pub fn return_case(
    case: &CaseState,
    item: &ServiceItem,
    command: Return,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    for_review(case, item, &command.officer)?;
    in_order(case, now)?;
    let returned = CaseEvent::Returned {
        officer: command.officer,
        reason: command.reason,
        note: command.note,
    };
    Ok(vec![fact(case, returned)])
}
