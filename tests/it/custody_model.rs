//! Random hand-overs against a naive model: whatever is offered, received, refused, cancelled, left to lapse, repeated or
//! cut off, each paper has exactly one holder, and changes hands only with two signatures of two people that hold.
//! `COUNTERFOIL_SEED` and `COUNTERFOIL_HISTORIES` choose another run.

use std::collections::BTreeMap;

use counterfoil::domain::case::{Recipient, WitnessedSignature};
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;
use crate::custody_naive::{Key, Naive, audit};
use crate::support::{Random, from_environment};

struct Made {
    manifest: SlipManifest,
    giver: usize,
}

struct World<'p> {
    people: &'p [Person],
    log: Log,
    naive: Naive,
    made: Vec<Made>,
    now: i64,
    random: Random,
    /// What was done, so that a run that exercises nothing fails.
    tally: BTreeMap<&'static str, u64>,
}

impl World<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).unwrap()
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    /// Records, unless the process ends before. Finished slips are tried again by `some_slip`.
    fn persist(&mut self, facts: Vec<Fact>) -> bool {
        if self.one_in(12) {
            *self.tally.entry("lost").or_default() += 1;
            return false;
        }
        let now = self.now;
        self.log.record(now, facts);
        true
    }

    fn note(&mut self, what: &'static str, code: Result<(), &'static str>) {
        *self.tally.entry(code.err().unwrap_or(what)).or_default() += 1;
    }

    fn take_in(&mut self) {
        let case = case(self.below(4));
        let who = self.below(4);
        let person = &self.people[who];
        let Side::Hall { site } = &person.side else {
            return;
        };
        let facts = take_in(&self.log.bundle(&case), site, &person.id, two_papers()).unwrap();
        let first = self.log.bundle(&case).next_no();
        if self.persist(facts) {
            for no in first..first + 2 {
                let holder = Some(self.people[who].holder());
                self.naive.holder.insert((case.clone(), no), holder);
            }
            self.note("taken in", Ok(()));
        }
    }

    fn papers_of(&mut self, giver: usize) -> Vec<(CaseNo, Vec<u16>)> {
        let any = self.one_in(6);
        let held = self.people[giver].holder();
        let keys: Vec<Key> = self.naive.holder.keys().cloned().collect();
        let mut lines: BTreeMap<CaseNo, Vec<u16>> = BTreeMap::new();
        for key in keys {
            let theirs = self.naive.holder[&key] == Some(held.clone());
            let chosen = if any {
                self.one_in(4)
            } else {
                theirs && !self.one_in(5)
            };
            if chosen {
                lines.entry(key.0).or_default().push(key.1);
            }
        }
        lines.into_iter().collect()
    }

    /// Who is likely to hold something, and a leg that is likely to lead somewhere.
    fn likely(&mut self) -> (usize, usize, Leg) {
        let any = (self.below(self.people.len()), self.below(self.people.len()));
        let leg = Leg::ALL[self.below(Leg::ALL.len())];
        if self.one_in(5) {
            return (any.0, any.1, leg);
        }
        let holders: Vec<&Holder> = self.naive.holder.values().flatten().collect();
        let holds = |person: &Person| holders.contains(&&person.holder());
        let giver = (any.0..any.0 + self.people.len()).map(|who| who % self.people.len());
        let giver = giver.into_iter().find(|who| holds(&self.people[*who]));
        let giver = giver.unwrap_or(any.0);
        let hall = |who: usize| matches!(self.people[who].side, Side::Hall { .. });
        let leg = match (hall(giver), hall(any.1), leg) {
            (_, _, Leg::Loan | Leg::LoanReturn) => leg,
            (true, false, _) => Leg::Transfer,
            (false, true, _) => Leg::Return,
            _ => Leg::Internal,
        };
        (giver, any.1, leg)
    }

    fn offer(&mut self) {
        let (giver, receiver, leg) = self.likely();
        let expires = Date::of(at(self.now + DAY * self.random.below(4) as i64));
        let id = format!("S-{}", self.made.len());
        let lines = self.papers_of(giver);
        self.log.prepare(leg, &lines);
        let (from, to) = (&self.people[giver], &self.people[receiver].side);
        let manifest = manifest(&self.log, &id, leg, from, to, &lines, expires);
        // Sometimes somebody else signs, or something else is signed.
        let forger = self.one_in(10).then(|| self.below(self.people.len()));
        let signer = forger.unwrap_or(giver);
        let mut given = self.people[signer].sign(&manifest.digest());
        let altered = self.one_in(15);
        if altered {
            given = self.people[signer].sign(&Digest::of("another document"));
        }
        let state = &self.people[signer].state;
        let bundles = self.log.bundles();
        let offered = offer(None, &bundles, &manifest, &given, state, at(self.now));
        let allowed = self.naive.may_offer(&manifest) && signer == giver && !altered;
        let name = offered.as_ref().map(|_| ()).map_err(CustodyRefusal::code);
        assert_eq!(offered.is_ok(), allowed, "offer: {name:?} {manifest:?}");
        self.note("offered", name);
        if let Ok(facts) = offered
            && self.persist(facts)
        {
            let papers = manifest.lines.iter().flat_map(|line| {
                let numbers = line.papers.iter().map(|paper| paper.no);
                numbers.map(|no| (line.case.clone(), no))
            });
            let papers = papers.collect();
            self.naive.open.insert(manifest.slip.clone(), papers);
            self.made.push(Made { manifest, giver });
        }
    }

    fn some_slip(&mut self) -> Option<usize> {
        let open: Vec<usize> = (0..self.made.len())
            .filter(|made| {
                self.naive
                    .open
                    .contains_key(&self.made[*made].manifest.slip)
            })
            .collect();
        if self.made.is_empty() {
            return None;
        }
        if open.is_empty() || self.one_in(8) {
            return Some(self.below(self.made.len()));
        }
        Some(open[self.below(open.len())])
    }

    /// What somebody finds who checks a slip, mostly all of it.
    fn check(&mut self, manifest: &SlipManifest, to: &Holder) -> SlipOutcome {
        let bad = self.random.below(6);
        let mut draws = Random::new(self.random.next());
        outcome(manifest, to.clone(), |_, _| match draws.below(12) {
            roll if roll <= bad => Found::ALL[draws.below(6) as usize],
            _ => Found::Present,
        })
    }

    fn receive(&mut self) {
        let Some(made) = self.some_slip() else {
            return;
        };
        let manifest = self.made[made].manifest.clone();
        let giver = self.made[made].giver;
        let mut who = self.below(self.people.len());
        if !self.one_in(4) {
            let fits = |who: &usize| *who != giver && self.people[*who].side == manifest.to;
            who = (0..self.people.len()).find(fits).unwrap_or(who);
        }
        let across = matches!(manifest.to, Side::Department { .. })
            && matches!(manifest.from.side, Side::Hall { .. });
        let stamped = self.one_in(5);
        let staff = (!stamped).then(|| self.people[who].id.clone());
        let to = Holder {
            side: manifest.to.clone(),
            staff,
        };
        let found = self.check(&manifest, &to);
        let taken = taken(&found);
        let receipt = receipt(&self.people[who], &found, stamped);
        let slip = self.log.slip(&manifest.slip).unwrap();
        let clear_by = Date::of(at(self.now + 5 * DAY));
        let (person, now) = (&self.people[who], at(self.now));
        let received = receive(
            &slip,
            &manifest,
            &found,
            &receipt,
            &person.state,
            clear_by,
            now,
        );
        let theirs = if stamped {
            across && person.side == manifest.from.side
        } else {
            who != giver && person.side == manifest.to
        };
        let allowed = self.naive.open.contains_key(&manifest.slip)
            && now < manifest.expires.end()
            && theirs
            && !taken.is_empty();
        let name = received.as_ref().map(|_| ()).map_err(CustodyRefusal::code);
        assert_eq!(received.is_ok(), allowed, "receive: {name:?} {found:?}");
        let what = if stamped { "stamped" } else { "received" };
        self.note(what, name);
        if let Ok(facts) = received
            && self.persist(facts)
        {
            self.naive.open.remove(&manifest.slip);
            for key in taken {
                self.naive.lender.remove(&key);
                if manifest.leg == Leg::Loan {
                    self.naive.lender.insert(key.clone(), manifest.from.clone());
                }
                self.naive.holder.insert(key, Some(to.clone()));
            }
        }
    }

    fn call_off(&mut self) {
        let Some(made) = self.some_slip() else {
            return;
        };
        let manifest = self.made[made].manifest.clone();
        let slip = self.log.slip(&manifest.slip).unwrap();
        let open = self.naive.open.contains_key(&manifest.slip);
        let who = self.below(self.people.len());
        let person = &self.people[who];
        let reason = Commitment(Digest::of("reason"));
        let now = at(self.now);
        let (what, ended, allowed) = match self.random.below(3) {
            0 => {
                let ended = cancel(&slip, &manifest, &person.id, reason);
                ("cancelled", ended, open && who == self.made[made].giver)
            }
            1 => {
                let ended = refuse(&slip, &manifest, &person.id, &person.state, reason);
                ("refused", ended, open && person.side == manifest.to)
            }
            _ => ("lapsed", lapse(&slip, &manifest, now), true),
        };
        let name = ended.as_ref().map(|_| ()).map_err(CustodyRefusal::code);
        assert_eq!(ended.is_ok(), allowed, "{what}: {name:?}");
        let Ok(facts) = ended else {
            return self.note(what, name);
        };
        let due = what != "lapsed" || (open && now >= manifest.expires.end());
        assert_eq!(!facts.is_empty(), due, "{what}");
        if due && self.persist(facts) {
            self.naive.open.remove(&manifest.slip);
            self.note(what, Ok(()));
        }
    }

    fn give_back(&mut self) {
        let case = case(self.below(4));
        let bundle = self.log.bundle(&case);
        let who = self.below(self.people.len());
        let no = u16::try_from(1 + self.below(4)).unwrap();
        let signature = WitnessedSignature {
            digest: Digest::of("pad"),
            witness: self.people[who].id.clone(),
        };
        let key = (case, no);
        let person = &self.people[who];
        let allowed = self.naive.holder.get(&key) == Some(&Some(person.holder()))
            && matches!(person.side, Side::Hall { .. })
            && !self.naive.is_offered(&key)
            && !self.naive.lender.contains_key(&key);
        let returned = give_back(&bundle, &[no], Recipient::Applicant, &signature);
        let name = returned.as_ref().map(|_| ()).map_err(CustodyRefusal::code);
        assert_eq!(returned.is_ok(), allowed, "give back: {name:?}");
        self.note("given back", name);
        if let Ok(facts) = returned
            && self.persist(facts)
        {
            self.naive.holder.insert(key, None);
        }
    }

    /// What the facts tell is what the model believes: one holder for each paper, offered on open slips only.
    fn compare(&self) {
        let mut seen = 0;
        for (case, bundle) in self.log.bundles() {
            for (no, held) in &bundle.papers {
                let key = (case.clone(), *no);
                assert_eq!(held.holder(), self.naive.holder[&key].as_ref(), "{key:?}");
                let slip = self.naive.open.iter().find(|(_, on)| on.contains(&key));
                let offered = held.offered.as_ref().map(|(slip, _)| slip);
                assert_eq!(offered, slip.map(|(id, _)| id), "{key:?}");
                seen += 1;
            }
        }
        assert_eq!(seen, self.naive.holder.len());
    }
}

fn taken(found: &SlipOutcome) -> Vec<Key> {
    let lines = found.lines.iter().flat_map(|line| {
        let papers = line.papers.iter().filter(|paper| paper.found.is_taken());
        papers.map(|paper| (line.case.clone(), paper.no))
    });
    lines.collect()
}

fn receipt(person: &Person, found: &SlipOutcome, stamped: bool) -> Receipt {
    if !stamped {
        let by = person.sign(&found.digest());
        return Receipt::Signed { by };
    }
    let sheet = Digest::of("sheet");
    let statement = WitnessStatement {
        statement: found.digest(),
        captured: sheet,
    };
    let witness = person.sign(&statement.digest());
    Receipt::Stamped { sheet, witness }
}

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
            random: Random::new(seed.wrapping_mul(1_000_003).wrapping_add(history)),
            tally: std::mem::take(&mut tally),
        };
        world.take_in();
        for _ in 0..24 {
            match world.random.below(20) {
                0 => world.take_in(),
                1..=8 => world.offer(),
                9..=16 => world.receive(),
                17 | 18 => world.call_off(),
                _ => world.give_back(),
            }
            world.compare();
            world.now += HOUR * world.random.below(16) as i64;
        }
        changes += audit(&world.log, &people);
        tally = world.tally;
    }
    println!("{changes} changes of holder; {tally:?}");
    let common = [
        "taken in",
        "offered",
        "received",
        "stamped",
        "cancelled",
        "refused",
        "lapsed",
        "given back",
        "lost",
    ];
    let refusals = [
        "same-person",
        "not-their-side",
        "not-holder",
        "on-slip",
        "slip-expired",
        "bad-signature",
        "nothing-taken",
        "lent",
    ];
    for what in common.iter().chain(&refusals) {
        let least = histories / 500;
        assert!(
            tally.get(what).copied().unwrap_or(0) > least,
            "hardly any {what}: {tally:?}"
        );
    }
}
