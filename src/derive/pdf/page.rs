//! One page: its image placed upright, the text layer over it.

use std::io::Write;

use super::super::{DeriveError, ImageEncoding, PageArt, place};
use super::font::CodeBook;
use super::layer::{self, Frame};
use super::writer::{ObjectId, ObjectWriter, number};
use crate::domain::text::{OcrPage, PageTurn};

/// Writes image, contents and page; gives back the page.
pub(super) fn write<W: Write>(
    writer: &mut ObjectWriter<'_, W>,
    tree: ObjectId,
    font: ObjectId,
    art: &PageArt,
    text: Option<&OcrPage>,
    book: &mut CodeBook,
) -> Result<ObjectId, DeriveError> {
    place::check(art)?;
    let turn = text.map_or(PageTurn::None, |text| text.turn);
    let orientation = place::turned(art.orientation, turn);
    let (width, height) = place::size(art, orientation);
    let image = writer.reserve();
    writer.plain_stream(image, &image_entries(art)?, &art.data)?;
    let matrix = placement(orientation, width, height);
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
