//! A line of an ALTO file: its words, the spaces between them, their characters; boxes and confidences.

use super::{Detail, REPAIRED};
use crate::derive::xml::Xml;
use crate::domain::text::{OcrChar, Rect};

/// Words and the spaces between them. The schema knows no two spaces in a row and none at an end of a line.
pub(super) fn write_line(xml: &mut Xml, chars: &[OcrChar], detail: Detail) {
    let mut first = true;
    for run in chars.chunk_by(|a, b| a.c.is_whitespace() == b.c.is_whitespace()) {
        let space = run.iter().all(|char| char.c.is_whitespace());
        let last = run.as_ptr_range().end == chars.as_ptr_range().end;
        match space {
            true if first || last => {}
            true => write_space(xml, run),
            false => write_word(xml, run, detail),
        }
        first = false;
    }
}

fn write_space(xml: &mut Xml, run: &[OcrChar]) {
    xml.begin("SP");
    if let Some(frame) = around(run) {
        frame.write(xml);
    }
    xml.end();
}

fn write_word(xml: &mut Xml, run: &[OcrChar], detail: Detail) {
    let content: String = run.iter().map(|char| char.c).collect();
    xml.begin("String").with("CONTENT", content);
    if let Some(frame) = around(run) {
        frame.write(xml);
    }
    let repaired = run.iter().any(|char| char.repaired);
    let [tag, ..] = REPAIRED;
    xml.with_some("TAGREFS", repaired.then_some(tag));
    xml.with_some("WC", mean(run.iter()).map(confidence));
    if repaired {
        xml.begin("ALTERNATIVE").with("PURPOSE", "as read");
        xml.put_text(as_read(run)).end();
    }
    if detail == Detail::Characters {
        for char in run {
            xml.begin("Glyph").with("CONTENT", char.c);
            Frame::of(char.rect).write(xml);
            xml.with("GC", confidence(f64::from(char.p)));
            for (other, p) in &char.others {
                xml.begin("Variant").with("CONTENT", other);
                xml.with("VC", confidence(f64::from(*p))).end();
            }
            xml.end();
        }
    }
    xml.end();
}

/// The word before its characters were repaired.
pub(in crate::derive) fn as_read(run: &[OcrChar]) -> String {
    let read = |char: &OcrChar| match (char.repaired, char.others.first()) {
        (true, Some((read, _))) => *read,
        _ => char.c,
    };
    run.iter().map(read).collect()
}

pub(in crate::derive) fn mean<'a>(chars: impl Iterator<Item = &'a OcrChar>) -> Option<f64> {
    let mut count = 0u32;
    let mut sum = 0.0;
    for char in chars.filter(|char| !char.c.is_whitespace()) {
        count += 1;
        sum += between(f64::from(char.p));
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// What is no number is not sure at all.
fn between(p: f64) -> f64 {
    if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) }
}

pub(super) fn confidence(p: f64) -> String {
    format!("{:.4}", between(p))
}

/// A box by its edges, so wide that no sum of pixels overflows.
#[derive(Clone, Copy)]
pub(in crate::derive) struct Frame {
    left: u64,
    top: u64,
    right: u64,
    bottom: u64,
}

impl Frame {
    pub(super) fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        let (left, top) = (u64::from(x), u64::from(y));
        Self {
            left,
            top,
            right: left + u64::from(width),
            bottom: top + u64::from(height),
        }
    }

    /// Left, top, right and bottom.
    pub(in crate::derive) fn edges(self) -> [u64; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    pub(in crate::derive) fn of(rect: Rect) -> Self {
        Self::new(rect.x, rect.y, rect.width, rect.height)
    }

    pub(in crate::derive) fn around(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub(super) fn write(self, xml: &mut Xml) {
        xml.with("HPOS", self.left).with("VPOS", self.top);
        xml.with("WIDTH", self.right - self.left);
        xml.with("HEIGHT", self.bottom - self.top);
    }
}

pub(in crate::derive) fn around(chars: &[OcrChar]) -> Option<Frame> {
    let frames = chars.iter().map(|char| Frame::of(char.rect));
    frames.reduce(Frame::around)
}
