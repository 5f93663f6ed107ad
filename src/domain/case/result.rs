//! How the window comes by the result: one of three routes, one record. Art 9(4), 10(1).

use super::dispatch::two_signed;
use super::event::CaseEvent;
use super::opening::{alive, fact, in_order, pinned};
use super::refusal::CaseRefusal;
use super::state::CaseState;
use super::terms::{CaseResult, Outcome, ResultRoute};
use crate::domain::catalogue::ServiceItem;
use crate::domain::event::Fact;
use crate::domain::time::Timestamp;

/// Registers the result, once the case is decided on the platform. The same result again gives no fact; another one is
/// refused. A certificate that was granted has its serial registered, and so has whatever the window made in the
/// department's system; paper is handed over with both signatures (L3).
pub fn obtain_result(
    case: &CaseState,
    item: &ServiceItem,
    result: CaseResult,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    alive(case)?;
    let Some(decision) = &case.decision else {
        return Err(CaseRefusal::NotDecided);
    };
    if let Some(known) = &case.result {
        return if known.result == result {
            Ok(Vec::new())
        } else {
            Err(CaseRefusal::ResultExists)
        };
    }
    in_order(case, now)?;
    let made_there = matches!(result.route, ResultRoute::DepartmentSystem { .. });
    let certificate = item.result.certificate.is_some();
    let numbered = decision.outcome == Outcome::Granted && (certificate || made_there);
    if numbered && result.serial.is_none() {
        return Err(CaseRefusal::SerialMissing);
    }
    if let ResultRoute::HandedOver { given, taken } = &result.route {
        two_signed(&item.lead, given, taken)?;
    }
    Ok(vec![fact(case, CaseEvent::ResultObtained { result })])
}
