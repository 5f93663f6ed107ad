//! Received by seal (凭封签接收): the receiver confirms that the seal of a box is whole, and checks its lines within days.
//! The holder changes at once, with both signatures; what is then found missing or damaged is for the giver, who sealed
//! the box, to clear up, while the papers stay with the receiver.

use super::bundle_event::BundleEvent;
use super::container::ContainerEvent;
use super::discrepancy::opened_from;
use super::documents::*;
use super::offer::{count, of_bundle};
use super::receive::{Line, besides, signature};
use super::refusal::CustodyRefusal;
use super::slip::Slip;
use super::slip_event::SlipEvent;
use super::storing::of_container;
use super::terms::*;
use crate::domain::date::Date;
use crate::domain::event::{Event, Fact};
use crate::domain::id::CaseNo;
use crate::domain::staff::StaffState;

/// Working days for checking the lines of what was taken by seal, where the hall's settings say nothing else.
pub const CHECK_DAYS: u32 = 5;

/// Papers that an outcome takes by seal.
pub(super) fn taken_by_seal(outcome: &SlipOutcome) -> usize {
    let papers = outcome.lines.iter().flat_map(|line| &line.papers);
    papers.filter(|paper| paper.found == Found::Sealed).count()
}

fn found(outcome: &SlipOutcome, case: &CaseNo, no: u16) -> Option<Found> {
    let line = outcome.lines.iter().find(|line| line.case == *case)?;
    let paper = line.papers.iter().find(|paper| paper.no == no)?;
    Some(paper.found)
}

/// What a receipt means for the boxes on a slip: whole ones go along under their seals, the others were opened. Refuses
/// what is taken by seal without a box whose seal was read and is whole, and boxes of which only some is.
pub(super) fn boxes(
    manifest: &SlipManifest,
    outcome: &SlipOutcome,
    receipt: &Receipt,
) -> Result<Vec<Fact>, CustodyRefusal> {
    for line in &outcome.lines {
        for paper in &line.papers {
            let (case, no) = (&line.case, paper.no);
            if paper.found == Found::Sealed && manifest.box_of(case, no).is_none() {
                let case = case.clone();
                return Err(CustodyRefusal::NotInBox { case, no });
            }
        }
    }
    for read in &outcome.seals {
        let named = |one: &SealedBox| one.container == read.container;
        let times = outcome.seals.iter();
        let times = times.filter(|other| other.container == read.container);
        if !manifest.boxes.iter().any(named) || times.count() > 1 {
            let container = read.container.clone();
            return Err(CustodyRefusal::BoxDiffers { container });
        }
    }
    let mut facts = Vec::new();
    for one in &manifest.boxes {
        facts.extend(box_facts(one, manifest, outcome, receipt)?);
    }
    Ok(facts)
}

fn box_facts(
    one: &SealedBox,
    manifest: &SlipManifest,
    outcome: &SlipOutcome,
    receipt: &Receipt,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let container = one.container.clone();
    let read = outcome
        .seals
        .iter()
        .find(|read| read.container == container);
    let whole = read.is_some_and(|read| read.whole && read.seal == one.seal);
    let papers = one.lines.iter().flat_map(|line| {
        let papers = line.papers.iter();
        papers.map(|no| found(outcome, &line.case, *no))
    });
    let papers: Vec<Option<Found>> = papers.collect();
    let sealed = papers.iter().filter(|one| **one == Some(Found::Sealed));
    let sealed = sealed.count();
    if sealed > 0 && !whole {
        return Err(CustodyRefusal::SealNotWhole { container });
    }
    if sealed > 0 && sealed < papers.len() {
        return Err(CustodyRefusal::BoxPartly { container });
    }
    if sealed > 0 {
        let handed = ContainerEvent::HandedOver {
            slip: manifest.slip.clone(),
            to: outcome.to.side.clone(),
        };
        return Ok(vec![of_container(&container, handed)]);
    }
    let opened = ContainerEvent::Opened {
        seal: one.seal.clone(),
        // Where no seal was read, nobody says that it was broken.
        whole: read.is_none() || whole,
        slip: Some(manifest.slip.clone()),
        by: receipt.staff().cloned(),
    };
    let mut facts = vec![of_container(&container, opened)];
    facts.extend(one.lines.iter().map(|line| {
        let unsealed = BundleEvent::Unsealed {
            container: container.clone(),
            papers: line.papers.clone(),
        };
        of_bundle(&line.case, unsealed)
    }));
    Ok(facts)
}

/// The lines of a slip that were taken by seal: what is left to check.
pub fn to_check(manifest: &SlipManifest, outcome: &SlipOutcome) -> Vec<SlipLine> {
    let lines = manifest.lines.iter().filter_map(|line| {
        let papers = line.papers.iter();
        let papers = papers
            .filter(|paper| found(outcome, &line.case, paper.no) == Some(Found::Sealed))
            .cloned();
        let papers: Vec<Paper> = papers.collect();
        (!papers.is_empty()).then(|| SlipLine {
            case: line.case.clone(),
            papers,
        })
    });
    lines.collect()
}

/// Discrepancies that the receipt opened.
fn opened_before(manifest: &SlipManifest, outcome: &SlipOutcome) -> Result<u32, CustodyRefusal> {
    let mut opened = count(outcome.extras.len());
    for (offered, found) in manifest.lines.iter().zip(&outcome.lines) {
        opened += count(Line::of(offered, found)?.wrong.len());
    }
    Ok(opened)
}

/// Checks, one by one, the lines that were taken by seal. `first` is the outcome of the receipt, `found` what was found
/// now, of those lines alone; somebody of the receiver's side signs it. Nothing changes hands: what is wrong opens
/// discrepancies for the giver, due on `clear_by`.
pub fn check_lines(
    slip: &Slip,
    manifest: &SlipManifest,
    [first, found]: [&SlipOutcome; 2],
    receipt: &Receipt,
    signer: &StaffState,
    clear_by: Date,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let id = slip.id.clone();
    let due = slip
        .received()
        .filter(|received| received.checked.is_none());
    let due = due.filter(|received| received.check_by.is_some());
    let Some(received) = due else {
        return Err(CustodyRefusal::NothingToCheck { slip: id });
    };
    let same = manifest.digest() == slip.manifest
        && first.digest() == received.outcome
        && (&found.slip, &found.manifest) == (&slip.id, &slip.manifest)
        && found.seals.is_empty();
    if !same {
        return Err(CustodyRefusal::OtherManifest { slip: id });
    }
    if found.to != received.to {
        return Err(CustodyRefusal::HolderDiffers);
    }
    signature(slip, &found.digest(), receipt, signer)?;
    let expected = to_check(manifest, first);
    if let Some(line) = expected
        .last()
        .filter(|_| expected.len() != found.lines.len())
    {
        let case = line.case.clone();
        return Err(CustodyRefusal::LinesDiffer { case });
    }
    let mut wrong = 0;
    let mut discrepancies = Vec::new();
    for (offered, found) in expected.iter().zip(&found.lines) {
        if let Some(paper) = found.papers.iter().find(|one| one.found == Found::Sealed) {
            let (case, no) = (found.case.clone(), paper.no);
            return Err(CustodyRefusal::NotInBox { case, no });
        }
        let line = Line::of(offered, found)?;
        wrong += count(line.wrong.values().map(Vec::len).sum());
        discrepancies.extend(line.discrepancies(slip, clear_by));
    }
    discrepancies.extend(besides(slip, &found.extras, clear_by));
    let checked = SlipEvent::LinesChecked {
        outcome: found.digest(),
        wrong,
        extras: count(found.extras.len()),
        receipt: receipt.clone(),
    };
    let mut facts = vec![Fact::new(slip.subject(), Event::Slip { event: checked })];
    let next = opened_before(manifest, first)?.saturating_add(1);
    facts.extend(opened_from(slip.id.as_str(), next, discrepancies));
    Ok(facts)
}

/// Tells, once, that the lines of a slip were not checked in time.
pub fn check_overdue(slip: &Slip, today: Date) -> Vec<Fact> {
    let late = slip
        .received()
        .filter(|received| received.checked.is_none() && !received.check_told);
    let day = late.and_then(|received| received.check_by);
    match day.filter(|day| *day < today) {
        Some(day) => {
            let on = day.next();
            let event = SlipEvent::CheckOverdue { on };
            vec![Fact::new(slip.subject(), Event::Slip { event })]
        }
        None => Vec::new(),
    }
}
