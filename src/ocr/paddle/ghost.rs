//! Text that shines through from the back of the page: pale, and it reads better in a mirror. It is no text of this page.

use image::{RgbImage, imageops};

use super::geometry::{Point, Quad};
use super::rec::{Reader, Sign, mean_confidence};
use crate::imaging::gray::luma;
use crate::ocr::OcrError;

/// Difference of level between ink and paper below which a line is pale. What shines through stays below 40.
const PALE: u8 = 60;
/// Pale lines that are read in a mirror, the longest ones.
const MOST: usize = 16;
/// Most samples of a line.
const SAMPLES: usize = 4096;

/// For each line whether it shines through: all pale lines of a page do, or none.
pub fn shining_through(
    reader: &mut Reader,
    page: &RgbImage,
    lines: &[(Quad, Vec<Sign>)],
) -> Result<Vec<bool>, OcrError> {
    let pale: Vec<bool> = lines.iter().map(|(quad, _)| is_pale(page, quad)).collect();
    let mut tried: Vec<&(Quad, Vec<Sign>)> = lines
        .iter()
        .zip(&pale)
        .filter(|(_, pale)| **pale)
        .map(|(line, _)| line)
        .collect();
    tried.sort_by(|a, b| b.0.width().total_cmp(&a.0.width()));
    tried.truncate(MOST);
    let mut balance = 0.0;
    for (quad, signs) in tried {
        let (image, mirrored) = mirrored(page, quad);
        let other = mean_confidence(&reader.read(&image, &mirrored)?);
        balance += (other - mean_confidence(signs)) * quad.width();
    }
    Ok(match balance > 0.0 {
        true => pale,
        false => vec![false; lines.len()],
    })
}

/// Whether the darkest twentieth of a box is hardly darker than its middle level.
fn is_pale(page: &RgbImage, quad: &Quad) -> bool {
    let (left, top, right, bottom) = whole(page, quad);
    let area = (right - left) as usize * (bottom - top) as usize;
    let step = area.div_ceil(SAMPLES).max(1);
    let mut counts = [0usize; 256];
    for place in (0..area).step_by(step) {
        let (x, y) = (place as u32 % (right - left), place as u32 / (right - left));
        let [red, green, blue] = page.get_pixel(left + x, top + y).0;
        counts[usize::from(luma(red, green, blue))] += 1;
    }
    let total: usize = counts.iter().sum();
    let level = |share: usize| {
        let mut seen = 0;
        let passed = counts.iter().position(|count| {
            seen += count;
            seen * 20 > total * share
        });
        passed.unwrap_or(255) as u8
    };
    level(10).saturating_sub(level(1)) < PALE
}

/// The surroundings of a box in a mirror, and the box there.
fn mirrored(page: &RgbImage, quad: &Quad) -> (RgbImage, Quad) {
    let (left, top, right, bottom) = whole(page, quad);
    let mut image = imageops::crop_imm(page, left, top, right - left, bottom - top).to_image();
    imageops::flip_horizontal_in_place(&mut image);
    let [a, b, c, d] = quad
        .corners
        .map(|corner| Point::new(right as f32 - corner.x, corner.y - top as f32));
    (
        image,
        Quad {
            corners: [b, a, d, c],
        },
    )
}

/// The pixels a box touches, at least one.
fn whole(page: &RgbImage, quad: &Quad) -> (u32, u32, u32, u32) {
    let (left, top, right, bottom) = quad.bounds();
    let (width, height) = page.dimensions();
    let low = |at: f32, most: u32| (at.max(0.0) as u32).min(most.saturating_sub(1));
    let (x, y) = (low(left, width), low(top, height));
    (
        x,
        y,
        (right.ceil().max(0.0) as u32).clamp(x + 1, width.max(x + 1)),
        (bottom.ceil().max(0.0) as u32).clamp(y + 1, height.max(y + 1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn quad(left: f32, top: f32, right: f32, bottom: f32) -> Quad {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        Quad {
            corners: corners.map(|(x, y)| Point::new(x, y)),
        }
    }

    #[test]
    fn pale_is_what_has_little_contrast() {
        let strokes = |ink: u8| {
            RgbImage::from_fn(200, 40, move |x, _| {
                Rgb([if x % 10 < 2 { ink } else { 240 }; 3])
            })
        };
        let all = quad(0.0, 0.0, 200.0, 40.0);
        assert!(is_pale(&strokes(210), &all));
        assert!(!is_pale(&strokes(120), &all));
        assert!(is_pale(&strokes(0), &quad(-9.0, -9.0, -3.0, -3.0)));
    }

    #[test]
    fn a_box_lies_in_the_mirror_where_its_pixels_do() {
        let page = RgbImage::from_fn(100, 50, |x, _| Rgb([if x < 20 { 0 } else { 255 }; 3]));
        let (image, found) = mirrored(&page, &quad(10.0, 5.0, 60.0, 25.0));
        assert_eq!(image.dimensions(), (50, 20));
        assert_eq!(image.get_pixel(49, 0).0, [0; 3]);
        assert_eq!(image.get_pixel(39, 0).0, [255; 3]);
        assert_eq!(found, quad(0.0, 0.0, 50.0, 20.0));
    }
}
