//! Art 12(4): paper that is lost is never lost silently. The rules over the domain, refusal by refusal.

use counterfoil::domain::access::Role;
use counterfoil::domain::custody::*;
use counterfoil::domain::transfer::{Fate, fate};
use counterfoil::domain::*;

use crate::custody_kit::*;

/// A paper of a case that the first clerk holds and that was not found.
pub struct Scene {
    pub people: Vec<Person>,
    pub log: Log,
    pub id: DiscrepancyId,
}

pub const CLERK: usize = 0;
pub const OTHER: usize = 1;
pub const ARCHIVIST: usize = 2;
pub const VILLAGE: usize = 3;
pub const OFFICER: usize = 4;
pub const CHIEF: usize = 5;
pub const HOUSING: usize = 6;
pub const SUPERVISOR: usize = 7;
pub const ELSEWHERE: usize = 8;

pub type Decided = Result<Vec<Fact>, LossRefusal>;

fn said(decided: &Decided) -> &'static str {
    decided.as_ref().map_or_else(LossRefusal::code, |_| "done")
}

/// The people of the kit, and a supervisor of the centre and one of the village.
pub fn deciders() -> Vec<Person> {
    let mut people = people();
    people.push(Person::new("s-1", Role::Supervisor, site("CENTRE")));
    people.push(Person::new("s-2", Role::Supervisor, site("VILLAGE")));
    people
}

impl Scene {
    pub fn new() -> Self {
        let people = deciders();
        let mut log = Log::default();
        let centre = SiteCode::new("CENTRE").unwrap();
        let taken = take_in(
            &log.bundle(&case(1)),
            &centre,
            &people[CLERK].id,
            two_papers(),
        );
        log.record(START, taken.unwrap());
        let id = DiscrepancyId::of("S-9", 1);
        let mut scene = Self { people, log, id };
        scene.miss(DiscrepancyKind::Missing);
        scene
    }

    /// Opens the discrepancy: paper 2 is not there.
    pub fn miss(&mut self, kind: DiscrepancyKind) {
        let discrepancy = Discrepancy {
            slip: None,
            transfer: None,
            inventory: None,
            case: case(1),
            papers: vec![2],
            kind,
            owner: self.people[CLERK].holder(),
            due: "2026-03-09".parse().unwrap(),
        };
        let doubted = BundleEvent::Doubted {
            discrepancy: self.id.clone(),
            papers: vec![2],
        };
        let event = DiscrepancyEvent::Opened { discrepancy };
        let facts = vec![
            Fact::new(Subject::Bundle(case(1)), Event::Bundle { event: doubted }),
            Fact::new(
                Subject::Discrepancy(self.id.clone()),
                Event::Discrepancy { event },
            ),
        ];
        self.log.record(START, facts);
    }

    pub fn missing(&self) -> DiscrepancyState {
        let subject = Subject::Discrepancy(self.id.clone());
        fold_discrepancy(&self.log.histories[&subject]).unwrap()
    }

    pub fn state(&self) -> Option<LossState> {
        let history = self.log.histories.get(&Subject::Loss(self.id.clone()));
        history.and_then(fold_loss)
    }

    pub fn report(&self, who: usize) -> Decided {
        let by = &self.people[who];
        let centre = SiteCode::new("CENTRE").unwrap();
        report_loss(
            self.state().as_ref(),
            &self.missing(),
            &self.log.bundle(&case(1)),
            (&centre, vec![DepartmentCode::new("market").unwrap()]),
            Commitment(Digest::of("reason")),
            (&by.id, &by.state),
        )
    }

    pub fn search(&self, who: usize) -> Decided {
        let by = &self.people[who];
        let record = Commitment(Digest::of("search"));
        search(&self.state().unwrap(), record, &by.id, &by.state)
    }

    pub fn document(&self) -> Digest {
        let bundle = self.log.bundle(&case(1));
        self.state().unwrap().document(&bundle).digest()
    }

    pub fn approve_with(&self, side: &Side, document: &Digest, signed: &KeySignature) -> Decided {
        let signer = self.people.iter().find(|one| one.id == signed.staff);
        approve(
            &self.state().unwrap(),
            &self.missing(),
            &self.log.bundle(&case(1)),
            side,
            document,
            signed,
            &signer.unwrap().state,
        )
    }

    pub fn approve(&self, who: usize, side: &Side) -> Decided {
        let document = self.document();
        let signed = self.people[who].sign(&document);
        self.approve_with(side, &document, &signed)
    }

    pub fn found(&self, who: usize, to: &Holder) -> Decided {
        let (state, bundle) = (self.state().unwrap(), self.log.bundle(&case(1)));
        let document = state.found_paper(&bundle, to).digest();
        let finder = &self.people[who];
        let last = &self.people[CLERK].state;
        let signed = finder.sign(&document);
        report_found(&state, &bundle, to, Some(last), &signed, &finder.state)
    }

    pub fn take_back(&self, who: usize) -> Decided {
        let state = self.state().unwrap();
        let document = state
            .found
            .as_ref()
            .map_or(Digest::of("none"), |found| found.1);
        let taker = &self.people[who];
        take_back(&state, &document, &taker.sign(&document), &taker.state)
    }

    pub fn record(&mut self, decided: Decided) {
        self.log.record(START + HOUR, decided.unwrap());
    }

    fn paper(&self, no: u16) -> HeldPaper {
        self.log.bundle(&case(1)).papers[&no].clone()
    }
}

fn hall() -> Side {
    site("CENTRE")
}

fn market() -> Side {
    department("market")
}

#[test]
fn art_12_4_a_loss_is_reported_searched_for_and_approved_by_two_sides() {
    let mut scene = Scene::new();
    assert_eq!(said(&scene.report(HOUSING)), "not-their-side");
    let reported = scene.report(CLERK);
    scene.record(reported);
    assert_eq!(said(&scene.report(OTHER)), "loss-reported");
    assert_eq!(said(&scene.approve(SUPERVISOR, &hall())), "not-searched");
    // The reporter's own search is not enough.
    let own = scene.search(CLERK);
    scene.record(own);
    assert_eq!(said(&scene.approve(SUPERVISOR, &hall())), "not-searched");
    assert_eq!(said(&scene.search(HOUSING)), "not-their-side");
    let searched = scene.search(ARCHIVIST);
    scene.record(searched);
    // Of the hall only its supervisor decides, of the department its people, each for its own side.
    for (who, side) in [
        (OTHER, hall()),
        (ARCHIVIST, hall()),
        (ELSEWHERE, hall()),
        (OFFICER, hall()),
        (SUPERVISOR, market()),
        (HOUSING, market()),
    ] {
        assert_eq!(said(&scene.approve(who, &side)), "not-their-side", "{who}");
    }
    let housing = department("housing");
    assert_eq!(said(&scene.approve(HOUSING, &housing)), "wrong-side");
    let first = scene.approve(SUPERVISOR, &hall());
    scene.record(first);
    assert!(scene.paper(2).in_hall(), "one side is not enough");
    assert_eq!(
        said(&scene.approve(SUPERVISOR, &hall())),
        "already-approved"
    );
    let second = scene.approve(OFFICER, &market());
    scene.record(second);
    let last = scene.people[CLERK].holder();
    assert_eq!(scene.paper(2).place, Place::Lost { last });
    assert_eq!(fate(&scene.paper(2)), Fate::Settled);
    assert!(scene.paper(1).in_hall(), "the other paper stays");
    assert!(scene.missing().cleared.is_some(), "and nothing is missing");
    assert_eq!(said(&scene.approve(CHIEF, &market())), "loss-not-open");
    assert_eq!(said(&scene.report(CLERK)), "loss-reported");
}

#[test]
fn art_12_4_what_is_signed_is_the_report_as_it_is_now() {
    let mut scene = Scene::new();
    for step in [Scene::report as fn(&Scene, usize) -> Decided, Scene::search] {
        let who = if scene.state().is_none() {
            CLERK
        } else {
            ARCHIVIST
        };
        let decided = step(&scene, who);
        scene.record(decided);
    }
    let old = scene.document();
    let first = scene.approve(SUPERVISOR, &hall());
    scene.record(first);
    // Somebody searches once more: what was approved is not what is known now.
    let again = scene.search(OTHER);
    scene.record(again);
    assert!(scene.state().unwrap().approvals.is_empty());
    let signed = scene.people[OFFICER].sign(&old);
    let stale = scene.approve_with(&market(), &old, &signed);
    assert_eq!(said(&stale), "other-document");
    let now = scene.document();
    let forged = scene.people[OFFICER].sign(&Digest::of("another document"));
    let forged = scene.approve_with(&market(), &now, &forged);
    assert_eq!(said(&forged), "bad-signature");
    let second = scene.approve(CHIEF, &market());
    scene.record(second);
    assert!(scene.paper(2).in_hall(), "the hall has to approve anew");
    let first = scene.approve(SUPERVISOR, &hall());
    scene.record(first);
    assert!(matches!(scene.paper(2).place, Place::Lost { .. }));
}

#[test]
fn art_12_4_nobody_approves_a_loss_of_their_own() {
    // The supervisor reports: another supervisor has to approve.
    let mut scene = Scene::new();
    let reported = scene.report(SUPERVISOR);
    scene.record(reported);
    let searched = scene.search(ARCHIVIST);
    scene.record(searched);
    assert_eq!(said(&scene.approve(SUPERVISOR, &hall())), "own-loss");
}

#[test]
fn art_12_4_declined_it_stays_in_doubt_and_may_be_reported_anew() {
    let mut scene = Scene::new();
    let reported = scene.report(CLERK);
    scene.record(reported);
    let by = &scene.people[OFFICER];
    let state = scene.state().unwrap();
    let reason = Commitment(Digest::of("look again"));
    let declined = decline(&state, &market(), reason, &by.id, &by.state);
    let clerk = &scene.people[OTHER];
    let not_theirs = decline(&state, &hall(), reason, &clerk.id, &clerk.state);
    assert_eq!(said(&not_theirs), "not-their-side");
    scene.record(declined);
    assert_eq!(said(&scene.search(ARCHIVIST)), "loss-not-open");
    assert!(scene.paper(2).doubts.contains(&scene.id));
    assert!(scene.paper(2).in_hall());
    let again = scene.report(OTHER);
    scene.record(again);
    let state = scene.state().unwrap();
    assert_eq!(state.standing, LossStanding::Reported);
    assert!(state.searches.is_empty(), "it is searched for anew");
}

#[test]
fn art_12_4_only_what_is_missing_is_lost() {
    let mut scene = Scene::new();
    scene.id = DiscrepancyId::of("S-9", 2);
    scene.miss(DiscrepancyKind::Damaged);
    assert_eq!(said(&scene.report(CLERK)), "not-missing");
    let mut scene = Scene::new();
    let by = &scene.people[CLERK];
    let note = Commitment(Digest::of("it lay on the floor"));
    let cleared = clear(&scene.missing(), &by.id, &by.state, note).unwrap();
    let reported = scene.report(CLERK);
    scene.record(reported);
    scene.log.record(START, cleared);
    let searched = scene.search(ARCHIVIST);
    scene.record(searched);
    assert_eq!(
        said(&scene.approve(SUPERVISOR, &hall())),
        "discrepancy-cleared"
    );
    // On a slip it is somebody else's to say whether it is there.
    let mut scene = Scene::new();
    let offered = BundleEvent::Offered {
        slip: SlipId::new("S-10").unwrap(),
        leg: Leg::Internal,
        papers: vec![2],
    };
    let subject = Subject::Bundle(case(1));
    let offered = Fact::new(subject, Event::Bundle { event: offered });
    scene.log.record(START, vec![offered]);
    assert_eq!(said(&scene.report(CLERK)), "on-slip");
}

/// A scene whose paper is lost.
pub fn lost() -> Scene {
    let mut scene = Scene::new();
    let reported = scene.report(CLERK);
    scene.record(reported);
    let searched = scene.search(ARCHIVIST);
    scene.record(searched);
    let first = scene.approve(OFFICER, &market());
    scene.record(first);
    let second = scene.approve(SUPERVISOR, &hall());
    scene.record(second);
    scene
}

#[test]
fn art_12_4_another_takes_found_paper_where_whoever_is_named_does_not_sign() {
    let mut scene = lost();
    let (clerk, other) = (scene.people[CLERK].holder(), scene.people[OTHER].holder());
    let found = scene.found(ARCHIVIST, &clerk);
    scene.record(found);
    assert_eq!(said(&scene.found(ARCHIVIST, &other)), "same-person");
    let renamed = scene.found(SUPERVISOR, &other);
    scene.record(renamed);
    assert_eq!(said(&scene.take_back(CLERK)), "not-holder");
    let back = scene.take_back(OTHER);
    scene.record(back);
    assert_eq!(scene.paper(2).holder(), Some(&other));
    assert_eq!(said(&scene.found(SUPERVISOR, &clerk)), "not-lost");
}

#[test]
fn art_12_4_lost_paper_that_is_found_goes_back_to_who_held_it_last() {
    let mut scene = lost();
    let to = scene.people[CLERK].holder();
    assert_eq!(said(&scene.take_back(CLERK)), "not-found-yet");
    assert_eq!(said(&scene.found(CLERK, &to)), "same-person");
    assert_eq!(said(&scene.found(HOUSING, &to)), "not-their-side");
    let other = scene.people[OTHER].holder();
    assert_eq!(said(&scene.found(ARCHIVIST, &other)), "not-holder");
    let found = scene.found(ARCHIVIST, &to);
    scene.record(found);
    assert!(matches!(scene.paper(2).place, Place::Lost { .. }));
    assert_eq!(said(&scene.found(ARCHIVIST, &to)), "not-lost", "once");
    assert_eq!(said(&scene.take_back(ARCHIVIST)), "same-person");
    assert_eq!(said(&scene.take_back(OTHER)), "not-holder");
    let back = scene.take_back(CLERK);
    scene.record(back);
    assert_eq!(scene.paper(2).holder(), Some(&to));
    assert_eq!(fate(&scene.paper(2)), Fate::Owed);
    assert!(scene.paper(2).doubts.is_empty());
    assert_eq!(scene.state().unwrap().standing, LossStanding::Back);
}

#[test]
fn art_12_4_where_the_last_holder_left_another_of_the_side_takes_it() {
    let scene = lost();
    let (state, bundle) = (scene.state().unwrap(), scene.log.bundle(&case(1)));
    let finder = &scene.people[ARCHIVIST];
    let sign = |to: &Holder| finder.sign(&state.found_paper(&bundle, to).digest());
    let to = scene.people[OTHER].holder();
    let found = report_found(&state, &bundle, &to, None, &sign(&to), &finder.state);
    assert_eq!(said(&found), "done");
    let village = scene.people[VILLAGE].holder();
    let found = report_found(
        &state,
        &bundle,
        &village,
        None,
        &sign(&village),
        &finder.state,
    );
    assert_eq!(
        said(&found),
        "not-their-side",
        "another site is another account"
    );
}
