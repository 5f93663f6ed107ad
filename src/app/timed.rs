//! A ledger store that counts its appends and the time they take, for the metrics.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use crate::domain::Subject;
use crate::http::health::AppendTimes;
use crate::ledger::{Batch, LedgerStore, Recorded, StoreError};
use crate::merkle::{Hash, NodeId};

/// The store behind it, with a clock on its appends.
pub(super) struct TimedLedger {
    store: Arc<dyn LedgerStore>,
    times: Arc<AppendTimes>,
}

impl TimedLedger {
    pub(super) fn new(store: Arc<dyn LedgerStore>, times: Arc<AppendTimes>) -> Self {
        Self { store, times }
    }
}

#[async_trait]
impl LedgerStore for TimedLedger {
    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.store.checkpoint().await
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<String>, StoreError> {
        self.store.checkpoints(after, limit).await
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        let begun = Instant::now();
        let appended = self.store.append(batch).await;
        self.times.count(begun.elapsed(), batch.entries.len());
        appended
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.store.entries(from, limit).await
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError> {
        self.store.history(subject).await
    }

    async fn histories(&self, subjects: &[Subject]) -> Result<Vec<Vec<Recorded>>, StoreError> {
        self.store.histories(subjects).await
    }

    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError> {
        self.store.hashes(nodes).await
    }
}
