//! Reconciliation: results that a department issued and no case of the hall explains (体外循环). Art 11(7).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::fold_case;
use super::{Counter, CounterError, about, case_list};
use crate::domain::case::{self, CaseState, FoundResult};
use crate::domain::{CaseNo, DepartmentCode, SerialNo, Subject, TaskCode};
use crate::store::lists::Page;

/// The most rows of a register that are compared at once.
const RESULTS_MAX: usize = 5_000;

/// A row of a department's own register of results.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRow {
    /// The item.
    pub task: TaskCode,
    /// The case number it names, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseNo>,
    /// The certificate's serial, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<SerialNo>,
}

impl Counter {
    /// The rows of a department's register that no decided case explains, by case number or by serial, each with its
    /// place in `rows`, counted from 0.
    pub async fn reconcile(
        &self,
        department: &DepartmentCode,
        rows: &[RegisterRow],
    ) -> Result<Vec<(usize, RegisterRow)>, CounterError> {
        if rows.is_empty() || rows.len() > RESULTS_MAX {
            return Err(CounterError::Fields(vec![super::Refusal {
                code: "register-size".to_owned(),
                zh: format!("一次可比对 1 至 {RESULTS_MAX} 行；请分批提交"),
                en: format!("1 to {RESULTS_MAX} rows are compared at once; send them in parts"),
                field: Some("rows".to_owned()),
            }]));
        }
        let mut unexplained = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let found = FoundResult {
                department: department.clone(),
                task: row.task.clone(),
                case: row.case.clone(),
                serial: row.serial.clone(),
            };
            let cases = self.cases_named(&found).await?;
            if !case::results_without_case(std::slice::from_ref(&found), &cases).is_empty() {
                unexplained.push((place, row.clone()));
            }
        }
        Ok(unexplained)
    }

    /// The cases that a result may be of.
    async fn cases_named(&self, found: &FoundResult) -> Result<Vec<CaseState>, CounterError> {
        let mut cases = Vec::new();
        if let Some(number) = &found.case {
            let history = self.history(&about(number)).await?;
            match case::number(history.iter().map(|fact| &fact.entry)) {
                case::Number::Free => {}
                case::Number::Case(case) => cases.push(*case),
                case::Number::NameOf(no) => cases.push(self.case(&no).await?.0),
            }
        }
        if let Some(serial) = &found.serial {
            let list = case_list::with_serial(&found.task, serial);
            for entry in self.catalog.listed(&list, &Page::first(2)).await? {
                if let Subject::Case(no) = &entry.subject {
                    cases.push(fold_case(no, &self.history(&entry.subject).await?)?);
                }
            }
        }
        Ok(cases)
    }
}
