//! `/api/v1/items`: the service items as everybody who works here may see them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, PageOf, PageQuery, Versioned, cut};
use super::problem::HttpProblem;
use crate::domain::access::{Action, Target};
use crate::domain::catalogue::ItemKind;
use crate::domain::{Date, Subject, TaskCode};

/// An item of the list.
#[derive(Serialize, ToSchema)]
pub struct ItemRow {
    task: TaskCode,
    /// The version that is live today, with its guide; none when there is none.
    #[schema(value_type = Option<serde_json::Value>)]
    guide: Option<serde_json::Value>,
    /// What it is called.
    name: Option<String>,
    kind: Option<ItemKind>,
    version: Option<u32>,
}

fn listed(task: &Subject) -> Option<&TaskCode> {
    match task {
        Subject::Item(task) => Some(task),
        _ => None,
    }
}

async fn item_row(service: &Service, task: &TaskCode, whole: bool) -> Result<ItemRow, HttpProblem> {
    let counter = &service.counter;
    let state = counter.item(task).await?;
    let today = Date::of(counter.clock.now());
    let mut row = ItemRow {
        task: task.clone(),
        guide: None,
        name: None,
        kind: None,
        version: None,
    };
    if let Some((number, version)) = state.live(today) {
        let item = counter.pinned(&version.content).await?;
        row.version = Some(number);
        row.name = Some(item.name.clone());
        row.kind = Some(item.kind);
        if whole {
            row.guide = serde_json::to_value(&*item).ok();
        }
    }
    Ok(row)
}

/// The service items, in the order they were registered.
#[utoipa::path(get, path = "/api/v1/items", tag = "hall", params(PageQuery),
    responses((status = 200, body = PageOf<ItemRow>)), security(("session" = [])))]
pub async fn items(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<PageQuery>,
) -> Result<Json<PageOf<ItemRow>>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    let (page, limit) = asked.page(false)?;
    let found = service.list("item", &page).await?;
    let (found, next) = cut(found, limit);
    let mut items = Vec::with_capacity(found.len());
    for task in found.iter().filter_map(|entry| listed(&entry.subject)) {
        items.push(item_row(&service, task, false).await?);
    }
    Ok(Json(PageOf { items, next }))
}

/// A service item with its guide.
#[utoipa::path(get, path = "/api/v1/items/{task}", tag = "hall", params(("task" = TaskCode, Path)),
    responses((status = 200, body = ItemRow)), security(("session" = [])))]
pub async fn item(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(task): At<TaskCode>,
) -> Result<Versioned<ItemRow>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    Ok(Versioned {
        status: StatusCode::OK,
        body: item_row(&service, &task, true).await?,
        version: service.version(Subject::Item(task)).await?,
    })
}
