//! The transfer register (移交清册): a line for each paper, with what the receiver found of it; before the hand-over that cell is blank. As CSV for
//! programs, as XLSX for people. The same package gives the same bytes.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::{CaseDoc, PackageDoc, PackageFault, PaperDoc};
use crate::derive::xml::{REPLACEMENT, holds};

/// Most lines of a register: a sheet holds no more than 1,048,576 rows.
pub const LINES_MAX: usize = 1_000_000;

/// Each column: its name in both languages and its width in characters.
const COLUMNS: [(&str, &str, f64); 12] = [
    ("序号", "No.", 7.0),
    ("办件编号", "Case number", 24.0),
    ("事项名称", "Service item", 28.0),
    ("申请人", "Applicant", 18.0),
    ("材料名称", "Material", 28.0),
    ("原件/复印件", "Original/copy", 13.0),
    ("份数", "Count", 7.0),
    ("每份页数", "Pages each", 10.0),
    ("状况", "Condition", 10.0),
    ("办结日期", "Closed", 12.0),
    ("应移交日期", "Due", 12.0),
    ("交接结果", "Finding at hand-over", 22.0),
];

/// Stands in the line of a case that has no paper, so that the case is not passed over.
pub const NO_PAPER: &str = "（无纸质材料 no paper）";

/// Stands in the line of a paper that is lost and does not come along.
const LOST: &str = "遗失（双方已认定）lost, approved by both sides";

/// What a register is called on its sheet.
const SHEET: &str = "移交清册";

/// The code of A4 paper in a workbook (ECMA-376, 18.3.1.63).
const A4: u8 = 9;

/// A cell. Numbers are counts; whatever names something is text, so that no program rounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Text(String),
    Count(u32),
    Empty,
}

/// Writes the register as CSV (RFC 4180): UTF-8 with a byte-order mark, CRLF, a line of headings. A text that a
/// spreadsheet would take for a formula has an apostrophe before it. Fails when there are too many lines.
pub fn csv(doc: &PackageDoc) -> Result<Vec<u8>, PackageFault> {
    doc.check()?;
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::from("\u{feff}"));
    let heading = COLUMNS.map(|(zh, en, _)| format!("{zh} {en}"));
    writer.write_record(&heading).map_err(broken)?;
    for line in lines(doc)? {
        let cells = line.map(|cell| match cell {
            Cell::Text(text) => harmless(text),
            Cell::Count(count) => count.to_string(),
            Cell::Empty => String::new(),
        });
        writer.write_record(&cells).map_err(broken)?;
    }
    writer.into_inner().map_err(broken)
}

/// Writes the register as a workbook: title, headings in both languages that stay in view and on every printed page,
/// A4 across. Dated by the package's sealing. Fails when there are too many lines.
pub fn xlsx(doc: &PackageDoc) -> Result<Vec<u8>, PackageFault> {
    doc.check()?;
    let lines = lines(doc)?;
    sheet(doc, lines).map_err(|error| PackageFault::Spreadsheet {
        reason: error.to_string(),
    })
}

fn broken(error: impl std::fmt::Display) -> PackageFault {
    PackageFault::Internal {
        reason: error.to_string(),
    }
}

fn lines(doc: &PackageDoc) -> Result<Vec<[Cell; COLUMNS.len()]>, PackageFault> {
    let lines_of = |case: &CaseDoc| case.papers.len().max(1) + case.lost.len();
    let count: usize = doc.cases.iter().map(lines_of).sum();
    if count > LINES_MAX {
        return Err(PackageFault::TooMany {
            what: "清册行（register lines）".into(),
            limit: LINES_MAX as u64,
        });
    }
    let mut lines = Vec::with_capacity(count);
    for case in &doc.cases {
        let papers = case.papers.iter().map(Some);
        let none = case.papers.is_empty().then_some(None);
        for paper in papers.chain(none) {
            let serial = lines.len() as u32 + 1;
            lines.push(line(doc, case, paper, serial));
        }
        for paper in &case.lost {
            let serial = lines.len() as u32 + 1;
            let mut cells = line(doc, case, Some(paper), serial);
            if let Some(found) = cells.last_mut() {
                *found = Cell::Text(LOST.to_owned());
            }
            lines.push(cells);
        }
    }
    Ok(lines)
}

fn line(
    doc: &PackageDoc,
    case: &CaseDoc,
    paper: Option<&PaperDoc>,
    serial: u32,
) -> [Cell; COLUMNS.len()] {
    let text = |text: &str| Cell::Text(text.to_owned());
    let material = paper.map_or(NO_PAPER, |paper| &paper.row_name);
    let worded = |word: Option<String>| word.map_or(Cell::Empty, Cell::Text);
    [
        Cell::Count(serial),
        text(case.case.as_str()),
        text(&case.task_name),
        worded(case.applicant_name.clone()),
        text(material),
        worded(paper.map(|paper| paper.form.to_string())),
        Cell::Count(paper.map_or(0, |paper| paper.count)),
        paper
            .and_then(|paper| paper.pages)
            .map_or(Cell::Empty, Cell::Count),
        worded(paper.map(|paper| paper.condition.to_string())),
        text(&case.closed.to_string()),
        text(&doc.due.to_string()),
        worded(
            paper
                .and_then(|paper| paper.found)
                .map(|found| found.to_string()),
        ),
    ]
}

/// What a spreadsheet would run as a formula gets an apostrophe, as OWASP advises against CSV injection; it takes the
/// full-width signs too.
fn harmless(text: String) -> String {
    let runs = |c: char| {
        matches!(
            c,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
        )
    };
    match text.starts_with(runs) {
        true => format!("'{text}"),
        false => text,
    }
}

fn sheet(doc: &PackageDoc, lines: Vec<[Cell; COLUMNS.len()]>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let title = doc.title();
    let sealed = ExcelDateTime::from_timestamp(doc.sealed_at.as_millis().div_euclid(1000))?;
    let properties = DocProperties::new()
        .set_title(holdable(&title.zh))
        .set_author(format!("Counterfoil {}", holdable(&doc.software)))
        .set_creation_datetime(&sealed);
    book.set_properties(&properties);
    let sheet = book.add_worksheet();
    sheet.set_name(SHEET)?;
    sheet.set_landscape().set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_footer("&C&P / &N");
    head(sheet, doc)?;
    let body = Format::new()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Top)
        .set_text_wrap();
    for (cells, row) in lines.into_iter().zip(HEAD_ROWS..) {
        for (cell, column) in cells.into_iter().zip(0u16..) {
            match cell {
                Cell::Text(text) => {
                    sheet.write_string_with_format(row, column, holdable(&text), &body)?
                }
                Cell::Count(count) => sheet.write_number_with_format(row, column, count, &body)?,
                Cell::Empty => sheet.write_blank(row, column, &body)?,
            };
        }
    }
    book.save_to_buffer()
}

/// Rows above the first paper: title in both languages, headings in both languages.
const HEAD_ROWS: u32 = 4;

fn head(sheet: &mut Worksheet, doc: &PackageDoc) -> Result<(), XlsxError> {
    let title = doc.title();
    let large = Format::new().set_bold().set_font_size(14);
    sheet.write_string_with_format(0, 0, holdable(&title.zh), &large)?;
    sheet.write_string(1, 0, holdable(&format!("{} · {}", title.en, doc.transfer)))?;
    let heading = Format::new()
        .set_bold()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Center)
        .set_text_wrap();
    for ((zh, en, width), column) in COLUMNS.iter().zip(0u16..) {
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(HEAD_ROWS - 2, column, *zh, &heading)?;
        sheet.write_string_with_format(HEAD_ROWS - 1, column, *en, &heading)?;
    }
    sheet.set_freeze_panes(HEAD_ROWS, 0)?;
    sheet.set_repeat_rows(HEAD_ROWS - 2, HEAD_ROWS - 1)?;
    Ok(())
}

/// A workbook is XML, which cannot hold every character.
fn holdable(text: &str) -> String {
    let held = |c: char| if holds(c) { c } else { REPLACEMENT };
    text.chars().map(held).collect()
}
