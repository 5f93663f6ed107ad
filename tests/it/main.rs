//! One integration binary: a file an area.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod tidy;
mod blob_faults;
mod blob_laws;
mod document;
mod ocr;
mod pipeline_spec;
mod worker;
mod document;
mod blob_faults;
mod blob_laws;
mod conformance;
mod ledger_faults;
mod ledger_laws;
mod ledger_segments;
mod ledger_simulation;
mod ledger_support;
mod merkle;
mod search;
mod search_corpus;
mod search_index;
mod search_prose;
mod search_scale;
