//! The checklist: how each material row stands and how it is met. Art 8(2), 12(1).

use super::event::CaseEvent;
use super::opening::{alive, fact, in_order, pinned};
use super::refusal::CaseRefusal;
use super::state::{CaseState, Met, PaperHolder, Row, Stage};
use super::terms::*;
use crate::domain::catalogue::{Material, MetBy, Necessity, ServiceItem};
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::{CaseNo, Commitment, MaterialCode, StaffId};
use crate::domain::time::Timestamp;

/// How a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Conditional, and nobody decided yet whether it is needed.
    Undecided,
    /// Conditional, and not needed here.
    NotNeeded,
    /// Needed and not there.
    Open,
    /// May be handed in later (容缺), and is not there yet.
    Deferred,
    /// There.
    Met,
}

/// A line of the checklist.
#[derive(Debug, Clone)]
pub struct ChecklistRow<'a> {
    /// The material of the pinned version.
    pub material: &'a Material,
    /// How it stands.
    pub standing: Standing,
    /// Its state.
    pub row: Row,
}

/// How a row is met now.
#[derive(Debug, Clone)]
pub struct Meet {
    /// The row.
    pub row: MaterialCode,
    /// The way, one of the row's.
    pub way: MetBy,
    /// Originals that stay.
    pub originals: u8,
    /// Copies that stay.
    pub copies: u8,
    /// The original lies in the bundle of another case of the same visit or applicant.
    pub shared: Option<SharedOriginal>,
    /// Digest of the electronic licence, the shared data or the signed commitment.
    pub evidence: Option<Digest>,
    /// The case it was handed in with before.
    pub earlier: Option<CaseNo>,
    /// Who takes or sees it.
    pub clerk: StaffId,
}

/// How `material` stands in `case`.
pub(super) fn standing(case: &CaseState, material: &Material) -> Standing {
    let row = case.rows.get(&material.code);
    if row.is_some_and(|row| row.met.is_some()) {
        return Standing::Met;
    }
    if row.is_some_and(|row| row.deferred.is_some()) {
        return Standing::Deferred;
    }
    match (&material.necessity, row.and_then(|row| row.needed)) {
        (Necessity::Required, _) | (_, Some(true)) => Standing::Open,
        (_, Some(false)) => Standing::NotNeeded,
        (_, None) => Standing::Undecided,
    }
}

/// The whole checklist, in the order of the guide.
pub fn checklist<'a>(case: &CaseState, item: &'a ServiceItem) -> Vec<ChecklistRow<'a>> {
    let row = |material: &'a Material| ChecklistRow {
        material,
        standing: standing(case, material),
        row: case.row(&material.code),
    };
    item.materials.iter().map(row).collect()
}

pub(super) fn material<'a>(
    item: &'a ServiceItem,
    code: &MaterialCode,
) -> Result<&'a Material, CaseRefusal> {
    let found = item.materials.iter().find(|row| row.code == *code);
    found.ok_or_else(|| CaseRefusal::UnknownRow { row: code.clone() })
}

/// Refuses what can only be done while the case is taken in.
pub(super) fn at_window(case: &CaseState) -> Result<(), CaseRefusal> {
    alive(case)?;
    if case.stage != Stage::Intake {
        return Err(CaseRefusal::NotAtWindow);
    }
    Ok(())
}

/// Notes what a check of the entry found; an empty list clears earlier findings.
pub fn check_fields(
    case: &CaseState,
    findings: Vec<FieldFinding>,
) -> Result<Vec<Fact>, CaseRefusal> {
    at_window(case)?;
    if findings == case.findings {
        return Ok(Vec::new());
    }
    Ok(vec![fact(case, CaseEvent::FieldsChecked { findings })])
}

/// The clerk decides, with a reason, whether a conditional row is needed here.
pub fn decide_row(
    case: &CaseState,
    item: &ServiceItem,
    row: &MaterialCode,
    needed: bool,
    reason: Commitment,
    clerk: StaffId,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    at_window(case)?;
    let material = material(item, row)?;
    if material.necessity == Necessity::Required {
        return Err(CaseRefusal::NotConditional { row: row.clone() });
    }
    if matches!(standing(case, material), Standing::Met | Standing::Deferred) {
        return Err(CaseRefusal::RowNotOpen { row: row.clone() });
    }
    let decided = CaseEvent::RowDecided {
        row: row.clone(),
        needed,
        reason,
        clerk,
    };
    Ok(vec![fact(case, decided)])
}

/// Meets a row while the case is taken in. `holding` is the case named by `meet.shared`, if one is.
pub fn meet(
    case: &CaseState,
    item: &ServiceItem,
    meet: Meet,
    holding: Option<&CaseState>,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    at_window(case)?;
    in_order(case, now)?;
    let material = material(item, &meet.row)?;
    match standing(case, material) {
        Standing::Open => {}
        Standing::Undecided => return Err(CaseRefusal::RowUndecided { row: meet.row }),
        _ => return Err(CaseRefusal::RowNotOpen { row: meet.row }),
    }
    let row = meet.row.clone();
    let met = met(case, material, meet, holding)?;
    Ok(vec![fact(case, CaseEvent::RowMet { row, met })])
}

/// Takes back what a row was met by in this submission, before its receipt.
pub fn reopen(
    case: &CaseState,
    item: &ServiceItem,
    row: &MaterialCode,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    at_window(case)?;
    material(item, row)?;
    let state = case.row(row);
    if state.met.is_none() || state.met_in != case.submission {
        return Err(CaseRefusal::RowNotMet { row: row.clone() });
    }
    Ok(vec![fact(
        case,
        CaseEvent::RowReopened { row: row.clone() },
    )])
}

/// Files a scan under a row; filed again it gives no fact.
pub fn file_scan(
    case: &CaseState,
    item: &ServiceItem,
    row: &MaterialCode,
    scan: Digest,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    alive(case)?;
    material(item, row)?;
    if case.row(row).scans.contains(&scan) {
        return Ok(Vec::new());
    }
    let row = row.clone();
    Ok(vec![fact(case, CaseEvent::ScanFiled { row, scan })])
}

/// Checks a way of meeting `material` by the rules of its row.
pub(super) fn met(
    case: &CaseState,
    material: &Material,
    meet: Meet,
    holding: Option<&CaseState>,
) -> Result<Met, CaseRefusal> {
    let row = meet.row.clone();
    if !material.met_by.contains(&meet.way) {
        return Err(CaseRefusal::WayNotAllowed { row });
    }
    let sees_paper = matches!(meet.way, MetBy::PaperKept | MetBy::OriginalSeen);
    if sees_paper && case.channel == Channel::RemotePreCheck {
        return Err(CaseRefusal::NoPaperFromAfar { row });
    }
    if keeps_paper(meet.way) {
        check_counts(material, &meet)?;
    } else if meet.originals > 0 || meet.copies > 0 || meet.shared.is_some() {
        return Err(CaseRefusal::CountWithoutPaper { row });
    }
    if let Some(shared) = &meet.shared
        && !holding.is_some_and(|other| holds_original(case, other, shared))
    {
        let case = shared.case.clone();
        return Err(CaseRefusal::SharedNotHeld { row, case });
    }
    let proven = match meet.way {
        MetBy::PaperKept | MetBy::OriginalSeen => true,
        MetBy::ELicence | MetBy::SharedData | MetBy::Commitment => meet.evidence.is_some(),
        MetBy::EarlierSubmission => meet.earlier.as_ref().is_some_and(|no| *no != case.no),
    };
    if !proven {
        return Err(CaseRefusal::EvidenceMissing { row });
    }
    let kept = PaperCount {
        originals: meet.originals.into(),
        copies: meet.copies.into(),
    };
    Ok(Met {
        way: meet.way,
        kept,
        shared: meet.shared,
        evidence: meet.evidence,
        earlier: meet.earlier,
        clerk: meet.clerk,
    })
}

fn check_counts(material: &Material, meet: &Meet) -> Result<(), CaseRefusal> {
    let row = meet.row.clone();
    if meet.shared.is_none() && meet.originals < material.originals {
        let asked = material.originals;
        return Err(CaseRefusal::TooFewOriginals { row, asked });
    }
    if meet.copies < material.copies {
        let asked = material.copies;
        return Err(CaseRefusal::TooFewCopies { row, asked });
    }
    if meet.shared.is_none() && meet.originals == 0 && meet.copies == 0 {
        return Err(CaseRefusal::NoPaper { row });
    }
    Ok(())
}

/// Whether `other` holds an original of its own that `case` may point to: same applicant, at the window.
fn holds_original(case: &CaseState, other: &CaseState, shared: &SharedOriginal) -> bool {
    let row = other.row(&shared.row);
    other.no == shared.case
        && other.no != case.no
        && (other.visit.is_some() && other.visit == case.visit
            || other.applicant.record == case.applicant.record)
        && row.kept().originals > 0
        && row.holder == Some(PaperHolder::Window)
}
