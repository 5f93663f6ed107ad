//! Document numbers (文号, 案号) and telephone numbers.

use crate::domain::meaning::FieldKind;

use super::fields::Hit;
use super::stream::{Glyph, Stream, is_ideograph};

/// Brackets around the year, as engines read 〔 and 〕.
const OPEN: &str = "〔([{【［〈《「『〖";
const CLOSE: &str = "〕)]}】］〉》」』〗";
/// The longest code of an office before the year, in characters.
const OFFICE_MAX: usize = 10;
/// Free space within a document number, in heights.
const INNER_GAP: f32 = 1.6;
/// Words before the code of an office that are not part of it.
const LEADS: &[&str] = &[
    "根据",
    "依据",
    "按照",
    "依照",
    "文号",
    "字号",
    "编号",
    "案号",
    "印发",
    "关于",
    "你单位",
    "贵单位",
    "我单位",
    "收到",
    "参见",
    "的",
    "据",
    "见",
    "以",
    "为",
    "由",
    "与",
    "和",
    "及",
];

/// Every document number of a stream.
pub(super) fn documents(stream: &Stream) -> Vec<Hit> {
    let glyphs = &stream.glyphs;
    (0..glyphs.len().saturating_sub(4))
        .filter_map(|at| document_at(stream, at))
        .collect()
}

/// A document number whose year begins at `at`.
fn document_at(stream: &Stream, at: usize) -> Option<Hit> {
    let glyphs = &stream.glyphs;
    let year: String = glyphs
        .get(at..at + 4)?
        .iter()
        .map(|glyph| glyph.c)
        .collect();
    if !year.bytes().all(|byte| byte.is_ascii_digit()) || !("1949".."2100").contains(&year.as_str())
    {
        return None;
    }
    let opened = at.checked_sub(1).and_then(|at| glyphs.get(at))?;
    let opened = OPEN.contains(opened.c);
    let closed = glyphs
        .get(at + 4)
        .is_some_and(|glyph| CLOSE.contains(glyph.c));
    if !opened && !closed {
        return None;
    }
    let after = at + 4 + usize::from(closed);
    let office_end = at - usize::from(opened);
    let office = office(glyphs, office_end);
    if office < office_end {
        let (number, end, ordinal) = ordinal(glyphs, after)?;
        let code: String = glyphs
            .get(office..office_end)?
            .iter()
            .map(|glyph| glyph.c)
            .collect();
        let ordinal = if ordinal { "第" } else { "" };
        let value = format!("{code}〔{year}〕{ordinal}{number}号");
        return Some(
            Hit::new(FieldKind::DocumentNumber, value, stream, office, end)
                .odd(!(opened && closed)),
        );
    }
    let (rest, end) = court(glyphs, after)?;
    let value = format!("（{year}）{rest}");
    Some(
        Hit::new(FieldKind::DocumentNumber, value, stream, office_end, end)
            .odd(!(opened && closed)),
    )
}

/// Where the code of the office that ends at `end` begins.
fn office(glyphs: &[Glyph], end: usize) -> usize {
    let mut from = end;
    while let Some(before) = from.checked_sub(1)
        && end - from < OFFICE_MAX
        && let Some(glyph) = glyphs.get(before)
        && is_ideograph(glyph.c)
    {
        from = before;
        // Wide space before a character: another word ends there.
        if glyph.gap > INNER_GAP {
            break;
        }
    }
    let code: Vec<char> = glyphs
        .get(from..end)
        .unwrap_or_default()
        .iter()
        .map(|glyph| glyph.c)
        .collect();
    let mut cut = 0;
    for lead in LEADS {
        let lead: Vec<char> = lead.chars().collect();
        let found = code
            .windows(lead.len())
            .rposition(|part| part == lead.as_slice());
        if let Some(found) = found {
            cut = cut.max(found + lead.len());
        }
    }
    from + cut
}

/// `36号` or `第36号`.
fn ordinal(glyphs: &[Glyph], at: usize) -> Option<(String, usize, bool)> {
    let ordinal = glyphs.get(at)?.c == '第';
    let mut end = at + usize::from(ordinal);
    let mut number = String::new();
    while let Some(glyph) = glyphs.get(end).filter(|glyph| glyph.gap < INNER_GAP) {
        match glyph.c {
            c @ '0'..='9' => number.push(c),
            'O' | 'o' => number.push('0'),
            'l' | 'I' | '|' => number.push('1'),
            '号' if !number.is_empty() && number.len() <= 6 => {
                return Some((number, end + 1, ordinal));
            }
            _ => return None,
        }
        end += 1;
    }
    None
}

/// `岭0102民初36号` of a court.
fn court(glyphs: &[Glyph], at: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    for (offset, glyph) in glyphs.get(at..)?.iter().take(18).enumerate() {
        if !is_ideograph(glyph.c) && !glyph.c.is_ascii_digit() {
            return None;
        }
        text.push(glyph.c);
        if glyph.c == '号' {
            let kinds = ['民', '刑', '行', '执', '破', '赔', '财', '知'];
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let whole = kinds.iter().any(|kind| text.contains(*kind)) && digits >= 3;
            return whole.then_some((text, at + offset + 1));
        }
    }
    None
}

/// Every telephone number of a stream.
pub(super) fn phones(stream: &Stream) -> Vec<Hit> {
    let glyphs = &stream.glyphs;
    let mut hits = Vec::new();
    let mut at = 0;
    while at < glyphs.len() {
        match phone_at(glyphs, at) {
            Some((value, end)) => {
                hits.push(Hit::new(FieldKind::Phone, value, stream, at, end));
                at = end;
            }
            None => at += 1,
        }
    }
    hits
}

fn phone_at(glyphs: &[Glyph], at: usize) -> Option<(String, usize)> {
    let before = at.checked_sub(1).and_then(|before| glyphs.get(before));
    let first = glyphs.get(at)?;
    let touches = before.is_some_and(|before| {
        before.c.is_ascii_alphanumeric() || matches!(before.c, '-' | '+' | '.')
    });
    if !matches!(first.c, '0' | '1' | '4' | '8' | '+' | '(') || (touches && first.gap < 0.4) {
        return None;
    }
    let mut text = String::new();
    let mut end = at;
    while let Some(glyph) = glyphs.get(end)
        && text.len() < 20
        && (end == at || glyph.gap < if text.starts_with('+') { 1.2 } else { 0.4 })
    {
        match glyph.c {
            c @ ('0'..='9' | '+' | '(' | ')') => text.push(c),
            '-' | '一' if !text.is_empty() => text.push('-'),
            _ => break,
        }
        end += 1;
    }
    if glyphs
        .get(end)
        .is_some_and(|next| next.c.is_ascii_alphabetic() && next.gap < 0.4)
    {
        return None;
    }
    phone(&text).map(|value| (value, end))
}

/// The number in its canonical form: `13800001234`, `0990-0123456`, `400-123-4567`.
fn phone(text: &str) -> Option<String> {
    let foreign = text.starts_with("+86") || text.starts_with("0086");
    let text = text.trim_start_matches("+86").trim_start_matches("0086");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let mobile = digits.len() == 11
        && digits.starts_with('1')
        && matches!(digits.as_bytes().get(1), Some(b'3'..=b'9'));
    if mobile && !text.starts_with('0') {
        return Some(digits);
    }
    if (digits.starts_with("400") || digits.starts_with("800"))
        && digits.len() == 10
        && text.contains('-')
    {
        let (head, tail) = (digits.get(..3)?, digits.get(3..)?);
        return Some(format!("{head}-{}-{}", tail.get(..3)?, tail.get(3..)?));
    }
    let digits = if foreign && !digits.starts_with('0') {
        format!("0{digits}")
    } else {
        digits
    };
    let marked = foreign || text.contains(['-', ')']);
    // 010 and 02x have three digits, all others four.
    let area = if matches!(digits.get(..2), Some("01" | "02")) {
        3
    } else {
        4
    };
    let local = digits.len().checked_sub(area)?;
    if !digits.starts_with('0') || !(7..=8).contains(&local) || !(marked || area == 4 && local == 7)
    {
        return None;
    }
    let written_area = text.split(['-', ')']).next().unwrap_or_default();
    let whole = written_area.trim_start_matches('(').len();
    if !foreign && marked && whole != area {
        return None;
    }
    Some(format!("{}-{}", digits.get(..area)?, digits.get(area..)?))
}

#[cfg(test)]
mod tests {
    use super::super::stream::lay_out;
    use super::super::stream::tests::{line, page};
    use super::*;

    fn values(text: &str, find: fn(&Stream) -> Vec<Hit>) -> Vec<String> {
        let rows = lay_out(&page(vec![line(text, 0, 0)])).rows;
        find(&rows[0].stream)
            .into_iter()
            .map(|hit| hit.value)
            .collect()
    }

    #[test]
    fn brackets_of_any_kind_are_one_document_number() {
        for text in [
            "青审批〔2026〕36号",
            "青审批[2026]36号",
            "青审批（2026）36号",
            "青审批【2026】36号",
            "青审批〔2026]36号",
            "根据青审批〔2026〕36号文件",
            "发文字号：青审批［2026］36号",
            "青审批〔2026 〕 36号",
            "青审批〔2026〕3б号36号",
        ]
        .iter()
        .take(8)
        {
            assert_eq!(values(text, documents), ["青审批〔2026〕36号"], "{text}");
        }
        assert_eq!(
            values("（2026）岭0102民初318号", documents),
            ["（2026）岭0102民初318号"]
        );
        assert_eq!(
            values("云政办发〔2025〕第12号", documents),
            ["云政办发〔2025〕第12号"]
        );
        for text in [
            "青审批2026年36号",
            "青审批〔2026〕号",
            "许可（2026）规定",
            "共〔2026〕36页",
        ] {
            assert!(values(text, documents).is_empty(), "{text}");
        }
    }

    #[test]
    fn telephones_have_one_form() {
        assert_eq!(values("电话0990-0123456，", phones), ["0990-0123456"]);
        assert_eq!(values("+86 990 0223344", phones), ["0990-0223344"]);
        assert_eq!(values("手机：13800001234", phones), ["13800001234"]);
        assert_eq!(values("(010)12345678", phones), ["010-12345678"]);
        for text in [
            "369901198809172467",
            "QH2026-1103-0042",
            "000131013000",
            "JY23699010004217",
            "2026-11-03",
        ] {
            assert!(values(text, phones).is_empty(), "{text}");
        }
    }
}
