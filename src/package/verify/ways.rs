//! What happens to a slip besides its two signatures: its ways with carriers, and the later check of what was taken by
//! seal. Each is decided again, as the log stood then.

use super::facts::{At, History};
use super::replay::due_after;
use super::slips::Signed;
use super::{Finding, Work};
use crate::domain::custody::{self, Carriage, CustodyRefusal, Slip, SlipEvent, SlipOutcome};
use crate::domain::{Date, Fact};
use crate::package::evidence::{check_path, outcome_path};

impl Work<'_> {
    /// Replays such a fact. Gives what follows from it.
    pub(super) fn on_its_way(
        &mut self,
        history: &History,
        signed: &Signed<'_>,
        at: &At,
        event: &SlipEvent,
    ) -> Vec<Fact> {
        let Some(before) = signed.before(history, at) else {
            return Vec::new();
        };
        let about = signed.id.to_string();
        let decided = match event {
            SlipEvent::CheckOverdue { .. } => {
                let told = custody::check_overdue(&before, Date::of(at.entry.at));
                Some(Ok(told))
            }
            SlipEvent::LinesChecked { .. } => self.checked(history, signed, at, (&before, event)),
            _ => self.carried(history, signed, at, (&before, event)),
        };
        match decided {
            Some(Ok(expected)) => {
                // What is recorded is what was decided, word for word.
                let same = expected.iter().any(|one| one.event == at.entry.event);
                if !same {
                    let (about, code) = (about.clone(), "fact-differs".to_owned());
                    self.findings.add(Finding::SlipRules { about, code });
                }
                self.expect(history, &expected, at.index, &about, signed.of_round);
                expected
            }
            Some(Err(refusal)) => {
                let code = refusal.code().to_owned();
                self.findings.add(Finding::SlipRules { about, code });
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn carried(
        &mut self,
        history: &History,
        signed: &Signed<'_>,
        at: &At,
        (before, event): (&Slip, &SlipEvent),
    ) -> Option<Result<Vec<Fact>, CustodyRefusal>> {
        let manifest = signed.manifest.as_ref()?;
        match event {
            SlipEvent::Dispatched {
                carrier,
                name,
                proof,
                signature,
            } => {
                let carriage = Carriage {
                    carrier: *carrier,
                    name: *name,
                    proof: *proof,
                    signature: signature.clone(),
                };
                let now = at.entry.at;
                Some(custody::dispatch(before, manifest, carriage, now))
            }
            SlipEvent::BroughtBack { signature } => {
                let staff = &signature.witness;
                let Some(witness) = history.person(staff, at.index) else {
                    let (about, staff) = (signed.id.to_string(), staff.to_string());
                    self.findings.add(Finding::SignerUnknown { about, staff });
                    return None;
                };
                let signature = signature.clone();
                Some(custody::bring_back(before, manifest, signature, &witness))
            }
            _ => None,
        }
    }

    /// Replays the check of lines that were taken by seal.
    fn checked(
        &mut self,
        history: &History,
        signed: &Signed<'_>,
        at: &At,
        (before, event): (&Slip, &SlipEvent),
    ) -> Option<Result<Vec<Fact>, CustodyRefusal>> {
        let SlipEvent::LinesChecked {
            outcome, receipt, ..
        } = event
        else {
            return None;
        };
        let signer = self.receipt(history, signed, (outcome, receipt), at.index);
        let path = check_path(signed.id);
        let found: Option<SlipOutcome> = self.signed_document(&path, outcome, signed.of_round);
        let (manifest, found, signer) = (signed.manifest.as_ref()?, found?, signer?);
        let Some(received) = before.received() else {
            let slip = signed.id.clone();
            return Some(Err(CustodyRefusal::NothingToCheck { slip }));
        };
        let path = outcome_path(signed.id);
        let first: SlipOutcome = self.signed_document(&path, &received.outcome, signed.of_round)?;
        let due = due_after(history, at.index, |one| {
            one.slip.as_ref() == Some(signed.id)
        });
        let both = [&first, &found];
        Some(custody::check_lines(
            before, manifest, both, receipt, &signer, due,
        ))
    }
}
