//! Values known by their label or by how they end: names, organisations, addresses, numbers of licences.

mod addresses;
mod organisations;
mod people;

use crate::domain::meaning::FieldKind;

use super::fields::{Hit, below};
use super::labels::{Announces, Label};
use super::stream::{Glyph, Page, Stream, is_ideograph};
use addresses::{PLACES, address, addresses};
use organisations::{organisation, organisations};
use people::{people, people_of_sentences};

/// Free space that ends a value, in heights.
const VALUE_GAP: f32 = 1.8;
/// Columns that a table has at least, and rows of it that are looked at.
const HEAD_MIN: usize = 4;
const COLUMN_ROWS_MAX: usize = 80;
/// The longest value, in characters.
const VALUE_MAX: usize = 80;
/// The values of row `at` that a label announces, and organisations and addresses that stand there without one.
pub(super) fn in_row(laid: &Page, labelled: &[Vec<Label>], at: usize) -> Vec<Hit> {
    let mut hits = Vec::new();
    let (Some(row), Some(its)) = (laid.rows.get(at), labelled.get(at)) else {
        return hits;
    };
    for (index, label) in its.iter().enumerate() {
        let end = its
            .get(index + 1)
            .map_or(row.stream.glyphs.len(), |next| next.from);
        let mut value = part(&row.stream, label.to, end);
        if value.is_empty() && label.to >= end {
            value = under(laid, labelled, at, label);
        }
        let more = match label.announces {
            Announces::Address => continued(laid, labelled, at, &value),
            _ => Vec::new(),
        };
        let mut found = announced(label, &value, &more);
        for value in column(laid, at, label) {
            found.extend(announced(label, &value, &[]));
        }
        for hit in &mut found {
            hit.label = Some(label.text);
        }
        hits.extend(found);
    }
    hits.extend(organisations(&row.stream));
    hits.extend(addresses(&row.stream));
    hits.extend(titles_of_property(&row.stream));
    hits.extend(people_of_sentences(&row.stream));
    hits
}

/// Organisations and addresses that run over a line's end.
pub(super) fn in_flow(flow: &Stream) -> Vec<Hit> {
    let mut hits = organisations(flow);
    hits.extend(addresses(flow));
    hits
}

/// The glyphs from `from` up to `end` or to wide space.
fn part(stream: &Stream, from: usize, end: usize) -> Vec<Glyph> {
    let glyphs = stream.slice(from, end.max(from));
    let length = glyphs
        .iter()
        .skip(1)
        .take(VALUE_MAX)
        .position(|glyph| glyph.gap > VALUE_GAP)
        .map_or(glyphs.len().min(VALUE_MAX), |at| at + 1);
    glyphs.get(..length).unwrap_or_default().to_vec()
}

/// The cells below the head of a table's column: in the rows that follow, what stands under the label.
fn column(laid: &Page, at: usize, label: &Label) -> Vec<Vec<Glyph>> {
    let wanted = matches!(
        label.announces,
        Announces::Person | Announces::Address | Announces::Organisation
    );
    let Some(row) = laid
        .rows
        .get(at)
        .filter(|row| wanted && !label.colon && row.lines.len() >= HEAD_MIN)
    else {
        return Vec::new();
    };
    let line = row.stream.glyphs.get(label.from).map(|glyph| glyph.line);
    let Some(its) = row.lines.iter().find(|placed| Some(placed.line) == line) else {
        return Vec::new();
    };
    // A head has nothing else in its box.
    let alone = row
        .stream
        .glyphs
        .iter()
        .filter(|glyph| Some(glyph.line) == line)
        .count()
        == label.text.chars().count();
    let mut cells = Vec::new();
    for lower in laid
        .rows
        .iter()
        .skip(at + 1)
        .take(COLUMN_ROWS_MAX)
        .filter(|_| alone)
    {
        let middle = (its.from + its.to) / 2.0;
        let under = lower
            .lines
            .iter()
            .find(|placed| placed.from <= middle && middle <= placed.to);
        if let Some(under) = under {
            let own = lower
                .stream
                .glyphs
                .iter()
                .filter(|glyph| glyph.line == under.line);
            cells.push(own.copied().collect());
        }
    }
    cells
}

/// What stands right below a label that has nothing beside it.
fn under(laid: &Page, labelled: &[Vec<Label>], at: usize, label: &Label) -> Vec<Glyph> {
    let Some(row) = laid.rows.get(at) else {
        return Vec::new();
    };
    let Some(first) = row.stream.glyphs.get(label.from) else {
        return Vec::new();
    };
    let Some(its) = row.lines.iter().find(|placed| placed.line == first.line) else {
        return Vec::new();
    };
    for (index, lower) in below(laid, at) {
        for placed in &lower.lines {
            let near = placed.level - its.level < 2.6 * its.height.max(placed.height);
            if !near || (placed.from - its.from).abs() > 2.0 * its.height {
                continue;
            }
            let Some(begin) = lower
                .stream
                .glyphs
                .iter()
                .position(|glyph| glyph.line == placed.line)
            else {
                continue;
            };
            let labels = labelled.get(index).map(Vec::as_slice).unwrap_or_default();
            if labels.iter().all(|label| label.from != begin) {
                let end = labels
                    .iter()
                    .map(|label| label.from)
                    .find(|from| *from > begin);
                return part(
                    &lower.stream,
                    begin,
                    end.unwrap_or(lower.stream.glyphs.len()),
                );
            }
        }
    }
    Vec::new()
}

/// The second line of an address: right below its first, in the same column, without a label.
fn continued(laid: &Page, labelled: &[Vec<Label>], at: usize, value: &[Glyph]) -> Vec<Glyph> {
    let (Some(first), Some(last)) = (value.first(), value.last()) else {
        return Vec::new();
    };
    let Some(row) = laid.rows.get(at) else {
        return Vec::new();
    };
    let Some(its) = row.lines.iter().find(|placed| placed.line == first.line) else {
        return Vec::new();
    };
    if matches!(last.c, '室' | '。' | ';' | ',') {
        return Vec::new();
    }
    for (index, lower) in below(laid, at) {
        let labels = labelled.get(index).map(Vec::as_slice).unwrap_or_default();
        for placed in &lower.lines {
            let near = placed.level - its.level < 2.2 * its.height;
            // The label and the first line may have been read as one box: its left end says nothing then.
            let aligned = placed.from > its.from - its.height && placed.from < its.to;
            let Some(begin) = lower
                .stream
                .glyphs
                .iter()
                .position(|glyph| glyph.line == placed.line)
            else {
                continue;
            };
            let free = labels.iter().all(|label| label.from != begin);
            let rest = part(&lower.stream, begin, lower.stream.glyphs.len());
            let goes_on = rest
                .iter()
                .any(|glyph| PLACES.contains(&glyph.c) && !matches!(glyph.c, '省' | '市'))
                && rest.iter().any(|glyph| glyph.c.is_ascii_digit())
                && rest.iter().all(|glyph| {
                    glyph.c.is_ascii_alphanumeric()
                        || is_ideograph(glyph.c)
                        || "-()#".contains(glyph.c)
                });
            if near && aligned && free && goes_on {
                return rest;
            }
        }
    }
    Vec::new()
}

fn announced(label: &Label, value: &[Glyph], more: &[Glyph]) -> Vec<Hit> {
    match label.announces {
        Announces::Person => people(value, label.colon),
        Announces::Party | Announces::Organisation => {
            let found = organisation(label, value);
            if found.is_empty() && label.announces == Announces::Party {
                people(value, label.colon)
            } else {
                found
            }
        }
        Announces::Address => address(value, more),
        Announces::Licence | Announces::Identity => licence(value),
        _ => Vec::new(),
    }
}

fn hit(field: FieldKind, glyphs: &[Glyph]) -> Hit {
    Hit {
        field,
        value: glyphs.iter().map(|glyph| glyph.c).collect(),
        glyphs: glyphs.to_vec(),
        odd: false,
        checked: false,
        label: None,
    }
}

fn licence(value: &[Glyph]) -> Vec<Hit> {
    let end = value
        .iter()
        .enumerate()
        .position(|(at, glyph)| {
            let part = glyph.c.is_ascii_alphanumeric()
                || is_ideograph(glyph.c)
                || "-/()〔〕[].".contains(glyph.c);
            !part || at > 0 && glyph.gap > 0.9
        })
        .unwrap_or(value.len());
    let named = value.get(..end).unwrap_or_default();
    let digits = named
        .iter()
        .filter(|glyph| glyph.c.is_ascii_digit())
        .count();
    let ideographs = named.iter().filter(|glyph| is_ideograph(glyph.c)).count();
    let closes = ideographs == 0 || named.last().is_some_and(|glyph| glyph.c == '号');
    if digits < 4 || named.len() > 40 || ideographs > 14 || !closes {
        // What follows a number without space is not part of it.
        let plain = named
            .iter()
            .position(|glyph| is_ideograph(glyph.c))
            .unwrap_or(0);
        let head = named.get(..plain).unwrap_or_default();
        let digits = head.iter().filter(|glyph| glyph.c.is_ascii_digit()).count();
        return if digits >= 6 {
            vec![hit(FieldKind::LicenceNumber, head)]
        } else {
            Vec::new()
        };
    }
    vec![hit(FieldKind::LicenceNumber, named)]
}

/// `岭（2024）云澜市不动产权第3265434号`.
fn titles_of_property(stream: &Stream) -> Vec<Hit> {
    let chars = stream.chars();
    let words: Vec<char> = "不动产权第".chars().collect();
    let found = chars
        .windows(words.len())
        .position(|part| part == words.as_slice());
    let Some(at) = found else { return Vec::new() };
    let digits = chars
        .iter()
        .skip(at + words.len())
        .take_while(|c| c.is_ascii_digit())
        .count();
    let end = at + words.len() + digits;
    if digits < 4 || chars.get(end) != Some(&'号') {
        return Vec::new();
    }
    let before = chars.iter().take(at).rev();
    let length = before
        .take_while(|c| is_ideograph(**c) || c.is_ascii_digit() || "()〔〕".contains(**c))
        .count();
    vec![hit(
        FieldKind::LicenceNumber,
        stream.slice(at - length.min(24), end + 1),
    )]
}

/// The characters of the last of `leads` in what stands before a value, and all before it.
fn lead(glyphs: &&[Glyph], leads: &[&str]) -> usize {
    let text: Vec<char> = glyphs.iter().map(|glyph| glyph.c).collect();
    let mut cut = 0;
    for lead in leads {
        let lead: Vec<char> = lead.chars().collect();
        if let Some(found) = text
            .windows(lead.len())
            .rposition(|part| part == lead.as_slice())
        {
            cut = cut.max(found + lead.len());
        }
    }
    cut
}
