//! The laws of a ledger store and of the ledger over it. Every implementation passes the same ones.

use std::collections::HashSet;
use std::sync::Arc;

use counterfoil::domain::Fact;
use counterfoil::ledger::{
    Decline, KeyHistory, Ledger, LedgerError, LedgerStore, Reads, audit_tree,
};
use counterfoil::merkle::{Checkpoint, LogSigner, verify_consistency, verify_inclusion};
use counterfoil::store::{MemoryLedger, SegmentLedger, SegmentSettings};

use crate::ledger_store_laws::*;
use crate::ledger_support::{ORIGIN, actor, add, clock, filed, open, request, scan, signer};
use crate::simulated_disk::SimulatedDisk;

type Store = Arc<dyn LedgerStore>;

/// Small segments, so that every law crosses their borders.
const SETTINGS: SegmentSettings = SegmentSettings { rotate_bytes: 4096 };

macro_rules! laws {
    ($($law:ident,)*) => {
        mod memory {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                super::$law(Arc::new(MemoryLedger::new())).await;
            })*
        }
        mod segment_on_disk {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let folder = tempfile::tempdir().unwrap();
                let store = SegmentLedger::open(&folder.path().join("ledger"), SETTINGS).await;
                super::$law(Arc::new(store.unwrap())).await;
            })*
        }
        mod segment_on_simulated_disk {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let disk = Arc::new(SimulatedDisk::default());
                let store = SegmentLedger::open_on(disk, SETTINGS).await;
                super::$law(Arc::new(store.unwrap())).await;
            })*
        }
    };
}

laws! {
    an_empty_store_is_empty,
    what_was_appended_is_read_back,
    a_batch_that_does_not_fit_is_refused_whole,
    record_acknowledges_and_repeats,
    a_refusal_or_an_empty_decision_records_nothing,
    stale_decisions_are_made_again,
    concurrent_writers_lose_nothing,
    proofs_of_every_size_verify,
    a_key_is_rotated_once_and_for_all,
    an_opened_log_keeps_its_identity,
}

pub async fn record_acknowledges_and_repeats(store: Store) {
    let ledger = open(store.clone()).await;
    let (a, b) = (scan("a"), scan("b"));
    let decide = |facts: usize| {
        let subjects = [a.clone(), b.clone()];
        move |_: &mut Reads<'_>, _| {
            let all =
                (0..facts).map(|n| Fact::new(subjects[n % 2].clone(), filed(format!("n{n}"))));
            Ok::<_, Decline>(all.collect::<Vec<_>>())
        }
    };
    let first = ledger
        .record(request("one"), &actor(), decide(5))
        .await
        .unwrap();
    assert_eq!(
        (first.first, first.count, first.size, first.repeated),
        (1, 5, 6, false)
    );
    let keys = KeyHistory::load(store.as_ref()).await.unwrap().unwrap();
    assert_eq!(keys.verify_checkpoint(&first.checkpoint).unwrap().size, 6);
    add(&ledger, "two", &a).await.unwrap();
    let again = ledger
        .record(request("one"), &actor(), decide(5))
        .await
        .unwrap();
    assert_eq!(
        (again.first, again.count, again.size, again.repeated),
        (1, 5, 7, true)
    );
    // What would be refused today was done then.
    let refuse = |reads: &mut Reads<'_>, _| {
        reads.history(&b)?;
        Err(Decline::Refused("not any more".into()))
    };
    let again = ledger
        .record(request("one"), &actor(), refuse)
        .await
        .unwrap();
    assert_eq!((again.first, again.count), (1, 5));
    // Another actor's request of the same name is another request.
    let other = counterfoil::domain::Actor::new("token:other").unwrap();
    let theirs = ledger
        .record(request("one"), &other, decide(1))
        .await
        .unwrap();
    assert_eq!((theirs.first, theirs.repeated), (7, false));
    // Across a restart.
    ledger.close().await;
    assert!(matches!(
        add(&ledger, "x", &a).await,
        Err(LedgerError::Closed)
    ));
    let ledger = open(store.clone()).await;
    let again = ledger
        .record(request("one"), &actor(), decide(5))
        .await
        .unwrap();
    assert_eq!((again.first, again.count, again.repeated), (1, 5, true));
    assert_eq!(*ledger.published().borrow(), 8);
    // Twice at once.
    let (left, right) = tokio::join!(add(&ledger, "both", &a), add(&ledger, "both", &a));
    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!((left.first, left.count), (right.first, right.count));
    assert!(left.repeated != right.repeated);
    assert_eq!(ledger.history(&a).await.unwrap().len(), 6);
    assert!(audit_tree(store.as_ref()).await.unwrap().is_clean());
}

pub async fn a_refusal_or_an_empty_decision_records_nothing(store: Store) {
    let ledger = open(store.clone()).await;
    let refused = ledger
        .record(request("no"), &actor(), |_, _| {
            Err(Decline::Refused("closed today".into()))
        })
        .await;
    let Err(LedgerError::Refused(error)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(error.to_string(), "closed today");
    let empty = ledger
        .record(request("none"), &actor(), |_, _| Ok(Vec::new()))
        .await
        .unwrap();
    assert_eq!((empty.count, empty.size), (0, 1));
    let many = |_: &mut Reads<'_>, _| Ok(vec![Fact::new(scan("a"), filed("x")); 20_000]);
    let many = ledger.record(request("many"), &actor(), many).await;
    assert!(matches!(many, Err(LedgerError::TooLarge { .. })));
    assert_eq!(store.entries(0, 10).await.unwrap().len(), 1);
}

pub async fn stale_decisions_are_made_again(store: Store) {
    let ledger = open(store.clone()).await;
    let subject = scan("only three");
    let mut tasks = Vec::new();
    for writer in 0..24 {
        let (ledger, subject) = (ledger.clone(), subject.clone());
        tasks.push(tokio::spawn(async move {
            let id = request(format!("w{writer}"));
            ledger
                .record(id, &actor(), |reads, _| {
                    if reads.history(&subject)?.len() >= 3 {
                        return Err(Decline::Refused("three are there".into()));
                    }
                    Ok(vec![Fact::new(
                        subject.clone(),
                        filed(format!("w{writer}")),
                    )])
                })
                .await
        }));
    }
    let mut recorded = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => recorded += 1,
            Err(LedgerError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(recorded, 3);
    assert_eq!(ledger.history(&subject).await.unwrap().len(), 3);
    assert!(audit_tree(store.as_ref()).await.unwrap().is_clean());
}

pub async fn concurrent_writers_lose_nothing(store: Store) {
    let ledger = open(store.clone()).await;
    let mut tasks = Vec::new();
    for writer in 0..16u64 {
        let ledger = ledger.clone();
        tasks.push(tokio::spawn(async move {
            let mut places = Vec::new();
            for n in 0..12 {
                let subject = if n % 3 == 0 {
                    scan("shared")
                } else {
                    scan(format!("{writer}"))
                };
                let receipt = add(&ledger, &format!("w{writer}/{n}"), &subject)
                    .await
                    .unwrap();
                assert!(receipt.size > receipt.first);
                places.push((receipt.first, format!("w{writer}/{n}")));
            }
            places
        }));
    }
    let mut seen = HashSet::new();
    for task in tasks {
        for (index, id) in task.await.unwrap() {
            let fact = ledger.entries(index, 1).await.unwrap();
            assert_eq!(fact[0].entry.request.as_str(), id);
            assert!(seen.insert(index));
        }
    }
    assert_eq!(seen.len(), 16 * 12);
    let report = audit_tree(store.as_ref()).await.unwrap();
    assert_eq!((report.facts, &report.findings[..]), (1 + 16 * 12, &[][..]));
}

pub async fn proofs_of_every_size_verify(store: Store) {
    let ledger = open(store.clone()).await;
    for n in 0..20 {
        add(&ledger, &format!("r{n}"), &scan("a")).await.unwrap();
    }
    let entries = ledger.entries(0, 100).await.unwrap();
    let size = entries.len() as u64;
    for new in 1..=size {
        let root = ledger.root(new).await.unwrap();
        let mut proofs = Vec::new();
        for index in 0..new {
            let proof = ledger.inclusion_proof(index, new).await.unwrap();
            proofs.push(proof.clone());
            let leaf = counterfoil::merkle::leaf_hash(&entries[index as usize].bytes);
            verify_inclusion(index, new, &leaf, &proof, &root).unwrap();
        }
        let all: Vec<u64> = (0..new).collect();
        let together = ledger.inclusion_proofs(&all, new).await.unwrap();
        assert_eq!(together, proofs, "asked for at once they are the same");
        for old in 1..=new {
            let old_root = ledger.root(old).await.unwrap();
            let proof = ledger.consistency_proof(old, new).await.unwrap();
            verify_consistency(old, new, &old_root, &root, &proof).unwrap();
        }
    }
    let newest = Checkpoint::parse_unverified(&ledger.checkpoint().await).unwrap();
    assert_eq!(newest.root, ledger.root(size).await.unwrap());
    for impossible in [
        ledger.inclusion_proof(size, size).await,
        ledger.inclusion_proof(0, size + 1).await,
        ledger.consistency_proof(0, size).await,
        ledger.consistency_proof(1, size + 1).await,
    ] {
        assert!(matches!(impossible, Err(LedgerError::NoSuchProof { .. })));
    }
}

pub async fn a_key_is_rotated_once_and_for_all(store: Store) {
    let ledger = open(store.clone()).await;
    add(&ledger, "before", &scan("a")).await.unwrap();
    let receipt = ledger.rotate_key(signer(2), &actor()).await.unwrap();
    let both = [signer(1).verifier().clone(), signer(2).verifier().clone()];
    let (_, signed) = Checkpoint::verify(&receipt.checkpoint, &both).unwrap();
    assert_eq!(signed.len(), 2);
    add(&ledger, "after", &scan("a")).await.unwrap();
    let (_, signed) = Checkpoint::verify(&ledger.checkpoint().await, &both).unwrap();
    assert_eq!(signed, [&both[1]]);
    assert!(matches!(
        ledger.rotate_key(signer(1), &actor()).await,
        Err(LedgerError::Refused(_))
    ));
    ledger.close().await;
    let old = Ledger::open(store.clone(), signer(1), clock(), ORIGIN).await;
    assert!(
        matches!(old, Err(LedgerError::WrongKey { expected }) if expected == both[1].to_string())
    );
    let ledger = Ledger::open(store.clone(), signer(2), clock(), ORIGIN)
        .await
        .unwrap();
    ledger.rotate_key(signer(3), &actor()).await.unwrap();
    add(&ledger, "last", &scan("a")).await.unwrap();
    let report = audit_tree(store.as_ref()).await.unwrap();
    assert_eq!(
        (report.facts, report.checkpoints, &report.findings[..]),
        (6, 6, &[][..])
    );
}

pub async fn an_opened_log_keeps_its_identity(store: Store) {
    open(store.clone()).await.close().await;
    open(store.clone()).await.close().await;
    assert_eq!(store.entries(0, 10).await.unwrap().len(), 1);
    let elsewhere = LogSigner::new("other.example", &[1; 32]).unwrap();
    let other = Ledger::open(store.clone(), elsewhere, clock(), "other.example").await;
    assert!(matches!(other, Err(LedgerError::WrongOrigin { .. })));
    let other = Ledger::open(store.clone(), signer(1), clock(), "other.example").await;
    assert!(matches!(other, Err(LedgerError::WrongOrigin { .. })));
    let other = Ledger::open(store, signer(9), clock(), ORIGIN).await;
    assert!(matches!(other, Err(LedgerError::WrongKey { .. })));
}
