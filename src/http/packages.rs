//! `/api/v1/transfers/{id}/…`: the package of a round, sealed by the hall, given to the department, checked by it.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body as ResponseBody, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use utoipa::ToSchema;

use super::Service;
use super::door::Signed;
use super::extract::{At, Body, IfMatch, RequestKey, Versioned};
use super::problem::HttpProblem;
use super::transfers::may;
use crate::domain::access::Action;
use crate::domain::transfer::TransferRefusal;
use crate::domain::{Problem, Subject, TransferId};
use crate::store::read_log::ReadKind;
use crate::transfer::{Acceptance, CheckReport, PackageForm, PackageProfile, RoundView};

/// Bytes of a package sent at once.
const PIECE_BYTES: usize = 256 * 1024;

/// What sealing gave.
#[derive(Serialize, ToSchema)]
pub struct SealedView {
    /// The round as it stands.
    round: RoundView,
    /// Every check with its verdict.
    report: CheckReport,
}

/// Gathers, checks and seals the package of a round. Nothing is sealed while a mandatory check fails; what failed is
/// recorded and told.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/seal", tag = "transfer",
    params(("id" = TransferId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = SealedView)), security(("session" = [])))]
pub async fn seal(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
    key: RequestKey,
    version: IfMatch,
) -> Result<Versioned<SealedView>, HttpProblem> {
    may(&service, &signed, &id, Action::GatherTransfer).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    let counter = &service.counter;
    let sealed = service.packer.seal_round(counter, &ask, &id, &by).await;
    let (_, report) = sealed?;
    if report.failed() > 0 {
        let refusal = TransferRefusal::ChecksFailed {
            failed: report.failed(),
        };
        let detail = report.first_failure().unwrap_or_default();
        return Err(HttpProblem::from(crate::counter::CounterError::from(refusal)).saying(detail));
    }
    let (round, version) = counter.round_view(&id).await?;
    Ok(Versioned {
        status: StatusCode::OK,
        version,
        body: SealedView { round, report },
    })
}

/// In which form a package is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageOrder {
    /// `zip` or `tar`.
    form: PackageForm,
    /// `bag`, or `eark` for a submission to an archive (E-ARK SIP 2.2). Default `bag`.
    #[serde(default)]
    profile: PackageProfile,
}

/// The sealed package with the evidence as it is now. Whoever takes it is noted, and the checkpoint that goes with it is
/// recorded.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/package", tag = "transfer", request_body = PackageOrder,
    params(("id" = TransferId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)), security(("session" = [])))]
pub async fn package(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
    key: RequestKey,
    Body(order): Body<PackageOrder>,
) -> Result<Response, HttpProblem> {
    may(&service, &signed, &id, Action::Export).await?;
    let (suffix, kind) = match order.form {
        PackageForm::Zip => ("zip", "application/zip"),
        PackageForm::Tar => ("tar", "application/x-tar"),
        PackageForm::Folder => {
            let detail = "请选择 zip 或 tar choose zip or tar";
            return Err(HttpProblem::new(Problem::BadRequest, detail));
        }
    };
    let subject = Subject::Transfer(id.clone());
    service.note(&signed, &subject, ReadKind::Package, None)?;
    let ask = signed.ask(&key, None, None)?;
    let name = match order.profile {
        PackageProfile::Bag => format!("{id}.{suffix}"),
        PackageProfile::Eark => format!("{id}-eark.{suffix}"),
    };
    let folder = service.packer.scratch.join(signed.name_of(&key, "P"));
    let failed = |error: std::io::Error| HttpProblem::new(Problem::StoreFailed, error.to_string());
    tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
    let target = folder.join(&name);
    let packer = &service.packer;
    let (counter, place) = (&service.counter, (target.as_path(), order.form));
    let written = match order.profile {
        PackageProfile::Bag => {
            let written = packer.write_package(counter, &ask, &id, place, &[]).await;
            written.map(|_| ())
        }
        PackageProfile::Eark => {
            let written = packer.write_submission(counter, &ask, &id, place).await;
            written.map(|_| ())
        }
    };
    let opened = match written {
        Ok(()) => File::open(&target).await.map_err(failed),
        Err(error) => Err(error.into()),
    };
    // The open file outlives its name.
    drop(tokio::fs::remove_dir_all(&folder).await);
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, pieces(opened?)).into_response())
}

pub(super) fn pieces(file: File) -> ResponseBody {
    ResponseBody::from_stream(stream::unfold(Some(file), |file| async {
        let mut file = file?;
        let mut piece = vec![0; PIECE_BYTES];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some((Ok(Bytes::from(piece)), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    }))
}

/// Records what the department found when it checked the package (接收检测). `counterfoil verify --report` makes the order.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/acceptance", tag = "transfer", request_body = Acceptance,
    params(("id" = TransferId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    responses((status = 200, body = RoundView)), security(("session" = [])))]
pub async fn accept(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
    key: RequestKey,
    version: IfMatch,
    Body(order): Body<Acceptance>,
) -> Result<Versioned<RoundView>, HttpProblem> {
    may(&service, &signed, &id, Action::CheckPackage).await?;
    let ask = signed.ask(&key, Some(version), None)?;
    let by = ask.staff()?;
    let counter = &service.counter;
    let packer = &service.packer;
    packer
        .accept_package(counter, &ask, &id, &by, &order)
        .await?;
    let (body, version) = counter.round_view(&id).await?;
    Ok(Versioned {
        status: StatusCode::OK,
        version,
        body,
    })
}

/// The checks that the department handed in.
#[utoipa::path(get, path = "/api/v1/transfers/{id}/acceptance", tag = "transfer", params(("id" = TransferId, Path)),
    responses((status = 200, body = CheckReport)), security(("session" = [])))]
pub async fn accepted(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
) -> Result<Json<CheckReport>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadTransfer).await?;
    let (round, _) = service.counter.round_now(&id).await?;
    let checked = round.checked.ok_or_else(|| {
        let detail = "the department has not checked the package yet";
        HttpProblem::new(Problem::NotFound, detail)
    })?;
    let (packer, counter) = (&service.packer, &service.counter);
    Ok(Json(packer.report(counter, &checked.checks).await?))
}

/// The checks that the package was sealed with.
#[utoipa::path(get, path = "/api/v1/transfers/{id}/checks", tag = "transfer", params(("id" = TransferId, Path)),
    responses((status = 200, body = CheckReport)), security(("session" = [])))]
pub async fn checks(
    State(service): State<Arc<Service>>,
    signed: Signed,
    At(id): At<TransferId>,
) -> Result<Json<CheckReport>, HttpProblem> {
    may(&service, &signed, &id, Action::ReadTransfer).await?;
    let (round, _) = service.counter.round_now(&id).await?;
    let transfer = id.clone();
    let sealed = round.sealed.ok_or(TransferRefusal::NotSealed { transfer });
    let sealed = sealed.map_err(crate::counter::CounterError::from)?;
    let report = service
        .packer
        .report(&service.counter, &sealed.checks)
        .await?;
    Ok(Json(report))
}
