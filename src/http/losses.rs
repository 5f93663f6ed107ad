//! `/api/v1/losses`: paper that is missing is reported lost, searched for, approved by both sides or declined, and found
//! again. A loss has the number of what did not match.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use super::slips::{may_for, own};
use crate::custody::{
    ApprovalOrder, BackOrder, DeclineOrder, DraftedFound, DraftedLoss, FoundOrder, LossView,
    SearchOrder,
};
use crate::domain::access::Action;
use crate::domain::custody::Holder;
use crate::domain::{DiscrepancyId, Subject};
use crate::store::read_log::ReadKind;

/// Lets the caller do `action` for one of the sides concerned: those that decide, and that which held the paper.
async fn may(
    service: &Service,
    signed: &Signed,
    id: &DiscrepancyId,
    action: Action,
) -> Result<(), HttpProblem> {
    let (state, _) = service.counter.loss(id).await?;
    let mut verdict = may_for(signed, action, &state.reported.last.side);
    for side in state.sides() {
        verdict = verdict.or_else(|_| may_for(signed, action, &side));
    }
    verdict
}

async fn shown(
    service: &Service,
    signed: &Signed,
    id: &DiscrepancyId,
) -> Result<Versioned<LossView>, HttpProblem> {
    // Reasons and searches are words about a case.
    service.note(signed, &Subject::Loss(id.clone()), ReadKind::View, None)?;
    let (body, version) = service.counter.loss_view(id).await?;
    Ok(Versioned {
        status: StatusCode::OK,
        version,
        body,
    })
}

/// A report of lost paper.
#[utoipa::path(get, path = "/api/v1/losses/{id}", tag = "paper", params(("id" = DiscrepancyId, Path)),
    responses((status = 200, body = LossView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
) -> Result<Versioned<LossView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadPaper).await?;
    shown(&service, &signed, &id).await
}

/// Why missing paper is taken for lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LossReportOrder {
    /// In words.
    reason: String,
}

/// Reports that what is missing is lost (报失).
#[utoipa::path(post, path = "/api/v1/losses/{id}/report", tag = "paper", request_body = LossReportOrder,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = LossView)), security(("session" = [])))]
pub async fn report(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<LossReportOrder>,
) -> Result<Versioned<LossView>, HttpProblem> {
    let (missing, _) = service.counter.discrepancy(&id).await?;
    may_for(&signed, Action::ReportLoss, &missing.discrepancy.owner.side)?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service
        .counter
        .report_loss(&ask, &id, &by, &order.reason)
        .await?;
    shown(&service, &signed, &id).await
}

/// Records that somebody searched.
#[utoipa::path(post, path = "/api/v1/losses/{id}/searches", tag = "paper", request_body = SearchOrder,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = LossView)), security(("session" = [])))]
pub async fn search(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<SearchOrder>,
) -> Result<Versioned<LossView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReportLoss).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service.counter.search_loss(&ask, &id, &by, &order).await?;
    shown(&service, &signed, &id).await
}

/// Makes out what both sides sign. Nothing is recorded.
#[utoipa::path(get, path = "/api/v1/losses/{id}/document", tag = "paper", params(("id" = DiscrepancyId, Path)),
    responses((status = 200, body = DraftedLoss)), security(("session" = [])))]
pub async fn document(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
) -> Result<Json<DraftedLoss>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadPaper).await?;
    Ok(Json(service.counter.draft_loss(&id).await?))
}

/// Approves for a side, with the caller's signature, that the paper is lost. With the last side it is.
#[utoipa::path(post, path = "/api/v1/losses/{id}/approval", tag = "paper", request_body = ApprovalOrder,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = LossView)), security(("session" = [])))]
pub async fn approve(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<ApprovalOrder>,
) -> Result<Versioned<LossView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadPaper).await?;
    may_for(&signed, Action::ApproveLoss, &order.side)?;
    let ask = signed.ask(&key, Some(version), None)?;
    own(&order.signed.staff, &ask)?;
    service.counter.approve_loss(&ask, &id, &order).await?;
    shown(&service, &signed, &id).await
}

/// Declines for a side: the paper stays in doubt.
#[utoipa::path(post, path = "/api/v1/losses/{id}/declination", tag = "paper", request_body = DeclineOrder,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = LossView)), security(("session" = [])))]
pub async fn decline(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<DeclineOrder>,
) -> Result<Versioned<LossView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadPaper).await?;
    may_for(&signed, Action::ApproveLoss, &order.side)?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service.counter.decline_loss(&ask, &id, &by, &order).await?;
    shown(&service, &signed, &id).await
}

/// Who is to hold found paper.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundDraft {
    /// Somebody of the side that held it, where its last holder left; without it the last holder.
    #[serde(default)]
    to: Option<Holder>,
}

/// Makes out what finder and holder sign. Nothing is recorded.
#[utoipa::path(post, path = "/api/v1/losses/{id}/found/drafts", tag = "paper", request_body = FoundDraft,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DraftedFound)), security(("session" = [])))]
pub async fn found_document(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    _key: RequestKey,
    Body(draft): Body<FoundDraft>,
) -> Result<Json<DraftedFound>, HttpProblem> {
    may(&service, &signed, &id, Action::ReportLoss).await?;
    Ok(Json(service.counter.draft_found(&id, draft.to).await?))
}

/// Records, with the finder's signature, that lost paper was found.
#[utoipa::path(post, path = "/api/v1/losses/{id}/found", tag = "paper", request_body = FoundOrder,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = LossView)), security(("session" = [])))]
pub async fn found(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<FoundOrder>,
) -> Result<Versioned<LossView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReportLoss).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    own(&order.signed.staff, &ask)?;
    service.counter.report_found(&ask, &id, &order).await?;
    shown(&service, &signed, &id).await
}

/// Takes found paper back, with the holder's signature: it is owed to its department again.
#[utoipa::path(post, path = "/api/v1/losses/{id}/back", tag = "paper", request_body = BackOrder,
    params(("id" = DiscrepancyId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = LossView)), security(("session" = [])))]
pub async fn take_back(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<DiscrepancyId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<BackOrder>,
) -> Result<Versioned<LossView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReportLoss).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    own(&order.signed.staff, &ask)?;
    service.counter.take_back_found(&ask, &id, &order).await?;
    shown(&service, &signed, &id).await
}
