//! Finding Chinese by its sound: whole pinyin anywhere, initials for names.

use std::collections::BTreeSet;

use counterfoil::domain::Digest;
use counterfoil::search::{How, Mode, Query, normalise};
use pinyin::ToPinyinMulti as _;

use crate::search_corpus::{Facts, index_of, one_line};
use crate::search_fuzzy::hits;
use crate::search_prose::page;
use crate::support::{Random, from_environment};

#[tokio::test]
async fn names_are_found_by_their_sound_and_by_their_initials() {
    let mut facts = Facts::default();
    let texts = [
        "姓名：张三",
        "申请人张珊于今日办理",
        "zhangsan@example.com",
        "重庆市单某",
        "吕女士",
        "西安市",
        "先进",
        "張三豐",
        "长三角",
        "欧阳修",
    ];
    let records: Vec<Digest> = texts
        .iter()
        .map(|text| facts.record(text, None, &[one_line(text)]))
        .collect();
    let index = index_of(&facts).await;
    let view = index.view();
    let found = |query: &str| -> Vec<(usize, How)> {
        let mut found: Vec<(usize, How)> = hits(&view, query, Mode::Pinyin)
            .iter()
            .map(|hit| {
                let place = records.iter().position(|record| *record == hit.record);
                (place.unwrap(), hit.how)
            })
            .collect();
        found.sort_unstable();
        found
    };
    let sound = |places: &[usize]| -> Vec<(usize, How)> {
        places.iter().map(|place| (*place, How::Pinyin)).collect()
    };
    // 长 is read zhang and chang; what is written in letters is found exactly.
    let by_sound = sound(&[0, 7, 8]);
    assert_eq!(found("zhang'san"), by_sound);
    let mut both = by_sound;
    both.insert(1, (2, How::Exact));
    for query in ["zhangsan", "Zhang San", "ZHANG  SAN"] {
        assert_eq!(found(query), both, "{query}");
    }
    assert_eq!(found("zhangshan"), sound(&[1]));
    assert_eq!(found("zhangsanfeng"), sound(&[7]));
    assert_eq!(found("chongqing"), sound(&[3]));
    assert_eq!(found("shanmou"), sound(&[3]));
    assert_eq!(found("danmou"), sound(&[3]), "every reading of 单");
    assert_eq!(found("lv"), sound(&[4]));
    assert_eq!(found("lvnv"), sound(&[4]));
    assert_eq!(found("xian"), sound(&[5, 6]));
    assert_eq!(found("xi'an"), sound(&[5]));
    assert_eq!(found("ouyangxiu"), sound(&[9]));
    assert_eq!(found("zs"), sound(&[0, 1, 7]), "长 is no surname");
    assert_eq!(found("oyx"), sound(&[9]));
    assert_eq!(found("zsf"), sound(&[7]));
    assert_eq!(found("z"), [(2, How::Exact)], "one letter is no initials");
    assert!(
        found("qr").is_empty(),
        "in running text only names have initials"
    );
    assert_eq!(found("\"zhangsan\""), [(2, How::Exact)]);
    assert_eq!(
        found("张三 NOT zhangsan"),
        [(0, How::Exact), (7, How::Exact)]
    );
}

#[tokio::test]
async fn what_sounds_so_is_marked_and_words_go_together() {
    let mut facts = Facts::default();
    let read = page(&[("申请人：张", true), ("三。李四", false)]);
    let one = facts.record("one", None, std::slice::from_ref(&read));
    let two = facts.record("two", None, &[one_line("三月，张家")]);
    let index = index_of(&facts).await;
    let view = index.view();
    let found = hits(&view, "zhang san", Mode::Pinyin);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].record, one);
    assert!(found[0].matches.iter().eq([&(4..6)]));
    let apart = hits(&view, "zhang AND san", Mode::Pinyin);
    let records: BTreeSet<Digest> = apart.iter().map(|hit| hit.record).collect();
    assert_eq!(records, BTreeSet::from([one, two]));
    // A word of several syllables stands for itself.
    let both = hits(&view, "lisi zhangsan", Mode::Pinyin);
    assert_eq!(both.len(), 1);
    assert_eq!(both[0].matches, [4..6, 7..9]);
    let named = hits(&view, "ls", Mode::Pinyin);
    assert_eq!(named.len(), 1);
    assert!(named[0].matches.iter().eq([&(7..9)]));
}

#[test]
fn a_search_by_sound_has_limits() {
    let long = "zhuang".repeat(10);
    assert!(Query::parse(&long, Mode::Pinyin).is_ok());
    let error = Query::parse(&format!("{long} wangli"), Mode::Pinyin).unwrap_err();
    assert_eq!(error.column, 62);
    assert!(error.expected.contains("at most 64 letters"));
    assert!(Query::parse(&format!("{long} \"wang\" 张三"), Mode::Pinyin).is_ok());
    assert!(Query::parse(&"a ".repeat(33), Mode::Pinyin).is_err());
}

/// Whether characters from here on spell the letters out, by any of their readings.
fn spelt(text: &[char], letters: &str) -> bool {
    if letters.is_empty() {
        return true;
    }
    let Some((first, rest)) = text.split_first() else {
        return false;
    };
    let readings = first.to_pinyin_multi().into_iter().flatten();
    let mut plain = readings.map(|reading| reading.plain());
    plain.any(|syllable| {
        letters
            .strip_prefix(syllable)
            .is_some_and(|letters| spelt(rest, letters))
    })
}

/// Whatever stands on the pages: found by sound is what can be read aloud so.
#[tokio::test]
async fn found_by_sound_is_what_spells_the_letters() {
    const CHARS: &[char] = &[
        '张', '长', '三', '西', '安', '先', '重', '庆', '行', '，', '\n', 'a',
    ];
    const SYLLABLES: &[&str] = &[
        "zhang", "chang", "san", "xi", "an", "xian", "zhong", "chong", "qing", "hang", "xing", "a",
    ];
    let seed = from_environment("COUNTERFOIL_SEED", 20_261_123);
    let mut random = Random::new(seed);
    let mut by_sound = 0;
    for round in 0..10 {
        let mut facts = Facts::default();
        let mut pages = Vec::new();
        for number in 0..30 {
            let text: String = (0..12)
                .map(|_| CHARS[random.below(CHARS.len() as u64) as usize])
                .collect();
            let lines: Vec<(&str, bool)> = text.lines().map(|line| (line, false)).collect();
            let read = page(&lines);
            let record = facts.record(&format!("{number}"), None, std::slice::from_ref(&read));
            pages.push((record, normalise(&read).text.chars().collect::<Vec<char>>()));
        }
        let index = index_of(&facts).await;
        for _ in 0..30 {
            // Five letters or more are no initials of anything that stands here.
            let query: String = (0..1 + random.below(3))
                .map(|_| SYLLABLES[random.below(SYLLABLES.len() as u64) as usize])
                .collect();
            if query.len() < 5 {
                continue;
            }
            let expected: BTreeSet<Digest> = pages
                .iter()
                .filter(|(_, text)| (0..text.len()).any(|at| spelt(&text[at..], &query)))
                .map(|(record, _)| *record)
                .collect();
            let found = hits(&index.view(), &query, Mode::Pinyin);
            let records: BTreeSet<Digest> = found.iter().map(|hit| hit.record).collect();
            let context = format!("seed {seed} round {round}: {query}");
            assert_eq!(records, expected, "{context}");
            for hit in &found {
                assert!(
                    hit.how == How::Pinyin && !hit.matches.is_empty(),
                    "{context}"
                );
                by_sound += 1;
            }
        }
    }
    assert!(
        by_sound > 100,
        "seed {seed}: {by_sound} pages were found by sound"
    );
}
