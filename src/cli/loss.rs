//! `counterfoil custody loss`: missing paper reported lost, searched for, approved by both sides, found again. Whoever signs
//! types the PIN.

use clap::Subcommand;

use super::desk::{Desk, SignerArgs, side};
use crate::cli::CliError;
use crate::custody::{ApprovalOrder, BackOrder, DeclineOrder, FoundOrder, SearchOrder};
use crate::domain::custody::{Holder, LossStanding, Side};
use crate::domain::{DiscrepancyId, StaffId};

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// 报失 Report missing paper lost
    Report {
        /// 交接差异编号 The discrepancy
        discrepancy: DiscrepancyId,
        /// 报失人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
        /// 理由 Why
        #[arg(long)]
        reason: String,
    },
    /// 登记查找 Record a search
    Search {
        /// 交接差异编号 The discrepancy
        discrepancy: DiscrepancyId,
        /// 查找人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
        /// 查找了什么 What was searched
        #[arg(long)]
        searched: String,
        /// 结果 What came of it
        #[arg(long)]
        result: String,
    },
    /// 一方认定遗失并签名 Approve for a side, with a signature
    Approve {
        /// 交接差异编号 The discrepancy
        discrepancy: DiscrepancyId,
        /// 哪一方 For which side: site/CODE or department/CODE
        #[arg(long, value_parser = side)]
        of: Side,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// 一方不予认定 Decline for a side
    Decline {
        /// 交接差异编号 The discrepancy
        discrepancy: DiscrepancyId,
        /// 哪一方 For which side
        #[arg(long, value_parser = side)]
        of: Side,
        /// 办理人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
        /// 理由 Why
        #[arg(long)]
        reason: String,
    },
    /// 找到了：先由找到的人签名，再由持有人签名 It was found: whoever found it signs, then its holder signs by the same command
    Found {
        /// 交接差异编号 The discrepancy
        discrepancy: DiscrepancyId,
        /// 原持有人已离开时，由谁接收 Who takes it, where its last holder left
        #[arg(long)]
        to: Option<StaffId>,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// 报失的情况 Where it stands
    Show {
        /// 交接差异编号 The discrepancy
        discrepancy: DiscrepancyId,
    },
}

pub(super) async fn act(desk: &Desk, what: What) -> Result<(), CliError> {
    let (counter, ask) = (&desk.counter, desk.ask()?);
    let id = match what {
        What::Report {
            discrepancy,
            staff,
            reason,
        } => {
            counter
                .report_loss(&ask, &discrepancy, &staff, &reason)
                .await?;
            discrepancy
        }
        What::Search {
            discrepancy,
            staff,
            searched,
            result,
        } => {
            let order = SearchOrder { searched, result };
            counter
                .search_loss(&ask, &discrepancy, &staff, &order)
                .await?;
            discrepancy
        }
        What::Approve {
            discrepancy,
            of,
            signer,
        } => {
            let document = counter.draft_loss(&discrepancy).await?.digest;
            let signed = desk.sign(&signer, &document).await?;
            let order = ApprovalOrder {
                side: of,
                document,
                signed,
            };
            counter.approve_loss(&ask, &discrepancy, &order).await?;
            discrepancy
        }
        What::Decline {
            discrepancy,
            of,
            staff,
            reason,
        } => {
            let order = DeclineOrder { side: of, reason };
            counter
                .decline_loss(&ask, &discrepancy, &staff, &order)
                .await?;
            discrepancy
        }
        What::Found {
            discrepancy,
            to,
            signer,
        } => {
            found(desk, &discrepancy, to, &signer).await?;
            discrepancy
        }
        What::Show { discrepancy } => discrepancy,
    };
    show(desk, &id).await
}

/// The finder signs first; asked again, the holder does.
async fn found(
    desk: &Desk,
    id: &DiscrepancyId,
    to: Option<StaffId>,
    signer: &SignerArgs,
) -> Result<(), CliError> {
    let counter = &desk.counter;
    let (state, _) = counter.loss(id).await?;
    let to = to.map(|staff| Holder {
        side: state.reported.last.side.clone(),
        staff: Some(staff),
    });
    let drafted = counter.draft_found(id, to).await?;
    let signed = desk.sign(signer, &drafted.digest).await?;
    let ask = desk.ask()?;
    if state.standing == LossStanding::Found {
        let document = drafted.digest;
        let order = BackOrder { document, signed };
        counter.take_back_found(&ask, id, &order).await?;
    } else {
        let order = FoundOrder {
            to: drafted.to,
            signed,
        };
        counter.report_found(&ask, id, &order).await?;
    }
    Ok(())
}

async fn show(desk: &Desk, id: &DiscrepancyId) -> Result<(), CliError> {
    let (view, _) = desk.counter.loss_view(id).await?;
    desk.say(&view, || {
        format!(
            "报失 loss {id}：{} {} 份 papers，最后持有 last held by {}，查找 searches {}，认定 approvals {}/{}，{} ({:?})",
            view.case,
            view.papers.len(),
            view.last,
            view.searches.len(),
            view.approvals.len(),
            view.sides.len(),
            view.standing_zh,
            view.standing
        )
    })
}
