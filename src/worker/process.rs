//! One child process: how it is started, talked to and ended.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::memory;
use super::protocol::{self, FrameError, Job, PREFIX_BYTES, REPLY_BYTES_MAX, Reply, StageJob};
use super::tail::Tail;
use crate::ocr::paddle::net::Runtime;
use crate::ocr::{ENGINE_NAMES, EngineKind};

/// How often a busy child's memory is looked at.
const MEMORY_POLL: Duration = Duration::from_millis(25);

/// How long a child that broke off may take to end by itself, which tells why.
const OWN_END: Duration = Duration::from_millis(50);

/// How long a killed child may take to be gone.
const REAP: Duration = Duration::from_secs(5);

/// How children are started and when they are replaced.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The program with the `worker` subcommand: this one.
    pub program: PathBuf,
    /// The engine that stands for `auto`.
    pub engine: EngineKind,
    /// Folder with the OCR runtime and models, or with recorded readings.
    pub ocr_folder: PathBuf,
    /// What computes the models.
    pub runtime: Runtime,
    /// The fonts of the printed forms, in the order they are tried.
    pub fonts: Vec<PathBuf>,
    /// Resident bytes at which a child is killed.
    pub memory_max: u64,
    /// Resident bytes above which a child is replaced after a job.
    pub memory_recycle: u64,
    /// Pages after which a child is replaced.
    pub pages_recycle: u32,
    /// How long opening a master may take when it has to be loaded again.
    pub load_deadline: Duration,
    /// More arguments, for tests.
    pub arguments: Vec<String>,
    /// More environment variables, for tests.
    pub environment: Vec<(String, String)>,
}

impl WorkerOptions {
    /// Usual limits: killed at 900 MiB, replaced above 600 MiB or after 200 pages, 60 s to open a master.
    pub fn new(program: PathBuf, engine: EngineKind, ocr_folder: PathBuf) -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            program,
            engine,
            ocr_folder,
            runtime: Runtime::Auto,
            fonts: Vec::new(),
            memory_max: 900 * MIB,
            memory_recycle: 600 * MIB,
            pages_recycle: 200,
            load_deadline: Duration::from_secs(60),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }
}

/// What the children of one pool did so far.
#[derive(Debug, Default)]
pub struct WorkerCounts {
    /// The most resident bytes seen in any child.
    pub peak_resident: AtomicU64,
    /// Children started.
    pub spawned: AtomicU64,
    /// Children killed for a deadline, their memory, or nonsense.
    pub killed: AtomicU64,
    /// Jobs given.
    pub jobs: AtomicU64,
    stages: Mutex<BTreeMap<&'static str, StageTime>>,
}

/// What the runs of a stage took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageTime {
    /// How often it ran.
    pub runs: u64,
    /// The time of all runs together, in microseconds.
    pub micros: u64,
}

impl WorkerCounts {
    /// Notes what the stages of a page took.
    pub(super) fn spent(&self, stages: &[StageJob], micros: &[u64]) {
        let mut times = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        for (stage, micros) in stages.iter().zip(micros) {
            let time = times.entry(stage.name()).or_default();
            time.runs += 1;
            time.micros = time.micros.saturating_add(*micros);
        }
    }

    /// What each stage took so far, by name.
    pub fn stage_times(&self) -> BTreeMap<&'static str, StageTime> {
        self.stages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A live child and its pipes.
pub(super) struct Running {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
    errors: Tail,
    /// Its process id.
    pub(super) pid: u32,
    /// Pages it has read.
    pub(super) pages: u32,
    /// Whether a job was given and not answered.
    pub(super) busy: bool,
}

impl Running {
    /// Starts a child; fails with the reason.
    pub(super) fn spawn(options: &WorkerOptions) -> Result<Self, String> {
        let mut command = Command::new(&options.program);
        command
            .arg("worker")
            .args(["--engine", name_of(options.engine), "--ocr-folder"])
            .arg(&options.ocr_folder)
            .args(["--runtime", options.runtime.name()]);
        for font in &options.fonts {
            command.arg("--font").arg(font);
        }
        let mut process = command
            .args(&options.arguments)
            .envs(options.environment.iter().cloned())
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", options.program.display()))?;
        let pipes = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
            process.id(),
        );
        let (Some(input), Some(output), Some(errors), Some(pid)) = pipes else {
            return Err("it has no pipes".into());
        };
        Ok(Self {
            process,
            input,
            output,
            errors: Tail::follow(errors),
            pid,
            pages: 0,
            busy: false,
        })
    }

    /// Sends a job with its body and reads the answer with its body.
    pub(super) async fn talk(
        &mut self,
        job: &Job,
        body: &[u8],
    ) -> Result<(Reply, Bytes), FrameError> {
        let head = protocol::encode_head(job, body.len())?;
        self.input.write_all(&head).await?;
        self.input.write_all(body).await?;
        self.input.flush().await?;
        let mut prefix = [0u8; PREFIX_BYTES];
        self.output.read_exact(&mut prefix).await?;
        let lengths = protocol::parse_prefix(&prefix, REPLY_BYTES_MAX)?;
        let header = read_exactly(&mut self.output, lengths.header).await?;
        let reply = serde_json::from_slice(&header)?;
        let body = read_exactly(&mut self.output, lengths.body).await?;
        Ok((reply, body.into()))
    }

    /// Ends the child; how it ended, and the last it said.
    pub(super) async fn kill(mut self) -> (String, String) {
        let own_end = timeout(OWN_END, self.process.wait()).await;
        let status = match own_end {
            Ok(Ok(status)) => status.to_string(),
            _ => self.kill_now().await,
        };
        (status, self.errors.text())
    }

    async fn kill_now(&mut self) -> String {
        let reaped = async {
            self.process.start_kill()?;
            self.process.wait().await
        };
        match timeout(REAP, reaped).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no end after a kill".into(),
        }
    }
}

fn name_of(engine: EngineKind) -> &'static str {
    let named = ENGINE_NAMES.iter().find(|(_, kind)| *kind == engine);
    named.map_or("auto", |(name, _)| name)
}

async fn read_exactly(output: &mut ChildStdout, length: usize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::new();
    let mut limited = output.take(length as u64);
    if limited.read_to_end(&mut bytes).await? != length {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    Ok(bytes)
}

/// Ends when process `pid` holds more than `limit` bytes, with what it held.
pub(super) async fn over_memory(pid: u32, limit: u64, counts: &WorkerCounts) -> u64 {
    loop {
        if let Some(held) = memory::resident(pid) {
            counts.peak_resident.fetch_max(held.peak, Ordering::Relaxed);
            if held.now > limit {
                return held.now;
            }
        }
        tokio::time::sleep(MEMORY_POLL).await;
    }
}
