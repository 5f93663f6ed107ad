//! From boxes and characters to lines as reported: in reading order, in pixels of the upright page.

use image::RgbImage;

use super::geometry::{Point, Quad, weighted_median};
use super::is_tall;
use super::rec::{Sign, extents};
use super::stand::is_ideograph;
use crate::domain::text::{OcrChar, OcrLine, Rect};
use crate::ocr::layout::{self, Block};
use crate::ocr::table::{self, Frame, Grid};

/// Reach of a character's box from its middle, in line heights.
const REACH: f32 = 0.6;

/// The boxes of a page in reading order.
pub struct Ordered {
    /// The boxes as they are read.
    pub quads: Vec<Quad>,
    /// Where they lie on the page set straight.
    pub blocks: Vec<Block>,
    /// The table and cell each stands in.
    pub places: Vec<Option<(usize, usize)>>,
    /// The ruled tables of the page.
    pub grids: Vec<Grid>,
    /// How the page was set straight.
    pub frame: Frame,
}

/// The boxes of an upright page as they are read, in reading order: tables cell by cell, row after row; where the text
/// runs in `columns`, those from right to left.
pub fn in_reading_order(page: &RgbImage, quads: &[Quad], columns: bool) -> Ordered {
    let size = (page.width() as f32, page.height() as f32);
    let read: Vec<Quad> = match columns {
        false => quads.to_vec(),
        true => quads.iter().map(Quad::read_downwards).collect(),
    };
    let frame = Frame {
        columns,
        skew: page_skew(&read, columns),
        size,
    };
    let blocks: Vec<Block> = read
        .iter()
        .map(|quad| {
            let upright = quad.map(|at| {
                let (x, y) = frame.apply((at.x, at.y));
                Point::new(x, y)
            });
            let (left, top, right, bottom) = upright.bounds();
            Block {
                left,
                top,
                right,
                bottom,
                vertical: is_tall(quad),
            }
        })
        .collect();
    let grids = table::find(page, &frame);
    let places = table::places(&grids, &blocks);
    let order = table::arrange(&layout::reading_order(&blocks), &places, &grids, &blocks);
    Ordered {
        quads: order.iter().map(|index| read[*index]).collect(),
        blocks: order.iter().map(|index| blocks[*index]).collect(),
        places: order.iter().map(|index| places[*index]).collect(),
        grids,
        frame,
    }
}

/// The angle in degrees that halves the total length of all lines, on the page as it is laid.
fn page_skew(quads: &[Quad], columns: bool) -> f32 {
    let along = if columns { 90.0 } else { 0.0 };
    let lines = quads.iter().filter(|quad| !is_tall(quad));
    let angles = lines.map(|quad| {
        let angle = quad.angle() - along;
        (angle - (angle / 360.0).round() * 360.0, quad.width())
    });
    weighted_median(angles.collect())
}

/// A line as reported, on a page of `size`.
pub fn line(quad: &Quad, signs: &[Sign], size: (u32, u32)) -> OcrLine {
    let reach = REACH * quad.height() / quad.width().max(1.0);
    let chars = signs
        .iter()
        .zip(extents(signs, reach))
        .map(|(sign, (from, to))| OcrChar {
            c: sign.c,
            rect: rect(&quad.slice(from, to), size),
            p: sign.p,
            others: sign.others.clone(),
            ..OcrChar::default()
        })
        .collect();
    let ideographs = signs.iter().filter(|sign| is_ideograph(sign.c)).count();
    let downwards = (45.0..135.0).contains(&quad.angle());
    let vertical = downwards && ideographs * 2 > signs.len();
    OcrLine {
        rect: rect(quad, size),
        angle: if vertical {
            quad.read_upwards().angle()
        } else {
            quad.angle()
        },
        vertical,
        chars,
        ..OcrLine::default()
    }
}

/// The whole pixels a box touches, inside the page.
pub fn rect(quad: &Quad, (width, height): (u32, u32)) -> Rect {
    let (left, top, right, bottom) = quad.bounds();
    let x = (left.max(0.0).floor() as u32).min(width.saturating_sub(1));
    let y = (top.max(0.0).floor() as u32).min(height.saturating_sub(1));
    Rect {
        x,
        y,
        width: (right.max(0.0).ceil() as u32).clamp(x + 1, width.max(x + 1)) - x,
        height: (bottom.max(0.0).ceil() as u32).clamp(y + 1, height.max(y + 1)) - y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_whole_pixels_inside_the_page() {
        let corners = [(-4.0, 10.2), (30.0, 10.2), (30.0, 60.0), (-4.0, 60.0)];
        let quad = Quad {
            corners: corners.map(|(x, y)| Point::new(x, y)),
        };
        assert_eq!(<[u32; 4]>::from(rect(&quad, (25, 50))), [0, 10, 25, 40]);
        assert_eq!(<[u32; 4]>::from(rect(&quad, (1, 1))), [0, 0, 1, 1]);
    }

    #[test]
    fn a_column_of_ideographs_stands() {
        let corners = [(0.0, 0.0), (20.0, 0.0), (20.0, 200.0), (0.0, 200.0)];
        let quad = Quad {
            corners: corners.map(|(x, y)| Point::new(x, y)),
        };
        let signs = [Sign {
            c: '存',
            p: 1.0,
            others: Vec::new(),
            middle: 0.5,
        }];
        let read = quad.read_downwards();
        let standing = line(&read, &signs, (100, 200));
        assert!(standing.vertical && standing.angle == 0.0);
        assert_eq!(<[u32; 4]>::from(standing.rect), [0, 0, 20, 200]);
    }
}
