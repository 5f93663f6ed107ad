//! `counterfoil fields`: which material each page of a record is, and the fields that stand on it.

use crate::app::Reading;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::meaning::{Field, PageMeaning};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil fields 3f9a1c20\n  counterfoil --json fields 3f9a1c20 > fields.jsonl"
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
    for entry in &manifest.pages {
        let meaning = reading.records.page_meaning(entry).await?;
        let object = serde_json::json!({ "record": scan, "page": entry.page, "meaning": meaning });
        output.result(&object, || words(entry.page, meaning.as_ref()))?;
    }
    Ok(Outcome::Done)
}

fn words(page: u32, meaning: Option<&PageMeaning>) -> String {
    let Some(meaning) = meaning else {
        return format!("第 {page} 页 page {page}：未作理解 not looked at; counterfoil replay");
    };
    let kind = match &meaning.kind {
        Some(kind) => format!("{}（{}，{:.2}）", kind.name, kind.kind, kind.score),
        None => "种类不明 kind unknown".to_string(),
    };
    let mut lines = vec![format!("第 {page} 页 page {page}：{kind}")];
    lines.extend(meaning.fields.iter().map(field_words));
    lines.join("\n")
}

fn field_words(field: &Field) -> String {
    let repaired = if field.repaired {
        "，已修正 repaired"
    } else {
        ""
    };
    // What stands on a stranger's paper must not steer the terminal.
    let value: String = field.value.chars().filter(|c| !c.is_control()).collect();
    format!(
        "  {} {value}（{} {:.2}{repaired}）",
        field.field.zh(),
        field.standing.zh(),
        field.confidence
    )
}
