//! `/api/v1/transfers`: the rounds of the monthly transfer, from their opening to the department's signature. What is
//! offered and received on a round are slips.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use super::slips::{may_for, side};
use crate::counter::paper_list;
use crate::domain::access::{Action, Target};
use crate::domain::custody::Side;
use crate::domain::{DepartmentCode, Month, Problem, SiteCode, Subject, TransferId};
use crate::transfer::{
    DeferralOrder, EarlyRound, MonthView, RATE_MONTHS_MAX, RateView, ReconcileDraft, RoundView,
    Ticked,
};

/// Lets the caller do `action` with a round: people of its site and of its department.
pub(super) async fn may(
    service: &Service,
    signed: &Signed,
    id: &TransferId,
    action: Action,
) -> Result<(), HttpProblem> {
    let (round, _) = service.counter.round_now(id).await?;
    let departments = std::slice::from_ref(&round.of.department);
    signed.may(action, &Target::case(&round.of.site, departments))
}

async fn shown(service: &Service, id: &TransferId) -> Result<Versioned<RoundView>, HttpProblem> {
    let (body, version) = service.counter.round_view(id).await?;
    Ok(Versioned {
        status: StatusCode::OK,
        version,
        body,
    })
}

/// Which rounds are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TransferQuery {
    /// Those of a site. Either this or `department`.
    site: Option<SiteCode>,
    /// Those to a department.
    department: Option<DepartmentCode>,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Rounds of a site or to a department, newest first, without their papers.
#[utoipa::path(get, path = "/api/v1/transfers", tag = "transfer", params(TransferQuery),
    responses((status = 200, body = PageOf<RoundView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<TransferQuery>,
) -> Result<Json<PageOf<RoundView>>, HttpProblem> {
    let side = side(asked.site, asked.department)?;
    may_for(&signed, Action::ReadTransfer, &side)?;
    let list = match &side {
        Side::Hall { site } => paper_list::rounds_of_site(site),
        Side::Department { department } => paper_list::rounds_of_department(department),
    };
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        if let Subject::Transfer(id) = &entry.subject {
            items.push(service.counter.round_summary(id).await?);
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// A round with its papers.
#[utoipa::path(get, path = "/api/v1/transfers/{id}", tag = "transfer", params(("id" = TransferId, Path)),
    responses((status = 200, body = RoundView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
) -> Result<Versioned<RoundView>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadTransfer).await?;
    shown(&service, &id).await
}

/// A month to be transferred before it is over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyOrder {
    /// To whom.
    department: DepartmentCode,
    /// From where.
    site: SiteCode,
    /// Which month.
    #[schema(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: Month,
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct EarlyView {
    /// Rounds opened.
    opened: usize,
    /// Rounds that papers joined.
    joined: usize,
}

/// Opens a round for what closed so far (及时移交), instead of waiting for the end of the month. Asked again, what is on
/// a round already is not opened twice.
#[utoipa::path(post, path = "/api/v1/transfers", tag = "transfer", request_body = EarlyOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = EarlyView)), security(("session" = [])))]
pub async fn open(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<EarlyOrder>,
) -> Result<Json<EarlyView>, HttpProblem> {
    signed.may(Action::GatherTransfer, &Target::site(&order.site))?;
    let ask = signed.ask(&key, None, None)?;
    let early = EarlyRound {
        department: order.department,
        site: order.site,
        month: order.month,
    };
    let Ticked { opened, joined, .. } = service.counter.open_early(&ask.by, &early).await?;
    Ok(Json(EarlyView { opened, joined }))
}

/// Records what the window found when it looked the papers of a round up by their labels.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/reconciliation", tag = "transfer", request_body = ReconcileDraft,
    params(("id" = TransferId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = RoundView)), security(("session" = [])))]
pub async fn reconcile(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
    key: RequestKey,
    version: IfMatch,
    Body(draft): Body<ReconcileDraft>,
) -> Result<Versioned<RoundView>, HttpProblem> {
    may(&service, &signed, &id, Action::GatherTransfer).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service
        .counter
        .reconcile_round(&ask, &id, &by, draft)
        .await?;
    shown(&service, &id).await
}

/// Asks to transfer papers later, or does something about such a request.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/deferral", tag = "transfer", request_body = DeferralOrder,
    params(("id" = TransferId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = RoundView)), security(("session" = [])))]
pub async fn defer(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<DeferralOrder>,
) -> Result<Versioned<RoundView>, HttpProblem> {
    let action = match &order {
        DeferralOrder::Ask { .. } => Action::AskDeferral,
        DeferralOrder::Consent {} | DeferralOrder::DepartmentDeclines { .. } => {
            Action::ConsentDeferral
        }
        DeferralOrder::Approve {} | DeferralOrder::HallDeclines { .. } => Action::ApproveDeferral,
    };
    may(&service, &signed, &id, action).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    service.counter.defer_round(&ask, &id, &by, order).await?;
    shown(&service, &id).await
}

/// The months of a site: how many closed cases stand how, and whether the month is closed.
#[utoipa::path(get, path = "/api/v1/sites/{site}/months", tag = "transfer", params(("site" = SiteCode, Path)),
    responses((status = 200, body = [MonthView])), security(("session" = [])))]
pub async fn months(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
) -> Result<Json<Vec<MonthView>>, HttpProblem> {
    signed.may(Action::ReadTransfer, &Target::site(&site))?;
    Ok(Json(service.counter.months(&site).await?))
}

/// Which months.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OnTimeQuery {
    /// The first month in which cases closed.
    #[param(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    from: Month,
    /// The last one, at most 36 in all.
    #[param(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    to: Month,
}

async fn rate(
    service: &Service,
    site: Option<&SiteCode>,
    OnTimeQuery { from, to }: OnTimeQuery,
) -> Result<Json<RateView>, HttpProblem> {
    let months = std::iter::successors(Some(from), |month| Some(month.next()));
    let months = months.take_while(|month| *month <= to);
    let months = months.take(RATE_MONTHS_MAX + 1).count();
    if !(1..=RATE_MONTHS_MAX).contains(&months) {
        let detail =
            format!("from is not after to, and at most {RATE_MONTHS_MAX} months are asked for");
        return Err(HttpProblem::new(Problem::BadRequest, detail));
    }
    Ok(Json(service.counter.transfer_rate(site, from, to).await?))
}

/// How much paper of a site was transferred in time (按时移交率), by window, department and the month in which the cases
/// closed. A paper counts as in time when nothing is owed of it any more on its last day: transferred, collected on the
/// way, or lawfully returned to the applicant. What was put off with consent is neither in time nor late.
#[utoipa::path(get, path = "/api/v1/sites/{site}/on-time", tag = "transfer", params(("site" = SiteCode, Path), OnTimeQuery),
    responses((status = 200, body = RateView)), security(("session" = [])))]
pub async fn on_time(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    Asked(asked): Asked<OnTimeQuery>,
) -> Result<Json<RateView>, HttpProblem> {
    signed.may(Action::ReadTransferRate, &Target::site(&site))?;
    rate(&service, Some(&site), asked).await
}

/// The same of every site, for the hall's own supervisor.
#[utoipa::path(get, path = "/api/v1/on-time", tag = "transfer", params(OnTimeQuery),
    responses((status = 200, body = RateView)), security(("session" = [])))]
pub async fn on_time_everywhere(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<OnTimeQuery>,
) -> Result<Json<RateView>, HttpProblem> {
    signed.may(Action::ReadTransferRate, &Target::HALL)?;
    rate(&service, None, asked).await
}
