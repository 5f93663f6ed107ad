//! `counterfoil scrub`: reads every blob again and compares it with its digest.

use std::collections::BTreeSet;

use crate::app::Reading;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::store::scrub::scrub;

#[derive(Debug, clap::Args)]
#[command(after_help = "例 Example:\n  counterfoil scrub --json")]
pub struct Args {}

/// Reads everything the ledger names, and whatever else lies in the store.
pub async fn run(config: &Config, _args: Args, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    let named: BTreeSet<_> = crate::records::audit::blobs_named(&reading.records).await?.into_iter().collect();
    let bar = output.progress(named.len() as u64, "blobs");
    let report = scrub(reading.records.blobs(), named, |_| bar.inc(1)).await.map_err(CliError::store)?;
    bar.finish_and_clear();
    for finding in &report.findings {
        output.result(finding, || format!("{}  {}", finding.digest, finding.kind))?;
    }
    let summary = serde_json::json!({
        "blobs": report.blobs, "bytes": report.bytes, "findings": report.findings.len()
    });
    output.result(&summary, || {
        format!(
            "已复核 {} 个对象，{} 字节，发现 {} 处问题 / {} blobs read, {} findings",
            report.blobs,
            report.bytes,
            report.findings.len(),
            report.blobs,
            report.findings.len()
        )
    })?;
    Ok(if report.findings.is_empty() { Outcome::Done } else { Outcome::Findings })
}
