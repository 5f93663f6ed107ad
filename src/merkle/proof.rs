//! Inclusion and consistency proofs: which nodes they need (RFC 6962 §2.1.1, §2.1.2) and how they are verified
//! (RFC 9162 §2.1.3.2, §2.1.4.2).

use super::tree::{fold, node_hash, range_nodes};
use super::{Hash, NodeId};

/// A proof that does not prove what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index or the sizes are impossible.
    #[error("the proof is about an impossible index or size")]
    Range,
    /// Too few or too many hashes.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Which stored nodes a root or a proof is made of, and how they are put together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodePlan {
    nodes: Vec<NodeId>,
    groups: Vec<usize>,
}

impl NodePlan {
    /// What the root of a log of `size` leaves needs; it assembles to one hash.
    pub fn root(size: u64) -> Self {
        let mut plan = Self::default();
        plan.push(0, size);
        plan
    }

    /// What the inclusion proof of leaf `index` in a log of `size` leaves needs.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, ProofError> {
        if index >= size {
            return Err(ProofError::Range);
        }
        let mut ranges = Vec::new();
        let (mut begin, mut end) = (0, size);
        while end - begin > 1 {
            let split = begin + split_of(end - begin);
            if index < split {
                ranges.push((split, end));
                end = split;
            } else {
                ranges.push((begin, split));
                begin = split;
            }
        }
        Ok(Self::from_top_down(ranges))
    }

    /// What the consistency proof from `old` to `new` leaves needs. `old` must be at least 1: every log is
    /// consistent with the empty one.
    pub fn consistency(old: u64, new: u64) -> Result<Self, ProofError> {
        if old == 0 || old > new {
            return Err(ProofError::Range);
        }
        let mut ranges = Vec::new();
        let (mut begin, mut end) = (0, new);
        while end != old {
            let split = begin + split_of(end - begin);
            if old <= split {
                ranges.push((split, end));
                end = split;
            } else {
                ranges.push((begin, split));
                begin = split;
            }
        }
        if begin > 0 {
            ranges.push((begin, end));
        }
        Ok(Self::from_top_down(ranges))
    }

    /// The nodes needed, in the order [`NodePlan::assemble`] expects their hashes.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// Folds the nodes' hashes to the hashes asked for. Fails when their number is not right.
    pub fn assemble(&self, hashes: &[Hash]) -> Result<Vec<Hash>, ProofError> {
        if hashes.len() != self.nodes.len() {
            return Err(ProofError::Length);
        }
        let mut rest = hashes;
        let mut assembled = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let (group, after) = rest.split_at_checked(*group).ok_or(ProofError::Length)?;
            assembled.push(fold(group));
            rest = after;
        }
        Ok(assembled)
    }

    fn from_top_down(ranges: Vec<(u64, u64)>) -> Self {
        let mut plan = Self::default();
        for (begin, end) in ranges.into_iter().rev() {
            plan.push(begin, end);
        }
        plan
    }

    fn push(&mut self, begin: u64, end: u64) {
        let nodes = range_nodes(begin, end);
        self.groups.push(nodes.len());
        self.nodes.extend(nodes);
    }
}

/// The largest power of two smaller than `size`, which is at least 2: where RFC 6962 splits a tree.
fn split_of(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Checks that `leaf` is leaf `index` of the log of `size` leaves with this `root`.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            skip_missing_levels(&mut place, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    same_root(&hash, root)
}

/// Checks that the log of `new` leaves with `new_root` begins with the log of `old` leaves with `old_root`. A
/// proof from the empty log is refused: it would say nothing.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old == 0 || old > new {
        return Err(ProofError::Range);
    }
    if old == new {
        return match proof {
            [] => same_root(old_root, new_root),
            _ => Err(ProofError::Length),
        };
    }
    // A perfect old tree is itself the first node of the path and is left out of the proof.
    let (start, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::Length)?
    };
    let (mut place, mut last) = (old - 1, new - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            skip_missing_levels(&mut place, &mut last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    same_root(&old_hash, old_root)?;
    same_root(&new_hash, new_root)
}

/// On the right edge a node without a sibling moves up unhashed.
fn skip_missing_levels(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        *place >>= 1;
        *last >>= 1;
    }
}

fn same_root(found: &Hash, expected: &Hash) -> Result<(), ProofError> {
    if found != expected {
        return Err(ProofError::Root);
    }
    Ok(())
}
