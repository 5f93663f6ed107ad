//! The working days of the hall: Monday to Friday, less the holidays that the State Council publishes for a year,
//! plus the make-up days (调休上班). Every limit of the law counts them (许可法 82). A year that is not in the
//! calendar is an error, never a guess.

mod fault;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::date::Date;
use super::time::Timestamp;

pub use fault::{CalendarFault, CalendarProblem};

/// The years this program knows by itself.
const EMBEDDED: &str = include_str!("../../calendars/china.toml");

/// Working days of some years.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeMap<i16, Year>,
}

/// What is published for a year.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Year {
    source: String,
    holidays: Vec<Holiday>,
    off: BTreeSet<Date>,
    make_up: BTreeSet<Date>,
}

/// A holiday as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// What it is called: 春节.
    pub name: String,
    /// Its first day off.
    pub first: Date,
    /// Its last day off.
    pub last: Date,
    /// Saturdays and Sundays that are worked for it.
    pub make_up: Vec<Date>,
}

impl Holiday {
    /// Its days off, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.last;
        let first = Some(self.first).filter(|first| *first <= last);
        // Ends at `last` itself: the last day of all has none after it.
        std::iter::successors(first, move |day| (*day < last).then(|| day.next()))
    }
}

/// The calendar does not know a year, so nothing can be said of its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoYear {
    /// The year that is missing.
    pub year: i16,
}

impl fmt::Display for NoYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en())
    }
}

impl std::error::Error for NoYear {}

impl NoYear {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        "calendar-year-missing"
    }

    /// What is missing and what to do, in Chinese.
    pub fn zh(&self) -> String {
        format!(
            "工作日历中没有{}年，无法计算期限；请由系统管理员按国务院办公厅公布的放假安排，在日历中添加该年（格式同 calendars/china.toml）",
            self.year
        )
    }

    /// What is missing and what to do, in English.
    pub fn en(&self) -> String {
        format!(
            "the calendar has no year {}, so no limit can be counted; a system administrator adds that year's holidays, as the State Council published them, in the form of calendars/china.toml",
            self.year
        )
    }
}

impl Calendar {
    /// The years that come with the program. A test reads the file; were it unreadable, every year would be
    /// missing and every question an error.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).unwrap_or_default()
    }

    /// Reads a calendar file, such as an administrator writes for a new year. Fails with every problem of it.
    pub fn parse(text: &str) -> Result<Self, Vec<CalendarProblem>> {
        read::read(text)
    }

    /// This calendar with the years of `other`. A year that both know is taken from `other`: later notices correct
    /// a year as a whole.
    pub fn merge(mut self, other: Self) -> Self {
        self.years.extend(other.years);
        self
    }

    /// The years it knows, in order.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.years.keys().copied()
    }

    /// The holidays of a year in order of the file.
    pub fn holidays(&self, year: i16) -> Result<&[Holiday], NoYear> {
        Ok(&self.year(year)?.holidays)
    }

    /// The notice a year was taken from.
    pub fn source(&self, year: i16) -> Result<&str, NoYear> {
        Ok(&self.year(year)?.source)
    }

    /// Whether `day` is worked.
    pub fn is_working_day(&self, day: Date) -> Result<bool, NoYear> {
        let year = self.year(day.year())?;
        Ok(year.make_up.contains(&day) || !day.is_weekend() && !year.off.contains(&day))
    }

    /// The last day of a limit of `days` working days that an event on `start` began. The day of the event does
    /// not count; a limit of no days ends with it.
    pub fn plus_working_days(&self, start: Date, days: u32) -> Result<Date, NoYear> {
        let mut day = start;
        for _ in 0..days {
            day = day.next();
            while !self.is_working_day(day)? {
                day = day.next();
            }
        }
        Ok(day)
    }

    /// How many working days come after `from`, up to and including `to`. None when `to` is not later.
    pub fn working_days_between(&self, from: Date, to: Date) -> Result<u32, NoYear> {
        let mut count = 0;
        let mut day = from;
        while day < to {
            day = day.next();
            count += u32::from(self.is_working_day(day)?);
        }
        Ok(count)
    }

    /// `day` if it is worked, else the last one before it that is.
    pub fn last_working_day_on_or_before(&self, mut day: Date) -> Result<Date, NoYear> {
        while !self.is_working_day(day)? {
            day = day.previous();
        }
        Ok(day)
    }

    /// The instant from which on a limit of `days` working days, begun by an event on `start`, is passed: the first
    /// one after its last day.
    pub fn deadline(&self, start: Date, days: u32) -> Result<Timestamp, NoYear> {
        Ok(self.plus_working_days(start, days)?.end())
    }

    fn year(&self, year: i16) -> Result<&Year, NoYear> {
        self.years.get(&year).ok_or(NoYear { year })
    }
}

impl Year {
    fn new(number: i16, source: String, holidays: Vec<Holiday>) -> Self {
        let off = holidays
            .iter()
            .flat_map(|holiday| holiday.days().take_while(|day| day.year() == number));
        Self {
            off: off.collect(),
            make_up: holidays
                .iter()
                .flat_map(|holiday| holiday.make_up.iter().copied())
                .collect(),
            source,
            holidays,
        }
    }
}
