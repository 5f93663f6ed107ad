//! Erasures that were cut off: what the clock still has to do, and what that costs.

use std::time::Duration;

use counterfoil::counter::{Ask, ErasureOrder};
use counterfoil::domain::case::ErasureReason;
use counterfoil::domain::{Actor, CaseNo, Commitment, Digest, RequestId, Timestamp};
use counterfoil::records::erasure::erase_case;
use serde_json::json;

use crate::erasure::{found, holds_deleted, seal, text};
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
    while hall.app.index.view().position().unwrap() < size {
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
