//! One integration binary: a file an area.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod derive;
mod fixtures;
