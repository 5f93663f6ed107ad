//! Random hand-overs against a naive model: whatever is offered, carried, received, refused, cancelled, left to lapse, boxed,
//! sealed, checked, repeated or cut off, each paper has exactly one holder, and changes hands only with two signatures of
//! two people that hold. `COUNTERFOIL_SEED` and `COUNTERFOIL_HISTORIES` choose another run.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;
use crate::custody_naive::{Naive, audit};
use crate::support::{Random, from_environment};

/// What a command decides, as often as it is asked.
pub type Decide<'d> = &'d dyn Fn(&Log) -> Result<Vec<Fact>, CustodyRefusal>;

pub struct Made {
    pub manifest: SlipManifest,
    pub giver: usize,
    /// What was found when it was received.
    pub outcome: Option<SlipOutcome>,
}

pub struct World<'p> {
    pub people: &'p [Person],
    pub log: Log,
    pub naive: Naive,
    pub made: Vec<Made>,
    pub now: i64,
    pub random: Random,
    /// The requests that were recorded.
    requests: BTreeSet<u64>,
    asked: u64,
    /// What was done, so that a run that exercises nothing fails.
    tally: BTreeMap<&'static str, u64>,
}

impl World<'_> {
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).unwrap()
    }

    pub fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub fn some_person(&mut self) -> usize {
        self.below(self.people.len())
    }

    pub fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// Decides under a name, as the ledger does: a name that was recorded is answered with what was recorded.
    fn submit(&mut self, request: u64, decide: Decide<'_>) -> Result<usize, CustodyRefusal> {
        if self.requests.contains(&request) {
            return Ok(0);
        }
        let facts = decide(&self.log)?;
        let count = facts.len();
        if count > 0 {
            self.requests.insert(request);
            self.log.record(self.now, facts);
        }
        Ok(count)
    }

    /// Does what is asked, if it is allowed, and tells whether it stands. The process may end before anything is
    /// recorded; or after it, so that whoever asked is told of a failure and asks again, under the same name and then
    /// under another. `once` says that a second time would be something else.
    pub fn command(
        &mut self,
        what: &'static str,
        allowed: bool,
        once: bool,
        decide: Decide<'_>,
    ) -> bool {
        let decided = decide(&self.log);
        let name = decided.as_ref().map(|_| ()).map_err(CustodyRefusal::code);
        assert_eq!(decided.is_ok(), allowed, "{what}: {name:?}");
        let nothing = decided.is_ok_and(|facts| facts.is_empty());
        if nothing || name.is_err() {
            if let Err(code) = name {
                self.count(code);
            }
            return false;
        }
        let fault = self.below(12);
        if fault == 0 {
            self.count("lost");
            return false;
        }
        self.asked += 1;
        let request = self.asked;
        assert!(self.submit(request, decide).unwrap() > 0);
        self.count(what);
        if fault == 1 {
            self.count("applied, and reported failed");
            assert_eq!(self.submit(request, decide), Ok(0), "{what} again");
            if !once {
                let again = self.submit(request + 1_000_000, decide);
                assert_eq!(again.unwrap_or(0), 0, "{what} under another name");
            }
        }
        true
    }

    fn take_in(&mut self) {
        let case = case(self.below(4));
        let who = self.below(4);
        let person = &self.people[who];
        let Side::Hall { site } = &person.side else {
            return;
        };
        let first = self.log.bundle(&case).next_no();
        let decide = |log: &Log| take_in(&log.bundle(&case), site, &person.id, two_papers());
        if self.command("taken in", true, true, &decide) {
            for no in first..first + 2 {
                let holder = Some(self.people[who].holder());
                self.naive.holder.insert((case.clone(), no), holder);
            }
        }
    }

    /// What the facts tell is what the model believes: one holder for each paper, offered on open slips only, and with
    /// the carrier and in the box that the model knows of.
    fn compare(&self) {
        let naive = &self.naive;
        let mut seen = 0;
        for (case, bundle) in self.log.bundles() {
            for (no, held) in &bundle.papers {
                let key = (case.clone(), *no);
                assert_eq!(held.holder(), naive.holder[&key].as_ref(), "{key:?}");
                let slip = naive.open.iter().find(|(_, on)| on.contains(&key));
                let offered = held.offered.as_ref().map(|(slip, _)| slip);
                assert_eq!(offered, slip.map(|(id, _)| id), "{key:?}");
                let slip = naive.away.iter().find(|(_, on)| on.contains(&key));
                let away = held.away.as_ref().map(|(slip, _)| slip);
                assert_eq!(away, slip.map(|(id, _)| id), "{key:?}");
                let lies = held.shelf.as_ref().map(|shelf| &shelf.container);
                assert_eq!(lies, naive.boxed.get(&key), "{key:?}");
                assert_eq!(held.sealed(), naive.seal_on(&key), "{key:?}");
                seen += 1;
            }
        }
        assert_eq!(seen, naive.holder.len());
        for made in &self.made {
            let id = &made.manifest.slip;
            let slip = self.log.slip(id).unwrap();
            assert_eq!(slip.is_open(), naive.open.contains_key(id));
            assert_eq!(slip.on_the_way().is_some(), naive.away.contains_key(id));
        }
    }
}

/// What every run does, and by which rules it is refused, many times.
const COMMON: [&str; 21] = [
    "taken in",
    "offered",
    "received",
    "stamped",
    "cancelled",
    "refused",
    "lapsed",
    "given back",
    "lost",
    "applied, and reported failed",
    "dispatched",
    "brought back",
    "refused in transit",
    "lapsed in transit",
    "received from transit",
    "put",
    "taken out",
    "sealed",
    "opened",
    "taken by seal",
    "checked",
];
const REFUSALS: [&str; 14] = [
    "same-person",
    "not-their-side",
    "not-holder",
    "on-slip",
    "slip-expired",
    "bad-signature",
    "nothing-taken",
    "lent",
    "in-transit",
    "away",
    "in-sealed-box",
    "seal-not-whole",
    "box-partly",
    "nothing-to-check",
];

#[test]
fn each_paper_has_one_holder_whatever_happens() {
    let seed = from_environment("COUNTERFOIL_SEED", 2026);
    let histories = from_environment("COUNTERFOIL_HISTORIES", 10_000);
    println!("COUNTERFOIL_SEED={seed} COUNTERFOIL_HISTORIES={histories}");
    let people = people();
    let mut tally: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut changes = 0;
    for history in 0..histories {
        let mut world = World {
            people: &people,
            log: Log::default(),
            naive: Naive::default(),
            made: Vec::new(),
            now: START,
            requests: BTreeSet::new(),
            asked: 0,
            random: Random::new(seed.wrapping_mul(1_000_003).wrapping_add(history)),
            tally: std::mem::take(&mut tally),
        };
        world.make_boxes();
        world.take_in();
        for _ in 0..history % 6 {
            world.store();
        }
        for _ in 0..28 {
            match world.random.below(28) {
                0 => world.take_in(),
                1..=7 => world.offer(),
                8..=14 => world.receive(),
                15 | 16 => world.call_off(),
                17 => world.give_back(),
                18 | 19 => world.dispatch(),
                20 => world.bring_back(),
                21 | 22 => world.check_lines(),
                _ => world.store(),
            }
            world.compare();
            world.now += HOUR * world.random.below(12) as i64;
        }
        changes += audit(&world.log, &people);
        tally = world.tally;
    }
    println!("{changes} changes of holder; {tally:?}");
    for what in COMMON.iter().chain(&REFUSALS) {
        let least = histories / 500;
        assert!(
            tally.get(what).copied().unwrap_or(0) > least,
            "hardly any {what}: {tally:?}"
        );
    }
}
