//! What kind of character a character is, for normalisation, and its simplified form.

use std::sync::LazyLock;

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

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
pub(super) fn is_dropped(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether anything of a character is left to see and to find.
pub(super) fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !is_dropped(c)
}

/// Whether a character can combine with the one before it, so that both must be normalised together.
pub(super) fn joins_previous(c: char) -> bool {
    if c < '\u{0300}' || ('\u{4E00}'..='\u{9FFF}').contains(&c) {
        return false;
    }
    let first = std::iter::once(c).nfkd().next().unwrap_or(c);
    canonical_combining_class(first) != 0
        || is_nfkc_quick(std::iter::once(first)) == IsNormalized::Maybe
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

/// The simplified form of a character, or the character itself.
pub(super) fn simplified(c: char) -> char {
    let code = u32::from(c);
    if !FOLDED.contains(&code) {
        return c;
    }
    let index = (code - FOLDED.start()) as usize;
    SIMPLIFIED.get(index).copied().unwrap_or(c)
}
