//! Writing what is derived from a master and can always be rebuilt: searchable PDF and the page images placed
//! in it. Pure: bytes in, bytes out. Never touches a store, never alters a master.

use serde::{Deserialize, Serialize};

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

/// The image of one page, ready to be placed in a PDF.
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
