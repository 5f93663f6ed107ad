//! `counterfoil custody`: paper offered, received and looked for, on the hall's own machine. Whoever signs types the PIN.

use clap::Subcommand;

use super::desk::{Desk, SignerArgs, side};
use super::paper::{self, LabelArgs, PaperOutput};
use super::{inventory, loss, stocktake};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::custody::{
    BundleChoice, CallOffOrder, OfferOrder, OutcomeDraft, ReceiptOrder, SlipDraft,
};
use crate::domain::custody::{Leg, Receipt, Side};
use crate::domain::{CaseNo, Date, SlipId, Subject};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil custody where CASE\n  counterfoil custody offer --leg internal --from site/YLZX --to site/YLZX --as c001 CASE CASE\n  counterfoil custody receive SLIP --as a001 CASE CASE\n  counterfoil custody label CASE CASE --sheet -o labels.pdf\n  counterfoil custody sheet SLIP -o slip.pdf"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 每份材料现在由谁持有 Who holds each paper of a case
    Where {
        /// 办件编号 Its number
        case: CaseNo,
    },
    /// 材料的全部经历 Everything that happened to the paper of a case
    History {
        /// 办件编号 Its number
        case: CaseNo,
    },
    /// 交出：签名并发出交接单 Offer paper: sign a slip
    Offer {
        /// 交接类型 The leg: collection, return, internal, loan, loan_return
        #[arg(long, value_parser = leg)]
        leg: Leg,
        /// 交出方 Who gives: site/CODE or department/CODE
        #[arg(long, value_parser = side)]
        from: Side,
        /// 接收方 Who is to receive
        #[arg(long, value_parser = side)]
        to: Side,
        /// 借阅归还日期 The day a loan comes back
        #[arg(long)]
        back_by: Option<Date>,
        /// 有效期 The last day on which it may be received
        #[arg(long)]
        expires: Option<Date>,
        #[command(flatten)]
        signer: SignerArgs,
        /// 材料袋（办件编号）The bundles, by case number
        #[arg(required = true)]
        cases: Vec<CaseNo>,
    },
    /// 接收：扫描标签后签名 Receive paper: the labels that were scanned, signed for
    Receive {
        /// 交接单号 The slip
        slip: SlipId,
        #[command(flatten)]
        signer: SignerArgs,
        /// 扫到的标签（办件编号）The labels that were scanned; what is on the slip and not here is missing
        #[arg(required = true)]
        scanned: Vec<CaseNo>,
    },
    /// 串件更正：扫描件或材料移到所属办件 Move what was filed with the wrong case to the case it belongs to
    Refile(super::refile::Args),
    /// 打印材料袋标签 Print the labels of bundles
    Label(LabelArgs),
    /// 打印交接单；未签收的留有签字盖章处 Print a slip; one that waits has room to sign and stamp
    Sheet {
        /// 交接单号 The slip
        slip: SlipId,
        #[command(flatten)]
        output: PaperOutput,
    },
    /// 期初盘点 The paper that was there before the system
    Stocktake {
        #[command(subcommand)]
        what: stocktake::What,
    },
    /// 清点 Paper counted and compared
    Inventory {
        #[command(subcommand)]
        what: inventory::What,
    },
    /// 遗失 Paper that is lost, and found again
    Loss {
        #[command(subcommand)]
        what: loss::What,
    },
    /// 拒收或撤回 Refuse a slip, or cancel it
    End {
        /// 交接单号 The slip
        slip: SlipId,
        /// 办理人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: crate::domain::StaffId,
        /// 由交出方撤回（缺省为接收方拒收）Its giver takes it back, instead of the receiving side refusing it
        #[arg(long)]
        cancel: bool,
        /// 理由 Why
        #[arg(long)]
        reason: String,
    },
}

fn leg(word: &str) -> Result<Leg, String> {
    let quoted = serde_json::Value::String(word.to_owned());
    serde_json::from_value(quoted).map_err(|_| {
        "交接类型应为 use one of collection, return, internal, loan, loan_return; transfers are offered by `transfer offer`".to_owned()
    })
}

/// Does what was asked and lets the data folder go.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let desk = Desk::open(config, output).await?;
    // A count compares with lists, which are to hold every fact.
    let follower = desk.app.follow();
    let done = act(&desk, args.what).await;
    follower.stop().await;
    desk.close().await?;
    done.map(|()| Outcome::Done)
}

async fn act(desk: &Desk, what: What) -> Result<(), CliError> {
    match what {
        What::Label(args) => paper::label(desk, args).await,
        What::Sheet { slip, output } => paper::sheet(desk, &slip, &output).await,
        What::Where { case } => place(desk, &case).await,
        What::History { case } => history(desk, &case).await,
        What::Stocktake { what } => stocktake::act(desk, what).await,
        What::Inventory { what } => inventory::act(desk, what).await,
        What::Loss { what } => loss::act(desk, what).await,
        What::Offer {
            leg,
            from,
            to,
            back_by,
            expires,
            signer,
            cases,
        } => {
            let line = |case| BundleChoice { case, papers: None };
            let draft = SlipDraft {
                leg,
                transfer: None,
                from,
                to,
                back_by,
                expires,
                lines: cases.into_iter().map(line).collect(),
            };
            offer(desk, draft, &signer).await
        }
        What::Receive {
            slip,
            signer,
            scanned,
        } => receive(desk, &slip, &signer, scanned).await,
        What::Refile(args) => super::refile::run(desk, args).await,
        What::End {
            slip,
            staff,
            cancel,
            reason,
        } => {
            let order = match cancel {
                true => CallOffOrder::Cancel { reason },
                false => CallOffOrder::Refuse { reason },
            };
            let ask = desk.ask()?;
            desk.counter
                .call_off_slip(&ask, &slip, &staff, order)
                .await?;
            show(desk, &slip).await
        }
    }
}

pub(super) async fn place(desk: &Desk, case: &CaseNo) -> Result<(), CliError> {
    let (bundle, _) = desk.counter.bundle_view(case).await?;
    for held in &bundle.papers {
        desk.say(held, || {
            let paper = &held.paper;
            let what = match (&paper.row, paper.origin) {
                (Some(row), _) => row.to_string(),
                (None, origin) => format!("{origin} {origin:#}"),
            };
            let holder = match (&held.holder, &held.lost) {
                (Some(holder), _) => format!("{holder} ({holder:#})"),
                (None, Some(last)) => {
                    format!("遗失，最后持有 lost, last held by {last} ({last:#})")
                }
                (None, None) => "申请人 applicant".to_owned(),
            };
            format!(
                "{} 第 {} 号 {what} {} ×{}  {holder}",
                case, paper.no, paper.form, paper.count
            )
        })?;
    }
    Ok(())
}

async fn history(desk: &Desk, case: &CaseNo) -> Result<(), CliError> {
    for fact in desk.counter.history(&Subject::Bundle(case.clone())).await? {
        let entry = &fact.entry;
        let object = serde_json::json!({ "index": fact.index, "at": entry.at, "by": entry.by, "event": entry.event });
        desk.say(&object, || {
            format!(
                "{:>8}  {}  {}  {}",
                fact.index,
                Date::of(entry.at),
                entry.event.name(),
                entry.by
            )
        })?;
    }
    Ok(())
}

/// Makes a slip out, has it signed, and offers it.
pub(super) async fn offer(
    desk: &Desk,
    draft: SlipDraft,
    signer: &SignerArgs,
) -> Result<(), CliError> {
    let id = SlipId::new(desk.name("S")?).map_err(CliError::internal)?;
    let drafted = desk
        .counter
        .draft_slip(draft, id.clone(), &signer.staff)
        .await?;
    let given = desk.sign(signer, &drafted.digest).await?;
    let manifest = drafted.manifest;
    let order = OfferOrder { manifest, given };
    desk.counter.offer_slip(&desk.ask()?, order).await?;
    show(desk, &id).await
}

/// Makes out what was found, has it signed, and receives the slip.
pub(super) async fn receive(
    desk: &Desk,
    slip: &SlipId,
    signer: &SignerArgs,
    scanned: Vec<CaseNo>,
) -> Result<(), CliError> {
    let draft = OutcomeDraft {
        scanned,
        found: Vec::new(),
        stamped: false,
    };
    let drafted = desk
        .counter
        .draft_outcome(slip, draft, &signer.staff)
        .await?;
    let by = desk.sign(signer, &drafted.digest).await?;
    let order = ReceiptOrder {
        outcome: drafted.outcome,
        receipt: Receipt::Signed { by },
    };
    desk.counter.receive_slip(&desk.ask()?, slip, order).await?;
    show(desk, slip).await
}

async fn show(desk: &Desk, slip: &SlipId) -> Result<(), CliError> {
    let (view, _) = desk.counter.slip_view(slip).await?;
    desk.say(&view, || {
        let papers: usize = view
            .manifest
            .lines
            .iter()
            .map(|line| line.papers.len())
            .sum();
        let bundles = view.manifest.lines.len();
        let standing = view.standing.words();
        format!("交接单 slip {slip}：{bundles} 袋 bundles，{papers} 份 papers，{standing}")
    })
}
