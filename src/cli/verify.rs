//! `counterfoil verify`: a package judged by whoever received it, with no data folder, no configuration and no network.

mod send;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::app;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::domain::Problem;
use crate::merkle::{VerifierKey, WitnessKey};
use crate::package::verify::{Finding, Limits, Report, Trust, Verdict, verify};
use crate::transfer::{Acceptance, acceptance};

/// The largest file of keys, signers or a checkpoint, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Threads at most.
const THREADS_MAX: usize = 8;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil verify 移交包.zip --log-key hall.vkey --since checkpoint.txt\n  counterfoil verify package/ --log-key hall.example/ledger+1a2b3c4d+AQ... --signers signers.txt --json\n  counterfoil verify 移交包.zip --log-key hall.vkey --report 检测报告.json --send https://hall.example --as scjg-02\n\n\
    signers.txt: 每行 人员编号 公钥 a staff id and its public key (64 hexadecimal digits) a line\n\
    退出码 Exit codes: 0 通过 it holds, 4 有问题 findings, 1 无法读取 cannot be read"
)]
pub struct Args {
    #[command(flatten)]
    package: PackageArgs,
    /// 写出接收检测报告 Write the department's check list, as it is handed in at acceptance
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    send: send::SendArgs,
}

/// A package and what it is compared with.
#[derive(Debug, clap::Args)]
pub struct PackageArgs {
    /// 移交包：文件夹、zip 或 tar The package: a folder, a zip or a tar
    package: PathBuf,
    /// 大厅日志的验证密钥（文件或密钥本身）Key of the hall's log: a file, or the key itself
    #[arg(long, value_name = "FILE|VKEY")]
    log_key: Option<String>,
    /// 本部门保存的检查点 A checkpoint that the department kept
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// 已知签名人的公钥 Public keys of known signers
    #[arg(long, value_name = "FILE")]
    signers: Option<PathBuf>,
    /// 保存的检查点须由该见证人联署（密钥或文件）The kept checkpoint has to be cosigned by this witness: a key, or a file of keys
    #[arg(long, value_name = "VKEY|FILE", requires = "since")]
    witness: Vec<String>,
}

/// Judges a package.
pub fn judged(args: &PackageArgs) -> Result<Report, CliError> {
    let trust = trust(args)?;
    if let Err(error) = args.package.metadata() {
        return Err(cannot_read(&args.package, error));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = Limits {
        threads: threads.min(THREADS_MAX),
        ..Limits::default()
    };
    Ok(verify(&args.package, &trust, &limits, &|| false))
}

/// The check list of what was judged.
pub fn checked(report: &Report) -> Result<Acceptance, CliError> {
    let made = acceptance(report, app::system_clock().now());
    made.ok_or_else(|| {
        let name = &report.name;
        let detail = format!(
            "{name}：其中没有可辨认的移交批次，无法生成检测报告；请让移交方重新导出 (no round can be told from it, so there is nothing to report on; ask the sender to export again)"
        );
        CliError::new(Problem::CannotRead, detail)
    })
}

/// Judges the package and prints every finding, then the verdict; where asked, writes and hands in the check list.
pub fn run(args: Args, output: Output) -> Result<Outcome, CliError> {
    let report = judged(&args.package)?;
    for finding in &report.findings {
        output.result(&object(finding), || {
            format!(
                "✗ {}  [{}]\n  {}",
                finding.zh(),
                finding.code(),
                finding.en()
            )
        })?;
    }
    output.result(&summary(&report), || words(&report))?;
    if args.report.is_some() || args.send.is_asked() {
        let order = checked(&report)?;
        for check in &order.report.checks {
            output.result(check, || check.line())?;
        }
        if let Some(path) = &args.report {
            let text = serde_json::to_vec_pretty(&order).map_err(CliError::internal)?;
            std::fs::write(path, text).map_err(CliError::store)?;
        }
        args.send.send(&order, output)?;
    }
    Ok(match report.verdict() {
        Verdict::Wrong => Outcome::Findings,
        Verdict::Holds | Verdict::OnlyItself => Outcome::Done,
    })
}

fn trust(args: &PackageArgs) -> Result<Trust, CliError> {
    let mut trust = Trust::default();
    let wrong =
        |what: &str, fault: String| CliError::new(Problem::BadField, format!("{what}: {fault}"));
    if let Some(key) = &args.log_key {
        let text = match key.parse::<VerifierKey>() {
            Ok(_) => key.clone(),
            Err(_) => text(Path::new(key))?,
        };
        let taken = trust.with_keys(&text);
        trust = taken.map_err(|fault| wrong("--log-key", fault.to_string()))?;
    }
    if let Some(path) = &args.since {
        let taken = trust.with_since(&text(path)?);
        trust = taken.map_err(|fault| wrong("--since", fault.to_string()))?;
    }
    if let Some(path) = &args.signers {
        let taken = trust.with_signers(&text(path)?);
        trust = taken.map_err(|fault| wrong("--signers", fault.to_string()))?;
    }
    for witness in &args.witness {
        let text = match witness.parse::<WitnessKey>() {
            Ok(_) => witness.clone(),
            Err(_) => text(Path::new(witness))?,
        };
        let taken = trust.with_witnesses(&text);
        trust = taken.map_err(|fault| wrong("--witness", fault.to_string()))?;
    }
    Ok(trust)
}

fn text(path: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| cannot_read(path, error))?;
    let read = file.take(FILE_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| cannot_read(path, error))?;
    Ok(text)
}

fn cannot_read(path: &Path, error: std::io::Error) -> CliError {
    CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
}

fn object(finding: &Finding) -> serde_json::Value {
    serde_json::json!({
        "finding": finding.code(), "about": finding.about(), "zh": finding.zh(), "en": finding.en()
    })
}

fn summary(report: &Report) -> serde_json::Value {
    let (seen, compared) = (&report.seen, report.compared);
    let verdict = match report.verdict() {
        Verdict::Holds => "holds",
        Verdict::OnlyItself => "only-itself",
        Verdict::Wrong => "wrong",
    };
    let checkpoint = seen.checkpoint.as_ref().map(
        |(origin, size, root)| serde_json::json!({ "origin": origin, "size": size, "root": root }),
    );
    let received: Vec<_> = seen
        .received
        .iter()
        .map(
            |(slip, taken, kept)| serde_json::json!({ "slip": slip, "taken": taken, "kept": kept }),
        )
        .collect();
    serde_json::json!({
        "verdict": verdict,
        "package": report.name,
        "transfer": seen.transfer,
        "department": seen.department,
        "site": seen.site,
        "month": seen.month.map(|month| month.to_string()),
        "due": seen.due.map(|day| day.to_string()),
        "sealed_at": seen.sealed,
        "checkpoint": checkpoint,
        "cases": seen.cases,
        "files": seen.files,
        "bytes": seen.bytes,
        "facts": seen.facts,
        "received": received,
        "signed_slips": seen.signed_slips,
        "open_discrepancies": seen.open_discrepancies,
        "cosigned_by": seen.cosigned_by,
        "compared_with": { "log_key": compared.log_key, "since": compared.since, "signers": compared.signers, "witnesses": compared.witnesses },
        "first": report.findings.first().map(Finding::code),
        "findings": report.findings.len() as u64 + report.left_out,
    })
}

fn words(report: &Report) -> String {
    let seen = &report.seen;
    let mark = match report.verdict() {
        Verdict::Holds => "✓",
        Verdict::OnlyItself => "！",
        Verdict::Wrong => "✗",
    };
    let mut lines = vec![
        format!("{mark} {}", report.zh()),
        format!("  {}", report.en()),
    ];
    if let (Some(transfer), Some(department), Some(month)) =
        (&seen.transfer, &seen.department, seen.month)
    {
        lines.push(format!(
            "  批次 round {transfer}  部门 department {department}  月份 month {month}  办件 cases {}",
            seen.cases
        ));
    }
    lines.push(format!(
        "  文件 files {}  字节 bytes {}  事实 facts {}",
        seen.files, seen.bytes, seen.facts
    ));
    if let Some((origin, size, root)) = &seen.checkpoint {
        lines.push(format!("  检查点 checkpoint {origin} {size} {root}"));
    }
    if !seen.cosigned_by.is_empty() {
        let names = seen.cosigned_by.join(", ");
        lines.push(format!("  检查点联署 kept checkpoint cosigned by {names}"));
    }
    for (slip, taken, kept) in &seen.received {
        lines.push(format!(
            "  交接单 slip {slip}：签收 taken {taken}，未接收 left {kept}"
        ));
    }
    if seen.received.is_empty() && seen.transfer.is_some() {
        lines.push("  部门尚未签收 not yet signed for by the department".to_owned());
    }
    if seen.open_discrepancies > 0 {
        lines.push(format!(
            "  未处理的交接差异 open discrepancies {}",
            seen.open_discrepancies
        ));
    }
    lines.join("\n")
}
