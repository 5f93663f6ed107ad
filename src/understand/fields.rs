//! All fields of a page: what stands in its rows and flows, each once, with its label and how far it can be relied on.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Date;
use crate::domain::meaning::{Field, FieldKind, Standing};
use crate::domain::text::{OcrPage, Rect};

use super::codes::{candidates, is_valid, shape, written};
use super::labels::{Announces, Label, labels};
use super::repair::{glyphs_of, has_rival};
use super::stream::{Glyph, Page, Row, Stream, lay_out};
use super::{amounts, dates, numbers, values};

pub use super::dates::canonical_date;

/// Fields told of a page at most.
const FIELDS_MAX: usize = 400;
/// A value with a character below this is doubtful.
const LIKELY_MIN: f32 = 0.6;
/// A value is only verified when every character was read at least this surely.
const VERIFIED_MIN: f32 = 0.9;
/// The same for numbers that only their check characters confirm: two wrong characters pass those by chance, but are seldom
/// read so surely.
const CHECKED_MIN: f32 = 0.95;
/// A label above its value lies at most this far away, in heights.
const ABOVE_MAX: f32 = 2.6;

/// A value found in a stream.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub field: FieldKind,
    pub value: String,
    pub glyphs: Vec<Glyph>,
    /// Something about it is unusual: a person should look.
    pub odd: bool,
    /// Its own rules confirm it.
    pub checked: bool,
    pub label: Option<&'static str>,
}

impl Hit {
    pub fn new(field: FieldKind, value: String, stream: &Stream, from: usize, to: usize) -> Self {
        Self {
            field,
            value,
            glyphs: stream.slice(from, to).to_vec(),
            odd: false,
            checked: false,
            label: None,
        }
    }

    pub fn odd(mut self, odd: bool) -> Self {
        self.odd = odd;
        self
    }

    fn places(&self) -> BTreeSet<(usize, usize)> {
        self.glyphs
            .iter()
            .map(|glyph| (glyph.line, glyph.at))
            .collect()
    }

    fn confidence(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.p).fold(1.0, f32::min)
    }

    fn repaired(&self) -> bool {
        self.glyphs.iter().any(|glyph| glyph.repaired)
    }
}

/// Every field of a page, in reading order. `day` is the day the page was received: no birth is later.
pub fn fields(page: &OcrPage, day: Date) -> Vec<Field> {
    let laid = lay_out(page);
    let labelled: Vec<Vec<Label>> = laid.rows.iter().map(|row| labels(&row.stream)).collect();
    let mut hits = Vec::new();
    for (at, row) in laid.rows.iter().enumerate() {
        let mut found = patterns(page, &row.stream, day);
        for hit in &mut found {
            hit.label = label_of(&laid, &labelled, at, hit).map(|label| label.text);
        }
        hits.append(&mut found);
        hits.extend(values::in_row(&laid, &labelled, at));
    }
    for flow in &laid.flows {
        hits.extend(patterns(page, flow, day));
        hits.extend(values::in_flow(flow));
    }
    let mut kept = once(hits);
    kept.sort_by_key(|hit| hit.glyphs.first().map(|glyph| (glyph.line, glyph.at)));
    kept.truncate(FIELDS_MAX);
    let repeated = repeated(&kept);
    let agreed = agreed(&kept);
    let born = born(&kept);
    kept.iter()
        .map(|hit| {
            let confirmed = hit.checked && hit.confidence() >= CHECKED_MIN
                || repeated.contains(&(hit.field, hit.value.clone()))
                || hit.field == FieldKind::Amount && agreed.contains(&hit.value)
                || hit.field == FieldKind::Date && born.contains(&hit.value) && is_birth(hit);
            field(page, hit, confirmed)
        })
        .collect()
}

/// What is known by its own form.
fn patterns(page: &OcrPage, stream: &Stream, day: Date) -> Vec<Hit> {
    let mut hits = numbered(page, stream, day);
    let codes: BTreeSet<(usize, usize)> = hits.iter().flat_map(Hit::places).collect();
    let others = dates::find(stream)
        .into_iter()
        .chain(numbers::documents(stream))
        .chain(numbers::phones(stream))
        .chain(amounts::find(stream));
    hits.extend(others.filter(|hit| hit.places().is_disjoint(&codes)));
    hits
}

/// Identity numbers and credit codes.
fn numbered(page: &OcrPage, stream: &Stream, day: Date) -> Vec<Hit> {
    let mut hits = Vec::new();
    for candidate in candidates(stream) {
        let glyphs = glyphs_of(stream, &candidate);
        let code = written(&glyphs);
        let as_person = is_valid(FieldKind::IdentityNumber, &code, day);
        let as_company = is_valid(FieldKind::CreditCode, &code, day);
        let kind = match (as_person, as_company) {
            (true, false) => Some(FieldKind::IdentityNumber),
            (false, true) => Some(FieldKind::CreditCode),
            _ => shape(&code),
        };
        let Some(kind) = kind else { continue };
        let fits = as_person != as_company;
        let checked = fits && !has_rival(page, kind, &glyphs, day);
        hits.push(Hit {
            field: kind,
            value: code,
            odd: !fits,
            checked,
            glyphs,
            label: None,
        });
    }
    hits
}

/// The label a value follows: the nearest one before it in its row, else one right above it.
fn label_of(laid: &Page, labelled: &[Vec<Label>], at: usize, hit: &Hit) -> Option<Label> {
    let row = laid.rows.get(at)?;
    let first = hit.glyphs.first()?;
    let begin = row
        .stream
        .glyphs
        .iter()
        .position(|glyph| (glyph.line, glyph.at) == (first.line, first.at))?;
    let fits = |label: &&Label| announces(label.announces, hit.field);
    let before = labelled
        .get(at)?
        .iter()
        .rev()
        .find(|label| label.to <= begin);
    if let Some(label) = before {
        let between = begin - label.to;
        if fits(&label) && (between <= 12 || hit.field == FieldKind::Date) {
            return Some(*label);
        }
        if between == 0 {
            return None;
        }
    }
    above(laid, labelled, at, begin).filter(|label| fits(&label))
}

/// The label that stands alone right above the glyph `begin` of row `at`.
fn above(laid: &Page, labelled: &[Vec<Label>], at: usize, begin: usize) -> Option<Label> {
    let row = laid.rows.get(at)?;
    let glyph = row.stream.glyphs.get(begin)?;
    let placed = row.lines.iter().find(|placed| placed.line == glyph.line)?;
    for before in (0..at).rev().take(3) {
        let upper = laid.rows.get(before)?;
        for label in labelled.get(before)? {
            let line = upper
                .stream
                .glyphs
                .get(label.from)
                .map(|glyph| glyph.line)?;
            let Some(its) = upper.lines.iter().find(|placed| placed.line == line) else {
                continue;
            };
            let near = placed.level - its.level < ABOVE_MAX * placed.height.max(its.height);
            let under = (its.from - placed.from).abs() < 2.0 * placed.height;
            let alone = upper
                .stream
                .glyphs
                .get(label.to)
                .is_none_or(|next| next.line != line);
            if near && under && alone {
                return Some(*label);
            }
        }
    }
    None
}

fn announces(what: Announces, field: FieldKind) -> bool {
    use FieldKind as F;
    match what {
        // 证件号码 and 编号 announce numbers of every kind.
        Announces::Identity | Announces::Credit | Announces::Licence => {
            matches!(
                field,
                F::IdentityNumber | F::CreditCode | F::LicenceNumber | F::DocumentNumber
            )
        }
        Announces::Day => matches!(field, F::Date | F::Period),
        Announces::Document => field == F::DocumentNumber,
        Announces::Phone => field == F::Phone,
        Announces::Amount => field == F::Amount,
        _ => false,
    }
}

/// Each place of the page belongs to one hit of a kind: of two that share characters the longer one stays.
fn once(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.retain(|hit| !hit.glyphs.is_empty() && !hit.value.is_empty());
    hits.sort_by_key(|hit| (std::cmp::Reverse(hit.glyphs.len()), hit.label.is_none()));
    let mut taken: BTreeMap<FieldKind, BTreeSet<(usize, usize)>> = BTreeMap::new();
    let mut kept = Vec::new();
    for hit in hits {
        let places = hit.places();
        let known = taken.entry(hit.field).or_default();
        if known.is_disjoint(&places) {
            known.extend(places);
            kept.push(hit);
        }
    }
    let strong: BTreeSet<(usize, usize)> = kept
        .iter()
        .filter(|hit| is_pattern(hit.field))
        .flat_map(Hit::places)
        .collect();
    // A name or number after a label is not also a date or a code.
    kept.retain(|hit| {
        is_pattern(hit.field) || hit.field == FieldKind::Period || hit.places().is_disjoint(&strong)
    });
    kept
}

fn is_pattern(field: FieldKind) -> bool {
    use FieldKind as F;
    matches!(
        field,
        F::IdentityNumber | F::CreditCode | F::Date | F::DocumentNumber | F::Phone | F::Amount
    )
}

/// Numbers that were read surely at two places of the page. A name is too short to be confirmed by being there twice, and
/// a day may well be another one.
fn repeated(hits: &[Hit]) -> BTreeSet<(FieldKind, String)> {
    let mut seen: BTreeMap<(FieldKind, &str), usize> = BTreeMap::new();
    for hit in hits {
        let counts = matches!(
            hit.field,
            FieldKind::DocumentNumber | FieldKind::Phone | FieldKind::LicenceNumber
        );
        if counts && !hit.odd && hit.confidence() >= VERIFIED_MIN {
            *seen.entry((hit.field, &hit.value)).or_default() += 1;
        }
    }
    seen.into_iter()
        .filter(|(_, times)| *times > 1)
        .map(|((field, value), _)| (field, value.to_string()))
        .collect()
}

/// The dates of birth in the page's own identity numbers that fit.
fn born(hits: &[Hit]) -> BTreeSet<String> {
    let numbers = hits
        .iter()
        .filter(|hit| hit.field == FieldKind::IdentityNumber && hit.checked && !hit.repaired());
    numbers
        .filter_map(|hit| {
            let part = |range| hit.value.get(range);
            Some(format!(
                "{}-{}-{}",
                part(6..10)?,
                part(10..12)?,
                part(12..14)?
            ))
        })
        .collect()
}

fn is_birth(hit: &Hit) -> bool {
    hit.label.is_some_and(|label| label.starts_with("出生"))
}

/// Amounts that stand on the page in figures and in words.
fn agreed(hits: &[Hit]) -> BTreeSet<String> {
    let in_words = |hit: &&Hit| hit.glyphs.iter().all(|glyph| !glyph.c.is_ascii_digit());
    let amounts = || {
        hits.iter()
            .filter(|hit| hit.field == FieldKind::Amount && !hit.odd)
    };
    let words: BTreeSet<&str> = amounts()
        .filter(in_words)
        .map(|hit| hit.value.as_str())
        .collect();
    amounts()
        .filter(|hit| !in_words(hit) && words.contains(hit.value.as_str()))
        .map(|hit| hit.value.clone())
        .collect()
}

fn field(page: &OcrPage, hit: &Hit, confirmed: bool) -> Field {
    let confidence = hit.confidence();
    let standing = if hit.odd || confidence < LIKELY_MIN && !hit.repaired() {
        Standing::Doubtful
    } else if confirmed && !hit.repaired() && confidence >= VERIFIED_MIN {
        Standing::Verified
    } else {
        Standing::Likely
    };
    Field {
        field: hit.field,
        value: hit.value.clone(),
        text: hit.glyphs.iter().map(|glyph| glyph.raw).collect(),
        label: hit.label.map(str::to_string),
        boxes: boxes(page, &hit.glyphs),
        line: hit.glyphs.first().map_or(0, |glyph| glyph.line as u32),
        confidence,
        standing,
        repaired: hit.repaired(),
    }
}

/// A box for each line.
fn boxes(page: &OcrPage, glyphs: &[Glyph]) -> Vec<Rect> {
    let mut by_line: Vec<(usize, Rect)> = Vec::new();
    for glyph in glyphs {
        let line = page.lines.get(glyph.line);
        let Some(char) = line.and_then(|line| line.chars.get(glyph.at)) else {
            continue;
        };
        match by_line.iter_mut().find(|(line, _)| *line == glyph.line) {
            Some((_, rect)) => *rect = rect.union(char.rect),
            None => by_line.push((glyph.line, char.rect)),
        }
    }
    by_line.into_iter().map(|(_, rect)| rect).collect()
}

/// The rows below row `at`.
pub(super) fn below(laid: &Page, at: usize) -> impl Iterator<Item = (usize, &Row)> {
    laid.rows.iter().enumerate().skip(at + 1).take(2)
}
