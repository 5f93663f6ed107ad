//! Identity numbers (GB 11643) and unified social credit codes (GB 32100): where they stand, and which rules they keep.

use crate::domain::Date;
use crate::domain::identity::{CitizenId, SocialCreditCode};
use crate::domain::meaning::FieldKind;

use super::stream::{Glyph, Stream};

/// Characters of both numbers.
pub(super) const CODE_CHARS: usize = 18;
/// Free space that ends a number, in heights.
const WORD_GAP: f32 = 0.9;
/// Free space within a number printed in groups, in heights.
const GROUP_GAP: f32 = 2.5;
/// Nobody who hands in paper was born before.
const FIRST_YEAR: &str = "1900";

/// Whether the 18 characters are a number of this kind, by all rules there are. `day`: no birth is later.
pub(super) fn is_valid(kind: FieldKind, code: &str, day: Date) -> bool {
    match kind {
        FieldKind::IdentityNumber => is_identity(code, day),
        _ => is_credit_code(code),
    }
}

/// GB 11643: province, county, a birth date that was, check character.
fn is_identity(code: &str, day: Date) -> bool {
    let county = code.get(2..6).unwrap_or_default();
    let born = code.get(6..10).unwrap_or_default();
    county != "0000"
        && (FIRST_YEAR..="2999").contains(&born)
        && code.get(14..17) != Some("000")
        && CitizenId::parse(code, day).is_ok()
}

/// GB 32100: registering authority and kind of body, region, organisation code with its own check character (GB 11714),
/// check character.
fn is_credit_code(code: &str) -> bool {
    let bytes = code.as_bytes();
    let authority = matches!(bytes.first(), Some(b'1'..=b'9' | b'A' | b'N' | b'Y'));
    let body = matches!(bytes.get(1), Some(b'1'..=b'5' | b'9'));
    let province = code.get(2..4).unwrap_or_default();
    let region = province == "10" || ("11".."72").contains(&province);
    authority
        && body
        && region
        && code.get(8..17).is_some_and(is_organisation_code)
        && SocialCreditCode::parse(code).is_ok()
}

/// GB 11714: eight characters and a check character, modulo 11.
pub(super) fn is_organisation_code(code: &str) -> bool {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 12] = b"0123456789X0";
    let bytes = code.as_bytes();
    let Some((body, [check])) = bytes.split_at_checked(8) else {
        return false;
    };
    let mut sum = 0;
    for (byte, weight) in body.iter().zip(WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'A'..=b'Z' => u32::from(byte - b'A') + 10,
            _ => return false,
        };
        sum += value * weight;
    }
    CHECKS.get((11 - sum % 11) as usize) == Some(check)
}

/// Characters that a number is read as.
pub(super) fn is_code_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '|' | '〇' | '○')
}

/// Where 18 characters of a number stand together: indices of the stream's glyphs.
pub(super) fn candidates(stream: &Stream) -> Vec<Vec<usize>> {
    let mut words: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (index, glyph) in stream.glyphs.iter().enumerate() {
        let last = open
            .last()
            .and_then(|last: &usize| stream.glyphs.get(*last));
        let breaks = last.is_some_and(|last| glyph.gap > WORD_GAP || glyph.line != last.line);
        if !is_code_char(glyph.c) || breaks {
            words.push(std::mem::take(&mut open));
        }
        if is_code_char(glyph.c) {
            open.push(index);
        }
    }
    words.push(open);
    words.retain(|word| !word.is_empty());
    let mut found = Vec::new();
    let mut used = 0;
    for (at, word) in words.iter().enumerate() {
        if at < used {
            continue;
        }
        if word.len() == CODE_CHARS {
            found.push(word.clone());
        } else if let Some((joined, end)) = joined(stream, &words, at) {
            found.push(joined);
            used = end;
        }
    }
    found
}

/// Groups of a number printed with spaces (`369901 19880917 2467`), next to each other from word `at` on.
fn joined(stream: &Stream, words: &[Vec<usize>], at: usize) -> Option<(Vec<usize>, usize)> {
    let mut all: Vec<usize> = Vec::new();
    for (place, word) in words.iter().enumerate().skip(at) {
        let first = *word.first()?;
        if let Some(last) = all.last() {
            let near = stream
                .glyphs
                .get(first)
                .is_some_and(|glyph| glyph.gap <= GROUP_GAP);
            if first != last + 1 || !near {
                return None;
            }
        }
        all.extend(word);
        if all.len() == CODE_CHARS {
            return Some((all, place + 1));
        }
        if all.len() > CODE_CHARS {
            return None;
        }
    }
    None
}

/// The number as it would be written: capitals, no look-alikes of bars and rings.
pub(super) fn written(glyphs: &[Glyph]) -> String {
    glyphs.iter().map(|glyph| plain(glyph.c)).collect()
}

/// One character of a number as it would be written.
pub(super) fn plain(c: char) -> char {
    match c {
        '|' => '1',
        '〇' | '○' => '0',
        _ => c.to_ascii_uppercase(),
    }
}

/// Which number 18 characters look like, whether or not their check characters fit: the one whose shape has fewer faults.
/// None where they look like neither.
pub(super) fn shape(code: &str) -> Option<FieldKind> {
    // Letters that are read for digits speak for neither.
    let meant: String = code.chars().map(as_digit).collect();
    let bytes = meant.as_bytes();
    if bytes.len() != CODE_CHARS {
        return None;
    }
    let digits = |range: std::ops::Range<usize>| {
        let part = bytes.get(range).unwrap_or_default();
        part.iter().filter(|byte| byte.is_ascii_digit()).count()
    };
    let letters = CODE_CHARS - digits(0..CODE_CHARS);
    let century = matches!(bytes.get(6..8), Some(b"19" | b"20"));
    let month = meant
        .get(10..12)
        .is_some_and(|month| ("01"..="12").contains(&month));
    // Two letters among the first 17 and a body such as 91 are no identity number, a birth date is no credit code.
    let citizen =
        usize::from(century) * 2 + usize::from(month) + usize::from(digits(0..17) == 17) * 2;
    let head = matches!(
        bytes.get(..2),
        Some([b'1' | b'5' | b'9' | b'N' | b'Y' | b'A', b'1'..=b'3' | b'9'])
    );
    let company = usize::from(head) * 2
        + usize::from(digits(2..8) == 6)
        + usize::from(digits(8..18) < 10) * 2
        + usize::from(is_credit_code(code)) * 3;
    if digits(2..8) < 5 || letters > 11 {
        return None;
    }
    match (citizen, company) {
        (citizen, company) if citizen > company && citizen >= 4 => Some(FieldKind::IdentityNumber),
        (_, company) if company >= 4 => Some(FieldKind::CreditCode),
        _ => None,
    }
}

/// The digit that a letter is read for.
fn as_digit(c: char) -> char {
    match c {
        'O' | 'D' | 'Q' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'S' => '5',
        'B' => '8',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::lay_out;
    use super::super::stream::tests::{line, page};
    use super::*;

    fn day() -> Date {
        "2026-11-03".parse().unwrap()
    }

    #[test]
    fn every_rule_counts() {
        let kind = FieldKind::IdentityNumber;
        assert!(is_valid(kind, "369901198809172467", day()));
        assert!(!is_valid(kind, "369901198809172468", day()));
        // The same number, born the year after it was shown.
        assert!(!is_valid(
            kind,
            "369901198809172467",
            "1987-01-01".parse().unwrap()
        ));
        let kind = FieldKind::CreditCode;
        assert!(is_valid(kind, "91369901MA7K3QH89M", day()));
        assert!(!is_valid(kind, "91369901MA7K3QH89N", day()));
        assert!(is_organisation_code("MA7K3QH89") && !is_organisation_code("MA7K3QH88"));
    }

    #[test]
    fn numbers_are_found_whole_and_in_groups() {
        for text in ["号码369901198809172467，", "369901 19880917 2467"] {
            let rows = lay_out(&page(vec![line(text, 0, 0)])).rows;
            let found = candidates(&rows[0].stream);
            assert_eq!(found.len(), 1, "{text}");
        }
        for text in ["1369901198809172467", "11369901004321063U1000117005001"] {
            let rows = lay_out(&page(vec![line(text, 0, 0)])).rows;
            assert!(candidates(&rows[0].stream).is_empty(), "{text}");
        }
    }

    #[test]
    fn shapes_tell_the_two_apart() {
        assert_eq!(shape("369901198809172467"), Some(FieldKind::IdentityNumber));
        assert_eq!(shape("91369901MA7K3QH89M"), Some(FieldKind::CreditCode));
        assert_eq!(shape("9136990IMA7K3QH89M"), Some(FieldKind::CreditCode));
        assert_eq!(shape("000000000000000000"), None);
    }
}
