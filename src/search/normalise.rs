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

use unicode_normalization::UnicodeNormalization;

use crate::domain::text::{OcrLine, OcrPage};

use super::chars::{is_dropped, is_visible, is_word_char, joins_previous, simplified};

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
            ..OcrLine::default()
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
            ..OcrPage::default()
        }
    }

    fn plain_char(c: char) -> OcrChar {
        OcrChar {
            c,
            rect: Rect::default(),
            p: 1.0,
            ..OcrChar::default()
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
            ("㈱ ① ㎡", "(株)1 m2"),
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
