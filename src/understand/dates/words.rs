//! Days in words: `二〇二六年三月五日`.

use super::{Day, NUMBER_APART, Number, YEARS, c, made};
use crate::understand::stream::Glyph;

/// The year in words: where it ends, and whether it was cut. Engines that lose the ring of 〇 read 二〇二六 as 二二六, and
/// under a seal the century goes.
fn year_at(glyphs: &[Glyph], at: usize) -> Option<(u32, usize, bool)> {
    let mut year = 0;
    let mut end = at;
    while let Some(value) = c(glyphs, end).and_then(digit).filter(|_| end < at + 4) {
        year = year * 10 + value;
        end += 1;
    }
    let before = at.checked_sub(1).and_then(|before| c(glyphs, before));
    let apart = glyphs.get(at).is_some_and(|glyph| glyph.gap > NUMBER_APART);
    let begins = apart || before.is_none_or(|c| digit(c).is_none() && c != '十' && c != '第');
    if c(glyphs, end)? != '年' || !begins {
        return None;
    }
    match (end - at, year) {
        (4, _) if YEARS.contains(&year) => Some((year, end, false)),
        (3, 200..=299) => Some((2000 + year % 100, end, true)),
        (2, 0..=49) => Some((2000 + year, end, true)),
        (2, 50..=99) => Some((1900 + year, end, true)),
        _ => None,
    }
}

/// The day in words at this place.
pub(super) fn day(glyphs: &[Glyph], at: usize) -> Option<Day> {
    let (year, end, cut) = year_at(glyphs, at)?;
    let (month, end) = small(glyphs, end + 1)?;
    if c(glyphs, end)? != '月' {
        return None;
    }
    let (day, end) = small(glyphs, end + 1)?;
    // The last character may be cut off at the edge or under a seal.
    let closed = matches!(c(glyphs, end), Some('日' | '曰' | '目'));
    let cut = cut || !closed;
    if !closed && c(glyphs, end).is_some() {
        return None;
    }
    let part = |value| Number {
        value,
        end,
        digits: 1,
        odd: false,
    };
    made(
        &part(year),
        &part(month),
        &part(day),
        end + usize::from(closed),
        cut,
    )
}

fn digit(c: char) -> Option<u32> {
    const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    match c {
        '零' | '○' | '0' | 'O' | 'o' | '◯' => Some(0),
        '-' => Some(1),
        _ => DIGITS
            .iter()
            .position(|digit| *digit == c)
            .map(|value| value as u32),
    }
}

/// 1 to 99 in words: 五, 十二, 三十一, 廿一.
fn small(glyphs: &[Glyph], at: usize) -> Option<(u32, usize)> {
    let (mut total, mut ones, mut end) = (0, None, at);
    while let Some(c) = c(glyphs, end).filter(|_| end < at + 3) {
        if c == '十' {
            total = ones.take().unwrap_or(1) * 10;
        } else if c == '廿' {
            total = 20;
        } else if let Some(value) = digit(c) {
            if ones.is_some() {
                return None;
            }
            ones = Some(value);
        } else {
            break;
        }
        end += 1;
    }
    (end > at).then(|| (total + ones.unwrap_or(0), end))
}
