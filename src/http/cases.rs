//! `/api/v1/cases`: opening, reading, listing and following cases. Who reads one is noted before it is shown; a case
//! that is not the caller's does not exist for the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Service;
use super::door::Signed;
use super::events::{FactNotice, about, follow, last_seen};
use super::extract::{Asked, At, Body, PageOf, PageQuery, RequestKey, Versioned, cut};
use super::problem::HttpProblem;
use crate::counter::{CaseView, CounterError, OpenCase, PartyView, case_list};
use crate::domain::access::{Action, Target, Verdict};
use crate::domain::case::{self, CaseState, Stage};
use crate::domain::{CaseNo, DepartmentCode, Digest, MaterialCode, Problem, SiteCode, Subject};
use crate::people::Caller;
use crate::store::read_log::ReadKind;

/// A case, and the departments it is before.
pub(super) struct Known {
    pub case: CaseState,
    pub departments: Vec<DepartmentCode>,
    /// The rows that each of them may read.
    readers: BTreeMap<DepartmentCode, BTreeSet<MaterialCode>>,
}

impl Known {
    /// Reads the case that is asked about.
    pub(super) async fn read(service: &Service, no: &CaseNo) -> Result<Self, HttpProblem> {
        let (case, _) = service.counter.case(no).await.map_err(hidden)?;
        let now = service.counter.clock.now();
        let item = service.counter.item_today(&case, now).await?;
        let readers = case::readers(&case, &item);
        let departments = readers.keys().cloned().collect();
        Ok(Self {
            case,
            departments,
            readers,
        })
    }

    /// Whose it is.
    pub(super) fn target(&self) -> Target<'_> {
        Target::case(&self.case.mandate.site, &self.departments)
    }

    /// Whether the caller may read a scan as one of this case: a department only those of its rows. Uploaded for the case
    /// and filed under no row yet, a scan is the window's.
    pub(super) fn gives(&self, caller: &Caller, scan: &Digest) -> bool {
        if caller.verdict(Action::ReadScan, &self.target()) != Verdict::Allowed {
            return false;
        }
        let Some(rows) = self.rows_of(caller) else {
            return true;
        };
        let mut filed = self.case.rows.iter();
        filed.any(|(code, row)| rows.contains(code) && row.scans.contains(scan))
    }

    /// The rows that a caller with a department's eyes may read; none for whoever may read all.
    pub(super) fn rows(&self, signed: &Signed) -> Option<&BTreeSet<MaterialCode>> {
        self.rows_of(&signed.caller)
    }

    /// The same of a caller that is not a person.
    pub(super) fn rows_of(&self, caller: &Caller) -> Option<&BTreeSet<MaterialCode>> {
        static NOTHING: BTreeSet<MaterialCode> = BTreeSet::new();
        let department = self.eyes_of(caller)?;
        Some(self.readers.get(department).unwrap_or(&NOTHING))
    }

    /// The department whose eyes the caller reads with: none for whoever belongs to the site or the hall.
    pub(super) fn eyes(&self, signed: &Signed) -> Option<&DepartmentCode> {
        self.eyes_of(&signed.caller)
    }

    fn eyes_of(&self, caller: &Caller) -> Option<&DepartmentCode> {
        let reads =
            |target: &Target<'_>| caller.verdict(Action::ReadCase, target) == Verdict::Allowed;
        if reads(&Target::site(&self.case.mandate.site)) {
            return None;
        }
        let own = |department: &&DepartmentCode| {
            reads(&Target::departments(std::slice::from_ref(*department)))
        };
        self.departments.iter().find(own)
    }
}

/// A case that does not exist and one that is not the caller's look the same.
fn hidden(error: CounterError) -> HttpProblem {
    match error {
        CounterError::NotFound(_) => crate::people::PeopleError::NotFound.into(),
        other => other.into(),
    }
}

/// Which cases are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// Those of a site. Either this or `department`.
    site: Option<SiteCode>,
    /// Those before a department.
    department: Option<DepartmentCode>,
    /// Those at one stage.
    stage: Option<Stage>,
    /// Results of the site that wait: `pick-up`, `to-post`, `in-post` or `came-back`.
    result: Option<String>,
    /// At most so many entries, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Why numbers are to be shown as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The reason, which is kept.
    purpose: RevealPurpose,
}

/// The reasons there are.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevealPurpose {
    /// To compare with the document shown.
    IdentityCheck,
    /// To reach the applicant.
    Contact,
    /// To decide the case.
    Decision,
    /// To answer a complaint.
    Complaint,
}

impl RevealPurpose {
    fn code(self) -> &'static str {
        match self {
            Self::IdentityCheck => "identity_check",
            Self::Contact => "contact",
            Self::Decision => "decision",
            Self::Complaint => "complaint",
        }
    }
}

/// Shows a case as it stands, as the caller may see it.
pub(super) async fn shown(
    service: &Service,
    signed: &Signed,
    status: StatusCode,
    no: &CaseNo,
) -> Result<Versioned<CaseView>, HttpProblem> {
    let known = Known::read(service, no).await?;
    signed.may(Action::ReadCase, &known.target())?;
    service.note(signed, &Subject::Case(no.clone()), ReadKind::View, None)?;
    let now = service.counter.clock.now();
    let eyes = known.eyes(signed);
    let (body, version) = service.counter.case_view(no, eyes, now).await?;
    Ok(Versioned {
        status,
        version,
        body,
    })
}

/// Opens a case on a visit.
#[utoipa::path(post, path = "/api/v1/cases", tag = "window", request_body = OpenCase,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = CaseView)), security(("session" = [])))]
pub async fn open(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Body(order): Body<OpenCase>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    let (visit, _) = service.counter.visit(&order.visit).await?;
    signed.may(Action::OpenCase, &Target::site(&visit.site))?;
    if order.occurred.is_some() {
        signed.may(Action::EnterLate, &Target::site(&visit.site))?;
    }
    let ask = signed.ask(&key, None, None)?;
    let (no, _) = service.counter.open_case(&ask, order).await?;
    shown(&service, &signed, StatusCode::CREATED, &no).await
}

/// A case.
#[utoipa::path(get, path = "/api/v1/cases/{no}", tag = "cases", params(("no" = CaseNo, Path)),
    responses((status = 200, body = CaseView)), security(("session" = [])))]
pub async fn show(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
) -> Result<Versioned<CaseView>, HttpProblem> {
    shown(&service, &signed, StatusCode::OK, &no).await
}

/// The applicant's numbers as they are; the reason is kept in the log of reads.
#[utoipa::path(post, path = "/api/v1/cases/{no}/reveal", tag = "cases", request_body = Reveal,
    params(("no" = CaseNo, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PartyView)), security(("session" = [])))]
pub async fn reveal(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    _key: RequestKey,
    Body(reveal): Body<Reveal>,
) -> Result<Json<PartyView>, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::RevealPersonal, &known.target())?;
    let purpose = Some(reveal.purpose.code());
    service.note(
        &signed,
        &Subject::Case(no.clone()),
        ReadKind::Reveal,
        purpose,
    )?;
    Ok(Json(service.counter.reveal(&no).await?))
}

/// Cases of a site or a department, newest first.
#[utoipa::path(get, path = "/api/v1/cases", tag = "cases", params(CaseQuery),
    responses((status = 200, body = PageOf<CaseView>)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    Asked(asked): Asked<CaseQuery>,
) -> Result<Json<PageOf<CaseView>>, HttpProblem> {
    let list = list_of(&signed, &asked)?;
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (page, limit) = page.page(true)?;
    let found = service.list(&list, &page).await?;
    let (found, next) = cut(found, limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in found {
        let Subject::Case(no) = &entry.subject else {
            continue;
        };
        match shown(&service, &signed, StatusCode::OK, no).await {
            Ok(row) => items.push(row.body),
            // It moved on since the list was written.
            Err(problem) if problem.problem() == Problem::NotFound => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(Json(PageOf { items, next }))
}

fn list_of(signed: &Signed, asked: &CaseQuery) -> Result<String, HttpProblem> {
    let bad = |detail: &str| HttpProblem::new(Problem::BadRequest, detail);
    match (&asked.site, &asked.department) {
        (Some(site), None) => {
            signed.may(Action::ListCases, &Target::site(site))?;
            Ok(match (asked.stage, asked.result.as_deref()) {
                (None, None) => case_list::at_site(site),
                (Some(stage), None) => case_list::at_site_stage(site, stage),
                (None, Some("delivered")) => case_list::delivered(site),
                (None, Some(kind @ ("pick-up" | "to-post" | "in-post" | "came-back"))) => {
                    case_list::undelivered(site, kind)
                }
                _ => {
                    return Err(bad(
                        "result is pick-up, to-post, in-post, came-back or delivered, and goes without stage",
                    ));
                }
            })
        }
        (None, Some(department)) => {
            let own = std::slice::from_ref(department);
            signed.may(Action::ListCases, &Target::departments(own))?;
            match (asked.stage, &asked.result) {
                (None, None) => Ok(case_list::for_department(department)),
                (Some(stage), None) => Ok(case_list::for_department_stage(department, stage)),
                _ => Err(bad("results are listed by site")),
            }
        }
        _ => Err(bad("say either site or department")),
    }
}

/// The facts of a case, oldest first.
#[utoipa::path(get, path = "/api/v1/cases/{no}/facts", tag = "cases", params(("no" = CaseNo, Path)),
    responses((status = 200, body = Vec<FactNotice>)), security(("session" = [])))]
pub async fn facts(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
) -> Result<Json<Vec<FactNotice>>, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::ReadCase, &known.target())?;
    let subject = Subject::Case(no);
    service.note(&signed, &subject, ReadKind::View, None)?;
    let history = service.counter.history(&subject).await?;
    Ok(Json(history.iter().map(FactNotice::of).collect()))
}

/// The facts of a case as they come, from its first one on (server-sent events).
#[utoipa::path(get, path = "/api/v1/cases/{no}/events", tag = "cases", params(("no" = CaseNo, Path)),
    responses((status = 200, content_type = "text/event-stream", body = String)), security(("session" = [])))]
pub async fn events(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(no): At<CaseNo>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let known = Known::read(&service, &no).await?;
    signed.may(Action::FollowCase, &known.target())?;
    let subject = Subject::Case(no);
    service.note(&signed, &subject, ReadKind::View, None)?;
    let first = service.counter.history(&subject).await?;
    let begin = first.first().map_or(0, |fact| fact.index);
    let room = service.streams.clone();
    let last = last_seen(&headers);
    Ok(follow(service.ledger.clone(), last, begin, room, about(subject))?.into_response())
}
