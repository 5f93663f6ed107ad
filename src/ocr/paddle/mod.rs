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
use self::seal::Seal;
use self::stand::run_in_columns;
use super::layout::{self, Block};
use super::{Language, OcrEngine, OcrError, table};
use crate::domain::digest::Digest;
use crate::domain::text::{EngineId, OcrPage, PageTurn};
use crate::imaging::rotate::quarter_turns;

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
/// Lines asked whether their characters lie.
const WITNESSES: usize = 6;
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

    /// Looks for seals and text.
    fn look(&mut self, page: &RgbImage, deadline: Instant) -> Result<Found, OcrError> {
        check(deadline)?;
        let seals = self.seals(page)?;
        let clean = (!seals.is_empty()).then(|| seal::cleaned(page, &seals));
        let quads = self.find_all(clean.as_ref().unwrap_or(page), deadline)?;
        check(deadline)?;
        Ok(Found {
            seals,
            clean,
            quads,
        })
    }

    /// Whether the text of a page runs in columns: with its lines turned to run from left to right, its characters lie on
    /// their side. Asked only where that is not far-fetched, of tall boxes and of a page wider than high.
    fn in_columns(
        &mut self,
        page: &RgbImage,
        quads: &[Quad],
        turn: PageTurn,
    ) -> Result<bool, OcrError> {
        let sideways = matches!(turn, PageTurn::Quarter | PageTurn::ThreeQuarters);
        if !sideways && page.width() <= page.height() {
            return Ok(false);
        }
        let mut long: Vec<Quad> = quads
            .iter()
            .filter(|quad| is_tall(quad) == sideways)
            .map(|quad| match turn {
                PageTurn::None => *quad,
                PageTurn::Quarter => quad.read_upwards(),
                PageTurn::Half => quad.upside_down(),
                PageTurn::ThreeQuarters => quad.read_downwards(),
            })
            .collect();
        long.sort_by(|a, b| b.width().total_cmp(&a.width()));
        let mut read = Vec::new();
        for quad in long.into_iter().take(WITNESSES) {
            let signs = self.reader.read(page, &quad)?;
            if mean_confidence(&signs) >= MIN_LINE {
                read.push((quad, signs));
            }
        }
        run_in_columns(&mut self.reader, page, &read)
    }

    /// Reads what was found on an upright page; in `columns` where its text runs from top to bottom.
    fn read_upright(
        &mut self,
        page: &RgbImage,
        found: &Found,
        columns: bool,
        deadline: Instant,
    ) -> Result<OcrPage, OcrError> {
        let clean = found.clean.as_ref().unwrap_or(page);
        let ordered = in_reading_order(clean, &found.quads, columns);
        let read = self.read_all(clean, &ordered, deadline)?;
        let mut made = self.page(page);
        let own = read.lines.iter();
        made.lines = own
            .map(|(quad, signs)| line(quad, signs, page.dimensions()))
            .collect();
        layout::mark_joins(&mut made.lines, &read.blocks);
        table::part(&mut made.lines, &read.places);
        check(deadline)?;
        made.lines.extend(self.read_seals(page, &found.seals)?);
        // Cells of a page laid on its side are in no order that a reader would see.
        if !columns {
            made.tables = table::tables(&ordered.grids, &read.places, &ordered.frame);
        }
        Ok(made)
    }

    /// A page on which nothing was read yet.
    fn page(&self, page: &RgbImage) -> OcrPage {
        OcrPage {
            engine: self.id.clone(),
            turn: PageTurn::None,
            width: page.width(),
            height: page.height(),
            lines: Vec::new(),
            tables: Vec::new(),
        }
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

/// What there is on a page.
struct Found {
    seals: Vec<Seal>,
    /// The page without the ink of its seals, if it has any.
    clean: Option<RgbImage>,
    quads: Vec<Quad>,
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
        if page.width() == 0 || page.height() == 0 {
            return Ok(self.page(page));
        }
        let found = self.look(page, deadline)?;
        let clean = found.clean.as_ref().unwrap_or(page);
        let turn = cls::page_turn(self.cls.as_mut(), &mut self.cutter, clean, &found.quads)?;
        // So far, a page on its side and one written in columns are alike.
        let columns = self.in_columns(clean, &found.quads, turn)?;
        let turn = match columns {
            true => turn.and_a_quarter(),
            false => turn,
        };
        if turn == PageTurn::None {
            return self.read_upright(page, &found, columns, deadline);
        }
        let quarters = u32::from(turn.degrees() / 90);
        let upright = quarter_turns(page.clone(), quarters);
        let found = self.look(&upright, deadline)?;
        let mut read = self.read_upright(&upright, &found, columns, deadline)?;
        read.turn = turn;
        Ok(read)
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
