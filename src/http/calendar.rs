//! `/api/v1/calendar`: the working days that every limit is counted by.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::domain::access::{Action, Target};
use crate::domain::{Date, Problem, Subject};

/// The calendar.
#[derive(Serialize, ToSchema)]
pub struct CalendarView {
    /// The years it knows, in order. A limit that runs into another cannot be counted.
    years: Vec<YearView>,
}

/// A year.
#[derive(Serialize, ToSchema)]
pub struct YearView {
    year: i16,
    /// The notice it was taken from.
    source: String,
    /// Whether an administrator added it or corrected it.
    added: bool,
    holidays: Vec<HolidayView>,
}

/// A holiday.
#[derive(Serialize, ToSchema)]
pub struct HolidayView {
    name: String,
    /// Its first day off.
    first: Date,
    /// Its last day off.
    last: Date,
    /// 调休上班: Saturdays and Sundays that are worked for it.
    make_up: Vec<Date>,
}

/// A year to add or correct.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YearOrder {
    /// Which.
    year: i16,
    /// The file that states it and no other, TOML in the form of `calendars/china.toml`.
    file: String,
}

async fn shown(
    service: &Service,
    status: StatusCode,
) -> Result<Versioned<CalendarView>, HttpProblem> {
    let counter = &service.counter;
    let added = counter.hall().await?.calendar;
    let calendar = counter.calendar().await?;
    let missing = |error: crate::domain::NoYear| HttpProblem::new(Problem::Internal, error.en());
    let mut years = Vec::new();
    for year in calendar.years() {
        let holidays = calendar.holidays(year).map_err(missing)?;
        let holidays = holidays.iter().map(|holiday| HolidayView {
            name: holiday.name.clone(),
            first: holiday.first,
            last: holiday.last,
            make_up: holiday.make_up.clone(),
        });
        years.push(YearView {
            year,
            source: calendar.source(year).map_err(missing)?.to_owned(),
            added: added.contains_key(&year),
            holidays: holidays.collect(),
        });
    }
    Ok(Versioned {
        status,
        version: service.version(Subject::Hall).await?,
        body: CalendarView { years },
    })
}

/// The calendar of working days.
#[utoipa::path(get, path = "/api/v1/calendar", tag = "hall",
    responses((status = 200, body = CalendarView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
) -> Result<Versioned<CalendarView>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    shown(&service, StatusCode::OK).await
}

/// Adds a year, or corrects one as a whole. A file with a fault is refused with its lines.
#[utoipa::path(post, path = "/api/v1/calendar/years", tag = "hall", request_body = YearOrder,
    params(("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CalendarView)), security(("session" = [])))]
pub async fn extend(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    version: IfMatch,
    Body(YearOrder { year, file }): Body<YearOrder>,
) -> Result<Versioned<CalendarView>, HttpProblem> {
    signed.may(Action::ExtendCalendar, &Target::HALL)?;
    let ask = signed.ask(&key, Some(version), None)?;
    let counter = &service.counter;
    counter.extend_calendar(&ask, year, file.as_bytes()).await?;
    shown(&service, StatusCode::OK).await
}
