//! BagIt 1.0 (RFC 8493): writing, reading and validating bags as a folder, a zip or a tar, so that a department can
//! judge a package years later without this program and without a network. What a package holds, who may have it and
//! what its files mean never lives here: this module knows paths, bytes and checksums. It reads no clock, draws no
//! random number, follows no link, fetches nothing, and holds neither a payload nor a manifest in memory while it
//! writes.
//!
//! Hashing is the port in [`hash`]; what was measured for it stands there.

pub mod fault;
pub mod hash;
mod info;
mod limits;
mod lines;
mod manifest;
mod path;
pub mod read;
pub mod validate;
pub mod write;

pub use fault::Fault;
pub use hash::{Algorithm, Checksum};
pub use info::BagInfo;
pub use limits::Limits;
pub use lines::ExactLines;
pub use manifest::{manifest_lines, manifest_text, read_manifest};
pub use path::BagPath;
pub use read::{Entry, Source, open};
pub use validate::{Depth, Report, Settings, examine, validate};
pub use write::{BagWriter, Form, Known, TagSpool, TreeWriter, Written};

/// The version that is written, and the only one that is accepted (RFC 8493, 2.1.1).
pub const VERSION: &str = "1.0";

/// What `bagit.txt` says, byte for byte as it is written (RFC 8493, 2.1.1).
pub fn declaration() -> String {
    format!("BagIt-Version: {VERSION}\nTag-File-Character-Encoding: UTF-8\n")
}
