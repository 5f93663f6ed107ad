//! `counterfoil ingest`: takes files in, reads them, and prints one result a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream};
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

use crate::app::App;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::event::ScanSource;
use crate::domain::scan::ScanStatus;
use crate::domain::{Actor, CaseNo, Digest, Finding, PipelineName, Problem};
use crate::pipeline::receive::{Incoming, Receiver};
use crate::records::Records;

/// Bytes read from a file at a time.
const CHUNK: usize = 256 * 1024;

/// How often waiting scans are looked at when no event comes.
const POLL: Duration = Duration::from_millis(300);

/// Files walked at most in one call.
const FILES_MAX: usize = 1_000_000;

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
}

#[derive(Debug, Serialize)]
struct FileResult {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Digest>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ResultError>,
}

#[derive(Debug, Serialize)]
struct ResultError {
    code: &'static str,
    title: &'static str,
    title_en: &'static str,
    detail: String,
}

/// What a call is about to print.
struct Run {
    records: Records,
    output: Output,
    bar: ProgressBar,
    waiting: BTreeMap<Digest, Vec<String>>,
    refused: u64,
}

/// Takes every file in, then waits for their reading.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let files = walk(&args.paths)?;
    let app = App::open(config).await?;
    if app.pipelines.get(&args.pipeline).is_none() {
        let there = app
            .pipelines
            .names()
            .into_iter()
            .collect::<Vec<_>>()
            .join(", ");
        let detail = format!(
            "no pipeline is called {}; there are: {there}",
            args.pipeline
        );
        return Err(CliError::new(Problem::UnknownPipeline, detail));
    }
    app.recall_memos().await?;
    let follower = app.follow();
    let engine = app.engine()?;
    let (stop, stopped) = watch::channel(false);
    let mut progress = engine.progress();
    let reading = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.run(stopped).await }
    });
    let receiver = app.receiver();
    let bar = output.progress(files.len() as u64, "个文件 files");
    let mut run = Run {
        records: app.records(),
        output,
        bar,
        waiting: BTreeMap::new(),
        refused: 0,
    };
    for file in &files {
        run.take(&receiver, file, &args).await?;
        engine.nudge();
    }
    while !run.waiting.is_empty() && !args.no_wait {
        // Whatever the event says, the ledger decides: a missed event costs one poll.
        let _ = tokio::time::timeout(POLL, progress.recv()).await;
        run.settle().await?;
    }
    run.bar.finish_and_clear();
    let size = *app.ledger.published().borrow();
    if !args.no_wait {
        follower
            .wait_for("search", size.saturating_sub(1))
            .await
            .map_err(CliError::store)?;
    }
    stop.send_replace(true);
    reading.await.map_err(CliError::internal)?;
    follower.stop().await;
    app.ledger.close().await;
    Ok(if run.refused > 0 {
        Outcome::SomeRefused
    } else {
        Outcome::Done
    })
}

impl Run {
    /// Receives one file; prints it at once unless it waits to be read.
    async fn take(
        &mut self,
        receiver: &Receiver,
        path: &Path,
        args: &Args,
    ) -> Result<(), CliError> {
        let file = path.display().to_string();
        let incoming = Incoming {
            announced: None,
            source: ScanSource::Cli,
            pipeline: args.pipeline.clone(),
            case: args.case.clone(),
            site: None,
            by: Actor::new("cli:operator").map_err(CliError::internal)?,
            file_name: path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned()),
        };
        let stream = match file_stream(path).await {
            Ok(stream) => stream,
            Err(error) => return self.refuse(file, Problem::CannotRead, error.to_string()),
        };
        let received = match receiver.receive(Box::pin(stream), incoming).await {
            Ok(received) => received,
            Err(error) => return self.refuse(file, error.problem(), error.to_string()),
        };
        if args.no_wait {
            let status = if received.duplicate {
                "duplicate"
            } else {
                "received"
            };
            return self.print(FileResult::taken(file, received.scan, status));
        }
        let known = received.duplicate && !received.is_pending();
        if known || self.waiting.contains_key(&received.scan) {
            return self.print(FileResult::taken(file, received.scan, "duplicate"));
        }
        self.waiting.entry(received.scan).or_default().push(file);
        Ok(())
    }

    /// Prints every waiting scan that was sealed or held meanwhile.
    async fn settle(&mut self) -> Result<(), CliError> {
        let scans: Vec<Digest> = self.waiting.keys().copied().collect();
        for scan in scans {
            let (status, pages, findings) = match self.records.state(&scan).await?.status {
                ScanStatus::Pending => continue,
                ScanStatus::Sealed { manifest, pages } => (
                    "sealed",
                    Some(pages),
                    self.records.manifest_blob(&manifest).await?.findings,
                ),
                ScanStatus::Held { findings } => ("held", None, findings),
            };
            for file in self.waiting.remove(&scan).unwrap_or_default() {
                let mut result = FileResult::taken(file, scan, status);
                result.pages = pages;
                result.findings = findings.clone();
                self.print(result)?;
            }
        }
        Ok(())
    }

    fn refuse(&mut self, file: String, problem: Problem, detail: String) -> Result<(), CliError> {
        self.refused += 1;
        let error = ResultError {
            code: problem.code(),
            title: problem.zh(),
            title_en: problem.en(),
            detail,
        };
        let status = "refused";
        let (sha256, record, pages, findings) = (None, None, None, Vec::new());
        self.print(FileResult {
            file,
            sha256,
            status,
            record,
            pages,
            findings,
            error: Some(error),
        })
    }

    fn print(&mut self, result: FileResult) -> Result<(), CliError> {
        self.bar.inc(1);
        let output = self.output;
        self.bar
            .suspend(|| output.result(&result, || result.words()))
    }
}

impl FileResult {
    fn taken(file: String, scan: Digest, status: &'static str) -> Self {
        Self {
            file,
            sha256: Some(scan),
            status,
            record: Some(scan),
            pages: None,
            findings: Vec::new(),
            error: None,
        }
    }

    fn words(&self) -> String {
        let (mark, word) = match self.status {
            "sealed" => ("✓", "已固化"),
            "held" => ("!", "待人工处理"),
            "duplicate" => ("=", "重复"),
            "received" => ("…", "已收妥"),
            _ => ("✗", "拒收"),
        };
        let short: String = self
            .record
            .map(|record| record.to_string()[..12].to_string())
            .unwrap_or_default();
        let pages = self
            .pages
            .map(|pages| format!("{pages} 页  "))
            .unwrap_or_default();
        let mut words = format!(
            "{mark} {word} {:<9}  {short:<12}  {pages}{}",
            self.status, self.file
        );
        for finding in &self.findings {
            let page = finding
                .page
                .map(|page| format!("第 {page} 页 "))
                .unwrap_or_default();
            let numbers = match (finding.value, finding.limit) {
                (Some(value), Some(limit)) => numbers(value, limit),
                _ => String::new(),
            };
            let (zh, en) = (finding.code.zh(), finding.code.en());
            words.push_str(&format!("\n    {page}{zh}{numbers} {en}"));
        }
        if let Some(error) = &self.error {
            words.push_str(&format!(
                "\n    {} [{}] {}",
                error.title, error.code, error.detail
            ));
        }
        words
    }
}

/// What was measured and the limit it missed, with as many digits as it takes to tell them apart.
fn numbers(value: f64, limit: f64) -> String {
    let differ = |digits: &usize| format!("{value:.digits$}") != format!("{limit:.digits$}");
    let digits = (2..=6).find(differ).unwrap_or(2);
    format!("（{value:.digits$}，限值 limit {limit:.digits$}）")
}

/// Every file named, folders walked in order of names; links are not followed.
fn walk(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        let unreadable = |error: std::io::Error| {
            CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
        };
        if files.len() >= FILES_MAX {
            let detail = format!("more than {FILES_MAX} files; take them in folder by folder");
            return Err(CliError::new(Problem::TooLarge, detail));
        }
        if !std::fs::metadata(&path).map_err(unreadable)?.is_dir() {
            files.push(path);
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if !entry.file_type().map_err(unreadable)?.is_symlink() {
                inside.push(entry.path());
            }
        }
        inside.sort_unstable_by(|left, right| right.cmp(left));
        waiting.extend(inside);
    }
    Ok(files)
}

/// A file's bytes as they are read.
async fn file_stream(
    path: &Path,
) -> std::io::Result<impl Stream<Item = std::io::Result<Bytes>> + Send + use<>> {
    let file = tokio::fs::File::open(path).await?;
    Ok(stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut chunk)
            .await?;
        Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FindingCode;

    #[test]
    fn a_finding_is_told_in_words_and_its_numbers_differ() {
        let mut result = FileResult::taken("a.png".to_owned(), Digest::of("a"), "held");
        let code = FindingCode::NeedsVerification;
        result.findings = vec![
            Finding::page(1, code).measured(0.496, 0.5),
            Finding::page(2, code).measured(0.25, 0.5),
            Finding::page(3, code).measured(0.00001, 0.00004),
        ];
        let words = result.words();
        let told = "第 1 页 部分文字把握不足，建议核对（0.496，限值 limit 0.500） some characters";
        assert!(words.contains(told), "{words}");
        assert!(words.contains("（0.25，限值 limit 0.50）"), "{words}");
        assert!(words.contains("（0.00001，限值 limit 0.00004）"), "{words}");
        assert!(!words.contains("needs-verification"), "{words}");
        let object = serde_json::to_value(&result).unwrap();
        assert_eq!(object["findings"][0]["code"], "needs-verification");
    }
}
