//! PP-OCR through ONNX Runtime: find text, decide which way up the page is, read each line from the page at its
//! original resolution. Pixels in, lines out; nothing here opens a citizen's file or keeps a page.

pub mod cls;
pub mod crop;
pub mod det;
pub mod geometry;
pub mod model;
pub mod rec;
pub mod stand;

use std::path::Path;
use std::time::Instant;

use image::RgbImage;
use ort::session::Session;

use self::geometry::{Point, Quad, Turn, weighted_median};
use self::model::{CLS, DET, ModelFolder, REC, run};
use self::rec::{Dictionary, Sign, extents, mean_confidence, read_line};
use self::stand::{characters_stand, is_ideograph};
use super::layout::{self, Block};
use super::{Language, OcrEngine, OcrError};
use crate::domain::digest::Digest;
use crate::domain::text::{EngineId, OcrChar, OcrLine, OcrPage, Rect};

/// Longest side of the detection model's input at first.
const DET_LIMIT: f32 = 960.0;
/// Median height of the boxes, in detection pixels, below which the page is looked at again, larger.
const SMALL_TEXT: f32 = 13.0;
/// What that height is then brought to.
const GOOD_TEXT: f32 = 20.0;
/// Longest side of the detection model's input when text is small.
const DET_LARGEST: f32 = 2880.0;
/// Boxes at least this many times as high as wide run from top to bottom.
pub(crate) const TALL: f32 = 1.5;
/// Lines read with less mean confidence are not text.
const MIN_LINE: f32 = 0.5;
/// Reach of a character's box from its middle, in line heights.
const REACH: f32 = 0.6;

/// The PP-OCR engine: three models, one thread.
pub struct PaddleEngine {
    det: Session,
    cls: Session,
    rec: Session,
    dictionary: Dictionary,
    id: EngineId,
}

impl PaddleEngine {
    /// Loads the engine from a folder made by `tools/fetch-ocr.sh`. Fails with [`OcrError::Missing`] when a file is
    /// absent or differs from its digest.
    pub fn open(folder: &Path) -> Result<Self, OcrError> {
        let folder = ModelFolder::open(folder)?;
        let (det, det_digest) = folder.session(DET)?;
        let (cls, cls_digest) = folder.session(CLS)?;
        let (rec, rec_digest) = folder.session(REC)?;
        let dictionary = Dictionary::of(&rec)?;
        let mut all = Vec::new();
        for digest in [det_digest, cls_digest, rec_digest] {
            all.extend_from_slice(digest.as_bytes());
        }
        let id = EngineId {
            name: "paddle".to_owned(),
            version: "PP-OCRv6-small onnxruntime-1.32.0".to_owned(),
            models: Digest::of(&all).to_string(),
            settings: format!(
                "det={DET_LIMIT} small={SMALL_TEXT}..{GOOD_TEXT} min-line={MIN_LINE}"
            ),
        };
        Ok(Self {
            det,
            cls,
            rec,
            dictionary,
            id,
        })
    }

    fn find(&mut self, page: &RgbImage, scale: f32) -> Result<Vec<Quad>, OcrError> {
        let input = det::prepare(page, scale);
        let (width, height) = (input.width as usize, input.height as usize);
        let (_, map) = run(&mut self.det, &input.data, height, width)?;
        if map.len() != width * height {
            return Err(OcrError::Failed(
                "the detection model gave a map of another size".to_owned(),
            ));
        }
        Ok(det::boxes(&map, width, input.scale, page.dimensions()))
    }

    /// Finds text on the page made small; where that made the text too small, on the page made less small.
    fn find_all(&mut self, page: &RgbImage, deadline: Instant) -> Result<Vec<Quad>, OcrError> {
        let longest = page.width().max(page.height()) as f32;
        let scale = (DET_LIMIT / longest).min(1.0);
        let quads = self.find(page, scale)?;
        let mut sides: Vec<f32> = quads
            .iter()
            .map(|quad| quad.height().min(quad.width()) * scale)
            .collect();
        sides.sort_by(f32::total_cmp);
        let median = sides.get(sides.len() / 2).copied();
        let Some(larger) = median.and_then(|median| second_look(median, scale, longest)) else {
            return Ok(quads);
        };
        check(deadline)?;
        self.find(page, larger)
    }

    /// Reads one box; a tall one in each way it may have been written, the surest taken.
    fn read(&mut self, page: &RgbImage, quad: Quad) -> Result<(Quad, Vec<Sign>), OcrError> {
        if !is_tall(&quad) {
            let signs = read_line(&mut self.rec, &self.dictionary, page, &quad)?;
            return Ok((quad, signs));
        }
        let mut best = (quad.read_downwards(), Vec::new());
        let mut tries = vec![quad.read_downwards(), quad.read_upwards()];
        if quad.height() < quad.width() * TALL * 2.0 {
            tries.push(quad);
        }
        for candidate in tries {
            let signs = read_line(&mut self.rec, &self.dictionary, page, &candidate)?;
            if mean_confidence(&signs) > mean_confidence(&best.1) {
                best = (candidate, signs);
            }
        }
        Ok(best)
    }
}

impl OcrEngine for PaddleEngine {
    fn id(&self) -> EngineId {
        self.id.clone()
    }

    fn recognise(
        &mut self,
        page: &RgbImage,
        _dpi: Option<f32>,
        _languages: &[Language],
        deadline: Instant,
    ) -> Result<OcrPage, OcrError> {
        let (width, height) = page.dimensions();
        let mut lines = Vec::new();
        if width > 0 && height > 0 {
            check(deadline)?;
            let quads = self.find_all(page, deadline)?;
            check(deadline)?;
            let turn = cls::page_turn(&mut self.cls, page, &quads)?;
            let (quads, blocks) = in_reading_order(&quads, turn, (width as f32, height as f32));
            let mut kept = Vec::new();
            let mut read = Vec::new();
            for (quad, block) in quads.into_iter().zip(blocks) {
                check(deadline)?;
                let (quad, signs) = self.read(page, quad)?;
                if mean_confidence(&signs) >= MIN_LINE {
                    read.push((quad, signs));
                    kept.push(block);
                }
            }
            // Turned counter-clockwise to be read, a page of vertical text and a page on its side are alike so far.
            let up = if turn == Turn::CounterClockwise
                && characters_stand(&mut self.rec, &self.dictionary, page, &read)?
            {
                Turn::None
            } else {
                turn
            };
            lines.extend(
                read.iter()
                    .map(|(quad, signs)| line(quad, signs, up, (width, height))),
            );
            layout::mark_joins(&mut lines, &kept);
        }
        Ok(OcrPage {
            engine: self.id(),
            width,
            height,
            lines,
            ..OcrPage::default()
        })
    }
}

/// Whether `folder` holds the models and the run time.
pub fn is_installed(folder: &Path) -> bool {
    ModelFolder::is_present(folder)
}

/// The scale to look again with where boxes are `median` detection pixels high at `scale`; `None` where they are
/// high enough or the page has no more pixels to give.
fn second_look(median: f32, scale: f32, longest: f32) -> Option<f32> {
    let larger = (scale * GOOD_TEXT / median.max(1.0))
        .min(DET_LARGEST / longest)
        .min(1.0);
    (median < SMALL_TEXT && larger > scale * 1.1).then_some(larger)
}

fn check(deadline: Instant) -> Result<(), OcrError> {
    if Instant::now() >= deadline {
        return Err(OcrError::Deadline);
    }
    Ok(())
}

/// Whether the characters of an upright box run from top to bottom.
pub(crate) fn is_tall(quad: &Quad) -> bool {
    quad.height() >= quad.width() * TALL
}

/// The boxes as they are read on the turned page, in reading order, and where they lie on it.
fn in_reading_order(quads: &[Quad], turn: Turn, size: (f32, f32)) -> (Vec<Quad>, Vec<Block>) {
    let read: Vec<Quad> = quads
        .iter()
        .map(|quad| match turn {
            Turn::None => *quad,
            Turn::Half => quad.upside_down(),
            Turn::Clockwise => quad.read_upwards(),
            Turn::CounterClockwise => quad.read_downwards(),
        })
        .collect();
    let skew = page_skew(&read, turn).to_radians();
    let (sin, cos) = skew.sin_cos();
    let blocks: Vec<Block> = read
        .iter()
        .map(|quad| {
            let upright = quad.map(|at| {
                let at = turn.apply(at, size.0, size.1);
                Point::new(at.x * cos + at.y * sin, at.y * cos - at.x * sin)
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
    let order = layout::reading_order(&blocks);
    (
        order.iter().map(|index| read[*index]).collect(),
        order.iter().map(|index| blocks[*index]).collect(),
    )
}

/// The angle in degrees that halves the total length of all lines, on the turned page.
fn page_skew(quads: &[Quad], turn: Turn) -> f32 {
    let angles: Vec<(f32, f32)> = quads
        .iter()
        .filter(|quad| !is_tall(quad))
        .map(|quad| (relative_angle(quad, turn), quad.width()))
        .collect();
    weighted_median(angles)
}

/// The reading direction of a box on the turned page, in degrees, −180 to 180.
fn relative_angle(quad: &Quad, turn: Turn) -> f32 {
    let page_angle = match turn {
        Turn::None => 0.0,
        Turn::Clockwise => -90.0,
        Turn::Half => 180.0,
        Turn::CounterClockwise => 90.0,
    };
    let angle = quad.angle() - page_angle;
    angle - (angle / 360.0).round() * 360.0
}

/// A line as reported. `up` is the turn that makes its characters stand upright.
fn line(quad: &Quad, signs: &[Sign], up: Turn, size: (u32, u32)) -> OcrLine {
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
    let downwards = (45.0..135.0).contains(&relative_angle(quad, up));
    let vertical = downwards && ideographs * 2 > signs.len();
    OcrLine {
        rect: rect(quad, size),
        angle: if vertical {
            quad.read_upwards().angle()
        } else {
            quad.angle()
        },
        vertical,
        joins_next: false,
        chars,
        ..OcrLine::default()
    }
}

/// The whole pixels a box touches, inside the page.
fn rect(quad: &Quad, (width, height): (u32, u32)) -> Rect {
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
    fn small_text_is_looked_at_again_as_far_as_the_page_has_pixels() {
        assert_eq!(second_look(15.0, 0.2, 4800.0), None);
        assert_eq!(second_look(10.0, 0.2, 4800.0), Some(0.4));
        assert_eq!(second_look(2.0, 0.2, 4800.0), Some(0.6));
        assert_eq!(second_look(10.0, 1.0, 500.0), None);
    }

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
        let standing = line(&read, &signs, Turn::None, (100, 200));
        assert!(standing.vertical && standing.angle == 0.0);
        let lying = line(&read, &signs, Turn::CounterClockwise, (100, 200));
        assert!(!lying.vertical && lying.angle == 90.0);
    }
}
