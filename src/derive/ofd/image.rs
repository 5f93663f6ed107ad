//! The image of a page as a file of its own: compressed as it is, in the plainest frame a reader knows.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::super::{DeriveError, ImageEncoding, PageArt, place};
use crate::imaging::jpeg::JpegInfo;

/// A file of an image.
pub(super) struct Stored<'a> {
    /// The ending of its name.
    pub(super) suffix: &'static str,
    /// The name of the format in OFD.
    pub(super) format: &'static str,
    /// Its bytes.
    pub(super) data: Cow<'a, [u8]>,
}

/// Makes the file: JPEG as it came, group 4 as TIFF around the same bits, samples as PNG.
pub(super) fn stored(art: &PageArt) -> Result<Stored<'_>, DeriveError> {
    place::check(art)?;
    Ok(match art.encoding {
        ImageEncoding::Jpeg { .. } => Stored {
            suffix: "jpg",
            format: "JPEG",
            data: still(&art.data),
        },
        ImageEncoding::CcittG4 => Stored {
            suffix: "tif",
            format: "TIFF",
            data: Cow::Owned(tiff(art)?),
        },
        ImageEncoding::Flate { components } => Stored {
            suffix: "png",
            format: "PNG",
            data: Cow::Owned(png(art, components)?),
        },
    })
}

/// The page says how the image stands. Some readers turn by the image's own EXIF as well: an orientation there would
/// turn it twice, so the segment that states one is left out; the compressed pixels stay.
fn still(data: &[u8]) -> Cow<'_, [u8]> {
    let turned = JpegInfo::parse(data).is_ok_and(|info| info.metadata.orientation != 1);
    match turned.then(|| without_exif(data)).flatten() {
        Some(still) => Cow::Owned(still),
        None => Cow::Borrowed(data),
    }
}

/// The file without its EXIF segments (APP1); none when its segments cannot be followed.
fn without_exif(data: &[u8]) -> Option<Vec<u8>> {
    let mut kept = data.get(..2)?.to_vec();
    let mut rest = data.get(2..)?;
    loop {
        let &[0xFF, marker, high, low, ..] = rest else {
            return None;
        };
        // The scan follows: everything from here on stays.
        if marker == 0xDA {
            kept.extend_from_slice(rest);
            return Some(kept);
        }
        let length = 2 + usize::from(u16::from_be_bytes([high, low]));
        let (segment, after) = rest.split_at_checked(length)?;
        if marker != 0xE1 || segment.get(4..10) != Some(b"Exif\0\0") {
            kept.extend_from_slice(segment);
        }
        rest = after;
    }
}

/// A single strip of group 4 with the fewest tags a reader asks for (TIFF 6.0, section 11).
fn tiff(art: &PageArt) -> Result<Vec<u8>, DeriveError> {
    let length = u32::try_from(art.data.len())
        .map_err(|_| DeriveError::Art("it is too large for a TIFF".into()))?;
    let dpi = art.dpi.filter(|dpi| (20.0..=4_800.0).contains(dpi));
    let dpi = (f64::from(dpi.unwrap_or(place::DPI_DEFAULT)) * 100.0).round() as u32;
    // Number, type (3 short, 4 long, 5 rational), value; the rational stands behind the directory.
    const ENTRIES: u32 = 12;
    let behind = 8 + 2 + 12 * ENTRIES + 4;
    let entries: [(u16, u16, u32); ENTRIES as usize] = [
        (256, 4, art.width),
        (257, 4, art.height),
        (258, 3, 1),
        (259, 3, 4),
        (262, 3, 0), // 0 is white
        (273, 4, behind + 8),
        (277, 3, 1),
        (278, 4, art.height),
        (279, 4, length),
        (282, 5, behind),
        (283, 5, behind),
        (296, 3, 2), // an inch
    ];
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((ENTRIES as u16).to_le_bytes());
    for (number, kind, value) in entries {
        file.extend(number.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file.extend(dpi.to_le_bytes());
    file.extend(100_u32.to_le_bytes());
    file.extend_from_slice(&art.data);
    Ok(file)
}

fn png(art: &PageArt, components: u8) -> Result<Vec<u8>, DeriveError> {
    let colour = match components {
        1 => ExtendedColorType::L8,
        3 => ExtendedColorType::Rgb8,
        _ => {
            let reason = format!("{components} colour components are not 1 or 3");
            return Err(DeriveError::Art(reason));
        }
    };
    let expected = u64::from(art.width) * u64::from(art.height) * u64::from(components);
    let mut samples = Vec::new();
    let mut packed = ZlibDecoder::new(art.data.as_slice()).take(expected + 1);
    packed.read_to_end(&mut samples)?;
    if samples.len() as u64 != expected {
        let reason = "its samples are not those of its size";
        return Err(DeriveError::Art(reason.into()));
    }
    let mut file = Vec::new();
    PngEncoder::new(&mut file)
        .write_image(&samples, art.width, art.height, colour)
        .map_err(|error| DeriveError::Art(error.to_string()))?;
    Ok(file)
}
