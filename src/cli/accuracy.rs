//! `counterfoil accuracy`: character error of an engine against true text, page by page.

mod understood;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;

use crate::app;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::text::{OcrLine, OcrPage};
use crate::domain::{Date, Problem};
use crate::imaging::{Limits, sniff};
use crate::ocr::score::{Score, score};
use crate::ocr::{EngineKind, Language};
use crate::worker::Checkout;
use crate::worker::protocol::StageJob;

const PAGE_DEADLINE: Duration = Duration::from_secs(300);

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Example:
  counterfoil accuracy scans/ --engine tesseract
  counterfoil accuracy pages/ --fields
真值 NAME.gt.txt 放在 NAME.jpg 旁（多页为 NAME.p1.gt.txt …）True text lies beside each image")]
pub struct Args {
    /// 含图像与真值的文件夹 Folder with images and their true text
    folder: PathBuf,
    /// 识别引擎 Engine to measure
    #[arg(long, value_enum, default_value_t = Engine::Paddle)]
    engine: Engine,
    /// 只评别的引擎读出的文字：NAME.txt 的文件夹 Score what another reader made of them: a folder of NAME.txt
    #[arg(long, value_name = "FOLDER", conflicts_with = "engine")]
    readings: Option<PathBuf>,
    /// 衡量字段与材料种类，对照图像旁的 NAME.truth.json Measure fields and kinds against the NAME.truth.json beside each image
    #[arg(long)]
    fields: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    Paddle,
    Tesseract,
}

impl From<Engine> for EngineKind {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Paddle => EngineKind::Paddle,
            Engine::Tesseract => EngineKind::Tesseract,
        }
    }
}

#[derive(Debug, Serialize)]
struct PageScore {
    engine: String,
    file: String,
    page: u32,
    characters: usize,
    errors: usize,
    percent: f64,
    seconds: f64,
}

/// Reads every page that has true text and compares; the last line is the micro-average over characters.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    if let Some(readings) = &args.readings {
        return score_readings(&args.folder, readings, output);
    }
    if args.fields {
        return understood::run(config, &args, output).await;
    }
    let engine = EngineKind::from(args.engine);
    let pool = app::worker_pool(config)?;
    let mut worker = pool.checkout().await.map_err(CliError::internal)?;
    let name = format!("{:?}", args.engine).to_lowercase();
    let mut total = Score::default();
    let mut pages = 0;
    for path in images(&args.folder)? {
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        let format =
            sniff(&bytes).map_err(|_| CliError::new(Problem::UnsupportedFormat, path.display()))?;
        let loaded = worker
            .load(
                Bytes::from(bytes),
                format,
                &Limits::default(),
                PAGE_DEADLINE,
            )
            .await;
        let loaded = loaded.map_err(|error| {
            CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
        })?;
        for page in 1..=loaded.pages {
            let Some(truth) = truth_of(&path, page, loaded.pages)? else {
                continue;
            };
            let began = Instant::now();
            let read = read(&mut worker, page, engine).await?;
            let lines: Vec<String> = read.lines.iter().map(OcrLine::text).collect();
            let found = score(&truth, &lines);
            total = total.and(found);
            pages += 1;
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            print(
                output,
                &name,
                file,
                page,
                found,
                began.elapsed().as_secs_f64(),
            )?;
        }
    }
    finish(&args.folder, &name, pages, total, output)
}

/// Scores the texts of another reader, one a page.
fn score_readings(folder: &Path, readings: &Path, output: Output) -> Result<Outcome, CliError> {
    let mut total = Score::default();
    let mut pages = 0;
    for path in images(folder)? {
        let (Some(truth), Some(stem)) = (truth_of(&path, 1, 1)?, path.file_stem()) else {
            continue;
        };
        let mut reading = readings.join(stem).into_os_string();
        reading.push(".txt");
        let text = std::fs::read_to_string(&reading)
            .map_err(|error| unreadable(Path::new(&reading), &error))?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let found = score(&truth, &lines);
        total = total.and(found);
        pages += 1;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        print(output, "readings", file.into_owned(), 1, found, 0.0)?;
    }
    finish(folder, "readings", pages, total, output)
}

fn finish(
    folder: &Path,
    name: &str,
    pages: u32,
    total: Score,
    output: Output,
) -> Result<Outcome, CliError> {
    if pages == 0 {
        let detail = format!(
            "{} has no image with a NAME.gt.txt beside it",
            folder.display()
        );
        return Err(CliError::new(Problem::NotFound, detail));
    }
    print(
        output,
        name,
        format!("TOTAL ({pages} pages)"),
        0,
        total,
        0.0,
    )?;
    Ok(Outcome::Done)
}

async fn read(worker: &mut Checkout, page: u32, engine: EngineKind) -> Result<OcrPage, CliError> {
    let stage = StageJob::Ocr {
        engine,
        languages: vec![Language::Zh, Language::En],
        day: Date::of(app::system_clock().now()),
    };
    let read = worker
        .page(page, &[stage], PAGE_DEADLINE)
        .await
        .map_err(CliError::internal)?;
    let bytes = read.outputs.first().cloned().unwrap_or_default();
    serde_json::from_slice(&bytes).map_err(CliError::internal)
}

fn print(
    output: Output,
    engine: &str,
    file: String,
    page: u32,
    score: Score,
    seconds: f64,
) -> Result<(), CliError> {
    let percent = 100.0 * score.errors as f64 / score.chars.max(1) as f64;
    let line = format!(
        "{engine:<10} {percent:>7.3} %  {:>4}/{:<5} {seconds:>6.1} s  {file}",
        score.errors, score.chars
    );
    let engine = engine.to_string();
    let (characters, errors) = (score.chars, score.errors);
    output.result(
        &PageScore {
            engine,
            file,
            page,
            characters,
            errors,
            percent,
            seconds,
        },
        || line,
    )
}

/// Files of the folder that are images or PDF, in order of names; what is known of them lies beside and is left out.
fn images(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let name = path.to_string_lossy();
        let truth = name.ends_with(".gt.txt") || name.ends_with(".truth.json");
        if path.is_file() && !truth {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// `NAME.gt.txt` of a single page, `NAME.pN.gt.txt` of one of several.
fn truth_of(path: &Path, page: u32, pages: u32) -> Result<Option<String>, CliError> {
    let stem = path.with_extension("");
    let mut names = vec![format!("{}.p{page}.gt.txt", stem.display())];
    if pages == 1 {
        names.push(format!("{}.gt.txt", stem.display()));
    }
    for name in names {
        match std::fs::read_to_string(&name) {
            Ok(text) => return Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(Path::new(&name), &error)),
        }
    }
    Ok(None)
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
}
