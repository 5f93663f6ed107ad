//! One integration binary: a file an area.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod blob_faults;
mod blob_laws;
mod document;
mod pipeline_engine;
mod pipeline_faults;
mod pipeline_spec;
mod worker;
