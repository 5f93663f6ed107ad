//! The written form of every fact about custody: `fixtures/events/v1-custody.jsonl`, one line each.

use std::collections::BTreeSet;

use counterfoil::domain::case::{Recipient, WitnessedSignature};
use counterfoil::domain::custody::*;
use counterfoil::domain::transfer::{MonthEvent, TransferEvent};
use counterfoil::domain::witness::WitnessEvent;
use counterfoil::domain::*;

use crate::custody_events_later::{later, paper};
use crate::custody_events_places as places;
use crate::custody_kit::*;
use crate::transfer_month::{month_events, witness_events};

const FILE: &str = "fixtures/events/v1-custody.jsonl";

fn bundle_events() -> Vec<BundleEvent> {
    let (clerk, slip) = (StaffId::new("c-1").unwrap(), SlipId::new("S-1").unwrap());
    let site = SiteCode::new("CENTRE").unwrap();
    let officer = Holder {
        side: department("market"),
        staff: Some(StaffId::new("o-1").unwrap()),
    };
    vec![
        BundleEvent::Opened {
            site: site.clone(),
            clerk: clerk.clone(),
            papers: vec![paper(1, Some("form")), paper(2, None)],
        },
        BundleEvent::Added {
            site,
            clerk: clerk.clone(),
            papers: vec![paper(3, Some("plan"))],
        },
        BundleEvent::Offered {
            slip: slip.clone(),
            leg: Leg::Loan,
            papers: vec![1, 2, 3],
        },
        BundleEvent::Received {
            slip: slip.clone(),
            papers: vec![1, 3],
            holder: officer,
            damaged: vec![3],
            back_by: Some("2026-03-09".parse().unwrap()),
        },
        BundleEvent::Kept {
            slip,
            papers: vec![2],
        },
        BundleEvent::Returned {
            papers: vec![2],
            recipient: Recipient::Applicant,
            signature: WitnessedSignature {
                digest: Digest::of("pad"),
                witness: clerk,
            },
        },
    ]
}

fn follow_ups() -> Vec<BundleEvent> {
    let clerk = people().remove(0);
    vec![
        BundleEvent::RefiledTo {
            to: case(2),
            papers: vec![2],
            by: StaffId::new("c-1").unwrap(),
            reason: Commitment(Digest::of("reason")),
        },
        BundleEvent::RefiledFrom {
            from: case(2),
            holder: clerk.holder(),
            papers: vec![RefiledPaper {
                paper: paper(3, Some("plan")),
                since: at(START),
                damaged: true,
                deferred: Some("2026-04-30".parse().unwrap()),
            }],
        },
        BundleEvent::Listed {
            transfer: round(),
            papers: vec![1],
        },
        BundleEvent::Unlisted {
            transfer: round(),
            papers: vec![1],
        },
        BundleEvent::Deferred {
            transfer: round(),
            papers: vec![1],
            until: "2026-04-30".parse().unwrap(),
        },
        BundleEvent::Doubted {
            discrepancy: DiscrepancyId::of("S-1", 1),
            papers: vec![1],
        },
        BundleEvent::Cleared {
            discrepancy: DiscrepancyId::of("S-1", 1),
        },
    ]
}

fn slip_events() -> Vec<SlipEvent> {
    let people = people();
    let (clerk, officer) = (&people[0], &people[4]);
    vec![
        SlipEvent::Offered {
            manifest: Digest::of("manifest"),
            leg: Leg::Transfer,
            transfer: Some(round()),
            from: clerk.holder(),
            to: officer.side.clone(),
            bundles: 1,
            papers: 3,
            expires: "2026-03-05".parse().unwrap(),
            given: clerk.sign(&Digest::of("manifest")),
        },
        SlipEvent::Received {
            outcome: Digest::of("outcome"),
            to: officer.holder(),
            taken: 2,
            kept: 1,
            extras: 0,
            receipt: Receipt::Signed {
                by: officer.sign(&Digest::of("outcome")),
            },
            check_by: None,
        },
        SlipEvent::Received {
            outcome: Digest::of("outcome"),
            to: Holder {
                side: officer.side.clone(),
                staff: None,
            },
            taken: 3,
            kept: 0,
            extras: 1,
            receipt: Receipt::Stamped {
                sheet: Digest::of("sheet"),
                witness: clerk.sign(&Digest::of("statement")),
            },
            check_by: None,
        },
        SlipEvent::CalledOff {
            how: CallOff::Refused,
            by: Some(officer.id.clone()),
            reason: Some(Commitment(Digest::of("reason"))),
        },
    ]
}

fn discrepancy_events() -> Vec<DiscrepancyEvent> {
    let clerk = &people()[0];
    let discrepancy = Discrepancy {
        slip: Some(SlipId::new("S-1").unwrap()),
        transfer: None,
        inventory: None,
        case: case(1),
        papers: vec![2],
        kind: DiscrepancyKind::Missing,
        owner: clerk.holder(),
        due: "2026-03-09".parse().unwrap(),
    };
    vec![
        DiscrepancyEvent::Opened { discrepancy },
        DiscrepancyEvent::Cleared {
            note: Commitment(Digest::of("note")),
            by: clerk.id.clone(),
        },
    ]
}

fn transfer_events() -> Vec<TransferEvent> {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let (clerk, officer) = (StaffId::new("c-1").unwrap(), StaffId::new("o-1").unwrap());
    let slip = SlipId::new("S-1").unwrap();
    vec![
        TransferEvent::Opened {
            department: DepartmentCode::new("market").unwrap(),
            site: SiteCode::new("CENTRE").unwrap(),
            month: "2026-01".parse().unwrap(),
            round: 1,
            on: day("2026-02-01"),
            due: day("2026-02-28"),
            lines: Digest::of("lines"),
            bundles: 1,
            papers: 3,
            late: false,
        },
        TransferEvent::Joined {
            lines: Digest::of("more lines"),
            papers: 1,
            left: 4,
        },
        TransferEvent::Reminded {
            days: 10,
            on: day("2026-02-09"),
            late: true,
        },
        TransferEvent::Reconciled {
            outcome: Digest::of("outcome"),
            present: 2,
            absent: 1,
            extras: 0,
            left: 2,
            by: clerk.clone(),
        },
        TransferEvent::CheckFailed {
            checks: Digest::of("checks"),
            failed: 1,
            by: clerk.clone(),
        },
        TransferEvent::Sealed {
            package: Digest::of("package"),
            checks: Digest::of("checks"),
            files: 12,
            bytes: 34_567,
            log_size: 890,
            by: clerk.clone(),
        },
        TransferEvent::PackageGiven {
            package: Digest::of("package"),
            log_size: 901,
        },
        TransferEvent::Offered { slip: slip.clone() },
        TransferEvent::Withdrawn { papers: 1, left: 1 },
        TransferEvent::HandedOver {
            slip,
            taken: 1,
            kept: 0,
            left: 0,
        },
        TransferEvent::PackageChecked {
            package: Digest::of("package"),
            checks: Digest::of("checks"),
            failed: 0,
            by: officer,
        },
    ]
}

fn late_events() -> Vec<TransferEvent> {
    let day = |text: &str| text.parse::<Date>().unwrap();
    vec![
        TransferEvent::OfferEnded {
            slip: SlipId::new("S-1").unwrap(),
            how: CallOff::Lapsed,
        },
        TransferEvent::Overdue {
            side: department("market"),
            on: day("2026-03-01"),
            late: false,
        },
        TransferEvent::Escalated {
            level: 1,
            side: department("market"),
            on: day("2026-03-06"),
            late: false,
        },
    ]
}

fn deferral_events() -> Vec<TransferEvent> {
    let (clerk, officer) = (StaffId::new("c-1").unwrap(), StaffId::new("o-1").unwrap());
    vec![
        TransferEvent::DeferralAsked {
            lines: Digest::of("some lines"),
            until: "2026-04-30".parse().unwrap(),
            reason: Commitment(Digest::of("reason")),
            by: clerk.clone(),
        },
        TransferEvent::DeferralConsented { by: officer },
        TransferEvent::DeferralDeclined {
            side: site("CENTRE"),
            by: clerk.clone(),
            reason: Commitment(Digest::of("reason")),
        },
        TransferEvent::DeferralApproved {
            by: clerk,
            papers: 1,
            left: 1,
        },
    ]
}

/// Where paper is. It came later, so it stands at the end of the file.
fn whereabouts() -> impl Iterator<Item = (Subject, Event)> {
    let slip = SlipId::new("S-1").unwrap();
    let container = ContainerId::new("B-1").unwrap();
    let bundle = places::bundle_events().into_iter();
    let bundle = bundle.map(|event| (Subject::Bundle(case(1)), Event::Bundle { event }));
    let slips = places::slip_events().into_iter();
    let slips = slips.map(move |event| (Subject::Slip(slip.clone()), Event::Slip { event }));
    let containers = places::container_events().into_iter().map(move |event| {
        let subject = Subject::Container(container.clone());
        (subject, Event::Container { event })
    });
    bundle.chain(slips).chain(containers)
}

fn all() -> Vec<Entry> {
    let slip = SlipId::new("S-1").unwrap();
    let found = Subject::Discrepancy(DiscrepancyId::of(slip.as_str(), 1));
    let bundle = bundle_events().into_iter().chain(follow_ups());
    let bundle = bundle.map(|event| (Subject::Bundle(case(1)), Event::Bundle { event }));
    let slips = slip_events().into_iter();
    let slips = slips.map(|event| (Subject::Slip(slip.clone()), Event::Slip { event }));
    let found = discrepancy_events()
        .into_iter()
        .map(|event| (found.clone(), Event::Discrepancy { event }));
    let rounds = transfer_events()
        .into_iter()
        .chain(late_events())
        .chain(deferral_events())
        .map(|event| (Subject::Transfer(round()), Event::Transfer { event }));
    let all = bundle.chain(slips).chain(found).chain(rounds);
    let all = all
        .chain(later())
        .chain(month_events())
        .chain(witness_events());
    let mut log = Log::default();
    for (place, (subject, event)) in (0..).zip(all.chain(whereabouts())) {
        log.record(START + place, vec![Fact::new(subject, event)]);
    }
    let mut entries: Vec<Entry> = log.histories.into_values().flatten().collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

/// The names of an enum's variants, as its reader lists them when it meets another.
fn names<T: serde::de::DeserializeOwned>() -> BTreeSet<String> {
    let Err(error) = serde_json::from_str::<T>(r#"{"type":"?"}"#) else {
        panic!("a fact without a name was read");
    };
    let text = error.to_string();
    let words = text.split('`').skip(1).step_by(2).skip(1);
    words.map(str::to_owned).collect()
}

#[test]
fn every_fact_about_custody_keeps_its_written_form() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let written: Vec<String> = all()
        .iter()
        .map(|entry| String::from_utf8(entry.encode().unwrap()).unwrap())
        .collect();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines == written,
        "the facts of today are written so:\n{}",
        written.join("\n")
    );
    let mut kinds: [BTreeSet<String>; 10] = Default::default();
    for line in lines {
        assert_eq!(
            Entry::decode(line.as_bytes()).unwrap().encode().unwrap(),
            line.as_bytes()
        );
        assert!(
            line.is_ascii(),
            "names and reasons are Chinese; a leaf holds none"
        );
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let place = match value["event"]["type"].as_str() {
            Some("bundle") => 0,
            Some("slip") => 1,
            Some("discrepancy") => 2,
            Some("transfer") => 3,
            Some("stocktake") => 4,
            Some("inventory") => 5,
            Some("loss") => 6,
            Some("month") => 7,
            Some("witness") => 8,
            _ => 9,
        };
        let kind = value["event"]["event"]["type"].as_str().unwrap();
        kinds[place].insert(kind.to_owned());
    }
    let expected = [
        names::<BundleEvent>(),
        names::<SlipEvent>(),
        names::<DiscrepancyEvent>(),
        names::<TransferEvent>(),
        names::<StocktakeEvent>(),
        names::<InventoryEvent>(),
        names::<LossEvent>(),
        names::<MonthEvent>(),
        names::<WitnessEvent>(),
        names::<ContainerEvent>(),
    ];
    assert_eq!(kinds, expected);
}
