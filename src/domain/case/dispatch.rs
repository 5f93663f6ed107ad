//! Pushing a case to its departments: who may read what at which step, the same digest on both sides, and paper that
//! cannot go through the platform collected with two signatures. Art 8(5), 8(6), 9(2), 12(2), 12(3).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::checklist::material;
use super::event::CaseEvent;
use super::opening::{fact, in_order, pinned, undecided};
use super::refusal::CaseRefusal;
use super::state::{CaseState, PaperHolder, Pushed, Stage};
use super::terms::*;
use crate::domain::calendar::{Calendar, NoYear};
use crate::domain::catalogue::{CoTask, ServiceItem};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::{CaseNo, DepartmentCode, MaterialCode, TaskCode};
use crate::domain::time::Timestamp;

/// The step of the lead department.
pub(super) const LEAD: u8 = 0;

/// What a department is sent: references to the scans it may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushPackage {
    /// The case.
    pub case: CaseNo,
    /// Its submission.
    pub submission: u32,
    /// The item.
    pub task: TaskCode,
    /// Its version.
    pub version: u32,
    /// To whom.
    pub department: DepartmentCode,
    /// For which step; 0 is the lead.
    pub step: u8,
    /// The rows it may read.
    pub rows: Vec<PackageRow>,
}

/// A row in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRow {
    /// Its code.
    pub row: MaterialCode,
    /// Its scans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scans: Vec<Digest>,
    /// The electronic licence, shared data or commitment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Digest>,
}

impl PushPackage {
    /// The bytes that are sent and digested.
    pub fn bytes(&self) -> Vec<u8> {
        // A struct of codes and digests always becomes JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The digest that both sides compare.
    pub fn digest(&self) -> Digest {
        Digest::of(self.bytes())
    }
}

/// Paper a department collects at the window.
#[derive(Debug, Clone)]
pub struct Collect {
    /// Which department.
    pub department: DepartmentCode,
    /// The rows whose paper it takes.
    pub rows: Vec<MaterialCode>,
    /// The window's signature.
    pub given: StaffSignature,
    /// The department's.
    pub taken: StaffSignature,
}

fn done(case: &CaseState, task: &CoTask) -> bool {
    case.tasks
        .iter()
        .any(|record| record.department == task.department && record.step == task.step)
}

/// The step of a joint item that is under way; none when every part is done, or the item is no joint one.
pub fn current_step(case: &CaseState, item: &ServiceItem) -> Option<u8> {
    let open = item.co_tasks.iter().filter(|task| !done(case, task));
    open.map(|task| task.step).min()
}

fn present_tasks<'a>(
    case: &'a CaseState,
    item: &'a ServiceItem,
) -> impl Iterator<Item = &'a CoTask> {
    let step = current_step(case, item);
    let present = move |task: &&CoTask| Some(task.step) == step && !done(case, task);
    item.co_tasks.iter().filter(present)
}

/// Who may read which rows now (Art 8(6)): nobody before the push; then the lead department everything, the
/// co-departments of the step under way the rows their part lists. Once the case is decided nothing is pushed any
/// more: then whoever leads today reads what its predecessor was sent.
pub fn readers(
    case: &CaseState,
    item: &ServiceItem,
) -> BTreeMap<DepartmentCode, BTreeSet<MaterialCode>> {
    let mut readers: BTreeMap<DepartmentCode, BTreeSet<MaterialCode>> = BTreeMap::new();
    let concluded = matches!(case.stage, Stage::Decided | Stage::Ended);
    for push in case.present_pushes() {
        let present = |task: &&CoTask| {
            task.department == push.department && task.step == push.step && !done(case, task)
        };
        // Once the successor has the case, who led before it reads no more.
        let handed_on = push.department != item.lead && pushed(case, &item.lead, LEAD).is_some();
        let rows: Vec<MaterialCode> = if push.step == LEAD && handed_on {
            continue;
        } else if push.step == LEAD {
            item.materials.iter().map(|row| row.code.clone()).collect()
        } else if concluded {
            continue;
        } else {
            let task = item.co_tasks.iter().find(present);
            task.map_or_else(Vec::new, |task| task.materials.clone())
        };
        let reader = match concluded {
            true => &item.lead,
            false => &push.department,
        };
        if !rows.is_empty() {
            readers.entry(reader.clone()).or_default().extend(rows);
        }
    }
    readers
}

/// What `department` is sent for `step`.
pub fn push_package(
    case: &CaseState,
    item: &ServiceItem,
    department: &DepartmentCode,
    step: u8,
) -> PushPackage {
    let of_task = |code: &MaterialCode| {
        item.co_tasks.iter().any(|task| {
            task.department == *department && task.step == step && task.materials.contains(code)
        })
    };
    let mut rows = Vec::new();
    for material in &item.materials {
        let state = case.row(&material.code);
        let Some(met) = state.met else { continue };
        if step == LEAD || of_task(&material.code) {
            rows.push(PackageRow {
                row: material.code.clone(),
                scans: state.scans,
                evidence: met.evidence,
            });
        }
    }
    PushPackage {
        case: case.no.clone(),
        submission: case.submission,
        task: item.task_code.clone(),
        version: item.version,
        department: department.clone(),
        step,
        rows,
    }
}

/// Pushes the case to whoever is to have it now and does not: the lead department, and the co-departments of the
/// step under way. Rows whose paper cannot go through the platform are named in `by_paper`; every other row with
/// paper kept has a scan. Asked again, it gives no fact.
pub fn push(
    case: &CaseState,
    item: &ServiceItem,
    by_paper: &[MaterialCode],
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    undecided(case)?;
    in_order(case, now)?;
    if !matches!(
        case.stage,
        Stage::Received | Stage::Pushed | Stage::Accepted
    ) {
        return Err(CaseRefusal::NotReceived);
    }
    for row in by_paper {
        material(item, row)?;
    }
    let mut wanted = vec![(&item.lead, LEAD)];
    wanted.extend(present_tasks(case, item).map(|task| (&task.department, task.step)));
    let mut facts = Vec::new();
    for (department, step) in wanted {
        if pushed(case, department, step).is_some() {
            continue;
        }
        let package = push_package(case, item, department, step);
        for sent in &package.rows {
            let kept = !case.row(&sent.row).kept().is_empty();
            if kept && sent.scans.is_empty() && !by_paper.contains(&sent.row) {
                let row = sent.row.clone();
                return Err(CaseRefusal::NotDigitised { row });
            }
        }
        let to_collect = |row: &&MaterialCode| package.rows.iter().any(|sent| sent.row == **row);
        let pushed = CaseEvent::Pushed {
            department: department.clone(),
            step,
            by_paper: by_paper.iter().filter(to_collect).cloned().collect(),
            package: package.digest(),
        };
        facts.push(fact(case, pushed));
    }
    Ok(facts)
}

pub(super) fn pushed<'a>(
    case: &'a CaseState,
    department: &DepartmentCode,
    step: u8,
) -> Option<&'a Pushed> {
    let mut pushes = case.present_pushes();
    pushes.find(|push| push.department == *department && push.step == step)
}

/// The department confirms what it has. Its digest has to be the window's (Art 12(2)); confirmed again, it gives no
/// fact.
pub fn acknowledge(
    case: &CaseState,
    department: &DepartmentCode,
    step: u8,
    package: Digest,
) -> Result<Vec<Fact>, CaseRefusal> {
    let department = department.clone();
    let Some(push) = pushed(case, &department, step) else {
        return Err(CaseRefusal::NotPushed { department });
    };
    if push.package != package {
        return Err(CaseRefusal::PackageDiffers);
    }
    if push.acknowledged.is_some() {
        return Ok(Vec::new());
    }
    let acknowledged = CaseEvent::Acknowledged { department, step };
    Ok(vec![fact(case, acknowledged)])
}

/// Refuses a hand-over that is not signed by two people, one of the window and one of `department`.
pub(super) fn two_signed(
    department: &DepartmentCode,
    by_department: &StaffSignature,
    by_window: &StaffSignature,
) -> Result<(), CaseRefusal> {
    let theirs = Party::Department {
        department: department.clone(),
    };
    let apart = by_department.staff != by_window.staff
        && by_department.party == theirs
        && by_window.party == Party::Window;
    if !apart {
        return Err(CaseRefusal::TwoSigners);
    }
    Ok(())
}

/// How much paper of these rows a department may collect now: it may read them, and the window holds them (Art 8(5),
/// 8(6)).
pub fn may_collect(
    case: &CaseState,
    item: &ServiceItem,
    department: &DepartmentCode,
    rows: &[MaterialCode],
    now: Timestamp,
) -> Result<PaperCount, CaseRefusal> {
    pinned(case, item)?;
    undecided(case)?;
    in_order(case, now)?;
    let readable = readers(case, item);
    let department = department.clone();
    let Some(readable) = readable.get(&department) else {
        return Err(CaseRefusal::NotPushed { department });
    };
    if rows.is_empty() {
        return Err(CaseRefusal::NoRows);
    }
    let mut count = PaperCount::default();
    for row in rows {
        let row = row.clone();
        if !readable.contains(&row) {
            return Err(CaseRefusal::NotReader { department, row });
        }
        let state = case.row(&row);
        if state.holder != Some(PaperHolder::Window) {
            return Err(CaseRefusal::PaperNotHere { row });
        }
        count = count.plus(state.kept());
    }
    Ok(count)
}

/// A department collects paper at the window (L2): both sides sign, and it takes only what it may have.
pub fn collect_paper(
    case: &CaseState,
    item: &ServiceItem,
    command: Collect,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    let count = may_collect(case, item, &command.department, &command.rows, now)?;
    two_signed(&command.department, &command.taken, &command.given)?;
    let collected = CaseEvent::PaperCollected {
        department: command.department,
        rows: command.rows,
        count,
        given: command.given,
        taken: command.taken,
    };
    Ok(vec![fact(case, collected)])
}

/// What a department collected is at the window again (L3). Rows it does not have are left out.
pub fn bring_back(
    case: &CaseState,
    department: &DepartmentCode,
    mut rows: Vec<MaterialCode>,
) -> Vec<Fact> {
    let theirs = Some(PaperHolder::Department(department.clone()));
    rows.retain(|row| case.row(row).holder == theirs);
    if rows.is_empty() {
        return Vec::new();
    }
    let department = department.clone();
    let back = BroughtBack { department, rows };
    vec![fact(case, CaseEvent::PaperBroughtBack(back))]
}

/// The co-departments whose part is not done at `now`, with the day each is due and whether that is past (Art 9(2)).
/// A part's days run from its push.
pub fn laggards(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Vec<(DepartmentCode, Date, bool)>, NoYear> {
    let mut late = Vec::new();
    if matches!(case.stage, Stage::Decided | Stage::Ended) {
        return Ok(late);
    }
    for task in item.co_tasks.iter().filter(|task| !done(case, task)) {
        let Some(push) = pushed(case, &task.department, task.step) else {
            continue;
        };
        let start = Date::of(push.at);
        let due = calendar.plus_working_days(start, task.days.into())?;
        late.push((task.department.clone(), due, now >= due.end()));
    }
    Ok(late)
}
