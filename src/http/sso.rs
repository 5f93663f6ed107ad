//! `/api/v1/session/oidc`: signing in at the hall's identity provider. State and nonce are drawn here and bound to the
//! browser by a short-lived cookie; the provider only says who somebody is.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Service;
use super::door::{Address, session_cookie};
use super::extract::Asked;
use super::problem::HttpProblem;
use super::staff::NO_STORE;
use crate::people::{People, PeopleError, SecretText};

/// The cookie that binds a sign-in at the provider to the browser that began it.
pub const SSO_COOKIE: &str = "counterfoil_oidc";
/// Where it is sent: nowhere but back here.
const SSO_PATH: &str = "/api/v1/session/oidc";
/// How long it lives: as long as what was begun is kept.
const SSO_SECONDS: u64 = 10 * 60;
/// Longest parameter of the provider's answer, in bytes.
const PARAMETER_BYTES_MAX: usize = 4096;

/// What the provider sends the browser back with. It may add parameters of its own.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Answer {
    /// What was sent to it.
    state: Option<String>,
    /// Stands for its word on who this is.
    code: Option<String>,
    /// Why it vouches for nobody.
    error: Option<String>,
}

/// Only a top-level navigation from the provider back to here carries it, which `Strict` would hold back.
fn sso_cookie(value: String, seconds: u64, secure: bool) -> Cookie<'static> {
    Cookie::build((SSO_COOKIE, value))
        .path(SSO_PATH)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(Duration::from_secs(seconds).try_into().unwrap_or_default())
        .build()
}

/// Sends the browser to the provider.
#[utoipa::path(get, path = "/api/v1/session/oidc/start", tag = "session",
    responses((status = 303, description = "去身份提供方 to the provider")), security(()))]
pub async fn start(State(service): State<Arc<Service>>) -> Result<Response, HttpProblem> {
    let begun = service.people.begin_single_sign_on().await?;
    let cookie = begun.cookie.expose().to_owned();
    let cookie = sso_cookie(cookie, SSO_SECONDS, service.secure_cookies);
    let jar = CookieJar::new().add(cookie);
    Ok((NO_STORE, jar, Redirect::to(&begun.url)).into_response())
}

/// The browser comes back. Whoever is linked gets a session and goes to the first page, which asks for what the
/// session still lacks, such as a second factor.
#[utoipa::path(get, path = "/api/v1/session/oidc/callback", tag = "session", params(Answer),
    responses((status = 303, description = "回到首页 to the first page")), security(()))]
pub async fn callback(
    State(service): State<Arc<Service>>,
    Address(address): Address,
    headers: HeaderMap,
    Asked(answer): Asked<Answer>,
) -> Response {
    let jar = CookieJar::from_headers(&headers);
    let cookie = jar.get(SSO_COOKIE).map(|cookie| cookie.value().to_owned());
    // Whatever comes of it, the cookie was for this once.
    let jar = CookieJar::new().add(sso_cookie(String::new(), 0, service.secure_cookies));
    match finish(&service, answer, cookie, address).await {
        Ok(token) => {
            let jar = jar.add(session_cookie(&token, service.secure_cookies));
            (NO_STORE, jar, Redirect::to("/")).into_response()
        }
        Err(error) => {
            tracing::info!(code = error.code(), "a single sign-on came to nothing");
            (NO_STORE, jar, HttpProblem::from(error)).into_response()
        }
    }
}

async fn finish(
    service: &Service,
    answer: Answer,
    cookie: Option<String>,
    address: std::net::IpAddr,
) -> Result<SecretText, PeopleError> {
    if let Some(error) = &answer.error {
        return Err(People::single_sign_on_refused(error));
    }
    let given = |text: Option<String>| {
        let text = text.filter(|text| !text.is_empty() && text.len() <= PARAMETER_BYTES_MAX);
        text.map(SecretText::new)
    };
    let Some(code) = given(answer.code) else {
        return Err(People::single_sign_on_refused(""));
    };
    let (Some(state), Some(cookie)) = (given(answer.state), given(cookie)) else {
        return Err(PeopleError::NothingBegun);
    };
    let people = &service.people;
    let signed = people.finish_single_sign_on(&state, &code, &cookie, address);
    Ok(signed.await?.token)
}
