//! One month of the hall whose packages are verified: five cases, an internal hand-over before the round, a discrepancy
//! at the window and one at the department, a deferral, and both signatures. Every step is decided by the domain; a twist
//! may change what it records, as somebody with the log's key could.

use counterfoil::domain::access::{Grant, Role, Scope};
use counterfoil::domain::case::CaseEvent;
use counterfoil::domain::custody::*;
use counterfoil::domain::event::{FileFormat, ScanSource};
use counterfoil::domain::staff::{PublicKey, SignInMethod, StaffEvent};
use counterfoil::domain::transfer::{
    self, Planned, Round, RoundLine, RoundLines, RoundOutcome, Seal,
};
use counterfoil::domain::*;

use crate::custody_kit::{
    Person, at, case, department, key_of, manifest, outcome, site, two_papers,
};
use crate::verify_hall::Hall;

/// Changes what a step records.
pub type Twist<'t> = &'t dyn Fn(&str, Vec<Fact>) -> Vec<Fact>;

pub fn clerk() -> Person {
    Person::new("c-1", Role::Clerk, site("CENTRE"))
}

pub fn officer() -> Person {
    Person::new("o-1", Role::DepartmentOfficer, department("market"))
}

/// The round: five cases of market at the centre.
pub fn planned() -> Planned {
    let of = Round {
        department: DepartmentCode::new("market").unwrap(),
        site: SiteCode::new("CENTRE").unwrap(),
        month: Month::new(2026, 1).unwrap(),
    };
    Planned {
        id: TransferId::of(&of.department, &of.site, of.month, 1),
        of,
        round: 1,
        joins: false,
        on: Date::new(2026, 2, 1).unwrap(),
        due: Date::new(2026, 4, 30).unwrap(),
        lines: (1..=5)
            .map(|number| (case(number), if number == 5 { vec![1] } else { vec![1, 2] }))
            .collect(),
    }
}

pub fn enrol(hall: &mut Hall, person: &Person, role: Role) {
    let scope = match &person.side {
        Side::Hall { site } => Scope::Site { site: site.clone() },
        Side::Department { department } => Scope::Department {
            department: department.clone(),
        },
    };
    let events = [
        StaffEvent::Enrolled {
            profile: Commitment(Digest::of("name")),
            credential: None,
            temporary: false,
        },
        StaffEvent::SignedIn {
            method: SignInMethod::Password,
        },
        StaffEvent::RoleAssigned {
            grant: Grant { role, scope },
        },
        StaffEvent::SigningKeyEnrolled {
            key: key_of(person.id.as_str()),
            public: PublicKey::from_bytes(person.key.verifying_key().to_bytes()),
            sealed: None,
        },
    ];
    for event in events {
        let subject = Subject::Staff(person.id.clone());
        hall.record(vec![Fact::new(subject, Event::Staff { event })]);
    }
}

/// A case with its facts, two scans and a bundle of two papers that `clerk` holds.
fn open_case(hall: &mut Hall, number: usize, clerk: &Person) {
    let no = case(number);
    let event = CaseEvent::PlatformNumbered {
        number: CaseNo::new(format!("P-{number}")).unwrap(),
    };
    hall.record(vec![Fact::new(
        Subject::Case(no.clone()),
        Event::Case { event },
    )]);
    for page in 1..=2 {
        let master = format!("scan {page} of {no}").into_bytes().repeat(50);
        let digest = Digest::of(&master);
        let event = Event::ScanReceived {
            digest,
            sm3: Sm3::of(&master),
            bytes: master.len() as u64,
            format: FileFormat::Tiff,
            source: ScanSource::Station,
            pipeline: PipelineName::new("default").unwrap(),
            case: Some(no.clone()),
            note: None,
            site: None,
        };
        hall.record(vec![Fact::new(Subject::Scan(digest), event)]);
        hall.masters.entry(no.clone()).or_default().push(master);
    }
    let centre = SiteCode::new("CENTRE").unwrap();
    let facts = take_in(&hall.log.bundle(&no), &centre, &clerk.id, two_papers());
    hall.record(facts.unwrap());
}

/// The internal hand-over before the round: two bundles, one of which is on no round.
fn shift_change(hall: &mut Hall, from: &Person, to: &Person, twist: Twist<'_>) {
    let lines = [(case(1), vec![1, 2]), (case(99), vec![1, 2])];
    let day = Date::new(2026, 3, 10).unwrap();
    let manifest = manifest(
        &hall.log,
        "S-shift",
        Leg::Internal,
        from,
        &to.side,
        &lines,
        day,
    );
    let given = from.sign(&manifest.digest());
    let facts = offer(
        None,
        &hall.log.bundles(),
        &manifest,
        &given,
        &from.state,
        at(hall.now),
    );
    hall.record(twist("shift-offer", facts.unwrap()));
    let outcome = outcome(&manifest, to.holder(), |_, _| Found::Present);
    let by = to.sign(&outcome.digest());
    let slip = hall.log.slip(&manifest.slip).unwrap();
    let receipt = Receipt::Signed { by };
    let facts = receive(
        &slip,
        &manifest,
        &outcome,
        &receipt,
        &to.state,
        day,
        at(hall.now),
    );
    hall.record(twist("shift-receipt", facts.unwrap()));
}

/// Opens the round, puts one case off, and looks the rest up: a paper of case 3 is not there.
fn gather(hall: &mut Hall, twist: Twist<'_>) {
    let planned = planned();
    let today = Date::of(at(hall.now));
    let lines = transfer::lines(&planned, None);
    hall.documents.push(lines.bytes());
    let opened = transfer::open(&planned, None, &lines, today);
    hall.record(twist("open", opened));
    // A paper of case 5 is found to belong to it as well.
    let mut more = planned.clone();
    more.joins = true;
    more.lines = vec![(case(5), vec![2])];
    let joined = transfer::lines(&more, Some(&lines));
    hall.documents.push(joined.bytes());
    let facts = transfer::open(&more, Some(&hall.round_state()), &joined, today);
    hall.record(twist("join", facts));
    let staff = |id: &str| StaffId::new(id).unwrap();
    let lines = RoundLines {
        transfer: hall.round.clone(),
        lines: vec![RoundLine {
            case: case(4),
            papers: vec![1, 2],
        }],
    };
    let until = Date::new(2026, 6, 30).unwrap();
    let reason = Commitment(Digest::of("reason"));
    let bundles = hall.log.bundles();
    let asked = transfer::ask_deferral(
        &hall.round_state(),
        &bundles,
        &lines,
        until,
        reason,
        &staff("c-1"),
    );
    hall.documents.push(lines.bytes());
    hall.record(twist("ask", asked.unwrap()));
    let consented = transfer::consent_deferral(&hall.round_state(), &staff("o-1"));
    hall.record(twist("consent", consented.unwrap()));
    let approved = transfer::approve_deferral(&hall.round_state(), &bundles, &lines, &staff("s-1"));
    hall.record(twist("approve", approved.unwrap()));
    let bundles = hall.log.bundles();
    let on = transfer::on_round(&hall.round_state(), &bundles);
    let found = |line: &RoundLine, no: u16| {
        let missing = line.case == case(3) && no == 2;
        PaperOutcome {
            no,
            found: if missing {
                Found::Missing
            } else {
                Found::Present
            },
        }
    };
    let outcome = RoundOutcome {
        transfer: hall.round.clone(),
        lines: on
            .iter()
            .map(|line| OutcomeLine {
                case: line.case.clone(),
                papers: line.papers.iter().map(|no| found(line, *no)).collect(),
            })
            .collect(),
        extras: Vec::new(),
    };
    hall.documents.push(outcome.bytes());
    let day = Date::new(2026, 3, 20).unwrap();
    let facts = transfer::reconcile(&hall.round_state(), &bundles, &outcome, &staff("c-1"), day);
    hall.record(twist("reconcile", facts.unwrap()));
}

/// Seals the package with this payload manifest.
fn seal(hall: &mut Hall, twist: Twist<'_>) {
    let payload = crate::verify_kit::payload(hall);
    let bundles = hall.log.bundles();
    let checks = br#"{"checks":[]}"#.to_vec();
    let seal = Seal {
        package: Digest::of(crate::verify_kit::manifest_of(&payload)),
        checks: Digest::of(&checks),
        failed: 0,
        files: payload.len() as u64,
        bytes: payload.values().map(|bytes| bytes.len() as u64).sum(),
        log_size: hall.size(),
        lines: transfer::on_round(&hall.round_state(), &bundles),
    };
    hall.documents.push(checks);
    let by = StaffId::new("c-1").unwrap();
    let facts = transfer::seal(&hall.round_state(), &bundles, &seal, &by);
    hall.record(twist("seal", facts.unwrap()));
    hall.sealed = hall.size();
}

/// The department takes everything but one damaged paper, and signs.
fn hand_over(hall: &mut Hall, from: &Person, to: &Person, twist: Twist<'_>) {
    let bundles = hall.log.bundles();
    let lines: Vec<(CaseNo, Vec<u16>)> = transfer::on_round(&hall.round_state(), &bundles)
        .into_iter()
        .map(|line| (line.case, line.papers))
        .collect();
    let day = Date::new(2026, 3, 12).unwrap();
    let mut manifest = manifest(
        &hall.log,
        "S-transfer",
        Leg::Transfer,
        from,
        &to.side,
        &lines,
        day,
    );
    manifest.transfer = Some(hall.round.clone());
    let given = from.sign(&manifest.digest());
    let facts = offer(None, &bundles, &manifest, &given, &from.state, at(hall.now)).unwrap();
    let facts = transfer::offered(&hall.round_state(), &manifest, facts).unwrap();
    hall.record(twist("offer", facts));
    let outcome = outcome(&manifest, to.holder(), |case_no, no| {
        match *case_no == case(2) && no == 1 {
            true => Found::Damaged,
            false => Found::Present,
        }
    });
    let receipt = Receipt::Signed {
        by: to.sign(&outcome.digest()),
    };
    let slip = hall.log.slip(&manifest.slip).unwrap();
    let due = Date::new(2026, 3, 19).unwrap();
    let facts = receive(
        &slip,
        &manifest,
        &outcome,
        &receipt,
        &to.state,
        due,
        at(hall.now),
    )
    .unwrap();
    let facts = transfer::received(&hall.round_state(), &manifest.slip, facts);
    hall.slips
        .insert("S-transfer.manifest.json".to_owned(), manifest.bytes());
    hall.slips
        .insert("S-transfer.outcome.json".to_owned(), outcome.bytes());
    hall.record(twist("receipt", facts));
    hall.signed = hall.size();
}

/// The whole month, with a change of the log's key and foreign facts in between.
pub fn month(twist: Twist<'_>) -> Hall {
    let mut hall = Hall::new();
    let (clerk, officer) = (clerk(), officer());
    let evening = Person::new("c-2", Role::Clerk, site("CENTRE"));
    enrol(&mut hall, &clerk, Role::Clerk);
    enrol(&mut hall, &evening, Role::Clerk);
    enrol(&mut hall, &officer, Role::DepartmentOfficer);
    for number in [1, 99] {
        open_case(&mut hall, number, &evening);
    }
    hall.rotate();
    for number in 2..=5 {
        open_case(&mut hall, number, &clerk);
    }
    shift_change(&mut hall, &evening, &clerk, twist);
    gather(&mut hall, twist);
    seal(&mut hall, twist);
    hall.record(twist("before-offer", Vec::new()));
    hand_over(&mut hall, &clerk, &officer, twist);
    // What comes later does not undo what was signed.
    let event = StaffEvent::SigningKeyRevoked {
        key: key_of("o-1"),
        reason: counterfoil::domain::staff::RevocationReason::Replaced,
    };
    let subject = Subject::Staff(officer.id.clone());
    hall.record(vec![Fact::new(subject, Event::Staff { event })]);
    hall
}

/// Nothing is changed.
pub fn honest(_: &str, facts: Vec<Fact>) -> Vec<Fact> {
    facts
}
