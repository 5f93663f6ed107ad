//! `/api/v1/staff`: who works here, with their roles; for administrators also how an account stands.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::staff_list;
use crate::domain::access::{Action, Grant, Target};
use crate::domain::staff::FactorKind;
use crate::domain::{FactorId, SigningKeyId, SiteCode, StaffId, Subject, Timestamp, TokenId};
use crate::people::{NewPerson, Person, SecretText};

/// Keeps a secret out of every cache on its way.
pub(super) const NO_STORE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// Somebody who works here, or did.
#[derive(Serialize, ToSchema)]
pub struct StaffView {
    staff: StaffId,
    /// The name.
    name: String,
    /// The roles held.
    grants: Vec<Grant>,
    /// Who took over, once the person left.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<StaffId>,
    /// How the account stands: for administrators, and for one person at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountView>,
}

/// How an account stands.
#[derive(Serialize, ToSchema)]
pub struct AccountView {
    locked: bool,
    /// Whether there is a password.
    password: bool,
    /// Whether a recovery code waits.
    recovering: bool,
    /// Whether single sign-on is linked.
    single_sign_on: bool,
    factors: Vec<FactorView>,
    /// The signing key in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_key: Option<SigningKeyId>,
    /// The stations' tokens this person answers for.
    tokens: Vec<TokenView>,
    /// The sessions, newest first.
    sessions: Vec<SessionRow>,
}

/// A second factor.
#[derive(Serialize, ToSchema)]
pub struct FactorView {
    factor: FactorId,
    kind: FactorKind,
}

/// A station's token; its text is not kept.
#[derive(Serialize, ToSchema)]
pub struct TokenView {
    pub(super) token: TokenId,
    /// Who answers for it.
    pub(super) staff: StaffId,
    /// Whose scans it may hand in.
    pub(super) site: SiteCode,
    /// Until when.
    pub(super) expires: Timestamp,
}

/// A session of somebody.
#[derive(Serialize, ToSchema)]
pub struct SessionRow {
    /// Its public name, which opens nothing.
    session: String,
    /// From where.
    address: String,
    begun: Timestamp,
    /// When it was last used.
    seen: Timestamp,
}

/// An account to open. It begins without a role: a security administrator gives roles.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolOrder {
    /// The id that signs in: lower-case letters, digits and `. _ -`.
    staff: StaffId,
    /// The name.
    #[schema(value_type = String)]
    name: SecretText,
    /// A first password, which the first sign-in must change; none for whoever begins with a recovery code or single
    /// sign-on.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    password: Option<SecretText>,
}

fn row(person: Person) -> StaffView {
    StaffView {
        staff: person.staff,
        name: person.name,
        grants: person.grants,
        successor: person.successor,
        account: None,
    }
}

fn account(service: &Service, person: &Person) -> AccountView {
    let factors = person.factors.iter();
    let tokens = person.tokens.iter();
    let sessions = service.people.sessions_of(&person.staff);
    AccountView {
        locked: person.locked,
        password: person.password,
        recovering: person.recovering,
        single_sign_on: person.single_sign_on,
        factors: factors
            .map(|(factor, kind)| FactorView {
                factor: factor.clone(),
                kind: *kind,
            })
            .collect(),
        signing_key: person.signing_key.clone(),
        tokens: tokens
            .map(|(token, site, expires)| TokenView {
                token: token.clone(),
                staff: person.staff.clone(),
                site: site.clone(),
                expires: *expires,
            })
            .collect(),
        sessions: sessions
            .into_iter()
            .map(|session| SessionRow {
                session: session.id,
                address: session.address.to_string(),
                begun: session.begun,
                seen: session.seen,
            })
            .collect(),
    }
}

pub(super) async fn shown(
    service: &Service,
    signed: &Signed,
    status: StatusCode,
    staff: &StaffId,
) -> Result<Versioned<StaffView>, HttpProblem> {
    let person = service.people.person(staff).await?;
    let version = person.version;
    let whole = signed.allows(Action::ReadAccounts, &Target::HALL);
    let account = whole.then(|| account(service, &person));
    let body = StaffView {
        account,
        ..row(person)
    };
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// Everyone who was ever enrolled, in that order.
#[utoipa::path(get, path = "/api/v1/staff", tag = "people", params(PageQuery),
    responses((status = 200, body = PageOf<StaffView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<PageQuery>,
) -> Result<Json<PageOf<StaffView>>, HttpProblem> {
    signed.may(Action::ReadStaff, &Target::HALL)?;
    let (page, limit) = asked.page(false)?;
    let found = service.list(staff_list(), &page).await?;
    let (found, next) = cut(found, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in found {
        if let Subject::Staff(staff) = &entry.subject {
            items.push(row(service.people.person(staff).await?));
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// One person; for administrators with the account.
#[utoipa::path(get, path = "/api/v1/staff/{staff}", tag = "people", params(("staff" = StaffId, Path)),
    responses((status = 200, body = StaffView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(staff): At<StaffId>,
) -> Result<Versioned<StaffView>, HttpProblem> {
    signed.may(Action::ReadStaff, &Target::HALL)?;
    shown(&service, &signed, StatusCode::OK, &staff).await
}

/// Opens an account.
#[utoipa::path(post, path = "/api/v1/staff", tag = "people", request_body = EnrolOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = StaffView)), security(("session" = [])))]
pub async fn enrol(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<EnrolOrder>,
) -> Result<Versioned<StaffView>, HttpProblem> {
    signed.may(Action::ManageStaff, &Target::HALL)?;
    let new = NewPerson {
        staff: order.staff,
        name: order.name,
        password: order.password,
        temporary: true,
        grants: Vec::new(),
    };
    service.people.enrol(&signed.order(&key)?, &new).await?;
    shown(&service, &signed, StatusCode::CREATED, &new.staff).await
}
