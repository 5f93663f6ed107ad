//! One of every fact about stock-take, inventory and loss.

use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;

/// A paper that a receipt kept.
pub fn paper(no: u16, row: Option<&str>) -> Paper {
    Paper {
        no,
        row: row.map(|row| MaterialCode::new(row).unwrap()),
        form: PaperForm::Original,
        count: 1,
        pages: row.map(|_| 3),
        condition: Condition::Good,
        origin: Origin::Receipt,
    }
}

/// What came with stock-take, inventory and loss.
fn later_bundle_events() -> Vec<BundleEvent> {
    let clerk = &people()[0];
    let loss = DiscrepancyId::of("S-1", 1);
    vec![
        BundleEvent::Lost {
            loss: loss.clone(),
            papers: vec![1],
            last: clerk.holder(),
        },
        BundleEvent::FoundAgain {
            loss,
            papers: vec![1],
            holder: clerk.holder(),
        },
    ]
}

fn stocktake_events() -> Vec<StocktakeEvent> {
    let by = StaffId::new("c-1").unwrap();
    vec![
        StocktakeEvent::Opened { by: by.clone() },
        StocktakeEvent::Registered {
            case: case(7),
            papers: 2,
            overdue: true,
            by: by.clone(),
        },
        StocktakeEvent::Closed {
            files: 1,
            papers: 2,
            overdue: 1,
            by,
        },
    ]
}

fn inventory_events() -> Vec<InventoryEvent> {
    let clerk = &people()[0];
    vec![
        InventoryEvent::Opened {
            site: SiteCode::new("CENTRE").unwrap(),
            holder: Some(clerk.id.clone()),
            by: StaffId::new("a-1").unwrap(),
        },
        InventoryEvent::Scanned {
            labels: vec![case(1), case(2)],
            by: clerk.id.clone(),
        },
        InventoryEvent::Closed {
            findings: Digest::of("findings"),
            figures: Figures {
                expected: 3,
                found: 2,
                missing: 1,
                unexpected: 0,
                discrepancies: 1,
            },
            signed: clerk.sign(&Digest::of("findings")),
        },
    ]
}

fn loss_events() -> Vec<LossEvent> {
    let people = people();
    let (clerk, officer) = (&people[0], &people[4]);
    let words = Commitment(Digest::of("words"));
    vec![
        LossEvent::Reported(Reported {
            case: case(1),
            papers: vec![1],
            last: clerk.holder(),
            since: at(START),
            site: SiteCode::new("CENTRE").unwrap(),
            departments: vec![DepartmentCode::new("market").unwrap()],
            reason: words,
            by: clerk.id.clone(),
        }),
        LossEvent::Searched {
            record: words,
            by: people[1].id.clone(),
        },
        LossEvent::Approved {
            side: officer.side.clone(),
            document: Digest::of("loss"),
            signed: officer.sign(&Digest::of("loss")),
        },
        LossEvent::Declined {
            side: officer.side.clone(),
            reason: words,
            by: officer.id.clone(),
        },
        LossEvent::Found {
            to: clerk.holder(),
            document: Digest::of("found"),
            signed: people[1].sign(&Digest::of("found")),
        },
        LossEvent::TakenBack {
            document: Digest::of("found"),
            signed: clerk.sign(&Digest::of("found")),
        },
    ]
}

/// A discrepancy that a count opened.
fn counted() -> DiscrepancyEvent {
    let discrepancy = Discrepancy {
        slip: None,
        transfer: None,
        inventory: Some(InventoryId::new("I-1").unwrap()),
        case: case(1),
        papers: vec![1],
        kind: DiscrepancyKind::Missing,
        owner: people()[0].holder(),
        due: "2026-03-09".parse().unwrap(),
    };
    DiscrepancyEvent::Opened { discrepancy }
}

/// They stand after the older lines, which never move.
pub fn later() -> Vec<(Subject, Event)> {
    let id = DiscrepancyId::of("S-1", 1);
    let stocktake = Subject::Stocktake(SiteCode::new("CENTRE").unwrap());
    let inventory = InventoryId::new("I-1").unwrap();
    let counting = Subject::Inventory(inventory.clone());
    let mut all: Vec<(Subject, Event)> = Vec::new();
    let bundles = later_bundle_events().into_iter();
    all.extend(bundles.map(|event| (Subject::Bundle(case(1)), Event::Bundle { event })));
    let stocktakes = stocktake_events().into_iter();
    all.extend(stocktakes.map(|event| (stocktake.clone(), Event::Stocktake { event })));
    let inventories = inventory_events().into_iter();
    all.extend(inventories.map(|event| (counting.clone(), Event::Inventory { event })));
    let found = DiscrepancyId::of(inventory.as_str(), 1);
    let event = counted();
    all.push((Subject::Discrepancy(found), Event::Discrepancy { event }));
    let losses = loss_events().into_iter();
    all.extend(losses.map(|event| (Subject::Loss(id.clone()), Event::Loss { event })));
    all
}
