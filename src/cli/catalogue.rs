//! `counterfoil catalogue`: sites, windows, departments, authorisations and service items as files.

use std::path::{Path, PathBuf};

use crate::app::{self, App};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::counter::catalogue::{read_catalogue, write_catalogue};
use crate::counter::{Ask, Change, Counter, CounterError, ImportError};
use crate::domain::catalogue::DocumentNo;
use crate::domain::{Actor, Date, Problem, RequestId, TaskCode, Timestamp};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Examples:
  counterfoil catalogue diff fixtures/catalogue
  counterfoil catalogue import fixtures/catalogue
  counterfoil catalogue export backup/catalogue
  counterfoil catalogue compare published.csv
  counterfoil catalogue withdraw TASK --from 2026-12-01 --number '云市监函〔2026〕31号' --document letter.pdf

  目录含 hall.toml（站点、窗口、部门、委托书）与 items/*.toml（每个文件一个事项版本）。
  A catalogue is a folder with hall.toml and items/*.toml, one version of an item a file.")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// 导入目录：未变的不动，变更须有函件 Import; what is unchanged is left alone
    Import {
        /// 文件夹或单个文件 A catalogue's folder, or one of its files
        #[arg(value_name = "PATH")]
        path: PathBuf,
    },
    /// 预览导入将产生的变更，不写入 Show what an import would change, without importing
    Diff {
        /// 文件夹或单个文件 A catalogue's folder, or one of its files
        #[arg(value_name = "PATH")]
        path: PathBuf,
    },
    /// 导出现行目录到新文件夹 Write the catalogue as it stands to a new folder
    Export {
        /// 新的或空的文件夹 A new or empty folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// 与省网公示清单比对（CSV 或 JSON），结果入账 Compare with the published list and record the result
    Compare {
        /// 公示清单 The list, as CSV or JSON
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// 事项退出综合窗口：不再收新件，旧件办完 Take an item off the list; its open cases finish
    Withdraw {
        /// 实施编码 The item's implementing code
        #[arg(value_name = "TASK")]
        task: TaskCode,
        /// 退出日期 The first day without it
        #[arg(long, value_name = "DAY")]
        from: Date,
        /// 批准文号 Number of the approval
        #[arg(long, value_name = "NO")]
        number: DocumentNo,
        /// 批准文件 The approval itself
        #[arg(long, value_name = "FILE")]
        document: PathBuf,
    },
}

/// Carries out one action.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let app = App::open(config).await?;
    let counter = app.counter();
    let now = app::system_clock().now();
    let acted = act(&counter, args.action, now, output).await;
    app.ledger.close().await;
    acted
}

async fn act(
    counter: &Counter,
    action: Action,
    now: Timestamp,
    output: Output,
) -> Result<Outcome, CliError> {
    let ask = ask(now)?;
    match action {
        Action::Diff { path } => {
            let wanted = read_catalogue(&path).map_err(ImportError::Files)?;
            let changes = counter.preview(&wanted, now).await?;
            print_changes(&changes, output)?;
            summary(&changes, "将变更 would change", output)
        }
        Action::Import { path } => {
            let wanted = read_catalogue(&path).map_err(ImportError::Files)?;
            let imported = counter.import(&ask, &wanted, now).await?;
            print_changes(&imported.changes, output)?;
            summary(&imported.changes, "已导入 imported", output)
        }
        Action::Export { folder } => export(counter, &folder, now, output).await,
        Action::Compare { file } => compare(counter, &ask, &file, now, output).await,
        Action::Withdraw {
            task,
            from,
            number,
            document,
        } => {
            let document = read(&document)?;
            let withdrawn = counter.withdraw(&ask, &task, from, number, &document).await;
            let receipt = withdrawn?;
            let object =
                serde_json::json!({ "task_code": task, "from": from, "facts": receipt.count });
            output.result(&object, || {
                format!("✓ 事项 {task} 自 {from} 起退出综合窗口 the item leaves the list on {from}")
            })?;
            Ok(Outcome::Done)
        }
    }
}

/// Every call is a request of its own: what is unchanged records nothing anyway.
fn ask(now: Timestamp) -> Result<Ask, CliError> {
    let request = format!("cli/catalogue/{}", now.as_millis());
    Ok(Ask {
        by: Actor::new("cli:operator").map_err(CliError::internal)?,
        request: RequestId::new(request).map_err(CliError::internal)?,
        expected: None,
        occurred: None,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| cannot(path, error))
}

fn cannot(path: &Path, error: std::io::Error) -> CliError {
    CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
}

fn print_changes(changes: &[Change], output: Output) -> Result<(), CliError> {
    for change in changes {
        output.result(change, || {
            let (zh, en) = words(&change.change);
            let mut line = format!("+ {}  {zh} {en}", change.subject);
            for one in &change.differences {
                let material = one.material.as_ref().map(ToString::to_string);
                let material = material.unwrap_or_default();
                line.push_str(&format!("\n    {} {material}", one.difference.code()));
            }
            line
        })?;
    }
    Ok(())
}

fn summary(changes: &[Change], what: &str, output: Output) -> Result<Outcome, CliError> {
    let object = serde_json::json!({ "changes": changes.len() });
    output.result(&object, || match changes.len() {
        0 => "✓ 与存证日志一致，无需变更 nothing differs from the ledger".to_owned(),
        count => format!("✓ {what}：{count} 项 changes"),
    })?;
    Ok(Outcome::Done)
}

async fn export(
    counter: &Counter,
    folder: &Path,
    now: Timestamp,
    output: Output,
) -> Result<Outcome, CliError> {
    let failed = |error| cannot(folder, error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        let detail = format!(
            "{}：文件夹不是空的；请换一个 the folder is not empty; give another",
            folder.display()
        );
        return Err(CliError::new(Problem::CannotRead, detail));
    }
    let files = write_catalogue(&counter.export(now).await?);
    for file in &files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(&path, &file.bytes).map_err(|error| cannot(&path, error))?;
    }
    let object =
        serde_json::json!({ "folder": folder.display().to_string(), "files": files.len() });
    output.result(&object, || {
        format!(
            "✓ 已导出 exported {}（{} 个文件 files）",
            folder.display(),
            files.len()
        )
    })?;
    Ok(Outcome::Done)
}

async fn compare(
    counter: &Counter,
    ask: &Ask,
    file: &Path,
    now: Timestamp,
    output: Output,
) -> Result<Outcome, CliError> {
    let bytes = read(file)?;
    let name = file.display().to_string();
    let found = counter.compare_published(ask, &name, &bytes, now).await?;
    for mismatch in &found.mismatches {
        output.result(mismatch, || {
            let material = mismatch
                .material
                .as_ref()
                .map(|code| format!(" 材料 {code}"));
            let department = mismatch.department.as_ref().map(ToString::to_string);
            format!(
                "✗ {}{}（{}）{}\n    {}",
                mismatch.task_code,
                material.unwrap_or_default(),
                department.unwrap_or_else(|| "–".to_owned()),
                mismatch.difference.zh(),
                mismatch.difference.en()
            )
        })?;
    }
    let count = found.mismatches.len();
    let object =
        serde_json::json!({ "items": found.items, "mismatches": count, "report": found.report });
    output.result(&object, || {
        let items = found.items;
        format!(
            "已比对 {items} 个事项，{count} 处不一致 compared {items} items, {count} mismatches"
        )
    })?;
    Ok(if count == 0 {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

/// What a change is called.
fn words(change: &str) -> (&'static str, &'static str) {
    match change {
        "site_listed" | "department_listed" | "item_listed" => ("列入大厅", "listed"),
        "opened" => ("登记", "registered"),
        "described" => ("名称或说明变更", "described anew"),
        "closed" => ("撤销", "closed"),
        "window_opened" => ("设置窗口", "window opened"),
        "window_changed" => ("调整窗口", "window changed"),
        "window_closed" => ("撤销窗口", "window closed"),
        "succeeded" => ("职责移交", "succeeded by another"),
        "inherited" => ("承接职责", "takes over from another"),
        "authorised" => ("签订委托书", "authorises the windows"),
        "chief_appointed" => ("任命首席代表", "chief representative appointed"),
        "chief_removed" => ("免去首席代表", "chief representative removed"),
        "officer_assigned" => ("登记工作人员", "officer assigned"),
        "officer_removed" => ("工作人员离岗", "officer removed"),
        "granted" => ("委托书生效登记", "authorisation registered"),
        "revoked" => ("撤销授权", "powers revoked"),
        "proposed" => ("提交事项版本", "version proposed"),
        "notified" => ("部门函告", "notified in writing"),
        "went_live" => ("版本启用", "version live"),
        "entered" => ("纳入综合窗口", "enters the list"),
        "withdrawn" => ("退出综合窗口", "leaves the list"),
        _ => ("变更", "change"),
    }
}

impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Counter(error) => error.into(),
            other => Self::new(Problem::BadField, other),
        }
    }
}

impl From<CounterError> for CliError {
    fn from(error: CounterError) -> Self {
        let problem = error.problem();
        match error {
            CounterError::Refused(refusal) => {
                Self::new(problem, format!("{} {}", refusal.zh, refusal.en))
            }
            // Every one is named: a list of a thousand lines is mended in one go.
            CounterError::Fields(fields) => {
                let fields = fields.iter();
                let lines = fields.map(|field| format!("{} {}", field.zh, field.en));
                Self::new(problem, lines.collect::<Vec<String>>().join("\n"))
            }
            other => Self::new(problem, other),
        }
    }
}
