//! Lists: every back end keeps each subject in exactly the places its history tells, whatever the batches, the
//! restarts and the rebuilds.

use std::collections::BTreeSet;
use std::sync::Arc;

use counterfoil::domain::time::ManualClock;
use counterfoil::domain::{Actor, CaseNo, Digest, Event, Fact, RequestId, Subject, Timestamp};
use counterfoil::ledger::{Ledger, LedgerStore, LogSigner, Projection, Recorded};
use counterfoil::store::MemoryLedger;
use counterfoil::store::catalog::Catalog;
use counterfoil::store::lists::{Listed, Listing, Page, Place};
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::sled::SledCatalog;

use crate::support::{Random, from_environment};

const LISTS: [&str; 5] = ["all", "all/x", "turn/0", "turn/1", "turn/2"];

/// Where a subject stands: in `all` by its first fact, in a `turn` by its last, and nowhere at every seventh.
fn placing(_: &Subject, history: &[Recorded]) -> Vec<Place> {
    let (Some(first), Some(last)) = (history.first(), history.last()) else {
        return Vec::new();
    };
    if history.len().is_multiple_of(7) {
        return Vec::new();
    }
    let turn = LISTS[2 + history.len() % 3];
    vec![
        Place::new("all", first.index),
        Place::new("all/x", first.index / 3),
        Place::new(turn, last.index),
    ]
}

fn case(number: u64) -> Subject {
    Subject::Case(CaseNo::new(format!("C-{number}")).unwrap())
}

/// A log with `facts` facts about some of twenty cases.
async fn log(random: &mut Random, facts: u64) -> Arc<MemoryLedger> {
    let store = Arc::new(MemoryLedger::new());
    let signer = LogSigner::new("hall.example/log", &[7; 32]).unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(0)));
    let ledger = Ledger::open(store.clone(), signer, clock, "hall.example/log")
        .await
        .unwrap();
    for number in 0..facts {
        let subject = match random.below(20) {
            19 => Subject::Scan(Digest::of(number.to_be_bytes())),
            case_number => case(case_number),
        };
        let event = Event::ScanFiled {
            case: CaseNo::new("C").unwrap(),
        };
        let fact = Fact::new(subject, event);
        let request = RequestId::new(format!("r/{number}")).unwrap();
        let by = Actor::new("system:test").unwrap();
        ledger
            .record(request, &by, |_, _| Ok(vec![fact.clone()]))
            .await
            .unwrap();
    }
    ledger.close().await;
    store
}

async fn whole(catalog: &dyn Catalog, list: &str) -> Vec<Listed> {
    catalog
        .listed(list, &Page::first(usize::MAX))
        .await
        .unwrap()
}

/// The lists as the histories tell them, straight from the definition.
async fn expected(store: &MemoryLedger, list: &str) -> Vec<Listed> {
    let mut found = BTreeSet::new();
    for number in 0..20 {
        let subject = case(number);
        let history = store.history(&subject).await.unwrap();
        for place in placing(&subject, &history) {
            if place.list == list {
                let order = place.order;
                found.insert((order, subject.to_string()));
            }
        }
    }
    let found = found.into_iter();
    found
        .map(|(order, subject)| Listed {
            order,
            subject: subject.parse().unwrap(),
        })
        .collect()
}

#[tokio::test]
async fn lists_say_what_histories_say_on_every_back_end() {
    let seed = from_environment("COUNTERFOIL_SEED", 20_261_123);
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let store = log(&mut random, 400).await;
    let entries = store.entries(0, 1000).await.unwrap();
    let listing = || Listing::new(store.clone(), placing);
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let opened = SledCatalog::open(folder.path()).unwrap();
        assert_eq!(opened.set_aside, None);
        opened.catalog.with_listing(listing())
    };
    let memory = MemoryCatalog::new().with_listing(listing());
    let mut sled = open();
    let mut from = 0;
    while from < entries.len() {
        let count = 1 + random.below(40) as usize;
        let batch = &entries[from..entries.len().min(from + count)];
        memory.apply(from as u64, batch).await.unwrap();
        sled.apply(from as u64, batch).await.unwrap();
        from += batch.len();
        if random.below(4) == 0 {
            drop(sled);
            sled = open();
        }
        for list in LISTS {
            assert_eq!(whole(&memory, list).await, whole(&sled, list).await);
        }
    }
    for rebuilt in [false, true] {
        if rebuilt {
            for catalog in [&memory as &dyn Catalog, &sled] {
                catalog.reset().await.unwrap();
                assert!(whole(catalog, "all").await.is_empty());
                catalog.apply(0, &entries).await.unwrap();
            }
        }
        for list in LISTS {
            let expected = expected(&store, list).await;
            assert_eq!(whole(&memory, list).await, expected, "{list}");
            assert_eq!(whole(&sled, list).await, expected, "{list}");
        }
    }
}

#[tokio::test]
async fn a_list_is_walked_in_pages_both_ways_and_between_bounds() {
    let mut random = Random::new(5);
    let store = log(&mut random, 200).await;
    let entries = store.entries(0, 1000).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let listing = || Listing::new(store.clone(), placing);
    let sled = SledCatalog::open(folder.path()).unwrap().catalog;
    let sled = sled.with_listing(listing());
    let memory = MemoryCatalog::new().with_listing(listing());
    for catalog in [&memory as &dyn Catalog, &sled] {
        catalog.apply(0, &entries).await.unwrap();
        let all = whole(catalog, "all/x").await;
        assert!(all.len() > 10);
        for newest_first in [false, true] {
            let mut expected = all.clone();
            if newest_first {
                expected.reverse();
            }
            let mut walked = Vec::new();
            let mut page = Page {
                newest_first,
                ..Page::first(3)
            };
            loop {
                let found = catalog.listed("all/x", &page).await.unwrap();
                let Some(last) = found.last() else { break };
                page.after = Some(last.clone());
                walked.extend(found);
            }
            assert_eq!(walked, expected);
        }
        let (from, to) = (all[2].order, all[6].order);
        let page = Page {
            from,
            to,
            ..Page::first(usize::MAX)
        };
        let between = catalog.listed("all/x", &page).await.unwrap();
        let expected: Vec<Listed> = all
            .into_iter()
            .filter(|entry| (from..=to).contains(&entry.order))
            .collect();
        assert_eq!(between, expected);
        assert!(catalog.listed("nobody", &page).await.unwrap().is_empty());
    }
}
