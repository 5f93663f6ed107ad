//! What can be asked: the parsed query and its parts. The language, as a person writes it:
//!
//! | written | finds pages |
//! |---|---|
//! | `营业执照` | on which these characters stand side by side |
//! | `北京 counter` | on which both stand (also `AND`, `且`) |
//! | `"service hall"`, `“service hall”` | with the whole phrase, never fuzzy; `\"` and `\\` inside `"…"` |
//! | `甲 OR 乙`, `甲 或 乙` | with either |
//! | `NOT 乙`, `非 乙` | without it |
//! | `( … )` | grouped; full-width brackets are text |
//! | `coun*` | with a word that begins so |
//! | `case:A1`, `record:0f3a…`, `page:2`, `page:2..5`, `format:pdf` | of that case, record (4 to 64 digits), page, format |
//! | `date:2026-11-01..2026-11-30` | received in these days, Asia/Shanghai; either end may be left out |
//!
//! An unknown name before a colon is text, as in `联系电话:010`. A phrase, a word with `*` and whatever is negated are
//! compared character by character in every mode: what is found exactly is found in each.
//!
//! In [`Mode::Fuzzy`] a plain word is also found where the recogniser nearly read it, where something that looks alike
//! was read, and, with three or more characters, with one character more, less or another (a line break counts as a
//! character).
//!
//! In [`Mode::Pinyin`] a plain word of Latin letters is also found where Han characters sound so (`zhangsan`, without
//! tones, every common reading), and where its letters are the initials of a name (`zs`). A syllable that stands alone
//! belongs to the next word: `zhang san` is `zhangsan`; `AND` keeps them apart.

use crate::domain::event::FileFormat;
use crate::domain::{CaseNo, Digest, Timestamp};

use super::chars::is_word_char;
use super::normalise::normalise_query;
use super::parse;
use super::ways::{How, Way};

/// The longest query read, in characters.
pub const QUERY_CHARS_MAX: usize = 256;

/// The most words, phrases and fields in a query.
pub const CLAUSES_MAX: usize = 32;

/// The deepest nesting of brackets and negations.
pub const DEPTH_MAX: usize = 16;

/// The most characters that are searched fuzzily in one query, all words together.
pub const FUZZY_CHARS_MAX: usize = 48;

/// The shortest word that is found with one character more, less or another: with two characters, one of them says
/// too little.
pub const ONE_OFF_CHARS_MIN: usize = 3;

/// The most letters that are searched as pinyin in one query, all words together.
pub const PINYIN_LETTERS_MAX: usize = 64;

/// How plain words are compared with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Character by character.
    #[default]
    Exact,
    /// As recognition may have misread them.
    Fuzzy,
    /// Latin letters also as the sound of Han characters.
    Pinyin,
}

/// A query that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the query cannot be read at column {column}: expected {expected}")]
pub struct QueryError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What would have been understood there.
    pub expected: String,
}

/// A query that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub(super) root: Node,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A text stands on the page in any of these ways. The first is as asked, unless only a sound is asked for.
    Text(Vec<Way>),
    /// The page's record has this property.
    Filter(Filter),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

/// Characters side by side; `None` stands for any one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub cells: Vec<Option<char>>,
    /// Whether a word of letters or digits must begin with it.
    pub word_start: bool,
}

/// A property of the record a page belongs to, or of the page.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    Case(CaseNo),
    /// Leading hexadecimal digits of the scan's digest, in lower case.
    Record(String),
    /// First and last page number.
    Pages(u64, u64),
    Format(FileFormat),
    /// From the first instant up to and without the second.
    Received(Option<Timestamp>, Option<Timestamp>),
}

impl Query {
    /// Reads a query as a person wrote it.
    pub fn parse(text: &str, mode: Mode) -> Result<Self, QueryError> {
        parse::parse(text, mode).map(|root| Self { root })
    }

    /// Asks for every page of one record.
    pub fn record(scan: &Digest) -> Self {
        let root = Node::Filter(Filter::Record(scan.to_string()));
        Self { root }
    }

    /// Asks for every page of the records whose digest begins with `digits`. None unless these are 1 to 64
    /// hexadecimal digits.
    pub fn record_prefix(digits: &str) -> Option<Self> {
        let hexadecimal = digits.chars().all(|c| c.is_ascii_hexdigit());
        let root = Node::Filter(Filter::Record(digits.to_ascii_lowercase()));
        (hexadecimal && (1..=64).contains(&digits.len())).then_some(Self { root })
    }

    /// Asks for every page there is.
    pub(super) fn every_page() -> Self {
        let root = Node::Filter(Filter::Pages(0, u64::MAX));
        Self { root }
    }

    /// Asks for `text` as it stands, without operators or fields.
    pub fn literal(text: &str) -> Result<Self, QueryError> {
        if text.chars().count() > QUERY_CHARS_MAX {
            return Err(parse::too_long());
        }
        let pattern = Pattern::exact(&normalise_query(text)).ok_or_else(|| parse::nothing(1))?;
        Ok(Self {
            root: Node::Text(vec![Way::exact(pattern)]),
        })
    }

    /// The ways, no less sure than `how`, whose occurrences are shown, the surest first: those that are not negated.
    pub(super) fn shown(&self, how: How) -> Vec<&Way> {
        let mut shown = Vec::new();
        let mut nodes = vec![&self.root];
        while let Some(node) = nodes.pop() {
            match node {
                Node::Text(ways) => shown.extend(ways.iter().filter(|way| way.how <= how)),
                Node::And(children) | Node::Or(children) => nodes.extend(children.iter().rev()),
                Node::Filter(_) | Node::Not(_) => {}
            }
        }
        shown.sort_by_key(|way| way.how);
        shown
    }

    /// How pages can be found, the surest first.
    pub(super) fn hows(&self) -> Vec<How> {
        let ways = self.shown(How::Pinyin).into_iter().map(|way| way.how);
        let mut hows: Vec<How> = std::iter::once(How::Exact).chain(ways).collect();
        hows.dedup();
        hows
    }
}

impl Pattern {
    /// The text as it stands; none when it is empty.
    pub(super) fn exact(normalised: &str) -> Option<Self> {
        let cells: Vec<Option<char>> = normalised.chars().map(Some).collect();
        (!cells.is_empty()).then_some(Self {
            cells,
            word_start: false,
        })
    }

    /// The text at the start of a word. Where it begins with no letter or digit, it is found anywhere.
    pub(super) fn word_start(normalised: &str) -> Option<Self> {
        let pattern = Self::exact(normalised)?;
        Some(Self {
            word_start: normalised.chars().next().is_some_and(is_word_char),
            ..pattern
        })
    }

    /// The text and everything that differs from it by one character, as far as that makes a difference:
    /// an error in the first or last character is covered by the text without it.
    pub(super) fn with_one_error(normalised: &str) -> Vec<Self> {
        let chars: Vec<Option<char>> = normalised.chars().map(Some).collect();
        let last = chars.len().saturating_sub(1);
        let mut all = vec![chars.clone()];
        for at in 1..last {
            let mut replaced = chars.clone();
            replaced[at] = None;
            all.push(replaced);
        }
        for at in 1..=last {
            let mut inserted = chars.clone();
            inserted.insert(at, None);
            all.push(inserted);
        }
        for at in 0..=last {
            let mut missing = chars.clone();
            missing.remove(at);
            if !all.contains(&missing) {
                all.push(missing);
            }
        }
        let pattern = |cells| Self {
            cells,
            word_start: false,
        };
        all.into_iter().map(pattern).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_patterns_of_a_short_text() {
        let patterns = Pattern::with_one_error("abc");
        let written: Vec<String> = patterns
            .iter()
            .map(|pattern| {
                pattern
                    .cells
                    .iter()
                    .map(|cell| cell.unwrap_or('?'))
                    .collect()
            })
            .collect();
        assert_eq!(written, ["abc", "a?c", "a?bc", "ab?c", "bc", "ac", "ab"]);
    }
}
