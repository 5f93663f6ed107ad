//! Lost paper: reported, searched for, approved by both sides or declined, found again. Reasons and searches are records of
//! the case in the vault, so that they go when it is erased.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::counter::bundles::{bundle, person, round};
use crate::counter::change::{count, fold_case};
use crate::counter::words::check_words;
use crate::counter::{Ask, Counter, CounterError, Done, about};
use crate::domain::custody::{
    self, Bundle, BundleEvent, DiscrepancyState, Holder, KeySignature, LossState, Side,
    fold_discrepancy, fold_loss,
};
use crate::domain::staff;
use crate::domain::transfer::{goes_to, withdrawn};
use crate::domain::{
    CaseNo, DepartmentCode, Digest, DiscrepancyId, Event, Fact, StaffId, Subject, TransferId,
};
use crate::ledger::{Decline, Reads, Recorded};

/// A search for missing paper.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LossSearchOrder)]
pub struct SearchOrder {
    /// What was searched, in words.
    pub searched: String,
    /// What came of it, in words.
    pub result: String,
}

/// The same as the vault keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SearchWords {
    pub searched: String,
    pub result: String,
}

/// A side's approval.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LossApprovalOrder)]
pub struct ApprovalOrder {
    /// For which side.
    pub side: Side,
    /// Digest of the document that was signed.
    pub document: Digest,
    /// The signature over it.
    pub signed: KeySignature,
}

/// A side does not approve.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LossDeclineOrder)]
pub struct DeclineOrder {
    /// Which side.
    pub side: Side,
    /// Why, in words.
    pub reason: String,
}

/// Lost paper was found.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LossFoundOrder)]
pub struct FoundOrder {
    /// Who is to hold it again.
    pub to: Holder,
    /// The finder's signature over what [`Counter::draft_found`] makes out.
    pub signed: KeySignature,
}

/// Whoever is to hold found paper signs for it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LossBackOrder)]
pub struct BackOrder {
    /// Digest of the document that the finder signed.
    pub document: Digest,
    /// The holder's signature over it.
    pub signed: KeySignature,
}

fn known(history: &[Recorded], id: &DiscrepancyId) -> Result<LossState, Decline> {
    let state = fold_loss(history.iter().map(|fact| &fact.entry));
    state.ok_or_else(|| CounterError::NotFound(format!("loss/{id}")).into())
}

fn discrepancy(reads: &mut Reads<'_>, id: &DiscrepancyId) -> Result<DiscrepancyState, Decline> {
    let history = reads.history(&Subject::Discrepancy(id.clone()))?;
    let state = fold_discrepancy(history.iter().map(|fact| &fact.entry));
    state.ok_or_else(|| CounterError::NotFound(format!("discrepancy/{id}")).into())
}

/// What it means for the rounds that papers are lost which are on them.
fn off_rounds(
    reads: &mut Reads<'_>,
    bundle: &Bundle,
    facts: &mut Vec<Fact>,
) -> Result<(), Decline> {
    let lost = facts.iter().find_map(|fact| match &fact.event {
        Event::Bundle {
            event: BundleEvent::Lost { papers, .. },
        } => Some(papers.clone()),
        _ => None,
    });
    let Some(lost) = lost else { return Ok(()) };
    let on = lost.iter().filter_map(|no| bundle.papers.get(no));
    let mut rounds: Vec<TransferId> = on.filter_map(|held| held.listed.clone()).collect();
    rounds.sort_unstable();
    rounds.dedup();
    for id in rounds {
        let round = round(reads, &id)?;
        facts.extend(withdrawn(&round, bundle, &lost)?);
    }
    Ok(())
}

impl Counter {
    /// A report of lost paper, and how many facts it has.
    pub async fn loss(&self, id: &DiscrepancyId) -> Result<(LossState, u32), CounterError> {
        let history = self.history(&Subject::Loss(id.clone())).await?;
        let state = fold_loss(history.iter().map(|fact| &fact.entry));
        let state = state.ok_or_else(|| CounterError::NotFound(format!("loss/{id}")))?;
        Ok((state, count(&history)))
    }

    /// The departments that papers of a case go to.
    async fn destinations(
        &self,
        case: &CaseNo,
        papers: &[u16],
    ) -> Result<Vec<DepartmentCode>, CounterError> {
        let (state, _) = self.case(case).await?;
        let item = self.item_today(&state, self.clock.now()).await?;
        let bundle = self.bundle_now(case).await?;
        let held = papers.iter().filter_map(|no| bundle.papers.get(no));
        let mut departments: Vec<DepartmentCode> =
            held.map(|paper| goes_to(&item, paper)).collect();
        departments.sort_unstable();
        departments.dedup();
        Ok(departments)
    }

    /// Reports that what is missing is lost.
    pub async fn report_loss(
        &self,
        ask: &Ask,
        id: &DiscrepancyId,
        by: &StaffId,
        reason: &str,
    ) -> Result<Done, CounterError> {
        let (missing, _) = self.discrepancy(id).await?;
        let case = missing.discrepancy.case;
        let departments = self
            .destinations(&case, &missing.discrepancy.papers)
            .await?;
        let mut drafts = self.drafts(about(&case));
        let reason = match drafts.words("reason", reason).await {
            Ok(reason) => reason,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .done(ask, &Subject::Loss(id.clone()), |history, reads, _| {
                let known = fold_loss(history.iter().map(|fact| &fact.entry));
                let missing = discrepancy(reads, id)?;
                let bundle = bundle(reads, &case)?;
                let site = fold_case(&case, reads.history(&about(&case))?)?
                    .mandate
                    .site;
                let reporter = person(reads, by)?;
                Ok(custody::report_loss(
                    known.as_ref(),
                    &missing,
                    &bundle,
                    (&site, departments.clone()),
                    reason,
                    (by, &reporter),
                )?)
            })
            .await;
        drafts.end(done).await
    }

    /// Records a search.
    pub async fn search_loss(
        &self,
        ask: &Ask,
        id: &DiscrepancyId,
        by: &StaffId,
        order: &SearchOrder,
    ) -> Result<Done, CounterError> {
        let (state, _) = self.loss(id).await?;
        let words = SearchWords {
            searched: check_words("searched", &order.searched)?,
            result: check_words("result", &order.result)?,
        };
        let mut drafts = self.drafts(about(&state.reported.case));
        let record = drafts.record(&words).await?;
        let done = self
            .done(ask, &Subject::Loss(id.clone()), |history, reads, _| {
                let state = known(history, id)?;
                let searcher = person(reads, by)?;
                Ok(custody::search(&state, record, by, &searcher)?)
            })
            .await;
        drafts.end(done).await
    }

    /// A side approves that the paper is lost. With the last of them it is, and off its round.
    pub async fn approve_loss(
        &self,
        ask: &Ask,
        id: &DiscrepancyId,
        order: &ApprovalOrder,
    ) -> Result<Done, CounterError> {
        let (state, _) = self.loss(id).await?;
        let bundle_now = self.bundle_now(&state.reported.case).await?;
        self.blobs.put(&state.document(&bundle_now).bytes()).await?;
        self.done(ask, &Subject::Loss(id.clone()), |history, reads, _| {
            let state = known(history, id)?;
            let missing = discrepancy(reads, id)?;
            let bundle = bundle(reads, &state.reported.case)?;
            let signer = person(reads, &order.signed.staff)?;
            let (side, document) = (&order.side, &order.document);
            let mut facts = custody::approve(
                &state,
                &missing,
                &bundle,
                side,
                document,
                &order.signed,
                &signer,
            )?;
            off_rounds(reads, &bundle, &mut facts)?;
            Ok(facts)
        })
        .await
    }

    /// A side does not approve: the paper stays in doubt.
    pub async fn decline_loss(
        &self,
        ask: &Ask,
        id: &DiscrepancyId,
        by: &StaffId,
        order: &DeclineOrder,
    ) -> Result<Done, CounterError> {
        let (state, _) = self.loss(id).await?;
        let mut drafts = self.drafts(about(&state.reported.case));
        let reason = match drafts.words("reason", &order.reason).await {
            Ok(reason) => reason,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .done(ask, &Subject::Loss(id.clone()), |history, reads, _| {
                let state = known(history, id)?;
                let decider = person(reads, by)?;
                Ok(custody::decline(&state, &order.side, reason, by, &decider)?)
            })
            .await;
        drafts.end(done).await
    }

    /// Records that lost paper was found, for its holder to sign.
    pub async fn report_found(
        &self,
        ask: &Ask,
        id: &DiscrepancyId,
        order: &FoundOrder,
    ) -> Result<Done, CounterError> {
        let (state, _) = self.loss(id).await?;
        let bundle_now = self.bundle_now(&state.reported.case).await?;
        let document = state.found_paper(&bundle_now, &order.to);
        self.blobs.put(&document.bytes()).await?;
        self.done(ask, &Subject::Loss(id.clone()), |history, reads, _| {
            let state = known(history, id)?;
            let bundle = bundle(reads, &state.reported.case)?;
            let finder = person(reads, &order.signed.staff)?;
            let last = match &state.reported.last.staff {
                Some(last) => {
                    let history = reads.history(&Subject::Staff(last.clone()))?;
                    staff::fold(history.iter().map(|fact| &fact.entry.event))
                }
                None => None,
            };
            Ok(custody::report_found(
                &state,
                &bundle,
                &order.to,
                last.as_ref(),
                &order.signed,
                &finder,
            )?)
        })
        .await
    }

    /// Whoever is to hold found paper signs for it: it is owed again.
    pub async fn take_back_found(
        &self,
        ask: &Ask,
        id: &DiscrepancyId,
        order: &BackOrder,
    ) -> Result<Done, CounterError> {
        self.done(ask, &Subject::Loss(id.clone()), |history, reads, _| {
            let state = known(history, id)?;
            let taker = person(reads, &order.signed.staff)?;
            Ok(custody::take_back(
                &state,
                &order.document,
                &order.signed,
                &taker,
            )?)
        })
        .await
    }
}
