//! Export of a sealed record as searchable PDF: the master's own page images where they can be placed untouched,
//! with the recognised text under them. Pages are made in a child process, one at a time.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Records, RecordsError};
use crate::derive::pdf::{PdfInfo, PdfSummary, searchable_pdf};
use crate::derive::{DeriveError, PageArt};
use crate::domain::manifest::RecordManifest;
use crate::domain::text::OcrPage;
use crate::domain::{Event, PipelineName, Problem, Timestamp};
use crate::imaging::Limits;
use crate::pipeline::Pipelines;
use crate::worker::{WorkerError, WorkerPool};

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

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The record cannot be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// A page could not be made.
    #[error("page image: {0}")]
    Worker(#[from] WorkerError),
    /// The PDF could not be written.
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
}

impl ExportError {
    /// The entry of the problem table that a person is shown.
    pub fn problem(&self) -> Problem {
        match self {
            ExportError::Records(error) => error.problem(),
            ExportError::Worker(_) => Problem::Internal,
            ExportError::Derive(_) | ExportError::File { .. } => Problem::CannotRead,
            ExportError::CutShort => Problem::Internal,
        }
    }
}

type Delivered = Result<(PageArt, Option<OcrPage>), DeriveError>;

/// Writes the record to `path`; `done` is called after each page. Two pages at most are in memory.
pub async fn export_pdf(
    records: &Records,
    pool: &Arc<WorkerPool>,
    manifest: &RecordManifest,
    limits: &ExportLimits,
    path: &Path,
    mut done: impl FnMut(),
) -> Result<PdfSummary, ExportError> {
    let info = describe(records, manifest).await?;
    let master = records.master(&manifest.scan).await?;
    let mut worker = pool.checkout().await?;
    worker
        .load(
            master,
            manifest.format,
            &limits.imaging,
            limits.page_deadline,
        )
        .await?;
    let (sender, receiver) = mpsc::channel::<Delivered>(1);
    let path = path.to_owned();
    let writing = tokio::task::spawn_blocking(move || write_file(receiver, &info, &path));
    for entry in &manifest.pages {
        let art = worker.art(entry.page, limits.page_deadline).await?;
        let text = records.page_text(manifest, entry.page).await?;
        if sender.send(Ok((art, Some(text)))).await.is_err() {
            break;
        }
        done();
    }
    drop(sender);
    writing.await.map_err(|_| ExportError::CutShort)?
}

fn write_file(
    mut receiver: mpsc::Receiver<Delivered>,
    info: &PdfInfo,
    path: &Path,
) -> Result<PdfSummary, ExportError> {
    let failed = |source: std::io::Error| ExportError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
    let pages = std::iter::from_fn(move || receiver.blocking_recv());
    let summary = searchable_pdf(pages, info, &mut file)?;
    file.flush().map_err(failed)?;
    Ok(summary)
}

/// What the PDF says of itself. The time is that of the sealing, so that the same record gives the same bytes.
async fn describe(records: &Records, manifest: &RecordManifest) -> Result<PdfInfo, RecordsError> {
    let history = records.history(&manifest.scan).await?;
    let sealed = history
        .iter()
        .rev()
        .find(|fact| matches!(fact.entry.event, Event::RecordSealed { .. }));
    let created = sealed.map_or(Timestamp::from_millis(0), |fact| fact.entry.at);
    let mut id = [0; 16];
    id.copy_from_slice(&manifest.scan.as_bytes()[..16]);
    let short: String = manifest.scan.to_string().chars().take(12).collect();
    let engine = manifest
        .pages
        .first()
        .map(|page| format!("{} {}", page.engine.name, page.engine.version));
    Ok(PdfInfo {
        title: format!("存根 {short}"),
        creator: engine.unwrap_or_default(),
        created,
        language: "zh-CN".to_string(),
        id,
    })
}
