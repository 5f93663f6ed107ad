//! Receiving a scan: permit, stream to the blob store while hashing, refuse what is not paper, record the fact.
//! Nothing is acknowledged before its fact is durable; the same bytes give the same receipt.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, Stream, StreamExt};

use super::memo::MANIFEST_BYTES_MAX;
use crate::domain::event::{FileFormat, ScanSource};
use crate::domain::manifest::RecordManifest;
use crate::domain::scan::{self, ScanState, ScanStatus};
use crate::domain::{
    Actor, CaseNo, Commitment, Digest, Event, PipelineName, Problem, RequestId, SiteCode, Subject,
};
use crate::imaging::sniff::{self, Foreign, HEAD_BYTES};
use crate::ledger::{Decline, Ledger, LedgerError, Reads, Receipt};
use crate::store::blob::{BlobError, Blobs, Stored};
use crate::store::case_keys::CaseKeyError;
use crate::store::vault::{Vault, VaultError};

/// The door through which scans enter.
pub struct Receiver {
    ledger: Arc<Ledger>,
    blobs: Arc<Blobs>,
    vault: Arc<Vault>,
    bytes_max: u64,
}

/// What the sender says of a scan.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// SHA-256 the sender computed, if any; other bytes are refused.
    pub announced: Option<Digest>,
    /// Which door.
    pub source: ScanSource,
    /// Which pipeline is to read it.
    pub pipeline: PipelineName,
    /// The case it belongs to.
    pub case: Option<CaseNo>,
    /// The site it is scanned at, if known.
    pub site: Option<SiteCode>,
    /// Who sends it.
    pub by: Actor,
    /// The file's name; goes to the vault, never into the ledger or a log.
    pub file_name: Option<String>,
}

/// A scan that is durable, with its receipt.
#[derive(Debug, Clone)]
pub struct Received {
    /// SHA-256 of the master.
    pub scan: Digest,
    /// Its length.
    pub bytes: u64,
    /// What its first bytes say it is.
    pub format: FileFormat,
    /// Whether the same bytes were known before.
    pub duplicate: bool,
    /// Where it stands.
    pub state: ScanState,
    /// The ledger's receipt.
    pub receipt: Receipt,
}

/// Why a scan was not taken. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Not a kind of file that holds paper.
    #[error("the content is {}", .0.en())]
    Foreign(Foreign),
    /// The blob store refused or failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The history that was just written cannot be read.
    #[error("the history of the scan cannot be folded")]
    NoHistory,
}

impl ReceiveError {
    /// The entry of the problem table that a person is shown.
    pub fn problem(&self) -> Problem {
        match self {
            ReceiveError::Empty => Problem::EmptyFile,
            ReceiveError::Foreign(_) => Problem::UnsupportedFormat,
            ReceiveError::Blob(BlobError::DigestMismatch { .. }) => Problem::DigestMismatch,
            ReceiveError::Blob(BlobError::TooLarge { .. }) => Problem::TooLarge,
            ReceiveError::Blob(BlobError::Stream(_)) => Problem::CannotRead,
            ReceiveError::Blob(
                BlobError::Erased { .. } | BlobError::CaseKey(CaseKeyError::Erased { .. }),
            )
            | ReceiveError::Vault(VaultError::CaseKey(CaseKeyError::Erased { .. })) => {
                Problem::Erased
            }
            ReceiveError::Ledger(error) if error.is_retryable() => Problem::Busy,
            ReceiveError::Blob(_) | ReceiveError::Vault(_) | ReceiveError::Ledger(_) => {
                Problem::StoreFailed
            }
            ReceiveError::NoHistory => Problem::Internal,
        }
    }
}

impl Receiver {
    /// Takes scans of at most `bytes_max` bytes.
    pub fn new(ledger: Arc<Ledger>, blobs: Arc<Blobs>, vault: Arc<Vault>, bytes_max: u64) -> Self {
        Self {
            ledger,
            blobs,
            vault,
            bytes_max,
        }
    }

    /// Takes one scan. On `Ok` its bytes and its fact are durable.
    pub async fn receive<S>(
        &self,
        mut stream: S,
        incoming: Incoming,
    ) -> Result<Received, ReceiveError>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Unpin + Send,
    {
        let head = read_head(&mut stream).await?;
        if head.is_empty() {
            return Err(ReceiveError::Empty);
        }
        let format = sniff::sniff(&head).map_err(ReceiveError::Foreign)?;
        let whole = stream::iter([Ok(head)]).chain(stream);
        let stored = self
            .blobs
            .for_cases(incoming.case.as_slice())
            .put_stream(whole, incoming.announced, self.bytes_max)
            .await?;
        self.record(stored, format, incoming).await
    }

    async fn record(
        &self,
        stored: Stored,
        format: FileFormat,
        incoming: Incoming,
    ) -> Result<Received, ReceiveError> {
        let subject = Subject::Scan(stored.digest);
        let known = self.ledger.history(&subject).await?;
        let note = match &incoming.file_name {
            Some(name) if known.is_empty() => {
                let name = name.as_bytes();
                Some(match &incoming.case {
                    Some(case) => self.vault.put_for_case(&subject, case, name).await?,
                    None => self.vault.put(&subject, name).await?,
                })
            }
            _ => None,
        };
        let event = received_event(&stored, format, &incoming, note);
        let decide = |reads: &mut Reads<'_>, _now| {
            let state = fold_history(reads.history(&subject)?);
            Ok::<_, Decline>(scan::receive(state.as_ref(), stored.digest, event.clone()))
        };
        let receipt = self
            .ledger
            .record(request_of(&stored.digest, &incoming), &incoming.by, decide)
            .await?;
        let history = self.ledger.history(&subject).await?;
        let state = fold_history(&history).ok_or(ReceiveError::NoHistory)?;
        if let Some(note) = note.filter(|note| !names(&history, note)) {
            // The same bytes came through another door at the same time, and the fact names that one's note.
            if let Err(error) = self.vault.erase(&subject, &note).await {
                tracing::warn!(scan = %stored.digest, %error, "a second note could not be erased");
            }
        }
        if let Some(case) = &incoming.case {
            self.share_derived(&state, case).await?;
        }
        let duplicate = !known.is_empty() || receipt.repeated;
        Ok(Received {
            scan: stored.digest,
            bytes: stored.bytes,
            format,
            duplicate,
            state,
            receipt,
        })
    }
}

impl Receiver {
    /// What was derived from a scan before it was filed under `case` belongs to that case too. What cannot be read is
    /// left as it is.
    async fn share_derived(&self, state: &ScanState, case: &CaseNo) -> Result<(), ReceiveError> {
        let Some(manifest) = state.last_manifest else {
            return Ok(());
        };
        let Ok(bytes) = self.blobs.get(&manifest, MANIFEST_BYTES_MAX).await else {
            return Ok(());
        };
        let read: Result<RecordManifest, _> = serde_json::from_slice(&bytes);
        let derived = read.map(|read| read.derived()).unwrap_or_default();
        for blob in derived.iter().chain([&manifest]) {
            match self.blobs.share(blob, case).await {
                Err(error) if error.is_unreadable() => {}
                shared => shared?,
            }
        }
        Ok(())
    }
}

impl Received {
    /// Whether a reader still has work to do on it.
    pub fn is_pending(&self) -> bool {
        self.state.status == ScanStatus::Pending
    }
}

/// Folds recorded facts into the scan's state.
pub fn fold_history(history: &[crate::ledger::Recorded]) -> Option<ScanState> {
    scan::fold(history.iter().map(|recorded| &recorded.entry.event))
}

fn names(history: &[crate::ledger::Recorded], sought: &Commitment) -> bool {
    history.iter().any(|recorded| match &recorded.entry.event {
        Event::ScanReceived { note, .. } => note.as_ref() == Some(sought),
        _ => false,
    })
}

fn received_event(
    stored: &Stored,
    format: FileFormat,
    incoming: &Incoming,
    note: Option<Commitment>,
) -> Event {
    Event::ScanReceived {
        digest: stored.digest,
        sm3: stored.sm3,
        bytes: stored.bytes,
        format,
        source: incoming.source,
        pipeline: incoming.pipeline.clone(),
        case: incoming.case.clone(),
        note,
        site: incoming.site.clone(),
    }
}

/// The same bytes for the same case are the same request, whoever repeats it.
fn request_of(scan: &Digest, incoming: &Incoming) -> RequestId {
    let kind = match &incoming.case {
        Some(case) => format!("scan/{case}"),
        None => "scan".to_string(),
    };
    RequestId::of_digest(&kind, scan)
}

/// Collects the first bytes, enough to tell the format, as one chunk.
async fn read_head<S>(stream: &mut S) -> Result<Bytes, BlobError>
where
    S: Stream<Item = std::io::Result<Bytes>> + Unpin,
{
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES {
        match stream.next().await {
            Some(Ok(chunk)) => head.extend_from_slice(&chunk),
            Some(Err(error)) => return Err(BlobError::Stream(error)),
            None => break,
        }
    }
    Ok(head.freeze())
}
