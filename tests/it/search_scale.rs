//! The scale proof: exactness and speed on many pages. Runs when COUNTERFOIL_SCALE_PAGES says how many, as in
//! `COUNTERFOIL_SCALE_PAGES=100000 cargo test --profile ci --test it search_scale -- --nocapture`.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use counterfoil::domain::Digest;
use counterfoil::ledger::Projection;
use counterfoil::search::{Mode, Query, Reader, SearchIndex, SearchView, normalise};
use pinyin::ToPinyin as _;

use crate::search_corpus::runtime;
use crate::search_prose::{PAGES_A_RECORD, ProseSource, Seeded};

const SEED: u64 = 20_261_101;
const RECORDS_A_BATCH: u64 = 250;
const TIMED_QUERIES: usize = 10_000;
const SAMPLED_A_LENGTH: usize = 25;
const LENGTHS: std::ops::RangeInclusive<usize> = 1..=8;

/// Strings of each length, and the pages they are planted on. Those of one character stand nowhere else.
fn plant(pages: u64) -> (Vec<String>, HashMap<u64, Vec<String>>) {
    let mut seeded = Seeded(SEED);
    let common: Vec<char> = "办理人民政府服务中心申请材料受".chars().collect();
    let mut strings = vec![];
    let mut planted: HashMap<u64, Vec<String>> = HashMap::new();
    for length in LENGTHS {
        for nth in 0..5u32 {
            let string: String = if length == 1 {
                char::from_u32(0x3500 + nth).into_iter().collect()
            } else {
                (0..length)
                    .map(|_| common[seeded.below(common.len())])
                    .collect()
            };
            for _ in 0..=seeded.below(20) {
                let on_page = planted.entry(seeded.next() % pages).or_default();
                if on_page.len() < 5 {
                    on_page.push(string.clone());
                }
            }
            strings.push(string);
        }
    }
    (strings, planted)
}

/// A string of `length` characters that stands somewhere, as a person could type it.
fn sample(texts: &[Vec<char>], length: usize, seeded: &mut Seeded) -> String {
    loop {
        let text = &texts[seeded.below(texts.len())];
        let start = seeded.below(text.len().saturating_sub(length).max(1));
        let piece: String = text.iter().skip(start).take(length).collect();
        if piece.trim() == piece && !piece.contains('\n') && piece.chars().count() == length {
            return piece;
        }
    }
}

/// How a string of two Han characters or more is typed in pinyin.
fn sound(string: &str) -> Option<String> {
    let syllables: Option<Vec<&str>> = string
        .to_pinyin()
        .map(|reading| reading.map(|reading| reading.plain()))
        .collect();
    let syllables = syllables.filter(|syllables| syllables.len() >= 2)?;
    Some(syllables.join("'"))
}

fn search_all(view: &SearchView, string: &str) -> BTreeSet<(Digest, u32)> {
    let query = Query::literal(string).unwrap();
    let mut found = BTreeSet::new();
    for offset in (0..).step_by(1000) {
        let hits = view
            .search(&query, &Reader::Everything, 1000, offset)
            .unwrap();
        found.extend(hits.hits.iter().map(|hit| (hit.record, hit.page)));
        if offset + 1000 >= hits.total as usize {
            assert_eq!(found.len() as u64, hits.total, "the total is exact");
            return found;
        }
    }
    found
}

fn folder_bytes(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

fn milliseconds(durations: &mut [Duration], share: f64) -> f64 {
    durations.sort_unstable();
    let rank = (durations.len() as f64 * share).ceil() as usize;
    durations[rank.clamp(1, durations.len()) - 1].as_secs_f64() * 1000.0
}

/// Times searches of 20 hits and the exact count, each string once, and prints what lengths cost.
fn time_queries(view: &SearchView, strings: &[String], mode: Mode, reader: &Reader) -> f64 {
    let mut all = vec![];
    let mut by_length: HashMap<usize, Vec<Duration>> = HashMap::new();
    for string in strings {
        let begun = Instant::now();
        let query = match mode {
            Mode::Exact => Query::literal(string).unwrap(),
            Mode::Fuzzy | Mode::Pinyin => match Query::parse(string, mode) {
                Ok(query) => query,
                Err(_) => continue,
            },
        };
        let hits = view.search(&query, reader, 20, 0).unwrap();
        let took = begun.elapsed();
        assert!(hits.total > 0 && !hits.hits[0].matches.is_empty());
        all.push(took);
        by_length
            .entry(string.chars().count())
            .or_default()
            .push(took);
    }
    for length in LENGTHS {
        if let Some(times) = by_length.get_mut(&length) {
            let (p50, p99) = (milliseconds(times, 0.50), milliseconds(times, 0.99));
            println!(
                "  {length} characters: p50 {p50:.2} ms, p99 {p99:.2} ms ({} queries)",
                times.len()
            );
        }
    }
    let (p50, p99, worst) = (
        milliseconds(&mut all, 0.50),
        milliseconds(&mut all, 0.99),
        milliseconds(&mut all, 1.0),
    );
    println!(
        "  {mode:?}, all: p50 {p50:.2} ms, p99 {p99:.2} ms, worst {worst:.2} ms ({} queries)",
        all.len()
    );
    p99
}

fn build(pages: u64, path: &Path, source: &Arc<ProseSource>) -> SearchIndex {
    let index = SearchIndex::open(path, source.clone()).unwrap();
    let begun = Instant::now();
    let records = pages / PAGES_A_RECORD;
    for first in (0..records).step_by(RECORDS_A_BATCH as usize) {
        let facts = ProseSource::facts(first, (first + RECORDS_A_BATCH).min(records));
        runtime().block_on(index.apply(first * 2, &facts)).unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "indexed {pages} pages in {seconds:.1} s: {:.0} pages/s, making the pages included",
        pages as f64 / seconds
    );
    index
}

/// Compares what is found with what the texts contain; returns (right, wrong, missed).
fn compare(view: &SearchView, texts: &[String], strings: &[String]) -> (u64, u64, u64) {
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for string in strings {
        let finder = |(number, text): (u64, &String)| {
            text.contains(string).then(|| ProseSource::address(number))
        };
        let expected: BTreeSet<_> = (0u64..).zip(texts).filter_map(finder).collect();
        let found = search_all(view, string);
        right += found.intersection(&expected).count() as u64;
        wrong += found.difference(&expected).count() as u64;
        missed += expected.difference(&found).count() as u64;
    }
    (right, wrong, missed)
}

#[test]
fn exact_and_fast_on_many_pages() {
    let Some(pages) = std::env::var("COUNTERFOIL_SCALE_PAGES")
        .ok()
        .map(|pages| pages.parse::<u64>().unwrap())
    else {
        println!("skipped: COUNTERFOIL_SCALE_PAGES says on how many pages to prove it");
        return;
    };
    let pages = pages.max(PAGES_A_RECORD) / PAGES_A_RECORD * PAGES_A_RECORD;
    println!("seed {SEED}, {pages} pages");
    let (mut strings, planted) = plant(pages);
    let source = Arc::new(ProseSource::new(SEED, planted));
    let folder = tempfile::tempdir().unwrap();
    let index = build(pages, folder.path(), &source);
    let view = index.view();

    let texts: Vec<String> = (0..pages)
        .map(|number| normalise(&source.page_number(number)).text)
        .collect();
    let text_bytes: usize = texts.iter().map(String::len).sum();
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    println!(
        "text {:.0} MB, index {:.0} MB",
        megabytes(text_bytes as u64),
        megabytes(folder_bytes(folder.path()))
    );

    let chars: Vec<Vec<char>> = texts
        .iter()
        .step_by(texts.len().div_ceil(20_000))
        .map(|text| text.chars().collect())
        .collect();
    let mut seeded = Seeded(SEED);
    for length in LENGTHS {
        strings.extend((0..SAMPLED_A_LENGTH).map(|_| sample(&chars, length, &mut seeded)));
    }
    let (right, wrong, missed) = compare(&view, &texts, &strings);
    println!(
        "{} strings: {right} pages right, {wrong} wrong, {missed} missed",
        strings.len()
    );
    println!(
        "recall {:.3}, precision {:.3}",
        right as f64 / (right + missed) as f64,
        right as f64 / (right + wrong) as f64
    );
    assert_eq!((wrong, missed), (0, 0));

    let mut queries = |count: usize| -> Vec<String> {
        (0..count)
            .map(|nth| sample(&chars, LENGTHS.start() + nth % 8, &mut seeded))
            .collect()
    };
    let (warm_up, timed, fuzzy) = (queries(1000), queries(TIMED_QUERIES), queries(400));
    let everything = &Reader::Everything;
    println!("warm-up:");
    time_queries(&view, &warm_up, Mode::Exact, everything);
    println!("timed:");
    let p99 = time_queries(&view, &timed, Mode::Exact, everything);
    println!("with a permission filter of 1001 labels:");
    let mut labels: Vec<String> = (0..1000).map(|case| format!("case/{case}")).collect();
    labels.push("unfiled".to_owned());
    time_queries(&view, &warm_up, Mode::Exact, &Reader::Labels(labels));
    println!("fuzzy:");
    time_queries(&view, &fuzzy, Mode::Fuzzy, everything);
    println!("by sound:");
    let sounds: Vec<String> = fuzzy.iter().filter_map(|string| sound(string)).collect();
    time_queries(&view, &sounds, Mode::Pinyin, everything);
    assert!(p99 < 20.0, "p99 is {p99:.2} ms, it must stay under 20 ms");
}
