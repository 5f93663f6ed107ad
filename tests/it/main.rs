//! One integration binary: a file an area.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod blob_faults;
mod blob_laws;
mod catalog_facts;
mod catalog_faults;
mod catalog_laws;
mod catalog_simulation;
mod config;
