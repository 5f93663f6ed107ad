//! `/api/v1/cases/{no}/…`: what is done with a case, in groups of one kind. Each order asks the table for its own
//! action, and answers with the case as it stands after it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Service;
use super::cases::{Known, shown};
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::counter::{
    CaseView, DispatchOrder, EndingOrder, IntakeOrder, MaterialOrder, RatingOrder, ResultOrder,
    ReviewOrder,
};
use crate::domain::access::{Action, Target};
use crate::domain::ticket::FOLLOW_UP_DAYS;
use crate::domain::{CaseNo, DepartmentCode, Problem, TicketId};

/// What a department does, and which one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepartmentOrder {
    /// For which department.
    department: DepartmentCode,
    /// What.
    order: ReviewOrder,
}

/// Lets the caller do `action` with the case.
async fn may(
    service: &Service,
    signed: &Signed,
    no: &CaseNo,
    action: Action,
) -> Result<(), HttpProblem> {
    let known = Known::read(service, no).await?;
    signed.may(action, &known.target())
}

/// Fills in the checklist.
#[utoipa::path(post, path = "/api/v1/cases/{no}/materials", tag = "window", request_body = MaterialOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn materials(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<MaterialOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    may(&service, &signed, &no, Action::RecordMaterial).await?;
    if order.occurred().is_some() {
        may(&service, &signed, &no, Action::EnterLate).await?;
    }
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.handle_material(&ask, &no, order).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}

/// Receipt, deferral, correction notice, supplements.
#[utoipa::path(post, path = "/api/v1/cases/{no}/intake", tag = "window", request_body = IntakeOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn intake(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<IntakeOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    let action = match &order {
        IntakeOrder::IssueReceipt { .. } => Action::IssueReceipt,
        IntakeOrder::Defer { .. } | IntakeOrder::RefuseDeferral { .. } => Action::DeferMaterial,
        IntakeOrder::NotifyCorrection { .. } => Action::IssueCorrection,
        IntakeOrder::EscalateCorrection { .. } => Action::EscalateCorrection,
        IntakeOrder::Resubmit {}
        | IntakeOrder::Supplement { .. }
        | IntakeOrder::Attend { .. }
        | IntakeOrder::AppointAgent { .. }
        | IntakeOrder::ChooseDelivery { .. } => Action::RecordMaterial,
    };
    may(&service, &signed, &no, action).await?;
    if order.occurred().is_some() {
        may(&service, &signed, &no, Action::EnterLate).await?;
    }
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.handle_intake(&ask, &no, order).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}

/// Brings the case to its departments.
#[utoipa::path(post, path = "/api/v1/cases/{no}/dispatch", tag = "window", request_body = DispatchOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn dispatch(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<DispatchOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    match &order {
        DispatchOrder::Push { .. } => {
            may(&service, &signed, &no, Action::Dispatch).await?;
        }
        DispatchOrder::Acknowledge { department, .. } => {
            may(&service, &signed, &no, Action::ReadCase).await?;
            let own = std::slice::from_ref(department);
            signed.may(Action::Review, &Target::departments(own))?;
        }
    }
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.handle_dispatch(&ask, &no, order).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}

/// Reviews and decides for a department.
#[utoipa::path(post, path = "/api/v1/cases/{no}/review", tag = "department", request_body = DepartmentOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn review(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(DepartmentOrder { department, order }): Body<DepartmentOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    let action = match &order {
        ReviewOrder::Accept {} | ReviewOrder::Extend { .. } => Action::Review,
        ReviewOrder::Refuse { .. } | ReviewOrder::Return { .. } => Action::RefuseAcceptance,
        ReviewOrder::Suspend { .. } | ReviewOrder::Resume { .. } => Action::StartSpecialProcedure,
        ReviewOrder::CompleteTask { .. } => Action::CompleteCoTask,
        ReviewOrder::FirstReview { .. }
        | ReviewOrder::AuthorityDecision { .. }
        | ReviewOrder::Decide { .. } => Action::Decide,
    };
    may(&service, &signed, &no, Action::ReadCase).await?;
    let own = std::slice::from_ref(&department);
    signed.may(action, &Target::departments(own))?;
    let ask = signed.ask(&key, Some(version), None)?;
    let counter = &service.counter;
    counter.handle_review(&ask, &no, &department, order).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}

/// Obtains, hands out, posts and chases the result.
#[utoipa::path(post, path = "/api/v1/cases/{no}/result", tag = "window", request_body = ResultOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn result(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<ResultOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    let action = match &order {
        ResultOrder::Obtain { .. } => Action::ReceiveResult,
        ResultOrder::HandOut { .. } => Action::IssueResult,
        ResultOrder::Post { .. } | ResultOrder::EndPost { .. } | ResultOrder::Chase { .. } => {
            Action::MailResult
        }
    };
    may(&service, &signed, &no, action).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.handle_result(&ask, &no, order).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}

/// Ends the case without a decision, or gives its paper back.
#[utoipa::path(post, path = "/api/v1/cases/{no}/ending", tag = "window", request_body = EndingOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn ending(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<EndingOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    let action = match &order {
        EndingOrder::Withdraw { .. } => Action::WithdrawCase,
        EndingOrder::Void { .. } => Action::VoidCase,
        EndingOrder::Terminate { .. } => Action::TerminateCase,
        EndingOrder::ReturnPaper { .. } | EndingOrder::ReturnOldPaper { .. } => Action::ReturnPaper,
    };
    may(&service, &signed, &no, action).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.handle_ending(&ask, &no, order).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}

/// Takes the applicant's rating.
#[utoipa::path(post, path = "/api/v1/cases/{no}/rating", tag = "window", request_body = RatingOrder,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn rating(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<RatingOrder>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    may(&service, &signed, &no, Action::RecordRating).await?;
    let ticket = TicketId::new(signed.name_of(&key, "T"))
        .map_err(|error| HttpProblem::new(Problem::Internal, error.to_string()))?;
    let ask = signed.ask(&key, Some(version), None)?;
    let days = FOLLOW_UP_DAYS;
    service.counter.rate(&ask, &no, order, ticket, days).await?;
    shown(&service, &signed, StatusCode::OK, &no).await
}
