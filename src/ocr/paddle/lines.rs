//! From boxes and characters to lines as reported: in reading order, in pixels of the page turned upright.

use image::RgbImage;

use super::geometry::{Point, Quad, turned, weighted_median};
use super::is_tall;
use super::rec::{Sign, extents};
use super::stand::is_ideograph;
use crate::domain::text::{OcrChar, OcrLine, PageTurn, Rect};
use crate::ocr::layout::{self, Block};
use crate::ocr::table::{self, Frame, Grid};

/// Reach of a character's box from its middle, in line heights.
const REACH: f32 = 0.6;

/// The boxes of a page in reading order.
pub struct Ordered {
    /// The boxes as they are read.
    pub quads: Vec<Quad>,
    /// Where they lie on the page turned and set straight.
    pub blocks: Vec<Block>,
    /// The table and cell each stands in.
    pub places: Vec<Option<(usize, usize)>>,
    /// The ruled tables of the page.
    pub grids: Vec<Grid>,
    /// How the page was turned and set straight.
    pub frame: Frame,
}

/// The boxes as they are read on the page after `turn`, in reading order: tables cell by cell, row after row.
pub fn in_reading_order(page: &RgbImage, quads: &[Quad], turn: PageTurn) -> Ordered {
    let size = (page.width() as f32, page.height() as f32);
    let read: Vec<Quad> = quads
        .iter()
        .map(|quad| match turn {
            PageTurn::None => *quad,
            PageTurn::Half => quad.upside_down(),
            PageTurn::Quarter => quad.read_upwards(),
            PageTurn::ThreeQuarters => quad.read_downwards(),
        })
        .collect();
    let frame = Frame {
        turn,
        skew: page_skew(&read, turn),
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

/// The angle in degrees that halves the total length of all lines, on the turned page.
fn page_skew(quads: &[Quad], turn: PageTurn) -> f32 {
    let angles: Vec<(f32, f32)> = quads
        .iter()
        .filter(|quad| !is_tall(quad))
        .map(|quad| (relative_angle(quad, turn), quad.width()))
        .collect();
    weighted_median(angles)
}

/// The reading direction of a box on the turned page, in degrees, −180 to 180.
fn relative_angle(quad: &Quad, turn: PageTurn) -> f32 {
    let page_angle = match turn {
        PageTurn::None => 0.0,
        PageTurn::Quarter => -90.0,
        PageTurn::Half => 180.0,
        PageTurn::ThreeQuarters => 90.0,
    };
    let angle = quad.angle() - page_angle;
    angle - (angle / 360.0).round() * 360.0
}

/// A line as reported. `up` is the turn that makes the page of `size` stand upright.
pub fn line(quad: &Quad, signs: &[Sign], up: PageTurn, size: (u32, u32)) -> OcrLine {
    let (width, height) = (size.0 as f32, size.1 as f32);
    let on_page = quad.map(|corner| turned(corner, up, width, height));
    let size = up.size(size);
    let reach = REACH * quad.height() / quad.width().max(1.0);
    let chars = signs
        .iter()
        .zip(extents(signs, reach))
        .map(|(sign, (from, to))| OcrChar {
            c: sign.c,
            rect: rect(&on_page.slice(from, to), size),
            p: sign.p,
            others: sign.others.clone(),
            ..OcrChar::default()
        })
        .collect();
    let ideographs = signs.iter().filter(|sign| is_ideograph(sign.c)).count();
    let downwards = (45.0..135.0).contains(&on_page.angle());
    let vertical = downwards && ideographs * 2 > signs.len();
    OcrLine {
        rect: rect(&on_page, size),
        angle: if vertical {
            on_page.read_upwards().angle()
        } else {
            on_page.angle()
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
    fn vertical_text_stands_and_a_page_on_its_side_lies() {
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
        let standing = line(&read, &signs, PageTurn::None, (100, 200));
        assert!(standing.vertical && standing.angle == 0.0);
        let lying = line(&read, &signs, PageTurn::ThreeQuarters, (100, 200));
        assert!(!lying.vertical && lying.angle == 0.0);
        assert_eq!(<[u32; 4]>::from(lying.rect), [0, 80, 200, 20]);
    }
}
