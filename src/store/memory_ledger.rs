//! The ledger in memory, for tests and trials: it keeps every law of a ledger store except surviving the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::Subject;
use crate::ledger::{Batch, LedgerStore, Recorded, StoreError};
use crate::merkle::{Hash, NodeId};

/// A [`LedgerStore`] that holds everything in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Recorded>,
    by_subject: HashMap<Subject, Vec<usize>>,
    hashes: HashMap<NodeId, Hash>,
    /// Size and text, oldest first.
    checkpoints: Vec<(u64, String)>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let size = self.entries.len() as u64;
        batch.check(size, |subject| {
            self.by_subject
                .get(subject)
                .map_or(0, |all| all.len() as u32)
        })?;
        for recorded in &batch.entries {
            let subject = recorded.entry.subject.clone();
            let indexes = self.by_subject.entry(subject).or_default();
            indexes.push(self.entries.len());
            self.entries.push(recorded.clone());
        }
        self.hashes.extend(batch.hashes.iter().copied());
        let size = self.entries.len() as u64;
        self.checkpoints.push((size, batch.checkpoint.clone()));
        Ok(())
    }
}

#[async_trait]
impl LedgerStore for MemoryLedger {
    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        Ok(self
            .state()
            .checkpoints
            .last()
            .map(|(_, text)| text.clone()))
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<String>, StoreError> {
        let state = self.state();
        let from = state
            .checkpoints
            .partition_point(|(size, _)| *size <= after);
        let rest = state.checkpoints.iter().skip(from).take(limit);
        Ok(rest.map(|(_, text)| text.clone()).collect())
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        self.state().append(batch)
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let state = self.state();
        Ok(state
            .entries
            .iter()
            .skip(from)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError> {
        let state = self.state();
        let indexes = state.by_subject.get(subject).into_iter().flatten();
        Ok(indexes
            .filter_map(|index| state.entries.get(*index))
            .cloned()
            .collect())
    }

    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError> {
        let state = self.state();
        let find = |node: &NodeId| {
            let absent = || StoreError::Damaged {
                place: format!("node {} of level {}", node.index, node.level),
                reason: "its hash is absent".to_owned(),
            };
            state.hashes.get(node).copied().ok_or_else(absent)
        };
        nodes.iter().map(find).collect()
    }
}
