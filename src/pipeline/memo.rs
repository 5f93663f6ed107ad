//! Memos: the output of a stage, found again by its key and input. A memo is a cache: one that cannot be read
//! counts as absent, and one that cannot be written costs only time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::trouble::Trouble;
use crate::domain::manifest::RecordManifest;
use crate::domain::{Digest, Event};
use crate::ledger::Ledger;
use crate::store::blob::Blobs;
use crate::store::catalog::Catalog;

/// The largest stage output, in bytes.
pub(super) const OUTPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The largest manifest, in bytes.
pub(super) const MANIFEST_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How many facts are looked through at a time.
const FACTS_AT_A_TIME: usize = 512;

/// Outputs by key and input.
pub(super) struct Memos {
    blobs: Arc<Blobs>,
    catalog: Arc<dyn Catalog>,
    recalled: AtomicU64,
    kept: AtomicU64,
}

/// An output with its address.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) digest: Digest,
    pub(super) bytes: Bytes,
}

impl Memos {
    pub(super) fn new(blobs: Arc<Blobs>, catalog: Arc<dyn Catalog>) -> Self {
        Self {
            blobs,
            catalog,
            recalled: AtomicU64::new(0),
            kept: AtomicU64::new(0),
        }
    }

    /// The output remembered for `key` over `input`; none when there is none, or its blob is missing or
    /// damaged. Fails only when the blob store itself does.
    pub(super) async fn recall(
        &self,
        key: &Digest,
        input: &Digest,
    ) -> Result<Option<Output>, Trouble> {
        let digest = match self.catalog.memo(key, input).await {
            Ok(Some(digest)) => digest,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::warn!(%error, "a memo cannot be looked up, the stage runs again");
                return Ok(None);
            }
        };
        match self.blobs.get(&digest, OUTPUT_BYTES_MAX).await {
            Ok(bytes) => {
                self.recalled.fetch_add(1, Ordering::Relaxed);
                Ok(Some(Output { digest, bytes }))
            }
            Err(error) if error.is_unreadable() => {
                tracing::warn!(%digest, %error, "a remembered output is gone, the stage runs again");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Stores an output durably through `blobs`, the handle of the scan's cases, and remembers it.
    pub(super) async fn keep(
        &self,
        blobs: &Blobs,
        key: &Digest,
        input: &Digest,
        bytes: Bytes,
    ) -> Result<Output, Trouble> {
        let digest = blobs.put(&bytes).await?.digest;
        if let Err(error) = self.catalog.remember(key, input, &digest).await {
            tracing::warn!(%error, "an output cannot be remembered, it may be made again");
        }
        self.kept.fetch_add(1, Ordering::Relaxed);
        Ok(Output { digest, bytes })
    }

    /// How many outputs were found again, and how many were made.
    pub(super) fn counts(&self) -> (u64, u64) {
        let recalled = self.recalled.load(Ordering::Relaxed);
        (recalled, self.kept.load(Ordering::Relaxed))
    }
}

/// Rebuilds the memo index from the sealed manifests, as after a catalog was set aside; how many memos were
/// remembered. A manifest that is missing or damaged is passed over: its stages run again when asked for.
pub async fn remember_from_manifests(
    ledger: &Ledger,
    blobs: &Blobs,
    catalog: &dyn Catalog,
) -> Result<u64, Trouble> {
    let mut remembered = 0;
    let mut from = 0;
    loop {
        let facts = ledger.entries(from, FACTS_AT_A_TIME).await?;
        let Some(last) = facts.last() else {
            return Ok(remembered);
        };
        from = last.index + 1;
        for fact in &facts {
            let (Event::RecordSealed { manifest, .. } | Event::PagesRead { manifest, .. }) =
                &fact.entry.event
            else {
                continue;
            };
            remembered += remember_one(blobs, catalog, manifest).await?;
        }
    }
}

async fn remember_one(
    blobs: &Blobs,
    catalog: &dyn Catalog,
    manifest: &Digest,
) -> Result<u64, Trouble> {
    let bytes = match blobs.get(manifest, MANIFEST_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(error) if error.is_unreadable() => {
            tracing::warn!(digest = %manifest, %error, "a manifest is gone, its memos stay unknown");
            return Ok(0);
        }
        Err(error) => return Err(error.into()),
    };
    let Ok(manifest) = serde_json::from_slice::<RecordManifest>(&bytes) else {
        return Ok(0);
    };
    let mut remembered = 0;
    for stage in manifest.pages.iter().flat_map(|page| &page.stages) {
        catalog
            .remember(&stage.key, &stage.input, &stage.output)
            .await?;
        remembered += 1;
    }
    Ok(remembered)
}
