//! worker

pub mod document;
