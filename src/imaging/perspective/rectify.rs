//! A page set straight: each pixel of a rectangle taken from where it lies in the photograph.

use image::RgbImage;

use super::Outline;

/// Longest side of what is made.
const SIDE_MAX: f32 = 12_000.0;

/// Most pixels of what is made.
const PIXELS_MAX: f32 = 100_000_000.0;

/// The page within `outline` as a rectangle of its own size, seen from straight above; each pixel is mixed of the four
/// around its place. A page without extent comes back as it is.
pub fn rectified(page: &RgbImage, outline: &Outline) -> RgbImage {
    let (width, height) = outline.size();
    let shrink = (SIDE_MAX / width.max(height))
        .min((PIXELS_MAX / (width * height)).sqrt())
        .min(1.0);
    let (width, height) = ((width * shrink) as u32, (height * shrink) as u32);
    if width < 2 || height < 2 || page.width() < 2 || page.height() < 2 {
        return page.clone();
    }
    let map = Map::of(outline);
    let mut out = RgbImage::new(width, height);
    let source = page.as_raw();
    let (last_x, last_y) = (page.width() - 2, page.height() - 2);
    let stride = page.width() as usize * 3;
    for (y, row) in out.chunks_exact_mut(width as usize * 3).enumerate() {
        let v = (y as f64 + 0.5) / f64::from(height);
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let u = (x as f64 + 0.5) / f64::from(width);
            let (from_x, from_y) = map.at(u, v);
            let (from_x, from_y) = (from_x.max(0.0), from_y.max(0.0));
            let left = (from_x as u32).min(last_x);
            let top = (from_y as u32).min(last_y);
            let across = ((from_x - f64::from(left)).min(1.0) * 256.0) as u32;
            let down = ((from_y - f64::from(top)).min(1.0) * 256.0) as u32;
            let at = top as usize * stride + left as usize * 3;
            let (upper, lower) = (&source[at..at + 6], &source[at + stride..at + stride + 6]);
            for (channel, to) in pixel.iter_mut().enumerate() {
                let mix = |pair: &[u8]| {
                    u32::from(pair[channel]) * (256 - across)
                        + u32::from(pair[channel + 3]) * across
                };
                *to = ((mix(upper) * (256 - down) + mix(lower) * down + 32_768) >> 16) as u8;
            }
        }
    }
    out
}

/// The projective map of the unit square to a quadrilateral (P. Heckbert, "Fundamentals of Texture Mapping", 1989,
/// section 2.2.3).
struct Map([f64; 8]);

impl Map {
    fn of(outline: &Outline) -> Self {
        let [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] =
            outline.corners.map(|corner| corner.map(f64::from));
        let (dx1, dx2, sx) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, sy) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let determinant = dx1 * dy2 - dx2 * dy1;
        let (g, h) = match determinant.abs() < 1e-9 {
            true => (0.0, 0.0),
            false => (
                (sx * dy2 - dx2 * sy) / determinant,
                (dx1 * sy - sx * dy1) / determinant,
            ),
        };
        Self([
            x1 - x0 + g * x1,
            x3 - x0 + h * x3,
            x0,
            y1 - y0 + g * y1,
            y3 - y0 + h * y3,
            y0,
            g,
            h,
        ])
    }

    fn at(&self, u: f64, v: f64) -> (f64, f64) {
        let [a, b, c, d, e, f, g, h] = self.0;
        let depth = g * u + h * v + 1.0;
        ((a * u + b * v + c) / depth, (d * u + e * v + f) / depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_rectangle_is_cut_out_as_it_is() {
        let page = RgbImage::from_fn(60, 40, |x, y| Rgb([(x * 4) as u8, (y * 6) as u8, 9]));
        let outline = Outline {
            corners: [[9.5, 4.5], [49.5, 4.5], [49.5, 34.5], [9.5, 34.5]],
        };
        let cut = rectified(&page, &outline);
        assert_eq!(cut.dimensions(), (40, 30));
        assert_eq!(cut.get_pixel(0, 0), page.get_pixel(10, 5));
        assert_eq!(cut.get_pixel(39, 29), page.get_pixel(49, 34));
    }

    #[test]
    fn what_lies_outside_or_has_no_extent_is_borne() {
        let page = RgbImage::from_pixel(8, 8, Rgb([7; 3]));
        let outline = Outline {
            corners: [[-50.0, -50.0], [90.0, -20.0], [70.0, 99.0], [-9.0, 60.0]],
        };
        assert!(
            rectified(&page, &outline)
                .pixels()
                .all(|pixel| pixel.0 == [7; 3])
        );
        let point = Outline {
            corners: [[3.0, 3.0]; 4],
        };
        assert_eq!(rectified(&page, &point), page);
    }
}
