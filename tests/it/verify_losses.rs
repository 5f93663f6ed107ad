//! Losses in a package, judged offline: both approvals are signatures of two people of the two sides over the document that
//! is there, or it is found.

use std::path::Path;

use counterfoil::bag::Form;
use counterfoil::domain::access::Role;
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::{Person, case, department, site};
use crate::verify_hall::Hall;
use crate::verify_kit::{codes, judge, judged, trust, whole, write};
use crate::verify_month::{Twist, enrol, honest, month};

/// The month's missing paper, and who has to do with it.
struct Scene {
    hall: Hall,
    id: DiscrepancyId,
    clerk: Person,
    archivist: Person,
    supervisor: Person,
    chief: Person,
}

impl Scene {
    fn new() -> Self {
        let mut hall = month(&honest);
        let archivist = Person::new("a-1", Role::Archivist, site("CENTRE"));
        let supervisor = Person::new("s-1", Role::Supervisor, site("CENTRE"));
        let chief = Person::new("o-2", Role::ChiefRepresentative, department("market"));
        enrol(&mut hall, &archivist, Role::Archivist);
        enrol(&mut hall, &supervisor, Role::Supervisor);
        enrol(&mut hall, &chief, Role::ChiefRepresentative);
        let found = hall.log.discrepancies().into_iter();
        let mut missing = found.filter(|one| one.discrepancy.kind == DiscrepancyKind::Missing);
        Self {
            id: missing.next().unwrap().id,
            clerk: crate::verify_month::clerk(),
            hall,
            archivist,
            supervisor,
            chief,
        }
    }

    fn missing(&self) -> DiscrepancyState {
        let subject = Subject::Discrepancy(self.id.clone());
        fold_discrepancy(&self.hall.log.histories[&subject]).unwrap()
    }

    fn state(&self) -> LossState {
        fold_loss(&self.hall.log.histories[&Subject::Loss(self.id.clone())]).unwrap()
    }

    fn report(&mut self) {
        let (bundle, by) = (self.hall.log.bundle(&case(3)), &self.clerk);
        let reported = report_loss(
            None,
            &self.missing(),
            &bundle,
            (
                &SiteCode::new("CENTRE").unwrap(),
                vec![DepartmentCode::new("market").unwrap()],
            ),
            Commitment(Digest::of("reason")),
            (&by.id, &by.state),
        );
        self.hall.record(reported.unwrap());
        let record = Commitment(Digest::of("search"));
        let by = &self.archivist;
        let searched = search(&self.state(), record, &by.id, &by.state);
        self.hall.record(searched.unwrap());
    }

    fn approve(&mut self, step: &str, twist: Twist<'_>) {
        let (signer, side) = match step {
            "hall" => (&self.supervisor, site("CENTRE")),
            _ => (&self.chief, department("market")),
        };
        let bundle = self.hall.log.bundle(&case(3));
        let document = self.state().document(&bundle);
        let digest = document.digest();
        let signed = signer.sign(&digest);
        let (state, missing) = (self.state(), self.missing());
        let approved = approve(
            &state,
            &missing,
            &bundle,
            &side,
            &digest,
            &signed,
            &signer.state,
        );
        if step == "hall" {
            self.hall.documents.push(document.bytes());
        }
        self.hall.record(twist(step, approved.unwrap()));
    }

    fn find(&mut self, twist: Twist<'_>) {
        let (state, bundle) = (self.state(), self.hall.log.bundle(&case(3)));
        let to = self.clerk.holder();
        let document = state.found_paper(&bundle, &to);
        let digest = document.digest();
        let signed = self.archivist.sign(&digest);
        let last = &self.clerk.state;
        let found = report_found(
            &state,
            &bundle,
            &to,
            Some(last),
            &signed,
            &self.archivist.state,
        );
        self.hall.documents.push(document.bytes());
        self.hall.record(twist("found", found.unwrap()));
        let back = take_back(
            &self.state(),
            &digest,
            &self.clerk.sign(&digest),
            &self.clerk.state,
        );
        self.hall.record(twist("back", back.unwrap()));
    }

    fn judged(&self, folder: &Path, name: &str) -> Vec<&'static str> {
        judged(&self.hall, folder, name)
    }
}

/// The whole way, with a change in one step.
fn told(folder: &Path, name: &str, twist: Twist<'_>) -> Vec<&'static str> {
    let mut scene = Scene::new();
    scene.report();
    scene.approve("hall", twist);
    scene.approve("department", twist);
    scene.find(twist);
    scene.judged(folder, name)
}

fn only_bundles(facts: Vec<Fact>) -> Vec<Fact> {
    let about = |fact: &Fact| matches!(fact.subject, Subject::Bundle(_));
    facts.into_iter().filter(about).collect()
}

/// Changes the signature in the first fact.
fn resigned(mut facts: Vec<Fact>, by: &Person) -> Vec<Fact> {
    for fact in &mut facts {
        if let Event::Loss {
            event:
                LossEvent::Approved {
                    document, signed, ..
                }
                | LossEvent::TakenBack { document, signed }
                | LossEvent::Found {
                    document, signed, ..
                },
        } = &mut fact.event
        {
            signed.signature = by.sign(document).signature;
        }
    }
    facts
}

#[test]
fn an_honest_loss_holds_and_a_forged_one_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert_eq!(told(path, "honest", &honest), Vec::<&str>::new());
    let forger = crate::verify_month::clerk();
    for step in ["hall", "department", "found", "back"] {
        let forged = told(path, step, &|at, facts| match at == step {
            true => resigned(facts, &forger),
            false => facts,
        });
        // The clerk's own signature is the clerk's: taking back is what the clerk signs.
        let expected: &[&str] = match step {
            "back" => &[],
            _ => &["loss-rules"],
        };
        assert_eq!(forged.first(), expected.first(), "{step}: {forged:?}");
    }
}

#[test]
fn paper_that_is_lost_or_found_without_signatures_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // The bundle alone says so.
    let mut scene = Scene::new();
    let lost = BundleEvent::Lost {
        loss: scene.id.clone(),
        papers: vec![2],
        last: scene.clerk.holder(),
    };
    let subject = Subject::Bundle(case(3));
    let lost = Fact::new(subject, Event::Bundle { event: lost });
    scene.hall.record(vec![lost.clone()]);
    assert_eq!(scene.judged(path, "silent"), ["loss-unexplained"]);
    // One side approved, and the operator wrote the end.
    let mut scene = Scene::new();
    scene.report();
    scene.approve("hall", &honest);
    scene.hall.record(vec![lost]);
    assert_eq!(scene.judged(path, "one-side"), ["loss-unexplained"]);
    // The department's approval is left out, or the holder's.
    for step in ["department", "back"] {
        let mut scene = Scene::new();
        scene.report();
        scene.approve("hall", &honest);
        let twist: Twist<'_> = &|at, facts| match at == step {
            true => only_bundles(facts),
            false => facts,
        };
        scene.approve("department", twist);
        if step == "back" {
            scene.find(twist);
        }
        let found = scene.judged(path, step);
        assert!(found.contains(&"loss-unexplained"), "{step}: {found:?}");
    }
}

#[test]
fn whoever_gives_paper_up_for_the_department_is_on_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    scene.report();
    scene.approve("hall", &honest);
    scene.approve("department", &honest);
    let package = folder.path().join("package");
    write(&scene.hall, &package, Form::Folder, &whole(&scene.hall));
    let officer = crate::verify_month::officer();
    let line = |one: &Person| {
        let public = hex::encode(one.key.verifying_key().to_bytes());
        format!("{} {public}\n", one.id)
    };
    let with = |text: String| {
        let trust = trust(&scene.hall).with_signers(&text).unwrap();
        codes(&judge(&package, &trust))
    };
    let one = line(&officer);
    assert_eq!(with(one.clone()), ["signer-unlisted"]);
    assert_eq!(with(one + &line(&scene.chief)), Vec::<&str>::new());
}

#[test]
fn the_document_that_both_sides_signed_goes_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    scene.report();
    scene.approve("hall", &honest);
    scene.approve("department", &honest);
    scene.hall.documents.pop();
    let found = scene.judged(folder.path(), "without");
    assert_eq!(found, ["document-missing"]);
}
