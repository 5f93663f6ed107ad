//! Where bytes rest: encrypted blobs and vault records over `object_store`, the rebuildable catalog with its
//! leases and memos, and the ledger's back ends. Nothing here decides anything about a case or a scan.

pub mod blob;
pub mod case_keys;
pub mod catalog;
pub mod catalog_fold;
pub(crate) mod cipher;
pub mod keys;
pub mod lists;
pub mod memory_catalog;
pub mod memory_ledger;
pub mod objects;
pub mod read_log;
pub mod scrub;
pub mod segment;
pub mod sled;
pub mod vault;

pub use memory_ledger::MemoryLedger;
pub use segment::{SegmentLedger, SegmentSettings};
