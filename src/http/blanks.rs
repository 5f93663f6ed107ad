//! `/api/v1/sites/{site}/blank-receipts`: numbered blank receipts that cover an outage.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::Service;
use super::door::Signed;
use super::extract::{At, Body, RequestKey};
use super::forms::kept_private;
use super::problem::HttpProblem;
use crate::counter::{BlankBatchView, BlankOrder};
use crate::domain::access::{Action, Target};
use crate::domain::{SerialNo, SiteCode};

/// Prints a batch of blank receipts and registers them as the site's stock `blank-receipt`.
#[utoipa::path(post, path = "/api/v1/sites/{site}/blank-receipts", tag = "forms", request_body = BlankOrder,
    params(("site" = SiteCode, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = BlankBatchView)), security(("session" = [])))]
pub async fn print(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    key: RequestKey,
    Body(order): Body<BlankOrder>,
) -> Result<(StatusCode, Json<BlankBatchView>), HttpProblem> {
    signed.may(Action::ManageBlanks, &Target::site(&site))?;
    let ask = signed.ask(&key, None, None)?;
    let batch = service.counter.print_blanks(&ask, &site, &order).await?;
    Ok((StatusCode::CREATED, Json(batch)))
}

/// A blank receipt as PDF.
#[utoipa::path(get, path = "/api/v1/sites/{site}/blank-receipts/{serial}", tag = "forms",
    params(("site" = SiteCode, Path), ("serial" = SerialNo, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn pdf(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At((site, serial)): At<(SiteCode, SerialNo)>,
) -> Result<Response, HttpProblem> {
    signed.may(Action::PrintForm, &Target::site(&site))?;
    let (digest, pdf) = service.counter.blank(&site, &serial).await?;
    Ok(kept_private("application/pdf", &digest.to_string(), pdf))
}
