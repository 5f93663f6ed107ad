//! Exports for those who wait at a desk: made in a folder of the server, handed out as an open file that no name leads
//! to any more, a few at the same time.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{ExportError, ExportLimits, ExportOrder, ExportPart, export};
use crate::domain::Digest;
use crate::domain::manifest::RecordManifest;
use crate::pipeline::Pipelines;
use crate::records::{Records, RecordsError};
pub use crate::worker::StageTime;
use crate::worker::WorkerPool;

/// Exports made at the same time; more are told to come back.
const EXPORTS_MAX: usize = 8;

/// Makes exports and small pictures.
pub struct Exporter {
    records: Records,
    pool: Arc<WorkerPool>,
    pipelines: Pipelines,
    scratch: PathBuf,
    running: Semaphore,
    made: AtomicU64,
}

/// A file that loses its name when this goes, also where nobody waits for it any more; who has it open keeps it.
struct Nameless(PathBuf);

impl Drop for Nameless {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

impl Exporter {
    /// Reads from `records`, draws on `pool`, keeps files while they are made in `scratch`.
    pub fn new(
        records: Records,
        pool: Arc<WorkerPool>,
        pipelines: Pipelines,
        scratch: PathBuf,
    ) -> Self {
        clear(&scratch);
        Self {
            records,
            pool,
            pipelines,
            scratch,
            running: Semaphore::new(EXPORTS_MAX),
            made: AtomicU64::new(0),
        }
    }

    /// Looks up scans, each with its bookmark. Fails when one was not read yet.
    pub async fn parts(
        &self,
        scans: Vec<(Digest, Option<String>)>,
    ) -> Result<Vec<ExportPart>, ExportError> {
        let mut parts = Vec::new();
        for (scan, title) in scans {
            let manifest = self.records.manifest(&scan).await?;
            parts.push(ExportPart { manifest, title });
        }
        Ok(parts)
    }

    /// Makes a file and hands it out, to be read from its beginning.
    pub async fn make(&self, order: &ExportOrder) -> Result<File, ExportError> {
        let _running = self.running()?;
        let failed = |source| ExportError::File {
            path: self.scratch.clone(),
            source,
        };
        tokio::fs::create_dir_all(&self.scratch)
            .await
            .map_err(failed)?;
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("export-{}-{number}", std::process::id());
        let path = Nameless(self.scratch.join(name));
        let (records, pool) = (&self.records, &self.pool);
        let made = export(records, pool, &self.pipelines, order, &path.0, || {}).await;
        made.and_then(|()| File::open(&path.0).map_err(failed))
    }

    /// A small picture of a page, as JPEG.
    pub async fn thumbnail(
        &self,
        manifest: &RecordManifest,
        page: u32,
    ) -> Result<Vec<u8>, ExportError> {
        let _running = self.running()?;
        let text = self.records.page_text(manifest, page).await?;
        let limits = ExportLimits::of(&self.pipelines, &manifest.pipeline);
        let master = self.records.master(&manifest.scan).await?;
        let mut worker = self.pool.checkout().await?;
        let deadline = limits.page_deadline;
        worker
            .load(master, manifest.format, &limits.imaging, deadline)
            .await?;
        Ok(worker.thumbnail(page, text.turn, deadline).await?)
    }

    /// What the stages of reading took so far in the children that it shares with the engine.
    pub fn stage_times(&self) -> BTreeMap<&'static str, StageTime> {
        self.pool.counts().stage_times()
    }

    /// The manifest of a sealed record.
    pub async fn manifest(&self, scan: &Digest) -> Result<RecordManifest, RecordsError> {
        self.records.manifest(scan).await
    }

    /// The manifest of what can be shown of a scan.
    pub async fn manifest_so_far(&self, scan: &Digest) -> Result<RecordManifest, RecordsError> {
        self.records.manifest_so_far(scan).await
    }

    fn running(&self) -> Result<SemaphorePermit<'_>, ExportError> {
        self.running.try_acquire().map_err(|_| ExportError::Busy)
    }
}

/// Takes away what a server that was killed left half made.
fn clear(scratch: &Path) {
    for entry in std::fs::read_dir(scratch).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("export-") {
            drop(std::fs::remove_file(entry.path()));
        }
    }
}
