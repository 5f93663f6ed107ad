//! `/api/v1/audit`: who read what, day by day, and whether a day's log is still what the ledger says of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::door::Signed;
use super::extract::{Asked, PageQuery};
use super::problem::HttpProblem;
use crate::domain::access::{Action, Target};
use crate::domain::{Date, Digest, Problem};
use crate::store::read_log::ReadLine;

/// Which day's reads.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadsQuery {
    /// The day, in Asia/Shanghai.
    day: Date,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of a day's reads.
#[derive(Serialize, ToSchema)]
pub struct ReadsView {
    day: Date,
    /// The reads, oldest first.
    items: Vec<ReadLine>,
    /// The cursor of the next page; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The log as it stands; none where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<DayView>,
    /// What the ledger says of it; none before the day is over and recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<DayView>,
    standing: DayStanding,
}

/// A day's log.
#[derive(Serialize, PartialEq, Eq, ToSchema)]
pub struct DayView {
    /// SHA-256 of the day's file.
    digest: Digest,
    /// How many reads.
    count: u64,
}

/// What a day's log is worth.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayStanding {
    /// It is not recorded yet.
    Open,
    /// It is as it was recorded.
    Intact,
    /// It is not what was recorded: look into it.
    Altered,
    /// It was recorded and is gone.
    Missing,
    /// Nobody read anything.
    Empty,
}

fn standing(found: Option<&DayView>, recorded: Option<&DayView>) -> DayStanding {
    match (found, recorded) {
        (None, None) => DayStanding::Empty,
        (Some(_), None) => DayStanding::Open,
        (None, Some(_)) => DayStanding::Missing,
        (Some(found), Some(recorded)) if found == recorded => DayStanding::Intact,
        (Some(_), Some(_)) => DayStanding::Altered,
    }
}

/// Who read what on a day, with the day's digest beside the one in the ledger.
#[utoipa::path(get, path = "/api/v1/audit/reads", tag = "audit", params(ReadsQuery),
    responses((status = 200, body = ReadsView)), security(("session" = [])))]
pub async fn reads(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<ReadsQuery>,
) -> Result<Json<ReadsView>, HttpProblem> {
    signed.may(Action::ReadAudit, &Target::HALL)?;
    let day = asked.day;
    let page = PageQuery {
        limit: asked.limit,
        cursor: None,
    };
    let forged = || {
        let (zh, en) = (
            "页标不正确；请从第一页开始",
            "the cursor is not one of ours; begin with the first page",
        );
        HttpProblem::bad_field("cursor", "bad-cursor", zh, en)
    };
    let from = match &asked.cursor {
        Some(cursor) => cursor.parse().map_err(|_| forged())?,
        None => 0,
    };
    let failed = |error: std::io::Error| {
        tracing::error!(%error, "the log of reads cannot be read");
        HttpProblem::new(Problem::StoreFailed, "the log of reads cannot be read")
    };
    let limit = page.limit()?;
    let (items, next) = service.reads.lines(day, from, limit).map_err(|error| {
        if error.kind() == std::io::ErrorKind::InvalidInput {
            return forged();
        }
        failed(error)
    })?;
    let found = match service.reads.digest(day) {
        Ok(found) => Some(DayView {
            digest: found.digest,
            count: found.count,
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let audits = service.counter.hall().await?.audits;
    let recorded = audits.get(&day).map(|(digest, count)| DayView {
        digest: *digest,
        count: *count,
    });
    Ok(Json(ReadsView {
        day,
        items,
        next: next.map(|next| next.to_string()),
        standing: standing(found.as_ref(), recorded.as_ref()),
        found,
        recorded,
    }))
}
