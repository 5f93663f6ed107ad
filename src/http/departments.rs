//! `/api/v1/departments`: the departments and who stands for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{Asked, At, Body, IfMatch, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::department_list;
use crate::domain::access::{Action, Target};
use crate::domain::hall::{Appointment, ItemScope};
use crate::domain::{AuthorisationId, Date, DepartmentCode, StaffId, Subject};

/// A department.
#[derive(Serialize, ToSchema)]
pub struct DepartmentView {
    department: DepartmentCode,
    name: String,
    /// 机关代字, in document numbers.
    short_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_code: Option<String>,
    /// 全宗号.
    #[serde(skip_serializing_if = "Option::is_none")]
    fonds: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Who comes after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<SuccessorView>,
    /// Whose cases and mandates it took over.
    predecessors: Vec<DepartmentCode>,
    /// Its mandates to the windows, also those that ended.
    authorisations: Vec<AuthorisationId>,
    /// Chief representatives and officers, also those that ended.
    posts: Vec<PostView>,
}

/// Who comes after a department.
#[derive(Serialize, ToSchema)]
pub struct SuccessorView {
    department: DepartmentCode,
    from: Date,
}

/// A post at a department.
#[derive(Serialize, ToSchema)]
pub struct PostView {
    staff: StaffId,
    /// Whether as chief representative.
    chief: bool,
    /// On which items the person decides; none for an officer who only reviews.
    decides: Option<ItemScope>,
    from: Date,
    /// The first day without it.
    end: Option<Date>,
    /// Whether it holds today.
    holds: bool,
}

/// What is done with a department.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum DepartmentAction {
    /// Ends a person's post.
    RemovePost {
        /// Whose.
        staff: StaffId,
        /// Whether as chief representative.
        chief: bool,
        /// The first day without it.
        from: Date,
    },
}

fn post_view(post: &Appointment, today: Date) -> PostView {
    PostView {
        staff: post.staff.clone(),
        chief: post.chief,
        decides: post.decides.clone(),
        from: post.from,
        end: post.end(),
        holds: post.holds(today),
    }
}

async fn department_view(
    service: &Service,
    code: &DepartmentCode,
) -> Result<DepartmentView, HttpProblem> {
    let counter = &service.counter;
    let today = Date::of(counter.clock.now());
    let state = counter.department(code).await?;
    let named = counter.department_definition(&state).await?;
    Ok(DepartmentView {
        department: named.code,
        name: named.name,
        short_name: named.short_name,
        credit_code: named.credit_code,
        fonds: named.fonds,
        phone: named.phone,
        successor: state
            .successor
            .map(|(department, from, _)| SuccessorView { department, from }),
        predecessors: state.predecessors,
        authorisations: state.authorisations,
        posts: state
            .posts
            .iter()
            .map(|post| post_view(post, today))
            .collect(),
    })
}

/// The departments, in the order they were registered.
#[utoipa::path(get, path = "/api/v1/departments", tag = "hall", params(PageQuery),
    responses((status = 200, body = PageOf<DepartmentView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<PageQuery>,
) -> Result<Json<PageOf<DepartmentView>>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    let (page, limit) = asked.page(false)?;
    let (found, next) = cut(service.list(department_list(), &page).await?, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in found {
        if let Subject::Department(code) = &entry.subject {
            items.push(department_view(&service, code).await?);
        }
    }
    Ok(Json(PageOf { items, next }))
}

/// A department.
#[utoipa::path(get, path = "/api/v1/departments/{department}", tag = "hall",
    params(("department" = DepartmentCode, Path)),
    responses((status = 200, body = DepartmentView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(code): At<DepartmentCode>,
) -> Result<Versioned<DepartmentView>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    Ok(Versioned {
        status: StatusCode::OK,
        body: department_view(&service, &code).await?,
        version: service.version(Subject::Department(code)).await?,
    })
}

/// Ends a post at a department (Art 11(2)).
#[utoipa::path(post, path = "/api/v1/departments/{department}/actions", tag = "hall",
    request_body = DepartmentAction,
    params(("department" = DepartmentCode, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = DepartmentView)), security(("session" = [])))]
pub async fn act(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(code): At<DepartmentCode>,
    key: RequestKey,
    known: IfMatch,
    Body(order): Body<DepartmentAction>,
) -> Result<Versioned<DepartmentView>, HttpProblem> {
    signed.may(Action::ManageDepartments, &Target::HALL)?;
    let ask = signed.ask(&key, Some(known), None)?;
    let counter = &service.counter;
    match order {
        DepartmentAction::RemovePost { staff, chief, from } => {
            let removed = counter.remove_from_post(&ask, &code, &staff, chief, from);
            removed.await?;
        }
    }
    Ok(Versioned {
        status: StatusCode::OK,
        body: department_view(&service, &code).await?,
        version: service.version(Subject::Department(code)).await?,
    })
}
