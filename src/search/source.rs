//! Where the index gets the text of a sealed record: the blobs that the ledger points to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::domain::Digest;
use crate::domain::manifest::RecordManifest;
use crate::domain::text::OcrPage;
use crate::ledger::store::ProjectionError;

/// The largest manifest read, in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The largest page of recognised text read, in bytes.
pub const PAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Gives sealed records and their pages by digest.
#[async_trait]
pub trait PageSource: Send + Sync {
    /// The manifest with this digest, none when it was lawfully erased. An error when it is absent, damaged or not a
    /// manifest.
    async fn manifest(&self, digest: &Digest) -> Result<Option<RecordManifest>, ProjectionError>;

    /// The page of text with this digest, none when it was lawfully erased. An error when it is absent, damaged or
    /// not a page.
    async fn page(&self, digest: &Digest) -> Result<Option<OcrPage>, ProjectionError>;
}

/// Manifests and pages held in memory, as JSON.
#[derive(Default)]
pub struct MemorySource {
    blobs: Mutex<HashMap<Digest, Vec<u8>>>,
}

/// A digest that the memory does not hold.
#[derive(Debug, thiserror::Error)]
#[error("nothing is held under {0}")]
pub struct NotHeld(Digest);

impl MemorySource {
    /// Holds a manifest and returns the digest it is found under.
    pub fn put_manifest(&self, manifest: &RecordManifest) -> Result<Digest, serde_json::Error> {
        serde_json::to_vec(manifest).map(|bytes| self.put(bytes))
    }

    /// Holds a page and returns the digest it is found under.
    pub fn put_page(&self, page: &OcrPage) -> Result<Digest, serde_json::Error> {
        serde_json::to_vec(page).map(|bytes| self.put(bytes))
    }

    /// Forgets what is held under `digest`.
    pub fn remove(&self, digest: &Digest) {
        self.lock().remove(digest);
    }

    fn put(&self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.lock().insert(digest, bytes);
        digest
    }

    fn get(&self, digest: &Digest) -> Result<Vec<u8>, NotHeld> {
        self.lock().get(digest).cloned().ok_or(NotHeld(*digest))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Vec<u8>>> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PageSource for MemorySource {
    async fn manifest(&self, digest: &Digest) -> Result<Option<RecordManifest>, ProjectionError> {
        Ok(Some(serde_json::from_slice(&self.get(digest)?)?))
    }

    async fn page(&self, digest: &Digest) -> Result<Option<OcrPage>, ProjectionError> {
        Ok(Some(serde_json::from_slice(&self.get(digest)?)?))
    }
}
