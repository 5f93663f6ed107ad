//! Trouble that is not the scan's fault: it is tried again later and never held against the scan.

use crate::domain::PipelineName;
use crate::domain::id::NotACode;
use crate::ledger::LedgerError;
use crate::store::blob::BlobError;
use crate::store::catalog::CatalogError;
use crate::worker::WorkerError;

/// Infrastructure that failed.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The blob store failed, or a master is missing or damaged.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A worker could not be started, or lacks its models.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The engine changed between its check and its reading, as when models are replaced.
    #[error("the recognition engine changed while a page was read")]
    EngineChanged,
    /// A scan names a pipeline that is not configured.
    #[error("there is no pipeline {0}; add its file to the pipelines folder")]
    UnknownPipeline(PipelineName),
    /// The ledger's own history of a scan does not begin with its receipt.
    #[error("the catalog lists a scan that the ledger does not know; rebuild the catalog")]
    NotReceived,
    /// A request could not be named.
    #[error(transparent)]
    Request(NotACode),
    /// A number or list could not be written as JSON.
    #[error("a manifest cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}
