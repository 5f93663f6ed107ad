//! `/api/v1/staff`: who works here, and what administrators do with accounts. What is shown once (codes) is in the
//! answer to the first try of a request and nowhere else.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::staff_list;
use crate::domain::access::{Action, Grant, Target};
use crate::domain::staff::{FactorKind, LockReason};
use crate::domain::{
    DepartmentCode, FactorId, Problem, SigningKeyId, SiteCode, StaffId, Subject, TicketId,
    Timestamp, TokenId,
};
use crate::people::{NewPerson, Person, SecretText};

/// The longest a recovery code is good, in hours.
const RECOVERY_HOURS_MAX: u16 = 168;
const HOUR_MILLIS: i64 = 3600 * 1000;

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

/// What is done with an account.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum StaffOrder {
    /// Corrects the name.
    Rename {
        /// The name.
        #[schema(value_type = String)]
        name: SecretText,
    },
    /// Gives a role.
    GiveRole {
        /// Which, and where.
        grant: Grant,
    },
    /// Takes a role away.
    TakeRole {
        /// Which, and where.
        grant: Grant,
    },
    /// Locks the account; its sessions end at once.
    Lock {
        /// Why.
        reason: LockReason,
    },
    /// Unlocks it.
    Unlock {},
    /// Ends one session, or all of them.
    EndSessions {
        /// Which; all without it.
        #[serde(default)]
        session: Option<String>,
    },
    /// Links the account to what the hall's identity provider calls the person.
    LinkSingleSignOn {
        /// The provider's name for the person.
        #[schema(value_type = String)]
        subject: SecretText,
    },
    /// Unlinks it.
    UnlinkSingleSignOn {},
    /// Revokes a station's token.
    RevokeToken {
        /// Which.
        token: TokenId,
    },
}

/// A second chance.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryOrder {
    /// How long the code is good, 1 to 168 hours.
    #[schema(minimum = 1, maximum = 168)]
    hours: u16,
}

/// A one-time code, shown once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryView {
    staff: StaffId,
    /// `ABCD-EFGH-…`
    code: String,
    expires: Timestamp,
}

/// Who takes over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OffboardingOrder {
    /// Somebody who works here.
    successor: StaffId,
}

/// Somebody left.
#[derive(Serialize, ToSchema)]
pub struct OffboardingView {
    staff: StaffId,
    successor: StaffId,
    /// The open tickets that the successor sees to from now on; none when the request was repeated.
    tickets: Vec<TicketId>,
    /// Posts that are still in the person's name: a letter ends them and appoints others.
    posts: Vec<PostLeft>,
}

/// A post that somebody who left still has.
#[derive(Serialize, ToSchema)]
pub struct PostLeft {
    department: DepartmentCode,
    /// Whether as chief representative.
    chief: bool,
}

impl StaffOrder {
    fn action(&self) -> Action {
        match self {
            Self::Rename { .. } | Self::LinkSingleSignOn { .. } | Self::UnlinkSingleSignOn {} => {
                Action::ManageStaff
            }
            Self::GiveRole { .. } | Self::TakeRole { .. } => Action::AssignRoles,
            Self::Lock { .. } | Self::Unlock {} | Self::EndSessions { .. } => Action::ResetAccount,
            Self::RevokeToken { .. } => Action::IssueToken,
        }
    }
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

async fn shown(
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

/// Does something with an account.
#[utoipa::path(post, path = "/api/v1/staff/{staff}/actions", tag = "people", request_body = StaffOrder,
    params(("staff" = StaffId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = StaffView)), security(("session" = [])))]
pub async fn act(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(staff): At<StaffId>,
    key: RequestKey,
    version: IfMatch,
    Body(wanted): Body<StaffOrder>,
) -> Result<Versioned<StaffView>, HttpProblem> {
    signed.may(wanted.action(), &Target::HALL)?;
    let (people, order) = (&service.people, signed.order_at(&key, version)?);
    match wanted {
        StaffOrder::Rename { name } => drop(people.rename(&order, &staff, &name).await?),
        StaffOrder::GiveRole { grant } => drop(people.assign(&order, &staff, &grant).await?),
        StaffOrder::TakeRole { grant } => drop(people.unassign(&order, &staff, &grant).await?),
        StaffOrder::Lock { reason } => drop(people.lock(&order, &staff, reason).await?),
        StaffOrder::Unlock {} => drop(people.unlock(&order, &staff).await?),
        StaffOrder::EndSessions { session } => {
            people.person(&staff).await?;
            match session {
                Some(session) => people.revoke_session(&staff, &session)?,
                None => drop(people.revoke_sessions(&staff)),
            }
        }
        StaffOrder::LinkSingleSignOn { subject } => {
            people.link_here(&order, &staff, &subject).await?;
        }
        StaffOrder::UnlinkSingleSignOn {} => drop(people.unlink(&order, &staff).await?),
        StaffOrder::RevokeToken { token } => {
            people.revoke_token(&order, &staff, &token).await?;
        }
    }
    shown(&service, &signed, StatusCode::OK, &staff).await
}

/// Gives out a one-time code. From then on password and second factors are void.
#[utoipa::path(post, path = "/api/v1/staff/{staff}/recovery", tag = "people", request_body = RecoveryOrder,
    params(("staff" = StaffId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 201, body = RecoveryView)), security(("session" = [])))]
pub async fn recover(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(staff): At<StaffId>,
    key: RequestKey,
    version: IfMatch,
    Body(RecoveryOrder { hours }): Body<RecoveryOrder>,
) -> Result<impl axum::response::IntoResponse + use<>, HttpProblem> {
    signed.may(Action::ResetAccount, &Target::HALL)?;
    if !(1..=RECOVERY_HOURS_MAX).contains(&hours) {
        let detail = format!("恢复码有效期为 1 至 {RECOVERY_HOURS_MAX} 小时");
        let en = format!("a recovery code is good for 1 to {RECOVERY_HOURS_MAX} hours");
        return Err(HttpProblem::bad_field("hours", "bad-hours", detail, en));
    }
    let now = service.counter.clock.now();
    let expires = now.plus_millis(i64::from(hours) * HOUR_MILLIS);
    let order = signed.order_at(&key, version)?;
    let people = &service.people;
    let code = people.issue_recovery(&order, &staff, expires).await?;
    let body = RecoveryView {
        staff,
        code: code.expose().to_owned(),
        expires,
    };
    Ok((StatusCode::CREATED, NO_STORE, Json(body)))
}

/// Lets somebody go. Sessions, roles, factors, keys and tokens end at once; open tickets go to the successor. Repeated,
/// it finishes what a first try left.
#[utoipa::path(post, path = "/api/v1/staff/{staff}/offboarding", tag = "people", request_body = OffboardingOrder,
    params(("staff" = StaffId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = OffboardingView)), security(("session" = [])))]
pub async fn offboard(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(staff): At<StaffId>,
    key: RequestKey,
    version: IfMatch,
    Body(OffboardingOrder { successor }): Body<OffboardingOrder>,
) -> Result<Json<OffboardingView>, HttpProblem> {
    signed.may(Action::ManageStaff, &Target::HALL)?;
    let order = signed.order_at(&key, version)?;
    service.people.offboard(&order, &staff, &successor).await?;
    // The successor that was recorded: a repeated request may name another, and the first one holds.
    let left = service.people.person(&staff).await?;
    let successor = left.successor.ok_or_else(|| {
        let detail = "the person was offboarded and has no successor";
        HttpProblem::new(Problem::Inconsistent, detail)
    })?;
    let ask = signed.ask(&key, None, None)?;
    let counter = &service.counter;
    let now = counter.clock.now();
    let handed = counter.hand_over(&ask, &staff, &successor, now).await?;
    let posts = handed.posts.into_iter();
    Ok(Json(OffboardingView {
        staff,
        successor,
        tickets: handed.tickets,
        posts: posts
            .map(|(department, chief)| PostLeft { department, chief })
            .collect(),
    }))
}
