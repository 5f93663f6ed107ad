//! What a naive reader of the rules of custody believes, and what can be read off the bare facts without any fold.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;

pub type Key = (CaseNo, u16);

/// What a naive reader of the rules believes.
#[derive(Default)]
pub struct Naive {
    /// Who holds each paper; none once it went back to the applicant.
    pub holder: BTreeMap<Key, Option<Holder>>,
    pub lender: BTreeMap<Key, Holder>,
    /// Open slips with their papers.
    pub open: BTreeMap<SlipId, BTreeSet<Key>>,
    /// What carriers have, by slip.
    pub away: BTreeMap<SlipId, BTreeSet<Key>>,
    /// What lies in a box.
    pub boxed: BTreeMap<Key, ContainerId>,
    /// Boxes under a seal.
    pub sealed: BTreeMap<ContainerId, SealNo>,
    /// Where the boxes are.
    pub boxes: BTreeMap<ContainerId, Side>,
    /// Slips taken by seal whose lines nobody checked yet.
    pub unchecked: BTreeSet<SlipId>,
}

impl Naive {
    pub fn is_offered(&self, key: &Key) -> bool {
        self.open.values().any(|papers| papers.contains(key))
    }

    pub fn is_away(&self, key: &Key) -> bool {
        self.away.values().any(|papers| papers.contains(key))
    }

    /// The sealed box in which a paper lies.
    pub fn seal_on(&self, key: &Key) -> Option<(&ContainerId, &SealNo)> {
        let id = self.boxed.get(key)?;
        Some((id, self.sealed.get(id)?))
    }

    pub fn content(&self, id: &ContainerId) -> BTreeSet<Key> {
        let inside = self.boxed.iter().filter(|(_, of)| *of == id);
        inside.map(|(key, _)| key.clone()).collect()
    }

    /// Whether each sealed box on a slip is the one that stands there, whole, and nothing else is under a seal.
    fn boxes_fit(&self, manifest: &SlipManifest) -> bool {
        let keys = |lines: &[BoxLine]| -> BTreeSet<Key> {
            let each = |line: &BoxLine| -> Vec<Key> {
                let papers = line.papers.iter();
                papers.map(|no| (line.case.clone(), *no)).collect()
            };
            lines.iter().flat_map(each).collect()
        };
        let whole = |one: &SealedBox| {
            self.sealed.get(&one.container) == Some(&one.seal)
                && keys(&one.lines) == self.content(&one.container)
        };
        let stated = |key: Key| match self.seal_on(&key) {
            Some((id, _)) => manifest.boxes.iter().any(|one| one.container == *id),
            None => true,
        };
        manifest.boxes.iter().all(whole)
            && manifest.lines.iter().all(|line| {
                let papers = line.papers.iter();
                papers
                    .map(|paper| (line.case.clone(), paper.no))
                    .all(stated)
            })
    }

    /// Whether the rules allow to offer these papers so.
    pub fn may_offer(&self, manifest: &SlipManifest) -> bool {
        let hall = |side: &Side| matches!(side, Side::Hall { .. });
        let (from, to) = (&manifest.from.side, &manifest.to);
        let way = match manifest.leg {
            Leg::Collection | Leg::Transfer => hall(from) && !hall(to),
            Leg::Return => !hall(from) && hall(to),
            Leg::Internal => (hall(from) && hall(to)) || from == to,
            Leg::Loan | Leg::LoanReturn => true,
        };
        let papers = |line: &SlipLine| -> Vec<Key> {
            let numbers = line.papers.iter().map(|paper| paper.no);
            numbers.map(|no| (line.case.clone(), no)).collect()
        };
        let free = |key: &Key| {
            let lent = self.lender.get(key);
            let back = lent.map(|lender| lender.side == *to);
            let loan = if manifest.leg == Leg::LoanReturn {
                back == Some(true)
            } else {
                back.is_none()
            };
            let here = !self.is_offered(key) && !self.is_away(key);
            self.holder[key].as_ref() == Some(&manifest.from) && here && loan
        };
        way && self.boxes_fit(manifest)
            && !manifest.lines.is_empty()
            && manifest.lines.iter().flat_map(papers).all(|key| free(&key))
    }
}

/// A signature of the receiving side holds and is not the giver's.
fn countersigned(people: &[Person], slip: &Slip, document: &Digest, receipt: &Receipt) {
    match receipt {
        Receipt::Signed { by } => {
            assert_ne!(by.staff, slip.given.staff);
            holds(people, by, document);
        }
        Receipt::Stamped { sheet, witness } => {
            let statement = WitnessStatement {
                statement: *document,
                captured: *sheet,
            };
            holds(people, witness, &statement.digest());
        }
    }
}

/// Reads the bare facts: whoever took a paper over did it on a slip with two signatures of two people that hold, and so
/// was checked what was taken by seal.
pub fn audit(log: &Log, people: &[Person]) -> u64 {
    let mut changes = 0;
    for (subject, history) in &log.histories {
        let Subject::Bundle(_) = subject else {
            continue;
        };
        for entry in history {
            let Event::Bundle {
                event: BundleEvent::Received { slip, .. },
            } = &entry.event
            else {
                continue;
            };
            changes += 1;
            let slip = log.slip(slip).unwrap();
            let Standing::Received(received) = &slip.standing else {
                panic!("{} changed hands without a receipt", slip.id);
            };
            holds(people, &slip.given, &slip.manifest);
            countersigned(people, &slip, &received.outcome, &received.receipt);
            if let Some(checked) = &received.checked {
                assert!(
                    received.check_by.is_some(),
                    "{} had nothing to check",
                    slip.id
                );
                countersigned(people, &slip, &checked.outcome, &checked.receipt);
            }
        }
    }
    changes
}

fn holds(people: &[Person], signature: &KeySignature, document: &Digest) {
    let mut people = people.iter();
    let signer = people.find(|one| one.id == signature.staff).unwrap();
    let message = staff::signing_message(document);
    let raw = ed25519_dalek::Signature::from_bytes(signature.signature.as_bytes());
    let key = signer.key.verifying_key();
    key.verify_strict(&message, &raw).unwrap();
}
