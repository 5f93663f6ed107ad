//! `/api/v1/session`: signing in step by step, the second factor, the password, signing out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::{Address, SessionToken, no_session_cookie, session_cookie};
use super::extract::Body;
use super::problem::HttpProblem;
use crate::domain::access::Grant;
use crate::people::{SecretText, Session, SignedIn, Stage};

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The person's id.
    staff: String,
    /// The password.
    password: String,
}

/// A recovery code and the password that is to hold from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// The person's id.
    staff: String,
    /// The code.
    code: String,
    /// The new password.
    password: String,
}

/// A password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// The password.
    password: String,
}

/// A code of an authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Six digits.
    code: String,
}

/// What an authenticator app is set up with.
#[derive(Serialize, ToSchema)]
pub struct TotpSetup {
    /// An `otpauth:` address, to show as a QR code, once.
    uri: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// Whose.
    staff: String,
    /// What it still lacks: `second_factor`, `set_password`, `enrol_factor`, or nothing: `full`.
    stage: &'static str,
    /// The person's name; once the session is full.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The roles held; once the session is full.
    #[schema(value_type = Vec<serde_json::Value>)]
    grants: Vec<Grant>,
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::SecondFactor => "second_factor",
        Stage::SetPassword => "set_password",
        Stage::EnrolFactor => "enrol_factor",
        Stage::Full => "full",
    }
}

async fn view(service: &Service, session: &Session) -> Result<SessionView, HttpProblem> {
    let (mut name, mut grants) = (None, Vec::new());
    if session.stage == Stage::Full {
        let person = service.people.person(&session.staff).await?;
        name = Some(person.name);
        grants = person.grants;
    }
    Ok(SessionView {
        staff: session.staff.to_string(),
        stage: stage(session.stage),
        name,
        grants,
    })
}

async fn signed_in(service: &Service, signed: SignedIn) -> Result<Response, HttpProblem> {
    let cookie = session_cookie(&signed.token, service.secure_cookies);
    let view = view(service, &signed.session).await?;
    Ok((CookieJar::new().add(cookie), Json(view)).into_response())
}

/// Signs in with a password. The answer says what is still lacking.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SessionView)), security(()))]
pub async fn sign_in(
    State(service): State<Arc<Service>>,
    Address(address): Address,
    Body(body): Body<SignIn>,
) -> Result<Response, HttpProblem> {
    let password = SecretText::new(body.password);
    let signed = service
        .people
        .sign_in(&body.staff, &password, address)
        .await?;
    signed_in(&service, signed).await
}

/// Signs in with a recovery code and sets a new password.
#[utoipa::path(post, path = "/api/v1/session/recovery", tag = "session", request_body = Recovery,
    responses((status = 200, body = SessionView)), security(()))]
pub async fn recover(
    State(service): State<Arc<Service>>,
    Address(address): Address,
    Body(body): Body<Recovery>,
) -> Result<Response, HttpProblem> {
    let (code, password) = (SecretText::new(body.code), SecretText::new(body.password));
    let people = &service.people;
    let signed = people
        .recover(&body.staff, &code, &password, address)
        .await?;
    signed_in(&service, signed).await
}

/// Shows a code of the authenticator app: the second step of signing in, or a step-up.
#[utoipa::path(post, path = "/api/v1/session/code", tag = "session", request_body = Code,
    responses((status = 200, body = SessionView)), security(("session" = [])))]
pub async fn show_code(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Address(address): Address,
    Body(body): Body<Code>,
) -> Result<Response, HttpProblem> {
    let code = SecretText::new(body.code);
    let signed = service.people.show_code(&token, &code, address).await?;
    signed_in(&service, signed).await
}

/// Unlocks an idle session with the password.
#[utoipa::path(post, path = "/api/v1/session/password-proof", tag = "session", request_body = Password,
    responses((status = 200, body = SessionView)), security(("session" = [])))]
pub async fn prove_password(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Address(address): Address,
    Body(body): Body<Password>,
) -> Result<Response, HttpProblem> {
    let password = SecretText::new(body.password);
    let signed = service
        .people
        .prove_password(&token, &password, address)
        .await?;
    signed_in(&service, signed).await
}

/// Sets a password of the person's own choice; every other session ends.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "session", request_body = Password,
    responses((status = 200, body = SessionView)), security(("session" = [])))]
pub async fn set_password(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Body(body): Body<Password>,
) -> Result<Response, HttpProblem> {
    let password = SecretText::new(body.password);
    let signed = service.people.set_password(&token, &password).await?;
    signed_in(&service, signed).await
}

/// Begins to enrol an authenticator app.
#[utoipa::path(post, path = "/api/v1/session/totp", tag = "session",
    responses((status = 200, body = TotpSetup)), security(("session" = [])))]
pub async fn begin_totp(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
) -> Result<Json<TotpSetup>, HttpProblem> {
    let uri = service.people.begin_totp(&token).await?;
    Ok(Json(TotpSetup {
        uri: uri.expose().to_owned(),
    }))
}

/// Finishes it with the first code the app shows.
#[utoipa::path(put, path = "/api/v1/session/totp", tag = "session", request_body = Code,
    responses((status = 200, body = SessionView)), security(("session" = [])))]
pub async fn finish_totp(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Address(address): Address,
    Body(body): Body<Code>,
) -> Result<Response, HttpProblem> {
    let code = SecretText::new(body.code);
    let signed = service.people.finish_totp(&token, &code, address).await?;
    signed_in(&service, signed).await
}

/// Begins to show a passkey: the options for `navigator.credentials.get`.
#[utoipa::path(post, path = "/api/v1/session/passkey", tag = "session",
    responses((status = 200, body = serde_json::Value)), security(("session" = [])))]
pub async fn begin_passkey(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
) -> Result<Json<serde_json::Value>, HttpProblem> {
    Ok(Json(service.people.begin_passkey(&token).await?))
}

/// Shows a passkey: what the browser answered.
#[utoipa::path(put, path = "/api/v1/session/passkey", tag = "session", request_body = serde_json::Value,
    responses((status = 200, body = SessionView)), security(("session" = [])))]
pub async fn show_passkey(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Address(address): Address,
    Body(answer): Body<serde_json::Value>,
) -> Result<Response, HttpProblem> {
    let signed = service
        .people
        .show_passkey(&token, &answer, address)
        .await?;
    signed_in(&service, signed).await
}

/// Begins to enrol a passkey or USB key: the options for `navigator.credentials.create`.
#[utoipa::path(post, path = "/api/v1/session/passkey-enrolment", tag = "session",
    responses((status = 200, body = serde_json::Value)), security(("session" = [])))]
pub async fn begin_passkey_enrolment(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
) -> Result<Json<serde_json::Value>, HttpProblem> {
    Ok(Json(service.people.begin_passkey_enrolment(&token).await?))
}

/// Finishes it with what the browser answered.
#[utoipa::path(put, path = "/api/v1/session/passkey-enrolment", tag = "session", request_body = serde_json::Value,
    responses((status = 200, body = SessionView)), security(("session" = [])))]
pub async fn finish_passkey_enrolment(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Body(answer): Body<serde_json::Value>,
) -> Result<Response, HttpProblem> {
    let signed = service
        .people
        .finish_passkey_enrolment(&token, &answer)
        .await?;
    signed_in(&service, signed).await
}

/// Who is signed in, and what the session still lacks.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = SessionView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
) -> Result<Json<SessionView>, HttpProblem> {
    let session = service.people.session(&token)?;
    Ok(Json(view(&service, &session).await?))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204)), security(("session" = [])))]
pub async fn sign_out(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
) -> Response {
    service.people.sign_out(&token);
    (
        CookieJar::new().add(no_session_cookie(service.secure_cookies)),
        StatusCode::NO_CONTENT,
    )
        .into_response()
}
