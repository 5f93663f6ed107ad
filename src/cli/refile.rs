//! `counterfoil custody refile`: what was filed with the wrong case (串件) goes to the case it belongs to.

use super::desk::Desk;
use super::whereabouts::place;
use crate::cli::CliError;
use crate::custody::{MovedPaper, MovedScan, RefileOrder};
use crate::domain::{CaseNo, MaterialCode, StaffId};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 现在所在的办件 The case it was filed with
    from: CaseNo,
    /// 所属的办件 The case it belongs to
    to: CaseNo,
    /// 扫描件摘要与所属材料项 A scan, and the row of the other case it is filed under
    #[arg(long, value_name = "SHA256=ROW", value_parser = scan)]
    scan: Vec<MovedScan>,
    /// 材料袋中的材料号，可加所属材料项 A paper of the bundle by number, and the row of the other case it meets
    #[arg(long, value_name = "NO[=ROW]", value_parser = paper)]
    paper: Vec<MovedPaper>,
    /// 办理人（材料的持有人）Who: whoever holds the papers
    #[arg(long = "as", value_name = "STAFF")]
    staff: StaffId,
    /// 理由 Why
    #[arg(long)]
    reason: String,
}

/// Splits `what=row`.
fn with_row(word: &str) -> Result<(&str, Option<MaterialCode>), String> {
    match word.split_once('=') {
        None => Ok((word, None)),
        Some((what, row)) => {
            let row = MaterialCode::new(row).map_err(|error| error.to_string())?;
            Ok((what, Some(row)))
        }
    }
}

fn scan(word: &str) -> Result<MovedScan, String> {
    let (what, row) = with_row(word)?;
    let row = row.ok_or_else(|| {
        "应写明所属材料项：摘要=材料项 say the row of the other case: DIGEST=ROW".to_owned()
    })?;
    let scan = what.parse().map_err(|_| {
        "应为 64 位十六进制摘要 expected a digest of 64 hexadecimal digits".to_owned()
    })?;
    Ok(MovedScan { scan, row })
}

fn paper(word: &str) -> Result<MovedPaper, String> {
    let (what, row) = with_row(word)?;
    let no = what
        .parse()
        .map_err(|_| "应为材料袋中的材料号 expected the paper's number in the bundle".to_owned())?;
    Ok(MovedPaper { no, row })
}

/// Moves it, and shows the papers of both cases.
pub async fn run(desk: &Desk, args: Args) -> Result<(), CliError> {
    let order = RefileOrder {
        to: args.to,
        scans: args.scan,
        papers: args.paper,
        reason: args.reason,
    };
    let ask = desk.ask()?;
    desk.counter
        .refile(&ask, &args.staff, &args.from, &order)
        .await?;
    place(desk, &args.from).await?;
    place(desk, &order.to).await
}
