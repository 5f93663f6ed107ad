//! At the window, about the case as a whole: the receipt, deferral, the one correction notice, supplements.
//! Art 8(2)–(4).

mod decide;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::decide::{Deciding, Put};
use super::desk::MeetOrder;
use super::words::Drafts;
use super::{Ask, Counter, CounterError, Done, LateEntry, about};
use crate::domain::case::{DefectKind, DefectSubject, ReceiptManner};
use crate::domain::person::{self, AgentInput, DeliveryInput};
use crate::domain::{CaseNo, Date, Digest, MaterialCode, SerialNo, VisitId, WindowCode};

/// A defect as the clerk names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefectOrder {
    /// The row or field.
    pub about: DefectSubject,
    /// What is wrong.
    pub kind: DefectKind,
    /// What to do about it, in words.
    pub note: String,
}

/// Something done at the window with the case as a whole.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum IntakeOrder {
    /// Issues the receipt (收件凭证).
    IssueReceipt {
        /// The window that issues it.
        window: WindowCode,
        /// How it reaches the applicant.
        manner: ReceiptManner,
        /// The numbered blank that was used in an outage; goes with `occurred`.
        #[serde(default)]
        serial: Option<SerialNo>,
        /// When, if it is entered later (补录).
        #[serde(default)]
        occurred: Option<LateEntry>,
    },
    /// Takes the case although secondary materials are missing (容缺), against a signed undertaking.
    Defer {
        /// The missing rows.
        rows: Vec<MaterialCode>,
        /// Working days until they are handed in.
        days: u16,
        /// Whether the applicant is excluded, as a discredited one is.
        excluded: bool,
        /// Digest of the applicant's signature.
        signature: Digest,
    },
    /// Says why rows cannot be handed in later.
    RefuseDeferral {
        /// The rows.
        rows: Vec<MaterialCode>,
        /// Working days asked for.
        days: u16,
        /// Whether the applicant is excluded.
        excluded: bool,
    },
    /// Gives the one complete correction notice (一次性告知).
    NotifyCorrection {
        /// Every defect.
        defects: Vec<DefectOrder>,
        /// The last day for mending them.
        due: Date,
        /// Digest of the applicant's signature for paper that goes back.
        #[serde(default)]
        signature: Option<Digest>,
    },
    /// The supervisor allows another notice.
    EscalateCorrection {
        /// Why.
        reason: String,
    },
    /// The applicant hands in again.
    Resubmit {},
    /// A deferred material comes in.
    Supplement {
        /// The window that takes it.
        window: WindowCode,
        /// How the row is met.
        meet: MeetOrder,
    },
    /// The applicant comes again, on another visit.
    Attend {
        /// The visit.
        visit: VisitId,
    },
    /// The applicant names an agent.
    AppointAgent {
        /// Who.
        agent: AgentInput,
    },
    /// The applicant chooses how the result travels.
    ChooseDelivery {
        /// How.
        delivery: DeliveryInput,
    },
}

/// What a correction notice says, as it is printed.
#[derive(Serialize, Deserialize)]
pub(super) struct CorrectionPaper {
    pub defects: Vec<(DefectSubject, DefectKind, String)>,
    pub due: Date,
}

/// What an undertaking says.
#[derive(Serialize, Deserialize)]
pub(super) struct UndertakingPaper {
    pub rows: Vec<MaterialCode>,
    pub days: u16,
}

/// What a refusal of deferral says.
#[derive(Serialize, Deserialize)]
pub(super) struct NoDeferralPaper {
    pub rows: Vec<MaterialCode>,
    pub days: u16,
    pub excluded: bool,
}

impl Counter {
    /// Does something at the window with the case as a whole.
    pub async fn handle_intake(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: IntakeOrder,
    ) -> Result<Done, CounterError> {
        let (calendar, clerk) = (self.calendar().await?, ask.staff()?);
        let mut drafts = self.drafts(about(no));
        let put = match self.put_intake(&mut drafts, &order).await {
            Ok(put) => drafts
                .late(ask, order.occurred())
                .await
                .map(|ask| (put, ask)),
            Err(error) => Err(error),
        };
        let (put, ask) = match put {
            Ok(put) => put,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .on_case(&ask, no, |case, item, reads, now| {
                let deciding = Deciding {
                    clerk: &clerk,
                    order: &order,
                    put: &put,
                    calendar: &calendar,
                    case,
                    item,
                    now,
                };
                deciding.decide(reads)
            })
            .await;
        drafts.end(done).await
    }

    async fn put_intake(
        &self,
        drafts: &mut Drafts<'_>,
        order: &IntakeOrder,
    ) -> Result<Put, CounterError> {
        let today = Date::of(self.clock.now());
        let mut put = Put::default();
        match order {
            IntakeOrder::Defer { rows, days, .. } => {
                let (rows, days) = (rows.clone(), *days);
                put.paper = Some(drafts.paper(&UndertakingPaper { rows, days }).await?);
            }
            IntakeOrder::RefuseDeferral {
                rows,
                days,
                excluded,
            } => {
                let (rows, days, excluded) = (rows.clone(), *days, *excluded);
                let paper = NoDeferralPaper {
                    rows,
                    days,
                    excluded,
                };
                put.paper = Some(drafts.paper(&paper).await?);
            }
            IntakeOrder::NotifyCorrection { defects, due, .. } => {
                let mut lines = Vec::new();
                for (number, defect) in defects.iter().enumerate() {
                    let field = format!("defects.{number}.note");
                    put.notes.push(drafts.words(&field, &defect.note).await?);
                    lines.push((defect.about.clone(), defect.kind, defect.note.clone()));
                }
                let paper = CorrectionPaper {
                    defects: lines,
                    due: *due,
                };
                put.paper = Some(drafts.paper(&paper).await?);
            }
            IntakeOrder::EscalateCorrection { reason } => {
                put.notes.push(drafts.words("reason", reason).await?);
            }
            IntakeOrder::AppointAgent { agent } => {
                let agent = person::Agent::validate(agent, today)?;
                put.agent = Some(drafts.agent(&agent).await?);
            }
            IntakeOrder::ChooseDelivery { delivery } => {
                let choice = person::DeliveryChoice::validate(delivery, today)?;
                put.delivery = Some(drafts.delivery(&choice).await?);
            }
            IntakeOrder::IssueReceipt { .. }
            | IntakeOrder::Resubmit {}
            | IntakeOrder::Supplement { .. }
            | IntakeOrder::Attend { .. } => {}
        }
        Ok(put)
    }
}
