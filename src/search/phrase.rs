//! A phrase whose every place allows several grams, out of any field with positions: tantivy's own phrase allows one
//! gram a place and one field.

use std::cmp::Reverse;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{Bm25Weight, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

/// Grams of which one must stand at an offset from where the phrase begins.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub offset: u32,
    pub terms: Vec<Term>,
}

/// Finds pages on which every slot is filled from one beginning.
#[derive(Debug, Clone)]
pub(super) struct SetPhrase {
    pub slots: Vec<Slot>,
    /// The field whose length weighs in the score.
    pub text: Field,
    /// On how many pages the rarest slot is filled, at most.
    pub frequency: u64,
}

impl Query for SetPhrase {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let similarity = match scoring {
            EnableScoring::Enabled {
                statistics_provider,
                ..
            } => {
                let pages = statistics_provider.total_num_docs()?;
                let tokens = statistics_provider.total_num_tokens(self.text)?;
                let average = tokens as Score / pages.max(1) as Score;
                let frequency = self.frequency.min(pages);
                Some(Bm25Weight::for_one_term_without_explain(
                    frequency, pages, average,
                ))
            }
            EnableScoring::Disabled { .. } => None,
        };
        Ok(Box::new(SetWeight {
            phrase: self.clone(),
            similarity,
        }))
    }
}

struct SetWeight {
    phrase: SetPhrase,
    similarity: Option<Bm25Weight>,
}

impl Weight for SetWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut slots = Vec::with_capacity(self.phrase.slots.len());
        for slot in &self.phrase.slots {
            let mut postings = Vec::with_capacity(slot.terms.len());
            for term in &slot.terms {
                let inverted = reader.inverted_index(term.field())?;
                let option = IndexRecordOption::WithFreqsAndPositions;
                postings.extend(inverted.read_postings(term, option)?);
            }
            if postings.is_empty() {
                return Ok(Box::new(EmptyScorer));
            }
            slots.push(Places::new(slot.offset, postings));
        }
        slots.sort_by_key(|slot| Reverse(slot.frequency));
        let Some(rarest) = slots.pop() else {
            return Ok(Box::new(EmptyScorer));
        };
        let lengths = reader
            .fieldnorms_readers()
            .get_field(self.phrase.text)?
            .unwrap_or_else(|| FieldNormReader::constant(reader.max_doc(), 1));
        let similarity = self.similarity.as_ref();
        let mut scorer = SetScorer {
            rarest,
            others: slots,
            similarity: similarity.map(|similarity| similarity.boost_by(boost)),
            lengths,
            times: 0,
            starts: Vec::new(),
            buffer: Vec::new(),
        };
        scorer.settle();
        Ok(Box::new(scorer))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("a phrase of alternatives", 0.0))
    }
}

/// Where a slot is filled: the postings of its grams together.
struct Places {
    offset: u32,
    frequency: u64,
    /// The least of the postings' pages.
    doc: DocId,
    postings: Vec<SegmentPostings>,
}

impl Places {
    fn new(offset: u32, postings: Vec<SegmentPostings>) -> Self {
        let frequency = postings.iter().map(|one| u64::from(one.doc_freq())).sum();
        let mut places = Self {
            offset,
            frequency,
            doc: 0,
            postings,
        };
        places.doc = places.least();
        places
    }

    fn least(&self) -> DocId {
        let docs = self.postings.iter().map(DocSet::doc);
        docs.min().unwrap_or(TERMINATED)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            for one in self.postings.iter_mut().filter(|one| one.doc() < target) {
                one.seek(target);
            }
            self.doc = self.least();
        }
        self.doc
    }

    /// Writes where the phrase would begin by this slot, in order and each place once.
    fn starts(&mut self, doc: DocId, found: &mut Vec<u32>) {
        found.clear();
        for one in self.postings.iter_mut().filter(|one| one.doc() == doc) {
            one.append_positions_with_offset(0, found);
        }
        let offset = self.offset;
        found.retain_mut(|place| match place.checked_sub(offset) {
            Some(start) => {
                *place = start;
                true
            }
            None => false,
        });
        found.sort_unstable();
        found.dedup();
    }
}

struct SetScorer {
    rarest: Places,
    others: Vec<Places>,
    similarity: Option<Bm25Weight>,
    lengths: FieldNormReader,
    /// How often the phrase stands on the present page.
    times: u32,
    starts: Vec<u32>,
    buffer: Vec<u32>,
}

impl SetScorer {
    /// Goes on to the first page, from the present one, on which the phrase stands.
    fn settle(&mut self) -> DocId {
        loop {
            let doc = self.rarest.doc;
            if doc == TERMINATED {
                self.times = 0;
                return doc;
            }
            let ahead = self
                .others
                .iter_mut()
                .map(|slot| slot.seek(doc))
                .find(|other| *other > doc);
            match ahead {
                Some(ahead) => {
                    self.rarest.seek(ahead);
                }
                None => {
                    self.times = self.count(doc);
                    if self.times > 0 {
                        return doc;
                    }
                    self.rarest.seek(doc + 1);
                }
            }
        }
    }

    fn count(&mut self, doc: DocId) -> u32 {
        self.rarest.starts(doc, &mut self.starts);
        for slot in &mut self.others {
            if self.starts.is_empty() {
                break;
            }
            slot.starts(doc, &mut self.buffer);
            let buffer = &self.buffer;
            self.starts
                .retain(|start| buffer.binary_search(start).is_ok());
        }
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}

impl DocSet for SetScorer {
    fn advance(&mut self) -> DocId {
        let doc = self.rarest.doc;
        if doc == TERMINATED {
            return doc;
        }
        self.rarest.seek(doc + 1);
        self.settle()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.rarest.doc < target {
            self.rarest.seek(target);
            return self.settle();
        }
        self.rarest.doc
    }

    fn doc(&self) -> DocId {
        self.rarest.doc
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.rarest.frequency).unwrap_or(u32::MAX)
    }
}

impl Scorer for SetScorer {
    fn score(&mut self) -> Score {
        let length = self.lengths.fieldnorm_id(self.doc());
        let similarity = self.similarity.as_ref();
        similarity.map_or(0.0, |similarity| similarity.score(length, self.times))
    }
}
