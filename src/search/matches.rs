//! Where a query's text stands on a found page, and its boxes on the image.

use std::ops::Range;

use crate::domain::text::{OcrPage, Rect};

use super::chars::is_word_char;
use super::normalise::{Origin, normalise};
use super::query::Pattern;

/// The most occurrences that are located on one page.
pub const MATCHES_MAX: usize = 1000;

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
}
