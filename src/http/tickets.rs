//! `/api/v1/tickets`: what is followed up.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::forms::kept_private;
use super::problem::HttpProblem;
use crate::counter::{
    MatterOrder, OpenTicketOrder, SlipView, TicketOrder, TicketView, ticket_list,
};
use crate::domain::access::{Action, Target};
use crate::domain::case::Party;
use crate::domain::ticket::{Matter, TicketState};
use crate::domain::{DepartmentCode, Problem, SiteCode, Subject, TicketId};
use crate::store::read_log::ReadKind;

fn departments(ticket: &TicketState) -> Vec<DepartmentCode> {
    let parties = std::iter::once(&ticket.party).chain(&ticket.joined);
    let named = parties.filter_map(|party| match party {
        Party::Department { department } => Some(department.clone()),
        Party::Window => None,
    });
    named.collect()
}

async fn shown(
    service: &Service,
    status: StatusCode,
    id: &TicketId,
) -> Result<Versioned<TicketView>, HttpProblem> {
    let (ticket, version) = service.counter.ticket(id).await?;
    let body = TicketView::of(&ticket, service.counter.clock.now());
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// Opens a ticket. Who answers a complaint follows from its category (Art 14).
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets", request_body = OpenTicketOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = TicketView)), security(("session" = [])))]
pub async fn open(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<OpenTicketOrder>,
) -> Result<Versioned<TicketView>, HttpProblem> {
    let action = match &order.matter {
        MatterOrder::Consultation { .. } | MatterOrder::ExpertCall { .. } => {
            Action::LogConsultation
        }
        MatterOrder::Referral { .. } => Action::Refer,
        MatterOrder::Complaint { .. } => Action::FileComplaint,
        MatterOrder::Finding {} => Action::Inspect,
    };
    signed.may(action, &Target::site(&order.site))?;
    let id = TicketId::new(signed.name_of(&key, "T"))
        .map_err(|error| HttpProblem::new(Problem::Internal, error.to_string()))?;
    let ask = signed.ask(&key, None, None)?;
    service.counter.open_ticket(&ask, &id, order).await?;
    shown(&service, StatusCode::CREATED, &id).await
}

/// Which tickets are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TicketQuery {
    /// Those that the windows of a site answer. Either this or `department`.
    site: Option<SiteCode>,
    /// Those that a department answers, or was brought into.
    department: Option<DepartmentCode>,
    /// Closed ones instead of open ones.
    #[serde(default)]
    closed: bool,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Tickets of a site or a department: open ones by their opening, closed ones by their end, newest first.
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", params(TicketQuery),
    responses((status = 200, body = PageOf<TicketView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<TicketQuery>,
) -> Result<Json<PageOf<TicketView>>, HttpProblem> {
    let list = match (&asked.site, &asked.department) {
        (Some(site), None) => {
            signed.may(Action::ListCases, &Target::site(site))?;
            ticket_list::of_site(site, !asked.closed)
        }
        (None, Some(department)) => {
            let own = std::slice::from_ref(department);
            signed.may(Action::ListCases, &Target::departments(own))?;
            ticket_list::of_department(department, !asked.closed)
        }
        _ => {
            let detail = "请指明站点或部门之一 say either site or department";
            return Err(HttpProblem::new(Problem::BadRequest, detail));
        }
    };
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let (found, next) = cut(service.list(&list, &page).await?, limit);
    let now = service.counter.clock.now();
    let mut items = Vec::with_capacity(found.len());
    for entry in &found {
        if let Subject::Ticket(id) = &entry.subject {
            let (ticket, _) = service.counter.ticket(id).await?;
            items.push(TicketView::of(&ticket, now));
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// A ticket.
#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "tickets", params(("id" = TicketId, Path)),
    responses((status = 200, body = TicketView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TicketId>,
) -> Result<Versioned<TicketView>, HttpProblem> {
    let (ticket, _) = service.counter.ticket(&id).await?;
    let departments = departments(&ticket);
    signed.may(Action::ReadCase, &Target::case(&ticket.site, &departments))?;
    shown(&service, StatusCode::OK, &id).await
}

/// Takes a ticket's next step.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/actions", tag = "tickets", request_body = TicketOrder,
    params(("id" = TicketId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = TicketView)), security(("session" = [])))]
pub async fn act(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TicketId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<TicketOrder>,
) -> Result<Versioned<TicketView>, HttpProblem> {
    let (ticket, _) = service.counter.ticket(&id).await?;
    let departments = departments(&ticket);
    let target = Target::case(&ticket.site, &departments);
    let action = match &ticket.matter {
        Matter::Consultation { .. } | Matter::ExpertCall => Action::AnswerConsultation,
        Matter::Referral { .. } => Action::Refer,
        Matter::Complaint { .. } => Action::HandleComplaint,
        Matter::Finding => Action::Rectify,
        Matter::Rating { .. } => Action::HandleRating,
    };
    // What the windows answer for, their clerks answer; what a department answers for, its officers.
    let clerks = ticket.party == Party::Window && signed.allows(Action::FileComplaint, &target);
    if !clerks {
        signed.may(action, &target)?;
    }
    let ask = signed.ask(&key, Some(version), None)?;
    service.counter.handle_ticket(&ask, &id, order).await?;
    shown(&service, StatusCode::OK, &id).await
}

/// Prints the referral slip of a ticket (首问转办单); printed again, it is a reprint of the same.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/slip", tag = "forms",
    params(("id" = TicketId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = SlipView)), security(("session" = [])))]
pub async fn print_slip(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TicketId>,
    key: RequestKey,
) -> Result<(StatusCode, Json<SlipView>), HttpProblem> {
    let (ticket, _) = service.counter.ticket(&id).await?;
    signed.may(Action::PrintForm, &Target::site(&ticket.site))?;
    let ask = signed.ask(&key, None, None)?;
    let slip = service.counter.print_slip(&ask, &id).await?;
    Ok((StatusCode::CREATED, Json(slip)))
}

/// A printed referral slip as PDF.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/slip/{print}", tag = "forms",
    params(("id" = TicketId, Path), ("print" = u32, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)), security(("session" = [])))]
pub async fn slip(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At((id, print)): At<(TicketId, u32)>,
) -> Result<Response, HttpProblem> {
    let (ticket, _) = service.counter.ticket(&id).await?;
    signed.may(Action::ReadCase, &Target::site(&ticket.site))?;
    service.note(&signed, &Subject::Ticket(id.clone()), ReadKind::Form, None)?;
    let (digest, pdf) = service.counter.slip(&id, print).await?;
    Ok(kept_private("application/pdf", &digest.to_string(), pdf))
}
