//! What a search costs by the length of its string: 20 hits with snippets and the exact count, on 5,000 pages.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/it/search_prose.rs"]
#[allow(dead_code)]
mod search_prose;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use counterfoil::ledger::Projection;
use counterfoil::search::{Mode, Query, Reader, SearchIndex, normalise};
use criterion::{Criterion, criterion_group, criterion_main};
use search_prose::{PAGES_A_RECORD, ProseSource};

const SEED: u64 = 7;
const PAGES: u64 = 5_000;

fn search(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let source = Arc::new(ProseSource::new(SEED, HashMap::new()));
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), source.clone()).unwrap();
    let facts = ProseSource::facts(0, PAGES / PAGES_A_RECORD);
    runtime.block_on(index.apply(0, &facts)).unwrap();
    let view = index.view();
    let text: Vec<char> = normalise(&source.page_number(PAGES / 2))
        .text
        .chars()
        .collect();

    let mut group = criterion.benchmark_group("search");
    for length in [1, 2, 3, 4, 6, 8] {
        let strings: Vec<String> = (0..40)
            .map(|nth| text.iter().skip(nth * 12).take(length).collect())
            .collect();
        for (name, mode) in [("exact", Mode::Exact), ("fuzzy", Mode::Fuzzy)] {
            let queries: Vec<Query> = strings
                .iter()
                .filter_map(|string| Query::parse(string, mode).ok())
                .collect();
            let mut turn = queries.iter().cycle();
            group.bench_function(format!("{name}/{length}"), |bencher| {
                bencher.iter(|| {
                    let query = turn.next().unwrap();
                    black_box(view.search(query, &Reader::Everything, 20, 0).unwrap())
                });
            });
        }
    }
    group.finish();
    let page = source.page_number(1);
    criterion.bench_function("normalise a page", |bencher| {
        bencher.iter(|| normalise(black_box(&page)))
    });
}

criterion_group!(benches, search);
criterion_main!(benches);
