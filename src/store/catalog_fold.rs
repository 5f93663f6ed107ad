//! How a fact changes a row of the catalog, and which facts of a batch are still to be applied. Pure, and the
//! same for every back end, so that a catalog rebuilt anywhere has the same rows.

use super::catalog::{RowStatus, ScanRow};
use crate::domain::scan::move_case;
use crate::domain::{Digest, Event, Subject};
use crate::ledger::Recorded;

/// Facts that do not follow on what a projection has applied. Nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutOfOrder {
    /// Facts between the position and the first fact given are missing.
    #[error(
        "facts {position} to {from} were not given to the catalog; give it the facts from its position on"
    )]
    Gap {
        /// The next fact the catalog needs.
        position: u64,
        /// The first fact it was given.
        from: u64,
    },
    /// The facts of one batch do not have consecutive indexes.
    #[error("a batch for the catalog has fact {found} in the place of fact {expected}")]
    Misplaced {
        /// The index the place calls for.
        expected: u64,
        /// The index found there.
        found: u64,
    },
}

/// Returns the part of `entries`, a batch that begins at fact `from`, that a projection at `position` has not
/// applied yet.
pub fn still_to_apply(
    position: u64,
    from: u64,
    entries: &[Recorded],
) -> Result<&[Recorded], OutOfOrder> {
    if from > position {
        return Err(OutOfOrder::Gap { position, from });
    }
    let mut expected = from;
    for fact in entries {
        if fact.index != expected {
            return Err(OutOfOrder::Misplaced {
                expected,
                found: fact.index,
            });
        }
        expected = expected.saturating_add(1);
    }
    let known = usize::try_from(position - from).unwrap_or(usize::MAX);
    Ok(entries.get(known..).unwrap_or_default())
}

/// The scan a fact is about, if it is about one.
pub fn scan_of(fact: &Recorded) -> Option<Digest> {
    match &fact.entry.subject {
        Subject::Scan(digest) => Some(*digest),
        _ => None,
    }
}

/// Whether a fact ends the attempts at reading its scan: its lease is void and the next reading counts from 1.
pub fn ends_attempts(event: &Event) -> bool {
    matches!(
        event,
        Event::RecordSealed { .. } | Event::ScanHeld { .. } | Event::ScanRequeued { .. }
    )
}

/// Folds one fact about `scan` into its row, exactly as [`crate::domain::scan::fold`] folds a history: what
/// comes before the receipt is ignored, a second receipt changes nothing but `last_index`.
pub fn fold(scan: Digest, row: Option<ScanRow>, fact: &Recorded) -> Option<ScanRow> {
    let Some(mut row) = row else {
        return received(scan, fact);
    };
    row.last_index = fact.index;
    match &fact.entry.event {
        Event::ScanFiled { case } => row.cases.push(case.clone()),
        Event::ScanRefiled { from, to, .. } => move_case(&mut row.cases, from, to),
        Event::PagesRead { manifest, .. } => row.manifest = Some(*manifest),
        Event::RecordSealed { manifest, pages } => {
            row.status = RowStatus::Sealed;
            row.manifest = Some(*manifest);
            row.pages = Some(*pages);
            row.findings.clear();
        }
        Event::ScanHeld { findings } => {
            row.status = RowStatus::Held;
            row.findings = findings.clone();
        }
        Event::ScanRequeued { pipeline } => {
            row.status = RowStatus::Pending;
            row.pipeline = pipeline.clone();
            row.findings.clear();
        }
        _ => {}
    }
    Some(row)
}

fn received(scan: Digest, fact: &Recorded) -> Option<ScanRow> {
    let Event::ScanReceived {
        bytes,
        format,
        source,
        pipeline,
        case,
        ..
    } = &fact.entry.event
    else {
        return None;
    };
    Some(ScanRow {
        scan,
        status: RowStatus::Pending,
        format: *format,
        bytes: *bytes,
        source: *source,
        pipeline: pipeline.clone(),
        cases: case.iter().cloned().collect(),
        received_at: fact.entry.at,
        received_index: fact.index,
        last_index: fact.index,
        manifest: None,
        pages: None,
        findings: Vec::new(),
    })
}
