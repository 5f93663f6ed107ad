//! Paper is counted: labels scanned in any number of calls, compared with the ledger, signed. The findings are a draft until
//! they are signed; then the comparison is made again in the decision.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::counter::bundles::{bundles, person};
use crate::counter::change::count;
use crate::counter::{Ask, Counter, CounterError, Done, paper_list};
use crate::custody::DiscrepancyView;
use crate::domain::custody::{
    self, Bundles, CLEAR_DAYS, Figures, INVENTORY_MAX, InventoryFindings, InventoryRefusal,
    InventoryState, KeySignature, Side, clear_by, compare, fold_discrepancy, fold_inventory,
};
use crate::domain::{
    CaseNo, Digest, DiscrepancyId, InventoryId, SiteCode, StaffId, Subject, Timestamp,
};
use crate::ledger::{Decline, Recorded};

/// What is counted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryOrder {
    /// Where.
    pub site: SiteCode,
    /// Whose paper; everybody's at the site without it.
    #[serde(default)]
    pub holder: Option<StaffId>,
}

/// Findings as the counter is to sign them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftedFindings {
    /// What is signed, word for word.
    pub findings: InventoryFindings,
    /// Its digest.
    pub digest: Digest,
}

/// Findings that the counter signed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingsOrder {
    /// What was signed, word for word.
    pub findings: InventoryFindings,
    /// The signature over its digest.
    pub signed: KeySignature,
}

/// An inventory.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InventoryView {
    /// Its number.
    pub id: InventoryId,
    /// Where.
    pub site: SiteCode,
    /// Whose paper; everybody's without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<StaffId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: StaffId,
    /// Labels scanned.
    pub scanned: usize,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Who counted and signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<StaffId>,
    /// What it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// Digest of the signed findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Digest>,
    /// Of the discrepancies it opened, those that are not cleared up yet.
    pub open: usize,
    /// What it found, and what became of that.
    pub discrepancies: Vec<DiscrepancyView>,
}

fn known(history: &[Recorded], id: &InventoryId) -> Result<InventoryState, Decline> {
    let state = fold_inventory(history.iter().map(|fact| &fact.entry));
    state.ok_or_else(|| CounterError::NotFound(format!("inventory/{id}")).into())
}

impl Counter {
    /// An inventory, and how many facts it has.
    pub async fn inventory(&self, id: &InventoryId) -> Result<(InventoryState, u32), CounterError> {
        let history = self.history(&Subject::Inventory(id.clone())).await?;
        let state = fold_inventory(history.iter().map(|fact| &fact.entry));
        let state = state.ok_or_else(|| CounterError::NotFound(format!("inventory/{id}")))?;
        Ok((state, count(&history)))
    }

    /// An inventory with what it found and what became of that, and how many facts it has.
    pub async fn inventory_view(
        &self,
        id: &InventoryId,
    ) -> Result<(InventoryView, u32), CounterError> {
        let (state, version) = self.inventory(id).await?;
        let figures = state.closed.as_ref().map(|closed| closed.figures);
        let now = self.clock.now();
        let mut discrepancies = Vec::new();
        for number in 1..=figures.map_or(0, |figures| figures.discrepancies) {
            let subject = Subject::Discrepancy(DiscrepancyId::of(id.as_str(), number));
            let history = self.history(&subject).await?;
            let found = fold_discrepancy(history.iter().map(|fact| &fact.entry));
            discrepancies.extend(found.map(|found| DiscrepancyView::of(&found, now)));
        }
        let open = discrepancies.iter().filter(|one| one.cleared_at.is_none());
        let view = InventoryView {
            id: id.clone(),
            site: state.site,
            holder: state.holder,
            opened_at: state.opened_at,
            opened_by: state.opened_by,
            scanned: state.scanned.len(),
            closed_at: state.closed.as_ref().map(|closed| closed.at),
            counted_by: state.closed.as_ref().map(|one| one.signed.staff.clone()),
            figures,
            findings: state.closed.as_ref().map(|closed| closed.findings),
            open: open.count(),
            discrepancies,
        };
        Ok((view, version))
    }

    /// The signed findings with this digest.
    pub async fn inventory_findings(
        &self,
        digest: &Digest,
    ) -> Result<InventoryFindings, CounterError> {
        self.kept_document(digest).await
    }

    /// Opens an inventory.
    pub async fn open_inventory(
        &self,
        ask: &Ask,
        id: &InventoryId,
        by: &StaffId,
        order: &InventoryOrder,
    ) -> Result<Done, CounterError> {
        self.site(&order.site).await?;
        let subject = Subject::Inventory(id.clone());
        self.done(ask, &subject, |history, reads, _| {
            let known = fold_inventory(history.iter().map(|fact| &fact.entry));
            let holder = match &order.holder {
                Some(staff) => Some((staff, person(reads, staff)?)),
                None => None,
            };
            let holder = holder.as_ref().map(|(staff, state)| (*staff, state));
            Ok(custody::open_inventory(
                known.as_ref(),
                id,
                &order.site,
                holder,
                by,
            )?)
        })
        .await
    }

    /// Notes labels that were scanned.
    pub async fn scan_labels(
        &self,
        ask: &Ask,
        id: &InventoryId,
        by: &StaffId,
        labels: &[CaseNo],
    ) -> Result<Done, CounterError> {
        let subject = Subject::Inventory(id.clone());
        self.done(ask, &subject, |history, _, _| {
            Ok(custody::scan(&known(history, id)?, labels, by)?)
        })
        .await
    }

    /// The cases whose bundles a comparison looks at: those of which the site holds paper, by lists that hold every fact.
    async fn counted(&self, state: &InventoryState) -> Result<(Vec<CaseNo>, u64), CounterError> {
        let size = self.lists_caught_up().await?;
        let list = match &state.holder {
            Some(staff) => paper_list::held_by(staff),
            None => {
                let site = state.site.clone();
                paper_list::held_at(&Side::Hall { site })
            }
        };
        let mut cases = Vec::new();
        for subject in self.whole_list(&list).await? {
            if let Subject::Bundle(case) = subject {
                cases.push(case);
            }
        }
        match cases.len() > INVENTORY_MAX {
            true => Err(InventoryRefusal::TooMany { max: INVENTORY_MAX }.into()),
            false => Ok((cases, size)),
        }
    }

    /// Compares what was scanned with the ledger, for the counter to sign. Nothing is recorded.
    pub async fn draft_findings(&self, id: &InventoryId) -> Result<DraftedFindings, CounterError> {
        let (state, _) = self.inventory(id).await?;
        let (cases, size) = self.counted(&state).await?;
        let mut found = Bundles::new();
        for case in cases {
            let bundle = self.bundle_now(&case).await?;
            found.insert(case, bundle);
        }
        let findings = compare(&state, &found, size);
        let digest = findings.digest();
        Ok(DraftedFindings { findings, digest })
    }

    /// Closes an inventory with its signed findings, and opens what did not match.
    pub async fn close_inventory(
        &self,
        ask: &Ask,
        id: &InventoryId,
        order: &FindingsOrder,
    ) -> Result<Done, CounterError> {
        let (state, _) = self.inventory(id).await?;
        let (cases, size) = self.counted(&state).await?;
        let clear_by = clear_by(&*self.calendar().await?, CLEAR_DAYS, self.clock.now())?;
        self.blobs.put(&order.findings.bytes()).await?;
        let subject = Subject::Inventory(id.clone());
        self.done(ask, &subject, |history, reads, _| {
            let state = known(history, id)?;
            let found = bundles(reads, &cases)?;
            let counter = person(reads, &order.signed.staff)?;
            Ok(custody::close_inventory(
                &state,
                (&found, size),
                &order.findings,
                &order.signed,
                &counter,
                clear_by,
            )?)
        })
        .await
    }
}
