//! `counterfoil custody`: paper offered, received and looked for, on the hall's own machine. Whoever signs types the PIN.

use clap::Subcommand;

use super::container;
use super::desk::{Desk, SignerArgs, side};
use super::paper::{self, LabelArgs, PaperOutput};
use super::whereabouts;
use super::{inventory, loss, stocktake};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::custody::{
    BundleChoice, CallOffOrder, CarriageOrder, OfferOrder, OutcomeDraft, ReceiptOrder, SlipDraft,
};
use crate::domain::custody::{CarrierKind, IdentityProof, Leg, Receipt, SealRead, Side};
use crate::domain::{CaseNo, ContainerId, Date, Digest, SlipId};

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
        /// 一并交出的已封档案盒 Sealed boxes that go along with everything in them
        #[arg(long = "box", value_name = "BOX")]
        boxes: Vec<ContainerId>,
        /// 材料袋（办件编号）The bundles, by case number
        #[arg(required_unless_present = "boxes")]
        cases: Vec<CaseNo>,
    },
    /// 接收：扫描标签后签名 Receive paper: the labels that were scanned, signed for
    Receive {
        /// 交接单号 The slip
        slip: SlipId,
        #[command(flatten)]
        signer: SignerArgs,
        /// 核对无误的封签（盒=封签号）Seals that are whole, as BOX=SEAL: such a box is taken without its lines
        #[arg(long = "seal", value_name = "BOX=SEAL", value_parser = seal)]
        seals: Vec<SealRead>,
        /// 扫到的标签（办件编号）The labels that were scanned; what is on the slip and not here is missing
        #[arg(required_unless_present = "seals")]
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
    #[command(subcommand)]
    Stocktake(stocktake::What),
    /// 清点 Paper counted and compared
    #[command(subcommand)]
    Inventory(inventory::What),
    /// 遗失 Paper that is lost, and found again
    #[command(subcommand)]
    Loss(loss::What),
    #[command(flatten)]
    Way(Way),
    /// 库房、柜、层、档案盒 Rooms, cabinets, shelves and boxes
    #[command(subcommand)]
    Container(container::What),
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

/// What happens to a slip besides its two signatures.
#[derive(Debug, Subcommand)]
enum Way {
    /// 凭封签接收后逐件核对 Check what was taken by seal, by the labels that were scanned
    Check {
        /// 交接单号 The slip
        slip: SlipId,
        #[command(flatten)]
        signer: SignerArgs,
        /// 扫到的标签（办件编号）The labels; what should be in the boxes and is not here is missing
        #[arg(required = true)]
        scanned: Vec<CaseNo>,
    },
    /// 交给承运人（在途）Give what is on a slip to a carrier
    Dispatch {
        /// 交接单号 The slip
        slip: SlipId,
        /// 交出人 The giver
        #[arg(long = "as", value_name = "STAFF")]
        staff: crate::domain::StaffId,
        /// 承运方 courier or messenger
        #[arg(long, value_parser = word::<CarrierKind>)]
        carrier: CarrierKind,
        /// 承运人姓名（及单位）Who it is
        #[arg(long)]
        name: String,
        /// 核验的证件 What was shown: identity_card or work_card
        #[arg(long, value_parser = word::<IdentityProof>)]
        proof: IdentityProof,
        /// 承运人签名的扫描件摘要 Digest of the scan of the carrier's signature
        #[arg(long)]
        signature: Digest,
    },
    /// 承运人送回 The carrier brings it back
    BringBack {
        /// 交接单号 The slip
        slip: SlipId,
        /// 收回人 Who takes it back, of the giver's side
        #[arg(long = "as", value_name = "STAFF")]
        staff: crate::domain::StaffId,
        /// 承运人签名的扫描件摘要 Digest of the scan of the carrier's signature
        #[arg(long)]
        signature: Digest,
    },
}

fn leg(word: &str) -> Result<Leg, String> {
    let quoted = serde_json::Value::String(word.to_owned());
    serde_json::from_value(quoted).map_err(|_| {
        "交接类型应为 use one of collection, return, internal, loan, loan_return; transfers are offered by `transfer offer`".to_owned()
    })
}

/// One of the words of the interface.
fn word<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, String> {
    let quoted = serde_json::Value::String(word.to_owned());
    serde_json::from_value(quoted).map_err(|error| error.to_string())
}

/// Reads a seal that is whole: `BOX=SEAL`.
pub(super) fn seal(text: &str) -> Result<SealRead, String> {
    let wrong = || "写作 write BOX=SEAL".to_owned();
    let (container, seal) = text.split_once('=').ok_or_else(wrong)?;
    Ok(SealRead {
        container: container.parse().map_err(|_| wrong())?,
        seal: seal.parse().map_err(|_| wrong())?,
        whole: true,
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
        What::Where { case } => whereabouts::place(desk, &case).await,
        What::History { case } => whereabouts::history(desk, &case).await,
        What::Stocktake(what) => stocktake::act(desk, what).await,
        What::Inventory(what) => inventory::act(desk, what).await,
        What::Loss(what) => loss::act(desk, what).await,
        What::Offer {
            leg,
            from,
            to,
            back_by,
            expires,
            signer,
            boxes,
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
                boxes,
            };
            offer(desk, draft, &signer).await
        }
        What::Receive {
            slip,
            signer,
            seals,
            scanned,
        } => receive(desk, &slip, &signer, (scanned, seals)).await,
        What::Container(what) => container::act(desk, what).await,
        What::Way(what) => way(desk, what).await,
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

async fn way(desk: &Desk, what: Way) -> Result<(), CliError> {
    match what {
        Way::Check {
            slip,
            signer,
            scanned,
        } => check(desk, &slip, &signer, scanned).await,
        Way::Dispatch {
            slip,
            staff,
            carrier,
            name,
            proof,
            signature,
        } => {
            let order = CarriageOrder::Dispatch {
                carrier,
                name,
                proof,
                signature,
            };
            carry(desk, &slip, &staff, order).await
        }
        Way::BringBack {
            slip,
            staff,
            signature,
        } => carry(desk, &slip, &staff, CarriageOrder::BringBack { signature }).await,
    }
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
    (scanned, seals): (Vec<CaseNo>, Vec<SealRead>),
) -> Result<(), CliError> {
    let draft = OutcomeDraft {
        scanned,
        found: Vec::new(),
        seals,
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

/// Makes out what was found in boxes that were taken by seal, has it signed, and records it.
async fn check(
    desk: &Desk,
    slip: &SlipId,
    signer: &SignerArgs,
    scanned: Vec<CaseNo>,
) -> Result<(), CliError> {
    let draft = OutcomeDraft {
        scanned,
        found: Vec::new(),
        seals: Vec::new(),
        stamped: false,
    };
    let drafted = desk.counter.draft_check(slip, draft).await?;
    let by = desk.sign(signer, &drafted.digest).await?;
    let order = ReceiptOrder {
        outcome: drafted.outcome,
        receipt: Receipt::Signed { by },
    };
    desk.counter.check_slip(&desk.ask()?, slip, order).await?;
    show(desk, slip).await
}

async fn carry(
    desk: &Desk,
    slip: &SlipId,
    staff: &crate::domain::StaffId,
    order: CarriageOrder,
) -> Result<(), CliError> {
    let ask = desk.ask()?;
    desk.counter.carry_slip(&ask, slip, staff, order).await?;
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
        let back = match view.returning {
            true => "，待承运人送回 still to come back",
            false => "",
        };
        let check = view.check.as_ref().filter(|check| check.checked.is_none());
        let check = check.map_or_else(String::new, |check| {
            let late = if check.overdue {
                "（已逾期 overdue）"
            } else {
                ""
            };
            format!("，核对期限 check by {}{late}", check.check_by)
        });
        format!(
            "交接单 slip {slip}：{bundles} 袋 bundles，{papers} 份 papers，{standing}{back}{check}"
        )
    })
}
