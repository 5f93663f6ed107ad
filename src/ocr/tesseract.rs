//! Tesseract of the system, LSTM, for halls without the PP-OCR models.
//!
//! Whoever spawns the worker sets `OMP_THREAD_LIMIT=1`: Tesseract reads it once when its library is loaded, and with
//! more threads a page costs more time, not less. A running recognition cannot be interrupted: the deadline is checked
//! before it, and the keeper of the worker ends the process when it passes.

use std::path::Path;
use std::time::Instant;

use image::{GrayImage, RgbImage, imageops};
use tesseract_rs::{
    ResultIterator, TessPageIteratorLevel, TessPageSegMode, TesseractAPI, TesseractError,
};

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
/// Runner-ups below this confidence are not kept, and at most three.
const MIN_OTHER: f32 = 0.01;
const MAX_OTHERS: usize = 3;
/// Lines read from one page.
const MAX_LINES: usize = 5000;

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

/// Left, top, right, bottom on the straightened page.
type Bounds = (i32, i32, i32, i32);

struct Symbol {
    text: String,
    bounds: Bounds,
    p: f32,
    others: Vec<(char, f32)>,
}

struct Found {
    bounds: Bounds,
    chars: Vec<(char, Bounds, f32, Vec<(char, f32)>)>,
}

impl Found {
    fn finish(self, size: (u32, u32), degrees: f32) -> OcrLine {
        let chars = self
            .chars
            .into_iter()
            .map(|(c, bounds, p, others)| OcrChar {
                c,
                rect: rect(bounds, size, degrees),
                p,
                others,
            });
        OcrLine {
            rect: rect(self.bounds, size, degrees),
            angle: degrees,
            vertical: false,
            joins_next: false,
            chars: chars.collect(),
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

/// Walks lines and symbols side by side: the line's text says where the spaces are, the symbols where the characters.
fn collect(api: &TesseractAPI) -> Result<Vec<Found>, OcrError> {
    let Ok(lines) = api.get_iterator() else {
        return Ok(Vec::new()); // an empty page has no iterator
    };
    let symbols = api
        .get_iterator()
        .map_err(|error| failed("symbols", &error))?;
    let mut next_symbol = Symbols {
        iterator: symbols,
        more: true,
    };
    let mut found = Vec::new();
    loop {
        if let Ok(text) = lines.get_utf8_text(TessPageIteratorLevel::RIL_TEXTLINE) {
            let bounds = lines
                .get_bounding_box(TessPageIteratorLevel::RIL_TEXTLINE)
                .map_err(|error| failed("line box", &error))?;
            let line = line_of(&text, bounds, &mut next_symbol);
            if !line.chars.is_empty() {
                found.push(line);
            }
        }
        let more = lines
            .next(TessPageIteratorLevel::RIL_TEXTLINE)
            .map_err(|error| failed("next line", &error))?;
        if !more || found.len() >= MAX_LINES {
            return Ok(found);
        }
    }
}

fn line_of(text: &str, bounds: Bounds, symbols: &mut Symbols) -> Found {
    let mut chars: Vec<(char, Bounds, f32, Vec<(char, f32)>)> = Vec::new();
    let mut rest = text.trim_end();
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
            let after = rest.chars().next();
            let before = chars.last().map(|last| last.0);
            if let (Some(before), Some(after)) = (before, after)
                && !(is_han(before) && is_han(after))
            {
                // Its box is set from its neighbours below.
                chars.push((' ', bounds, 1.0, Vec::new()));
            }
            continue;
        }
        let Some(symbol) = symbols.next() else {
            break;
        };
        let Some(after) = rest.strip_prefix(symbol.text.as_str()) else {
            break;
        };
        rest = after;
        for c in symbol.text.chars() {
            chars.push((c, symbol.bounds, symbol.p, symbol.others.clone()));
        }
    }
    set_spaces(&mut chars, bounds);
    Found { bounds, chars }
}

fn set_spaces(chars: &mut [(char, Bounds, f32, Vec<(char, f32)>)], line: Bounds) {
    for index in 1..chars.len().saturating_sub(1) {
        if chars[index].0 == ' ' {
            let left = chars[index - 1].1.2;
            let right = chars[index + 1].1.0.max(left + 1);
            chars[index].1 = (left, line.1, right, line.3);
        }
    }
}

/// Han characters and the punctuation set with them.
fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{20000}'..='\u{3ffff}'
        | '“' | '”' | '‘' | '’' | '…' | '—')
}

struct Symbols {
    iterator: ResultIterator,
    more: bool,
}

impl Symbols {
    /// The next symbol with text.
    fn next(&mut self) -> Option<Symbol> {
        const LEVEL: TessPageIteratorLevel = TessPageIteratorLevel::RIL_SYMBOL;
        while self.more {
            let found = self.current();
            self.more = self.iterator.next(LEVEL).unwrap_or(false);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn current(&self) -> Option<Symbol> {
        const LEVEL: TessPageIteratorLevel = TessPageIteratorLevel::RIL_SYMBOL;
        let text = self.iterator.get_utf8_text(LEVEL).ok()?;
        if text.trim().is_empty() {
            return None;
        }
        Some(Symbol {
            bounds: self.iterator.get_bounding_box(LEVEL).ok()?,
            p: (self.iterator.confidence(LEVEL).ok()? / 100.0).clamp(0.0, 1.0),
            others: self.others(&text),
            text,
        })
    }

    fn others(&self, best: &str) -> Vec<(char, f32)> {
        let mut found = Vec::new();
        let Ok(choices) = self.iterator.get_choice_iterator() else {
            return found;
        };
        loop {
            let choice = choices.get_utf8_text().ok().zip(choices.confidence().ok());
            if let Some((text, confidence)) = choice {
                let mut chars = text.chars();
                let p = (confidence / 100.0).clamp(0.0, 1.0);
                if let (Some(c), None) = (chars.next(), chars.next())
                    && text != best
                    && p >= MIN_OTHER
                {
                    found.push((c, p));
                }
            }
            if !choices.next().unwrap_or(false) {
                break;
            }
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.dedup_by_key(|(c, _)| *c);
        found.truncate(MAX_OTHERS);
        found
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
    fn spaces_between_han_characters_are_not_text() {
        assert!(is_han('存') && is_han('，') && is_han('。') && is_han('（'));
        assert!(!is_han('A') && !is_han('1') && !is_han('Ａ'));
    }

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
