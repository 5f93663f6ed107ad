//! Reading segments back: which frames are whole, which end was torn by a crash, and which damage is real.
//!
//! A batch is synced before the next one is written, so a crash can only tear the last frame of the newest segment:
//! that end is cut back. Bytes that do not check with a whole frame behind them, or in an older segment, were once
//! acknowledged: they are damage, reported with file and offset and never cut.

use std::sync::Arc;

use super::file::{SEGMENT_HEADER, Segment, Source};
use super::frame::{self, Fingerprint, FramePlace};
use super::medium::{Medium, OpenMode};
use super::sidecar;
use crate::ledger::StoreError;

/// An end that was cut back when the log was opened: the remains of a batch that was never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The segment file.
    pub file: String,
    /// Where the whole batches end.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
    /// What was wrong with them.
    pub reason: &'static str,
}

/// The name of the segment that begins with fact `first`.
pub(super) fn segment_name(first: u64) -> String {
    format!("{first:020}.seg")
}

fn first_of_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg").filter(|d| d.len() == 20)?;
    digits.parse().ok()
}

/// Opens the file of the segment that begins with fact `first`.
pub(super) fn open_source(
    medium: &dyn Medium,
    first: u64,
    mode: OpenMode,
) -> Result<Arc<Source>, StoreError> {
    let name = segment_name(first);
    let file = medium.open(&name, mode)?;
    let place = medium.describe(&name);
    Ok(Arc::new(Source { file, place }))
}

/// Loads every segment, the newest last. A writer's newest segment is cut back to its last whole batch, which is made
/// durable again; a reader's is left as it is.
pub(super) fn load(
    medium: &dyn Medium,
    write: bool,
) -> Result<(Vec<Segment>, Option<Cut>), StoreError> {
    let names = medium.list()?;
    let mut firsts: Vec<u64> = names
        .iter()
        .filter_map(|name| first_of_name(name))
        .collect();
    firsts.sort_unstable();
    let mut segments: Vec<Segment> = Vec::with_capacity(firsts.len());
    let mut cut = None;
    for (place, first) in firsts.iter().enumerate() {
        let newest = place + 1 == firsts.len();
        let mode = if write && newest {
            OpenMode::Write
        } else {
            OpenMode::Read
        };
        let source = open_source(medium, *first, mode)?;
        let expected = segments.last().map_or(0, Segment::next_index);
        if *first != expected {
            return Err(
                source.damaged(0, format!("facts from {expected} on are missing before it"))
            );
        }
        if !newest {
            segments.push(load_sealed(medium, &source, *first, write)?);
        } else if write {
            let (segment, found) = recover_newest(&source, *first)?;
            segments.push(segment);
            cut = found;
        } else if source.file.length()? >= SEGMENT_HEADER.len() as u64 {
            check_header(&source)?;
            let mut segment = Segment::empty(source, *first);
            extend(&mut segment)?;
            segments.push(segment);
        }
    }
    Ok((segments, cut))
}

fn load_sealed(
    medium: &dyn Medium,
    source: &Arc<Source>,
    first: u64,
    write: bool,
) -> Result<Segment, StoreError> {
    if let Some(segment) = sidecar::read(medium, source, first) {
        return Ok(segment);
    }
    let mut segment = Segment::empty(source.clone(), first);
    check_header(source)?;
    if let Some(fault) = scan(&mut segment)? {
        return Err(source.damaged(fault.offset, fault.reason));
    }
    segment.seal();
    if write {
        tracing::warn!(segment = %source.place, "the segment's index file was missing or wrong and is made again");
        save_sidecar(medium, &segment);
    }
    Ok(segment)
}

/// Writes the index file of a sealed segment. It is only a cache: a failure is told and does no harm.
pub(super) fn save_sidecar(medium: &dyn Medium, segment: &Segment) {
    if let Err(error) = sidecar::write(medium, segment) {
        tracing::warn!(segment = %segment.source.place, %error, "the segment's index file could not be written");
    }
}

fn check_header(source: &Source) -> Result<(), StoreError> {
    if source.read(0, SEGMENT_HEADER.len())? != SEGMENT_HEADER {
        return Err(source.damaged(0, "it is not a ledger segment of a known version"));
    }
    Ok(())
}

/// Cuts the newest segment back and makes its last batch durable: the process before may have died between writing
/// it and syncing it, or a failed sync may have left it in memory only (the kernel then calls it clean).
fn recover_newest(source: &Arc<Source>, first: u64) -> Result<(Segment, Option<Cut>), StoreError> {
    let mut segment = Segment::empty(source.clone(), first);
    let length = source.file.length()?;
    if length <= SEGMENT_HEADER.len() as u64 {
        // Torn while it was made: no batch was ever in it.
        source.file.set_length(0)?;
        source.file.write_at(&SEGMENT_HEADER, 0)?;
        source.file.sync()?;
        return Ok((segment, None));
    }
    check_header(source)?;
    let cut = cut_tail(&mut segment)?;
    if let Some(last) = segment.frames.last() {
        let bytes = source.read(last.offset, (segment.end - last.offset) as usize)?;
        source.file.write_at(&bytes, last.offset)?;
    }
    source.file.sync()?;
    Ok((segment, cut))
}

/// Reads the frames behind the segment's end and cuts off what is not whole. Nothing is synced.
pub(super) fn cut_tail(segment: &mut Segment) -> Result<Option<Cut>, StoreError> {
    let Some(fault) = scan(segment)? else {
        return Ok(None);
    };
    let source = segment.source.clone();
    refuse_later_frames(segment, &fault)?;
    let cut = Cut {
        file: source.place.clone(),
        offset: segment.end,
        bytes: source.file.length()?.saturating_sub(segment.end),
        reason: fault.reason,
    };
    tracing::warn!(
        segment = %cut.file, offset = cut.offset, bytes = cut.bytes, reason = cut.reason,
        "the end of the newest segment was not a whole batch and is cut off; it was never acknowledged"
    );
    source.file.set_length(segment.end)?;
    Ok(Some(cut))
}

/// Reads the frames behind the segment's end as a reader beside the writer: an end that is being written is left for
/// the next time.
pub(super) fn extend(segment: &mut Segment) -> Result<(), StoreError> {
    let Some(fault) = scan(segment)? else {
        return Ok(());
    };
    let Err(damage) = refuse_later_frames(segment, &fault) else {
        return Ok(());
    };
    // The writer may have finished this batch and the next one between the two looks.
    let end = segment.end;
    scan(segment)?;
    if segment.end == end {
        Err(damage)
    } else {
        Ok(())
    }
}

/// Something behind the last whole frame.
struct Fault {
    offset: u64,
    reason: &'static str,
}

/// Adds every whole frame behind the segment's end, up to the first fault or the end of the file.
fn scan(segment: &mut Segment) -> Result<Option<Fault>, StoreError> {
    let source = segment.source.clone();
    let length = source.file.length()?;
    while segment.end < length {
        let offset = segment.end;
        match read_frame(&source, offset, length)? {
            Ok((place, _, _)) if place.first != segment.next_index() => {
                let reason = format!("the batch begins with fact {}", place.first);
                return Err(source.damaged(offset, reason));
            }
            Ok((place, bytes, subjects)) => segment.add(place, bytes, &subjects),
            Err(reason) => return Ok(Some(Fault { offset, reason })),
        }
    }
    Ok(None)
}

type FrameRead = Result<(FramePlace, u64, Vec<Fingerprint>), &'static str>;

fn read_frame(source: &Source, offset: u64, length: u64) -> Result<FrameRead, StoreError> {
    if length - offset < frame::HEADER_BYTES {
        return Ok(Err("the batch ends early"));
    }
    let header = source.read(offset, frame::HEADER_BYTES as usize)?;
    let total = match frame::announced_length(&header) {
        Ok(payload) => frame::HEADER_BYTES + payload,
        Err(reason) => return Ok(Err(reason)),
    };
    if length - offset < total {
        return Ok(Err("the batch ends early"));
    }
    let bytes = source.read(offset, total as usize)?;
    let decoded = frame::decode(&bytes, offset);
    Ok(decoded.map(|(place, subjects)| (place, total, subjects)))
}

/// Bytes of the file looked at together when searching for frames.
const SEARCH_BYTES: u64 = 1024 * 1024;

/// Refuses with `Damaged` when a whole frame stands anywhere behind the fault.
fn refuse_later_frames(segment: &Segment, fault: &Fault) -> Result<(), StoreError> {
    let source = &segment.source;
    let length = source.file.length()?;
    let mut at = fault.offset + 1;
    while at < length {
        // Windows overlap, so that a magic across their border is seen.
        let window = (length - at).min(SEARCH_BYTES + frame::MAGIC.len() as u64 - 1);
        let bytes = source.read(at, window as usize)?;
        for (place, four) in bytes.windows(frame::MAGIC.len()).enumerate() {
            let offset = at + place as u64;
            if four == frame::MAGIC && read_frame(source, offset, length)?.is_ok() {
                let reason = format!("{}, but a whole batch follows at {offset}", fault.reason);
                return Err(source.damaged(fault.offset, reason));
            }
        }
        at += SEARCH_BYTES;
    }
    Ok(())
}
