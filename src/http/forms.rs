//! `/api/v1/cases/{no}/forms`: the printed forms of a case. A department has its own papers only.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Service;
use super::cases::Known;
use super::door::Signed;
use super::extract::{At, Body, RequestKey};
use super::problem::HttpProblem;
use crate::counter::{FormsView, PrintOrder, PrintView, UnsignedOrder};
use crate::domain::access::Action;
use crate::domain::{CaseNo, Digest, Subject};
use crate::store::read_log::ReadKind;

/// Prints a form of a case from what the ledger and the vault say; printed again, it is a reprint of the same.
#[utoipa::path(post, path = "/api/v1/cases/{no}/forms", tag = "forms", request_body = PrintOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PrintView)), security(("session" = [])))]
pub async fn print(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    Body(order): Body<PrintOrder>,
) -> Result<Response, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::PrintForm, &known.target())?;
    let ask = signed.ask(&key, None, None)?;
    let eyes = known.eyes(&signed);
    let counter = &service.counter;
    let print = counter.print_form(&ask, &no, &order, eyes).await?;
    let place = [(header::LOCATION, print.link.clone())];
    Ok((StatusCode::CREATED, place, Json(print)).into_response())
}

/// A paper to sign, before the step it states is recorded: it is signed and handed in as a document, and the order names
/// that. Refused when the step would be; nothing is recorded.
#[utoipa::path(post, path = "/api/v1/cases/{no}/forms/unsigned", tag = "forms", request_body = UnsignedOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn unsigned(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    Body(order): Body<UnsignedOrder>,
) -> Result<Response, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    let action = match &order {
        UnsignedOrder::Undertaking { .. } => Action::DeferMaterial,
        UnsignedOrder::DeliveryReceipt { .. } => Action::IssueResult,
    };
    signed.may(action, &known.target())?;
    service.note(&signed, &Subject::Case(no.clone()), ReadKind::Form, None)?;
    let ask = signed.ask(&key, None, None)?;
    let pdf = service.counter.print_unsigned(&ask, &no, &order).await?;
    let digest = Digest::of(&pdf).to_string();
    Ok(kept_private("application/pdf", &digest, pdf))
}

/// What was printed of a case, and what can be.
#[utoipa::path(get, path = "/api/v1/cases/{no}/forms", tag = "forms", params(("no" = CaseNo, Path)),
    responses((status = 200, body = FormsView)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
) -> Result<Json<FormsView>, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::ReadCase, &known.target())?;
    service.note(&signed, &Subject::Case(no.clone()), ReadKind::View, None)?;
    let eyes = known.eyes(&signed);
    Ok(Json(service.counter.forms_of(&no, eyes).await?))
}

/// A printed form as PDF.
#[utoipa::path(get, path = "/api/v1/cases/{no}/forms/{id}", tag = "forms",
    params(("no" = CaseNo, Path), ("id" = u32, Path, description = "The printing's `id`.")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn pdf(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At((no, id)): At<(CaseNo, u32)>,
) -> Result<Response, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::ReadCase, &known.target())?;
    service.note(&signed, &Subject::Case(no.clone()), ReadKind::Form, None)?;
    let eyes = known.eyes(&signed);
    let (print, pdf) = service.counter.printed_form(&no, id, eyes).await?;
    Ok(kept_private("application/pdf", &print.pdf, pdf))
}

/// Bytes about a person: nothing on the way keeps them, and a browser shows them as what they are or not at all.
pub(super) fn kept_private(kind: &'static str, digest: &str, bytes: bytes::Bytes) -> Response {
    let headers: [(HeaderName, String); 5] = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_DISPOSITION, "inline".to_owned()),
        (header::ETAG, format!("\"{digest}\"")),
    ];
    (headers, bytes).into_response()
}
