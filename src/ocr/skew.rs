//! The skew of a page of text, from the sharpness of its row sums (Postl 1986), and turning it straight.

use image::{GrayImage, Luma, imageops};
use imageproc::contrast::otsu_level;
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};

/// Largest skew looked for, in degrees.
const LARGEST: f32 = 6.0;
/// Longest side of the image that is measured.
const SIDE: u32 = 1000;

/// The angle of the lines of text in degrees, clockwise positive, −6 to 6; 0 for a page without ink.
pub fn skew(page: &GrayImage) -> f32 {
    let (width, height) = page.dimensions();
    let longest = width.max(height);
    let small = if longest > SIDE {
        let scaled = |side: u32| (side * SIDE / longest).max(1);
        imageops::thumbnail(page, scaled(width), scaled(height))
    } else {
        page.clone()
    };
    let level = otsu_level(&small);
    let mut ink = Vec::new();
    for (x, y, pixel) in small.enumerate_pixels() {
        if pixel.0[0] <= level {
            ink.push((x as f32, y as f32));
        }
    }
    // More ink than paper is a dark picture, not text.
    if ink.is_empty() || ink.len() * 2 > (small.width() * small.height()) as usize {
        return 0.0;
    }
    let coarse = best(&ink, &small, 0.0, LARGEST, 0.25);
    best(&ink, &small, coarse, 0.25, 0.05)
}

/// The angle around `middle` whose rows are sharpest: the sum of squared row sums is largest.
fn best(ink: &[(f32, f32)], page: &GrayImage, middle: f32, reach: f32, step: f32) -> f32 {
    // Rows of one pixel: with finer ones the pixel grid itself is sharpest and every answer is 0.
    let reserve = page.width() as usize / 8 + 2;
    let mut found = (0.0_f64, middle);
    let steps = (reach / step).round() as i32;
    for index in -steps..=steps {
        let angle = middle + index as f32 * step;
        let (sin, cos) = angle.to_radians().sin_cos();
        let mut rows = vec![0.0_f64; page.height() as usize + 2 * reserve];
        for (x, y) in ink {
            let row = (y * cos - x * sin).round() + reserve as f32;
            if let Some(sum) = rows.get_mut(row.max(0.0) as usize) {
                *sum += 1.0;
            }
        }
        let sharpness: f64 = rows.iter().map(|sum| sum * sum).sum();
        if sharpness > found.0 {
            found = (sharpness, angle);
        }
    }
    found.1
}

/// The page turned by −`degrees` about its centre, so that lines at `degrees` become level; its size stays.
pub fn straighten(page: &GrayImage, degrees: f32) -> GrayImage {
    rotate_about_center(
        page,
        -degrees.to_radians(),
        Interpolation::Bilinear,
        Border::Constant(Luma([255])),
    )
}

/// Where a point of the straightened page lies on the page it was made from.
pub fn unstraighten(x: f32, y: f32, size: (u32, u32), degrees: f32) -> (f32, f32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cx, cy) = (size.0 as f32 / 2.0, size.1 as f32 / 2.0);
    let (dx, dy) = (x - cx, y - cy);
    (cx + dx * cos - dy * sin, cy + dx * sin + dy * cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruled(degrees: f32) -> GrayImage {
        let mut page = GrayImage::from_pixel(800, 1000, Luma([255]));
        let slope = degrees.to_radians().tan();
        for line in 0..20 {
            for x in 100..700 {
                let y = 100.0 + line as f32 * 40.0 + x as f32 * slope;
                for thick in 0..12 {
                    let y = y as i32 + thick;
                    if (0..1000).contains(&y) {
                        page.put_pixel(x, y as u32, Luma([0]));
                    }
                }
            }
        }
        page
    }

    #[test]
    fn the_skew_of_ruled_pages_is_found_and_removed() {
        for degrees in [-3.2, -0.5, 0.0, 1.7] {
            let page = ruled(degrees);
            let found = skew(&page);
            assert!((found - degrees).abs() <= 0.11, "{degrees}: {found}");
            assert!(skew(&straighten(&page, found)).abs() <= 0.11);
        }
        assert_eq!(skew(&GrayImage::from_pixel(50, 50, Luma([255]))), 0.0);
    }

    #[test]
    fn points_go_back_to_where_they_came_from() {
        let mut page = GrayImage::from_pixel(400, 300, Luma([255]));
        for x in 300..304 {
            for y in 60..64 {
                page.put_pixel(x, y, Luma([0]));
            }
        }
        let straight = straighten(&page, 4.0);
        let dark: Vec<(f32, f32)> = straight
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0[0] < 60)
            .map(|(x, y, _)| (x as f32 + 0.5, y as f32 + 0.5))
            .collect();
        assert!(!dark.is_empty());
        for (x, y) in dark {
            let (x, y) = unstraighten(x, y, (400, 300), 4.0);
            assert!(
                (298.0..306.0).contains(&x) && (58.0..66.0).contains(&y),
                "{x} {y}"
            );
        }
    }
}
