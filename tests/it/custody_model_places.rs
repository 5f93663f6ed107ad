//! The model's boxes and carriers: papers put into boxes, boxes sealed, sent, received by seal and checked later.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::case::WitnessedSignature;
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;
use crate::custody_model::World;
use crate::custody_naive::Key;

/// Keys as lines, by case.
fn lines(keys: &BTreeSet<Key>) -> Vec<(CaseNo, Vec<u16>)> {
    let mut lines: BTreeMap<CaseNo, Vec<u16>> = BTreeMap::new();
    for (case, no) in keys {
        lines.entry(case.clone()).or_default().push(*no);
    }
    lines.into_iter().collect()
}

/// Papers by case.
type Lines = Vec<(CaseNo, Vec<u16>)>;

impl World<'_> {
    /// A box at each site.
    pub fn make_boxes(&mut self) {
        for (id, who) in [("B-1", 0), ("B-2", 3)] {
            let person = &self.people[who];
            let Side::Hall { site } = &person.side else {
                panic!("a clerk is of a site");
            };
            let id = ContainerId::new(id).unwrap();
            let keeper = (&person.id, &person.state);
            let made = make(None, &id, ContainerKind::Box, site, keeper).unwrap();
            self.log.record(START, made);
            self.naive.boxes.insert(id, person.side.clone());
        }
    }

    /// Somebody who holds all that is in a sealed box, and what that is.
    pub fn whole_box(&mut self) -> Option<(usize, Lines)> {
        let sealed: Vec<ContainerId> = self.naive.sealed.keys().cloned().collect();
        let id = sealed.get(self.below(sealed.len().max(1)))?;
        let content = self.naive.content(id);
        let first = content.first()?;
        let holder = self.naive.holder[first].clone()?;
        let who = self.people.iter().position(|one| one.holder() == holder)?;
        Some((who, lines(&content)))
    }

    /// The sealed boxes that a slip mentions: those of which something is on it, mostly.
    pub fn boxes_on(&mut self, manifest: &SlipManifest) -> Vec<SealedBox> {
        let mut boxes = Vec::new();
        for (id, seal) in self.naive.sealed.clone() {
            let content = self.naive.content(&id);
            let on = |(case, no): &Key| {
                let line = manifest.lines.iter().find(|line| line.case == *case);
                line.is_some_and(|line| line.papers.iter().any(|paper| paper.no == *no))
            };
            if content.iter().any(on) && content.iter().all(on) && !self.one_in(8) {
                let another = self.one_in(15);
                boxes.push(SealedBox {
                    container: id,
                    seal: match another {
                        true => SealNo::new("F-0").unwrap(),
                        false => seal,
                    },
                    lines: lines(&content)
                        .into_iter()
                        .map(|(case, papers)| BoxLine { case, papers })
                        .collect(),
                });
            }
        }
        boxes
    }

    /// Reads the seals on a slip and takes by them what may be taken so; sometimes what may not. Tells whether the rules
    /// allow it.
    pub fn read_seals(&mut self, manifest: &SlipManifest, found: &mut SlipOutcome) -> bool {
        let mut allowed = true;
        for one in &manifest.boxes {
            let whole = !self.one_in(6);
            found.seals.push(SealRead {
                container: one.container.clone(),
                seal: one.seal.clone(),
                whole,
            });
            let choice = self.below(8);
            let papers = found.lines.iter_mut().flat_map(|line| {
                let case = line.case.clone();
                line.papers
                    .iter_mut()
                    .map(move |paper| (case.clone(), paper))
            });
            let inside: Vec<&mut PaperOutcome> = papers
                .filter(|(case, paper)| one.holds(case, paper.no))
                .map(|(_, paper)| paper)
                .collect();
            let count = inside.len();
            // Mostly all of it is taken by seal, sometimes one paper, sometimes none.
            let by_seal = match choice {
                0 => 1,
                1 => 0,
                _ => count,
            };
            for paper in inside.into_iter().take(by_seal) {
                paper.found = Found::Sealed;
            }
            allowed &= by_seal == 0 || (whole && by_seal == count);
        }
        if self.one_in(60)
            && let Some(line) = found.lines.first_mut()
            && let Some(paper) = line.papers.first_mut()
            && manifest.box_of(&line.case, paper.no).is_none()
        {
            paper.found = Found::Sealed;
            allowed = false;
        }
        allowed
    }

    /// What a receipt means for the boxes.
    pub fn boxes_received(&mut self, manifest: &SlipManifest, found: &SlipOutcome) {
        let by_seal = |key: &Key| {
            let line = found.lines.iter().find(|line| line.case == key.0);
            line.is_some_and(|line| {
                let mut papers = line.papers.iter();
                papers.any(|paper| paper.no == key.1 && paper.found == Found::Sealed)
            })
        };
        for one in &manifest.boxes {
            let content = self.naive.content(&one.container);
            if content.iter().any(by_seal) {
                self.naive
                    .boxes
                    .insert(one.container.clone(), found.to.side.clone());
                self.naive.unchecked.insert(manifest.slip.clone());
                self.count("taken by seal");
            } else {
                self.naive.sealed.remove(&one.container);
            }
        }
        let hall = |side: &Side| matches!(side, Side::Hall { .. });
        let (from, to) = (&manifest.from.side, &found.to.side);
        let both = hall(from) && hall(to);
        for line in &found.lines {
            for paper in line.papers.iter().filter(|paper| paper.found.is_taken()) {
                let key = (line.case.clone(), paper.no);
                let along = both && paper.found == Found::Sealed;
                if from != to && !along {
                    self.naive.boxed.remove(&key);
                }
            }
        }
    }

    pub fn dispatch(&mut self) {
        let Some(made) = self.some_slip(|naive, slip| naive.open.contains_key(slip)) else {
            return;
        };
        let manifest = self.made[made].manifest.clone();
        let giver = self.made[made].giver;
        let who = match self.one_in(5) {
            true => self.some_person(),
            false => giver,
        };
        let carriage = Carriage {
            carrier: CarrierKind::Courier,
            name: Commitment(Digest::of("name")),
            proof: IdentityProof::WorkCard,
            signature: self.pad(who),
        };
        let (id, now) = (&manifest.slip, at(self.now));
        let allowed = self.naive.open.contains_key(id)
            && !self.naive.away.contains_key(id)
            && now < manifest.expires.end()
            && who == giver;
        let decide = |log: &Log| {
            let slip = log.slip(&manifest.slip).unwrap();
            dispatch(&slip, &manifest, carriage.clone(), now)
        };
        if self.command("dispatched", allowed, false, &decide) {
            let papers = self.naive.open[id].clone();
            self.naive.away.insert(id.clone(), papers);
        }
    }

    fn pad(&self, who: usize) -> WitnessedSignature {
        let (digest, witness) = (Digest::of("pad"), self.people[who].id.clone());
        WitnessedSignature { digest, witness }
    }

    pub fn bring_back(&mut self) {
        let Some(made) = self.some_slip(|naive, slip| naive.away.contains_key(slip)) else {
            return;
        };
        let manifest = self.made[made].manifest.clone();
        let who = match self.one_in(4) {
            true => self.some_person(),
            false => self.made[made].giver,
        };
        let (signature, person) = (self.pad(who), &self.people[who]);
        let allowed =
            self.naive.away.contains_key(&manifest.slip) && person.side == manifest.from.side;
        let decide = |log: &Log| {
            let slip = log.slip(&manifest.slip).unwrap();
            bring_back(&slip, &manifest, signature.clone(), &person.state)
        };
        if self.command("brought back", allowed, false, &decide) {
            self.naive.away.remove(&manifest.slip);
        }
    }

    /// Puts paper into a box, takes it out, seals or opens the box, or moves it.
    pub fn store(&mut self) {
        let boxes: Vec<ContainerId> = self.naive.boxes.keys().cloned().collect();
        let id = boxes[self.below(boxes.len())].clone();
        let there = self.naive.boxes[&id].clone();
        let any = self.some_person();
        let mut around = (any..any + self.people.len()).map(|who| who % self.people.len());
        let near = around.find(|who| self.people[*who].side == there);
        let who = match self.one_in(6) {
            true => any,
            false => near.unwrap_or(any),
        };
        let empty = self.naive.content(&id).is_empty();
        let sealed = self.naive.sealed.contains_key(&id);
        let gone = matches!(there, Side::Department { .. });
        // Mostly what makes sense now.
        let choice = match (gone, empty, sealed) {
            _ if self.one_in(6) => self.below(8),
            (true, ..) => 7,
            (_, true, _) => 0,
            (_, _, true) => 6,
            _ => 3 + self.below(3),
        };
        match choice {
            0..=2 => self.put(&id, who),
            3 => self.take_out(&id, who),
            4 | 5 => self.seal(&id, who),
            6 => self.open_box(&id, who),
            _ => self.move_box(&id, who),
        }
    }

    /// Whether somebody may do something with a box at all.
    fn keeps(&self, id: &ContainerId, who: usize) -> bool {
        let (side, there) = (&self.people[who].side, &self.naive.boxes[id]);
        matches!(there, Side::Hall { .. }) && side == there
    }

    /// Papers of one case that somebody holds, and sometimes one that somebody else does.
    fn some_papers(&mut self, who: usize) -> Option<(CaseNo, Vec<u16>)> {
        let held = Some(self.people[who].holder());
        let any = self.one_in(5);
        let theirs = self.naive.holder.iter();
        let naive = &self.naive;
        let free = |key: &Key| !naive.is_offered(key) && !naive.is_away(key);
        let theirs = theirs.filter(|(key, holder)| any || (**holder == held && free(key)));
        let keys: BTreeSet<Key> = theirs.map(|(key, _)| key.clone()).collect();
        let mut lines = lines(&keys);
        let which = self.below(lines.len().max(1));
        (which < lines.len()).then(|| lines.swap_remove(which))
    }

    fn put(&mut self, id: &ContainerId, who: usize) {
        let Some((case, papers)) = self.some_papers(who) else {
            return;
        };
        let keys: Vec<Key> = papers.iter().map(|no| (case.clone(), *no)).collect();
        let (naive, there) = (&self.naive, &self.naive.boxes[id]);
        let free = |key: &Key| {
            naive.holder[key].as_ref().map(|holder| &holder.side) == Some(there)
                && naive.seal_on(key).is_none()
                && !naive.is_away(key)
                && naive.boxed.get(key) != Some(id)
        };
        let allowed =
            self.keeps(id, who) && !naive.sealed.contains_key(id) && keys.iter().all(free);
        let person = &self.people[who];
        let decide = |log: &Log| {
            let (container, bundle) = (log.container(id).unwrap(), log.bundle(&case));
            put(&container, &bundle, &papers, (&person.id, &person.state))
        };
        if self.command("put", allowed, false, &decide) {
            let boxed = keys.into_iter().map(|key| (key, id.clone()));
            self.naive.boxed.extend(boxed);
        }
    }

    fn take_out(&mut self, id: &ContainerId, who: usize) {
        let Some(key) = self.naive.content(id).pop_last() else {
            return;
        };
        let (case, no) = key.clone();
        let allowed =
            self.keeps(id, who) && !self.naive.sealed.contains_key(id) && !self.naive.is_away(&key);
        let person = &self.people[who];
        let decide = |log: &Log| {
            let (container, bundle) = (log.container(id).unwrap(), log.bundle(&case));
            take_out(&container, &bundle, &[no], (&person.id, &person.state))
        };
        if self.command("taken out", allowed, false, &decide) {
            self.naive.boxed.remove(&key);
        }
    }

    /// Whether something in a box is on a slip or with a carrier.
    fn bound(&self, id: &ContainerId) -> bool {
        let content = self.naive.content(id);
        let bound = |key: &Key| self.naive.is_offered(key) || self.naive.is_away(key);
        content.iter().any(bound)
    }

    fn seal(&mut self, id: &ContainerId, who: usize) {
        let number = SealNo::new(format!("F-{}", 1 + self.below(40))).unwrap();
        let known = self.log.container(id).unwrap().seals.contains(&number);
        let allowed = self.keeps(id, who)
            && !self.naive.sealed.contains_key(id)
            && !known
            && !self.naive.content(id).is_empty()
            && !self.bound(id);
        let person = &self.people[who];
        let decide = |log: &Log| {
            let (container, keeper) = (log.container(id).unwrap(), (&person.id, &person.state));
            seal(&container, &log.bundles(), &number, keeper)
        };
        if self.command("sealed", allowed, false, &decide) {
            self.naive.sealed.insert(id.clone(), number);
        }
    }

    fn open_box(&mut self, id: &ContainerId, who: usize) {
        let allowed = self.keeps(id, who) && self.naive.sealed.contains_key(id) && !self.bound(id);
        let person = &self.people[who];
        let decide = |log: &Log| {
            let (container, keeper) = (log.container(id).unwrap(), (&person.id, &person.state));
            open_box(&container, &log.bundles(), true, keeper)
        };
        if self.command("opened", allowed, false, &decide) {
            self.naive.sealed.remove(id);
        }
    }

    /// Moves a box to the mover's site: an empty one, or one that a department emptied.
    fn move_box(&mut self, id: &ContainerId, who: usize) {
        let person = &self.people[who];
        let Side::Hall { site } = &person.side else {
            return;
        };
        let there = self.naive.boxes[id].clone();
        let gone = matches!(there, Side::Department { .. });
        let allowed = gone || there == person.side;
        let decide = |log: &Log| {
            let (container, keeper) = (log.container(id).unwrap(), (&person.id, &person.state));
            move_to(&container, None, site, &log.bundles(), keeper)
        };
        if self.command("moved", allowed, false, &decide) {
            self.naive.sealed.remove(id);
            let side = person.side.clone();
            self.naive.boxes.insert(id.clone(), side);
        }
    }
}
