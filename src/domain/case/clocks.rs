//! The clocks of a case. Each is a pure function of state, item version, calendar and instant. Limits count working
//! days in Asia/Shanghai and end with their last day: one millisecond before its end nothing is overdue, at its end
//! it is. A year the calendar does not know is an error.
//!
//! The department's limits run from the receipt, not from a later acceptance: the window receives in the department's
//! name (Art 11(1)), and the stricter reading can never be unlawful. 容缺 does not stop them (Art 9(3)); only a special
//! procedure does.

use super::state::{CaseState, Pause, Stage};
use super::terms::DeliveryChoice;
use crate::domain::calendar::{Calendar, NoYear};
use crate::domain::catalogue::{Handling, ItemKind, ServiceItem};
use crate::domain::date::Date;
use crate::domain::time::Timestamp;

/// Working days after which a licence application is deemed accepted if nobody said anything (许可法 32).
const DEEMED_ACCEPTANCE_DAYS: u32 = 5;

/// Working days within which a result is posted (Art 10(3)).
const MAIL_DAYS: u32 = 1;

/// Which clock.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// The limit the department promised.
    Promised,
    /// The limit of the law.
    Legal,
    /// After it a licence application is deemed accepted.
    DeemedAcceptance,
    /// What was deferred is due.
    Supplement,
    /// What was to be corrected is due.
    Correction,
    /// The result has to be posted.
    Mail,
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The last day.
    pub last_day: Date,
    /// The first instant after it.
    pub due: Timestamp,
    /// When what it asks for was done or fell away; none while it runs.
    pub met_at: Option<Timestamp>,
    /// The clock stands now.
    pub paused: bool,
}

impl Limit {
    fn on(last_day: Date) -> Self {
        Self {
            last_day,
            due: last_day.end(),
            met_at: None,
            paused: false,
        }
    }

    fn met(mut self, at: Option<Timestamp>) -> Self {
        self.met_at = at;
        self
    }

    /// Whether it was missed at `now`: not done in time, or done too late.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.met_at.unwrap_or(now) >= self.due
    }

    /// Working days left after today; 0 on the last day and afterwards.
    pub fn remaining(&self, calendar: &Calendar, now: Timestamp) -> Result<u32, NoYear> {
        calendar.working_days_between(Date::of(now), self.last_day)
    }
}

/// The limit the department promised; none before the receipt and while the case is back at the window.
pub fn promised_due(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Option<Limit>, NoYear> {
    let days = match item.handling {
        Handling::Instant => None,
        Handling::TimeLimited { promised_days, .. } => Some(promised_days),
    };
    handling_limit(case, days, calendar, now)
}

/// The limit of the law; none before the receipt and while the case is back at the window.
pub fn legal_due(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Option<Limit>, NoYear> {
    let days = match item.handling {
        Handling::Instant => None,
        Handling::TimeLimited { legal_days, .. } => Some(legal_days),
    };
    handling_limit(case, days, calendar, now)
}

/// `days` is none for what is done on the spot: it ends with the day of the receipt.
fn handling_limit(
    case: &CaseState,
    days: Option<u16>,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Option<Limit>, NoYear> {
    let at_window = matches!(
        case.stage,
        Stage::Intake | Stage::Correcting | Stage::Returned
    );
    let Some(receipt) = case.receipt().filter(|_| !at_window) else {
        return Ok(None);
    };
    let ended = (case.stage == Stage::Ended).then_some(case.since);
    let met_at = case.decision.as_ref().map(|made| made.at).or(ended);
    let start = Date::of(receipt.at);
    let Some(days) = days else {
        return Ok(Some(Limit::on(start).met(met_at)));
    };
    let until = met_at.unwrap_or(now);
    let mut allowed = u32::from(days) + u32::from(case.extended_days.unwrap_or(0));
    let mut last_day = calendar.plus_working_days(start, allowed)?;
    for pause in &case.pauses {
        // What begins after the last day finds no clock to stop.
        if Date::of(pause.from) <= last_day {
            allowed += stopped_days(pause, start, calendar, until)?;
            last_day = calendar.plus_working_days(start, allowed)?;
        }
    }
    let mut limit = Limit::on(last_day).met(met_at);
    limit.paused = met_at.is_none() && case.running().is_some();
    Ok(Some(limit))
}

/// The working days that a pause takes out of the count, which begins after `start`: from its first day on; the day the
/// clock runs again counts.
fn stopped_days(
    pause: &Pause,
    start: Date,
    calendar: &Calendar,
    until: Timestamp,
) -> Result<u32, NoYear> {
    let to = pause.to.unwrap_or(until);
    let before = Date::of(pause.from).previous().max(start);
    calendar.working_days_between(before, Date::of(to).previous())
}

/// For licences: unless the applicant is told within 5 working days of handing in, the application is deemed accepted
/// from that day (许可法 32). None for other kinds.
pub fn deemed_acceptance(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
) -> Result<Option<Limit>, NoYear> {
    if item.kind != ItemKind::Licence {
        return Ok(None);
    }
    let start = Date::of(case.submitted_at);
    let last_day = calendar.plus_working_days(start, DEEMED_ACCEPTANCE_DAYS)?;
    let notice = case
        .notices
        .iter()
        .find(|notice| notice.submission == case.submission);
    let told = [
        notice.map(|notice| notice.at),
        case.acceptance.as_ref().map(|made| made.at),
        case.decision.as_ref().map(|made| made.at),
        (case.stage == Stage::Ended).then_some(case.since),
    ];
    let first = told.into_iter().flatten().min();
    Ok(Some(Limit::on(last_day).met(first)))
}

/// Whether the application counts as accepted by silence at `now`, and since when.
pub fn deemed_accepted_since(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Option<Timestamp>, NoYear> {
    let limit = deemed_acceptance(case, item, calendar)?;
    let silent = limit.is_some_and(|limit| limit.is_overdue(now));
    Ok(silent.then_some(case.submitted_at))
}

/// The earliest day on which a deferred row that is missing is due; none when nothing is missing or the case ended.
pub fn supplement_due(case: &CaseState) -> Option<Limit> {
    if case.stage == Stage::Ended {
        return None;
    }
    case.missing().map(|(_, due)| due).min().map(Limit::on)
}

/// The day until which the applicant may correct; none while no notice is open.
pub fn correction_due(case: &CaseState) -> Option<Limit> {
    case.open_notice().map(|notice| Limit::on(notice.due))
}

/// Until when the result is to be posted: 1 working day after it was obtained, or, where supplements held it back,
/// after the last of them. None when it is not to be posted.
pub fn mail_due(case: &CaseState, calendar: &Calendar) -> Result<Option<Limit>, NoYear> {
    let Some(record) = &case.result else {
        return Ok(None);
    };
    let by_mail = matches!(case.delivery, DeliveryChoice::Mail { .. });
    if !by_mail || case.missing().next().is_some() {
        return Ok(None);
    }
    let free = case
        .supplied_at
        .map_or(record.obtained_at, |at| at.max(record.obtained_at));
    let last_day = calendar.plus_working_days(Date::of(free), MAIL_DAYS)?;
    let posted = case.posts.first().map(|post| post.at);
    let done = posted.or(case.delivered.as_ref().map(|delivered| delivered.at));
    Ok(Some(Limit::on(last_day).met(done)))
}

/// Every clock of the case.
pub fn clocks(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Vec<(ClockKind, Limit)>, NoYear> {
    let all = [
        (
            ClockKind::Promised,
            promised_due(case, item, calendar, now)?,
        ),
        (ClockKind::Legal, legal_due(case, item, calendar, now)?),
        (
            ClockKind::DeemedAcceptance,
            deemed_acceptance(case, item, calendar)?,
        ),
        (ClockKind::Supplement, supplement_due(case)),
        (ClockKind::Correction, correction_due(case)),
        (ClockKind::Mail, mail_due(case, calendar)?),
    ];
    let running = all
        .into_iter()
        .filter_map(|(kind, limit)| limit.map(|limit| (kind, limit)));
    Ok(running.collect())
}
