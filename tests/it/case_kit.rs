//! What the tests about cases share: a few items, and commands as a clerk gives them.

use std::str::FromStr;

use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::{Delegation, Mandate, Power};
use counterfoil::domain::*;

/// Any code from its text.
pub fn code<T: FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

pub fn secret(text: &str) -> Commitment {
    Commitment(Digest::of(text))
}

/// An instant in the hall's time: `2026-02-14T09:00`.
pub fn instant(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().unwrap()
}

pub fn signed(text: &str) -> WitnessedSignature {
    WitnessedSignature {
        digest: Digest::of(text),
        witness: code("clerk-1"),
    }
}

pub fn officer(department: &str) -> Officer {
    Officer {
        staff: code(&format!("{department}-officer")),
        department: code(department),
    }
}

pub fn delegate(department: &str, chief: bool) -> Delegation {
    Delegation {
        staff: code(&format!("{department}-delegate")),
        department: code(department),
        chief,
    }
}

pub fn window_signs(staff: &str) -> StaffSignature {
    StaffSignature {
        staff: code(staff),
        party: Party::Window,
        digest: Digest::of(staff),
    }
}

pub fn department_signs(department: &str, staff: &str) -> StaffSignature {
    StaffSignature {
        staff: code(staff),
        party: Party::Department {
            department: code(department),
        },
        digest: Digest::of(staff),
    }
}

pub fn material(name: &str, weight: Weight, originals: u8, copies: u8, ways: &[MetBy]) -> Material {
    Material {
        code: code(name),
        name: name.into(),
        necessity: Necessity::Required,
        originals,
        copies,
        weight,
        deferral: None,
        met_by: ways.to_vec(),
        transfer_to: None,
        marks: Vec::new(),
    }
}

/// An item with a form of one original and nothing else.
pub fn plain(task: &str, lead: &str, handling: Handling) -> ServiceItem {
    ServiceItem {
        task_code: code(task),
        catalog_code: code("000100000001"),
        version: 3,
        name: task.into(),
        kind: ItemKind::Licence,
        field: code("market"),
        applicants: vec![ApplicantKind::Person, ApplicantKind::Organisation],
        handling,
        lead: code(lead),
        co_tasks: Vec::new(),
        materials: vec![material("form", Weight::Main, 1, 0, &[MetBy::PaperKept])],
        review_points: Vec::new(),
        special_procedures: Vec::new(),
        higher_authority: false,
        result: ResultKind {
            name: "licence".into(),
            certificate: None,
        },
        retention: Retention::Years { years: 10 },
        basis: Vec::new(),
    }
}

pub const FOOD_DAYS: Handling = Handling::TimeLimited {
    legal_days: 20,
    promised_days: 8,
};

/// 食品经营许可: all kinds of rows, a certificate, a hearing or an inspection on the way.
pub fn food() -> ServiceItem {
    use MetBy::*;
    let mut item = plain("food", "market", FOOD_DAYS);
    item.result.certificate = Some(code("food-licence"));
    item.special_procedures = vec![SpecialProcedure::Hearing, SpecialProcedure::Inspection];
    let identity = material("identity", Weight::Main, 0, 0, &[OriginalSeen, ELicence]);
    let mut lease = material(
        "lease",
        Weight::Secondary,
        1,
        1,
        &[PaperKept, EarlierSubmission],
    );
    lease.deferral = Some(Deferral { days: 5 });
    let layout = material("layout", Weight::Secondary, 0, 2, &[PaperKept, Commitment]);
    let mut health = material("health", Weight::Secondary, 0, 1, &[PaperKept, SharedData]);
    health.deferral = Some(Deferral { days: 20 });
    health.necessity = Necessity::Conditional {
        when: "staff handle food".into(),
    };
    item.materials.extend([identity, lease, layout, health]);
    item
}

/// 施工许可: a lead, two departments in a first step, one in a second.
pub fn works() -> ServiceItem {
    let mut item = plain("works", "housing", FOOD_DAYS);
    let paper = &[MetBy::PaperKept];
    item.materials
        .push(material("plan", Weight::Main, 0, 1, paper));
    item.materials
        .push(material("land", Weight::Main, 1, 0, paper));
    let part = |department: &str, step, rows: &[&str]| CoTask {
        department: code(department),
        step,
        days: 3,
        materials: rows.iter().map(|row| code(row)).collect(),
    };
    item.co_tasks = vec![
        part("fire", 1, &["plan"]),
        part("planning", 1, &["plan", "land"]),
        part("transport", 2, &["land"]),
    ];
    item
}

pub fn mandate(item: &ServiceItem, power: Power) -> Mandate {
    Mandate {
        site: code("centre"),
        window: code("w1"),
        power,
        department: item.lead.clone(),
        authorisation: code("auth-1"),
        task: item.task_code.clone(),
        version: item.version,
        content: Digest::of(&item.name),
    }
}

pub fn application(item: &ServiceItem) -> Application {
    Application {
        mandate: mandate(item, Power::Receive),
        clerk: code("clerk-1"),
        applicant: Applicant {
            kind: ApplicantKind::Person,
            record: secret("applicant"),
        },
        agent: None,
        delivery: DeliveryChoice::PickUp,
        query: secret("query"),
        findings: Vec::new(),
    }
}

pub fn paper(row: &str, originals: u8, copies: u8) -> Meet {
    Meet {
        row: code(row),
        way: MetBy::PaperKept,
        originals,
        copies,
        shared: None,
        evidence: None,
        earlier: None,
        clerk: code("clerk-1"),
    }
}

pub fn by(row: &str, way: MetBy, evidence: Option<&str>) -> Meet {
    Meet {
        way,
        evidence: evidence.map(Digest::of),
        ..paper(row, 0, 0)
    }
}

pub fn receipt(item: &ServiceItem) -> IssueReceipt {
    IssueReceipt {
        mandate: mandate(item, Power::Receive),
        manner: ReceiptManner::Print,
        serial: None,
        clerk: code("clerk-1"),
    }
}

pub fn granted(department: &str) -> Decide {
    Decide {
        delegation: delegate(department, true),
        outcome: Outcome::Granted,
        document: Digest::of("decision"),
    }
}

pub fn made_here(serial: Option<&str>) -> CaseResult {
    CaseResult {
        route: ResultRoute::Platform,
        content: Digest::of("result"),
        serial: serial.map(code),
    }
}

pub fn hand(item: &ServiceItem, bearer: Bearer) -> HandOut {
    HandOut {
        mandate: mandate(item, Power::Issue),
        bearer,
        signature: signed("taken"),
    }
}

pub fn visit_at(role: DeskRole, channel: Channel) -> OpenVisit {
    OpenVisit {
        site: code("centre"),
        window: code("w1"),
        clerk: code("clerk-1"),
        role,
        channel,
    }
}

pub fn by_mail() -> DeliveryChoice {
    DeliveryChoice::Mail {
        address: secret("address"),
    }
}

/// An item of one row that is done within `promised` working days.
pub fn quick(promised: u16) -> ServiceItem {
    let handling = Handling::TimeLimited {
        legal_days: promised * 2,
        promised_days: promised,
    };
    plain("quick", "market", handling)
}
