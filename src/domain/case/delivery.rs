//! Delivery: fetched after an identity check, or posted by the window. Posting is not delivery; every delivery invites
//! to rate. Art 10(2)–(6).

use super::event::CaseEvent;
use super::opening::{alive, covered, entitled, fact, in_order};
use super::refusal::CaseRefusal;
use super::state::CaseState;
use super::terms::*;
use crate::domain::event::Fact;
use crate::domain::hall::{Mandate, Power};
use crate::domain::id::{Commitment, SerialNo, StaffId};
use crate::domain::person::AgentPower;
use crate::domain::time::Timestamp;

/// A result handed out at the window.
#[derive(Debug, Clone)]
pub struct HandOut {
    /// The right to issue, as it is now.
    pub mandate: Mandate,
    /// Whom the identity check found.
    pub bearer: Bearer,
    /// That person's signature.
    pub signature: WitnessedSignature,
}

/// A result posted.
#[derive(Debug, Clone)]
pub struct Post {
    /// The right to issue, as it is now.
    pub mandate: Mandate,
    /// Who posts it: only a window may.
    pub sender: Party,
    /// The waybill.
    pub waybill: SerialNo,
    /// The clerk.
    pub clerk: StaffId,
}

/// Why the result may not leave the window; none when it may (Art 10(4)).
pub fn release_bar(case: &CaseState) -> Option<CaseRefusal> {
    if let Err(refusal) = alive(case) {
        return Some(refusal);
    }
    if case.decision.is_none() {
        return Some(CaseRefusal::NotDecided);
    }
    if case.result.is_none() {
        return Some(CaseRefusal::NoResult);
    }
    if case.delivered.is_some() {
        return Some(CaseRefusal::AlreadyDelivered);
    }
    let (row, _) = case.missing().next()?;
    Some(CaseRefusal::SupplementsMissing { row: row.clone() })
}

fn releasable(case: &CaseState, mandate: &Mandate, now: Timestamp) -> Result<(), CaseRefusal> {
    if let Some(bar) = release_bar(case) {
        return Err(bar);
    }
    covered(case, mandate, Power::Issue)?;
    in_order(case, now)
}

fn delivered(case: &CaseState, way: DeliveryWay) -> Vec<Fact> {
    vec![
        fact(case, CaseEvent::Delivered { way }),
        fact(case, CaseEvent::RatingInvited),
    ]
}

/// Hands the result to the applicant, or to the agent with power of attorney; to nobody else (Art 10(2)).
pub fn hand_out(
    case: &CaseState,
    command: HandOut,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    releasable(case, &command.mandate, now)?;
    if case.in_post().is_some() {
        return Err(CaseRefusal::InThePost);
    }
    let recipient = entitled(case, command.bearer, AgentPower::Collect, now)?;
    let way = DeliveryWay::PickUp {
        recipient,
        signature: command.signature,
        // The right to issue was concluded for this window of the case's site.
        window: Some(command.mandate.window),
    };
    Ok(delivered(case, way))
}

/// Posts the result (Art 10(3)). The same waybill again, while it is on its way, gives no fact.
pub fn post(case: &CaseState, command: Post, now: Timestamp) -> Result<Vec<Fact>, CaseRefusal> {
    if command.sender != Party::Window {
        return Err(CaseRefusal::DepartmentMails);
    }
    releasable(case, &command.mandate, now)?;
    if let Some(post) = case.in_post() {
        return if post.waybill == command.waybill {
            Ok(Vec::new())
        } else {
            Err(CaseRefusal::InThePost)
        };
    }
    if !matches!(case.delivery, DeliveryChoice::Mail { .. }) {
        return Err(CaseRefusal::NotToBeMailed);
    }
    if case
        .posts
        .iter()
        .any(|post| post.waybill == command.waybill)
    {
        return Err(CaseRefusal::WaybillUsed);
    }
    let posted = CaseEvent::Posted {
        waybill: command.waybill,
        clerk: command.clerk,
    };
    Ok(vec![fact(case, posted)])
}

/// Notes what became of a post. Told the same again, it gives no fact.
pub fn end_post(
    case: &CaseState,
    waybill: &SerialNo,
    outcome: PostOutcome,
) -> Result<Vec<Fact>, CaseRefusal> {
    let last = case.posts.last().filter(|post| post.waybill == *waybill);
    let waybill = waybill.clone();
    match last.map(|post| post.outcome) {
        Some(Some(known)) if known == outcome => Ok(Vec::new()),
        Some(None) if outcome == PostOutcome::Delivered => {
            Ok(delivered(case, DeliveryWay::Mail { waybill }))
        }
        Some(None) => Ok(vec![fact(case, CaseEvent::PostEnded { waybill, outcome })]),
        _ => Err(CaseRefusal::NotInThePost),
    }
}

/// The applicant wants the result another way, while it is still at the window or the department.
pub fn choose_delivery(case: &CaseState, choice: DeliveryChoice) -> Result<Vec<Fact>, CaseRefusal> {
    alive(case)?;
    if case.delivered.is_some() {
        return Err(CaseRefusal::AlreadyDelivered);
    }
    if case.in_post().is_some() {
        return Err(CaseRefusal::InThePost);
    }
    if case.delivery == choice {
        return Ok(Vec::new());
    }
    Ok(vec![fact(case, CaseEvent::DeliveryChosen { choice })])
}

/// Someone asks after a result that is not delivered: the courier, or the applicant who does not come.
pub fn chase(case: &CaseState, note: Commitment, clerk: StaffId) -> Result<Vec<Fact>, CaseRefusal> {
    if case.result.is_none() {
        return Err(CaseRefusal::NoResult);
    }
    if case.delivered.is_some() {
        return Err(CaseRefusal::AlreadyDelivered);
    }
    Ok(vec![fact(case, CaseEvent::DeliveryChased { note, clerk })])
}
