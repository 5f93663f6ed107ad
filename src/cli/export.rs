//! `counterfoil export`: a record as searchable PDF, as the original bytes, or as text.

use std::path::{Path, PathBuf};

use crate::app::{self, Reading};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::{Digest, Problem};
use crate::records::export::{ExportLimits, export_pdf};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Examples:
  counterfoil export 3f9a1c20 --format pdf -o record.pdf
  counterfoil export 3f9a1c20 --format original -o master.jpg
  counterfoil export 3f9a1c20 --format text -o record.txt")]
pub struct Args {
    /// 记录编号（数字摘要，可只写前 8 位）The record's digest, or its first 8 or more digits
    record: String,
    /// pdf: 可检索 PDF searchable; original: 原始文件 the master's bytes; text: 识别文字
    #[arg(long, value_enum)]
    format: Format,
    /// 输出文件 File to write; it appears only when it is whole
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Pdf,
    Original,
    Text,
}

/// Writes the file beside its place, then moves it there.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    let scan = reading.resolve(&args.record).await?;
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
    let made = write_to(config, &reading, &scan, args.format, &part, output).await;
    let bytes = match made {
        Ok(()) => std::fs::metadata(&part).map_err(written)?.len(),
        Err(error) => {
            let _ = std::fs::remove_file(&part);
            return Err(error);
        }
    };
    std::fs::rename(&part, &args.output).map_err(written)?;
    let object = serde_json::json!({ "record": scan, "file": args.output.display().to_string(), "bytes": bytes });
    output.result(&object, || {
        format!(
            "✓ 已导出 exported {}（{bytes} 字节）",
            args.output.display()
        )
    })?;
    Ok(Outcome::Done)
}

async fn write_to(
    config: &Config,
    reading: &Reading,
    scan: &Digest,
    format: Format,
    part: &Path,
    output: Output,
) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::new(Problem::CannotRead, format!("{}: {error}", part.display()))
    };
    if format == Format::Original {
        let master = reading.records.master(scan).await?;
        return std::fs::write(part, &master).map_err(failed);
    }
    let manifest = reading.records.manifest(scan).await?;
    if format == Format::Text {
        let mut text = String::new();
        for entry in &manifest.pages {
            // A form feed ends a page, as pdftotext writes it.
            text.push_str(
                &reading
                    .records
                    .page_text(&manifest, entry.page)
                    .await?
                    .text(),
            );
            text.push_str("\n\u{c}");
        }
        return std::fs::write(part, text).map_err(failed);
    }
    let limits = ExportLimits::of(&app::pipelines(config)?, &manifest.pipeline);
    let bar = output.progress(manifest.pages.len() as u64, "页 pages");
    let pool = app::worker_pool(config)?;
    let made = export_pdf(&reading.records, &pool, &manifest, &limits, part, || {
        bar.inc(1)
    })
    .await;
    bar.finish_and_clear();
    made.map(|_| ())
        .map_err(|error| CliError::new(error.problem(), error))
}
