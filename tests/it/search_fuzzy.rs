//! Finding what the recogniser misread: runner-ups, look-alikes and single errors, each ranked behind what is surer.

use std::collections::BTreeMap;

use counterfoil::domain::Digest;
use counterfoil::domain::text::OcrPage;
use counterfoil::ledger::Projection;
use counterfoil::search::{
    Hit, How, Mode, Query, Reader, SearchView, boxes, excerpt, normalise, normalise_query,
};

use crate::search_corpus::{Facts, index_of, one_line};
use crate::search_prose::page;
use crate::support::{Random, from_environment};

/// A page of one line whose characters have these runner-ups, by place.
pub fn nearly(text: &str, runners_up: &[(usize, &[(char, f32)])]) -> OcrPage {
    let mut read = one_line(text);
    for (place, others) in runners_up {
        read.lines[0].chars[*place].others = others.to_vec();
    }
    read
}

/// Everything that is found, in order.
pub fn hits(view: &SearchView, query: &str, mode: Mode) -> Vec<Hit> {
    let query = Query::parse(query, mode).unwrap_or_else(|error| panic!("{query}: {error}"));
    let found = view.search(&query, &Reader::Everything, 1000, 0).unwrap();
    assert_eq!(found.hits.len() as u64, found.total);
    let hows: Vec<How> = found.hits.iter().map(|hit| hit.how).collect();
    assert!(hows.is_sorted(), "the surest come first: {hows:?}");
    found.hits
}

fn hows(view: &SearchView, query: &str, mode: Mode) -> BTreeMap<Digest, How> {
    let found = hits(view, query, mode);
    found.iter().map(|hit| (hit.record, hit.how)).collect()
}

#[tokio::test]
async fn what_was_nearly_read_is_found_behind_what_was_read() {
    let mut facts = Facts::default();
    // The longer page has the lower score, and comes first all the same.
    let long = format!("{}张三丰{}", "其他事项".repeat(60), "其他事项".repeat(60));
    let exact = facts.record("exact", None, &[one_line(&long)]);
    let near_page = nearly("弓三丰", &[(0, &[('强', 0.3), ('張', 0.2)])]);
    let near = facts.record("near", None, std::slice::from_ref(&near_page));
    let both = facts.record("both", None, &[nearly("弓二丰", &[(0, &[('张', 0.1)])])]);
    let off = facts.record("off", None, &[one_line("张山丰")]);
    facts.record(
        "no",
        None,
        &[
            one_line("弓山丰"),
            nearly("弓三丰", &[(0, &[('张', 0.001)])]),
        ],
    );
    let index = index_of(&facts).await;
    let view = index.view();
    assert_eq!(
        hows(&view, "张三丰", Mode::Exact),
        BTreeMap::from([(exact, How::Exact)])
    );
    let found = hits(&view, "张三丰", Mode::Fuzzy);
    let in_order: Vec<(Digest, How)> = found
        .iter()
        .filter(|hit| hit.page == 1)
        .map(|hit| (hit.record, hit.how))
        .collect();
    assert_eq!(in_order[0], (exact, How::Exact));
    assert_eq!(in_order[1], (near, How::NearlyRead));
    assert!(in_order.contains(&(off, How::OneOff)));
    // 二 is no look-alike of 三: with a runner-up and an error too, this is too far.
    assert!(in_order.iter().all(|(record, _)| *record != both));
    // What is shown is what was read.
    let hit = &found[1];
    assert_eq!(hit.matches, vec![0..3]);
    assert_eq!(excerpt(&near_page, &hit.matches).text, "弓三丰");
    assert_eq!(boxes(&near_page, &hit.matches).len(), 1);
    // One character is found too, and a phrase in quotes is not.
    assert_eq!(hows(&view, "张", Mode::Fuzzy)[&near], How::NearlyRead);
    assert!(!hows(&view, "\"张三\"", Mode::Fuzzy).contains_key(&near));
}

#[tokio::test]
async fn look_alikes_are_found_both_ways() {
    let mut facts = Facts::default();
    let texts = [
        "自己", "自已", "自巳", "始末", "始未", "A0-1l", "AO-lI", "自乙",
    ];
    let records: Vec<Digest> = texts
        .iter()
        .map(|text| facts.record(text, None, &[one_line(text)]))
        .collect();
    let index = index_of(&facts).await;
    let view = index.view();
    for (query, exact, alike) in [
        ("自己", 0, vec![1, 2]),
        ("自已", 1, vec![0, 2]),
        ("自巳", 2, vec![0, 1]),
        ("始末", 3, vec![4]),
        ("始未", 4, vec![3]),
        ("a0", 5, vec![6]),
        ("AO-LI", 6, vec![5]),
        ("己", 0, vec![1, 2]),
    ] {
        let mut expected = BTreeMap::from([(records[exact], How::Exact)]);
        expected.extend(alike.iter().map(|place| (records[*place], How::LookAlike)));
        assert_eq!(hows(&view, query, Mode::Fuzzy), expected, "{query}");
    }
}

#[tokio::test]
async fn several_words_are_as_sure_as_the_least_sure_and_what_is_negated_is_exact() {
    let mut facts = Facts::default();
    let mixed = facts.record("a", None, &[nearly("自己 弓三", &[(3, &[('张', 0.4)])])]);
    let alike = facts.record("b", None, &[nearly("自已 弓三", &[(3, &[('张', 0.4)])])]);
    let exact = facts.record("c", None, &[one_line("自己 张三 自已")]);
    let index = index_of(&facts).await;
    let view = index.view();
    let expected = BTreeMap::from([
        (mixed, How::NearlyRead),
        (alike, How::LookAlike),
        (exact, How::Exact),
    ]);
    assert_eq!(hows(&view, "自己 张三", Mode::Fuzzy), expected);
    // Found exactly, so found fuzzily: what may have been misread takes nothing away.
    let negated = hows(&view, "自己 NOT 自已", Mode::Fuzzy);
    assert_eq!(negated, BTreeMap::from([(mixed, How::Exact)]));
    let either = hows(&view, "张三 OR 没有", Mode::Fuzzy);
    assert_eq!(either[&exact], How::Exact);
    assert_eq!(either[&alike], How::NearlyRead);
    let filtered = hows(&view, "自己 case:A", Mode::Fuzzy);
    assert!(filtered.is_empty());
}

#[tokio::test]
async fn pages_are_cut_and_counted_across_ways_and_readers_see_only_theirs() {
    let mut facts = Facts::default();
    for number in 0..7 {
        let (text, case) = match number % 3 {
            0 => ("自己", "A"),
            1 => ("自已", "A"),
            _ => ("自已", "B"),
        };
        facts.record(&format!("{number}"), Some(case), &[one_line(text)]);
    }
    let index = index_of(&facts).await;
    let view = index.view();
    let query = Query::parse("自己", Mode::Fuzzy).unwrap();
    let whole = view.search(&query, &Reader::Everything, 1000, 0).unwrap();
    assert_eq!((whole.total, whole.hits.len()), (7, 7));
    let mut cut = Vec::new();
    for offset in (0..8).step_by(2) {
        let part = view.search(&query, &Reader::Everything, 2, offset).unwrap();
        assert_eq!(part.total, 7);
        cut.extend(part.hits);
    }
    assert_eq!(cut, whole.hits);
    assert_eq!(
        view.search(&query, &Reader::Everything, 0, 0)
            .unwrap()
            .total,
        7
    );
    let theirs = Reader::Labels(vec!["case/B".to_owned()]);
    let found = view.search(&query, &theirs, 10, 0).unwrap();
    assert_eq!(found.total, 2);
    assert!(found.hits.iter().all(|hit| hit.how == How::LookAlike));
    // A page that is erased or sealed again leaves nothing behind that could be found.
    facts.sealed(Digest::of("1"), &[one_line("别的")]);
    index.apply(0, &facts.all).await.unwrap();
    assert_eq!(hits(&view, "自己", Mode::Fuzzy).len(), 6);
}

#[tokio::test]
async fn runner_ups_that_cannot_stand_there_do_no_harm() {
    let mut facts = Facts::default();
    let many: Vec<(char, f32)> = "乙丙丁戊".chars().map(|c| (c, 0.2)).collect();
    let mut repaired = nearly("甲", &[(0, &[('庚', 0.0)])]);
    repaired.lines[0].chars[0].repaired = true;
    let crowd = nearly("甲", &[(0, &many)]);
    let spaced = nearly(
        "a甲 b",
        &[
            (0, &[('㎡', 0.5), (' ', 0.5), ('A', 0.5)]),
            (2, &[('乙', 0.5)]),
        ],
    );
    let full: Vec<(usize, &[(char, f32)])> = (0..3000)
        .map(|place| {
            (
                place,
                if place < 1500 {
                    &[('辛', 0.5), ('壬', 0.4)][..]
                } else {
                    &[('癸', 0.3)][..]
                },
            )
        })
        .collect();
    let full = nearly(&"甲".repeat(3000), &full);
    let pages = [repaired, crowd, spaced, full];
    let records: Vec<Digest> = (0..)
        .zip(&pages)
        .map(|(number, page)| facts.record(&format!("{number}"), None, std::slice::from_ref(page)))
        .collect();
    let index = index_of(&facts).await;
    let view = index.view();
    let found = |query: &str| -> Vec<Digest> {
        hits(&view, query, Mode::Fuzzy)
            .iter()
            .map(|hit| hit.record)
            .collect()
    };
    assert_eq!(found("庚"), [records[0]], "what was read before a repair");
    assert_eq!(found("丁"), [records[1]], "three runner-ups count");
    assert!(found("戊").is_empty(), "a fourth does not");
    assert!(found("m2").is_empty() && found("乙b").is_empty());
    assert!(found("辛壬辛").contains(&records[3]));
    assert!(
        found("癸").is_empty(),
        "the most confident 2,000 of a page count"
    );
}

#[test]
fn a_fuzzy_query_has_limits() {
    let long = "甲乙丙丁".repeat(12);
    assert!(Query::parse(&long, Mode::Fuzzy).is_ok());
    let error = Query::parse(&format!("{long} 戊"), Mode::Fuzzy).unwrap_err();
    assert_eq!(error.column, 50);
    assert!(error.expected.contains("at most 48 characters"));
    assert!(Query::parse(&format!("{long} \"戊\" NOT 己"), Mode::Fuzzy).is_ok());
}

/// The look-alikes, as the table has them.
fn look_alike(left: char, right: char) -> bool {
    let table = include_str!("../../src/search/alike.txt");
    left == right
        || table
            .lines()
            .any(|class| class.contains(left) && class.contains(right))
}

/// What a place of the text can be: what was read, and what nearly was.
fn options(read: &OcrPage) -> Vec<Vec<char>> {
    let normal = normalise(read);
    let chars: Vec<char> = normal.text.chars().collect();
    let visible = |place: usize| !matches!(chars[place], ' ' | '\n');
    let option = |(place, c): (usize, &char)| {
        let mut options = vec![*c];
        let origin = normal.origins[place];
        let mates = (0..chars.len()).filter(|at| visible(*at) && normal.origins[*at] == origin);
        if visible(place) && mates.count() == 1 {
            let read = &read.lines[origin.line as usize].chars[origin.char as usize];
            for (other, p) in read.others.iter().filter(|(_, p)| *p >= 0.01) {
                let form: Vec<char> = normalise_query(&other.to_string()).chars().collect();
                assert!(*p <= 1.0);
                options.extend((form.len() == 1).then(|| form[0]));
            }
        }
        options
    };
    chars.iter().enumerate().map(option).collect()
}

fn one_error(text: &[char], query: &[char]) -> bool {
    let errors = |piece: &[char]| -> usize {
        let mut row: Vec<usize> = (0..=query.len()).collect();
        for (i, c) in piece.iter().enumerate() {
            let mut diagonal = std::mem::replace(&mut row[0], i + 1);
            for (j, expected) in query.iter().enumerate() {
                let here = (diagonal + usize::from(c != expected))
                    .min(row[j] + 1)
                    .min(row[j + 1] + 1);
                diagonal = std::mem::replace(&mut row[j + 1], here);
            }
        }
        row[query.len()]
    };
    (0..text.len()).any(|start| {
        let longest = (query.len() + 1).min(text.len() - start);
        (query.len() - 1..=longest).any(|length| {
            text.get(start..start + length)
                .is_some_and(|piece| errors(piece) <= 1)
        })
    })
}

/// How a word stands on a page, by trying every place.
fn naive(places: &[Vec<char>], query: &[char]) -> Option<How> {
    let stands = |fits: &dyn Fn(&[char], char) -> bool| {
        places.windows(query.len()).any(|window| {
            window
                .iter()
                .zip(query)
                .all(|(options, c)| fits(options, *c))
        })
    };
    let text: Vec<char> = places.iter().map(|options| options[0]).collect();
    if stands(&|options, c| options[0] == c) {
        Some(How::Exact)
    } else if stands(&|options, c| options.contains(&c)) {
        Some(How::NearlyRead)
    } else if stands(&|options, c| options.iter().any(|other| look_alike(*other, c))) {
        Some(How::LookAlike)
    } else if query.len() >= 3 && one_error(&text, query) {
        Some(How::OneOff)
    } else {
        None
    }
}

const CHARS: &[char] = &[
    '己', '已', '末', '未', '甲', '乙', '體', '0', 'o', 'l', '1', 'B', '㎡',
];

fn random_page(random: &mut Random) -> OcrPage {
    let pick = |random: &mut Random| CHARS[random.below(CHARS.len() as u64) as usize];
    let lines: Vec<String> = (0..1 + random.below(3))
        .map(|_| {
            let text = (0..random.below(12)).map(|_| match random.below(8) {
                0 => ' ',
                _ => pick(random),
            });
            text.collect()
        })
        .collect();
    let lines: Vec<(&str, bool)> = lines.iter().map(|text| (text.as_str(), true)).collect();
    let mut read = page(&lines);
    for line in &mut read.lines {
        line.joins_next = random.below(2) == 0;
        for c in &mut line.chars {
            for _ in 0..random.below(8).saturating_sub(4) {
                let p = random.below(100) as f32 / 1000.0;
                c.others.push((pick(random), p));
            }
        }
    }
    read
}

/// Whatever stands on the pages and is asked for: found is what trying every place finds, and in that way.
#[tokio::test]
async fn fuzzy_search_finds_what_trying_every_place_finds() {
    let seed = from_environment("COUNTERFOIL_SEED", 20_261_123);
    let mut random = Random::new(seed);
    let mut seen = BTreeMap::new();
    for round in 0..12 {
        let mut facts = Facts::default();
        let pages: Vec<OcrPage> = (0..30).map(|_| random_page(&mut random)).collect();
        let records: Vec<Digest> = (0..)
            .zip(&pages)
            .map(|(number, page)| {
                facts.record(&format!("{number}"), None, std::slice::from_ref(page))
            })
            .collect();
        let index = index_of(&facts).await;
        let view = index.view();
        for _ in 0..40 {
            let words: Vec<String> = (0..1 + random.below(2))
                .map(|_| {
                    let chars = (0..1 + random.below(5))
                        .map(|_| CHARS[random.below(CHARS.len() as u64) as usize]);
                    normalise_query(&chars.collect::<String>())
                })
                .collect();
            let context = format!("seed {seed} round {round}: {words:?}");
            let mut expected = BTreeMap::new();
            for (record, page) in records.iter().zip(&pages) {
                let places = options(page);
                let how = words
                    .iter()
                    .map(|word| naive(&places, &word.chars().collect::<Vec<_>>()));
                // Of several words the least sure counts; one that stands nowhere makes it none.
                let how: Option<Vec<How>> = how.collect();
                expected.extend(
                    how.and_then(|all| all.into_iter().max())
                        .map(|how| (*record, how)),
                );
            }
            let query = words.join(" ");
            assert_eq!(hows(&view, &query, Mode::Fuzzy), expected, "{context}");
            for hit in hits(&view, &query, Mode::Fuzzy) {
                assert!(!hit.matches.is_empty(), "{context}");
                *seen.entry(hit.how).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(seen.len(), 4, "seed {seed}: every way occurs: {seen:?}");
}
