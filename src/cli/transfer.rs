//! `counterfoil transfer`: the monthly transfer on the hall's own machine. Whoever signs types the PIN.

mod package;
mod rate;

use clap::Subcommand;

use super::custody;
use super::desk::{Desk, SignerArgs, side};
use super::paper::{self, PaperOutput};
use package::{AcceptArgs, PackageArgs, accept, package, seal};
use rate::{RateArgs, rate};

use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::counter::paper_list;
use crate::custody::SlipDraft;
use crate::domain::custody::{Leg, SealRead, Side};
use crate::domain::{
    Actor, CaseNo, ContainerId, Date, DepartmentCode, Month, Problem, SiteCode, StaffId, Subject,
    TransferId,
};
use crate::store::lists::Page;
use crate::transfer::{
    DeferralOrder, DeferralRequestOrder, EarlyRound, MonthView, ReconcileDraft, RoundView,
};

/// Rounds listed at most.
const LIST_MAX: usize = 500;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil transfer tick\n  counterfoil transfer status --site YLZX\n  counterfoil transfer seal ROUND --as a001\n  counterfoil transfer package ROUND -o 移交包.zip\n  counterfoil transfer package ROUND --profile eark -o 移交包/"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 各移交批次与各月状态 The rounds of a site, or to a department, and how the months stand
    Status {
        /// 站点或部门 Whose: site/CODE or department/CODE
        #[arg(long = "of", value_parser = side)]
        of: Side,
    },
    /// 按日历办理：开批、提醒、逾期（可重复）What the calendar asks for now; may be repeated
    Tick,
    /// 及时移交：不等月末即开批 Open a round before the month is over
    Open {
        /// 部门 To whom
        #[arg(long)]
        department: DepartmentCode,
        /// 站点 From where
        #[arg(long)]
        site: SiteCode,
        /// 月份 Which month, as 2026-03
        #[arg(long)]
        month: Month,
    },
    /// 逐件核对：扫到的标签 Look a round's papers up: the labels that were scanned
    Reconcile {
        /// 批次 The round
        round: TransferId,
        /// 核对人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
        /// 扫到的标签 The labels; what is on the round and not here is missing
        #[arg(required = true)]
        scanned: Vec<CaseNo>,
    },
    /// 检测并封装移交包 Check and seal the package
    Seal {
        /// 批次 The round
        round: TransferId,
        /// 封装人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
    },
    /// 向部门发出交接单 Offer the round's papers to its department
    Offer {
        /// 批次 The round
        round: TransferId,
        /// 一并交出的已封档案盒 Sealed boxes that go along
        #[arg(long = "box", value_name = "BOX")]
        boxes: Vec<ContainerId>,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// 部门签收 The department signs for what it scanned
    Sign {
        /// 批次 The round
        round: TransferId,
        #[command(flatten)]
        signer: SignerArgs,
        /// 核对无误的封签（盒=封签号）Seals that are whole, as BOX=SEAL: such a box is taken without its lines
        #[arg(long = "seal", value_name = "BOX=SEAL", value_parser = custody::seal)]
        seals: Vec<SealRead>,
        /// 扫到的标签 The labels that were scanned
        #[arg(required_unless_present = "seals")]
        scanned: Vec<CaseNo>,
    },
    /// 延期移交：申请、同意、批准 Transfer later: ask, agree, approve
    Defer {
        /// 批次 The round
        round: TransferId,
        /// 办理人 Who
        #[arg(long = "as", value_name = "STAFF")]
        staff: StaffId,
        #[command(subcommand)]
        step: Step,
    },
    /// 打印移交清册 Print the register of a round
    Register {
        /// 批次 The round
        round: TransferId,
        #[command(flatten)]
        output: PaperOutput,
    },
    /// 按时移交率：按窗口、部门、月份 How much paper was transferred in time, by window, department and month
    Rate(RateArgs),
    /// 写出移交包 Write the sealed package out
    Package(PackageArgs),
    /// 接收检测：核验手上的移交包并登记结果 The department's checks of the package that it has
    Accept(AcceptArgs),
}

#[derive(Debug, Subcommand)]
enum Step {
    /// 大厅申请 The hall asks
    Ask {
        /// 延至 Until when
        #[arg(long)]
        until: Date,
        /// 理由 Why
        #[arg(long)]
        reason: String,
        /// 办件；缺省为整批 The cases; the whole round without any
        cases: Vec<CaseNo>,
    },
    /// 部门同意 The department agrees
    Consent,
    /// 大厅主管批准 The hall's supervisor approves
    Approve,
}

/// Does what was asked and lets the data folder go.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let desk = Desk::open(config, output).await?;
    let follower = desk.app.follow();
    let done = match desk.caught_up().await {
        Ok(()) => act(&desk, args.what).await,
        Err(error) => Err(error),
    };
    follower.stop().await;
    desk.close().await?;
    done
}

async fn act(desk: &Desk, what: What) -> Result<Outcome, CliError> {
    let counter = &desk.counter;
    match what {
        What::Status { of } => status(desk, &of).await?,
        What::Tick => tick(desk).await?,
        What::Open {
            department,
            site,
            month,
        } => {
            let early = EarlyRound {
                department,
                site,
                month,
            };
            let by = desk.ask()?.by;
            let ticked = counter.open_early(&by, &early).await?;
            desk.say(&ticked, || {
                format!(
                    "开批 opened {}，并入 joined {}",
                    ticked.opened, ticked.joined
                )
            })?;
        }
        What::Reconcile {
            round,
            staff,
            scanned,
        } => {
            let draft = ReconcileDraft {
                scanned,
                found: Vec::new(),
            };
            let ask = desk.ask()?;
            counter.reconcile_round(&ask, &round, &staff, draft).await?;
            show(desk, &round).await?;
        }
        What::Seal { round, staff } => return seal(desk, &round, &staff).await,
        What::Offer {
            round,
            boxes,
            signer,
        } => offer(desk, &round, boxes, &signer).await?,
        What::Sign {
            round,
            signer,
            seals,
            scanned,
        } => sign(desk, &round, &signer, (scanned, seals)).await?,
        What::Defer { round, staff, step } => {
            let order = deferral(step);
            let ask = desk.ask()?;
            counter.defer_round(&ask, &round, &staff, order).await?;
            show(desk, &round).await?;
        }
        What::Register { round, output } => paper::register(desk, &round, &output).await?,
        What::Rate(args) => rate(desk, &args).await?,
        What::Package(args) => package(desk, &args).await?,
        What::Accept(args) => return accept(desk, &args).await,
    }
    Ok(Outcome::Done)
}

async fn tick(desk: &Desk) -> Result<(), CliError> {
    let by = Actor::new("system:clock").map_err(CliError::internal)?;
    let ticked = desk.counter.transfer_tick(&by).await?;
    desk.say(&ticked, || {
        let crate::transfer::Ticked { opened, joined, reminded, overdue, escalated, lapsed, unchecked, closed, .. } = ticked;
        format!("开批 opened {opened}，并入 joined {joined}，提醒 reminded {reminded}，逾期 overdue {overdue}，升级 escalated {escalated}，交接单过期 lapsed {lapsed}，封箱逾期未核对 unchecked {unchecked}，月份结账 months closed {closed}")
    })
}

fn deferral(step: Step) -> DeferralOrder {
    match step {
        Step::Ask {
            until,
            reason,
            cases,
        } => DeferralOrder::Ask {
            request: DeferralRequestOrder {
                cases: (!cases.is_empty()).then_some(cases),
                until,
                reason,
            },
        },
        Step::Consent => DeferralOrder::Consent {},
        Step::Approve => DeferralOrder::Approve {},
    }
}

fn words(round: &RoundView) -> String {
    let due = round.due_working.map_or(round.due, |day| day);
    let late = match &round.overdue {
        Some(side) => format!("，逾期 overdue（责任方 {side}）"),
        None => String::new(),
    };
    format!(
        "{}  {} → {}  {} 第 {} 批 round  期限 due {}（工作日 working day {due}）  {} ({:?})  余 left {}{late}",
        round.id,
        round.site,
        round.department,
        round.month,
        round.round,
        round.due,
        round.stage_zh,
        round.stage,
        round.left
    )
}

async fn show(desk: &Desk, id: &TransferId) -> Result<(), CliError> {
    let (round, _) = desk.counter.round_view(id).await?;
    desk.say(&round, || words(&round))
}

async fn status(desk: &Desk, of: &Side) -> Result<(), CliError> {
    let list = match of {
        Side::Hall { site } => paper_list::rounds_of_site(site),
        Side::Department { department } => paper_list::rounds_of_department(department),
    };
    let page = Page {
        newest_first: true,
        ..Page::first(LIST_MAX)
    };
    let listed = desk.app.catalog.listed(&list, &page).await;
    for entry in listed.map_err(CliError::store)? {
        if let Subject::Transfer(id) = &entry.subject {
            let round = desk.counter.round_summary(id).await?;
            desk.say(&round, || words(&round))?;
        }
    }
    if let Side::Hall { site } = of {
        for month in desk.counter.months(site).await? {
            let count = month.count;
            desk.say(&month, || {
                format!(
                    "{} {}  无纸质 no paper {}，已结 settled {}，未到期 not yet due {}，延期 deferred {}，逾期 overdue {}{}",
                    month.site, month.month, count.no_paper, count.settled, count.not_yet_due, count.deferred, count.overdue,
                    closing(&month)
                )
            })?;
        }
    }
    Ok(())
}

fn closing(month: &MonthView) -> String {
    let Some(closing) = &month.closing else {
        return String::new();
    };
    let late = if closing.late {
        "（补结 late）"
    } else {
        ""
    };
    let more = match month.supplementary {
        0 => String::new(),
        cases => format!("，结账后另有 since then owed again {cases}"),
    };
    format!("  ✓ {} 结账 closed{late}{more}", closing.on)
}

async fn sign(
    desk: &Desk,
    id: &TransferId,
    signer: &SignerArgs,
    found: (Vec<CaseNo>, Vec<SealRead>),
) -> Result<(), CliError> {
    let (state, _) = desk.counter.round_now(id).await?;
    let none = || format!("{id}: 没有待签收的交接单 no slip of it waits for a signature");
    let slip = state.offers.first();
    let slip = slip.ok_or_else(|| CliError::new(Problem::NotFound, none()))?;
    custody::receive(desk, slip, signer, found).await?;
    show(desk, id).await
}

async fn offer(
    desk: &Desk,
    id: &TransferId,
    boxes: Vec<ContainerId>,
    signer: &SignerArgs,
) -> Result<(), CliError> {
    let (round, _) = desk.counter.round_now(id).await?;
    let draft = SlipDraft {
        leg: Leg::Transfer,
        transfer: Some(id.clone()),
        from: Side::Hall {
            site: round.of.site.clone(),
        },
        to: Side::Department {
            department: round.of.department.clone(),
        },
        back_by: None,
        expires: None,
        lines: Vec::new(),
        boxes,
    };
    custody::offer(desk, draft, signer).await
}
