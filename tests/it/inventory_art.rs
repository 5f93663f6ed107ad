//! Art 12(4): paper is counted, compared with the ledger, and what does not match is followed up.

use std::collections::BTreeSet;

use counterfoil::domain::access::Role;
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;

/// Four bundles: 1 and 2 with the first clerk of the centre, 3 with the second, 4 in the village.
struct Scene {
    people: Vec<Person>,
    log: Log,
    id: InventoryId,
}

const CLERK: usize = 0;
const OTHER: usize = 1;
const ARCHIVIST: usize = 2;
const VILLAGE: usize = 3;
/// Facts in the log when something is compared.
const LOG_SIZE: u64 = 7;

impl Scene {
    fn new(holder: Option<usize>) -> Self {
        let mut people = people();
        people.push(Person::new("s-1", Role::Supervisor, site("CENTRE")));
        let mut log = Log::default();
        for (number, who) in [(1, CLERK), (2, CLERK), (3, OTHER), (4, VILLAGE)] {
            let Side::Hall { site } = &people[who].side else {
                panic!("paper lies in the hall");
            };
            let bundle = log.bundle(&case(number));
            let taken = take_in(&bundle, site, &people[who].id, two_papers());
            log.record(START, taken.unwrap());
        }
        let id = InventoryId::new("I-1").unwrap();
        let mut scene = Self { people, log, id };
        let centre = SiteCode::new("CENTRE").unwrap();
        let holder = holder.map(|who| (&scene.people[who].id, &scene.people[who].state));
        let opener = StaffId::new("s-1").unwrap();
        let opened = open_inventory(None, &scene.id, &centre, holder, &opener);
        scene.log.record(START, opened.unwrap());
        scene
    }

    fn state(&self) -> InventoryState {
        fold_inventory(&self.log.histories[&Subject::Inventory(self.id.clone())]).unwrap()
    }

    fn scan(&mut self, numbers: &[usize]) {
        let labels: Vec<CaseNo> = numbers.iter().map(|number| case(*number)).collect();
        let scanned = scan(&self.state(), &labels, &self.people[ARCHIVIST].id);
        self.log.record(START + HOUR, scanned.unwrap());
    }

    fn findings(&self) -> InventoryFindings {
        compare(&self.state(), &self.log.bundles(), LOG_SIZE)
    }

    fn close(
        &self,
        who: usize,
        findings: &InventoryFindings,
    ) -> Result<Vec<Fact>, InventoryRefusal> {
        let counter = &self.people[who];
        let signed = counter.sign(&findings.digest());
        let due = "2026-03-09".parse().unwrap();
        let (state, bundles) = (self.state(), self.log.bundles());
        let now = (&bundles, LOG_SIZE);
        close_inventory(&state, now, findings, &signed, &counter.state, due)
    }

    fn refused(&self, who: usize, findings: &InventoryFindings) -> &'static str {
        self.close(who, findings).unwrap_err().code()
    }
}

#[test]
fn art_12_4_what_is_missing_or_too_much_has_an_owner_and_a_day() {
    let mut scene = Scene::new(None);
    scene.scan(&[1]);
    scene.scan(&[1, 3, 4]);
    let findings = scene.findings();
    let found = scene.close(ARCHIVIST, &findings).unwrap();
    scene.log.record(START + 2 * HOUR, found);
    let figures = scene.state().closed.unwrap().figures;
    let expected = Figures {
        expected: 3,
        found: 2,
        missing: 1,
        unexpected: 1,
        discrepancies: 2,
    };
    assert_eq!(figures, expected);
    let open = scene.log.discrepancies();
    let told: BTreeSet<_> = open
        .iter()
        .map(|one| {
            let what = &one.discrepancy;
            assert_eq!(what.inventory, Some(scene.id.clone()));
            assert_eq!(what.due.to_string(), "2026-03-09");
            (what.kind, what.case.clone(), what.owner.staff.clone())
        })
        .collect();
    let clerk = Some(scene.people[CLERK].id.clone());
    let expected = BTreeSet::from([
        (DiscrepancyKind::Missing, case(2), clerk),
        (DiscrepancyKind::Extra, case(4), None),
    ]);
    assert_eq!(told, expected);
    let bundle = scene.log.bundle(&case(2));
    assert!(bundle.papers.values().all(|held| held.doubts.len() == 1));
    assert_eq!(scene.refused(ARCHIVIST, &findings), "inventory-closed");
    let late = scan(&scene.state(), &[case(2)], &scene.people[OTHER].id);
    assert_eq!(late.unwrap_err().code(), "inventory-closed");
    // Counted again: what is in doubt is missing still, and not followed up twice.
    scene.id = InventoryId::new("I-2").unwrap();
    let centre = SiteCode::new("CENTRE").unwrap();
    let opened = open_inventory(None, &scene.id, &centre, None, &scene.people[OTHER].id);
    scene.log.record(START + 3 * HOUR, opened.unwrap());
    scene.scan(&[1, 3]);
    let again = scene.close(ARCHIVIST, &scene.findings()).unwrap();
    scene.log.record(START + 4 * HOUR, again);
    let figures = scene.state().closed.unwrap().figures;
    assert_eq!((figures.missing, figures.discrepancies), (1, 0));
}

/// How many of these facts close a count.
fn closings(facts: &[Fact]) -> usize {
    let closed = |fact: &&Fact| {
        let event = &fact.event;
        matches!(
            event,
            Event::Inventory {
                event: InventoryEvent::Closed { .. }
            }
        )
    };
    facts.iter().filter(closed).count()
}

#[test]
fn art_12_4_nobody_counts_alone_what_they_hold() {
    let mut scene = Scene::new(Some(CLERK));
    scene.scan(&[1, 3]);
    let findings = scene.findings();
    assert_eq!(findings.lines.len(), 2, "only what that person holds");
    assert_eq!(findings.unexpected, [case(3)]);
    assert_eq!(scene.refused(CLERK, &findings), "counts-own");
    assert_eq!(scene.refused(VILLAGE, &findings), "not-their-side");
    assert_eq!(closings(&scene.close(OTHER, &findings).unwrap()), 1);
    // Of a site's paper everybody may sign who does not hold all of it.
    let mut scene = Scene::new(None);
    scene.scan(&[1, 2, 3]);
    assert_eq!(closings(&scene.close(CLERK, &scene.findings()).unwrap()), 1);
    let centre = SiteCode::new("CENTRE").unwrap();
    let village = &scene.people[VILLAGE];
    let id = InventoryId::new("I-3").unwrap();
    let holder = Some((&village.id, &village.state));
    let other = open_inventory(None, &id, &centre, holder, &village.id);
    assert_eq!(other.unwrap_err().code(), "not-their-side");
}

#[test]
fn art_12_4_findings_are_what_the_ledger_says_when_they_are_signed() {
    let mut scene = Scene::new(None);
    scene.scan(&[1, 2, 3]);
    let findings = scene.findings();
    // A paper is handed on in the meantime.
    let received = BundleEvent::Received {
        slip: SlipId::new("S-1").unwrap(),
        papers: vec![1, 2],
        holder: scene.people[VILLAGE].holder(),
        damaged: Vec::new(),
        back_by: None,
    };
    let subject = Subject::Bundle(case(3));
    let moved = Fact::new(subject, Event::Bundle { event: received });
    scene.log.record(START + HOUR, vec![moved]);
    assert_eq!(scene.refused(ARCHIVIST, &findings), "findings-differ");
    let now = scene.findings();
    assert_eq!(now.unexpected, [case(3)]);
    // What is signed is what is recorded, and nothing of a log that is not there yet.
    let later = InventoryFindings {
        log_size: LOG_SIZE + 1,
        ..now.clone()
    };
    assert_eq!(scene.refused(ARCHIVIST, &later), "findings-differ");
    let mut forged = now.clone();
    forged.unexpected.clear();
    assert_eq!(scene.refused(ARCHIVIST, &forged), "findings-differ");
    let counter = &scene.people[ARCHIVIST];
    let signed = counter.sign(&findings.digest());
    let due = "2026-03-09".parse().unwrap();
    let (state, bundles) = (scene.state(), scene.log.bundles());
    let other = close_inventory(
        &state,
        (&bundles, LOG_SIZE),
        &now,
        &signed,
        &counter.state,
        due,
    );
    assert_eq!(other.unwrap_err().code(), "bad-signature");
}

#[test]
fn scans_are_counted_once_and_bounded() {
    let mut scene = Scene::new(None);
    scene.scan(&[1, 1, 2]);
    let by = &scene.people[OTHER].id;
    let again = scan(&scene.state(), &[case(2)], by).unwrap();
    assert!(again.is_empty());
    assert_eq!(
        scan(&scene.state(), &[], by).unwrap_err().code(),
        "no-labels"
    );
    let many: Vec<CaseNo> = (0..=LABELS_MAX).map(case).collect();
    let refused = scan(&scene.state(), &many, by).unwrap_err();
    assert_eq!(refused.code(), "too-many-labels");
}
