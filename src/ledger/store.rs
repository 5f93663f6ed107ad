//! What the ledger asks of a store, and what it offers to projections. Each method's comment is a contract;
//! `tests/it/ledger_laws.rs` holds every implementation to it.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::event::DecodeError;
use crate::domain::{Entry, Subject};
use crate::merkle::tree::completed_by;
use crate::merkle::{Hash, NodeId};

/// A fact with its place in the log and its bytes as they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Leaf index from 0.
    pub index: u64,
    /// The hashed bytes.
    pub bytes: Bytes,
    /// The same, decoded.
    pub entry: Entry,
}

impl Recorded {
    /// Decodes the stored bytes of the fact at `index`.
    pub fn decode(index: u64, bytes: Bytes) -> Result<Self, DecodeError> {
        let entry = Entry::decode(&bytes)?;
        Ok(Self {
            index,
            bytes,
            entry,
        })
    }
}

/// One group commit: facts, the tree nodes they complete, and the signed checkpoint over them.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Size of the log that this batch was built on.
    pub expected: u64,
    /// Subjects the decisions read, with the number of facts each had.
    pub reads: Vec<(Subject, u32)>,
    /// The facts, in order, at indexes `expected..`.
    pub entries: Vec<Recorded>,
    /// Complete tree nodes that these facts make, leaves included, in the order of
    /// [`crate::merkle::tree::completed_by`].
    pub hashes: Vec<(NodeId, Hash)>,
    /// The signed checkpoint (C2SP signed note text) of the log after this batch.
    pub checkpoint: String,
}

impl Batch {
    /// Judges whether the batch may be appended to a log of `size` facts in which `count` tells how many facts a
    /// subject has. Every store asks this before it writes; a batch that is not well formed is an `Io` error of kind
    /// `InvalidInput`, and nothing was written.
    pub fn check(
        &self,
        size: u64,
        mut count: impl FnMut(&Subject) -> u32,
    ) -> Result<(), StoreError> {
        let moved = StoreError::Moved {
            size,
            expected: self.expected,
        };
        if self.expected != size {
            return Err(moved);
        }
        self.check_form()?;
        for (subject, noted) in &self.reads {
            if count(subject) != *noted {
                return Err(StoreError::StaleRead);
            }
        }
        let mut next_seq: HashMap<&Subject, u32> = HashMap::new();
        for recorded in &self.entries {
            let subject = &recorded.entry.subject;
            let next = next_seq.entry(subject).or_insert_with(|| count(subject));
            if recorded.entry.seq < *next {
                return Err(moved);
            }
            if recorded.entry.seq > *next {
                return Err(malformed_batch("a subject's sequence has a gap"));
            }
            *next += 1;
        }
        Ok(())
    }

    fn check_form(&self) -> Result<(), StoreError> {
        if self.entries.is_empty() {
            return Err(malformed_batch("it has no facts"));
        }
        let mut hashes = self.hashes.iter().map(|(node, _)| *node);
        for (index, recorded) in (self.expected..).zip(&self.entries) {
            if recorded.index != index {
                return Err(malformed_batch("its indexes are not consecutive"));
            }
            if completed_by(index).any(|node| hashes.next() != Some(node)) {
                return Err(malformed_batch("its hashes are not in order"));
            }
        }
        if hashes.next().is_some() {
            return Err(malformed_batch("it has more hashes than nodes"));
        }
        Ok(())
    }
}

fn malformed_batch(reason: &str) -> StoreError {
    let text = format!("the batch is not well formed: {reason}");
    StoreError::Io(std::io::Error::new(std::io::ErrorKind::InvalidInput, text))
}

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The log's size is not [`Batch::expected`], or an entry's `(subject, seq)` is already taken.
    /// Nothing was written.
    #[error("the log moved: it has {size} facts, the batch expected {expected}")]
    Moved {
        /// Size found.
        size: u64,
        /// Size expected.
        expected: u64,
    },
    /// A subject that was read has newer facts. Nothing was written.
    #[error("a subject that was read has newer facts")]
    StaleRead,
    /// Another process holds the log open for writing.
    #[error("the log is in use by another process ({holder})")]
    InUse {
        /// Who holds it, as far as can be told.
        holder: String,
    },
    /// Stored bytes contradict themselves.
    #[error("the log is damaged at {place}: {reason}")]
    Damaged {
        /// File and offset, or index.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The medium failed. Whether the batch was written is not known.
    #[error("the log's storage failed: {0}")]
    Io(#[from] std::io::Error),
}

/// Where facts live. A batch is durable (survives power loss) when `append` returns Ok, and wholly there or
/// not at all after any interruption.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// The newest durable signed checkpoint, or none for an empty log.
    async fn checkpoint(&self) -> Result<Option<String>, StoreError>;

    /// The stored checkpoints over more than `after` facts, oldest first, at most `limit`: one for each batch.
    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<String>, StoreError>;

    /// Appends atomically and durably. Refuses with `Moved` when the size is not `expected` or a
    /// `(subject, seq)` exists, with `StaleRead` when a subject in `reads` has another count than noted.
    async fn append(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Facts `from..`, at most `limit`, in order, without gaps; empty past the end.
    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError>;

    /// Every fact about `subject`, oldest first.
    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError>;

    /// The same for each of many subjects, in the order asked.
    async fn histories(&self, subjects: &[Subject]) -> Result<Vec<Vec<Recorded>>, StoreError> {
        let mut found = Vec::with_capacity(subjects.len());
        for subject in subjects {
            found.push(self.history(subject).await?);
        }
        Ok(found)
    }

    /// The stored hashes of complete nodes, in the order asked; `Damaged` when one is absent.
    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError>;
}

/// A projection failed to apply facts; it stays where it was and will be asked again.
pub type ProjectionError = Box<dyn std::error::Error + Send + Sync>;

/// A cache of the ledger. `apply` moves the position in the same commit as its effect: a repeated or crashed
/// call never counts a fact twice and never skips one.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Its name, for logs and `rebuild --projection NAME`.
    fn name(&self) -> &'static str;

    /// The index of the next fact it has not applied.
    async fn position(&self) -> Result<u64, ProjectionError>;

    /// Applies `entries`, the first of which has index `from`. Facts below its position are skipped; a `from`
    /// above its position is an error.
    async fn apply(&self, from: u64, entries: &[Recorded]) -> Result<(), ProjectionError>;

    /// Forgets everything and starts at 0.
    async fn reset(&self) -> Result<(), ProjectionError>;
}
