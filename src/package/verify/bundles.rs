//! What bundles say of slips: nothing that no slip says, and of a slip whose documents are here nothing but what follows
//! from its two signatures.

use std::collections::BTreeMap;

use super::facts::History;
use super::files::{SlipDocument, slip_of};
use super::finding::fact;
use super::{Finding, Work};
use crate::domain::custody::{BundleEvent, DiscrepancyEvent, Slip, Standing, fold_slip};
use crate::domain::{Event, Fact, SlipId, Subject};

impl Work<'_> {
    /// Slips that bundles name and that are not here; documents of slips that are not here.
    pub(super) fn strangers(&mut self, history: &History) {
        let slips: BTreeMap<&SlipId, Slip> = history
            .kept
            .iter()
            .filter_map(|(subject, facts)| match subject {
                Subject::Slip(id) => Some((id, fold_slip(facts.iter().map(|at| &at.entry))?)),
                _ => None,
            })
            .collect();
        for at in history.kept.values().flatten() {
            let Event::Bundle { event } = &at.entry.event else {
                continue;
            };
            match slip_named(event).map(|id| (id, slips.get(id))) {
                Some((id, None)) => {
                    let about = id.to_string();
                    self.findings.add(Finding::SlipFactsMissing { about });
                }
                Some((id, Some(slip))) if !agrees(event, slip) => {
                    let about = fact(at.index, Some(&at.entry.subject));
                    let subject = format!("slip/{id}");
                    self.findings.add(Finding::FactDiffers { about, subject });
                }
                _ => {}
            }
        }
        let source = self.source;
        for entry in source.entries() {
            let Some((slip, which)) = slip_of(&entry.path) else {
                continue;
            };
            let named = |slip: &Slip| match which {
                SlipDocument::Manifest => true,
                SlipDocument::Outcome => slip.received().is_some(),
                SlipDocument::Check => slip.received().is_some_and(|one| one.checked.is_some()),
            };
            if !slips.get(&slip).is_some_and(named) {
                let about = entry.path.clone();
                self.findings.add(Finding::DocumentForeign { about });
            }
        }
    }

    /// What bundles and discrepancies say of a slip must follow from its two signatures.
    pub(super) fn unexpected(&mut self, history: &History, id: &SlipId, expected: &[Fact]) {
        for (subject, facts) in &history.kept {
            for at in facts {
                let ours = match &at.entry.event {
                    Event::Bundle { event } => slip_named(event) == Some(id),
                    Event::Discrepancy {
                        event: DiscrepancyEvent::Opened { discrepancy },
                    } => discrepancy.slip.as_ref() == Some(id),
                    _ => false,
                };
                let same = |one: &Fact| one.subject == *subject && one.event == at.entry.event;
                if ours && !expected.iter().any(same) {
                    let about = fact(at.index, Some(subject));
                    let subject = subject.to_string();
                    self.findings.add(Finding::FactDiffers { about, subject });
                }
            }
        }
    }
}

/// The slip that a fact about a bundle is about.
fn slip_named(event: &BundleEvent) -> Option<&SlipId> {
    match event {
        BundleEvent::Offered { slip, .. }
        | BundleEvent::Received { slip, .. }
        | BundleEvent::Kept { slip, .. }
        | BundleEvent::Dispatched { slip, .. }
        | BundleEvent::CarriageEnded { slip, .. } => Some(slip),
        _ => None,
    }
}

/// Whether what a bundle says of a slip is possible as the slip stands, whoever's papers were on it.
fn agrees(event: &BundleEvent, slip: &Slip) -> bool {
    match (event, &slip.standing) {
        (BundleEvent::Offered { leg, .. }, _) => *leg == slip.leg,
        (BundleEvent::Received { holder, .. }, Standing::Received(received)) => {
            *holder == received.to
        }
        (BundleEvent::Received { .. }, _) => false,
        (BundleEvent::Kept { .. }, _) => !slip.is_open(),
        (BundleEvent::Dispatched { .. }, _) => !slip.journeys.is_empty(),
        (BundleEvent::CarriageEnded { .. }, _) => {
            slip.journeys.iter().any(|way| way.ended.is_some())
        }
        _ => true,
    }
}
