//! Turns a parsed query into a tantivy query, with the reader's permission inside it.

use std::collections::HashMap;
use std::ops::Bound;

use tantivy::query::{
    BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query as Plan, RangeQuery,
    TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use super::query::{Filter, Node, Pattern, Query};
use super::schema::{Fields, PAGE_KIND, format_name};
use super::tokenizer::WORD_START;
use super::view::Reader;
use super::ways::How;

/// Builds the plan for `query` as `reader` may ask it, with the ways that are no less sure than `how`.
pub(super) fn compile(
    searcher: &Searcher,
    fields: &Fields,
    query: &Query,
    reader: &Reader,
    how: How,
) -> tantivy::Result<Box<dyn Plan>> {
    let mut compiler = Compiler {
        searcher,
        fields,
        how,
        frequencies: HashMap::new(),
    };
    let plan = compiler.node(&query.root)?;
    Ok(match reader {
        Reader::Everything => plan,
        Reader::Labels(labels) => {
            let terms = labels
                .iter()
                .map(|label| Term::from_field_text(fields.label, label));
            let permitted = unscored(TermSetQuery::new(terms));
            Box::new(BooleanQuery::intersection(vec![plan, permitted]))
        }
    })
}

pub(super) struct Compiler<'a> {
    searcher: &'a Searcher,
    pub fields: &'a Fields,
    how: How,
    frequencies: HashMap<Term, u64>,
}

/// A gram that a page must have at an offset from where the pattern begins.
struct Gram {
    offset: usize,
    term: Term,
    frequency: u64,
}

impl Compiler<'_> {
    fn node(&mut self, node: &Node) -> tantivy::Result<Box<dyn Plan>> {
        match node {
            Node::Text(ways) => {
                let mut plans = Vec::with_capacity(ways.len());
                let how = self.how;
                for way in ways.iter().filter(|way| way.how <= how) {
                    plans.extend(self.form(&way.form)?);
                }
                Ok(any_of(plans))
            }
            Node::Filter(filter) => Ok(self.filter(filter)),
            Node::Or(children) => {
                let plans: Result<Vec<_>, _> =
                    children.iter().map(|child| self.node(child)).collect();
                Ok(any_of(plans?))
            }
            Node::And(children) => self.all_of(children),
            Node::Not(_) => self.all_of(std::slice::from_ref(node)),
        }
    }

    fn all_of(&mut self, children: &[Node]) -> tantivy::Result<Box<dyn Plan>> {
        let mut clauses: Vec<(Occur, Box<dyn Plan>)> = Vec::with_capacity(children.len() + 1);
        for child in children {
            clauses.push(match child {
                Node::Not(negated) => (Occur::MustNot, self.node(negated)?),
                _ => (Occur::Must, self.node(child)?),
            });
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            let every_page = self.keyword(self.fields.kind, PAGE_KIND);
            clauses.push((Occur::Must, every_page));
        }
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    fn keyword(&self, field: Field, value: &str) -> Box<dyn Plan> {
        let term = Term::from_field_text(field, value);
        unscored(TermQuery::new(term, IndexRecordOption::Basic))
    }

    fn filter(&self, filter: &Filter) -> Box<dyn Plan> {
        let fields = self.fields;
        match filter {
            Filter::Case(case) => self.keyword(fields.case, case.as_str()),
            Filter::Format(format) => self.keyword(fields.format, format_name(*format)),
            Filter::Record(digits) => {
                // 'g' comes after every hexadecimal digit, so this is everything that begins with the digits.
                let from = Term::from_field_text(fields.record, digits);
                let until = Term::from_field_text(fields.record, &format!("{digits}g"));
                unscored(RangeQuery::new(
                    Bound::Included(from),
                    Bound::Excluded(until),
                ))
            }
            Filter::Pages(first, last) => {
                let first = Term::from_field_u64(fields.page, *first);
                let last = Term::from_field_u64(fields.page, *last);
                unscored(RangeQuery::new(
                    Bound::Included(first),
                    Bound::Included(last),
                ))
            }
            Filter::Received(from, until) => {
                let instant = |millis: i64| Term::from_field_i64(fields.received, millis);
                let from = from.map_or(i64::MIN, |from| from.as_millis());
                let until = until.map_or(i64::MAX, |until| until.as_millis());
                unscored(RangeQuery::new(
                    Bound::Included(instant(from)),
                    Bound::Excluded(instant(until)),
                ))
            }
        }
    }

    /// The plan for one pattern; none when one of its grams stands on no page at all.
    pub fn pattern(&mut self, pattern: &Pattern) -> tantivy::Result<Option<Box<dyn Plan>>> {
        let mut chosen: Vec<(usize, Term)> = Vec::new();
        if let (true, Some(Some(first))) = (pattern.word_start, pattern.cells.first()) {
            let gram = self.gram(0, &[WORD_START, *first])?;
            if gram.frequency == 0 {
                return Ok(None);
            }
            chosen.push((0, gram.term));
        }
        for (offset, run) in runs(&pattern.cells) {
            if run.len() == 1 && pattern.word_start && offset == 0 {
                continue;
            }
            let Some(grams) = self.grams_of_run(offset, &run)? else {
                return Ok(None);
            };
            let costs: Vec<u64> = grams.iter().map(|gram| gram.frequency).collect();
            let cover = cover(&costs);
            let grams = grams.into_iter().enumerate();
            let grams = grams.filter(|(index, _)| cover.contains(index));
            chosen.extend(grams.map(|(_, gram)| (gram.offset, gram.term)));
        }
        if chosen.len() > 1 {
            return Ok(Some(Box::new(PhraseQuery::new_with_offset(chosen))));
        }
        Ok(chosen.pop().map(|(_, term)| -> Box<dyn Plan> {
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
        }))
    }

    /// Every gram of characters that stand side by side; none when one of them stands on no page.
    fn grams_of_run(&mut self, offset: usize, run: &[char]) -> tantivy::Result<Option<Vec<Gram>>> {
        let width = run.len().min(2);
        let mut grams = Vec::with_capacity(run.len());
        for (index, chars) in run.windows(width).enumerate() {
            let gram = self.gram(offset + index, chars)?;
            if gram.frequency == 0 {
                return Ok(None);
            }
            grams.push(gram);
        }
        Ok(Some(grams))
    }

    fn gram(&mut self, offset: usize, chars: &[char]) -> tantivy::Result<Gram> {
        let term = gram_term(self.fields.text, chars);
        let frequency = self.frequency(&term)?;
        Ok(Gram {
            offset,
            term,
            frequency,
        })
    }

    /// On how many pages a gram stands; deleted pages may count.
    pub fn frequency(&mut self, term: &Term) -> tantivy::Result<u64> {
        if let Some(known) = self.frequencies.get(term) {
            return Ok(*known);
        }
        let frequency = self.searcher.doc_freq(term)?;
        self.frequencies.insert(term.clone(), frequency);
        Ok(frequency)
    }
}

/// The gram of these characters.
pub(super) fn gram_term(field: Field, chars: &[char]) -> Term {
    let text: String = chars.iter().collect();
    Term::from_field_text(field, &text)
}

pub(super) fn unscored(plan: impl Plan) -> Box<dyn Plan> {
    Box::new(ConstScoreQuery::new(Box::new(plan), 0.0))
}

fn any_of(mut plans: Vec<Box<dyn Plan>>) -> Box<dyn Plan> {
    match plans.len() {
        0 => Box::new(EmptyQuery),
        1 => plans.swap_remove(0),
        _ => Box::new(BooleanQuery::union(plans)),
    }
}

/// The stretches of known characters in a pattern, each with its offset.
fn runs(cells: &[Option<char>]) -> Vec<(usize, Vec<char>)> {
    let mut runs: Vec<(usize, Vec<char>)> = Vec::new();
    let mut joined = false;
    for (offset, cell) in cells.iter().enumerate() {
        match (cell, runs.last_mut()) {
            (Some(c), Some((_, run))) if joined => run.push(*c),
            (Some(c), _) => runs.push((offset, vec![*c])),
            (None, _) => {}
        }
        joined = cell.is_some();
    }
    runs
}

/// Chooses the cheapest grams that leave no character of a run unread: the first, the last, and no two skipped
/// in a row, with the least sum of frequencies. The rarest gram is always among them, because it decides how
/// many pages are looked at. Takes the frequencies, returns indices in order.
pub(super) fn cover(frequencies: &[u64]) -> Vec<usize> {
    // best[i]: least cost of a choice that ends with gram i, and the gram chosen before it.
    let mut best: Vec<(u64, Option<usize>)> = Vec::with_capacity(frequencies.len());
    for (index, frequency) in frequencies.iter().enumerate() {
        let before = (index.saturating_sub(2)..index)
            .filter_map(|before| best.get(before).map(|(cost, _)| (*cost, before)))
            .min();
        let cost = before
            .map_or(0, |(cost, _)| cost)
            .saturating_add(*frequency);
        best.push((cost, before.map(|(_, before)| before)));
    }
    let rarest = (0..frequencies.len()).min_by_key(|index| frequencies.get(*index));
    let mut chosen: Vec<usize> = rarest.into_iter().collect();
    let mut next = best.len().checked_sub(1);
    while let Some(index) = next {
        chosen.push(index);
        next = best.get(index).and_then(|(_, before)| *before);
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cover_leaves_no_character_unread_and_has_the_rarest_gram() {
        assert_eq!(cover(&[5]), [0]);
        assert_eq!(cover(&[5, 5]), [0, 1]);
        assert_eq!(cover(&[5, 9, 5]), [0, 2]);
        assert_eq!(cover(&[5, 1, 5]), [0, 1, 2]);
        assert_eq!(cover(&[5, 9, 8, 5, 9, 5]), [0, 2, 3, 5]);
        assert_eq!(cover(&[9, 9, 8, 1, 8, 9, 9]), [0, 2, 3, 4, 6]);
    }

    #[test]
    fn runs_are_cut_at_unknown_characters() {
        let cells: Vec<Option<char>> = "ab?c".chars().map(|c| (c != '?').then_some(c)).collect();
        assert_eq!(runs(&cells), [(0, vec!['a', 'b']), (3, vec!['c'])]);
    }
}
