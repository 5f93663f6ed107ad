//! The ledger: the only way to write a fact, and the only record of what happened. Here live the store and
//! projection traits, `record`, the sequencer, the follower, publication and the audit of the tree. No adapter
//! is named here, and nothing here knows what a scan is.

pub mod store;

pub use store::{Batch, LedgerStore, Projection, Recorded, StoreError};
