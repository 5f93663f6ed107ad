//! `/api/v1/tokens`: API tokens of scanning stations, for uploads of one site alone, each under somebody who answers
//! for it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, Body, PageOf, PageQuery, RequestKey};
use super::problem::HttpProblem;
use super::staff::{NO_STORE, TokenView};
use crate::counter::CounterError;
use crate::domain::access::{Action, Target};
use crate::domain::hall::HallRefusal;
use crate::domain::{SiteCode, StaffId, Timestamp, TokenId};

const DAY_MILLIS: i64 = 24 * 3600 * 1000;

/// A token to issue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenOrder {
    /// Who answers for it.
    staff: StaffId,
    /// Whose scans it may hand in.
    site: SiteCode,
    /// How long it is good, 1 to 400 days.
    #[schema(minimum = 1, maximum = 400)]
    days: u16,
}

/// A token that was just issued.
#[derive(Serialize, ToSchema)]
pub struct IssuedView {
    token: TokenId,
    staff: StaffId,
    site: SiteCode,
    expires: Timestamp,
    /// What the station sends as `Authorization: Bearer …`; shown once.
    text: String,
}

/// The tokens in force, in the order of their names. The cursor is the last name of the page before.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "people", params(PageQuery),
    responses((status = 200, body = PageOf<TokenView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<PageQuery>,
) -> Result<Json<PageOf<TokenView>>, HttpProblem> {
    signed.may(Action::ReadAccounts, &Target::HALL)?;
    let limit = asked.limit()?;
    let after = asked.cursor.as_deref().unwrap_or_default();
    let tokens = service.people.tokens().await?.into_iter();
    let mut items: Vec<TokenView> = tokens
        .filter(|(_, token)| token.id.as_str() > after)
        .take(limit + 1)
        .map(|(staff, token)| TokenView {
            token: token.id,
            staff,
            site: token.site,
            expires: token.expires,
        })
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more);
    let next = next.map(|last| last.token.to_string());
    Ok(Json(PageOf { items, next }))
}

/// Issues a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "people", request_body = TokenOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = IssuedView)), security(("session" = [])))]
pub async fn issue(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(wanted): Body<TokenOrder>,
) -> Result<impl IntoResponse + use<>, HttpProblem> {
    signed.may(Action::IssueToken, &Target::HALL)?;
    let TokenOrder { staff, site, days } = wanted;
    if !service.counter.hall().await?.sites.contains(&site) {
        return Err(CounterError::from(HallRefusal::SiteUnknown { site }).into());
    }
    let now = service.counter.clock.now();
    let expires = now.plus_millis(i64::from(days) * DAY_MILLIS);
    let order = signed.order(&key)?;
    let people = &service.people;
    let issued = people.issue_token(&order, &staff, &site, expires).await?;
    let body = IssuedView {
        token: issued.token,
        staff,
        site,
        expires,
        text: issued.text.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, NO_STORE, Json(body)))
}
