//! The model's hand-overs: slips offered, received and called off, paper given back.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::case::{Recipient, WitnessedSignature};
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;
use crate::custody_model::{Made, World};
use crate::custody_naive::{Key, Naive};
use crate::support::Random;

impl World<'_> {
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

    pub fn offer(&mut self) {
        let (mut giver, receiver, mut leg) = self.likely();
        let mut lines = self.papers_of(giver);
        if !self.one_in(4)
            && let Some((holder, content)) = self.whole_box()
        {
            (giver, lines) = (holder, content);
            let hall = |who: usize| matches!(self.people[who].side, Side::Hall { .. });
            leg = match hall(receiver) {
                true => Leg::Internal,
                false => Leg::Transfer,
            };
        }
        let expires = Date::of(at(self.now + DAY * self.random.below(4) as i64));
        let id = format!("S-{}", self.made.len());
        self.log.prepare(leg, &lines);
        let (from, to) = (&self.people[giver], &self.people[receiver].side);
        let mut manifest = manifest(&self.log, &id, leg, from, to, &lines, expires);
        manifest.boxes = self.boxes_on(&manifest);
        // Sometimes somebody else signs, or something else is signed.
        let forger = self.one_in(10).then(|| self.some_person());
        let signer = forger.unwrap_or(giver);
        let altered = self.one_in(15);
        let document = match altered {
            true => Digest::of("another document"),
            false => manifest.digest(),
        };
        let given = self.people[signer].sign(&document);
        let allowed = self.naive.may_offer(&manifest) && signer == giver && !altered;
        let (state, now) = (&self.people[signer].state, at(self.now));
        let decide = |log: &Log| {
            let (known, bundles) = (log.slip(&manifest.slip), log.bundles());
            let facts = offer(known.as_ref(), &bundles, &manifest, &given, state, now)?;
            for one in &manifest.boxes {
                as_sealed(&log.container(&one.container).unwrap(), &bundles, one)?;
            }
            Ok(facts)
        };
        if self.command("offered", allowed, false, &decide) {
            let papers = manifest.lines.iter().flat_map(|line| {
                let numbers = line.papers.iter().map(|paper| paper.no);
                numbers.map(|no| (line.case.clone(), no))
            });
            let papers = papers.collect();
            self.naive.open.insert(manifest.slip.clone(), papers);
            self.made.push(Made {
                manifest,
                giver,
                outcome: None,
            });
        }
    }

    /// A slip, mostly one of these.
    pub fn some_slip(&mut self, mostly: impl Fn(&Naive, &SlipId) -> bool) -> Option<usize> {
        let likely: Vec<usize> = (0..self.made.len())
            .filter(|made| mostly(&self.naive, &self.made[*made].manifest.slip))
            .collect();
        if self.made.is_empty() {
            return None;
        }
        if likely.is_empty() || self.one_in(8) {
            return Some(self.below(self.made.len()));
        }
        Some(likely[self.below(likely.len())])
    }

    /// Somebody of the side a slip is meant for who did not give it, mostly.
    pub fn some_receiver(&mut self, manifest: &SlipManifest, giver: usize) -> usize {
        let who = self.some_person();
        if self.one_in(4) {
            return who;
        }
        let fits = |who: &usize| *who != giver && self.people[*who].side == manifest.to;
        (0..self.people.len()).find(fits).unwrap_or(who)
    }

    /// What somebody finds who checks these lines, mostly all of it.
    pub fn check(&mut self, manifest: &SlipManifest, to: &Holder) -> SlipOutcome {
        let bad = self.random.below(6);
        let mut draws = Random::new(self.random.next());
        outcome(manifest, to.clone(), |_, _| match draws.below(12) {
            roll if roll <= bad => Found::ALL[draws.below(6) as usize],
            _ => Found::Present,
        })
    }

    pub fn receive(&mut self) {
        let Some(made) = self.some_slip(|naive, slip| naive.open.contains_key(slip)) else {
            return;
        };
        let (manifest, giver) = (self.made[made].manifest.clone(), self.made[made].giver);
        let who = self.some_receiver(&manifest, giver);
        let stamped = self.one_in(5);
        let staff = (!stamped).then(|| self.people[who].id.clone());
        let to = Holder {
            side: manifest.to.clone(),
            staff,
        };
        let mut found = self.check(&manifest, &to);
        let seals_hold = self.read_seals(&manifest, &mut found);
        let taken = taken(&found);
        let receipt = receipt(&self.people[who], &found, stamped);
        let (days, now) = (Date::of(at(self.now + 5 * DAY)), at(self.now));
        let allowed = self.naive.open.contains_key(&manifest.slip)
            && now < manifest.expires.end()
            && self.may_sign(&manifest, who, giver, stamped)
            && seals_hold
            && !taken.is_empty();
        let state = &self.people[who].state;
        let decide = |log: &Log| {
            let slip = log.slip(&manifest.slip).unwrap();
            receive(&slip, &manifest, &found, &receipt, state, days, now)
        };
        let what = match (self.naive.away.contains_key(&manifest.slip), stamped) {
            (true, _) => "received from transit",
            (_, true) => "stamped",
            (_, false) => "received",
        };
        if self.command(what, allowed, false, &decide) {
            self.naive.open.remove(&manifest.slip);
            self.naive.away.remove(&manifest.slip);
            self.boxes_received(&manifest, &found);
            for key in taken {
                self.naive.lender.remove(&key);
                if manifest.leg == Leg::Loan {
                    self.naive.lender.insert(key.clone(), manifest.from.clone());
                }
                self.naive.holder.insert(key, Some(to.clone()));
            }
            self.made[made].outcome = Some(found);
        }
    }

    pub fn may_sign(
        &self,
        manifest: &SlipManifest,
        who: usize,
        giver: usize,
        stamped: bool,
    ) -> bool {
        let side = &self.people[who].side;
        if !stamped {
            return who != giver && *side == manifest.to;
        }
        matches!(manifest.to, Side::Department { .. })
            && matches!(manifest.from.side, Side::Hall { .. })
            && *side == manifest.from.side
    }

    /// Checks what was taken by seal; nobody's paper changes hands by it.
    pub fn check_lines(&mut self) {
        let Some(made) = self.some_slip(|naive, slip| naive.unchecked.contains(slip)) else {
            return;
        };
        let (manifest, giver) = (self.made[made].manifest.clone(), self.made[made].giver);
        let Some(first) = self.made[made].outcome.clone() else {
            return;
        };
        let who = self.some_receiver(&manifest, giver);
        let stamped = self.one_in(5);
        let part = SlipManifest {
            lines: to_check(&manifest, &first),
            ..manifest.clone()
        };
        let mut found = self.check(&part, &first.to);
        found.manifest = manifest.digest();
        let receipt = receipt(&self.people[who], &found, stamped);
        let allowed = self.naive.unchecked.contains(&manifest.slip)
            && self.may_sign(&manifest, who, giver, stamped);
        let (state, due) = (&self.people[who].state, Date::of(at(self.now + 5 * DAY)));
        let decide = |log: &Log| {
            let slip = log.slip(&manifest.slip).unwrap();
            check_lines(&slip, &manifest, [&first, &found], &receipt, state, due)
        };
        let before = self.log.discrepancies().len();
        if self.command("checked", allowed, false, &decide) {
            self.naive.unchecked.remove(&manifest.slip);
            let opened = self.log.discrepancies();
            let owners = opened
                .iter()
                .filter(|one| one.discrepancy.slip.as_ref() == Some(&manifest.slip));
            for one in owners {
                assert_eq!(one.discrepancy.owner, manifest.from, "the giver sealed it");
            }
            let wrong = found.lines.iter().flat_map(|line| {
                let papers = line.papers.iter();
                let kinds = papers.filter_map(|paper| paper.found.discrepancy());
                let kinds: BTreeSet<DiscrepancyKind> = kinds.collect();
                kinds.into_iter().map(|kind| (line.case.clone(), kind))
            });
            assert_eq!(
                opened.len() - before,
                wrong.count(),
                "one for each kind and bundle"
            );
        }
    }

    pub fn call_off(&mut self) {
        let Some(made) = self.some_slip(|naive, slip| naive.open.contains_key(slip)) else {
            return;
        };
        let manifest = self.made[made].manifest.clone();
        let open = self.naive.open.contains_key(&manifest.slip);
        let away = self.naive.away.contains_key(&manifest.slip);
        let who = self.some_person();
        let person = &self.people[who];
        let reason = Commitment(Digest::of("reason"));
        let now = at(self.now);
        let (what, allowed): (_, bool) = match self.below(3) {
            0 => ("cancelled", open && !away && who == self.made[made].giver),
            1 => ("refused", open && person.side == manifest.to),
            _ => ("lapsed", true),
        };
        let what = match (what, away) {
            ("refused", true) => "refused in transit",
            ("lapsed", true) => "lapsed in transit",
            (what, _) => what,
        };
        let decide = |log: &Log| {
            let slip = log.slip(&manifest.slip).unwrap();
            match what {
                "cancelled" => cancel(&slip, &manifest, &person.id, reason),
                "refused" | "refused in transit" => {
                    refuse(&slip, &manifest, &person.id, &person.state, reason)
                }
                _ => lapse(&slip, &manifest, now),
            }
        };
        if what.starts_with("lapsed") {
            let due = open && now >= manifest.expires.end();
            assert_eq!(!decide(&self.log).unwrap().is_empty(), due, "{what}");
        }
        if self.command(what, allowed, false, &decide) {
            self.naive.open.remove(&manifest.slip);
        }
    }

    pub fn give_back(&mut self) {
        let case = case(self.below(4));
        let who = self.some_person();
        let no = u16::try_from(1 + self.below(4)).unwrap();
        let signature = WitnessedSignature {
            digest: Digest::of("pad"),
            witness: self.people[who].id.clone(),
        };
        let key = (case.clone(), no);
        let person = &self.people[who];
        let allowed = self.naive.holder.get(&key) == Some(&Some(person.holder()))
            && matches!(person.side, Side::Hall { .. })
            && !self.naive.is_offered(&key)
            && !self.naive.is_away(&key)
            && self.naive.seal_on(&key).is_none()
            && !self.naive.lender.contains_key(&key);
        let decide =
            |log: &Log| give_back(&log.bundle(&case), &[no], Recipient::Applicant, &signature);
        if self.command("given back", allowed, false, &decide) {
            self.naive.boxed.remove(&key);
            self.naive.holder.insert(key, None);
        }
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
