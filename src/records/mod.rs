//! Use cases of whoever reads: where a scan stands, its manifest, its pages, its text, its export, and the audit of the
//! whole. Decisions fold histories; the catalog is asked only for what a history cannot give.

pub mod alike;
pub mod audit;
pub mod erasure;
pub mod export;
pub mod pages;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::barcode::{Barcode, PageCodes};
use crate::domain::manifest::{PageManifest, RecordManifest};
use crate::domain::meaning::{PageLook, PageMeaning};
use crate::domain::scan::{ScanState, ScanStatus};
use crate::domain::text::OcrPage;
use crate::domain::{CaseNo, Digest, Event, Problem, Subject};
use crate::ledger::store::ProjectionError;
use crate::ledger::{LedgerStore, Recorded, StoreError};
use crate::pipeline::keys::{CODES, LOOK, UNDERSTAND};
use crate::pipeline::receive::fold_history;
use crate::search::PageSource;
use crate::store::blob::{BlobError, Blobs};

/// The largest manifest or page text that is read, in bytes.
pub const DERIVED_BYTES_MAX: u64 = 64 << 20;

/// The reading side.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn LedgerStore>,
    blobs: Arc<Blobs>,
    scan_bytes_max: u64,
    prints: Arc<alike::Prints>,
}

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// No scan of this digest was received.
    #[error("no scan {0} was received")]
    Unknown(Digest),
    /// No case has this number.
    #[error("没有办件 {0}；请核对编号 there is no case {0}; check the number")]
    NoCase(CaseNo),
    /// It is not sealed.
    #[error("scan {scan} is {status}")]
    NotSealed {
        /// Which scan.
        scan: Digest,
        /// Where it stands instead.
        status: &'static str,
    },
    /// A page number the record does not have.
    #[error("the record has {pages} pages, page {page} was asked for")]
    NoSuchPage {
        /// The page asked for.
        page: u32,
        /// How many there are.
        pages: u32,
    },
    /// The ledger's store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A blob is missing or damaged.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A derived blob is not what the manifest says.
    #[error("blob {digest} is not {what}: {reason}")]
    Malformed {
        /// Which blob.
        digest: Digest,
        /// What it should be.
        what: &'static str,
        /// The parser's word.
        reason: String,
    },
}

impl RecordsError {
    /// The entry of the problem table that a person is shown.
    pub fn problem(&self) -> Problem {
        match self {
            RecordsError::Unknown(_)
            | RecordsError::NoCase(_)
            | RecordsError::NoSuchPage { .. } => Problem::NotFound,
            RecordsError::NotSealed { .. } => Problem::NotSealed,
            RecordsError::Blob(BlobError::Erased { .. }) => Problem::Erased,
            RecordsError::Store(_) | RecordsError::Blob(_) => Problem::StoreFailed,
            RecordsError::Malformed { .. } => Problem::Inconsistent,
        }
    }
}

impl Records {
    /// Reads facts from `store` and bytes from `blobs`; masters of at most `scan_bytes_max` bytes.
    pub fn new(store: Arc<dyn LedgerStore>, blobs: Arc<Blobs>, scan_bytes_max: u64) -> Self {
        Self {
            store,
            blobs,
            scan_bytes_max,
            prints: Arc::default(),
        }
    }

    /// The scan's history, oldest first.
    pub async fn history(&self, scan: &Digest) -> Result<Vec<Recorded>, RecordsError> {
        Ok(self.store.history(&Subject::Scan(*scan)).await?)
    }

    /// Where the scan stands.
    pub async fn state(&self, scan: &Digest) -> Result<ScanState, RecordsError> {
        fold_history(&self.history(scan).await?).ok_or(RecordsError::Unknown(*scan))
    }

    /// The manifest of a sealed record.
    pub async fn manifest(&self, scan: &Digest) -> Result<RecordManifest, RecordsError> {
        let digest = match self.state(scan).await?.status {
            ScanStatus::Sealed { manifest, .. } => manifest,
            ScanStatus::Pending => {
                return Err(RecordsError::NotSealed {
                    scan: *scan,
                    status: "waiting to be read",
                });
            }
            ScanStatus::Held { .. } => {
                return Err(RecordsError::NotSealed {
                    scan: *scan,
                    status: "held for a person",
                });
            }
        };
        self.manifest_blob(&digest).await
    }

    /// The manifest of a sealed record, or of what is known of it: the pages read so far, or those of the reading before.
    pub async fn manifest_so_far(&self, scan: &Digest) -> Result<RecordManifest, RecordsError> {
        match self.state(scan).await?.last_manifest {
            Some(digest) => self.manifest_blob(&digest).await,
            None => self.manifest(scan).await,
        }
    }

    /// A manifest by its own digest.
    pub async fn manifest_blob(&self, digest: &Digest) -> Result<RecordManifest, RecordsError> {
        let bytes = self.blobs.get(digest, DERIVED_BYTES_MAX).await?;
        serde_json::from_slice(&bytes).map_err(|error| malformed(digest, "a manifest", &error))
    }

    /// The text of one page, numbered from 1.
    pub async fn page_text(
        &self,
        manifest: &RecordManifest,
        page: u32,
    ) -> Result<OcrPage, RecordsError> {
        let pages = manifest.pages.len() as u32;
        let entry = manifest.pages.iter().find(|entry| entry.page == page);
        let entry = entry.ok_or(RecordsError::NoSuchPage { page, pages })?;
        self.text_blob(&entry.text).await
    }

    /// The bar codes and matrix codes of one page, from the top down; none where they were not looked for.
    pub async fn page_codes(&self, page: &PageManifest) -> Result<Vec<Barcode>, RecordsError> {
        let read: Option<PageCodes> = self.stage_output(page, CODES, "a page of codes").await?;
        Ok(read.map(|read| read.codes).unwrap_or_default())
    }

    /// What a page's text means; none where the pipeline did not ask.
    pub async fn page_meaning(
        &self,
        page: &PageManifest,
    ) -> Result<Option<PageMeaning>, RecordsError> {
        self.stage_output(page, UNDERSTAND, "the meaning of a page")
            .await
    }

    /// What a page looks like; none where the pipeline did not ask.
    pub async fn page_look(&self, page: &PageManifest) -> Result<Option<PageLook>, RecordsError> {
        self.stage_output(page, LOOK, "the look of a page").await
    }

    async fn stage_output<T: serde::de::DeserializeOwned>(
        &self,
        page: &PageManifest,
        name: &str,
        what: &'static str,
    ) -> Result<Option<T>, RecordsError> {
        let stage = page.stages.iter().find(|stage| stage.stage == name);
        let Some(digest) = stage.map(|stage| stage.output) else {
            return Ok(None);
        };
        let bytes = self.blobs.get(&digest, DERIVED_BYTES_MAX).await?;
        let read = serde_json::from_slice(&bytes);
        read.map(Some)
            .map_err(|error| malformed(&digest, what, &error))
    }

    /// A page of text by its own digest.
    pub async fn text_blob(&self, digest: &Digest) -> Result<OcrPage, RecordsError> {
        let bytes = self.blobs.get(digest, DERIVED_BYTES_MAX).await?;
        serde_json::from_slice(&bytes).map_err(|error| malformed(digest, "a page of text", &error))
    }

    /// The master's bytes, verified against their digest.
    pub async fn master(&self, scan: &Digest) -> Result<Bytes, RecordsError> {
        Ok(self.blobs.get(scan, self.scan_bytes_max).await?)
    }

    /// The format the master was received as.
    pub async fn received(&self, scan: &Digest) -> Result<Event, RecordsError> {
        let history = self.history(scan).await?;
        let first = history
            .into_iter()
            .next()
            .ok_or(RecordsError::Unknown(*scan))?;
        Ok(first.entry.event)
    }

    /// The blobs, for those who check them.
    pub fn blobs(&self) -> &Arc<Blobs> {
        &self.blobs
    }
}

#[async_trait]
impl PageSource for Records {
    async fn manifest(&self, digest: &Digest) -> Result<Option<RecordManifest>, ProjectionError> {
        Ok(unless_erased(self.manifest_blob(digest).await)?)
    }

    async fn page(&self, digest: &Digest) -> Result<Option<OcrPage>, ProjectionError> {
        Ok(unless_erased(self.text_blob(digest).await)?)
    }
}

fn unless_erased<T>(read: Result<T, RecordsError>) -> Result<Option<T>, RecordsError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(RecordsError::Blob(BlobError::Erased { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

fn malformed(digest: &Digest, what: &'static str, error: &serde_json::Error) -> RecordsError {
    RecordsError::Malformed {
        digest: *digest,
        what,
        reason: error.to_string(),
    }
}
