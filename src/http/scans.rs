//! `/api/v1/scans/{sha256}`: upload a master by its digest, and ask where it stands.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::cases::Known;
use super::door::{Signed, Uploader};
use super::extract::{Asked, At};
use super::problem::HttpProblem;
use crate::domain::access::{Action, Grant, Scope, Target, Verdict};
use crate::domain::event::ScanSource;
use crate::domain::finding::Finding;
use crate::domain::scan::ScanStatus;
use crate::domain::{CaseNo, Digest, Event, PipelineName, Problem, SiteCode, Subject};
use crate::people::{Caller, PeopleError, Who};
use crate::pipeline::receive::{Incoming, Received};
use crate::records::RecordsError;
use crate::records::pages::{PAGES_MAX, PageView};
use crate::store::read_log::ReadKind;

/// What an upload may say in its query string.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadQuery {
    pipeline: Option<PipelineName>,
    case: Option<CaseNo>,
}

/// The receipt of an upload.
#[derive(Debug, Serialize)]
struct UploadReceipt {
    scan: Digest,
    bytes: u64,
    duplicate: bool,
    index: u64,
    size: u64,
    checkpoint: String,
}

/// Where a scan stands.
#[derive(Debug, Serialize)]
struct ScanView {
    scan: Digest,
    status: &'static str,
    pipeline: PipelineName,
    cases: Vec<CaseNo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
}

/// Which pages are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PagesQuery {
    /// The first, counting from 1; 1 without it.
    #[param(minimum = 1)]
    from: Option<u32>,
    /// How many, at most 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Pages of a sealed record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordPages {
    /// The scan's digest.
    scan: Digest,
    /// How many pages the record has.
    total: u32,
    /// Those asked for.
    pages: Vec<PageView>,
}

/// `PUT`: 202 with the receipt once the scan and its fact are durable; 200 with the first receipt when the same
/// bytes were known.
pub async fn upload(
    State(service): State<Arc<Service>>,
    uploader: Uploader,
    Path(sha256): Path<String>,
    query: Result<Query<UploadQuery>, axum::extract::rejection::QueryRejection>,
    body: Body,
) -> Result<Response, HttpProblem> {
    let announced = parse_digest(&sha256)?;
    let Query(query) =
        query.map_err(|error| HttpProblem::new(Problem::BadRequest, error.body_text()))?;
    let pipeline = query
        .pipeline
        .unwrap_or_else(|| service.default_pipeline.clone());
    if service.pipelines.get(&pipeline).is_none() {
        return Err(HttpProblem::new(
            Problem::UnknownPipeline,
            format!("no pipeline named {pipeline}"),
        ));
    }
    let Ok(_permit) = service.uploads.clone().try_acquire_owned() else {
        return Err(HttpProblem::new(
            Problem::Busy,
            "too many uploads at the same time",
        ));
    };
    may_upload(&service, &uploader, query.case.as_ref()).await?;
    let by = uploader.caller.actor.clone();
    let incoming = Incoming {
        announced: Some(announced),
        source: ScanSource::Http,
        pipeline,
        case: query.case,
        site: place_of(&uploader),
        by,
        file_name: None,
    };
    let stream = body
        .into_data_stream()
        .map(|chunk| chunk.map_err(std::io::Error::other));
    match service.receiver.receive(stream, incoming).await {
        Ok(received) => {
            service.metrics.count_upload(received.bytes);
            Ok(receipt(received))
        }
        Err(error) => {
            service.metrics.count_refusal();
            tracing::info!(problem = error.problem().code(), "upload refused");
            Err(HttpProblem::new(error.problem(), error.to_string()))
        }
    }
}

/// `GET`: where the scan stands, folded from its history.
pub async fn show(
    State(service): State<Arc<Service>>,
    reader: Uploader,
    Path(sha256): Path<String>,
) -> Result<Response, HttpProblem> {
    let scan = parse_digest(&sha256)?;
    let state = service.records.state(&scan).await.map_err(unread)?;
    let cases = readable(&service, &reader.caller, &scan, &state.cases).await?;
    let (status, manifest, pages, findings) = match state.status {
        ScanStatus::Pending => ("pending", None, None, Vec::new()),
        ScanStatus::Sealed { manifest, pages } => {
            ("sealed", Some(manifest), Some(pages), Vec::new())
        }
        ScanStatus::Held { findings } => ("held", None, None, findings),
    };
    let view = ScanView {
        scan,
        status,
        pipeline: state.pipeline,
        cases,
        manifest,
        pages,
        findings,
    };
    Ok(Json(view).into_response())
}

/// Pages of a sealed record: size, what quality control found, and the bar codes and matrix codes on them. What a code says
/// may be personal, so the read is noted with each case of the scan that the reader may see.
#[utoipa::path(get, path = "/api/v1/scans/{sha256}/pages", tag = "scans",
    params(("sha256" = Digest, Path), PagesQuery),
    responses((status = 200, body = RecordPages)), security(("session" = [])))]
pub async fn pages(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(scan): At<Digest>,
    Asked(asked): Asked<PagesQuery>,
) -> Result<Json<RecordPages>, HttpProblem> {
    let state = service.records.state(&scan).await.map_err(unread)?;
    let cases = readable(&service, &signed.caller, &scan, &state.cases).await?;
    if cases.is_empty() {
        service.note(&signed, &Subject::Scan(scan), ReadKind::Document, None)?;
    }
    for no in &cases {
        service.note(
            &signed,
            &Subject::Case(no.clone()),
            ReadKind::Document,
            None,
        )?;
    }
    let manifest = service
        .records
        .manifest_so_far(&scan)
        .await
        .map_err(unread)?;
    let limit = asked.limit.unwrap_or(50).clamp(1, PAGES_MAX);
    let from = asked.from.unwrap_or(1);
    let pages = service.records.pages(&manifest, from, limit).await;
    Ok(Json(RecordPages {
        scan,
        total: u32::try_from(manifest.pages.len()).unwrap_or(u32::MAX),
        pages: pages.map_err(unread)?,
    }))
}

fn unread(error: RecordsError) -> HttpProblem {
    HttpProblem::new(error.problem(), error.to_string())
}

/// Whoever uploads for a case must have it; without one, a place of one's own to scan at.
async fn may_upload(
    service: &Service,
    uploader: &Uploader,
    case: Option<&CaseNo>,
) -> Result<(), HttpProblem> {
    let caller = &uploader.caller;
    let Some(case) = case else {
        let own = |grant: &Grant| match &grant.scope {
            Scope::Site { site } => {
                caller.verdict(Action::UploadScan, &Target::site(site)) == Verdict::Allowed
            }
            _ => false,
        };
        if caller.who == Who::Operator || caller.grants().iter().any(own) {
            return Ok(());
        }
        return Err(PeopleError::Forbidden.into());
    };
    // The machine's own token also brings in cases that are kept elsewhere.
    if caller.who == Who::Operator {
        return Ok(());
    }
    let known = Known::read(service, case).await?;
    Ok(caller.require(Action::UploadScan, &known.target())?)
}

/// The site whose tray an upload lies in: the station's, or the only one where the person scans.
fn place_of(uploader: &Uploader) -> Option<SiteCode> {
    let caller = &uploader.caller;
    if let Who::Station { site, .. } = &caller.who {
        return Some(site.clone());
    }
    let mut sites = caller
        .grants()
        .iter()
        .filter_map(|grant| match &grant.scope {
            Scope::Site { site } => Some(site),
            _ => None,
        });
    let scans_at = |site: &&SiteCode| {
        caller.verdict(Action::UploadScan, &Target::site(site)) == Verdict::Allowed
    };
    let first = sites.find(scans_at)?;
    sites
        .all(|site| site == first || !scans_at(&site))
        .then(|| first.clone())
}

/// The cases of a scan that the reader may know of. A scan is read by whoever may read one of its cases (a department: the
/// row it lies in), and by whoever scans at the site where it was scanned; the machine's own token reads all.
pub(super) async fn readable(
    service: &Service,
    caller: &Caller,
    scan: &Digest,
    cases: &[CaseNo],
) -> Result<Vec<CaseNo>, HttpProblem> {
    if caller.who == Who::Operator {
        return Ok(cases.to_vec());
    }
    let mut known = Vec::new();
    for no in cases {
        let Ok(case) = Known::read(service, no).await else {
            continue;
        };
        let allowed = match &caller.who {
            Who::Station { site, .. } => *site == case.case.mandate.site,
            _ => case.gives(caller, scan),
        };
        if allowed {
            known.push(no.clone());
        }
    }
    let history = service.counter.history(&Subject::Scan(*scan)).await?;
    let scanned_at = history.first().and_then(|fact| match &fact.entry.event {
        Event::ScanReceived { site, .. } => site.clone(),
        _ => None,
    });
    let here = scanned_at.is_some_and(|site| {
        caller.verdict(Action::UploadScan, &Target::site(&site)) == Verdict::Allowed
    });
    if known.is_empty() && !here {
        return Err(PeopleError::NotFound.into());
    }
    Ok(known)
}

fn parse_digest(text: &str) -> Result<Digest, HttpProblem> {
    text.parse()
        .map_err(|error: crate::domain::digest::NotADigest| {
            HttpProblem::new(Problem::BadDigest, error.to_string())
        })
}

fn receipt(received: Received) -> Response {
    let status = if received.duplicate {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let receipt = UploadReceipt {
        scan: received.scan,
        bytes: received.bytes,
        duplicate: received.duplicate,
        index: received.receipt.first,
        size: received.receipt.size,
        checkpoint: received.receipt.checkpoint,
    };
    (status, Json(receipt)).into_response()
}
