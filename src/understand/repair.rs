//! Repair of identity numbers and credit codes whose check characters do not fit: by runner-ups and by characters that
//! look alike, at most two places, and only where exactly one such reading satisfies every rule.

use std::collections::BTreeSet;

use crate::domain::Date;
use crate::domain::meaning::FieldKind;
use crate::domain::text::{OcrChar, OcrPage};

use super::codes::{CODE_CHARS, candidates, is_valid, plain, shape, written};
use super::stream::{Glyph, Stream, fold, lay_out};

/// Runner-ups below this confidence are noise.
const RUNNER_UP_MIN: f32 = 0.005;
/// Runner-ups kept with a character.
const OTHERS_MAX: usize = 3;
/// Characters that print and wear make alike, both ways.
const ALIKE: &[(char, char)] = &[
    ('0', 'O'),
    ('0', 'D'),
    ('0', 'Q'),
    ('1', 'I'),
    ('1', 'L'),
    ('2', 'Z'),
    ('5', 'S'),
    ('6', 'G'),
    ('8', 'B'),
    ('U', 'V'),
];

/// A character that could stand at a place, and how sure the reading was of it.
type Choice = (char, f32);

/// Places in a number, and what stands there instead.
type Changes = Vec<(usize, Choice)>;

/// Repairs the page's numbers in place: a changed character is marked, and what was read stands first among its others.
/// `day` is the day the page was received. How many numbers were repaired.
pub fn repair(page: &mut OcrPage, day: Date) -> usize {
    let laid = lay_out(page);
    let streams = laid
        .rows
        .into_iter()
        .map(|row| row.stream)
        .chain(laid.flows);
    let mut done: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut repaired = 0;
    for stream in streams {
        for candidate in candidates(&stream) {
            let glyphs = glyphs_of(&stream, &candidate);
            let place = |glyph: &Glyph| (glyph.line, glyph.at);
            if glyphs.len() != CODE_CHARS || glyphs.iter().any(|glyph| done.contains(&place(glyph)))
            {
                continue;
            }
            let Some(changes) = only_reading(page, &glyphs, day) else {
                continue;
            };
            for (at, choice) in changes {
                let Some(glyph) = glyphs.get(at) else {
                    continue;
                };
                change(page, glyph, choice);
            }
            done.extend(glyphs.iter().map(place));
            repaired += 1;
        }
    }
    repaired
}

pub(super) fn glyphs_of(stream: &Stream, candidate: &[usize]) -> Vec<Glyph> {
    candidate
        .iter()
        .filter_map(|index| stream.glyphs.get(*index).copied())
        .collect()
}

fn char_of<'p>(page: &'p OcrPage, glyph: &Glyph) -> Option<&'p OcrChar> {
    page.lines.get(glyph.line)?.chars.get(glyph.at)
}

fn change(page: &mut OcrPage, glyph: &Glyph, (c, p): Choice) {
    let line = page.lines.get_mut(glyph.line);
    let Some(char) = line.and_then(|line| line.chars.get_mut(glyph.at)) else {
        return;
    };
    let read = (char.c, char.p);
    char.others.retain(|(other, _)| *other != c);
    char.others.insert(0, read);
    char.others.truncate(OTHERS_MAX);
    char.c = c;
    char.p = p;
    char.repaired = true;
}

/// The only reading of a number that keeps every rule, when what was read does not.
fn only_reading(page: &OcrPage, glyphs: &[Glyph], day: Date) -> Option<Changes> {
    let code = written(glyphs);
    let kind = shape(&code)?;
    // What keeps the rules of either number is not touched.
    for kind in [FieldKind::IdentityNumber, FieldKind::CreditCode] {
        if is_valid(kind, &code, day) {
            return None;
        }
    }
    let choices: Vec<Vec<Choice>> = glyphs
        .iter()
        .map(|glyph| choices(page, glyph, true))
        .collect();
    let mut readings = readings(kind, &code, &choices, day);
    let only = readings.pop()?;
    readings.is_empty().then_some(only)
}

/// Whether another reading of a number that fits, by its runner-ups alone, fits as well: then nothing tells which is
/// right.
pub(super) fn has_rival(page: &OcrPage, kind: FieldKind, glyphs: &[Glyph], day: Date) -> bool {
    let choices: Vec<Vec<Choice>> = glyphs
        .iter()
        .map(|glyph| choices(page, glyph, false))
        .collect();
    !readings(kind, &written(glyphs), &choices, day).is_empty()
}

/// What could stand at a place besides what was read.
fn choices(page: &OcrPage, glyph: &Glyph, alike: bool) -> Vec<Choice> {
    let mut found: Vec<Choice> = Vec::new();
    let read = plain(glyph.c);
    let mut add = |c: char, p: f32| {
        let c = plain(fold(c));
        let known = found.iter().any(|(known, _)| *known == c);
        if c != read && c.is_ascii_alphanumeric() && !known {
            found.push((c, p));
        }
    };
    for (c, p) in char_of(page, glyph)
        .map(|char| char.others.as_slice())
        .unwrap_or_default()
    {
        if *p >= RUNNER_UP_MIN {
            add(*c, *p);
        }
    }
    if alike {
        for (one, other) in ALIKE {
            if *one == read {
                add(*other, 0.0);
            } else if *other == read {
                add(*one, 0.0);
            }
        }
    }
    found
}

/// Every reading with one or two places changed that keeps the rules; at most two, for then it is not the only one.
fn readings(kind: FieldKind, code: &str, choices: &[Vec<Choice>], day: Date) -> Vec<Changes> {
    let chars: Vec<char> = code.chars().collect();
    let single: Vec<(usize, Choice)> = choices
        .iter()
        .enumerate()
        .flat_map(|(at, choices)| choices.iter().map(move |choice| (at, *choice)))
        .collect();
    let mut found = Vec::new();
    let mut keep = |changes: Changes| {
        let mut tried = chars.clone();
        for (at, (c, _)) in &changes {
            if let Some(place) = tried.get_mut(*at) {
                *place = *c;
            }
        }
        let tried: String = tried.into_iter().collect();
        if is_valid(kind, &tried, day) {
            found.push(changes);
        }
        found.len() < 2
    };
    for (index, one) in single.iter().enumerate() {
        if !keep(vec![*one]) {
            break;
        }
        let rest = single.get(index + 1..).unwrap_or_default();
        for other in rest.iter().filter(|other| other.0 != one.0) {
            if !keep(vec![*one, *other]) {
                return found;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::stream::tests::{line, page};
    use super::*;

    fn day() -> Date {
        "2026-11-03".parse().unwrap()
    }

    #[test]
    fn a_look_alike_is_put_right_and_marked() {
        let mut read = page(vec![line("代码：9I369901MA7K3QH89M", 0, 0)]);
        assert_eq!(repair(&mut read, day()), 1);
        assert_eq!(read.lines[0].text(), "代码：91369901MA7K3QH89M");
        let char = &read.lines[0].chars[4];
        assert!(char.repaired && char.others[0].0 == 'I');
        assert_eq!(
            read.lines[0]
                .chars
                .iter()
                .filter(|char| char.repaired)
                .count(),
            1
        );
        // Once repaired, it is left alone.
        assert_eq!(repair(&mut read, day()), 0);
    }

    #[test]
    fn a_runner_up_is_taken_only_where_it_is_the_only_one() {
        let mut read = page(vec![line("369901198809172487", 0, 0)]);
        assert_eq!(repair(&mut read, day()), 0, "nothing says what it was");
        read.lines[0].chars[16].others = vec![('6', 0.3)];
        assert_eq!(repair(&mut read, day()), 1);
        assert_eq!(read.lines[0].text(), "369901198809172467");
        let mut read = page(vec![line("369901198809172487", 0, 0)]);
        read.lines[0].chars[16].others = vec![('6', 0.3)];
        // 7 → 1 in the last place satisfies the check digit too when 8 stays: two readings, neither is taken.
        let check = "1X0987654321".chars().find(|check| {
            let text = format!("36990119880917248{check}");
            is_valid(FieldKind::IdentityNumber, &text, day())
        });
        read.lines[0].chars[17].others = vec![(check.unwrap(), 0.2)];
        assert_eq!(repair(&mut read, day()), 0);
    }

    #[test]
    fn what_fits_is_never_touched() {
        let mut read = page(vec![line("369901198809172467 91369901MA7K3QH89M", 0, 0)]);
        let before = read.clone();
        for char in &mut read.lines[0].chars {
            char.others = vec![('8', 0.4), ('3', 0.1)];
        }
        assert_eq!(repair(&mut read, day()), 0);
        assert_eq!(read.text(), before.text());
    }
}
