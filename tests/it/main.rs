//! One integration binary: a file an area.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod search;
mod search_corpus;
mod search_index;
mod search_prose;
mod search_scale;
