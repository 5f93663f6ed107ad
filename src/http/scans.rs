//! `/api/v1/scans/{sha256}`: upload a master by its digest, and ask where it stands.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::Service;
use super::problem::HttpProblem;
use crate::domain::event::ScanSource;
use crate::domain::finding::Finding;
use crate::domain::scan::ScanStatus;
use crate::domain::{Actor, CaseNo, Digest, PipelineName, Problem};
use crate::pipeline::receive::{Incoming, Received};

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

/// `PUT`: 202 with the receipt once the scan and its fact are durable; 200 with the first receipt when the same
/// bytes were known.
pub async fn upload(
    State(service): State<Arc<Service>>,
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
    let by = Actor::new("token:upload")
        .map_err(|error| HttpProblem::new(Problem::Internal, error.to_string()))?;
    let incoming = Incoming {
        announced: Some(announced),
        source: ScanSource::Http,
        pipeline,
        case: query.case,
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
    Path(sha256): Path<String>,
) -> Result<Response, HttpProblem> {
    let scan = parse_digest(&sha256)?;
    let state = service
        .records
        .state(&scan)
        .await
        .map_err(|error| HttpProblem::new(error.problem(), error.to_string()))?;
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
        cases: state.cases,
        manifest,
        pages,
        findings,
    };
    Ok(Json(view).into_response())
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
