//! `counterfoil search`: pages whose text contains what was asked for.

use serde::Serialize;

use crate::app::Reading;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::{Digest, Problem};
use crate::search::{Hit, How, Mode, Query, Reader, Snippet, boxes, excerpt};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
例 Examples:
  counterfoil search 行政许可
  counterfoil search '营业执照 date:2026-11-01..2026-11-30'
  counterfoil search '\"business licence\" OR 营业执照' --json
  counterfoil search --fuzzy 统一杜会信用代码
  counterfoil search --pinyin zhangsan")]
pub struct Args {
    /// 检索式 Words (all must stand on the page), \"phrases\", OR, NOT, ( ), case: record: page: date: format:
    query: String,
    /// 最多显示的页数 Pages shown at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// 逐字匹配（默认）Every character as asked (the default)
    #[arg(long, conflicts_with_all = ["fuzzy", "pinyin"])]
    exact: bool,
    /// 险些读成、形近或差一字的也找 Also what was nearly read, looks alike, or is one character off
    #[arg(long, conflicts_with = "pinyin")]
    fuzzy: bool,
    /// 字母也按拼音找：全拼不带声调，姓名可用首字母 Letters also as pinyin without tones, and as initials of names
    #[arg(long)]
    pinyin: bool,
}

#[derive(Debug, Serialize)]
struct Found {
    record: Digest,
    page: u32,
    how: How,
    score: f32,
    snippet: String,
    boxes: Vec<[u32; 4]>,
}

/// Prints hits, best first, then how many pages there are in all.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let mode = match (args.fuzzy, args.pinyin) {
        (true, _) => Mode::Fuzzy,
        (_, true) => Mode::Pinyin,
        _ => Mode::Exact,
    };
    let query =
        Query::parse(&args.query, mode).map_err(|error| CliError::new(Problem::BadQuery, error))?;
    let reading = Reading::open(config).await?;
    let view = reading.view().await?;
    let found = view
        .search(&query, &Reader::Everything, usize::from(args.limit), 0)
        .map_err(CliError::store)?;
    for hit in &found.hits {
        let page = reading.records.text_blob(&hit.ocr).await?;
        let rects = boxes(&page, &hit.matches);
        let snippet = excerpt(&page, &hit.matches);
        let object = Found {
            record: hit.record,
            page: hit.page,
            how: hit.how,
            score: hit.score,
            snippet: snippet.text.clone(),
            boxes: rects.into_iter().map(Into::into).collect(),
        };
        output.result(&object, || words(hit, &snippet))?;
    }
    if !output.is_json() {
        output.raw(&format!("共 {} 页 / {} pages", found.total, found.total))?;
    }
    Ok(Outcome::Done)
}

/// The snippet with what was found between 【 】, under record and page, and how it was found where that is not exactly.
fn words(hit: &Hit, snippet: &Snippet) -> String {
    let mut marked = String::new();
    for (place, c) in snippet.text.chars().enumerate() {
        if snippet.marks.iter().any(|mark| mark.start == place) {
            marked.push('【');
        }
        marked.push(c);
        if snippet.marks.iter().any(|mark| mark.end == place + 1) {
            marked.push('】');
        }
    }
    let short: String = hit.record.to_string().chars().take(12).collect();
    let how = match hit.how {
        How::Exact => String::new(),
        other => format!("  〔{}〕", other.words()),
    };
    format!("{short}  第 {} 页{how}\n    {marked}", hit.page)
}
