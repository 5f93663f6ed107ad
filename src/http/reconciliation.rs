//! `/api/v1/reconciliation`: a department's own register of results is compared with the cases.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{Body, RequestKey};
use super::problem::HttpProblem;
use crate::counter::RegisterRow;
use crate::domain::DepartmentCode;
use crate::domain::access::{Action, Target};

/// A department's register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Whose.
    department: DepartmentCode,
    /// Its rows, 1 to 5,000.
    rows: Vec<RegisterRow>,
}

/// A result that no case explains.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unexplained {
    /// Its place in the register sent, counted from 0.
    place: usize,
    /// The row.
    row: RegisterRow,
}

/// Lists results that no decided case explains (体外循环, Art 11(7)). Nothing is recorded.
#[utoipa::path(post, path = "/api/v1/reconciliation", tag = "departments", request_body = Register,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Vec<Unexplained>)), security(("session" = [])))]
pub async fn compare(
    State(service): State<Arc<Service>>,
    signed: Signed,
    _key: RequestKey,
    Body(register): Body<Register>,
) -> Result<Json<Vec<Unexplained>>, HttpProblem> {
    let own = std::slice::from_ref(&register.department);
    signed.may(Action::Reconcile, &Target::departments(own))?;
    let found = service
        .counter
        .reconcile(&register.department, &register.rows)
        .await?;
    let found = found
        .into_iter()
        .map(|(place, row)| Unexplained { place, row });
    Ok(Json(found.collect()))
}
