//! Writing what is derived from a master and can always be rebuilt: searchable PDF and OFD with the page images placed
//! in them, the pages' text as ALTO, as hOCR and plain, small pictures of pages. Pure: bytes in, bytes out, the same
//! bytes for the same input. Never touches a store, never alters a master.

pub mod alto;
pub mod art;
mod glyphless;
pub mod hocr;
pub mod info;
pub mod ofd;
pub mod pdf;
pub mod place;
pub mod thumbnail;
pub mod xml;

use serde::{Deserialize, Serialize};

/// Why a derived file was not made.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// The image of a page contradicts itself or cannot be stored.
    #[error("the image cannot be placed: {0}")]
    Art(String),
    /// An argument that goes into the file's own description is not usable.
    #[error("the description of the file cannot be written: {0}")]
    Info(String),
    /// The file would pass a limit.
    #[error("the file would pass its limit of {limit} {unit}")]
    Limit {
        /// The limit.
        limit: u64,
        /// Its unit.
        unit: &'static str,
    },
    /// The caller could not deliver a page.
    #[error("a page could not be fetched: {0}")]
    Source(String),
    /// Writing failed.
    #[error("the derived file could not be written: {0}")]
    Write(#[from] std::io::Error),
}

/// The most pages in one file.
pub const PAGES_MAX: u32 = 20_000;

/// How the image of a page is compressed inside a PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageEncoding {
    /// The original JPEG bytes, untouched.
    Jpeg {
        /// 1 grey, 3 colour, 4 CMYK.
        components: u8,
        /// Whether CMYK values are stored inverted (Adobe marker).
        inverted: bool,
    },
    /// CCITT group 4, one bit a pixel, 0 is white.
    CcittG4,
    /// zlib-compressed samples, 8 bits each.
    Flate {
        /// 1 grey, 3 colour.
        components: u8,
    },
}

/// The image of one page, ready to be placed in a PDF or an OFD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageArt {
    /// Stored width in pixels, before orientation.
    pub width: u32,
    /// Stored height in pixels, before orientation.
    pub height: u32,
    /// Compression of `data`.
    pub encoding: ImageEncoding,
    /// EXIF orientation 1–8 that makes the stored image upright.
    pub orientation: u8,
    /// Resolution when known.
    pub dpi: Option<f32>,
    /// The compressed image.
    #[serde(skip)]
    pub data: Vec<u8>,
}
