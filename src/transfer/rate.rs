//! How much paper was transferred in time (按时移交率), by the window that took the case in, the department it goes to and the
//! month in which the case closed. What counts how is the domain's to say.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::counter::{Counter, CounterError, paper_list, site_list};
use crate::domain::case::concluded_at;
use crate::domain::custody::{Place, Side};
use crate::domain::transfer::{
    PaperEnd, RateCount, Timeliness, due_of, fold_round, goes_to, month_of, timeliness,
};
use crate::domain::{CaseNo, Date, DepartmentCode, Month, SiteCode, Subject, WindowCode};

/// Months that one question may be about.
pub const RATE_MONTHS_MAX: usize = 36;

/// How much paper was transferred in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RateView {
    /// The first month.
    #[schema(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub from: Month,
    /// The last month.
    #[schema(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub to: Month,
    /// By site, month, window and department.
    pub rows: Vec<RateRow>,
    /// All of them together.
    pub total: RateCount,
    /// On time of what was on time, late, overdue or lost, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_mille: Option<u32>,
}

/// The papers of a window, a department and a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RateRow {
    /// From where.
    pub site: SiteCode,
    /// The month in which their cases closed.
    #[schema(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
    /// The window that took their cases in.
    pub window: WindowCode,
    /// The department they go to.
    pub department: DepartmentCode,
    /// How many of them count how.
    pub count: RateCount,
    /// On time of what was on time, late, overdue or lost, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_mille: Option<u32>,
}

/// Window and department of a row, within its month.
type Row = (Month, WindowCode, DepartmentCode);

/// The papers that departments kept waiting, by case and number.
type Waited = BTreeMap<CaseNo, Vec<u16>>;

impl Counter {
    /// How much paper of the cases that closed from one month to another was transferred in time; of one site, or of all.
    pub async fn transfer_rate(
        &self,
        site: Option<&SiteCode>,
        from: Month,
        to: Month,
    ) -> Result<RateView, CounterError> {
        let sites = match site {
            Some(site) => vec![site.clone()],
            None => {
                let sites = self.whole_list(site_list()).await?.into_iter();
                let sites = sites.filter_map(|subject| match subject {
                    Subject::Site(site) => Some(site),
                    _ => None,
                });
                sites.collect()
            }
        };
        let mut view = RateView {
            from,
            to,
            rows: Vec::new(),
            total: RateCount::default(),
            per_mille: None,
        };
        for site in sites {
            let rows = self.rate_of(&site, from, to, &mut view.total).await?;
            view.rows.extend(rows.into_iter().map(|(row, count)| {
                let (month, window, department) = row;
                RateRow {
                    site: site.clone(),
                    month,
                    window,
                    department,
                    per_mille: count.per_mille(),
                    count,
                }
            }));
        }
        view.per_mille = view.total.per_mille();
        Ok(view)
    }

    async fn rate_of(
        &self,
        site: &SiteCode,
        from: Month,
        to: Month,
        total: &mut RateCount,
    ) -> Result<BTreeMap<Row, RateCount>, CounterError> {
        let now = self.clock.now();
        let waited = self.departments_waited(site).await?;
        let mut rows: BTreeMap<Row, RateCount> = BTreeMap::new();
        let mut month = from;
        while month <= to {
            for no in self.concluded(site, month).await? {
                let (case, _) = self.case(&no).await?;
                let Some(closed) = concluded_at(&case).map(Date::of) else {
                    continue;
                };
                let item = self.item_today(&case, now).await?;
                let bundle = self.bundle_now(&no).await?;
                for course in self.courses(&no).await? {
                    let Some(held) = bundle.papers.get(&course.no) else {
                        continue;
                    };
                    let due = due_of(month_of(closed, course.came_in));
                    let end = match (&held.place, course.settled) {
                        (Place::Lost { .. }, _) => PaperEnd::Lost,
                        (_, Some(day)) => PaperEnd::Settled(day),
                        (_, None) => PaperEnd::Open,
                    };
                    let deferred = course.deferred.map(|(_, until)| until);
                    let counts: Timeliness = timeliness(due, deferred, end, Date::of(now));
                    let theirs = waited.get(&no).is_some_and(|all| all.contains(&course.no));
                    let window = case.mandate.window.clone();
                    let row = (month, window, goes_to(&item, held));
                    rows.entry(row).or_default().add(counts, theirs);
                    total.add(counts, theirs);
                }
            }
            month = month.next();
        }
        Ok(rows)
    }

    /// The papers of a site that were on a round which the department kept waiting past its last day.
    async fn departments_waited(&self, site: &SiteCode) -> Result<Waited, CounterError> {
        let mut waited = Waited::new();
        for subject in self.whole_list(&paper_list::rounds_of_site(site)).await? {
            let history = self.history(&subject).await?;
            let Some(round) = fold_round(history.iter().map(|fact| &fact.entry)) else {
                continue;
            };
            if !matches!(round.overdue, Some(Side::Department { .. })) {
                continue;
            }
            for line in self.round_lines(&round.lines).await?.lines {
                waited.entry(line.case).or_default().extend(line.papers);
            }
        }
        Ok(waited)
    }
}
