//! Closing the months of a site (结账), as the tick asks for it.

use std::collections::{BTreeMap, BTreeSet};

use super::tick::{Ticked, system};
use crate::counter::{Counter, CounterError, case_list, paper_list, site_list};
use crate::domain::case::concluded_at;
use crate::domain::custody::Bundle;
use crate::domain::transfer::{
    Fate, MonthClosing, PaperCourse, came_in, close_month, courses, fate, fold_month, of_month,
};
use crate::domain::{Actor, CaseNo, Date, Month, MonthId, SiteCode, Subject};

/// Whether a case that closed on a day holds that month open: paper that belongs to it is owed and was not put off.
fn holds_open(bundle: &Bundle, closed: Date) -> bool {
    bundle.papers.values().any(|held| {
        let own = came_in(held, closed).month() <= closed.month();
        own && fate(held) == Fate::Owed && held.deferred.is_none()
    })
}

impl Counter {
    /// Closes every month of every site that can be closed. While the lists do not hold every fact nothing is closed: a
    /// case they lack could be one of the month.
    pub(super) async fn close_months(
        &self,
        by: &Actor,
        ticked: &mut Ticked,
    ) -> Result<(), CounterError> {
        let size = *self.ledger.published().borrow();
        let position = self.catalog.position().await;
        let position = position.map_err(|error| CounterError::Internal(error.to_string()))?;
        if position < size {
            return Ok(());
        }
        let today = Date::of(self.clock.now());
        let open = self.months_held_open().await?;
        for subject in self.whole_list(site_list()).await? {
            let Subject::Site(site) = subject else {
                continue;
            };
            let closed = self.month_closings(&site).await?;
            let history = self.history(&Subject::Site(site.clone())).await?;
            let Some(first) = history.first() else {
                continue;
            };
            let mut month = Date::of(first.entry.at).month();
            while month < today.month() {
                if !closed.contains_key(&month) && !open.contains(&(site.clone(), month)) {
                    ticked.closed += usize::from(self.close_one(by, &site, month, today).await?);
                }
                month = month.next();
            }
        }
        Ok(())
    }

    /// The months of which paper is owed and not put off.
    async fn months_held_open(&self) -> Result<BTreeSet<(SiteCode, Month)>, CounterError> {
        let mut open = BTreeSet::new();
        for subject in self.whole_list(paper_list::OWED).await? {
            let Subject::Bundle(no) = subject else {
                continue;
            };
            let (case, _) = self.case(&no).await?;
            let Some(closed) = concluded_at(&case).map(Date::of) else {
                continue;
            };
            if holds_open(&self.bundle_now(&no).await?, closed) {
                open.insert((case.mandate.site, closed.month()));
            }
        }
        Ok(open)
    }

    /// The cases of a site that closed in a month.
    pub(super) async fn concluded(
        &self,
        site: &SiteCode,
        month: Month,
    ) -> Result<Vec<CaseNo>, CounterError> {
        let cases = self.whole_list(&case_list::concluded(site, month)).await?;
        let cases = cases.into_iter().filter_map(|subject| match subject {
            Subject::Case(no) => Some(no),
            _ => None,
        });
        Ok(cases.collect())
    }

    /// What the history of a bundle says of each of its papers; nothing while its case is open.
    pub(super) async fn courses(&self, no: &CaseNo) -> Result<Vec<PaperCourse>, CounterError> {
        let (case, _) = self.case(no).await?;
        let Some(closed) = concluded_at(&case).map(Date::of) else {
            return Ok(Vec::new());
        };
        let history = self.history(&Subject::Bundle(no.clone())).await?;
        let entries: Vec<_> = history.iter().map(|fact| &fact.entry).collect();
        Ok(courses(&entries, closed))
    }

    async fn close_one(
        &self,
        by: &Actor,
        site: &SiteCode,
        month: Month,
        today: Date,
    ) -> Result<bool, CounterError> {
        let mut cases = Vec::new();
        for no in self.concluded(site, month).await? {
            cases.push(self.courses(&no).await?);
        }
        let Some(event) = close_month(site, month, &cases, today) else {
            return Ok(false);
        };
        let ask = system(by, format!("month/{site}/{month}"))?;
        let subject = Subject::Month(MonthId::of(site, month));
        let receipt = self
            .change(&ask, &subject, |history, _, _| {
                if !history.is_empty() {
                    return Ok(Vec::new());
                }
                Ok(vec![of_month(site, month, event.clone())])
            })
            .await?;
        Ok(receipt.count > 0 && !receipt.repeated)
    }

    /// How the months of a site were closed, those that are.
    pub async fn month_closings(
        &self,
        site: &SiteCode,
    ) -> Result<BTreeMap<Month, MonthClosing>, CounterError> {
        let mut closings = BTreeMap::new();
        for subject in self.whole_list(&paper_list::months_of_site(site)).await? {
            let history = self.history(&subject).await?;
            let closing = fold_month(history.iter().map(|fact| &fact.entry));
            if let Some((_, month, closing)) = closing {
                closings.insert(month, closing);
            }
        }
        Ok(closings)
    }
}
