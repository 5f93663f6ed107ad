//! A month closes (结账): once nothing of it is owed any more but what was put off with consent, that is said once and for
//! ever. What comes in later has a round and a last day of its own and does not open the month again.

use serde::{Deserialize, Serialize};

use super::standing::{Fate, came_in, fate};
use crate::domain::case::happened;
use crate::domain::custody::{Place, fold_bundle};
use crate::domain::date::{Date, Month};
use crate::domain::event::{Entry, Event, Fact};
use crate::domain::id::{MonthId, SiteCode, Subject};
use crate::domain::time::Timestamp;

/// What can happen to a month of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum MonthEvent {
    /// Nothing of it is owed any more but what was put off with consent.
    Closed {
        /// Whose month.
        site: SiteCode,
        /// Which.
        month: Month,
        /// The first day on which it could be closed.
        on: Date,
        /// Cases that closed in it.
        cases: u32,
        /// Of them without paper that came in by its end.
        no_paper: u32,
        /// With all of it transferred, collected on the way or returned to the applicant.
        settled: u32,
        /// With paper that was put off.
        deferred: u32,
        /// Whether it was closed after that day.
        late: bool,
    },
}

/// How a month was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MonthClosing {
    /// The first day on which it could be closed.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
    /// Cases that had closed in it.
    pub cases: u32,
    /// Of them without paper that came in by its end.
    pub no_paper: u32,
    /// With all of it settled.
    pub settled: u32,
    /// With paper that was put off.
    pub deferred: u32,
    /// Whether it was closed after that day.
    pub late: bool,
}

/// What a paper's history says about its transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaperCourse {
    /// Its number.
    pub no: u16,
    /// The day it came in.
    pub came_in: Date,
    /// Since when nothing is owed; none while it is.
    pub settled: Option<Date>,
    /// When its transfer was put off, and until when.
    pub deferred: Option<(Date, Date)>,
}

/// The course of every paper of a bundle, from its history, oldest first. Its case closed on `closed`. What belongs to
/// another case has no course here.
pub fn courses(history: &[&Entry], closed: Date) -> Vec<PaperCourse> {
    let mut courses: Vec<PaperCourse> = Vec::new();
    for (place, entry) in history.iter().enumerate() {
        let before = history.get(..=place).unwrap_or_default();
        let Some(bundle) = fold_bundle(before.iter().copied()) else {
            continue;
        };
        let day = Date::of(happened(entry));
        for held in bundle.papers.values() {
            let settled = fate(held) == Fate::Settled;
            let no = held.paper.no;
            match courses.iter_mut().find(|course| course.no == no) {
                Some(course) => {
                    course.settled = settled.then(|| course.settled.unwrap_or(day));
                    let known = course.deferred.map(|(_, until)| until);
                    if held.deferred != known {
                        course.deferred = held.deferred.map(|until| (day, until));
                    }
                }
                None => courses.push(PaperCourse {
                    no,
                    came_in: came_in(held, closed),
                    settled: settled.then_some(day),
                    deferred: held.deferred.map(|until| (day, until)),
                }),
            }
        }
    }
    let last = fold_bundle(history.iter().copied());
    courses.retain(|course| {
        let held = last.as_ref().and_then(|last| last.papers.get(&course.no));
        held.is_none_or(|held| !matches!(held.place, Place::Refiled(_)))
    });
    courses
}

/// Closes a month of a site, if it can be closed on `today`: `cases` are the courses of the papers of every case that
/// closed in it. Paper that came in after its end belongs to a later month.
pub fn close_month(
    site: &SiteCode,
    month: Month,
    cases: &[Vec<PaperCourse>],
    today: Date,
) -> Option<MonthEvent> {
    let mut on = month.next().first();
    let (mut no_paper, mut settled, mut put_off) = (0, 0, 0);
    let mut untils = Vec::new();
    for case in cases {
        let own = case.iter().filter(|paper| paper.came_in.month() <= month);
        let mut own = own.peekable();
        if own.peek().is_none() {
            no_paper += 1;
            continue;
        }
        let mut waits = false;
        for paper in own {
            match (paper.settled, paper.deferred) {
                (Some(since), _) => on = on.max(since),
                (None, Some((since, until))) => {
                    on = on.max(since);
                    untils.push(until);
                    waits = true;
                }
                (None, None) => return None,
            }
        }
        if waits {
            put_off += 1;
        } else {
            settled += 1;
        }
    }
    if today < on || untils.iter().any(|until| *until < on) {
        return None;
    }
    Some(MonthEvent::Closed {
        site: site.clone(),
        month,
        on,
        cases: super::clock::count(cases.len()),
        no_paper,
        settled,
        deferred: put_off,
        late: today > on,
    })
}

/// The fact that closes a month.
pub fn of_month(site: &SiteCode, month: Month, event: MonthEvent) -> Fact {
    let subject = Subject::Month(MonthId::of(site, month));
    Fact::new(subject, Event::Month { event })
}

/// How a month was closed, from its history; none while it was not.
pub fn fold_month<'a>(
    history: impl IntoIterator<Item = &'a Entry>,
) -> Option<(SiteCode, Month, MonthClosing)> {
    history.into_iter().find_map(|entry| {
        let Event::Month {
            event:
                MonthEvent::Closed {
                    site,
                    month,
                    on,
                    cases,
                    no_paper,
                    settled,
                    deferred,
                    late,
                },
        } = &entry.event
        else {
            return None;
        };
        let closing = MonthClosing {
            on: *on,
            at: entry.at,
            cases: *cases,
            no_paper: *no_paper,
            settled: *settled,
            deferred: *deferred,
            late: *late,
        };
        Some((site.clone(), *month, closing))
    })
}
