//! Days and periods: `2026年3月5日`, `2026-03-05`, `2026.03.05`, `二〇二六年三月五日`, `5 March 2026`, and what runs from
//! one to another or has no end.

mod words;

use crate::domain::Date;
use crate::domain::meaning::FieldKind;

use super::fields::Hit;
use super::stream::{Glyph, Stream};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Years that stand on counter paper.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2150;
/// Free space that ends a number, in heights.
const NUMBER_GAP: f32 = 0.45;
/// Free space behind which something else begins, in heights.
const NUMBER_APART: f32 = 1.5;
/// Between the parts of a day that was filled into a form.
const PART_GAP: f32 = 6.0;

/// A number that was read, its end, and whether look-alikes were taken for digits.
struct Number {
    value: u32,
    end: usize,
    digits: usize,
    odd: bool,
}

struct Day {
    date: Date,
    end: usize,
    odd: bool,
}

/// Every day and period of a stream.
pub(super) fn find(stream: &Stream) -> Vec<Hit> {
    let glyphs = &stream.glyphs;
    let mut hits = Vec::new();
    let mut at = 0;
    let mut last: Option<(usize, Day)> = None;
    while at < glyphs.len() {
        let Some(day) = day_at(glyphs, at) else {
            at += 1;
            continue;
        };
        hits.push(
            Hit::new(FieldKind::Date, day.date.to_string(), stream, at, day.end).odd(day.odd),
        );
        if let Some((begin, first)) = &last
            && joins(glyphs, first.end, at)
            && first.date <= day.date
        {
            let value = format!("{}/{}", first.date, day.date);
            let odd = first.odd || day.odd;
            hits.push(Hit::new(FieldKind::Period, value, stream, *begin, day.end).odd(odd));
        }
        if let Some(end) = endless(glyphs, day.end) {
            let value = format!("{}/..", day.date);
            hits.push(Hit::new(FieldKind::Period, value, stream, at, end).odd(day.odd));
        }
        let end = day.end;
        last = Some((at, day));
        at = end;
    }
    hits
}

/// The day a text states, when the text is a day and nothing else, as `2026-03-05`.
pub fn canonical_date(text: &str) -> Option<String> {
    let glyphs: Vec<Glyph> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| Glyph {
            c: super::stream::fold(c),
            raw: c,
            line: 0,
            at: 0,
            p: 1.0,
            repaired: false,
            gap: 0.0,
        })
        .collect();
    let day = day_at(&glyphs, 0)?;
    (day.end == glyphs.len()).then(|| day.date.to_string())
}

fn c(glyphs: &[Glyph], at: usize) -> Option<char> {
    glyphs.get(at).map(|glyph| glyph.c)
}

/// Whether 至, 到 or a dash stands between two days.
fn joins(glyphs: &[Glyph], from: usize, to: usize) -> bool {
    let between: String = glyphs
        .get(from..to)
        .unwrap_or_default()
        .iter()
        .map(|glyph| glyph.c)
        .collect();
    matches!(
        between.as_str(),
        "至" | "到" | "-" | "~" | "--" | "起至" | "起到" | "起,至" | "一"
    )
}

/// The end of 至长期 after a day.
fn endless(glyphs: &[Glyph], from: usize) -> Option<usize> {
    const WORDS: &str = "至长期 -长期 起长期 至永久 --长期 ~长期 起至长期";
    let rest = glyphs.get(from..)?;
    let stands = |words: &&str| {
        let mut chars = words.chars().enumerate();
        chars.all(|(at, c)| rest.get(at).is_some_and(|glyph| glyph.c == c))
    };
    let found = WORDS.split(' ').find(stands)?;
    Some(from + found.chars().count())
}

fn day_at(glyphs: &[Glyph], at: usize) -> Option<Day> {
    let before = at.checked_sub(1).and_then(|before| c(glyphs, before));
    let touches = glyphs.get(at).is_some_and(|glyph| glyph.gap < NUMBER_GAP);
    let first = c(glyphs, at)?;
    if first.is_ascii_digit() && touches && before.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    if first.is_ascii_digit() {
        return western(glyphs, at).or_else(|| english(glyphs, at));
    }
    words::day(glyphs, at)
}

/// Digits, with the letters that are read for them.
fn number(glyphs: &[Glyph], at: usize, most: usize) -> Option<Number> {
    let (mut value, mut digits, mut odd) = (0, 0, false);
    let mut end = at;
    while digits < most
        && let Some(glyph) = glyphs.get(end)
        && (end == at || glyph.gap < NUMBER_GAP)
    {
        let digit = match glyph.c {
            c @ '0'..='9' => c as u32 - '0' as u32,
            'O' | 'o' | '〇' if digits > 0 || most < 4 => 0,
            'l' | 'I' | '|' if digits > 0 || most < 4 => 1,
            _ => break,
        };
        odd |= !glyph.c.is_ascii_digit();
        value = value * 10 + digit;
        digits += 1;
        end += 1;
    }
    (digits > 0).then_some(Number {
        value,
        end,
        digits,
        odd,
    })
}

/// Passes a mark between two parts of a day; a form's own marks may have been lost between boxes.
fn mark(glyphs: &[Glyph], at: usize, marks: &[char]) -> Option<(usize, bool)> {
    let glyph = glyphs.get(at)?;
    if marks.contains(&glyph.c) {
        return Some((at + 1, false));
    }
    (glyph.gap > 0.8 && glyph.gap < PART_GAP && glyph.c.is_ascii_digit()).then_some((at, true))
}

fn western(glyphs: &[Glyph], at: usize) -> Option<Day> {
    let year =
        number(glyphs, at, 4).filter(|year| year.digits == 4 && YEARS.contains(&year.value))?;
    let sign = c(glyphs, year.end)?;
    if matches!(sign, '-' | '.' | '/' | '。') {
        let month = number(glyphs, year.end + 1, 2)?;
        if !matches!(c(glyphs, month.end)?, '-' | '.' | '/' | '。') {
            return None;
        }
        let day = number(glyphs, month.end + 1, 2)?;
        // A third digit would be of something longer; a time may follow at once.
        let next = glyphs.get(day.end);
        let goes_on = next.is_some_and(|next| next.c.is_ascii_digit() && next.gap < NUMBER_GAP);
        if goes_on && c(glyphs, day.end + 2) != Some(':') {
            return None;
        }
        return made(&year, &month, &day, day.end, false);
    }
    let (after, lost_year) = mark(glyphs, year.end, &['年'])?;
    let month = number(glyphs, after, 2)?;
    let (after, lost_month) = mark(glyphs, month.end, &['月', '冃'])?;
    let day = number(glyphs, after, 2)?;
    let closed = matches!(c(glyphs, day.end), Some('日' | '曰' | '目' | '号'));
    if !closed
        && (lost_year || lost_month || c(glyphs, day.end).is_some_and(|c| c.is_ascii_digit()))
    {
        return None;
    }
    let end = day.end + usize::from(closed);
    made(&year, &month, &day, end, lost_year || lost_month || !closed)
}

fn made(year: &Number, month: &Number, day: &Number, end: usize, odd: bool) -> Option<Day> {
    let date = Date::new(
        i16::try_from(year.value).ok()?,
        i8::try_from(month.value).ok()?,
        i8::try_from(day.value).ok()?,
    );
    Some(Day {
        date: date.ok()?,
        end,
        odd: odd || year.odd || month.odd || day.odd,
    })
}

fn english(glyphs: &[Glyph], at: usize) -> Option<Day> {
    let day = number(glyphs, at, 2)?;
    let letters: String = glyphs
        .get(day.end..)?
        .iter()
        .take(9)
        .map(|glyph| glyph.c.to_ascii_lowercase())
        .collect();
    let month = MONTHS.iter().position(|month| letters.starts_with(month))?;
    let after = day.end + MONTHS.get(month)?.len();
    let after = after + usize::from(c(glyphs, after) == Some(','));
    let year = number(glyphs, after, 4).filter(|year| YEARS.contains(&year.value))?;
    let month = Number {
        value: month as u32 + 1,
        end: after,
        digits: 2,
        odd: false,
    };
    made(&year, &month, &day, year.end, false)
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

    fn odd(text: &str) -> bool {
        let rows = lay_out(&page(vec![line(text, 0, 0)])).rows;
        find(&rows[0].stream).iter().all(|hit| hit.odd)
    }

    #[test]
    fn a_day_in_words_may_stand_behind_a_number_that_is_none_of_it() {
        let parts = vec![line("360123", 0, 0), line("二〇二六年三月五日", 600, 0)];
        let rows = lay_out(&page(parts)).rows;
        assert_eq!(find(&rows[0].stream)[0].value, "2026-03-05");
    }

    #[test]
    fn every_way_to_write_a_day_gives_the_same() {
        for text in [
            "2026年3月5日",
            "2026 年 03 月 05 日",
            "2026-03-05",
            "２０２６．０３．０５",
            "2026/3/5",
            "二〇二六年三月五日",
            "二○二六年三月五日",
            "5 March 2026",
            "日期：2026年O3月05日",
            "2026-03-05 09:42",
        ] {
            assert_eq!(read(text), ["2026-03-05"], "{text}");
        }
        assert_eq!(read("二〇二五年十二月三十一日"), ["2025-12-31"]);
        assert_eq!(read("二〇二五年十月二十日"), ["2025-10-20"]);
        for cut in ["二二五年十月二十日", "二五年十月二十日"] {
            assert_eq!(read(cut), ["2025-10-20"]);
            assert!(odd(cut), "{cut}");
        }
        assert_eq!(read("截至一〇年二月三日"), ["2010-02-03"]);
        assert_eq!(read("九八年七月一日"), ["1998-07-01"]);
    }

    #[test]
    fn periods_have_two_ends_or_one() {
        let both = ["2026-11-01", "2027-10-31", "2026-11-01/2027-10-31"];
        assert_eq!(read("自2026年11月1日起至2027年10月31日止"), both);
        assert_eq!(read("2026.11.01-2027.10.31"), both);
        assert_eq!(
            read("2026年03月18日至长期"),
            ["2026-03-18", "2026-03-18/.."]
        );
    }

    #[test]
    fn what_is_no_day_is_not_taken_for_one() {
        for text in [
            "2026年13月5日",
            "2026年2月30日",
            "QH2026-1103-0042",
            "2026年6月",
            "12026-03-05",
            "1.2.3",
            "第2026号",
            "二〇二六年七二月三日",
            "第二五年七月一日",
        ] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_day_filled_into_a_form_is_odd() {
        let parts = vec![
            line("2026", 100, 0),
            line("03", 280, 0),
            line("18 日", 430, 0),
        ];
        let rows = lay_out(&page(parts)).rows;
        let hits = find(&rows[0].stream);
        assert_eq!(hits[0].value, "2026-03-18");
        assert!(hits[0].odd);
    }
}
