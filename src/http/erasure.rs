//! `/api/v1/cases/{no}/erasure`: a closed case is lawfully erased.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Service;
use super::cases::Known;
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey};
use super::problem::HttpProblem;
use crate::counter::ErasureOrder;
use crate::domain::access::Action;
use crate::domain::{CaseNo, Problem};

/// What an erasure did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureView {
    /// When it was approved.
    approved_at: String,
    /// Blobs that can never be read again.
    erased: u64,
    /// Blobs that other cases refer to, and keep.
    kept: u64,
}

/// Erases a closed case: its key is destroyed, what only it referred to can never be read again, and the search forgets
/// it. The ledger keeps its facts, which say nothing personal. Asked again, it finishes what was cut off.
#[utoipa::path(post, path = "/api/v1/cases/{no}/erasure", tag = "cases", request_body = ErasureOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = ErasureView)), security(("session" = [])))]
pub async fn erase(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<ErasureOrder>,
) -> Result<Json<ErasureView>, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::EraseCase, &known.target())?;
    let expected = known.case.erased.is_none().then_some(version);
    let ask = signed.ask(&key, expected, None)?;
    service.counter.approve_erasure(&ask, &no, &order).await?;
    let (case, _) = service.counter.case(&no).await?;
    let Some((at, approval)) = case.erased else {
        let detail = "the erasure is not in the ledger";
        return Err(HttpProblem::new(Problem::Internal, detail));
    };
    // A task of its own: whoever asked may go away meanwhile.
    let (eraser, case) = (service.eraser.clone(), no.clone());
    let erased = tokio::spawn(async move { eraser.erase(&case, at, approval).await }).await;
    let erased = erased.map_err(|error| HttpProblem::new(Problem::Internal, error.to_string()))?;
    let erased = erased.map_err(|error| {
        tracing::error!(%error, "an approved erasure was cut off; ask for it again");
        HttpProblem::new(Problem::StoreFailed, "删除已批准但尚未完成；请重试 the erasure is approved but not finished; ask for it again")
    })?;
    Ok(Json(ErasureView {
        approved_at: at.to_string(),
        erased: erased.blobs,
        kept: erased.kept,
    }))
}
