//! `/api/v1/containers`: the boxes, shelves, cabinets and rooms that paper is kept in, and what is in them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use super::slips::{may_for, side};
use crate::counter::paper_list;
use crate::custody::{ContainerOrder, ContainerView, ContentView, NewContainer};
use crate::domain::access::{Action, Target};
use crate::domain::{ContainerId, DepartmentCode, SiteCode, Subject};

async fn shown(
    service: &Service,
    status: StatusCode,
    id: &ContainerId,
) -> Result<Versioned<ContainerView>, HttpProblem> {
    let (body, version) = service.counter.container_view(id).await?;
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// Brings a container into use, under the code on its label.
#[utoipa::path(post, path = "/api/v1/containers", tag = "paper", request_body = NewContainer,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = ContainerView)), security(("session" = [])))]
pub async fn make(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(new): Body<NewContainer>,
) -> Result<Versioned<ContainerView>, HttpProblem> {
    signed.may(Action::MakeContainer, &Target::site(&new.site))?;
    let ask = signed.ask(&key, None, None)?;
    let by = ask.staff()?;
    service.counter.make_container(&ask, &by, &new).await?;
    shown(&service, StatusCode::CREATED, &new.id).await
}

/// Which containers are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContainerQuery {
    /// Those of a site. Either this or `department`.
    site: Option<SiteCode>,
    /// Those that a department received sealed.
    department: Option<DepartmentCode>,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The containers of a side, newest first.
#[utoipa::path(get, path = "/api/v1/containers", tag = "paper", params(ContainerQuery),
    responses((status = 200, body = PageOf<ContainerView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<ContainerQuery>,
) -> Result<Json<PageOf<ContainerView>>, HttpProblem> {
    let side = side(asked.site, asked.department)?;
    may_for(&signed, Action::ReadPaper, &side)?;
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let list = paper_list::containers(&side);
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        if let Subject::Container(id) = &entry.subject {
            items.push(service.counter.container_view(id).await?.0);
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// A container, and where it stands.
#[utoipa::path(get, path = "/api/v1/containers/{id}", tag = "paper", params(("id" = ContainerId, Path)),
    responses((status = 200, body = ContainerView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<ContainerId>,
) -> Result<Versioned<ContainerView>, HttpProblem> {
    let (container, _) = service.counter.container(&id).await?;
    may_for(&signed, Action::ReadPaper, &container.side)?;
    shown(&service, StatusCode::OK, &id).await
}

/// What is in a container: papers of bundles, and smaller containers.
#[utoipa::path(get, path = "/api/v1/containers/{id}/content", tag = "paper",
    params(("id" = ContainerId, Path), PageQuery),
    responses((status = 200, body = PageOf<ContentView>)), security(("session" = [])))]
pub async fn content(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<ContainerId>,
    Asked(page): Asked<PageQuery>,
) -> Result<Json<PageOf<ContentView>>, HttpProblem> {
    let (container, _) = service.counter.container(&id).await?;
    may_for(&signed, Action::ReadPaper, &container.side)?;
    let (page, limit) = page.page(false)?;
    let list = paper_list::content(&id);
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        items.extend(service.counter.content_view(&id, &entry.subject).await?);
    }
    Ok(Json(PageOf { items, next }))
}

/// Moves a container, fills it, takes paper out of it, seals or opens a box.
#[utoipa::path(post, path = "/api/v1/containers/{id}/orders", tag = "paper", request_body = ContainerOrder,
    params(("id" = ContainerId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = ContainerView)), security(("session" = [])))]
pub async fn act(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<ContainerId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<ContainerOrder>,
) -> Result<Versioned<ContainerView>, HttpProblem> {
    let (container, _) = service.counter.container(&id).await?;
    match (&order, &container.side) {
        // An empty box comes back from a department: whoever takes it in at its site moves it there.
        (
            ContainerOrder::Move { site: Some(to), .. },
            crate::domain::custody::Side::Department { .. },
        ) => {
            signed.may(Action::StorePaper, &Target::site(to))?;
        }
        (_, at) => may_for(&signed, Action::StorePaper, at)?,
    }
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service
        .counter
        .act_on_container(&ask, &id, &by, &order)
        .await?;
    shown(&service, StatusCode::OK, &id).await
}
