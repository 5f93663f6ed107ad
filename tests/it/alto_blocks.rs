//! ALTO of what is more than lines: tables with their cells, seals, handwriting, repaired characters, turned pages, and
//! files of several pages. Where COUNTERFOIL_ALTO names a folder, the files are left there for a validator with the
//! published schema (tools/derive-agree.sh).

use std::path::Path;

use counterfoil::derive::alto::{AltoHead, AltoSource, AltoWriter, Detail};
use counterfoil::domain::Digest;
use counterfoil::domain::text::{LineKind, OcrCell, OcrLine, OcrPage, OcrTable, PageTurn, Rect};
use roxmltree::{Document, Node};

use crate::alto::{line, lines_of, named, page};

fn written(pages: &[OcrPage], detail: Detail) -> String {
    let digest = Digest::of("image");
    let mut head = AltoHead::default();
    pages.iter().for_each(|page| head.see(page));
    let source = AltoSource {
        file_name: "0001.tif",
        digest: &digest,
        language: "zh-CN",
        detail,
    };
    let mut writer = AltoWriter::start(Vec::new(), source, head).unwrap();
    for (number, page) in (1..).zip(pages) {
        writer.page(number, page).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn kept(name: &str, text: &str) {
    if let Ok(folder) = std::env::var("COUNTERFOIL_ALTO") {
        std::fs::write(Path::new(&folder).join(format!("{name}.xml")), text).unwrap();
    }
}

fn cell(row: u32, column: u32, columns: u32, lines: &[u32]) -> OcrCell {
    OcrCell {
        row,
        column,
        rows: 1,
        columns,
        rect: Rect::from([100 + 300 * column, 200 + 60 * row, 300 * columns, 60]),
        lines: lines.to_vec(),
    }
}

/// A heading, a table whose first row spans both columns, a cell without text, and a line below.
fn table() -> OcrPage {
    let texts = [
        "材料清单",
        "申请材料",
        "营业执照",
        "1 份",
        "正本",
        "以上材料已收",
    ];
    let lines = texts
        .iter()
        .zip(1u32..)
        .map(|(text, row)| line(text, 100 * row));
    OcrPage {
        tables: vec![OcrTable {
            rect: Rect::from([100, 200, 600, 180]),
            rows: 3,
            columns: 2,
            cells: vec![
                cell(0, 0, 2, &[1]),
                cell(1, 0, 1, &[2, 4]),
                cell(1, 1, 1, &[3]),
                cell(2, 0, 1, &[]),
                cell(2, 1, 1, &[99, 3]),
            ],
        }],
        ..page(lines.collect())
    }
}

#[test]
fn a_table_is_a_block_of_its_cells() {
    let text = written(&[table()], Detail::Words);
    kept("table", &text);
    let document = Document::parse(&text).unwrap();
    let blocks = named(document.root(), "ComposedBlock");
    let kinds: Vec<&str> = blocks
        .iter()
        .map(|block| block.attribute("TYPE").unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "table",
            "cell row=1 column=1 rows=1 columns=2",
            "cell row=2 column=1 rows=1 columns=1",
            "cell row=2 column=2 rows=1 columns=1",
        ]
    );
    let lines = |node: Node<'_, '_>| {
        let strings = named(node, "String").into_iter();
        let words: Vec<&str> = strings
            .filter_map(|word| word.attribute("CONTENT"))
            .collect();
        words.join(" ")
    };
    assert_eq!(lines(blocks[2]), "营业执照 正本");
    assert_eq!(lines(blocks[3]), "1 份");
    // Every line once, and the table where its first line stands.
    assert_eq!(
        lines_of(&document),
        [
            "材料清单",
            "申请材料",
            "营业执照",
            "正本",
            "1 份",
            "以上材料已收"
        ]
    );
    let space = named(document.root(), "PrintSpace")[0];
    let parts: Vec<&str> = space
        .children()
        .filter(Node::is_element)
        .map(|node| node.tag_name().name())
        .collect();
    assert_eq!(parts, ["TextBlock", "ComposedBlock", "TextBlock"]);
}

#[test]
fn tables_that_contradict_themselves_lose_no_line() {
    let mut page = table();
    let copy = page.tables[0].clone();
    page.tables.push(copy);
    page.tables[0].cells[0].lines = vec![1, 1, 1, u32::MAX];
    let text = written(&[page.clone()], Detail::Words);
    let document = Document::parse(&text).unwrap();
    let mut found = lines_of(&document);
    let mut expected: Vec<String> = page.lines.iter().map(OcrLine::text).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn seals_handwriting_and_repairs_are_told() {
    let mut seal = line("行政审批专用章", 100);
    (seal.kind, seal.joins_next) = (LineKind::Seal, true);
    let mut hand = line("同意", 200);
    hand.kind = LineKind::Handwritten;
    let mut number = line("编号 11010519491231002X", 300);
    let last = number.chars.last_mut().unwrap();
    (last.repaired, last.others) = (true, vec![('1', 0.4), ('x', 0.2)]);
    let page = page(vec![seal, hand, number]);
    for detail in [Detail::Words, Detail::Characters] {
        let text = written(std::slice::from_ref(&page), detail);
        kept(&format!("marks-{detail:?}"), &text);
        let document = Document::parse(&text).unwrap();
        let tags: Vec<&str> = named(document.root(), "OtherTag")
            .iter()
            .filter_map(|tag| tag.attribute("ID"))
            .collect();
        assert_eq!(tags, ["SEAL", "HAND", "REPAIRED"]);
        let lines = named(document.root(), "TextLine");
        let marks: Vec<_> = lines.iter().map(|line| line.attribute("TAGREFS")).collect();
        assert_eq!(marks, [Some("SEAL"), Some("HAND"), None]);
        // A seal is no paragraph with what it was set on.
        assert_eq!(named(document.root(), "TextBlock").len(), 3);
        let words = named(lines[2], "String");
        assert_eq!(words[0].attribute("TAGREFS"), None);
        assert_eq!(words[1].attribute("TAGREFS"), Some("REPAIRED"));
        let read = named(words[1], "ALTERNATIVE")[0];
        assert_eq!(read.text(), Some("110105194912310021"));
    }
    let plain = written(&[table()], Detail::Words);
    assert!(!plain.contains("<Tags>"));
}

#[test]
fn several_pages_are_one_file_with_the_engines_that_read_them() {
    let mut second = table();
    second.engine.version = "2".into();
    second.turn = PageTurn::Quarter;
    (second.width, second.height) = (3508, 2480);
    let odd = page(vec![line("存\0根", 1)]);
    let pages = [table(), second, odd];
    let text = written(&pages, Detail::Characters);
    kept("several", &text);
    assert_eq!(text, written(&pages, Detail::Characters));
    assert!(text.contains("1 characters that XML 1.0 cannot hold"));
    let document = Document::parse(&text).unwrap();
    let found = named(document.root(), "Page");
    let of = |name: &str| -> Vec<&str> {
        let values = found.iter().map(|page| page.attribute(name).unwrap());
        values.collect()
    };
    assert_eq!(of("ID"), ["P1", "P2", "P3"]);
    assert_eq!(of("PHYSICAL_IMG_NR"), ["1", "2", "3"]);
    assert_eq!(of("WIDTH"), ["2480", "3508", "2480"]);
    assert_eq!(
        of("PROCESSINGREFS"),
        ["OCR1 ALTO", "OCR2 ALTO", "OCR1 ALTO"]
    );
    let mut ids: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.attribute("ID"))
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "every ID once");
    for node in document.descendants() {
        for reference in node
            .attribute("PROCESSINGREFS")
            .unwrap_or_default()
            .split_whitespace()
        {
            assert!(ids.contains(&reference));
        }
    }
}
