//! The HTTP face. This file is the table of contents: one route a line, one file a resource. Handlers translate
//! between HTTP and the use cases and decide nothing themselves; every error goes through `problem`.

pub mod auth;
pub mod extract;
pub mod health;
pub mod problem;
pub mod scans;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, put};
use tokio::sync::Semaphore;

use crate::ledger::Ledger;
use crate::pipeline::receive::Receiver;
use crate::records::Records;
use crate::store::catalog::Catalog;

/// What the handlers need.
pub struct Service {
    /// Takes scans in.
    pub receiver: Receiver,
    /// Reads them.
    pub records: Records,
    /// The log, for its size and checkpoint.
    pub ledger: Arc<Ledger>,
    /// The lists.
    pub catalog: Arc<dyn Catalog>,
    /// The pipeline of an upload that names none.
    pub default_pipeline: crate::domain::PipelineName,
    /// The pipelines there are.
    pub pipelines: crate::pipeline::Pipelines,
    /// Uploads at the same time; more are told to come back.
    pub uploads: Arc<Semaphore>,
    /// What is counted.
    pub metrics: health::Metrics,
    /// The bearer token.
    pub token: auth::Token,
}

/// Every route there is.
pub fn router(service: Arc<Service>) -> Router {
    let guarded = Router::new()
        .route(
            "/api/v1/scans/{sha256}",
            put(scans::upload).get(scans::show),
        )
        .route("/api/v1/checkpoint", get(health::checkpoint))
        .layer(middleware::from_fn_with_state(
            service.clone(),
            auth::require_token,
        ));
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(guarded)
        .fallback(health::nothing_here)
        .with_state(service)
}
