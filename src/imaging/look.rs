//! What a page looks like in 64 bits: the signs of the lowest frequencies of the level page (pHash, Zauner 2010). A page
//! scanned again, a little tilted, brighter or compressed harder, differs in few bits.

use image::GrayImage;

use super::copies::{Copies, shrunk};
use super::quality::{deskewed, ink};
use crate::domain::meaning::PageLook;

/// The longest side looked at, in pixels.
const SIDE_MAX: u32 = 800;
/// Cells of the grid in each direction.
const GRID: usize = 32;
/// Frequencies kept in each direction, the constant one left out.
const KEPT: usize = 8;

/// The look of an upright page.
pub fn measure(page: &Copies<'_>) -> PageLook {
    let copy = page.small();
    let (small, _) = shrunk(page.luma().0, SIDE_MAX);
    if small.width() < GRID as u32 || small.height() < GRID as u32 || !copy.mask.contains(&true) {
        return PageLook::default();
    }
    let level = match copy.skew {
        Some(skew) => deskewed(&small, skew),
        None => small,
    };
    PageLook {
        picture: format!("{:016x}", signs(&frequencies(&grid(&level)))),
    }
}

/// The darkness of each cell, without what the paper itself has. The cells lie in the frame of the ink, so that a shift of
/// the paper under the lid does not count.
fn grid(page: &GrayImage) -> Vec<f32> {
    let (left, top, right, bottom) = frame(page);
    let mut cells = vec![0f32; GRID * GRID];
    let (width, height) = (right - left, bottom - top);
    for (row, line) in cells.chunks_exact_mut(GRID).enumerate() {
        for (column, cell) in line.iter_mut().enumerate() {
            let xs =
                left + column * width / GRID..(left + (column + 1) * width / GRID).max(left + 1);
            let ys = top + row * height / GRID..(top + (row + 1) * height / GRID).max(top + 1);
            *cell = mean(page, xs, ys);
        }
    }
    cells
}

fn mean(page: &GrayImage, xs: std::ops::Range<usize>, ys: std::ops::Range<usize>) -> f32 {
    let width = page.width() as usize;
    let (mut sum, mut count) = (0u64, 0u64);
    for line in page
        .as_raw()
        .chunks_exact(width)
        .take(ys.end)
        .skip(ys.start)
    {
        for value in line.iter().take(xs.end).skip(xs.start) {
            sum += u64::from(255 - value);
            count += 1;
        }
    }
    sum as f32 / count.max(1) as f32
}

/// Where ink stands: the rows and columns that hold all but the outermost hundredth of it.
fn frame(page: &GrayImage) -> (usize, usize, usize, usize) {
    let mask = ink::mask(page);
    let (width, height) = (page.width() as usize, page.height() as usize);
    let mut columns = vec![0u32; width];
    let mut rows = vec![0u32; height];
    for (row, line) in rows.iter_mut().zip(mask.chunks_exact(width.max(1))) {
        for (column, ink) in columns.iter_mut().zip(line) {
            *column += u32::from(*ink);
            *row += u32::from(*ink);
        }
    }
    let ((left, right), (top, bottom)) = (middle(&columns), middle(&rows));
    // A page with little ink is compared whole.
    if right < left + GRID || bottom < top + GRID {
        return (0, 0, width, height);
    }
    (left, top, right, bottom)
}

fn middle(counts: &[u32]) -> (usize, usize) {
    let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let edge = all / 100;
    let from = passed(counts.iter(), edge);
    let to = counts.len() - passed(counts.iter().rev(), edge);
    (from, to)
}

/// Where more than `edge` was counted.
fn passed<'c>(counts: impl Iterator<Item = &'c u32>, edge: u64) -> usize {
    let mut seen = 0u64;
    let mut at = 0;
    for count in counts {
        seen += u64::from(*count);
        if seen > edge {
            return at;
        }
        at += 1;
    }
    at
}

/// The lowest frequencies of the cosine transform, rows first.
fn frequencies(cells: &[f32]) -> Vec<f32> {
    let mut waves = vec![0f32; (KEPT + 1) * GRID];
    for (wave, line) in waves.chunks_exact_mut(GRID).enumerate() {
        for (at, value) in line.iter_mut().enumerate() {
            let turn = std::f32::consts::PI * wave as f32 * (at as f32 + 0.5) / GRID as f32;
            *value = turn.cos();
        }
    }
    let mut found = Vec::with_capacity(KEPT * KEPT);
    for down in waves.chunks_exact(GRID).skip(1) {
        for across in waves.chunks_exact(GRID).skip(1) {
            let mut sum = 0f32;
            for (line, high) in cells.chunks_exact(GRID).zip(down) {
                let mut row = 0f32;
                for (cell, wide) in line.iter().zip(across) {
                    row += cell * wide;
                }
                sum += row * high;
            }
            found.push(sum);
        }
    }
    found
}

fn signs(frequencies: &[f32]) -> u64 {
    let mut bits = 0;
    for (bit, value) in frequencies.iter().take(64).enumerate() {
        bits |= u64::from(*value > 0.0) << bit;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    /// Lines of words whose lengths depend on the seed.
    fn page(seed: u32) -> RgbImage {
        let mut page = RgbImage::from_pixel(800, 1100, Rgb([245, 243, 240]));
        let mut state = seed;
        for line in 0..30u32 {
            let mut x = 80;
            while x < 700 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (length, space) = ((state >> 20) % 120 + 20, (state >> 12) % 90 + 6);
                for px in x..(x + length).min(720) {
                    for py in 80 + line * 32..96 + line * 32 {
                        if (px + py) % 3 != 0 {
                            page.put_pixel(px, py, Rgb([40, 40, 40]));
                        }
                    }
                }
                x += length + space;
            }
        }
        page
    }

    fn worse(page: &RgbImage) -> RgbImage {
        let gray = super::super::gray::gray(page);
        let turned = deskewed(&gray, 1.6);
        RgbImage::from_fn(page.width(), page.height(), |x, y| {
            let value = turned.get_pixel(x, y).0[0];
            let noise = (x * 7 + y * 13) % 17;
            let value = (u32::from(value) * 9 / 10 + noise).min(255) as u8;
            Rgb([value, value, value])
        })
    }

    #[test]
    fn the_same_page_scanned_worse_is_alike_and_another_is_not() {
        let bits = |page: &RgbImage| measure(&Copies::new(page)).bits().unwrap();
        let (one, other) = (page(1), page(2));
        let again = (bits(&one) ^ bits(&worse(&one))).count_ones();
        let apart = (bits(&one) ^ bits(&other)).count_ones();
        assert!(again <= 12 && apart >= 18, "{again} {apart}");
    }

    #[test]
    fn a_page_without_ink_has_no_look() {
        let white = RgbImage::from_pixel(800, 1100, Rgb([250, 250, 250]));
        assert_eq!(measure(&Copies::new(&white)), PageLook::default());
        assert_eq!(
            measure(&Copies::new(&RgbImage::new(3, 3))),
            PageLook::default()
        );
    }
}
