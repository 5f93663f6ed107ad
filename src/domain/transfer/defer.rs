//! Transferring later: only with a reason, the department's consent and the hall supervisor's approval, by three people.

use super::clock::{count, of_round};
use super::event::{RoundLines, TransferEvent};
use super::gather::{at_window, of_bundle};
use super::refusal::TransferRefusal;
use super::round::{DeferralRequest, RoundState};
use crate::domain::custody::{BundleEvent, Bundles, Side};
use crate::domain::date::Date;
use crate::domain::event::Fact;
use crate::domain::id::{Commitment, StaffId};

/// The hall asks to have papers of the round transferred until a later day.
pub fn ask(
    round: &RoundState,
    bundles: &Bundles,
    lines: &RoundLines,
    until: Date,
    reason: Commitment,
    by: &StaffId,
) -> Result<Vec<Fact>, TransferRefusal> {
    at_window(round)?;
    if round.deferral.is_some() {
        let transfer = round.id.clone();
        return Err(TransferRefusal::DeferralOpen { transfer });
    }
    if until <= round.due {
        return Err(TransferRefusal::NotLater { due: round.due });
    }
    if lines.lines.is_empty() || lines.lines.iter().any(|line| line.papers.is_empty()) {
        return Err(TransferRefusal::NoPapers);
    }
    for line in &lines.lines {
        for no in &line.papers {
            let bundle = bundles.get(&line.case);
            let paper = bundle.and_then(|bundle| bundle.papers.get(no));
            if paper.and_then(|paper| paper.listed.as_ref()) != Some(&round.id) {
                let (case, no) = (line.case.clone(), *no);
                return Err(TransferRefusal::NotOnRound { case, no });
            }
        }
    }
    let asked = TransferEvent::DeferralAsked {
        lines: lines.digest(),
        until,
        reason,
        by: by.clone(),
    };
    Ok(vec![of_round(&round.id, asked)])
}

fn request(round: &RoundState) -> Result<&DeferralRequest, TransferRefusal> {
    round.deferral.as_ref().ok_or(TransferRefusal::NoDeferral {
        transfer: round.id.clone(),
    })
}

/// The department agrees. Said again, it gives no fact.
pub fn consent(round: &RoundState, by: &StaffId) -> Result<Vec<Fact>, TransferRefusal> {
    if request(round)?.consented_by.is_some() {
        return Ok(Vec::new());
    }
    let by = by.clone();
    let consented = TransferEvent::DeferralConsented { by };
    Ok(vec![of_round(&round.id, consented)])
}

/// The hall's supervisor approves what the department agreed to: `lines`, as far as they are still on the round, are
/// off it and put off.
pub fn approve(
    round: &RoundState,
    bundles: &Bundles,
    lines: &RoundLines,
    by: &StaffId,
) -> Result<Vec<Fact>, TransferRefusal> {
    at_window(round)?;
    let request = request(round)?;
    if request.consented_by.is_none() {
        return Err(TransferRefusal::NotConsented);
    }
    if request.asked_by == *by {
        let staff = by.clone();
        return Err(TransferRefusal::SamePerson { staff });
    }
    let mut facts = Vec::new();
    let mut put_off = 0;
    for line in &lines.lines {
        let bundle = bundles.get(&line.case);
        let on = |no: &&u16| {
            let paper = bundle.and_then(|bundle| bundle.papers.get(*no));
            paper.and_then(|paper| paper.listed.as_ref()) == Some(&round.id)
        };
        let papers: Vec<u16> = line.papers.iter().filter(on).copied().collect();
        if papers.is_empty() {
            continue;
        }
        put_off += count(papers.len());
        let deferred = BundleEvent::Deferred {
            transfer: round.id.clone(),
            papers,
            until: request.until,
        };
        facts.push(of_bundle(&line.case, deferred));
    }
    let approved = TransferEvent::DeferralApproved {
        by: by.clone(),
        papers: put_off,
        left: round.left.saturating_sub(put_off),
    };
    facts.insert(0, of_round(&round.id, approved));
    Ok(facts)
}

/// The department, or the hall's supervisor, declines with a reason.
pub fn decline(
    round: &RoundState,
    side: Side,
    by: &StaffId,
    reason: Commitment,
) -> Result<Vec<Fact>, TransferRefusal> {
    request(round)?;
    let by = by.clone();
    let declined = TransferEvent::DeferralDeclined { side, by, reason };
    Ok(vec![of_round(&round.id, declined)])
}
