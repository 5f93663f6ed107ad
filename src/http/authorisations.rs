//! `/api/v1/authorisations`: what departments let the windows do in their name (委托书).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::body::{Large, Paper};
use super::door::Signed;
use super::extract::{Asked, At, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::authorisation_list;
use crate::domain::access::{Action, Target};
use crate::domain::hall::{AuthorisationState, ItemScope, Power};
use crate::domain::{AuthorisationId, Date, DepartmentCode, Digest, SiteCode, Subject};

/// An authorisation (委托书).
#[derive(Serialize, ToSchema)]
pub struct AuthorisationView {
    authorisation: AuthorisationId,
    department: DepartmentCode,
    sites: Vec<SiteCode>,
    items: ItemScope,
    powers: Vec<PowerView>,
    /// Digest of the signed document.
    document: Digest,
}

/// A power with its term.
#[derive(Serialize, ToSchema)]
pub struct PowerView {
    power: Power,
    from: Date,
    /// The last day of its term.
    until: Date,
    /// The first day without it, where it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Date>,
    /// Whether it holds today.
    holds: bool,
}

/// Powers to take back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationOrder {
    /// Which.
    powers: Vec<Power>,
    /// The first day without them.
    from: Date,
    /// The department's letter, in base64.
    letter: Paper,
}

fn authorisation_view(state: AuthorisationState, today: Date) -> AuthorisationView {
    let powers = [Power::Receive, Power::Issue].into_iter();
    let powers = powers.filter_map(|power| {
        let term = state.term(power)?;
        Some(PowerView {
            power,
            from: term.from,
            until: term.until,
            revoked: state.revoked.get(&power).map(|(from, _)| *from),
            holds: state.check(power, today).is_ok(),
        })
    });
    AuthorisationView {
        powers: powers.collect(),
        authorisation: state.id,
        department: state.grant.department,
        sites: state.grant.sites,
        items: state.grant.items,
        document: state.grant.document,
    }
}

/// The authorisations, in the order they were granted.
#[utoipa::path(get, path = "/api/v1/authorisations", tag = "hall", params(PageQuery),
    responses((status = 200, body = PageOf<AuthorisationView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<PageQuery>,
) -> Result<Json<PageOf<AuthorisationView>>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    let (page, limit) = asked.page(false)?;
    let (found, next) = cut(service.list(authorisation_list(), &page).await?, limit);
    let today = Date::of(service.counter.clock.now());
    let mut items = Vec::with_capacity(found.len());
    for entry in found {
        if let Subject::Authorisation(id) = &entry.subject {
            let state = service.counter.authorisation(id).await?;
            items.push(authorisation_view(state, today));
        }
    }
    Ok(Json(PageOf { items, next }))
}

async fn shown(
    service: &Service,
    id: AuthorisationId,
) -> Result<Versioned<AuthorisationView>, HttpProblem> {
    let state = service.counter.authorisation(&id).await?;
    let today = Date::of(service.counter.clock.now());
    Ok(Versioned {
        status: StatusCode::OK,
        body: authorisation_view(state, today),
        version: service.version(Subject::Authorisation(id)).await?,
    })
}

/// An authorisation.
#[utoipa::path(get, path = "/api/v1/authorisations/{authorisation}", tag = "hall",
    params(("authorisation" = AuthorisationId, Path)),
    responses((status = 200, body = AuthorisationView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<AuthorisationId>,
) -> Result<Versioned<AuthorisationView>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    shown(&service, id).await
}

/// Takes powers back from an authorisation, with the department's letter (Art 11(1)).
#[utoipa::path(post, path = "/api/v1/authorisations/{authorisation}/revocations", tag = "hall",
    request_body = RevocationOrder,
    params(("authorisation" = AuthorisationId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = AuthorisationView)), security(("session" = [])))]
pub async fn revoke(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<AuthorisationId>,
    key: RequestKey,
    known: IfMatch,
    Large(order, _room): Large<RevocationOrder>,
) -> Result<Versioned<AuthorisationView>, HttpProblem> {
    // A site's supervisor may where the authorisation is for that site alone.
    let state = service.counter.authorisation(&id).await?;
    match state.grant.sites.as_slice() {
        [site] => signed.may(Action::ManageAuthorisations, &Target::site(site))?,
        _ => signed.may(Action::ManageAuthorisations, &Target::HALL)?,
    }
    let ask = signed.ask(&key, Some(known), None)?;
    let (powers, letter) = (&order.powers, &order.letter.0);
    let counter = &service.counter;
    counter
        .revoke(&ask, &id, powers, order.from, letter)
        .await?;
    shown(&service, id).await
}
