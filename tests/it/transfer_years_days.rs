//! Days counted by hand, for a model that asks the program nothing: a day is a number from 1970, a month is a number from
//! the year 0. Only which days are worked comes from the calendar.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::{Date, Timestamp};

const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length(month: i64) -> i64 {
    let (year, place) = (month / 12, (month % 12) as usize);
    LENGTHS[place] + i64::from(place == 1 && leap(year))
}

/// The first days of the months from 1970.
static FIRSTS: LazyLock<Vec<i64>> = LazyLock::new(|| {
    let mut firsts = vec![0];
    for month in 1970 * 12..2040 * 12 {
        firsts.push(firsts[firsts.len() - 1] + length(month));
    }
    firsts
});

/// The first day of a month.
pub fn first_of(month: i64) -> i64 {
    FIRSTS[(month - 1970 * 12) as usize]
}

/// The last day of a month.
pub fn last_of(month: i64) -> i64 {
    first_of(month + 1) - 1
}

/// The month of a day.
pub fn month_of(day: i64) -> i64 {
    let mut month = 1970 * 12 + day / 31;
    while last_of(month) < day {
        month += 1;
    }
    month
}

/// A day as the program writes it.
pub fn date(day: i64) -> Date {
    let month = month_of(day);
    let (year, place) = (month / 12, month % 12 + 1);
    let text = format!("{year:04}-{place:02}-{:02}", day - first_of(month) + 1);
    text.parse().unwrap()
}

/// A day that the program wrote.
pub fn day_of(date: Date) -> i64 {
    let text = date.to_string();
    let mut parts = text.split('-').map(|part| part.parse::<i64>().unwrap());
    let (year, month, day) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    first_of(year * 12 + month - 1) + day - 1
}

/// The day of an instant in Shanghai.
pub fn instant_day(at: Timestamp) -> i64 {
    (at.as_millis() + 8 * 3_600_000).div_euclid(24 * 3_600_000)
}

/// Which days are worked.
pub struct Days(BTreeSet<i64>);

impl Days {
    pub fn of(calendar: &Calendar) -> Self {
        let all = first_of(2024 * 12)..=last_of(2026 * 12 + 11);
        let worked = all.filter(|day| calendar.is_working_day(date(*day)).unwrap());
        Self(worked.collect())
    }

    pub fn worked(&self, day: i64) -> bool {
        self.0.contains(&day)
    }

    /// Working days after one day until another, that included.
    fn between(&self, after: i64, until: i64) -> usize {
        self.0.range(after + 1..(until + 1).max(after + 1)).count()
    }

    /// The reminders of a round by `today`: the days on which no more than so many working days are left. Of those that
    /// were past when it was opened, only the last one is told, on that day.
    pub fn reminders(&self, due: i64, opened: i64, today: i64) -> BTreeMap<u32, i64> {
        let mut wanted = BTreeMap::new();
        let mut past = None;
        for days in [10_u32, 5, 1] {
            let mut day = due;
            while self.between(day - 1, due) <= days as usize {
                day -= 1;
            }
            if day <= opened {
                past = Some(days);
            } else if day <= today {
                wanted.insert(days, day);
            }
        }
        if let Some(days) = past.filter(|_| opened <= due && opened <= today) {
            wanted.insert(days, opened);
        }
        wanted
    }

    /// When the next levels are told: five and ten working days after the last day.
    pub fn levels(&self, due: i64, opened: i64, today: i64) -> BTreeMap<u8, i64> {
        let from = due.max(opened);
        let mut wanted = BTreeMap::new();
        for (level, days) in [(1, 5), (2, 10)] {
            let mut day = from;
            while self.between(from, day) < days {
                day += 1;
            }
            if day <= today {
                wanted.insert(level, day);
            }
        }
        wanted
    }
}

#[test]
fn days_counted_by_hand_are_those_of_the_calendar() {
    for day in first_of(2024 * 12)..=last_of(2026 * 12 + 11) {
        assert_eq!(day_of(date(day)), day);
        assert_eq!(instant_day(date(day).start()), day);
        assert_eq!(instant_day(date(day).end()), day + 1);
        assert_eq!(date(day).next(), date(day + 1));
        assert_eq!(date(last_of(month_of(day))), date(day).month().last());
    }
}
