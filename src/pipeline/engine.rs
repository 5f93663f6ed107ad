//! The engine: claims waiting scans, attempts them side by side within its permits, and records what came out.
//! Each scan ends as a sealed record or a held one; trouble that is not its fault sends it back to the queue.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, broadcast, watch};
use tokio::task::JoinSet;

use super::memo::Memos;
use super::pages::permits;
use super::progress::{Outcome, Progress};
use super::spec::Pipelines;
use super::trouble::Trouble;
use crate::domain::text::EngineId;
use crate::domain::{Actor, Clock, Digest, Timestamp};
use crate::ledger::Ledger;
use crate::ocr::EngineKind;
use crate::store::blob::Blobs;
use crate::store::catalog::{Catalog, CatalogError, Lease};
use crate::worker::WorkerPool;

/// How many events a slow listener may be behind.
const PROGRESS_KEPT: usize = 4096;

/// What an engine works with.
pub struct EngineParts {
    /// Where facts go.
    pub ledger: Arc<Ledger>,
    /// Where masters and outputs are.
    pub blobs: Arc<Blobs>,
    /// The queue and the memo index.
    pub catalog: Arc<dyn Catalog>,
    /// The workers.
    pub pool: Arc<WorkerPool>,
    /// The time of leases.
    pub clock: Arc<dyn Clock>,
    /// How each kind of paper is read.
    pub pipelines: Pipelines,
    /// Who seals and holds.
    pub actor: Actor,
}

/// The engine's own limits.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Scans attempted at a time; those beyond the workers wait with their master ready.
    pub scans_at_a_time: usize,
    /// Bytes of masters in memory at a time; a larger master is read alone.
    pub bytes_in_flight: u64,
    /// How long a lease lasts; it is renewed while the scan is worked on.
    pub lease: Duration,
    /// Wait before the second attempt; doubled for each one after it.
    pub retry: Duration,
    /// The longest such wait.
    pub retry_max: Duration,
    /// How often the queue is looked at when nobody nudges.
    pub poll: Duration,
}

impl EngineOptions {
    /// Usual limits for a pool of `workers`: one scan more than workers, 256 MiB of masters, leases of a
    /// minute, waits from 1 s to 5 min.
    pub fn for_workers(workers: usize) -> Self {
        Self {
            scans_at_a_time: workers.max(1) + 1,
            bytes_in_flight: 256 * 1024 * 1024,
            lease: Duration::from_secs(60),
            retry: Duration::from_secs(1),
            retry_max: Duration::from_secs(300),
            poll: Duration::from_millis(250),
        }
    }
}

/// How many attempts ended how, since the engine was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Records sealed.
    pub sealed: u64,
    /// Scans held.
    pub held: u64,
    /// Attempts that failed and go back to the queue.
    pub retried: u64,
    /// Stage outputs found again.
    pub recalled: u64,
    /// Stage outputs made.
    pub made: u64,
}

/// Claims scans and reads them.
pub struct Engine {
    pub(super) parts: EngineParts,
    pub(super) options: EngineOptions,
    pub(super) memos: Memos,
    pub(super) memory: Arc<Semaphore>,
    pub(super) memory_permits: u32,
    /// Exact engines by kind, as a worker last told.
    engines: Mutex<Vec<(EngineKind, EngineId)>>,
    /// Scans whose stage must run again even where a memo is known.
    pub(super) forced: Mutex<HashMap<Digest, &'static str>>,
    /// Attempts that ended for another reason than the scan, so that they do not count against it.
    pub(super) excused: Mutex<HashMap<Digest, u32>>,
    progress: broadcast::Sender<Progress>,
    nudged: Notify,
    sealed: AtomicU64,
    held: AtomicU64,
    retried: AtomicU64,
}

impl Engine {
    /// An engine that does nothing until [`Engine::run`] or [`Engine::drain`].
    pub fn new(parts: EngineParts, options: EngineOptions) -> Arc<Self> {
        let memory_permits = permits(options.bytes_in_flight).clamp(1, u32::MAX >> 4);
        let memos = Memos::new(Arc::clone(&parts.blobs), Arc::clone(&parts.catalog));
        Arc::new(Self {
            parts,
            options,
            memos,
            memory: Arc::new(Semaphore::new(memory_permits as usize)),
            memory_permits,
            engines: Mutex::default(),
            forced: Mutex::default(),
            excused: Mutex::default(),
            progress: broadcast::channel(PROGRESS_KEPT).0,
            nudged: Notify::new(),
            sealed: AtomicU64::new(0),
            held: AtomicU64::new(0),
            retried: AtomicU64::new(0),
        })
    }

    /// Everything that happens from now on.
    pub fn progress(&self) -> broadcast::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Makes [`Engine::run`] look at the queue now, as when a scan was just received.
    pub fn nudge(&self) {
        self.nudged.notify_one();
    }

    /// What was done so far.
    pub fn tally(&self) -> Tally {
        let (recalled, made) = self.memos.counts();
        Tally {
            sealed: self.sealed.load(Ordering::Relaxed),
            held: self.held.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            recalled,
            made,
        }
    }

    /// Works until `stop` is true or its sender is gone, then gives its leases back. Trouble with the catalog
    /// is waited out.
    pub async fn run(self: &Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let mut trouble = 0;
        while !stopped(&stop) {
            let wait = match self.fill(&mut tasks, &stop).await {
                Ok(0) => {
                    trouble = 0;
                    self.options.poll
                }
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(%error, "scans cannot be claimed, trying again later");
                    trouble += 1;
                    self.backoff(trouble)
                }
            };
            tokio::select! {
                _ = stop.changed() => {}
                () = self.nudged.notified() => {}
                () = tokio::time::sleep(wait) => {}
                Some(_) = tasks.join_next() => {}
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Works until nothing can be claimed now and nothing is in work. Scans that wait for a retry time, or are
    /// leased elsewhere, are left.
    pub async fn drain(self: &Arc<Self>) -> Result<Tally, CatalogError> {
        let (_running, stop) = watch::channel(false);
        let mut tasks = JoinSet::new();
        loop {
            let claimed = self.fill(&mut tasks, &stop).await?;
            if claimed == 0 && tasks.join_next().await.is_none() {
                return Ok(self.tally());
            }
        }
    }

    /// Claims as many scans as there is room for and starts on them; how many.
    async fn fill(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
        stop: &watch::Receiver<bool>,
    ) -> Result<usize, CatalogError> {
        while tasks.try_join_next().is_some() {}
        let room = self.options.scans_at_a_time.saturating_sub(tasks.len());
        if room == 0 {
            return Ok(0);
        }
        let now = self.parts.clock.now();
        let leases = self
            .parts
            .catalog
            .claim(room, now, millis(self.options.lease));
        let leases = leases.await?;
        let claimed = leases.len();
        for lease in leases {
            let engine = Arc::clone(self);
            let stop = stop.clone();
            tasks.spawn(async move { engine.work(lease, stop).await });
        }
        Ok(claimed)
    }

    /// Attempts one scan under its lease and tells how it ended.
    async fn work(self: Arc<Self>, lease: Lease, mut stop: watch::Receiver<bool>) {
        let scan = lease.scan;
        let held = Mutex::new(lease.clone());
        let ended = tokio::select! {
            ended = self.attempt(&lease) => ended,
            () = self.renew_until_lost(&held) => Ended::LeaseLost,
            () = until_stopped(&mut stop) => Ended::Stopped,
        };
        let lease = held.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.settle(&lease, ended).await;
        match &outcome {
            Outcome::Sealed { .. } => self.sealed.fetch_add(1, Ordering::Relaxed),
            Outcome::Held { .. } => self.held.fetch_add(1, Ordering::Relaxed),
            Outcome::Retry { reason, .. } => {
                tracing::warn!(%scan, reason, "an attempt failed, the scan goes back to the queue");
                self.retried.fetch_add(1, Ordering::Relaxed)
            }
            Outcome::NotWaiting | Outcome::Stopped | Outcome::LeaseLost => 0,
        };
        self.tell(Progress::ScanDone { scan, outcome });
    }

    async fn settle(&self, lease: &Lease, ended: Ended) -> Outcome {
        let now = self.parts.clock.now();
        match ended {
            Ended::Done(outcome) => {
                // The lease ends with the fact; given back now, a lagging catalog would offer the scan again.
                lock(&self.excused).remove(&lease.scan);
                lock(&self.forced).remove(&lease.scan);
                outcome
            }
            Ended::Failed { reason } => {
                let wait = self.backoff(lease.attempt);
                self.give_back(lease, now, wait, reason).await
            }
            Ended::Trouble(trouble) => {
                let wait = self.backoff(self.excuse(&lease.scan));
                self.give_back(lease, now, wait, trouble.to_string()).await
            }
            Ended::Stopped => {
                self.excuse(&lease.scan);
                self.give_back(lease, now, Duration::ZERO, String::new())
                    .await;
                Outcome::Stopped
            }
            Ended::LeaseLost => {
                self.excuse(&lease.scan);
                Outcome::LeaseLost
            }
        }
    }

    async fn give_back(
        &self,
        lease: &Lease,
        now: Timestamp,
        wait: Duration,
        reason: String,
    ) -> Outcome {
        let at = now.plus_millis(millis(wait));
        match self.parts.catalog.release(lease, at).await {
            Ok(()) => {}
            Err(CatalogError::LeaseLost) => return Outcome::LeaseLost,
            Err(error) => tracing::warn!(%error, "a lease cannot be given back, it will run out"),
        }
        Outcome::Retry { at, reason }
    }

    /// Renews the lease at a third of its length, again and again; ends when it is lost.
    async fn renew_until_lost(&self, held: &Mutex<Lease>) {
        loop {
            tokio::time::sleep(self.options.lease / 3).await;
            let lease = lock(held).clone();
            let until = self
                .parts
                .clock
                .now()
                .plus_millis(millis(self.options.lease));
            match self.parts.catalog.renew(&lease, until).await {
                Ok(renewed) => *lock(held) = renewed,
                Err(CatalogError::LeaseLost) => return,
                Err(error) => tracing::warn!(%error, "a lease cannot be renewed, trying again"),
            }
        }
    }

    /// The exact engine of a kind, when it was asked for before.
    pub(super) fn known_engine(&self, kind: EngineKind) -> Option<EngineId> {
        let engines = lock(&self.engines);
        let known = engines.iter().find(|(known, _)| *known == kind);
        known.map(|(_, id)| id.clone())
    }

    /// Notes which engine exactly stands for a kind, or that it must be asked for again.
    pub(super) fn note_engine(&self, kind: EngineKind, id: Option<EngineId>) {
        let mut engines = lock(&self.engines);
        engines.retain(|(known, _)| *known != kind);
        engines.extend(id.map(|id| (kind, id)));
    }

    /// Notes an attempt that does not count against the scan; how many there were.
    fn excuse(&self, scan: &Digest) -> u32 {
        let mut excused = lock(&self.excused);
        let count = excused.entry(*scan).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }

    /// How often the scan itself failed, this attempt included.
    pub(super) fn failures(&self, lease: &Lease) -> u32 {
        let excused = lock(&self.excused).get(&lease.scan).copied();
        lease.attempt.saturating_sub(excused.unwrap_or(0)).max(1)
    }

    /// The wait after failure number `count` (from 1).
    fn backoff(&self, count: u32) -> Duration {
        let doublings = count.saturating_sub(1).min(20);
        let wait = self.options.retry.saturating_mul(1 << doublings);
        wait.min(self.options.retry_max)
    }

    pub(super) fn tell(&self, progress: Progress) {
        // Nobody listening is fine.
        let _ = self.progress.send(progress);
    }

    /// The names of the pipelines this engine knows.
    pub fn pipelines(&self) -> BTreeSet<String> {
        self.parts.pipelines.names()
    }
}

/// How work on a lease ended.
pub(super) enum Ended {
    /// A fact is durable, or none was needed.
    Done(Outcome),
    /// The worker failed on the scan.
    Failed { reason: String },
    /// Infrastructure failed.
    Trouble(Trouble),
    /// The engine stops.
    Stopped,
    /// The lease ran out.
    LeaseLost,
}

impl<T: Into<Trouble>> From<T> for Ended {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

async fn until_stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which stops as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
