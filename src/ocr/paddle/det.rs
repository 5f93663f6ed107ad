//! Finding text: a probability map from the detection model and the boxes read off it
//! (Liao et al. 2020, differentiable binarization).

use image::RgbImage;

use super::crop::Cutter;
use super::geometry::{Point, Quad, Rectangle, rectangle_at, smallest_rectangle, weighted_median};
use super::net::Net;
use super::pixels::Planes;
use crate::ocr::OcrError;

/// Probability above which a map pixel is text.
const TEXT: f32 = 0.3;
/// Mean probability a box needs.
const BOX: f32 = 0.5;
/// How far the shrunken text kernels of the model are grown back: area × ratio / perimeter.
const UNCLIP: f32 = 1.6;
/// Boxes taken from one page; more is a pattern, not writing.
const MAX_BOXES: usize = 3000;
/// Sides of the model's input are multiples of this.
const GRID: usize = 32;
/// Components narrower than this, in map pixels, are specks.
const MIN_SIDE: f32 = 3.0;
/// Boxes longer than this many times their height have an angle of their own.
const LONG: f32 = 3.0;

/// Most pixels the model is given at once; a larger page is looked at in bands, so that memory stays flat.
const BAND_PIXELS: usize = 1 << 20;
/// Rows that neighbouring bands share.
const OVERLAP: usize = 64;

/// Where the model sees text on a page.
pub struct TextMap {
    /// Probability of text, row by row.
    pub values: Vec<f32>,
    /// Values in a row.
    pub width: usize,
    /// Map pixels to one page pixel, horizontally and vertically.
    pub scale: (f32, f32),
}

/// Scales `page` by `scale`, pads it to the model's grid by repeating its last column and row, and looks for text.
pub fn look(
    net: &mut dyn Net,
    cutter: &mut Cutter,
    page: &RgbImage,
    scale: f32,
) -> Result<TextMap, OcrError> {
    let columns = scaled(page.width(), scale);
    let rows = scaled(page.height(), scale);
    let pixels = cutter.whole(page, columns, rows)?;
    let width = columns.next_multiple_of(GRID);
    let mut values = Vec::with_capacity(width * rows.next_multiple_of(GRID));
    for band in bands(width, rows) {
        let mut planes = Planes::new(width, band.height);
        let from = band.from.min(rows - 1);
        planes.fill(&pixels[from * columns * 3..], columns);
        let data = planes.into_data();
        net.run(&data, band.height, width, &mut |_, map| {
            let kept = map.get(band.kept.start * width..band.kept.end * width);
            let kept = kept.filter(|_| map.len() == width * band.height);
            values.extend_from_slice(kept.ok_or_else(|| {
                OcrError::Failed("the detection model gave a map of another size".to_owned())
            })?);
            Ok(())
        })?;
    }
    Ok(TextMap {
        values,
        width,
        scale: (
            columns as f32 / page.width() as f32,
            rows as f32 / page.height() as f32,
        ),
    })
}

/// Rows the model is given at once, and which of them are kept.
#[derive(Debug, PartialEq)]
struct Band {
    from: usize,
    height: usize,
    kept: std::ops::Range<usize>,
}

fn bands(width: usize, rows: usize) -> Vec<Band> {
    let rows = rows.next_multiple_of(GRID);
    let most = (BAND_PIXELS / width / GRID * GRID).max(OVERLAP * 2);
    if rows <= most {
        return vec![Band {
            from: 0,
            height: rows,
            kept: 0..rows,
        }];
    }
    let mut bands = Vec::new();
    let mut from = 0;
    loop {
        let last = from + most >= rows;
        // The last band ends with the page, so that all are of one size.
        let start = if last { rows - most } else { from };
        let skipped = from - start + if from == 0 { 0 } else { OVERLAP / 2 };
        let end = if last { most } else { most - OVERLAP / 2 };
        bands.push(Band {
            from: start,
            height: most,
            kept: skipped..end,
        });
        if last {
            return bands;
        }
        from += most - OVERLAP;
    }
}

fn scaled(length: u32, scale: f32) -> usize {
    (length as f32 * scale).round().max(1.0) as usize
}

/// Reads boxes off a probability map of `width` columns and gives them in page pixels.
pub fn boxes(map: &[f32], width: usize, scale: (f32, f32), page: (u32, u32)) -> Vec<Quad> {
    let height = map.len().checked_div(width).unwrap_or(0);
    let mut components = outlines(&grown_mask(map, width, height), width, height);
    components.truncate(MAX_BOXES);
    let mut found: Vec<(Rectangle, Vec<Point>)> = Vec::new();
    for outline in components {
        if let Some(rectangle) = smallest_rectangle(&outline) {
            found.push((rectangle, outline));
        }
    }
    let skew = page_skew(&found);
    let mut quads = Vec::new();
    for (own, outline) in &found {
        let rectangle = if aspect(own) < LONG {
            rectangle_at(outline, skew).unwrap_or(*own)
        } else {
            *own
        };
        if rectangle.half_width.min(rectangle.half_height) * 2.0 < MIN_SIDE {
            continue;
        }
        if mean_inside(map, width, height, rectangle) < BOX {
            continue;
        }
        let area = 4.0 * rectangle.half_width * rectangle.half_height;
        let perimeter = 4.0 * (rectangle.half_width + rectangle.half_height);
        let quad = rectangle.grown(area * UNCLIP / perimeter).quad();
        quads.push(quad.map(|corner| {
            Point::new(
                (corner.x / scale.0).clamp(0.0, page.0 as f32),
                (corner.y / scale.1).clamp(0.0, page.1 as f32),
            )
        }));
    }
    quads.retain(|quad| quad.width() > 3.0 && quad.height() > 3.0);
    quads
}

fn aspect(rectangle: &Rectangle) -> f32 {
    let (w, h) = (rectangle.half_width, rectangle.half_height);
    w.max(h) / w.min(h).max(0.5)
}

/// The median angle of the long boxes, in radians: short boxes have no angle of their own.
fn page_skew(found: &[(Rectangle, Vec<Point>)]) -> f32 {
    let angles: Vec<(f32, f32)> = found
        .iter()
        .filter(|(rectangle, _)| aspect(rectangle) >= LONG * 2.0)
        .map(|(rectangle, _)| {
            (
                rectangle.angle,
                rectangle.half_width.max(rectangle.half_height),
            )
        })
        .collect();
    weighted_median(angles)
}

/// Text pixels, each grown by one to the right and below so that hairline gaps close.
fn grown_mask(map: &[f32], width: usize, height: usize) -> Vec<bool> {
    let mut mask = vec![false; width * height];
    for y in 0..height {
        for x in 0..width {
            if map[y * width + x] <= TEXT {
                continue;
            }
            let right = (x + 1).min(width - 1);
            let below = (y + 1).min(height - 1);
            mask[y * width + x] = true;
            mask[y * width + right] = true;
            mask[below * width + x] = true;
            mask[below * width + right] = true;
        }
    }
    mask
}

/// The first and last pixel of each row of each 8-connected component, top to bottom.
fn outlines(mask: &[bool], width: usize, height: usize) -> Vec<Vec<Point>> {
    let mut seen = vec![false; mask.len()];
    let mut found = Vec::new();
    let mut stack = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || seen[start] {
            continue;
        }
        let mut rows: std::collections::BTreeMap<usize, (usize, usize)> = Default::default();
        seen[start] = true;
        stack.push(start);
        while let Some(at) = stack.pop() {
            let (x, y) = (at % width, at / width);
            let row = rows.entry(y).or_insert((x, x));
            *row = (row.0.min(x), row.1.max(x));
            for near_y in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for near_x in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let near = near_y * width + near_x;
                    if mask[near] && !seen[near] {
                        seen[near] = true;
                        stack.push(near);
                    }
                }
            }
        }
        let mut outline = Vec::with_capacity(rows.len() * 2);
        for (y, (left, right)) in rows {
            outline.push(Point::new(left as f32, y as f32));
            outline.push(Point::new(right as f32, y as f32));
        }
        found.push(outline);
    }
    found
}

/// Mean probability of the pixels inside a rectangle.
fn mean_inside(map: &[f32], width: usize, height: usize, rectangle: Rectangle) -> f32 {
    let (left, top, right, bottom) = rectangle.quad().bounds();
    let columns =
        (left.floor().max(0.0) as usize)..=(right.ceil().max(0.0) as usize).min(width - 1);
    let rows = (top.floor().max(0.0) as usize)..=(bottom.ceil().max(0.0) as usize).min(height - 1);
    let (mut sum, mut count) = (0.0, 0.0);
    for y in rows {
        for x in columns.clone() {
            if rectangle.contains(Point::new(x as f32, y as f32)) {
                sum += map[y * width + x];
                count += 1.0;
            }
        }
    }
    if count == 0.0 { 0.0 } else { sum / count }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map_with(width: usize, height: usize, blocks: &[(usize, usize, usize, usize)]) -> Vec<f32> {
        let mut map = vec![0.05; width * height];
        for (left, top, right, bottom) in blocks {
            for y in *top..*bottom {
                for x in *left..*right {
                    map[y * width + x] = 0.9;
                }
            }
        }
        map
    }

    #[test]
    fn two_blocks_give_two_grown_boxes_in_page_pixels() {
        let map = map_with(200, 100, &[(20, 20, 120, 30), (20, 60, 60, 70)]);
        let quads = boxes(&map, 200, (0.5, 0.5), (400, 200));
        assert_eq!(quads.len(), 2);
        let (left, top, right, bottom) = quads[0].bounds();
        // 100×10 grown by 100·10·1.6/220 = 7.3 map pixels, twice as many page pixels.
        assert!(
            (left - 25.0).abs() < 2.0 && (right - 255.0).abs() < 2.0,
            "{left} {right}"
        );
        assert!(
            (top - 25.0).abs() < 2.0 && (bottom - 75.0).abs() < 2.0,
            "{top} {bottom}"
        );
    }

    #[test]
    fn faint_blocks_and_specks_are_left_out() {
        let mut map = map_with(100, 100, &[(10, 10, 11, 11)]);
        for x in 20..80 {
            for y in 40..50 {
                map[y * 100 + x] = 0.4;
            }
        }
        assert!(boxes(&map, 100, (1.0, 1.0), (100, 100)).is_empty());
        assert!(boxes(&[], 0, (1.0, 1.0), (1, 1)).is_empty());
    }

    /// Answers with its own input, so that one sees what it was given.
    struct Mirror;

    impl Net for Mirror {
        fn run(
            &mut self,
            data: &[f32],
            height: usize,
            width: usize,
            read: crate::ocr::paddle::net::Read<'_>,
        ) -> Result<(), OcrError> {
            read(&[1, 1, height, width], &data[..height * width])
        }
    }

    #[test]
    fn pages_are_padded_to_the_grid() {
        let page = RgbImage::from_pixel(100, 50, image::Rgb([255, 0, 255]));
        let map = look(&mut Mirror, &mut Cutter::default(), &page, 1.0).unwrap();
        assert_eq!((map.width, map.values.len()), (128, 128 * 64));
        assert!(map.values.iter().all(|value| *value == 1.0));
    }

    #[test]
    fn a_large_page_is_looked_at_in_bands_that_fit_together() {
        let page = RgbImage::from_fn(2000, 3001, |_, y| image::Rgb([(y / 12) as u8; 3]));
        let map = look(&mut Mirror, &mut Cutter::default(), &page, 1.0).unwrap();
        assert_eq!((map.width, map.values.len()), (2016, 2016 * 3008));
        for (y, row) in map.values.chunks_exact(2016).enumerate() {
            let wanted = (y.min(3000) / 12) as u8;
            assert_eq!(
                row[1000],
                crate::ocr::paddle::crop::normal(wanted),
                "row {y}"
            );
        }
    }
}
