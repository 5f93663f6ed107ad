//! Correcting what was filed with the wrong case (串件): it leaves this case by a recorded fact and is filed with the other.

use super::event::CaseEvent;
use super::opening::fact;
use super::state::CaseState;
use super::terms::Refiled;
use crate::domain::Digest;
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
