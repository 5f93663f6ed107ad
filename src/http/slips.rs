//! `/api/v1/slips`: paper handed over from one person to another. A slip is made out, signed and offered by its giver;
//! made out again as what was found, signed and received by somebody else; or called off.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Service;
use super::body::Large;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::paper_list;
use crate::custody::{
    CallOffOrder, CarriageOrder, DraftedOutcome, DraftedSlip, OfferOrder, OutcomeDraft,
    PaperSlipView, ReceiptOrder, SlipDraft,
};
use crate::domain::access::{Action, Target};
use crate::domain::custody::{Receipt, Side, Slip};
use crate::domain::{DepartmentCode, Problem, SiteCode, SlipId, Subject};
use crate::store::read_log::ReadKind;

/// Lets the caller do `action` for a side.
pub(super) fn may_for(signed: &Signed, action: Action, side: &Side) -> Result<(), HttpProblem> {
    match side {
        Side::Hall { site } => signed.may(action, &Target::site(site)),
        Side::Department { department } => {
            let own = std::slice::from_ref(department);
            signed.may(action, &Target::departments(own))
        }
    }
}

/// Lets the caller read what two sides have to do with.
pub(super) fn may_read(signed: &Signed, slip: &Slip) -> Result<(), HttpProblem> {
    let given = may_for(signed, Action::ReadPaper, &slip.from.side);
    given.or_else(|_| may_for(signed, Action::ReadPaper, &slip.to))
}

async fn shown(
    service: &Service,
    signed: &Signed,
    status: StatusCode,
    id: &SlipId,
) -> Result<Versioned<PaperSlipView>, HttpProblem> {
    // A carrier's name is on it.
    service.note(signed, &Subject::Slip(id.clone()), ReadKind::View, None)?;
    let (body, version) = service.counter.slip_view(id).await?;
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// Makes a slip out for the caller to sign. Nothing is recorded; the same request makes the same slip.
#[utoipa::path(post, path = "/api/v1/slips/drafts", tag = "paper", request_body = SlipDraft,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DraftedSlip)), security(("session" = [])))]
pub async fn draft(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(draft): Body<SlipDraft>,
) -> Result<Json<DraftedSlip>, HttpProblem> {
    may_for(&signed, Action::HandOverPaper, &draft.from)?;
    let id = SlipId::new(signed.name_of(&key, "S"))
        .map_err(|error| HttpProblem::new(Problem::Internal, error.to_string()))?;
    let giver = signed.ask(&key, None, None)?.staff()?;
    let drafted = service.counter.draft_slip(draft, id, &giver).await?;
    Ok(Json(drafted))
}

/// Offers what the caller signed.
#[utoipa::path(post, path = "/api/v1/slips", tag = "paper", request_body = OfferOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PaperSlipView)), security(("session" = [])))]
pub async fn offer(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Large(order, _room): Large<OfferOrder>,
) -> Result<Versioned<PaperSlipView>, HttpProblem> {
    may_for(&signed, Action::HandOverPaper, &order.manifest.from.side)?;
    let ask = signed.ask(&key, None, None)?;
    own(&order.given.staff, &ask)?;
    let id = order.manifest.slip.clone();
    service.counter.offer_slip(&ask, order).await?;
    shown(&service, &signed, StatusCode::CREATED, &id).await
}

/// Nobody sends another's signature: whoever signs is signed in.
pub(super) fn own(
    signer: &crate::domain::StaffId,
    ask: &crate::counter::Ask,
) -> Result<(), HttpProblem> {
    if *signer == ask.staff()? {
        return Ok(());
    }
    let detail = "签名人不是当前登录人；请由签名人本人登录提交 (the signature is not the caller's own; whoever signed sends it)";
    Err(HttpProblem::new(Problem::Forbidden, detail))
}

/// Which slips are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlipQuery {
    /// Those that a site gives or is to receive. Either this or `department`.
    site: Option<SiteCode>,
    /// Those that a department gives or is to receive.
    department: Option<DepartmentCode>,
    /// Finished ones instead of open ones.
    #[serde(default)]
    done: bool,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The side that is asked for.
pub(super) fn side(
    site: Option<SiteCode>,
    department: Option<DepartmentCode>,
) -> Result<Side, HttpProblem> {
    match (site, department) {
        (Some(site), None) => Ok(Side::Hall { site }),
        (None, Some(department)) => Ok(Side::Department { department }),
        _ => {
            let detail = "请指明站点或部门之一 say either site or department";
            Err(HttpProblem::new(Problem::BadRequest, detail))
        }
    }
}

/// Slips of a side, newest first.
#[utoipa::path(get, path = "/api/v1/slips", tag = "paper", params(SlipQuery),
    responses((status = 200, body = PageOf<PaperSlipView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<SlipQuery>,
) -> Result<Json<PageOf<PaperSlipView>>, HttpProblem> {
    let side = side(asked.site, asked.department)?;
    may_for(&signed, Action::ReadPaper, &side)?;
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let list = paper_list::slips(&side, !asked.done);
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        if let Subject::Slip(id) = &entry.subject {
            items.push(service.counter.slip_view(id).await?.0);
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// A slip with both signatures.
#[utoipa::path(get, path = "/api/v1/slips/{id}", tag = "paper", params(("id" = SlipId, Path)),
    responses((status = 200, body = PaperSlipView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
) -> Result<Versioned<PaperSlipView>, HttpProblem> {
    may_read(&signed, &service.counter.slip_now(&id).await?.0)?;
    shown(&service, &signed, StatusCode::OK, &id).await
}

/// Lets the receiving side make out what it found, and the giving side what stands on a stamped sheet.
fn may_draft(signed: &Signed, slip: &Slip, stamped: bool) -> Result<(), HttpProblem> {
    let acting = if stamped { &slip.from.side } else { &slip.to };
    may_for(signed, Action::HandOverPaper, acting)
}

/// Makes out what the caller found, for the caller to sign. Nothing is recorded.
#[utoipa::path(post, path = "/api/v1/slips/{id}/outcomes", tag = "paper", request_body = OutcomeDraft,
    params(("id" = SlipId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DraftedOutcome)), security(("session" = [])))]
pub async fn draft_outcome(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
    key: RequestKey,
    Body(draft): Body<OutcomeDraft>,
) -> Result<Json<DraftedOutcome>, HttpProblem> {
    let (slip, _) = service.counter.slip_now(&id).await?;
    may_draft(&signed, &slip, draft.stamped)?;
    let receiver = signed.ask(&key, None, None)?.staff()?;
    let drafted = service.counter.draft_outcome(&id, draft, &receiver).await?;
    Ok(Json(drafted))
}

/// Receives what the caller signed for.
#[utoipa::path(post, path = "/api/v1/slips/{id}/receipt", tag = "paper", request_body = ReceiptOrder,
    params(("id" = SlipId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = PaperSlipView)), security(("session" = [])))]
pub async fn receive(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
    key: RequestKey,
    version: IfMatch,
    Large(order, _room): Large<ReceiptOrder>,
) -> Result<Versioned<PaperSlipView>, HttpProblem> {
    let (slip, _) = service.counter.slip_now(&id).await?;
    let acting = match &order.receipt {
        Receipt::Signed { .. } => &slip.to,
        Receipt::Stamped { .. } => &slip.from.side,
    };
    may_for(&signed, Action::HandOverPaper, acting)?;
    let ask = signed.ask(&key, Some(version), None)?;
    own(&order.receipt.signature().staff, &ask)?;
    service.counter.receive_slip(&ask, &id, order).await?;
    shown(&service, &signed, StatusCode::OK, &id).await
}

/// Ends an offer without a hand-over: the receiving side refuses it, or its giver takes it back.
#[utoipa::path(post, path = "/api/v1/slips/{id}/end", tag = "paper", request_body = CallOffOrder,
    params(("id" = SlipId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = PaperSlipView)), security(("session" = [])))]
pub async fn end(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<CallOffOrder>,
) -> Result<Versioned<PaperSlipView>, HttpProblem> {
    let (slip, _) = service.counter.slip_now(&id).await?;
    let acting = match &order {
        CallOffOrder::Refuse { .. } => &slip.to,
        CallOffOrder::Cancel { .. } => &slip.from.side,
    };
    may_for(&signed, Action::HandOverPaper, acting)?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service.counter.call_off_slip(&ask, &id, &by, order).await?;
    shown(&service, &signed, StatusCode::OK, &id).await
}

/// Records that a carrier has what is on a slip, or brought it back (在途). The giver's side does.
#[utoipa::path(post, path = "/api/v1/slips/{id}/carriage", tag = "paper", request_body = CarriageOrder,
    params(("id" = SlipId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = PaperSlipView)), security(("session" = [])))]
pub async fn carry(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<CarriageOrder>,
) -> Result<Versioned<PaperSlipView>, HttpProblem> {
    let (slip, _) = service.counter.slip_now(&id).await?;
    may_for(&signed, Action::HandOverPaper, &slip.from.side)?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service.counter.carry_slip(&ask, &id, &by, order).await?;
    shown(&service, &signed, StatusCode::OK, &id).await
}

/// Makes out what the caller found in boxes that were taken by seal, for the caller to sign. Nothing is recorded.
#[utoipa::path(post, path = "/api/v1/slips/{id}/checks/drafts", tag = "paper", request_body = OutcomeDraft,
    params(("id" = SlipId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DraftedOutcome)), security(("session" = [])))]
pub async fn draft_check(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
    key: RequestKey,
    Body(draft): Body<OutcomeDraft>,
) -> Result<Json<DraftedOutcome>, HttpProblem> {
    let (slip, _) = service.counter.slip_now(&id).await?;
    may_draft(&signed, &slip, draft.stamped)?;
    signed.ask(&key, None, None)?.staff()?;
    Ok(Json(service.counter.draft_check(&id, draft).await?))
}

/// Checks what was taken by seal. Nothing changes hands; what is wrong is for the giver to clear up.
#[utoipa::path(post, path = "/api/v1/slips/{id}/checks", tag = "paper", request_body = ReceiptOrder,
    params(("id" = SlipId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = PaperSlipView)), security(("session" = [])))]
pub async fn check(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<SlipId>,
    key: RequestKey,
    version: IfMatch,
    Large(order, _room): Large<ReceiptOrder>,
) -> Result<Versioned<PaperSlipView>, HttpProblem> {
    let (slip, _) = service.counter.slip_now(&id).await?;
    let acting = match &order.receipt {
        Receipt::Signed { .. } => &slip.to,
        Receipt::Stamped { .. } => &slip.from.side,
    };
    may_for(&signed, Action::HandOverPaper, acting)?;
    let ask = signed.ask(&key, Some(version), None)?;
    own(&order.receipt.signature().staff, &ask)?;
    service.counter.check_slip(&ask, &id, order).await?;
    shown(&service, &signed, StatusCode::OK, &id).await
}
