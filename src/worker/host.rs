//! The keeper of one child: spawns it, gives it jobs, and kills it when it passes a deadline or its memory
//! limit, dies or answers with nonsense. The next job always finds a live child with the master loaded.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::answer::{Checked, Loaded, PageRead, WorkerError};
use super::memory::{self, Resident};
use super::process::{Running, WorkerCounts, WorkerOptions, over_memory};
use super::protocol::{Failure, FrameError, Job, Reply, StageJob};
use crate::derive::PageArt;
use crate::domain::event::FileFormat;
use crate::domain::text::PageTurn;
use crate::domain::{Finding, FindingCode};
use crate::imaging::Limits;
use crate::ocr::{EngineKind, Language};

/// How much longer than its deadline a child may take before it is killed: it may stop by itself.
const GRACE: Duration = Duration::from_millis(1500);

#[derive(Clone)]
struct Master {
    bytes: Bytes,
    format: FileFormat,
    limits: Limits,
}

/// Keeps one child.
pub struct WorkerHost {
    options: Arc<WorkerOptions>,
    counts: Arc<WorkerCounts>,
    running: Option<Running>,
    master: Option<Master>,
    loaded: bool,
}

impl WorkerHost {
    /// A keeper without a child yet; the first job starts one.
    pub fn new(options: Arc<WorkerOptions>, counts: Arc<WorkerCounts>) -> Self {
        Self {
            options,
            counts,
            running: None,
            master: None,
            loaded: false,
        }
    }

    /// Opens a master, which stays loaded for the jobs that follow, across a replaced child too.
    pub async fn load(
        &mut self,
        bytes: Bytes,
        format: FileFormat,
        limits: &Limits,
        deadline: Duration,
    ) -> Result<Loaded, WorkerError> {
        self.loaded = false;
        let master = Master {
            bytes,
            format,
            limits: limits.clone(),
        };
        self.master = Some(master.clone());
        self.send_master(master, deadline).await
    }

    /// Lets go of the bytes, which can be many: only the child has the master now. When it is gone, which
    /// [`Self::has_master`] tells, the master is to be loaded again.
    pub fn let_go(&mut self) {
        self.master = None;
    }

    /// Whether a child has the master.
    pub async fn has_master(&mut self) -> bool {
        self.discard_if_busy().await;
        self.loaded && self.running.is_some()
    }

    /// Forgets the master; the child's copy is freed with the next one. A job that was given up is ended with its child:
    /// nobody would watch it any more.
    pub fn unload(&mut self) {
        self.master = None;
        self.loaded = false;
        if self.running.as_ref().is_some_and(|running| running.busy) {
            self.running = None;
        }
    }

    /// Runs stages on a page (from 1) of the loaded master.
    pub async fn page(
        &mut self,
        page: u32,
        stages: &[StageJob],
        deadline: Duration,
    ) -> Result<PageRead, WorkerError> {
        self.reload().await?;
        let job = Job::Page {
            page,
            stages: stages.to_vec(),
            deadline_ms: millis(deadline),
        };
        let answer = self.exchange(&job, Bytes::new(), deadline, Some(page));
        let (reply, body) = answer.await?;
        if let Some(running) = &mut self.running {
            running.pages += 1;
        }
        let read = match reply {
            Reply::Page {
                lengths,
                micros,
                engine,
            } if lengths.len() == stages.len() => {
                self.counts.spent(stages, &micros);
                cut(&lengths, &body).map(|outputs| PageRead { outputs, engine })
            }
            _ => None,
        };
        match read {
            Some(read) => {
                self.recycle().await;
                Ok(read)
            }
            None => Err(self.nonsense(Some(page)).await),
        }
    }

    /// Makes a page (from 1) of the loaded master ready to be placed in a PDF.
    pub async fn art(&mut self, page: u32, deadline: Duration) -> Result<PageArt, WorkerError> {
        self.reload().await?;
        let job = Job::Art { page };
        let answer = self.exchange(&job, Bytes::new(), deadline, Some(page));
        match answer.await? {
            (Reply::Art { mut art }, body) => {
                art.data = body.into();
                self.recycle().await;
                Ok(art)
            }
            _ => Err(self.nonsense(Some(page)).await),
        }
    }

    /// A small picture of a page (from 1) of the loaded master, turned, as JPEG.
    pub async fn thumbnail(
        &mut self,
        page: u32,
        turn: PageTurn,
        deadline: Duration,
    ) -> Result<Vec<u8>, WorkerError> {
        self.reload().await?;
        let job = Job::Thumbnail { page, turn };
        let answer = self.exchange(&job, Bytes::new(), deadline, Some(page));
        match answer.await? {
            (Reply::Thumbnail, body) => {
                self.recycle().await;
                Ok(body.into())
            }
            _ => Err(self.nonsense(Some(page)).await),
        }
    }

    /// Opens an engine, and reads an encoded picture with it if there is one.
    pub async fn check(
        &mut self,
        engine: EngineKind,
        languages: &[Language],
        picture: Option<Bytes>,
        deadline: Duration,
    ) -> Result<Checked, WorkerError> {
        let job = Job::Check {
            engine,
            languages: languages.to_vec(),
            deadline_ms: millis(deadline),
        };
        let answer = self.exchange(&job, picture.unwrap_or_default(), deadline, None);
        match answer.await? {
            (Reply::Engine { id, text }, _) => Ok(Checked { id, text }),
            _ => Err(self.nonsense(None).await),
        }
    }

    async fn reload(&mut self) -> Result<(), WorkerError> {
        if self.has_master().await {
            return Ok(());
        }
        let Some(master) = self.master.clone() else {
            let reason = "no master is loaded".into();
            return Err(Failure::Refused { reason }.into());
        };
        let deadline = self.options.load_deadline;
        self.send_master(master, deadline).await.map(|_| ())
    }

    async fn send_master(
        &mut self,
        master: Master,
        deadline: Duration,
    ) -> Result<Loaded, WorkerError> {
        let job = Job::Load {
            format: master.format,
            limits: master.limits,
        };
        match self.exchange(&job, master.bytes, deadline, None).await? {
            (Reply::Loaded { pages, findings }, _) => {
                self.loaded = true;
                Ok(Loaded { pages, findings })
            }
            _ => Err(self.nonsense(None).await),
        }
    }

    /// Gives one job and takes its answer. A call that was dropped half way leaves `busy` set, and the next
    /// one starts a new child.
    pub(super) async fn exchange(
        &mut self,
        job: &Job,
        body: Bytes,
        deadline: Duration,
        page: Option<u32>,
    ) -> Result<(Reply, Bytes), WorkerError> {
        self.discard_if_busy().await;
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.spawn()?,
        };
        running.busy = true;
        let running = self.running.insert(running);
        self.counts.jobs.fetch_add(1, Ordering::Relaxed);
        let memory_max = self.options.memory_max;
        let pid = running.pid;
        let ended = tokio::select! {
            answer = running.talk(job, &body) => answer.map_err(Ended::Broken),
            () = sleep_until(Instant::now() + deadline + GRACE) => Err(Ended::Deadline),
            used = over_memory(pid, memory_max, &self.counts) => Err(Ended::Memory(used)),
        };
        self.observe(pid);
        match ended {
            Ok((Reply::Failed { failure }, _)) => {
                self.settle(&failure).await;
                Err(failure.into())
            }
            Ok(answer) => {
                if let Some(running) = &mut self.running {
                    running.busy = false;
                }
                Ok(answer)
            }
            Err(ended) => Err(self.bury(ended, deadline, page).await),
        }
    }

    /// A child that said it crashed is replaced, any other goes on.
    async fn settle(&mut self, failure: &Failure) {
        let crashed = match failure {
            Failure::Broken { finding, .. } => finding.code == FindingCode::WorkerCrashed,
            _ => false,
        };
        match &mut self.running {
            Some(running) if !crashed => running.busy = false,
            _ => {
                self.kill().await;
            }
        }
    }

    async fn bury(&mut self, ended: Ended, deadline: Duration, page: Option<u32>) -> WorkerError {
        const MIB: f64 = 1024.0 * 1024.0;
        self.counts.killed.fetch_add(1, Ordering::Relaxed);
        let (status, errors) = self.kill().await;
        let on = |code| match page {
            Some(page) => Finding::page(page, code),
            None => Finding::file(code),
        };
        let (finding, reason) = match ended {
            Ended::Deadline => {
                let seconds = deadline.as_secs_f64();
                let passed = (deadline + GRACE).as_secs_f64();
                let finding = on(FindingCode::DeadlineExceeded).measured(passed, seconds);
                (finding, format!("no answer within {passed} s"))
            }
            Ended::Memory(used) => {
                let limit = self.options.memory_max as f64 / MIB;
                let finding = on(FindingCode::MemoryExceeded).measured(used as f64 / MIB, limit);
                (finding, format!("{used} bytes were resident"))
            }
            Ended::Broken(error) => {
                let reason = format!("{error}; the process ended with {status}; {errors}");
                (on(FindingCode::WorkerCrashed), reason)
            }
        };
        Failure::Broken { finding, reason }.into()
    }

    pub(super) async fn nonsense(&mut self, page: Option<u32>) -> WorkerError {
        self.counts.killed.fetch_add(1, Ordering::Relaxed);
        self.kill().await;
        Failure::crashed(page, "the answer does not fit the job").into()
    }

    fn spawn(&self) -> Result<Running, WorkerError> {
        let running = Running::spawn(&self.options);
        let running = running.map_err(|reason| WorkerError::Spawn { reason })?;
        self.counts.spawned.fetch_add(1, Ordering::Relaxed);
        Ok(running)
    }

    async fn discard_if_busy(&mut self) {
        if self.running.as_ref().is_some_and(|running| running.busy) {
            self.kill().await;
        }
    }

    /// Replaces a child that has done its share or holds too much; the next job starts the new one.
    pub(super) async fn recycle(&mut self) {
        let Some(running) = &self.running else {
            return;
        };
        let held = memory::resident(running.pid).unwrap_or_default();
        let old = running.pages >= self.options.pages_recycle;
        if old || held.now > self.options.memory_recycle {
            self.kill().await;
        }
    }

    async fn kill(&mut self) -> (String, String) {
        self.loaded = false;
        match self.running.take() {
            Some(running) => running.kill().await,
            None => ("nothing".into(), String::new()),
        }
    }

    fn observe(&self, pid: u32) {
        let Resident { peak, .. } = memory::resident(pid).unwrap_or_default();
        self.counts.peak_resident.fetch_max(peak, Ordering::Relaxed);
    }
}

enum Ended {
    Deadline,
    Memory(u64),
    Broken(FrameError),
}

fn cut(lengths: &[u64], body: &Bytes) -> Option<Vec<Bytes>> {
    let mut rest = body.clone();
    let mut outputs = Vec::with_capacity(lengths.len());
    for length in lengths {
        let length = usize::try_from(*length).ok()?;
        if length > rest.len() {
            return None;
        }
        outputs.push(rest.split_to(length));
    }
    rest.is_empty().then_some(outputs)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
