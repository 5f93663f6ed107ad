//! After a reform of departments: who does today what the pinned item version still gives to a department that is
//! gone. Art 11(1).

use std::borrow::Cow;

use super::state::CaseState;
use crate::domain::Date;
use crate::domain::DepartmentCode;
use crate::domain::catalogue::{CoTask, ServiceItem};
use crate::domain::hall::Departments;

/// The departments an item version names.
pub fn named_departments(item: &ServiceItem) -> impl Iterator<Item = &DepartmentCode> {
    let tasks = item.co_tasks.iter().map(|task| &task.department);
    std::iter::once(&item.lead).chain(tasks)
}

/// The pinned version as it is to be read on `day`: in the place of a department that was succeeded stands whoever
/// answers for it now. A part that is done stays with whoever did it, also if that one is gone since. What was pushed to
/// the predecessor is pushed again, so that the successor has it against a receipt of its own. A department that
/// `departments` does not know stays as it is.
///
/// Where a successor has another part of the same step, both are one part if that one is open; if it is done, the part
/// that came with the reform is a step of its own after all others, so that no opinion is left out.
pub fn with_successors<'i>(
    item: &'i ServiceItem,
    case: &CaseState,
    departments: &Departments,
    day: Date,
) -> Cow<'i, ServiceItem> {
    let changed = |department: &DepartmentCode| chain(departments, department, day).len() > 1;
    if !named_departments(item).any(changed) {
        return Cow::Borrowed(item);
    }
    let mut today = item.clone();
    if let Some(lead) = chain(departments, &item.lead, day).pop() {
        today.lead = lead;
    }
    for material in &mut today.materials {
        let named = material.transfer_to.as_ref();
        if let Some(last) = named.and_then(|named| chain(departments, named, day).pop()) {
            material.transfer_to = Some(last);
        }
    }
    let after = item.co_tasks.iter().map(|task| task.step).max();
    let after = after.unwrap_or(0).saturating_add(1);
    let mut done: Vec<(DepartmentCode, u8)> = Vec::new();
    for record in &case.tasks {
        done.push((record.department.clone(), record.step));
    }
    let mut take = |wanted: &dyn Fn(&(DepartmentCode, u8)) -> bool| {
        let place = done.iter().position(wanted)?;
        Some(done.swap_remove(place))
    };
    // First who did their own part, so that a successor's record is not taken for another's.
    let mut kept: Vec<Option<CoTask>> = Vec::new();
    for task in &item.co_tasks {
        let own = (task.department.clone(), task.step);
        kept.push(take(&|record| *record == own).map(|_| task.clone()));
    }
    for (task, kept) in item.co_tasks.iter().zip(&mut kept) {
        if kept.is_none() {
            let chain = chain(departments, &task.department, day);
            let record = take(&|(department, step)| {
                chain.contains(department) && (*step == task.step || *step == after)
            });
            *kept = record.map(|(department, step)| CoTask {
                department,
                step,
                ..task.clone()
            });
        }
    }
    today.co_tasks = kept.iter().flatten().cloned().collect();
    let finished = today.co_tasks.len();
    for (task, kept) in item.co_tasks.iter().zip(&kept) {
        if kept.is_none() {
            open_part(&mut today.co_tasks, finished, task, departments, day, after);
        }
    }
    Cow::Owned(today)
}

/// Adds an open part under whoever answers for it today; the first `finished` parts are done.
fn open_part(
    tasks: &mut Vec<CoTask>,
    finished: usize,
    task: &CoTask,
    departments: &Departments,
    day: Date,
    after: u8,
) {
    let mut task = task.clone();
    if let Some(department) = chain(departments, &task.department, day).pop() {
        task.department = department;
    }
    let same = |known: &CoTask| (&known.department, known.step) == (&task.department, task.step);
    if tasks.iter().take(finished).any(same) {
        task.step = after;
    }
    let same =
        |known: &&mut CoTask| (&known.department, known.step) == (&task.department, task.step);
    match tasks.iter_mut().skip(finished).find(same) {
        Some(known) => {
            known.days = known.days.max(task.days);
            for row in task.materials {
                if !known.materials.contains(&row) {
                    known.materials.push(row);
                }
            }
        }
        None => tasks.push(task),
    }
}

/// The department and everyone after it up to `day`, the one who answers now last.
fn chain(departments: &Departments, department: &DepartmentCode, day: Date) -> Vec<DepartmentCode> {
    let mut chain = vec![department.clone()];
    while let Some(last) = chain.last()
        && let Some(state) = departments.get(last)
        && let Some((by, from, _)) = &state.successor
        && day >= *from
        && !chain.contains(by)
    {
        chain.push(by.clone());
    }
    chain
}
