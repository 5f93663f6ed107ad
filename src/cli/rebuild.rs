//! `counterfoil rebuild`: forgets projections and makes them anew from the ledger.

use crate::app::App;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::ledger::Projection;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil rebuild\n  counterfoil rebuild --projection search"
)]
pub struct Args {
    /// 只重建一个 Only this one
    #[arg(long, value_enum, value_name = "NAME")]
    projection: Option<Which>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Catalog,
    Search,
}

/// Resets, then applies every fact again.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let app = App::open(config).await?;
    let chosen: [(Which, &dyn Projection); 2] = [
        (Which::Catalog, app.catalog.as_ref()),
        (Which::Search, app.index.as_ref()),
    ];
    for (which, projection) in chosen {
        if args.projection.is_none_or(|only| only == which) {
            projection.reset().await.map_err(CliError::store)?;
        }
    }
    app.catch_up().await?;
    for (which, projection) in chosen {
        if args.projection.is_some_and(|only| only != which) {
            continue;
        }
        let facts = projection.position().await.map_err(CliError::store)?;
        let object = serde_json::json!({ "projection": projection.name(), "facts": facts });
        output.result(&object, || {
            format!("✓ 已重建 rebuilt {}（{facts} 条事实）", projection.name())
        })?;
    }
    app.ledger.close().await;
    Ok(Outcome::Done)
}
