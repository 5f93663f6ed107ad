//! After a reform of departments: who does today what the pinned item version still gives to a department that is
//! gone. Art 11(1).

use std::borrow::Cow;

use super::state::CaseState;
use crate::domain::Date;
use crate::domain::DepartmentCode;
use crate::domain::catalogue::{CoTask, ServiceItem};
use crate::domain::hall::{Departments, responsible};

/// The departments an item version names.
pub fn named_departments(item: &ServiceItem) -> impl Iterator<Item = &DepartmentCode> {
    let tasks = item.co_tasks.iter().map(|task| &task.department);
    std::iter::once(&item.lead).chain(tasks)
}

/// The pinned version as it is to be read on `day`: in the place of a department that was succeeded stands whoever
/// answers for it now. A part that is done stays with whoever did it. What was pushed to the predecessor is pushed
/// again, so that the successor has it against a receipt of its own. A department that `departments` does not know
/// stays as it is.
pub fn with_successors<'i>(
    item: &'i ServiceItem,
    case: &CaseState,
    departments: &Departments,
    day: Date,
) -> Cow<'i, ServiceItem> {
    let today = |department: &DepartmentCode| {
        let found = responsible(departments, department, day).ok()?;
        (found.code != *department).then(|| found.code.clone())
    };
    if named_departments(item).all(|department| today(department).is_none()) {
        return Cow::Borrowed(item);
    }
    let mut item = item.clone();
    if let Some(lead) = today(&item.lead) {
        item.lead = lead;
    }
    let done = |task: &CoTask| {
        let mut records = case.tasks.iter();
        records.any(|record| (&record.department, record.step) == (&task.department, task.step))
    };
    for task in item.co_tasks.iter_mut().filter(|task| !done(task)) {
        if let Some(department) = today(&task.department) {
            task.department = department;
        }
    }
    Cow::Owned(item)
}
