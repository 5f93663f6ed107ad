//! `counterfoil transfer`: the monthly transfer on the hall's own machine. Whoever signs types the PIN.

use std::path::PathBuf;

use clap::Subcommand;

use super::custody;
use super::desk::{Desk, SignerArgs, side};
use super::paper::{self, PaperOutput};
use crate::bag::Algorithm;
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
    DeferralOrder, DeferralRequestOrder, EarlyRound, PackageForm, ReconcileDraft, RoundView,
};

/// Rounds listed at most.
const LIST_MAX: usize = 500;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil transfer tick\n  counterfoil transfer status --site YLZX\n  counterfoil transfer seal ROUND --as a001\n  counterfoil transfer package ROUND -o 移交包.zip"
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
    /// 写出移交包 Write the sealed package out
    Package(PackageArgs),
}

#[derive(Debug, clap::Args)]
struct PackageArgs {
    /// 批次 The round
    round: TransferId,
    /// 输出：.zip、.tar 或文件夹 Where: a .zip, a .tar, or a folder
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// 另附 SHA-512 清单 SHA-512 manifests as well
    #[arg(long)]
    sha512: bool,
    /// 另附 SM3 清单 SM3 manifests as well
    #[arg(long)]
    sm3: bool,
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
        What::Package(args) => package(desk, &args).await?,
    }
    Ok(Outcome::Done)
}

async fn tick(desk: &Desk) -> Result<(), CliError> {
    let by = Actor::new("system:clock").map_err(CliError::internal)?;
    let ticked = desk.counter.transfer_tick(&by).await?;
    desk.say(&ticked, || {
        let crate::transfer::Ticked { opened, joined, reminded, overdue, escalated, lapsed, unchecked, .. } = ticked;
        format!("开批 opened {opened}，并入 joined {joined}，提醒 reminded {reminded}，逾期 overdue {overdue}，升级 escalated {escalated}，交接单过期 lapsed {lapsed}，封箱逾期未核对 unchecked {unchecked}")
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
                    if month.closed { "  ✓ 本月已清 closed" } else { "" }
                )
            })?;
        }
    }
    Ok(())
}

async fn seal(desk: &Desk, id: &TransferId, staff: &StaffId) -> Result<Outcome, CliError> {
    let packer = desk.app.packer()?;
    let ask = desk.ask()?;
    let (_, report) = packer.seal_round(&desk.counter, &ask, id, staff).await?;
    for check in &report.checks {
        desk.say(check, || {
            format!(
                "{}  {}  {} ({})  {} / {}",
                check.code,
                check.verdict.mark(),
                check.zh,
                check.en,
                check.expected,
                check.actual
            )
        })?;
    }
    show(desk, id).await?;
    Ok(match report.failed() {
        0 => Outcome::Done,
        _ => Outcome::Findings,
    })
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

async fn package(desk: &Desk, args: &PackageArgs) -> Result<(), CliError> {
    let (id, output) = (&args.round, args.output.as_path());
    let form = match output.extension().and_then(|suffix| suffix.to_str()) {
        Some("zip") => PackageForm::Zip,
        Some("tar") => PackageForm::Tar,
        _ => PackageForm::Folder,
    };
    let asked = [(args.sha512, Algorithm::Sha512), (args.sm3, Algorithm::Sm3)];
    let more = asked.into_iter().filter(|(asked, _)| *asked);
    let more: Vec<Algorithm> = more.map(|(_, algorithm)| algorithm).collect();
    let packer = desk.app.packer()?;
    let ask = desk.ask()?;
    let written = packer.write_package(&desk.counter, &ask, id, (output, form), &more);
    let written = written.await?;
    let object = serde_json::json!({ "package": output, "files": written.files, "bytes": written.bytes, "tag_manifest": written.tag_manifest });
    desk.say(&object, || {
        format!(
            "{}：{} 个文件 files，{} 字节 bytes",
            output.display(),
            written.files,
            written.bytes
        )
    })
}
