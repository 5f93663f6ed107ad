//! The catalog on sled 0.34: rows, their order by status, the attempts and leases of waiting scans, memos, and
//! the position. Only what can be rebuilt from the ledger and the sealed manifests may live here, because
//! sled's flush does not survive a power loss. sled is named in this folder only.
//!
//! sled's calls are synchronous. Reads of one record are made where they are asked for (microseconds);
//! everything that writes, waits for a writer or walks a list runs on tokio's blocking threads.

mod codec;
mod failure;
mod leases;
mod opening;
mod queries;
mod trees;

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use async_trait::async_trait;

pub use opening::{OpenError, Opened};

use self::failure::Failure;
use self::trees::Trees;
use super::catalog::{Catalog, CatalogError, Counts, Lease, RowStatus, ScanRow};
use super::lists::{Listed, Listing, Page, Placed};
use crate::domain::{Digest, Timestamp};
use crate::ledger::store::ProjectionError;
use crate::ledger::{Projection, Recorded};

/// How long closing a catalog may hold up its owner.
const CLOSING_MAX: Duration = Duration::from_secs(10);

/// The catalog in a folder of its own. See [`SledCatalog::open`].
///
/// Attempts and leases are kept nowhere else: after a reset or a rebuild each waiting scan counts its attempts
/// from 1 again. After a power loss the catalog may be some seconds old, its position with it; the facts
/// since then are simply applied again. A position *beyond* the end of the ledger (the ledger came from a
/// backup) is not seen here: whoever follows the ledger compares [`Projection::position`] with its size
/// and resets.
///
/// Once a write fails, every later call fails: the pages in memory are not trusted any more. Damage that is
/// met in use leaves a mark, and the next opening sets the folder aside.
pub struct SledCatalog {
    /// Taken only when the catalog is dropped.
    trees: Option<Arc<Trees>>,
    listing: Option<Listing>,
}

impl SledCatalog {
    /// Keeps the lists that `listing` tells of. A catalog keeps them from its first fact on or not at all.
    pub fn with_listing(mut self, listing: Listing) -> Self {
        self.listing = Some(listing);
        self
    }

    /// Runs `operation` on a blocking thread. It is carried to its end even when the caller goes away.
    async fn blocking<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Trees) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let Some(trees) = self.trees.clone() else {
            return Err(closed());
        };
        tokio::task::spawn_blocking(move || trees.run(operation))
            .await
            .unwrap_or_else(|error| Err(Failure::Medium(error.to_string())))
    }

    /// Runs a short reading operation right here.
    fn direct<T>(
        &self,
        operation: impl FnOnce(&Trees) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match &self.trees {
            Some(trees) => trees.run(operation),
            None => Err(closed()),
        }
    }
}

fn closed() -> Failure {
    Failure::Medium("it is closed".to_owned())
}

impl Drop for SledCatalog {
    /// Writes out what is in memory. sled waits without end for a flusher thread that panicked, so the wait
    /// has a limit.
    fn drop(&mut self) {
        let Some(trees) = self.trees.take() else {
            return;
        };
        let (sender, receiver) = sync_channel(1);
        let closing = std::thread::Builder::new()
            .name("catalog-close".to_owned())
            .spawn(move || {
                drop(trees);
                let _ = sender.send(());
            });
        if closing.is_ok() && receiver.recv_timeout(CLOSING_MAX) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(
                "closing the catalog takes too long; what it lacks is applied again at the next start"
            );
        }
    }
}

#[async_trait]
impl Projection for SledCatalog {
    fn name(&self) -> &'static str {
        "catalog"
    }

    async fn position(&self) -> Result<u64, ProjectionError> {
        Ok(self.direct(|trees| Ok(trees.meta()?.position))?)
    }

    async fn apply(&self, from: u64, entries: &[Recorded]) -> Result<(), ProjectionError> {
        let placed = match &self.listing {
            Some(listing) => listing.places(entries).await?,
            None => Placed::new(),
        };
        let entries = entries.to_vec();
        let applied = self.blocking(move |trees| trees.apply(from, &entries, &placed));
        Ok(applied.await?)
    }

    async fn reset(&self) -> Result<(), ProjectionError> {
        Ok(self.blocking(Trees::reset).await?)
    }
}

#[async_trait]
impl Catalog for SledCatalog {
    async fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        ttl_millis: i64,
    ) -> Result<Vec<Lease>, CatalogError> {
        let claimed = self.blocking(move |trees| trees.claim(limit, now, ttl_millis));
        Ok(claimed.await?)
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease, CatalogError> {
        let lease = lease.clone();
        let renewed = self.blocking(move |trees| trees.renew(&lease, until));
        Ok(renewed.await?)
    }

    async fn release(&self, lease: &Lease, retry_at: Timestamp) -> Result<(), CatalogError> {
        let lease = lease.clone();
        let released = self.blocking(move |trees| trees.release(&lease, retry_at));
        Ok(released.await?)
    }

    async fn release_all(&self, now: Timestamp) -> Result<u64, CatalogError> {
        Ok(self.blocking(move |trees| trees.release_all(now)).await?)
    }

    async fn scan(&self, scan: &Digest) -> Result<Option<ScanRow>, CatalogError> {
        Ok(self.direct(|trees| trees.row(scan))?)
    }

    async fn with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Digest>, CatalogError> {
        let prefix = prefix.to_owned();
        let found = self.blocking(move |trees| trees.with_prefix(&prefix, limit));
        Ok(found.await?)
    }

    async fn list(
        &self,
        status: RowStatus,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ScanRow>, CatalogError> {
        let listed = self.blocking(move |trees| trees.list(status, after, limit));
        Ok(listed.await?)
    }

    async fn counts(&self) -> Result<Counts, CatalogError> {
        Ok(self.direct(|trees| Ok(trees.meta()?.counts))?)
    }

    async fn listed(&self, list: &str, page: &Page) -> Result<Vec<Listed>, CatalogError> {
        let (list, page) = (list.to_owned(), page.clone());
        Ok(self
            .blocking(move |trees| trees.listed(&list, &page))
            .await?)
    }

    async fn memo(&self, key: &Digest, input: &Digest) -> Result<Option<Digest>, CatalogError> {
        Ok(self.direct(|trees| trees.memo(key, input))?)
    }

    async fn remember(
        &self,
        key: &Digest,
        input: &Digest,
        output: &Digest,
    ) -> Result<(), CatalogError> {
        let (key, input, output) = (*key, *input, *output);
        let remembered = self.blocking(move |trees| trees.remember(&key, &input, &output));
        Ok(remembered.await?)
    }
}
