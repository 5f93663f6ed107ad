//! `counterfoil work`: reads everything that waits, then ends.

use indicatif::ProgressBar;
use tokio::sync::broadcast;

use crate::app::App;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::pipeline::progress::Outcome as Ended;
use crate::pipeline::{Engine, Progress};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "例 Example:\n  counterfoil ingest scans/ --no-wait && counterfoil work")]
pub struct Args {}

/// Drains the queue.
pub async fn run(config: &Config, _args: Args, output: Output) -> Result<Outcome, CliError> {
    let app = App::open(config).await?;
    app.catch_up().await?;
    let engine = app.engine()?;
    read_all(&app, &engine, output).await
}

/// Reads what waits with `engine`, brings the projections up to the ledger and says what was done.
pub async fn read_all(
    app: &App,
    engine: &std::sync::Arc<Engine>,
    output: Output,
) -> Result<Outcome, CliError> {
    let waiting = app.catalog.counts().await.map_err(CliError::store)?.pending;
    let bar = output.progress(waiting, "份 scans");
    let shown = tokio::spawn(show(engine.progress(), bar.clone()));
    let follower = app.follow();
    let drained = engine.drain().await;
    shown.abort();
    bar.finish_and_clear();
    let tally = drained.map_err(CliError::store)?;
    let size = *app.ledger.published().borrow();
    follower
        .wait_for("search", size.saturating_sub(1))
        .await
        .map_err(CliError::store)?;
    follower.stop().await;
    app.ledger.close().await;
    let object = serde_json::json!({
        "sealed": tally.sealed, "held": tally.held, "retried": tally.retried,
        "stages_recalled": tally.recalled, "stages_run": tally.made
    });
    output.result(&object, || {
        format!(
            "✓ 已固化 {} 件，待人工处理 {} 件；步骤重做 {}，沿用 {} / {} sealed, {} held; stages run {}, recalled {}",
            tally.sealed, tally.held, tally.made, tally.recalled, tally.sealed, tally.held, tally.made, tally.recalled
        )
    })?;
    Ok(Outcome::Done)
}

async fn show(mut progress: broadcast::Receiver<Progress>, bar: ProgressBar) {
    loop {
        match progress.recv().await {
            Ok(Progress::ScanDone {
                outcome: Ended::Sealed { .. } | Ended::Held { .. },
                ..
            }) => bar.inc(1),
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
