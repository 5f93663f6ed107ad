//! The text of pages as ALTO 4 (Library of Congress, schema 4.4): lines, words, characters, their boxes, their
//! confidences and runner-ups, so that the reading outlives this program. Boxes are pixels of the upright page. One
//! page after the other, so that a file of any length needs the memory of one.
//!
//! A `String` is what stands between two spaces of the reading, however long: a run of Chinese is one `String`, so that
//! a program which puts a blank between two of them puts none into a Chinese sentence. A ruled table is a
//! `ComposedBlock` of its cells; lines of a seal, handwriting, and words with a repaired character carry a tag, and
//! what was read before the repair stands beside the word as `ALTERNATIVE`.

pub(in crate::derive) mod blocks;
pub(in crate::derive) mod words;

use std::io::Write;

use super::DeriveError;
use super::xml::Xml;
use crate::domain::Digest;
use crate::domain::text::{EngineId, LineKind, OcrPage};
use words::{Frame, confidence, mean};

/// The namespace of ALTO 4.
pub const NAMESPACE: &str = "http://www.loc.gov/standards/alto/ns-v4#";

/// The version of the schema that the files are written after.
const SCHEMA_VERSION: &str = "4.4";

/// Where the schema lies.
const SCHEMA: &str = "https://www.loc.gov/standards/alto/v4/alto-4-4.xsd";

/// The most engines one file tells apart; further ones are told as the last.
const ENGINES_MAX: usize = 64;

/// Tags: their `ID`, their `LABEL`, what they mean.
const SEAL: [&str; 3] = ["SEAL", "seal", "text of a seal, not of the paper under it"];
const HAND: [&str; 3] = ["HAND", "handwriting", "a person has to look at it"];
const REPAIRED: [&str; 3] = [
    "REPAIRED",
    "repaired",
    "a character was changed because its number satisfies the check digit only so",
];

/// How much of a reading is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Lines and words.
    Words,
    /// Every character with its box, its confidence and its runner-ups as well: about ten times as long.
    Characters,
}

/// What a file says about the image it was made from.
#[derive(Debug, Clone, Copy)]
pub struct AltoSource<'a> {
    /// The image's name, as a path from the package's payload.
    pub file_name: &'a str,
    /// SHA-256 of the image.
    pub digest: &'a Digest,
    /// Language of the text as a BCP 47 tag, as `zh-CN`.
    pub language: &'a str,
    /// How much is written.
    pub detail: Detail,
}

/// What stands before the pages and is known only from them: each is shown to it once before it is written.
#[derive(Debug, Clone, Default)]
pub struct AltoHead {
    engines: Vec<EngineId>,
    lost: u64,
    seal: bool,
    hand: bool,
    repaired: bool,
}

impl AltoHead {
    /// Looks at a page that will be written.
    pub fn see(&mut self, page: &OcrPage) {
        if !self.engines.contains(&page.engine) && self.engines.len() < ENGINES_MAX {
            self.engines.push(page.engine.clone());
        }
        for line in &page.lines {
            self.seal |= line.kind == LineKind::Seal;
            self.hand |= line.kind == LineKind::Handwritten;
            for char in &line.chars {
                self.lost += u64::from(!super::xml::holds(char.c));
                self.repaired |= char.repaired;
            }
        }
    }

    /// The `ID` of the processing step that read with this engine.
    fn step(&self, engine: &EngineId) -> usize {
        let place = self.engines.iter().position(|known| known == engine);
        place.unwrap_or(self.engines.len().saturating_sub(1)) + 1
    }

    fn tags(&self) -> Vec<[&'static str; 3]> {
        let wanted = [
            (self.seal, SEAL),
            (self.hand, HAND),
            (self.repaired, REPAIRED),
        ];
        let wanted = wanted.into_iter().filter(|(wanted, _)| *wanted);
        wanted.map(|(_, tag)| tag).collect()
    }
}

/// Writes one file, page by page.
#[derive(Debug)]
pub struct AltoWriter<'a, W: Write> {
    out: W,
    xml: Xml,
    head: AltoHead,
    source: AltoSource<'a>,
}

impl<'a, W: Write> AltoWriter<'a, W> {
    /// Begins the file; the same arguments and pages give the same bytes. Fails when the language is not a BCP 47 tag.
    pub fn start(out: W, source: AltoSource<'a>, head: AltoHead) -> Result<Self, DeriveError> {
        if !is_language(source.language) {
            let reason = "the language is not a BCP 47 tag such as zh-CN";
            return Err(DeriveError::Info(reason.into()));
        }
        let mut xml = Xml::new();
        xml.begin("alto").with("xmlns", NAMESPACE);
        xml.with("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        xml.with("xsi:schemaLocation", format_args!("{NAMESPACE} {SCHEMA}"));
        xml.with("SCHEMAVERSION", SCHEMA_VERSION);
        describe(&mut xml, &head, &source);
        xml.begin("Layout");
        Ok(Self {
            out,
            xml,
            head,
            source,
        })
    }

    /// Writes a page, numbered from 1. A character that XML 1.0 cannot hold becomes U+FFFD, and the file says how many
    /// did.
    pub fn page(&mut self, number: u32, page: &OcrPage) -> Result<(), DeriveError> {
        let xml = &mut self.xml;
        xml.begin("Page").with("ID", format_args!("P{number}"));
        xml.with("PHYSICAL_IMG_NR", number);
        xml.with("WIDTH", page.width).with("HEIGHT", page.height);
        let step = self.head.step(&page.engine);
        xml.with("PROCESSINGREFS", format_args!("OCR{step} ALTO"));
        let sure = mean(page.lines.iter().flat_map(|line| &line.chars));
        xml.with_some("PC", sure.map(confidence));
        xml.with("LANG", self.source.language);
        xml.begin("PrintSpace");
        xml.with("ID", format_args!("P{number}PS"));
        Frame::new(0, 0, page.width, page.height).write(xml);
        blocks::write(xml, number, page, self.source.detail);
        xml.end().end();
        self.out.write_all(self.xml.drain().as_bytes())?;
        Ok(())
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(mut self) -> Result<W, DeriveError> {
        self.out.write_all(&self.xml.finish())?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// One page as a file of its own, numbered from 1.
pub fn alto(page: &OcrPage, number: u32, source: &AltoSource<'_>) -> Result<Vec<u8>, DeriveError> {
    let mut head = AltoHead::default();
    head.see(page);
    let mut writer = AltoWriter::start(Vec::new(), *source, head)?;
    writer.page(number, page)?;
    writer.finish()
}

fn describe(xml: &mut Xml, head: &AltoHead, source: &AltoSource<'_>) {
    xml.begin("Description").leaf("MeasurementUnit", "pixel");
    xml.begin("sourceImageInformation");
    xml.leaf("fileName", source.file_name);
    xml.leaf("fileIdentifier", format_args!("sha256:{}", source.digest));
    xml.end();
    for (number, engine) in (1..).zip(&head.engines) {
        xml.begin("Processing");
        xml.with("ID", format_args!("OCR{number}"));
        xml.leaf("processingCategory", "contentGeneration");
        xml.leaf("processingStepDescription", "text recognition");
        let settings = format!("models=sha256:{} {}", engine.models, engine.settings);
        xml.leaf("processingStepSettings", settings.trim_end());
        software(xml, &engine.name, &engine.version);
        xml.end();
    }
    xml.begin("Processing").with("ID", "ALTO");
    xml.leaf("processingCategory", "postOperation");
    xml.leaf("processingStepDescription", "written as ALTO");
    if head.lost > 0 {
        let step = "characters that XML 1.0 cannot hold stand as U+FFFD";
        let lost = head.lost;
        xml.leaf("processingStepDescription", format_args!("{lost} {step}"));
    }
    software(xml, "Counterfoil", env!("CARGO_PKG_VERSION"));
    xml.end().end();
    let tags = head.tags();
    if tags.is_empty() {
        return;
    }
    xml.begin("Tags");
    for [id, label, meaning] in tags {
        xml.begin("OtherTag").with("ID", id).with("LABEL", label);
        xml.with("DESCRIPTION", meaning).end();
    }
    xml.end();
}

fn software(xml: &mut Xml, name: &str, version: &str) {
    xml.begin("processingSoftware").leaf("softwareName", name);
    xml.leaf("softwareVersion", version).end();
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
