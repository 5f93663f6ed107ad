//! Pure: the RFC 6962 tree, its proofs, and C2SP checkpoints (signed note) and tiles. No storage, no clock,
//! no randomness; keys come in as arguments.

/// A node's hash: SHA-256 with the RFC 6962 prefixes (0x00 leaf, 0x01 node).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// A complete node: the root of the perfect subtree of `2^level` leaves beginning at `index * 2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Height; 0 for a leaf.
    pub level: u8,
    /// Place among the nodes of its level.
    pub index: u64,
}
