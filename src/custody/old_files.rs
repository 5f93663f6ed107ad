//! A list of old files as CSV, a line a paper: lines with the same item and old number are one file. Every line that cannot
//! be read is named, and then nothing is registered.

use super::stocktake::{Placed, wrong};
use super::{OldFileOrder, PaperOrder, RegisteredView};
use crate::counter::{Ask, Counter, CounterError, Refusal};
use crate::domain::catalogue::ApplicantKind;
use crate::domain::custody::{Condition, PaperForm};
use crate::domain::{SiteCode, StaffId};

/// Each column: its name in English and in Chinese.
const COLUMNS: [(&str, &str); 8] = [
    ("task", "实施编码"),
    ("number", "原卷号"),
    ("applicant", "申请人类型"),
    ("closed", "办结日期"),
    ("form", "原件/复印件"),
    ("count", "份数"),
    ("pages", "每份页数"),
    ("condition", "状况"),
];

/// The cells of a line, in the order of [`COLUMNS`].
type Cells = [String; COLUMNS.len()];

fn named(heading: &str) -> Option<usize> {
    let heading = heading.trim().trim_start_matches('\u{feff}');
    COLUMNS
        .iter()
        .position(|(en, zh)| heading.eq_ignore_ascii_case(en) || heading == *zh)
}

/// Where in a line each column stands. Fails where one is missing or not known.
fn columns(headings: &csv::StringRecord) -> Result<[usize; COLUMNS.len()], Vec<Refusal>> {
    let mut bad = Vec::new();
    let mut places = [usize::MAX; COLUMNS.len()];
    for (place, heading) in headings.iter().enumerate() {
        match named(heading).and_then(|column| places.get_mut(column)) {
            Some(at) => *at = place,
            None => {
                let zh = format!("不认识的列“{heading}”");
                let en = format!("unknown column {heading:?}");
                bad.push(wrong("line 1", "columns", "unknown-column", &zh, &en));
            }
        }
    }
    for ((en, zh), at) in COLUMNS.iter().zip(places) {
        if at == usize::MAX {
            let (zh, en) = (
                format!("缺少列“{zh}”（{en}）"),
                format!("column {en} is missing"),
            );
            bad.push(wrong("line 1", "columns", "missing-column", &zh, &en));
        }
    }
    match bad.is_empty() {
        true => Ok(places),
        false => Err(bad),
    }
}

/// A word of a list, in Chinese or as its code.
fn word<T: Copy>(text: &str, all: &[(T, &str, &str)]) -> Option<T> {
    let found = all
        .iter()
        .find(|(_, zh, code)| text == *zh || text == *code);
    found.map(|(word, _, _)| *word)
}

const APPLICANTS: &[(ApplicantKind, &str, &str)] = &[
    (ApplicantKind::Person, "自然人", "person"),
    (
        ApplicantKind::Organisation,
        "法人或其他组织",
        "organisation",
    ),
];
const FORMS: &[(PaperForm, &str, &str)] = &[
    (PaperForm::Original, "原件", "original"),
    (PaperForm::Copy, "复印件", "copy"),
];
const CONDITIONS: &[(Condition, &str, &str)] = &[
    (Condition::Good, "完好", "good"),
    (Condition::Worn, "陈旧", "worn"),
    (Condition::Damaged, "破损", "damaged"),
];

/// What is wrong with each cell, in the order of [`COLUMNS`]; nothing can be with a number.
const WRONG: [(&str, &str); COLUMNS.len()] = [
    ("实施编码无效", "this is no implementing code"),
    ("", ""),
    (
        "申请人类型应为“自然人”或“法人或其他组织”",
        "write person or organisation",
    ),
    (
        "办结日期应为 2025-12-31 的形式",
        "write the day as 2025-12-31",
    ),
    ("应为“原件”或“复印件”", "write original or copy"),
    ("份数应为正整数", "a count is a whole number from 1"),
    (
        "页数应为正整数或留空",
        "pages are a whole number from 1, or nothing",
    ),
    (
        "状况应为“完好”“陈旧”或“破损”",
        "write good, worn or damaged",
    ),
];

/// A line as a file with one paper; what is wrong with it is added to `bad`.
fn line(place: &str, cells: &Cells, bad: &mut Vec<Refusal>) -> Option<OldFileOrder> {
    let [
        task,
        number,
        applicant,
        closed,
        form,
        count,
        pages,
        condition,
    ] = cells;
    let positive = |text: &String| text.parse::<u32>().ok().filter(|number| *number > 0);
    let task = task.parse().ok();
    let applicant = word(applicant, APPLICANTS);
    let closed = closed.parse().ok();
    let form = word(form, FORMS);
    let count = positive(count);
    let uncounted = pages.is_empty();
    let pages = positive(pages);
    let condition = word(condition, CONDITIONS);
    let read = [
        task.is_some(),
        true,
        applicant.is_some(),
        closed.is_some(),
        form.is_some(),
        count.is_some(),
        uncounted || pages.is_some(),
        condition.is_some(),
    ];
    for ((read, (column, _)), (zh, en)) in read.iter().zip(COLUMNS).zip(WRONG) {
        if !read {
            bad.push(wrong(place, column, "bad-cell", zh, en));
        }
    }
    if read.contains(&false) {
        return None;
    }
    let paper = PaperOrder {
        form: form?,
        count: count?,
        pages,
        condition: condition?,
    };
    Some(OldFileOrder {
        task: task?,
        number: number.clone(),
        applicant: applicant?,
        closed: closed?,
        papers: vec![paper],
    })
}

/// Adds a line to the file it belongs to, or begins one.
fn join(place: String, order: OldFileOrder, files: &mut Vec<Placed>, bad: &mut Vec<Refusal>) {
    let same = |file: &&mut Placed| file.1.task == order.task && file.1.number == order.number;
    let Some((first, file)) = files.iter_mut().find(same) else {
        files.push((place, order));
        return;
    };
    if (file.closed, file.applicant) != (order.closed, order.applicant) {
        let zh = format!("与{first}是同一卷，但办结日期或申请人类型不同");
        let en = format!("this is the file of {first}, with another closing day or applicant");
        bad.push(wrong(&place, "number", "file-differs", &zh, &en));
        return;
    }
    file.papers.extend(order.papers);
}

/// Reads a list of old files: UTF-8, headings in the first line.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Placed>, Vec<Refusal>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let broken = |place: &str, error: csv::Error| {
        let said = error.to_string();
        wrong(place, "line", "not-csv", &said, &said)
    };
    let headings = reader.headers().cloned();
    let headings = headings.map_err(|error| vec![broken("line 1", error)])?;
    let columns = columns(&headings)?;
    let (mut files, mut bad) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let at = error.position().map_or(0, csv::Position::line);
                bad.push(broken(&format!("line {at}"), error));
                continue;
            }
        };
        let place = format!("line {}", record.position().map_or(0, csv::Position::line));
        let cells = columns.map(|at| record.get(at).unwrap_or_default().to_owned());
        if let Some(order) = line(&place, &cells, &mut bad) {
            join(place, order, &mut files, &mut bad);
        }
    }
    match bad.is_empty() {
        true => Ok(files),
        false => Err(bad),
    }
}

impl Counter {
    /// Registers the old files of a list (CSV), all of them or none. Sent again, those it registered are passed over.
    pub async fn import_old_files(
        &self,
        ask: &Ask,
        site: &SiteCode,
        clerk: &StaffId,
        bytes: &[u8],
    ) -> Result<RegisteredView, CounterError> {
        let placed = read(bytes).map_err(CounterError::Fields)?;
        self.register_placed(ask, site, clerk, placed).await
    }
}
