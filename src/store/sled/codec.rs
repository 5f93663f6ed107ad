//! The catalog's records as bytes. JSON, so that a set-aside catalog can be looked into with any tool.

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::domain::event::{FileFormat, ScanSource};
use crate::domain::{CaseNo, Digest, Finding, FindingCode, PipelineName, Timestamp};
use crate::store::catalog::{Counts, RowStatus, ScanRow};

/// Version of everything below. A catalog of another version is set aside and rebuilt, never converted.
pub(super) const FORMAT: u32 = 3;

/// The one record of what the catalog stands for; it moves in the same transaction as the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    pub format: u32,
    /// Index of the next fact to apply.
    pub position: u64,
    /// The token of the next claim.
    pub next_token: u64,
    pub counts: Counts,
    /// Sum of [`share`] over every row and every index entry. After damage sled may come up with some trees
    /// or pages older than others; this is how that is seen.
    pub sum: u64,
    /// A reset has begun and is to be finished.
    pub resetting: bool,
}

impl Meta {
    /// A catalog that has applied nothing.
    pub fn empty(next_token: u64) -> Self {
        Self {
            format: FORMAT,
            position: 0,
            next_token,
            counts: Counts::default(),
            sum: 0,
            resetting: false,
        }
    }

    /// The counter of one status.
    pub fn count(&mut self, status: RowStatus) -> &mut u64 {
        match status {
            RowStatus::Pending => &mut self.counts.pending,
            RowStatus::Sealed => &mut self.counts.sealed,
            RowStatus::Held => &mut self.counts.held,
        }
    }
}

/// What is known of the attempts at one waiting scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Work {
    pub attempts: u32,
    /// The live claim, none once it was given back.
    pub token: Option<u64>,
    /// When the scan may be claimed (again), in milliseconds: the end of the lease, or the retry time.
    pub due_millis: i64,
}

impl Work {
    /// The same as an instant.
    pub fn due(&self) -> Timestamp {
        Timestamp::from_millis(self.due_millis)
    }
}

/// A row without its digest, which is its key, and without field names: a hall has millions of rows, and the
/// smaller they are the faster a catalog opens.
#[derive(Serialize, Deserialize)]
struct StoredRow(
    RowStatus,
    FileFormat,
    ScanSource,
    PipelineName,
    u64,
    Vec<CaseNo>,
    i64,
    u64,
    u64,
    Option<Digest>,
    Option<u32>,
    Vec<StoredFinding>,
);

/// Page, code, and the bits of the value and of the limit: JSON would round the numbers.
#[derive(Serialize, Deserialize)]
struct StoredFinding(Option<u32>, FindingCode, Option<u64>, Option<u64>);

/// Writes a row.
pub(super) fn encode_row(row: &ScanRow) -> Result<Vec<u8>, Failure> {
    let findings = row.findings.iter().map(|finding| {
        let value = finding.value.map(f64::to_bits);
        let limit = finding.limit.map(f64::to_bits);
        StoredFinding(finding.page, finding.code, value, limit)
    });
    encode(&StoredRow(
        row.status,
        row.format,
        row.source,
        row.pipeline.clone(),
        row.bytes,
        row.cases.clone(),
        row.received_at.as_millis(),
        row.received_index,
        row.last_index,
        row.manifest,
        row.pages,
        findings.collect(),
    ))
}

/// Reads the row of `scan`.
pub(super) fn decode_row(scan: Digest, bytes: &[u8]) -> Result<ScanRow, Failure> {
    let StoredRow(
        status,
        format,
        source,
        pipeline,
        length,
        cases,
        received_at,
        received_index,
        last_index,
        manifest,
        pages,
        findings,
    ) = decode(bytes)?;
    let findings = findings.into_iter();
    let findings = findings.map(|StoredFinding(page, code, value, limit)| Finding {
        page,
        code,
        value: value.map(f64::from_bits),
        limit: limit.map(f64::from_bits),
    });
    Ok(ScanRow {
        scan,
        status,
        format,
        bytes: length,
        source,
        pipeline,
        cases,
        received_at: Timestamp::from_millis(received_at),
        received_index,
        last_index,
        manifest,
        pages,
        findings: findings.collect(),
    })
}

/// Writes any other record.
pub(super) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(record)
        .map_err(|error| Failure::Medium(format!("a record cannot be written: {error}")))
}

/// Reads any other record.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes)
        .map_err(|error| Failure::Damaged(format!("a record cannot be read: {error}")))
}

/// Reads a digest.
pub(super) fn decode_digest(bytes: &[u8]) -> Result<Digest, Failure> {
    <[u8; 32]>::try_from(bytes)
        .map(Digest::from_bytes)
        .map_err(|_| Failure::Damaged(format!("a digest has {} bytes", bytes.len())))
}

/// The first byte of a status's keys in the index.
pub(super) fn status_byte(status: RowStatus) -> u8 {
    match status {
        RowStatus::Pending => 1,
        RowStatus::Sealed => 2,
        RowStatus::Held => 3,
    }
}

/// Key of a row in the index: the status, then the receipt index, big-endian so that keys sort by receipt.
pub(super) fn status_key(status: RowStatus, received_index: u64) -> [u8; 9] {
    let mut key = [0; 9];
    let (first, rest) = key.split_at_mut(1);
    first.fill(status_byte(status));
    rest.copy_from_slice(&received_index.to_be_bytes());
    key
}

/// Key of a memo.
pub(super) fn memo_key(key: &Digest, input: &Digest) -> [u8; 64] {
    let mut joined = [0; 64];
    let (first, second) = joined.split_at_mut(32);
    first.copy_from_slice(key.as_bytes());
    second.copy_from_slice(input.as_bytes());
    joined
}

/// What one entry of the rows or of the index adds to [`Meta::sum`]. The lengths of the keys tell the two apart.
pub(super) fn share(key: &[u8], value: &[u8]) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    u64::from(hasher.finalize())
}
