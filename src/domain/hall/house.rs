//! The hall as a whole: what is listed in it, which years its calendar has, what was compared and audited.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::refusal::SetupRefusal;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{CertificateKind, DepartmentCode, SiteCode, Subject, TaskCode};
use crate::domain::time::Timestamp;

/// What can happen to the hall as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum HallEvent {
    /// A site is to be found here; its own history says what it is.
    SiteListed {
        /// Which.
        site: SiteCode,
    },
    /// A department is to be found here.
    DepartmentListed {
        /// Which.
        department: DepartmentCode,
    },
    /// A service item is to be found here.
    ItemListed {
        /// Which.
        task: TaskCode,
    },
    /// A stock of numbered blanks is to be found here.
    StockListed {
        /// Which.
        kind: CertificateKind,
    },
    /// The live items were compared with the province's published list (Art 11(4)).
    ListCompared {
        /// Digest of the published list as it was handed in.
        published: Digest,
        /// Digest of the report: every mismatch.
        report: Digest,
        /// Live items looked at.
        items: u32,
        /// Mismatches found.
        mismatches: u32,
    },
    /// The working-day calendar got a year, or its correction.
    CalendarExtended {
        /// Which year.
        year: i16,
        /// Digest of the file.
        file: Digest,
    },
    /// The audit records of a day are fixed by their digest.
    DayAudited {
        /// Which day.
        day: Date,
        /// Digest over its records.
        digest: Digest,
        /// How many there are.
        count: u64,
    },
}

/// The last comparison with the published list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Digest of the published list.
    pub published: Digest,
    /// Digest of the report.
    pub report: Digest,
    /// Live items looked at.
    pub items: u32,
    /// Mismatches found.
    pub mismatches: u32,
}

/// The hall as its history tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HallState {
    /// Every site.
    pub sites: BTreeSet<SiteCode>,
    /// Every department.
    pub departments: BTreeSet<DepartmentCode>,
    /// Every item.
    pub items: BTreeSet<TaskCode>,
    /// Every stock.
    pub stocks: BTreeSet<CertificateKind>,
    /// The newest calendar file of each year.
    pub calendar: BTreeMap<i16, Digest>,
    /// The audit digest of each day, with the number of records.
    pub audits: BTreeMap<Date, (Digest, u64)>,
    /// The newest comparison.
    pub compared: Option<Comparison>,
}

/// Folds the hall's history, oldest first.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Event>) -> HallState {
    let mut state = HallState::default();
    for event in history {
        let Event::Hall { event } = event else {
            continue;
        };
        match event {
            HallEvent::SiteListed { site } => drop(state.sites.insert(site.clone())),
            HallEvent::DepartmentListed { department } => {
                state.departments.insert(department.clone());
            }
            HallEvent::ItemListed { task } => drop(state.items.insert(task.clone())),
            HallEvent::StockListed { kind } => drop(state.stocks.insert(kind.clone())),
            HallEvent::ListCompared {
                published,
                report,
                items,
                mismatches,
            } => {
                state.compared = Some(Comparison {
                    published: *published,
                    report: *report,
                    items: *items,
                    mismatches: *mismatches,
                });
            }
            HallEvent::CalendarExtended { year, file } => {
                state.calendar.insert(*year, *file);
            }
            HallEvent::DayAudited { day, digest, count } => {
                state.audits.insert(*day, (*digest, *count));
            }
        }
    }
    state
}

/// A fact about the hall.
pub(in crate::domain) fn fact(event: HallEvent) -> Fact {
    Fact::new(Subject::Hall, Event::Hall { event })
}

/// Decides on a year of the calendar; the file that is in force already gives no fact.
pub fn extend_calendar(state: &HallState, year: i16, file: Digest) -> Vec<Fact> {
    if state.calendar.get(&year) == Some(&file) {
        return Vec::new();
    }
    vec![fact(HallEvent::CalendarExtended { year, file })]
}

/// Decides whether a day's audit records may be fixed: only once the day is over, and only once.
pub fn record_audit(
    state: &HallState,
    day: Date,
    digest: Digest,
    count: u64,
    now: Timestamp,
) -> Result<Vec<Fact>, SetupRefusal> {
    if now < day.end() {
        return Err(SetupRefusal::DayNotOver { day });
    }
    match state.audits.get(&day) {
        Some(known) if *known == (digest, count) => Ok(Vec::new()),
        Some(_) => Err(SetupRefusal::DayRecorded { day }),
        None => Ok(vec![fact(HallEvent::DayAudited { day, digest, count })]),
    }
}

/// Decides on a comparison's result; the same lists with the same result as the last time give no fact.
pub fn record_comparison(state: &HallState, found: Comparison) -> Vec<Fact> {
    if state.compared == Some(found) {
        return Vec::new();
    }
    vec![fact(HallEvent::ListCompared {
        published: found.published,
        report: found.report,
        items: found.items,
        mismatches: found.mismatches,
    })]
}
