//! Hashing (RFC 6962 §2.1), which complete nodes exist, and the frontier that grows a log leaf by leaf.

use sha2::{Digest as _, Sha256};

use super::{Hash, NodeId};

/// The largest log: sizes stay within what a signed 64-bit index can name.
pub const SIZE_MAX: u64 = 1 << 62;

/// Hashes a leaf: SHA-256 of 0x00 and the bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(bytes);
    Hash(hasher.finalize().into())
}

/// Hashes an inner node: SHA-256 of 0x01, the left and the right child.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left.0);
    hasher.update(right.0);
    Hash(hasher.finalize().into())
}

/// The root of the empty log: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// The complete nodes that make up the leaves `begin..end`, from left to right. When `begin` is the start of a
/// subtree (as it is for every range of a proof), folding them from the right gives the range's root.
pub fn range_nodes(begin: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    let mut begin = begin;
    while begin < end {
        let by_size = (end - begin).ilog2();
        let level = begin.trailing_zeros().min(by_size);
        nodes.push(NodeId {
            level: level as u8,
            index: begin >> level,
        });
        begin += 1 << level;
    }
    nodes
}

/// Folds the hashes of [`range_nodes`] to the root of their range; the empty range has the empty root.
pub fn fold(hashes: &[Hash]) -> Hash {
    let Some((last, rest)) = hashes.split_last() else {
        return empty_root();
    };
    rest.iter()
        .rev()
        .fold(*last, |right, left| node_hash(left, &right))
}

/// The number of complete nodes, leaves included, among the first `size` leaves.
pub fn nodes_among(size: u64) -> u64 {
    2 * size - u64::from(size.count_ones())
}

/// The nodes that leaf `index` completes, itself first, then upwards. Writing these lists one after another
/// gives the order in which every store keeps its hashes.
pub fn completed_by(index: u64) -> impl Iterator<Item = NodeId> {
    (0..=index.trailing_ones()).map(move |level| NodeId {
        level: level as u8,
        index: index >> level,
    })
}

/// The last leaf of a node, or none when the node lies beyond [`SIZE_MAX`].
pub fn last_leaf(node: NodeId) -> Option<u64> {
    if node.level >= 62 || node.index >= SIZE_MAX >> node.level {
        return None;
    }
    Some(((node.index + 1) << node.level) - 1)
}

/// The right edge of a log: what is needed to append leaves and to tell the root, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a log of `size` leaves whose [`range_nodes`]`(0, size)` have these hashes; none when their
    /// number is not right.
    pub fn from_nodes(size: u64, nodes: Vec<Hash>) -> Option<Self> {
        (nodes.len() == size.count_ones() as usize).then_some(Self { size, nodes })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        fold(&self.nodes)
    }

    /// Appends a leaf's hash and adds every node it completes to `completed`, in the order of [`completed_by`].
    pub fn append(&mut self, leaf: Hash, completed: &mut Vec<(NodeId, Hash)>) {
        let mut hash = leaf;
        for node in completed_by(self.size) {
            if node.level > 0 {
                let Some(left) = self.nodes.pop() else { break };
                hash = node_hash(&left, &hash);
            }
            completed.push((node, hash));
        }
        self.nodes.push(hash);
        self.size += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MTH of RFC 6962 §2.1, word for word.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(
                    &root_by_definition(&leaves[..split]),
                    &root_by_definition(&leaves[split..]),
                )
            }
        }
    }

    #[test]
    fn the_frontier_agrees_with_the_definition() {
        let leaves: Vec<Hash> = (0u32..140).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut frontier = Frontier::default();
        let mut nodes = std::collections::BTreeMap::new();
        for (index, leaf) in leaves.iter().enumerate() {
            assert_eq!(frontier.root(), root_by_definition(&leaves[..index]));
            let mut completed = Vec::new();
            frontier.append(*leaf, &mut completed);
            assert_eq!(
                nodes.len() as u64 + completed.len() as u64,
                nodes_among(frontier.size())
            );
            for (node, hash) in completed {
                assert_eq!(last_leaf(node), Some(index as u64));
                let begin = (node.index << node.level) as usize;
                assert_eq!(hash, root_by_definition(&leaves[begin..=index]));
                assert!(nodes.insert(node, hash).is_none());
            }
            let size = frontier.size();
            let needed: Vec<Hash> = range_nodes(0, size).iter().map(|n| nodes[n]).collect();
            assert_eq!(Frontier::from_nodes(size, needed), Some(frontier.clone()));
        }
    }
}
