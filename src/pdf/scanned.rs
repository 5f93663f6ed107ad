//! Telling a scanned page, which is one image and nothing else that can be seen, from every other page.

use hayro::hayro_syntax::content::TypedIter;
use hayro::hayro_syntax::content::ops::TypedInstruction as Op;
use hayro::hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use hayro::hayro_syntax::page::{Page, Rotation};

use crate::imaging::Limits;
use crate::imaging::jpeg::JpegInfo;
use crate::imaging::rotate::{orientation_of, orientation_then_turned};

/// Most bytes of a content stream that still is only "place this image" plus invisible text.
const CONTENT_MAX: usize = 4 << 20;
/// How much of the page may stay uncovered at each side, as a share of it.
const MARGIN_SHARE: f64 = 0.03;

/// An image coarser than this on its page is not a scan.
const DPI_MIN: f64 = 30.0;

/// What a page consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum PageKind {
    /// One JPEG fills the page; its bytes can be used untouched.
    Jpeg(JpegPage),
    /// One image of another compression fills the page: its pixels, at this many pixels a point.
    Image {
        /// Pixels a PDF unit across and down the upright page.
        scale: (f32, f32),
    },
    /// Text, drawings, several images.
    Mixed,
}

/// The JPEG of a scanned page.
#[derive(Debug, Clone, PartialEq)]
pub struct JpegPage {
    /// The original bytes.
    pub data: Vec<u8>,
    /// What its markers say.
    pub info: JpegInfo,
    /// EXIF orientation 1–8 that makes it upright on the page.
    pub orientation: u8,
    /// Whether CMYK is stored with 255 for no ink, as the page says.
    pub inverted: bool,
    /// Dots an inch on the page, to a tenth.
    pub dpi: Option<f32>,
}

/// Looks at the content of a page. In doubt the answer is [`PageKind::Mixed`], which is always right.
pub fn kind(page: &Page<'_>, limits: &Limits) -> PageKind {
    scanned(page, limits).unwrap_or(PageKind::Mixed)
}

fn scanned(page: &Page<'_>, limits: &Limits) -> Option<PageKind> {
    if page
        .raw()
        .get::<Array<'_>>("Annots")
        .is_some_and(|a| a.raw_iter().next().is_some())
    {
        return None; // an annotation may draw over the image
    }
    let content = page.page_stream()?;
    if content.len() > CONTENT_MAX {
        return None;
    }
    let (name, matrix) = single_image(content)?;
    let image = page.resources().x_objects.get::<Stream<'_>>(&name)?;
    let dict = image.dict();
    if dict.get::<Name<'_>>("Subtype")?.as_ref() != b"Image" {
        return None;
    }
    let (width, height) = (dict.get::<u32>("Width")?, dict.get::<u32>("Height")?);
    limits.check_pixels(width, height).ok()?;
    if !fills(page, matrix) {
        return None;
    }
    let orientation = orientation(page, matrix)?;
    let [a, b, c, d, ..] = matrix;
    let (across, down) = (a.hypot(b), c.hypot(d));
    let (x, y) = (f64::from(width) / across, f64::from(height) / down);
    if x.max(y) * 72.0 < DPI_MIN {
        return None; // a stretched background, not a scan
    }
    let unit = user_unit(page);
    let dpi = x.min(y) * 72.0 / unit;
    let plain_mask = dict.get::<bool>("ImageMask") != Some(true)
        && !dict.contains_key("SMask")
        && !dict.contains_key("Mask");
    if plain_mask
        && only_dct(dict)
        && let Some(jpeg) = jpeg(&image, orientation, dpi as f32)
    {
        return Some(PageKind::Jpeg(jpeg));
    }
    let (x, y) = if orientation >= 5 { (y, x) } else { (x, y) };
    Some(PageKind::Image {
        scale: (x as f32, y as f32),
    })
}

/// Whether the stream is a bare JPEG, not packed a second time.
fn only_dct(dict: &Dict<'_>) -> bool {
    let is_dct = |name: &Name<'_>| matches!(name.as_ref(), b"DCTDecode" | b"DCT");
    match dict.get::<Object<'_>>("Filter") {
        Some(Object::Name(name)) => is_dct(&name),
        Some(Object::Array(array)) => {
            let names: Vec<Name<'_>> = array.iter::<Name<'_>>().collect();
            matches!(names.as_slice(), [name] if is_dct(name))
        }
        _ => false,
    }
}

fn user_unit(page: &Page<'_>) -> f64 {
    let unit = f64::from(page.raw().get::<f32>("UserUnit").unwrap_or(1.0));
    if unit.is_finite() && unit > 0.0 {
        unit
    } else {
        1.0
    }
}

/// The name of the only image and its matrix, when nothing else on the page can be seen.
fn single_image(content: &[u8]) -> Option<(Vec<u8>, [f64; 6])> {
    let mut stack: Vec<([f64; 6], bool)> = Vec::new();
    let mut matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    let mut hidden_text = false;
    let mut found = None;
    let mut operations = TypedIter::new(content);
    while let Some(operation) = operations.next() {
        match operation {
            Op::SaveState(_) => stack.push((matrix, hidden_text)),
            Op::RestoreState(_) => {
                if let Some(saved) = stack.pop() {
                    (matrix, hidden_text) = saved;
                }
            }
            Op::Transform(t) => {
                let inner = [t.0, t.1, t.2, t.3, t.4, t.5].map(|number| number.as_f64());
                matrix = multiply(inner, matrix);
            }
            Op::TextRenderingMode(mode) => hidden_text = mode.0.as_i64() == 3,
            Op::XObject(object) => {
                if found.is_some() {
                    return None;
                }
                found = Some((object.0.as_ref().to_vec(), matrix));
            }
            Op::ShowText(_)
            | Op::ShowTexts(_)
            | Op::NextLineAndShowText(_)
            | Op::ShowTextWithParameters(_)
                if hidden_text => {}
            other if draws_or_clips(&other) => return None,
            _ => {}
        }
        if stack.len() > 64 {
            return None;
        }
    }
    found
}

fn draws_or_clips(operation: &Op<'_, '_>) -> bool {
    matches!(
        operation,
        Op::ShowText(_)
            | Op::ShowTexts(_)
            | Op::NextLineAndShowText(_)
            | Op::ShowTextWithParameters(_)
            | Op::InlineImage(_)
            | Op::Shading(_)
            | Op::StrokePath(_)
            | Op::CloseAndStrokePath(_)
            | Op::FillPathNonZero(_)
            | Op::FillPathNonZeroCompatibility(_)
            | Op::FillPathEvenOdd(_)
            | Op::FillAndStrokeNonZero(_)
            | Op::FillAndStrokeEvenOdd(_)
            | Op::CloseFillAndStrokeNonZero(_)
            | Op::CloseFillAndStrokeEvenOdd(_)
            | Op::SetGraphicsState(_)
    )
}

fn multiply(inner: [f64; 6], outer: [f64; 6]) -> [f64; 6] {
    let [a, b, c, d, e, f] = inner;
    let [oa, ob, oc, od, oe, of] = outer;
    [
        a * oa + b * oc,
        a * ob + b * od,
        c * oa + d * oc,
        c * ob + d * od,
        e * oa + f * oc + oe,
        e * ob + f * od + of,
    ]
}

/// Whether the unit square under `matrix` covers the visible page, give or take a margin.
fn fills(page: &Page<'_>, matrix: [f64; 6]) -> bool {
    let crop = page.intersected_crop_box();
    let (width, height) = (crop.x1 - crop.x0, crop.y1 - crop.y0);
    if width < 1.0 || height < 1.0 {
        return false;
    }
    let [a, b, c, d, e, f] = matrix;
    let (x0, x1) = (e + a.min(0.0) + c.min(0.0), e + a.max(0.0) + c.max(0.0));
    let (y0, y1) = (f + b.min(0.0) + d.min(0.0), f + b.max(0.0) + d.max(0.0));
    let near = |difference: f64, side: f64| difference.abs() <= side * MARGIN_SHARE;
    near(x0 - crop.x0, width)
        && near(x1 - crop.x1, width)
        && near(y0 - crop.y0, height)
        && near(y1 - crop.y1, height)
}

/// The EXIF orientation of an image placed by `matrix` on a page with its rotation; none when it is slanted.
fn orientation(page: &Page<'_>, matrix: [f64; 6]) -> Option<u8> {
    let [a, b, c, d, ..] = matrix;
    let straight = b.abs() + c.abs() < 1e-3 * (a.abs() + d.abs());
    let turned = a.abs() + d.abs() < 1e-3 * (b.abs() + c.abs());
    let placed = if straight {
        orientation_of(if a > 0.0 { 0 } else { 2 }, if d > 0.0 { 1 } else { 3 })
    } else if turned {
        orientation_of(if b > 0.0 { 3 } else { 1 }, if c > 0.0 { 2 } else { 0 })
    } else {
        return None;
    };
    let quarters = match page.rotation() {
        Rotation::None => 0,
        Rotation::Horizontal => 1,
        Rotation::Flipped => 2,
        Rotation::FlippedHorizontal => 3,
    };
    Some(orientation_then_turned(placed, quarters))
}

/// The JPEG, when the page shows it as it is: plain colour space, no remapping of values.
fn jpeg(image: &Stream<'_>, orientation: u8, dpi: f32) -> Option<JpegPage> {
    let dict = image.dict();
    let data = image.raw_data().into_owned();
    let info = JpegInfo::parse(&data).ok()?;
    let (width, height) = (dict.get::<u32>("Width")?, dict.get::<u32>("Height")?);
    if !info.complete || (info.width, info.height) != (width, height) {
        return None;
    }
    if colour_components(dict)? != info.components || decode_parameters(dict) {
        return None;
    }
    let decode: Vec<f32> = dict
        .get::<Array<'_>>("Decode")
        .map(|array| array.iter::<f32>().collect())
        .unwrap_or_default();
    let inverting = decode.chunks(2).all(|pair| pair == [1.0, 0.0]);
    let plain = decode.chunks(2).all(|pair| pair == [0.0, 1.0]);
    let inverted = !decode.is_empty() && inverting;
    let shown_as_stored = plain || (inverting && info.components == 4);
    if !shown_as_stored {
        return None;
    }
    Some(JpegPage {
        data,
        info,
        orientation,
        inverted,
        dpi: dpi.is_finite().then_some((dpi * 10.0).round() / 10.0),
    })
}

/// `ColorTransform` overrides what the JPEG says of itself: such a page is rendered.
fn decode_parameters(dict: &Dict<'_>) -> bool {
    let has = |parameters: &Dict<'_>| parameters.contains_key("ColorTransform");
    match dict.get::<Object<'_>>("DecodeParms") {
        Some(Object::Dict(parameters)) => has(&parameters),
        Some(Object::Array(array)) => array.iter::<Dict<'_>>().any(|parameters| has(&parameters)),
        _ => false,
    }
}

fn colour_components(dict: &Dict<'_>) -> Option<u8> {
    let of_name = |name: &[u8]| match name {
        b"DeviceGray" | b"CalGray" | b"G" => Some(1),
        b"DeviceRGB" | b"CalRGB" | b"RGB" => Some(3),
        b"DeviceCMYK" | b"CMYK" => Some(4),
        _ => None,
    };
    match dict.get::<Object<'_>>("ColorSpace")? {
        Object::Name(name) => of_name(name.as_ref()),
        Object::Array(array) => {
            let mut items = array.iter::<Object<'_>>();
            let family = items.next()?.into_name()?;
            if family.as_ref() == b"ICCBased" {
                let profile = items.next()?.into_stream()?;
                return profile.dict().get::<u8>("N");
            }
            of_name(family.as_ref())
        }
        _ => None,
    }
}
