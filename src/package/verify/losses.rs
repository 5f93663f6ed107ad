//! Lost paper: every approval is signed by somebody who decides for that side, over the document that is here, and different
//! people signed; what bundles say of a loss, or of its end, follows from that and from nothing else.

use std::collections::BTreeSet;

use super::facts::{At, History};
use super::finding::fact;
use super::round::{Documents, Round};
use super::{Finding, Work};
use crate::domain::custody::{
    self, Bundle, BundleEvent, LossEvent, LossRefusal, LossState, Side, acts_for, fold_bundle,
    fold_discrepancy, fold_loss,
};
use crate::domain::transfer::fold_round;
use crate::domain::{DepartmentCode, Digest, DiscrepancyId, Event, Fact, Subject};
use crate::package::evidence::{document_path, loss_document};

/// The documents that losses name.
pub(super) fn documents(history: &History) -> BTreeSet<Digest> {
    let facts = history.kept.values().flatten();
    let named = facts.filter_map(|at| match &at.entry.event {
        Event::Loss { event } => loss_document(event),
        _ => None,
    });
    named.collect()
}

impl Work<'_> {
    /// Judges every loss.
    pub(super) fn losses(&mut self, history: &History, round: &Round, documents: &Documents) {
        let department = department(history, round);
        let mut expected = Vec::new();
        let mut absent = BTreeSet::new();
        for (subject, facts) in &history.kept {
            let Subject::Loss(id) = subject else { continue };
            if (self.stop)() {
                return;
            }
            for at in facts {
                self.loss_document(documents, at, &mut absent);
                self.known_signer(history, department.as_ref(), id, at);
                expected.extend(self.loss_step(history, id, at));
            }
        }
        self.silent_losses(history, &expected);
    }

    /// The document that a fact of a loss names is here; one that is not is named once.
    fn loss_document(&mut self, documents: &Documents, at: &At, absent: &mut BTreeSet<Digest>) {
        let Event::Loss { event } = &at.entry.event else {
            return;
        };
        let named = loss_document(event).filter(|one| !documents.0.contains(one));
        if let Some(digest) = named.filter(|one| absent.insert(*one)) {
            let (about, fact) = (document_path(&digest), at.index);
            // One that is there with other content was named already.
            if self.source.find(&about).is_none() {
                self.findings.add(Finding::DocumentMissing { about, fact });
            }
        }
    }

    /// Replays one fact of a loss.
    fn loss_step(&mut self, history: &History, id: &DiscrepancyId, at: &At) -> Vec<Fact> {
        let Event::Loss { event } = &at.entry.event else {
            return Vec::new();
        };
        let (about, fact) = (id.to_string(), at.index);
        match replayed(history, id, at, event) {
            None => Vec::new(),
            Some(Ok(expected)) => {
                self.expect(history, &expected, at.index, &about, false);
                expected
            }
            Some(Err(code)) => {
                let code = code.to_owned();
                self.findings.add(Finding::LossRules { about, fact, code });
                Vec::new()
            }
        }
    }

    /// A key of a person whose keys the department keeps is one of these, and whoever signs for the department is among its
    /// people.
    fn known_signer(
        &mut self,
        history: &History,
        department: Option<&DepartmentCode>,
        id: &DiscrepancyId,
        at: &At,
    ) {
        let Event::Loss {
            event:
                LossEvent::Approved { signed, .. }
                | LossEvent::Found { signed, .. }
                | LossEvent::TakenBack { signed, .. },
        } = &at.entry.event
        else {
            return;
        };
        let person = history.person(&signed.staff, at.index);
        let ours = person
            .as_ref()
            .zip(department)
            .is_some_and(|(person, ours)| {
                let department = ours.clone();
                acts_for(&signed.staff, person, &Side::Department { department }).is_ok()
            });
        let key = person.as_ref().and_then(|person| person.signing_key());
        let (about, staff) = (format!("loss/{id}"), signed.staff.to_string());
        match (self.trust.signers.get(&signed.staff), key) {
            (Some(known), Some(key)) if !known.contains(&key.public) => {
                self.findings.add(Finding::SignerDiffers { about, staff });
            }
            (None, _) if ours && !self.trust.signers.is_empty() => {
                self.findings.add(Finding::SignerUnlisted { about, staff });
            }
            _ => {}
        }
    }

    /// What bundles say is lost or found again, and no report led to.
    fn silent_losses(&mut self, history: &History, expected: &[Fact]) {
        for (subject, facts) in &history.kept {
            let Subject::Bundle(case) = subject else {
                continue;
            };
            for at in facts {
                let ours = matches!(
                    &at.entry.event,
                    Event::Bundle {
                        event: BundleEvent::Lost { .. } | BundleEvent::FoundAgain { .. }
                    }
                );
                let same = |one: &Fact| one.subject == *subject && one.event == at.entry.event;
                if ours && !expected.iter().any(same) {
                    let about = fact(at.index, Some(subject));
                    let case = case.to_string();
                    self.findings.add(Finding::LossUnexplained { about, case });
                }
            }
        }
    }
}

/// What the decision behind a fact led to, as the log stood then; none where nothing is signed with it.
fn replayed(
    history: &History,
    id: &DiscrepancyId,
    at: &At,
    event: &LossEvent,
) -> Option<Result<Vec<Fact>, &'static str>> {
    let subject = Subject::Loss(id.clone());
    let state = fold_loss(history.before(&subject, at.index));
    let person = |staff| history.person(staff, at.index);
    let bundle = |state: &LossState| {
        let subject = Subject::Bundle(state.reported.case.clone());
        fold_bundle(history.before(&subject, at.index))
    };
    let unknown = "signer-unknown";
    let decided = match event {
        LossEvent::Reported(_) | LossEvent::Searched { .. } | LossEvent::Declined { .. } => {
            return None;
        }
        LossEvent::Approved {
            side,
            document,
            signed,
        } => {
            let missing = Subject::Discrepancy(id.clone());
            let missing = fold_discrepancy(history.before(&missing, at.index));
            let parts = state.and_then(|state| Some((bundle(&state)?, state, missing?)));
            let Some((bundle, state, missing)) = parts else {
                return Some(Err("loss-not-open"));
            };
            if !concerns(history, &state, &bundle) {
                return Some(Err("no-department"));
            }
            let Some(signer) = person(&signed.staff) else {
                return Some(Err(unknown));
            };
            custody::approve(&state, &missing, &bundle, side, document, signed, &signer)
        }
        LossEvent::Found { to, signed, .. } => {
            let Some((bundle, state)) = state.and_then(|state| Some((bundle(&state)?, state)))
            else {
                return Some(Err("not-lost"));
            };
            let Some(finder) = person(&signed.staff) else {
                return Some(Err(unknown));
            };
            let last = state.reported.last.staff.as_ref().and_then(person);
            custody::report_found(&state, &bundle, to, last.as_ref(), signed, &finder)
        }
        LossEvent::TakenBack { document, signed } => {
            let Some(state) = state else {
                return Some(Err("not-found-yet"));
            };
            let Some(taker) = person(&signed.staff) else {
                return Some(Err(unknown));
            };
            custody::take_back(&state, document, signed, &taker)
        }
    };
    Some(decided.map_err(|refusal: LossRefusal| refusal.code()))
}

/// The department that the package is for.
fn department(history: &History, round: &Round) -> Option<DepartmentCode> {
    let facts = history.of(&Subject::Transfer(round.id.clone()));
    let round = fold_round(facts.iter().map(|at| &at.entry))?;
    Some(round.of.department)
}

/// Whether the department that the papers go to is among those that decide: somebody of a department does, and that of the
/// round on which they are.
fn concerns(history: &History, state: &LossState, bundle: &Bundle) -> bool {
    let told = &state.reported;
    let listed = told.papers.iter().filter_map(|no| bundle.papers.get(no));
    let mut listed = listed.filter_map(|held| held.listed.clone());
    let theirs = |id| {
        let subject = Subject::Transfer(id);
        let facts = history.of(&subject);
        let round = fold_round(facts.iter().map(|at| &at.entry));
        round.is_none_or(|round| told.departments.contains(&round.of.department))
    };
    !told.departments.is_empty() && listed.all(theirs)
}
