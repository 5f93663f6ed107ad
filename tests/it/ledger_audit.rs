//! What the audit of the tree says when its store lies.

use std::sync::Arc;

use async_trait::async_trait;
use counterfoil::domain::{Subject, Timestamp};
use counterfoil::ledger::{
    Batch, LedgerStore, Recorded, StoreError, TreeFinding as Found, audit_tree,
};
use counterfoil::merkle::{Hash, NodeId};
use counterfoil::store::MemoryLedger;

use crate::ledger_support::{Chain, add, open, scan};

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

async fn audit_of(lie: Lie) -> Vec<Found> {
    let store = Arc::new(Lying(MemoryLedger::new(), lie));
    let ledger = open(store.clone()).await;
    for n in 0..9 {
        add(&ledger, &format!("r{n}"), &scan("a")).await.unwrap();
    }
    audit_tree(store.as_ref()).await.unwrap().findings
}

fn level(level: u8) -> NodeId {
    NodeId {
        level,
        index: 5 >> level,
    }
}

#[tokio::test]
async fn lies_about_facts_are_found_and_named() {
    let found = audit_of(Lie::Bytes).await;
    let wrong = |node| Found::WrongHash { index: 5, node };
    assert!(found.contains(&wrong(level(0))), "{found:?}");
    assert!(found.contains(&wrong(level(1))));
    assert!(found.contains(&Found::WrongRoot { size: 6 }));
    let found = audit_of(Lie::Seq).await;
    let wrong = Found::WrongSequence {
        index: 5,
        expected: 4,
        found: 7,
    };
    assert!(found.contains(&wrong), "{found:?}");
    assert_eq!(
        audit_of(Lie::Time).await,
        [Found::TimeRunsBack { index: 5 }]
    );
    let found = audit_of(Lie::Unreadable).await;
    assert!(
        matches!(found[..], [Found::Unreadable { index: 5, .. }]),
        "{found:?}"
    );
    let found = audit_of(Lie::Key).await;
    let wrong = |f: &Found| matches!(f, Found::WrongKey { index: 5, .. });
    assert!(found.iter().any(wrong), "{found:?}");
    let found = audit_of(Lie::Swapped).await;
    assert!(
        found.contains(&Found::WrongIndex { index: 5, found: 6 }),
        "{found:?}"
    );
}

#[tokio::test]
async fn lies_about_hashes_and_checkpoints_are_found_and_named() {
    let wrong = Found::WrongHash {
        index: 5,
        node: level(1),
    };
    assert_eq!(audit_of(Lie::Hash).await, [wrong]);
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
    let wrong = Found::WrongSize {
        signed: 10,
        found: 10,
    };
    assert_eq!(audit_of(Lie::NoCheckpoints).await, [wrong]);
}
