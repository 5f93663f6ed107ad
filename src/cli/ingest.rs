//! `counterfoil ingest`: takes files in, reads them, and prints one result a file.

mod files;
mod result;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use self::result::FileResult;
use crate::app::App;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::event::ScanSource;
use crate::domain::scan::ScanStatus;
use crate::domain::{Actor, CaseNo, Digest, PipelineName, Problem};
use crate::pipeline::Progress;
use crate::pipeline::receive::{Incoming, Received, Receiver};
use crate::records::Records;

/// Files received at a time. Each is synced before it is acknowledged; syncs that come together cost the disk one.
const RECEIVED_AT_A_TIME: usize = 16;

/// How often every waiting scan is looked at, whatever the events say: a missed one costs no more than this.
const LOOK: Duration = Duration::from_secs(5);

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Examples:
  counterfoil ingest scans/
  counterfoil ingest page.jpg contract.pdf --case 2026110300042
  counterfoil ingest scans/ --json | grep -v sealed")]
pub struct Args {
    /// 文件或文件夹 Files, or folders that are walked
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// 处理流程 Pipeline that reads them
    #[arg(long, default_value = "counter-paper", value_name = "NAME")]
    pipeline: PipelineName,
    /// 办件编号 Case they belong to
    #[arg(long, value_name = "NO")]
    case: Option<CaseNo>,
    /// 等待全部读完（默认）Wait until everything is read and can be searched (the default)
    #[arg(long, conflicts_with = "no_wait")]
    wait: bool,
    /// 收妥即返回 End once everything is received; `work` or `serve` read it later
    #[arg(long)]
    no_wait: bool,
    /// 最后列出各处理步骤用时 Tell at the end what each stage took
    #[arg(long, conflicts_with = "no_wait")]
    times: bool,
}

/// What the runs of a stage took.
#[derive(Debug, Serialize)]
struct StageResult {
    stage: &'static str,
    runs: u64,
    seconds: f64,
}

/// What a call is about to print.
struct Run {
    records: Records,
    output: Output,
    bar: ProgressBar,
    waiting: BTreeMap<Digest, Vec<String>>,
    refused: u64,
}

/// A file and what receiving it came to, or the problem and its detail.
type Taken = (String, Result<Received, (Problem, String)>);

/// Takes every file in, then waits for their reading.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let files = files::walk(&args.paths)?;
    let app = App::open(config).await?;
    known_pipeline(&app, &args.pipeline)?;
    let bar = output.progress(files.len() as u64, "个文件 files");
    let mut run = Run {
        records: app.records(),
        output,
        bar,
        waiting: BTreeMap::new(),
        refused: 0,
    };
    let receiver = app.receiver();
    let taken = stream::iter(&files)
        .map(|file| take(&receiver, file, &args))
        .buffered(RECEIVED_AT_A_TIME);
    let taken = std::pin::pin!(taken);
    match args.no_wait {
        true => run.receive(taken).await?,
        false => run.read(&app, taken).await?,
    }
    run.bar.finish_and_clear();
    if args.times {
        for (stage, time) in app.pool().counts().stage_times() {
            let (runs, seconds) = (time.runs, time.micros as f64 / 1e6);
            let result = StageResult {
                stage,
                runs,
                seconds,
            };
            output.result(&result, || {
                format!("{stage:<8} {runs:>6} × {seconds:>9.2} s")
            })?;
        }
    }
    app.ledger.close().await;
    Ok(if run.refused > 0 {
        Outcome::SomeRefused
    } else {
        Outcome::Done
    })
}

fn known_pipeline(app: &App, name: &PipelineName) -> Result<(), CliError> {
    if app.pipelines.get(name).is_some() {
        return Ok(());
    }
    let there: Vec<String> = app.pipelines.names().into_iter().collect();
    let there = there.join(", ");
    let detail = format!("no pipeline is called {name}; there are: {there}");
    Err(CliError::new(Problem::UnknownPipeline, detail))
}

/// Receives one file.
async fn take(receiver: &Receiver, path: &Path, args: &Args) -> Taken {
    let file = path.display().to_string();
    let by = match Actor::new("cli:operator") {
        Ok(by) => by,
        Err(error) => return (file, Err((Problem::Internal, error.to_string()))),
    };
    let incoming = Incoming {
        announced: None,
        source: ScanSource::Cli,
        pipeline: args.pipeline.clone(),
        case: args.case.clone(),
        site: None,
        by,
        file_name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
    };
    let received = match files::stream(path).await {
        Err(error) => Err((Problem::CannotRead, error.to_string())),
        Ok(stream) => receiver
            .receive(Box::pin(stream), incoming)
            .await
            .map_err(|error| (error.problem(), error.to_string())),
    };
    (file, received)
}

impl Run {
    /// Prints every file as soon as it is durable. Nothing is read and nothing else is brought up to date: whoever
    /// reads does that.
    async fn receive(
        &mut self,
        mut taken: impl Stream<Item = Taken> + Unpin,
    ) -> Result<(), CliError> {
        while let Some((file, received)) = taken.next().await {
            let result = match received {
                Ok(received) if received.duplicate => {
                    FileResult::taken(file, received.scan, "duplicate")
                }
                Ok(received) => FileResult::taken(file, received.scan, "received"),
                Err((problem, detail)) => self.refusal(file, problem, detail),
            };
            self.print(result)?;
        }
        Ok(())
    }

    /// Receives and reads side by side; ends when every file is read and can be searched.
    async fn read(
        &mut self,
        app: &App,
        mut taken: impl Stream<Item = Taken> + Unpin,
    ) -> Result<(), CliError> {
        app.recall_memos().await?;
        let follower = app.follow();
        let engine = app.engine()?;
        let mut progress = engine.progress();
        let (stop, stopped) = watch::channel(false);
        let reading = tokio::spawn({
            let engine = Arc::clone(&engine);
            async move { engine.run(stopped).await }
        });
        let mut receiving = true;
        let mut look = Instant::now() + LOOK;
        while receiving || !self.waiting.is_empty() {
            tokio::select! {
                next = taken.next(), if receiving => match next {
                    Some((file, received)) => {
                        self.await_reading(file, received).await?;
                        engine.nudge();
                    }
                    None => receiving = false,
                },
                told = progress.recv() => match told {
                    Ok(Progress::ScanDone { scan, .. }) => self.settle(scan).await?,
                    Ok(Progress::PageDone { .. }) => {}
                    // Something was missed or nothing comes any more: the ledger is asked.
                    Err(RecvError::Lagged(_)) => self.settle_all().await?,
                    Err(RecvError::Closed) => sleep_until(look).await,
                },
                () = sleep_until(look) => {
                    self.settle_all().await?;
                    look = Instant::now() + LOOK;
                }
            }
        }
        let size = *app.ledger.published().borrow();
        follower
            .wait_for("search", size.saturating_sub(1))
            .await
            .map_err(CliError::store)?;
        stop.send_replace(true);
        reading.await.map_err(CliError::internal)?;
        follower.stop().await;
        Ok(())
    }

    /// Notes a file whose reading is waited for; prints what needs none.
    async fn await_reading(
        &mut self,
        file: String,
        received: Result<Received, (Problem, String)>,
    ) -> Result<(), CliError> {
        let received = match received {
            Ok(received) => received,
            Err((problem, detail)) => {
                let refusal = self.refusal(file, problem, detail);
                return self.print(refusal);
            }
        };
        let known = received.duplicate && !received.is_pending();
        if known || self.waiting.contains_key(&received.scan) {
            return self.print(FileResult::taken(file, received.scan, "duplicate"));
        }
        self.waiting.entry(received.scan).or_default().push(file);
        // It may have been read while a file before it was still being received.
        self.settle(received.scan).await
    }

    async fn settle_all(&mut self) -> Result<(), CliError> {
        let scans: Vec<Digest> = self.waiting.keys().copied().collect();
        for scan in scans {
            self.settle(scan).await?;
        }
        Ok(())
    }

    /// Prints a waiting scan that was sealed or held meanwhile. The ledger decides, not the event.
    async fn settle(&mut self, scan: Digest) -> Result<(), CliError> {
        if !self.waiting.contains_key(&scan) {
            return Ok(());
        }
        let (status, pages, findings) = match self.records.state(&scan).await?.status {
            ScanStatus::Pending => return Ok(()),
            ScanStatus::Sealed { manifest, pages } => (
                "sealed",
                Some(pages),
                self.records.manifest_blob(&manifest).await?.findings,
            ),
            ScanStatus::Held { findings } => ("held", None, findings),
        };
        for file in self.waiting.remove(&scan).unwrap_or_default() {
            let result = FileResult::taken(file, scan, status);
            self.print(result.read(pages, findings.clone()))?;
        }
        Ok(())
    }

    fn refusal(&mut self, file: String, problem: Problem, detail: String) -> FileResult {
        self.refused += 1;
        FileResult::refused(file, problem, detail)
    }

    fn print(&mut self, result: FileResult) -> Result<(), CliError> {
        self.bar.inc(1);
        let output = self.output;
        self.bar
            .suspend(|| output.result(&result, || result.words()))
    }
}
