//! Cases of the city platform: imported by their number, and the number the platform gave one of ours.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Service;
use super::cases::{Known, shown};
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::counter::{CaseView, ImportOrder};
use crate::domain::access::{Action, Target};
use crate::domain::{CaseNo, Problem};
use crate::platform::PlatformError;

/// The number the platform gave a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlatformNumber {
    /// The number (办件编号).
    number: CaseNo,
}

impl From<PlatformError> for HttpProblem {
    fn from(error: PlatformError) -> Self {
        let problem = match error {
            PlatformError::NotConfigured => Problem::Refused,
            PlatformError::Unknown => Problem::NotFound,
            PlatformError::Rejected { .. } | PlatformError::Failed { .. } => {
                Problem::PlatformFailed
            }
        };
        HttpProblem::new(problem, error.to_string())
    }
}

/// Imports an application from the city platform by its number. What is here already is answered as it is.
#[utoipa::path(post, path = "/api/v1/cases/import", tag = "window", request_body = ImportOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = CaseView)), security(("session" = [])))]
pub async fn import(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<ImportOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    signed.may(Action::ImportCase, &Target::site(&order.site))?;
    let platform = service.platform.as_ref();
    let platform = platform.ok_or(PlatformError::NotConfigured)?;
    let found = platform.fetch(&order.number).await?;
    let ask = signed.ask(&key, None, None)?;
    let counter = &service.counter;
    let no = counter
        .import_case(&ask, &order, &found.task, &found.parties)
        .await?;
    shown(&service, &signed, StatusCode::CREATED, &no).await
}

/// Notes the number that the city platform gave a case of ours; from then on the platform is told how far it is.
#[utoipa::path(post, path = "/api/v1/cases/{no}/platform-number", tag = "window", request_body = PlatformNumber,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn number(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(given): Body<PlatformNumber>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::ImportCase, &known.target())?;
    if let Some(platform) = &service.platform {
        // A mistyped number would tell the platform about somebody else's case.
        let there = platform.fetch(&given.number).await?;
        if there.task != known.case.mandate.task {
            return Err(PlatformError::Unknown.into());
        }
    }
    let ask = signed.ask(&key, Some(version), None)?;
    let counter = &service.counter;
    counter.number_case(&ask, &no, &given.number).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}
