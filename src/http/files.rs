//! `/api/v1/scans/{sha256}/file` and `/api/v1/cases/{no}/file`: what was derived from scans, as files. Whoever takes one
//! is noted before it is made; a department has the rows that it was given and no others.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::cases::Known;
use super::door::Signed;
use super::extract::{Asked, At};
use super::forms::kept_private;
use super::packages::pieces;
use super::problem::HttpProblem;
use crate::domain::access::{Action, Target};
use crate::domain::{CaseNo, Digest, Event, Subject};
use crate::people::PeopleError;
use crate::records::export::{ExportError, ExportFormat, ExportOrder, case_scans, case_title};
use crate::store::read_log::ReadKind;

impl From<ExportError> for HttpProblem {
    fn from(error: ExportError) -> Self {
        HttpProblem::new(error.problem(), error.to_string())
    }
}

/// As what a file is wanted.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileForm {
    /// Searchable PDF/A-2b.
    Pdf,
    /// Searchable OFD (GB/T 33190).
    Ofd,
    /// ALTO 4.4; one scan only.
    Alto,
    /// hOCR 1.2.
    Hocr,
    /// Plain text; a form feed ends a page.
    Text,
}

impl From<FileForm> for ExportFormat {
    fn from(form: FileForm) -> Self {
        match form {
            FileForm::Pdf => Self::Pdf,
            FileForm::Ofd => Self::Ofd,
            FileForm::Alto => Self::Alto,
            FileForm::Hocr => Self::Hocr,
            FileForm::Text => Self::Text,
        }
    }
}

/// Which file is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// As what.
    format: FileForm,
}

/// A sealed record as searchable PDF or OFD, as ALTO, as hOCR or as plain text. The same bytes each time.
#[utoipa::path(get, path = "/api/v1/scans/{sha256}/file", tag = "scans",
    params(("sha256" = Digest, Path), FileQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)), security(("session" = [])))]
pub async fn scan(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(scan): At<Digest>,
    Asked(query): Asked<FileQuery>,
) -> Result<Response, HttpProblem> {
    let subject = readable(&service, &signed, &scan).await?;
    service.note(&signed, &subject, ReadKind::Document, None)?;
    let manifest = service.exporter.manifest(&scan).await;
    let manifest = manifest.map_err(ExportError::from)?;
    let order = ExportOrder::one(query.format.into(), manifest);
    let name: String = scan.to_string().chars().take(12).collect();
    made(&service, &order, &name).await
}

/// A small picture of a page, as JPEG, at most 320 pixels wide or high; pages count from 1.
#[utoipa::path(get, path = "/api/v1/scans/{sha256}/pages/{page}/thumbnail", tag = "scans",
    params(("sha256" = Digest, Path), ("page" = u32, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>)), security(("session" = [])))]
pub async fn thumbnail(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At((scan, page)): At<(Digest, u32)>,
) -> Result<Response, HttpProblem> {
    let subject = readable(&service, &signed, &scan).await?;
    service.note(&signed, &subject, ReadKind::Document, None)?;
    let exporter = &service.exporter;
    let manifest = exporter
        .manifest_so_far(&scan)
        .await
        .map_err(ExportError::from)?;
    let picture = exporter.thumbnail(&manifest, page).await?;
    let digest = Digest::of(&picture).to_string();
    Ok(kept_private("image/jpeg", &digest, picture.into()))
}

/// The scans of a case as one file, in the order of its checklist, with a bookmark for each material. Refused while one
/// of them was not read yet.
#[utoipa::path(get, path = "/api/v1/cases/{no}/file", tag = "cases",
    params(("no" = CaseNo, Path), FileQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)), security(("session" = [])))]
pub async fn case(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    Asked(query): Asked<FileQuery>,
) -> Result<Response, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::ReadScan, &known.target())?;
    let subject = Subject::Case(known.case.no.clone());
    service.note(&signed, &subject, ReadKind::Document, None)?;
    let case = &known.case;
    let item = service.counter.pinned(&case.mandate.content).await?;
    let scans = case_scans(case, &item, known.rows(&signed));
    let order = ExportOrder {
        format: query.format.into(),
        title: Some(case_title(&case.no)),
        parts: service.exporter.parts(scans).await?,
    };
    made(&service, &order, case.no.as_str()).await
}

/// Whom the read of a scan is noted for: a case of it that the caller may read, or the scan itself where it was scanned
/// at the caller's site. A scan that is not the caller's does not exist for the caller.
async fn readable(
    service: &Service,
    signed: &Signed,
    scan: &Digest,
) -> Result<Subject, HttpProblem> {
    let state = service.records.state(scan).await;
    let state = state.map_err(ExportError::from)?;
    for no in &state.cases {
        let Ok(known) = Known::read(service, no).await else {
            continue;
        };
        if known.gives(&signed.caller, scan) {
            return Ok(Subject::Case(known.case.no));
        }
    }
    let history = service.counter.history(&Subject::Scan(*scan)).await?;
    let here = history.first().is_some_and(|fact| match &fact.entry.event {
        Event::ScanReceived {
            site: Some(site), ..
        } => signed.allows(Action::UploadScan, &Target::site(site)),
        _ => false,
    });
    match here {
        true => Ok(Subject::Scan(*scan)),
        false => Err(PeopleError::NotFound.into()),
    }
}

async fn made(service: &Service, order: &ExportOrder, name: &str) -> Result<Response, HttpProblem> {
    let file = service.exporter.make(order).await?;
    let format = order.format;
    let name = format!("attachment; filename=\"{name}.{}\"", format.suffix());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    let file = tokio::fs::File::from_std(file);
    Ok((headers, pieces(file)).into_response())
}
