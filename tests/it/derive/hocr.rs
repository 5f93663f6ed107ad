//! hOCR: what a program that reads it gets back. Where COUNTERFOIL_HOCR names a folder, a file is left there.

use std::path::Path;

use counterfoil::derive::hocr::{HocrPlace, HocrSource, HocrWriter};
use counterfoil::domain::text::{LineKind, OcrPage, PageTurn};
use roxmltree::{Document, Node, ParsingOptions};

use super::kit::{LINES, letter, line, page};

fn written(pages: &[OcrPage]) -> String {
    let source = HocrSource {
        title: "存根 <1> & \"2\"",
        system: "recorded 1",
        language: "zh-CN",
        pages: pages.len() as u32,
    };
    let mut writer = HocrWriter::start(Vec::new(), source);
    for (number, page) in (1..).zip(pages) {
        let place = HocrPlace {
            number,
            image: "3f9a\";1c20.jpg",
            page: number,
        };
        writer.page(&place, page).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).unwrap()
}

fn of_class<'a, 'i>(node: Node<'a, 'i>, class: &str) -> Vec<Node<'a, 'i>> {
    let has = |node: &Node<'_, '_>| {
        let classes = node.attribute("class").unwrap_or_default();
        classes.split(' ').any(|one| one == class)
    };
    node.descendants().filter(has).collect()
}

/// A property of an element's title.
fn property<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let title = node.attribute("title")?;
    let mut properties = title.split("; ");
    properties.find_map(|one| one.strip_prefix(name)?.strip_prefix(' '))
}

fn text_of(node: Node<'_, '_>) -> String {
    let words = of_class(node, "ocrx_word");
    let words: Vec<&str> = words.iter().filter_map(|word| word.text()).collect();
    words.join(" ")
}

#[test]
fn a_reader_gets_back_the_lines_with_their_boxes() {
    let text = written(&[letter(), letter()]);
    assert_eq!(text, written(&[letter(), letter()]));
    let document = parsed(&text);
    let pages = of_class(document.root(), "ocr_page");
    assert_eq!(pages.len(), 2);
    assert_eq!(property(pages[0], "bbox"), Some("0 0 1654 2339"));
    assert_eq!(property(pages[1], "ppageno"), Some("1"));
    assert_eq!(property(pages[0], "image"), Some("\"3f9a__1c20.jpg\""));
    for page in pages {
        let lines = of_class(page, "ocr_line");
        let found: Vec<String> = lines.iter().map(|line| text_of(*line)).collect();
        assert_eq!(found, LINES);
        assert_eq!(property(lines[0], "bbox"), Some("100 100 700 140"));
        for (class, above) in [
            ("ocrx_word", "ocr_line"),
            ("ocr_line", "ocr_par"),
            ("ocr_par", "ocr_carea"),
            ("ocr_carea", "ocr_page"),
        ] {
            for node in of_class(page, class) {
                let parent = node.parent().unwrap();
                assert_eq!(parent.attribute("class").unwrap(), above);
            }
        }
        for word in of_class(page, "ocrx_word") {
            let chars = word.text().unwrap().chars().count();
            let count = |name: &str| property(word, name).unwrap().split(' ').count();
            assert_eq!(count("x_bboxes"), 4 * chars);
            assert_eq!(count("x_confs"), chars);
            assert_eq!(property(word, "x_wconf"), Some("90"));
        }
    }
    let mut ids: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.attribute("id"))
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    if let Ok(folder) = std::env::var("COUNTERFOIL_HOCR") {
        std::fs::write(Path::new(&folder).join("letter.hocr"), text).unwrap();
    }
}

#[test]
fn a_browser_reads_the_same_words() {
    let text = written(&[
        page(1, 1, Vec::new()),
        page(900, 900, vec![line("存\0根", 1, 1, 0)]),
    ]);
    // An HTML reader knows no short form: what looks like one would swallow what follows.
    for (at, _) in text.match_indices("/>") {
        let begin = text[..at].rfind('<').unwrap();
        assert!(text[begin..].starts_with("<meta "), "{}", &text[begin..at]);
    }
    assert!(
        text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n<html ")
    );
    assert!(text.contains("<title>存根 &lt;1&gt; &amp; &quot;2&quot;</title>"));
    let document = parsed(&text);
    let lines = of_class(document.root(), "ocr_line");
    assert_eq!(text_of(lines[0]), "存\u{fffd}根");
}

#[test]
fn seals_handwriting_turns_and_repairs_are_told() {
    let mut seal = line("云澜市行政审批局", 10, 10, 0);
    seal.kind = LineKind::Seal;
    let mut hand = line("同意 张三", 10, 90, 0);
    (hand.kind, hand.angle) = (LineKind::Handwritten, 3.5);
    let mut number = line("11010519491231002X", 10, 200, 0);
    number.chars[17].repaired = true;
    number.chars[17].others = vec![('x', 0.4)];
    let mut column = line("竖排", 600, 10, 0);
    column.vertical = true;
    let reading = OcrPage {
        turn: PageTurn::Quarter,
        ..page(2339, 1654, vec![seal, hand, number, column])
    };
    let text = written(&[reading]);
    let document = parsed(&text);
    let root = document.root();
    assert_eq!(
        property(of_class(root, "ocr_page")[0], "bbox"),
        Some("0 0 2339 1654")
    );
    assert_eq!(text_of(of_class(root, "ocrx_seal")[0]), "云澜市行政审批局");
    let hand = of_class(root, "ocrx_handwritten")[0];
    assert_eq!(property(hand, "textangle"), Some("-3.50"));
    let repaired = of_class(root, "ocrx_repaired")[0];
    assert_eq!(repaired.text(), Some("11010519491231002X"));
    assert_eq!(repaired.attribute("data-read"), Some("11010519491231002x"));
    let column = of_class(root, "ocr_line")[3];
    assert_eq!(column.attribute("style"), Some("writing-mode: vertical-rl"));
}
