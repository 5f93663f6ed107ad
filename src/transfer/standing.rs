//! How the closed cases of a site stand: not yet due, settled, put off or overdue, and whether a month is closed.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::counter::{Counter, CounterError, case_list};
use crate::domain::case::{CaseState, Stage, concluded_at};
use crate::domain::custody::Bundle;
use crate::domain::transfer::{CaseStanding, MonthClosing, PaperDuty, came_in, fate, standing};
use crate::domain::{CaseNo, Date, Month, SiteCode, Subject};
use crate::store::lists::Page;

/// Entries of a list read at once.
const PAGE: usize = 200;

/// A month of a site.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MonthView {
    /// The site.
    pub site: SiteCode,
    /// The month in which the cases closed.
    #[schema(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
    /// How many of its cases stand how.
    pub count: StandingCount,
    /// Whether the month is closed: that is a fact, and what comes in later does not open it again.
    pub closed: bool,
    /// How it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<MonthClosing>,
    /// Cases of a closed month of which paper is owed again: it came in later, or was put off. It is on a round with a
    /// last day of its own.
    pub supplementary: u32,
    /// Cases whose paper is overdue.
    pub overdue: Vec<CaseNo>,
}

/// Cases by how their paper stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandingCount {
    /// Without paper.
    pub no_paper: u32,
    /// Transferred, collected on the way, returned to the applicant, or lost with the approval of both sides.
    pub settled: u32,
    /// Not yet due.
    pub not_yet_due: u32,
    /// Put off with consent.
    pub deferred: u32,
    /// Overdue.
    pub overdue: u32,
}

impl StandingCount {
    fn add(&mut self, standing: CaseStanding) {
        match standing {
            CaseStanding::NoPaper => self.no_paper += 1,
            CaseStanding::Settled => self.settled += 1,
            CaseStanding::NotYetDue(_) => self.not_yet_due += 1,
            CaseStanding::Deferred(_) => self.deferred += 1,
            CaseStanding::Overdue(_) => self.overdue += 1,
        }
    }
}

/// How a case stands on `today`; none while it is not closed.
pub fn case_standing(case: &CaseState, bundle: &Bundle, today: Date) -> Option<CaseStanding> {
    let closed = concluded_at(case).map(Date::of)?;
    let papers = bundle.papers.values().map(|held| PaperDuty {
        came_in: came_in(held, closed),
        deferred: held.deferred,
        fate: fate(held),
    });
    Some(standing(closed, papers, today))
}

impl Counter {
    /// How the closed cases of a site stand today, by the month in which they closed.
    pub async fn months(&self, site: &SiteCode) -> Result<Vec<MonthView>, CounterError> {
        let today = Date::of(self.clock.now());
        let mut months: BTreeMap<Month, (StandingCount, Vec<CaseNo>)> = BTreeMap::new();
        for stage in [Stage::Decided, Stage::Ended] {
            let mut page = Page::first(PAGE);
            loop {
                let list = case_list::at_site_stage(site, stage);
                let found = self.catalog.listed(&list, &page).await?;
                for entry in &found {
                    let Subject::Case(no) = &entry.subject else {
                        continue;
                    };
                    let (case, _) = self.case(no).await?;
                    let bundle = self.bundle_now(no).await?;
                    let standing = case_standing(&case, &bundle, today);
                    let closed = concluded_at(&case).map(|at| Date::of(at).month());
                    let (Some(standing), Some(month)) = (standing, closed) else {
                        continue;
                    };
                    let (count, overdue) = months.entry(month).or_default();
                    count.add(standing);
                    if matches!(standing, CaseStanding::Overdue(_)) {
                        overdue.push(no.clone());
                    }
                }
                match found.last().filter(|_| found.len() == PAGE) {
                    Some(last) => page.after = Some(last.clone()),
                    None => break,
                }
            }
        }
        let mut closings = self.month_closings(site).await?;
        let views = months.into_iter().map(|(month, (count, overdue))| {
            let closing = closings.remove(&month);
            let owed = count.not_yet_due + count.deferred + count.overdue;
            MonthView {
                site: site.clone(),
                month,
                closed: closing.is_some(),
                supplementary: if closing.is_some() { owed } else { 0 },
                closing,
                count,
                overdue,
            }
        });
        Ok(views.collect())
    }
}
