//! Erasures that were cut off: what the clock still has to do, and what that costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use counterfoil::counter::{Ask, ErasureOrder};
use counterfoil::domain::case::ErasureReason;
use counterfoil::domain::{Actor, CaseNo, Commitment, Digest, RequestId, Subject, Timestamp};
use counterfoil::ledger::{Batch, LedgerStore, Projection as _, Recorded, StoreError, catch_up};
use counterfoil::merkle::{Hash, NodeId};
use counterfoil::records::erasure::{Approved, Eraser, erase_case};
use counterfoil::search::SearchIndex;
use counterfoil::store::MemoryLedger;
use serde_json::json;

use crate::case_keys::{approval, at, case};
use crate::erasure::{House, found, holds_deleted, seal, text};
use crate::support::tiny_scan;
use crate::window_client::Client;
use crate::window_hall::Hall;
use crate::window_http::{ID_NUMBER, received, scanned};

/// A closed case whose first scan was read as `words`.
async fn closed(hall: &Hall, clerk: &mut Client, words: &str) -> CaseNo {
    let case = received(clerk).await;
    scanned(clerk, &case).await;
    let scan = Digest::of(tiny_scan(1));
    seal(&hall.app.ledger, &hall.app.blobs, scan, &[&text(words)]).await;
    let signature = clerk.document(&case, "撤回").await;
    let withdraw = json!({ "action": "withdraw", "id_number": ID_NUMBER, "signature": signature });
    clerk.act(&case, "ending", &withdraw).await.ok(200);
    case.rsplit('/').next().unwrap().parse().unwrap()
}

/// Approves an erasure: when, and the record of it.
async fn approved(hall: &Hall, no: &CaseNo) -> (Timestamp, Commitment) {
    let ask = Ask {
        by: Actor::new("staff:s001").unwrap(),
        request: RequestId::new(format!("erase/{no}")).unwrap(),
        expected: None,
        occurred: None,
    };
    let order = ErasureOrder {
        reason: ErasureReason::SubjectRequest,
        ground: "申请 2026-7 号，经核实".to_owned(),
    };
    let counter = &hall.service.counter;
    counter.approve_erasure(&ask, no, &order).await.unwrap();
    counter.case(no).await.unwrap().0.erased.unwrap()
}

/// Waits until lists and full text hold every fact.
async fn followed(hall: &Hall) {
    hall.follow().await;
    let size = *hall.app.ledger.published().borrow();
    while hall.app.index.position().await.unwrap() < size {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_cut_off_before_the_full_text_is_finished_by_the_clock() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let no = closed(&hall, &mut clerk, "食品经营许可申请书").await;
    followed(&hall).await;
    assert_eq!(found(&hall.app.index.view(), "经营许可"), 1);
    let (at, approval) = approved(&hall, &no).await;
    // The process ends here: the key is gone, and nobody told the full text.
    let (records, vault) = (hall.app.records(), &hall.app.vault);
    let erased = erase_case(&records, vault, &no, at, approval).await;
    assert!(erased.unwrap().scans.contains(&Digest::of(tiny_scan(1))));
    followed(&hall).await;
    assert_eq!(found(&hall.app.index.view(), "经营许可"), 1);
    let clockwork = hall.app.clockwork().unwrap();
    assert_eq!(clockwork.round().await.unwrap().erased, 1);
    assert_eq!(found(&hall.app.index.view(), "经营许可"), 0);
    assert!(!holds_deleted(&hall.app.config.data.folder.join("index")));
    assert_eq!(clockwork.round().await.unwrap().erased, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_cut_off_after_its_approval_is_finished_by_the_clock() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let no = closed(&hall, &mut clerk, "食品经营许可申请书").await;
    approved(&hall, &no).await;
    followed(&hall).await;
    assert_eq!(found(&hall.app.index.view(), "经营许可"), 1);
    let keys = hall.app.blobs.case_keys();
    assert!(keys.tombstone(&no).await.unwrap().is_none());
    let clockwork = hall.app.clockwork().unwrap();
    assert_eq!(clockwork.round().await.unwrap().erased, 1);
    assert!(keys.tombstone(&no).await.unwrap().is_some());
    assert_eq!(found(&hall.app.index.view(), "经营许可"), 0);
}

/// A ledger that counts how often a stretch of it is read.
#[derive(Default)]
struct Counted {
    inner: MemoryLedger,
    reads: AtomicUsize,
}

#[async_trait]
impl LedgerStore for Counted {
    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.inner.checkpoint().await
    }

    async fn checkpoints(&self, from: u64, limit: usize) -> Result<Vec<String>, StoreError> {
        self.inner.checkpoints(from, limit).await
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        self.inner.append(batch).await
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.entries(from, limit).await
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError> {
        self.inner.history(subject).await
    }

    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError> {
        self.inner.hashes(nodes).await
    }
}

/// Receives and seals a scan of each case, and files the last one under both of the last two.
async fn papers(house: &House, cases: &[CaseNo]) {
    for (seed, case) in (1..).zip(cases) {
        let scan = house.receive(seed, Some(case)).await.unwrap();
        house.seal(scan, &[&text("同一份申请书")]).await;
    }
    if let [.., last, _] = cases {
        let seed = cases.len() as u64;
        house.receive(seed, Some(last)).await.unwrap();
    }
}

#[tokio::test]
async fn a_start_with_many_erased_cases_reads_the_ledger_once() {
    let store = Arc::new(Counted::default());
    let house = House::over(store.clone()).await;
    let cases: Vec<CaseNo> = (1..=30).map(|n| case(&format!("A-{n}"))).collect();
    papers(&house, &cases).await;
    let records = house.records(&house.blobs);
    let index = SearchIndex::in_memory(Arc::new(records.clone())).unwrap();
    let index = Arc::new(index);
    catch_up(&house.ledger, index.as_ref()).await.unwrap();
    // The keys of all but the last are destroyed; then the process ends, and the full text holds everything.
    let (living, erased) = cases.split_last().unwrap();
    for case in erased {
        let done = erase_case(&records, &house.vault, case, at(9), approval()).await;
        done.unwrap();
    }
    assert_eq!(found(&index.view(), "申请书"), 30);
    let eraser = Eraser::new(records.clone(), house.vault.clone(), index.clone());
    let approved = |case: &CaseNo| Approved {
        case: case.clone(),
        at: at(9),
        approval: approval(),
    };
    let all: Vec<Approved> = erased.iter().map(approved).collect();
    let before = store.reads.load(Ordering::Relaxed);
    assert_eq!(eraser.finish(&all).await.unwrap(), 29);
    // A stretch with everything, and one that is empty.
    assert_eq!(store.reads.load(Ordering::Relaxed) - before, 2);
    // The scan that a living case has too is still found.
    assert_eq!(found(&index.view(), "申请书"), 1);
    assert_eq!(eraser.finish(&all).await.unwrap(), 0);
    assert_eq!(store.reads.load(Ordering::Relaxed) - before, 2);
    // One that was cut off before its key was destroyed is erased wholly, beside those that were.
    let eraser = Eraser::new(records, house.vault.clone(), index.clone());
    let all: Vec<Approved> = cases.iter().map(approved).collect();
    assert_eq!(eraser.finish(&all).await.unwrap(), 30);
    let keys = house.blobs.case_keys();
    assert!(keys.tombstone(living).await.unwrap().is_some());
    assert_eq!(found(&index.view(), "申请书"), 0);
}
