//! Handing over: offered with one signature, received with another, or called off.

use serde::Deserialize;
use utoipa::ToSchema;

use super::containers::with_content;
use crate::counter::bundles::{bundles, person, round};
use crate::counter::{Ask, Counter, CounterError, Done};
use crate::domain::custody::{
    self, CHECK_DAYS, CLEAR_DAYS, Days, KeySignature, Receipt, Slip, SlipManifest, SlipOutcome,
    clear_by, fold_slip,
};
use crate::domain::transfer;
use crate::domain::{Digest, Fact, SlipId, StaffId, Subject, Timestamp};
use crate::ledger::{Decline, Reads, Recorded};

/// A slip that its giver signed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferOrder {
    /// What was signed, word for word.
    pub manifest: SlipManifest,
    /// The giver's signature over its digest.
    pub given: KeySignature,
}

/// An outcome that its receiver signed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptOrder {
    /// What was signed, word for word.
    pub outcome: SlipOutcome,
    /// How the receiver signed.
    pub receipt: Receipt,
}

/// How an offer ends without a hand-over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum CallOffOrder {
    /// The receiving side refuses all of it (拒收).
    Refuse {
        /// Why, in words.
        reason: String,
    },
    /// The giver takes it back.
    Cancel {
        /// Why, in words.
        reason: String,
    },
}

/// The slip within a decision.
pub(super) fn known(history: &[Recorded], id: &SlipId) -> Result<Slip, Decline> {
    let slip = fold_slip(history.iter().map(|fact| &fact.entry));
    slip.ok_or_else(|| CounterError::NotFound(format!("slip/{id}")).into())
}

/// Refuses a sheet or a captured signature that was never handed in as a scan.
pub(super) fn scanned(reads: &mut Reads<'_>, scan: &Digest) -> Result<(), Decline> {
    if reads.history(&Subject::Scan(*scan))?.is_empty() {
        return Err(CounterError::NotFound(format!("scan {scan}")).into());
    }
    Ok(())
}

impl Counter {
    /// A slip, and how many facts it has.
    pub async fn slip_now(&self, id: &SlipId) -> Result<(Slip, u32), CounterError> {
        let history = self.history(&Subject::Slip(id.clone())).await?;
        let slip = fold_slip(history.iter().map(|fact| &fact.entry));
        let slip = slip.ok_or_else(|| CounterError::NotFound(format!("slip/{id}")))?;
        Ok((slip, crate::counter::change::count(&history)))
    }

    /// What the giver of a slip signed.
    pub async fn slip_manifest(&self, digest: &Digest) -> Result<SlipManifest, CounterError> {
        self.kept_document(digest).await
    }

    /// What the receiver of a slip signed.
    pub async fn slip_outcome(&self, digest: &Digest) -> Result<SlipOutcome, CounterError> {
        self.kept_document(digest).await
    }

    /// Offers what a manifest lists.
    pub async fn offer_slip(&self, ask: &Ask, order: OfferOrder) -> Result<Done, CounterError> {
        let OfferOrder { manifest, given } = order;
        let items = self.items_to_collect(&manifest).await?;
        self.blobs.put(&manifest.bytes()).await?;
        let subject = Subject::Slip(manifest.slip.clone());
        self.done(ask, &subject, |history, reads, now| {
            let slip = fold_slip(history.iter().map(|fact| &fact.entry));
            let cases = manifest.lines.iter().map(|line| &line.case);
            let bundles = bundles(reads, cases)?;
            let giver = person(reads, &given.staff)?;
            let mut facts =
                custody::offer(slip.as_ref(), &bundles, &manifest, &given, &giver, now)?;
            items.check(reads, &manifest, now)?;
            for one in &manifest.boxes {
                let (container, inside) = with_content(reads, &one.container)?;
                custody::as_sealed(&container, &inside, one)?;
            }
            if let Some(id) = &manifest.transfer {
                let round = round(reads, id)?;
                facts = transfer::offered(&round, &manifest, facts)?;
            }
            Ok(facts)
        })
        .await
    }

    /// Receives a slip: what is taken changes hands.
    pub async fn receive_slip(
        &self,
        ask: &Ask,
        id: &SlipId,
        order: ReceiptOrder,
    ) -> Result<Done, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        let items = self.items_to_collect(&manifest).await?;
        let (calendar, now) = (self.calendar().await?, self.clock.now());
        let days = Days {
            clear_by: clear_by(&calendar, CLEAR_DAYS, now)?,
            check_by: clear_by(&calendar, CHECK_DAYS, now)?,
        };
        let ReceiptOrder { outcome, receipt } = order;
        self.blobs.put(&outcome.bytes()).await?;
        self.done(ask, &Subject::Slip(id.clone()), |history, reads, now| {
            let slip = known(history, id)?;
            if let Receipt::Stamped { sheet, .. } = &receipt {
                scanned(reads, sheet)?;
            }
            let signer = person(reads, &receipt.signature().staff)?;
            let mut facts =
                custody::receive(&slip, &manifest, &outcome, &receipt, &signer, days, now)?;
            facts.extend(items.moved(reads, &manifest, &outcome, (&slip, &receipt), now)?);
            if let Some(transfer) = &manifest.transfer {
                let round = round(reads, transfer)?;
                facts = transfer::received(&round, id, facts);
            }
            Ok(facts)
        })
        .await
    }

    /// Ends an offer without a hand-over.
    pub async fn call_off_slip(
        &self,
        ask: &Ask,
        id: &SlipId,
        by: &StaffId,
        order: CallOffOrder,
    ) -> Result<Done, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        let mut drafts = self.drafts(Subject::Slip(id.clone()));
        let (CallOffOrder::Refuse { reason } | CallOffOrder::Cancel { reason }) = &order;
        let reason = match drafts.words("reason", reason).await {
            Ok(reason) => reason,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .done(ask, &Subject::Slip(id.clone()), |history, reads, _| {
                let slip = known(history, id)?;
                let facts = match &order {
                    CallOffOrder::Refuse { .. } => {
                        let refuser = person(reads, by)?;
                        custody::refuse(&slip, &manifest, by, &refuser, reason)?
                    }
                    CallOffOrder::Cancel { .. } => custody::cancel(&slip, &manifest, by, reason)?,
                };
                ended(reads, &manifest, facts)
            })
            .await;
        drafts.end(done).await
    }

    /// Ends an offer whose time ran out; before that it does nothing.
    pub async fn lapse_slip(&self, ask: &Ask, id: &SlipId) -> Result<Done, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        self.done(
            ask,
            &Subject::Slip(id.clone()),
            |history, reads, now: Timestamp| {
                let facts = custody::lapse(&known(history, id)?, &manifest, now)?;
                ended(reads, &manifest, facts)
            },
        )
        .await
    }
}

/// What the end of an offer means for its round.
fn ended(
    reads: &mut Reads<'_>,
    manifest: &SlipManifest,
    facts: Vec<Fact>,
) -> Result<Vec<Fact>, Decline> {
    let how = facts.iter().find_map(|fact| match &fact.event {
        crate::domain::Event::Slip {
            event: custody::SlipEvent::CalledOff { how, .. },
        } => Some(*how),
        _ => None,
    });
    match (&manifest.transfer, how) {
        (Some(id), Some(how)) => {
            let round = round(reads, id)?;
            Ok(transfer::ended(&round, &manifest.slip, how, facts))
        }
        _ => Ok(facts),
    }
}
