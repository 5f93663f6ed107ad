//! Boxes that were received by seal, judged offline: what a later check found is what somebody signed, or it is found.

use std::path::Path;

use counterfoil::domain::access::Role;
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::{Person, at, case, manifest, outcome, site};
use crate::verify_hall::Hall;
use crate::verify_kit::judged;
use crate::verify_month::{clerk, enrol, honest, month};

const CHECK: &str = "S-box.check.json";

/// The fourth case's paper, which was put off, in a sealed box that an archivist took by its seal.
struct Scene {
    hall: Hall,
    manifest: SlipManifest,
    first: SlipOutcome,
    archivist: Person,
    colleague: Person,
}

impl Scene {
    fn new() -> Self {
        let mut hall = month(&honest);
        let archivist = Person::new("a-1", Role::Archivist, site("CENTRE"));
        let colleague = Person::new("a-2", Role::Archivist, site("CENTRE"));
        enrol(&mut hall, &archivist, Role::Archivist);
        enrol(&mut hall, &colleague, Role::Archivist);
        let giver = clerk();
        let lines = [(case(4), vec![1, 2])];
        let day = Date::new(2026, 3, 12).unwrap();
        let to = site("CENTRE");
        let leg = Leg::Internal;
        let mut manifest = manifest(&hall.log, "S-box", leg, &giver, &to, &lines, day);
        let (container, seal) = (
            ContainerId::new("B-1").unwrap(),
            SealNo::new("F-1").unwrap(),
        );
        pack(&mut hall, (&container, &seal), &giver, &archivist);
        let [(case, papers)] = lines;
        manifest.boxes = vec![SealedBox {
            container: container.clone(),
            seal: seal.clone(),
            lines: vec![BoxLine { case, papers }],
        }];
        let given = giver.sign(&manifest.digest());
        let now = at(hall.now);
        let bundles = hall.log.bundles();
        let offered = offer(None, &bundles, &manifest, &given, &giver.state, now);
        hall.record(offered.unwrap());
        let mut first = outcome(&manifest, archivist.holder(), |_, _| Found::Sealed);
        first.seals = vec![SealRead {
            container,
            seal,
            whole: true,
        }];
        let receipt = Receipt::Signed {
            by: archivist.sign(&first.digest()),
        };
        let slip = hall.log.slip(&manifest.slip).unwrap();
        let days = Days {
            clear_by: "2026-03-19".parse().unwrap(),
            check_by: "2026-03-19".parse().unwrap(),
        };
        let state = &archivist.state;
        let received = receive(&slip, &manifest, &first, &receipt, state, days, now);
        hall.record(received.unwrap());
        let slips = &mut hall.slips;
        slips.insert("S-box.manifest.json".to_owned(), manifest.bytes());
        slips.insert("S-box.outcome.json".to_owned(), first.bytes());
        Self {
            hall,
            manifest,
            first,
            archivist,
            colleague,
        }
    }

    fn found(&self, found: impl FnMut(&CaseNo, u16) -> Found) -> SlipOutcome {
        outcome(&self.manifest, self.archivist.holder(), found)
    }

    /// Records what the colleague found, and changes its facts.
    fn check(&mut self, found: &SlipOutcome, change: impl Fn(Vec<Fact>) -> Vec<Fact>) {
        let slip = self.hall.log.slip(&self.manifest.slip).unwrap();
        let receipt = Receipt::Signed {
            by: self.colleague.sign(&found.digest()),
        };
        let both = [&self.first, found];
        let due = "2026-03-26".parse().unwrap();
        let state = &self.colleague.state;
        let facts = check_lines(&slip, &self.manifest, both, &receipt, state, due);
        self.hall.record(change(facts.unwrap()));
        let slips = &mut self.hall.slips;
        slips.insert(CHECK.to_owned(), found.bytes());
    }

    fn judged(&self, folder: &Path, name: &str) -> Vec<&'static str> {
        judged(&self.hall, folder, name)
    }
}

/// The clerk puts both papers of the fourth case into a box, and the archivist seals it.
fn pack(
    hall: &mut Hall,
    (container, number): (&ContainerId, &SealNo),
    clerk: &Person,
    by: &Person,
) {
    let centre = SiteCode::new("CENTRE").unwrap();
    let keeper = (&clerk.id, &clerk.state);
    let made = make(None, container, ContainerKind::Box, &centre, keeper);
    hall.record(made.unwrap());
    let state = |hall: &Hall| hall.log.container(container).unwrap();
    let put = put(&state(hall), &hall.log.bundle(&case(4)), &[1, 2], keeper);
    hall.record(put.unwrap());
    let keeper = (&by.id, &by.state);
    let sealed = seal(&state(hall), &hall.log.bundles(), number, keeper);
    hall.record(sealed.unwrap());
}

fn one_missing(_: &CaseNo, no: u16) -> Found {
    match no {
        1 => Found::Present,
        _ => Found::Missing,
    }
}

#[test]
fn an_honest_check_of_a_sealed_box_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    assert_eq!(scene.judged(folder.path(), "unchecked"), Vec::<&str>::new());
    let found = scene.found(one_missing);
    scene.check(&found, |facts| facts);
    assert_eq!(scene.judged(folder.path(), "checked"), Vec::<&str>::new());
}

#[test]
fn a_forged_check_of_a_sealed_box_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Another document than was signed.
    let mut scene = Scene::new();
    let found = scene.found(one_missing);
    scene.check(&found, |facts| facts);
    let all = scene.found(|_, _| Found::Present);
    scene.hall.slips.insert(CHECK.to_owned(), all.bytes());
    let differs = Some(&"slip-document-differs");
    assert_eq!(scene.judged(path, "exchanged").first(), differs);
    // Not even JSON.
    scene.hall.slips.insert(CHECK.to_owned(), b"{".to_vec());
    assert_eq!(scene.judged(path, "cut").first(), differs);
    // Nothing at all.
    scene.hall.slips.remove(CHECK);
    let judged = scene.judged(path, "left-out");
    assert!(!judged.is_empty(), "a check without its document");
    // The operator wrote what it liked, and a signature of somebody else's document under it.
    let mut scene = Scene::new();
    let found = scene.found(one_missing);
    let elsewhere = scene.colleague.sign(&all.digest());
    scene.check(&found, |mut facts| {
        for fact in &mut facts {
            if let Event::Slip {
                event:
                    SlipEvent::LinesChecked {
                        receipt: Receipt::Signed { by },
                        ..
                    },
            } = &mut fact.event
            {
                by.signature = elsewhere.signature;
            }
        }
        facts
    });
    let judged = scene.judged(path, "signature");
    assert_eq!(judged.first(), Some(&"signature-wrong"), "{judged:?}");
    // What was missing is not told.
    let mut scene = Scene::new();
    let found = scene.found(one_missing);
    scene.check(&found, |facts| {
        let told = |fact: &Fact| matches!(fact.subject, Subject::Slip(_));
        facts.into_iter().filter(told).collect()
    });
    let judged = scene.judged(path, "silent");
    assert!(!judged.is_empty(), "{judged:?}");
}
