//! Endings without a decision: refusal to accept, withdrawal, voiding, termination; afterwards the paper goes back
//! against signature.

use serde::{Deserialize, Serialize};

use super::event::CaseEvent;
use super::opening::{entitled, fact, in_order, undecided};
use super::refusal::CaseRefusal;
use super::review::for_review;
use super::state::{CaseState, PaperHolder, Stage};
use super::terms::*;
use crate::domain::catalogue::ServiceItem;
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::{Commitment, MaterialCode, StaffId};
use crate::domain::person::AgentPower;
use crate::domain::time::Timestamp;

/// How a case ended without a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// 不予受理.
    Refused,
    /// 撤回.
    Withdrawn,
    /// 作废.
    Voided,
    /// 终止.
    Terminated,
    /// It was closed before the system was there (接管); how is in the old file.
    TakenOver,
}

/// A refusal to accept (不予受理): there is none without a reason.
#[derive(Debug, Clone)]
pub struct RefuseAcceptance {
    /// Who, for which department.
    pub officer: Officer,
    /// Why.
    pub reason: RefusalReason,
    /// Vault record of the reason in words.
    pub note: Commitment,
    /// Digest of the sealed, dated document.
    pub notice: Digest,
}

/// A withdrawal by the applicant (撤回).
#[derive(Debug, Clone)]
pub struct Withdraw {
    /// Who withdraws.
    pub by: Bearer,
    /// That person's signature.
    pub signature: WitnessedSignature,
    /// Vault record of the reason, if one was given.
    pub reason: Option<Commitment>,
}

/// A voiding by the window (作废).
#[derive(Debug, Clone)]
pub struct Void {
    /// Why.
    pub reason: VoidReason,
    /// Vault record of the reason in words.
    pub note: Commitment,
    /// Who voids it.
    pub clerk: StaffId,
}

/// A termination (终止).
#[derive(Debug, Clone)]
pub struct Terminate {
    /// Why.
    pub reason: TerminationReason,
    /// Digest of the written notice.
    pub notice: Digest,
    /// Who terminates it.
    pub by: StaffId,
}

/// The lead department does not accept, with reason and document (Art 11(5), 许可法 32).
pub fn refuse_acceptance(
    case: &CaseState,
    item: &ServiceItem,
    command: RefuseAcceptance,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    for_review(case, item, &command.officer)?;
    in_order(case, now)?;
    let refused = CaseEvent::AcceptanceRefused {
        officer: command.officer,
        reason: command.reason,
        note: command.note,
        notice: command.notice,
    };
    Ok(vec![fact(case, refused)])
}

/// The applicant, or an agent who may, withdraws any time before the decision.
pub fn withdraw(
    case: &CaseState,
    command: Withdraw,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    undecided(case)?;
    in_order(case, now)?;
    let withdrawn = CaseEvent::Withdrawn {
        by: entitled(case, command.by, AgentPower::Withdraw, now)?,
        signature: command.signature,
        reason: command.reason,
    };
    Ok(vec![fact(case, withdrawn)])
}

/// The window voids a case opened in error, any time before the department accepts it.
pub fn void(case: &CaseState, command: Void, now: Timestamp) -> Result<Vec<Fact>, CaseRefusal> {
    undecided(case)?;
    in_order(case, now)?;
    if case.stage == Stage::Accepted {
        return Err(CaseRefusal::AlreadyAccepted);
    }
    let voided = CaseEvent::Voided {
        reason: command.reason,
        note: command.note,
        clerk: command.clerk,
    };
    Ok(vec![fact(case, voided)])
}

/// The case ends without a decision, any time before one. A lapse is a reason only when its date has passed.
pub fn terminate(
    case: &CaseState,
    command: Terminate,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    undecided(case)?;
    in_order(case, now)?;
    let lapsed = match command.reason {
        TerminationReason::DeferralLapsed => case.missing().any(|(_, due)| now >= due.end()),
        TerminationReason::CorrectionLapsed => case
            .open_notice()
            .is_some_and(|notice| now >= notice.due.end()),
        TerminationReason::ApplicantGone | TerminationReason::Impossible => true,
    };
    if !lapsed {
        return Err(CaseRefusal::NotLapsed);
    }
    let terminated = CaseEvent::Terminated {
        reason: command.reason,
        notice: command.notice,
        by: command.by,
    };
    Ok(vec![fact(case, terminated)])
}

/// All paper of an ended case that the window holds goes back to the applicant, or an agent who may take it, against a signature.
pub fn return_paper(
    case: &CaseState,
    bearer: Bearer,
    signature: WitnessedSignature,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    if case.stage != Stage::Ended {
        return Err(CaseRefusal::NotEnded);
    }
    let here = case
        .rows
        .iter()
        .filter(|(_, row)| row.holder == Some(PaperHolder::Window));
    let mut rows: Vec<MaterialCode> = Vec::new();
    let mut count = PaperCount::default();
    for (code, row) in here {
        rows.push(code.clone());
        count = count.plus(row.kept());
    }
    if rows.is_empty() {
        return Err(CaseRefusal::NothingToReturn);
    }
    let returned = CaseEvent::PaperReturned {
        rows,
        count,
        recipient: entitled(case, bearer, AgentPower::Collect, now)?,
        signature,
    };
    Ok(vec![fact(case, returned)])
}
