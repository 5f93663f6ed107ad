//! `/api/v1/stocks`: numbered blanks, received, used and spoiled by serial.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{At, Body, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::domain::access::{Action, Target};
use crate::domain::stock::SerialRange;
use crate::domain::{CertificateKind, SerialNo, SiteCode, Subject};

/// A delivery of blanks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOrder {
    /// The first serial.
    first: SerialNo,
    /// The last serial.
    last: SerialNo,
    /// The site they are for.
    site: SiteCode,
}

/// A stock.
#[derive(Serialize, ToSchema)]
pub struct StockView {
    kind: CertificateKind,
    /// Blanks received in all.
    received: u64,
    /// Used for a result.
    used: u64,
    /// Spoiled, with a reason.
    spoiled: u64,
    /// Still there.
    balance: u64,
}

async fn shown(
    service: &Service,
    status: StatusCode,
    kind: CertificateKind,
) -> Result<Versioned<StockView>, HttpProblem> {
    let count = service.counter.stock(&kind).await?.count();
    let history = service
        .counter
        .history(&Subject::Stock(kind.clone()))
        .await?;
    let body = StockView {
        kind,
        received: count.received,
        used: count.used,
        spoiled: count.spoiled,
        balance: count.balance(),
    };
    let version = u32::try_from(history.len()).unwrap_or(u32::MAX);
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// The count of a stock.
#[utoipa::path(get, path = "/api/v1/stocks/{kind}", tag = "hall", params(("kind" = CertificateKind, Path)),
    responses((status = 200, body = StockView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(kind): At<CertificateKind>,
) -> Result<Versioned<StockView>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    shown(&service, StatusCode::OK, kind).await
}

/// Receives blanks for a site.
#[utoipa::path(post, path = "/api/v1/stocks/{kind}/deliveries", tag = "hall", request_body = DeliveryOrder,
    params(("kind" = CertificateKind, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = StockView)), security(("session" = [])))]
pub async fn receive(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(kind): At<CertificateKind>,
    key: RequestKey,
    Body(order): Body<DeliveryOrder>,
) -> Result<Versioned<StockView>, HttpProblem> {
    signed.may(Action::ManageBlanks, &Target::site(&order.site))?;
    let ask = signed.ask(&key, None, None)?;
    let range = SerialRange {
        first: order.first,
        last: order.last,
    };
    service
        .counter
        .receive_blanks(&ask, &kind, range, Some(order.site))
        .await?;
    shown(&service, StatusCode::CREATED, kind).await
}
