//! Handing a round over: custody decides about the papers, here it is recorded what that means for the round.

use super::clock::of_round;
use super::event::TransferEvent;
use super::gather::{at_window, of_bundle};
use super::refusal::TransferRefusal;
use super::round::RoundState;
use crate::domain::custody::{Bundle, BundleEvent, CallOff, Side, SlipEvent, SlipManifest};
use crate::domain::event::{Event, Fact};
use crate::domain::id::{CaseNo, SlipId};

/// Adds to the facts of an offer that papers of the round are offered. The package is sealed before.
pub fn offered(
    round: &RoundState,
    manifest: &SlipManifest,
    mut facts: Vec<Fact>,
) -> Result<Vec<Fact>, TransferRefusal> {
    if round.left == 0 {
        let transfer = round.id.clone();
        return Err(TransferRefusal::Done { transfer });
    }
    if round.sealed.is_none() {
        let transfer = round.id.clone();
        return Err(TransferRefusal::NotSealed { transfer });
    }
    let department = round.of.department.clone();
    let expected = Side::Department { department };
    if manifest.to != expected {
        return Err(TransferRefusal::OtherDepartment { expected });
    }
    let slip = manifest.slip.clone();
    facts.push(of_round(&round.id, TransferEvent::Offered { slip }));
    Ok(facts)
}

/// Adds to the facts of a receipt how the round stands: what was not taken is off it.
pub fn received(round: &RoundState, slip: &SlipId, mut facts: Vec<Fact>) -> Vec<Fact> {
    let (mut taken, mut kept) = (0, 0);
    let mut unlisted = Vec::new();
    for fact in &facts {
        match &fact.event {
            Event::Slip {
                event:
                    SlipEvent::Received {
                        taken: there,
                        kept: here,
                        ..
                    },
            } => (taken, kept) = (*there, *here),
            Event::Bundle {
                event: BundleEvent::Kept { papers, .. },
            } => unlisted.push(Fact::new(
                fact.subject.clone(),
                Event::Bundle {
                    event: BundleEvent::Unlisted {
                        transfer: round.id.clone(),
                        papers: papers.clone(),
                    },
                },
            )),
            _ => {}
        }
    }
    facts.extend(unlisted);
    let event = TransferEvent::HandedOver {
        slip: slip.clone(),
        taken,
        kept,
        left: round.left.saturating_sub(taken + kept),
    };
    facts.push(of_round(&round.id, event));
    facts
}

/// Adds to the facts of a slip that ended without a hand-over that the round waits for the hall again.
pub fn ended(round: &RoundState, slip: &SlipId, how: CallOff, mut facts: Vec<Fact>) -> Vec<Fact> {
    if round.offers.contains(slip) {
        let slip = slip.clone();
        facts.push(of_round(&round.id, TransferEvent::OfferEnded { slip, how }));
    }
    facts
}

/// The facts that take papers off their round because they go back to the applicant, or are lost.
pub fn withdrawn(
    round: &RoundState,
    bundle: &Bundle,
    papers: &[u16],
) -> Result<Vec<Fact>, TransferRefusal> {
    let listed = |no: &&u16| {
        let paper = bundle.papers.get(*no);
        paper.is_some_and(|paper| paper.listed.as_ref() == Some(&round.id))
    };
    let papers: Vec<u16> = papers.iter().filter(listed).copied().collect();
    if papers.is_empty() {
        return Ok(Vec::new());
    }
    at_window(round)?;
    let gone = super::clock::count(papers.len());
    let event = TransferEvent::Withdrawn {
        papers: gone,
        left: round.left.saturating_sub(gone),
    };
    let transfer = round.id.clone();
    let case: &CaseNo = &bundle.case;
    Ok(vec![
        of_round(&round.id, event),
        of_bundle(case, BundleEvent::Unlisted { transfer, papers }),
    ])
}
