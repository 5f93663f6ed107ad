//! In which ways a word of a query may stand on a page, and where on a page's text one of them does.

use serde::{Deserialize, Serialize};

use super::alike::looks_like;
use super::chars::is_word_char;
use super::names;
use super::near::RunnersUp;
use super::query::Pattern;
use super::sound::reads_as;

/// How a page was found, the surest first. A page of several words was found as its least sure word was.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// What was asked for stands there.
    Exact,
    /// The recogniser nearly read it: it is there with runner-ups in some places.
    NearlyRead,
    /// Something that looks alike was read, or nearly read.
    LookAlike,
    /// It stands there with one character more, less or another.
    OneOff,
    /// Something that sounds so stands there.
    Pinyin,
}

impl How {
    /// In words, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => "逐字 exact",
            Self::NearlyRead => "险些读成 nearly read",
            Self::LookAlike => "形近 look-alike",
            Self::OneOff => "差一字 one character off",
            Self::Pinyin => "拼音 pinyin",
        }
    }
}

/// One way in which a word may stand on a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Way {
    pub how: How,
    pub form: Form,
}

/// What has to stand side by side.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    /// These characters were read.
    Read(Pattern),
    /// These characters were read or are runner-ups.
    Near(Vec<char>),
    /// Characters that look like these were read or are runner-ups.
    Alike(Vec<char>),
    /// Characters with these readings were read.
    Sounds(Vec<&'static str>),
    /// A name with these initials was read.
    Initials(String),
}

impl Way {
    /// The text as asked.
    pub fn exact(pattern: Pattern) -> Self {
        Self {
            how: How::Exact,
            form: Form::Read(pattern),
        }
    }

    /// Every way in which a word may stand there when it may have been misread; the exact one first. A word shorter
    /// than `one_off_min` characters may not have one character more, less or another.
    pub fn misread(pattern: Pattern, normalised: &str, one_off_min: usize) -> Vec<Self> {
        let chars: Vec<char> = normalised.chars().collect();
        let one_off = if chars.len() >= one_off_min {
            Pattern::with_one_error(normalised)
        } else {
            Vec::new()
        };
        let way = |how, form| Self { how, form };
        let mut ways = vec![
            Self::exact(pattern),
            way(How::NearlyRead, Form::Near(chars.clone())),
            way(How::LookAlike, Form::Alike(chars)),
        ];
        // The first of them is the text as asked.
        let one_off = one_off.into_iter().skip(1);
        ways.extend(one_off.map(|pattern| way(How::OneOff, Form::Read(pattern))));
        ways
    }

    /// The ways in which something that sounds like the syllables may stand there.
    pub fn sounding(cuts: Vec<Vec<&'static str>>) -> impl Iterator<Item = Self> {
        cuts.into_iter().map(|syllables| Self {
            how: How::Pinyin,
            form: Form::Sounds(syllables),
        })
    }

    /// The way in which a name with these initials may stand there.
    pub fn named(initials: &str) -> Self {
        Self {
            how: How::Pinyin,
            form: Form::Initials(initials.to_owned()),
        }
    }
}

/// A page's normalised text with what was nearly read on it.
pub(super) struct Standing<'a> {
    pub text: &'a [char],
    pub runners_up: &'a RunnersUp,
}

impl Standing<'_> {
    /// How many characters what is asked for takes up, when it stands at a place.
    pub fn length_at(&self, at: usize, form: &Form) -> Option<usize> {
        match form {
            Form::Read(pattern) => self.pattern_at(at, pattern).then_some(pattern.cells.len()),
            Form::Near(chars) => self.all_at(at, chars, |read, wanted| read == wanted),
            Form::Alike(chars) => self.all_at(at, chars, looks_like),
            Form::Sounds(syllables) => {
                let window = self.text.get(at..at + syllables.len())?;
                let mut pairs = window.iter().zip(syllables);
                pairs
                    .all(|(c, syllable)| reads_as(*c, syllable))
                    .then_some(syllables.len())
            }
            Form::Initials(letters) => names::stands_at(self.text, at, letters),
        }
    }

    fn all_at(&self, at: usize, wanted: &[char], fits: fn(char, char) -> bool) -> Option<usize> {
        let window = self.text.get(at..at + wanted.len())?;
        let stands = (at..)
            .zip(window.iter().zip(wanted))
            .all(|(place, (read, c))| {
                let near = self.runners_up.at(place).iter();
                fits(*read, *c) || near.copied().any(|other| fits(other, *c))
            });
        stands.then_some(wanted.len())
    }

    fn pattern_at(&self, at: usize, pattern: &Pattern) -> bool {
        let Some(window) = self.text.get(at..at + pattern.cells.len()) else {
            return false;
        };
        let same = window
            .iter()
            .zip(&pattern.cells)
            .all(|(c, cell)| cell.is_none_or(|expected| expected == *c));
        let before = at.checked_sub(1).and_then(|before| self.text.get(before));
        same && !(pattern.word_start && before.is_some_and(|c| is_word_char(*c)))
    }
}
