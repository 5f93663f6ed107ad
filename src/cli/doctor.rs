//! `counterfoil doctor`: whether this machine is fit. Each check says what it found and, where it failed, what to do.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::app;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::forms::{FormKind, Printing, sample};
use crate::malware::Clamd;
use crate::ocr::{EngineKind, Language};

/// A small page with known text, read by each engine.
const SAMPLE: &[u8] = include_bytes!("doctor-sample.png");
/// A string of that page.
const SAMPLE_TEXT: &str = "政务服务";
const FREE_BYTES_MIN: u64 = 5 << 30;
const OPEN_FILES_MIN: u64 = 1024;
const ENGINE_DEADLINE: Duration = Duration::from_secs(60);
const MALWARE_DEADLINE: Duration = Duration::from_secs(10);

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "例 Example:\n  counterfoil doctor")]
pub struct Args {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    #[serde(skip)]
    zh: &'static str,
    status: Status,
    detail: String,
}

/// Runs every check; ends with findings when one failed.
pub async fn run(config: &Config, _args: Args, output: Output) -> Result<Outcome, CliError> {
    let mut checks = vec![
        engine(config, EngineKind::Paddle, "ocr-paddle", "识别引擎 PP-OCR").await,
        engine(
            config,
            EngineKind::Tesseract,
            "ocr-tesseract",
            "识别引擎 Tesseract",
        )
        .await,
        pipelines(config),
        forms(config).await,
        malware(config).await,
        package(config),
        data_folder(config),
        free_space(config),
        keys(config),
        clock(),
        demonstration(config),
        open_files(),
        memory(config),
    ];
    let fallback = checks[0].status == Status::Ok;
    if !fallback && checks[1].status == Status::Ok {
        checks[0].status = Status::Warn;
    }
    for check in &checks {
        output.result(check, || line(check))?;
    }
    let failed = checks.iter().any(|check| check.status == Status::Fail);
    Ok(if failed {
        Outcome::Findings
    } else {
        Outcome::Done
    })
}

fn line(check: &Check) -> String {
    let mark = match check.status {
        Status::Ok => "✓",
        Status::Warn => "!",
        Status::Fail => "✗",
    };
    format!("{mark} {} {}: {}", check.zh, check.check, check.detail)
}

fn check(name: &'static str, zh: &'static str, status: Status, detail: impl ToString) -> Check {
    Check {
        check: name,
        zh,
        status,
        detail: detail.to_string(),
    }
}

/// `Ok` when it holds, otherwise `status`.
fn ok_or(holds: bool, status: Status) -> Status {
    if holds { Status::Ok } else { status }
}

async fn engine(config: &Config, kind: EngineKind, name: &'static str, zh: &'static str) -> Check {
    let began = std::time::Instant::now();
    let languages = [Language::Zh, Language::En];
    let said = app::check_engine(config, kind, &languages, SAMPLE, ENGINE_DEADLINE).await;
    let (id, text) = match said {
        Ok(said) => said,
        Err(error) => return check(name, zh, Status::Fail, error),
    };
    let engine = format!("{} {}", id.name, id.version);
    if text.replace(char::is_whitespace, "").contains(SAMPLE_TEXT) {
        let took = began.elapsed().as_secs_f32();
        return check(name, zh, Status::Ok, format!("{engine}，{took:.1} s"));
    }
    let detail = format!(
        "{engine} 读错内置样页，请重新安装 misread the built-in page; run make setup again"
    );
    check(name, zh, Status::Fail, detail)
}

fn pipelines(config: &Config) -> Check {
    let (name, zh) = ("pipelines", "处理流程");
    match app::pipelines(config) {
        Ok(specs) => {
            let names: Vec<String> = specs.names().into_iter().collect();
            check(name, zh, Status::Ok, names.join(", "))
        }
        Err(error) => check(name, zh, Status::Fail, error),
    }
}

/// Prints every form with the templates in force: fonts, templates and the press, each as a counter needs it.
async fn forms(config: &Config) -> Check {
    let (name, zh) = ("forms", "打印表单");
    let printer = match app::printer(config) {
        Ok(printer) => printer,
        Err(error) => return check(name, zh, Status::Fail, error),
    };
    let at = app::system_clock().now();
    let printing = Printing { at, reprint: 0 };
    let mut warnings = Vec::new();
    for kind in FormKind::ALL {
        match printer.print(&sample::form(*kind), printing).await {
            Ok(printed) => warnings.extend(printed.warnings),
            Err(error) => return check(name, zh, Status::Fail, error),
        }
    }
    if let Some(warning) = warnings.first() {
        return check(name, zh, Status::Warn, warning);
    }
    let detail = format!("{} 种表单均可打印 forms print", FormKind::ALL.len());
    check(name, zh, Status::Ok, detail)
}

async fn malware(config: &Config) -> Check {
    let (name, zh) = ("malware", "病毒扫描");
    let Some(settings) = &config.malware else {
        let detail = "未配置，检测结果将为“不适用” not configured: checks will say \"not applicable\" ([malware] clamd)";
        return check(name, zh, Status::Ok, detail);
    };
    let mut settings = settings.clone();
    settings.deadline = settings.deadline.min(MALWARE_DEADLINE);
    let address = settings.address.to_string();
    match Clamd::new(settings).version().await {
        Ok(version) => check(name, zh, Status::Ok, format!("{version} ({address})")),
        Err(error) => check(name, zh, Status::Fail, error),
    }
}

/// In which dialect packages are made, and what they say of the hall.
fn package(config: &Config) -> Check {
    let (name, zh) = ("package", "移交包");
    let dialect = match app::dialect(config) {
        Ok(dialect) => dialect,
        Err(error) => return check(name, zh, Status::Fail, error),
    };
    let (known, settings) = (dialect.name(), &config.package);
    let fonds = settings.fonds.as_deref();
    let fonds = fonds.map_or("未设 not set".to_owned(), str::to_owned);
    let contact = settings.contact.as_ref();
    let contact = contact.map_or("未设 not set".to_owned(), |one| one.name.clone());
    let detail =
        format!("元数据方言 dialect {known}，全宗号 fonds {fonds}，联系处 contact {contact}");
    check(name, zh, Status::Ok, detail)
}

/// Whether the hall's time is this machine's own.
fn demonstration(config: &Config) -> Check {
    let (name, zh) = ("hall-time", "大厅时间");
    let Some(file) = &config.clock else {
        let detail = "本机时间 this machine's own";
        return check(name, zh, Status::Ok, detail);
    };
    let detail = format!(
        "演示时钟：时间取自 {}，期限均按其计算；正式使用请删去 [clock] (a demonstration clock: days are counted by that file; take [clock] out for real use)",
        file.display()
    );
    check(name, zh, Status::Warn, detail)
}

fn data_folder(config: &Config) -> Check {
    let (name, zh) = ("data-folder", "数据目录");
    let folder = config.data.folder.display();
    match write_and_sync(&config.data.folder) {
        Ok(()) => check(
            name,
            zh,
            Status::Ok,
            format!("{folder} 可写 can be written"),
        ),
        Err(error) => {
            let detail = format!(
                "{folder}: {error}；请用 --data 或 [data] 指定本用户可写的目录 choose a folder this user may write"
            );
            check(name, zh, Status::Fail, detail)
        }
    }
}

fn write_and_sync(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(".doctor");
    let file = std::fs::File::create(&path)?;
    file.sync_all()?;
    std::fs::remove_file(&path)
}

fn free_space(config: &Config) -> Check {
    let (name, zh) = ("free-space", "可用空间");
    match rustix::fs::statvfs(&config.data.folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let status = ok_or(free >= FREE_BYTES_MIN, Status::Warn);
            let (free, least) = (free >> 30, FREE_BYTES_MIN >> 30);
            let detail = format!("剩余 {free} GiB free，建议不少于 {least} GiB advised");
            check(name, zh, status, detail)
        }
        Err(error) => check(name, zh, Status::Fail, error),
    }
}

fn keys(config: &Config) -> Check {
    let (name, zh) = ("keys", "密钥");
    let path = app::master_key_path(config);
    let shown = path.display();
    if !path.exists() {
        let detail = format!(
            "{shown} 将在首次启动时生成，请与数据分开备份 is made on the first start; back it up, apart from the data"
        );
        return check(name, zh, Status::Ok, detail);
    }
    match app::load_master_key(config) {
        Ok(id) => check(name, zh, Status::Ok, format!("{shown} ({id})")),
        Err(error) => check(name, zh, Status::Fail, error),
    }
}

fn clock() -> Check {
    let now = app::system_clock().now().to_string();
    let sane = now.as_str() > "2026-01-01" && now.as_str() < "2100";
    let status = ok_or(sane, Status::Fail);
    let detail = if sane {
        now
    } else {
        format!("{now} 不可信，请校时 cannot be right; set the clock (timedatectl)")
    };
    check("clock", "系统时间", status, detail)
}

fn open_files() -> Check {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let enough = limit.is_none_or(|limit| limit >= OPEN_FILES_MIN);
    let found = limit.map_or("不限 unlimited".to_string(), |limit| limit.to_string());
    let detail = format!("{found}，至少需要 {OPEN_FILES_MIN} needed (ulimit -n)");
    check(
        "open-files",
        "打开文件数上限",
        ok_or(enough, Status::Fail),
        detail,
    )
}

fn memory(config: &Config) -> Check {
    let (name, zh) = ("memory", "内存");
    let workers = config.work.workers;
    let needed = config.work.memory_max_mib.saturating_mul(workers as u64);
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok())
        .map(|kib: u64| kib / 1024);
    let Some(mib) = available else {
        let detail = "无法得知可用内存 available memory is not known here";
        return check(name, zh, Status::Warn, detail);
    };
    let detail = format!(
        "可用 {mib} MiB available，{workers} 个识别进程至多用 {needed} MiB for {workers} workers"
    );
    check(name, zh, ok_or(mib >= needed, Status::Warn), detail)
}
