//! `counterfoil text`: what was read on a record's pages.

use crate::app::Reading;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil text 3f9a1c20\n  counterfoil text 3f9a1c20 --format json > page.json"
)]
pub struct Args {
    /// 记录编号（数字摘要，可只写前 8 位）The record's digest, or its first 8 or more digits
    record: String,
    /// text: 纯文本 plain lines; json: 每页一个对象，含字框与把握度 one object a page, with boxes and confidences
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Prints the text, page by page.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    let scan = reading.resolve(&args.record).await?;
    let manifest = reading.records.manifest(&scan).await?;
    for entry in &manifest.pages {
        let page = reading.records.page_text(&manifest, entry.page).await?;
        if args.format == Format::Json {
            let object = serde_json::json!({ "record": scan, "page": entry.page, "text": page });
            output.raw(&object.to_string())?;
            continue;
        }
        let object = serde_json::json!({ "record": scan, "page": entry.page, "text": page.text() });
        output.result(&object, || page.text())?;
    }
    Ok(Outcome::Done)
}
