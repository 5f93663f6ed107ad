//! One integration binary: a file an area.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod conformance;
mod ledger_audit;
mod ledger_faults;
mod ledger_follower;
mod ledger_laws;
mod ledger_segments;
mod ledger_simulation;
mod ledger_store_laws;
mod ledger_support;
mod merkle;
mod simulated_disk;
