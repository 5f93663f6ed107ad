//! The worker's side of one attempt: the master is fetched and opened only when a stage has to run, and the
//! jobs' time is counted against the scan's deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::attempt::Stop;
use super::spec::{OcrSettings, ScanLimits};
use super::trouble::Trouble;
use crate::domain::event::FileFormat;
use crate::domain::text::EngineId;
use crate::domain::{Digest, Finding, FindingCode};
use crate::store::blob::{BlobError, Blobs};
use crate::worker::protocol::{Failure, StageJob};
use crate::worker::{Checkout, Loaded, PageRead, WorkerError, WorkerHost, WorkerPool};

/// Bytes to a permit of the semaphore over masters in memory.
pub(super) const PERMIT_BYTES: u64 = 4096;

/// How long an engine may take to open.
const ENGINE_DEADLINE: Duration = Duration::from_secs(60);

/// What a scan's pages are read from.
pub(super) struct Source<'e> {
    pub(super) blobs: &'e Blobs,
    pub(super) pool: &'e Arc<WorkerPool>,
    /// Permits over the bytes of masters in memory.
    pub(super) memory: &'e Arc<Semaphore>,
    pub(super) memory_permits: u32,
    pub(super) scan: Digest,
    pub(super) bytes: u64,
    pub(super) format: FileFormat,
    pub(super) limits: &'e ScanLimits,
    pub(super) worker: Option<Checkout>,
    pub(super) permit: Option<OwnedSemaphorePermit>,
    pub(super) loaded: Option<Loaded>,
    pub(super) spent: Duration,
}

impl Source<'_> {
    /// Opens the master in a worker, once; again where the child that had it was replaced.
    pub(super) async fn load(&mut self) -> Result<Loaded, Stop> {
        if let (Some(loaded), Some(worker)) = (&self.loaded, &mut self.worker)
            && worker.has_master().await
        {
            return Ok(loaded.clone());
        }
        // Judged before it is fetched: what is too large is not taken into memory.
        let caps = &self.limits.imaging;
        caps.check_bytes(self.bytes).map_err(Stop::Verdict)?;
        if self.permit.is_none() {
            let permits = permits(self.bytes).min(self.memory_permits);
            let permit = Arc::clone(self.memory).acquire_many_owned(permits).await;
            self.permit = Some(permit.map_err(|_| Stop::Stopped)?);
        }
        let fetched = self.blobs.get(&self.scan, self.bytes).await;
        let master = fetched.map_err(not_fetched)?;
        let (format, limits) = (self.format, self.limits);
        let deadline = self.time_left(limits.page_deadline)?;
        let worker = worker(&mut self.worker, self.pool).await?;
        let started = Instant::now();
        let answer = worker.load(master, format, &limits.imaging, deadline).await;
        self.spent += started.elapsed();
        let loaded = answer.map_err(stop)?;
        worker.let_go();
        self.loaded = Some(loaded.clone());
        Ok(loaded)
    }

    /// Runs stages on a page (from 1).
    pub(super) async fn run(&mut self, page: u32, stages: &[StageJob]) -> Result<PageRead, Stop> {
        self.load().await?;
        let deadline = self.time_left(self.limits.page_deadline)?;
        let worker = worker(&mut self.worker, self.pool).await?;
        let started = Instant::now();
        let answer = worker.page(page, stages, deadline).await;
        self.spent += started.elapsed();
        answer.map_err(stop)
    }

    /// Which engine would read, exactly.
    pub(super) async fn engine(&mut self, ocr: &OcrSettings) -> Result<EngineId, Stop> {
        let worker = worker(&mut self.worker, self.pool).await?;
        let checked = worker
            .check(ocr.engine, &ocr.languages, None, ENGINE_DEADLINE)
            .await;
        let checked = checked.map_err(|error| Stop::Trouble(Trouble::Worker(error)))?;
        Ok(checked.id)
    }

    fn time_left(&self, most: Duration) -> Result<Duration, Stop> {
        let limit = self.limits.scan_deadline;
        let left = limit.saturating_sub(self.spent);
        if left.is_zero() {
            let finding = Finding::file(FindingCode::DeadlineExceeded)
                .measured(self.spent.as_secs_f64(), limit.as_secs_f64());
            return Err(Stop::Failed {
                finding,
                reason: "the scan's own deadline passed".into(),
            });
        }
        Ok(left.min(most))
    }
}

async fn worker<'w>(
    held: &'w mut Option<Checkout>,
    pool: &Arc<WorkerPool>,
) -> Result<&'w mut WorkerHost, Stop> {
    let checkout = match held.take() {
        Some(checkout) => checkout,
        None => pool.checkout().await.map_err(stop)?,
    };
    Ok(&mut *held.insert(checkout))
}

/// Sorts a worker's error: the bytes' own fault, a failed attempt, or trouble.
fn stop(error: WorkerError) -> Stop {
    match error {
        WorkerError::Failed(Failure::Verdict { finding }) => Stop::Verdict(finding),
        WorkerError::Failed(Failure::Broken { finding, reason }) => {
            Stop::Failed { finding, reason }
        }
        other => Stop::Trouble(Trouble::Worker(other)),
    }
}

/// A master that is gone counts against the scan, so that after some attempts a person hears of it; a store that
/// does not answer does not. One that went with its case is not asked for again.
fn not_fetched(error: BlobError) -> Stop {
    match error {
        BlobError::NotFound { .. } | BlobError::Damaged { .. } => Stop::Failed {
            finding: Finding::file(FindingCode::MasterLost),
            reason: error.to_string(),
        },
        BlobError::Erased { .. } => Stop::Verdict(Finding::file(FindingCode::Erased)),
        error => Stop::Trouble(error.into()),
    }
}

/// Permits for a master of `bytes`.
pub(super) fn permits(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX)
}
