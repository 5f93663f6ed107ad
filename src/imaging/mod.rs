//! Pixels: telling a file's format from its content, decoding it within limits, turning it upright,
//! measuring its quality, setting a photographed one straight, and reading its bar codes. Pure and synchronous: bytes in,
//! pixels or a finding out. Never opens a file, reads a clock, starts a thread or knows what a record is.

pub mod barcode;
mod copies;
pub mod gray;
pub mod jpeg;
pub mod limits;
pub mod look;
pub mod metadata;
pub mod perspective;
pub mod quality;
pub mod raster;
pub mod rotate;
pub mod sniff;
pub mod tiff;

pub use copies::Copies;
pub use limits::Limits;
pub use quality::{Quality, QualityLimits, judge, measure};
pub use sniff::{Foreign, sniff};
