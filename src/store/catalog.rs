//! The catalog: a projection with the lists people and workers ask for, the work queue's leases, and the memo
//! index. It can be deleted at any time and is rebuilt from the ledger (memos from the sealed manifests).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::event::{FileFormat, ScanSource};
use crate::domain::{CaseNo, Digest, Finding, PipelineName, Timestamp};
use crate::ledger::Projection;
use crate::store::lists::{Listed, Page};

/// The status a row is listed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// Waiting to be read.
    Pending,
    /// Sealed.
    Sealed,
    /// Waiting for a person.
    Held,
}

/// One scan as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanRow {
    /// SHA-256 of the master.
    pub scan: Digest,
    /// Where it stands.
    pub status: RowStatus,
    /// Format of the master.
    pub format: FileFormat,
    /// Length of the master.
    pub bytes: u64,
    /// Which door it came through.
    pub source: ScanSource,
    /// The pipeline that reads it.
    pub pipeline: PipelineName,
    /// The cases it is filed under.
    pub cases: Vec<CaseNo>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Index of the fact that received it.
    pub received_index: u64,
    /// Index of its newest fact.
    pub last_index: u64,
    /// Manifest of the last sealing.
    pub manifest: Option<Digest>,
    /// Pages, once sealed.
    pub pages: Option<u32>,
    /// Why it is held.
    pub findings: Vec<Finding>,
}

/// The right to work on one scan until `until`. A lease that ran out is claimed by another worker, and the
/// `token` tells the two apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The scan to read.
    pub scan: Digest,
    /// Tells this claim from every other.
    pub token: u64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When the right ends.
    pub until: Timestamp,
}

/// How many scans stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Waiting to be read.
    pub pending: u64,
    /// Sealed.
    pub sealed: u64,
    /// Waiting for a person.
    pub held: u64,
}

/// The catalog could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The lease ran out and belongs to someone else, or its scan is no longer waiting.
    #[error("the lease is no longer held")]
    LeaseLost,
    /// The medium failed or the catalog is damaged; it can be rebuilt.
    #[error(
        "the catalog failed: {0}; it can be rebuilt with `counterfoil rebuild --projection catalog`"
    )]
    Failed(String),
}

/// Lists, leases and memos.
#[async_trait]
pub trait Catalog: Projection {
    /// Claims up to `limit` waiting scans, oldest receipt first, that no live lease holds and whose retry time
    /// has come. Each claim counts an attempt.
    async fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        ttl_millis: i64,
    ) -> Result<Vec<Lease>, CatalogError>;

    /// Extends a lease that is still held.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease, CatalogError>;

    /// Gives a lease back; the scan may be claimed again from `retry_at` on. A lost lease is refused.
    async fn release(&self, lease: &Lease, retry_at: Timestamp) -> Result<(), CatalogError>;

    /// Gives back every lease, as at the start of the only process of a data folder: their holders are gone. The
    /// attempts they counted are taken back, for the end of a holder says nothing about its scan. How many.
    async fn release_all(&self, now: Timestamp) -> Result<u64, CatalogError>;

    /// One row.
    async fn scan(&self, scan: &Digest) -> Result<Option<ScanRow>, CatalogError>;

    /// Scans whose digest begins with the hexadecimal `prefix`, in order, at most `limit`.
    async fn with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Digest>, CatalogError>;

    /// Rows of one status by receipt, oldest first, those after receipt index `after`, at most `limit`.
    async fn list(
        &self,
        status: RowStatus,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ScanRow>, CatalogError>;

    /// How many scans stand where.
    async fn counts(&self) -> Result<Counts, CatalogError>;

    /// A page of a list, in order. A list that nobody stands in is empty.
    async fn listed(&self, list: &str, page: &Page) -> Result<Vec<Listed>, CatalogError>;

    /// The output remembered for a stage key over an input.
    async fn memo(&self, key: &Digest, input: &Digest) -> Result<Option<Digest>, CatalogError>;

    /// Remembers an output.
    async fn remember(
        &self,
        key: &Digest,
        input: &Digest,
        output: &Digest,
    ) -> Result<(), CatalogError>;
}
