//! `/api/v1/sites`: the sites with their windows, tidal windows, and what happened at them by the hour.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::site_list;
use crate::domain::access::{Action, Target};
use crate::domain::hall::by_hour_of_day;
use crate::domain::{Date, Problem, SiteCode, Subject, Timestamp, WindowCode};

/// A site.
#[derive(Serialize, ToSchema)]
pub struct SiteView {
    site: SiteCode,
    /// `centre`, `sub_centre`, `town` or `village`.
    #[schema(value_type = String)]
    level: serde_json::Value,
    /// The site above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<SiteCode>,
    name: String,
    address: String,
    /// When it is open, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The day from which it serves no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Date>,
    windows: Vec<WindowView>,
}

/// A window.
#[derive(Serialize, ToSchema)]
pub struct WindowView {
    window: WindowCode,
    /// What it takes and does, and when it is open.
    #[schema(value_type = serde_json::Value)]
    plan: serde_json::Value,
    /// Whether it is open now.
    open: bool,
    /// Open outside its timetable until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_until: Option<Timestamp>,
}

/// What is done with a site.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum SiteAction {
    /// Opens a tidal window outside its timetable (Art 7).
    OpenTidal {
        /// Which.
        window: WindowCode,
        /// Until when.
        until: Timestamp,
    },
}

/// Which days' load.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LoadQuery {
    /// The first day.
    from: Date,
    /// The last day, at most 31 in all.
    to: Date,
}

/// The load of a site's windows.
#[derive(Serialize, ToSchema)]
pub struct LoadView {
    site: SiteCode,
    from: Date,
    to: Date,
    /// Hours in which anything happened.
    hours: Vec<HourView>,
    /// The same summed up over the days, by hour of the day: what a timetable is planned by.
    by_hour: Vec<HourOfDayView>,
}

/// An hour of a window.
#[derive(Serialize, ToSchema)]
pub struct HourView {
    window: WindowCode,
    day: Date,
    /// Its beginning: `09:00`.
    hour: String,
    acts: u32,
}

/// An hour of the day at a window.
#[derive(Serialize, ToSchema)]
pub struct HourOfDayView {
    window: WindowCode,
    /// Its beginning: `09:00`.
    hour: String,
    acts: u32,
    /// On how many days there were any.
    days: u32,
}

async fn site_view(service: &Service, code: &SiteCode) -> Result<SiteView, HttpProblem> {
    let counter = &service.counter;
    let state = counter.site(code).await?;
    let named = counter.site_definition(&state).await?;
    let now = counter.clock.now();
    let unreadable =
        |error: serde_json::Error| HttpProblem::new(Problem::Internal, error.to_string());
    let mut windows = Vec::with_capacity(state.windows.len());
    for (window, known) in &state.windows {
        windows.push(WindowView {
            window: window.clone(),
            plan: serde_json::to_value(&known.plan).map_err(unreadable)?,
            open: known.is_open(now),
            open_until: known.open_until.filter(|until| now < *until),
        });
    }
    Ok(SiteView {
        level: serde_json::to_value(state.level).map_err(unreadable)?,
        site: state.code,
        parent: state.parent,
        name: named.name,
        address: named.address,
        hours: named.hours,
        phone: named.phone,
        closed: state.closed,
        windows,
    })
}

async fn shown(service: &Service, code: &SiteCode) -> Result<Versioned<SiteView>, HttpProblem> {
    Ok(Versioned {
        status: StatusCode::OK,
        body: site_view(service, code).await?,
        version: service.version(Subject::Site(code.clone())).await?,
    })
}

/// A site with its windows.
#[utoipa::path(get, path = "/api/v1/sites/{site}", tag = "hall", params(("site" = SiteCode, Path)),
    responses((status = 200, body = SiteView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
) -> Result<Versioned<SiteView>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    shown(&service, &site).await
}

/// The sites with their windows, in the order they opened.
#[utoipa::path(get, path = "/api/v1/sites", tag = "hall", params(PageQuery),
    responses((status = 200, body = PageOf<SiteView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<PageQuery>,
) -> Result<Json<PageOf<SiteView>>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    let (page, limit) = asked.page(false)?;
    let (found, next) = cut(service.list(site_list(), &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in found {
        if let Subject::Site(code) = &entry.subject {
            items.push(site_view(&service, code).await?);
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// Opens a tidal window of a site (Art 7).
#[utoipa::path(post, path = "/api/v1/sites/{site}/actions", tag = "hall", request_body = SiteAction,
    params(("site" = SiteCode, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = SiteView)), security(("session" = [])))]
pub async fn act(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    key: RequestKey,
    known: IfMatch,
    Body(order): Body<SiteAction>,
) -> Result<Versioned<SiteView>, HttpProblem> {
    signed.may(Action::ManageSites, &Target::site(&site))?;
    let ask = signed.ask(&key, Some(known), None)?;
    let counter = &service.counter;
    match order {
        SiteAction::OpenTidal { window, until } => {
            counter.open_tidal(&ask, &site, &window, until).await?;
        }
    }
    shown(&service, &site).await
}

/// What happened at the windows of a site, hour by hour (Art 7).
#[utoipa::path(get, path = "/api/v1/sites/{site}/load", tag = "hall",
    params(("site" = SiteCode, Path), LoadQuery),
    responses((status = 200, body = LoadView)), security(("session" = [])))]
pub async fn load(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    Asked(asked): Asked<LoadQuery>,
) -> Result<Json<LoadView>, HttpProblem> {
    signed.may(Action::ReadLoad, &Target::site(&site))?;
    let load = service.counter.load(&site, asked.from, asked.to).await?;
    let by_hour = by_hour_of_day(&load).into_iter();
    let by_hour = by_hour.map(|((_, window, hour), (acts, days))| HourOfDayView {
        window,
        hour: format!("{hour:02}:00"),
        acts,
        days,
    });
    let hours = load.iter().map(|(hour, acts)| HourView {
        window: hour.window.clone(),
        day: hour.day,
        hour: hour.time().to_string(),
        acts: *acts,
    });
    Ok(Json(LoadView {
        hours: hours.collect(),
        by_hour: by_hour.collect(),
        site,
        from: asked.from,
        to: asked.to,
    }))
}
