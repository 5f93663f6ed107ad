//! Where a query's text stands on a found page, the piece of text shown for it, and its boxes on the image.

use std::ops::Range;

use crate::domain::text::{OcrPage, Rect};

use super::chars::is_word_char;
use super::normalise::{Origin, normalise};
use super::query::Pattern;

/// The most occurrences that are located on one page.
pub const MATCHES_MAX: usize = 1000;

/// Length of a snippet in characters, ellipses not counted.
const SNIPPET_CHARS: usize = 80;

/// How much of a snippet stands before its first match, in characters.
const SNIPPET_LEAD_CHARS: usize = 20;

/// A piece of a page's normalised text around the first match, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The text; `…` stands where it was cut.
    pub text: String,
    /// What was found, as ranges of characters (Unicode scalar values) of `text`.
    pub marks: Vec<Range<usize>>,
}

/// Finds where any of the patterns stands: ranges of characters, in order and without overlap. At one place an
/// earlier pattern goes before a later one.
pub(super) fn locate(text: &[char], patterns: &[&Pattern]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() && found.len() < MATCHES_MAX {
        match patterns.iter().find(|pattern| stands_at(text, at, pattern)) {
            Some(pattern) => {
                found.push(at..at + pattern.cells.len());
                at += pattern.cells.len();
            }
            None => at += 1,
        }
    }
    found
}

fn stands_at(text: &[char], at: usize, pattern: &Pattern) -> bool {
    let Some(window) = text.get(at..at + pattern.cells.len()) else {
        return false;
    };
    let same = window
        .iter()
        .zip(&pattern.cells)
        .all(|(c, cell)| cell.is_none_or(|expected| expected == *c));
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    same && !(pattern.word_start && before.is_some_and(|c| is_word_char(*c)))
}

/// Cuts the piece around the first match, or the beginning where nothing is to be marked.
pub(super) fn snippet(text: &[char], matches: &[Range<usize>]) -> Snippet {
    let first = matches.first().map_or(0, |first| first.start);
    let latest_start = text.len().saturating_sub(SNIPPET_CHARS);
    let start = first.saturating_sub(SNIPPET_LEAD_CHARS).min(latest_start);
    let longest = matches.first().map_or(0, |first| first.end - start);
    let end = (start + SNIPPET_CHARS.max(longest)).min(text.len());
    let piece = text.get(start..end).unwrap_or_default();
    let mut shown = String::with_capacity(piece.len() * 3 + 6);
    let mut lead = 0;
    if start > 0 {
        shown.push('…');
        lead = 1;
    }
    shown.extend(piece.iter().map(|c| if *c == '\n' { ' ' } else { *c }));
    if end < text.len() {
        shown.push('…');
    }
    let inside = matches.iter().filter(|range| range.end <= end);
    let marks = inside
        .map(|range| range.start - start + lead..range.end - start + lead)
        .collect();
    Snippet { text: shown, marks }
}

/// The boxes of matches on the page they were found on: for each match one box for every line it touches.
/// `matches` are ranges of characters of the page's normalised text; what lies outside the text is ignored.
pub fn boxes(page: &OcrPage, matches: &[Range<usize>]) -> Vec<Rect> {
    let origins = normalise(page).origins;
    let mut boxes = Vec::new();
    for range in matches.iter().take(MATCHES_MAX) {
        let end = range.end.min(origins.len());
        let Some(run) = origins.get(range.start..end) else {
            continue;
        };
        for part in run.chunk_by(|left, right| left.line == right.line) {
            boxes.extend(box_of_run(page, part));
        }
    }
    boxes
}

/// The box around everything from the first to the last character of a run on one line.
fn box_of_run(page: &OcrPage, run: &[Origin]) -> Option<Rect> {
    let line = page.lines.get(run.first()?.line as usize)?;
    let first = run.iter().map(|origin| origin.char).min()? as usize;
    let last = run.iter().map(|origin| origin.char).max()? as usize;
    let chars = line.chars.get(first..=last)?;
    chars.iter().map(|char| char.rect).reduce(Rect::union)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn occurrences_do_not_overlap_and_word_starts_are_kept() {
        let pattern = Pattern::exact("aa").unwrap();
        assert_eq!(locate(&chars("aaaab"), &[&pattern]), [0..2, 2..4]);
        let start = Pattern::word_start("co").unwrap();
        assert_eq!(
            locate(&chars("xco co\nco中co"), &[&start]),
            [4..6, 7..9, 10..12]
        );
    }

    #[test]
    fn a_snippet_marks_what_was_found() {
        let text = chars(&format!("{}\n甲乙{}", "前".repeat(50), "后".repeat(100)));
        let found = snippet(&text, &[51..53, 140..142]);
        assert_eq!(
            found.text,
            format!("…{} 甲乙{}…", "前".repeat(19), "后".repeat(58))
        );
        assert_eq!(found.marks, vec![21..23; 1]);
        let marked: String = found.text.chars().skip(21).take(2).collect();
        assert_eq!(marked, "甲乙");
        assert_eq!(snippet(&chars("短"), &[]).text, "短");
        let long = chars(&"长".repeat(300));
        let whole = vec![0..200; 1];
        assert_eq!(snippet(&long, &whole).marks, whole);
    }
}
