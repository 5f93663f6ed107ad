//! The load of a site's windows, from what the facts say really happened at them (Art 7).

use std::collections::{BTreeMap, HashMap};

use super::error::Refusal;
use super::{Counter, CounterError};
use crate::domain::case::{CaseEvent, VisitEvent, happened};
use crate::domain::hall::{WindowHour, hourly_load};
use crate::domain::{Date, Entry, Event, SiteCode, Subject, Timestamp, VisitId, WindowCode};

/// Facts read at once.
const READ_FACTS: usize = 512;
/// The most days asked for at once.
pub const LOAD_DAYS_MAX: usize = 31;
/// So many days after the last one are searched for what was entered late (补录).
const LATE_DAYS: usize = 7;

type Act = (SiteCode, WindowCode, Timestamp);

impl Counter {
    /// The acts at the windows of `site` in each hour of the days `from` to `to`, both included: visits opened, guidance
    /// given, referrals, cases opened, and applicants from afar served. An act counts in the hour it happened, also
    /// when it was entered up to seven days later.
    pub async fn load(
        &self,
        site: &SiteCode,
        from: Date,
        to: Date,
    ) -> Result<BTreeMap<WindowHour, u32>, CounterError> {
        self.site(site).await?;
        if to < from || days_after(from, LOAD_DAYS_MAX) <= to {
            return Err(CounterError::Fields(vec![Refusal {
                code: "bad-days".to_owned(),
                zh: format!("起止日期应为先后顺序，最多 {LOAD_DAYS_MAX} 天；请改正"),
                en: format!("give the first day before the last, at most {LOAD_DAYS_MAX} days"),
                field: Some("to".to_owned()),
            }]));
        }
        let mut position = self.index_at(from.start()).await?;
        let end = days_after(to, LATE_DAYS).end();
        let mut visits: HashMap<VisitId, Option<WindowCode>> = HashMap::new();
        let mut acts: Vec<Act> = Vec::new();
        'reading: loop {
            let facts = self.ledger.entries(position, READ_FACTS).await?;
            if facts.is_empty() {
                break;
            }
            position += facts.len() as u64;
            for fact in &facts {
                if fact.entry.at >= end {
                    break 'reading;
                }
                let window = self.window_of(&fact.entry, site, &mut visits).await?;
                let at = happened(&fact.entry);
                let asked = (from.start()..to.end()).contains(&at);
                acts.extend(window.filter(|_| asked).map(|it| (site.clone(), it, at)));
            }
        }
        Ok(hourly_load(acts))
    }

    /// The window of `site` at which a fact was an act; none where it was none.
    async fn window_of(
        &self,
        entry: &Entry,
        site: &SiteCode,
        visits: &mut HashMap<VisitId, Option<WindowCode>>,
    ) -> Result<Option<WindowCode>, CounterError> {
        match (&entry.subject, &entry.event) {
            (Subject::Visit(id), Event::Visit { event }) => {
                if matches!(
                    event,
                    VisitEvent::RoleTaken { .. }
                        | VisitEvent::CaseOpened { .. }
                        | VisitEvent::Closed
                ) {
                    return Ok(None);
                }
                if let Some(known) = visits.get(id) {
                    return Ok(known.clone());
                }
                let (visit, _) = self.visit(id).await?;
                let window = (visit.site == *site).then_some(visit.window);
                visits.insert(id.clone(), window.clone());
                Ok(window)
            }
            (Subject::Case(_), Event::Case { event }) => Ok(match event {
                CaseEvent::Opened { mandate, .. } | CaseEvent::Attended { mandate, .. } => {
                    (mandate.site == *site).then(|| mandate.window.clone())
                }
                _ => None,
            }),
            _ => Ok(None),
        }
    }

    /// The index of the first fact recorded at `at` or later. Facts are recorded in order of time.
    async fn index_at(&self, at: Timestamp) -> Result<u64, CounterError> {
        let (mut low, mut high) = (0, *self.ledger.published().borrow());
        while low < high {
            let middle = low + (high - low) / 2;
            let fact = self.ledger.entries(middle, 1).await?;
            match fact.first() {
                Some(fact) if fact.entry.at < at => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }
}

fn days_after(day: Date, days: usize) -> Date {
    (0..days).fold(day, |day, _| day.next())
}
