//! A slip as a person sees it: what was offered, both signatures with their times, and where it stands in the log.

use serde::Serialize;
use utoipa::ToSchema;

use crate::counter::change::count;
use crate::counter::{Counter, CounterError};
use crate::domain::custody::{
    CallOff, KeySignature, Receipt, Slip, SlipManifest, SlipOutcome, Standing, fold_slip,
};
use crate::domain::{Digest, SlipId, Subject, Timestamp};
use crate::ledger::Recorded;

/// A signature on a slip.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignatureView {
    /// Digest of what was signed.
    pub statement: Digest,
    /// The signature; of a stamped sheet the witness's.
    pub by: KeySignature,
    /// Digest of the stamped sheet, where a department signed on paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Digest>,
    /// When it was recorded.
    pub at: Timestamp,
    /// Its place in the log.
    pub index: u64,
}

/// Where a slip stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlipStanding {
    /// It waits for the receiver.
    Open,
    /// Everything on it was taken.
    Received,
    /// Something on it was not as stated.
    ReceivedWithDiscrepancy,
    /// Refused as a whole.
    Refused,
    /// The giver took it back.
    Cancelled,
    /// Nobody received it in time.
    Lapsed,
}

impl SlipStanding {
    /// In both languages.
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "待签收 waiting for the receiver",
            Self::Received => "已签收 received",
            Self::ReceivedWithDiscrepancy => "已签收，有差异 received with discrepancies",
            Self::Refused => "拒收 refused",
            Self::Cancelled => "已撤回 cancelled",
            Self::Lapsed => "已过期 lapsed",
        }
    }
}

/// A slip.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaperSlipView {
    /// Its number.
    pub id: SlipId,
    /// Where it stands.
    pub standing: SlipStanding,
    /// What was offered.
    pub manifest: SlipManifest,
    /// The giver's signature.
    pub given: SignatureView,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SlipOutcome>,
    /// The receiver's signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<SignatureView>,
}

fn standing(slip: &Slip) -> SlipStanding {
    match &slip.standing {
        Standing::Open => SlipStanding::Open,
        Standing::Received(received) if received.kept == 0 && received.extras == 0 => {
            SlipStanding::Received
        }
        Standing::Received(_) => SlipStanding::ReceivedWithDiscrepancy,
        Standing::CalledOff { how, .. } => match how {
            CallOff::Refused => SlipStanding::Refused,
            CallOff::Cancelled => SlipStanding::Cancelled,
            CallOff::Lapsed => SlipStanding::Lapsed,
        },
    }
}

impl Counter {
    /// A slip with what was signed on it, and how many facts it has.
    pub async fn slip_view(&self, id: &SlipId) -> Result<(PaperSlipView, u32), CounterError> {
        let history = self.history(&Subject::Slip(id.clone())).await?;
        let slip = fold_slip(history.iter().map(|fact| &fact.entry));
        let slip = slip.ok_or_else(|| CounterError::NotFound(format!("slip/{id}")))?;
        let place = |fact: Option<&Recorded>| fact.map_or(0, |fact| fact.index);
        let mut view = PaperSlipView {
            id: id.clone(),
            standing: standing(&slip),
            manifest: self.slip_manifest(&slip.manifest).await?,
            given: SignatureView {
                statement: slip.manifest,
                by: slip.given.clone(),
                sheet: None,
                at: slip.at,
                index: place(history.first()),
            },
            outcome: None,
            taken: None,
        };
        if let Standing::Received(received) = &slip.standing {
            view.outcome = Some(self.slip_outcome(&received.outcome).await?);
            view.taken = Some(SignatureView {
                statement: received.outcome,
                by: received.receipt.signature().clone(),
                sheet: match &received.receipt {
                    Receipt::Stamped { sheet, .. } => Some(*sheet),
                    Receipt::Signed { .. } => None,
                },
                at: received.at,
                index: place(history.last()),
            });
        }
        Ok((view, count(&history)))
    }
}
