//! Counts every match and keeps the best ones, in one pass. Pages with more occurrences in less text come first
//! (BM25); equal ones in the order their scans were received, then by page number, whatever the segments are.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::ColumnValues;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

/// A bit for each page of a segment: set for those that an earlier pass found.
type Marks = Vec<u64>;

/// Pages that earlier passes found, by segment.
pub(super) type Seen = HashMap<SegmentOrdinal, Marks>;

/// Collects the number of matches and the best `keep` of them. Where a query is answered in several passes, each
/// collects only what the passes before it did not find.
pub(super) struct BestPages {
    keep: usize,
    /// None where there is one pass only.
    seen: Option<Mutex<Seen>>,
}

impl BestPages {
    /// For the only pass.
    pub fn once(keep: usize) -> Self {
        Self { keep, seen: None }
    }

    /// For one pass of several; `seen` is what [`Found::seen`] of the one before said.
    pub fn after(keep: usize, seen: Seen) -> Self {
        Self {
            keep,
            seen: Some(Mutex::new(seen)),
        }
    }
}

/// What [`BestPages`] found.
#[derive(Default)]
pub(super) struct Found {
    /// The exact number of matches.
    pub total: u64,
    /// The best ones, best first.
    pub best: Vec<Ranked>,
    /// What this pass and those before it found; empty where there is one pass only.
    pub seen: Seen,
}

/// A match with what decides its rank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranked {
    pub score: Score,
    pub place: u64,
    pub address: DocAddress,
}

impl Ord for Ranked {
    /// The better one is the greater one.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.place.cmp(&self.place))
            .then_with(|| other.address.cmp(&self.address))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

pub(super) struct SegmentBest {
    keep: usize,
    total: u64,
    segment_ord: SegmentOrdinal,
    seen: Option<Marks>,
    places: Arc<dyn ColumnValues<u64>>,
    /// The least of the kept ones on top.
    kept: BinaryHeap<Reverse<Ranked>>,
}

impl Collector for BestPages {
    type Fruit = Found;
    type Child = SegmentBest;

    fn for_segment(
        &self,
        segment_ord: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<SegmentBest> {
        let seen = self.seen.as_ref().map(|seen| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let words = segment.max_doc().div_ceil(u64::BITS) as usize;
            seen.remove(&segment_ord).unwrap_or_else(|| vec![0; words])
        });
        Ok(SegmentBest {
            keep: self.keep,
            total: 0,
            segment_ord,
            seen,
            places: segment
                .fast_fields()
                .u64("place")?
                .first_or_default_col(u64::MAX),
            kept: BinaryHeap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.keep > 0
    }

    fn merge_fruits(&self, parts: Vec<Found>) -> tantivy::Result<Found> {
        let mut found = Found::default();
        for part in parts {
            found.total += part.total;
            found.best.extend(part.best);
            found.seen.extend(part.seen);
        }
        found.best.sort_unstable_by(|left, right| right.cmp(left));
        found.best.truncate(self.keep);
        Ok(found)
    }
}

impl SegmentCollector for SegmentBest {
    type Fruit = Found;

    fn collect(&mut self, doc_id: DocId, score: Score) {
        if !self.is_new(doc_id) {
            return;
        }
        self.total += 1;
        if self.kept.len() >= self.keep {
            match self.kept.peek() {
                Some(Reverse(least)) if score >= least.score => {}
                _ => return,
            }
        }
        self.kept.push(Reverse(Ranked {
            score,
            place: self.places.get_val(doc_id),
            address: DocAddress::new(self.segment_ord, doc_id),
        }));
        if self.kept.len() > self.keep {
            self.kept.pop();
        }
    }

    fn harvest(self) -> Found {
        Found {
            total: self.total,
            best: self
                .kept
                .into_iter()
                .map(|Reverse(ranked)| ranked)
                .collect(),
            seen: self
                .seen
                .map(|marks| (self.segment_ord, marks))
                .into_iter()
                .collect(),
        }
    }
}

impl SegmentBest {
    /// Marks a page, and tells whether no pass found it before.
    fn is_new(&mut self, doc_id: DocId) -> bool {
        let Some(marks) = &mut self.seen else {
            return true;
        };
        let mark = 1 << (doc_id % u64::BITS);
        match marks.get_mut((doc_id / u64::BITS) as usize) {
            Some(word) if *word & mark == 0 => {
                *word |= mark;
                true
            }
            _ => false,
        }
    }
}
