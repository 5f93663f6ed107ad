//! PP-OCR through ONNX Runtime: find text, decide which way up the page is, read each line from the page at its
//! original resolution. Pixels in, lines out; nothing here opens a citizen's file or keeps a page.

pub mod cls;
pub mod crop;
pub mod det;
pub mod geometry;
mod ghost;
mod lines;
pub mod model;
pub mod net;
mod pixels;
pub mod rec;
mod rings;
mod seal;
mod stamp;
pub mod stand;

use std::path::Path;
use std::time::Instant;

use image::RgbImage;

use self::crop::Cutter;
use self::geometry::Quad;
use self::lines::{Ordered, in_reading_order, line};
use self::model::{CLS, DET, ModelFolder, REC};
use self::net::{Loader, Net, Runtime};
use self::rec::{Reader, Sign, mean_confidence};
use self::stand::characters_stand;
use super::layout::{self, Block};
use super::{Language, OcrEngine, OcrError, table};
use crate::domain::digest::Digest;
use crate::domain::text::{EngineId, OcrPage, PageTurn};

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
/// The PP-OCR engine: three models, one thread.
pub struct PaddleEngine {
    det: Box<dyn Net>,
    cls: Box<dyn Net>,
    reader: Reader,
    cutter: Cutter,
    id: EngineId,
}

impl PaddleEngine {
    /// Loads the engine from a folder made by `tools/fetch-ocr.sh`. Fails with [`OcrError::Missing`] when a file is
    /// absent or differs from its digest.
    pub fn open(folder: &Path, runtime: Runtime) -> Result<Self, OcrError> {
        let folder = ModelFolder::open(folder)?;
        let mut loader = Loader::open(runtime, &folder)?;
        let (det, det_digest) = folder.read(DET)?;
        let (cls, cls_digest) = folder.read(CLS)?;
        let (rec, rec_digest) = folder.read(REC)?;
        let mut all = Vec::new();
        for digest in [det_digest, cls_digest, rec_digest] {
            all.extend_from_slice(digest.as_bytes());
        }
        let id = EngineId {
            name: "paddle".to_owned(),
            version: format!("PP-OCRv6-small {}", loader.version()),
            models: Digest::of(&all).to_string(),
            settings: format!(
                "det={DET_LIMIT} small={SMALL_TEXT}..{GOOD_TEXT} min-line={MIN_LINE}"
            ),
        };
        Ok(Self {
            det: loader.load(DET, &det)?,
            cls: loader.load(CLS, &cls)?,
            reader: Reader::new(loader.load(REC, &rec)?, &rec)?,
            cutter: Cutter::default(),
            id,
        })
    }

    fn find(&mut self, page: &RgbImage, scale: f32) -> Result<Vec<Quad>, OcrError> {
        let map = det::look(self.det.as_mut(), &mut self.cutter, page, scale)?;
        Ok(det::boxes(
            &map.values,
            map.width,
            map.scale,
            page.dimensions(),
        ))
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
            let signs = self.reader.read(page, &quad)?;
            return Ok((quad, signs));
        }
        let mut best = (quad.read_downwards(), Vec::new());
        let mut tries = vec![quad.read_downwards(), quad.read_upwards()];
        if quad.height() < quad.width() * TALL * 2.0 {
            tries.push(quad);
        }
        for candidate in tries {
            let signs = self.reader.read(page, &candidate)?;
            if mean_confidence(&signs) > mean_confidence(&best.1) {
                best = (candidate, signs);
            }
        }
        Ok(best)
    }

    /// Reads every box. What is no text, and what shines through from the back, is left out.
    fn read_all(
        &mut self,
        page: &RgbImage,
        ordered: &Ordered,
        deadline: Instant,
    ) -> Result<Readings, OcrError> {
        let (mut read, mut whence) = (Vec::new(), Vec::new());
        for (index, quad) in ordered.quads.iter().enumerate() {
            check(deadline)?;
            let (quad, signs) = self.read(page, *quad)?;
            if mean_confidence(&signs) >= MIN_LINE {
                read.push((quad, signs));
                whence.push(index);
            }
        }
        let ghosts = ghost::shining_through(&mut self.reader, page, &read)?;
        let mut kept = Readings::default();
        for ((line, index), ghost) in read.into_iter().zip(whence).zip(ghosts) {
            if !ghost {
                kept.lines.push(line);
                kept.blocks.push(ordered.blocks[index]);
                kept.places.push(ordered.places[index]);
            }
        }
        Ok(kept)
    }
}

/// The lines of a page that are text, with where each stands.
#[derive(Default)]
struct Readings {
    lines: Vec<(Quad, Vec<Sign>)>,
    blocks: Vec<Block>,
    places: Vec<Option<(usize, usize)>>,
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
        let size = page.dimensions();
        let mut lines = Vec::new();
        let mut tables = Vec::new();
        let mut up = PageTurn::None;
        if size.0 > 0 && size.1 > 0 {
            check(deadline)?;
            let seals = self.seals(page)?;
            let sealed = page;
            let clean = (!seals.is_empty()).then(|| seal::cleaned(page, &seals));
            let page = clean.as_ref().unwrap_or(page);
            let quads = self.find_all(page, deadline)?;
            check(deadline)?;
            let turn = cls::page_turn(self.cls.as_mut(), &mut self.cutter, page, &quads)?;
            let ordered = in_reading_order(page, &quads, turn);
            let read = self.read_all(page, &ordered, deadline)?;
            up = turn;
            // Turned counter-clockwise to be read, a page of vertical text and a page on its side are alike so far.
            if turn == PageTurn::ThreeQuarters
                && characters_stand(&mut self.reader, page, &read.lines)?
            {
                up = PageTurn::None;
            }
            let own = read.lines.iter();
            lines.extend(own.map(|(quad, signs)| line(quad, signs, up, size)));
            layout::mark_joins(&mut lines, &read.blocks);
            table::part(&mut lines, &read.places);
            check(deadline)?;
            lines.extend(self.read_seals(sealed, &seals, up)?);
            // Cells of a page that was turned for reading alone are in no order that a reader would see.
            if up == turn {
                tables = table::tables(&ordered.grids, &read.places, &ordered.frame);
            }
        }
        let (width, height) = up.size(size);
        Ok(OcrPage {
            engine: self.id(),
            turn: up,
            width,
            height,
            lines,
            tables,
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
}
