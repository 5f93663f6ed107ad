//! Reading the index: what a reader may see of what a query finds.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tantivy::schema::Value;
use tantivy::{Index, IndexReader, ReloadPolicy, Searcher, TantivyDocument};

use crate::domain::{CaseNo, Digest};

use super::SearchError;
use super::compile::compile;
use super::matches::locate;
use super::near::RunnersUp;
use super::query::Query;
use super::rank::{BestPages, Ranked, Seen};
use super::schema::{Fields, INDEX_VERSION, register_tokenizer, schema};
use super::ways::{How, Standing};

/// The most hits that one call returns.
pub const LIMIT_MAX: usize = 1000;

/// The most hits that can be skipped.
pub const OFFSET_MAX: usize = 1_000_000;

/// The label of a page whose scan is filed under no case.
pub const UNFILED_LABEL: &str = "unfiled";

/// The label of a page whose scan is filed under `case`.
pub fn case_label(case: &CaseNo) -> String {
    format!("case/{case}")
}

/// Who asks, as far as search has to know. Pages that the reader may not see are neither found nor counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// May see every page.
    Everything,
    /// May see pages with at least one of these labels ([`case_label`], [`UNFILED_LABEL`]).
    Labels(Vec<String>),
}

/// What a query found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits {
    /// The exact number of pages found.
    pub total: u64,
    /// The pages asked for: those found exactly first, then those found less surely; best first among each.
    pub hits: Vec<Hit>,
}

/// A page that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// SHA-256 of the master.
    pub record: Digest,
    /// Page number from 1.
    pub page: u32,
    /// How it was found.
    pub how: How,
    /// How well it fits (BM25), 0 when nothing but fields was asked for. Comparable only within one answer, with what
    /// was found in the same way.
    pub score: f32,
    /// Where the query stands: ranges of characters of the page's normalised text.
    pub matches: Vec<Range<usize>>,
    /// Digest of the recognised page that [`super::boxes`] and [`super::excerpt`] need.
    pub ocr: Digest,
}

/// The state of an index as its last commit carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payload {
    pub version: u32,
    pub position: u64,
}

/// A reading view on an index. Cloning is cheap; a search sees one commit from its beginning to its end.
#[derive(Clone)]
pub struct SearchView {
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
}

impl SearchView {
    /// Opens the index at `path` for reading only; another process may be writing it. New commits are seen
    /// within a second, or at once after [`SearchView::reload`]. `Unreadable` when there is no index of this
    /// version.
    pub fn open(path: &Path) -> Result<Self, SearchError> {
        let unreadable = |reason: String| SearchError::Unreadable { reason };
        let index = Index::open_in_dir(path).map_err(|error| unreadable(error.to_string()))?;
        check(&index).map_err(unreadable)?;
        Self::new(&index, ReloadPolicy::OnCommitWithDelay)
    }

    pub(super) fn new(index: &Index, policy: ReloadPolicy) -> Result<Self, SearchError> {
        register_tokenizer(index);
        let reader = index.reader_builder().reload_policy(policy).try_into()?;
        let (_, fields) = schema();
        Ok(Self { reader, fields })
    }

    /// The index of the first fact that the last commit does not hold.
    pub fn position(&self) -> Result<u64, SearchError> {
        let searcher = self.reader.searcher();
        let payload =
            check(searcher.index()).map_err(|reason| SearchError::Unreadable { reason })?;
        Ok(payload.position)
    }

    /// Looks at the newest commit from now on.
    pub fn reload(&self) -> Result<(), SearchError> {
        Ok(self.reader.reload()?)
    }

    /// How many pages the index holds.
    pub fn pages(&self) -> Result<u64, SearchError> {
        let searcher = self.reader.searcher();
        let every_page = Query::every_page();
        let (fields, everything) = (&self.fields, &Reader::Everything);
        let plan = compile(&searcher, fields, &every_page, everything, How::Exact)?;
        Ok(searcher.search(&plan, &BestPages::once(0))?.total)
    }

    /// Finds pages: the exact number, and `limit` of them after the first `offset`, best first. Blocks; call
    /// it where that is allowed.
    pub fn search(
        &self,
        query: &Query,
        reader: &Reader,
        limit: usize,
        offset: usize,
    ) -> Result<Hits, SearchError> {
        if limit > LIMIT_MAX || offset > OFFSET_MAX {
            return Err(SearchError::TooMany {
                limit: LIMIT_MAX,
                offset: OFFSET_MAX,
            });
        }
        let searcher = self.reader.searcher();
        let keep = if limit == 0 { 0 } else { offset + limit };
        let (total, best) = self.passes(&searcher, query, reader, keep)?;
        let wanted = best.iter().skip(offset);
        let hits: Result<Vec<Hit>, SearchError> = wanted
            .map(|(how, ranked)| self.hit(&searcher, query, *how, ranked))
            .collect();
        Ok(Hits { total, hits: hits? })
    }

    /// Counts what is found and gives the best `keep`. Each way to find a page has a pass, the surest first, that
    /// leaves out what an earlier one found. So an exact hit is never behind another, whatever the scores.
    fn passes(
        &self,
        searcher: &Searcher,
        query: &Query,
        reader: &Reader,
        keep: usize,
    ) -> Result<(u64, Vec<(How, Ranked)>), SearchError> {
        let hows = query.hows();
        let (mut total, mut best, mut seen) = (0, Vec::new(), Seen::new());
        for how in &hows {
            let plan = compile(searcher, &self.fields, query, reader, *how)?;
            let room = keep - best.len();
            let pages = match hows.len() {
                1 => BestPages::once(room),
                _ => BestPages::after(room, seen),
            };
            let found = searcher.search(&plan, &pages)?;
            total += found.total;
            best.extend(found.best.into_iter().map(|ranked| (*how, ranked)));
            seen = found.seen;
        }
        Ok((total, best))
    }

    fn hit(
        &self,
        searcher: &Searcher,
        query: &Query,
        how: How,
        ranked: &Ranked,
    ) -> Result<Hit, SearchError> {
        let document: TantivyDocument = searcher.doc(ranked.address)?;
        let unreadable = |reason: &str| SearchError::Unreadable {
            reason: format!("a page's document has no valid {reason}"),
        };
        let text_of = |field| document.get_first(field).and_then(|value| value.as_str());
        let digest_of = |field| text_of(field).and_then(|text| text.parse::<Digest>().ok());
        let record = digest_of(self.fields.record).ok_or_else(|| unreadable("record"))?;
        let ocr = digest_of(self.fields.ocr).ok_or_else(|| unreadable("text digest"))?;
        let page = document
            .get_first(self.fields.page)
            .and_then(|value| value.as_u64());
        let page = page
            .and_then(|page| u32::try_from(page).ok())
            .ok_or_else(|| unreadable("page number"))?;
        let text: Vec<char> = text_of(self.fields.text)
            .ok_or_else(|| unreadable("text"))?
            .chars()
            .collect();
        let runners_up = text_of(self.fields.runners_up).map(RunnersUp::read);
        let standing = Standing {
            text: &text,
            runners_up: &runners_up.unwrap_or_default(),
        };
        let matches = locate(&standing, &query.shown(how));
        Ok(Hit {
            record,
            page,
            how,
            score: ranked.score,
            matches,
            ocr,
        })
    }
}

/// Checks that an index is one that this program wrote, and returns what its last commit says.
pub(super) fn check(index: &Index) -> Result<Payload, String> {
    let (expected, _) = schema();
    if index.schema() != expected {
        return Err("it has other fields".to_owned());
    }
    let metas = index.load_metas().map_err(|error| error.to_string())?;
    let Some(json) = metas.payload else {
        return Err("its first commit was not finished".to_owned());
    };
    let payload: Payload = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    if payload.version != INDEX_VERSION {
        return Err(format!(
            "it has version {}, expected {INDEX_VERSION}",
            payload.version
        ));
    }
    Ok(payload)
}
