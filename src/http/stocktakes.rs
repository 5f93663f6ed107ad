//! `/api/v1/sites/{site}/stocktake`: the paper that lay at a site before the system was there.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::body::Large;
use super::door::Signed;
use super::extract::{At, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::custody::{OldFileOrder, RegisteredView, StocktakeView};
use crate::domain::SiteCode;
use crate::domain::access::{Action, Target};

async fn shown(
    service: &Service,
    site: &SiteCode,
) -> Result<Versioned<StocktakeView>, HttpProblem> {
    let (state, version) = service.counter.stocktake(site).await?;
    Ok(Versioned {
        status: StatusCode::OK,
        version,
        body: StocktakeView::of(&state),
    })
}

/// The stock-take of a site, with every file that was registered.
#[utoipa::path(get, path = "/api/v1/sites/{site}/stocktake", tag = "paper", params(("site" = SiteCode, Path)),
    responses((status = 200, body = StocktakeView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
) -> Result<Versioned<StocktakeView>, HttpProblem> {
    signed.may(Action::ReadPaper, &Target::site(&site))?;
    shown(&service, &site).await
}

/// Opens the stock-take of a site (期初盘点). There is one a site.
#[utoipa::path(post, path = "/api/v1/sites/{site}/stocktake", tag = "paper",
    params(("site" = SiteCode, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = StocktakeView)), security(("session" = [])))]
pub async fn open(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    key: RequestKey,
) -> Result<Versioned<StocktakeView>, HttpProblem> {
    signed.may(Action::OpenStocktake, &Target::site(&site))?;
    let ask = signed.ask(&key, None, None)?;
    let by = ask.staff()?;
    service.counter.open_stocktake(&ask, &site, &by).await?;
    let shown = shown(&service, &site).await?;
    Ok(Versioned {
        status: StatusCode::CREATED,
        ..shown
    })
}

/// Old files to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OldFilesOrder {
    /// The files: all of them are registered, or none.
    #[schema(max_items = 2000)]
    files: Vec<OldFileOrder>,
}

/// What was registered, and the stock-take after it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OldFilesView {
    /// Their numbers, old and new.
    #[serde(flatten)]
    files: RegisteredView,
    /// The stock-take.
    stocktake: StocktakeView,
}

/// Registers old files: each becomes a case that closed long ago, with its bundle held by the caller. Sent again, those
/// that were registered are passed over.
#[utoipa::path(post, path = "/api/v1/sites/{site}/stocktake/files", tag = "paper", request_body = OldFilesOrder,
    params(("site" = SiteCode, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = OldFilesView)), security(("session" = [])))]
pub async fn register(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    key: RequestKey,
    Large(order, _room): Large<OldFilesOrder>,
) -> Result<Versioned<OldFilesView>, HttpProblem> {
    signed.may(Action::RegisterOldFile, &Target::site(&site))?;
    let ask = signed.ask(&key, None, None)?;
    let clerk = ask.staff()?;
    let registered = service
        .counter
        .register_old_files(&ask, &site, &clerk, order.files);
    let files = registered.await?;
    let Versioned {
        status,
        version,
        body: stocktake,
    } = shown(&service, &site).await?;
    Ok(Versioned {
        status,
        version,
        body: OldFilesView { files, stocktake },
    })
}

/// Closes the stock-take of a site: nothing more lay there.
#[utoipa::path(post, path = "/api/v1/sites/{site}/stocktake/close", tag = "paper",
    params(("site" = SiteCode, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = StocktakeView)), security(("session" = [])))]
pub async fn close(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    key: RequestKey,
    version: IfMatch,
) -> Result<Versioned<StocktakeView>, HttpProblem> {
    signed.may(Action::OpenStocktake, &Target::site(&site))?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service.counter.close_stocktake(&ask, &site, &by).await?;
    shown(&service, &site).await
}
