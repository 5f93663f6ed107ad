//! Correcting what was filed with the wrong case (串件): it leaves this case by a recorded fact and is filed with the other.

use super::event::CaseEvent;
use super::opening::fact;
use super::state::CaseState;
use super::terms::{PaperCount, Refiled, RefiledIn, RefiledRow};
use crate::domain::Digest;
use crate::domain::custody::PaperForm;
use crate::domain::event::Fact;
use crate::domain::id::{CaseNo, MaterialCode};

/// Takes scans out of the case, and rows of which no paper is left in its bundle. What the case knows of neither gives no
/// fact.
pub fn take_out(
    case: &CaseState,
    to: &CaseNo,
    scans: &[Digest],
    rows: &[MaterialCode],
) -> Vec<Fact> {
    let filed = |scan: &&Digest| case.rows.values().any(|row| row.scans.contains(scan));
    let held = |row: &&MaterialCode| case.row(row).holder.is_some();
    let refiled = Refiled {
        to: to.clone(),
        scans: scans.iter().filter(filed).copied().collect(),
        rows: rows.iter().filter(held).cloned().collect(),
    };
    if refiled.scans.is_empty() && refiled.rows.is_empty() {
        return Vec::new();
    }
    vec![fact(case, CaseEvent::Refiled(refiled))]
}

/// Paper that came from `from`, for the rows it meets: the window holds it. What meets no row gives no fact.
pub fn take_over_paper<'p>(
    to: &CaseState,
    from: &CaseNo,
    papers: impl Iterator<Item = (&'p MaterialCode, PaperForm, u32)>,
) -> Vec<Fact> {
    let mut rows: Vec<RefiledRow> = Vec::new();
    for (row, form, count) in papers {
        let count = match form {
            PaperForm::Original => PaperCount {
                originals: count,
                copies: 0,
            },
            PaperForm::Copy => PaperCount {
                originals: 0,
                copies: count,
            },
        };
        match rows.iter_mut().find(|one| one.row == *row) {
            Some(one) => one.count = one.count.plus(count),
            None => rows.push(RefiledRow {
                row: row.clone(),
                count,
            }),
        }
    }
    if rows.is_empty() {
        return Vec::new();
    }
    let from = from.clone();
    vec![fact(to, CaseEvent::RefiledIn(RefiledIn { from, rows }))]
}
