//! The piece of a found page that a person is shown. What is found is normalised text; what is shown are the characters
//! that stand on the paper.

use std::ops::Range;

use crate::domain::text::OcrPage;

use super::chars::{is_dropped, is_word_char, joins_previous};
use super::normalise::{Origin, normalise, normalise_query};

/// Length of a snippet in characters of the normalised text, ellipses not counted.
const SNIPPET_CHARS: usize = 80;

/// How much of a snippet stands before its first match, in characters of the normalised text.
const SNIPPET_LEAD_CHARS: usize = 20;

/// A piece of a page around the first match, as it was read, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The text; `…` stands where it was cut.
    pub text: String,
    /// What was found, as ranges of characters (Unicode scalar values) of `text`.
    pub marks: Vec<Range<usize>>,
}

/// A character that is shown, with its place; none for a space between lines or words.
type Shown = (Option<Origin>, char);

/// Cuts the piece around the first match, or the beginning where nothing is to be marked. `matches` are ranges of
/// characters of the page's normalised text. A character of which only a part was found (`㎡` for `m2`) is marked whole.
pub fn excerpt(page: &OcrPage, matches: &[Range<usize>]) -> Snippet {
    let origins = normalise(page).origins;
    let window = window(origins.len(), matches);
    let piece = origins.get(window.clone()).unwrap_or_default();
    let (Some(first), Some(last)) = (piece.first().copied(), piece.last().copied()) else {
        return Snippet {
            text: String::new(),
            marks: Vec::new(),
        };
    };
    let shown = on_one_line(page, first, cluster_end(page, last));
    let (cut_before, cut_after) = (
        origins.first() != Some(&first),
        origins.last() != Some(&last),
    );
    let mut text = String::with_capacity(shown.len() * 3 + 6);
    text.extend(cut_before.then_some('…'));
    text.extend(shown.iter().map(|(_, c)| c));
    text.extend(cut_after.then_some('…'));
    let lead = usize::from(cut_before);
    let mut marks: Vec<Range<usize>> = Vec::new();
    for found in matches.iter().filter(|found| found.end <= window.end) {
        let Some(mark) = mark(page, &shown, origins.get(found.clone()).unwrap_or_default()) else {
            continue;
        };
        let mark = mark.start + lead..mark.end + lead;
        // Two matches can stand in one character.
        match marks.last_mut() {
            Some(before) if mark.start < before.end => before.end = before.end.max(mark.end),
            _ => marks.push(mark),
        }
    }
    Snippet { text, marks }
}

/// Which characters of the normalised text are shown.
fn window(length: usize, matches: &[Range<usize>]) -> Range<usize> {
    let first = matches.first().map_or(0, |first| first.start);
    let latest_start = length.saturating_sub(SNIPPET_CHARS);
    let start = first.saturating_sub(SNIPPET_LEAD_CHARS).min(latest_start);
    let longest = matches.first().map_or(0, |first| first.end - start);
    start..(start + SNIPPET_CHARS.max(longest)).min(length)
}

/// The place of the last mark that combines with the character at `at`.
fn cluster_end(page: &OcrPage, at: Origin) -> Origin {
    let line = page.lines.get(at.line as usize);
    let after = line.and_then(|line| line.chars.get(at.char as usize + 1..));
    let marks = after.into_iter().flatten().zip(1..);
    let last = marks
        .take_while(|(char, _)| joins_previous(char.c) || is_dropped(char.c))
        .last();
    Origin {
        char: at.char + last.map_or(0, |(_, behind)| behind),
        ..at
    }
}

/// What stands between two characters that are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    Space,
    /// The end of a line within a paragraph: a space between words, nothing in Chinese.
    Fold,
}

/// The characters from `first` to `last`: white space and line ends become one space, what cannot be seen is left out.
fn on_one_line(page: &OcrPage, first: Origin, last: Origin) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let mut joins = false;
    let lines = (first.line..=last.line).zip(page.lines.iter().skip(first.line as usize));
    for (line, read) in lines {
        let mut between = match joins {
            true => Between::Fold,
            false => Between::Space,
        };
        let mut seen = false;
        for (char, c) in (0..).zip(read.chars.iter().map(|char| char.c)) {
            let at = Origin { line, char };
            if at < first || at > last || is_dropped(c) {
                continue;
            }
            if c.is_whitespace() {
                between = match (between, seen) {
                    (Between::Fold, false) => Between::Fold,
                    _ => Between::Space,
                };
                continue;
            }
            let gap = shown.last().is_some_and(|(_, before)| match between {
                Between::Nothing => false,
                Between::Space => true,
                Between::Fold => words_meet(*before, c),
            });
            // A mark on nothing combines with nothing.
            if between != Between::Nothing && joins_previous(c) {
                continue;
            }
            if gap {
                shown.push((None, ' '));
            }
            shown.push((Some(at), c));
            (between, seen) = (Between::Nothing, true);
        }
        joins = read.joins_next && (seen || joins);
    }
    shown
}

/// Whether a line that ends with `before` and one that begins with `c` are set apart, as normalisation does it.
fn words_meet(before: char, c: char) -> bool {
    let form = |c: char| normalise_query(c.encode_utf8(&mut [0; 4]));
    let (end, begin) = (form(before), form(c));
    let (end, begin) = (end.chars().next_back(), begin.chars().next());
    is_word_char(end.unwrap_or(before)) && is_word_char(begin.unwrap_or(c))
}

/// Where a match stands among the characters that are shown.
fn mark(page: &OcrPage, shown: &[Shown], found: &[Origin]) -> Option<Range<usize>> {
    let (first, last) = (*found.first()?, cluster_end(page, *found.last()?));
    let start = shown
        .iter()
        .position(|(at, _)| at.is_some_and(|at| at >= first))?;
    let end = shown
        .iter()
        .rposition(|(at, _)| at.is_some_and(|at| at <= last))?;
    (start <= end).then_some(start..end + 1)
}
