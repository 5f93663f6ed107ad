//! One page: its image placed upright, the text layer over it.

use std::io::Write;

use super::super::{DeriveError, ImageEncoding, PageArt};
use super::DPI_DEFAULT;
use super::font::CodeBook;
use super::layer::{self, Frame};
use super::writer::{ObjectId, ObjectWriter, number};
use crate::domain::text::OcrPage;

/// The longest and the shortest side a page may have, in points (ISO 32000-1, annex C).
const SIDE_MAX: f64 = 14_400.0;
const SIDE_MIN: f64 = 3.0;

/// Writes image, contents and page; gives back the page.
pub(super) fn write<W: Write>(
    writer: &mut ObjectWriter<'_, W>,
    tree: ObjectId,
    font: ObjectId,
    art: &PageArt,
    text: Option<&OcrPage>,
    book: &mut CodeBook,
) -> Result<ObjectId, DeriveError> {
    check(art)?;
    let (width, height) = size(art);
    let image = writer.reserve();
    writer.plain_stream(image, &image_entries(art)?, &art.data)?;
    let matrix = placement(art.orientation, width, height);
    let mut contents = format!("q {} cm /Im0 Do Q\n", matrix.map(number).join(" "));
    if let Some(text) = text {
        layer::append(&mut contents, text, Frame { width, height }, book);
    }
    let stream = writer.reserve();
    writer.packed_stream(stream, "", contents.into_bytes())?;
    let page = writer.reserve();
    let body = format!(
        "<< /Type /Page /Parent {} /MediaBox [0 0 {} {}] /Contents {} \
         /Resources << /XObject << /Im0 {} >> /Font << /F0 {} >> >> >>",
        tree.reference(),
        number(width),
        number(height),
        stream.reference(),
        image.reference(),
        font.reference(),
    );
    writer.object(page, &body)?;
    Ok(page)
}

fn check(art: &PageArt) -> Result<(), DeriveError> {
    if art.width == 0 || art.height == 0 || art.data.is_empty() {
        return Err(DeriveError::Art("it has no pixels".into()));
    }
    if !(1..=8).contains(&art.orientation) {
        return Err(DeriveError::Art(format!(
            "orientation {} is not one of 1 to 8",
            art.orientation
        )));
    }
    Ok(())
}

/// Size of the upright page in points.
fn size(art: &PageArt) -> (f64, f64) {
    let stated = art.dpi.filter(|dpi| (20.0..=4_800.0).contains(dpi));
    let dpi = f64::from(stated.unwrap_or(DPI_DEFAULT));
    let (mut width, mut height) = (f64::from(art.width), f64::from(art.height));
    if art.orientation >= 5 {
        std::mem::swap(&mut width, &mut height);
    }
    let mut scale = 72.0 / dpi;
    scale = scale.min(SIDE_MAX / width.max(height));
    let side = |pixels: f64| (pixels * scale).max(SIDE_MIN);
    (side(width), side(height))
}

/// The matrix that lays the unit square of the image on the page so that it stands upright (EXIF 2.3, tag 274).
fn placement(orientation: u8, width: f64, height: f64) -> [f64; 6] {
    match orientation {
        2 => [-width, 0.0, 0.0, height, width, 0.0],
        3 => [-width, 0.0, 0.0, -height, width, height],
        4 => [width, 0.0, 0.0, -height, 0.0, height],
        5 => [0.0, -height, -width, 0.0, width, height],
        6 => [0.0, -height, width, 0.0, 0.0, height],
        7 => [0.0, height, width, 0.0, 0.0, 0.0],
        8 => [0.0, height, -width, 0.0, width, 0.0],
        _ => [width, 0.0, 0.0, height, 0.0, 0.0],
    }
}

fn image_entries(art: &PageArt) -> Result<String, DeriveError> {
    let (bits, components, filter) = match art.encoding {
        ImageEncoding::Jpeg { components, .. } => (8, components, "/DCTDecode".to_owned()),
        ImageEncoding::Flate { components } => (8, components, "/FlateDecode".to_owned()),
        ImageEncoding::CcittG4 => {
            let parameters = format!(
                "/CCITTFaxDecode /DecodeParms << /K -1 /Columns {} /Rows {} >>",
                art.width, art.height
            );
            (1, 1, parameters)
        }
    };
    let space = match components {
        1 => "/DeviceGray",
        3 => "/DeviceRGB",
        4 => "/DeviceCMYK",
        _ => {
            return Err(DeriveError::Art(format!(
                "{components} colour components are not 1, 3 or 4"
            )));
        }
    };
    let inverted = matches!(
        art.encoding,
        ImageEncoding::Jpeg {
            components: 4,
            inverted: true
        }
    );
    let decode = if inverted {
        " /Decode [1 0 1 0 1 0 1 0]"
    } else {
        ""
    };
    Ok(format!(
        "/Type /XObject /Subtype /Image /Width {} /Height {} /ColorSpace {space} /BitsPerComponent {bits}{decode} \
         /Filter {filter}",
        art.width, art.height
    ))
}
