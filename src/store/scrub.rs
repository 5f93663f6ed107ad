//! Reading every blob again to see that it is whole.

use futures::{Stream, StreamExt};
use serde::Serialize;

use super::blob::{BlobError, Blobs};
use crate::domain::Digest;

/// Findings that a report lists one by one; the rest are counted.
pub const FINDINGS_MAX: usize = 10_000;

/// What is wrong with a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScrubKind {
    /// It is expected and not there.
    Missing,
    /// It is there and is not what was written.
    Damaged,
    /// It is sealed for a key that is not at hand.
    WrongKey,
    /// The store failed to give it; a later scrub may find it whole.
    Unreadable,
}

/// One blob that is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScrubFinding {
    /// Its address.
    pub digest: Digest,
    /// What is wrong.
    pub kind: ScrubKind,
    /// The same in words.
    pub reason: String,
}

/// What a scrub saw; also handed to the progress callback after each blob.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ScrubReport {
    /// Blobs looked at.
    pub blobs: u64,
    /// Plain bytes of those that are whole.
    pub bytes: u64,
    /// Blobs that cannot be read because the cases they belonged to were erased, which is as it should be.
    pub erased: u64,
    /// What is wrong, in the order found, at most [`FINDINGS_MAX`].
    pub findings: Vec<ScrubFinding>,
    /// Findings beyond those listed.
    pub findings_left_out: u64,
}

impl ScrubReport {
    /// Whether every blob was whole or lawfully erased.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.findings_left_out == 0
    }
}

/// Reads and checks each blob of `expected`: the digests that the ledger names, or [`Blobs::list`] for all that
/// are stored. Fails only when `expected` itself fails; a blob that cannot be read is a finding.
pub async fn scrub<S>(
    blobs: &Blobs,
    mut expected: S,
    progress: &mut (dyn FnMut(&ScrubReport) + Send),
) -> Result<ScrubReport, BlobError>
where
    S: Stream<Item = Result<Digest, BlobError>> + Unpin + Send,
{
    let mut report = ScrubReport::default();
    while let Some(digest) = expected.next().await {
        let digest = digest?;
        report.blobs += 1;
        match blobs.verify(&digest).await {
            Ok(bytes) => report.bytes += bytes,
            Err(BlobError::Erased { .. }) => report.erased += 1,
            Err(error) => note(&mut report, digest, &error)?,
        }
        progress(&report);
    }
    Ok(report)
}

fn note(report: &mut ScrubReport, digest: Digest, error: &BlobError) -> Result<(), BlobError> {
    let kind = match error {
        BlobError::NotFound { .. } => ScrubKind::Missing,
        BlobError::Damaged { .. } => ScrubKind::Damaged,
        BlobError::WrongKey { .. } | BlobError::CaseKey(_) => ScrubKind::WrongKey,
        BlobError::Stopped => return Err(BlobError::Stopped),
        _ => ScrubKind::Unreadable,
    };
    if report.findings.len() >= FINDINGS_MAX {
        report.findings_left_out += 1;
        return Ok(());
    }
    report.findings.push(ScrubFinding {
        digest,
        kind,
        reason: error.to_string(),
    });
    Ok(())
}
