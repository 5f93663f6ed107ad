//! The load of windows by the hour, counted from what really happened there: by it tidal windows are planned
//! (regulation Art 7).

use std::collections::BTreeMap;

use super::timetable::TimeOfDay;
use crate::domain::date::Date;
use crate::domain::id::{SiteCode, WindowCode};
use crate::domain::time::Timestamp;

const HOUR_MILLIS: i64 = 60 * 60 * 1000;

/// An hour of a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowHour {
    /// Which site.
    pub site: SiteCode,
    /// Which window.
    pub window: WindowCode,
    /// Which day, in the hall.
    pub day: Date,
    /// Which hour, 0 to 23.
    pub hour: u8,
}

/// How many acts fell into each hour of each window; hours without any are absent.
pub fn hourly_load(
    acts: impl IntoIterator<Item = (SiteCode, WindowCode, Timestamp)>,
) -> BTreeMap<WindowHour, u32> {
    let mut load = BTreeMap::new();
    for (site, window, at) in acts {
        let day = Date::of(at);
        let since = at.as_millis() - day.start().as_millis();
        let hour = u8::try_from(since.div_euclid(HOUR_MILLIS)).unwrap_or(23);
        let hour = WindowHour {
            site,
            window,
            day,
            hour,
        };
        *load.entry(hour).or_insert(0) += 1;
    }
    load
}

/// A window's acts in an hour of the day, and on how many days there were any: what a timetable is planned by.
pub fn by_hour_of_day(
    load: &BTreeMap<WindowHour, u32>,
) -> BTreeMap<(SiteCode, WindowCode, u8), (u32, u32)> {
    let mut sums = BTreeMap::new();
    for (hour, count) in load {
        let key = (hour.site.clone(), hour.window.clone(), hour.hour);
        let (acts, days) = sums.entry(key).or_insert((0, 0));
        *acts += count;
        *days += 1;
    }
    sums
}

impl WindowHour {
    /// The hour as text: `09:00`.
    pub fn time(&self) -> TimeOfDay {
        TimeOfDay::of(
            self.day
                .start()
                .plus_millis(i64::from(self.hour) * HOUR_MILLIS),
        )
    }
}
