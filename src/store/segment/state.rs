//! What is durable, over all segments: where each fact, hash and checkpoint stands.

use super::file::{CheckpointPlace, HashPlace, Segment, Span};
use super::frame::Fingerprint;
use crate::domain::Subject;
use crate::ledger::StoreError;
use crate::merkle::NodeId;
use crate::merkle::tree::last_leaf;

/// The segments, the newest last, and the newest checkpoint.
pub(super) struct State {
    pub(super) segments: Vec<Segment>,
    pub(super) checkpoint: Option<String>,
}

impl State {
    pub(super) fn size(&self) -> u64 {
        self.segments.last().map_or(0, Segment::next_index)
    }

    pub(super) fn count(&self, subject: &Fingerprint) -> u32 {
        let counts = self.segments.iter().map(|segment| segment.count(subject));
        counts.sum::<usize>() as u32
    }

    /// Where the facts about a subject stand, and now and then one of another.
    pub(super) fn spans_of(&self, subject: &Subject) -> Vec<Span> {
        let fingerprint = Fingerprint::of(subject);
        let find = |segment: &Segment| segment.spans_of(&fingerprint);
        self.segments.iter().flat_map(find).collect()
    }

    /// The segment that holds fact `index`.
    pub(super) fn segment_of(&self, index: u64) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.first <= index);
        self.segments.get(after.checked_sub(1)?)
    }

    pub(super) fn checkpoint_place(&self, index: u64) -> Option<CheckpointPlace> {
        let segment = self.segment_of(index)?;
        Some(CheckpointPlace {
            source: segment.source.clone(),
            frame: segment.frame_of(index)?,
        })
    }

    pub(super) fn hash_place(&self, node: NodeId) -> Option<HashPlace> {
        let leaf = last_leaf(node)?;
        let segment = self.segment_of(leaf)?;
        let frame = segment.frame_of(leaf)?;
        Some(HashPlace {
            source: segment.source.clone(),
            offset: frame.hash_at(leaf, node.level),
        })
    }

    pub(super) fn read_checkpoint(&mut self) -> Result<(), StoreError> {
        let last = self.size().checked_sub(1);
        let place = last.and_then(|index| self.checkpoint_place(index));
        self.checkpoint = place.map(|place| place.read()).transpose()?;
        Ok(())
    }
}
