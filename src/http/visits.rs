//! `/api/v1/visits`: somebody comes to a window.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::{GuidanceOrder, VisitOrder, VisitView, visit_list};
use crate::domain::access::{Action, Target};
use crate::domain::{Problem, SiteCode, Subject, VisitId};

async fn shown(
    service: &Service,
    status: StatusCode,
    id: &VisitId,
) -> Result<Versioned<VisitView>, HttpProblem> {
    let (visit, version) = service.counter.visit(id).await?;
    let body = VisitView::of(&visit);
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// Opens a visit.
#[utoipa::path(post, path = "/api/v1/visits", tag = "window", request_body = VisitOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = VisitView)), security(("session" = [])))]
pub async fn open(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<VisitOrder>,
) -> Result<Versioned<VisitView>, HttpProblem> {
    signed.may(Action::OpenVisit, &Target::site(&order.site))?;
    if order.occurred.is_some() {
        signed.may(Action::EnterLate, &Target::site(&order.site))?;
    }
    let id = VisitId::new(signed.name_of(&key, "V"))
        .map_err(|error| HttpProblem::new(Problem::Internal, error.to_string()))?;
    let ask = signed.ask(&key, None, None)?;
    service.counter.open_visit(&ask, &id, order).await?;
    shown(&service, StatusCode::CREATED, &id).await
}

/// A visit.
#[utoipa::path(get, path = "/api/v1/visits/{id}", tag = "window", params(("id" = VisitId, Path)),
    responses((status = 200, body = VisitView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<VisitId>,
) -> Result<Versioned<VisitView>, HttpProblem> {
    let (visit, _) = service.counter.visit(&id).await?;
    signed.may(Action::ListCases, &Target::site(&visit.site))?;
    shown(&service, StatusCode::OK, &id).await
}

/// Guides the visitor, takes another role of a merged window, or ends the visit.
#[utoipa::path(post, path = "/api/v1/visits/{id}/actions", tag = "window", request_body = GuidanceOrder,
    params(("id" = VisitId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = VisitView)), security(("session" = [])))]
pub async fn act(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<VisitId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<GuidanceOrder>,
) -> Result<Versioned<VisitView>, HttpProblem> {
    let (visit, _) = service.counter.visit(&id).await?;
    signed.may(Action::LogConsultation, &Target::site(&visit.site))?;
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.guide(&ask, &id, order).await?;
    shown(&service, StatusCode::OK, &id).await
}

/// The visits of a site, newest first.
#[utoipa::path(get, path = "/api/v1/sites/{site}/visits", tag = "window",
    params(("site" = SiteCode, Path), PageQuery),
    responses((status = 200, body = PageOf<VisitView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    Asked(asked): Asked<PageQuery>,
) -> Result<Json<PageOf<VisitView>>, HttpProblem> {
    signed.may(Action::ListCases, &Target::site(&site))?;
    let (page, limit) = asked.page(true)?;
    let found = service.list(&visit_list(&site), &page).await?;
    let (found, next) = cut(found, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in found {
        if let Subject::Visit(id) = &entry.subject {
            items.push(VisitView::of(&service.counter.visit(id).await?.0));
        }
    }
    Ok(Json(PageOf { items, next }))
}
