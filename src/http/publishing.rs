//! `/api/v1/catalogue` and `/api/v1/items/…`: the catalogue as files over the wire, its comparison with the province's
//! published list, and an item's versions from proposal to withdrawal.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Service;
use super::body::{Large, Paper};
use super::door::Signed;
use super::extract::RequestKey;
use super::problem::{FieldProblem, HttpProblem};
use crate::counter::catalogue::{SentFiles, read_sent, write_catalogue};
use crate::counter::{Change, ImportError};
use crate::domain::access::{Action, Target};
use crate::domain::catalogue::Mismatch;
use crate::domain::{Digest, Problem};

/// Most files of a catalogue.
const FILES_MAX: usize = 5000;
/// Most problems told at once.
const PROBLEMS_MAX: usize = 200;
/// Longest name of a published list, in characters.
const NAME_CHARS_MAX: usize = 200;

/// A catalogue as files.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFiles {
    /// Path within the catalogue → content in base64: `hall.toml`, `items/*.toml`, and the documents they name.
    files: BTreeMap<String, Paper>,
    /// Only tells what would change.
    #[serde(default)]
    preview: bool,
}

/// What an import changed, or would change.
#[derive(Serialize, ToSchema)]
pub struct ImportView {
    /// Whether anything was recorded.
    recorded: bool,
    changes: Vec<ChangeView>,
}

/// A change.
#[derive(Serialize, ToSchema)]
pub struct ChangeView {
    /// What it is about: `item/TASK`.
    subject: String,
    /// What happens: `window_opened`.
    change: String,
    /// For a new version of a known item: what differs from the newest one before it.
    differences: Vec<MismatchView>,
}

/// A catalogue as files.
#[derive(Serialize, ToSchema)]
pub struct ExportView {
    /// Path within the catalogue → content in base64.
    files: BTreeMap<String, String>,
}

/// The province's published list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonOrder {
    /// What the file is called, for its problems.
    name: String,
    /// Its content in base64: CSV, or JSON when it begins with `[`.
    list: Paper,
}

/// What a comparison found. Every mismatch is an alarm for the department that keeps the list (Art 11(4)).
#[derive(Serialize, ToSchema)]
pub struct ComparisonView {
    /// Live items looked at.
    items: usize,
    /// Digest of the report.
    report: Digest,
    mismatches: Vec<MismatchView>,
}

/// Something that differs.
#[derive(Serialize, ToSchema)]
pub struct MismatchView {
    task: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    material: Option<String>,
    /// Stable code.
    code: String,
    /// What differs and what to do, in Chinese.
    zh: String,
    /// The same in English.
    en: String,
}

impl From<&Mismatch> for MismatchView {
    fn from(found: &Mismatch) -> Self {
        Self {
            task: found.task_code.to_string(),
            department: found.department.as_ref().map(ToString::to_string),
            material: found.material.as_ref().map(ToString::to_string),
            code: found.difference.code().to_owned(),
            zh: found.difference.zh(),
            en: found.difference.en(),
        }
    }
}

fn change_view(change: &Change) -> ChangeView {
    ChangeView {
        subject: change.subject.to_string(),
        change: change.change.clone(),
        differences: change.differences.iter().map(Into::into).collect(),
    }
}

/// The files that were sent, within their limits.
pub(super) fn sent(files: BTreeMap<String, Paper>) -> Result<SentFiles, HttpProblem> {
    if files.len() > FILES_MAX {
        let zh = format!("目录最多 {FILES_MAX} 个文件；请分次导入");
        let en = format!("a catalogue has at most {FILES_MAX} files; import it in parts");
        return Err(HttpProblem::bad_field("files", "too-many-files", zh, en));
    }
    let files = files.into_iter();
    Ok(files.map(|(path, Paper(bytes))| (path, bytes)).collect())
}

impl From<ImportError> for HttpProblem {
    fn from(error: ImportError) -> Self {
        let files = match error {
            ImportError::Counter(error) => return error.into(),
            ImportError::Files(error) => error.0,
            ImportError::Published(error) => vec![error],
        };
        let mut fields = Vec::new();
        for file in &files {
            fields.extend(file.problems.iter().map(|problem| FieldProblem {
                field: format!("{}:{}", file.file, problem.line),
                code: "catalogue-file".to_owned(),
                zh: problem.message.clone(),
                en: problem.message.clone(),
            }));
        }
        let count = fields.len();
        fields.truncate(PROBLEMS_MAX);
        let detail = format!(
            "文件有 {count} 处问题，未导入；请按文件与行号改正 (the files have {count} problems and nothing was recorded; correct them by file and line)"
        );
        HttpProblem::new(Problem::BadField, detail).in_fields(fields)
    }
}

/// Imports a catalogue. What is unchanged is left alone; a rule that refuses any part refuses the whole.
#[utoipa::path(post, path = "/api/v1/catalogue/imports", tag = "catalogue", request_body = CatalogueFiles,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ImportView)), security(("session" = [])))]
pub async fn import(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Large(order, _room): Large<CatalogueFiles>,
) -> Result<Json<ImportView>, HttpProblem> {
    signed.may(Action::ImportCatalogue, &Target::HALL)?;
    let files = sent(order.files)?;
    let wanted = read_sent(&files).map_err(ImportError::Files)?;
    let counter = &service.counter;
    let now = counter.clock.now();
    let changes = if order.preview {
        counter.preview(&wanted, now).await?
    } else {
        let ask = signed.ask(&key, None, None)?;
        counter.import(&ask, &wanted, now).await?.changes
    };
    Ok(Json(ImportView {
        recorded: !order.preview && !changes.is_empty(),
        changes: changes.iter().map(change_view).collect(),
    }))
}

/// The catalogue as it stands, as the files that import it elsewhere.
#[utoipa::path(get, path = "/api/v1/catalogue/export", tag = "catalogue",
    responses((status = 200, body = ExportView)), security(("session" = [])))]
pub async fn export(
    State(service): State<Arc<Service>>,
    signed: Signed,
) -> Result<Json<ExportView>, HttpProblem> {
    // The documents are in it, which not everybody who may read a guide may see.
    signed.may(Action::ImportCatalogue, &Target::HALL)?;
    let counter = &service.counter;
    let catalogue = counter.export(counter.clock.now()).await?;
    let files = write_catalogue(&catalogue).into_iter();
    Ok(Json(ExportView {
        files: files
            .map(|file| (file.path, STANDARD.encode(file.bytes)))
            .collect(),
    }))
}

/// Compares the live items with the province's published list and records the result.
#[utoipa::path(post, path = "/api/v1/catalogue/comparisons", tag = "catalogue", request_body = ComparisonOrder,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = ComparisonView)), security(("session" = [])))]
pub async fn compare(
    State(service): State<Arc<Service>>,
    signed: Signed,
    key: RequestKey,
    Large(order, _room): Large<ComparisonOrder>,
) -> Result<(StatusCode, Json<ComparisonView>), HttpProblem> {
    signed.may(Action::ImportCatalogue, &Target::HALL)?;
    let name: String = order.name.chars().take(NAME_CHARS_MAX).collect();
    let counter = &service.counter;
    let (ask, now) = (signed.ask(&key, None, None)?, counter.clock.now());
    let found = counter.compare_published(&ask, &name, &order.list.0, now);
    let found = found.await?;
    let body = ComparisonView {
        items: found.items,
        report: found.report,
        mismatches: found.mismatches.iter().map(Into::into).collect(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// The mismatches of the newest comparison.
#[utoipa::path(get, path = "/api/v1/catalogue/comparisons/latest", tag = "catalogue",
    responses((status = 200, body = ComparisonView)), security(("session" = [])))]
pub async fn compared(
    State(service): State<Arc<Service>>,
    signed: Signed,
) -> Result<Json<ComparisonView>, HttpProblem> {
    signed.may(Action::ReadCatalogue, &Target::HALL)?;
    let newest = service.counter.mismatches().await?;
    let (found, mismatches) = newest.ok_or_else(|| {
        let detail = "还没有比对过 (nothing was compared yet)";
        HttpProblem::new(Problem::NotFound, detail)
    })?;
    Ok(Json(ComparisonView {
        items: found.items as usize,
        report: found.report,
        mismatches: mismatches.iter().map(Into::into).collect(),
    }))
}
