//! `counterfoil case show|list`: where cases stand, told from the ledger alone. Nothing personal is opened, so it works
//! beside a running server and without its keys to the vault.

use clap::Subcommand;

use crate::app::Reading;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::case::{self, CaseEvent, CaseState, PaperHolder, Stage};
use crate::domain::{CaseNo, Event, Problem, SiteCode, Subject};
use crate::ledger::Recorded;

/// Facts read at once.
const CHUNK: usize = 4096;
/// The most cases listed.
const LIST_MAX: usize = 10_000;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil case list --site YLZX --limit 20\n  counterfoil case show 11369901004321012K1000131012001202603090001"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 查看一个办件 One case with its facts
    Show {
        /// 办件编号 Its number, or the city platform's
        number: CaseNo,
    },
    /// 列出办件（最新在前）Cases, newest first
    List {
        /// 只列该站点 Only those of this site
        #[arg(long, value_name = "CODE")]
        site: Option<SiteCode>,
        /// 只列该环节 Only those at this stage
        #[arg(long, value_name = "STAGE", value_parser = stage)]
        stage: Option<Stage>,
        /// 最多几件 At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=LIST_MAX as i64))]
        limit: u16,
    },
}

/// Reads a stage by the word that facts and answers use.
fn stage(word: &str) -> Result<Stage, String> {
    let quoted = serde_json::Value::String(word.to_owned());
    serde_json::from_value(quoted).map_err(|_| {
        "环节应为 use one of intake, correcting, returned, received, pushed, accepted, decided, ended".to_owned()
    })
}

/// Shows a case, or lists cases.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let reading = Reading::open(config).await?;
    match args.what {
        What::Show { number } => show(&reading, number, output).await?,
        What::List { site, stage, limit } => {
            let wanted = |case: &CaseState| {
                site.as_ref().is_none_or(|site| *site == case.mandate.site)
                    && stage.is_none_or(|stage| stage == case.stage)
            };
            for case in newest(&reading, wanted, limit.into()).await? {
                print(&case, output)?;
            }
        }
    }
    Ok(Outcome::Done)
}

async fn history(reading: &Reading, no: &CaseNo) -> Result<Vec<Recorded>, CliError> {
    let subject = Subject::Case(no.clone());
    let history = reading.store().history(&subject).await;
    history.map_err(CliError::store)
}

async fn show(reading: &Reading, number: CaseNo, output: Output) -> Result<(), CliError> {
    let mut facts = history(reading, &number).await?;
    if let case::Number::NameOf(no) = case::number(facts.iter().map(|fact| &fact.entry)) {
        facts = history(reading, &no).await?;
    }
    let Some(case) = case::fold(facts.iter().map(|fact| &fact.entry)) else {
        let detail =
            format!("没有办件 {number}；请核对编号 there is no case {number}; check the number");
        return Err(CliError::new(Problem::NotFound, detail));
    };
    print(&case, output)?;
    for (row, state) in &case.rows {
        let kept = state.kept();
        let holder = match &state.holder {
            None => "-".to_owned(),
            Some(PaperHolder::Window) => "窗口 window".to_owned(),
            Some(PaperHolder::Applicant) => "申请人 applicant".to_owned(),
            Some(PaperHolder::Department(department)) => department.to_string(),
        };
        let object = serde_json::json!({
            "row": row, "originals": kept.originals, "copies": kept.copies, "scans": state.scans, "holder": holder
        });
        output.result(&object, || {
            let (originals, copies, scans) = (kept.originals, kept.copies, state.scans.len());
            format!("  {row}  原件 {originals} 复印件 {copies} 扫描 {scans}  持有 {holder}")
        })?;
    }
    for fact in &facts {
        let entry = &fact.entry;
        let object = serde_json::json!({
            "index": fact.index, "at": entry.at, "by": entry.by, "kind": entry.event.name()
        });
        output.result(&object, || {
            format!(
                "  #{:<8} {}  {:<28} {}",
                fact.index,
                entry.at.in_hall(),
                entry.event.name(),
                entry.by
            )
        })?;
    }
    Ok(())
}

/// The newest cases that are `wanted`, newest first.
async fn newest(
    reading: &Reading,
    wanted: impl Fn(&CaseState) -> bool,
    limit: usize,
) -> Result<Vec<CaseState>, CliError> {
    let mut opened: Vec<CaseNo> = Vec::new();
    let mut from = 0;
    loop {
        let facts = reading.store().entries(from, CHUNK).await;
        let facts = facts.map_err(CliError::store)?;
        let Some(last) = facts.last() else { break };
        from = last.index + 1;
        for fact in facts {
            let (
                Subject::Case(no),
                Event::Case {
                    event: CaseEvent::Opened { .. } | CaseEvent::TakenOver(_),
                },
            ) = (fact.entry.subject, fact.entry.event)
            else {
                continue;
            };
            opened.push(no);
        }
    }
    let mut found = Vec::new();
    for no in opened.iter().rev() {
        if found.len() >= limit {
            break;
        }
        let facts = history(reading, no).await?;
        let case = case::fold(facts.iter().map(|fact| &fact.entry));
        found.extend(case.filter(|case| wanted(case)));
    }
    Ok(found)
}

fn print(case: &CaseState, output: Output) -> Result<(), CliError> {
    let progress = case::progress(case);
    let object = serde_json::json!({
        "no": case.no, "platform_no": case.platform_no, "task": case.mandate.task, "version": case.mandate.version,
        "site": case.mandate.site, "window": case.mandate.window, "department": case.mandate.department,
        "opened_at": case.opened_at, "stage": case.stage, "progress": progress,
        "closed_before": case.taken_over.as_ref().map(|taken| taken.closed),
        "erased_at": case.erased.map(|(at, _)| at),
    });
    output.result(&object, || {
        let erased = case.erased.map_or("", |_| "  已依法删除 erased");
        let taken = case.taken_over.as_ref();
        let taken = taken.map_or(String::new(), |taken| {
            format!(
                "  期初盘点接管，{} 办结 taken over, closed then",
                taken.closed
            )
        });
        format!(
            "{}  {}  {}/{}  {}  {}{taken}{erased}",
            case.no,
            case.opened_at.in_hall(),
            case.mandate.site,
            case.mandate.window,
            case.mandate.department,
            words(case.stage),
        )
    })
}

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Intake => "收件中 intake",
        Stage::Correcting => "待补正 correcting",
        Stage::Returned => "已退件 returned",
        Stage::Received => "已收件 received",
        Stage::Pushed => "已推送 pushed",
        Stage::Accepted => "已受理 accepted",
        Stage::Decided => "已办结 decided",
        Stage::Ended => "已终结 ended",
    }
}
