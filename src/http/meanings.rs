//! `/api/v1/scans/{sha256}/pages/{page}/meaning`: which material a page is, the fields on it, which of the case's
//! materials it may be, and whether it was handed in before.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::cases::Known;
use super::door::Signed;
use super::extract::{Asked, At};
use super::problem::HttpProblem;
use super::scans::readable;
use crate::domain::meaning::PageMeaning;
use crate::domain::{CaseNo, Digest, Problem, Subject};
use crate::people::PeopleError;
use crate::records::RecordsError;
use crate::records::alike::AlikePage;
use crate::store::read_log::ReadKind;
use crate::understand::{Suggestion, Wanted, suggest};

/// For which case materials are suggested.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MeaningQuery {
    /// The case whose materials the page may be; the scan's first one without it.
    #[param(value_type = Option<String>)]
    case: Option<CaseNo>,
}

/// A material that the page may be.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaterialSuggestion {
    /// Its code within the item.
    material: String,
    /// From 0 to 1.
    score: f32,
    /// The words that decided.
    reasons: Vec<String>,
}

impl From<Suggestion> for MaterialSuggestion {
    fn from(suggestion: Suggestion) -> Self {
        Self {
            material: suggestion.code,
            score: suggestion.score,
            reasons: suggestion.reasons,
        }
    }
}

/// What a page means.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeaningView {
    /// The scan's digest.
    scan: Digest,
    /// Page from 1.
    page: u32,
    /// Its kind and fields.
    meaning: PageMeaning,
    /// The materials of the case's item that it may be, best first.
    materials: Vec<MaterialSuggestion>,
    /// Pages of the cases' other scans that are the same paper.
    alike: Vec<AlikePage>,
    /// The cases that these very bytes were handed in for, of those the reader may see.
    #[schema(value_type = Vec<String>)]
    cases: Vec<CaseNo>,
}

/// What a page of a sealed record means. The read is noted with each case of the scan that the reader may see.
#[utoipa::path(get, path = "/api/v1/scans/{sha256}/pages/{page}/meaning", tag = "scans",
    params(("sha256" = Digest, Path), ("page" = u32, Path), MeaningQuery),
    responses((status = 200, body = MeaningView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At((scan, page)): At<(Digest, u32)>,
    Asked(asked): Asked<MeaningQuery>,
) -> Result<Json<MeaningView>, HttpProblem> {
    let state = service.records.state(&scan).await.map_err(unread)?;
    let cases = readable(&service, &signed.caller, &scan, &state.cases).await?;
    if cases.is_empty() {
        service.note(&signed, &Subject::Scan(scan), ReadKind::Document, None)?;
    }
    for no in &cases {
        let subject = Subject::Case(no.clone());
        service.note(&signed, &subject, ReadKind::Document, None)?;
    }
    let manifest = service
        .records
        .manifest_so_far(&scan)
        .await
        .map_err(unread)?;
    let entry = manifest.pages.iter().find(|entry| entry.page == page);
    let entry = entry.ok_or_else(|| {
        let detail = format!("the record has {} pages", manifest.pages.len());
        HttpProblem::new(Problem::NotFound, detail)
    })?;
    let meaning = service.records.page_meaning(entry).await.map_err(unread)?;
    let meaning = meaning.unwrap_or_default();
    let case = match asked.case {
        Some(case) if !cases.contains(&case) => return Err(PeopleError::NotFound.into()),
        Some(case) => Some(case),
        None => cases.first().cloned(),
    };
    let materials = match case {
        Some(case) => materials(&service, &case, &manifest, page, &meaning).await?,
        None => Vec::new(),
    };
    let alike = service.records.alike(&manifest, entry, &cases).await;
    Ok(Json(MeaningView {
        scan,
        page,
        meaning,
        materials,
        alike: alike.map_err(unread)?,
        cases,
    }))
}

async fn materials(
    service: &Service,
    case: &CaseNo,
    manifest: &crate::domain::manifest::RecordManifest,
    page: u32,
    meaning: &PageMeaning,
) -> Result<Vec<MaterialSuggestion>, HttpProblem> {
    // A scan may be filed with a case that is kept elsewhere.
    let Ok(known) = Known::read(service, case).await else {
        return Ok(Vec::new());
    };
    let text = service
        .records
        .page_text(manifest, page)
        .await
        .map_err(unread)?;
    let now = service.counter.clock.now();
    let item = service.counter.item_today(&known.case, now).await?;
    let wanted: Vec<Wanted<'_>> = item
        .materials
        .iter()
        .map(|material| Wanted {
            code: material.code.as_str(),
            name: &material.name,
            marks: &material.marks,
        })
        .collect();
    let found = suggest(&text, meaning, &wanted);
    Ok(found.into_iter().map(MaterialSuggestion::from).collect())
}

fn unread(error: RecordsError) -> HttpProblem {
    HttpProblem::new(error.problem(), error.to_string())
}
