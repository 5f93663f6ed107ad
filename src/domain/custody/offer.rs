//! Offering: the giver signs one slip for any number of bundles. Nothing changes hands by it.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::Bundle;
use super::bundle_event::BundleEvent;
use super::documents::{SealedBox, SlipManifest};
use super::held::HeldPaper;
use super::refusal::CustodyRefusal;
use super::signer::{acts_for, check};
use super::slip::{Slip, Standing};
use super::slip_event::SlipEvent;
use super::terms::*;
use crate::domain::date::Date;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{CaseNo, Commitment, StaffId, Subject};
use crate::domain::staff::StaffState;
use crate::domain::time::Timestamp;

/// The most bundles on a slip.
pub const BUNDLES_MAX: usize = 2000;

/// The bundles that a decision looks at, by case.
pub type Bundles = BTreeMap<CaseNo, Bundle>;

/// The fact that this happened to a bundle.
pub(super) fn of_bundle(case: &CaseNo, event: BundleEvent) -> Fact {
    Fact::new(Subject::Bundle(case.clone()), Event::Bundle { event })
}

/// Whether paper goes this way on this leg: between the hall and a department, or within one of them.
fn fits(leg: Leg, from: &Side, to: &Side) -> bool {
    let hall = |side: &Side| matches!(side, Side::Hall { .. });
    match leg {
        Leg::Collection | Leg::Transfer => hall(from) && !hall(to),
        Leg::Return => !hall(from) && hall(to),
        Leg::Internal => from.is_one_with(to),
        Leg::Loan | Leg::LoanReturn => true,
    }
}

/// Offers what the manifest lists. The giver holds every paper on it and signed the manifest; nothing on it is on
/// another slip.
pub fn offer(
    known: Option<&Slip>,
    bundles: &Bundles,
    manifest: &SlipManifest,
    given: &KeySignature,
    giver: &StaffState,
    now: Timestamp,
) -> Result<Vec<Fact>, CustodyRefusal> {
    if known.is_some() {
        let slip = manifest.slip.clone();
        return Err(CustodyRefusal::SlipKnown { slip });
    }
    sound(manifest, Date::of(now))?;
    if manifest.from.staff.as_ref() != Some(&given.staff) {
        return Err(CustodyRefusal::HolderDiffers);
    }
    acts_for(&given.staff, giver, &manifest.from.side)?;
    let mut facts = Vec::new();
    let mut papers = 0;
    for line in &manifest.lines {
        let bundle = bundles.get(&line.case).ok_or(CustodyRefusal::NoBundle {
            case: line.case.clone(),
        })?;
        for paper in &line.papers {
            may_give(manifest, bundle, paper, &given.staff)?;
        }
        let numbers: Vec<u16> = line.papers.iter().map(|paper| paper.no).collect();
        papers += count(numbers.len());
        let offered = BundleEvent::Offered {
            slip: manifest.slip.clone(),
            leg: manifest.leg,
            papers: numbers,
        };
        facts.push(of_bundle(&line.case, offered));
    }
    check(given, giver, &manifest.digest())?;
    let offered = SlipEvent::Offered {
        manifest: manifest.digest(),
        leg: manifest.leg,
        transfer: manifest.transfer.clone(),
        from: manifest.from.clone(),
        to: manifest.to.clone(),
        bundles: count(manifest.lines.len()),
        papers,
        expires: manifest.expires,
        given: given.clone(),
    };
    let subject = Subject::Slip(manifest.slip.clone());
    let offered = Fact::new(subject, Event::Slip { event: offered });
    facts.insert(0, offered);
    Ok(facts)
}

pub(super) fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

/// Refuses a manifest that contradicts itself.
fn sound(manifest: &SlipManifest, today: Date) -> Result<(), CustodyRefusal> {
    let SlipManifest { leg, from, to, .. } = manifest;
    if !fits(*leg, &from.side, to) {
        let (leg, from, to) = (*leg, from.side.clone(), to.clone());
        return Err(CustodyRefusal::WrongLeg { leg, from, to });
    }
    if manifest.expires < today {
        return Err(CustodyRefusal::ExpiresBefore { today });
    }
    let back = manifest.back_by.is_some_and(|day| day >= manifest.expires);
    if back != (*leg == Leg::Loan) || manifest.back_by.is_some() != back {
        return Err(CustodyRefusal::NoReturnDay);
    }
    if (*leg == Leg::Transfer) != manifest.transfer.is_some() {
        return Err(CustodyRefusal::TransferByRound);
    }
    if manifest.lines.is_empty() || manifest.lines.iter().any(|line| line.papers.is_empty()) {
        return Err(CustodyRefusal::NoPapers);
    }
    if manifest.lines.len() > BUNDLES_MAX {
        return Err(CustodyRefusal::TooMany { max: BUNDLES_MAX });
    }
    let mut cases = BTreeSet::new();
    for line in &manifest.lines {
        let mut numbers = BTreeSet::new();
        let once =
            cases.insert(&line.case) && line.papers.iter().all(|paper| numbers.insert(paper.no));
        if !once {
            let case = line.case.clone();
            return Err(CustodyRefusal::ListedTwice { case });
        }
    }
    manifest
        .boxes
        .iter()
        .try_for_each(|one| sound_box(manifest, one))
}

/// Refuses a sealed box that is listed twice, is empty, or holds what is on no line or in another box.
fn sound_box(manifest: &SlipManifest, one: &SealedBox) -> Result<(), CustodyRefusal> {
    let differs = || CustodyRefusal::BoxDiffers {
        container: one.container.clone(),
    };
    let same = |other: &&SealedBox| other.container == one.container;
    if manifest.boxes.iter().filter(same).count() > 1 || one.lines.is_empty() {
        return Err(differs());
    }
    let mut seen = BTreeSet::new();
    for line in &one.lines {
        let listed = manifest
            .lines
            .iter()
            .find(|listed| listed.case == line.case);
        let listed = listed.ok_or_else(differs)?;
        for no in &line.papers {
            let on = listed.papers.iter().any(|paper| paper.no == *no);
            let here = manifest.box_of(&line.case, *no) == Some(one);
            if !on || !here || !seen.insert((&line.case, *no)) {
                return Err(differs());
            }
        }
    }
    Ok(())
}

/// A sealed box goes as a whole and under its seal, and nothing is with a carrier already.
fn lies_as_stated(
    manifest: &SlipManifest,
    bundle: &Bundle,
    held: &HeldPaper,
) -> Result<(), CustodyRefusal> {
    let (case, no) = (&bundle.case, held.paper.no);
    let stated = manifest.box_of(case, no);
    match (held.sealed(), stated) {
        (Some((container, seal)), Some(stated))
            if *container == stated.container && *seal == stated.seal => {}
        (_, Some(stated)) => {
            let container = stated.container.clone();
            return Err(CustodyRefusal::BoxDiffers { container });
        }
        (Some((container, _)), None) => {
            return Err(CustodyRefusal::InSealedBox {
                case: case.clone(),
                no,
                container: container.clone(),
            });
        }
        (None, None) => {}
    }
    match &held.away {
        Some((slip, _)) => Err(CustodyRefusal::Away {
            case: case.clone(),
            no,
            slip: slip.clone(),
        }),
        None => Ok(()),
    }
}

fn may_give(
    manifest: &SlipManifest,
    bundle: &Bundle,
    listed: &Paper,
    staff: &StaffId,
) -> Result<(), CustodyRefusal> {
    let (case, no) = (bundle.case.clone(), listed.no);
    let Some(held) = bundle.papers.get(&no) else {
        return Err(CustodyRefusal::NoPaper { case, no });
    };
    if held.paper != *listed {
        return Err(CustodyRefusal::PaperDiffers { case, no });
    }
    if held.holder() != Some(&manifest.from) {
        let staff = staff.clone();
        return Err(CustodyRefusal::NotHolder { case, no, staff });
    }
    if let Some((slip, _)) = &held.offered {
        let slip = slip.clone();
        return Err(CustodyRefusal::OnSlip { case, no, slip });
    }
    lies_as_stated(manifest, bundle, held)?;
    if manifest.leg != Leg::Internal && held.listed != manifest.transfer {
        return Err(CustodyRefusal::round_differs(case, no, held));
    }
    loan_allows(manifest, held).map_err(|until| match until {
        Some(until) => CustodyRefusal::Lent {
            case: case.clone(),
            no,
            until,
        },
        None => CustodyRefusal::NotLent { case, no },
    })
}

/// What was lent goes back to whoever lent it and nowhere else. Fails with the day it is due, or with none where it
/// was not lent by the side that is to have it back.
fn loan_allows(manifest: &SlipManifest, held: &HeldPaper) -> Result<(), Option<Date>> {
    match (&held.lent, manifest.leg) {
        (Some((_, lender)), Leg::LoanReturn) if lender.side == manifest.to => Ok(()),
        (None, Leg::LoanReturn) | (Some(_), Leg::LoanReturn) => Err(None),
        (Some((until, _)), _) => Err(Some(*until)),
        (None, _) => Ok(()),
    }
}

/// Refuses a slip that is not open.
pub(super) fn open(slip: &Slip) -> Result<(), CustodyRefusal> {
    if slip.is_open() {
        return Ok(());
    }
    let slip = slip.id.clone();
    Err(CustodyRefusal::NotOpen { slip })
}

/// Ends an offer without a hand-over; everything stays with the giver, who goes on answering for it.
fn call_off(
    slip: &Slip,
    manifest: &SlipManifest,
    how: CallOff,
    by: Option<StaffId>,
    reason: Option<Commitment>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    if slip.manifest != manifest.digest() {
        let slip = slip.id.clone();
        return Err(CustodyRefusal::OtherManifest { slip });
    }
    let ended = SlipEvent::CalledOff { how, by, reason };
    let mut facts = vec![Fact::new(slip.subject(), Event::Slip { event: ended })];
    facts.extend(manifest.lines.iter().map(|line| {
        let kept = BundleEvent::Kept {
            slip: slip.id.clone(),
            papers: line.papers.iter().map(|paper| paper.no).collect(),
        };
        of_bundle(&line.case, kept)
    }));
    Ok(facts)
}

/// The giver takes the offer back. What is in transit is brought back first.
pub fn cancel(
    slip: &Slip,
    manifest: &SlipManifest,
    by: &StaffId,
    reason: Commitment,
) -> Result<Vec<Fact>, CustodyRefusal> {
    open(slip)?;
    if slip.standing == Standing::InTransit {
        let slip = slip.id.clone();
        return Err(CustodyRefusal::InTransit { slip });
    }
    if slip.from.staff.as_ref() != Some(by) {
        return Err(CustodyRefusal::NotGiver { staff: by.clone() });
    }
    let by = Some(by.clone());
    call_off(slip, manifest, CallOff::Cancelled, by, Some(reason))
}

/// Somebody of the receiving side refuses all of it (拒收), with a reason.
pub fn refuse(
    slip: &Slip,
    manifest: &SlipManifest,
    by: &StaffId,
    refuser: &StaffState,
    reason: Commitment,
) -> Result<Vec<Fact>, CustodyRefusal> {
    open(slip)?;
    acts_for(by, refuser, &slip.to)?;
    let by = Some(by.clone());
    call_off(slip, manifest, CallOff::Refused, by, Some(reason))
}

/// The slip's time ran out. Asked again, or before its time, it gives no fact.
pub fn lapse(
    slip: &Slip,
    manifest: &SlipManifest,
    now: Timestamp,
) -> Result<Vec<Fact>, CustodyRefusal> {
    if !slip.is_open() || now < slip.expires.end() {
        return Ok(Vec::new());
    }
    call_off(slip, manifest, CallOff::Lapsed, None, None)
}
