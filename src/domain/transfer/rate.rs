//! Whether paper was transferred in time (按时移交率). The unit is a paper. What counts as in time: nothing is owed of it any
//! more on the last day it had (Art 12(4)), whichever way that came about; that it was collected on the way (Art 8(5)) or
//! lawfully returned to the applicant counts like a transfer. What was put off with the department's consent and the
//! supervisor's approval is neither in time nor late as long as its new day holds. What is not yet due is no part of the
//! rate.

use serde::Serialize;

use crate::domain::date::Date;

/// How far a paper has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperEnd {
    /// Nothing is owed of it since this day.
    Settled(Date),
    /// It was written off as lost, by both sides.
    Lost,
    /// It is still owed.
    Open,
}

/// How a paper counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timeliness {
    /// Settled by its last day.
    OnTime,
    /// Settled after it, and after every day it was put off to.
    Late,
    /// Put off with consent: settled by the new day, or still owed before it.
    PutOff,
    /// Owed after its last day.
    Overdue,
    /// Lost.
    Lost,
    /// Owed, and its last day is still to come.
    NotYetDue,
}

/// How a paper counts on `today`: due by `due`, or by the day it was `deferred` to.
pub fn timeliness(due: Date, deferred: Option<Date>, end: PaperEnd, today: Date) -> Timeliness {
    let last = deferred.unwrap_or(due);
    match end {
        PaperEnd::Lost => Timeliness::Lost,
        PaperEnd::Settled(day) if day <= due => Timeliness::OnTime,
        PaperEnd::Settled(day) if day <= last => Timeliness::PutOff,
        PaperEnd::Settled(_) => Timeliness::Late,
        PaperEnd::Open if today > last => Timeliness::Overdue,
        PaperEnd::Open if deferred.is_some() => Timeliness::PutOff,
        PaperEnd::Open => Timeliness::NotYetDue,
    }
}

/// Papers by how they count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RateCount {
    /// Settled by their last day.
    pub on_time: u32,
    /// Settled after it.
    pub late: u32,
    /// Put off with consent.
    pub put_off: u32,
    /// Owed after their last day.
    pub overdue: u32,
    /// Lost.
    pub lost: u32,
    /// Owed, and not yet due.
    pub not_yet_due: u32,
    /// Of those late, overdue or lost: the hall kept them waiting (责任方).
    pub by_hall: u32,
    /// Of those: the department did, to which they were offered on their last day.
    pub by_department: u32,
}

impl RateCount {
    /// Counts a paper; `department` says whose the delay was, if there was one.
    pub fn add(&mut self, timeliness: Timeliness, department: bool) {
        let place = match timeliness {
            Timeliness::OnTime => &mut self.on_time,
            Timeliness::Late => &mut self.late,
            Timeliness::PutOff => &mut self.put_off,
            Timeliness::Overdue => &mut self.overdue,
            Timeliness::Lost => &mut self.lost,
            Timeliness::NotYetDue => &mut self.not_yet_due,
        };
        *place += 1;
        let delayed = matches!(
            timeliness,
            Timeliness::Late | Timeliness::Overdue | Timeliness::Lost
        );
        self.by_department += u32::from(delayed && department);
        self.by_hall += u32::from(delayed && !department);
    }

    /// On time of what was on time, late, overdue or lost, in thousandths, rounded down; none where there is nothing of
    /// that.
    pub fn per_mille(&self) -> Option<u32> {
        let all = u64::from(self.on_time)
            + u64::from(self.late)
            + u64::from(self.overdue)
            + u64::from(self.lost);
        let rate = (u64::from(self.on_time) * 1000).checked_div(all)?;
        u32::try_from(rate).ok()
    }
}
