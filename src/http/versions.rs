//! `/api/v1/items/{task}/…`: the versions of a service item, from a department's proposal to the item's place on the
//! integrated window's list (Art 11(3), 11(4), 13(1)).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::body::{Large, Paper};
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use crate::counter::catalogue::{Catalogue, SentFiles, read_sent};
use crate::counter::{CounterError, ImportError};
use crate::domain::access::{Action, Target};
use crate::domain::catalogue::{DocumentNo, ItemState};
use crate::domain::{Date, DepartmentCode, Digest, FieldCode, Subject, TaskCode};

/// The file of a proposal, as problems name it.
const FILE: &str = "items/file.toml";

/// An item's versions and its place on the list.
#[derive(Serialize, ToSchema)]
pub struct ItemVersionsView {
    task: TaskCode,
    versions: Vec<VersionView>,
    /// Entries into the list and exits from it, oldest first.
    listings: Vec<ListingView>,
}

/// A version.
#[derive(Serialize, ToSchema)]
pub struct VersionView {
    version: u32,
    /// The department that decides.
    lead: DepartmentCode,
    field: FieldCode,
    /// Digest of its content.
    content: Digest,
    /// The number of the letter (函) by which it was notified; none while it cannot go live.
    #[serde(skip_serializing_if = "Option::is_none")]
    letter: Option<String>,
    /// The day from which new cases follow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    live_from: Option<Date>,
}

/// An entry into the list, or an exit.
#[derive(Serialize, ToSchema)]
pub struct ListingView {
    from: Date,
    entered: bool,
    /// The number of the approval.
    approval: String,
}

/// A version to propose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalOrder {
    /// The version, TOML in the form of a catalogue's `items/*.toml`, without letter and days: those come with the
    /// publication.
    file: String,
}

/// A letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterOrder {
    /// Its number: `云市监函〔2026〕8号`.
    #[schema(value_type = String)]
    number: DocumentNo,
    /// Its content, in base64.
    document: Paper,
}

/// A version to make live, or an item to put on the list or take off it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DatedOrder {
    /// The first day.
    from: Date,
    /// The letter it rests on.
    letter: LetterOrder,
}

fn view(state: ItemState) -> ItemVersionsView {
    let versions = state.versions.into_iter();
    let listings = state.listings.into_iter();
    ItemVersionsView {
        task: state.task,
        versions: versions
            .map(|(version, known)| VersionView {
                version,
                lead: known.lead,
                field: known.field,
                content: known.content,
                letter: known.letter.map(|letter| letter.number.to_string()),
                live_from: known.live_from,
            })
            .collect(),
        listings: listings
            .map(|listing| ListingView {
                from: listing.from,
                entered: listing.entered,
                approval: listing.approval.number.to_string(),
            })
            .collect(),
    }
}

async fn shown(
    service: &Service,
    status: StatusCode,
    task: TaskCode,
) -> Result<Versioned<ItemVersionsView>, HttpProblem> {
    let state = service.counter.item(&task).await?;
    Ok(Versioned {
        status,
        version: service.version(Subject::Item(task)).await?,
        body: view(state),
    })
}

/// The versions of an item, live, past and proposed.
#[utoipa::path(get, path = "/api/v1/items/{task}/versions", tag = "catalogue", params(("task" = TaskCode, Path)),
    responses((status = 200, body = ItemVersionsView)), security(("session" = [])))]
pub async fn list(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(task): At<TaskCode>,
) -> Result<Versioned<ItemVersionsView>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    shown(&service, StatusCode::OK, task).await
}

/// The one item that a proposal states, without anything that a publication brings.
fn proposed(task: &TaskCode, file: String) -> Result<Catalogue, HttpProblem> {
    let files = SentFiles::from([(FILE.to_owned(), file.into_bytes())]);
    let wanted = read_sent(&files).map_err(ImportError::Files)?;
    let stated = wanted.items.first().is_some_and(|one| {
        one.letter.is_none()
            && one.live_from.is_none()
            && one.entered.is_none()
            && one.withdrawn.is_none()
    });
    if !stated {
        let zh = "提交的版本不能带函件、启用或进退日期；请在启用时填写";
        let en = "a proposal has no letter and no days; they come with the publication";
        return Err(HttpProblem::bad_field(
            "file",
            "proposal-with-letter",
            zh,
            en,
        ));
    }
    if wanted.items.iter().any(|one| one.item.task_code != *task) {
        let zh = format!("文件中的实施编码不是 {task}；请核对");
        let en = format!("the file states another item than {task}; check its task_code");
        return Err(HttpProblem::bad_field("file", "another-item", zh, en));
    }
    Ok(wanted)
}

/// Hands in a version. It is not used before its department notified it and it went live (Art 11(3)).
#[utoipa::path(post, path = "/api/v1/items/{task}/versions", tag = "catalogue", request_body = ProposalOrder,
    params(("task" = TaskCode, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = ItemVersionsView)), security(("session" = [])))]
pub async fn propose(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(task): At<TaskCode>,
    key: RequestKey,
    Body(ProposalOrder { file }): Body<ProposalOrder>,
) -> Result<Versioned<ItemVersionsView>, HttpProblem> {
    let counter = &service.counter;
    let may = |lead: &DepartmentCode| {
        let own = std::slice::from_ref(lead);
        signed.may(Action::ProposeItem, &Target::departments(own))
    };
    // The department that keeps the item now, and the one that would keep it.
    match counter.item(&task).await {
        Ok(state) => {
            let newest = state.versions.values().next_back();
            newest.map_or(Ok(()), |version| may(&version.lead))?;
        }
        Err(CounterError::NotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let wanted = proposed(&task, file)?;
    for one in &wanted.items {
        may(&one.item.lead)?;
    }
    let ask = signed.ask(&key, None, None)?;
    counter.import(&ask, &wanted, counter.clock.now()).await?;
    shown(&service, StatusCode::CREATED, task).await
}

/// Makes a version live from a day on, by its department's letter. An unnotified change cannot go live (Art 11(4)).
#[utoipa::path(post, path = "/api/v1/items/{task}/versions/{version}/publication", tag = "catalogue",
    request_body = DatedOrder,
    params(("task" = TaskCode, Path), ("version" = u32, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = ItemVersionsView)), security(("session" = [])))]
pub async fn publish(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At((task, version)): At<(TaskCode, u32)>,
    key: RequestKey,
    known: IfMatch,
    Large(order, _room): Large<DatedOrder>,
) -> Result<Versioned<ItemVersionsView>, HttpProblem> {
    signed.may(Action::PublishItem, &Target::HALL)?;
    let ask = signed.ask(&key, Some(known), None)?;
    let letter = (order.letter.number, order.letter.document.0.as_slice());
    let counter = &service.counter;
    counter
        .publish(&ask, &task, version, order.from, letter)
        .await?;
    shown(&service, StatusCode::OK, task).await
}

/// Puts an item on the integrated window's list from a day on (Art 13(1)).
#[utoipa::path(post, path = "/api/v1/items/{task}/entry", tag = "catalogue", request_body = DatedOrder,
    params(("task" = TaskCode, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = ItemVersionsView)), security(("session" = [])))]
pub async fn enter(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(task): At<TaskCode>,
    key: RequestKey,
    known: IfMatch,
    Large(order, _room): Large<DatedOrder>,
) -> Result<Versioned<ItemVersionsView>, HttpProblem> {
    signed.may(Action::PublishItem, &Target::HALL)?;
    let ask = signed.ask(&key, Some(known), None)?;
    let letter = (order.letter.number, order.letter.document.0.as_slice());
    let counter = &service.counter;
    counter.list_item(&ask, &task, order.from, letter).await?;
    shown(&service, StatusCode::OK, task).await
}

/// Takes an item off the list from a day on: no new case, old ones finish (Art 13(1)).
#[utoipa::path(post, path = "/api/v1/items/{task}/withdrawal", tag = "catalogue", request_body = DatedOrder,
    params(("task" = TaskCode, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = ItemVersionsView)), security(("session" = [])))]
pub async fn withdraw(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(task): At<TaskCode>,
    key: RequestKey,
    known: IfMatch,
    Large(order, _room): Large<DatedOrder>,
) -> Result<Versioned<ItemVersionsView>, HttpProblem> {
    signed.may(Action::WithdrawItem, &Target::HALL)?;
    let ask = signed.ask(&key, Some(known), None)?;
    let LetterOrder { number, document } = order.letter;
    let counter = &service.counter;
    counter
        .withdraw(&ask, &task, order.from, number, &document.0)
        .await?;
    shown(&service, StatusCode::OK, task).await
}
