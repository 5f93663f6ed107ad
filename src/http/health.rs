//! Health, readiness and metrics (Prometheus text).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Service;
use super::problem::HttpProblem;
use crate::domain::Problem;
use crate::records::export::StageTime;

/// Counters of this process.
#[derive(Debug, Default)]
pub struct Metrics {
    uploads: AtomicU64,
    upload_bytes: AtomicU64,
    refusals: AtomicU64,
}

impl Metrics {
    /// Counts an upload that was taken.
    pub fn count_upload(&self, bytes: u64) {
        self.uploads.fetch_add(1, Ordering::Relaxed);
        self.upload_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts an upload that was refused.
    pub fn count_refusal(&self) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }
}

/// How long the log's appends take, each with its sync: the floor under every acknowledgement.
#[derive(Debug, Default)]
pub struct AppendTimes {
    appends: AtomicU64,
    facts: AtomicU64,
    micros: AtomicU64,
}

impl AppendTimes {
    /// Counts an append of `facts` facts that took `time`.
    pub fn count(&self, time: Duration, facts: usize) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.appends.fetch_add(1, Ordering::Relaxed);
        self.facts.fetch_add(facts as u64, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Appends, facts in them, and microseconds they took in all.
    pub fn totals(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.appends), read(&self.facts), read(&self.micros))
    }
}

/// The process answers.
pub async fn live() -> &'static str {
    "ok\n"
}

/// The lists can be read; a rebuild after a lost catalog shows here as the facts it still lacks.
pub async fn ready(State(service): State<Arc<Service>>) -> Response {
    let size = *service.ledger.published().borrow();
    match service.catalog.position().await {
        Ok(position) if position >= size => (StatusCode::OK, "ready\n").into_response(),
        Ok(position) => {
            let behind = size.saturating_sub(position);
            (
                StatusCode::SERVICE_UNAVAILABLE,
                format!("catching up: {behind} facts to go\n"),
            )
                .into_response()
        }
        Err(error) => HttpProblem::new(Problem::StoreFailed, error.to_string()).into_response(),
    }
}

/// Prometheus text format 0.0.4.
pub async fn metrics(State(service): State<Arc<Service>>) -> Result<Response, HttpProblem> {
    let failed = |error: crate::store::catalog::CatalogError| {
        HttpProblem::new(Problem::StoreFailed, error.to_string())
    };
    let counts = service.catalog.counts().await.map_err(failed)?;
    let size = *service.ledger.published().borrow();
    let (appends, _, micros) = service.appends.totals();
    let metrics = &service.metrics;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    #[rustfmt::skip]
    let rows = [
        ("counterfoil_ledger_facts", "gauge", "Facts in the ledger.", size),
        ("counterfoil_ledger_appends_total", "counter", "Durable appends, each a group of facts with one sync.", appends),
        ("counterfoil_ledger_append_microseconds_total", "counter", "Time these appends took.", micros),
        ("counterfoil_scans_pending", "gauge", "Scans waiting to be read.", counts.pending),
        ("counterfoil_scans_sealed", "gauge", "Sealed records.", counts.sealed),
        ("counterfoil_scans_held", "gauge", "Scans waiting for a person.", counts.held),
        ("counterfoil_uploads_total", "counter", "Uploads taken.", count(&metrics.uploads)),
        ("counterfoil_upload_bytes_total", "counter", "Bytes taken.", count(&metrics.upload_bytes)),
        ("counterfoil_upload_refusals_total", "counter", "Uploads refused.", count(&metrics.refusals)),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in rows {
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
        );
    }
    text.push_str(&stage_rows(&service.exporter.stage_times()));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// What the stages of reading took, a row a stage.
fn stage_rows(times: &BTreeMap<&'static str, StageTime>) -> String {
    let mut text = String::new();
    let mut rows = |name: &str, help: &str, value: &dyn Fn(&StageTime) -> u64| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
        for (stage, time) in times {
            let _ = writeln!(text, "{name}{{stage=\"{stage}\"}} {}", value(time));
        }
    };
    rows(
        "counterfoil_stage_runs_total",
        "Runs of a stage of reading.",
        &|time| time.runs,
    );
    let help = "Time these runs took.";
    rows("counterfoil_stage_microseconds_total", help, &|time| {
        time.micros
    });
    text
}

/// A path that is there, for other methods.
pub async fn wrong_method() -> HttpProblem {
    HttpProblem::new(Problem::MethodNotAllowed, "see the `Allow` header")
}

/// Any other path.
pub async fn nothing_here() -> HttpProblem {
    HttpProblem::new(Problem::NotFound, "there is no such address")
}
