//! The articles about where paper physically is: kept in containers, and on its way. Art 12(3), 12(4).

use counterfoil::domain::case::{Recipient, WitnessedSignature};
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;

pub const CLERK: usize = 0;
const ARCHIVIST: usize = 2;
pub const VILLAGER: usize = 3;
pub const OFFICER: usize = 4;

/// A case's two papers at the first clerk, and containers at two sites.
pub struct Scene {
    pub people: Vec<Person>,
    pub log: Log,
}

pub fn id(label: &str) -> ContainerId {
    ContainerId::new(label).unwrap()
}

fn code(side: &Side) -> &SiteCode {
    match side {
        Side::Hall { site } => site,
        Side::Department { .. } => panic!("a department has no containers"),
    }
}

impl Scene {
    pub fn new() -> Self {
        let mut scene = Self {
            people: people(),
            log: Log::default(),
        };
        let clerk = &scene.people[CLERK];
        let bundle = scene.log.bundle(&case(1));
        let taken = take_in(&bundle, code(&clerk.side), &clerk.id, two_papers());
        scene.log.record(START, taken.unwrap());
        let containers = [
            ("R-1", ContainerKind::Room, CLERK),
            ("S-1", ContainerKind::Shelf, CLERK),
            ("B-1", ContainerKind::Box, CLERK),
            ("B-2", ContainerKind::Box, CLERK),
            ("S-9", ContainerKind::Shelf, VILLAGER),
        ];
        for (label, kind, who) in containers {
            let person = &scene.people[who];
            let keeper = (&person.id, &person.state);
            let made = make(None, &id(label), kind, code(&person.side), keeper);
            scene.log.record(START, made.unwrap());
        }
        scene
    }

    pub fn container(&self, label: &str) -> Container {
        self.log.container(&id(label)).unwrap()
    }

    pub fn keeper(&self, who: usize) -> Keeper<'_> {
        (&self.people[who].id, &self.people[who].state)
    }

    pub fn moved(&self, label: &str, into: &str, who: usize) -> Result<Vec<Fact>, CustodyRefusal> {
        let (one, larger) = (self.container(label), self.container(into));
        let Side::Hall { site } = &larger.side else {
            panic!("it is in the hall");
        };
        let bundles = self.log.bundles();
        move_to(&one, Some(&larger), site, &bundles, self.keeper(who))
    }

    pub fn put(
        &self,
        label: &str,
        papers: &[u16],
        who: usize,
    ) -> Result<Vec<Fact>, CustodyRefusal> {
        let (one, bundle) = (self.container(label), self.log.bundle(&case(1)));
        put(&one, &bundle, papers, self.keeper(who))
    }

    pub fn now(&mut self, facts: Result<Vec<Fact>, CustodyRefusal>) {
        self.log.record(START, facts.unwrap());
    }

    /// The box, filled with both papers and sealed.
    pub fn sealed() -> Self {
        let mut scene = Self::new();
        scene.now(scene.put("B-1", &[1, 2], CLERK));
        let (one, bundles) = (scene.container("B-1"), scene.log.bundles());
        let number = SealNo::new("F-1").unwrap();
        scene.now(seal(&one, &bundles, &number, scene.keeper(ARCHIVIST)));
        scene
    }

    /// A slip for both papers, signed by the clerk until the end of the next day.
    pub fn offered(&mut self, leg: Leg, to: &Side, boxes: Vec<SealedBox>) -> SlipManifest {
        let lines = [(case(1), vec![1, 2])];
        self.log.prepare(leg, &lines);
        let expires = Date::of(at(START + DAY));
        let giver = &self.people[CLERK];
        let mut manifest = manifest(&self.log, "S-1", leg, giver, to, &lines, expires);
        manifest.boxes = boxes;
        let facts = self.offer(&manifest).unwrap();
        self.log.record(START, facts);
        manifest
    }

    pub fn offer(&self, manifest: &SlipManifest) -> Result<Vec<Fact>, CustodyRefusal> {
        let (giver, bundles) = (&self.people[CLERK], self.log.bundles());
        let given = giver.sign(&manifest.digest());
        let known = self.log.slip(&manifest.slip);
        let now = at(START);
        offer(
            known.as_ref(),
            &bundles,
            manifest,
            &given,
            &giver.state,
            now,
        )
    }

    pub fn receive(
        &self,
        manifest: &SlipManifest,
        who: usize,
        found: &SlipOutcome,
    ) -> Result<Vec<Fact>, CustodyRefusal> {
        let person = &self.people[who];
        let by = person.sign(&found.digest());
        let slip = self.log.slip(&manifest.slip).unwrap();
        let days = Days {
            clear_by: "2026-03-09".parse().unwrap(),
            check_by: "2026-03-10".parse().unwrap(),
        };
        let receipt = Receipt::Signed { by };
        receive(
            &slip,
            manifest,
            found,
            &receipt,
            &person.state,
            days,
            at(START),
        )
    }

    pub fn carriage(&self, who: usize) -> Carriage {
        Carriage {
            carrier: CarrierKind::Messenger,
            name: Commitment(Digest::of("name")),
            proof: IdentityProof::WorkCard,
            signature: self.pad(who),
        }
    }

    pub fn pad(&self, who: usize) -> WitnessedSignature {
        WitnessedSignature {
            digest: Digest::of("pad"),
            witness: self.people[who].id.clone(),
        }
    }

    pub fn lies(&self, no: u16) -> Option<String> {
        let bundle = self.log.bundle(&case(1));
        let shelf = bundle.papers[&no].shelf.clone();
        shelf.map(|shelf| shelf.container.to_string())
    }
}

#[test]
fn a_container_goes_into_a_larger_one_of_its_site() {
    let mut scene = Scene::new();
    scene.now(scene.moved("S-1", "R-1", CLERK));
    scene.now(scene.moved("B-1", "S-1", CLERK));
    assert_eq!(scene.container("B-1").into, Some(id("S-1")));
    assert_eq!(scene.moved("B-1", "S-1", CLERK).unwrap(), [], "it is there");
    let code = |moved: Result<Vec<Fact>, CustodyRefusal>| moved.unwrap_err().code();
    assert_eq!(
        code(scene.moved("R-1", "S-1", CLERK)),
        "container-too-small"
    );
    assert_eq!(
        code(scene.moved("B-1", "B-2", CLERK)),
        "container-too-small"
    );
    assert_eq!(code(scene.moved("B-1", "S-1", VILLAGER)), "not-their-side");
    assert_eq!(code(scene.moved("S-1", "S-9", CLERK)), "only-boxes");
    // An empty box goes to another site, and a filled one does not.
    scene.now(scene.put("B-2", &[2], CLERK));
    assert_eq!(code(scene.moved("B-2", "S-9", CLERK)), "box-not-empty");
    scene.now(scene.moved("B-1", "S-9", CLERK));
    assert_eq!(scene.container("B-1").side, site("VILLAGE"));
    assert_eq!(
        code(scene.put("B-1", &[1], VILLAGER).map(|_| vec![])),
        "not-holder"
    );
}

#[test]
fn art_12_4_paper_leaves_its_container_when_it_changes_sides() {
    let mut scene = Scene::new();
    let refused = scene.put("B-1", &[1], OFFICER).unwrap_err();
    assert_eq!(refused.code(), "not-their-side");
    scene.now(scene.put("B-1", &[1, 2], ARCHIVIST));
    // From clerk to archivist it stays where it is.
    let to = site("CENTRE");
    let manifest = scene.offered(Leg::Internal, &to, Vec::new());
    let holder = scene.people[ARCHIVIST].holder();
    let found = outcome(&manifest, holder, |_, _| Found::Present);
    scene.now(scene.receive(&manifest, ARCHIVIST, &found));
    assert_eq!(scene.lies(1).as_deref(), Some("B-1"));
    // Back to the applicant it is in no box of ours.
    let bundle = scene.log.bundle(&case(1));
    let signature = scene.pad(ARCHIVIST);
    scene.now(give_back(&bundle, &[1], Recipient::Applicant, &signature));
    assert_eq!(
        (scene.lies(1), scene.lies(2)),
        (None, Some("B-1".to_owned()))
    );

    let mut scene = Scene::new();
    scene.now(scene.put("S-1", &[1, 2], CLERK));
    let manifest = scene.offered(Leg::Transfer, &department("market"), Vec::new());
    let holder = scene.people[OFFICER].holder();
    let found = outcome(&manifest, holder, |_, no| match no {
        1 => Found::Present,
        _ => Found::Disputed,
    });
    scene.now(scene.receive(&manifest, OFFICER, &found));
    assert_eq!(
        (scene.lies(1), scene.lies(2)),
        (None, Some("S-1".to_owned()))
    );
}

#[test]
fn art_12_3_what_a_carrier_has_stays_with_its_giver_until_it_is_signed_for() {
    let mut scene = Scene::new();
    let manifest = scene.offered(Leg::Transfer, &department("market"), Vec::new());
    let slip = |scene: &Scene| scene.log.slip(&manifest.slip).unwrap();
    let other = dispatch(&slip(&scene), &manifest, scene.carriage(1), at(START));
    assert_eq!(other.unwrap_err().code(), "not-sender");
    let late = at(START + 2 * DAY);
    let expired = dispatch(&slip(&scene), &manifest, scene.carriage(CLERK), late);
    assert_eq!(expired.unwrap_err().code(), "slip-expired");
    scene.now(dispatch(
        &slip(&scene),
        &manifest,
        scene.carriage(CLERK),
        at(START),
    ));
    assert_eq!(slip(&scene).standing, Standing::InTransit);
    let (clerk, reason) = (&scene.people[CLERK].id, Commitment(Digest::of("reason")));
    let cancelled = cancel(&slip(&scene), &manifest, clerk, reason);
    assert_eq!(cancelled.unwrap_err().code(), "in-transit");
    // Its time runs out on the way: the giver holds it, and it still has to come back.
    scene.now(lapse(&slip(&scene), &manifest, late));
    let held = &scene.log.bundle(&case(1)).papers[&1];
    assert_eq!(held.holder(), Some(&scene.people[CLERK].holder()));
    assert!(held.away.is_some() && held.offered.is_none());
    assert!(slip(&scene).on_the_way().is_some());
    let mut next = manifest.clone();
    next.slip = SlipId::new("S-2").unwrap();
    assert_eq!(scene.offer(&next).unwrap_err().code(), "away");
    assert_eq!(scene.put("B-1", &[1], CLERK).unwrap_err().code(), "away");
    let back = |who: usize| {
        let witness = &scene.people[who].state;
        bring_back(&slip(&scene), &manifest, scene.pad(who), witness)
    };
    assert_eq!(back(OFFICER).unwrap_err().code(), "not-their-side");
    let facts = back(1);
    scene.now(facts);
    let again = bring_back(
        &slip(&scene),
        &manifest,
        scene.pad(1),
        &scene.people[1].state,
    );
    assert_eq!(again.unwrap_err().code(), "not-in-transit");
    scene.offer(&next).unwrap();
}
