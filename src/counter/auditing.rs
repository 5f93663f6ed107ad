//! The day's log of reads, fixed by its digest in the ledger once the day is over.

use super::{Ask, Counter, CounterError};
use crate::domain::{Actor, Date, RequestId};
use crate::store::read_log::ReadLog;

impl Counter {
    /// Records the digest of every day before today that has a log of reads and no digest yet; the days it recorded. A
    /// day whose digest is recorded is left alone, whatever its file says by now: that shows when the two are compared.
    pub async fn record_reads(&self, log: &ReadLog, by: &Actor) -> Result<Vec<Date>, CounterError> {
        let failed = |error: std::io::Error| {
            CounterError::Internal(format!("the log of reads cannot be read: {error}"))
        };
        let known = self.hall().await?.audits;
        let today = Date::of(self.clock.now());
        let mut recorded = Vec::new();
        for day in log.days_before(today).map_err(failed)? {
            if known.contains_key(&day) {
                continue;
            }
            let found = log.digest(day).map_err(failed)?;
            let request = RequestId::new(format!("audit/{day}"));
            let request = request.map_err(|error| CounterError::Internal(error.to_string()))?;
            let ask = Ask {
                by: by.clone(),
                request,
                expected: None,
                occurred: None,
            };
            self.record_audit(&ask, day, found.digest, found.count)
                .await?;
            recorded.push(day);
        }
        Ok(recorded)
    }
}
