//! The text of a page as ALTO 4 (Library of Congress, schema 4.4): lines, words, characters, their boxes, their
//! confidences and runner-ups, so that the reading outlives this program. Boxes are pixels of the upright page.
//!
//! A `String` is what stands between two spaces of the reading, however long: a run of Chinese is one `String`, so that
//! a program which puts a blank between two of them puts none into a Chinese sentence.

use super::DeriveError;
use super::xml::Xml;
use crate::domain::Digest;
use crate::domain::text::{OcrChar, OcrLine, OcrPage};

/// The namespace of ALTO 4.
pub const NAMESPACE: &str = "http://www.loc.gov/standards/alto/ns-v4#";

/// The version of the schema that the files are written after.
const SCHEMA_VERSION: &str = "4.4";

/// Where the schema lies.
const SCHEMA: &str = "https://www.loc.gov/standards/alto/v4/alto-4-4.xsd";

/// How much of a reading is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Lines and words.
    Words,
    /// Every character with its box, its confidence and its runner-ups as well: about ten times as long.
    Characters,
}

/// What a file says about the page it was made from.
#[derive(Debug, Clone, Copy)]
pub struct AltoSource<'a> {
    /// The image's name, as a path from the package's payload.
    pub file_name: &'a str,
    /// SHA-256 of the image.
    pub digest: &'a Digest,
    /// Which page of the document it is, from 1.
    pub page: u32,
    /// Language of the text as a BCP 47 tag, as `zh-CN`.
    pub language: &'a str,
    /// How much is written.
    pub detail: Detail,
}

/// Writes the page; the same arguments give the same bytes. A character that XML 1.0 cannot hold becomes U+FFFD, and
/// the file says how many did. Fails when the language is not a BCP 47 tag.
pub fn alto(page: &OcrPage, source: &AltoSource<'_>) -> Result<Vec<u8>, DeriveError> {
    if !is_language(source.language) {
        let reason = "the language is not a BCP 47 tag such as zh-CN";
        return Err(DeriveError::Info(reason.into()));
    }
    let mut xml = Xml::new();
    xml.begin("alto").with("xmlns", NAMESPACE);
    xml.with("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    xml.with("xsi:schemaLocation", format_args!("{NAMESPACE} {SCHEMA}"));
    xml.with("SCHEMAVERSION", SCHEMA_VERSION);
    describe(&mut xml, page, source);
    xml.begin("Layout").begin("Page").with("ID", "P");
    xml.with("PHYSICAL_IMG_NR", source.page);
    xml.with("WIDTH", page.width).with("HEIGHT", page.height);
    xml.with("PROCESSINGREFS", "OCR ALTO");
    let sure = mean(page.lines.iter().flat_map(|line| &line.chars));
    xml.with_some("PC", sure.map(confidence));
    xml.with("LANG", source.language);
    xml.begin("PrintSpace").with("ID", "PS");
    let whole = Frame::new(0, 0, page.width, page.height);
    whole.write(&mut xml);
    for (number, block) in blocks(&page.lines).into_iter().enumerate() {
        write_block(&mut xml, number + 1, &block, source.detail);
    }
    Ok(xml.finish())
}

fn describe(xml: &mut Xml, page: &OcrPage, source: &AltoSource<'_>) {
    xml.begin("Description").leaf("MeasurementUnit", "pixel");
    xml.begin("sourceImageInformation");
    xml.leaf("fileName", source.file_name);
    xml.leaf("fileIdentifier", format_args!("sha256:{}", source.digest));
    xml.end();
    let engine = &page.engine;
    xml.begin("Processing").with("ID", "OCR");
    xml.leaf("processingCategory", "contentGeneration");
    xml.leaf("processingStepDescription", "text recognition");
    let settings = format!("models=sha256:{} {}", engine.models, engine.settings);
    xml.leaf("processingStepSettings", settings.trim_end());
    software(xml, &engine.name, &engine.version);
    xml.end().begin("Processing").with("ID", "ALTO");
    xml.leaf("processingCategory", "postOperation");
    xml.leaf("processingStepDescription", "written as ALTO");
    let lost = unholdable(page);
    if lost > 0 {
        let step = "characters that XML 1.0 cannot hold stand as U+FFFD";
        xml.leaf("processingStepDescription", format_args!("{lost} {step}"));
    }
    software(xml, "Counterfoil", env!("CARGO_PKG_VERSION"));
    xml.end().end();
}

fn software(xml: &mut Xml, name: &str, version: &str) {
    xml.begin("processingSoftware").leaf("softwareName", name);
    xml.leaf("softwareVersion", version).end();
}

fn unholdable(page: &OcrPage) -> usize {
    let chars = page.lines.iter().flat_map(|line| &line.chars);
    chars.filter(|char| !super::xml::holds(char.c)).count()
}

/// Lines that belong to one paragraph and run at one angle. Lines without a visible character are left out.
fn blocks(lines: &[OcrLine]) -> Vec<Vec<&OcrLine>> {
    let mut blocks: Vec<Vec<&OcrLine>> = Vec::new();
    let mut joins = false;
    for line in lines.iter().filter(|line| is_visible(line)) {
        let last = blocks.last_mut().filter(|block| {
            let same = |before: &&OcrLine| rotation(before) == rotation(line);
            joins && block.last().is_some_and(same)
        });
        match last {
            Some(block) => block.push(line),
            None => blocks.push(vec![line]),
        }
        joins = line.joins_next;
    }
    blocks
}

fn is_visible(line: &OcrLine) -> bool {
    line.chars.iter().any(|char| !char.c.is_whitespace())
}

/// Degrees counterclockwise, as ALTO counts them; none for upright text.
fn rotation(line: &OcrLine) -> Option<String> {
    let text = format!("{:.2}", -line.angle);
    let upright = !line.angle.is_finite() || text == "0.00" || text == "-0.00";
    (!upright).then_some(text)
}

fn write_block(xml: &mut Xml, number: usize, lines: &[&OcrLine], detail: Detail) {
    xml.begin("TextBlock").with("ID", format_args!("B{number}"));
    let frames = lines.iter().map(|line| Frame::of(line.rect));
    if let Some(frame) = frames.reduce(Frame::around) {
        frame.write(xml);
    }
    let turned = lines.first().and_then(|line| rotation(line));
    xml.with_some("ROTATION", turned);
    for (place, line) in lines.iter().enumerate() {
        xml.begin("TextLine");
        xml.with("ID", format_args!("B{number}L{}", place + 1));
        Frame::of(line.rect).write(xml);
        xml.with_some("BASEDIRECTION", line.vertical.then_some("ttb"));
        write_line(xml, &line.chars, detail);
        xml.end();
    }
    xml.end();
}

/// Words and the spaces between them. The schema knows no two spaces in a row and none at an end of a line.
fn write_line(xml: &mut Xml, chars: &[OcrChar], detail: Detail) {
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
    xml.with_some("WC", mean(run.iter()).map(confidence));
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

fn mean<'a>(chars: impl Iterator<Item = &'a OcrChar>) -> Option<f64> {
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

fn confidence(p: f64) -> String {
    format!("{:.4}", between(p))
}

/// A box by its edges, so wide that no sum of pixels overflows.
#[derive(Clone, Copy)]
struct Frame {
    left: u64,
    top: u64,
    right: u64,
    bottom: u64,
}

impl Frame {
    fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        let (left, top) = (u64::from(x), u64::from(y));
        Self {
            left,
            top,
            right: left + u64::from(width),
            bottom: top + u64::from(height),
        }
    }

    fn of(rect: crate::domain::text::Rect) -> Self {
        Self::new(rect.x, rect.y, rect.width, rect.height)
    }

    fn around(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn write(self, xml: &mut Xml) {
        xml.with("HPOS", self.left).with("VPOS", self.top);
        xml.with("WIDTH", self.right - self.left);
        xml.with("HEIGHT", self.bottom - self.top);
    }
}

fn around(chars: &[OcrChar]) -> Option<Frame> {
    let frames = chars.iter().map(|char| Frame::of(char.rect));
    frames.reduce(Frame::around)
}

/// The form of `xsd:language`.
fn is_language(tag: &str) -> bool {
    let parts = tag.split('-').enumerate();
    let mut fits = parts.map(|(place, part)| {
        let allowed = |c: char| c.is_ascii_alphabetic() || place > 0 && c.is_ascii_digit();
        (1..=8).contains(&part.len()) && part.chars().all(allowed)
    });
    fits.all(|fit| fit)
}
