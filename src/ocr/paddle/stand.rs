//! Telling text written in columns from text in rows: when both are turned to run from left to right, the characters of
//! the first lie on their side.

use image::RgbImage;

use super::geometry::Quad;
use super::rec::{Reader, Sign, extents};
use crate::ocr::OcrError;

/// Characters tried.
const TRIED: usize = 12;
/// Fewer tell nothing.
const TRIED_LEAST: usize = 4;
/// Below this, differences are noise.
const LEAST_DOUBT: f32 = 1e-6;

/// Whether lines, each box as it is read from left to right, were written in columns: some of their characters are read
/// again alone, turned a quarter and not.
pub fn run_in_columns(
    reader: &mut Reader,
    page: &RgbImage,
    lines: &[(Quad, Vec<Sign>)],
) -> Result<bool, OcrError> {
    let tried = spread(lines);
    if tried.len() < TRIED_LEAST {
        return Ok(false);
    }
    let mut balance = 0.0;
    for (c, lying) in tried {
        let standing = lying.read_upwards();
        let stands = doubt(&reader.read(page, &standing)?, c);
        let lies = doubt(&reader.read(page, &lying)?, c);
        balance += lies - stands;
    }
    Ok(balance > 0.0)
}

/// How unsure the model is that the reading is `wanted`, as the logarithm of the rest: it reads lying characters too,
/// only with more doubt.
fn doubt(signs: &[Sign], wanted: char) -> f32 {
    let found = signs.iter().filter(|sign| sign.c == wanted);
    let p = found.map(|sign| sign.p).fold(0.0, f32::max);
    (1.0 - p).max(LEAST_DOUBT).ln()
}

/// Ideographs from all over the page.
fn spread(lines: &[(Quad, Vec<Sign>)]) -> Vec<(char, Quad)> {
    let mut found = Vec::new();
    for (quad, signs) in lines {
        let reach = 0.5 * quad.height() / quad.width().max(1.0);
        for (sign, (from, to)) in signs.iter().zip(extents(signs, reach)) {
            if is_ideograph(sign.c) {
                found.push((sign.c, quad.slice(from, to)));
            }
        }
    }
    let step = found.len().div_ceil(TRIED).max(1);
    found.into_iter().step_by(step).collect()
}

/// Han characters.
pub fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
