//! Reading a calendar file. Every problem is found at once and named with its line.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{CalendarFault, CalendarProblem, FILE_BYTES_MAX};
use super::{Calendar, Holiday, Year};
use crate::domain::date::Date;

/// The longest name or source, in characters.
const TEXT_CHARS_MAX: usize = 100;
/// The years a calendar may name: before them the present rules did not hold; later ones are slips of the pen.
const YEARS: std::ops::RangeInclusive<i64> = 2000..=2199;

/// Reads a file's text.
pub(super) fn read(text: &str) -> Result<Calendar, Vec<CalendarProblem>> {
    if text.len() > FILE_BYTES_MAX {
        return Err(vec![CalendarProblem {
            line: 1,
            fault: CalendarFault::TooLong,
        }]);
    }
    let mut reader = Reader {
        text,
        found: Vec::new(),
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let message = error.message().lines().next().unwrap_or_default().into();
        let at = error.span().map_or(0, |span| span.start);
        reader.note(at, CalendarFault::Syntax { message });
    }
    let calendar = reader.calendar(root.get_ref());
    if reader.found.is_empty() {
        return Ok(calendar);
    }
    reader.found.sort();
    reader.found.dedup();
    Err(reader.found)
}

/// A value with its place.
type Value<'i> = Spanned<DeValue<'i>>;

struct Reader<'t> {
    text: &'t str,
    found: Vec<CalendarProblem>,
}

impl Reader<'_> {
    fn note(&mut self, at: usize, fault: CalendarFault) {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        self.found.push(CalendarProblem { line, fault });
    }

    fn wrong(&mut self, value: &Value<'_>, key: &'static str, zh: &'static str, en: &'static str) {
        // A value at 0 was made up by the parser in place of text it could not read, which it told.
        if value.span().start > 0 {
            self.note(
                value.span().start,
                CalendarFault::WrongValue { key, zh, en },
            );
        }
    }

    fn only(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref().as_ref();
            if !known.contains(&name) {
                let key_shown = name.chars().take(40).collect();
                self.note(
                    key.span().start,
                    CalendarFault::UnknownKey { key: key_shown },
                );
            }
        }
    }

    fn need<'v, 'i>(
        &mut self,
        at: usize,
        table: &'v DeTable<'i>,
        key: &'static str,
    ) -> Option<&'v Value<'i>> {
        let value = table.get(key);
        if value.is_none() {
            self.note(at, CalendarFault::MissingKey { key });
        }
        value
    }

    /// The tables of a list. Their places are those of the list's items.
    fn tables<'v, 'i>(
        &mut self,
        list: &'v Value<'i>,
        key: &'static str,
    ) -> Vec<(usize, &'v DeTable<'i>)> {
        let mut tables = Vec::new();
        let Some(items) = list.get_ref().as_array() else {
            self.wrong(list, key, "表的数组", "a list of tables");
            return tables;
        };
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push((item.span().start, table)),
                None => self.wrong(item, key, "表的数组", "a list of tables"),
            }
        }
        if tables.is_empty() {
            self.note(list.span().start, CalendarFault::Empty);
        }
        tables
    }

    fn calendar(&mut self, root: &DeTable<'_>) -> Calendar {
        let mut years: BTreeMap<i16, Year> = BTreeMap::new();
        self.only(root, &["year"]);
        let Some(list) = root.get("year") else {
            self.note(0, CalendarFault::Empty);
            return Calendar { years };
        };
        for (at, table) in self.tables(list, "year") {
            let Some((number, year)) = self.year(at, table) else {
                continue;
            };
            if years.contains_key(&number) {
                self.note(at, CalendarFault::DuplicateYear { year: number });
            }
            years.insert(number, year);
        }
        Calendar { years }
    }

    fn year(&mut self, at: usize, table: &DeTable<'_>) -> Option<(i16, Year)> {
        self.only(table, &["year", "source", "holidays"]);
        let number = self
            .need(at, table, "year")
            .and_then(|value| self.number(value));
        let source = self.short_text(at, table, "source");
        let mut holidays = Vec::new();
        if let Some(list) = self.need(at, table, "holidays") {
            let mut seen = Seen::default();
            for (at, table) in self.tables(list, "holidays") {
                let holiday = self.holiday(at, table);
                if let (Some(holiday), Some(number)) = (holiday, number) {
                    self.check(at, &holiday, number, &mut seen);
                    holidays.push((at, holiday));
                }
            }
            // Only now are all days off known.
            for (at, day) in holidays
                .iter()
                .flat_map(|(at, holiday)| holiday.make_up.iter().map(move |day| (*at, *day)))
            {
                if seen.off.contains(&day) {
                    self.note(at, CalendarFault::MakeUpOff { day });
                }
            }
        }
        let holidays = holidays.into_iter().map(|(_, holiday)| holiday).collect();
        let number = number?;
        Some((number, Year::new(number, source?, holidays)))
    }

    fn number(&mut self, value: &Value<'_>) -> Option<i16> {
        let found = value.get_ref().as_integer().and_then(|integer| {
            let digits = integer.as_str().replace('_', "");
            i64::from_str_radix(&digits, integer.radix()).ok()
        });
        let year = found
            .filter(|year| YEARS.contains(year))
            .and_then(|year| i16::try_from(year).ok());
        if year.is_none() {
            self.wrong(
                value,
                "year",
                "2000 至 2199 之间的年份",
                "a year from 2000 to 2199",
            );
        }
        year
    }

    fn short_text(&mut self, at: usize, table: &DeTable<'_>, key: &'static str) -> Option<String> {
        let value = self.need(at, table, key)?;
        let text = value.get_ref().as_str().filter(|text| {
            let length = text.chars().count();
            (1..=TEXT_CHARS_MAX).contains(&length) && !text.chars().any(char::is_control)
        });
        if text.is_none() {
            self.wrong(
                value,
                key,
                "1 至 100 个字的文字",
                "a text of 1 to 100 characters",
            );
        }
        text.map(str::to_string)
    }

    fn day(&mut self, value: &Value<'_>, key: &'static str) -> Option<Date> {
        let found = value.get_ref().as_datetime().and_then(|found| {
            let date = found
                .date
                .filter(|_| found.time.is_none() && found.offset.is_none())?;
            let year = i16::try_from(date.year).ok()?;
            let month = i8::try_from(date.month).ok()?;
            Date::new(year, month, i8::try_from(date.day).ok()?).ok()
        });
        if found.is_none() {
            let en = "a day such as 2026-02-14, without quotes";
            self.wrong(value, key, "日期，如 2026-02-14（不加引号）", en);
        }
        found
    }

    fn holiday(&mut self, at: usize, table: &DeTable<'_>) -> Option<Holiday> {
        self.only(table, &["name", "first", "last", "make_up"]);
        let name = self.short_text(at, table, "name");
        let first = self
            .need(at, table, "first")
            .and_then(|value| self.day(value, "first"));
        let last = match table.get("last") {
            Some(value) => self.day(value, "last"),
            None => first,
        };
        let mut make_up = Vec::new();
        if let Some(list) = table.get("make_up") {
            match list.get_ref().as_array() {
                Some(items) => {
                    for item in items.iter() {
                        make_up.extend(self.day(item, "make_up"));
                    }
                }
                None => self.wrong(list, "make_up", "日期的数组", "a list of days"),
            }
        }
        Some(Holiday {
            name: name?,
            first: first?,
            last: last?,
            make_up,
        })
    }

    fn check(&mut self, at: usize, holiday: &Holiday, year: i16, seen: &mut Seen) {
        let Holiday { first, last, .. } = *holiday;
        if last < first {
            self.note(at, CalendarFault::Backwards { first, last });
        }
        let named = [first, last].into_iter().chain(holiday.make_up.clone());
        for day in named.filter(|day| day.year() != year) {
            self.note(at, CalendarFault::OutsideYear { day, year });
        }
        // A day of another year was told already; walking on from it could take thousands of years.
        for day in holiday.days().take_while(|day| day.year() == year) {
            if !seen.off.insert(day) {
                self.note(at, CalendarFault::Overlap { day });
            }
        }
        for &day in &holiday.make_up {
            if !day.is_weekend() {
                self.note(at, CalendarFault::NoWeekend { day });
            }
            if !seen.make_up.insert(day) {
                self.note(at, CalendarFault::DuplicateMakeUp { day });
            }
        }
    }
}

#[derive(Default)]
struct Seen {
    off: BTreeSet<Date>,
    make_up: BTreeSet<Date>,
}
