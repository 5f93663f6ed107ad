//! What was read on a page: lines in reading order, characters with boxes, confidences and runner-ups.
//!
//! Coordinates are pixels of the **upright page**: the decoded image with its EXIF/TIFF orientation and the
//! page's rotation applied, never deskewed. Origin top left.

use serde::{Deserialize, Serialize};

/// An axis-aligned box in upright-page pixels: `x`, `y` of its top left corner, width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "[u32; 4]", into = "[u32; 4]")]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl From<[u32; 4]> for Rect {
    fn from([x, y, width, height]: [u32; 4]) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }
}

impl From<Rect> for [u32; 4] {
    fn from(rect: Rect) -> Self {
        [rect.x, rect.y, rect.width, rect.height]
    }
}

impl Rect {
    /// The smallest box around both.
    pub fn union(self, other: Rect) -> Rect {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Rect {
            x,
            y,
            width: right - x,
            height: bottom - y,
        }
    }
}

/// Which engine read a page, and with what: enough to say whether another reading would be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineId {
    /// `paddle`, `tesseract` or `recorded`.
    pub name: String,
    /// Version of the engine and its run time.
    pub version: String,
    /// SHA-256 over the model files, in a fixed order.
    pub models: String,
    /// Settings that change the text, as `key=value` separated by spaces.
    pub settings: String,
}

/// Everything read on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrPage {
    /// What read it.
    pub engine: EngineId,
    /// Upright page width in pixels.
    pub width: u32,
    /// Upright page height in pixels.
    pub height: u32,
    /// Lines in reading order.
    pub lines: Vec<OcrLine>,
}

/// One line of text. The text is the concatenation of its characters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrLine {
    /// Box around the line.
    pub rect: Rect,
    /// Angle of the line's baseline in degrees, clockwise positive; 0 for upright horizontal text.
    #[serde(default)]
    pub angle: f32,
    /// Whether the characters run from top to bottom.
    #[serde(default)]
    pub vertical: bool,
    /// Whether the next line continues the same paragraph, so that a word may run across the break.
    #[serde(default)]
    pub joins_next: bool,
    /// The characters, spaces included.
    pub chars: Vec<OcrChar>,
}

/// One character as read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrChar {
    /// The character.
    pub c: char,
    /// Its box.
    pub rect: Rect,
    /// Confidence from 0 to 1.
    pub p: f32,
    /// Runner-up readings, best first, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<(char, f32)>,
}

impl OcrLine {
    /// The line's text.
    pub fn text(&self) -> String {
        self.chars.iter().map(|char| char.c).collect()
    }

    /// The lowest character confidence, 1 for an empty line.
    pub fn min_confidence(&self) -> f32 {
        self.chars.iter().map(|char| char.p).fold(1.0, f32::min)
    }
}

impl OcrPage {
    /// The page's text, one line of the page on each line.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(OcrLine::text).collect();
        lines.join("\n")
    }
}
