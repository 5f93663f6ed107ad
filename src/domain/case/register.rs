//! What is read off folded cases: the delivery register (Art 10(5)), the applicant's progress, and results that no
//! case explains (体外循环, Art 11(7)).

use serde::{Deserialize, Serialize};

use super::ending::Ending;
use super::event::CaseEvent;
use super::opening::fact;
use super::state::{CaseState, Stage};
use super::terms::{DeliveryChoice, DeliveryWay, PostOutcome};
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::{CaseNo, DepartmentCode, SerialNo, TaskCode};
use crate::domain::time::Timestamp;

/// How far a case is, as its applicant and the platform are told.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Being taken in.
    Intake,
    /// Something is to be corrected.
    Correcting,
    /// Receipted.
    Received,
    /// With the department.
    UnderReview,
    /// Accepted.
    Accepted,
    /// In a special procedure.
    Paused,
    /// Decided; the result is being made.
    Decided,
    /// The result waits at the window.
    Ready,
    /// The result is in the post.
    InPost,
    /// Delivered.
    Delivered,
    /// Not accepted.
    Refused,
    /// Withdrawn.
    Withdrawn,
    /// Void.
    Voided,
    /// Terminated.
    Terminated,
    /// Closed before the system was there.
    TakenOver,
}

/// A row of the delivery register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRow {
    /// The case.
    pub case: CaseNo,
    /// Its item.
    pub task: TaskCode,
    /// Digest of the result.
    pub content: Digest,
    /// Serial of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<SerialNo>,
    /// When the window obtained it.
    pub obtained_at: Timestamp,
    /// How it was delivered.
    pub way: DeliveryWay,
    /// When.
    pub delivered_at: Timestamp,
}

/// A result that is not delivered yet, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// The applicant has not fetched it.
    AwaitingPickUp,
    /// It has to be posted.
    ToPost,
    /// It is on its way.
    InPost(SerialNo),
    /// It came back or nobody fetched it.
    CameBack(SerialNo, PostOutcome),
}

/// A result found somewhere else: in a department's own register, or brought by someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundResult {
    /// The department that issued it.
    pub department: DepartmentCode,
    /// The item.
    pub task: TaskCode,
    /// The case number it names, if any.
    pub case: Option<CaseNo>,
    /// The certificate's serial, if any.
    pub serial: Option<SerialNo>,
}

/// The case's row of the delivery register: exactly one once its result is delivered, none before.
pub fn delivery_row(case: &CaseState) -> Option<DeliveryRow> {
    let delivered = case.delivered.as_ref()?;
    let record = case.result.as_ref()?;
    Some(DeliveryRow {
        case: case.no.clone(),
        task: case.mandate.task.clone(),
        content: record.result.content,
        serial: record.result.serial.clone(),
        obtained_at: record.obtained_at,
        way: delivered.way.clone(),
        delivered_at: delivered.at,
    })
}

/// What is to be done about the case's result; none when there is none or it is delivered.
pub fn undelivered(case: &CaseState) -> Option<Undelivered> {
    case.result.as_ref().filter(|_| case.delivered.is_none())?;
    let to_post = matches!(case.delivery, DeliveryChoice::Mail { .. });
    let waiting = if to_post {
        Undelivered::ToPost
    } else {
        Undelivered::AwaitingPickUp
    };
    Some(match case.posts.last() {
        Some(post) => match post.outcome {
            None => Undelivered::InPost(post.waybill.clone()),
            Some(outcome) => Undelivered::CameBack(post.waybill.clone(), outcome),
        },
        None => waiting,
    })
}

/// How far the case is.
pub fn progress(case: &CaseState) -> Progress {
    match case.stage {
        Stage::Intake => Progress::Intake,
        Stage::Correcting | Stage::Returned => Progress::Correcting,
        Stage::Received => Progress::Received,
        Stage::Pushed => Progress::UnderReview,
        Stage::Accepted if case.running().is_some() => Progress::Paused,
        Stage::Accepted => Progress::Accepted,
        Stage::Decided if case.delivered.is_some() => Progress::Delivered,
        Stage::Decided if case.in_post().is_some() => Progress::InPost,
        Stage::Decided if case.result.is_some() => Progress::Ready,
        Stage::Decided => Progress::Decided,
        Stage::Ended => match case.ending {
            Some(Ending::Refused) => Progress::Refused,
            Some(Ending::Withdrawn) => Progress::Withdrawn,
            Some(Ending::Voided) => Progress::Voided,
            Some(Ending::TakenOver) => Progress::TakenOver,
            Some(Ending::Terminated) | None => Progress::Terminated,
        },
    }
}

/// Notes that the platform was told the progress, if it is not the one it was told last (Art 13(2)).
pub fn report_progress(case: &CaseState) -> Vec<Fact> {
    let progress = progress(case);
    if case.reported == Some(progress) {
        return Vec::new();
    }
    vec![fact(case, CaseEvent::ProgressReported { progress })]
}

/// The results that no decided case explains, by case number or by serial: the department took or decided them outside
/// the platform (Art 11(7)).
pub fn results_without_case<'a>(
    results: &'a [FoundResult],
    cases: &[CaseState],
) -> Vec<&'a FoundResult> {
    let explains = |found: &FoundResult, case: &CaseState| {
        let named = found
            .case
            .as_ref()
            .is_some_and(|number| *number == case.no || case.platform_no.as_ref() == Some(number));
        let serial = case
            .result
            .as_ref()
            .and_then(|record| record.result.serial.as_ref());
        let numbered = found.serial.is_some() && found.serial.as_ref() == serial;
        case.decision.is_some() && case.mandate.task == found.task && (named || numbered)
    };
    results
        .iter()
        .filter(|found| !cases.iter().any(|case| explains(found, case)))
        .collect()
}
