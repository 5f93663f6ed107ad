//! The papers of custody and transfer as PDF: labels of bundles, slips to sign or signed, registers. They are printed from
//! what the ledger says at that moment; asked again, a later checkpoint may stand on them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Service;
use super::bundles;
use super::door::Signed;
use super::extract::{Asked, At, Body, RequestKey};
use super::forms::kept_private;
use super::problem::HttpProblem;
use super::slips::may_read;
use super::transfers;
use crate::counter::PrintedPaper;
use crate::custody::{LABELS_MAX, LabelOrder};
use crate::domain::access::Action;
use crate::domain::{CaseNo, SlipId, Subject, TransferId};
use crate::store::read_log::ReadKind;

/// Which volume of a paper is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VolumeQuery {
    /// Which volume, from 1; the first without it. Where there is another, `Link` with `rel="next"` names it.
    #[param(minimum = 1)]
    volume: Option<u32>,
}

/// A paper as PDF, with the address of its next volume.
fn shown(place: &str, paper: PrintedPaper) -> Response {
    let mut response = kept_private("application/pdf", &paper.digest.to_string(), paper.pdf);
    if paper.volume < paper.volumes {
        let next = format!("<{place}?volume={}>; rel=\"next\"", paper.volume + 1);
        if let Ok(next) = HeaderValue::from_str(&next) {
            response.headers_mut().insert(header::LINK, next);
        }
    }
    response
}

/// Lets the caller print the label of a bundle, and notes that.
async fn may_label(service: &Service, signed: &Signed, case: &CaseNo) -> Result<(), HttpProblem> {
    bundles::may(service, signed, case, Action::PrintForm).await?;
    let subject = Subject::Bundle(case.clone());
    service.note(signed, &subject, ReadKind::Form, None)
}

/// The label of a case's bundle for a roll of labels (100 mm × 50 mm): the case number as Code 128 and as QR code.
#[utoipa::path(get, path = "/api/v1/cases/{no}/label", tag = "paper", params(("no" = CaseNo, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn label(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
) -> Result<Response, HttpProblem> {
    may_label(&service, &signed, &no).await?;
    let order = LabelOrder {
        cases: vec![no.clone()],
        layout: Default::default(),
        skip: 0,
    };
    let paper = service.counter.print_labels(&order).await?;
    Ok(shown(&format!("/api/v1/cases/{no}/label"), paper))
}

/// Labels of up to 200 bundles, on a roll or on A4 sheets of ten. Nothing is recorded.
#[utoipa::path(post, path = "/api/v1/labels", tag = "paper", request_body = LabelOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn labels(
    State(service): State<Arc<Service>>,
    signed: Signed,
    _key: RequestKey,
    Body(order): Body<LabelOrder>,
) -> Result<Response, HttpProblem> {
    // More are refused before anything of them is looked up.
    for case in order.cases.iter().take(LABELS_MAX) {
        may_label(&service, &signed, case).await?;
    }
    let paper = service.counter.print_labels(&order).await?;
    Ok(shown("/api/v1/labels", paper))
}

/// A slip on paper (交接单): before it is received with room to sign and stamp by hand, afterwards with what was found, both
/// signatures and where they stand in the log.
#[utoipa::path(get, path = "/api/v1/slips/{id}/sheet", tag = "paper", params(("id" = SlipId, Path), VolumeQuery),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn sheet(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
    Asked(asked): Asked<VolumeQuery>,
) -> Result<Response, HttpProblem> {
    may_read(&signed, &service.counter.slip_now(&id).await?.0)?;
    let volume = asked.volume.unwrap_or(1);
    let paper = service.counter.print_slip_sheet(&id, volume).await?;
    Ok(shown(&format!("/api/v1/slips/{id}/sheet"), paper))
}

/// The register of a round on paper (移交清册) as it stands now.
#[utoipa::path(get, path = "/api/v1/transfers/{id}/register", tag = "transfer",
    params(("id" = TransferId, Path), VolumeQuery),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn register(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
    Asked(asked): Asked<VolumeQuery>,
) -> Result<Response, HttpProblem> {
    transfers::may(&service, &signed, &id, Action::ReadTransfer).await?;
    let by = signed.caller.actor.as_str();
    let by = by.strip_prefix("staff:").unwrap_or(by);
    let volume = asked.volume.unwrap_or(1);
    let paper = service.counter.print_register(&id, by, volume).await?;
    Ok(shown(&format!("/api/v1/transfers/{id}/register"), paper))
}
