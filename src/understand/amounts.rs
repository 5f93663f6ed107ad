//! Amounts in figures and in the capitals of cheques (大写), checked against each other.

use crate::domain::meaning::FieldKind;

use super::fields::Hit;
use super::stream::Stream;

/// Every amount of a stream, in yuan with two decimals.
pub(super) fn find(stream: &Stream) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut at = 0;
    while at < stream.glyphs.len() {
        let found = figures(stream, at).or_else(|| capitals(stream, at));
        match found {
            Some((fen, end, odd)) => {
                let value = format!("{}.{:02}", fen / 100, fen % 100);
                hits.push(Hit::new(FieldKind::Amount, value, stream, at, end).odd(odd));
                at = end;
            }
            None => at += 1,
        }
    }
    hits
}

/// `¥12,300.00`, or `12,300.00元`, or `3.5万元`; in fen.
fn figures(stream: &Stream, at: usize) -> Option<(u64, usize, bool)> {
    let glyph = |at: usize| stream.glyphs.get(at).map(|glyph| glyph.c);
    let sign = matches!(glyph(at)?, '¥' | '￥');
    // The sign is often read as a letter or a character of its shape; then the figures have to look like money.
    let alike = matches!(glyph(at)?, 'Y' | '羊' | '半' | 'V' | '丫');
    let before = at.checked_sub(1).and_then(glyph);
    if !sign
        && before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | '¥' | '-'))
    {
        return None;
    }
    let mut end = at + usize::from(sign || alike);
    let mut text = String::new();
    let mut odd = alike;
    while let Some(c) = glyph(end)
        && text.len() < 20
    {
        let next_is_digit = glyph(end + 1).is_some_and(|c| c.is_ascii_digit());
        match c {
            '0'..='9' => text.push(c),
            '.' | '。' if next_is_digit => text.push('.'),
            ',' | '，' | '、' if next_is_digit => text.push(','),
            'O' | 'o' if !text.is_empty() => {
                odd = true;
                text.push('0');
            }
            _ => break,
        }
        end += 1;
    }
    let (scale, passed) = unit(stream, end);
    let money = text.contains('.') && text.contains(',');
    let speaks = if alike { money } else { sign || passed > 0 };
    if text.is_empty() || !speaks {
        return None;
    }
    Some((fen(&text, scale)?, end + passed, odd))
}

/// 元, 万元 or 亿元 after figures: what one is worth, and the characters passed.
fn unit(stream: &Stream, at: usize) -> (u64, usize) {
    let glyph = |at: usize| stream.glyphs.get(at).map(|glyph| glyph.c);
    match (glyph(at), glyph(at + 1)) {
        (Some('元' | '圆'), _) => (1, 1),
        (Some('万'), Some('元' | '圆')) => (10_000, 2),
        (Some('亿'), Some('元' | '圆')) => (100_000_000, 2),
        _ => (1, 0),
    }
}

fn fen(text: &str, scale: u64) -> Option<u64> {
    // `12.300.00`: all separators but the last one with two digits behind it are of thousands.
    let plain: Vec<&str> = text.split([',', '.']).collect();
    let (whole, cents) = match plain.as_slice() {
        [rest @ .., last] if !rest.is_empty() && last.len() <= 2 && last.len() + 1 < text.len() => {
            (rest.concat(), *last)
        }
        [rest @ .., last] if !rest.is_empty() && text.rfind('.').is_some() && last.len() != 3 => {
            (rest.concat(), *last)
        }
        // `0.558`, `1234.567`: no separator of thousands stands there.
        [whole, last] if text.contains('.') && (*whole == "0" || whole.len() > 3) => {
            ((*whole).to_owned(), *last)
        }
        all => (all.concat(), ""),
    };
    let whole: u64 = whole
        .parse()
        .ok()
        .filter(|whole| *whole < 1_000_000_000_000)?;
    let mut part = 0;
    let mut worth = scale * 10;
    for digit in cents.chars().take(8) {
        part += u64::from(digit.to_digit(10)?) * worth;
        worth /= 10;
    }
    whole.checked_mul(scale * 100)?.checked_add(part)
}

/// 壹万贰仟叁佰元整.
fn capitals(stream: &Stream, at: usize) -> Option<(u64, usize, bool)> {
    capital_digit(stream.glyphs.get(at)?.c)?;
    let (mut total, mut part, mut digit, mut end) = (0u64, 0u64, 0u64, at);
    let mut yuan: Option<u64> = None;
    while let Some(glyph) = stream.glyphs.get(end).filter(|_| end < at + 30) {
        match (capital_digit(glyph.c), glyph.c) {
            (Some(value), _) => digit = value,
            (_, '拾' | '十') => part += digit.max(1) * 10,
            (_, '佰' | '百') => part += digit * 100,
            (_, '仟' | '千') => part += digit * 1000,
            (_, '万' | '萬') => total += (part + digit) * 10_000,
            (_, '亿') => total = (total + part + digit).checked_mul(100_000_000)?,
            (_, '元' | '圆') => yuan = Some(total + part + digit),
            (_, '角') => part += digit * 10,
            (_, '分') => part += digit,
            (_, '整' | '正') if yuan.is_some() => {
                end += 1;
                break;
            }
            _ => break,
        }
        match glyph.c {
            '元' | '圆' | '万' | '萬' | '亿' => (part, digit) = (0, 0),
            c if capital_digit(c).is_none() => digit = 0,
            _ => {}
        }
        end += 1;
    }
    let yuan = yuan.filter(|yuan| *yuan < 1_000_000_000_000)?;
    (end > at + 1).then_some((yuan * 100 + part, end, false))
}

fn capital_digit(c: char) -> Option<u64> {
    Some(match c {
        '零' => 0,
        '壹' => 1,
        '贰' | '貳' | '弍' => 2,
        '叁' | '参' | '叄' => 3,
        '肆' => 4,
        '伍' => 5,
        '陆' | '陸' => 6,
        '柒' => 7,
        '捌' => 8,
        '玖' => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::stream::lay_out;
    use super::super::stream::tests::{line, page};
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let rows = lay_out(&page(vec![line(text, 0, 0)])).rows;
        find(&rows[0].stream)
            .into_iter()
            .map(|hit| hit.value)
            .collect()
    }

    #[test]
    fn figures_and_capitals_are_the_same_amount() {
        assert_eq!(
            read("人民币壹万贰仟叁佰元整（¥12,300.00）"),
            ["12300.00", "12300.00"]
        );
        assert_eq!(read("伍拾万元整"), ["500000.00"]);
        assert_eq!(read("叁万零伍拾元整"), ["30050.00"]);
        assert_eq!(read("贰佰元伍角整"), ["200.50"]);
        assert_eq!(read("￥ 24，600.00"), ["24600.00"]);
        assert_eq!(read("注册资本50万元"), ["500000.00"]);
        assert_eq!(read("3.5万元"), ["35000.00"]);
        assert_eq!(read("¥1.234.567.89"), ["1234567.89"]);
        assert_eq!(read("¥12,300"), ["12300.00"]);
        assert_eq!(read("0.558元"), ["0.55"]);
        assert_eq!(read("1234.567万元"), ["12345670.00"]);
    }

    #[test]
    fn other_numbers_are_no_money() {
        for text in [
            "186.50平方米",
            "第二条",
            "2026年",
            "万元",
            "陆青",
            "JY2元素",
            "壹亿亿亿元",
            "壹亿亿亿亿亿亿元整",
        ] {
            assert!(read(text).is_empty(), "{text}");
        }
    }
}
