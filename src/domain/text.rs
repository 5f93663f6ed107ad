//! What was read on a page: lines in reading order, characters with boxes, confidences and runner-ups.
//!
//! Coordinates are pixels of the **upright page**: the decoded image with its EXIF/TIFF orientation and the
//! page's rotation applied, then turned by [`OcrPage::turn`]; never deskewed. Origin top left.

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
    /// Where the box lies after a page of this width and height was turned.
    pub fn turned(self, turn: PageTurn, (width, height): (u32, u32)) -> Rect {
        let right = width.saturating_sub(self.x.saturating_add(self.width));
        let below = height.saturating_sub(self.y.saturating_add(self.height));
        let (x, y) = match turn {
            PageTurn::None => (self.x, self.y),
            PageTurn::Quarter => (below, self.x),
            PageTurn::Half => (right, below),
            PageTurn::ThreeQuarters => (self.y, right),
        };
        let (width, height) = turn.size((self.width, self.height));
        Rect {
            x,
            y,
            width,
            height,
        }
    }

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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrPage {
    /// What read it.
    pub engine: EngineId,
    /// How far the decoded image was turned so that its text stands upright.
    #[serde(default, skip_serializing_if = "PageTurn::is_none")]
    pub turn: PageTurn,
    /// Width of the turned page in pixels.
    pub width: u32,
    /// Height of the turned page in pixels.
    pub height: u32,
    /// Lines in reading order.
    pub lines: Vec<OcrLine>,
    /// Ruled tables, in reading order; their lines stand in `lines`, row by row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<OcrTable>,
}

/// Quarter turns, clockwise in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum PageTurn {
    /// As decoded.
    #[default]
    None,
    /// A quarter clockwise.
    Quarter,
    /// Upside down.
    Half,
    /// A quarter counter-clockwise.
    ThreeQuarters,
}

impl PageTurn {
    /// Whether the page is as decoded.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Width and height of a page after the turn.
    pub fn size(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self {
            Self::None | Self::Half => (width, height),
            Self::Quarter | Self::ThreeQuarters => (height, width),
        }
    }

    /// This turn and another quarter clockwise.
    pub fn and_a_quarter(self) -> Self {
        match self {
            Self::None => Self::Quarter,
            Self::Quarter => Self::Half,
            Self::Half => Self::ThreeQuarters,
            Self::ThreeQuarters => Self::None,
        }
    }

    /// Clockwise degrees: 0, 90, 180 or 270.
    pub fn degrees(self) -> u16 {
        self.into()
    }
}

impl From<PageTurn> for u16 {
    fn from(turn: PageTurn) -> Self {
        match turn {
            PageTurn::None => 0,
            PageTurn::Quarter => 90,
            PageTurn::Half => 180,
            PageTurn::ThreeQuarters => 270,
        }
    }
}

impl TryFrom<u16> for PageTurn {
    type Error = String;

    fn try_from(degrees: u16) -> Result<Self, String> {
        match degrees {
            0 => Ok(Self::None),
            90 => Ok(Self::Quarter),
            180 => Ok(Self::Half),
            270 => Ok(Self::ThreeQuarters),
            _ => Err(format!("{degrees} degrees is no quarter turn")),
        }
    }
}

/// A ruled table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrTable {
    /// Box around its outer rules.
    pub rect: Rect,
    /// Number of rows.
    pub rows: u32,
    /// Number of columns.
    pub columns: u32,
    /// Its cells, row by row, from left to right; a cell that spans others stands once.
    pub cells: Vec<OcrCell>,
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrCell {
    /// First row, from 0.
    pub row: u32,
    /// First column, from 0.
    pub column: u32,
    /// Rows it spans, at least 1.
    pub rows: u32,
    /// Columns it spans, at least 1.
    pub columns: u32,
    /// Its box.
    pub rect: Rect,
    /// Indices of its lines in the page's `lines`, in reading order.
    pub lines: Vec<u32>,
}

/// What a line was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Print.
    #[default]
    Printed,
    /// Handwriting: a person has to look at it.
    Handwritten,
    /// Text of a seal, not of the paper under it.
    Seal,
}

impl LineKind {
    fn is_printed(&self) -> bool {
        *self == Self::Printed
    }
}

/// One line of text. The text is the concatenation of its characters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    /// What it was made with.
    #[serde(default, skip_serializing_if = "LineKind::is_printed")]
    pub kind: LineKind,
    /// The characters, spaces included.
    pub chars: Vec<OcrChar>,
}

/// One character as read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    /// Whether it was changed because the number it belongs to satisfies its check digit only so; what was read
    /// stands first in `others`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub repaired: bool,
}

fn is_false(value: &bool) -> bool {
    !value
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_turned_with_its_page() {
        let (page, at) = ((100, 60), Rect::from([10, 5, 30, 20]));
        assert_eq!(at.turned(PageTurn::None, page), at);
        assert_eq!(
            at.turned(PageTurn::Quarter, page),
            Rect::from([35, 10, 20, 30])
        );
        assert_eq!(
            at.turned(PageTurn::Half, page),
            Rect::from([60, 35, 30, 20])
        );
        assert_eq!(
            at.turned(PageTurn::ThreeQuarters, page),
            Rect::from([5, 60, 20, 30])
        );
        let there = at.turned(PageTurn::Quarter, page);
        assert_eq!(
            there.turned(PageTurn::ThreeQuarters, PageTurn::Quarter.size(page)),
            at
        );
    }
}
