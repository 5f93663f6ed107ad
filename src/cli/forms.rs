//! `counterfoil forms`: prints a sample of each form with the templates in force, so that a hall can see and check
//! what it changed before the counter does.

use std::path::PathBuf;

use crate::app;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::forms::{FormError, FormKind, Printing, sample};
use crate::worker::{Printed, Printer};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil forms\n  counterfoil forms --out preview intake_receipt one_time_notice"
)]
pub struct Args {
    /// 表单名称，不写则为全部 Names of forms; all of them when none is given
    #[arg(value_name = "FORM", value_parser = parse_kind)]
    kinds: Vec<FormKind>,
    /// 将样张（PDF）存入此文件夹 Keep the samples (PDF) in this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// 补打次数，0 为首次 Number of the reprint, 0 for the original
    #[arg(long, default_value_t = 0, value_name = "N")]
    reprint: u32,
}

/// Prints the samples; ends with findings when one cannot be printed.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let printer = app::printer(config).map_err(|error| CliError::new(error.problem(), error))?;
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(CliError::store)?;
    }
    let all = args.kinds.is_empty();
    let kinds = if all { FormKind::ALL } else { &args.kinds };
    let mut outcome = Outcome::Done;
    for kind in kinds {
        let began = std::time::Instant::now();
        let printed = print(&printer, *kind, args.reprint).await;
        let millis = began.elapsed().as_millis();
        let detail = match &printed {
            Ok(printed) => told(printed, millis),
            Err(error) => {
                outcome = Outcome::Findings;
                error.to_string()
            }
        };
        let object = serde_json::json!({
            "form": kind,
            "ok": printed.is_ok(),
            "pages": printed.as_ref().ok().map(|printed| printed.pages),
            "millis": millis,
            "detail": detail,
        });
        let mark = if printed.is_ok() { "✓" } else { "✗" };
        output.result(&object, || {
            format!("{mark} {} {}: {detail}", kind.zh(), kind.as_str())
        })?;
        if let (Some(folder), Ok(printed)) = (&args.out, &printed) {
            let path = folder.join(kind.template()).with_extension("pdf");
            std::fs::write(path, &printed.pdf).map_err(CliError::store)?;
        }
    }
    Ok(outcome)
}

async fn print(printer: &Printer, kind: FormKind, reprint: u32) -> Result<Printed, FormError> {
    let at = sample::PRINTED;
    printer
        .print(&sample::form(kind), Printing { at, reprint })
        .await
}

fn told(printed: &Printed, millis: u128) -> String {
    let mut told = format!("{} 页 pages，{millis} ms", printed.pages);
    for warning in &printed.warnings {
        told.push_str(&format!("；注意 note: {warning}"));
    }
    told
}

fn parse_kind(name: &str) -> Result<FormKind, String> {
    let known = FormKind::ALL.iter().find(|kind| kind.as_str() == name);
    known.copied().ok_or_else(|| {
        let names: Vec<&str> = FormKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!(
            "没有这种表单；可选 no such form; one of: {}",
            names.join(", ")
        )
    })
}
