//! The piece of a page that is shown for a hit: the characters that stand on the paper, with what was found marked.

use std::ops::Range;

use counterfoil::search::{Snippet, excerpt, normalise, normalise_query};

use crate::search_prose::page;
use crate::support::{Random, from_environment};

/// Where `words` stands first in the normalised text.
fn find(lines: &[(&str, bool)], words: &str) -> Range<usize> {
    let text = normalise(&page(lines)).text;
    let words = normalise_query(words);
    let start = text
        .find(&words)
        .unwrap_or_else(|| panic!("{words} in {text}"));
    let start = text[..start].chars().count();
    start..start + words.chars().count()
}

/// The text with what was found between brackets.
fn bracketed(snippet: &Snippet) -> String {
    let mut shown = String::new();
    for (place, c) in snippet.text.chars().enumerate() {
        if snippet.marks.iter().any(|mark| mark.start == place) {
            shown.push('[');
        }
        shown.push(c);
        if snippet.marks.iter().any(|mark| mark.end == place + 1) {
            shown.push(']');
        }
    }
    shown
}

fn shown(lines: &[(&str, bool)], words: &str) -> String {
    bracketed(&excerpt(
        &page(lines),
        std::slice::from_ref(&find(lines, words)),
    ))
}

#[test]
fn what_is_shown_is_what_stands_on_the_paper() {
    for (line, words, expected) in [
        (
            "统一社会信用代码：91369901MA5T8K2Q3X",
            "91369901ma5t",
            "统一社会信用代码：[91369901MA5T]8K2Q3X",
        ),
        ("營業執照副本", "营业执照", "[營業執照]副本"),
        (
            "電話 ０５１２－１２３４",
            "0512",
            "電話 [０５１２]－１２３４",
        ),
        ("面积１２０㎡以上", "120m", "面积[１２０㎡]以上"),
        ("面积１２０㎡以上", "2以", "面积１２０[㎡以]上"),
        ("北 京 市\u{3000}海 淀 区", "京市海", "北 [京 市 海] 淀 区"),
        ("E\u{301}cole A", "éc", "[E\u{301}c]ole A"),
        ("cafe\u{301} A", "café", "[cafe\u{301}] A"),
        ("İstanbul", "stan", "İ[stan]bul"),
        ("甲\u{202E}乙\u{0007}丙", "乙丙", "甲[乙丙]"),
        ("  首尾  ", "首尾", "[首尾]"),
    ] {
        assert_eq!(shown(&[(line, false)], words), expected, "{words}");
    }
}

#[test]
fn lines_of_a_paragraph_join_and_others_are_set_apart() {
    let chinese = [("营业执", true), ("照副本", false), ("第二段", false)];
    assert_eq!(shown(&chinese, "执照"), "营业[执照]副本 第二段");
    let english = [("The Service", true), ("Hall of", false)];
    assert_eq!(shown(&english, "service hall"), "The [Service Hall] of");
    let hyphen = [("the Coun-", true), ("ter is", false)];
    assert_eq!(shown(&hyphen, "counter"), "the [Coun-ter] is");
    let empty = [
        ("甲", true),
        (" ", true),
        ("乙", false),
        ("", false),
        ("丙", false),
    ];
    assert_eq!(shown(&empty, "甲乙"), "[甲乙] 丙");
}

#[test]
fn a_long_page_is_cut_around_the_first_match() {
    let lines = [
        ("前".repeat(50), false),
        (format!("甲Ｂ{}", "后".repeat(100)), false),
    ];
    let lines = lines
        .each_ref()
        .map(|(text, joins)| (text.as_str(), *joins));
    let found = [51..53, 140..142];
    let snippet = excerpt(&page(&lines), &found);
    let expected = format!("…{} [甲Ｂ]{}…", "前".repeat(19), "后".repeat(58));
    assert_eq!(bracketed(&snippet), expected);
    // Nothing to mark shows the beginning; a long match is shown whole.
    assert_eq!(shown(&[("短", false)], "短"), "[短]");
    assert_eq!(excerpt(&page(&[("短Ｃ", false)]), &[]).text, "短Ｃ");
    assert_eq!(excerpt(&page(&[]), &[]).text, "");
    let long = "长".repeat(300);
    let whole = excerpt(&page(&[(&long, false)]), std::slice::from_ref(&(0..200)));
    assert_eq!(whole.marks, vec![0..200; 1]);
    // Two matches in one character are one mark.
    let both = excerpt(&page(&[("5㎜", false)]), &[1..2, 2..3]);
    assert_eq!(bracketed(&both), "5[㎜]");
}

/// Whatever stands on a page: the marked characters mean what was found, and no more than whole characters of it.
#[test]
fn what_is_marked_is_what_was_found() {
    const CHARS: [&str; 16] = [
        "A", "b", "７", "營", "业", " ", "\u{3000}", "㎡", "é", "e\u{301}", "İ", "㈱", "\u{200B}",
        "，", "ﾊﾞ", "3",
    ];
    let seed = from_environment("COUNTERFOIL_SEED", 20_261_123);
    let mut random = Random::new(seed);
    for round in 0..3000 {
        let lines: Vec<(String, bool)> = (0..1 + random.below(4))
            .map(|_| {
                let text = (0..random.below(40)).map(|_| CHARS[random.below(16) as usize]);
                (text.collect(), random.below(2) == 0)
            })
            .collect();
        let lines: Vec<(&str, bool)> = lines
            .iter()
            .map(|(text, joins)| (text.as_str(), *joins))
            .collect();
        let read = page(&lines);
        let text: Vec<char> = normalise(&read).text.chars().collect();
        if text.is_empty() {
            continue;
        }
        let start = random.below(text.len() as u64) as usize;
        let end = (start + 1 + random.below(8) as usize).min(text.len());
        let words: String = text[start..end].iter().collect();
        if words != words.trim() || words.contains('\n') {
            continue;
        }
        let snippet = excerpt(&read, std::slice::from_ref(&(start..end)));
        let context = format!("seed {seed} round {round}: {lines:?} {words:?} {snippet:?}");
        let [mark] = &snippet.marks[..] else {
            panic!("{context}");
        };
        let marked: String = snippet
            .text
            .chars()
            .skip(mark.start)
            .take(mark.len())
            .collect();
        assert!(normalise_query(&marked).contains(&words), "{context}");
        // One character more, and it would mean more; `㈱` alone means three.
        assert!(
            normalise_query(&marked).chars().count() <= words.chars().count() + 4,
            "{context}"
        );
        assert_eq!(marked.trim(), marked, "{context}");
    }
}
