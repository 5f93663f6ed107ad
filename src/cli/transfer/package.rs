//! `counterfoil transfer seal|package|accept`: the package of a round.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::show;
use crate::bag::Algorithm;
use crate::cli::desk::Desk;
use crate::cli::{CliError, Outcome, verify};
use crate::domain::{Problem, StaffId, TransferId};
use crate::transfer::{CheckReport, PackageForm};

/// How the content is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// BagIt 1.0
    Bag,
    /// E-ARK SIP 2.2
    Eark,
}

#[derive(Debug, clap::Args)]
pub(super) struct PackageArgs {
    /// 批次 The round
    round: TransferId,
    /// 输出：.zip、.tar 或文件夹 Where: a .zip, a .tar, or a folder; an eark folder gets one named as the round in it
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// 包的规范 How it is laid out
    #[arg(long, value_enum, default_value = "bag")]
    profile: Profile,
    /// 另附 SHA-512 清单 SHA-512 manifests as well
    #[arg(long)]
    sha512: bool,
    /// 另附 SM3 清单 SM3 manifests as well
    #[arg(long)]
    sm3: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct AcceptArgs {
    /// 批次 The round
    round: TransferId,
    /// 检测人 Who checks, for the department
    #[arg(long = "as", value_name = "STAFF")]
    staff: StaffId,
    #[command(flatten)]
    verify: verify::PackageArgs,
}

/// Checks and seals the package of a round.
pub(super) async fn seal(
    desk: &Desk,
    id: &TransferId,
    staff: &StaffId,
) -> Result<Outcome, CliError> {
    let packer = desk.app.packer()?;
    let ask = desk.ask()?;
    let (_, report) = packer.seal_round(&desk.counter, &ask, id, staff).await?;
    told(desk, id, &report).await
}

async fn told(desk: &Desk, id: &TransferId, report: &CheckReport) -> Result<Outcome, CliError> {
    for check in &report.checks {
        desk.say(check, || check.line())?;
    }
    show(desk, id).await?;
    Ok(match report.failed() {
        0 => Outcome::Done,
        _ => Outcome::Findings,
    })
}

/// Verifies the package at hand and records the check list.
pub(super) async fn accept(desk: &Desk, args: &AcceptArgs) -> Result<Outcome, CliError> {
    let report = verify::judged(&args.verify)?;
    let order = verify::checked(&report)?;
    let (packer, ask) = (desk.app.packer()?, desk.ask()?);
    let recorded = packer.accept_package(&desk.counter, &ask, &args.round, &args.staff, &order);
    recorded.await?;
    told(desk, &args.round, &order.report).await
}

/// Writes the sealed package of a round out.
pub(super) async fn package(desk: &Desk, args: &PackageArgs) -> Result<(), CliError> {
    let output = args.output.as_path();
    let form = match output.extension().and_then(|suffix| suffix.to_str()) {
        Some("zip") => PackageForm::Zip,
        Some("tar") => PackageForm::Tar,
        _ => PackageForm::Folder,
    };
    match args.profile {
        Profile::Bag => bag(desk, args, output, form).await,
        Profile::Eark => submission(desk, args, output, form).await,
    }
}

async fn bag(
    desk: &Desk,
    args: &PackageArgs,
    output: &Path,
    form: PackageForm,
) -> Result<(), CliError> {
    let asked = [(args.sha512, Algorithm::Sha512), (args.sm3, Algorithm::Sm3)];
    let more = asked.into_iter().filter(|(asked, _)| *asked);
    let more: Vec<Algorithm> = more.map(|(_, algorithm)| algorithm).collect();
    let (packer, ask) = (desk.app.packer()?, desk.ask()?);
    let written = packer.write_package(&desk.counter, &ask, &args.round, (output, form), &more);
    let written = written.await?;
    let object = serde_json::json!({ "package": output, "files": written.files, "bytes": written.bytes, "tag_manifest": written.tag_manifest });
    desk.say(&object, || said(output, written.files, written.bytes))
}

async fn submission(
    desk: &Desk,
    args: &PackageArgs,
    output: &Path,
    form: PackageForm,
) -> Result<(), CliError> {
    if args.sha512 || args.sm3 {
        let detail = "--sha512、--sm3 只用于 BagIt 包 (--sha512 and --sm3 are for bags; METS.xml has SHA-256)";
        return Err(CliError::new(Problem::BadField, detail));
    }
    let id = &args.round;
    let (packer, ask) = (desk.app.packer()?, desk.ask()?);
    // Asked first, so that no folder is made for a round that does not exist.
    desk.counter.round_now(id).await?;
    let target = match form {
        PackageForm::Folder => {
            std::fs::create_dir_all(output).map_err(CliError::store)?;
            output.join(id.as_str())
        }
        PackageForm::Zip | PackageForm::Tar => output.to_owned(),
    };
    let written = packer.write_submission(&desk.counter, &ask, id, (&target, form));
    let written = written.await?;
    let object = serde_json::json!({ "package": target, "profile": "eark", "files": written.files, "bytes": written.bytes });
    desk.say(&object, || said(&target, written.files, written.bytes))
}

fn said(output: &Path, files: u64, bytes: u64) -> String {
    let output = output.display();
    format!("{output}：{files} 个文件 files，{bytes} 字节 bytes")
}
