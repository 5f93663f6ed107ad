//! Signing keys of people, and what their signatures are worth. A key's private half is made and sealed in the
//! browser; here are its public half and, for its owner alone, the sealed one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::body::Paper;
use super::door::{SessionToken, Signed};
use super::extract::{Asked, At, Body};
use super::problem::HttpProblem;
use super::staff::NO_STORE;
use crate::domain::access::{Action, Target};
use crate::domain::staff::{PublicKey, RevocationReason, SignatureBytes};
use crate::domain::{Digest, SigningKeyId, StaffId, Timestamp};
use crate::people::{KnownKey, People, PeopleError};

/// A key to enrol.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyOrder {
    /// Its public half, 64 hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    public: PublicKey,
    /// Its signature over the challenge, 128 hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{128}$")]
    proof: SignatureBytes,
    /// Its private half, sealed under a PIN: 90 bytes in base64. None for a key that is kept elsewhere.
    #[serde(default)]
    sealed: Option<Paper>,
}

/// The caller's own key in force.
#[derive(Serialize, ToSchema)]
pub struct OwnKey {
    key: SigningKeyId,
    #[schema(value_type = String)]
    public: PublicKey,
    /// Its private half as it was sealed, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

/// Which key is to be enrolled.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChallengeQuery {
    /// Its public half.
    #[param(value_type = String)]
    public: PublicKey,
}

/// What a new key signs.
#[derive(Serialize, ToSchema)]
pub struct Challenge {
    /// The digest of the statement to sign.
    challenge: Digest,
}

/// A key that is to be in force no more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeKeyOrder {
    /// Which.
    key: SigningKeyId,
    /// Why.
    reason: RevocationReason,
}

/// A signing key.
#[derive(Serialize, ToSchema)]
pub struct SigningKeyView {
    key: SigningKeyId,
    /// Its public half.
    #[schema(value_type = String)]
    public: PublicKey,
    enrolled: Timestamp,
    /// When it was revoked, or the person left.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Timestamp>,
}

/// A signature to check.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerificationOrder {
    /// Who is said to have signed.
    staff: StaffId,
    /// The digest of what was signed.
    statement: Digest,
    /// The signature, 128 hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{128}$")]
    signature: SignatureBytes,
    /// As of when; now without it.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// What a signature is worth.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The person's key made it and was in force then.
    Valid,
    /// The person's key made it, before it was enrolled.
    NotYetEnrolled,
    /// The person's key made it, after it was revoked or the person left.
    Revoked,
    /// No key of this person made it over this statement.
    NotTheirs,
}

/// A signature that was checked.
#[derive(Serialize, ToSchema)]
pub struct VerificationView {
    /// Whether it counts.
    valid: bool,
    verdict: Verdict,
    staff: StaffId,
    /// The person's name.
    name: String,
    /// The key that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<SigningKeyView>,
    /// As of when.
    at: Timestamp,
    /// SHA-256 of the signature's 64 bytes, by which facts name it.
    signature: Digest,
}

impl From<KnownKey> for SigningKeyView {
    fn from(known: KnownKey) -> Self {
        Self {
            key: known.key,
            public: known.public,
            enrolled: known.enrolled,
            revoked: known.revoked,
        }
    }
}

/// What a new key signs to show that the caller holds its private half.
#[utoipa::path(get, path = "/api/v1/session/signing-key/challenge", tag = "session", params(ChallengeQuery),
    responses((status = 200, body = Challenge)), security(("session" = [])))]
pub async fn challenge(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Asked(asked): Asked<ChallengeQuery>,
) -> Result<Json<Challenge>, HttpProblem> {
    let caller = service.people.caller(&token).await?;
    let staff = caller.staff().ok_or(PeopleError::NotSignedIn)?;
    let challenge = People::enrolment_challenge(staff, &asked.public);
    Ok(Json(Challenge { challenge }))
}

/// The caller's own key in force.
#[utoipa::path(get, path = "/api/v1/session/signing-key", tag = "session",
    responses((status = 200, body = OwnKey)), security(("session" = [])))]
pub async fn own(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
) -> Result<impl IntoResponse + use<>, HttpProblem> {
    let (key, public, sealed) = service.people.own_signing_key(&token).await?;
    let sealed = sealed.map(|sealed| STANDARD.encode(sealed));
    let body = OwnKey {
        key,
        public,
        sealed,
    };
    Ok((NO_STORE, Json(body)))
}

/// Enrols the caller's key, after a second factor was shown. The key that is in force already is answered again.
#[utoipa::path(put, path = "/api/v1/session/signing-key", tag = "session", request_body = KeyOrder,
    responses((status = 200, body = OwnKey)), security(("session" = [])))]
pub async fn enrol(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Body(order): Body<KeyOrder>,
) -> Result<Json<OwnKey>, HttpProblem> {
    let people = &service.people;
    let held = match people.own_signing_key(&token).await {
        Ok((key, public, _)) => (public == order.public).then_some(key),
        Err(PeopleError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let key = match held {
        Some(key) => key,
        None => {
            let sealed = order.sealed.as_ref().map(|sealed| sealed.0.as_slice());
            let enrolled = people.enrol_signing_key(&token, &order.public, &order.proof, sealed);
            enrolled.await?
        }
    };
    Ok(Json(OwnKey {
        key,
        public: order.public,
        sealed: None,
    }))
}

/// Revokes the caller's key, after a second factor was shown. What it signed before stays signed.
#[utoipa::path(delete, path = "/api/v1/session/signing-key", tag = "session", request_body = RevokeKeyOrder,
    responses((status = 204)), security(("session" = [])))]
pub async fn revoke(
    State(service): State<Arc<Service>>,
    SessionToken(token): SessionToken,
    Body(order): Body<RevokeKeyOrder>,
) -> Result<StatusCode, HttpProblem> {
    let people = &service.people;
    people
        .revoke_signing_key(&token, &order.key, order.reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every signing key somebody ever had. Public halves are no secret: whoever checks a signature needs them.
#[utoipa::path(get, path = "/api/v1/staff/{staff}/signing-keys", tag = "people", params(("staff" = StaffId, Path)),
    responses((status = 200, body = Vec<SigningKeyView>)), security(("session" = [])))]
pub async fn of_staff(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(staff): At<StaffId>,
) -> Result<Json<Vec<SigningKeyView>>, HttpProblem> {
    signed.may(Action::ReadStaff, &Target::HALL)?;
    let keys = service.people.signing_keys(&staff).await?;
    Ok(Json(keys.into_iter().map(Into::into).collect()))
}

/// Checks somebody's signature over a statement as of an instant. It changes nothing, so it needs no key of its own.
#[utoipa::path(post, path = "/api/v1/signatures/verification", tag = "people", request_body = VerificationOrder,
    responses((status = 200, body = VerificationView)), security(("session" = [])))]
pub async fn verify(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Body(order): Body<VerificationOrder>,
) -> Result<Json<VerificationView>, HttpProblem> {
    signed.may(Action::ReadStaff, &Target::HALL)?;
    let people = &service.people;
    let at = order.at.unwrap_or_else(|| service.counter.clock.now());
    let (staff, signature) = (order.staff, order.signature);
    let verified = people.verify_at(&staff, &order.statement, &signature, at);
    let verified = verified.await?;
    let verdict = match &verified.key {
        None => Verdict::NotTheirs,
        Some(_) if verified.valid => Verdict::Valid,
        Some(key) if at < key.enrolled => Verdict::NotYetEnrolled,
        Some(_) => Verdict::Revoked,
    };
    Ok(Json(VerificationView {
        valid: verified.valid,
        verdict,
        name: people.name(&staff).await?,
        staff,
        key: verified.key.map(Into::into),
        at,
        signature: Digest::of(signature.as_bytes()),
    }))
}
