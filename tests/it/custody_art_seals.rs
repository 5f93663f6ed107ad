//! The articles about sealed boxes: received by seal, checked within days. Art 12(3), 12(4).

use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_art_places::{CLERK, OFFICER, Scene, VILLAGER, id};
use crate::custody_kit::*;

fn box_1() -> Vec<SealedBox> {
    vec![SealedBox {
        container: id("B-1"),
        seal: SealNo::new("F-1").unwrap(),
        lines: vec![BoxLine {
            case: case(1),
            papers: vec![1, 2],
        }],
    }]
}

fn read(seal: &str, whole: bool) -> Vec<SealRead> {
    vec![SealRead {
        container: id("B-1"),
        seal: SealNo::new(seal).unwrap(),
        whole,
    }]
}

#[test]
fn art_12_4_a_broken_seal_means_line_by_line() {
    let mut scene = Scene::sealed();
    let loose = {
        let mut other = Scene::sealed();
        let lines = [(case(1), vec![1])];
        other.log.prepare(Leg::Transfer, &lines);
        let (giver, expires) = (&other.people[CLERK], Date::of(at(START)));
        let to = department("market");
        let some = manifest(
            &other.log,
            "S-1",
            Leg::Transfer,
            giver,
            &to,
            &lines,
            expires,
        );
        other.offer(&some).unwrap_err()
    };
    assert_eq!(loose.code(), "in-sealed-box");
    let manifest = scene.offered(Leg::Transfer, &department("market"), box_1());
    let holder = scene.people[OFFICER].holder();
    let by_seal = outcome(&manifest, holder.clone(), |_, _| Found::Sealed);
    let with = |seals| SlipOutcome {
        seals,
        ..by_seal.clone()
    };
    let refused = |found: &SlipOutcome| {
        let received = scene.receive(&manifest, OFFICER, found);
        received.unwrap_err().code()
    };
    assert_eq!(refused(&by_seal), "seal-not-whole", "nobody read it");
    assert_eq!(refused(&with(read("F-1", false))), "seal-not-whole");
    assert_eq!(refused(&with(read("F-2", true))), "seal-not-whole");
    let mut partly = with(read("F-1", true));
    partly.lines[0].papers[0].found = Found::Present;
    assert_eq!(refused(&partly), "box-partly");
    // Line by line it is received; the box is open from then on.
    let mut found = outcome(&manifest, holder, |_, _| Found::Present);
    found.seals = read("F-1", false);
    scene.now(scene.receive(&manifest, OFFICER, &found));
    assert_eq!(scene.container("B-1").seal, None);
    let received = scene.log.slip(&manifest.slip).unwrap();
    assert_eq!(received.received().unwrap().check_by, None);
}

#[test]
fn art_12_4_what_a_later_check_finds_is_for_whoever_sealed_the_box() {
    let mut scene = Scene::sealed();
    let manifest = scene.offered(Leg::Transfer, &department("market"), box_1());
    let holder = scene.people[OFFICER].holder();
    let mut first = outcome(&manifest, holder.clone(), |_, _| Found::Sealed);
    first.seals = read("F-1", true);
    first.extras = vec![Extra {
        case: case(9),
        count: 1,
    }];
    scene.now(scene.receive(&manifest, OFFICER, &first));
    let slip = |scene: &Scene| scene.log.slip(&manifest.slip).unwrap();
    let day = |text: &str| text.parse::<Date>().unwrap();
    assert_eq!(check_overdue(&slip(&scene), day("2026-03-10")), []);
    let told = check_overdue(&slip(&scene), day("2026-03-11"));
    assert_eq!(told.len(), 1);
    scene.log.record(START, told);
    assert_eq!(check_overdue(&slip(&scene), day("2026-03-12")), [], "once");

    let found = outcome(&manifest, holder.clone(), |_, no| match no {
        1 => Found::Present,
        _ => Found::Missing,
    });
    let check = |scene: &Scene, who: usize| {
        let person = &scene.people[who];
        let by = person.sign(&found.digest());
        let receipt = Receipt::Signed { by };
        let due = day("2026-03-20");
        let both = [&first, &found];
        check_lines(&slip(scene), &manifest, both, &receipt, &person.state, due)
    };
    assert_eq!(check(&scene, CLERK).unwrap_err().code(), "same-person");
    assert_eq!(
        check(&scene, OFFICER + 2).unwrap_err().code(),
        "not-their-side"
    );
    // A colleague of the receiver may check; the paper stays with the receiver.
    let facts = check(&scene, OFFICER + 1);
    scene.now(facts);
    let again = check(&scene, OFFICER + 1);
    assert_eq!(again.unwrap_err().code(), "nothing-to-check");
    assert_eq!(
        scene.log.bundle(&case(1)).papers[&2].holder(),
        Some(&holder)
    );
    let told = scene.log.discrepancies();
    let told: Vec<String> = told
        .iter()
        .map(|one| {
            let what = &one.discrepancy;
            assert_eq!(what.owner, scene.people[CLERK].holder());
            format!("{} {:#} {:?} {}", one.id, what.kind, what.papers, what.due)
        })
        .collect();
    assert_eq!(
        told,
        ["S-1-1 extra [] 2026-03-09", "S-1-2 missing [2] 2026-03-20"]
    );
}

#[test]
fn a_sealed_box_goes_along_within_the_hall() {
    let mut scene = Scene::sealed();
    let to = site("VILLAGE");
    let manifest = scene.offered(Leg::Internal, &to, box_1());
    let holder = scene.people[VILLAGER].holder();
    let mut found = outcome(&manifest, holder, |_, _| Found::Sealed);
    found.seals = read("F-1", true);
    let bundles = scene.log.bundles();
    let opened = open_box(&scene.container("B-1"), &bundles, true, scene.keeper(CLERK));
    assert_eq!(
        opened.unwrap_err().code(),
        "on-slip",
        "the receiver relies on the seal"
    );
    scene.now(scene.receive(&manifest, VILLAGER, &found));
    assert_eq!(scene.container("B-1").side, to);
    assert_eq!(scene.lies(1).as_deref(), Some("B-1"));
    let (one, bundles) = (scene.container("B-1"), scene.log.bundles());
    scene.now(open_box(&one, &bundles, true, scene.keeper(VILLAGER)));
    let (one, bundles) = (scene.container("B-1"), scene.log.bundles());
    let used = seal(
        &one,
        &bundles,
        &SealNo::new("F-1").unwrap(),
        scene.keeper(VILLAGER),
    );
    assert_eq!(used.unwrap_err().code(), "seal-used");
}
