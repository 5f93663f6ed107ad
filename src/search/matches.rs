//! Where a query's text stands on a found page, and its boxes on the image.

use std::ops::Range;

use crate::domain::text::{OcrPage, Rect};

use super::normalise::{Origin, normalise};
use super::ways::{Standing, Way};

/// The most occurrences that are located on one page.
pub const MATCHES_MAX: usize = 1000;

/// Finds where a text stands in any of the ways: ranges of characters, in order and without overlap. At one place an
/// earlier way goes before a later one.
pub(super) fn locate(standing: &Standing<'_>, ways: &[&Way]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < standing.text.len() && found.len() < MATCHES_MAX {
        let length = ways
            .iter()
            .find_map(|way| standing.length_at(at, &way.form))
            .filter(|length| *length > 0);
        if let Some(length) = length {
            found.push(at..at + length);
        }
        at += length.unwrap_or(1);
    }
    found
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
    use super::super::near::RunnersUp;
    use super::super::query::Pattern;
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn occurrences_do_not_overlap_and_word_starts_are_kept() {
        let found = |text: &str, pattern: Pattern| {
            let standing = Standing {
                text: &chars(text),
                runners_up: &RunnersUp::default(),
            };
            locate(&standing, &[&Way::exact(pattern)])
        };
        assert_eq!(found("aaaab", Pattern::exact("aa").unwrap()), [0..2, 2..4]);
        let start = Pattern::word_start("co").unwrap();
        assert_eq!(found("xco co\nco中co", start), [4..6, 7..9, 10..12]);
    }
}
