//! The index file beside a sealed segment: its frames and its subjects, so that a start need not read the facts. It
//! is a cache with a checksum: one that is missing or wrong is made again from the segment.
//!
//! ```text
//! magic 8 | CRC32 of the rest u32 | segment length u64 | first index u64 | frames u32 | facts u32
//! each frame: offset u64 | first index u64 | facts u32 | checkpoint length u32
//! each fact, by subject: fingerprint 16 | number in the segment u32
//! ```

use std::io;
use std::sync::Arc;

use super::file::{Segment, Source, SubjectIndex};
use super::frame::{Fingerprint, FramePlace, u32_at, u64_at};
use super::medium::{Medium, OpenMode};

const MAGIC: [u8; 8] = *b"CFINDX\x01\x00";
const HEADER_BYTES: usize = 36;
const FRAME_BYTES: usize = 24;
const FACT_BYTES: usize = 20;

fn name_of(first: u64) -> String {
    format!("{first:020}.idx")
}

/// Writes the index of a sealed segment.
pub(super) fn write(medium: &dyn Medium, segment: &Segment) -> io::Result<()> {
    let SubjectIndex::Sorted(facts) = &segment.index else {
        return Err(io::Error::other("only a sealed segment has an index file"));
    };
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&segment.end.to_le_bytes());
    bytes.extend_from_slice(&segment.first.to_le_bytes());
    bytes.extend_from_slice(&(segment.frames.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(facts.len() as u32).to_le_bytes());
    for frame in &segment.frames {
        bytes.extend_from_slice(&frame.offset.to_le_bytes());
        bytes.extend_from_slice(&frame.first.to_le_bytes());
        bytes.extend_from_slice(&frame.count.to_le_bytes());
        bytes.extend_from_slice(&frame.checkpoint_length.to_le_bytes());
    }
    for (subject, number) in facts {
        bytes.extend_from_slice(&subject.0);
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    let crc = crc32fast::hash(&bytes[12..]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    let file = medium.open(&name_of(segment.first), OpenMode::Create)?;
    file.set_length(0)?;
    file.write_at(&bytes, 0)?;
    file.sync()
}

/// Reads the index of the segment in `source`; none when it is missing or does not fit, for whatever reason.
pub(super) fn read(medium: &dyn Medium, source: &Arc<Source>, first: u64) -> Option<Segment> {
    let file = medium.open(&name_of(first), OpenMode::Read).ok()?;
    let mut bytes = vec![0; usize::try_from(file.length().ok()?).ok()?];
    file.read_at(&mut bytes, 0).ok()?;
    let segment = parse(&bytes, source, first)?;
    (source.file.length().ok()? == segment.end).then_some(segment)
}

fn parse(bytes: &[u8], source: &Arc<Source>, first: u64) -> Option<Segment> {
    let checked = bytes.get(12..)?;
    if bytes.get(..8)? != MAGIC || u32_at(bytes, 8)? != crc32fast::hash(checked) {
        return None;
    }
    if u64_at(bytes, 20)? != first {
        return None;
    }
    let (frames, facts) = (u32_at(bytes, 28)? as usize, u32_at(bytes, 32)? as usize);
    let rest = bytes.get(HEADER_BYTES..)?;
    let (frame_bytes, fact_bytes) = rest.split_at_checked(frames.checked_mul(FRAME_BYTES)?)?;
    if fact_bytes.len() != facts.checked_mul(FACT_BYTES)? {
        return None;
    }
    let mut segment = Segment::empty(source.clone(), first);
    segment.end = u64_at(bytes, 12)?;
    segment.frames.reserve(frames);
    for frame in frame_bytes.as_chunks::<FRAME_BYTES>().0 {
        let frame = FramePlace {
            offset: u64_at(frame, 0)?,
            first: u64_at(frame, 8)?,
            count: u32_at(frame, 16)?,
            checkpoint_length: u32_at(frame, 20)?,
        };
        if frame.first != segment.next_index() {
            return None;
        }
        segment.frames.push(frame);
    }
    let mut rows = Vec::with_capacity(facts);
    for fact in fact_bytes.as_chunks::<FACT_BYTES>().0 {
        let (subject, number) = fact.split_first_chunk::<16>()?;
        rows.push((Fingerprint(*subject), u32_at(number, 0)?));
    }
    if segment.next_index() != first + facts as u64 {
        return None;
    }
    segment.index = SubjectIndex::Sorted(rows);
    Some(segment)
}
