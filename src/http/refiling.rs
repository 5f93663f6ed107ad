//! `/api/v1/cases/{no}/refiling`: what was filed with the wrong case (串件) goes to the case it belongs to.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::Service;
use super::cases::{Known, shown};
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::counter::CaseView;
use crate::custody::RefileOrder;
use crate::domain::CaseNo;
use crate::domain::access::Action;

/// Moves scans and papers to the case they belong to. They leave this case, its search and its package; the scans
/// themselves stay as they came in.
#[utoipa::path(post, path = "/api/v1/cases/{no}/refiling", tag = "paper", request_body = RefileOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn refile(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<RefileOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    for case in [&no, &order.to] {
        let known = Known::read(&service, case).await?;
        signed.may(Action::Refile, &known.target())?;
    }
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service.counter.refile(&ask, &by, &no, &order).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}
