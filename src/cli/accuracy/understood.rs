//! `counterfoil accuracy --fields`: how well fields and kinds of material are found, against what is known of each page.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::{Args, images, read, unreadable};
use crate::app;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::meaning::FieldKind;
use crate::domain::{Date, Problem};
use crate::imaging::{Limits, sniff};
use crate::ocr::EngineKind;
use crate::understand::score::{Truth, Understood};
use crate::understand::understand;

const DEADLINE: Duration = Duration::from_secs(300);

#[derive(Debug, Serialize)]
struct FieldLine {
    field: &'static str,
    there: usize,
    exact: usize,
    percent: f64,
    verified: usize,
    verified_wrong: usize,
    wrong: usize,
}

#[derive(Debug, Serialize)]
struct KindLine {
    pages: usize,
    right: usize,
    unknown: usize,
    percent: f64,
}

/// Reads every single-page image with a `NAME.truth.json` beside it; prints each miss, then a line a field, then the kinds.
/// Findings where a verified value was wrong.
pub(super) async fn run(config: &Config, args: &Args, output: Output) -> Result<Outcome, CliError> {
    let pool = app::worker_pool(config)?;
    let mut worker = pool.checkout().await.map_err(CliError::internal)?;
    let day = Date::of(app::system_clock().now());
    let mut all = Understood::default();
    for path in images(&args.folder)? {
        let Some(truth) = truth_of(&path)? else {
            continue;
        };
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        let format =
            sniff(&bytes).map_err(|_| CliError::new(Problem::UnsupportedFormat, path.display()))?;
        let limits = Limits::default();
        let loaded = worker.load(Bytes::from(bytes), format, &limits, DEADLINE);
        loaded.await.map_err(|error| {
            CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
        })?;
        let page = read(&mut worker, 1, EngineKind::from(args.engine)).await?;
        let mut one = Understood::default();
        let meaning = understand(&page, day);
        one.add(&meaning, &truth);
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for missed in &one.missed {
            let object = serde_json::json!({ "file": name, "missed": missed });
            output.result(&object, || format!("{name}  {missed}"))?;
        }
        all.add(&meaning, &truth);
    }
    if all.pages == 0 {
        let detail = format!(
            "{} has no image with a NAME.truth.json beside it",
            args.folder.display()
        );
        return Err(CliError::new(Problem::NotFound, detail));
    }
    print(&all, output)
}

fn print(all: &Understood, output: Output) -> Result<Outcome, CliError> {
    let mut wrong = 0;
    for field in FieldKind::ALL {
        let tally = all.fields.get(&field).copied().unwrap_or_default();
        wrong += tally.wrong_verified;
        let line = FieldLine {
            field: field.code(),
            there: tally.there,
            exact: tally.exact,
            percent: percent(tally.exact, tally.there),
            verified: tally.verified,
            verified_wrong: tally.wrong_verified,
            wrong: tally.wrong,
        };
        output.result(&line, || {
            format!(
                "{:<16} {:>7.2} %  {:>5}/{:<5}  verified {:>5}, wrong {}  other values wrong {}",
                line.field,
                line.percent,
                line.exact,
                line.there,
                line.verified,
                line.verified_wrong,
                line.wrong
            )
        })?;
    }
    let kinds = KindLine {
        pages: all.pages,
        right: all.kinds_right,
        unknown: all.kinds_unknown,
        percent: percent(all.kinds_right, all.pages),
    };
    output.result(&kinds, || {
        format!(
            "{:<16} {:>7.2} %  {:>5}/{:<5}  unknown {}",
            "kind", kinds.percent, kinds.right, kinds.pages, kinds.unknown
        )
    })?;
    Ok(if wrong > 0 {
        Outcome::Findings
    } else {
        Outcome::Done
    })
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 100.0;
    }
    part as f64 * 100.0 / whole as f64
}

/// `NAME.truth.json` of an image, or `NAME.p1.truth.json` for the first page of several.
fn truth_of(path: &Path) -> Result<Option<Truth>, CliError> {
    let stem = path.with_extension("");
    for name in [
        format!("{}.truth.json", stem.display()),
        format!("{}.p1.truth.json", stem.display()),
    ] {
        match std::fs::read_to_string(&name) {
            Ok(text) => {
                let truth = serde_json::from_str(&text);
                return truth.map(Some).map_err(|error| {
                    CliError::new(Problem::CannotRead, format!("{name}: {error}"))
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(Path::new(&name), &error)),
        }
    }
    Ok(None)
}
