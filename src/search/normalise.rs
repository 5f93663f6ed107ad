//! The one form in which text is indexed and asked for. Pages and queries pass through the same steps, so what
//! a person reads on the paper and what they type meet in one spelling.
//!
//! In order, for each character of a line:
//! 1. control characters and default-ignorable ones (zero-width, bidi, variation selectors, soft hyphen) are
//!    dropped, and so is a combining mark that follows nothing it could stand on;
//! 2. Unicode NFKC (UAX #15), which also makes full-width and half-width forms one; a character whose NFKC
//!    form would contain a space (such as `´`) is kept as it is;
//! 3. lower case, character by character and without regard to context, then NFKC again;
//! 4. traditional to simplified Chinese, one character to one character, without regard to context. The
//!    dictionary's exceptions for single words are not used: a part of a string must fold as the whole does;
//! 5. a run of white space becomes one space between two word characters and nothing anywhere else. Word
//!    characters are letters, digits and combining marks that are not CJK. Recognition puts spaces between Han
//!    characters and around punctuation at will, so none there carries meaning.
//!
//! Lines of one paragraph (`joins_next`) are joined as if a space stood between them; a hyphen between a letter
//! at the end of a line and a lower-case letter at the start of the next is taken out. Any other line break
//! becomes `\n`, which no query contains.

use std::sync::LazyLock;

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::domain::text::{OcrLine, OcrPage};

/// Where a normalised character comes from: the line of the page and the character of that line, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Index into [`OcrPage::lines`].
    pub line: u32,
    /// Index into [`OcrLine::chars`].
    pub char: u32,
}

/// The normalised text of a page, with the origin of each of its characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    /// The text; `\n` separates lines that do not belong to one paragraph.
    pub text: String,
    /// As many as `text` has characters. A space or line break has the origin of the character before it; what
    /// one character expands to shares its origin.
    pub origins: Vec<Origin>,
}

/// Normalises the text of a page.
pub fn normalise(page: &OcrPage) -> PageText {
    let mut builder = Builder::default();
    let mut joins = false;
    for (line_index, line) in (0u32..).zip(&page.lines) {
        let Some(first) = line
            .chars
            .iter()
            .map(|char| char.c)
            .find(|c| is_visible(*c))
        else {
            joins = joins && line.joins_next;
            continue;
        };
        if !joins {
            builder.line_break();
        } else if !builder.take_out_hyphen(first) {
            builder.space();
        }
        let chars = (0u32..).zip(&line.chars).map(|(char_index, char)| {
            let origin = Origin {
                line: line_index,
                char: char_index,
            };
            (char.c, origin)
        });
        fold(chars, &mut builder);
        builder.hyphenated = ends_hyphenated(line);
        joins = line.joins_next;
    }
    PageText {
        text: builder.text,
        origins: builder.origins,
    }
}

/// Normalises what a person asks for, as if it stood on one line.
pub fn normalise_query(text: &str) -> String {
    let mut builder = Builder::default();
    let nowhere = Origin { line: 0, char: 0 };
    fold(text.chars().map(|c| (c, nowhere)), &mut builder);
    builder.text
}

/// Whether a space beside this character can carry meaning: letters, digits and marks that are not CJK.
pub fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    !is_cjk(c) && (c.is_alphanumeric() || is_combining_mark(c))
}

/// Whether a character belongs to a script written without spaces: Han, kana, bopomofo, CJK punctuation.
/// Hangul is not among them: Korean separates words.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{2E80}'..='\u{312F}' | '\u{31A0}'..='\u{31FF}' | '\u{3200}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}' | '\u{FF65}'..='\u{FF9F}'
        | '\u{1AFF0}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a character is dropped: Unicode general category Cc (save white space) and Default_Ignorable.
fn is_dropped(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !is_dropped(c)
}

/// Whether a character can combine with the one before it, so that both must be normalised together.
fn joins_previous(c: char) -> bool {
    if c < '\u{0300}' || ('\u{4E00}'..='\u{9FFF}').contains(&c) {
        return false;
    }
    let first = std::iter::once(c).nfkd().next().unwrap_or(c);
    canonical_combining_class(first) != 0
        || is_nfkc_quick(std::iter::once(first)) == IsNormalized::Maybe
}

/// Whether a line ends with a letter and a hyphen, as a word does that was broken at the end of its line.
fn ends_hyphenated(line: &OcrLine) -> bool {
    let mut back = line
        .chars
        .iter()
        .rev()
        .map(|char| char.c)
        .filter(|c| !c.is_whitespace());
    let hyphen = matches!(back.next(), Some('-' | '\u{2010}' | '\u{00AD}'));
    hyphen
        && back
            .next()
            .is_some_and(|c| c.is_alphabetic() && is_word_char(c))
}

/// Steps 1 to 4 over the characters of one line; the builder does step 5.
fn fold(chars: impl Iterator<Item = (char, Origin)>, builder: &mut Builder) {
    let mut cluster = String::new();
    let mut cluster_origin = Origin { line: 0, char: 0 };
    for (c, origin) in chars {
        if c.is_whitespace() {
            fold_cluster(&cluster, cluster_origin, builder);
            cluster.clear();
            builder.space();
        } else if is_dropped(c) {
            continue;
        } else if joins_previous(c) {
            if !cluster.is_empty() {
                cluster.push(c);
            }
        } else {
            fold_cluster(&cluster, cluster_origin, builder);
            cluster.clear();
            cluster.push(c);
            cluster_origin = origin;
        }
    }
    fold_cluster(&cluster, cluster_origin, builder);
}

/// Folds a character with the marks that follow it.
fn fold_cluster(cluster: &str, origin: Origin, builder: &mut Builder) {
    let mut chars = cluster.chars();
    let Some(first) = chars.next() else { return };
    if chars.next().is_none() {
        if first.is_ascii() {
            return builder.push(first.to_ascii_lowercase(), origin);
        }
        if ('\u{4E00}'..='\u{9FFF}').contains(&first) {
            return builder.push(simplified(first), origin);
        }
    }
    let compatible: String = cluster.nfkc().collect();
    let spaced = compatible.contains(char::is_whitespace);
    let compatible = if spaced { cluster } else { &compatible };
    let lower: String = compatible.chars().flat_map(char::to_lowercase).collect();
    let again: String = lower.nfkc().collect();
    let folded = if again.contains(char::is_whitespace) {
        lower
    } else {
        again
    };
    for c in folded.chars().filter(|c| is_visible(*c)) {
        builder.push(simplified(c), origin);
    }
}

/// The characters that the dictionary covers: all of its entries have three bytes in UTF-8.
const FOLDED: std::ops::RangeInclusive<u32> = 0x2E80..=0xFFFF;

/// Traditional to simplified, computed once from the dictionary of `fast2s` and followed to its end.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| FOLDED.map(look_up_simplified).collect());

fn look_up_simplified(code: u32) -> char {
    let Some(start) = char::from_u32(code) else {
        return char::REPLACEMENT_CHARACTER;
    };
    let mut current = start;
    for _ in 0..4 {
        let text = fast2s::convert(current.encode_utf8(&mut [0; 4]));
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(next), None) if next != current => current = next,
            _ => break,
        }
    }
    current
}

fn simplified(c: char) -> char {
    let code = u32::from(c);
    if !FOLDED.contains(&code) {
        return c;
    }
    let index = (code - FOLDED.start()) as usize;
    SIMPLIFIED.get(index).copied().unwrap_or(c)
}

/// What stands between the last character and the next one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Between {
    #[default]
    Nothing,
    Space,
    Break,
}

/// Collects normalised characters and decides about white space when it knows both neighbours.
#[derive(Default)]
struct Builder {
    text: String,
    origins: Vec<Origin>,
    last: Option<char>,
    between: Between,
    hyphenated: bool,
}

impl Builder {
    fn push(&mut self, c: char, origin: Origin) {
        let between = std::mem::take(&mut self.between);
        if let (Some(last), Some(last_origin)) = (self.last, self.origins.last().copied()) {
            if between == Between::Break {
                self.text.push('\n');
                self.origins.push(last_origin);
            } else if between == Between::Space && is_word_char(last) && is_word_char(c) {
                self.text.push(' ');
                self.origins.push(last_origin);
            }
        }
        self.text.push(c);
        self.origins.push(origin);
        self.last = Some(c);
    }

    fn space(&mut self) {
        if self.between == Between::Nothing {
            self.between = Between::Space;
        }
    }

    fn line_break(&mut self) {
        self.between = Between::Break;
    }

    /// Joins a word broken by a hyphen with its rest, which begins with `next`; tells whether it did.
    fn take_out_hyphen(&mut self, next: char) -> bool {
        if !self.hyphenated || !next.is_lowercase() {
            return false;
        }
        if matches!(self.last, Some('-' | '\u{2010}')) {
            self.text.pop();
            self.origins.pop();
            self.last = self.text.chars().next_back();
        }
        self.between = Between::Nothing;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::{EngineId, OcrChar, Rect};

    fn page(lines: &[(&str, bool)]) -> OcrPage {
        let line = |(text, joins_next): &(&str, bool)| OcrLine {
            rect: Rect::default(),
            angle: 0.0,
            vertical: false,
            joins_next: *joins_next,
            chars: text.chars().map(plain_char).collect(),
        };
        OcrPage {
            engine: EngineId {
                name: "recorded".into(),
                version: "1".into(),
                models: String::new(),
                settings: String::new(),
            },
            width: 10,
            height: 10,
            lines: lines.iter().map(line).collect(),
        }
    }

    fn plain_char(c: char) -> OcrChar {
        OcrChar {
            c,
            rect: Rect::default(),
            p: 1.0,
            others: vec![],
        }
    }

    fn text(lines: &[(&str, bool)]) -> String {
        let normal = normalise(&page(lines));
        assert_eq!(normal.text.chars().count(), normal.origins.len());
        normal.text
    }

    #[test]
    fn forms_that_mean_the_same_meet() {
        for (given, expected) in [
            ("ＡＢＣ１２３，。", "abc123,。"),
            ("ﾊﾞﾅﾅ", "バナナ"),
            ("繁體中文與臺灣後面", "繁体中文与台湾后面"),
            ("乾隆乾淨", "干隆干净"),
            ("㈱ ① ㎡", "(株)1m2"),
            ("北 京 市\u{3000}海 淀 区", "北京市海淀区"),
            ("Service   Hall  , No. 5", "service hall,no.5"),
            ("中 A B 文", "中a b文"),
            ("a\u{200B}b\u{0007}c\u{FEFF}", "abc"),
            ("e\u{0301}cole ´ \u{0301}x", "école´x"),
            ("⼀\u{F900}", "一岂"),
            ("İstanbul", "i\u{307}stanbul"),
            (" \u{301}", ""),
        ] {
            assert_eq!(normalise_query(given), expected, "{given:?}");
            assert_eq!(text(&[(given, false)]), expected, "{given:?}");
            assert_eq!(normalise_query(expected), expected, "{given:?} twice");
        }
    }

    #[test]
    fn lines_join_inside_a_paragraph_and_nowhere_else() {
        assert_eq!(
            text(&[("营业执", true), ("照副本", false), ("第二段", false)]),
            "营业执照副本\n第二段"
        );
        assert_eq!(
            text(&[("the service", true), ("hall", false)]),
            "the service hall"
        );
        assert_eq!(
            text(&[("the coun-", true), ("ter is", false)]),
            "the counter is"
        );
        assert_eq!(text(&[("coun\u{AD} ", true), ("ter", false)]), "counter");
        assert_eq!(
            text(&[("2026-", true), ("11", true), ("A-", true), ("B", false)]),
            "2026-11 a-b"
        );
        assert_eq!(
            text(&[("", true), ("甲", false), (" ", false), ("乙", false)]),
            "甲\n乙"
        );
        assert_eq!(
            text(&[
                ("甲", true),
                (" ", true),
                ("乙", true),
                ("", false),
                ("丙", false)
            ]),
            "甲乙\n丙"
        );
    }

    #[test]
    fn origins_lead_back_to_the_page() {
        let normal = normalise(&page(&[("㎡ 甲", true), (" Éa", false)]));
        assert_eq!(normal.text, "m2甲éa");
        let at = |line, char| Origin { line, char };
        assert_eq!(
            normal.origins,
            [at(0, 0), at(0, 0), at(0, 2), at(1, 1), at(1, 2)]
        );
    }

    #[test]
    fn every_character_is_stable_once_normalised() {
        for c in '\0'..=char::MAX {
            let once = normalise_query(c.encode_utf8(&mut [0; 4]));
            assert_eq!(normalise_query(&once), once, "U+{:04X}", u32::from(c));
        }
    }
}
