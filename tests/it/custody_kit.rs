//! People with keys, bundles and slips for the tests of custody: a log in memory, and nothing that decides.

use std::collections::BTreeMap;

use counterfoil::domain::access::{Grant, Role, Scope};
use counterfoil::domain::custody::*;
use counterfoil::domain::staff::{
    PublicKey, SignatureBytes, StaffEvent, StaffState, fold as fold_staff, signing_message,
};
use counterfoil::domain::*;
use ed25519_dalek::{Signer, SigningKey};

/// 2026-03-02T01:00:00Z: a Monday morning in the hall.
pub const START: i64 = 1_772_413_200_000;
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;

pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub fn case(number: usize) -> CaseNo {
    CaseNo::new(format!("C-{number:04}")).unwrap()
}

/// Somebody who works here, with a signing key.
pub struct Person {
    pub id: StaffId,
    pub side: Side,
    pub state: StaffState,
    pub key: SigningKey,
}

impl Person {
    /// A person with one role, whose key is drawn from the id.
    pub fn new(id: &str, role: Role, side: Side) -> Self {
        let key = SigningKey::from_bytes(Digest::of(format!("seed of {id}")).as_bytes());
        let scope = match &side {
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
            StaffEvent::RoleAssigned {
                grant: Grant { role, scope },
            },
            StaffEvent::SigningKeyEnrolled {
                key: key_of(id),
                public: PublicKey::from_bytes(key.verifying_key().to_bytes()),
                sealed: None,
            },
        ];
        let events = events.map(|event| Event::Staff { event });
        Self {
            id: StaffId::new(id).unwrap(),
            side,
            state: fold_staff(&events).unwrap(),
            key,
        }
    }

    pub fn holder(&self) -> Holder {
        Holder {
            side: self.side.clone(),
            staff: Some(self.id.clone()),
        }
    }

    pub fn sign(&self, document: &Digest) -> KeySignature {
        let signature = self.key.sign(&signing_message(document));
        KeySignature {
            staff: self.id.clone(),
            key: key_of(self.id.as_str()),
            signature: SignatureBytes::from_bytes(signature.to_bytes()),
        }
    }
}

pub fn key_of(staff: &str) -> SigningKeyId {
    SigningKeyId::new(format!("key-{staff}")).unwrap()
}

pub fn site(code: &str) -> Side {
    Side::Hall {
        site: SiteCode::new(code).unwrap(),
    }
}

pub fn department(code: &str) -> Side {
    Side::Department {
        department: DepartmentCode::new(code).unwrap(),
    }
}

/// Two clerks and an archivist of one site, a clerk of another, two officers of one department, one of another.
pub fn people() -> Vec<Person> {
    vec![
        Person::new("c-1", Role::Clerk, site("CENTRE")),
        Person::new("c-2", Role::Clerk, site("CENTRE")),
        Person::new("a-1", Role::Archivist, site("CENTRE")),
        Person::new("v-1", Role::Clerk, site("VILLAGE")),
        Person::new("o-1", Role::DepartmentOfficer, department("market")),
        Person::new("o-2", Role::ChiefRepresentative, department("market")),
        Person::new("o-3", Role::DepartmentOfficer, department("housing")),
    ]
}

/// The round of transfer in these tests.
pub fn round() -> TransferId {
    TransferId::new("T-1").unwrap()
}

/// Histories in memory.
#[derive(Default)]
pub struct Log {
    pub histories: BTreeMap<Subject, Vec<Entry>>,
}

impl Log {
    /// Records facts, as the ledger would: each goes to the end of its subject's history.
    pub fn record(&mut self, now: i64, facts: Vec<Fact>) {
        for fact in facts {
            let history = self.histories.entry(fact.subject.clone()).or_default();
            history.push(Entry {
                v: 1,
                subject: fact.subject,
                seq: u32::try_from(history.len()).unwrap(),
                at: at(now),
                occurred: fact.occurred,
                by: Actor::new("cli:test").unwrap(),
                request: RequestId::new("r").unwrap(),
                event: fact.event,
            });
        }
    }

    pub fn bundle(&self, case: &CaseNo) -> Bundle {
        let history = self.histories.get(&Subject::Bundle(case.clone()));
        let bundle = history.and_then(fold_bundle);
        bundle.unwrap_or_else(|| Bundle::new(case.clone()))
    }

    pub fn bundles(&self) -> Bundles {
        let subjects = self.histories.keys();
        let cases = subjects.filter_map(|subject| match subject {
            Subject::Bundle(case) => Some(case.clone()),
            _ => None,
        });
        cases
            .map(|case| (case.clone(), self.bundle(&case)))
            .collect()
    }

    /// Puts papers on the round for a transfer, and takes them off it for every other leg.
    pub fn prepare(&mut self, leg: Leg, lines: &[(CaseNo, Vec<u16>)]) {
        for (case, papers) in lines {
            let (transfer, papers) = (round(), papers.clone());
            let event = match leg {
                Leg::Transfer => BundleEvent::Listed { transfer, papers },
                _ => BundleEvent::Unlisted { transfer, papers },
            };
            let subject = Subject::Bundle(case.clone());
            self.record(START, vec![Fact::new(subject, Event::Bundle { event })]);
        }
    }

    pub fn slip(&self, id: &SlipId) -> Option<Slip> {
        self.histories
            .get(&Subject::Slip(id.clone()))
            .and_then(fold_slip)
    }

    pub fn container(&self, id: &ContainerId) -> Option<Container> {
        self.histories
            .get(&Subject::Container(id.clone()))
            .and_then(fold_container)
    }

    pub fn discrepancies(&self) -> Vec<DiscrepancyState> {
        self.histories
            .iter()
            .filter(|(subject, _)| matches!(subject, Subject::Discrepancy(_)))
            .filter_map(|(_, history)| fold_discrepancy(history))
            .collect()
    }
}

/// One original and two copies.
pub fn two_papers() -> Vec<NewPaper> {
    let paper = |row: &str, form, count| NewPaper {
        row: Some(MaterialCode::new(row).unwrap()),
        form,
        count,
        pages: Some(2),
        condition: Condition::Good,
        origin: Origin::Receipt,
    };
    vec![
        paper("form", PaperForm::Original, 1),
        paper("licence", PaperForm::Copy, 2),
    ]
}

/// A manifest of papers as they are registered.
pub fn manifest(
    log: &Log,
    id: &str,
    leg: Leg,
    from: &Person,
    to: &Side,
    lines: &[(CaseNo, Vec<u16>)],
    expires: Date,
) -> SlipManifest {
    let line = |(case, papers): &(CaseNo, Vec<u16>)| {
        let bundle = log.bundle(case);
        let papers = papers.iter().filter_map(|no| bundle.papers.get(no));
        SlipLine {
            case: case.clone(),
            papers: papers.map(|held| held.paper.clone()).collect(),
        }
    };
    SlipManifest {
        slip: SlipId::new(id).unwrap(),
        leg,
        transfer: (leg == Leg::Transfer).then(round),
        from: from.holder(),
        to: to.clone(),
        back_by: (leg == Leg::Loan).then_some(expires),
        expires,
        lines: lines.iter().map(line).collect(),
        boxes: Vec::new(),
    }
}

/// An outcome that finds every paper as `found` says.
pub fn outcome(
    manifest: &SlipManifest,
    to: Holder,
    mut found: impl FnMut(&CaseNo, u16) -> Found,
) -> SlipOutcome {
    let lines = manifest.lines.iter().map(|line| OutcomeLine {
        case: line.case.clone(),
        papers: line
            .papers
            .iter()
            .map(|paper| PaperOutcome {
                no: paper.no,
                found: found(&line.case, paper.no),
            })
            .collect(),
    });
    SlipOutcome {
        slip: manifest.slip.clone(),
        manifest: manifest.digest(),
        to,
        lines: lines.collect(),
        extras: Vec::new(),
        seals: Vec::new(),
    }
}
