//! Searching: what is found is exactly what stands there, for whoever may see it.

use counterfoil::domain::event::FileFormat;
use counterfoil::domain::text::Rect;
use counterfoil::domain::{CaseNo, Digest};
use counterfoil::ledger::Projection;
use counterfoil::search::{
    Mode, Query, Reader, SearchError, SearchIndex, boxes, case_label, excerpt, normalise,
    normalise_query,
};
use proptest::prelude::*;

use crate::search_corpus::{Facts, Found, all, ask, index_of, one_line, runtime};
use crate::search_prose::page;

/// Whether some part of `text` differs from `query` by at most one character more, less or another.
fn stands_with_one_error(text: &[char], query: &[char]) -> bool {
    // least[j]: least number of errors between the first j characters of the query and a part of the text
    // that ends here (Sellers 1980).
    let mut least: Vec<usize> = (0..=query.len()).collect();
    let mut reached = least[query.len()] <= 1;
    for c in text {
        let mut diagonal = least[0];
        for (j, expected) in query.iter().enumerate() {
            let here = (diagonal + usize::from(c != expected))
                .min(least[j] + 1)
                .min(least[j + 1] + 1);
            diagonal = least[j + 1];
            least[j + 1] = here;
        }
        reached |= least[query.len()] <= 1;
    }
    reached
}

/// Lines over a small alphabet, so that strings repeat, cross lines and nearly match.
fn lines() -> impl Strategy<Value = Vec<(String, bool)>> {
    let line = proptest::collection::vec(
        proptest::sample::select(vec![
            '甲', '乙', '乙', '體', 'a', 'a', 'B', '1', ' ', ' ', '，', '-', '\u{301}', 'ｂ',
        ]),
        0..14,
    );
    let line = (line.prop_map(String::from_iter), any::<bool>());
    proptest::collection::vec(line, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// The key law: a string of any length is found on exactly the pages whose normalised text contains it.
    #[test]
    fn found_is_exactly_what_contains(
        pages in proptest::collection::vec(lines(), 1..12),
        picks in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1usize..9), 40),
        strange in proptest::collection::vec(lines(), 1..4),
    ) {
        let mut facts = Facts::default();
        let mut texts = Vec::new();
        for (number, lines) in pages.iter().enumerate() {
            let lines: Vec<(&str, bool)> = lines.iter().map(|(text, joins)| (text.as_str(), *joins)).collect();
            let page = page(&lines);
            let scan = facts.record(&format!("{number}"), None, std::slice::from_ref(&page));
            texts.push((scan, normalise(&page).text));
        }
        let index = runtime().block_on(index_of(&facts));
        let view = index.view();
        let mut strings: Vec<String> = strange.into_iter().flatten().map(|(text, _)| text).collect();
        for (page, start, length) in picks {
            let chars: Vec<char> = texts[page.index(texts.len())].1.chars().collect();
            if !chars.is_empty() {
                let start = start.index(chars.len());
                strings.push(chars.iter().skip(start).take(length).collect());
            }
        }
        for string in strings {
            let wanted = normalise_query(&string);
            let Ok(query) = Query::literal(&string) else {
                prop_assert!(wanted.is_empty());
                continue;
            };
            let expected: Found = texts.iter()
                .filter(|(_, text)| text.contains(&wanted)).map(|(scan, _)| (*scan, 1)).collect();
            prop_assert_eq!(all(&view, &query, &Reader::Everything), expected, "{:?}", wanted);

            let chars: Vec<char> = wanted.chars().collect();
            let plain = !wanted.contains([' ', '*', '"', '(', ')']);
            if plain && chars.len() >= 3 && chars.len() <= 40 {
                let query = Query::parse(&wanted, Mode::Fuzzy).unwrap();
                let expected: Found = texts.iter()
                    .filter(|(_, text)| stands_with_one_error(&text.chars().collect::<Vec<_>>(), &chars))
                    .map(|(scan, _)| (*scan, 1)).collect();
                prop_assert_eq!(all(&view, &query, &Reader::Everything), expected, "fuzzy {:?}", wanted);
            }
        }
    }

    /// What a person copies from the page as recognised is found there, however it is spelt or spaced.
    #[test]
    fn a_string_copied_from_a_line_is_found(
        line in "[甲乙體aAｂé1 ，.]{1,20}", start in 0usize..20, length in 1usize..9,
    ) {
        let copied: String = line.chars().skip(start).take(length).collect();
        let text = normalise(&one_line(&line)).text;
        prop_assert!(text.contains(&normalise_query(&copied)), "{:?} in {:?}", copied, text);
    }

    /// Normalising twice changes nothing, whatever comes in.
    #[test]
    fn normalising_is_stable(text in "\\PC{0,30}") {
        let once = normalise_query(&text);
        prop_assert_eq!(normalise_query(&once), once.clone(), "{:?}", text);
    }

    /// No input makes the parser panic, and what it accepts can be searched.
    #[test]
    fn any_query_is_read_or_refused(text in "[甲a1\"“”() :*或非.\\\\]{0,40}|(case|date|page|record|format):\\PC{0,12}") {
        let index = SearchIndex::in_memory(Facts::default().source).unwrap();
        for mode in [Mode::Exact, Mode::Fuzzy, Mode::Pinyin] {
            if let Ok(query) = Query::parse(&text, mode) {
                prop_assert_eq!(index.view().search(&query, &Reader::Everything, 1, 0).unwrap().total, 0);
            }
        }
    }
}

#[tokio::test]
async fn words_fields_and_operators() {
    let mut facts = Facts::default();
    let first = facts.received("a", Some("A-1"));
    facts.sealed_as(
        first,
        FileFormat::Pdf,
        &[
            one_line("营业执照 copy"),
            one_line("身份證"),
            page(&[("营业", true), ("执照", false)]),
        ],
    );
    let second = facts.record(
        "b",
        Some("B-2"),
        &[one_line("Business account, 营 业 执 照")],
    );
    let third = facts.record("c", None, &[one_line("discount 营业")]);
    let index = index_of(&facts).await;
    let view = index.view();
    let prefix = &first.to_string()[..8];
    let (one, joined, two, three) = ((first, 1), (first, 3), (second, 1), (third, 1));
    for (query, expected) in [
        ("营业执照".to_owned(), vec![one, joined, two]),
        ("营业执照 copy".to_owned(), vec![one]),
        ("营业执照 AND NOT copy".to_owned(), vec![joined, two]),
        ("非 营业执照".to_owned(), vec![(first, 2), three]),
        (
            "(copy OR 身份证) case:A-1".to_owned(),
            vec![one, (first, 2)],
        ),
        ("copy 或 (account 非 营业)".to_owned(), vec![one]),
        ("“business account”".to_owned(), vec![two]),
        ("count".to_owned(), vec![two, three]),
        ("disc*".to_owned(), vec![three]),
        ("count* OR d*".to_owned(), vec![three]),
        ("执照*".to_owned(), vec![one, joined, two]),
        ("case:B-2".to_owned(), vec![two]),
        ("case:b-2".to_owned(), vec![]),
        (format!("record:{prefix}"), vec![one, (first, 2), joined]),
        (
            format!("record:{first} page:2..3"),
            vec![(first, 2), joined],
        ),
        ("format:pdf 营业".to_owned(), vec![one, joined]),
        ("format:jpeg".to_owned(), vec![two, three]),
        // facts 0, 2 and 4 were recorded at 00:00, 02:00 and 04:00 of the first day in Shanghai
        (
            "date:2026-11-01 营业".to_owned(),
            vec![one, joined, two, three],
        ),
        ("date:..2026-10-31".to_owned(), vec![]),
        ("date:2026-11-02..".to_owned(), vec![]),
        ("NOT date:2026-11-01".to_owned(), vec![]),
    ] {
        assert_eq!(ask(&view, &query), Found::from_iter(expected), "{query}");
    }
    let fuzzy = |text: &str| {
        all(
            &view,
            &Query::parse(text, Mode::Fuzzy).unwrap(),
            &Reader::Everything,
        )
    };
    assert_eq!(fuzzy("营亚执照"), Found::from_iter([one, joined, two]));
    assert_eq!(fuzzy("\"营亚执照\""), Found::new());
    assert_eq!(fuzzy("busines5"), Found::from_iter([two]));
}

#[tokio::test]
async fn best_pages_come_first_and_equal_ones_as_they_were_received() {
    let mut facts = Facts::default();
    let text = |times: usize| {
        one_line(&format!(
            "{}{}",
            "申请".repeat(times),
            "其他事项".repeat(40 - times)
        ))
    };
    let pages = [text(1), text(1), text(3)];
    let first = facts.record("z", None, &pages);
    let second = facts.record("y", None, &pages);
    let third = facts.record("x", None, &pages);
    // One batch and many batches make different segments; the order is the same.
    let together = index_of(&facts).await;
    let apart = SearchIndex::in_memory(facts.source.clone()).unwrap();
    for (from, fact) in (0u64..).zip(&facts.all) {
        apart.apply(from, std::slice::from_ref(fact)).await.unwrap();
    }
    let mut expected: Vec<(Digest, u32)> = [first, second, third].map(|scan| (scan, 3)).to_vec();
    expected.extend(
        [first, second, third]
            .iter()
            .flat_map(|scan| [(*scan, 1), (*scan, 2)]),
    );
    let query = Query::parse("申请", Mode::Exact).unwrap();
    for index in [together, apart] {
        let view = index.view();
        let ordered = |limit, offset| -> Vec<(Digest, u32)> {
            let hits = view
                .search(&query, &Reader::Everything, limit, offset)
                .unwrap();
            assert_eq!(hits.total, 9);
            hits.hits.iter().map(|hit| (hit.record, hit.page)).collect()
        };
        assert_eq!(ordered(9, 0), expected);
        assert_eq!(
            [ordered(4, 0), ordered(4, 4), ordered(4, 8), ordered(0, 0)].concat(),
            expected
        );
        let refused = view.search(&query, &Reader::Everything, 1001, 0);
        assert!(matches!(refused, Err(SearchError::TooMany { .. })));
    }
}

#[tokio::test]
async fn a_hit_shows_its_text_and_its_boxes() {
    let mut facts = Facts::default();
    let page = page(&[
        ("依照 營 業", true),
        ("執照 No. １", false),
        ("营业执照", false),
    ]);
    facts.record("a", None, std::slice::from_ref(&page));
    let index = index_of(&facts).await;
    let query = Query::parse("营业执照", Mode::Exact).unwrap();
    let hits = index
        .view()
        .search(&query, &Reader::Everything, 10, 0)
        .unwrap();
    let hit = &hits.hits[0];
    let shown = excerpt(&page, &hit.matches);
    assert_eq!(shown.text, "依照 營 業執照 No. １ 营业执照");
    assert_eq!(shown.marks, [3..8, 15..19]);
    assert_eq!(hit.matches, [2..6, 11..15]);
    let expected = [[30, 0, 30, 20], [0, 20, 20, 20], [0, 40, 40, 20]].map(Rect::from);
    assert_eq!(boxes(&page, &hit.matches), expected);
    assert_eq!(
        boxes(&page, &[14..99, 50..60]),
        [Rect::from([30, 40, 10, 20])]
    );
}

#[tokio::test]
async fn permission_is_inside_the_query() {
    let mut facts = Facts::default();
    let first = facts.record("a", Some("A"), &[one_line("申请表甲")]);
    let second = facts.record("b", Some("B"), &[one_line("申请表乙")]);
    let third = facts.record("c", None, &[one_line("申请表丙")]);
    facts.filed(second, "A");
    let index = index_of(&facts).await;
    let label = |case: &str| case_label(&CaseNo::new(case).unwrap());
    let (one, two, three) = ((first, 1), (second, 1), (third, 1));
    for (reader, visible) in [
        (Reader::Everything, vec![one, two, three]),
        (Reader::Labels(vec![label("A")]), vec![one, two]),
        (Reader::Labels(vec![label("B")]), vec![two]),
        (
            Reader::Labels(vec![label("B"), "unfiled".into()]),
            vec![two, three],
        ),
        (
            Reader::Labels(vec!["case".into(), "all".into(), String::new()]),
            vec![],
        ),
        (Reader::Labels(vec![]), vec![]),
    ] {
        let visible = Found::from_iter(visible);
        for query in [
            "申请表",
            "NOT 没有",
            "表 OR 没有",
            "date:2026-11-01..",
            "甲 OR 乙 OR 丙",
            "NOT case:C",
        ] {
            let query = Query::parse(query, Mode::Exact).unwrap();
            assert_eq!(
                all(&index.view(), &query, &reader),
                visible,
                "{reader:?} {query:?}"
            );
        }
        let fuzzy = Query::parse("申请袁", Mode::Fuzzy).unwrap();
        assert_eq!(all(&index.view(), &fuzzy, &reader), visible);
        let elsewhere = Query::parse("case:B 乙", Mode::Exact).unwrap();
        let seen = visible.contains(&two);
        assert_eq!(
            all(&index.view(), &elsewhere, &reader).len(),
            usize::from(seen)
        );
    }
}

#[test]
fn errors_point_at_the_place() {
    let long = "长".repeat(257);
    let deep = format!("{}甲", "(".repeat(18));
    let many = "甲 ".repeat(33);
    let phrase = "a word, a \"phrase\", a field such as case: or an opening bracket";
    for (query, column, expected) in [
        ("", 1, phrase),
        ("  ", 3, phrase),
        ("甲 OR", 5, phrase),
        ("甲 OR OR 乙", 6, phrase),
        ("AND 甲", 1, phrase),
        ("甲 非", 4, phrase),
        ("()", 2, phrase),
        ("(甲 乙", 5, "a closing bracket"),
        ("甲) 乙", 2, "no closing bracket, since none is open"),
        ("甲 \"乙", 5, "a closing \""),
        ("“乙", 3, "a closing ”"),
        ("甲 \"\"", 3, "a phrase with at least one visible character"),
        (
            "甲 \u{200B}",
            3,
            "a word with at least one visible character",
        ),
        ("case:", 6, "1-50 of A-Z a-z 0-9 . _ -"),
        ("甲 case:乙", 8, "1-50 of A-Z a-z 0-9 . _ -"),
        ("record:12", 8, "4 to 64 hexadecimal digits"),
        (
            "page:x",
            6,
            "a page number such as 2, or a range such as 2..5",
        ),
        (
            "page:3..2",
            6,
            "a page number such as 2, or a range such as 2..5",
        ),
        ("format:doc", 8, "jpeg, png, tiff, bmp, webp, gif or pdf"),
        (
            "date:2026-02-30",
            6,
            "a day such as 2026-11-01, or a range such as 2026-11-01..2026-11-30",
        ),
        (
            &long,
            257,
            "the end of the query, which has at most 256 characters",
        ),
        (
            &deep,
            18,
            "at most 16 brackets and negations inside each other",
        ),
        (&many, 65, "at most 32 words, phrases and fields"),
    ] {
        let error = Query::parse(query, Mode::Exact).unwrap_err();
        assert_eq!(
            (error.column, error.expected.as_str()),
            (column, expected),
            "{query}"
        );
    }
    let error = Query::parse(&"甲乙".repeat(25), Mode::Fuzzy).unwrap_err();
    assert_eq!(error.column, 1);
    let error = Query::literal(" ").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the query cannot be read at column 1: expected {phrase}")
    );
}
