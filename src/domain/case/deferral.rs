//! 容缺: a secondary material may come later, on a signed undertaking and by a date; if it may not, the applicant is
//! told why, in print. Art 8(3), 9(3), 10(4). The clock of the case runs on meanwhile.

use super::checklist::{Meet, Standing, at_window, material, met, standing};
use super::event::CaseEvent;
use super::opening::{alive, covered, fact, in_order, pinned};
use super::receipt::receipt_manifest;
use super::refusal::CaseRefusal;
use super::state::{CaseState, Deferred, PaperHolder};
use super::terms::*;
use crate::domain::calendar::Calendar;
use crate::domain::catalogue::{Handling, Material, ServiceItem, Weight};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::hall::{Mandate, Power};
use crate::domain::id::{MaterialCode, StaffId};
use crate::domain::time::Timestamp;

/// A deferral the applicant asks for and signs.
#[derive(Debug, Clone)]
pub struct Defer {
    /// The rows to come later.
    pub rows: Vec<MaterialCode>,
    /// Within how many working days.
    pub days: u16,
    /// The applicant is excluded from deferral, as a discredited one is.
    pub excluded: bool,
    /// Digest of the undertaking (承诺书).
    pub undertaking: Digest,
    /// The applicant's signature under it.
    pub signature: WitnessedSignature,
}

/// A deferral that is refused in print.
#[derive(Debug, Clone)]
pub struct RefuseDeferral {
    /// The rows asked for.
    pub rows: Vec<MaterialCode>,
    /// Within how many working days.
    pub days: u16,
    /// The applicant is excluded from deferral.
    pub excluded: bool,
    /// Digest of the printed refusal.
    pub notice: Digest,
    /// Who refuses.
    pub clerk: StaffId,
}

/// Why a row cannot be deferred by `days` working days; none when it can.
pub fn deferral_bar(
    case: &CaseState,
    item: &ServiceItem,
    row: &Material,
    days: u16,
    excluded: bool,
) -> Option<DeferralBar> {
    let Handling::TimeLimited { promised_days, .. } = item.handling else {
        return Some(DeferralBar::InstantItem);
    };
    if standing(case, row) != Standing::Open {
        return Some(DeferralBar::NotMissing);
    }
    if row.weight == Weight::Main {
        return Some(DeferralBar::MainMaterial);
    }
    let Some(deferral) = row.deferral else {
        return Some(DeferralBar::NotListed);
    };
    if excluded {
        return Some(DeferralBar::ApplicantExcluded);
    }
    let most = deferral.days.min(promised_days);
    if days == 0 || days > most {
        return Some(DeferralBar::TooManyDays);
    }
    None
}

/// Grants a deferral: every row eligible, the undertaking signed before a clerk. The date is fixed as it is signed.
pub fn defer(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    command: Defer,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    at_window(case)?;
    in_order(case, now)?;
    if command.rows.is_empty() {
        return Err(CaseRefusal::NoRows);
    }
    for row in &command.rows {
        let material = material(item, row)?;
        if let Some(bar) = deferral_bar(case, item, material, command.days, command.excluded) {
            let row = row.clone();
            return Err(CaseRefusal::NotDeferrable { row, bar });
        }
    }
    let due = calendar.plus_working_days(Date::of(now), command.days.into())?;
    let deferred = Deferred {
        rows: command.rows,
        due,
        undertaking: command.undertaking,
        signature: command.signature,
    };
    Ok(vec![fact(case, CaseEvent::DeferralGranted { deferred })])
}

/// Notes that a deferral was refused and the reasons printed. A row that can be deferred must not be refused.
pub fn refuse_deferral(
    case: &CaseState,
    item: &ServiceItem,
    command: RefuseDeferral,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    at_window(case)?;
    if command.rows.is_empty() {
        return Err(CaseRefusal::NoRows);
    }
    let mut rows = Vec::with_capacity(command.rows.len());
    for row in command.rows {
        let material = material(item, &row)?;
        match deferral_bar(case, item, material, command.days, command.excluded) {
            Some(bar) => rows.push(BarredRow { row, bar }),
            None => return Err(CaseRefusal::Deferrable { row }),
        }
    }
    let refused = CaseEvent::DeferralRefused {
        rows,
        notice: command.notice,
        clerk: command.clerk,
    };
    Ok(vec![fact(case, refused)])
}

/// Takes in a deferred row after the receipt, late or not, until the case has ended. The fact's manifest
/// is [`receipt_manifest`] as it stands with the row.
pub fn supplement(
    case: &CaseState,
    item: &ServiceItem,
    mandate: &Mandate,
    meet: Meet,
    holding: Option<&CaseState>,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    alive(case)?;
    in_order(case, now)?;
    covered(case, mandate, Power::Receive)?;
    if case.receipt().is_none() {
        return Err(CaseRefusal::NotReceived);
    }
    let row = meet.row.clone();
    let material = material(item, &row)?;
    if standing(case, material) != Standing::Deferred {
        return Err(CaseRefusal::NotDeferred { row });
    }
    let met = met(case, material, meet, holding)?;
    let mut after = case.clone();
    let state = after.rows.entry(row.clone()).or_default();
    state.holder = (!met.kept.is_empty()).then_some(PaperHolder::Window);
    state.met = Some(met.clone());
    let manifest = receipt_manifest(&after, item).digest();
    let supplemented = CaseEvent::Supplemented { row, met, manifest };
    Ok(vec![fact(case, supplemented)])
}
