//! `counterfoil audit`: the ledger against itself, against the blobs and against the projections.

use crate::app::{Auditing, Part};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::records::audit;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "例 Example:\n  counterfoil audit --json")]
pub struct Args {
    /// 同时列出每个已收扫描件 Also list every scan that was received
    #[arg(long)]
    list_scans: bool,
}

/// Prints every finding, then what was looked at.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let auditing = Auditing::open(config).await?;
    let records = &auditing.records;
    let mut findings = auditing.tree().await?;
    let told = audit::tell(records).await?;
    let bar = output.progress(told.scans.len() as u64, "份 scans");
    let (of_blobs, erased) = audit::audit_blobs(records, &told, || bar.inc(1)).await?;
    findings.extend(of_blobs);
    bar.finish_and_clear();
    let mut not_checked = Vec::new();
    match &auditing.catalog {
        Part::Open(catalog) => findings.extend(audit::audit_catalog(&told, catalog.as_ref()).await),
        Part::InUse => not_checked.push("catalog"),
    }
    findings.extend(audit::audit_index(records, &told, &auditing.view).await?);
    if args.list_scans {
        for (scan, (state, bytes)) in &told.scans {
            let object = serde_json::json!({ "scan": scan, "bytes": bytes, "cases": state.cases });
            output.result(&object, || format!("{scan}  {bytes}"))?;
        }
    }
    for finding in &findings {
        output.result(finding, || {
            format!(
                "✗ {:?}  {}  {}",
                finding.kind, finding.subject, finding.detail
            )
        })?;
    }
    auditing.close().await;
    let summary = serde_json::json!({
        "facts": told.facts, "scans": told.scans.len(), "erased": erased, "findings": findings.len(), "not_checked": not_checked
    });
    output.result(&summary, || {
        summary_words(told.facts, told.scans.len(), findings.len(), &not_checked)
    })?;
    Ok(if findings.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn summary_words(facts: u64, scans: usize, findings: usize, not_checked: &[&str]) -> String {
    let mut words = if findings == 0 {
        format!(
            "✓ 核验通过：{facts} 条事实，{scans} 个扫描件，账、档、索引一致 / audit clean: {facts} facts, {scans} scans"
        )
    } else {
        format!(
            "✗ 核验发现 {findings} 处不一致 / {findings} findings in {facts} facts, {scans} scans"
        )
    };
    if !not_checked.is_empty() {
        words.push_str(&format!(
            "\n  未核验（正被其他进程使用）not checked, in use: {}",
            not_checked.join(", ")
        ));
    }
    words
}
