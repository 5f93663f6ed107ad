//! What did not match at a hand-over, and how it is cleared up.

use serde::Serialize;
use utoipa::ToSchema;

use crate::counter::bundles::person;
use crate::counter::change::count;
use crate::counter::{Ask, Counter, CounterError, Done};
use crate::domain::custody::{self, DiscrepancyKind, DiscrepancyState, Holder, fold_discrepancy};
use crate::domain::{
    CaseNo, Date, DiscrepancyId, InventoryId, SlipId, StaffId, Subject, Timestamp, TransferId,
};

/// Something that did not match.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiscrepancyView {
    /// Its number.
    pub id: DiscrepancyId,
    /// The slip it was found on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slip: Option<SlipId>,
    /// The round of transfer it was found on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferId>,
    /// The count of paper it was found by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InventoryId>,
    /// The case on the bundle's label.
    pub case: CaseNo,
    /// The papers, by number; none for a label that was on no line.
    pub papers: Vec<u16>,
    /// What is wrong.
    pub kind: DiscrepancyKind,
    /// The same in Chinese.
    pub kind_zh: String,
    /// Who clears it up.
    pub owner: Holder,
    /// The last day for that.
    pub due: Date,
    /// Whether that day is past and it is not cleared up, or was late.
    pub overdue: bool,
    /// When it was found.
    pub opened_at: Timestamp,
    /// When it was cleared up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleared_at: Option<Timestamp>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleared_by: Option<StaffId>,
}

impl DiscrepancyView {
    /// A discrepancy as it stands at `now`.
    pub fn of(state: &DiscrepancyState, now: Timestamp) -> Self {
        let found = &state.discrepancy;
        Self {
            id: state.id.clone(),
            slip: found.slip.clone(),
            transfer: found.transfer.clone(),
            inventory: found.inventory.clone(),
            case: found.case.clone(),
            papers: found.papers.clone(),
            kind: found.kind,
            kind_zh: found.kind.to_string(),
            owner: found.owner.clone(),
            due: found.due,
            overdue: state.is_overdue(now),
            opened_at: state.opened_at,
            cleared_at: state.cleared.as_ref().map(|(at, _)| *at),
            cleared_by: state.cleared.as_ref().map(|(_, by)| by.clone()),
        }
    }
}

impl Counter {
    /// A discrepancy, and how many facts it has.
    pub async fn discrepancy(
        &self,
        id: &DiscrepancyId,
    ) -> Result<(DiscrepancyState, u32), CounterError> {
        let history = self.history(&Subject::Discrepancy(id.clone())).await?;
        let state = fold_discrepancy(history.iter().map(|fact| &fact.entry));
        let state = state.ok_or_else(|| CounterError::NotFound(format!("discrepancy/{id}")))?;
        Ok((state, count(&history)))
    }

    /// Clears a discrepancy up, with a note of how.
    pub async fn clear_discrepancy(
        &self,
        ask: &Ask,
        id: &DiscrepancyId,
        by: &StaffId,
        note: &str,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Discrepancy(id.clone());
        let mut drafts = self.drafts(subject.clone());
        let note = match drafts.words("note", note).await {
            Ok(note) => note,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .done(ask, &subject, |history, reads, _| {
                let state = fold_discrepancy(history.iter().map(|fact| &fact.entry));
                let missing = || CounterError::NotFound(format!("discrepancy/{id}"));
                let clearer = person(reads, by)?;
                Ok(custody::clear(
                    &state.ok_or_else(missing)?,
                    by,
                    &clearer,
                    note,
                )?)
            })
            .await;
        drafts.end(done).await
    }
}
