//! The command line: one file a subcommand. A command opens the parts it needs through `app`, calls a use case
//! and prints the result. Nothing is decided here.

pub mod accuracy;
pub mod audit;
pub mod case;
pub mod catalogue;
pub mod container;
pub mod cosign;
pub mod custody;
pub mod desk;
pub mod doctor;
pub mod export;
pub mod fields;
pub mod forms;
pub mod ingest;
mod inventory;
pub mod keys;
mod loss;
mod memory;
pub mod output;
pub mod paper;
pub mod rebuild;
mod refile;
pub mod replay;
pub mod scrub;
pub mod search;
pub mod serve;
pub mod show;
mod stocktake;
pub mod text;
pub mod transfer;
pub mod user;
pub mod verify;
pub mod whereabouts;
pub mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::OpenError;
use crate::config::Config;
use crate::domain::Problem;
use output::Output;

/// What the exit codes mean; also printed by `--help`.
pub const EXIT_CODES: &str = "\
退出码 Exit codes:
  0  完成 done
  1  出错 a problem, named on standard error
  2  命令写法有误 the command line is not valid
  3  部分文件被拒收 some files were refused (ingest)
  4  发现问题 findings (audit, scrub, doctor, forms, verify)";

/// 存根 Counterfoil: never loses sight of a citizen's paper.
#[derive(Debug, Parser)]
#[command(name = "counterfoil", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    /// 配置文件 Configuration file (TOML); without it the documented defaults hold
    #[arg(long, global = true, env = "COUNTERFOIL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// 数据目录 Data folder, instead of the configured one
    #[arg(long, global = true, env = "COUNTERFOIL_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// 每行输出一个 JSON 对象 Print one JSON object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 收入扫描件：校验、存储、识别、固化 Take scans in: check, store, read and seal them
    Ingest(ingest::Args),
    /// 检索 Search the text of sealed records
    Search(search::Args),
    /// 查看页面：尺寸、质量、条码与二维码 Show a record's pages: size, quality, bar codes
    Show(show::Args),
    /// 查看识别文字 Print the text of a record
    Text(text::Args),
    /// 材料种类与字段 What a record's pages are, and the fields on them
    Fields(fields::Args),
    /// 导出 Export a record as searchable PDF, original or text
    Export(export::Args),
    /// 核验：账、档、索引是否一致 Check the ledger against blobs and projections
    Audit(audit::Args),
    /// 核验移交包（离线，无需服务器）Verify a transfer package, offline and without a server
    Verify(verify::Args),
    /// 见证人：生成密钥、联署检查点（离线）A witness of the log: make a key, cosign checkpoints, offline
    Cosign(cosign::Args),
    /// 逐一复核存储内容 Read every blob again and compare it with its digest
    Scrub(scrub::Args),
    /// 由存证日志重建目录与索引 Rebuild projections from the ledger
    Rebuild(rebuild::Args),
    /// 重新识别 Read records again, only the stages that changed
    Replay(replay::Args),
    /// 窗口、部门、委托书与事项目录 The hall's windows, mandates and service items as files
    Catalogue(catalogue::Args),
    /// 查看办件 Where cases stand, from the ledger alone
    Case(case::Args),
    /// 材料交接：交出、接收、去向 Paper: offer, receive, where it is
    Custody(custody::Args),
    /// 月度移交 The monthly transfer: rounds, sealing, signing, packages
    Transfer(transfer::Args),
    /// 查看或更换密钥 Show the keys, or hand the log to a new signing key
    Keys(keys::Args),
    /// 管理人员账号 People: the first administrators, accounts, roles, tokens
    User(user::Args),
    /// 打印各种表单的样张 Print a sample of each form with the templates in force
    Forms(forms::Args),
    /// 检查本机环境 Check this machine: engines, disk, clock, permissions, limits
    Doctor(doctor::Args),
    /// 启动服务 Serve health, metrics and upload over HTTP, and read what comes in
    Serve(serve::Args),
    /// 处理待办队列后退出 Read everything that waits, then end
    Work(work::Args),
    /// 按真值计算识别错误率 Measure character error against true text
    Accuracy(accuracy::Args),
    /// The child process that touches outside bytes; started by the program itself
    #[command(hide = true, disable_help_flag = true)]
    Worker {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// A problem a command ends with.
#[derive(Debug)]
pub struct CliError {
    problem: Problem,
    detail: String,
}

impl CliError {
    /// `detail` says what happened, to what, and what to do.
    pub fn new(problem: Problem, detail: impl ToString) -> Self {
        Self {
            problem,
            detail: detail.to_string(),
        }
    }

    /// Something that should not happen.
    pub fn internal(error: impl ToString) -> Self {
        Self::new(Problem::Internal, error)
    }

    /// A store that failed.
    pub fn store(error: impl ToString) -> Self {
        Self::new(Problem::StoreFailed, error)
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        Self::new(error.problem(), error)
    }
}

impl From<crate::records::RecordsError> for CliError {
    fn from(error: crate::records::RecordsError) -> Self {
        Self::new(error.problem(), error)
    }
}

/// How a command that found no problem ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Done,
    /// Some files were refused.
    SomeRefused,
    /// Something was found.
    Findings,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::SomeRefused => ExitCode::from(3),
            Outcome::Findings => ExitCode::from(4),
        }
    }
}

/// Parses the command line, runs the command and says how it ended.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Worker { arguments } = cli.command {
        return crate::worker::child::main(arguments.into_iter());
    }
    let output = Output::new(cli.json);
    let ended = match cli.command {
        // Whoever verifies a package has no hall: no configuration is read and no log is kept.
        Command::Verify(args) => verify::run(args, output),
        Command::Cosign(args) => cosign::run(args, output),
        _ => run(cli, output),
    };
    match ended {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            report(&error, output);
            ExitCode::from(1)
        }
    }
}

fn run(cli: Cli, output: Output) -> Result<Outcome, CliError> {
    memory::given_back();
    let config = Config::load(cli.config.as_deref(), cli.data.as_deref(), &|name| {
        std::env::var(name).ok()
    })
    .map_err(|error| CliError::new(Problem::BadConfiguration, error))?;
    crate::telemetry::start(&config.log)
        .map_err(|error| CliError::new(Problem::BadConfiguration, error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::internal)?;
    runtime.block_on(async {
        match cli.command {
            Command::Ingest(args) => ingest::run(&config, args, output).await,
            Command::Search(args) => search::run(&config, args, output).await,
            Command::Show(args) => show::run(&config, args, output).await,
            Command::Text(args) => text::run(&config, args, output).await,
            Command::Fields(args) => fields::run(&config, args, output).await,
            Command::Export(args) => export::run(&config, args, output).await,
            Command::Audit(args) => audit::run(&config, args, output).await,
            Command::Scrub(args) => scrub::run(&config, args, output).await,
            Command::Rebuild(args) => rebuild::run(&config, args, output).await,
            Command::Replay(args) => replay::run(&config, args, output).await,
            Command::Catalogue(args) => catalogue::run(&config, args, output).await,
            Command::Case(args) => case::run(&config, args, output).await,
            Command::Custody(args) => custody::run(&config, args, output).await,
            Command::Transfer(args) => transfer::run(&config, args, output).await,
            Command::Keys(args) => keys::run(&config, args, output).await,
            Command::User(args) => user::run(&config, args, output).await,
            Command::Forms(args) => forms::run(&config, args, output).await,
            Command::Doctor(args) => doctor::run(&config, args, output).await,
            Command::Serve(args) => serve::run(&config, args, output).await,
            Command::Work(args) => work::run(&config, args, output).await,
            Command::Accuracy(args) => accuracy::run(&config, args, output).await,
            Command::Worker { .. } | Command::Verify(_) | Command::Cosign(_) => Ok(Outcome::Done),
        }
    })
}

/// Prints a problem: as an object with `--json`, in two languages otherwise.
fn report(error: &CliError, output: Output) {
    let problem = error.problem;
    if output.is_json() {
        let object = serde_json::json!({
            "error": { "code": problem.code(), "title": problem.zh(), "title_en": problem.en(), "detail": error.detail }
        });
        eprintln!("{object}");
        return;
    }
    eprintln!("错误 error[{}]: {}", problem.code(), problem.zh());
    eprintln!("  {}", problem.en());
    eprintln!("  {}", error.detail);
}
