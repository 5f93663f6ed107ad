//! `/api/v1/cases/{no}/documents`: documents and captured signatures of a case, as files.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::Service;
use super::cases::Known;
use super::door::Signed;
use super::extract::{At, RequestKey};
use super::forms::kept_private;
use super::problem::HttpProblem;
use crate::counter::{DOCUMENT_BYTES_MAX, DocumentView};
use crate::domain::access::Action;
use crate::domain::{CaseNo, Digest, Problem, Subject};
use crate::people::PeopleError;
use crate::store::read_log::ReadKind;

/// Keeps a document or a captured signature with the case: PDF, PNG, JPEG or TIFF, told by its content. Orders then
/// name it by the digest of the answer.
#[utoipa::path(post, path = "/api/v1/cases/{no}/documents", tag = "cases",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = DocumentView)), security(("session" = [])))]
pub async fn keep(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    body: Body,
) -> Result<(StatusCode, Json<DocumentView>), HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::KeepDocument, &known.target())?;
    let Ok(_permit) = service.uploads.clone().try_acquire_owned() else {
        let detail = "too many uploads at the same time";
        return Err(HttpProblem::new(Problem::Busy, detail));
    };
    let bytes = to_bytes(body, DOCUMENT_BYTES_MAX).await.map_err(|_| {
        let detail = format!("a document has at most {DOCUMENT_BYTES_MAX} bytes");
        HttpProblem::new(Problem::TooLarge, detail)
    })?;
    let ask = signed.ask(&key, None, None)?;
    let kept = service.counter.keep_document(&ask, &no, bytes).await?;
    Ok((StatusCode::CREATED, Json(kept)))
}

/// A document of the case. Departments read the rows they are given, not the window's documents.
#[utoipa::path(get, path = "/api/v1/cases/{no}/documents/{digest}", tag = "cases",
    params(("no" = CaseNo, Path), ("digest" = Digest, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At((no, digest)): At<(CaseNo, Digest)>,
) -> Result<Response, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::ReadCase, &known.target())?;
    if known.eyes(&signed).is_some() {
        return Err(PeopleError::NotFound.into());
    }
    service.note(
        &signed,
        &Subject::Case(no.clone()),
        ReadKind::Document,
        None,
    )?;
    let (kind, bytes) = service.counter.document(&no, &digest).await?;
    Ok(kept_private(kind, &digest.to_string(), bytes))
}
