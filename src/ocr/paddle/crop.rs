//! Cutting one line out of the page at its original resolution, straightened, as model input. The scaling is a
//! library's; what is left for us is where to look.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use super::geometry::{Point, Quad};
use super::pixels::{Planes, VALUES};
use crate::ocr::OcrError;

/// A box whose sides leave the page's axes by less than this share of its height is cut without turning.
const STRAIGHT: f32 = 0.06;
/// Most pixels of the scaled surroundings of a leaning line.
const MOST_PIXELS: f32 = 8_000_000.0;

/// A line as model input: blue, green, red planes.
pub struct Strip {
    /// Values −1 to 1, 0 where nothing was cut.
    pub data: Vec<f32>,
    /// Columns including the padding on the right.
    pub width: usize,
    /// Columns the line itself fills.
    pub filled: usize,
}

/// Scales parts of pages; keeps its buffers from line to line.
#[derive(Default)]
pub struct Cutter {
    resizer: Resizer,
}

impl Cutter {
    /// Cuts `quad` out of `page`, `height` rows high, its own width `filled`, padded to `width` columns.
    pub fn cut(
        &mut self,
        page: &RgbImage,
        quad: &Quad,
        height: usize,
        filled: usize,
        width: usize,
    ) -> Result<Strip, OcrError> {
        let filled = filled.clamp(1, width.max(1));
        let mut planes = Planes::new(width, height);
        let (straight, quarters) = upright(quad);
        if leaning(&straight) < STRAIGHT * quad.height() {
            let bounds = straight.bounds();
            let (columns, rows) = if quarters.is_multiple_of(2) {
                (filled, height)
            } else {
                (height, filled)
            };
            let pixels = self.scaled(page, bounds, columns, rows)?;
            planes.fill_turned(&pixels, columns, quarters);
        } else {
            self.lean(page, quad, (filled, height), &mut planes)?;
        }
        Ok(Strip {
            data: planes.into_data(),
            width,
            filled,
        })
    }

    /// A page scaled to `columns` × `rows`, rows of red, green, blue.
    pub fn whole(
        &mut self,
        page: &RgbImage,
        columns: usize,
        rows: usize,
    ) -> Result<Vec<u8>, OcrError> {
        let bounds = (0.0, 0.0, page.width() as f32, page.height() as f32);
        self.resize(page, bounds, (columns, rows), FilterType::Bilinear)
    }

    fn scaled(
        &mut self,
        page: &RgbImage,
        bounds: (f32, f32, f32, f32),
        columns: usize,
        rows: usize,
    ) -> Result<Vec<u8>, OcrError> {
        self.resize(page, bounds, (columns, rows), FilterType::CatmullRom)
    }

    fn resize(
        &mut self,
        page: &RgbImage,
        (left, top, right, bottom): (f32, f32, f32, f32),
        (columns, rows): (usize, usize),
        filter: FilterType,
    ) -> Result<Vec<u8>, OcrError> {
        let failed = |error: &dyn std::fmt::Display| OcrError::Failed(format!("scaling: {error}"));
        let (page_width, page_height) = page.dimensions();
        let source = ImageRef::new(page_width, page_height, page.as_raw(), PixelType::U8x3)
            .map_err(|error| failed(&error))?;
        let side = |length: usize| u32::try_from(length.max(1)).unwrap_or(u32::MAX);
        let mut made = Image::new(side(columns), side(rows), PixelType::U8x3);
        let left = f64::from(left.clamp(0.0, page_width as f32 - 1.0));
        let top = f64::from(top.clamp(0.0, page_height as f32 - 1.0));
        let right = f64::from(right).clamp(left + 1.0, f64::from(page_width));
        let bottom = f64::from(bottom).clamp(top + 1.0, f64::from(page_height));
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(filter))
            .use_alpha(false)
            .crop(left, top, right - left, bottom - top);
        self.resizer
            .resize(&source, &mut made, &options)
            .map_err(|error| failed(&error))?;
        Ok(made.into_vec())
    }

    /// A line that leans: its surroundings are scaled, then looked at along the line.
    fn lean(
        &mut self,
        page: &RgbImage,
        quad: &Quad,
        (filled, height): (usize, usize),
        planes: &mut Planes,
    ) -> Result<(), OcrError> {
        let (left, top, right, bottom) = quad.bounds();
        let left = left.floor().clamp(0.0, page.width() as f32 - 1.0);
        let top = top.floor().clamp(0.0, page.height() as f32 - 1.0);
        let right = right.ceil().clamp(left + 1.0, page.width() as f32);
        let bottom = bottom.ceil().clamp(top + 1.0, page.height() as f32);
        let area = (right - left) * (bottom - top);
        let scale = (height as f32 / quad.height().max(1.0)).min((MOST_PIXELS / area).sqrt());
        let columns = ((right - left) * scale).ceil().max(2.0) as usize;
        let rows = ((bottom - top) * scale).ceil().max(2.0) as usize;
        let pixels = self.scaled(page, (left, top, right, bottom), columns, rows)?;
        let (across, down) = (
            columns as f32 / (right - left),
            rows as f32 / (bottom - top),
        );
        let inside = quad.map(|corner| {
            Point::new(
                (corner.x - left) * across - 0.5,
                (corner.y - top) * down - 0.5,
            )
        });
        for row in 0..height {
            let v = (row as f32 + 0.5) / height as f32;
            let (from, to) = (inside.at(0.0, v), inside.at(1.0, v));
            let step = (
                (to.x - from.x) / filled as f32,
                (to.y - from.y) / filled as f32,
            );
            let at = (from.x + step.0 * 0.5, from.y + step.1 * 0.5);
            planes.fill_row(row, filled, &pixels, (columns, rows), at, step);
        }
        Ok(())
    }
}

/// The same box named from its corner nearest to the page's top left, and how many quarters clockwise its text is
/// turned from there.
fn upright(quad: &Quad) -> (Quad, usize) {
    let angle = quad.angle();
    let quarters = ((angle / 90.0).round() as i32).rem_euclid(4) as usize;
    let mut corners = quad.corners;
    corners.rotate_right(quarters);
    (Quad { corners }, quarters)
}

/// How far the sides of an upright box leave the page's axes, in pixels.
fn leaning(quad: &Quad) -> f32 {
    let [a, b, c, d] = quad.corners;
    let gaps = [a.y - b.y, d.y - c.y, a.x - d.x, b.x - c.x];
    gaps.iter().fold(0.0, |most: f32, gap| most.max(gap.abs()))
}

/// The value the models take for a sample.
pub fn normal(value: u8) -> f32 {
    VALUES[usize::from(value)]
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

    fn cut(page: &RgbImage, quad: &Quad, height: usize, filled: usize, width: usize) -> Strip {
        let strip = Cutter::default().cut(page, quad, height, filled, width);
        strip.unwrap()
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
    fn a_box_is_read_from_the_corner_it_names_first() {
        let page = RgbImage::from_fn(8, 4, |x, y| Rgb([(x * 30) as u8, (y * 60) as u8, 9]));
        let whole = corners([(0.0, 0.0), (8.0, 0.0), (8.0, 4.0), (0.0, 4.0)]);
        let red = |strip: &Strip, at: usize| strip.data[2 * strip.width * 4 + at];
        let half = cut(&page, &whole.upside_down(), 4, 8, 8);
        assert!((red(&half, 0) - normal(210)).abs() < 1e-5);
        // Read upwards the text begins at the bottom left, its top to the left.
        let up = cut(&page, &whole.read_upwards(), 8, 4, 4);
        assert_eq!(up.data[4 * 8], normal(180));
        assert_eq!(up.data[4 * 8 + 3], normal(0));
        let down = cut(&page, &whole.read_downwards(), 8, 4, 4);
        assert_eq!(down.data[4 * 8 + 3], normal(180));
        assert_eq!(down.data[2 * 4 * 8], normal(210));
    }

    #[test]
    fn shrinking_averages() {
        let page = RgbImage::from_fn(64, 64, |x, _| Rgb([if x % 2 == 0 { 0 } else { 255 }; 3]));
        let whole = corners([(0.0, 0.0), (64.0, 0.0), (64.0, 64.0), (0.0, 64.0)]);
        let strip = cut(&page, &whole, 16, 16, 16);
        assert!(strip.data.iter().all(|value| value.abs() < 0.15));
    }

    #[test]
    fn a_leaning_line_is_straightened_and_stays_inside_the_page() {
        // A dark band that falls one pixel in five, on white.
        let page = RgbImage::from_fn(400, 200, |x, y| {
            let middle = 50.0 + x as f32 / 5.0;
            let dark = (y as f32 - middle).abs() < 6.0;
            Rgb([if dark { 0 } else { 255 }; 3])
        });
        let band = corners([(2.0, 30.0), (398.0, 109.0), (394.0, 149.0), (-2.0, 70.0)]);
        let strip = cut(&page, &band, 48, 480, 480);
        let row = |row: usize| {
            let start = row * 480 + 40;
            strip.data[start..start + 400].iter().sum::<f32>() / 400.0
        };
        assert!(row(24) < -0.95, "{}", row(24));
        assert!(row(6) > 0.95 && row(41) > 0.95, "{} {}", row(6), row(41));
    }
}
