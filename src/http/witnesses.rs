//! `/api/v1/ledger/…`: the witnesses of the log, the cosignatures they hand in, the checkpoint that is cosigned, and proofs
//! from an earlier one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::counter::{CosignatureView, CounterError, WitnessOrder, WitnessView};
use crate::domain::access::{Action, Target};
use crate::domain::{Digest, Problem, WitnessId};

/// Cosignatures listed at most, and without a number.
const LIST_MAX: usize = 200;
const LIST_DEFAULT: usize = 50;

async fn shown(
    service: &Service,
    status: StatusCode,
    id: &WitnessId,
) -> Result<Versioned<WitnessView>, HttpProblem> {
    let (state, version) = service.counter.witness(id).await?;
    let body = WitnessView::from(&state);
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// The witnesses of the log, by enrolment.
#[utoipa::path(get, path = "/api/v1/ledger/witnesses", tag = "log",
    responses((status = 200, body = [WitnessView])), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
) -> Result<Json<Vec<WitnessView>>, HttpProblem> {
    signed.may(Action::ReadWitnesses, &Target::HALL)?;
    let all = service.counter.witnesses().await?;
    Ok(Json(all.iter().map(WitnessView::from).collect()))
}

/// A witness.
#[utoipa::path(get, path = "/api/v1/ledger/witnesses/{id}", tag = "log", params(("id" = WitnessId, Path)),
    responses((status = 200, body = WitnessView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<WitnessId>,
) -> Result<Versioned<WitnessView>, HttpProblem> {
    signed.may(Action::ReadWitnesses, &Target::HALL)?;
    shown(&service, StatusCode::OK, &id).await
}

/// Enrols a witness with its key.
#[utoipa::path(post, path = "/api/v1/ledger/witnesses", tag = "log", request_body = WitnessOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = WitnessView)), security(("session" = [])))]
pub async fn enrol(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<WitnessOrder>,
) -> Result<Versioned<WitnessView>, HttpProblem> {
    signed.may(Action::ManageWitnesses, &Target::HALL)?;
    let ask = signed.ask(&key, None, None)?;
    service.counter.enrol_witness(&ask, &order).await?;
    shown(&service, StatusCode::CREATED, &order.id).await
}

/// Takes no more cosignatures of a witness.
#[utoipa::path(post, path = "/api/v1/ledger/witnesses/{id}/retirement", tag = "log",
    params(("id" = WitnessId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = WitnessView)), security(("session" = [])))]
pub async fn retire(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<WitnessId>,
    key: RequestKey,
    version: IfMatch,
) -> Result<Versioned<WitnessView>, HttpProblem> {
    signed.may(Action::ManageWitnesses, &Target::HALL)?;
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.retire_witness(&ask, &id).await?;
    shown(&service, StatusCode::OK, &id).await
}

/// A cosigned checkpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CosignedOrder {
    /// The signed note with the witness's line, as `counterfoil cosign sign` writes it.
    checkpoint: String,
}

/// Records the cosignatures of enrolled witnesses on a checkpoint of this log (C2SP tlog-cosignature).
#[utoipa::path(post, path = "/api/v1/ledger/cosignatures", tag = "log", request_body = CosignedOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = [CosignatureView])), security(("session" = [])))]
pub async fn cosign(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<CosignedOrder>,
) -> Result<(StatusCode, Json<Vec<CosignatureView>>), HttpProblem> {
    signed.may(Action::HandInCosignature, &Target::HALL)?;
    let ask = signed.ask(&key, None, None)?;
    let recorded = service.counter.record_cosignatures(&ask, &order.checkpoint);
    Ok((StatusCode::CREATED, Json(recorded.await?)))
}

/// How many cosignatures are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CosignatureQuery {
    /// At most so many, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// The newest cosignatures, the largest log first.
#[utoipa::path(get, path = "/api/v1/ledger/cosignatures", tag = "log", params(CosignatureQuery),
    responses((status = 200, body = [CosignatureView])), security(("session" = [])))]
pub async fn cosignatures(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<CosignatureQuery>,
) -> Result<Json<Vec<CosignatureView>>, HttpProblem> {
    signed.may(Action::ReadWitnesses, &Target::HALL)?;
    let limit = asked.limit.unwrap_or(LIST_DEFAULT);
    if !(1..=LIST_MAX).contains(&limit) {
        let detail = format!("limit is 1 to {LIST_MAX}");
        return Err(HttpProblem::new(Problem::BadRequest, detail));
    }
    Ok(Json(service.counter.cosignatures(limit).await?))
}

/// The checkpoint of the largest log that a witness cosigned, with the log's own signature and the cosignatures: what a
/// department keeps and compares the next package with.
#[utoipa::path(get, path = "/api/v1/ledger/cosigned-checkpoint", tag = "log",
    responses((status = 200, description = "检查点 the checkpoint", body = String, content_type = "text/plain")),
    security(("session" = [])))]
pub async fn checkpoint(
    State(service): State<Arc<Service>>,
    signed: Signed,
) -> Result<Response, HttpProblem> {
    signed.may(Action::ReadWitnesses, &Target::HALL)?;
    let note = service.counter.cosigned_checkpoint().await?;
    let note =
        note.ok_or_else(|| HttpProblem::new(Problem::NotFound, "no checkpoint was cosigned yet"))?;
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, note).into_response())
}

/// Between which checkpoints.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// Facts in the earlier one, at least 1.
    #[param(minimum = 1)]
    from: u64,
    /// Facts in the later one.
    #[param(minimum = 1)]
    to: u64,
}

/// A proof that one log begins with another (RFC 6962, 2.1.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyView {
    /// Facts in the earlier log.
    from: u64,
    /// Facts in the later one.
    to: u64,
    /// The path, in hexadecimal digits.
    path: Vec<Digest>,
}

/// Proves that the log of `to` facts begins with that of `from`: what a witness asks for before it cosigns again.
#[utoipa::path(get, path = "/api/v1/ledger/consistency", tag = "log", params(ConsistencyQuery),
    responses((status = 200, body = ConsistencyView)), security(("session" = [])))]
pub async fn consistency(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<ConsistencyQuery>,
) -> Result<Json<ConsistencyView>, HttpProblem> {
    signed.may(Action::ReadWitnesses, &Target::HALL)?;
    let ConsistencyQuery { from, to } = asked;
    let size = *service.ledger.published().borrow();
    if from == 0 || from > to || to > size {
        let detail = format!("from and to are 1 to {size}, and from is not after to");
        return Err(HttpProblem::new(Problem::BadRequest, detail));
    }
    let path = service.ledger.consistency_proof(from, to).await;
    let path = path.map_err(CounterError::from)?.into_iter();
    let path = path.map(|hash| Digest::from_bytes(hash.0)).collect();
    Ok(Json(ConsistencyView { from, to, path }))
}
