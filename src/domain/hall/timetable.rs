//! When a tidal window (潮汐窗口) is open: hours of weekdays, in the hall's time. Regulation Art 7.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::date::Date;
use crate::domain::id::NotACode;
use crate::domain::time::Timestamp;

const MINUTE_MILLIS: i64 = 60 * 1000;
const DAY_MINUTES: u16 = 24 * 60;
const WEEK_DAYS: usize = 7;

/// A time of day to the minute, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The minute of its day in which `at` falls, in the hall.
    pub fn of(at: Timestamp) -> Self {
        let since = at.as_millis() - Date::of(at).start().as_millis();
        let minute = since.div_euclid(MINUTE_MILLIS);
        Self(u16::try_from(minute).unwrap_or(0).min(DAY_MINUTES))
    }

    /// The instant on `day`.
    pub fn on(self, day: Date) -> Timestamp {
        day.start().plus_millis(i64::from(self.0) * MINUTE_MILLIS)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let refuse = || NotACode {
            kind: "time of day",
            expected: "hours and minutes such as 09:30, at most 24:00",
            found: text.chars().take(80).collect(),
        };
        let two_digits = |part: &str| -> Option<u16> {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        let (hours, minutes) = text.split_once(':').ok_or_else(refuse)?;
        let hours = two_digits(hours).ok_or_else(refuse)?;
        let minutes = two_digits(minutes).filter(|minutes| *minutes < 60);
        let minute = hours * 60 + minutes.ok_or_else(refuse)?;
        (minute <= DAY_MINUTES)
            .then_some(Self(minute))
            .ok_or_else(refuse)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NotACode;
    fn try_from(text: String) -> Result<Self, NotACode> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> String {
        time.to_string()
    }
}

/// Hours in which a window is open on some weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenHours {
    /// Weekdays, Monday is 1, Sunday 7.
    pub days: Vec<u8>,
    /// Open from this time.
    pub from: TimeOfDay,
    /// Until just before this time.
    pub until: TimeOfDay,
}

/// When a tidal window is open. Holidays are not looked at: a hall that is shut serves at no window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timetable(pub Vec<OpenHours>);

impl Timetable {
    /// Whether every row names weekdays and ends after it begins.
    pub fn is_sound(&self) -> bool {
        let sound = |hours: &OpenHours| {
            let week = hours.days.iter().all(|day| (1..=7).contains(day));
            !hours.days.is_empty() && week && hours.from < hours.until
        };
        !self.0.is_empty() && self.0.iter().all(sound)
    }

    /// Whether the window is open at `at`.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let time = TimeOfDay::of(at);
        let open = |hours: &&OpenHours| (hours.from..hours.until).contains(&time);
        self.of_day(Date::of(at)).any(|hours| open(&hours))
    }

    /// When it opens next, after `at`, within a week.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        let days = std::iter::successors(Some(Date::of(at)), |day| Some(day.next()));
        let openings = days
            .take(WEEK_DAYS + 1)
            .flat_map(|day| self.of_day(day).map(move |hours| hours.from.on(day)));
        openings.filter(|opening| *opening > at).min()
    }

    fn of_day(&self, day: Date) -> impl Iterator<Item = &OpenHours> {
        let weekday = u8::try_from(day.weekday()).unwrap_or(0);
        let rows = self.0.iter();
        rows.filter(move |hours| hours.days.contains(&weekday))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_read_strictly() {
        for text in ["00:00", "09:30", "24:00"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for text in ["9:30", "24:01", "12:60", "12.30", "12:3x", ""] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_open_from_the_first_minute_to_just_before_the_last() {
        let hours = OpenHours {
            days: vec![1, 5],
            from: "09:00".parse().unwrap(),
            until: "11:30".parse().unwrap(),
        };
        let table = Timetable(vec![hours]);
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        // 2026-11-20 is a Friday, 2026-11-23 a Monday.
        assert!(!table.is_open(at("2026-11-20T08:59:59.999+08:00")));
        assert!(table.is_open(at("2026-11-20T09:00:00+08:00")));
        assert!(table.is_open(at("2026-11-20T11:29:59.999+08:00")));
        assert!(!table.is_open(at("2026-11-20T11:30:00+08:00")));
        assert!(!table.is_open(at("2026-11-21T10:00:00+08:00")));
        let next = table.next_opening(at("2026-11-20T09:00:00+08:00")).unwrap();
        assert_eq!(next, at("2026-11-23T09:00:00+08:00"));
    }
}
