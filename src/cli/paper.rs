//! The papers of `counterfoil custody` and `transfer`: labels, slips and registers, written to a file. One with many lines
//! has several volumes: the second of `slip.pdf` is `slip-2.pdf`.

use std::path::{Path, PathBuf};

use super::desk::Desk;
use crate::cli::CliError;
use crate::counter::PrintedPaper;
use crate::custody::LabelOrder;
use crate::domain::{CaseNo, SlipId, TransferId};
use crate::forms::handover::LabelLayout;

/// The arguments of `custody label`.
#[derive(Debug, clap::Args)]
pub struct LabelArgs {
    /// 材料袋（办件编号）The bundles, by case number
    #[arg(required = true)]
    cases: Vec<CaseNo>,
    /// 输出文件 Where: a PDF
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// A4 整版（10 张/页），缺省为标签卷 100×50 毫米 On A4 sheets of ten, instead of a roll of 100 mm × 50 mm
    #[arg(long)]
    sheet: bool,
    /// 整版中已用掉的位置数 Places of the first sheet that are used up
    #[arg(long, default_value_t = 0, value_name = "N", requires = "sheet")]
    skip: u32,
}

/// Where a paper goes.
#[derive(Debug, clap::Args)]
pub struct PaperOutput {
    /// 输出文件 Where: a PDF
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Writes the labels of bundles.
pub(super) async fn label(desk: &Desk, args: LabelArgs) -> Result<(), CliError> {
    let layout = match args.sheet {
        true => LabelLayout::Sheet,
        false => LabelLayout::Roll,
    };
    let order = LabelOrder {
        cases: args.cases,
        layout,
        skip: args.skip,
    };
    let paper = desk.counter.print_labels(&order).await?;
    keep(desk, &args.output, &paper)
}

/// Writes a slip, volume by volume.
pub(super) async fn sheet(desk: &Desk, slip: &SlipId, to: &PaperOutput) -> Result<(), CliError> {
    let mut volume = 1;
    loop {
        let paper = desk.counter.print_slip_sheet(slip, volume).await?;
        keep(desk, &to.output, &paper)?;
        if volume >= paper.volumes {
            return Ok(());
        }
        volume += 1;
    }
}

/// Writes the register of a round, volume by volume.
pub(super) async fn register(
    desk: &Desk,
    round: &TransferId,
    to: &PaperOutput,
) -> Result<(), CliError> {
    let by = desk.ask()?.by;
    let mut volume = 1;
    loop {
        let paper = desk
            .counter
            .print_register(round, by.as_str(), volume)
            .await?;
        keep(desk, &to.output, &paper)?;
        if volume >= paper.volumes {
            return Ok(());
        }
        volume += 1;
    }
}

fn keep(desk: &Desk, output: &Path, paper: &PrintedPaper) -> Result<(), CliError> {
    let path = volume_path(output, paper.volume);
    std::fs::write(&path, &paper.pdf).map_err(CliError::store)?;
    let (volume, volumes, pages) = (paper.volume, paper.volumes, paper.pages);
    let object = serde_json::json!({ "file": path, "sha256": paper.digest, "pages": pages, "volume": volume, "volumes": volumes });
    desk.say(&object, || {
        let of = match volumes {
            1 => String::new(),
            _ => format!("，第 {volume} 册，共 {volumes} 册 volume {volume} of {volumes}"),
        };
        format!("{}：{pages} 页 pages{of}", path.display())
    })
}

/// `slip.pdf` for the first volume, `slip-2.pdf` for the second.
fn volume_path(output: &Path, volume: u32) -> PathBuf {
    if volume <= 1 {
        return output.to_owned();
    }
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let name = match output.extension() {
        Some(suffix) => format!("{stem}-{volume}.{}", suffix.to_string_lossy()),
        None => format!("{stem}-{volume}"),
    };
    output.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_lie_beside_each_other() {
        let path = |output: &str, volume| volume_path(Path::new(output), volume);
        assert_eq!(path("out/a.b.pdf", 1), Path::new("out/a.b.pdf"));
        assert_eq!(path("out/a.b.pdf", 3), Path::new("out/a.b-3.pdf"));
        assert_eq!(path("slip", 2), Path::new("slip-2"));
    }
}
