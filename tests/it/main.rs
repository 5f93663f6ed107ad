//! One integration binary: a file an area.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod document;
mod imaging;
mod pdf;
mod tiff;
