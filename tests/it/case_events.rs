//! The written form of every fact about visits, cases and tickets: `fixtures/events/v1-cases.jsonl`, one line each.

use std::collections::BTreeSet;

use counterfoil::domain::case::{
    BroughtBack, CaseEvent, CaseForm, DeliveryWay, ErasureReason, FormPrint, KeptDocument,
    Recipient, TakenOver, VisitEvent,
};
use counterfoil::domain::ticket::{SlipPrint, TicketEvent};
use counterfoil::domain::*;

use crate::case_events_list::*;
use crate::case_kit::*;

const FILE: &str = "fixtures/events/v1-cases.jsonl";

fn papers() -> Vec<CaseEvent> {
    let by: StaffId = code("clerk-1");
    let document = KeptDocument {
        digest: Digest::of("signature"),
        format: counterfoil::domain::event::FileFormat::Png,
        bytes: 2048,
        by: by.clone(),
    };
    let print = FormPrint {
        form: CaseForm::IntakeReceipt,
        of: 9,
        print: 2,
        statement: Digest::of("statement"),
        record: secret("statement"),
        pdf: Digest::of("pdf"),
        pages: 1,
        by,
    };
    vec![
        CaseEvent::DocumentKept { document },
        CaseEvent::FormPrinted { print },
    ]
}

/// Facts that gained a part, as they are written since, and facts that came later.
fn added() -> Vec<CaseEvent> {
    let way = DeliveryWay::PickUp {
        recipient: Recipient::Applicant,
        signature: signed("taken"),
        window: Some(code("w2")),
    };
    let back = BroughtBack {
        department: code("market"),
        rows: vec![code("lease")],
    };
    let taken = TakenOver {
        site: code("s1"),
        department: code("market"),
        task: code("food"),
        version: 2,
        content: Digest::of("item"),
        applicant: counterfoil::domain::catalogue::ApplicantKind::Person,
        number: secret("number"),
        closed: code("2025-12-10"),
        clerk: code("clerk-1"),
    };
    vec![
        CaseEvent::Delivered { way },
        suspended(Some(5)),
        CaseEvent::PaperBroughtBack(back),
        CaseEvent::Refiled(counterfoil::domain::case::Refiled {
            to: code("c2"),
            scans: vec![Digest::of("scan")],
            rows: vec![code("lease")],
        }),
        CaseEvent::TakenOver(taken),
    ]
}

fn all() -> Vec<Entry> {
    let mut facts: Vec<(Subject, Event)> = Vec::new();
    let visit = Subject::Visit(code("v1"));
    facts.extend(
        visits()
            .into_iter()
            .map(|event| (visit.clone(), Event::Visit { event })),
    );
    let (case, ticket) = (Subject::Case(code("c1")), Subject::Ticket(code("t1")));
    let stretches = [
        at_the_window(),
        about_the_receipt(),
        at_the_department(),
        at_the_end(),
    ];
    let events = stretches.into_iter().flatten();
    facts.extend(events.map(|event| (case.clone(), Event::Case { event })));
    facts.extend(
        tickets()
            .into_iter()
            .map(|event| (ticket.clone(), Event::Ticket { event })),
    );
    // Later facts stand after the older lines, which never move.
    facts.extend(
        papers()
            .into_iter()
            .map(|event| (case.clone(), Event::Case { event })),
    );
    let print = SlipPrint {
        print: 1,
        statement: Digest::of("statement"),
        record: secret("statement"),
        pdf: secret("pdf"),
        pages: 1,
        by: code("clerk-1"),
    };
    let event = TicketEvent::SlipPrinted { print };
    facts.push((ticket.clone(), Event::Ticket { event }));
    let event = CaseEvent::ErasureApproved {
        reason: ErasureReason::LegalOrder,
        approval: secret("approval"),
        by: code("supervisor-1"),
    };
    facts.push((case.clone(), Event::Case { event }));
    let later = added().into_iter();
    facts.extend(later.map(|event| (case.clone(), Event::Case { event })));
    let mut entries = Vec::new();
    for (place, (subject, event)) in (0..).zip(facts) {
        let at = instant("2026-03-02T09:00").plus_millis(place);
        entries.push(Entry {
            v: 1,
            subject,
            seq: place as u32,
            at,
            occurred: None,
            by: code("staff:clerk-1"),
            request: code(&format!("r{place}")),
            event,
        });
    }
    entries
}

/// The names of an enum's variants, as its reader lists them when it meets another.
fn names<T: serde::de::DeserializeOwned>() -> BTreeSet<String> {
    let unknown = serde_json::from_str::<T>(r#"{"type":"?"}"#);
    let Err(error) = unknown else {
        panic!("a fact without a name was read");
    };
    let text = error.to_string();
    let (_, listed) = text.split_once("expected one of").unwrap();
    let words = listed.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

#[test]
fn every_fact_about_cases_keeps_its_written_form() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let entries = all();
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines.len(),
        entries.len(),
        "a line is missing, or an event here"
    );
    let mut kinds = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    for (line, entry) in lines.iter().zip(&entries) {
        assert_eq!(Entry::decode(line.as_bytes()).unwrap(), *entry);
        assert_eq!(String::from_utf8(entry.encode().unwrap()).unwrap(), *line);
        // Names, addresses and reasons are Chinese; a leaf holds none.
        assert!(line.is_ascii());
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let about = ["visit", "case", "ticket"];
        let place = about
            .iter()
            .position(|kind| value["event"]["type"] == *kind);
        let kind = value["event"]["event"]["type"].as_str().unwrap();
        kinds[place.unwrap()].insert(kind.to_owned());
    }
    let expected = [
        names::<VisitEvent>(),
        names::<CaseEvent>(),
        names::<TicketEvent>(),
    ];
    assert_eq!(kinds, expected);
}
