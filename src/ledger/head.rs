//! The end of the log as the sequencer knows it: the tree's right edge, the last time, the key, and which subjects
//! changed lately.

use std::collections::{HashMap, VecDeque};

use super::error::LedgerError;
use super::keys::KeyHistory;
use super::store::LedgerStore;
use crate::domain::{Subject, Timestamp};
use crate::merkle::{Checkpoint, Frontier, Hash, LogSigner, NodePlan};

/// How many recent facts are remembered to tell whether a decision is stale without asking the store.
const RECENT_FACTS: usize = 64 * 1024;

/// What a batch is built on.
#[derive(Clone)]
pub(super) struct Head {
    pub(super) frontier: Frontier,
    pub(super) last_at: Timestamp,
    pub(super) checkpoint: String,
}

impl Head {
    /// Reads the head of the log in `store`, checking the newest checkpoint's signature and root. Gives the key history
    /// too; none for an empty log.
    pub(super) async fn load(
        store: &dyn LedgerStore,
    ) -> Result<Option<(Self, KeyHistory)>, LedgerError> {
        let Some(checkpoint) = store.checkpoint().await? else {
            return Ok(None);
        };
        let keys = KeyHistory::load(store).await?;
        let keys = keys.ok_or_else(|| LedgerError::inconsistent("it has no opening"))?;
        let claimed = keys.verify_checkpoint(&checkpoint)?;
        let frontier = load_frontier(store, claimed.size).await?;
        if frontier.root() != claimed.root {
            let reason = format!(
                "the root over {} facts is not that of its checkpoint",
                claimed.size
            );
            return Err(LedgerError::inconsistent(reason));
        }
        let last = store.entries(claimed.size.saturating_sub(1), 1).await?;
        let last = last.first();
        let last = last.ok_or_else(|| LedgerError::inconsistent("its last fact is absent"))?;
        let head = Self {
            frontier,
            last_at: last.entry.at,
            checkpoint,
        };
        Ok(Some((head, keys)))
    }

    /// The head of an empty log: a signed checkpoint over nothing.
    pub(super) fn empty(origin: &str, signer: &LogSigner) -> Result<Self, LedgerError> {
        let frontier = Frontier::default();
        let checkpoint = sign(origin, &frontier, &[signer])?;
        Ok(Self {
            frontier,
            last_at: Timestamp::from_millis(i64::MIN),
            checkpoint,
        })
    }
}

/// Signs the checkpoint of a log that ends with `frontier`.
pub(super) fn sign(
    origin: &str,
    frontier: &Frontier,
    signers: &[&LogSigner],
) -> Result<String, LedgerError> {
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: frontier.size(),
        root: frontier.root(),
    };
    let signed = checkpoint.sign(signers);
    signed.map_err(|error| LedgerError::inconsistent(error.to_string()))
}

async fn load_frontier(store: &dyn LedgerStore, size: u64) -> Result<Frontier, LedgerError> {
    let hashes = store.hashes(NodePlan::root(size).nodes()).await?;
    let frontier = Frontier::from_nodes(size, hashes);
    frontier.ok_or_else(|| LedgerError::inconsistent("stored hashes are absent"))
}

/// The root of the log of `size` facts, from stored hashes.
pub(super) async fn stored_root(store: &dyn LedgerStore, size: u64) -> Result<Hash, LedgerError> {
    Ok(load_frontier(store, size).await?.root())
}

/// The number of facts of every subject that changed since `horizon`.
pub(super) struct Recent {
    /// Everything recorded from this index on is remembered.
    horizon: u64,
    counts: HashMap<Subject, (u32, u64)>,
    order: VecDeque<(u64, Subject)>,
}

impl Recent {
    pub(super) fn from(horizon: u64) -> Self {
        Self {
            horizon,
            counts: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Takes note of a fact: the one with `index` gave `subject` its `count`th fact.
    pub(super) fn note(&mut self, index: u64, subject: &Subject, count: u32) {
        self.counts.insert(subject.clone(), (count, index));
        self.order.push_back((index, subject.clone()));
        while self.order.len() > RECENT_FACTS {
            let Some((oldest, subject)) = self.order.pop_front() else {
                return;
            };
            self.horizon = oldest + 1;
            if self
                .counts
                .get(&subject)
                .is_some_and(|(_, last)| *last == oldest)
            {
                self.counts.remove(&subject);
            }
        }
    }

    /// Whether reads made when the log had at least `read_at` facts are known to be what they are still.
    pub(super) fn holds(&self, reads: &[(Subject, u32)], read_at: u64) -> bool {
        let same = |(subject, noted): &(Subject, u32)| {
            self.counts
                .get(subject)
                .is_none_or(|(count, _)| count == noted)
        };
        read_at >= self.horizon && reads.iter().all(same)
    }
}
