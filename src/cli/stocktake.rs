//! `counterfoil custody stocktake`: the paper that lay at a site before the system was there.

use std::path::PathBuf;

use clap::Subcommand;

use super::desk::Desk;
use crate::cli::CliError;
use crate::custody::{NumberedFile, StocktakeView};
use crate::domain::{Problem, SiteCode, StaffId};

/// Most bytes of a list.
const LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// 站点 The site
    #[arg(long)]
    site: SiteCode,
    /// 办理人 Who
    #[arg(long = "as", value_name = "STAFF")]
    staff: StaffId,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// 开始期初盘点，每个站点一次 Open the stock-take of a site, once
    Open {
        #[command(flatten)]
        who: Who,
    },
    /// 从 CSV 登记旧卷，全部成功才登记 Register old files from a list; all of them, or none
    #[command(
        after_help = "列 Columns: task,number,applicant,closed,form,count,pages,condition（实施编码,原卷号,申请人类型,办结日期,原件/复印件,份数,每份页数,状况）；一行一份材料 a line a paper"
    )]
    Import {
        /// 清单（UTF-8）The list
        file: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// 结束期初盘点 Close it: nothing more lay there
    Close {
        #[command(flatten)]
        who: Who,
    },
    /// 登记了哪些旧卷 What was registered
    Show {
        /// 站点 The site
        #[arg(long)]
        site: SiteCode,
    },
}

pub(super) async fn act(desk: &Desk, what: What) -> Result<(), CliError> {
    let counter = &desk.counter;
    match what {
        What::Open { who } => {
            let ask = desk.ask()?;
            counter.open_stocktake(&ask, &who.site, &who.staff).await?;
            show(desk, &who.site).await
        }
        What::Import { file, who } => import(desk, &file, &who).await,
        What::Close { who } => {
            let ask = desk.ask()?;
            counter.close_stocktake(&ask, &who.site, &who.staff).await?;
            show(desk, &who.site).await
        }
        What::Show { site } => show(desk, &site).await,
    }
}

async fn import(desk: &Desk, file: &std::path::Path, who: &Who) -> Result<(), CliError> {
    let unread = |error: &dyn std::fmt::Display| {
        CliError::new(Problem::CannotRead, format!("{}: {error}", file.display()))
    };
    let size = std::fs::metadata(file)
        .map_err(|error| unread(&error))?
        .len();
    if size > LIST_BYTES_MAX {
        return Err(unread(&format!(
            "最多 {LIST_BYTES_MAX} 字节；请分成几个文件 at most so many bytes; split it"
        )));
    }
    let bytes = std::fs::read(file).map_err(|error| unread(&error))?;
    let ask = desk.ask()?;
    let counter = &desk.counter;
    let done = counter.import_old_files(&ask, &who.site, &who.staff, &bytes);
    let done = done.await?;
    let line = |known: bool, file: &NumberedFile| {
        let object =
            serde_json::json!({ "number": file.number, "case": file.case, "known": known });
        let word = if known {
            "已登记过 known"
        } else {
            "已登记 registered"
        };
        desk.say(&object, || {
            format!("{word}  {} → {}", file.number, file.case)
        })
    };
    for file in &done.registered {
        line(false, file)?;
    }
    for file in &done.known {
        line(true, file)?;
    }
    Ok(())
}

async fn show(desk: &Desk, site: &SiteCode) -> Result<(), CliError> {
    let (state, _) = desk.counter.stocktake(site).await?;
    let view = StocktakeView::of(&state);
    desk.say(&view, || {
        let standing = match &view.closed_at {
            Some(_) => "已结束 closed",
            None => "进行中 open",
        };
        format!(
            "期初盘点 stock-take {site}：{} 卷 files，{} 份 papers，{} 卷逾期 overdue，{standing}",
            view.files.len(),
            view.papers,
            view.overdue
        )
    })
}
