//! ALTO files: what a reader gets back from one, in the order and the form that the schema asks for. Where
//! COUNTERFOIL_ALTO names a folder, the files are left there for a validator with the published schema.

use std::path::Path;

use counterfoil::derive::DeriveError;
use counterfoil::derive::alto::{AltoSource, Detail, NAMESPACE, alto};
use counterfoil::domain::Digest;
use counterfoil::domain::text::{EngineId, OcrChar, OcrLine, OcrPage, Rect};
use proptest::prelude::*;
use roxmltree::{Document, Node};

pub fn line(text: &str, y: u32) -> OcrLine {
    let chars: Vec<OcrChar> = text
        .chars()
        .zip(0u32..)
        .map(|(c, place)| OcrChar {
            c,
            rect: Rect::from([100 + 40 * place, y, 38, 40]),
            p: 0.9,
            others: vec![('王', 0.05)],
            ..OcrChar::default()
        })
        .collect();
    OcrLine {
        rect: Rect::from([100, y, 40 * chars.len() as u32, 40]),
        angle: 0.0,
        vertical: false,
        joins_next: false,
        chars,
        ..OcrLine::default()
    }
}

pub fn page(lines: Vec<OcrLine>) -> OcrPage {
    OcrPage {
        engine: EngineId {
            name: "paddle".into(),
            version: "PP-OCRv5 <1.24>".into(),
            models: Digest::of("models").to_string(),
            settings: "side=960 limit=\"max\"".into(),
        },
        width: 2480,
        height: 3508,
        lines,
        ..OcrPage::default()
    }
}

fn source(digest: &Digest) -> AltoSource<'_> {
    AltoSource {
        file_name: "cases/2026-1/masters/0001.tif",
        digest,
        language: "zh-CN",
        detail: Detail::Characters,
    }
}

fn letter() -> OcrPage {
    let mut joined = line("关于推行一窗受理改革的通知，", 200);
    joined.joins_next = true;
    let mut turned = line("页边批注", 900);
    turned.angle = 90.0;
    turned.vertical = true;
    page(vec![
        line("浙江省人民政府令", 100),
        joined,
        line("第 36 号  No. 36", 300),
        turned,
        line("   ", 1000),
        line("生僻字𠮷与<标签>&\"引号\"", 1100),
    ])
}

fn written(page: &OcrPage, source: &AltoSource<'_>) -> String {
    let bytes = alto(page, 1, source).unwrap();
    assert_eq!(bytes, alto(page, 1, source).unwrap());
    String::from_utf8(bytes).unwrap()
}

pub fn named<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Vec<Node<'a, 'i>> {
    let all = node.descendants();
    all.filter(|node| node.tag_name().name() == name).collect()
}

/// The text of each line as a program reads it that turns an `SP` into a blank.
pub fn lines_of(document: &Document<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for line in named(document.root(), "TextLine") {
        let mut text = String::new();
        for part in line.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "String" => text.push_str(part.attribute("CONTENT").unwrap()),
                "SP" => text.push(' '),
                other => panic!("{other} in a line"),
            }
        }
        lines.push(text);
    }
    lines
}

#[test]
fn a_reader_gets_back_the_lines_without_stray_blanks() {
    let digest = Digest::of("image");
    let text = written(&letter(), &source(&digest));
    let document = Document::parse(&text).unwrap();
    assert_eq!(
        lines_of(&document),
        [
            "浙江省人民政府令",
            "关于推行一窗受理改革的通知，",
            "第 36 号 No. 36",
            "页边批注",
            "生僻字𠮷与<标签>&\"引号\"",
        ]
    );
    let strings = named(document.root(), "String");
    assert_eq!(strings[0].attribute("CONTENT"), Some("浙江省人民政府令"));
    assert_eq!(strings.len(), 1 + 1 + 5 + 1 + 1);
}

#[test]
fn the_file_says_what_was_read_and_what_read_it() {
    let digest = Digest::of("image");
    let text = written(&letter(), &source(&digest));
    let document = Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().namespace(), Some(NAMESPACE));
    assert_eq!(root.attribute("SCHEMAVERSION"), Some("4.4"));
    let parts: Vec<&str> = root
        .children()
        .filter(Node::is_element)
        .map(|node| node.tag_name().name())
        .collect();
    assert_eq!(parts, ["Description", "Layout"]);
    let only = |name: &str| named(root, name)[0].text().unwrap().to_owned();
    assert_eq!(only("MeasurementUnit"), "pixel");
    assert_eq!(only("fileName"), "cases/2026-1/masters/0001.tif");
    assert_eq!(only("fileIdentifier"), format!("sha256:{digest}"));
    let names: Vec<&str> = named(root, "softwareName")
        .iter()
        .filter_map(|node| node.text())
        .collect();
    assert_eq!(names, ["paddle", "Counterfoil"]);
    assert_eq!(only("softwareVersion"), "PP-OCRv5 <1.24>");
    let page = named(root, "Page")[0];
    let attributes = ["ID", "PHYSICAL_IMG_NR", "WIDTH", "HEIGHT", "PC", "LANG"];
    let found = attributes.map(|name| page.attribute(name).unwrap());
    assert_eq!(found, ["P1", "1", "2480", "3508", "0.9000", "zh-CN"]);
}

#[test]
fn boxes_angles_and_runners_up_are_kept() {
    let digest = Digest::of("image");
    let text = written(&letter(), &source(&digest));
    let document = Document::parse(&text).unwrap();
    let blocks = named(document.root(), "TextBlock");
    // The joined pair of lines is one paragraph; its box surrounds both.
    let lines: Vec<usize> = blocks.iter().map(|b| named(*b, "TextLine").len()).collect();
    assert_eq!(lines, [1, 2, 1, 1]);
    let edges = ["HPOS", "VPOS", "WIDTH", "HEIGHT"].map(|name| blocks[1].attribute(name).unwrap());
    assert_eq!(edges, ["100", "200", "560", "140"]);
    assert_eq!(blocks[2].attribute("ROTATION"), Some("-90.00"));
    assert_eq!(blocks[0].attribute("ROTATION"), None);
    let turned = named(blocks[2], "TextLine")[0];
    assert_eq!(turned.attribute("BASEDIRECTION"), Some("ttb"));
    let glyph = named(blocks[0], "Glyph")[1];
    let found = ["CONTENT", "HPOS", "GC"].map(|name| glyph.attribute(name).unwrap());
    assert_eq!(found, ["江", "140", "0.9000"]);
    let variant = named(glyph, "Variant")[0];
    assert_eq!(variant.attribute("CONTENT"), Some("王"));
    assert_eq!(variant.attribute("VC"), Some("0.0500"));
}

#[test]
fn words_alone_are_a_tenth_of_every_character() {
    let digest = Digest::of("image");
    let all = written(&letter(), &source(&digest));
    let words = AltoSource {
        detail: Detail::Words,
        ..source(&digest)
    };
    let words = written(&letter(), &words);
    assert!(!words.contains("<Glyph"));
    let documents = [&all, &words].map(|text| Document::parse(text).unwrap());
    assert_eq!(lines_of(&documents[0]), lines_of(&documents[1]));
    assert!(words.len() * 3 < all.len(), "{} {}", words.len(), all.len());
}

#[test]
fn what_xml_cannot_hold_is_replaced_and_told() {
    let digest = Digest::of("image");
    let text = written(&page(vec![line("存\0根\u{fffe}", 1)]), &source(&digest));
    let document = Document::parse(&text).unwrap();
    assert_eq!(lines_of(&document), ["存\u{fffd}根\u{fffd}"]);
    assert!(text.contains("2 characters that XML 1.0 cannot hold"));
    assert!(!written(&letter(), &source(&digest)).contains("cannot hold"));
}

#[test]
fn a_language_that_is_none_is_refused() {
    let digest = Digest::of("image");
    for language in ["", "中文", "zh_CN", "zh-", "123456789", "1a"] {
        let source = AltoSource {
            language,
            ..source(&digest)
        };
        let refused = alto(&letter(), 1, &source).unwrap_err();
        assert!(
            matches!(&refused, DeriveError::Info(_)),
            "{language}: {refused}"
        );
    }
}

#[test]
fn files_for_a_validator() {
    let Ok(folder) = std::env::var("COUNTERFOIL_ALTO") else {
        return;
    };
    let digest = Digest::of("image");
    let odd = page(vec![line("存\0根 \u{fffe} x", 1)]);
    for (name, page) in [
        ("letter", letter()),
        ("empty", page(Vec::new())),
        ("odd", odd),
    ] {
        let text = written(&page, &source(&digest));
        std::fs::write(Path::new(&folder).join(format!("{name}.xml")), text).unwrap();
    }
}

proptest! {
    /// Whatever an engine says, a strict reader takes the file and finds the same visible text.
    #[test]
    fn any_page_becomes_a_file_that_reads_back(
        texts in prop::collection::vec("[ \u{3000}\u{0}-\u{1f}a存根<&\"\u{fffe}𠮷]{0,12}", 0..6),
        numbers in prop::collection::vec((any::<u32>(), any::<f32>(), any::<bool>()), 6),
    ) {
        let lines = texts.iter().zip(&numbers).map(|(text, (number, real, flag))| {
            let mut line = line(text, *number);
            line.angle = *real;
            line.joins_next = *flag;
            for char in &mut line.chars {
                char.rect.width = *number;
                char.p = *real;
            }
            line
        });
        let digest = Digest::of("image");
        let text = written(&page(lines.collect()), &source(&digest));
        let document = Document::parse(&text).unwrap();
        let held = |c: char| match c {
            '\t' | '\n' | '\r' => c,
            '\u{fffe}' | '\0'..='\u{1f}' => '\u{fffd}',
            c => c,
        };
        let visible: String = texts
            .iter()
            .flat_map(|text| text.chars())
            .filter(|c| !c.is_whitespace())
            .map(held)
            .collect();
        let found: String = lines_of(&document).concat();
        prop_assert_eq!(found.replace(' ', ""), visible);
        for number in named(document.root(), "String") {
            let sure: f64 = number.attribute("WC").unwrap().parse().unwrap();
            prop_assert!((0.0..=1.0).contains(&sure));
        }
    }
}
