//! Paper on its way: given to a carrier, brought back; and the lines of boxes that were taken by seal, checked later.

use serde::Deserialize;
use utoipa::ToSchema;

use super::containers::with_content;
use super::hand::{ReceiptOrder, known, scanned};
use crate::counter::bundles::person;
use crate::counter::{Ask, Counter, CounterError, Done};
use crate::domain::case::WitnessedSignature;
use crate::domain::custody::{
    self, CLEAR_DAYS, Carriage, CarrierKind, IdentityProof, Receipt, Side, SlipManifest,
    SlipOutcome, clear_by,
};
use crate::domain::{Date, Digest, Fact, SlipId, StaffId, Subject};
use crate::ledger::{Decline, Reads};

/// What a carrier does with what is on a slip. The carrier signs on pad or paper; the signature is handed in as a scan.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum CarriageOrder {
    /// Takes it along. Recorded by the giver.
    Dispatch {
        /// What kind of carrier.
        carrier: CarrierKind,
        /// Who it is: the name, and a courier's company.
        name: String,
        /// By what the identity was checked.
        proof: IdentityProof,
        /// Digest of the carrier's signature.
        signature: Digest,
    },
    /// Brings it back to the giver's side.
    BringBack {
        /// Digest of the carrier's signature.
        signature: Digest,
    },
}

/// Takes a box off its seal because its lines were checked, where the hall still has it sealed.
fn opened(
    reads: &mut Reads<'_>,
    manifest: &SlipManifest,
    first: &SlipOutcome,
    by: &StaffId,
) -> Result<Vec<Fact>, Decline> {
    let mut facts = Vec::new();
    for one in &manifest.boxes {
        let taken = first
            .seals
            .iter()
            .any(|read| read.container == one.container);
        let (container, inside) = with_content(reads, &one.container)?;
        let still = container
            .seal
            .as_ref()
            .is_some_and(|on| on.seal == one.seal);
        if taken && still && matches!(container.side, Side::Hall { .. }) {
            let state = person(reads, by)?;
            facts.extend(custody::open_box(&container, &inside, true, (by, &state))?);
        }
    }
    Ok(facts)
}

impl Counter {
    /// Records that a carrier has what is on a slip, or brought it back.
    pub async fn carry_slip(
        &self,
        ask: &Ask,
        id: &SlipId,
        by: &StaffId,
        order: CarriageOrder,
    ) -> Result<Done, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        let mut drafts = self.drafts(Subject::Slip(id.clone()));
        let (digest, carriage) = match order {
            CarriageOrder::BringBack { signature } => (signature, None),
            CarriageOrder::Dispatch {
                carrier,
                name,
                proof,
                signature,
            } => match drafts.words("name", &name).await {
                Ok(name) => (signature, Some((carrier, name, proof))),
                Err(error) => return drafts.end(Err(error)).await,
            },
        };
        let done = self
            .done(ask, &Subject::Slip(id.clone()), |history, reads, now| {
                let slip = known(history, id)?;
                scanned(reads, &digest)?;
                let witness = by.clone();
                let signature = WitnessedSignature { digest, witness };
                Ok(match carriage {
                    Some((carrier, name, proof)) => {
                        let carriage = Carriage {
                            carrier,
                            name,
                            proof,
                            signature,
                        };
                        custody::dispatch(&slip, &manifest, carriage, now)?
                    }
                    None => {
                        let state = person(reads, by)?;
                        custody::bring_back(&slip, &manifest, signature, &state)?
                    }
                })
            })
            .await;
        drafts.end(done).await
    }

    /// Records what was found when the lines that were taken by seal were checked.
    pub async fn check_slip(
        &self,
        ask: &Ask,
        id: &SlipId,
        order: ReceiptOrder,
    ) -> Result<Done, CounterError> {
        let (slip, _) = self.slip_now(id).await?;
        let manifest = self.slip_manifest(&slip.manifest).await?;
        let Some(received) = slip.received() else {
            let slip = id.clone();
            return Err(custody::CustodyRefusal::NothingToCheck { slip }.into());
        };
        let first = self.slip_outcome(&received.outcome).await?;
        let due = clear_by(&*self.calendar().await?, CLEAR_DAYS, self.clock.now())?;
        let ReceiptOrder { outcome, receipt } = order;
        self.blobs.put(&outcome.bytes()).await?;
        self.done(ask, &Subject::Slip(id.clone()), |history, reads, _| {
            let slip = known(history, id)?;
            if let Receipt::Stamped { sheet, .. } = &receipt {
                scanned(reads, sheet)?;
            }
            let signer = person(reads, &receipt.signature().staff)?;
            let both = [&first, &outcome];
            let mut facts = custody::check_lines(&slip, &manifest, both, &receipt, &signer, due)?;
            let by = &receipt.signature().staff;
            facts.extend(opened(reads, &manifest, &first, by)?);
            Ok(facts)
        })
        .await
    }

    /// Tells, once, that the lines of a slip were not checked in time; before that it does nothing.
    pub async fn tell_check_overdue(&self, ask: &Ask, id: &SlipId) -> Result<Done, CounterError> {
        self.done(ask, &Subject::Slip(id.clone()), |history, _, now| {
            Ok(custody::check_overdue(&known(history, id)?, Date::of(now)))
        })
        .await
    }
}
