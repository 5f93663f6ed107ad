//! PNG, BMP, WebP and GIF (first frame): through the `image` crate, flattened on white.

use std::io::Cursor;

use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{ColorType, ImageDecoder, ImageError, RgbImage};

use super::limits::Limits;
use super::metadata::{self, Metadata};
use crate::domain::event::FileFormat;
use crate::domain::finding::{Finding, FindingCode};

/// What the header of an image says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RasterInfo {
    /// Stored width in pixels.
    pub width: u32,
    /// Stored height in pixels.
    pub height: u32,
    /// Orientation and resolution.
    pub metadata: Metadata,
}

/// Reads the header and checks the limits; decodes nothing.
pub fn inspect(bytes: &[u8], format: FileFormat, limits: &Limits) -> Result<RasterInfo, Finding> {
    let mut decoder = open(bytes, format)?;
    let (width, height) = decoder.dimensions();
    limits.check_pixels(width, height)?;
    limits.check_expanded(decoder.total_bytes())?;
    let orientation = decoder
        .orientation()
        .map_or(1, |orientation| orientation.to_exif());
    let dpi = match format {
        FileFormat::Png => metadata::from_png(bytes).0,
        FileFormat::Bmp => metadata::from_bmp(bytes),
        _ => None,
    };
    let exif = decoder.exif_metadata().ok().flatten();
    let dpi = dpi.or_else(|| exif.and_then(|exif| metadata::from_exif(&exif).dpi));
    Ok(RasterInfo {
        width,
        height,
        metadata: Metadata { orientation, dpi },
    })
}

/// Decodes to RGB as stored, transparent parts on white; not yet turned upright.
pub fn decode(bytes: &[u8], format: FileFormat, limits: &Limits) -> Result<RgbImage, Finding> {
    let mut decoder = open(bytes, format)?;
    let (width, height) = decoder.dimensions();
    limits.check_pixels(width, height)?;
    limits.check_expanded(decoder.total_bytes())?;
    let mut allowed = image::Limits::no_limits();
    allowed.max_alloc = Some(limits.expanded_bytes_max);
    decoder
        .set_limits(allowed)
        .map_err(|error| finding(&error, bytes, format))?;
    let colour = decoder.color_type();
    let mut raw = vec![0u8; decoder.total_bytes() as usize];
    decoder
        .read_image_boxed(&mut raw)
        .map_err(|error| finding(&error, bytes, format))?;
    flatten(width, height, colour, raw)
}

fn open<'a>(bytes: &'a [u8], format: FileFormat) -> Result<Box<dyn ImageDecoder + 'a>, Finding> {
    let cursor = Cursor::new(bytes);
    let opened: Result<Box<dyn ImageDecoder + 'a>, ImageError> = match format {
        FileFormat::Png => PngDecoder::new(cursor).map(|d| Box::new(d) as Box<dyn ImageDecoder>),
        FileFormat::Bmp => BmpDecoder::new(cursor).map(|d| Box::new(d) as Box<dyn ImageDecoder>),
        FileFormat::Webp => WebPDecoder::new(cursor).map(|d| Box::new(d) as Box<dyn ImageDecoder>),
        FileFormat::Gif => GifDecoder::new(cursor).map(|d| Box::new(d) as Box<dyn ImageDecoder>),
        FileFormat::Jpeg | FileFormat::Tiff | FileFormat::Pdf => {
            return Err(Finding::file(FindingCode::UnsupportedFeature));
        }
    };
    opened.map_err(|error| finding(&error, bytes, format))
}

fn finding(error: &ImageError, bytes: &[u8], format: FileFormat) -> Finding {
    let code = match error {
        ImageError::Unsupported(_) => FindingCode::UnsupportedFeature,
        ImageError::Limits(_) => FindingCode::TooMuchWork,
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            FindingCode::Truncated
        }
        _ if ends_early(bytes, format) => FindingCode::Truncated,
        _ => FindingCode::Damaged,
    };
    Finding::file(code)
}

/// Whether the container itself says that more bytes should follow.
fn ends_early(bytes: &[u8], format: FileFormat) -> bool {
    let announced = |at: usize, extra: u64| {
        bytes
            .get(at..at + 4)
            .and_then(|four| <[u8; 4]>::try_from(four).ok())
            .is_some_and(|four| u64::from(u32::from_le_bytes(four)) + extra > bytes.len() as u64)
    };
    match format {
        FileFormat::Png => !metadata::from_png(bytes).1,
        FileFormat::Webp => announced(4, 8),
        FileFormat::Bmp => announced(2, 0),
        FileFormat::Gif => bytes.last() != Some(&0x3B),
        FileFormat::Jpeg | FileFormat::Tiff | FileFormat::Pdf => false,
    }
}

fn flatten(width: u32, height: u32, colour: ColorType, raw: Vec<u8>) -> Result<RgbImage, Finding> {
    let wide = |at: &[u8]| (u16::from_ne_bytes([at[0], at[1]]) >> 8) as u8;
    let data: Vec<u8> = match colour {
        ColorType::Rgb8 => raw,
        ColorType::L8 => raw.iter().flat_map(|v| [*v, *v, *v]).collect(),
        ColorType::La8 => raw
            .chunks_exact(2)
            .flat_map(|p| [on_white(p[0], p[1]); 3])
            .collect(),
        ColorType::Rgba8 => raw
            .chunks_exact(4)
            .flat_map(|p| [p[0], p[1], p[2]].map(|v| on_white(v, p[3])))
            .collect(),
        ColorType::L16 => raw.chunks_exact(2).flat_map(|p| [wide(p); 3]).collect(),
        ColorType::La16 => raw
            .chunks_exact(4)
            .flat_map(|p| [on_white(wide(p), wide(&p[2..])); 3])
            .collect(),
        ColorType::Rgb16 => raw
            .chunks_exact(6)
            .flat_map(|p| [wide(p), wide(&p[2..]), wide(&p[4..])])
            .collect(),
        ColorType::Rgba16 => raw
            .chunks_exact(8)
            .flat_map(|p| {
                [wide(p), wide(&p[2..]), wide(&p[4..])].map(|v| on_white(v, wide(&p[6..])))
            })
            .collect(),
        _ => return Err(Finding::file(FindingCode::UnsupportedFeature)),
    };
    RgbImage::from_raw(width, height, data).ok_or_else(|| Finding::file(FindingCode::Damaged))
}

/// A sample of opacity `alpha`, laid on white paper.
pub fn on_white(value: u8, alpha: u8) -> u8 {
    let sum = u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
    ((sum + 127) / 255) as u8
}
