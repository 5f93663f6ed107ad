//! `counterfoil scrub`: reads every blob again and compares it with its digest.

use std::collections::BTreeSet;

use futures::{TryStreamExt, stream};

use crate::app::Reading;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::Digest;
use crate::records::audit::blobs_named;
use crate::store::scrub::{ScrubReport, scrub};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "例 Example:\n  counterfoil scrub --json")]
pub struct Args {}

/// Reads everything the ledger names, and whatever else lies in the store.
pub async fn run(config: &Config, _args: Args, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    let blobs = reading.records.blobs();
    let mut named: BTreeSet<Digest> = blobs_named(&reading.records).await?.into_iter().collect();
    // What the store holds beyond the ledger (an upload whose fact never came) is checked too.
    let stored: Vec<Digest> = blobs.list().try_collect().await.map_err(CliError::store)?;
    named.extend(stored);
    let bar = output.progress(named.len() as u64, "个 blobs");
    let mut progress = |report: &ScrubReport| bar.set_position(report.blobs);
    let all = stream::iter(named.into_iter().map(Ok));
    let report = scrub(blobs, all, &mut progress)
        .await
        .map_err(CliError::store)?;
    bar.finish_and_clear();
    for finding in &report.findings {
        output.result(finding, || {
            format!(
                "✗ {:?}  {}  {}",
                finding.kind, finding.digest, finding.reason
            )
        })?;
    }
    let summary = serde_json::json!({
        "blobs": report.blobs, "bytes": report.bytes, "erased": report.erased, "findings": report.findings.len() as u64 + report.findings_left_out
    });
    output.result(&summary, || {
        format!(
            "已复核 {} 个对象，{} 字节，其中已依法销毁 {} 个，发现 {} 处问题 / {} blobs read, {} erased, {} findings",
            report.blobs,
            report.bytes,
            report.erased,
            report.findings.len(),
            report.blobs,
            report.erased,
            report.findings.len()
        )
    })?;
    Ok(if report.is_clean() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}
