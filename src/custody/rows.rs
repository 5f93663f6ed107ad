//! What a hand-over on the way means for the case: a department collects the paper of rows it may read (Art 8(5)), and
//! brings it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::counter::change::fold_case;
use crate::counter::{Counter, CounterError, about, departments};
use crate::domain::case::{self, CaseState, Collect, Party, StaffSignature};
use crate::domain::catalogue::ServiceItem;
use crate::domain::custody::{
    KeySignature, Leg, OutcomeLine, Receipt, Side, Slip, SlipLine, SlipManifest, SlipOutcome,
};
use crate::domain::{CaseNo, Date, DepartmentCode, Digest, Fact, MaterialCode, Timestamp};
use crate::ledger::{Decline, Reads};

/// The item versions of the cases on a slip that goes to a department, or comes from one, in the course of the case.
pub(super) struct Items(BTreeMap<CaseNo, Arc<ServiceItem>>);

impl Counter {
    pub(super) async fn items_to_collect(
        &self,
        manifest: &SlipManifest,
    ) -> Result<Items, CounterError> {
        let mut items = BTreeMap::new();
        if matches!(manifest.leg, Leg::Collection | Leg::Return) {
            for line in &manifest.lines {
                let (case, _) = self.case(&line.case).await?;
                let item = self.pinned(&case.mandate.content).await?;
                items.insert(line.case.clone(), item);
            }
        }
        Ok(Items(items))
    }
}

fn rows(line: &SlipLine) -> impl Iterator<Item = (u16, &MaterialCode)> {
    let papers = line.papers.iter();
    papers.filter_map(|paper| Some((paper.no, paper.row.as_ref()?)))
}

/// The rows of which everything on the line was taken.
fn taken(line: &SlipLine, found: &OutcomeLine) -> Vec<MaterialCode> {
    let whole = |row: &MaterialCode| {
        rows(line).filter(|(_, of)| *of == row).all(|(no, _)| {
            let paper = found.papers.iter().find(|paper| paper.no == no);
            paper.is_some_and(|paper| paper.found.is_taken())
        })
    };
    let mut taken: Vec<MaterialCode> = rows(line).map(|(_, row)| row.clone()).collect();
    taken.sort_unstable();
    taken.dedup();
    taken.retain(whole);
    taken
}

fn signature(by: &KeySignature, party: Party) -> StaffSignature {
    StaffSignature {
        staff: by.staff.clone(),
        party,
        digest: Digest::of(by.signature.as_bytes()),
    }
}

impl Items {
    /// The case, and its item with who answers for each part of it today.
    fn open(
        &self,
        reads: &mut Reads<'_>,
        no: &CaseNo,
        now: Timestamp,
    ) -> Result<Option<(CaseState, ServiceItem)>, Decline> {
        let Some(item) = self.0.get(no) else {
            return Ok(None);
        };
        let case = fold_case(no, reads.history(&about(no))?)?;
        let named = case::named_departments(item).cloned();
        let departments = departments(reads, named)?;
        let item = case::with_successors(item, &case, &departments, Date::of(now)).into_owned();
        Ok(Some((case, item)))
    }

    /// Refuses paper that the department may not have now (Art 8(6)).
    pub(super) fn check(
        &self,
        reads: &mut Reads<'_>,
        manifest: &SlipManifest,
        now: Timestamp,
    ) -> Result<(), Decline> {
        let (Leg::Collection, Side::Department { department }) = (manifest.leg, &manifest.to)
        else {
            return Ok(());
        };
        for line in &manifest.lines {
            if let Some((case, item)) = self.open(reads, &line.case, now)? {
                let rows: Vec<MaterialCode> = rows(line).map(|(_, row)| row.clone()).collect();
                case::may_collect(&case, &item, department, &rows, now)?;
            }
        }
        Ok(())
    }

    /// What was taken, as facts of the cases.
    pub(super) fn moved(
        &self,
        reads: &mut Reads<'_>,
        manifest: &SlipManifest,
        outcome: &SlipOutcome,
        (slip, receipt): (&Slip, &Receipt),
        now: Timestamp,
    ) -> Result<Vec<Fact>, Decline> {
        let mut facts = Vec::new();
        for (line, found) in manifest.lines.iter().zip(&outcome.lines) {
            let rows = taken(line, found);
            if rows.is_empty() {
                continue;
            }
            let Some((case, item)) = self.open(reads, &line.case, now)? else {
                continue;
            };
            facts.extend(match (&manifest.from.side, &manifest.to) {
                (_, Side::Department { department }) if manifest.leg == Leg::Collection => {
                    let command = collect(department, rows, slip, receipt);
                    case::collect_paper(&case, &item, command, now)?
                }
                (Side::Department { department }, _) => case::bring_back(&case, department, rows),
                _ => Vec::new(),
            });
        }
        Ok(facts)
    }
}

fn collect(
    department: &DepartmentCode,
    rows: Vec<MaterialCode>,
    slip: &Slip,
    receipt: &Receipt,
) -> Collect {
    let theirs = Party::Department {
        department: department.clone(),
    };
    let taken = match receipt {
        Receipt::Signed { by } => signature(by, theirs),
        // The department's people have no accounts: the sheet is their signature, the witness the window's.
        Receipt::Stamped { sheet, witness } => StaffSignature {
            staff: witness.staff.clone(),
            party: theirs,
            digest: *sheet,
        },
    };
    Collect {
        department: department.clone(),
        rows,
        given: signature(&slip.given, Party::Window),
        taken,
    }
}
