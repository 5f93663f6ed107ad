//! `counterfoil transfer rate`: how much paper was transferred in time.

use crate::cli::CliError;
use crate::cli::desk::Desk;
use crate::domain::transfer::RateCount;
use crate::domain::{Month, Problem, SiteCode};

#[derive(Debug, clap::Args)]
pub(super) struct RateArgs {
    /// 站点，缺省为全部 Which site; all without it
    #[arg(long)]
    site: Option<SiteCode>,
    /// 起始月份（办结月）The first month in which cases closed, as 2026-01
    #[arg(long)]
    from: Month,
    /// 截止月份 The last one
    #[arg(long)]
    to: Month,
}

/// Prints a line a window, department and month, then all together.
pub(super) async fn rate(desk: &Desk, args: &RateArgs) -> Result<(), CliError> {
    if args.from > args.to {
        let detail = "--from 晚于 --to (--from is after --to)";
        return Err(CliError::new(Problem::BadField, detail));
    }
    let view = desk
        .counter
        .transfer_rate(args.site.as_ref(), args.from, args.to)
        .await?;
    for row in &view.rows {
        desk.say(row, || {
            let (site, window) = (&row.site, &row.window);
            let place = format!("{} {site}/{window} → {}", row.month, row.department);
            format!("{place}  {}", words(&row.count, row.per_mille))
        })?;
    }
    let total = serde_json::json!({ "total": view.total, "per_mille": view.per_mille });
    desk.say(&total, || {
        let words = words(&view.total, view.per_mille);
        format!("合计 all  {words}")
    })
}

fn words(count: &RateCount, per_mille: Option<u32>) -> String {
    let rate = match per_mille {
        Some(rate) => format!("{}.{} %", rate / 10, rate % 10),
        None => "–".to_owned(),
    };
    format!(
        "{rate}  按时 on time {}，逾期移交 late {}，延期 put off {}，逾期未交 overdue {}，遗失 lost {}，未到期 not yet due {}；责任 delay by 大厅 hall {}、部门 department {}",
        count.on_time,
        count.late,
        count.put_off,
        count.overdue,
        count.lost,
        count.not_yet_due,
        count.by_hall,
        count.by_department
    )
}
