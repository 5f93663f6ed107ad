//! What the ledger does when its store fails.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use counterfoil::domain::Subject;
use counterfoil::ledger::{
    Batch, Ledger, LedgerError, LedgerStore, Recorded, StoreError, audit_tree,
};
use counterfoil::merkle::{Hash, NodeId};
use counterfoil::store::MemoryLedger;

use crate::ledger_support::{Chain, ORIGIN, actor, add, clock, open, scan, signer};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// The batch is not applied and the append fails.
    NotApplied,
    /// The batch is applied and the append fails.
    Applied,
    /// Applied, reported as failed, and the store cannot be read until it is mended.
    AppliedAndDown,
    /// Another writer's facts come first.
    Overtaken,
}

/// A store that fails as told, one fault an append.
#[derive(Default)]
struct Faulty {
    inner: MemoryLedger,
    faults: Mutex<VecDeque<Fault>>,
    down: Mutex<bool>,
    appends: AtomicU64,
}

fn broken() -> StoreError {
    StoreError::Io(std::io::Error::other("simulated failure"))
}

impl Faulty {
    fn plan(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults);
    }

    fn check_up(&self) -> Result<(), StoreError> {
        if *self.down.lock().unwrap() {
            Err(broken())
        } else {
            Ok(())
        }
    }

    fn mend(&self) {
        *self.down.lock().unwrap() = false;
    }
}

#[async_trait]
impl LedgerStore for Faulty {
    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.check_up()?;
        self.inner.checkpoint().await
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<String>, StoreError> {
        self.inner.checkpoints(after, limit).await
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        self.check_up()?;
        self.appends.fetch_add(1, Ordering::SeqCst);
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => self.inner.append(batch).await,
            Some(Fault::NotApplied) => Err(broken()),
            Some(Fault::Applied) => {
                self.inner.append(batch).await?;
                Err(broken())
            }
            Some(Fault::AppliedAndDown) => {
                self.inner.append(batch).await?;
                *self.down.lock().unwrap() = true;
                Err(broken())
            }
            Some(Fault::Overtaken) => {
                let mut chain = self.chain().await;
                self.inner
                    .append(&chain.batch(&[scan("overtaken")]))
                    .await?;
                self.inner.append(batch).await
            }
        }
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.check_up()?;
        self.inner.entries(from, limit).await
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError> {
        self.inner.history(subject).await
    }

    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError> {
        self.inner.hashes(nodes).await
    }
}

impl Faulty {
    /// The chain as another writer with the same key sees it.
    async fn chain(&self) -> Chain {
        let mut chain = Chain::default();
        for fact in self.inner.entries(0, 1000).await.unwrap() {
            let leaf = counterfoil::merkle::leaf_hash(&fact.bytes);
            chain.frontier.append(leaf, &mut Vec::new());
            *chain.counts.entry(fact.entry.subject).or_insert(0) += 1;
        }
        chain
    }
}

async fn faulty() -> (Arc<Faulty>, Ledger) {
    let store = Arc::new(Faulty::default());
    let ledger = open(store.clone()).await;
    (store, ledger)
}

#[tokio::test]
async fn every_append_fails_twice() {
    let (store, ledger) = faulty().await;
    for n in 0..8u64 {
        store.plan(&[Fault::NotApplied, Fault::Applied]);
        let (id, subject) = (format!("r{n}"), scan("a"));
        let first = add(&ledger, &id, &subject).await;
        assert!(
            matches!(&first, Err(error @ LedgerError::Unavailable { .. }) if error.is_retryable())
        );
        assert_eq!(*ledger.published().borrow(), 1 + n);
        // Reported as failed, found to be durable, acknowledged.
        let second = add(&ledger, &id, &subject).await.unwrap();
        assert_eq!(
            (second.first, second.count, second.repeated),
            (1 + n, 1, false)
        );
        let third = add(&ledger, &id, &subject).await.unwrap();
        assert_eq!((third.first, third.repeated), (1 + n, true));
    }
    let report = audit_tree(store.as_ref()).await.unwrap();
    assert_eq!((report.facts, report.is_clean()), (9, true));
}

#[tokio::test]
async fn an_outcome_that_cannot_be_found_out_is_not_acknowledged_and_is_found_by_the_retry() {
    let (store, ledger) = faulty().await;
    store.plan(&[Fault::AppliedAndDown]);
    let first = add(&ledger, "r", &scan("a")).await;
    assert!(matches!(first, Err(LedgerError::Unavailable { .. })));
    assert_eq!(*ledger.published().borrow(), 1);
    // While the outcome is open nothing is appended, not even another request.
    let appends = store.appends.load(Ordering::SeqCst);
    let other = add(&ledger, "other", &scan("b")).await;
    assert!(matches!(other, Err(LedgerError::Unavailable { .. })));
    assert_eq!(store.appends.load(Ordering::SeqCst), appends);
    store.mend();
    let other = add(&ledger, "other", &scan("b")).await.unwrap();
    assert_eq!(other.first, 2);
    let retry = add(&ledger, "r", &scan("a")).await.unwrap();
    assert_eq!((retry.first, retry.count, retry.repeated), (1, 1, true));
    assert!(audit_tree(store.as_ref()).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_key_rotation_of_unknown_outcome_is_settled() {
    let (store, ledger) = faulty().await;
    store.plan(&[Fault::AppliedAndDown]);
    let first = ledger.rotate_key(signer(2), &actor()).await;
    assert!(matches!(first, Err(LedgerError::Unavailable { .. })));
    store.mend();
    add(&ledger, "r", &scan("a")).await.unwrap();
    let again = ledger.rotate_key(signer(2), &actor()).await.unwrap();
    assert_eq!((again.first, again.repeated), (1, true));
    ledger.rotate_key(signer(3), &actor()).await.unwrap();
    ledger.close().await;
    Ledger::open(store.clone(), signer(3), clock(), ORIGIN)
        .await
        .unwrap();
    assert!(audit_tree(store.as_ref()).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_faster_writer_makes_the_ledger_decide_again() {
    let (store, ledger) = faulty().await;
    store.plan(&[Fault::Overtaken, Fault::Overtaken]);
    let receipt = add(&ledger, "r", &scan("a")).await.unwrap();
    assert_eq!((receipt.first, receipt.count), (3, 1));
    let receipt = add(&ledger, "s", &scan("overtaken")).await.unwrap();
    assert_eq!(receipt.first, 4);
    assert_eq!(ledger.history(&scan("overtaken")).await.unwrap().len(), 3);
    assert!(audit_tree(store.as_ref()).await.unwrap().is_clean());
}
