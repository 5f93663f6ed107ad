//! The articles about paper that changes hands: Art 8(5), 10(2), 12(3), 12(4).

use counterfoil::domain::case::{Recipient, WitnessedSignature};
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;

/// A case's two papers at the first clerk, offered to the market department until the end of the next day.
struct Scene {
    people: Vec<Person>,
    log: Log,
    manifest: SlipManifest,
}

const CLERK: usize = 0;
const OFFICER: usize = 4;

impl Scene {
    fn new(leg: Leg, to: &Side) -> Self {
        let people = people();
        let mut log = Log::default();
        let Side::Hall { site } = &people[CLERK].side else {
            panic!("the first is a clerk");
        };
        let taken = take_in(&log.bundle(&case(1)), site, &people[CLERK].id, two_papers());
        log.record(START, taken.unwrap());
        let lines = [(case(1), vec![1, 2])];
        log.prepare(leg, &lines);
        let expires = Date::of(at(START + DAY));
        let manifest = manifest(&log, "S-1", leg, &people[CLERK], to, &lines, expires);
        let mut scene = Self {
            people,
            log,
            manifest,
        };
        let offered = scene.offer(CLERK).unwrap();
        scene.log.record(START, offered);
        scene
    }

    fn transfer() -> Self {
        Self::new(Leg::Transfer, &department("market"))
    }

    fn offer(&self, signer: usize) -> Result<Vec<Fact>, CustodyRefusal> {
        let signer = &self.people[signer];
        let known = self.log.slip(&self.manifest.slip);
        let given = signer.sign(&self.manifest.digest());
        let (bundles, now) = (self.log.bundles(), at(START));
        offer(
            known.as_ref(),
            &bundles,
            &self.manifest,
            &given,
            &signer.state,
            now,
        )
    }

    fn slip(&self) -> Slip {
        self.log.slip(&self.manifest.slip).unwrap()
    }

    fn outcome(&self, who: usize, found: impl FnMut(&CaseNo, u16) -> Found) -> SlipOutcome {
        outcome(&self.manifest, self.people[who].holder(), found)
    }

    fn receive(
        &self,
        who: usize,
        outcome: &SlipOutcome,
        now: i64,
    ) -> Result<Vec<Fact>, CustodyRefusal> {
        let by = self.people[who].sign(&outcome.digest());
        self.receive_by(who, outcome, &Receipt::Signed { by }, now)
    }

    fn receive_by(
        &self,
        who: usize,
        outcome: &SlipOutcome,
        receipt: &Receipt,
        now: i64,
    ) -> Result<Vec<Fact>, CustodyRefusal> {
        let calendar = Calendar::embedded();
        let due = clear_by(&calendar, CLEAR_DAYS, at(now)).unwrap();
        let state = &self.people[who].state;
        receive(
            &self.slip(),
            &self.manifest,
            outcome,
            receipt,
            state,
            due,
            at(now),
        )
    }

    fn holder(&self, no: u16) -> Option<Holder> {
        let bundle = self.log.bundle(&case(1));
        bundle.papers[&no].holder().cloned()
    }
}

fn all_there(_: &CaseNo, _: u16) -> Found {
    Found::Present
}

#[test]
fn art_08_5_paper_changes_hands_with_two_signers_only() {
    let mut scene = Scene::transfer();
    let clerk = scene.people[CLERK].holder();
    assert_eq!(
        scene.holder(1),
        Some(clerk.clone()),
        "an offer moves nothing"
    );

    // The giver cannot sign for it, nor anybody of another side, nor with a key that is not the signer's.
    let own = scene.outcome(CLERK, all_there);
    let refused = scene.receive(CLERK, &own, START).unwrap_err();
    assert_eq!(refused.code(), "holder-differs");
    let other = scene.outcome(OFFICER + 2, all_there);
    let refused = scene.receive(OFFICER + 2, &other, START).unwrap_err();
    assert_eq!(refused.code(), "holder-differs");
    let good = scene.outcome(OFFICER, all_there);
    let mut forged = scene.people[OFFICER + 1].sign(&good.digest());
    forged.staff = scene.people[OFFICER].id.clone();
    forged.key = key_of("o-1");
    let refused = scene.receive_by(OFFICER, &good, &Receipt::Signed { by: forged }, START);
    assert_eq!(refused.unwrap_err().code(), "bad-signature");

    let facts = scene.receive(OFFICER, &good, START).unwrap();
    assert_eq!(facts.len(), 2, "the slip and the one bundle");
    scene.log.record(START, facts);
    assert_eq!(scene.holder(1), Some(scene.people[OFFICER].holder()));
    assert_eq!(scene.holder(2), Some(scene.people[OFFICER].holder()));
    let again = scene.receive(OFFICER, &good, START).unwrap_err();
    assert_eq!(again.code(), "slip-not-open");
    assert_eq!(scene.offer(CLERK).unwrap_err().code(), "slip-known");
}

#[test]
fn art_08_5_the_giver_holds_what_is_offered() {
    let scene = Scene::transfer();
    let offered = scene.offer(CLERK).unwrap_err();
    assert_eq!(offered.code(), "slip-known");
    let mut other = Scene::transfer();
    other.manifest.slip = SlipId::new("S-2").unwrap();
    // What is on one slip is not put on another, and nobody offers what somebody else holds.
    assert_eq!(other.offer(CLERK).unwrap_err().code(), "on-slip");
    assert_eq!(other.offer(1).unwrap_err().code(), "holder-differs");
    other.manifest.from = other.people[1].holder();
    assert_eq!(other.offer(1).unwrap_err().code(), "not-holder");
    other.manifest.lines[0].papers[0].count = 9;
    assert_eq!(other.offer(1).unwrap_err().code(), "paper-differs");
    other.manifest.leg = Leg::Return;
    assert_eq!(other.offer(1).unwrap_err().code(), "wrong-leg");
}

#[test]
fn art_12_3_within_the_hall_two_people_hand_over() {
    let mut scene = Scene::new(Leg::Internal, &site("CENTRE"));
    let own = scene.outcome(CLERK, all_there);
    let refused = scene.receive(CLERK, &own, START).unwrap_err();
    assert_eq!(refused.code(), "same-person");
    // A village clerk is of the hall, but the slip is for the centre.
    let away = scene.outcome(3, all_there);
    let refused = scene.receive(3, &away, START).unwrap_err();
    assert_eq!(refused.code(), "holder-differs");
    let archivist = scene.outcome(2, all_there);
    let facts = scene.receive(2, &archivist, START).unwrap();
    scene.log.record(START, facts);
    assert_eq!(scene.holder(1), Some(scene.people[2].holder()));
}

#[test]
fn art_12_4_what_is_not_confirmed_stays_with_the_giver_and_is_followed_up() {
    let mut scene = Scene::transfer();
    let mut found = scene.outcome(OFFICER, |_, no| match no {
        1 => Found::Worse,
        _ => Found::Missing,
    });
    found.extras = vec![Extra {
        case: case(9),
        count: 3,
    }];
    let facts = scene.receive(OFFICER, &found, START).unwrap();
    scene.log.record(START, facts);

    let (clerk, officer) = (scene.people[CLERK].holder(), scene.people[OFFICER].holder());
    assert_eq!(scene.holder(1), Some(officer));
    assert_eq!(scene.holder(2), Some(clerk.clone()));
    assert!(scene.log.bundle(&case(1)).papers[&1].damaged);
    let Standing::Received(told) = scene.slip().standing else {
        panic!("it was received");
    };
    assert_eq!((told.taken, told.kept, told.extras), (1, 1, 1));
    let told: Vec<String> = scene
        .log
        .discrepancies()
        .iter()
        .map(|one| {
            let what = &one.discrepancy;
            let (id, kind, due) = (&one.id, what.kind, what.due);
            assert_eq!(what.owner, clerk);
            format!("{id} {} {kind:#} {:?} {due}", what.case, what.papers)
        })
        .collect();
    // Monday 2 March 2026 and five working days.
    let expected = [
        "S-1-1 C-0001 missing [2] 2026-03-09",
        "S-1-2 C-0001 damaged [1] 2026-03-09",
        "S-1-3 C-0009 extra [] 2026-03-09",
    ];
    assert_eq!(told, expected);
}

#[test]
fn art_12_4_days_for_clearing_up_are_working_days() {
    // The Wednesday before the Qingming holiday of 4 to 6 April.
    let found_at: Timestamp = "2026-04-01T01:00:00.000Z".parse().unwrap();
    let due = clear_by(&Calendar::embedded(), CLEAR_DAYS, found_at).unwrap();
    assert_eq!(due.to_string(), "2026-04-09");
    let late: Timestamp = "2031-04-01T01:00:00.000Z".parse().unwrap();
    let missing = clear_by(&Calendar::embedded(), CLEAR_DAYS, late).unwrap_err();
    assert_eq!(missing.code(), "calendar-year-missing");
}

#[test]
fn art_12_4_a_discrepancy_is_overdue_from_the_end_of_its_last_day() {
    let mut scene = Scene::transfer();
    let found = scene.outcome(OFFICER, |_, no| match no {
        1 => Found::Present,
        _ => Found::Misplaced,
    });
    let facts = scene.receive(OFFICER, &found, START).unwrap();
    scene.log.record(START, facts);
    let open = &scene.log.discrepancies()[0];
    let end = open.discrepancy.due.end();
    assert!(!open.is_overdue(end.plus_millis(-1)));
    assert!(open.is_overdue(end));

    let note = Commitment(Digest::of("found in the wrong folder"));
    let officer = &scene.people[OFFICER];
    let clerk = &scene.people[CLERK];
    let refused = clear(open, &officer.id, &officer.state, note).unwrap_err();
    assert_eq!(refused.code(), "not-owner");
    let facts = clear(open, &clerk.id, &clerk.state, note).unwrap();
    scene.log.record(START + DAY, facts);
    let cleared = &scene.log.discrepancies()[0];
    assert!(!cleared.is_overdue(end));
    let again = clear(cleared, &clerk.id, &clerk.state, note).unwrap_err();
    assert_eq!(again.code(), "cleared");
}

#[test]
fn art_12_3_an_offer_lapses_at_the_end_of_its_last_day() {
    let mut scene = Scene::transfer();
    let end = scene.manifest.expires.end();
    let found = scene.outcome(OFFICER, all_there);
    let last = end.as_millis() - 1;
    let in_time = scene.receive(OFFICER, &found, last).unwrap();
    assert_eq!(in_time.len(), 2, "the slip and its bundle");
    let late = scene.receive(OFFICER, &found, end.as_millis()).unwrap_err();
    assert_eq!(late.code(), "slip-expired");
    let slip = scene.slip();
    assert_eq!(lapse(&slip, &scene.manifest, at(last)).unwrap(), []);
    let facts = lapse(&slip, &scene.manifest, end).unwrap();
    scene.log.record(end.as_millis(), facts);
    let slip = scene.slip();
    assert_eq!(lapse(&slip, &scene.manifest, end).unwrap(), [], "once");
    assert_eq!(scene.holder(1), Some(scene.people[CLERK].holder()));
    assert_eq!(scene.log.bundle(&case(1)).papers[&1].offered, None);
}

#[test]
fn art_08_5_a_department_without_accounts_signs_and_stamps_on_paper() {
    let mut scene = Scene::transfer();
    let to = Holder {
        side: department("market"),
        staff: None,
    };
    let found = outcome(&scene.manifest, to.clone(), all_there);
    let sheet = Digest::of("the scanned sheet");
    let statement = |captured| WitnessStatement {
        statement: found.digest(),
        captured,
    };
    let clerk = &scene.people[1];
    let witness = clerk.sign(&statement(Digest::of("another sheet")).digest());
    let receipt = Receipt::Stamped { sheet, witness };
    let refused = scene.receive_by(1, &found, &receipt, START).unwrap_err();
    assert_eq!(
        refused.code(),
        "bad-signature",
        "the witness saw another sheet"
    );
    let witness = clerk.sign(&statement(sheet).digest());
    let receipt = Receipt::Stamped { sheet, witness };
    let facts = scene.receive_by(1, &found, &receipt, START).unwrap();
    scene.log.record(START, facts);
    assert_eq!(scene.holder(1), Some(to));

    // Within the hall nobody stamps.
    let scene = Scene::new(Leg::Internal, &site("CENTRE"));
    let to = Holder {
        side: site("CENTRE"),
        staff: None,
    };
    let found = outcome(&scene.manifest, to, all_there);
    let witness = scene.people[1].sign(&Digest::of("anything"));
    let receipt = Receipt::Stamped { sheet, witness };
    let refused = scene.receive_by(1, &found, &receipt, START).unwrap_err();
    assert_eq!(refused.code(), "stamp-for-departments");
}

#[test]
fn art_10_2_paper_goes_back_to_the_applicant_from_whoever_holds_it() {
    let scene = Scene::transfer();
    let signature = |who: usize| WitnessedSignature {
        digest: Digest::of("signature pad"),
        witness: scene.people[who].id.clone(),
    };
    let bundle = scene.log.bundle(&case(1));
    let back =
        |papers: &[u16], who| give_back(&bundle, papers, Recipient::Applicant, &signature(who));
    assert_eq!(back(&[1], CLERK).unwrap_err().code(), "on-slip");
    assert_eq!(back(&[1], 1).unwrap_err().code(), "not-holder");
    assert_eq!(back(&[], CLERK).unwrap_err().code(), "no-papers");
    assert_eq!(back(&[7], CLERK).unwrap_err().code(), "no-paper");

    let mut log = Log::default();
    let site = SiteCode::new("CENTRE").unwrap();
    let taken = take_in(
        &log.bundle(&case(1)),
        &site,
        &scene.people[CLERK].id,
        two_papers(),
    );
    log.record(START, taken.unwrap());
    let bundle = log.bundle(&case(1));
    let twice = give_back(&bundle, &[1, 1], Recipient::Agent, &signature(CLERK));
    assert_eq!(twice.unwrap_err().code(), "listed-twice");
    let facts = give_back(&bundle, &[1], Recipient::Agent, &signature(CLERK)).unwrap();
    log.record(START, facts);
    let bundle = log.bundle(&case(1));
    assert_eq!(bundle.papers[&1].place, Place::Applicant);
    assert_eq!(
        bundle.papers[&2].holder(),
        Some(&scene.people[CLERK].holder())
    );
}

#[test]
fn a_loan_goes_back_to_whoever_lent_it() {
    let mut scene = Scene::new(Leg::Loan, &department("housing"));
    let borrower = OFFICER + 2;
    let found = scene.outcome(borrower, all_there);
    let facts = scene.receive(borrower, &found, START).unwrap();
    scene.log.record(START, facts);
    let held = &scene.log.bundle(&case(1)).papers[&1];
    let lent = Some((scene.manifest.expires, scene.people[CLERK].holder()));
    assert_eq!(held.lent, lent);

    let expires = Date::of(at(START));
    let lines = [(case(1), vec![1, 2])];
    let from = &scene.people[borrower];
    let try_leg = |leg, to: &Side| {
        let manifest = manifest(&scene.log, "S-9", leg, from, to, &lines, expires);
        let given = from.sign(&manifest.digest());
        offer(
            None,
            &scene.log.bundles(),
            &manifest,
            &given,
            &from.state,
            at(START),
        )
    };
    let elsewhere = try_leg(Leg::Return, &site("CENTRE")).unwrap_err();
    assert_eq!(elsewhere.code(), "lent");
    let other = try_leg(Leg::LoanReturn, &department("market")).unwrap_err();
    assert_eq!(other.code(), "not-lent");
    let back = try_leg(Leg::LoanReturn, &site("CENTRE")).unwrap();
    let subjects: Vec<String> = back.iter().map(|fact| fact.subject.to_string()).collect();
    assert_eq!(subjects, ["slip/S-9", "bundle/C-0001"]);
}
