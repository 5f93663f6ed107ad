//! Trays: what comes in at a site or for a department, as it comes (server-sent events). A tray begins with what happens
//! after it is opened; whoever comes back says what it saw last.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::Service;
use super::door::Signed;
use super::events::{Wanted, follow, last_seen};
use super::extract::At;
use super::problem::HttpProblem;
use crate::counter::{Counter, CounterError};
use crate::domain::access::{Action, Target};
use crate::domain::case::{self, Party};
use crate::domain::{DepartmentCode, Event, SiteCode, Subject};

/// How many facts a tray goes back for whoever returns.
const BEHIND_MAX: u64 = 2000;

/// Whose tray it is.
#[derive(Clone)]
enum Owner {
    Site(SiteCode),
    Department(DepartmentCode),
}

impl Owner {
    /// Whether a fact about `subject` belongs into the tray, as the subject stands now.
    async fn wants(&self, counter: &Counter, subject: &Subject) -> Result<bool, CounterError> {
        Ok(match (self, subject) {
            (Self::Site(site), Subject::Case(no)) => {
                counter.case(no).await?.0.mandate.site == *site
            }
            (Self::Site(site), Subject::Visit(id)) => counter.visit(id).await?.0.site == *site,
            (Self::Site(site), Subject::Ticket(id)) => counter.ticket(id).await?.0.site == *site,
            (Self::Site(site), Subject::Scan(_)) => {
                let history = counter.history(subject).await?;
                let first = history.first().map(|fact| &fact.entry.event);
                matches!(first, Some(Event::ScanReceived { site: Some(at), .. }) if at == site)
            }
            (Self::Department(department), Subject::Case(no)) => {
                let (case, _) = counter.case(no).await?;
                let item = counter.item_today(&case, counter.clock.now()).await?;
                case::readers(&case, &item).contains_key(department)
            }
            (Self::Department(department), Subject::Ticket(id)) => {
                let (ticket, _) = counter.ticket(id).await?;
                let theirs = |party: &Party| matches!(party, Party::Department { department: named } if named == department);
                theirs(&ticket.party) || ticket.joined.iter().any(theirs)
            }
            _ => false,
        })
    }
}

fn tray(
    service: &Arc<Service>,
    owner: Owner,
    headers: &HeaderMap,
) -> Result<Response, HttpProblem> {
    let wanted: Wanted = {
        let service = service.clone();
        Box::new(move |fact| {
            let (service, owner) = (service.clone(), owner.clone());
            let subject = fact.entry.subject.clone();
            Box::pin(async move {
                // What cannot be read now is shown to nobody.
                owner
                    .wants(&service.counter, &subject)
                    .await
                    .unwrap_or(false)
            })
        })
    };
    let begin = *service.ledger.published().borrow();
    let (ledger, room) = (service.ledger.clone(), service.streams.clone());
    // Whoever was away for long asks for the lists again; going through everything since would cost more.
    let last = last_seen(headers).map(|last| last.max(begin.saturating_sub(BEHIND_MAX)));
    Ok(follow(ledger, last, begin, room, wanted)?.into_response())
}

/// What happens at a site from now on: its visits, cases and tickets, and what its stations scan (server-sent events).
#[utoipa::path(get, path = "/api/v1/sites/{site}/events", tag = "cases", params(("site" = SiteCode, Path)),
    responses((status = 200, content_type = "text/event-stream", body = String)), security(("session" = [])))]
pub async fn site(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(site): At<SiteCode>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    signed.may(Action::FollowCase, &Target::site(&site))?;
    tray(&service, Owner::Site(site), &headers)
}

/// What happens for a department from now on: the cases it may read, and its tickets (server-sent events).
#[utoipa::path(get, path = "/api/v1/departments/{department}/events", tag = "cases",
    params(("department" = DepartmentCode, Path)),
    responses((status = 200, content_type = "text/event-stream", body = String)), security(("session" = [])))]
pub async fn department(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(department): At<DepartmentCode>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let own = std::slice::from_ref(&department);
    signed.may(Action::FollowCase, &Target::departments(own))?;
    tray(&service, Owner::Department(department), &headers)
}
