//! Reforms of departments while a joint case is under way: nobody's part is left out, done twice or read by halves.
//! Art 9(2), 11(1).

use std::collections::BTreeSet;

use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::{CoTask, ServiceItem};
use counterfoil::domain::hall::{DepartmentState, Departments};
use counterfoil::domain::*;

use crate::case_kit::*;

const DAY: &str = "2026-03-09";

/// The joint item with parts of these departments, all in step 1 and each with a row of its own.
fn joint(departments: &[&str]) -> ServiceItem {
    let mut item = works();
    let rows: Vec<MaterialCode> = item.materials.iter().map(|row| row.code.clone()).collect();
    item.co_tasks = departments
        .iter()
        .zip(rows.iter().cycle())
        .map(|(department, row)| CoTask {
            department: code(department),
            step: 1,
            days: 3,
            materials: vec![row.clone()],
        })
        .collect();
    item
}

/// Departments with who came after them before `DAY`.
fn reformed(successions: &[(&str, &str)]) -> Departments {
    let mut departments = Departments::new();
    for (old, new) in successions {
        for name in [old, new] {
            departments
                .entry(code(name))
                .or_insert_with(|| DepartmentState {
                    code: code(name),
                    definition: Digest::of(name),
                    successor: None,
                    predecessors: Vec::new(),
                    authorisations: Vec::new(),
                    posts: Vec::new(),
                });
        }
        let old: DepartmentCode = code(old);
        let state = departments.get_mut(&old).unwrap();
        state.successor = Some((code(new), code("2026-03-01"), Digest::of("reform")));
    }
    departments
}

fn opened(item: &ServiceItem) -> CaseState {
    let at = instant("2026-03-02T09:00");
    let facts = import(&Number::Free, &code("C-1"), item, application(item), at).unwrap();
    let entries: Vec<Entry> = (0..)
        .zip(facts)
        .map(|(seq, fact)| Entry {
            v: 1,
            subject: fact.subject,
            seq,
            at,
            occurred: None,
            by: code("staff:clerk-1"),
            request: code("r"),
            event: fact.event,
        })
        .collect();
    fold(&entries).unwrap()
}

/// A case of the item whose parts these departments have done, each in its step.
fn case_with(item: &ServiceItem, done: &[(&str, u8)]) -> CaseState {
    let mut case = opened(item);
    for (department, step) in done {
        case.tasks.push(TaskRecord {
            department: code(department),
            step: *step,
            at: case.opened_at,
            opinion: Digest::of("opinion"),
        });
    }
    case
}

fn today(
    item: &ServiceItem,
    case: &CaseState,
    departments: &Departments,
) -> Vec<(String, u8, usize)> {
    let item = with_successors(item, case, departments, code(DAY));
    let parts = item.co_tasks.iter();
    parts
        .map(|task| (task.department.to_string(), task.step, task.materials.len()))
        .collect()
}

fn part(department: &str, step: u8, rows: usize) -> (String, u8, usize) {
    (department.to_owned(), step, rows)
}

#[test]
fn without_a_reform_nothing_is_copied_or_changed() {
    let item = joint(&["A", "B"]);
    let case = case_with(&item, &[]);
    let same = with_successors(&item, &case, &reformed(&[("X", "Y")]), code(DAY));
    assert!(matches!(same, std::borrow::Cow::Borrowed(_)));
    // A reform that is still to come changes nothing today.
    let before: Date = code("2026-02-28");
    let same = with_successors(&item, &case, &reformed(&[("A", "Y")]), before);
    assert_eq!(same.co_tasks, item.co_tasks);
}

#[test]
fn a_successor_that_finished_its_own_part_still_has_the_other_to_do() {
    let item = joint(&["A", "B"]);
    let reform = reformed(&[("B", "A")]);
    let case = case_with(&item, &[("A", 1)]);
    assert_eq!(
        today(&item, &case, &reform),
        [part("A", 1, 1), part("A", 2, 1)]
    );
    let today_item = with_successors(&item, &case, &reform, code(DAY)).into_owned();
    assert_eq!(
        current_step(&case, &today_item),
        Some(2),
        "B's part is open"
    );
    // Once that is done too, nothing is.
    let case = case_with(&item, &[("A", 1), ("A", 2)]);
    let today_item = with_successors(&item, &case, &reform, code(DAY)).into_owned();
    assert_eq!(current_step(&case, &today_item), None);
}

#[test]
fn two_open_parts_of_one_successor_are_one_part_with_every_row() {
    let item = joint(&["A", "B"]);
    let case = case_with(&item, &[]);
    let reform = reformed(&[("A", "C"), ("B", "C")]);
    let rows: BTreeSet<&MaterialCode> = item
        .co_tasks
        .iter()
        .flat_map(|task| &task.materials)
        .collect();
    assert_eq!(today(&item, &case, &reform), [part("C", 1, rows.len())]);
}

#[test]
fn a_part_that_is_done_stays_done_through_further_reforms() {
    let item = joint(&["A", "B"]);
    let reform = reformed(&[("B", "C"), ("C", "D")]);
    let case = case_with(&item, &[("C", 1)]);
    assert_eq!(
        today(&item, &case, &reform),
        [part("C", 1, 1), part("A", 1, 1)]
    );
    let today_item = with_successors(&item, &case, &reform, code(DAY)).into_owned();
    assert_eq!(
        current_step(&case, &today_item),
        Some(1),
        "A's part alone is open"
    );
}
