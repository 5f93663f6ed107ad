//! The transfer register: what programs and people find in it, and that it is the same bytes every time.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use counterfoil::domain::custody::{Condition, Found, PaperForm};
use counterfoil::package::PackageDoc;
use counterfoil::package::register::{csv, xlsx};
use roxmltree::Document;

use super::package_kit::{head, package, paper};

fn rows(doc: &PackageDoc) -> Vec<Vec<String>> {
    let bytes = csv(doc).unwrap();
    assert!(bytes.starts_with("\u{feff}".as_bytes()));
    let text = std::str::from_utf8(&bytes[3..]).unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        row.iter().map(str::to_owned).collect()
    });
    rows.collect()
}

#[test]
fn every_paper_has_a_line_and_no_case_is_passed_over() {
    let rows = rows(&package());
    assert_eq!(rows.len(), 1 + 2 + 1 + 2);
    assert_eq!(rows[0][0], "序号 No.");
    assert_eq!(rows[0][11], "交接结果 Finding at hand-over");
    let first = [
        "1",
        "2026-0001",
        "食品经营许可 <新办>",
        "张三 & 李四\u{0}小吃店",
        "营业执照",
        "原件",
        "2",
        "3",
        "完好",
        "2026-01-20",
        "2026-02-28",
        "",
    ];
    assert_eq!(rows[1], first);
    assert_eq!(rows[3][4], "（无纸质材料 no paper）");
    assert_eq!(rows[3][3], "");
    assert_eq!(rows[5][0], "5");
}

#[test]
fn no_cell_is_a_formula() {
    let mut doc = package();
    let starts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "－1"];
    doc.cases[0].papers = starts.map(|text| paper(1, text)).to_vec();
    for (row, text) in rows(&doc)[1..].iter().zip(starts) {
        assert_eq!(row[4], format!("'{text}"));
    }
    doc.cases[0].papers = vec![paper(1, "a=1")];
    assert_eq!(rows(&doc)[1][4], "a=1");
}

/// The parts of a workbook as they are packed.
fn parts(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = BTreeMap::new();
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        Document::parse(&text).unwrap();
        parts.insert(part.name().unwrap().into_owned(), text);
    }
    parts
}

/// The rows of the sheet: strings looked up, numbers as they stand.
fn cells(parts: &BTreeMap<String, String>) -> Vec<Vec<String>> {
    let strings = Document::parse(&parts["xl/sharedStrings.xml"]).unwrap();
    let strings: Vec<String> = strings
        .descendants()
        .filter(|node| {
            node.has_tag_name((
                "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                "t",
            ))
        })
        .map(|node| node.text().unwrap_or_default().to_owned())
        .collect();
    let sheet = Document::parse(&parts["xl/worksheets/sheet1.xml"]).unwrap();
    let named =
        |name: &'static str| move |node: &roxmltree::Node<'_, '_>| node.tag_name().name() == name;
    assert_eq!(sheet.descendants().filter(named("f")).count(), 0);
    let rows = sheet.descendants().filter(named("row"));
    let rows = rows.map(|row| {
        let cells = row.children().filter(named("c")).map(|cell| {
            let value = cell.children().find(named("v"));
            let value = value.and_then(|value| value.text()).unwrap_or_default();
            match cell.attribute("t") {
                Some("s") => strings[value.parse::<usize>().unwrap()].clone(),
                _ => value.to_owned(),
            }
        });
        cells.collect()
    });
    rows.collect()
}

#[test]
fn the_workbook_says_what_the_table_says() {
    let mut doc = package();
    doc.cases[0].applicant_name = Some("张三".into());
    doc.cases[2].applicant_name = Some("张三".into());
    doc.cases[2].papers[0].form = PaperForm::Copy;
    doc.cases[2].papers[0].condition = Condition::Damaged;
    doc.cases[2].papers[0].found = Some(Found::Missing);
    let bytes = xlsx(&doc).unwrap();
    let parts = parts(&bytes);
    let cells = cells(&parts);
    assert_eq!(cells[0][0], doc.title().zh);
    assert!(cells[1][0].contains(doc.transfer.as_str()));
    let headings: Vec<String> = cells[2]
        .iter()
        .zip(&cells[3])
        .map(|(zh, en)| format!("{zh} {en}"))
        .collect();
    let table = rows(&doc);
    assert_eq!(headings, table[0]);
    for (row, line) in cells[4..].iter().zip(&table[1..]) {
        let plain: Vec<&str> = line
            .iter()
            .map(|text| text.trim_start_matches('\''))
            .collect();
        assert_eq!(row, &plain);
    }
    assert_eq!(cells.len() - 4, table.len() - 1);
    let last = table[4].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!([last[5], last[8], last[11]], ["复印件", "破损", "缺失"]);
    let sheet = &parts["xl/worksheets/sheet1.xml"];
    for part in [
        "state=\"frozen\"",
        "ySplit=\"4\"",
        "orientation=\"landscape\"",
        "paperSize=\"9\"",
    ] {
        assert!(sheet.contains(part), "{part}");
    }
    assert!(parts["xl/workbook.xml"].contains("_xlnm.Print_Titles"));
    assert!(parts["xl/workbook.xml"].contains("name=\"移交清册\""));
    assert!(parts["docProps/core.xml"].contains("2026-02-10T02:30:05Z"));
}

#[test]
fn the_same_package_gives_the_same_bytes() {
    let first = (csv(&package()).unwrap(), xlsx(&package()).unwrap());
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let again = (csv(&package()).unwrap(), xlsx(&package()).unwrap());
    assert!(first == again);
    if let Ok(folder) = std::env::var("COUNTERFOIL_REGISTERS") {
        let place = |name: &str| std::path::Path::new(&folder).join(name);
        std::fs::write(place("register.csv"), first.0).unwrap();
        std::fs::write(place("register.xlsx"), first.1).unwrap();
    }
}

#[test]
fn what_a_workbook_cannot_hold_is_replaced() {
    let parts = parts(&xlsx(&package()).unwrap());
    assert_eq!(cells(&parts)[4][3], "张三 & 李四\u{fffd}小吃店");
    let empty = cells(&self::parts(&xlsx(&head()).unwrap()));
    assert_eq!(empty.len(), 4);
}
