//! Random reports, searches, approvals, refusals and finds of one missing paper against a naive model: whoever tries what
//! and in whatever order, it is lost only with the signatures of two people of the two sides, and back only with two more.
//! `COUNTERFOIL_SEED` and `COUNTERFOIL_HISTORIES` choose another run.

use std::collections::BTreeMap;

use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;
use crate::loss_art::*;
use crate::support::{Random, from_environment};

/// What a naive reader of the rules believes.
#[derive(Default)]
struct Naive {
    reporter: Option<usize>,
    searched: Vec<usize>,
    approved: BTreeMap<Side, usize>,
    lost: bool,
    finder: Option<usize>,
    cleared: bool,
    /// It was found: nothing can be reported any more.
    back: bool,
}

/// The sides that a person of the scene acts for, and whether that person decides for it.
fn decides(who: usize) -> Option<Side> {
    match who {
        SUPERVISOR => Some(site("CENTRE")),
        OFFICER | CHIEF => Some(department("market")),
        _ => None,
    }
}

fn of_centre(who: usize) -> bool {
    [CLERK, OTHER, ARCHIVIST, SUPERVISOR].contains(&who)
}

fn concerned(who: usize) -> bool {
    of_centre(who) || [OFFICER, CHIEF].contains(&who)
}

struct World {
    scene: Scene,
    naive: Naive,
    random: Random,
    tally: BTreeMap<String, u64>,
}

impl World {
    fn below(&mut self, bound: u64) -> usize {
        usize::try_from(self.random.below(bound)).unwrap()
    }

    /// Notes a decision, compares it with what the model allows, and records it unless the process ends before.
    fn settle(&mut self, what: &str, decided: Decided, allowed: bool) -> bool {
        let said = match &decided {
            Ok(_) => what.to_owned(),
            Err(refusal) => refusal.code().to_owned(),
        };
        assert_eq!(decided.is_ok(), allowed, "{what}: {said}");
        *self.tally.entry(said).or_default() += 1;
        let Ok(facts) = decided else { return false };
        if self.random.below(12) == 0 {
            return false;
        }
        self.scene.record(Ok(facts));
        true
    }

    fn report(&mut self, who: usize) {
        let open = self.naive.reporter.is_none() && !self.naive.lost && !self.naive.back;
        let allowed = open && of_centre(who) && !self.naive.cleared;
        let decided = self.scene.report(who);
        if self.settle("reported", decided, allowed) {
            self.naive.reporter = Some(who);
            self.naive.searched.clear();
            self.naive.approved.clear();
        }
    }

    fn search(&mut self, who: usize) {
        if self.scene.state().is_none() {
            return;
        }
        let allowed = self.naive.reporter.is_some() && concerned(who);
        let decided = self.scene.search(who);
        if self.settle("searched", decided, allowed) {
            self.naive.searched.push(who);
            self.naive.approved.clear();
        }
    }

    fn approve(&mut self, who: usize) {
        if self.scene.state().is_none() {
            return;
        }
        let side = match self.random.below(4) {
            0 => site("CENTRE"),
            1 => department("housing"),
            _ => decides(who).unwrap_or(department("market")),
        };
        let naive = &self.naive;
        let others = naive
            .searched
            .iter()
            .any(|one| Some(*one) != naive.reporter);
        let allowed = naive.reporter.is_some()
            && !naive.cleared
            && others
            && decides(who) == Some(side.clone())
            && naive.reporter != Some(who)
            && !naive.approved.contains_key(&side);
        let decided = self.scene.approve(who, &side);
        if self.settle("approved", decided, allowed) {
            self.naive.approved.insert(side, who);
            if self.naive.approved.len() == 2 {
                self.naive.lost = true;
                self.naive.cleared = true;
                self.naive.reporter = None;
            }
        }
    }

    fn decline(&mut self, who: usize) {
        let Some(state) = self.scene.state() else {
            return;
        };
        let side = decides(who).unwrap_or(site("CENTRE"));
        let allowed = self.naive.reporter.is_some() && decides(who).is_some();
        let by = &self.scene.people[who];
        let reason = Commitment(Digest::of("no"));
        let decided = decline(&state, &side, reason, &by.id, &by.state);
        if self.settle("declined", decided, allowed) {
            self.naive.reporter = None;
        }
    }

    fn find(&mut self, who: usize) {
        if self.scene.state().is_none() {
            return;
        }
        let to = self.scene.people[CLERK].holder();
        let open = self.naive.lost && self.naive.finder.is_none();
        let allowed = open && who != CLERK && concerned(who);
        let decided = self.scene.found(who, &to);
        if self.settle("found", decided, allowed) {
            self.naive.finder = Some(who);
        }
    }

    fn take_back(&mut self, who: usize) {
        if self.scene.state().is_none() {
            return;
        }
        let allowed = self.naive.finder.is_some() && who == CLERK;
        let decided = self.scene.take_back(who);
        if self.settle("back", decided, allowed) {
            (self.naive.lost, self.naive.back) = (false, true);
            self.naive.finder = None;
        }
    }

    /// What the facts tell is what the model believes, and every end has its signatures.
    fn compare(&self) {
        let bundle = self.scene.log.bundle(&case(1));
        let held = &bundle.papers[&2];
        let lost = matches!(held.place, Place::Lost { .. });
        assert_eq!(lost, self.naive.lost);
        assert_eq!(held.holder().is_some(), !lost, "in exactly one place");
        let again = self.scene.log.histories[&Subject::Bundle(case(1))].iter();
        let again = again.filter(|entry| entry.event.name() == "bundle.found_again");
        assert_eq!(again.count(), usize::from(self.naive.back));
    }
}

/// Reads the bare facts: the two approvals that stand are of two people, each over one document, each by a key that holds.
fn audit(scene: &Scene) {
    let Some(history) = scene.log.histories.get(&Subject::Loss(scene.id.clone())) else {
        return;
    };
    let bundle = &scene.log.histories[&Subject::Bundle(case(1))];
    if !bundle
        .iter()
        .any(|entry| entry.event.name() == "bundle.lost")
    {
        return;
    }
    let approvals = history.iter().filter_map(|entry| match &entry.event {
        Event::Loss {
            event:
                LossEvent::Approved {
                    side,
                    document,
                    signed,
                },
        } => Some((side, document, signed)),
        _ => None,
    });
    let approvals: Vec<_> = approvals.collect();
    let [.., one, other] = approvals.as_slice() else {
        panic!("lost without two approvals");
    };
    assert_ne!(one.0, other.0);
    assert_ne!(one.2.staff, other.2.staff);
    assert_eq!(one.1, other.1);
    for (_, document, signed) in [one, other] {
        let mut people = scene.people.iter();
        let signer = people.find(|person| person.id == signed.staff).unwrap();
        let raw = ed25519_dalek::Signature::from_bytes(signed.signature.as_bytes());
        let message = staff::signing_message(document);
        let key = signer.key.verifying_key();
        key.verify_strict(&message, &raw).unwrap();
    }
}

#[test]
fn a_paper_is_lost_with_two_sides_and_back_with_two_signatures() {
    let seed = from_environment("COUNTERFOIL_SEED", 2026);
    let histories = from_environment("COUNTERFOIL_HISTORIES", 10_000) / 10;
    println!(
        "COUNTERFOIL_SEED={seed} COUNTERFOIL_HISTORIES={}",
        histories * 10
    );
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for history in 0..histories {
        let mut world = World {
            scene: Scene::new(),
            naive: Naive::default(),
            random: Random::new(seed.wrapping_mul(1_000_003).wrapping_add(history)),
            tally: std::mem::take(&mut tally),
        };
        for _ in 0..40 {
            let who = world.below(9);
            // Mostly whoever can do something.
            let decider = [SUPERVISOR, OFFICER, CHIEF][world.below(3)];
            let likely = if world.below(3) == 0 { who } else { decider };
            match world.below(16) {
                0..=1 => world.report(who),
                2..=4 => world.search(who),
                5..=10 => world.approve(likely),
                11 => world.decline(who),
                12..=13 => world.find(who),
                roll => world.take_back(if roll == 14 { CLERK } else { who }),
            }
            world.compare();
        }
        audit(&world.scene);
        tally = world.tally;
    }
    println!("{tally:?}");
    let all = [
        "reported",
        "searched",
        "approved",
        "declined",
        "found",
        "back",
        "not-searched",
        "own-loss",
        "not-their-side",
        "already-approved",
        "loss-not-open",
        "not-lost",
        "not-holder",
    ];
    for what in all {
        let least = histories / 50;
        let seen = tally.get(what).copied().unwrap_or(0);
        assert!(seen > least, "hardly any {what}: {tally:?}");
    }
}
