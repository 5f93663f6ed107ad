//! Lawful erasure: approving that a closed case is erased. The key is destroyed by whoever holds the blobs
//! (`records::erasure`), after the fact that is recorded here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::check_words;
use super::{Ask, Counter, CounterError, Done, case_list};
use crate::domain::case::{self, Erase, ErasureReason};
use crate::domain::{CaseNo, Commitment, Subject, Timestamp};
use crate::store::lists::Page;

/// Cases read from the list at once.
const ERASURES_AT_ONCE: usize = 100;

/// An erasure.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureOrder {
    /// Why.
    pub reason: ErasureReason,
    /// On what ground: the order's or request's number and date, and who checked it.
    pub ground: String,
}

/// What the hall keeps of an erasure: nothing about the applicant.
#[derive(Serialize)]
struct Approval<'a> {
    case: &'a CaseNo,
    reason: ErasureReason,
    ground: String,
}

impl Counter {
    /// Approves that a closed case is erased. Approved before, it gives no fact, so that an erasure that was cut off
    /// can be asked for again.
    pub async fn approve_erasure(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: &ErasureOrder,
    ) -> Result<Done, CounterError> {
        let approval = Approval {
            case: no,
            reason: order.reason,
            ground: check_words("ground", &order.ground)?,
        };
        let by = ask.staff()?;
        let (case, _) = self.case(no).await?;
        let item = self.pinned(&case.mandate.content).await?;
        let mut drafts = self.drafts(Subject::Hall);
        let record = drafts.record(&approval).await?;
        let done = self
            .done(ask, &super::about(no), |history, _, now| {
                let case = super::change::fold_case(no, history)?;
                if case.erased.is_some() {
                    return Ok(Vec::new());
                }
                let command = Erase {
                    reason: order.reason,
                    approval: record,
                    by: by.clone(),
                };
                Ok(case::erase(&case, &item, command, now)?)
            })
            .await;
        drafts.end(done).await
    }

    /// Every `wanted` case whose erasure was approved: when, and the hall's record of it.
    pub async fn erasures(
        &self,
        wanted: impl Fn(&CaseNo) -> bool,
    ) -> Result<Vec<(CaseNo, (Timestamp, Commitment))>, CounterError> {
        let mut found = Vec::new();
        let mut page = Page::first(ERASURES_AT_ONCE);
        loop {
            let listed = self.catalog.listed(case_list::ERASED, &page).await?;
            for entry in &listed {
                if let Subject::Case(no) = &entry.subject
                    && wanted(no)
                {
                    let (case, _) = self.case(no).await?;
                    found.extend(case.erased.map(|approved| (no.clone(), approved)));
                }
            }
            match listed.into_iter().next_back() {
                Some(last) => page.after = Some(last),
                None => return Ok(found),
            }
        }
    }
}
