//! Export of sealed records: searchable PDF and OFD with the master's own page images where they can be placed
//! untouched, ALTO, hOCR and plain text. Several scans can be joined in one file, with a bookmark for each. Pages are
//! made in a child process, one at a time, and written as they come.

mod case;
mod desk;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use case::{case_scans, case_title};
pub use desk::{Exporter, StageTime};

use super::{Records, RecordsError};
use crate::derive::DeriveError;
use crate::domain::event::FileFormat;
use crate::domain::manifest::RecordManifest;
use crate::domain::{PipelineName, Problem};
use crate::imaging::Limits;
use crate::pipeline::Pipelines;
use crate::worker::{WorkerError, WorkerPool};

/// The most scans joined in one file.
pub const PARTS_MAX: usize = 2_000;

/// The language that papers of a hall are in.
const LANGUAGE: &str = "zh-CN";

/// As what a record is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Searchable PDF/A-2b.
    Pdf,
    /// Searchable OFD (GB/T 33190) after the rules of OFD-A.
    Ofd,
    /// ALTO 4.4, every character: one scan, all its pages.
    Alto,
    /// hOCR 1.2.
    Hocr,
    /// Plain text in UTF-8; a form feed ends a page.
    Text,
}

impl ExportFormat {
    /// The ending of a file's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Ofd => "ofd",
            Self::Alto => "xml",
            Self::Hocr => "hocr",
            Self::Text => "txt",
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Ofd => "application/ofd",
            Self::Alto => "application/xml",
            Self::Hocr => "text/html; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// A scan in a file.
#[derive(Debug, Clone)]
pub struct ExportPart {
    /// What is known of it.
    pub manifest: RecordManifest,
    /// Its bookmark. Parts that follow one another under one title share the first one's.
    pub title: Option<String>,
}

/// What a file is made of.
#[derive(Debug, Clone)]
pub struct ExportOrder {
    /// As what.
    pub format: ExportFormat,
    /// The file's title; a record's short digest without one.
    pub title: Option<String>,
    /// Its scans, at least one, at most [`PARTS_MAX`].
    pub parts: Vec<ExportPart>,
}

impl ExportOrder {
    /// One record as a file of its own.
    pub fn one(format: ExportFormat, manifest: RecordManifest) -> Self {
        Self {
            format,
            title: None,
            parts: vec![ExportPart {
                manifest,
                title: None,
            }],
        }
    }

    /// Number of pages.
    pub fn pages(&self) -> u32 {
        let pages = self.parts.iter().map(|part| part.manifest.pages.len());
        u32::try_from(pages.sum::<usize>()).unwrap_or(u32::MAX)
    }
}

/// How long a page may take, and what may be decoded.
#[derive(Debug, Clone)]
pub struct ExportLimits {
    page_deadline: Duration,
    imaging: Limits,
}

impl ExportLimits {
    /// Those of the pipeline that read the record; the usual ones when it is gone.
    pub fn of(pipelines: &Pipelines, name: &PipelineName) -> Self {
        match pipelines.get(name) {
            Some(spec) => Self {
                page_deadline: spec.limits.page_deadline,
                imaging: spec.limits.imaging.clone(),
            },
            None => Self {
                page_deadline: Duration::from_secs(60),
                imaging: Limits::default(),
            },
        }
    }
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The record cannot be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// A page could not be made.
    #[error("page image: {0}")]
    Worker(#[from] WorkerError),
    /// The file could not be written.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// The file could not be made.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The writing thread ended early.
    #[error("writing was cut short")]
    CutShort,
    /// There is nothing to write, or more than one file may hold.
    #[error("没有扫描件，或超过 {PARTS_MAX} 件 there is no scan, or more than {PARTS_MAX}")]
    Parts,
    /// ALTO names one image, so it holds one scan.
    #[error("ALTO 只描述一个扫描件，请逐件导出 ALTO describes one scan; export scan by scan")]
    OneScan,
    /// Too many exports run already.
    #[error("正在导出的文件太多，请稍后再试 too many exports at the same time; try again soon")]
    Busy,
}

impl ExportError {
    /// The entry of the problem table that a person is shown.
    pub fn problem(&self) -> Problem {
        match self {
            ExportError::Records(error) => error.problem(),
            ExportError::Worker(_) => Problem::Internal,
            ExportError::Derive(_) | ExportError::File { .. } => Problem::CannotRead,
            ExportError::CutShort => Problem::Internal,
            ExportError::Parts | ExportError::OneScan => Problem::BadRequest,
            ExportError::Busy => Problem::Busy,
        }
    }
}

/// Writes the file to `path`; `done` is called after each page. Two pages at most are in memory. The same records give
/// the same bytes on any day.
pub async fn export(
    records: &Records,
    pool: &Arc<WorkerPool>,
    pipelines: &Pipelines,
    order: &ExportOrder,
    path: &Path,
    done: impl FnMut(),
) -> Result<(), ExportError> {
    if order.parts.is_empty() || order.parts.len() > PARTS_MAX {
        return Err(ExportError::Parts);
    }
    if order.format == ExportFormat::Alto && order.parts.len() > 1 {
        return Err(ExportError::OneScan);
    }
    match order.format {
        ExportFormat::Pdf | ExportFormat::Ofd => {
            write::drawn(records, pool, pipelines, order, path, done).await
        }
        _ => write::texts(records, order, path, done).await,
    }
}

/// The name under which a file says what it was read from: the master's digest, with the ending of its format.
fn image_name(manifest: &RecordManifest) -> String {
    let suffix = match manifest.format {
        FileFormat::Jpeg => "jpg",
        FileFormat::Png => "png",
        FileFormat::Tiff => "tif",
        FileFormat::Pdf => "pdf",
        FileFormat::Bmp => "bmp",
        FileFormat::Webp => "webp",
        FileFormat::Gif => "gif",
    };
    format!("{}.{suffix}", manifest.scan)
}
