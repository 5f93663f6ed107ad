//! The ledger: the only way to write a fact, and the only record of what happened. Here live the store and
//! projection traits, `record`, the sequencer, the follower, publication and the audit of the tree. No adapter
//! is named here, and nothing here knows what a scan is.

pub mod audit;
mod draft;
mod error;
mod follower;
mod head;
mod keys;
mod log;
mod reads;
mod sequencer;
pub mod store;

pub use audit::{AuditReport, TreeFinding, audit_tree};
pub use error::LedgerError;
pub use follower::{FollowError, Follower, catch_up};
pub use keys::KeyHistory;
pub use log::{Ledger, Receipt};
pub use reads::{Decline, Reads};
pub use store::{Batch, LedgerStore, Projection, ProjectionError, Recorded, StoreError};

pub use crate::merkle::LogSigner;
