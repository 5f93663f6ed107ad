//! `/api/v1/bundles`: where the paper of a case is, and what did not match at a hand-over.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::cases::Known;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use super::slips::{may_for, side};
use crate::counter::paper_list;
use crate::custody::{BundleView, DiscrepancyView, PaperOrder};
use crate::domain::access::Action;
use crate::domain::custody::Side;
use crate::domain::{CaseNo, DepartmentCode, DiscrepancyId, SiteCode, Subject};
use crate::store::read_log::ReadKind;

/// Lets the caller do `action` with the paper of a case: whoever may with the case, and the departments that hold some
/// of it.
pub(super) async fn may(
    service: &Service,
    signed: &Signed,
    case: &CaseNo,
    action: Action,
) -> Result<(), HttpProblem> {
    let mut known = Known::read(service, case).await?;
    let (bundle, _) = service.counter.bundle_view(case).await?;
    let holders = bundle
        .papers
        .iter()
        .filter_map(|paper| paper.holder.as_ref());
    let theirs = holders.filter_map(|holder| match &holder.side {
        Side::Department { department } => Some(department.clone()),
        Side::Hall { .. } => None,
    });
    known.departments.extend(theirs);
    signed.may(action, &known.target())
}

async fn shown(
    service: &Service,
    status: StatusCode,
    case: &CaseNo,
) -> Result<Versioned<BundleView>, HttpProblem> {
    let (body, version) = service.counter.bundle_view(case).await?;
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// Who holds each paper of a case, and what is being done with it.
#[utoipa::path(get, path = "/api/v1/bundles/{case}", tag = "paper", params(("case" = CaseNo, Path)),
    responses((status = 200, body = BundleView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(case): At<CaseNo>,
) -> Result<Versioned<BundleView>, HttpProblem> {
    may(&service, &signed, &case, Action::ReadPaper).await?;
    let subject = Subject::Bundle(case.clone());
    service.note(&signed, &subject, ReadKind::View, None)?;
    shown(&service, StatusCode::OK, &case).await
}

/// Puts paper into a bundle that was made in the course of the case: a signed delivery receipt, a notice.
#[utoipa::path(post, path = "/api/v1/bundles/{case}/papers", tag = "paper", request_body = PaperOrder,
    params(("case" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 201, body = BundleView)), security(("session" = [])))]
pub async fn add(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(case): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<PaperOrder>,
) -> Result<Versioned<BundleView>, HttpProblem> {
    may(&service, &signed, &case, Action::RecordMaterial).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    let clerk = ask.staff()?;
    service
        .counter
        .add_paper(&ask, &case, &clerk, order)
        .await?;
    shown(&service, StatusCode::CREATED, &case).await
}

/// Which discrepancies are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiscrepancyQuery {
    /// Those that a site clears up. Either this or `department`.
    site: Option<SiteCode>,
    /// Those that a department clears up.
    department: Option<DepartmentCode>,
    /// Cleared ones instead of open ones.
    #[serde(default)]
    done: bool,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What did not match and a side clears up, newest first.
#[utoipa::path(get, path = "/api/v1/discrepancies", tag = "paper", params(DiscrepancyQuery),
    responses((status = 200, body = PageOf<DiscrepancyView>)), security(("session" = [])))]
pub async fn discrepancies(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<DiscrepancyQuery>,
) -> Result<Json<PageOf<DiscrepancyView>>, HttpProblem> {
    let side = side(asked.site, asked.department)?;
    may_for(&signed, Action::ReadPaper, &side)?;
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let list = paper_list::discrepancies(&side, !asked.done);
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let now = service.counter.clock.now();
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        if let Subject::Discrepancy(id) = &entry.subject {
            let (state, _) = service.counter.discrepancy(id).await?;
            items.push(DiscrepancyView::of(&state, now));
        }
    }
    Ok(Json(PageOf { items, next }))
}

async fn discrepancy_shown(
    service: &Service,
    id: &DiscrepancyId,
) -> Result<Versioned<DiscrepancyView>, HttpProblem> {
    let (state, version) = service.counter.discrepancy(id).await?;
    Ok(Versioned {
        status: StatusCode::OK,
        version,
        body: DiscrepancyView::of(&state, service.counter.clock.now()),
    })
}

/// What did not match.
#[utoipa::path(get, path = "/api/v1/discrepancies/{id}", tag = "paper", params(("id" = DiscrepancyId, Path)),
    responses((status = 200, body = DiscrepancyView)), security(("session" = [])))]
pub async fn discrepancy(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
) -> Result<Versioned<DiscrepancyView>, HttpProblem> {
    let (state, _) = service.counter.discrepancy(&id).await?;
    may_for(&signed, Action::ReadPaper, &state.discrepancy.owner.side)?;
    discrepancy_shown(&service, &id).await
}

/// How something that did not match was cleared up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearOrder {
    /// How, in words.
    note: String,
}

/// Clears up what did not match; its papers may go on a round again.
#[utoipa::path(post, path = "/api/v1/discrepancies/{id}/clearance", tag = "paper", request_body = ClearOrder,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = DiscrepancyView)), security(("session" = [])))]
pub async fn clear(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<ClearOrder>,
) -> Result<Versioned<DiscrepancyView>, HttpProblem> {
    let (state, _) = service.counter.discrepancy(&id).await?;
    may_for(
        &signed,
        Action::ClearDiscrepancy,
        &state.discrepancy.owner.side,
    )?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    let counter = &service.counter;
    counter
        .clear_discrepancy(&ask, &id, &by, &order.note)
        .await?;
    discrepancy_shown(&service, &id).await
}

/// Which bundles are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BundleQuery {
    /// Those of which a site holds paper. Either this or `department`.
    site: Option<SiteCode>,
    /// Those of which a department holds paper.
    department: Option<DepartmentCode>,
    /// Of the site's, those of which the caller holds paper.
    #[serde(default)]
    mine: bool,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Bundles of which a side, or the caller, holds paper, newest first.
#[utoipa::path(get, path = "/api/v1/bundles", tag = "paper", params(BundleQuery),
    responses((status = 200, body = PageOf<BundleView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<BundleQuery>,
) -> Result<Json<PageOf<BundleView>>, HttpProblem> {
    let side = side(asked.site, asked.department)?;
    may_for(&signed, Action::ReadPaper, &side)?;
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let list = match signed.caller.staff().filter(|_| asked.mine) {
        Some(staff) => paper_list::held_by(staff),
        None => paper_list::held_at(&side),
    };
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        if let Subject::Bundle(case) = &entry.subject {
            items.push(service.counter.bundle_view(case).await?.0);
        }
    }
    Ok(Json(PageOf { items, next }))
}
