//! The text of pages as hOCR 1.2, well-formed XHTML: pages, paragraphs, lines and words with their boxes in pixels of
//! the upright page and their confidences, each character's beside them (`x_bboxes`, `x_confs`). One page after the
//! other, so that a file of any length needs the memory of one.
//!
//! A word is what stands between two spaces of the reading, as in ALTO: a browser that puts a blank between two words
//! puts none into a Chinese sentence. Lines of a seal are `ocrx_seal`, handwriting is `ocrx_handwritten`; a word with a
//! repaired character is `ocrx_repaired`, and `data-read` says what was read.

use std::io::Write;

use super::DeriveError;
use super::alto::blocks::paragraphs;
use super::alto::words::{Frame, around, as_read, mean};
use super::xml::Xml;
use crate::domain::text::{LineKind, OcrChar, OcrLine, OcrPage};

/// What the elements may be.
const CAPABILITIES: &str = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_lang ocrp_wconf";

/// What a file says about the pages it holds.
#[derive(Debug, Clone, Copy)]
pub struct HocrSource<'a> {
    /// Title that a browser shows.
    pub title: &'a str,
    /// What read the pages, as `paddle 1.2`.
    pub system: &'a str,
    /// Language of the text as a BCP 47 tag, as `zh-CN`.
    pub language: &'a str,
    /// Number of pages.
    pub pages: u32,
}

/// Which page is written.
#[derive(Debug, Clone, Copy)]
pub struct HocrPlace<'a> {
    /// Its number in the file, from 1.
    pub number: u32,
    /// The name of its image.
    pub image: &'a str,
    /// Its number in that image, from 1.
    pub page: u32,
}

/// Writes one file, page by page.
#[derive(Debug)]
pub struct HocrWriter<W: Write> {
    out: W,
    xml: Xml,
}

impl<W: Write> HocrWriter<W> {
    /// Begins the file; the same arguments and pages give the same bytes.
    pub fn start(out: W, source: HocrSource<'_>) -> Self {
        let mut xml = Xml::with_doctype("html");
        xml.begin("html");
        xml.with("xmlns", "http://www.w3.org/1999/xhtml");
        xml.with("xml:lang", source.language);
        xml.with("lang", source.language);
        xml.begin("head");
        xml.begin("meta").with("charset", "utf-8").end();
        xml.leaf("title", source.title);
        let pages = source.pages.to_string();
        for (name, content) in [
            ("ocr-system", source.system),
            ("ocr-capabilities", CAPABILITIES),
            ("ocr-langs", source.language),
            ("ocr-number-of-pages", pages.as_str()),
        ] {
            xml.begin("meta").with("name", name);
            xml.with("content", content).end();
        }
        xml.end().begin("body");
        Self { out, xml }
    }

    /// Writes a page. A character that XML 1.0 cannot hold becomes U+FFFD.
    pub fn page(&mut self, place: &HocrPlace<'_>, page: &OcrPage) -> Result<(), DeriveError> {
        let xml = &mut self.xml;
        let number = place.number;
        let image = place.image.replace(['"', ';'], "_");
        xml.begin("div").with("class", "ocr_page");
        xml.with("id", format_args!("page_{number}"));
        let (width, height) = (page.width, page.height);
        let before = place.page.saturating_sub(1);
        let title = format!("image \"{image}\"; bbox 0 0 {width} {height}; ppageno {before}");
        xml.with("title", title);
        let lines: Vec<&OcrLine> = page.lines.iter().collect();
        for (block, lines) in (1..).zip(paragraphs(&lines)) {
            write_block(xml, &format!("{number}_{block}"), &lines);
        }
        // A browser takes an empty element in short form for one that is never closed.
        xml.put_text("").end();
        self.out.write_all(xml.drain().as_bytes())?;
        Ok(())
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(mut self) -> Result<W, DeriveError> {
        self.xml.put_text("");
        self.out.write_all(&self.xml.finish())?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn write_block(xml: &mut Xml, name: &str, lines: &[&OcrLine]) {
    let frames = lines.iter().map(|line| Frame::of(line.rect));
    let Some(frame) = frames.reduce(Frame::around) else {
        return;
    };
    for (element, class, id) in [("div", "ocr_carea", "block"), ("p", "ocr_par", "par")] {
        xml.begin(element).with("class", class);
        xml.with("id", format_args!("{id}_{name}"));
        xml.with("title", bbox(frame));
    }
    for (place, line) in (1..).zip(lines) {
        let class = match line.kind {
            LineKind::Printed => "ocr_line",
            LineKind::Seal => "ocr_line ocrx_seal",
            LineKind::Handwritten => "ocr_line ocrx_handwritten",
        };
        xml.begin("span").with("class", class);
        let name = format!("{name}_{place}");
        xml.with("id", format_args!("line_{name}"));
        xml.with("title", line_title(line));
        if line.vertical {
            xml.with("style", "writing-mode: vertical-rl");
        }
        let words = line.chars.split(|char| char.c.is_whitespace());
        for (place, word) in (1..).zip(words.filter(|word| !word.is_empty())) {
            write_word(xml, &format!("word_{name}_{place}"), word);
        }
        xml.end();
    }
    xml.end().end();
}

fn line_title(line: &OcrLine) -> String {
    let frame = bbox(Frame::of(line.rect));
    let angle = format!("{:.2}", -line.angle);
    // Degrees counterclockwise.
    match !line.angle.is_finite() || angle == "0.00" || angle == "-0.00" {
        true => frame,
        false => format!("{frame}; textangle {angle}"),
    }
}

fn write_word(xml: &mut Xml, id: &str, word: &[OcrChar]) {
    let Some(frame) = around(word) else {
        return;
    };
    let repaired = word.iter().any(|char| char.repaired);
    let class = match repaired {
        true => "ocrx_word ocrx_repaired",
        false => "ocrx_word",
    };
    xml.begin("span").with("class", class).with("id", id);
    let sure = mean(word.iter()).unwrap_or(0.0) * 100.0;
    let boxes: Vec<String> = word
        .iter()
        .map(|char| edges(Frame::of(char.rect)))
        .collect();
    let confidences: Vec<String> = word
        .iter()
        .map(|char| percent(mean(std::iter::once(char)).unwrap_or(0.0) * 100.0))
        .collect();
    let title = format!(
        "{}; x_wconf {}; x_bboxes {}; x_confs {}",
        bbox(frame),
        percent(sure),
        boxes.join(" "),
        confidences.join(" ")
    );
    xml.with("title", title);
    xml.with_some("data-read", repaired.then(|| as_read(word)));
    let text: String = word.iter().map(|char| char.c).collect();
    xml.put_text(text).end();
}

fn bbox(frame: Frame) -> String {
    format!("bbox {}", edges(frame))
}

fn edges(frame: Frame) -> String {
    let [left, top, right, bottom] = frame.edges();
    format!("{left} {top} {right} {bottom}")
}

fn percent(value: f64) -> String {
    format!("{value:.0}")
}
