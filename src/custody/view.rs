//! A slip as a person sees it: what was offered, both signatures with their times, and where it stands in the log.

use serde::Serialize;
use utoipa::ToSchema;

use crate::counter::change::count;
use crate::counter::{Counter, CounterError};
use crate::domain::custody::{
    CallOff, CarrierKind, Journey, KeySignature, Receipt, Slip, SlipEvent, SlipManifest,
    SlipOutcome, Standing, fold_slip,
};
use crate::domain::{Date, Digest, Event, SlipId, StaffId, Subject, Timestamp};
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
    /// It waits for the receiver, and a carrier has it (在途).
    InTransit,
    /// It was taken by seal; its lines are still to be checked.
    ReceivedBySeal,
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
            Self::InTransit => "在途 in transit",
            Self::ReceivedBySeal => "凭封签接收，待逐件核对 taken by seal, lines to be checked",
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
    /// The ways it went with carriers, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub journeys: Vec<JourneyView>,
    /// Whether it ended while a carrier had it: then the paper still has to come back.
    pub returning: bool,
    /// The check of the lines that were taken by seal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<LineCheckView>,
}

/// A way with a carrier.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JourneyView {
    /// What kind of carrier.
    pub carrier: CarrierKind,
    /// The same in Chinese.
    pub carrier_zh: String,
    /// Who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who saw the carrier sign.
    pub witness: StaffId,
    /// Since when.
    pub at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Whether it was brought back.
    pub back: bool,
}

/// The check of the lines that were taken by seal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineCheckView {
    /// The last day for it.
    pub check_by: Date,
    /// Whether that day is past and they are not checked, or were late.
    pub overdue: bool,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SlipOutcome>,
    /// The signature of whoever checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<SignatureView>,
}

fn standing(slip: &Slip) -> SlipStanding {
    match &slip.standing {
        Standing::Open => SlipStanding::Open,
        Standing::InTransit => SlipStanding::InTransit,
        Standing::Received(received) => {
            let checked = received.checked.as_ref();
            if received.check_by.is_some() && checked.is_none() {
                return SlipStanding::ReceivedBySeal;
            }
            let wrong = received.kept + received.extras;
            let later = checked.map_or(0, |checked| checked.wrong + checked.extras);
            match wrong + later {
                0 => SlipStanding::Received,
                _ => SlipStanding::ReceivedWithDiscrepancy,
            }
        }
        Standing::CalledOff { how, .. } => match how {
            CallOff::Refused => SlipStanding::Refused,
            CallOff::Cancelled => SlipStanding::Cancelled,
            CallOff::Lapsed => SlipStanding::Lapsed,
        },
    }
}

/// The place in the log of the first fact of this kind.
fn place(history: &[Recorded], of: impl Fn(&SlipEvent) -> bool) -> u64 {
    let fact = history.iter().find(|fact| match &fact.entry.event {
        Event::Slip { event } => of(event),
        _ => false,
    });
    fact.map_or(0, |fact| fact.index)
}

fn signed(statement: Digest, receipt: &Receipt, at: Timestamp, index: u64) -> SignatureView {
    SignatureView {
        statement,
        by: receipt.signature().clone(),
        sheet: match receipt {
            Receipt::Stamped { sheet, .. } => Some(*sheet),
            Receipt::Signed { .. } => None,
        },
        at,
        index,
    }
}

impl Counter {
    /// A slip with what was signed on it, and how many facts it has.
    pub async fn slip_view(&self, id: &SlipId) -> Result<(PaperSlipView, u32), CounterError> {
        let history = self.history(&Subject::Slip(id.clone())).await?;
        let slip = fold_slip(history.iter().map(|fact| &fact.entry));
        let slip = slip.ok_or_else(|| CounterError::NotFound(format!("slip/{id}")))?;
        let mut journeys = Vec::with_capacity(slip.journeys.len());
        for way in &slip.journeys {
            journeys.push(self.journey_view(id, way).await);
        }
        let mut view = PaperSlipView {
            id: id.clone(),
            standing: standing(&slip),
            manifest: self.slip_manifest(&slip.manifest).await?,
            given: SignatureView {
                statement: slip.manifest,
                by: slip.given.clone(),
                sheet: None,
                at: slip.at,
                index: history.first().map_or(0, |fact| fact.index),
            },
            outcome: None,
            taken: None,
            journeys,
            returning: !slip.is_open() && slip.on_the_way().is_some(),
            check: None,
        };
        if let Some(received) = slip.received() {
            view.outcome = Some(self.slip_outcome(&received.outcome).await?);
            let index = place(&history, |event| {
                matches!(event, SlipEvent::Received { .. })
            });
            let (digest, at) = (received.outcome, received.at);
            view.taken = Some(signed(digest, &received.receipt, at, index));
            if let Some(check_by) = received.check_by {
                let mut check = LineCheckView {
                    check_by,
                    overdue: received.check_overdue(self.clock.now()),
                    outcome: None,
                    checked: None,
                };
                if let Some(checked) = &received.checked {
                    let index = place(&history, |event| {
                        matches!(event, SlipEvent::LinesChecked { .. })
                    });
                    check.outcome = Some(self.slip_outcome(&checked.outcome).await?);
                    let (digest, at) = (checked.outcome, checked.at);
                    check.checked = Some(signed(digest, &checked.receipt, at, index));
                }
                view.check = Some(check);
            }
        }
        Ok((view, count(&history)))
    }

    pub(super) async fn journey_view(&self, id: &SlipId, way: &Journey) -> JourneyView {
        let subject = Subject::Slip(id.clone());
        JourneyView {
            carrier: way.carrier,
            carrier_zh: way.carrier.to_string(),
            // A record that was erased, or cannot be read now, leaves the rest to be seen.
            name: self.read_record(&subject, &way.name).await.ok(),
            witness: way.witness.clone(),
            at: way.at,
            ended: way.ended,
            back: way.back,
        }
    }
}
