//! Days and months of the hall's calendar, which is China's: Asia/Shanghai, eight hours before UTC without summer
//! time since 1991.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use super::time::Timestamp;

/// Asia/Shanghai against UTC, in milliseconds.
const OFFSET_MILLIS: i64 = 8 * 3600 * 1000;
const DAY_MILLIS: i64 = 24 * 3600 * 1000;

/// A day in Asia/Shanghai. Text form `2026-02-14`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// A text or numbers that are no day, month or year of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: expected {expected}, found {found:?}")]
pub struct NotADate {
    /// What was expected.
    pub kind: &'static str,
    /// Its form.
    pub expected: &'static str,
    /// What was given, cut to 40 characters.
    pub found: String,
}

fn no_date(found: impl fmt::Display) -> NotADate {
    NotADate {
        kind: "date",
        expected: "a day such as 2026-02-14",
        found: found.to_string().chars().take(40).collect(),
    }
}

impl Date {
    /// The day with this year, month and day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, NotADate> {
        civil::Date::new(year, month, day)
            .map(Self)
            .map_err(|_| no_date(format!("{year}-{month}-{day}")))
    }

    /// The day on which an instant falls in the hall.
    pub fn of(at: Timestamp) -> Self {
        let days = at
            .as_millis()
            .saturating_add(OFFSET_MILLIS)
            .div_euclid(DAY_MILLIS);
        let epoch = civil::date(1970, 1, 1);
        let span = jiff::Span::new().try_days(days);
        let moved = span.and_then(|span| epoch.checked_add(span));
        let end = if days < 0 {
            civil::Date::MIN
        } else {
            civil::Date::MAX
        };
        Self(moved.unwrap_or(end))
    }

    /// The first instant of the day.
    pub fn start(self) -> Timestamp {
        let days = civil::date(1970, 1, 1)
            .until(self.0)
            .map(|span| i64::from(span.get_days()))
            .unwrap_or(0);
        Timestamp::from_millis(days * DAY_MILLIS - OFFSET_MILLIS)
    }

    /// The first instant after the day: a limit that ends with this day is passed from then on.
    pub fn end(self) -> Timestamp {
        self.start().plus_millis(DAY_MILLIS)
    }

    /// The day after; the last day there is stays.
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    /// The day before; the first day there is stays.
    pub fn previous(self) -> Self {
        Self(self.0.yesterday().unwrap_or(self.0))
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month it lies in.
    pub fn month(self) -> Month {
        Month {
            year: self.0.year(),
            month: self.0.month(),
        }
    }

    /// Whether it is a Saturday or a Sunday.
    pub fn is_weekend(self) -> bool {
        use civil::Weekday::{Saturday, Sunday};
        matches!(self.0.weekday(), Saturday | Sunday)
    }

    /// Monday is 1, Sunday 7.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// The eight digits `20260214`.
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%d").to_string()
    }
}

impl Timestamp {
    /// The instant as the clocks in the hall show it: `2026-11-23 10:26:05`.
    pub fn in_hall(self) -> String {
        let seconds = self.as_millis().saturating_add(OFFSET_MILLIS);
        let seconds = seconds.rem_euclid(DAY_MILLIS) / 1000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        format!(
            "{} {hours:02}:{minutes:02}:{:02}",
            Date::of(self),
            seconds % 60
        )
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let parsed = text.parse().ok().filter(|_| plain);
        parsed.map(Self).ok_or_else(|| no_date(text))
    }
}

/// A month. Text form `2026-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month with this number (1 to 12) of a year.
    pub fn new(year: i16, month: i8) -> Result<Self, NotADate> {
        Date::new(year, month, 1).map(Date::month)
    }

    /// Its first day.
    pub fn first(self) -> Date {
        Date(civil::Date::new(self.year, self.month, 1).unwrap_or(civil::Date::MAX))
    }

    /// Its last day.
    pub fn last(self) -> Date {
        Date(self.first().0.last_of_month())
    }

    /// The month after.
    pub fn next(self) -> Self {
        self.last().next().month()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let refuse = || NotADate {
            kind: "month",
            expected: "a month such as 2026-02",
            found: text.chars().take(40).collect(),
        };
        if text.len() != 7 {
            return Err(refuse());
        }
        let first: Date = format!("{text}-01").parse().map_err(|_| refuse())?;
        Ok(first.month())
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text!(Date, Month);

impl utoipa::PartialSchema for Date {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .into()
    }
}

impl utoipa::ToSchema for Date {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_falls_on_the_day_of_the_hall() {
        let day = |text: &str| Date::of(text.parse().unwrap()).to_string();
        assert_eq!(day("2026-02-13T15:59:59.999Z"), "2026-02-13");
        assert_eq!(day("2026-02-13T16:00:00.000Z"), "2026-02-14");
        assert_eq!(day("1969-12-31T15:00:00.000Z"), "1969-12-31");
        for text in ["2026-02-14", "1970-01-01", "2024-02-29", "1949-10-01"] {
            let date: Date = text.parse().unwrap();
            assert_eq!(Date::of(date.start()), date);
            assert_eq!(Date::of(date.end()), date.next());
            assert_eq!(Date::of(date.end().plus_millis(-1)), date);
        }
    }

    #[test]
    fn clocks_in_the_hall_are_eight_hours_ahead() {
        let shown = |text: &str| text.parse::<Timestamp>().unwrap().in_hall();
        assert_eq!(shown("2026-11-22T16:05:09.999Z"), "2026-11-23 00:05:09");
        assert_eq!(shown("2026-01-02T15:59:59Z"), "2026-01-02 23:59:59");
        assert_eq!(shown("1969-12-31T15:59:59.5Z"), "1969-12-31 23:59:59");
    }

    #[test]
    fn months_end_where_they_end() {
        let month: Month = "2026-01".parse().unwrap();
        assert_eq!(month.next().last().to_string(), "2026-02-28");
        assert_eq!(Month::new(2023, 12).unwrap().next().to_string(), "2024-01");
        assert!("2026-13".parse::<Month>().is_err());
        assert!("2026-2-14".parse::<Date>().is_err());
        assert!("2026-02-30".parse::<Date>().is_err());
    }
}
