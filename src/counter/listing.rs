//! Whole lists, and lists that hold every fact there is.

use std::time::Duration;

use super::{Counter, CounterError};
use crate::domain::{Problem, Subject};
use crate::store::lists::Page;

/// Entries of a list read at once.
const PAGE: usize = 200;
/// How long the lists may take to take in what was recorded just now.
const PATIENCE: (u32, Duration) = (200, Duration::from_millis(10));

impl Counter {
    /// Every subject of a list.
    pub(crate) async fn whole_list(&self, list: &str) -> Result<Vec<Subject>, CounterError> {
        let mut subjects = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let found = self.catalog.listed(list, &page).await?;
            subjects.extend(found.iter().map(|entry| entry.subject.clone()));
            match found.last().filter(|_| found.len() == PAGE) {
                Some(last) => page.after = Some(last.clone()),
                None => return Ok(subjects),
            }
        }
    }

    /// Waits until the lists hold every fact there is now; how many there are.
    pub(crate) async fn lists_caught_up(&self) -> Result<u64, CounterError> {
        let size = *self.ledger.published().borrow();
        for _ in 0..PATIENCE.0 {
            let position = self.catalog.position().await;
            let position = position.map_err(|error| CounterError::Internal(error.to_string()))?;
            if position >= size {
                return Ok(size);
            }
            tokio::time::sleep(PATIENCE.1).await;
        }
        let detail =
            "列表尚未跟上日志；请稍后重试 (the lists are behind the log; try again shortly)";
        Err(CounterError::Plain {
            problem: Problem::Busy,
            detail: detail.to_owned(),
        })
    }
}
