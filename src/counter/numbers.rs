//! Case numbers (办件编号): the item's implementing code, the day and four digits that count up (standards §2.7).

use std::collections::HashMap;
use std::sync::Mutex;

use super::{Counter, CounterError, about, case_list, lock};
use crate::domain::{CaseNo, Date, TaskCode};
use crate::store::lists::Page;

/// Longest implementing code that leaves room for day and digits.
const TASK_CHARS_MAX: usize = 38;
/// Items and days remembered.
const KEPT: usize = 10_000;

/// The last number given out for an item and a day. Only a hint: the ledger decides whether a number is free.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    last: Mutex<HashMap<(TaskCode, Date), u32>>,
}

impl Counter {
    /// A number that no case has. Another process may take it in the meantime; the decision then refuses.
    pub(crate) async fn free_number(
        &self,
        task: &TaskCode,
        day: Date,
    ) -> Result<CaseNo, CounterError> {
        let key = (task.clone(), day);
        let known = lock(&self.numbers.last).get(&key).copied();
        let begin = match known {
            Some(last) => last,
            None => self.listed_on(task, day).await?,
        };
        let mut next = begin;
        loop {
            next = {
                let mut last = lock(&self.numbers.last);
                if last.len() >= KEPT {
                    last.clear();
                }
                let last = last.entry(key.clone()).or_insert(next);
                *last = (*last).max(next) + 1;
                *last
            };
            let number = number(task, day, next)?;
            if self.history(&about(&number)).await?.is_empty() {
                return Ok(number);
            }
        }
    }

    /// How many cases of an item the list of a day has.
    async fn listed_on(&self, task: &TaskCode, day: Date) -> Result<u32, CounterError> {
        let list = case_list::by_day(task, day);
        let page = Page {
            newest_first: true,
            ..Page::first(1)
        };
        let newest = self.catalog.listed(&list, &page).await?;
        let last = newest.first().map(|entry| entry.order).unwrap_or(0);
        Ok(u32::try_from(last).unwrap_or(0))
    }
}

fn number(task: &TaskCode, day: Date, count: u32) -> Result<CaseNo, CounterError> {
    let task: String = task.as_str().chars().take(TASK_CHARS_MAX).collect();
    CaseNo::new(format!("{task}{}{count:04}", day.compact()))
        .map_err(|error| CounterError::Internal(error.to_string()))
}

/// The digits that [`number`] counted, where a case has such a number.
pub(super) fn count_of(no: &CaseNo, task: &TaskCode, day: Date) -> Option<u64> {
    let task: String = task.as_str().chars().take(TASK_CHARS_MAX).collect();
    let rest = no.as_str().strip_prefix(task.as_str())?;
    rest.strip_prefix(day.compact().as_str())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_item_day_and_count() {
        let task = TaskCode::new("113205820142233217400013112100001").unwrap();
        let day: Date = "2026-11-23".parse().unwrap();
        let first = number(&task, day, 7).unwrap();
        assert_eq!(
            first.as_str(),
            "113205820142233217400013112100001202611230007"
        );
        assert_eq!(count_of(&first, &task, day), Some(7));
        let long = TaskCode::new("x".repeat(50)).unwrap();
        assert_eq!(
            number(&long, day, 123_456)
                .map(|n| n.as_str().len() <= 52)
                .ok(),
            None
        );
        assert_eq!(number(&long, day, 9).unwrap().as_str().len(), 50);
    }
}
