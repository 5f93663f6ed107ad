//! The slips: what was signed is here byte for byte, both signatures hold with keys that were in force, and what the
//! signatures led to, line by line, stands in the histories of the bundles and discrepancies.

use super::facts::{At, History};
use super::people::Made;
use super::replay::due_after;
use super::report::Seen;
use super::round::Round;
use super::{Finding, Work};
use crate::domain::custody::{
    self, BundleEvent, Days, Receipt, Slip, SlipEvent, SlipManifest, SlipOutcome, Standing,
    WitnessStatement, fold_discrepancy, fold_slip,
};
use crate::domain::staff::StaffState;
use crate::domain::{Digest, Event, Fact, SlipId, Subject, transfer};
use crate::package::evidence::{manifest_path, outcome_path};

/// A slip with its documents, as far as they are here.
pub(super) struct Signed<'h> {
    pub(super) id: &'h SlipId,
    facts: &'h [At],
    pub(super) slip: Slip,
    pub(super) manifest: Option<SlipManifest>,
    pub(super) of_round: bool,
}

impl Signed<'_> {
    /// The slip as it stood before one of its facts.
    pub(super) fn before(&self, history: &History, at: &At) -> Option<Slip> {
        fold_slip(history.before(&Subject::Slip(self.id.clone()), at.index))
    }
}

impl Work<'_> {
    /// Judges every slip.
    pub(super) fn slips(&mut self, history: &History, round: &Round, seen: &mut Seen) {
        self.strangers(history);
        for (subject, facts) in &history.kept {
            if (self.stop)() {
                return;
            }
            match subject {
                Subject::Slip(id) => self.slip(history, round, id, facts, seen),
                Subject::Discrepancy(_) => {
                    let state = fold_discrepancy(facts.iter().map(|at| &at.entry));
                    let open = state.is_some_and(|state| state.cleared.is_none());
                    seen.open_discrepancies += u64::from(open);
                }
                _ => {}
            }
        }
    }

    fn slip(
        &mut self,
        history: &History,
        round: &Round,
        id: &SlipId,
        facts: &[At],
        seen: &mut Seen,
    ) {
        let Some(slip) = fold_slip(facts.iter().map(|at| &at.entry)) else {
            return;
        };
        let of_round = slip.transfer.as_ref() == Some(&round.id);
        let before = self.findings.count();
        let manifest = self.signed_document(&manifest_path(id), &slip.manifest, of_round);
        let signed = Signed {
            id,
            facts,
            slip,
            manifest,
            of_round,
        };
        let mut expected = self.offered(history, round, &signed);
        for at in facts.iter().skip(1) {
            match &at.entry.event {
                Event::Slip {
                    event: event @ SlipEvent::Received { taken, kept, .. },
                } => {
                    expected.extend(self.received(history, round, &signed, at, event));
                    if of_round {
                        seen.received.push((id.to_string(), *taken, *kept));
                        seen.signed_slips += u64::from(self.findings.count() == before);
                    }
                }
                Event::Slip {
                    event: SlipEvent::CalledOff { how, .. },
                } => {
                    expected.extend(self.called_off(history, round, &signed, at, *how));
                }
                Event::Slip { event } => {
                    expected.extend(self.on_its_way(history, &signed, at, event));
                }
                _ => {}
            }
        }
        if signed.manifest.is_some() {
            self.unexpected(history, id, &expected);
        }
    }

    /// Replays the offer.
    fn offered(&mut self, history: &History, round: &Round, signed: &Signed<'_>) -> Vec<Fact> {
        let Signed { slip, facts, .. } = signed;
        let Some(at) = facts.first() else {
            return Vec::new();
        };
        let about = signed.id.to_string();
        let made = Made {
            signature: &slip.given,
            document: slip.manifest,
            side: &slip.from.side,
            ours: false,
        };
        let giver = self.signature(history, &about, &made, at.index);
        let (Some(manifest), Some(giver)) = (&signed.manifest, giver) else {
            return Vec::new();
        };
        let whole = manifest
            .lines
            .iter()
            .all(|line| history.has_bundle(&line.case));
        if !whole {
            if signed.of_round {
                self.absent(history, manifest);
            }
            return offered_lines(manifest);
        }
        let bundles = history.bundles_of(manifest.lines.iter().map(|line| &line.case), at.index);
        let offer = custody::offer(None, &bundles, manifest, &slip.given, &giver, at.entry.at);
        match offer {
            Ok(mut expected) => {
                if signed.of_round {
                    expected = self.on_round(history, round, at, |state| {
                        transfer::offered(state, manifest, expected)
                    });
                }
                self.expect(history, &expected, at.index, &about, true);
                expected
            }
            Err(refusal) => {
                self.refused(&about, refusal, &slip.given);
                offered_lines(manifest)
            }
        }
    }

    /// Checks how the receiving side signed. Gives whoever signed, or saw a sheet being signed, as of then.
    pub(super) fn receipt(
        &mut self,
        history: &History,
        signed: &Signed<'_>,
        (digest, receipt): (&Digest, &Receipt),
        index: u64,
    ) -> Option<StaffState> {
        let about = signed.id.to_string();
        let document = match receipt {
            Receipt::Signed { .. } => *digest,
            Receipt::Stamped { sheet, .. } => WitnessStatement {
                statement: *digest,
                captured: *sheet,
            }
            .digest(),
        };
        let signature = receipt.signature();
        let stamped = receipt.staff().is_none();
        let made = Made {
            signature,
            document,
            // The witness of a stamped sheet is of the giver's side.
            side: if stamped {
                &signed.slip.from.side
            } else {
                &signed.slip.to
            },
            ours: signed.of_round && !stamped,
        };
        let signer = self.signature(history, &about, &made, index);
        if receipt.staff().is_some() && receipt.staff() == signed.slip.from.staff.as_ref() {
            let (about, staff) = (about.clone(), signature.staff.to_string());
            self.findings.add(Finding::SamePerson { about, staff });
        }
        signer
    }

    /// Replays the receipt.
    fn received(
        &mut self,
        history: &History,
        round: &Round,
        signed: &Signed<'_>,
        at: &At,
        event: &SlipEvent,
    ) -> Vec<Fact> {
        let SlipEvent::Received {
            outcome: digest,
            receipt,
            check_by,
            ..
        } = event
        else {
            return Vec::new();
        };
        let about = signed.id.to_string();
        let signer = self.receipt(history, signed, (digest, receipt), at.index);
        let outcome: Option<SlipOutcome> =
            self.signed_document(&outcome_path(signed.id), digest, signed.of_round);
        let (Some(manifest), Some(outcome), Some(signer)) = (&signed.manifest, outcome, signer)
        else {
            return Vec::new();
        };
        let Some(open) = signed.before(history, at) else {
            return Vec::new();
        };
        let due = due_after(history, at.index, |one| {
            one.slip.as_ref() == Some(signed.id)
        });
        let days = Days {
            clear_by: due,
            check_by: check_by.unwrap_or(due),
        };
        let now = at.entry.at;
        match custody::receive(&open, manifest, &outcome, receipt, &signer, days, now) {
            Ok(mut expected) => {
                if signed.of_round {
                    expected = self.on_round(history, round, at, |state| {
                        Ok(transfer::received(state, signed.id, expected))
                    });
                }
                self.expect(history, &expected, at.index, &about, signed.of_round);
                expected
            }
            Err(refusal) => {
                self.refused(&about, refusal, receipt.signature());
                Vec::new()
            }
        }
    }

    /// What is called off stays with its giver.
    fn called_off(
        &mut self,
        history: &History,
        round: &Round,
        signed: &Signed<'_>,
        at: &At,
        how: custody::CallOff,
    ) -> Vec<Fact> {
        let Some(manifest) = &signed.manifest else {
            return Vec::new();
        };
        let before = signed.before(history, at);
        if how == custody::CallOff::Cancelled
            && before.is_some_and(|slip| slip.standing == Standing::InTransit)
        {
            let (about, code) = (signed.id.to_string(), "in-transit".to_owned());
            self.findings.add(Finding::SlipRules { about, code });
        }
        let kept = manifest.lines.iter().map(|line| BundleEvent::Kept {
            slip: signed.id.clone(),
            papers: line.papers.iter().map(|paper| paper.no).collect(),
        });
        let cases = manifest
            .lines
            .iter()
            .map(|line| Subject::Bundle(line.case.clone()));
        let kept = cases
            .zip(kept)
            .map(|(subject, event)| Fact::new(subject, Event::Bundle { event }));
        let mut expected: Vec<Fact> = kept.collect();
        if signed.of_round {
            expected = self.on_round(history, round, at, |state| {
                Ok(transfer::ended(state, signed.id, how, expected))
            });
        }
        let about = signed.id.to_string();
        self.expect(history, &expected, at.index, &about, signed.of_round);
        expected
    }

    /// What a slip's fact means for the round, as the round stood then.
    fn on_round(
        &mut self,
        history: &History,
        round: &Round,
        at: &At,
        decide: impl FnOnce(&transfer::RoundState) -> Result<Vec<Fact>, transfer::TransferRefusal>,
    ) -> Vec<Fact> {
        let subject = Subject::Transfer(round.id.clone());
        let state = transfer::fold_round(history.before(&subject, at.index));
        let (about, fact) = (round.id.to_string(), at.index);
        let decided = match &state {
            Some(state) => decide(state).map_err(|refusal| refusal.code()),
            None => Err("round-not-opened"),
        };
        decided.unwrap_or_else(|code| {
            let code = code.to_owned();
            self.findings.add(Finding::RoundRules { about, fact, code });
            Vec::new()
        })
    }

    fn absent(&mut self, history: &History, manifest: &SlipManifest) {
        for line in &manifest.lines {
            if !history.has_bundle(&line.case) {
                let about = line.case.to_string();
                self.findings.add(Finding::CaseFactsMissing { about });
            }
        }
    }

    /// A document of a slip, if its bytes are those that were signed.
    pub(super) fn signed_document<T: serde::de::DeserializeOwned>(
        &mut self,
        path: &str,
        digest: &Digest,
        required: bool,
    ) -> Option<T> {
        let about = path.to_owned();
        if self.source.find(path).is_none() {
            if required {
                self.findings.add(Finding::SlipDocumentMissing { about });
            }
            return None;
        }
        let bytes = self.read(path)?;
        if Digest::of(&bytes) != *digest {
            self.findings.add(Finding::SlipDocument { about });
            return None;
        }
        match serde_json::from_slice(&bytes) {
            Ok(document) => Some(document),
            Err(error) => {
                let reason = error.to_string();
                self.findings.add(Finding::DocumentForm { about, reason });
                None
            }
        }
    }
}

/// The facts that put the lines of a slip on offer.
fn offered_lines(manifest: &SlipManifest) -> Vec<Fact> {
    let line = |line: &custody::SlipLine| {
        let event = BundleEvent::Offered {
            slip: manifest.slip.clone(),
            leg: manifest.leg,
            papers: line.papers.iter().map(|paper| paper.no).collect(),
        };
        Fact::new(Subject::Bundle(line.case.clone()), Event::Bundle { event })
    };
    manifest.lines.iter().map(line).collect()
}
