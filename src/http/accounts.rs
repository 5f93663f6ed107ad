//! `/api/v1/staff/{staff}/…`: what administrators do with accounts, second chances, and leaving. What is shown once
//! (codes) is in the answer to the first try of a request and nowhere else.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use super::staff::{NO_STORE, StaffView, shown};
use crate::domain::access::{Action, Grant, Target};
use crate::domain::staff::LockReason;
use crate::domain::{DepartmentCode, Problem, StaffId, TicketId, Timestamp, TokenId};
use crate::people::SecretText;

/// The longest a recovery code is good, in hours.
const RECOVERY_HOURS_MAX: u16 = 168;
const HOUR_MILLIS: i64 = 3600 * 1000;

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
) -> Result<impl IntoResponse + use<>, HttpProblem> {
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
