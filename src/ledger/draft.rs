//! A group commit in the making: proposals become facts with places, times and hashes.

use std::collections::HashMap;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::error::LedgerError;
use super::head::{Head, sign};
use super::log::Receipt;
use super::store::{Batch, Recorded};
use crate::domain::event::ENTRY_VERSION;
use crate::domain::{Actor, Entry, Fact, RequestId, Subject, Timestamp};
use crate::merkle::{Hash, LogSigner, NodeId, leaf_hash};

/// A batch takes no further request when it has this many facts or bytes.
const BATCH_FACTS: usize = 1024;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The most facts and bytes of one request.
pub(super) const REQUEST_FACTS_MAX: usize = 16 * 1024;
const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a decision asks the sequencer to record.
pub(super) struct Proposal {
    pub(super) request: RequestId,
    pub(super) by: Actor,
    /// When the decision was made.
    pub(super) at: Timestamp,
    pub(super) facts: Vec<Fact>,
    /// Every subject read or written, with the number of facts it had.
    pub(super) reads: Vec<(Subject, u32)>,
    /// The reads were made when the log had at least this many facts.
    pub(super) read_at: u64,
    /// The key that takes over with these facts.
    pub(super) rotate_to: Option<LogSigner>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What became of a proposal.
pub(super) enum Answer {
    /// Durable and published.
    Recorded(Receipt),
    /// Something it read has changed: decide again.
    Conflict,
    /// Not recorded, or not known to be.
    Failed(LedgerError),
}

/// A request in the batch.
pub(super) struct Member {
    first: u64,
    count: u64,
    answer: oneshot::Sender<Answer>,
}

/// A batch being put together on a head.
pub(super) struct Draft {
    expected: u64,
    /// The head after the batch.
    pub(super) head: Head,
    entries: Vec<Recorded>,
    bytes: usize,
    hashes: Vec<(NodeId, Hash)>,
    reads: HashMap<Subject, u32>,
    /// The subjects written, with the number of facts they have after the batch.
    written: HashMap<Subject, u32>,
    members: Vec<Member>,
    /// Requests to be decided again once this batch is settled.
    pub(super) stale: Vec<oneshot::Sender<Answer>>,
    pub(super) rotate_to: Option<LogSigner>,
}

impl Draft {
    pub(super) fn on(head: &Head) -> Self {
        Self {
            expected: head.frontier.size(),
            head: head.clone(),
            entries: Vec::new(),
            bytes: 0,
            hashes: Vec::new(),
            reads: HashMap::new(),
            written: HashMap::new(),
            members: Vec::new(),
            stale: Vec::new(),
            rotate_to: None,
        }
    }

    /// Whether another request may join. A change of key ends its batch, so that one checkpoint hands over.
    pub(super) fn has_room(&self) -> bool {
        self.entries.len() < BATCH_FACTS && self.bytes < BATCH_BYTES && self.rotate_to.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds the request's facts, unless they rest on something this batch changes or exceed a limit.
    pub(super) fn add(&mut self, proposal: Proposal) {
        let disagrees = |(subject, count): &(Subject, u32)| {
            self.written.contains_key(subject)
                || self.reads.get(subject).is_some_and(|noted| noted != count)
        };
        if proposal.reads.iter().any(disagrees) {
            self.stale.push(proposal.answer);
            return;
        }
        let at = proposal.at.max(self.head.last_at);
        let first = self.expected + self.entries.len() as u64;
        let (entries, bytes) = match encode(&proposal, first, at) {
            Ok(encoded) => encoded,
            Err(error) => return send(proposal.answer, Answer::Failed(error)),
        };
        for recorded in &entries {
            let leaf = leaf_hash(&recorded.bytes);
            self.head.frontier.append(leaf, &mut self.hashes);
            let subject = recorded.entry.subject.clone();
            self.written.insert(subject, recorded.entry.seq + 1);
        }
        self.members.push(Member {
            first,
            count: entries.len() as u64,
            answer: proposal.answer,
        });
        self.head.last_at = at;
        self.bytes += bytes;
        self.entries.extend(entries);
        self.reads.extend(proposal.reads);
        self.rotate_to = proposal.rotate_to;
    }

    /// Signs the head and gives the batch to append. A change of key is signed by both, so that whoever knows only the
    /// old key can still follow.
    pub(super) fn seal(&mut self, origin: &str, signer: &LogSigner) -> Result<Batch, LedgerError> {
        let signers: Vec<&LogSigner> = [Some(signer), self.rotate_to.as_ref()]
            .into_iter()
            .flatten()
            .collect();
        self.head.checkpoint = sign(origin, &self.head.frontier, &signers)?;
        Ok(Batch {
            expected: self.expected,
            reads: self.reads.drain().collect(),
            entries: std::mem::take(&mut self.entries),
            hashes: std::mem::take(&mut self.hashes),
            checkpoint: self.head.checkpoint.clone(),
        })
    }

    /// The subjects written by a batch, with the number of facts they have after it.
    pub(super) fn written(&self) -> impl Iterator<Item = (&Subject, u32)> {
        self.written
            .iter()
            .map(|(subject, count)| (subject, *count))
    }

    /// Tells every request in the batch that it is recorded.
    pub(super) fn acknowledge(self) {
        for member in self.members {
            let receipt = Receipt {
                first: member.first,
                count: member.count,
                size: self.head.frontier.size(),
                checkpoint: self.head.checkpoint.clone(),
                repeated: false,
            };
            send(member.answer, Answer::Recorded(receipt));
        }
        for answer in self.stale {
            send(answer, Answer::Conflict);
        }
    }

    /// Gives every request in the batch the same answer; those that have to decide again anyway are told so.
    pub(super) fn dismiss(self, answer: impl Fn() -> Answer) {
        for member in self.members {
            send(member.answer, answer());
        }
        for stale in self.stale {
            send(stale, Answer::Conflict);
        }
    }
}

/// A caller that went away does not wait for its answer.
pub(super) fn send(to: oneshot::Sender<Answer>, answer: Answer) {
    drop(to.send(answer));
}

fn encode(
    proposal: &Proposal,
    first: u64,
    at: Timestamp,
) -> Result<(Vec<Recorded>, usize), LedgerError> {
    let mut next_seq: HashMap<&Subject, u32> = proposal
        .reads
        .iter()
        .map(|(subject, count)| (subject, *count))
        .collect();
    let mut entries = Vec::with_capacity(proposal.facts.len());
    let mut total = 0;
    for (index, fact) in (first..).zip(&proposal.facts) {
        let seq = next_seq.entry(&fact.subject).or_insert(0);
        let entry = Entry {
            v: ENTRY_VERSION,
            subject: fact.subject.clone(),
            seq: *seq,
            at,
            occurred: fact.occurred.clone(),
            by: proposal.by.clone(),
            request: proposal.request.clone(),
            event: fact.event.clone(),
        };
        *seq += 1;
        let bytes = entry.encode().map_err(|error| LedgerError::TooLarge {
            reason: error.to_string(),
        })?;
        total += bytes.len();
        entries.push(Recorded {
            index,
            bytes: Bytes::from(bytes),
            entry,
        });
    }
    if total > REQUEST_BYTES_MAX {
        let reason =
            format!("its facts have {total} bytes, at most {REQUEST_BYTES_MAX} are allowed");
        return Err(LedgerError::TooLarge { reason });
    }
    Ok((entries, total))
}
