//! What the ledger's tests share: keys, clocks, facts, batches built by hand, and a small seeded generator.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::{
    Actor, CaseNo, Clock, Digest, Entry, Event, Fact, RequestId, Subject, Timestamp,
};
use counterfoil::ledger::{Batch, Decline, Ledger, LedgerError, LedgerStore, Receipt, Recorded};
use counterfoil::merkle::{Checkpoint, Frontier, Hash, LogSigner, NodeId, leaf_hash};

pub const ORIGIN: &str = "hall.example/ledger";

pub fn signer(number: u8) -> LogSigner {
    LogSigner::new(ORIGIN, &[number; 32]).unwrap()
}

pub fn clock() -> Arc<dyn Clock> {
    let start: Timestamp = "2026-11-22T08:30:00Z".parse().unwrap();
    Arc::new(ManualClock::new(start))
}

pub fn actor() -> Actor {
    Actor::new("cli:tester").unwrap()
}

pub fn request(text: impl Into<String>) -> RequestId {
    RequestId::new(text).unwrap()
}

pub fn scan(name: impl AsRef<[u8]>) -> Subject {
    Subject::Scan(Digest::of(name))
}

/// A small event that tells itself from others by `code`.
pub fn filed(code: impl Into<String>) -> Event {
    Event::ScanFiled {
        case: CaseNo::new(code).unwrap(),
    }
}

pub async fn open(store: Arc<dyn LedgerStore>) -> Ledger {
    Ledger::open(store, signer(1), clock(), ORIGIN)
        .await
        .unwrap()
}

/// Records one fact about `subject`, whatever its history.
pub async fn add(ledger: &Ledger, id: &str, subject: &Subject) -> Result<Receipt, LedgerError> {
    let code: String = id.replace('/', ".");
    ledger
        .record(request(id), &actor(), |reads, _| {
            reads.history(subject)?;
            Ok::<_, Decline>(vec![Fact::new(subject.clone(), filed(code.clone()))])
        })
        .await
}

/// Builds well-formed batches without a ledger, to ask a store directly.
#[derive(Clone, Default)]
pub struct Chain {
    pub frontier: Frontier,
    pub counts: HashMap<Subject, u32>,
    pub entries: Vec<Recorded>,
    pub hashes: Vec<(NodeId, Hash)>,
    pub checkpoints: Vec<String>,
}

impl Chain {
    pub fn batch(&mut self, subjects: &[Subject]) -> Batch {
        let expected = self.frontier.size();
        let mut hashes = Vec::new();
        let mut entries = Vec::new();
        let mut reads = Vec::new();
        for (index, subject) in (expected..).zip(subjects) {
            let count = self.counts.entry(subject.clone()).or_insert(0);
            if !reads.iter().any(|(read, _)| read == subject) {
                reads.push((subject.clone(), *count));
            }
            let entry = Entry {
                v: 1,
                subject: subject.clone(),
                seq: *count,
                at: Timestamp::from_millis(1_795_400_000_000 + index as i64),
                occurred: None,
                by: actor(),
                request: request(format!("r{index}")),
                event: filed(format!("c{index}")),
            };
            *count += 1;
            let bytes = Bytes::from(entry.encode().unwrap());
            self.frontier.append(leaf_hash(&bytes), &mut hashes);
            entries.push(Recorded {
                index,
                bytes,
                entry,
            });
        }
        let checkpoint = Checkpoint {
            origin: ORIGIN.to_owned(),
            size: self.frontier.size(),
            root: self.frontier.root(),
        };
        let checkpoint = checkpoint.sign(&[&signer(1)]).unwrap();
        self.entries.extend(entries.iter().cloned());
        self.hashes.extend(hashes.iter().copied());
        self.checkpoints.push(checkpoint.clone());
        Batch {
            expected,
            reads,
            entries,
            hashes,
            checkpoint,
        }
    }
}
