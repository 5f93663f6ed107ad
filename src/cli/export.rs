//! `counterfoil export`: a record as searchable PDF or OFD, as ALTO, hOCR or plain text, or as the original bytes; a
//! whole case as one file with a bookmark for each material.

use std::path::{Path, PathBuf};

use crate::app::{self, Reading};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::{CaseNo, Problem};
use crate::records::export::{ExportFormat, ExportOrder, export};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Examples:
  counterfoil export 3f9a1c20 --format pdf -o record.pdf
  counterfoil export 3f9a1c20 --format ofd -o record.ofd
  counterfoil export --case 2026-0001 --format pdf -o case.pdf
  counterfoil export 3f9a1c20 --format original -o master.jpg
  counterfoil export 3f9a1c20 --format text -o record.txt")]
pub struct Args {
    /// 记录编号（数字摘要，可只写前 8 位）The record's digest, or its first 8 or more digits
    #[arg(required_unless_present = "case", conflicts_with = "case")]
    record: Option<String>,
    /// 整个办件：全部扫描件合成一个文件，按材料编目 A whole case: its scans as one file, a bookmark for each material
    #[arg(long, value_name = "NUMBER")]
    case: Option<CaseNo>,
    /// pdf, ofd: 双层版式文件 searchable; alto, hocr: 文字与字框 text with boxes; text: 识别文字; original: 原始文件
    #[arg(long, value_enum)]
    format: Format,
    /// 输出文件 File to write; it appears only when it is whole
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Pdf,
    Ofd,
    Alto,
    Hocr,
    Text,
    Original,
}

impl Format {
    /// What is derived; none for the original.
    fn derived(self) -> Option<ExportFormat> {
        match self {
            Self::Pdf => Some(ExportFormat::Pdf),
            Self::Ofd => Some(ExportFormat::Ofd),
            Self::Alto => Some(ExportFormat::Alto),
            Self::Hocr => Some(ExportFormat::Hocr),
            Self::Text => Some(ExportFormat::Text),
            Self::Original => None,
        }
    }
}

/// Writes the file beside its place, then moves it there.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    let written = |error: std::io::Error| {
        CliError::new(
            Problem::CannotRead,
            format!(
                "{}: {error}; choose a place that can be written",
                args.output.display()
            ),
        )
    };
    let mut name = args.output.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = args.output.with_file_name(name);
    let made = write_to(config, &reading, &args, &part, output).await;
    let named = match made {
        Ok(named) => named,
        Err(error) => {
            let _ = std::fs::remove_file(&part);
            return Err(error);
        }
    };
    let bytes = std::fs::metadata(&part).map_err(written)?.len();
    std::fs::rename(&part, &args.output).map_err(written)?;
    let mut object =
        serde_json::json!({ "file": args.output.display().to_string(), "bytes": bytes });
    if let Some(object) = object.as_object_mut() {
        object.insert(named.0.to_owned(), named.1);
    }
    output.result(&object, || {
        format!(
            "✓ 已导出 exported {}（{bytes} 字节）",
            args.output.display()
        )
    })?;
    Ok(Outcome::Done)
}

/// Makes the file; tells what it is of, `record` or `case`.
async fn write_to(
    config: &Config,
    reading: &Reading,
    args: &Args,
    part: &Path,
    output: Output,
) -> Result<(&'static str, serde_json::Value), CliError> {
    let (order, named) = match (&args.record, &args.case, args.format.derived()) {
        (Some(record), _, Some(format)) => {
            let scan = reading.resolve(record).await?;
            let manifest = reading.records.manifest(&scan).await?;
            let named = ("record", serde_json::json!(scan));
            (ExportOrder::one(format, manifest), named)
        }
        (None, Some(no), Some(format)) => {
            let order = reading.records.case_order(no, format).await?;
            (order, ("case", serde_json::json!(no)))
        }
        (Some(record), _, None) => {
            let scan = reading.resolve(record).await?;
            let master = reading.records.master(&scan).await?;
            std::fs::write(part, &master).map_err(|error| {
                CliError::new(Problem::CannotRead, format!("{}: {error}", part.display()))
            })?;
            return Ok(("record", serde_json::json!(scan)));
        }
        (None, ..) => {
            let detail = "一个办件有多件原始扫描件，请逐件导出 a case has several originals; export them one by one";
            return Err(CliError::new(Problem::BadRequest, detail));
        }
    };
    let pipelines = app::pipelines(config)?;
    let bar = output.progress(u64::from(order.pages()), "页 pages");
    let pool = app::worker_pool(config)?;
    let records = &reading.records;
    let made = export(records, &pool, &pipelines, &order, part, || bar.inc(1)).await;
    bar.finish_and_clear();
    made.map_err(|error| CliError::new(error.problem(), error))?;
    Ok(named)
}
