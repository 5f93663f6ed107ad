//! Red seals: where they are, the page without their ink, and their own ink alone, flat or unrolled. Chinese public
//! seals are round or oval, their text runs along the ring from the lower left to the lower right (GA 241, 国发〔1999〕25号);
//! personal and special-purpose ones may be square.

use image::RgbImage;

use super::geometry::{Point, Quad};
use super::rings;

/// A sample is red ink where red exceeds green and blue by this much.
const RED: i32 = 42;
/// Side of the squares, in pixels of the small copy, in which red ink is gathered.
const SQUARE: usize = 4;
/// Squares this far apart belong together.
const REACH: usize = 2;
/// Sides of a seal, as shares of the page's shorter side.
pub(super) const SMALLEST: f32 = 0.08;
pub(super) const LARGEST: f32 = 0.45;
/// Directions looked along for the rim, and the share of them that must meet it.
const DIRECTIONS: usize = 72;
pub(super) const RIM: f32 = 0.62;
/// More red than this share of its box is a patch of colour.
const FULL: f32 = 0.6;
/// Most seals on one page.
const MOST: usize = 8;
/// Height of an unrolled ring, in pixels.
const ROLL: u32 = 64;
/// Where the ring's text may lie, from its foot to its head, in shares of the radius.
pub const BANDS: [(f32, f32); 2] = [(0.56, 0.92), (0.66, 0.96)];

/// A seal on the page as decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seal {
    /// Its middle.
    pub middle: Point,
    /// Half its width and height.
    pub radius: (f32, f32),
    /// Whether its rim is round; square otherwise.
    pub round: bool,
}

impl Seal {
    /// Left, top, right and bottom on a page of this size, in whole pixels.
    fn bounds(&self, (width, height): (u32, u32)) -> (u32, u32, u32, u32) {
        let edge = |at: f32, last: u32| at.clamp(0.0, last as f32) as u32;
        (
            edge((self.middle.x - self.radius.0).floor(), width),
            edge((self.middle.y - self.radius.1).floor(), height),
            edge((self.middle.x + self.radius.0).ceil(), width),
            edge((self.middle.y + self.radius.1).ceil(), height),
        )
    }

    /// Its box.
    pub fn quad(&self) -> Quad {
        let (rx, ry) = self.radius;
        let corners = [(-rx, -ry), (rx, -ry), (rx, ry), (-rx, ry)];
        Quad {
            corners: corners.map(|(x, y)| Point::new(self.middle.x + x, self.middle.y + y)),
        }
    }
}

/// Seals on a page, from a copy of it `scale` times as large, rows of red, green, blue.
pub fn find(pixels: &[u8], columns: usize, scale: (f32, f32)) -> Vec<Seal> {
    let rows = pixels.len() / (columns * 3);
    let red: Vec<bool> = pixels.chunks_exact(3).map(is_red).collect();
    let (width, height) = (columns / SQUARE, rows / SQUARE);
    let mut squares = vec![false; width * height];
    for (place, square) in squares.iter_mut().enumerate() {
        let (x, y) = (place % width * SQUARE, place / width * SQUARE);
        let mut count = 0;
        for row in y..y + SQUARE {
            let line = &red[row * columns + x..row * columns + x + SQUARE];
            count += line.iter().filter(|red| **red).count();
        }
        *square = count >= 2;
    }
    let shorter = columns.min(rows) as f32;
    let mut seals = Vec::new();
    let size = (columns, rows);
    for (left, top, right, bottom) in components(&squares, width) {
        let (w, h) = ((right - left + 1) * SQUARE, (bottom - top + 1) * SQUARE);
        let (w, h) = (w as f32, h as f32);
        if w.min(h) < SMALLEST * shorter || seals.len() >= MOST {
            continue;
        }
        let inked = (top..=bottom)
            .flat_map(|row| &squares[row * width + left..=row * width + right])
            .filter(|square| **square)
            .count();
        if inked as f32 > FULL * ((right - left + 1) * (bottom - top + 1)) as f32 {
            continue;
        }
        let on_page = |middle: (f32, f32), radius: (f32, f32), round| Seal {
            middle: Point::new(middle.0 / scale.0, middle.1 / scale.1),
            radius: (radius.0 / scale.0, radius.1 / scale.1),
            round,
        };
        let middle = (
            (left * SQUARE) as f32 + w / 2.0,
            (top * SQUARE) as f32 + h / 2.0,
        );
        let radius = (w / 2.0, h / 2.0);
        let met = |round| rim(&red, size, middle, radius, round);
        let whole = w.max(h) < LARGEST * shorter && (0.6..1.67).contains(&(w / h));
        let (round, square) = if whole {
            (met(true), met(false))
        } else {
            (0.0, 0.0)
        };
        if round.max(square) >= RIM {
            seals.push(on_page(middle, radius, round >= square));
            continue;
        }
        let bounds = (left, top, right + 1, bottom + 1);
        let bounds = (
            bounds.0 * SQUARE,
            bounds.1 * SQUARE,
            bounds.2 * SQUARE,
            bounds.3 * SQUARE,
        );
        let rings = rings::apart(&red, size, bounds).into_iter();
        seals.extend(rings.map(|(middle, radius)| on_page(middle, (radius, radius), true)));
    }
    seals.truncate(MOST);
    seals
}

fn is_red(pixel: &[u8]) -> bool {
    redness(pixel) > RED
}

fn redness(pixel: &[u8]) -> i32 {
    i32::from(pixel[0]) - i32::from(pixel[1].max(pixel[2]))
}

/// Left, top, right and bottom of each group of squares less than [`REACH`] squares apart: text that crosses a ring
/// cuts it.
fn components(mask: &[bool], width: usize) -> Vec<(usize, usize, usize, usize)> {
    let height = mask.len().checked_div(width).unwrap_or(0);
    let mut seen = vec![false; mask.len()];
    let mut found = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || seen[start] {
            continue;
        }
        seen[start] = true;
        let mut open = vec![start];
        let mut bounds = (width, height, 0, 0);
        while let Some(at) = open.pop() {
            let (x, y) = (at % width, at / width);
            bounds = (
                bounds.0.min(x),
                bounds.1.min(y),
                bounds.2.max(x),
                bounds.3.max(y),
            );
            for near_y in y.saturating_sub(REACH)..=(y + REACH).min(height - 1) {
                for near_x in x.saturating_sub(REACH)..=(x + REACH).min(width - 1) {
                    let near = near_y * width + near_x;
                    if mask[near] && !seen[near] {
                        seen[near] = true;
                        open.push(near);
                    }
                }
            }
        }
        found.push(bounds);
    }
    found
}

/// The share of directions from the middle in which red ink lies at the rim of a round or square seal.
pub(super) fn rim(
    red: &[bool],
    (columns, rows): (usize, usize),
    middle: (f32, f32),
    radius: (f32, f32),
    round: bool,
) -> f32 {
    let mut met = 0;
    for direction in 0..DIRECTIONS {
        let angle = direction as f32 / DIRECTIONS as f32 * std::f32::consts::TAU;
        let (sin, cos) = angle.sin_cos();
        let reach = if round {
            1.0
        } else {
            1.0 / sin.abs().max(cos.abs())
        };
        let hit = (0..12).any(|step| {
            let share = reach * (1.0 - step as f32 * 0.015);
            let x = middle.0 + cos * radius.0 * share;
            let y = middle.1 + sin * radius.1 * share;
            let inside = x >= 0.0 && y >= 0.0 && (x as usize) < columns && (y as usize) < rows;
            inside && red[y as usize * columns + x as usize]
        });
        met += usize::from(hit);
    }
    met as f32 / DIRECTIONS as f32
}

/// The page without the ink of its seals: in red light red ink is as bright as paper, and black stays black.
pub fn cleaned(page: &RgbImage, seals: &[Seal]) -> RgbImage {
    let mut clean = page.clone();
    let width = page.width() as usize;
    let samples: &mut [u8] = &mut clean;
    for seal in seals {
        let (left, top, right, bottom) = seal.bounds(page.dimensions());
        for row in top..bottom {
            let start = (row as usize * width + left as usize) * 3;
            let end = (row as usize * width + right as usize) * 3;
            for pixel in samples[start..end].chunks_exact_mut(3) {
                pixel[1] = pixel[0];
                pixel[2] = pixel[0];
            }
        }
    }
    clean
}

/// The seal's ink alone, black on white, and where its top left corner lies on the page.
pub fn ink(page: &RgbImage, seal: &Seal) -> (RgbImage, (u32, u32)) {
    let (left, top, right, bottom) = seal.bounds(page.dimensions());
    let width = page.width() as usize;
    let samples: &[u8] = page;
    let mut ink = Vec::with_capacity(((right - left) * (bottom - top)) as usize * 3);
    for row in top..bottom {
        let start = (row as usize * width + left as usize) * 3;
        let end = (row as usize * width + right as usize) * 3;
        for pixel in samples[start..end].chunks_exact(3) {
            let value = (255 - redness(pixel).clamp(0, 127) * 2) as u8;
            ink.extend_from_slice(&[value; 3]);
        }
    }
    let size = (right - left, bottom - top);
    let ink = RgbImage::from_raw(size.0, size.1, ink);
    (ink.unwrap_or_default(), (left, top))
}

/// The ring of a seal's ink unrolled, as a reader turns the paper to follow it: from the foot of the page clockwise, heads of the characters up. `band` is where the text's foot and head lie, in shares of the radius.
pub fn unrolled(ink: &RgbImage, band: (f32, f32)) -> RgbImage {
    let (rx, ry) = (ink.width() as f32 / 2.0, ink.height() as f32 / 2.0);
    let middle = (band.0 + band.1) / 2.0;
    let stretch = ROLL as f32 / ((band.1 - band.0) * (rx + ry) / 2.0).max(1.0);
    let length = std::f32::consts::TAU * middle * (rx + ry) / 2.0 * stretch;
    let width = (length.round() as u32).clamp(ROLL, 4096);
    let columns = ink.width() as usize;
    let samples: &[u8] = ink;
    let mut roll = vec![255u8; (width * ROLL) as usize * 3];
    for column in 0..width {
        let angle = (0.25 + column as f32 / width as f32) * std::f32::consts::TAU;
        let (sin, cos) = angle.sin_cos();
        for row in 0..ROLL {
            let down = (row as f32 + 0.5) / ROLL as f32;
            let share = band.1 + (band.0 - band.1) * down;
            let x = rx + cos * rx * share;
            let y = ry + sin * ry * share;
            if x < 0.0 || y < 0.0 || x >= rx * 2.0 || y >= ry * 2.0 {
                continue;
            }
            let from = (y as usize * columns + x as usize) * 3;
            let to = ((row * width + column) * 3) as usize;
            if let Some(value) = samples.get(from) {
                roll[to..to + 3].fill(*value);
            }
        }
    }
    RgbImage::from_raw(width, ROLL, roll).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// A red ring with a red bar at its top, over black lines.
    fn sealed() -> RgbImage {
        RgbImage::from_fn(600, 800, |x, y| {
            let (dx, dy) = (x as f32 - 300.0, y as f32 - 500.0);
            let far = dx.hypot(dy);
            let ring = (92.0..100.0).contains(&far);
            let mark = dx.abs() < 8.0 && (-85.0..-60.0).contains(&dy);
            let text = y % 40 < 4 && (80..520).contains(&x);
            match (ring || mark, text) {
                (_, true) => Rgb([30, 30, 30]),
                (true, false) => Rgb([220, 60, 60]),
                _ => Rgb([245; 3]),
            }
        })
    }

    #[test]
    fn a_seal_is_found_where_it_is_and_a_red_title_is_not_one() {
        let mut page = sealed();
        let seals = find(&page, 600, (1.0, 1.0));
        assert_eq!(seals.len(), 1, "{seals:?}");
        let seal = seals[0];
        assert!((seal.middle.x - 300.0).abs() < 5.0 && (seal.middle.y - 500.0).abs() < 5.0);
        assert!(
            (seal.radius.0 - 100.0).abs() < 6.0 && seal.round,
            "{seal:?}"
        );
        for y in 0..800 {
            for x in 0..600 {
                let title = (60..110).contains(&y) && (100..500).contains(&x) && x % 50 < 38;
                let red = if title { [220, 20, 20] } else { [245; 3] };
                page.put_pixel(x, y, Rgb(red));
            }
        }
        assert_eq!(find(&page, 600, (1.0, 1.0)), []);
    }

    #[test]
    fn cleaning_takes_the_red_and_leaves_the_black() {
        let page = sealed();
        let seals = find(&page, 600, (1.0, 1.0));
        let clean = cleaned(&page, &seals);
        assert!(clean.get_pixel(300, 404).0.iter().all(|value| *value > 200));
        assert_eq!(clean.get_pixel(300, 481).0, [30; 3]);
        let (ink, (left, top)) = ink(&page, &seals[0]);
        assert!(ink.get_pixel(300 - left, 404 - top).0[0] < 20);
        assert!(ink.get_pixel(300 - left, 481 - top).0[0] > 240);
    }

    #[test]
    fn the_ring_is_unrolled_from_the_foot_of_the_page() {
        let page = sealed();
        let seal = find(&page, 600, (1.0, 1.0))[0];
        let (ink, _) = ink(&page, &seal);
        let roll = unrolled(&ink, (0.6, 0.85));
        let dark: Vec<f32> = (0..roll.width())
            .filter(|x| roll.get_pixel(*x, ROLL / 2).0[0] < 100)
            .map(|x| x as f32 / roll.width() as f32)
            .collect();
        let above = |at: &f32| (at - 0.5).abs() < 0.05;
        assert!(!dark.is_empty() && dark.iter().all(above), "{dark:?}");
    }
}
