//! The audit of the tree: everything the ledger store holds is computed again from the facts' bytes and compared.

use std::collections::{HashMap, VecDeque};

use super::keys::KeyHistory;
use super::store::{LedgerStore, Recorded, StoreError};
use crate::domain::{Subject, Timestamp};
use crate::merkle::{Checkpoint, Frontier, Hash, NodeId, leaf_hash};

/// Facts audited at once.
const FACTS_AT_ONCE: usize = 512;

/// Findings kept; further ones are only counted.
const FINDINGS_MAX: usize = 1000;

/// What the audit of the tree found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Facts read.
    pub facts: u64,
    /// Signed checkpoints read, one for each batch.
    pub checkpoints: u64,
    /// What is wrong, in the order found; at most 1,000 are kept.
    pub findings: Vec<TreeFinding>,
    /// Findings that were not kept.
    pub more_findings: u64,
}

impl AuditReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: TreeFinding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}

/// One thing that is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeFinding {
    /// Stored bytes cannot be read; the facts from this one on could not be audited.
    #[error("fact {index} cannot be read: {reason}")]
    Unreadable {
        /// Index of the fact.
        index: u64,
        /// What the store said.
        reason: String,
    },
    /// A fact stands under another index than its own.
    #[error("where fact {index} should stand, fact {found} was read")]
    WrongIndex {
        /// Index expected.
        index: u64,
        /// Index found.
        found: u64,
    },
    /// A stored hash is not what the facts make it.
    #[error("the stored hash of node {} of level {}, completed by fact {index}, is wrong", node.index, node.level)]
    WrongHash {
        /// Index of the fact that completes the node.
        index: u64,
        /// The node.
        node: NodeId,
    },
    /// A stored hash is absent or cannot be read.
    #[error("hashes of fact {index} or a later one cannot be read: {reason}")]
    UnreadableHash {
        /// Index of the first fact concerned.
        index: u64,
        /// What the store said.
        reason: String,
    },
    /// A subject's facts are not numbered without gaps.
    #[error("fact {index} has number {found} in its subject's history, {expected} was expected")]
    WrongSequence {
        /// Index of the fact.
        index: u64,
        /// Number expected.
        expected: u32,
        /// Number found.
        found: u32,
    },
    /// A fact is older than the one before it.
    #[error("fact {index} was recorded before the fact in front of it")]
    TimeRunsBack {
        /// Index of the fact.
        index: u64,
    },
    /// The log's keys do not follow from each other.
    #[error("the key in fact {index} is not valid: {reason}")]
    WrongKey {
        /// Index of the fact.
        index: u64,
        /// What is wrong.
        reason: String,
    },
    /// A checkpoint is not signed by the key of its size, or is not a checkpoint of this log.
    #[error("the checkpoint of {size} facts is not valid: {reason}")]
    WrongCheckpoint {
        /// Its size.
        size: u64,
        /// What is wrong.
        reason: String,
    },
    /// A checkpoint's root is not the root over the facts.
    #[error("the checkpoint of {size} facts has another root than the facts")]
    WrongRoot {
        /// Its size.
        size: u64,
    },
    /// There are facts behind the newest valid checkpoint, or fewer facts than it signs.
    #[error("the newest checkpoint signs {signed} facts, {found} were read")]
    WrongSize {
        /// Size of the newest checkpoint.
        signed: u64,
        /// Facts read.
        found: u64,
    },
}

/// Audits the whole log: every leaf hashed again, every stored node built again, every subject's numbering, the order
/// of times, the chain of keys, and the signature and root of every batch's checkpoint. Memory grows with the number of
/// subjects. Fails only when the store cannot be read at all; damage is a finding.
pub async fn audit_tree(store: &dyn LedgerStore) -> Result<AuditReport, StoreError> {
    let newest = store.checkpoint().await?;
    let mut audit = Audit::default();
    loop {
        let from = audit.report.facts;
        let facts = match store.entries(from, FACTS_AT_ONCE).await {
            Ok(facts) => facts,
            Err(error) => {
                audit.unreadable(store, from, error).await;
                break;
            }
        };
        if facts.is_empty() {
            audit.check_newest(newest.as_deref());
            break;
        }
        audit.load_checkpoints(store).await;
        audit.take(store, &facts).await;
    }
    Ok(audit.report)
}

#[derive(Default)]
struct Audit {
    report: AuditReport,
    frontier: Frontier,
    next_seq: HashMap<Subject, u32>,
    last_at: Option<Timestamp>,
    keys: Option<KeyHistory>,
    /// Checkpoints that were read and whose size is not reached yet.
    ahead: VecDeque<(u64, String)>,
    /// Size of the newest checkpoint read.
    loaded_to: u64,
    /// Size of the newest checkpoint whose facts were read.
    signed_to: u64,
}

impl Audit {
    /// Reads the checkpoints of the next facts.
    async fn load_checkpoints(&mut self, store: &dyn LedgerStore) {
        let until = self.report.facts + FACTS_AT_ONCE as u64;
        while self.loaded_to < until {
            let before = self.loaded_to;
            let notes = match store.checkpoints(before, FACTS_AT_ONCE).await {
                Ok(notes) if notes.is_empty() => return,
                Ok(notes) => notes,
                Err(error) => vec![error.to_string()],
            };
            for note in notes {
                match Checkpoint::parse_unverified(&note) {
                    Ok(checkpoint) => {
                        self.loaded_to = self.loaded_to.max(checkpoint.size);
                        self.ahead.push_back((checkpoint.size, note));
                    }
                    Err(error) => {
                        let (size, reason) = (self.loaded_to, format!("{error} ({note:.80})"));
                        self.report
                            .add(TreeFinding::WrongCheckpoint { size, reason });
                    }
                }
            }
            if self.loaded_to == before {
                // Asking again would give the same answer.
                self.loaded_to = u64::MAX;
            }
        }
    }

    async fn take(&mut self, store: &dyn LedgerStore, facts: &[Recorded]) {
        let mut hashes = Vec::new();
        for fact in facts {
            self.check_fact(fact);
            self.frontier.append(leaf_hash(&fact.bytes), &mut hashes);
            self.report.facts += 1;
            self.check_checkpoint();
        }
        self.check_hashes(store, &hashes).await;
    }

    fn check_fact(&mut self, fact: &Recorded) {
        let index = self.report.facts;
        if fact.index != index {
            let found = fact.index;
            self.report.add(TreeFinding::WrongIndex { index, found });
        }
        let entry = &fact.entry;
        let next = self.next_seq.entry(entry.subject.clone()).or_insert(0);
        let (expected, found) = (*next, entry.seq);
        *next = found.wrapping_add(1);
        if found != expected {
            self.report.add(TreeFinding::WrongSequence {
                index,
                expected,
                found,
            });
        }
        if self.last_at.is_some_and(|last| entry.at < last) {
            self.report.add(TreeFinding::TimeRunsBack { index });
        }
        self.last_at = Some(entry.at);
        if entry.subject == Subject::Log {
            self.check_key(index, fact);
        }
    }

    fn check_key(&mut self, index: u64, fact: &Recorded) {
        let applied = match &mut self.keys {
            Some(keys) => keys.apply(fact),
            None => KeyHistory::from_facts(std::slice::from_ref(fact)).map(|keys| self.keys = keys),
        };
        if let Err(error) = applied {
            let reason = error.to_string();
            self.report.add(TreeFinding::WrongKey { index, reason });
        }
    }

    /// Checks the checkpoint of the facts read so far, if a batch ended here.
    fn check_checkpoint(&mut self) {
        while let Some((size, note)) = self
            .ahead
            .pop_front_if(|(size, _)| *size <= self.report.facts)
        {
            self.report.checkpoints += 1;
            self.signed_to = self.signed_to.max(size);
            let verified = match &self.keys {
                Some(keys) => keys
                    .verify_checkpoint(&note)
                    .map_err(|error| error.to_string()),
                None => Err("the log names no key".to_owned()),
            };
            match verified {
                Err(reason) => self
                    .report
                    .add(TreeFinding::WrongCheckpoint { size, reason }),
                Ok(checkpoint)
                    if checkpoint.root != self.frontier.root() || size != self.report.facts =>
                {
                    self.report.add(TreeFinding::WrongRoot { size });
                }
                Ok(_) => {}
            }
        }
    }

    async fn check_hashes(&mut self, store: &dyn LedgerStore, expected: &[(NodeId, Hash)]) {
        let nodes: Vec<NodeId> = expected.iter().map(|(node, _)| *node).collect();
        let completed_by = |node: &NodeId| ((node.index + 1) << node.level) - 1;
        match store.hashes(&nodes).await {
            Ok(stored) => {
                for ((node, hash), stored) in expected.iter().zip(stored) {
                    if *hash != stored {
                        let index = completed_by(node);
                        let node = *node;
                        self.report.add(TreeFinding::WrongHash { index, node });
                    }
                }
            }
            Err(error) => {
                let index = nodes.first().map_or(0, completed_by);
                let reason = error.to_string();
                self.report
                    .add(TreeFinding::UnreadableHash { index, reason });
            }
        }
    }

    /// Audits the facts in front of the first one that cannot be read, one by one, and names that one.
    async fn unreadable(&mut self, store: &dyn LedgerStore, from: u64, error: StoreError) {
        let mut reason = error.to_string();
        self.load_checkpoints(store).await;
        for index in from..from + FACTS_AT_ONCE as u64 {
            match store.entries(index, 1).await {
                Ok(facts) if facts.is_empty() => break,
                Ok(facts) => self.take(store, &facts).await,
                Err(error) => {
                    reason = error.to_string();
                    break;
                }
            }
        }
        let index = self.report.facts;
        self.report.add(TreeFinding::Unreadable { index, reason });
    }

    fn check_newest(&mut self, newest: Option<&str>) {
        let found = self.report.facts;
        let newest = newest.map(Checkpoint::parse_unverified);
        let newest = newest
            .and_then(Result::ok)
            .map_or(0, |checkpoint| checkpoint.size);
        // A log that grows while it is audited has more facts than the checkpoint taken at the start.
        if newest > found || self.signed_to != found {
            let signed = newest.max(self.signed_to);
            self.report.add(TreeFinding::WrongSize { signed, found });
        }
    }
}
