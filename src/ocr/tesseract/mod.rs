//! Tesseract of the system, LSTM, for halls without the PP-OCR models.
//!
//! Whoever spawns the worker sets `OMP_THREAD_LIMIT=1`: Tesseract reads it once when its library is loaded, and with
//! more threads a page costs more time, not less. A running recognition cannot be interrupted: the deadline is checked
//! before it, and the keeper of the worker ends the process when it passes.

mod walk;

use std::path::Path;
use std::time::Instant;

use image::{GrayImage, RgbImage, imageops};
use tesseract_rs::{TessPageSegMode, TesseractAPI, TesseractError};

use self::walk::{Bounds, Found, collect};

use super::layout::{self, Block};
use super::skew::{skew, straighten, unstraighten};
use super::{Language, OcrEngine, OcrError};
use crate::domain::digest::Digest;
use crate::domain::text::{EngineId, OcrChar, OcrLine, OcrPage, Rect};

/// Pages skewed by more, in degrees, are straightened first.
const STRAIGHT: f32 = 0.3;
/// `OEM_LSTM_ONLY` of Tesseract.
const LSTM_ONLY: i32 = 1;
/// Height of an A4 page in inches: the resolution is guessed from it where none is known.
const A4_INCHES: f32 = 11.69;

/// The Tesseract engine with its Chinese and English data loaded.
pub struct TesseractEngine {
    api: TesseractAPI,
    loaded: String,
    models: String,
}

impl TesseractEngine {
    /// Loads Chinese and English. Fails with [`OcrError::Missing`] where their data are not installed.
    pub fn open() -> Result<Self, OcrError> {
        let mut engine = Self {
            api: TesseractAPI::new(),
            loaded: String::new(),
            models: String::new(),
        };
        engine.load(&codes(&[Language::Zh, Language::En]))?;
        Ok(engine)
    }

    fn load(&mut self, codes: &str) -> Result<(), OcrError> {
        if self.loaded == codes {
            return Ok(());
        }
        self.loaded.clear();
        let missing = |_| OcrError::Missing {
            part: format!("tesseract data {codes}"),
            reason: "install tesseract-ocr-chi-sim and tesseract-ocr-eng, or run make setup"
                .to_owned(),
        };
        // An empty path lets Tesseract look where it was installed, or in TESSDATA_PREFIX.
        self.api.init_2("", codes, LSTM_ONLY).map_err(missing)?;
        self.api
            .set_page_seg_mode(TessPageSegMode::PSM_AUTO)
            .map_err(|error| failed("page segmentation mode", &error))?;
        self.api
            .set_variable("lstm_choice_mode", "2")
            .map_err(|error| failed("choice mode", &error))?;
        let folder = self
            .api
            .get_datapath()
            .map_err(|error| failed("data path", &error))?;
        let mut digests = Vec::new();
        for code in codes.split('+') {
            let path = Path::new(&folder).join(format!("{code}.traineddata"));
            let bytes = std::fs::read(&path).map_err(|error| OcrError::Missing {
                part: path.display().to_string(),
                reason: error.to_string(),
            })?;
            digests.extend_from_slice(Digest::of(bytes).as_bytes());
        }
        self.models = Digest::of(digests).to_string();
        self.loaded = codes.to_owned();
        Ok(())
    }

    fn read(&self, page: &GrayImage, dpi: i32) -> Result<Vec<Found>, OcrError> {
        let (width, height) = page.dimensions();
        let sides = i32::try_from(width).ok().zip(i32::try_from(height).ok());
        let (width, height) = sides.ok_or_else(|| OcrError::Failed("page too large".to_owned()))?;
        self.api
            .set_image(page.as_raw(), width, height, 1, width)
            .map_err(|error| failed("setting the page", &error))?;
        self.api
            .set_source_resolution(dpi)
            .map_err(|error| failed("setting the resolution", &error))?;
        self.api
            .recognize()
            .map_err(|error| failed("recognising", &error))?;
        let found = collect(&self.api);
        self.api
            .clear()
            .map_err(|error| failed("clearing", &error))?;
        found
    }
}

impl OcrEngine for TesseractEngine {
    fn id(&self) -> EngineId {
        EngineId {
            name: "tesseract".to_owned(),
            version: TesseractAPI::version(),
            models: self.models.clone(),
            settings: format!("languages={} psm=3 oem=1", self.loaded),
        }
    }

    fn recognise(
        &mut self,
        page: &RgbImage,
        dpi: Option<f32>,
        languages: &[Language],
        deadline: Instant,
    ) -> Result<OcrPage, OcrError> {
        if Instant::now() >= deadline {
            return Err(OcrError::Deadline);
        }
        self.load(&codes(languages))?;
        let (width, height) = page.dimensions();
        let mut lines = Vec::new();
        if width > 0 && height > 0 {
            let gray = imageops::grayscale(page);
            let mut degrees = skew(&gray);
            let straight = if degrees.abs() > STRAIGHT {
                straighten(&gray, degrees)
            } else {
                degrees = 0.0;
                gray
            };
            let guessed = width.max(height) as f32 / A4_INCHES;
            let dpi = dpi.unwrap_or(guessed).clamp(70.0, 600.0) as i32;
            let found = self.read(&straight, dpi)?;
            let blocks: Vec<Block> = found.iter().map(|line| block(line.bounds)).collect();
            lines.extend(
                found
                    .into_iter()
                    .map(|line| line.finish((width, height), degrees)),
            );
            layout::mark_joins(&mut lines, &blocks);
        }
        if Instant::now() >= deadline {
            return Err(OcrError::Deadline);
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

fn codes(languages: &[Language]) -> String {
    let zh = languages.contains(&Language::Zh);
    let en = languages.contains(&Language::En);
    match (zh, en) {
        (true, false) => "chi_sim",
        (false, true) => "eng",
        _ => "chi_sim+eng",
    }
    .to_owned()
}

fn failed(doing: &str, error: &TesseractError) -> OcrError {
    OcrError::Failed(format!("tesseract: {doing}: {error}"))
}

impl Found {
    fn finish(self, size: (u32, u32), degrees: f32) -> OcrLine {
        let chars = self.glyphs.into_iter().map(|glyph| OcrChar {
            c: glyph.c,
            rect: rect(glyph.bounds, size, degrees),
            p: glyph.p,
            others: glyph.others,
            ..OcrChar::default()
        });
        OcrLine {
            rect: rect(self.bounds, size, degrees),
            angle: degrees,
            vertical: false,
            joins_next: false,
            chars: chars.collect(),
            ..OcrLine::default()
        }
    }
}

fn block((left, top, right, bottom): Bounds) -> Block {
    Block {
        left: left as f32,
        top: top as f32,
        right: right as f32,
        bottom: bottom as f32,
        vertical: false,
    }
}

/// The box on the page given, around the corners of a box on the straightened page.
fn rect((left, top, right, bottom): Bounds, size: (u32, u32), degrees: f32) -> Rect {
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        .map(|(x, y)| unstraighten(x as f32, y as f32, size, degrees));
    let side = |limit: u32, pick: fn(&(f32, f32)) -> f32| {
        let low = corners.iter().map(pick).fold(f32::INFINITY, f32::min);
        let high = corners.iter().map(pick).fold(0.0, f32::max);
        let start = (low.max(0.0).floor() as u32).min(limit.saturating_sub(1));
        let end = (high.ceil() as u32).clamp(start + 1, limit.max(start + 1));
        (start, end - start)
    };
    let (x, width) = side(size.0, |corner| corner.0);
    let (y, height) = side(size.1, |corner| corner.1);
    Rect {
        x,
        y,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_stay_inside_the_page() {
        let found = rect((-5, 10, 120, 40), (100, 50), 0.0);
        assert_eq!(<[u32; 4]>::from(found), [0, 10, 100, 30]);
        let found = rect((300, 300, 310, 310), (100, 50), 0.0);
        assert_eq!(<[u32; 4]>::from(found), [99, 49, 1, 1]);
    }

    #[test]
    fn languages_choose_the_data() {
        assert_eq!(codes(&[]), "chi_sim+eng");
        assert_eq!(codes(&[Language::Zh]), "chi_sim");
        assert_eq!(codes(&[Language::En]), "eng");
    }
}
