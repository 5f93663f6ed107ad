//! Stores for the engine's tests whose operations fail by name, before or after they took effect.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use counterfoil::domain::{Digest, Subject, Timestamp};
use counterfoil::ledger::{Batch, LedgerStore, Projection, ProjectionError, Recorded, StoreError};
use counterfoil::merkle::{Hash, NodeId};
use counterfoil::store::catalog::{Catalog, CatalogError, Counts, Lease, RowStatus, ScanRow};
use counterfoil::store::lists::{Listed, Page};
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Which operation fails, how often still, and when.
#[derive(Debug, Default)]
pub struct Faults {
    planned: Mutex<Option<Plan>>,
    seen: Mutex<HashMap<&'static str, u32>>,
}

#[derive(Debug)]
struct Plan {
    operation: &'static str,
    left: u32,
    applied: bool,
}

impl Faults {
    /// Makes the next `times` calls of `operation` fail; when `applied`, after they took effect.
    pub fn plan(&self, operation: &'static str, times: u32, applied: bool) {
        *self.planned.lock().unwrap() = Some(Plan {
            operation,
            left: times,
            applied,
        });
    }

    /// How many planned failures were not met.
    pub fn left(&self) -> u32 {
        self.planned
            .lock()
            .unwrap()
            .as_ref()
            .map_or(0, |plan| plan.left)
    }

    /// How often `operation` was called.
    pub fn seen(&self, operation: &'static str) -> u32 {
        self.seen
            .lock()
            .unwrap()
            .get(operation)
            .copied()
            .unwrap_or(0)
    }

    async fn run<T, E>(
        &self,
        operation: &'static str,
        fault: impl FnOnce() -> E,
        work: impl Future<Output = std::result::Result<T, E>>,
    ) -> std::result::Result<T, E> {
        *self.seen.lock().unwrap().entry(operation).or_insert(0) += 1;
        let fails = match self.planned.lock().unwrap().as_mut() {
            Some(plan) if plan.operation == operation && plan.left > 0 => {
                plan.left -= 1;
                Some(plan.applied)
            }
            _ => None,
        };
        match fails {
            Some(false) => Err(fault()),
            Some(true) => work.await.and(Err(fault())),
            None => work.await,
        }
    }
}

/// Objects in memory.
#[derive(Debug)]
pub struct FaultyObjects {
    pub inner: Arc<InMemory>,
    pub faults: Arc<Faults>,
}

fn object_fault() -> object_store::Error {
    object_store::Error::Generic {
        store: "faulty",
        source: "the line went dead".into(),
    }
}

impl std::fmt::Display for FaultyObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for FaultyObjects {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let work = self.inner.put_opts(location, payload, options);
        self.faults.run("blob.put", object_fault, work).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let work = self.inner.get_opts(location, options);
        self.faults.run("blob.get", object_fault, work).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A ledger store whose calls may fail.
pub struct FaultyLedger {
    pub inner: Arc<dyn LedgerStore>,
    pub faults: Arc<Faults>,
}

fn ledger_fault() -> StoreError {
    StoreError::Io(std::io::Error::other("the disk went away"))
}

#[async_trait]
impl LedgerStore for FaultyLedger {
    async fn checkpoint(&self) -> std::result::Result<Option<String>, StoreError> {
        self.inner.checkpoint().await
    }

    async fn checkpoints(
        &self,
        from: u64,
        limit: usize,
    ) -> std::result::Result<Vec<String>, StoreError> {
        self.inner.checkpoints(from, limit).await
    }

    async fn append(&self, batch: &Batch) -> std::result::Result<(), StoreError> {
        let work = self.inner.append(batch);
        self.faults.run("ledger.append", ledger_fault, work).await
    }

    async fn entries(
        &self,
        from: u64,
        limit: usize,
    ) -> std::result::Result<Vec<Recorded>, StoreError> {
        self.inner.entries(from, limit).await
    }

    async fn history(&self, subject: &Subject) -> std::result::Result<Vec<Recorded>, StoreError> {
        let work = self.inner.history(subject);
        self.faults.run("ledger.history", ledger_fault, work).await
    }

    async fn hashes(&self, nodes: &[NodeId]) -> std::result::Result<Vec<Hash>, StoreError> {
        self.inner.hashes(nodes).await
    }
}

/// A catalog whose calls may fail.
pub struct FaultyCatalog {
    pub inner: Arc<dyn Catalog>,
    pub faults: Arc<Faults>,
}

fn catalog_fault() -> CatalogError {
    CatalogError::Failed("the tree fell".into())
}

#[async_trait]
impl Projection for FaultyCatalog {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn position(&self) -> std::result::Result<u64, ProjectionError> {
        self.inner.position().await
    }

    async fn apply(
        &self,
        from: u64,
        entries: &[Recorded],
    ) -> std::result::Result<(), ProjectionError> {
        self.inner.apply(from, entries).await
    }

    async fn reset(&self) -> std::result::Result<(), ProjectionError> {
        self.inner.reset().await
    }
}

#[async_trait]
impl Catalog for FaultyCatalog {
    async fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        ttl_millis: i64,
    ) -> std::result::Result<Vec<Lease>, CatalogError> {
        let work = self.inner.claim(limit, now, ttl_millis);
        self.faults.run("catalog.claim", catalog_fault, work).await
    }

    async fn renew(
        &self,
        lease: &Lease,
        until: Timestamp,
    ) -> std::result::Result<Lease, CatalogError> {
        let work = self.inner.renew(lease, until);
        self.faults.run("catalog.renew", catalog_fault, work).await
    }

    async fn release(
        &self,
        lease: &Lease,
        retry_at: Timestamp,
    ) -> std::result::Result<(), CatalogError> {
        let work = self.inner.release(lease, retry_at);
        self.faults
            .run("catalog.release", catalog_fault, work)
            .await
    }

    async fn release_all(&self, now: Timestamp) -> std::result::Result<u64, CatalogError> {
        self.inner.release_all(now).await
    }

    async fn scan(&self, scan: &Digest) -> std::result::Result<Option<ScanRow>, CatalogError> {
        self.inner.scan(scan).await
    }

    async fn with_prefix(
        &self,
        prefix: &str,
        limit: usize,
    ) -> std::result::Result<Vec<Digest>, CatalogError> {
        self.inner.with_prefix(prefix, limit).await
    }

    async fn list(
        &self,
        status: RowStatus,
        after: Option<u64>,
        limit: usize,
    ) -> std::result::Result<Vec<ScanRow>, CatalogError> {
        self.inner.list(status, after, limit).await
    }

    async fn counts(&self) -> std::result::Result<Counts, CatalogError> {
        self.inner.counts().await
    }

    async fn listed(
        &self,
        list: &str,
        page: &Page,
    ) -> std::result::Result<Vec<Listed>, CatalogError> {
        self.inner.listed(list, page).await
    }

    async fn memo(
        &self,
        key: &Digest,
        input: &Digest,
    ) -> std::result::Result<Option<Digest>, CatalogError> {
        let work = self.inner.memo(key, input);
        self.faults.run("catalog.memo", catalog_fault, work).await
    }

    async fn remember(
        &self,
        key: &Digest,
        input: &Digest,
        output: &Digest,
    ) -> std::result::Result<(), CatalogError> {
        let work = self.inner.remember(key, input, output);
        self.faults
            .run("catalog.remember", catalog_fault, work)
            .await
    }
}
