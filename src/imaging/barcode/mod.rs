//! Bar codes and matrix codes of a page: kind, value and place, several a page, at any quarter turn, dark on light or
//! light on dark. Reading them is ZXing-C++'s work; what is believed of it is decided here. What a code means is not
//! known here, and nothing of its value is ever logged.

mod believe;

use image::GrayImage;
use image::imageops::{self, FilterType};
use zxingcpp::Binarizer::{self, GlobalHistogram, LocalAverage};
use zxingcpp::{Barcode as Found, BarcodeFormat, BarcodeReader, ContentType};
use zxingcpp::{ImageFormat, ImageView, TextMode};

use super::copies::Copies;
use super::gray;
use crate::domain::barcode::{Barcode, BarcodeKind, CODES_MAX, PageCodes};
use crate::domain::text::Rect;

/// What is larger is searched a second time at half its size.
const LARGE_SIDE: u32 = 1_200;

/// What is smaller, a picture of a code alone, is searched a third time at twice its size.
const SMALL_SIDE: u32 = 400;

/// A stretch of a row, the mean level below which it is dark, and how many such a page with a dark field has: a small
/// label of 20 mm × 8 mm at 200 dpi has 60.
const FIELD: usize = 32;
const FIELD_LEVEL: u32 = 140;
const FIELDS_MIN: u32 = 40;

const LINEAR: &[BarcodeFormat] = &[
    BarcodeFormat::Code128,
    BarcodeFormat::Code93,
    BarcodeFormat::Code39,
    BarcodeFormat::EANUPC,
    BarcodeFormat::ITF,
    BarcodeFormat::Codabar,
];

const MATRIX: &[BarcodeFormat] = &[
    BarcodeFormat::QRCode,
    BarcodeFormat::MicroQRCode,
    BarcodeFormat::DataMatrix,
    BarcodeFormat::PDF417,
    BarcodeFormat::Aztec,
];

/// Finds the codes of an upright page, from the top down.
///
/// The page is looked at twice: with a threshold that follows its surroundings, which takes shadows, and with one for
/// the page, which takes codes drawn with large dark or pale parts (logos, coloured cells). Codes of the second kind
/// are large, so a large page is searched for them at half its size.
pub fn find(page: &Copies<'_>) -> PageCodes {
    let (luma, step) = page.luma();
    let (width, height) = luma.dimensions();
    let mut codes = Vec::new();
    let both: Vec<BarcodeFormat> = LINEAR.iter().chain(MATRIX).copied().collect();
    look(luma, &both, LocalAverage, (step, 1), &mut codes);
    if width.max(height) > LARGE_SIDE {
        let half = gray::reduced(luma, 2);
        look(&half, MATRIX, GlobalHistogram, (step * 2, 1), &mut codes);
    } else {
        look(luma, MATRIX, GlobalHistogram, (step, 1), &mut codes);
    }
    if codes.is_empty() && width.max(height) < SMALL_SIDE {
        let double = imageops::resize(luma, width * 2, height * 2, FilterType::Triangle);
        look(&double, MATRIX, GlobalHistogram, (1, 2), &mut codes);
    }
    // The library turns matrix codes from light to dark itself, bars it does not.
    if has_dark_fields(luma) {
        let mut negative = luma.clone();
        for value in negative.iter_mut() {
            *value = 255 - *value;
        }
        look(&negative, LINEAR, LocalAverage, (step, 1), &mut codes);
    }
    codes.sort_by_key(|code| (code.rect.y, code.rect.x));
    codes.truncate(CODES_MAX);
    PageCodes { codes }
}

/// Whether there are fields of half dark, half light or darker, large enough for bars on a dark ground: print on paper
/// is lighter. Every fourth row tells.
fn has_dark_fields(luma: &GrayImage) -> bool {
    let mut dark = 0;
    for row in luma.as_raw().chunks_exact(luma.width() as usize).step_by(4) {
        for field in row.chunks_exact(FIELD) {
            let sum: u32 = field.iter().map(|value| u32::from(*value)).sum();
            dark += u32::from(sum < FIELD as u32 * FIELD_LEVEL);
        }
    }
    dark >= FIELDS_MIN
}

/// Adds what is found and believed and not there yet. `scale` is what a length on the image is multiplied with and
/// divided by to be one on the page.
fn look(
    luma: &GrayImage,
    formats: &[BarcodeFormat],
    binarizer: Binarizer,
    scale: (u32, u32),
    codes: &mut Vec<Barcode>,
) {
    let (width, height) = luma.dimensions();
    let Ok(view) = ImageView::from_slice(luma.as_raw(), width, height, ImageFormat::Lum) else {
        return;
    };
    let reader = BarcodeReader::new()
        .formats(formats)
        .text_mode(TextMode::Plain)
        .binarizer(binarizer)
        .max_number_of_symbols(CODES_MAX as i32);
    // A page that cannot be searched has no codes: there is nothing a person could do about it.
    for found in reader.from(&view).unwrap_or_default() {
        let Some(code) = believed(&found, scale) else {
            continue;
        };
        if !codes.iter().any(|known| same(known, &code)) {
            codes.push(code);
        }
    }
}

fn believed(found: &Found, scale: (u32, u32)) -> Option<Barcode> {
    if !found.is_valid() {
        return None;
    }
    let kind = kind_of(found)?;
    let (value, binary) = value_of(found);
    let lines = u32::try_from(found.line_count()).unwrap_or(0);
    believe::is_a_code(kind, &value, lines).then(|| Barcode {
        kind,
        value,
        binary,
        rect: rect_of(found, scale),
    })
}

/// The text, or the digits of bytes that are none. The library hands text over up to its first zero byte.
fn value_of(found: &Found) -> (String, bool) {
    let bytes = found.bytes();
    let no_text = matches!(
        found.content_type(),
        ContentType::Binary | ContentType::UnknownECI
    );
    if no_text || bytes.contains(&0) {
        return (hex::encode(bytes), true);
    }
    (found.text(), false)
}

fn rect_of(found: &Found, scale: (u32, u32)) -> Rect {
    let at = found.position();
    let page = |side: i32| side.unsigned_abs().saturating_mul(scale.0) / scale.1;
    let corners = [at.top_left, at.top_right, at.bottom_right, at.bottom_left];
    let range = |side: [i32; 4]| {
        let low = side.iter().copied().min().unwrap_or(0).max(0);
        let high = side.iter().copied().max().unwrap_or(0).max(low);
        (page(low), page(high))
    };
    let (left, right) = range(corners.map(|corner| corner.x));
    let (top, bottom) = range(corners.map(|corner| corner.y));
    Rect {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    }
}

/// Whether two readings are of the same symbol: the same value, one box over the other.
fn same(one: &Barcode, other: &Barcode) -> bool {
    let apart =
        |at: u32, length: u32, other: u32, others: u32| at > other + others || other > at + length;
    let (a, b) = (one.rect, other.rect);
    one.kind == other.kind
        && one.value == other.value
        && !apart(a.x, a.width, b.x, b.width)
        && !apart(a.y, a.height, b.y, b.height)
}

/// The library's binding knows every family of codes but not every variant (a Code 39 may be "extended"), and its
/// `format` must not be asked for one it does not know. So the family is asked for, and the variant only in the two
/// families whose variants are all known.
fn kind_of(found: &Found) -> Option<BarcodeKind> {
    Some(match found.symbology() {
        BarcodeFormat::QRCode => match found.format() {
            BarcodeFormat::MicroQRCode => BarcodeKind::MicroQr,
            BarcodeFormat::RMQRCode => return None,
            _ => BarcodeKind::Qr,
        },
        BarcodeFormat::EANUPC => match found.format() {
            BarcodeFormat::EAN13 | BarcodeFormat::ISBN => BarcodeKind::Ean13,
            BarcodeFormat::EAN8 => BarcodeKind::Ean8,
            BarcodeFormat::UPCA => BarcodeKind::UpcA,
            BarcodeFormat::UPCE => BarcodeKind::UpcE,
            _ => return None,
        },
        BarcodeFormat::DataMatrix => BarcodeKind::DataMatrix,
        BarcodeFormat::PDF417 => BarcodeKind::Pdf417,
        BarcodeFormat::Aztec => BarcodeKind::Aztec,
        BarcodeFormat::Code128 => BarcodeKind::Code128,
        BarcodeFormat::Code93 => BarcodeKind::Code93,
        BarcodeFormat::Code39 => BarcodeKind::Code39,
        BarcodeFormat::ITF => BarcodeKind::Itf,
        BarcodeFormat::Codabar => BarcodeKind::Codabar,
        _ => return None,
    })
}
