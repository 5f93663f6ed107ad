//! `counterfoil replay`: reads records again; only what a changed or named stage touches is done anew.

use crate::app::App;
use crate::cli::output::Output;
use crate::cli::work::read_all;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::{Digest, PipelineName, Problem};
use crate::pipeline::{ReplayError, Selection};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Examples:
  counterfoil replay                  # after a pipeline file changed: memos are kept where they still hold
  counterfoil replay --stage ocr      # do recognition again, whatever is remembered
  counterfoil replay --held           # another attempt at what waits for a person")]
pub struct Args {
    /// 重做这一步及依赖它的步骤 Run this stage and those that depend on it again
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// 改用此处理流程 Read with this pipeline from now on
    #[arg(long, value_name = "NAME")]
    pipeline: Option<PipelineName>,
    /// 只处理待人工处理的 Only what is held
    #[arg(long)]
    held: bool,
    /// 只处理这些记录（完整数字摘要）Only these records, by their whole digest
    #[arg(conflicts_with = "held", value_name = "RECORD")]
    records: Vec<Digest>,
}

/// Puts records back in the queue and reads them.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let app = App::open(config).await?;
    app.catch_up().await?;
    let engine = app.engine()?;
    let selection = match (args.held, args.records.is_empty()) {
        (true, _) => Selection::Held,
        (false, true) => Selection::All,
        (false, false) => Selection::These(args.records),
    };
    let requeued = engine
        .replay(args.stage.as_deref(), selection, args.pipeline.as_ref())
        .await;
    requeued.map_err(|error| CliError::new(problem(&error), error))?;
    app.catch_up().await?;
    read_all(&app, &engine, output).await
}

fn problem(error: &ReplayError) -> Problem {
    match error {
        ReplayError::UnknownStage { .. } => Problem::BadRequest,
        ReplayError::UnknownScan(_) => Problem::NotFound,
        ReplayError::Trouble(_) => Problem::StoreFailed,
    }
}
