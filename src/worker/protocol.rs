//! What parent and child say to each other over the child's stdin and stdout: frames of a JSON header and a
//! binary body, both limited in size on both sides.
//!
//! A frame is `CFW1`, the header's length (u32), the body's length (u64), both big endian, the header, the body.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::derive::PageArt;
use crate::domain::event::FileFormat;
use crate::domain::text::{EngineId, OcrPage, PageTurn};
use crate::domain::{Date, Finding, FindingCode, Timestamp};
use crate::forms::{FormError, TemplateProblem};
use crate::imaging::Limits;
use crate::ocr::{EngineKind, Language};

/// The first bytes of every frame; the digit is the protocol's version.
pub const MAGIC: [u8; 4] = *b"CFW1";

/// Length of a frame before its header, in bytes.
pub const PREFIX_BYTES: usize = 16;

/// The largest header accepted, in bytes.
pub const HEADER_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// The largest body a child accepts, in bytes: a master.
pub const MASTER_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The largest body a parent accepts, in bytes: the outputs of a page's stages, or a page image for a PDF.
pub const REPLY_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// What the parent asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case", deny_unknown_fields)]
pub enum Job {
    /// Open the master in the body and keep it until the next one. Answered by `Loaded`.
    Load {
        /// What the master was received as.
        format: FileFormat,
        /// The caps on decoding.
        limits: Limits,
    },
    /// Decode one page of the loaded master and run stages on it. Answered by `Page`.
    Page {
        /// Page from 1.
        page: u32,
        /// The stages whose output is not known yet, in order.
        stages: Vec<StageJob>,
        /// Milliseconds the child may take; the parent kills it somewhat later.
        deadline_ms: u64,
    },
    /// Make one page of the loaded master ready to be placed in a PDF. Answered by `Art`.
    Art {
        /// Page from 1.
        page: u32,
    },
    /// Make a small picture of one page of the loaded master, turned. Answered by `Thumbnail`.
    Thumbnail {
        /// Page from 1.
        page: u32,
        /// How far the decoded page is turned.
        turn: PageTurn,
    },
    /// Open an engine, and read the picture in the body if there is one. Answered by `Engine`.
    Check {
        /// Which engine.
        engine: EngineKind,
        /// Scripts to expect in the picture.
        languages: Vec<Language>,
        /// Milliseconds the child may take.
        deadline_ms: u64,
    },
    /// Print a form. The files stand in the body one after the other. Answered by `Form`.
    Form {
        /// The file it begins with.
        template: String,
        /// What the PDF is identified by.
        identity: String,
        /// When it is printed.
        at: Timestamp,
        /// Every file a template may read.
        files: Vec<FormFile>,
    },
}

/// A file that a form's template may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it comes from the hall's folder.
    pub own: bool,
}

/// One stage of a page, with the settings that change its output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StageJob {
    /// The upright page's size and resolution. Output: [`PageFacts`].
    Decode,
    /// Measurements of the pixels. Output: [`crate::imaging::quality::Quality`].
    Quality,
    /// Bar codes and matrix codes. Output: [`crate::domain::barcode::PageCodes`].
    Codes,
    /// What the page looks like, for finding it again. Output: [`crate::domain::meaning::PageLook`].
    Look,
    /// The page's text, its numbers repaired. Output: [`OcrPage`].
    Ocr {
        /// Which engine reads.
        engine: EngineKind,
        /// Scripts to expect.
        languages: Vec<Language>,
        /// The day the scan was received: no date of birth is later.
        day: Date,
    },
}

impl StageJob {
    /// The stage's name, as in a pipeline file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Quality => "quality",
            Self::Codes => "codes",
            Self::Look => "look",
            Self::Ocr { .. } => "ocr",
        }
    }
}

/// The output of the `decode` stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageFacts {
    /// Upright width in pixels.
    pub width: u32,
    /// Upright height in pixels.
    pub height: u32,
    /// Resolution in dots per inch, when the file states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<f32>,
}

/// What the child answers. A job that was not done is answered by `Failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reply {
    /// The master is open.
    Loaded {
        /// Number of pages.
        pages: u32,
        /// What was found on the file as a whole.
        findings: Vec<Finding>,
    },
    /// The outputs stand in the body one after the other, in the order asked.
    Page {
        /// Length of each output in bytes.
        lengths: Vec<u64>,
        /// What each took of the child's time, in microseconds; decoding counts to the first.
        micros: Vec<u64>,
        /// The engine that read, when a stage did.
        engine: Option<EngineId>,
    },
    /// The compressed image stands in the body.
    Art {
        /// Everything about it but its bytes.
        art: PageArt,
    },
    /// The JPEG stands in the body.
    Thumbnail,
    /// The engine opened.
    Engine {
        /// Which one, exactly.
        id: EngineId,
        /// What it read in the picture, if there was one.
        text: Option<OcrPage>,
    },
    /// The PDF of a form stands in the body.
    Form {
        /// Number of pages.
        pages: u32,
        /// What Typst warned of in the templates.
        warnings: Vec<TemplateProblem>,
    },
    /// The job was not done.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case", deny_unknown_fields)]
pub enum Failure {
    /// The bytes themselves are the reason: doing it again gives the same.
    #[error("the file cannot be read: {}", finding.code)]
    Verdict {
        /// What is wrong with them.
        finding: Finding,
    },
    /// The child failed on these bytes; another attempt may do better.
    #[error("the job failed: {reason}")]
    Broken {
        /// Deadline or crash.
        finding: Finding,
        /// In words, without any content of the page.
        reason: String,
    },
    /// A model, a library or a language is absent.
    #[error("{part} is missing: {reason}; run counterfoil doctor")]
    Missing {
        /// What is missing.
        part: String,
        /// Where it was looked for and what to do.
        reason: String,
    },
    /// The form cannot be printed.
    #[error(transparent)]
    Form {
        /// Why.
        error: FormError,
    },
    /// The parent asked for something that makes no sense now, such as a page before a master.
    #[error("the job was refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
}

impl Failure {
    /// The child crashed on page `page` (from 1), or on the whole file.
    pub fn crashed(page: Option<u32>, reason: impl Into<String>) -> Self {
        let code = FindingCode::WorkerCrashed;
        let finding = match page {
            Some(page) => Finding::page(page, code),
            None => Finding::file(code),
        };
        Self::Broken {
            finding,
            reason: reason.into(),
        }
    }
}

/// Bytes that are not a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ended or failed within a frame.
    #[error("the stream ended or failed within a frame: {0}")]
    Io(#[from] io::Error),
    /// The first bytes are wrong.
    #[error("a frame begins with {found:02x?} instead of {MAGIC:02x?}")]
    Magic {
        /// What stood there.
        found: [u8; 4],
    },
    /// Larger than the receiver accepts.
    #[error("a frame's {part} has {bytes} bytes, at most {limit} are accepted")]
    TooLarge {
        /// `header` or `body`.
        part: &'static str,
        /// Its length.
        bytes: u64,
        /// What is accepted.
        limit: u64,
    },
    /// The header is not what was expected.
    #[error("a frame's header is not understood: {0}")]
    Header(#[from] serde_json::Error),
}

/// The lengths a frame announces, checked against the receiver's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Bytes of the header.
    pub header: usize,
    /// Bytes of the body.
    pub body: usize,
}

/// Reads the first [`PREFIX_BYTES`] of a frame.
pub fn parse_prefix(prefix: &[u8; PREFIX_BYTES], body_max: u64) -> Result<Lengths, FrameError> {
    let [m0, m1, m2, m3, h0, h1, h2, h3, body @ ..] = *prefix;
    let found = [m0, m1, m2, m3];
    if found != MAGIC {
        return Err(FrameError::Magic { found });
    }
    let header = u32::from_be_bytes([h0, h1, h2, h3]);
    let body = u64::from_be_bytes(body);
    if header > HEADER_BYTES_MAX {
        return Err(FrameError::TooLarge {
            part: "header",
            bytes: header.into(),
            limit: HEADER_BYTES_MAX.into(),
        });
    }
    let too_large = FrameError::TooLarge {
        part: "body",
        bytes: body,
        limit: body_max,
    };
    if body > body_max {
        return Err(too_large);
    }
    match (usize::try_from(header), usize::try_from(body)) {
        (Ok(header), Ok(body)) => Ok(Lengths { header, body }),
        _ => Err(too_large),
    }
}

/// The prefix and header of a frame whose body has `body` bytes.
pub fn encode_head<T: Serialize>(header: &T, body: usize) -> Result<Vec<u8>, FrameError> {
    let header = serde_json::to_vec(header)?;
    let length = u32::try_from(header.len()).unwrap_or(u32::MAX);
    if length > HEADER_BYTES_MAX {
        return Err(FrameError::TooLarge {
            part: "header",
            bytes: header.len() as u64,
            limit: HEADER_BYTES_MAX.into(),
        });
    }
    let mut head = Vec::with_capacity(PREFIX_BYTES + header.len());
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&length.to_be_bytes());
    head.extend_from_slice(&(body as u64).to_be_bytes());
    head.extend_from_slice(&header);
    Ok(head)
}

/// Writes one frame and flushes it.
pub fn write_frame<T: Serialize>(
    output: &mut impl Write,
    header: &T,
    body: &[u8],
) -> Result<(), FrameError> {
    output.write_all(&encode_head(header, body.len())?)?;
    output.write_all(body)?;
    output.flush()?;
    Ok(())
}

/// Reads one frame; none when the stream ended between frames. The body's memory grows as bytes arrive, so an
/// announced length alone costs nothing.
pub fn read_frame<T: DeserializeOwned>(
    input: &mut impl Read,
    body_max: u64,
) -> Result<Option<(T, Vec<u8>)>, FrameError> {
    let mut prefix = [0u8; PREFIX_BYTES];
    let mut filled = 0;
    while let Some(rest) = prefix.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FrameError::Io(error)),
        }
    }
    let lengths = parse_prefix(&prefix, body_max)?;
    let header = read_exactly(input, lengths.header)?;
    let header = serde_json::from_slice(&header)?;
    let body = read_exactly(input, lengths.body)?;
    Ok(Some((header, body)))
}

fn read_exactly(input: &mut impl Read, length: usize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::new();
    let count = input.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    if count != length {
        return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}
