//! What the recogniser nearly read: the runner-ups of a page, at the places of the normalised text where they would
//! stand. The index holds them in a field of its own, as grams at the same positions as the grams of the text: so a
//! phrase can go from the one field to the other, and the text's own field holds nothing that was not read.

use std::collections::BTreeMap;

use tantivy::tokenizer::{PreTokenizedString, Token};

use crate::domain::text::{OcrChar, OcrPage};

use super::normalise::{PageText, normalise_query};

/// The most runner-ups of one character.
pub const RUNNERS_UP_OF_A_CHAR_MAX: usize = 3;

/// The most runner-ups of one page; of more, the ones with the highest confidence count.
pub const RUNNERS_UP_OF_A_PAGE_MAX: usize = 2000;

/// Runner-ups below this confidence do not count.
pub const RUNNER_UP_CONFIDENCE_MIN: f32 = 0.01;

/// Runner-ups by place: the index of a character of the normalised text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunnersUp(BTreeMap<usize, Vec<char>>);

impl RunnersUp {
    /// The runner-ups of a page. Only those count that take one place, as what was read does: `㎡` takes two. A
    /// repaired character's reading counts whatever its confidence.
    pub fn of(page: &OcrPage, normalised: &PageText) -> Self {
        let mut found: Vec<(f32, usize, char)> = Vec::new();
        let places: Vec<(usize, char)> = normalised
            .text
            .chars()
            .enumerate()
            .filter(|(_, c)| *c != ' ' && *c != '\n')
            .collect();
        let origin = |place: usize| normalised.origins.get(place).copied();
        for same in places.chunk_by(|left, right| origin(left.0) == origin(right.0)) {
            let [(place, c)] = same else { continue };
            let read = origin(*place).and_then(|origin| {
                let line = page.lines.get(origin.line as usize)?;
                line.chars.get(origin.char as usize)
            });
            let Some(read) = read else { continue };
            let one = |(other, p): (char, f32)| (p, *place, other);
            found.extend(of_char(read, *c).into_iter().map(one));
        }
        if found.len() > RUNNERS_UP_OF_A_PAGE_MAX {
            found.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
            found.truncate(RUNNERS_UP_OF_A_PAGE_MAX);
        }
        let mut by_place: BTreeMap<usize, Vec<char>> = BTreeMap::new();
        for (_, place, c) in found {
            by_place.entry(place).or_default().push(c);
        }
        Self(by_place)
    }

    /// The runner-ups at a place.
    pub fn at(&self, place: usize) -> &[char] {
        self.0.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the index keeps them: a place a line, its number and its characters.
    pub(super) fn written(&self) -> String {
        let lines = self.0.iter().map(|(place, chars)| {
            let chars: String = chars.iter().collect();
            format!("{place} {chars}\n")
        });
        lines.collect()
    }

    /// Reads what [`RunnersUp::written`] wrote; what it did not write is left out.
    pub(super) fn read(written: &str) -> Self {
        let line = |line: &str| {
            let (place, chars) = line.split_once(' ')?;
            Some((place.parse().ok()?, chars.chars().collect()))
        };
        Self(written.lines().filter_map(line).collect())
    }

    /// The grams in which a runner-up stands: itself, and pairs with what was read or nearly read beside it.
    pub(super) fn grams(&self, text: &[char]) -> PreTokenizedString {
        let mut tokens = Vec::new();
        let mut places: Vec<usize> = self.0.keys().copied().collect();
        places.extend(self.0.keys().filter_map(|place| place.checked_sub(1)));
        places.sort_unstable();
        places.dedup();
        for place in places {
            let here = self.options(text, place);
            for c in here.iter().skip(1) {
                tokens.push(gram(place, &[*c]));
            }
            for (at, c) in here.iter().enumerate() {
                for (next_at, next) in self.options(text, place + 1).iter().enumerate() {
                    if at + next_at > 0 {
                        tokens.push(gram(place, &[*c, *next]));
                    }
                }
            }
        }
        PreTokenizedString {
            text: String::new(),
            tokens,
        }
    }

    /// What was read at a place, then its runner-ups; nothing at a line break and behind the end.
    fn options(&self, text: &[char], place: usize) -> Vec<char> {
        let Some(read) = text.get(place).filter(|c| **c != '\n') else {
            return Vec::new();
        };
        let mut options = vec![*read];
        options.extend(self.at(place));
        options
    }
}

/// The runner-ups of one character in the index's form, each once and other than what was read.
fn of_char(read: &OcrChar, normalised: char) -> Vec<(char, f32)> {
    let mut kept: Vec<(char, f32)> = Vec::new();
    let counts = |(rank, (_, p)): &(usize, &(char, f32))| {
        *p >= RUNNER_UP_CONFIDENCE_MIN || (*rank == 0 && read.repaired)
    };
    let others = read.others.iter().take(RUNNERS_UP_OF_A_CHAR_MAX);
    for (_, (other, p)) in others.enumerate().filter(counts) {
        let form = normalise_query(other.encode_utf8(&mut [0; 4]));
        let mut form = form.chars();
        if let (Some(c), None) = (form.next(), form.next())
            && c != normalised
            && kept.iter().all(|(known, _)| *known != c)
        {
            kept.push((c, *p));
        }
    }
    kept
}

pub(super) fn gram(position: usize, chars: &[char]) -> Token {
    Token {
        position,
        text: chars.iter().collect(),
        ..Token::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_stand_where_the_runner_up_would() {
        let text: Vec<char> = "弓三\n己".chars().collect();
        let runners = RunnersUp::read("0 张\n1 王\n3 已巳\nno\n");
        assert_eq!(RunnersUp::read(&runners.written()), runners);
        let grams = runners.grams(&text);
        let written: Vec<String> = grams
            .tokens
            .iter()
            .map(|token| format!("{}{}", token.position, token.text))
            .collect();
        let expected = ["0张", "0弓王", "0张三", "0张王", "1王", "3已", "3巳"];
        assert_eq!(written, expected);
    }
}
