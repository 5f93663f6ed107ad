//! Made-up records for the search tests: a ledger's facts and the blobs they point to.

use std::collections::BTreeSet;
use std::sync::Arc;

use counterfoil::domain::event::FileFormat;
use counterfoil::domain::text::OcrPage;
use counterfoil::domain::{CaseNo, Digest, Event};
use counterfoil::ledger::{Projection, Recorded};
use counterfoil::search::{Hits, MemorySource, Mode, Query, Reader, SearchIndex, SearchView};

use crate::search_prose::{manifest, page, received, recorded};

/// Facts and blobs without a ledger; fact `n` was recorded `n` hours after 2026-11-01T00:00:00+08:00.
#[derive(Default)]
pub struct Facts {
    pub source: Arc<MemorySource>,
    pub all: Vec<Recorded>,
}

impl Facts {
    pub fn received(&mut self, name: &str, case: Option<&str>) -> Digest {
        let scan = Digest::of(name);
        self.push(scan, received(scan, case));
        scan
    }

    pub fn filed(&mut self, scan: Digest, case: &str) {
        let case = CaseNo::new(case).unwrap();
        self.push(scan, Event::ScanFiled { case });
    }

    pub fn sealed(&mut self, scan: Digest, pages: &[OcrPage]) -> Digest {
        self.sealed_as(scan, FileFormat::Jpeg, pages)
    }

    pub fn sealed_as(&mut self, scan: Digest, format: FileFormat, pages: &[OcrPage]) -> Digest {
        let texts: Vec<Digest> = pages
            .iter()
            .map(|page| self.source.put_page(page).unwrap())
            .collect();
        let manifest = self
            .source
            .put_manifest(&manifest(scan, format, &texts))
            .unwrap();
        let pages = pages.len() as u32;
        self.push(scan, Event::RecordSealed { manifest, pages });
        manifest
    }

    /// A scan that is received and sealed at once.
    pub fn record(&mut self, name: &str, case: Option<&str>, pages: &[OcrPage]) -> Digest {
        let scan = self.received(name, case);
        self.sealed(scan, pages);
        scan
    }

    fn push(&mut self, scan: Digest, event: Event) {
        let index = self.all.len() as u64;
        self.all.push(recorded(index, scan, event));
    }
}

/// Pages by record and number.
pub type Found = BTreeSet<(Digest, u32)>;

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

pub fn found(hits: &Hits) -> Found {
    let found: Found = hits.hits.iter().map(|hit| (hit.record, hit.page)).collect();
    assert_eq!(
        found.len() as u64,
        hits.total,
        "the total is exact and no page comes twice"
    );
    found
}

pub fn all(view: &SearchView, query: &Query, reader: &Reader) -> Found {
    found(&view.search(query, reader, 1000, 0).unwrap())
}

pub fn ask(view: &SearchView, query: &str) -> Found {
    all(
        view,
        &Query::parse(query, Mode::Exact).unwrap(),
        &Reader::Everything,
    )
}

pub fn count(view: &SearchView, query: &str) -> usize {
    ask(view, query).len()
}

pub async fn index_of(facts: &Facts) -> SearchIndex {
    let index = SearchIndex::in_memory(facts.source.clone()).unwrap();
    index.apply(0, &facts.all).await.unwrap();
    index
}

pub fn one_line(text: &str) -> OcrPage {
    page(&[(text, false)])
}
