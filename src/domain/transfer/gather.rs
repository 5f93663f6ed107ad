//! Gathering a round: the window looks every paper up by its label, and the package is sealed over what is there.

use std::collections::BTreeMap;

use super::clock::{count, of_round};
use super::event::{RoundLine, RoundOutcome, TransferEvent};
use super::refusal::TransferRefusal;
use super::round::{RoundState, SealedPackage};
use crate::domain::custody::{
    BundleEvent, Bundles, Discrepancy, DiscrepancyKind, Found, Holder, OutcomeLine, opened,
};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{CaseNo, StaffId, Subject};

/// The papers that are on a round now.
pub fn on_round(round: &RoundState, bundles: &Bundles) -> Vec<RoundLine> {
    let lines = bundles.iter().map(|(case, bundle)| RoundLine {
        case: case.clone(),
        papers: bundle
            .papers
            .iter()
            .filter(|(_, paper)| paper.listed.as_ref() == Some(&round.id))
            .map(|(no, _)| *no)
            .collect(),
    });
    lines.filter(|line| !line.papers.is_empty()).collect()
}

/// Refuses what is done to a round that is done or with the department.
pub(super) fn at_window(round: &RoundState) -> Result<(), TransferRefusal> {
    let transfer = round.id.clone();
    if round.left == 0 {
        return Err(TransferRefusal::Done { transfer });
    }
    match round.offers.first() {
        Some(slip) => Err(TransferRefusal::OnOffer {
            transfer,
            slip: slip.clone(),
        }),
        None => Ok(()),
    }
}

/// Records what the window found of every paper on the round. What is not there as it should be is off the round and in
/// doubt, with its holder to clear it up until `clear_by`. May be repeated until the papers are offered.
pub fn reconcile(
    round: &RoundState,
    bundles: &Bundles,
    outcome: &RoundOutcome,
    by: &StaffId,
    clear_by: Date,
) -> Result<Vec<Fact>, TransferRefusal> {
    at_window(round)?;
    let expected = on_round(round, bundles);
    alike(&expected, &outcome.lines)?;
    let source = format!("{}-{}", round.id, round.reconciliations + 1);
    let mut facts = Vec::new();
    let mut found = Vec::new();
    let (mut present, mut absent) = (0, 0);
    for line in &outcome.lines {
        let mut wrong: BTreeMap<(DiscrepancyKind, Option<Holder>), Vec<u16>> = BTreeMap::new();
        for paper in &line.papers {
            let kind = match paper.found {
                Found::Present => {
                    present += 1;
                    continue;
                }
                Found::Worse | Found::Sealed => {
                    let (case, no) = (line.case.clone(), paper.no);
                    return Err(TransferRefusal::NotTaken { case, no });
                }
                found => found.discrepancy().unwrap_or(DiscrepancyKind::Disputed),
            };
            absent += 1;
            let held = bundles.get(&line.case);
            let held = held.and_then(|bundle| bundle.papers.get(&paper.no));
            let holder = held.and_then(|held| held.holder().cloned());
            wrong.entry((kind, holder)).or_default().push(paper.no);
        }
        for ((kind, holder), papers) in wrong {
            let unlisted = BundleEvent::Unlisted {
                transfer: round.id.clone(),
                papers: papers.clone(),
            };
            facts.push(of_bundle(&line.case, unlisted));
            let owner = holder.unwrap_or_else(|| window(round));
            found.push(doubt(round, &line.case, papers, kind, owner, clear_by));
        }
    }
    for extra in &outcome.extras {
        let (kind, owner) = (DiscrepancyKind::Extra, window(round));
        found.push(doubt(round, &extra.case, Vec::new(), kind, owner, clear_by));
    }
    let reconciled = TransferEvent::Reconciled {
        outcome: outcome.digest(),
        present,
        absent,
        extras: count(outcome.extras.len()),
        left: present,
        by: by.clone(),
    };
    facts.insert(0, of_round(&round.id, reconciled));
    facts.extend(opened(&source, found));
    Ok(facts)
}

pub(super) fn of_bundle(case: &CaseNo, event: BundleEvent) -> Fact {
    Fact::new(Subject::Bundle(case.clone()), Event::Bundle { event })
}

/// The window as a whole, where no one person answers.
fn window(round: &RoundState) -> Holder {
    let site = round.of.site.clone();
    Holder {
        side: crate::domain::custody::Side::Hall { site },
        staff: None,
    }
}

fn doubt(
    round: &RoundState,
    case: &CaseNo,
    papers: Vec<u16>,
    kind: DiscrepancyKind,
    owner: Holder,
    due: Date,
) -> Discrepancy {
    Discrepancy {
        slip: None,
        transfer: Some(round.id.clone()),
        inventory: None,
        case: case.clone(),
        papers,
        kind,
        owner,
        due,
    }
}

/// Refuses findings that are not about exactly the papers on the round.
fn alike(expected: &[RoundLine], found: &[OutcomeLine]) -> Result<(), TransferRefusal> {
    let differs = |case: &CaseNo| {
        let case = case.clone();
        TransferRefusal::LinesDiffer { case }
    };
    for (line, stated) in expected.iter().zip(found) {
        let numbers = stated.papers.iter().map(|paper| paper.no);
        if line.case != stated.case || !numbers.eq(line.papers.iter().copied()) {
            return Err(differs(&line.case));
        }
    }
    let rest = expected.get(found.len()).map(|line| &line.case);
    let more = found.get(expected.len()).map(|line| &line.case);
    rest.or(more).map_or(Ok(()), |case| Err(differs(case)))
}

/// What is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Digest of the package's payload manifest.
    pub package: Digest,
    /// Digest of the checks with their verdicts.
    pub checks: Digest,
    /// Mandatory checks that failed.
    pub failed: u32,
    /// Files in the package.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Facts in the log when it was made.
    pub log_size: u64,
    /// The lines it was made of.
    pub lines: Vec<RoundLine>,
}

/// Seals the package of a round, or records which checks failed. Sealed with the same content again, it gives no fact.
pub fn seal(
    round: &RoundState,
    bundles: &Bundles,
    seal: &Seal,
    by: &StaffId,
) -> Result<Vec<Fact>, TransferRefusal> {
    at_window(round)?;
    let unchanged = round.reconciled.is_some() && on_round(round, bundles) == seal.lines;
    if !unchanged {
        let transfer = round.id.clone();
        return Err(TransferRefusal::NotReconciled { transfer });
    }
    if seal.failed > 0 {
        let failed = TransferEvent::CheckFailed {
            checks: seal.checks,
            failed: seal.failed,
            by: by.clone(),
        };
        return Ok(vec![of_round(&round.id, failed)]);
    }
    if round
        .sealed
        .is_some_and(|sealed: SealedPackage| sealed.package == seal.package)
    {
        return Ok(Vec::new());
    }
    let sealed = TransferEvent::Sealed {
        package: seal.package,
        checks: seal.checks,
        files: seal.files,
        bytes: seal.bytes,
        log_size: seal.log_size,
        by: by.clone(),
    };
    Ok(vec![of_round(&round.id, sealed)])
}

/// The department was given the package with a checkpoint of `log_size` facts. Given with that before, it gives no fact.
pub fn given(round: &RoundState, package: Digest, log_size: u64) -> Vec<Fact> {
    if round.given.contains(&log_size) {
        return Vec::new();
    }
    let given = TransferEvent::PackageGiven { package, log_size };
    vec![of_round(&round.id, given)]
}

/// The department checked the package that it has (接收检测).
pub fn checked(
    round: &RoundState,
    package: Digest,
    checks: Digest,
    failed: u32,
    by: &StaffId,
) -> Result<Vec<Fact>, TransferRefusal> {
    if round.sealed.is_none_or(|sealed| sealed.package != package) {
        let transfer = round.id.clone();
        return Err(TransferRefusal::NotSealed { transfer });
    }
    let checked = TransferEvent::PackageChecked {
        package,
        checks,
        failed,
        by: by.clone(),
    };
    Ok(vec![of_round(&round.id, checked)])
}
