//! `/api/v1/cases/{no}/search`: the pages of a case on which something stands, as read or as it may have been misread.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::cases::Known;
use super::door::Signed;
use super::extract::{Asked, At, PageQuery};
use super::problem::HttpProblem;
use crate::domain::access::Action;
use crate::domain::{CaseNo, Digest, Problem, Subject};
use crate::people::PeopleError;
use crate::records::RecordsError;
use crate::search::{Hit, Hits, How, Mode, Query, Reader, boxes, case_label, excerpt};
use crate::store::read_log::ReadKind;

/// What is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words (all must stand on the page), "phrases", OR, NOT, ( ), record: page: date: format:. At most 256 characters.
    q: String,
    /// How words are compared; `exact` without it.
    #[serde(rename = "match", default)]
    #[param(inline)]
    by: MatchBy,
    /// At most so many pages, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// So many pages are skipped, 0 without it.
    #[param(maximum = 1_000_000)]
    offset: Option<usize>,
}

/// How words are compared with the text.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchBy {
    /// Character by character.
    #[default]
    Exact,
    /// Also what was nearly read, what looks alike, and what is one character off.
    Fuzzy,
    /// Letters also as pinyin without tones, and as initials of names.
    Pinyin,
}

impl From<MatchBy> for Mode {
    fn from(by: MatchBy) -> Self {
        match by {
            MatchBy::Exact => Self::Exact,
            MatchBy::Fuzzy => Self::Fuzzy,
            MatchBy::Pinyin => Self::Pinyin,
        }
    }
}

/// The pages found.
#[derive(Serialize, ToSchema)]
pub struct FoundView {
    /// How many there are in all.
    total: u64,
    /// Those asked for: what stands there exactly first, best first among what was found in the same way.
    items: Vec<FoundPage>,
}

/// A page that was found.
#[derive(Serialize, ToSchema)]
pub struct FoundPage {
    /// SHA-256 of the master.
    record: Digest,
    /// Page number from 1.
    page: u32,
    /// How it was found; of several words the least sure counts.
    how: How,
    /// A piece of the page as it was read, around what was found.
    snippet: String,
    /// What was found, as ranges of characters (Unicode scalar values) of the snippet: first, and behind the last.
    marks: Vec<[usize; 2]>,
    /// Where it stands on the upright page: left, top, width, height in pixels.
    boxes: Vec<[u32; 4]>,
}

/// Finds the pages of a case on which something stands. Departments read the rows they are given, not all scans.
#[utoipa::path(get, path = "/api/v1/cases/{no}/search", tag = "cases", params(("no" = CaseNo, Path), SearchQuery),
    responses((status = 200, body = FoundView)), security(("session" = [])))]
pub async fn case(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    Asked(asked): Asked<SearchQuery>,
) -> Result<Json<FoundView>, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::Search, &known.target())?;
    signed.may(Action::ReadScan, &known.target())?;
    if known.eyes(&signed).is_some() {
        return Err(PeopleError::NotFound.into());
    }
    let page = PageQuery {
        limit: asked.limit,
        cursor: None,
    };
    let (limit, offset) = (page.limit()?, asked.offset.unwrap_or(0));
    let query = Query::parse(&asked.q, asked.by.into())
        .map_err(|error| HttpProblem::new(Problem::BadQuery, error.to_string()))?;
    let subject = Subject::Case(no.clone());
    service.note(&signed, &subject, ReadKind::Document, None)?;
    let reader = Reader::Labels(vec![case_label(&no)]);
    let found = search(&service, query, reader, limit, offset).await?;
    let mut items = Vec::with_capacity(found.hits.len());
    for hit in &found.hits {
        items.extend(shown(&service, hit).await?);
    }
    Ok(Json(FoundView {
        total: found.total,
        items,
    }))
}

/// Searches where waiting for the disk holds up nobody.
async fn search(
    service: &Service,
    query: Query,
    reader: Reader,
    limit: usize,
    offset: usize,
) -> Result<Hits, HttpProblem> {
    let view = service.search.clone();
    let task = tokio::task::spawn_blocking(move || view.search(&query, &reader, limit, offset));
    match task.await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error @ crate::search::SearchError::TooMany { .. })) => {
            Err(HttpProblem::new(Problem::BadRequest, error.to_string()))
        }
        Ok(Err(error)) => Err(HttpProblem::new(Problem::StoreFailed, error.to_string())),
        Err(_) => Err(HttpProblem::new(
            Problem::StoreFailed,
            "the search was cut short",
        )),
    }
}

/// A hit with its text; none where the text is gone, as after an erasure that the index has not seen.
async fn shown(service: &Service, hit: &Hit) -> Result<Option<FoundPage>, HttpProblem> {
    let page = match service.records.text_blob(&hit.ocr).await {
        Ok(page) => page,
        Err(RecordsError::Blob(error)) if error.is_unreadable() => {
            tracing::warn!(digest = %hit.ocr, %error, "the text of a hit is gone, the hit is left out");
            return Ok(None);
        }
        Err(error) => return Err(HttpProblem::new(error.problem(), error.to_string())),
    };
    let snippet = excerpt(&page, &hit.matches);
    let rects = boxes(&page, &hit.matches);
    Ok(Some(FoundPage {
        record: hit.record,
        page: hit.page,
        how: hit.how,
        marks: snippet
            .marks
            .iter()
            .map(|mark| [mark.start, mark.end])
            .collect(),
        snippet: snippet.text,
        boxes: rects.into_iter().map(Into::into).collect(),
    }))
}
