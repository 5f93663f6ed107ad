//! Writing the evidence into a bag, a fact at a time, in bounded memory. Every proof is checked on the way: a package
//! that does not prove itself is not made.

use serde::Serialize;

use super::{
    CHECKPOINT, CONSISTENCY, EarlierLine, FACTS, FactLine, PROOFS, ProofLine, check_path, digests,
    document_path, manifest_path, outcome_path,
};
use crate::bag::{BagWriter, Fault, TagSpool};
use crate::domain::{Digest, SlipId};
use crate::merkle::{Checkpoint, Hash, leaf_hash, verify_consistency, verify_inclusion};

/// Why evidence cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    /// The bag refused it.
    #[error(transparent)]
    Bag(#[from] Fault),
    /// The checkpoint is not one.
    #[error(
        "检查点格式不正确（{reason}）；请从日志重新取 (the checkpoint is not one ({reason}); take it from the log again)"
    )]
    Checkpoint {
        /// What is wrong.
        reason: String,
    },
    /// Facts are not given by ascending index, or one is not text.
    #[error(
        "第 {index} 条事实的次序或编码不对；请按序号给出 (fact {index} is out of order or not UTF-8; give facts by index)"
    )]
    Order {
        /// Its index.
        index: u64,
    },
    /// A proof does not prove its fact, or an earlier checkpoint.
    #[error(
        "第 {index} 条事实（或该大小的检查点）的证明不成立；请核验日志 (the proof of fact {index}, or of the checkpoint of that size, does not hold; audit the log)"
    )]
    Unproved {
        /// Index or size.
        index: u64,
    },
}

/// Writes the facts with their proofs.
pub struct EvidenceWriter {
    facts: TagSpool,
    proofs: TagSpool,
    consistency: TagSpool,
    checkpoint: Checkpoint,
    next: u64,
}

impl EvidenceWriter {
    /// Begins with the signed note of the checkpoint that everything is proved against.
    pub fn begin(bag: &mut BagWriter, note: &str) -> Result<Self, EvidenceFault> {
        let checkpoint = Checkpoint::parse_unverified(note);
        let checkpoint = checkpoint.map_err(|error| EvidenceFault::Checkpoint {
            reason: error.to_string(),
        })?;
        bag.tag(CHECKPOINT, note.len() as u64, &mut note.as_bytes())?;
        Ok(Self {
            facts: bag.begin_tag(FACTS)?,
            proofs: bag.begin_tag(PROOFS)?,
            consistency: bag.begin_tag(CONSISTENCY)?,
            checkpoint,
            next: 0,
        })
    }

    /// Adds the fact with this index, by its exact leaf, with its path to the checkpoint's root. Indices ascend.
    pub fn fact(&mut self, index: u64, leaf: &[u8], path: &[Hash]) -> Result<(), EvidenceFault> {
        let order = EvidenceFault::Order { index };
        let text = std::str::from_utf8(leaf).map_err(|_| order.clone())?;
        if index < self.next {
            return Err(order);
        }
        let Checkpoint { size, root, .. } = &self.checkpoint;
        verify_inclusion(index, *size, &leaf_hash(leaf), path, root)
            .map_err(|_| EvidenceFault::Unproved { index })?;
        self.next = index + 1;
        let leaf = text.to_owned();
        line(&mut self.facts, &FactLine { index, leaf })?;
        let path = digests(path);
        Ok(line(&mut self.proofs, &ProofLine { index, path })?)
    }

    /// Adds a checkpoint that the receiver was given earlier, with the path (RFC 6962, 2.1.2) from it to this one.
    pub fn earlier(&mut self, size: u64, root: &Hash, path: &[Hash]) -> Result<(), EvidenceFault> {
        let now = &self.checkpoint;
        verify_consistency(size, now.size, root, &now.root, path)
            .map_err(|_| EvidenceFault::Unproved { index: size })?;
        let root = Digest::from_bytes(root.0);
        let path = digests(path);
        Ok(line(
            &mut self.consistency,
            &EarlierLine { size, root, path },
        )?)
    }

    /// Puts what was added into the bag.
    pub fn finish(self, bag: &mut BagWriter) -> Result<(), EvidenceFault> {
        for spool in [self.facts, self.proofs, self.consistency] {
            bag.end_tag(spool)?;
        }
        Ok(())
    }
}

fn line(spool: &mut TagSpool, object: &impl Serialize) -> Result<(), Fault> {
    // Structs of numbers and texts always become JSON.
    let mut bytes = serde_json::to_vec(object).unwrap_or_default();
    bytes.push(b'\n');
    spool.push(&bytes)
}

/// Adds the exact bytes of a slip's manifest.
pub fn slip(bag: &mut BagWriter, slip: &SlipId, manifest: &[u8]) -> Result<(), Fault> {
    let mut bytes = manifest;
    bag.tag(&manifest_path(slip), manifest.len() as u64, &mut bytes)
}

/// Adds the exact bytes of a slip's outcome.
pub fn outcome(bag: &mut BagWriter, slip: &SlipId, outcome: &[u8]) -> Result<(), Fault> {
    let mut bytes = outcome;
    bag.tag(&outcome_path(slip), outcome.len() as u64, &mut bytes)
}

/// Adds the exact bytes of what was found when the lines that a slip's receiver took by seal were checked.
pub fn check(bag: &mut BagWriter, slip: &SlipId, check: &[u8]) -> Result<(), Fault> {
    let mut bytes = check;
    bag.tag(&check_path(slip), check.len() as u64, &mut bytes)
}

/// Adds the exact bytes of what a fact of the round names; gives back its digest.
pub fn document(bag: &mut BagWriter, document: &[u8]) -> Result<Digest, Fault> {
    let digest = Digest::of(document);
    let mut bytes = document;
    bag.tag(&document_path(&digest), document.len() as u64, &mut bytes)?;
    Ok(digest)
}
