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
}

impl Naive {
    pub fn is_offered(&self, key: &Key) -> bool {
        self.open.values().any(|papers| papers.contains(key))
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
            self.holder[key].as_ref() == Some(&manifest.from) && !self.is_offered(key) && loan
        };
        way && !manifest.lines.is_empty()
            && manifest.lines.iter().flat_map(papers).all(|key| free(&key))
    }
}

/// Reads the bare facts: whoever took a paper over did it on a slip with two signatures of two people that hold.
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
            let outcome = &received.outcome;
            match &received.receipt {
                Receipt::Signed { by } => {
                    assert_ne!(by.staff, slip.given.staff);
                    holds(people, by, outcome);
                }
                Receipt::Stamped { sheet, witness } => {
                    let statement = WitnessStatement {
                        statement: *outcome,
                        captured: *sheet,
                    };
                    holds(people, witness, &statement.digest());
                }
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
