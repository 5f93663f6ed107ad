//! `counterfoil doctor`: whether this machine is fit. Each check says what it found and, where it failed, what to do.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::app;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::ocr::{EngineKind, Language};

/// A small page with known text, read by each engine.
const SAMPLE: &[u8] = include_bytes!("doctor-sample.png");
/// A string of that page.
const SAMPLE_TEXT: &str = "政务服务";
const FREE_BYTES_MIN: u64 = 5 << 30;
const OPEN_FILES_MIN: u64 = 1024;
const ENGINE_DEADLINE: Duration = Duration::from_secs(60);

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
        data_folder(config),
        free_space(config),
        keys(config),
        clock(),
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

async fn engine(config: &Config, kind: EngineKind, check: &'static str, zh: &'static str) -> Check {
    let began = std::time::Instant::now();
    let said = app::check_engine(
        config,
        kind,
        &[Language::Zh, Language::En],
        SAMPLE,
        ENGINE_DEADLINE,
    )
    .await;
    match said {
        Err(error) => Check {
            check,
            zh,
            status: Status::Fail,
            detail: error,
        },
        Ok((id, text)) if text.replace(char::is_whitespace, "").contains(SAMPLE_TEXT) => {
            let detail = format!(
                "{} {}, {:.1} s",
                id.name,
                id.version,
                began.elapsed().as_secs_f32()
            );
            Check {
                check,
                zh,
                status: Status::Ok,
                detail,
            }
        }
        Ok((id, _)) => {
            let detail = format!(
                "{} {} opened but misread the built-in page; reinstall it",
                id.name, id.version
            );
            Check {
                check,
                zh,
                status: Status::Fail,
                detail,
            }
        }
    }
}

fn pipelines(config: &Config) -> Check {
    let (check, zh) = ("pipelines", "处理流程");
    match app::pipelines(config) {
        Ok(specs) => {
            let names: Vec<String> = specs.names().into_iter().collect();
            Check {
                check,
                zh,
                status: Status::Ok,
                detail: names.join(", "),
            }
        }
        Err(error) => Check {
            check,
            zh,
            status: Status::Fail,
            detail: error.to_string(),
        },
    }
}

fn data_folder(config: &Config) -> Check {
    let (check, zh) = ("data-folder", "数据目录");
    let folder = &config.data.folder;
    let detail = folder.display().to_string();
    match write_and_sync(folder) {
        Ok(()) => Check {
            check,
            zh,
            status: Status::Ok,
            detail: format!("{detail} can be written"),
        },
        Err(error) => {
            let detail = format!(
                "{detail}: {error}; choose a folder this user may write, with --data or in [data]"
            );
            Check {
                check,
                zh,
                status: Status::Fail,
                detail,
            }
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
    let (check, zh) = ("free-space", "可用空间");
    match rustix::fs::statvfs(&config.data.folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let status = if free >= FREE_BYTES_MIN {
                Status::Ok
            } else {
                Status::Warn
            };
            let detail = format!(
                "{} GiB free, at least {} advised",
                free >> 30,
                FREE_BYTES_MIN >> 30
            );
            Check {
                check,
                zh,
                status,
                detail,
            }
        }
        Err(error) => Check {
            check,
            zh,
            status: Status::Fail,
            detail: error.to_string(),
        },
    }
}

fn keys(config: &Config) -> Check {
    let (check, zh) = ("keys", "密钥");
    let path = app::master_key_path(config);
    if !path.exists() {
        let detail = format!(
            "{} will be made on the first start; back it up, apart from the data",
            path.display()
        );
        return Check {
            check,
            zh,
            status: Status::Ok,
            detail,
        };
    }
    match app::load_master_key(config) {
        Ok(id) => Check {
            check,
            zh,
            status: Status::Ok,
            detail: format!("{} ({id})", path.display()),
        },
        Err(error) => Check {
            check,
            zh,
            status: Status::Fail,
            detail: error.to_string(),
        },
    }
}

fn clock() -> Check {
    let (check, zh) = ("clock", "系统时间");
    let now = app::system_clock().now();
    let sane = now.to_string().as_str() > "2026-01-01" && now.to_string().as_str() < "2100";
    let status = if sane { Status::Ok } else { Status::Fail };
    let detail = if sane {
        now.to_string()
    } else {
        format!("{now} cannot be right; set the clock (timedatectl)")
    };
    Check {
        check,
        zh,
        status,
        detail,
    }
}

fn open_files() -> Check {
    let (check, zh) = ("open-files", "打开文件数上限");
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let enough = limit.is_none_or(|limit| limit >= OPEN_FILES_MIN);
    let found = limit.map_or("unlimited".to_string(), |limit| limit.to_string());
    let detail = format!("{found}, at least {OPEN_FILES_MIN} needed (ulimit -n)");
    Check {
        check,
        zh,
        status: if enough { Status::Ok } else { Status::Fail },
        detail,
    }
}

fn memory(config: &Config) -> Check {
    let (check, zh) = ("memory", "内存");
    let needed = config
        .work
        .memory_max_mib
        .saturating_mul(config.work.workers as u64);
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| {
            rest.trim()
                .trim_end_matches(" kB")
                .trim()
                .parse::<u64>()
                .ok()
        })
        .map(|kib| kib / 1024);
    match available {
        None => Check {
            check,
            zh,
            status: Status::Warn,
            detail: "available memory is not known here".to_string(),
        },
        Some(mib) => {
            let status = if mib >= needed {
                Status::Ok
            } else {
                Status::Warn
            };
            let detail = format!(
                "{mib} MiB available, {needed} MiB for {} workers",
                config.work.workers
            );
            Check {
                check,
                zh,
                status,
                detail,
            }
        }
    }
}
