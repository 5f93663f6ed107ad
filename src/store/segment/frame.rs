//! The bytes of one batch. All numbers are little-endian.
//!
//! ```text
//! magic 4 | payload length u32 | CRC32 of the length and the payload u32 | payload:
//!   first index u64 | facts u32 | checkpoint length u32
//!   a row for each fact: end of its bytes in the last part u32 | CRC32 of its bytes u32 | fingerprint of its subject 16
//!   the hashes of the nodes it completes, 32 bytes each, in the order of `completed_by`
//!   the checkpoint's text
//!   the facts' bytes
//! ```
//! Every part has a place that can be computed, so one fact or one hash is read alone.

use crate::domain::{Digest, Subject};
use crate::ledger::{Batch, StoreError};
use crate::merkle::tree::nodes_among;

/// Bytes before the payload.
pub(super) const HEADER_BYTES: u64 = 12;

/// Bytes of the payload before the rows.
const FIXED_BYTES: u64 = 16;

/// Bytes of a row.
pub(super) const ROW_BYTES: u64 = 24;

/// The largest payload: a longer one is never written and never believed.
pub(super) const PAYLOAD_BYTES_MAX: u64 = 64 * 1024 * 1024;

pub(super) const MAGIC: [u8; 4] = *b"CFB\x01";

/// 128 bits of the SHA-256 of a subject's text: what the index knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fingerprint(pub(super) [u8; 16]);

impl Fingerprint {
    pub(super) fn of(subject: &Subject) -> Self {
        let digest = Digest::of(subject.to_string());
        let mut short = [0; 16];
        short.copy_from_slice(&digest.as_bytes()[..16]);
        Self(short)
    }
}

/// Where a frame stands and how its parts are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FramePlace {
    /// Offset of the frame in its file.
    pub(super) offset: u64,
    /// Index of its first fact.
    pub(super) first: u64,
    /// Number of facts.
    pub(super) count: u32,
    /// Length of the checkpoint's text.
    pub(super) checkpoint_length: u32,
}

impl FramePlace {
    pub(super) fn end_index(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    pub(super) fn row_at(&self, place: u64) -> u64 {
        self.offset + HEADER_BYTES + FIXED_BYTES + place * ROW_BYTES
    }

    /// Offset of the hash of the node of `level` that leaf `leaf` completes.
    pub(super) fn hash_at(&self, leaf: u64, level: u8) -> u64 {
        let before = nodes_among(leaf) - nodes_among(self.first) + u64::from(level);
        self.row_at(u64::from(self.count)) + before * 32
    }

    pub(super) fn checkpoint_at(&self) -> u64 {
        let hashes = nodes_among(self.end_index()) - nodes_among(self.first);
        self.row_at(u64::from(self.count)) + hashes * 32
    }

    pub(super) fn data_at(&self) -> u64 {
        self.checkpoint_at() + u64::from(self.checkpoint_length)
    }
}

/// One row of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) end: u32,
    pub(super) crc: u32,
    pub(super) subject: Fingerprint,
}

impl Row {
    /// Reads the rows that stand in `bytes`.
    pub(super) fn parse_all(bytes: &[u8]) -> Vec<Self> {
        let (rows, _) = bytes.as_chunks::<{ ROW_BYTES as usize }>();
        rows.iter().filter_map(|row| Self::parse(row)).collect()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut subject = [0; 16];
        subject.copy_from_slice(bytes.get(8..24)?);
        Some(Self {
            end: u32_at(bytes, 0)?,
            crc: u32_at(bytes, 4)?,
            subject: Fingerprint(subject),
        })
    }
}

/// A frame ready to be written.
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// Its place if it stood at offset 0.
    pub(super) place: FramePlace,
    /// The subject of each fact.
    pub(super) subjects: Vec<Fingerprint>,
}

/// Encodes a batch that was checked.
pub(super) fn encode(batch: &Batch, subjects: Vec<Fingerprint>) -> Result<Encoded, StoreError> {
    let data: usize = batch.entries.iter().map(|entry| entry.bytes.len()).sum();
    let rows = batch.entries.len() * ROW_BYTES as usize;
    let length =
        FIXED_BYTES as usize + rows + batch.hashes.len() * 32 + batch.checkpoint.len() + data;
    if length as u64 > PAYLOAD_BYTES_MAX {
        let text = format!("the batch has {length} bytes, at most {PAYLOAD_BYTES_MAX} are allowed");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text).into());
    }
    let place = FramePlace {
        offset: 0,
        first: batch.expected,
        count: batch.entries.len() as u32,
        checkpoint_length: batch.checkpoint.len() as u32,
    };
    let mut bytes = Vec::with_capacity(HEADER_BYTES as usize + length);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&place.first.to_le_bytes());
    bytes.extend_from_slice(&place.count.to_le_bytes());
    bytes.extend_from_slice(&place.checkpoint_length.to_le_bytes());
    let mut end = 0u32;
    for (entry, subject) in batch.entries.iter().zip(&subjects) {
        end += entry.bytes.len() as u32;
        bytes.extend_from_slice(&end.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&entry.bytes).to_le_bytes());
        bytes.extend_from_slice(&subject.0);
    }
    for (_, hash) in &batch.hashes {
        bytes.extend_from_slice(&hash.0);
    }
    bytes.extend_from_slice(batch.checkpoint.as_bytes());
    for entry in &batch.entries {
        bytes.extend_from_slice(&entry.bytes);
    }
    let crc = frame_crc(&bytes);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    Ok(Encoded {
        bytes,
        place,
        subjects,
    })
}

/// The checksum of a whole frame: its length field and its payload.
fn frame_crc(frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(frame.get(4..8).unwrap_or_default());
    hasher.update(frame.get(HEADER_BYTES as usize..).unwrap_or_default());
    hasher.finalize()
}

/// The length of the payload that a frame header announces, or what is wrong with the header.
pub(super) fn announced_length(header: &[u8]) -> Result<u64, &'static str> {
    if header.get(..4) != Some(&MAGIC) {
        return Err("no batch begins here");
    }
    let length = u32_at(header, 4).map_or(0, u64::from);
    if !(FIXED_BYTES..=PAYLOAD_BYTES_MAX).contains(&length) {
        return Err("the batch's length is impossible");
    }
    Ok(length)
}

/// Judges a whole frame read from `offset` and gives its place and its subjects, or what is wrong with it.
pub(super) fn decode(
    frame: &[u8],
    offset: u64,
) -> Result<(FramePlace, Vec<Fingerprint>), &'static str> {
    let length = announced_length(frame)?;
    if frame.len() as u64 != HEADER_BYTES + length {
        return Err("the batch ends early");
    }
    if u32_at(frame, 8) != Some(frame_crc(frame)) {
        return Err("the batch's checksum is wrong");
    }
    let impossible = "the batch's parts do not fit its length";
    let fixed = frame.get(HEADER_BYTES as usize..).ok_or(impossible)?;
    let place = FramePlace {
        offset,
        first: u64_at(fixed, 0).ok_or(impossible)?,
        count: u32_at(fixed, 8).filter(|n| *n > 0).ok_or(impossible)?,
        checkpoint_length: u32_at(fixed, 12).ok_or(impossible)?,
    };
    if place.first > crate::merkle::tree::SIZE_MAX {
        return Err(impossible);
    }
    let rows_from = (HEADER_BYTES + FIXED_BYTES) as usize;
    let rows_to = rows_from + place.count as usize * ROW_BYTES as usize;
    let rows = Row::parse_all(frame.get(rows_from..rows_to).ok_or(impossible)?);
    let data = rows.last().map_or(0, |row| u64::from(row.end));
    let in_order = rows.is_sorted_by_key(|row| row.end);
    if !in_order || place.data_at() - offset + data != frame.len() as u64 {
        return Err(impossible);
    }
    Ok((place, rows.iter().map(|row| row.subject).collect()))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let slice = bytes.get(at..at + 4)?;
    slice.try_into().ok().map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let slice = bytes.get(at..at + 8)?;
    slice.try_into().ok().map(u64::from_le_bytes)
}
