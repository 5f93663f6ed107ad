//! `/api/v1/progress`: an applicant looks up how far the case is, with the code on the receipt. No account, no
//! personal data in the answer, and no answer that tells whether a number exists.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Address;
use super::extract::Body;
use super::problem::HttpProblem;
use crate::counter::CounterError;
use crate::domain::case::{self, Progress};
use crate::domain::{CaseNo, Problem};
use crate::people::Wait;

/// What stands on the receipt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// 办件编号.
    no: CaseNo,
    /// 查询码, eight digits.
    code: String,
}

/// How far the case is.
#[derive(Serialize, ToSchema)]
pub struct ProgressView {
    no: CaseNo,
    /// What was applied for.
    item: String,
    progress: Progress,
    /// Since when.
    since: String,
}

/// Looks up how far a case is.
#[utoipa::path(post, path = "/api/v1/progress", tag = "applicants", request_body = Lookup,
    responses((status = 200, body = ProgressView)), security(()))]
pub async fn look_up(
    State(service): State<Arc<Service>>,
    Address(address): Address,
    Body(Lookup { no, code }): Body<Lookup>,
) -> Result<Json<ProgressView>, HttpProblem> {
    let now = service.counter.clock.now();
    let attempt = service.lookups().attempt(no.as_str(), address, now);
    if let Err(Wait(millis)) = attempt {
        let seconds = u64::try_from(millis.saturating_add(999) / 1000).unwrap_or(1);
        let detail = "too many wrong codes; wait before the next one";
        return Err(HttpProblem::new(Problem::SlowDown, detail).retry_after(seconds));
    }
    let fits = match service.counter.query_code_fits(&no, &code).await {
        Ok(fits) => fits,
        Err(CounterError::NotFound(_)) => false,
        Err(error) => return Err(error.into()),
    };
    if !fits {
        let detail = "no case has this number with this code; check both on the receipt";
        return Err(HttpProblem::new(Problem::NotFound, detail));
    }
    service.lookups().succeeded(no.as_str(), address);
    let (case, _) = service.counter.case(&no).await?;
    let item = service.counter.pinned(&case.mandate.content).await?;
    Ok(Json(ProgressView {
        item: item.name.clone(),
        progress: case::progress(&case),
        since: case.since.to_string(),
        no,
    }))
}
