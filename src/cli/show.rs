//! `counterfoil show`: a record's pages, what quality control found on them, and their codes.

use crate::app::Reading;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::barcode::Barcode;
use crate::domain::finding::Finding;
use crate::records::pages::{PAGES_MAX, PageView};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil show 3f9a1c20\n  counterfoil --json show 3f9a1c20 > pages.jsonl"
)]
pub struct Args {
    /// 记录编号（数字摘要，可只写前 8 位）The record's digest, or its first 8 or more digits
    record: String,
}

/// Prints one page after the other.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    let scan = reading.resolve(&args.record).await?;
    let manifest = reading.records.manifest(&scan).await?;
    let whole = manifest.findings.iter().filter(|one| one.page.is_none());
    for finding in whole {
        output.result(finding, || finding_words(finding))?;
    }
    let mut from = 1;
    loop {
        let pages = reading.records.pages(&manifest, from, PAGES_MAX).await?;
        let Some(last) = pages.last() else {
            return Ok(Outcome::Done);
        };
        from = last.page.saturating_add(1);
        for page in &pages {
            output.result(page, || page_words(page))?;
        }
    }
}

fn page_words(page: &PageView) -> String {
    let dpi = page.dpi.map_or(String::new(), |dpi| format!("，{dpi} dpi"));
    let head = format!(
        "第 {} 页 page {}：{} × {} 像素 px{dpi}",
        page.page, page.page, page.width, page.height
    );
    let mut lines = vec![head];
    lines.extend(page.codes.iter().map(code_words));
    lines.extend(page.findings.iter().map(finding_words));
    lines.join("\n")
}

fn code_words(code: &Barcode) -> String {
    let rect = code.rect;
    // What a stranger's code says must not steer the terminal.
    let value: String = code.value.chars().flat_map(printable).collect();
    format!(
        "  ▮ {} [{},{} {}×{}] {value}",
        code.kind.name(),
        rect.x,
        rect.y,
        rect.width,
        rect.height
    )
}

fn printable(c: char) -> Vec<char> {
    match c.is_control() {
        true => c.escape_default().collect(),
        false => vec![c],
    }
}

fn finding_words(finding: &Finding) -> String {
    let numbers = match (finding.value, finding.limit) {
        (Some(value), Some(limit)) => format!("（{value}，限 limit {limit}）"),
        _ => String::new(),
    };
    let code = finding.code;
    format!("  ! {} {code} {}{numbers}", code.zh(), code.en())
}
