//! Receiving: the other one checks every line and signs what is really there. Only what is taken changes hands.

use std::collections::BTreeMap;

use super::bundle_event::BundleEvent;
use super::by_seal::{boxes, taken_by_seal};
use super::discrepancy::{self, Discrepancy};
use super::documents::*;
use super::offer::{count, of_bundle, open};
use super::refusal::CustodyRefusal;
use super::signer::{acts_for, check};
use super::slip::{Slip, Standing};
use super::slip_event::SlipEvent;
use super::terms::*;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::staff::StaffState;
use crate::domain::time::Timestamp;

/// The last days of what a receipt leaves to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// For clearing up what did not match.
    pub clear_by: Date,
    /// For checking the lines of boxes that were taken by seal.
    pub check_by: Date,
}

/// One day for both.
impl From<Date> for Days {
    fn from(day: Date) -> Self {
        Self {
            clear_by: day,
            check_by: day,
        }
    }
}

/// Receives a slip. `signer` is the person whose key signature the receipt holds: the receiver, or the witness of a
/// stamped sheet. What is not taken stays with the giver and opens discrepancies. What lies in a box whose seal is whole may
/// be taken by it (凭封签接收); its lines are then checked within days.
pub fn receive(
    slip: &Slip,
    manifest: &SlipManifest,
    outcome: &SlipOutcome,
    receipt: &Receipt,
    signer: &StaffState,
    days: impl Into<Days>,
    now: Timestamp,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let Days { clear_by, check_by } = days.into();
    open(slip)?;
    if now >= slip.expires.end() {
        let (slip, on) = (slip.id.clone(), slip.expires);
        return Err(CustodyRefusal::Expired { slip, on });
    }
    let same = manifest.digest() == slip.manifest
        && outcome.manifest == slip.manifest
        && outcome.slip == slip.id;
    if !same {
        let slip = slip.id.clone();
        return Err(CustodyRefusal::OtherManifest { slip });
    }
    signed(slip, outcome, receipt, signer)?;
    let mut facts = boxes(manifest, outcome, receipt)?;
    let by_seal = taken_by_seal(outcome) > 0;
    let mut discrepancies = Vec::new();
    let (mut taken, mut kept) = (0, 0);
    if outcome.lines.len() != manifest.lines.len() {
        let case = manifest
            .lines
            .iter()
            .map(|line| line.case.clone())
            .next_back();
        return Err(case.map_or(CustodyRefusal::NoPapers, |case| {
            CustodyRefusal::LinesDiffer { case }
        }));
    }
    for (offered, found) in manifest.lines.iter().zip(&outcome.lines) {
        let line = Line::of(offered, found)?;
        taken += count(line.taken.len());
        kept += count(line.kept.len());
        discrepancies.extend(line.discrepancies(slip, clear_by));
        facts.extend(line.facts(slip, manifest, &outcome.to));
    }
    if taken == 0 {
        return Err(CustodyRefusal::NothingTaken);
    }
    discrepancies.extend(besides(slip, &outcome.extras, clear_by));
    let received = SlipEvent::Received {
        outcome: outcome.digest(),
        to: outcome.to.clone(),
        taken,
        kept,
        extras: count(outcome.extras.len()),
        receipt: receipt.clone(),
        check_by: by_seal.then_some(check_by),
    };
    facts.insert(
        0,
        Fact::new(slip.subject(), Event::Slip { event: received }),
    );
    facts.extend(discrepancy::opened(slip.id.as_str(), discrepancies));
    Ok(facts)
}

/// Labels that were on no line, as discrepancies.
pub(super) fn besides(
    slip: &Slip,
    extras: &[Extra],
    due: Date,
) -> impl Iterator<Item = Discrepancy> {
    extras.iter().map(move |extra| Discrepancy {
        slip: Some(slip.id.clone()),
        transfer: None,
        inventory: None,
        case: extra.case.clone(),
        papers: Vec::new(),
        kind: DiscrepancyKind::Extra,
        owner: slip.from.clone(),
        due,
    })
}

/// Refuses a receipt that is not signed by another person, for the side the slip is meant for.
fn signed(
    slip: &Slip,
    outcome: &SlipOutcome,
    receipt: &Receipt,
    signer: &StaffState,
) -> Result<(), CustodyRefusal> {
    if outcome.to.side != slip.to || outcome.to.staff.as_ref() != receipt.staff() {
        return Err(CustodyRefusal::HolderDiffers);
    }
    signature(slip, &outcome.digest(), receipt, signer)
}

/// Refuses a signature over a document that is not of another person than the giver, for the side the slip is meant for.
pub(super) fn signature(
    slip: &Slip,
    document: &Digest,
    receipt: &Receipt,
    signer: &StaffState,
) -> Result<(), CustodyRefusal> {
    match receipt {
        Receipt::Signed { by } => {
            if slip.from.staff.as_ref() == Some(&by.staff) {
                let staff = by.staff.clone();
                return Err(CustodyRefusal::SamePerson { staff });
            }
            acts_for(&by.staff, signer, &slip.to)?;
            check(by, signer, document)
        }
        Receipt::Stamped { sheet, witness } => {
            let across = matches!(slip.to, Side::Department { .. })
                && matches!(slip.from.side, Side::Hall { .. });
            if !across {
                return Err(CustodyRefusal::StampForDepartments);
            }
            acts_for(&witness.staff, signer, &slip.from.side)?;
            let statement = WitnessStatement {
                statement: *document,
                captured: *sheet,
            };
            check(witness, signer, &statement.digest())
        }
    }
}

/// A line with what was found of it.
pub(super) struct Line<'l> {
    offered: &'l SlipLine,
    taken: Vec<u16>,
    damaged: Vec<u16>,
    kept: Vec<u16>,
    pub(super) wrong: BTreeMap<DiscrepancyKind, Vec<u16>>,
}

impl<'l> Line<'l> {
    pub(super) fn of(offered: &'l SlipLine, found: &OutcomeLine) -> Result<Self, CustodyRefusal> {
        let numbers = offered.papers.iter().map(|paper| paper.no);
        let alike =
            offered.case == found.case && numbers.eq(found.papers.iter().map(|paper| paper.no));
        if !alike {
            let case = offered.case.clone();
            return Err(CustodyRefusal::LinesDiffer { case });
        }
        let mut line = Self {
            offered,
            taken: Vec::new(),
            damaged: Vec::new(),
            kept: Vec::new(),
            wrong: BTreeMap::new(),
        };
        for paper in &found.papers {
            let list = if paper.found.is_taken() {
                &mut line.taken
            } else {
                &mut line.kept
            };
            list.push(paper.no);
            if paper.found == Found::Worse {
                line.damaged.push(paper.no);
            }
            if let Some(kind) = paper.found.discrepancy() {
                line.wrong.entry(kind).or_default().push(paper.no);
            }
        }
        Ok(line)
    }

    pub(super) fn discrepancies(
        &self,
        slip: &Slip,
        due: Date,
    ) -> impl Iterator<Item = Discrepancy> {
        self.wrong.iter().map(move |(kind, papers)| Discrepancy {
            slip: Some(slip.id.clone()),
            transfer: None,
            inventory: None,
            case: self.offered.case.clone(),
            papers: papers.clone(),
            kind: *kind,
            owner: slip.from.clone(),
            due,
        })
    }

    fn facts(self, slip: &Slip, manifest: &SlipManifest, holder: &Holder) -> Vec<Fact> {
        let case = &self.offered.case;
        let mut facts = Vec::new();
        if !self.taken.is_empty() {
            let received = BundleEvent::Received {
                slip: slip.id.clone(),
                papers: self.taken,
                holder: holder.clone(),
                damaged: self.damaged,
                back_by: manifest.back_by,
            };
            facts.push(of_bundle(case, received));
        }
        if !self.kept.is_empty() {
            // What the carrier brought and nobody took is a discrepancy from here on.
            if slip.standing == Standing::InTransit {
                let ended = BundleEvent::CarriageEnded {
                    slip: slip.id.clone(),
                    papers: self.kept.clone(),
                };
                facts.push(of_bundle(case, ended));
            }
            let kept = BundleEvent::Kept {
                slip: slip.id.clone(),
                papers: self.kept,
            };
            facts.push(of_bundle(case, kept));
        }
        facts
    }
}
