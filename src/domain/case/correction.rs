//! Correction (补正): one complete written notice for each submission, on the spot; whatever was left out is a
//! supervisor's matter. Art 8(4).

use super::checklist::{Standing, standing};
use super::event::CaseEvent;
use super::opening::{alive, fact, in_order, pinned, undecided};
use super::refusal::CaseRefusal;
use super::state::{CaseState, PaperHolder, Stage};
use super::terms::*;
use crate::domain::catalogue::ServiceItem;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::{Commitment, MaterialCode, StaffId};
use crate::domain::time::Timestamp;

/// A correction notice as it is to be given.
#[derive(Debug, Clone)]
pub struct Correction {
    /// Everything that is to be corrected.
    pub defects: Vec<Defect>,
    /// Until when, the day included.
    pub due: Date,
    /// Digest of the printed notice.
    pub notice: Digest,
    /// Who gives it.
    pub clerk: StaffId,
    /// The applicant's signature, needed when receipted paper goes back with it.
    pub signature: Option<WitnessedSignature>,
}

/// What a complete notice has to list at least: every row that is open or undecided, every finding that stands.
pub fn defects(case: &CaseState, item: &ServiceItem) -> Vec<DefectSubject> {
    let open = item.materials.iter().filter(|material| {
        matches!(
            standing(case, material),
            Standing::Open | Standing::Undecided
        )
    });
    let rows = open.map(|material| DefectSubject::Row {
        row: material.code.clone(),
    });
    let fields = case.findings.iter().map(|finding| DefectSubject::Field {
        field: finding.field.clone(),
    });
    rows.chain(fields).collect()
}

/// Gives the one notice of this submission. It lists everything known to be wrong; rows it lists are open again and
/// their paper goes back. A second notice needs [`escalate_correction`] first.
pub fn notify_correction(
    case: &CaseState,
    item: &ServiceItem,
    command: Correction,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    alive(case)?;
    in_order(case, now)?;
    if !matches!(
        case.stage,
        Stage::Intake | Stage::Returned | Stage::Correcting
    ) {
        return Err(CaseRefusal::NotAtWindow);
    }
    if notices_left(case) == 0 {
        return Err(CaseRefusal::SecondNotice);
    }
    let listed = |about: &DefectSubject| command.defects.iter().any(|line| line.about == *about);
    // What an earlier notice of this submission lists is open until it is handed in again; it need not be repeated.
    let known = |about: &DefectSubject| {
        let earlier = case
            .notices
            .iter()
            .filter(|n| n.submission == case.submission);
        earlier
            .flat_map(|n| &n.defects)
            .any(|line| line.about == *about)
    };
    let left_out = defects(case, item)
        .into_iter()
        .find(|about| !listed(about) && !known(about));
    if let Some(about) = left_out {
        return Err(CaseRefusal::NoticeIncomplete { about });
    }
    if command.defects.is_empty() {
        return Err(CaseRefusal::NothingToCorrect);
    }
    if command.due <= Date::of(now) {
        return Err(CaseRefusal::DueTooEarly);
    }
    for defect in &command.defects {
        if let DefectSubject::Row { row } = &defect.about {
            super::checklist::material(item, row)?;
            hand_back(case, row, command.signature.is_some())?;
        }
    }
    let noticed = CaseEvent::CorrectionNoticed {
        defects: command.defects,
        due: command.due,
        notice: command.notice,
        clerk: command.clerk,
        signature: command.signature,
    };
    Ok(vec![fact(case, noticed)])
}

/// Paper that a receipt names goes back only if the window holds it, and against a signature.
fn hand_back(case: &CaseState, row: &MaterialCode, signed: bool) -> Result<(), CaseRefusal> {
    let row = row.clone();
    let state = case.row(&row);
    match state.holder {
        Some(PaperHolder::Department(_)) => Err(CaseRefusal::PaperNotHere { row }),
        Some(PaperHolder::Window) if !case.receipts.is_empty() && !signed => {
            Err(CaseRefusal::HandBackUnsigned { row })
        }
        _ => Ok(()),
    }
}

fn notices_left(case: &CaseState) -> usize {
    let given = case
        .notices
        .iter()
        .filter(|notice| notice.submission == case.submission)
        .count();
    (1 + escalated(case)).saturating_sub(given)
}

fn escalated(case: &CaseState) -> usize {
    let this = |submission: &&u32| **submission == case.submission;
    case.escalations.iter().filter(this).count()
}

/// The notice left something out: the supervisor allows one more for this submission. The fact stays as a fault of the
/// window.
pub fn escalate_correction(
    case: &CaseState,
    supervisor: StaffId,
    reason: Commitment,
) -> Result<Vec<Fact>, CaseRefusal> {
    undecided(case)?;
    let noticed = case
        .notices
        .last()
        .is_some_and(|notice| notice.submission == case.submission);
    if !noticed || notices_left(case) > 0 {
        return Err(CaseRefusal::NotEscalatable);
    }
    let escalated = CaseEvent::CorrectionEscalated(Escalated { supervisor, reason });
    Ok(vec![fact(case, escalated)])
}

/// The applicant hands in again after a notice, or the window puts right what a department returned: a new submission.
pub fn resubmit(
    case: &CaseState,
    clerk: StaffId,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    alive(case)?;
    in_order(case, now)?;
    if !matches!(case.stage, Stage::Correcting | Stage::Returned) {
        return Err(CaseRefusal::NothingReturned);
    }
    Ok(vec![fact(case, CaseEvent::Resubmitted { clerk })])
}
