//! `counterfoil custody inventory`: paper counted and compared with what the ledger says. Whoever counted types the PIN.

use clap::Subcommand;

use super::desk::{Desk, SignerArgs};
use crate::cli::CliError;
use crate::counter::paper_list;
use crate::custody::{FindingsOrder, InventoryOrder, InventoryView};
use crate::domain::{CaseNo, InventoryId, SiteCode, StaffId, Subject};

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// 开始清点 Open an inventory of a site, or of what one person holds
    Open {
        /// 站点 The site
        #[arg(long)]
        site: SiteCode,
        /// 只清点此人持有的材料 Only what this person holds
        #[arg(long)]
        holder: Option<StaffId>,
        /// 办理人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
    },
    /// 扫描标签，可多次 Note labels that were scanned; any number of calls
    Scan {
        /// 清点编号 The inventory
        inventory: InventoryId,
        /// 办理人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
        /// 标签（办件编号）The labels, by case number
        #[arg(required = true)]
        labels: Vec<CaseNo>,
    },
    /// 与登记比对并签名 Compare with the ledger and sign
    Close {
        /// 清点编号 The inventory
        inventory: InventoryId,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// 清点结果和处理情况 What it found, and what became of that
    Show {
        /// 清点编号 The inventory
        inventory: InventoryId,
    },
    /// 站点的历次清点 The inventories of a site
    List {
        /// 站点 The site
        #[arg(long)]
        site: SiteCode,
    },
}

pub(super) async fn act(desk: &Desk, what: What) -> Result<(), CliError> {
    let counter = &desk.counter;
    match what {
        What::Open {
            site,
            holder,
            staff,
        } => {
            let id = InventoryId::new(desk.name("I")?).map_err(CliError::internal)?;
            let order = InventoryOrder { site, holder };
            let ask = desk.ask()?;
            counter.open_inventory(&ask, &id, &staff, &order).await?;
            show(desk, &id).await
        }
        What::Scan {
            inventory,
            staff,
            labels,
        } => {
            let ask = desk.ask()?;
            counter
                .scan_labels(&ask, &inventory, &staff, &labels)
                .await?;
            show(desk, &inventory).await
        }
        What::Close { inventory, signer } => {
            let drafted = counter.draft_findings(&inventory).await?;
            let signed = desk.sign(&signer, &drafted.digest).await?;
            let findings = drafted.findings;
            let order = FindingsOrder { findings, signed };
            let ask = desk.ask()?;
            counter.close_inventory(&ask, &inventory, &order).await?;
            show(desk, &inventory).await
        }
        What::Show { inventory } => show(desk, &inventory).await,
        What::List { site } => {
            let list = paper_list::inventories(&site);
            for subject in counter.whole_list(&list).await? {
                if let Subject::Inventory(id) = subject {
                    say(desk, &counter.inventory_view(&id).await?.0)?;
                }
            }
            Ok(())
        }
    }
}

fn say(desk: &Desk, view: &InventoryView) -> Result<(), CliError> {
    desk.say(view, || {
        let of = match &view.holder {
            Some(holder) => format!("{} {holder}", view.site),
            None => view.site.to_string(),
        };
        match &view.figures {
            None => format!(
                "清点 inventory {} ({of})：进行中 open，已扫 scanned {}",
                view.id, view.scanned
            ),
            Some(figures) => format!(
                "清点 inventory {} ({of})：应有 expected {}，找到 found {}，缺失 missing {}，多出 unexpected {}，待处理 open {}",
                view.id, figures.expected, figures.found, figures.missing, figures.unexpected, view.open
            ),
        }
    })
}

async fn show(desk: &Desk, id: &InventoryId) -> Result<(), CliError> {
    let (view, _) = desk.counter.inventory_view(id).await?;
    say(desk, &view)?;
    for found in &view.discrepancies {
        desk.say(found, || {
            let standing = match &found.cleared_by {
                Some(by) => format!("已处理 cleared up by {by}"),
                None => format!("{} 前处理 due by {}", found.due, found.owner),
            };
            format!(
                "  {}  {}  {} ({:?})  {standing}",
                found.id, found.case, found.kind_zh, found.kind
            )
        })?;
    }
    Ok(())
}
