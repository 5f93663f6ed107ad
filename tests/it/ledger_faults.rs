//! What the ledger does when its store fails, and what the audit says when its store lies.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use counterfoil::domain::{Subject, Timestamp};
use counterfoil::ledger::{
    Batch, Follower, Ledger, LedgerError, LedgerStore, Projection, ProjectionError, Recorded,
    StoreError, TreeFinding, audit_tree, catch_up,
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    Bytes,
    Seq,
    Time,
    Hash,
    AbsentHash,
    OldCheckpoint,
    CheckpointRoot,
    NoCheckpoints,
    Unreadable,
    Key,
    Swapped,
}

/// A store that lies about fact 5 of a log that is otherwise as it should be.
struct Lying(MemoryLedger, Lie);

#[async_trait]
impl LedgerStore for Lying {
    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.0.checkpoint().await
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut notes = self.0.checkpoints(after, limit).await?;
        match self.1 {
            Lie::NoCheckpoints => notes.clear(),
            Lie::OldCheckpoint if after == 0 => notes[5] = notes[5].replace("\n6\n", "\n7\n"),
            Lie::CheckpointRoot if after == 0 => {
                let mut chain = Chain::default();
                chain.batch(&vec![scan("other"); 6]);
                notes[5] = chain.checkpoints[0].clone();
            }
            _ => {}
        }
        Ok(notes)
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        self.0.append(batch).await
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let mut facts = self.0.entries(from, limit).await?;
        let Some(place) = facts.iter().position(|fact| fact.index == 5) else {
            return Ok(facts);
        };
        match self.1 {
            Lie::Bytes => {
                let text = String::from_utf8(facts[place].bytes.to_vec()).unwrap();
                let text = text.replace("cli:tester", "cli:forger");
                facts[place] = Recorded::decode(5, text.into_bytes().into()).unwrap();
            }
            Lie::Seq => facts[place].entry.seq = 7,
            Lie::Time => facts[place].entry.at = Timestamp::from_millis(0),
            Lie::Key => facts[place].entry.subject = Subject::Log,
            Lie::Unreadable => {
                return Err(StoreError::Damaged {
                    place: "here".into(),
                    reason: "gone".into(),
                });
            }
            Lie::Swapped => facts.swap(place, place + 1),
            _ => {}
        }
        Ok(facts)
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError> {
        self.0.history(subject).await
    }

    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError> {
        let wrong = NodeId { level: 1, index: 2 };
        if self.1 == Lie::AbsentHash && nodes.contains(&wrong) {
            return Err(StoreError::Damaged {
                place: "node".into(),
                reason: "absent".into(),
            });
        }
        let mut hashes = self.0.hashes(nodes).await?;
        if self.1 == Lie::Hash
            && let Some(place) = nodes.iter().position(|node| *node == wrong)
        {
            hashes[place].0[31] ^= 1;
        }
        Ok(hashes)
    }
}

async fn audit_of(lie: Lie) -> Vec<TreeFinding> {
    let store = Arc::new(Lying(MemoryLedger::new(), lie));
    let ledger = open(store.clone()).await;
    for n in 0..9 {
        add(&ledger, &format!("r{n}"), &scan("a")).await.unwrap();
    }
    audit_tree(store.as_ref()).await.unwrap().findings
}

#[tokio::test]
async fn every_lie_is_found_and_named() {
    use TreeFinding as Found;
    let level = |level: u8| NodeId {
        level,
        index: 5 >> level,
    };
    let found = audit_of(Lie::Bytes).await;
    assert!(
        found.contains(&Found::WrongHash {
            index: 5,
            node: level(0)
        }),
        "{found:?}"
    );
    assert!(found.contains(&Found::WrongHash {
        index: 5,
        node: level(1)
    }));
    assert!(found.contains(&Found::WrongRoot { size: 6 }));
    let found = audit_of(Lie::Seq).await;
    assert!(
        found.contains(&Found::WrongSequence {
            index: 5,
            expected: 4,
            found: 7
        }),
        "{found:?}"
    );
    assert_eq!(
        audit_of(Lie::Time).await,
        [Found::TimeRunsBack { index: 5 }]
    );
    assert_eq!(
        audit_of(Lie::Hash).await,
        [Found::WrongHash {
            index: 5,
            node: level(1)
        }]
    );
    let found = audit_of(Lie::AbsentHash).await;
    assert!(
        matches!(found[..], [Found::UnreadableHash { index: 0, .. }]),
        "{found:?}"
    );
    let found = audit_of(Lie::OldCheckpoint).await;
    assert!(
        matches!(found[..], [Found::WrongCheckpoint { size: 7, .. }]),
        "{found:?}"
    );
    assert_eq!(
        audit_of(Lie::CheckpointRoot).await,
        [Found::WrongRoot { size: 6 }]
    );
    assert_eq!(
        audit_of(Lie::NoCheckpoints).await,
        [Found::WrongSize {
            signed: 10,
            found: 10
        }]
    );
    let found = audit_of(Lie::Unreadable).await;
    assert!(
        matches!(found[..], [Found::Unreadable { index: 5, .. }]),
        "{found:?}"
    );
    let found = audit_of(Lie::Key).await;
    assert!(
        found
            .iter()
            .any(|f| matches!(f, Found::WrongKey { index: 5, .. })),
        "{found:?}"
    );
    let found = audit_of(Lie::Swapped).await;
    assert!(
        found.contains(&Found::WrongIndex { index: 5, found: 6 }),
        "{found:?}"
    );
}

/// A projection that counts facts, and fails when told to.
#[derive(Default)]
struct Counting {
    applied: Mutex<Vec<u64>>,
    failures: AtomicU64,
}

#[async_trait]
impl Projection for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn position(&self) -> Result<u64, ProjectionError> {
        Ok(self.applied.lock().unwrap().len() as u64)
    }

    async fn apply(&self, from: u64, entries: &[Recorded]) -> Result<(), ProjectionError> {
        let fails = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if fails.is_ok() {
            return Err("told to fail".into());
        }
        let mut applied = self.applied.lock().unwrap();
        assert_eq!(from, applied.len() as u64);
        applied.extend(entries.iter().map(|fact| fact.index));
        Ok(())
    }

    async fn reset(&self) -> Result<(), ProjectionError> {
        self.applied.lock().unwrap().clear();
        Ok(())
    }
}

#[tokio::test]
async fn the_follower_applies_every_fact_once_in_order() {
    let ledger = open(Arc::new(MemoryLedger::new())).await;
    let projection = Arc::new(Counting::default());
    // As if it came from another, longer log: it is built again.
    projection.applied.lock().unwrap().extend(900..1000);
    projection.failures.store(2, Ordering::SeqCst);
    let follower = Follower::spawn(&ledger, vec![projection.clone()]);
    for n in 0..40 {
        add(&ledger, &format!("r{n}"), &scan(format!("{}", n % 3)))
            .await
            .unwrap();
    }
    follower.wait_for("counting", 40).await.unwrap();
    assert_eq!(follower.positions(), [("counting", 41)]);
    assert!(follower.wait_for("unknown", 0).await.is_err());
    follower.stop().await;
    assert!(projection.applied.lock().unwrap().iter().copied().eq(0..41));
    add(&ledger, "later", &scan("a")).await.unwrap();
    assert_eq!(catch_up(&ledger, projection.as_ref()).await.unwrap(), 42);
    projection.failures.store(1, Ordering::SeqCst);
    add(&ledger, "last", &scan("a")).await.unwrap();
    assert!(catch_up(&ledger, projection.as_ref()).await.is_err());
    assert_eq!(catch_up(&ledger, projection.as_ref()).await.unwrap(), 43);
}
