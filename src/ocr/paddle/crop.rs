//! Cutting one line out of the page at its original resolution, straightened, as model input.

use image::RgbImage;

use super::det::normal;
use super::geometry::{Point, Quad};

/// Samples taken across one output pixel at most, in each direction.
const MAX_SAMPLES: u32 = 6;

/// A line as model input: blue, green, red planes.
pub struct Strip {
    /// Values −1 to 1, 0 where nothing was cut.
    pub data: Vec<f32>,
    /// Columns including the padding on the right.
    pub width: usize,
    /// Columns the line itself fills.
    pub filled: usize,
}

/// Cuts `quad` out of `page`, `height` rows high, its own width `filled`, padded to `width` columns.
/// Shrinking averages over the pixels each output pixel covers; enlarging interpolates by cubic convolution (Keys 1981).
pub fn cut(page: &RgbImage, quad: &Quad, height: usize, filled: usize, width: usize) -> Strip {
    let filled = filled.clamp(1, width.max(1));
    let plane = width * height;
    let mut data = vec![0.0; plane * 3];
    let across = samples(quad.height() / height as f32);
    let along = samples(quad.width() / filled as f32);
    let share = 1.0 / (across * along) as f32;
    for row in 0..height {
        for column in 0..filled {
            let mut sum = [0.0_f32; 3];
            for i in 0..across {
                let v = (row as f32 + (i as f32 + 0.5) / across as f32) / height as f32;
                for j in 0..along {
                    let u = (column as f32 + (j as f32 + 0.5) / along as f32) / filled as f32;
                    let colour = if across * along > 1 {
                        bilinear(page, quad.at(u, v))
                    } else {
                        bicubic(page, quad.at(u, v))
                    };
                    for (channel, value) in sum.iter_mut().zip(colour) {
                        *channel += value;
                    }
                }
            }
            let at = row * width + column;
            let [red, green, blue] = sum.map(|value| (value * share).clamp(-1.0, 1.0));
            data[at] = blue;
            data[plane + at] = green;
            data[2 * plane + at] = red;
        }
    }
    Strip {
        data,
        width,
        filled,
    }
}

fn samples(shrink: f32) -> u32 {
    if shrink <= 1.25 {
        return 1;
    }
    (shrink.ceil() as u32).clamp(2, MAX_SAMPLES)
}

/// The colour of the pixel nearest to whole coordinates, the border repeated outwards.
fn pixel(page: &RgbImage, x: i64, y: i64) -> [f32; 3] {
    let x = x.clamp(0, i64::from(page.width()) - 1) as u32;
    let y = y.clamp(0, i64::from(page.height()) - 1) as u32;
    page.get_pixel(x, y).0.map(normal)
}

fn bilinear(page: &RgbImage, at: Point) -> [f32; 3] {
    let (x, y) = (at.x - 0.5, at.y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let (left, top) = (left as i64, top as i64);
    let mut sum = [0.0; 3];
    for (dy, wy) in [(0, 1.0 - fy), (1, fy)] {
        for (dx, wx) in [(0, 1.0 - fx), (1, fx)] {
            let colour = pixel(page, left + dx, top + dy);
            for (channel, value) in sum.iter_mut().zip(colour) {
                *channel += value * wx * wy;
            }
        }
    }
    sum
}

fn bicubic(page: &RgbImage, at: Point) -> [f32; 3] {
    let (x, y) = (at.x - 0.5, at.y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (wx, wy) = (cubic_weights(x - left), cubic_weights(y - top));
    let (left, top) = (left as i64, top as i64);
    let mut sum = [0.0; 3];
    for (dy, wy) in (-1..).zip(wy) {
        for (dx, wx) in (-1..).zip(wx) {
            let colour = pixel(page, left + dx, top + dy);
            for (channel, value) in sum.iter_mut().zip(colour) {
                *channel += value * wx * wy;
            }
        }
    }
    sum
}

/// Weights of the four neighbours at fraction `t` past the second, a = −0.5.
fn cubic_weights(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t3 + t2 - 0.5 * t,
        1.5 * t3 - 2.5 * t2 + 1.0,
        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
        0.5 * t3 - 0.5 * t2,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn corners(points: [(f32, f32); 4]) -> Quad {
        Quad {
            corners: points.map(|(x, y)| Point::new(x, y)),
        }
    }

    #[test]
    fn cutting_at_scale_one_copies_pixels_and_swaps_channels() {
        let page = RgbImage::from_fn(8, 4, |x, y| Rgb([(x * 30) as u8, (y * 60) as u8, 0]));
        let whole = corners([(0.0, 0.0), (8.0, 0.0), (8.0, 4.0), (0.0, 4.0)]);
        let strip = cut(&page, &whole, 4, 8, 16);
        let plane = 16 * 4;
        assert!((strip.data[2 * plane + 3] - normal(90)).abs() < 1e-5);
        assert!((strip.data[plane + 16] - normal(60)).abs() < 1e-5);
        assert_eq!((strip.data[0], strip.data[15]), (-1.0, 0.0));
    }

    #[test]
    fn upside_down_boxes_are_read_from_their_far_corner() {
        let page = RgbImage::from_fn(8, 4, |x, _| Rgb([(x * 30) as u8; 3]));
        let whole = corners([(0.0, 0.0), (8.0, 0.0), (8.0, 4.0), (0.0, 4.0)]);
        let strip = cut(&page, &whole.upside_down(), 4, 8, 8);
        assert!((strip.data[0] - normal(210)).abs() < 1e-5);
    }

    #[test]
    fn shrinking_averages() {
        let page = RgbImage::from_fn(64, 64, |x, _| Rgb([if x % 2 == 0 { 0 } else { 255 }; 3]));
        let whole = corners([(0.0, 0.0), (64.0, 0.0), (64.0, 64.0), (0.0, 64.0)]);
        let strip = cut(&page, &whole, 16, 16, 16);
        assert!(strip.data.iter().all(|value| value.abs() < 0.15));
    }
}
