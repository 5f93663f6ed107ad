//! Pure: the RFC 6962 tree, its proofs, and C2SP checkpoints (signed note), cosignatures and tiles. No storage, no clock,
//! no randomness; keys come in as arguments.

pub mod checkpoint;
pub mod cosignature;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{Cosignature, WitnessKey, WitnessSigner};
pub use note::{LogSigner, Note, NoteError, VerifierKey};
pub use proof::{NodePlan, ProofError, verify_consistency, verify_inclusion};
pub use tile::Tile;
pub use tree::{Frontier, empty_root, leaf_hash, node_hash};

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
