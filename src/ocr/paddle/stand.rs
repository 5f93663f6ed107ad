//! Telling a page of vertical text from a page lying on its side: both have tall boxes, but on the first the
//! characters themselves stand upright.

use image::RgbImage;
use ort::session::Session;

use super::geometry::Quad;
use super::rec::{Dictionary, Sign, extents, read_line};
use crate::ocr::OcrError;

/// Characters tried.
const TRIED: usize = 8;

/// Whether the characters of lines read downwards stand upright on the page as given: the surest ones are read
/// again alone, lying and standing.
pub fn characters_stand(
    session: &mut Session,
    dictionary: &Dictionary,
    page: &RgbImage,
    lines: &[(Quad, Vec<Sign>)],
) -> Result<bool, OcrError> {
    let mut balance = 0.0;
    for (c, lying) in surest(lines) {
        let standing = lying.read_upwards();
        balance += confidence(&read_line(session, dictionary, page, &standing)?, c);
        balance -= confidence(&read_line(session, dictionary, page, &lying)?, c);
    }
    Ok(balance > 0.0)
}

fn confidence(signs: &[Sign], wanted: char) -> f32 {
    let found = signs.iter().filter(|sign| sign.c == wanted);
    found.map(|sign| sign.p).fold(0.0, f32::max)
}

fn surest(lines: &[(Quad, Vec<Sign>)]) -> Vec<(char, Quad)> {
    let mut found = Vec::new();
    for (quad, signs) in lines {
        let reach = 0.5 * quad.height() / quad.width().max(1.0);
        for (sign, (from, to)) in signs.iter().zip(extents(signs, reach)) {
            if is_ideograph(sign.c) {
                found.push((sign.p, sign.c, quad.slice(from, to)));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(TRIED);
    found.into_iter().map(|(_, c, quad)| (c, quad)).collect()
}

/// Han characters.
pub fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
