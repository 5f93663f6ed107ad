//! What the ledger asks of a store, and what it offers to projections. Each method's comment is a contract;
//! `tests/it/ledger_laws.rs` holds every implementation to it.

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::{Entry, Subject};
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

/// One group commit: facts, the tree nodes they complete, and the signed checkpoint over them.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Size of the log that this batch was built on.
    pub expected: u64,
    /// Subjects the decisions read, with the number of facts each had.
    pub reads: Vec<(Subject, u32)>,
    /// The facts, in order, at indexes `expected..`.
    pub entries: Vec<Recorded>,
    /// Complete tree nodes that these facts make, leaves included.
    pub hashes: Vec<(NodeId, Hash)>,
    /// The signed checkpoint (C2SP signed note text) of the log after this batch.
    pub checkpoint: String,
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

    /// Appends atomically and durably. Refuses with `Moved` when the size is not `expected` or a
    /// `(subject, seq)` exists, with `StaleRead` when a subject in `reads` has another count than noted.
    async fn append(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Facts `from..`, at most `limit`, in order, without gaps; empty past the end.
    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError>;

    /// Every fact about `subject`, oldest first.
    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError>;

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
