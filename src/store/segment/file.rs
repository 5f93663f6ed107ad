//! One segment file as it is known in memory: its frames, its subject index, and how its parts are read back.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::frame::{Encoded, Fingerprint, FramePlace, ROW_BYTES, Row};
use super::medium::MediumFile;
use crate::ledger::{Recorded, StoreError};
use crate::merkle::Hash;

/// The first bytes of every segment file: six of magic, then the format version.
pub(super) const SEGMENT_HEADER: [u8; 8] = *b"CFLEDG\x01\x00";

/// A file and the name a person knows it by.
pub(super) struct Source {
    pub(super) file: Arc<dyn MediumFile>,
    pub(super) place: String,
}

impl Source {
    /// The error for bytes at `offset` that contradict themselves.
    pub(super) fn damaged(&self, offset: u64, reason: impl Into<String>) -> StoreError {
        StoreError::Damaged {
            place: format!("{} offset {offset}", self.place),
            reason: reason.into(),
        }
    }

    /// Reads `length` bytes that must be there.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        match self.file.read_at(&mut bytes, offset) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.damaged(offset, "the file ends before stored data"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Which facts of a segment are about which subject. Numbers count from the segment's first fact.
pub(super) enum SubjectIndex {
    /// Of the newest segment.
    Growing(HashMap<Fingerprint, Vec<u32>>),
    /// Of a sealed one, in order.
    Sorted(Vec<(Fingerprint, u32)>),
}

impl SubjectIndex {
    fn add(&mut self, subject: Fingerprint, number: u32) {
        match self {
            SubjectIndex::Growing(map) => map.entry(subject).or_default().push(number),
            SubjectIndex::Sorted(rows) => rows.push((subject, number)),
        }
    }

    fn numbers(&self, subject: &Fingerprint) -> Vec<u32> {
        match self {
            SubjectIndex::Growing(map) => map.get(subject).cloned().unwrap_or_default(),
            SubjectIndex::Sorted(rows) => sorted_run(rows, subject).iter().map(|r| r.1).collect(),
        }
    }

    fn count(&self, subject: &Fingerprint) -> usize {
        match self {
            SubjectIndex::Growing(map) => map.get(subject).map_or(0, Vec::len),
            SubjectIndex::Sorted(rows) => sorted_run(rows, subject).len(),
        }
    }

    fn seal(&mut self) {
        let SubjectIndex::Growing(map) = self else {
            return;
        };
        let all = map
            .iter()
            .flat_map(|(subject, numbers)| numbers.iter().map(|n| (*subject, *n)));
        let mut rows: Vec<(Fingerprint, u32)> = all.collect();
        rows.sort_unstable();
        *self = SubjectIndex::Sorted(rows);
    }
}

fn sorted_run<'r>(
    rows: &'r [(Fingerprint, u32)],
    subject: &Fingerprint,
) -> &'r [(Fingerprint, u32)] {
    let from = rows.partition_point(|row| row.0 < *subject);
    let rest = rows.get(from..).unwrap_or_default();
    let length = rest.iter().take_while(|row| row.0 == *subject).count();
    rest.get(..length).unwrap_or_default()
}

/// A segment: its whole, durable frames and nothing else.
pub(super) struct Segment {
    pub(super) source: Arc<Source>,
    /// Index of its first fact.
    pub(super) first: u64,
    pub(super) frames: Vec<FramePlace>,
    pub(super) index: SubjectIndex,
    /// Offset behind its last frame.
    pub(super) end: u64,
}

impl Segment {
    /// A segment without frames.
    pub(super) fn empty(source: Arc<Source>, first: u64) -> Self {
        Self {
            source,
            first,
            frames: Vec::new(),
            index: SubjectIndex::Growing(HashMap::new()),
            end: SEGMENT_HEADER.len() as u64,
        }
    }

    /// Index behind its last fact.
    pub(super) fn next_index(&self) -> u64 {
        self.frames.last().map_or(self.first, FramePlace::end_index)
    }

    /// Takes note of a frame that stands at its end.
    pub(super) fn add(&mut self, frame: FramePlace, length: u64, subjects: &[Fingerprint]) {
        let numbers = (frame.first - self.first) as u32..;
        for (subject, number) in subjects.iter().zip(numbers) {
            self.index.add(*subject, number);
        }
        self.frames.push(frame);
        self.end += length;
    }

    /// Takes note of a frame just written at its end.
    pub(super) fn add_encoded(&mut self, encoded: &Encoded) {
        let mut frame = encoded.place;
        frame.offset = self.end;
        self.add(frame, encoded.bytes.len() as u64, &encoded.subjects);
    }

    /// Turns its index into the form of sealed segments.
    pub(super) fn seal(&mut self) {
        self.index.seal();
    }

    /// How many facts are about the subject.
    pub(super) fn count(&self, subject: &Fingerprint) -> usize {
        self.index.count(subject)
    }

    /// Where the facts about the subject stand, oldest first.
    pub(super) fn spans_of(&self, subject: &Fingerprint) -> Vec<Span> {
        let numbers = self.index.numbers(subject);
        let spans = numbers
            .iter()
            .map(|n| self.span(self.first + u64::from(*n), 1));
        spans.flatten().collect()
    }

    /// Where the facts from `index` stand, at most `limit` and at most to the end of their frame.
    pub(super) fn span(&self, index: u64, limit: u64) -> Option<Span> {
        let frame = self.frame_of(index)?;
        Some(Span {
            source: self.source.clone(),
            frame,
            from: index,
            to: frame.end_index().min(index.saturating_add(limit)),
        })
    }

    /// The frame that holds fact `index`.
    pub(super) fn frame_of(&self, index: u64) -> Option<FramePlace> {
        let after = self.frames.partition_point(|frame| frame.first <= index);
        let frame = self.frames.get(after.checked_sub(1)?)?;
        (index < frame.end_index()).then_some(*frame)
    }
}

/// Facts that stand together in one frame.
pub(super) struct Span {
    source: Arc<Source>,
    frame: FramePlace,
    from: u64,
    pub(super) to: u64,
}

impl Span {
    /// Reads, checks and decodes the facts.
    pub(super) fn read(&self, into: &mut Vec<Recorded>) -> Result<(), StoreError> {
        let skipped = self.from - self.frame.first;
        // The row before tells where the first fact begins.
        let rows_from = skipped.saturating_sub(1);
        let rows_at = self.frame.row_at(rows_from);
        let rows_count = (self.to - self.frame.first - rows_from) as usize;
        let rows = self.source.read(rows_at, rows_count * ROW_BYTES as usize)?;
        let rows = Row::parse_all(&rows);
        let (begin, rows) = match rows.split_first() {
            Some((before, rows)) if skipped > 0 => (before.end, rows),
            _ => (0, rows.as_slice()),
        };
        let end = rows.last().map_or(begin, |row| row.end);
        let data_at = self.frame.data_at() + u64::from(begin);
        let length = end.checked_sub(begin);
        let length =
            length.ok_or_else(|| self.source.damaged(rows_at, "a fact ends before it begins"))?;
        let data = Bytes::from(self.source.read(data_at, length as usize)?);
        let mut start = begin;
        for (index, row) in (self.from..).zip(rows) {
            let offset = data_at + u64::from(start - begin);
            let damaged = |reason: String| self.source.damaged(offset, reason);
            if row.end < start || row.end > end {
                return Err(damaged("a fact ends before it begins".to_owned()));
            }
            let bytes = data.slice((start - begin) as usize..(row.end - begin) as usize);
            if crc32fast::hash(&bytes) != row.crc {
                return Err(damaged(format!("the checksum of fact {index} is wrong")));
            }
            let recorded = Recorded::decode(index, bytes);
            into.push(recorded.map_err(|e| damaged(format!("fact {index}: {e}")))?);
            start = row.end;
        }
        Ok(())
    }
}

/// Where a checkpoint's text stands.
pub(super) struct CheckpointPlace {
    pub(super) source: Arc<Source>,
    pub(super) frame: FramePlace,
}

impl CheckpointPlace {
    pub(super) fn read(&self) -> Result<String, StoreError> {
        let at = self.frame.checkpoint_at();
        let bytes = self
            .source
            .read(at, self.frame.checkpoint_length as usize)?;
        let text = String::from_utf8(bytes);
        text.map_err(|_| self.source.damaged(at, "a checkpoint is not text"))
    }
}

/// Where a node's hash stands.
pub(super) struct HashPlace {
    pub(super) source: Arc<Source>,
    pub(super) offset: u64,
}

/// Reads hashes, neighbours in one go.
pub(super) fn read_hashes(places: &[HashPlace]) -> Result<Vec<Hash>, StoreError> {
    let mut hashes = Vec::with_capacity(places.len());
    let follows = |a: &HashPlace, b: &HashPlace| {
        Arc::ptr_eq(&a.source, &b.source) && a.offset + 32 == b.offset
    };
    for run in places.chunk_by(follows) {
        let Some(start) = run.first() else { continue };
        let bytes = start.source.read(start.offset, run.len() * 32)?;
        hashes.extend(bytes.as_chunks::<32>().0.iter().map(|hash| Hash(*hash)));
    }
    Ok(hashes)
}
