//! `/api/v1/inventories`: paper counted and compared with what the ledger says.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::body::Large;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use super::slips::own;
use crate::counter::paper_list;
use crate::custody::{DraftedFindings, FindingsOrder, InventoryOrder, InventoryView};
use crate::domain::access::{Action, Target};
use crate::domain::{CaseNo, InventoryId, Problem, SiteCode, Subject};

async fn shown(
    service: &Service,
    status: StatusCode,
    id: &InventoryId,
) -> Result<Versioned<InventoryView>, HttpProblem> {
    let (body, version) = service.counter.inventory_view(id).await?;
    Ok(Versioned {
        status,
        version,
        body,
    })
}

async fn may(
    service: &Service,
    signed: &Signed,
    id: &InventoryId,
    action: Action,
) -> Result<(), HttpProblem> {
    let (state, _) = service.counter.inventory(id).await?;
    signed.may(action, &Target::site(&state.site))
}

/// Which inventories are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InventoryQuery {
    /// Those of this site.
    site: SiteCode,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Inventories of a site, newest first, with what each found and what became of that.
#[utoipa::path(get, path = "/api/v1/inventories", tag = "paper", params(InventoryQuery),
    responses((status = 200, body = PageOf<InventoryView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<InventoryQuery>,
) -> Result<Json<PageOf<InventoryView>>, HttpProblem> {
    signed.may(Action::ReadPaper, &Target::site(&asked.site))?;
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let list = paper_list::inventories(&asked.site);
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        if let Subject::Inventory(id) = &entry.subject {
            items.push(service.counter.inventory_view(id).await?.0);
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// Opens an inventory of a site's paper, or of what one of its people holds (清点).
#[utoipa::path(post, path = "/api/v1/inventories", tag = "paper", request_body = InventoryOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = InventoryView)), security(("session" = [])))]
pub async fn open(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<InventoryOrder>,
) -> Result<Versioned<InventoryView>, HttpProblem> {
    signed.may(Action::CountPaper, &Target::site(&order.site))?;
    let ask = signed.ask(&key, None, None)?;
    let by = ask.staff()?;
    let id = InventoryId::new(signed.name_of(&key, "I"))
        .map_err(|error| HttpProblem::new(Problem::Internal, error.to_string()))?;
    service
        .counter
        .open_inventory(&ask, &id, &by, &order)
        .await?;
    shown(&service, StatusCode::CREATED, &id).await
}

/// An inventory with its figures, what it found and what became of that.
#[utoipa::path(get, path = "/api/v1/inventories/{id}", tag = "paper", params(("id" = InventoryId, Path)),
    responses((status = 200, body = InventoryView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<InventoryId>,
) -> Result<Versioned<InventoryView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadPaper).await?;
    shown(&service, StatusCode::OK, &id).await
}

/// Labels that were scanned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelsOrder {
    /// The case numbers on them.
    #[schema(max_items = 1000)]
    labels: Vec<CaseNo>,
}

/// Notes labels that were scanned. Any number of calls; a label counts once.
#[utoipa::path(post, path = "/api/v1/inventories/{id}/scans", tag = "paper", request_body = LabelsOrder,
    params(("id" = InventoryId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = InventoryView)), security(("session" = [])))]
pub async fn scan(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<InventoryId>,
    key: RequestKey,
    Body(order): Body<LabelsOrder>,
) -> Result<Versioned<InventoryView>, HttpProblem> {
    may(&service, &signed, &id, Action::CountPaper).await?;
    let ask = signed.ask(&key, None, None)?;
    let by = ask.staff()?;
    service
        .counter
        .scan_labels(&ask, &id, &by, &order.labels)
        .await?;
    shown(&service, StatusCode::OK, &id).await
}

/// Compares what was scanned with the ledger, for the caller to sign. Nothing is recorded.
#[utoipa::path(get, path = "/api/v1/inventories/{id}/findings", tag = "paper", params(("id" = InventoryId, Path)),
    responses((status = 200, body = DraftedFindings)), security(("session" = [])))]
pub async fn draft(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<InventoryId>,
) -> Result<Json<DraftedFindings>, HttpProblem> {
    may(&service, &signed, &id, Action::CountPaper).await?;
    Ok(Json(service.counter.draft_findings(&id).await?))
}

/// Closes an inventory with the findings that the caller signed; what did not match is to be cleared up.
#[utoipa::path(post, path = "/api/v1/inventories/{id}/close", tag = "paper", request_body = FindingsOrder,
    params(("id" = InventoryId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = InventoryView)), security(("session" = [])))]
pub async fn close(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<InventoryId>,
    key: RequestKey,
    version: IfMatch,
    Large(order, _room): Large<FindingsOrder>,
) -> Result<Versioned<InventoryView>, HttpProblem> {
    may(&service, &signed, &id, Action::CountPaper).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    own(&order.signed.staff, &ask)?;
    service.counter.close_inventory(&ask, &id, &order).await?;
    shown(&service, StatusCode::OK, &id).await
}
