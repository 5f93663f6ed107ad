//! At the window, about the case as a whole: the receipt, deferral, the one correction notice, supplements.
//! Art 8(2)–(4).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::fold_visit;
use super::desk::{MeetOrder, lost};
use super::documents::handed_in;
use super::words::Drafts;
use super::{Ask, Counter, CounterError, Done, LateEntry, about, books, bundles};
use crate::domain::calendar::Calendar;
use crate::domain::case::{
    self, CaseState, Correction, Defect, DefectKind, DefectSubject, Defer, IssueReceipt,
    ReceiptManner, Recipient, RefuseDeferral, WitnessedSignature,
};
use crate::domain::catalogue::ServiceItem;
use crate::domain::hall::Mandate;
use crate::domain::person::{self, AgentInput, DeliveryInput};
use crate::domain::{
    CaseNo, Commitment, Date, Digest, Fact, MaterialCode, SerialNo, StaffId, Subject, Timestamp,
    VisitId, WindowCode,
};
use crate::ledger::{Decline, Reads};

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

/// What an order put into the vault.
#[derive(Default)]
struct Put {
    paper: Option<Digest>,
    notes: Vec<Commitment>,
    agent: Option<case::Agent>,
    delivery: Option<case::DeliveryChoice>,
}

/// The window's right to take further materials of the case.
fn supplementing(
    reads: &mut Reads<'_>,
    case: &CaseState,
    window: &WindowCode,
    now: Timestamp,
) -> Result<Mandate, Decline> {
    let books = books(reads, &case.mandate.site, &case.mandate.task)?;
    Ok(books.may_supplement(window, case.mandate.version, now)?)
}

/// What an order is decided on.
struct Deciding<'a> {
    clerk: &'a StaffId,
    order: &'a IntakeOrder,
    put: &'a Put,
    calendar: &'a Calendar,
    case: &'a CaseState,
    item: &'a ServiceItem,
    now: Timestamp,
}

impl Deciding<'_> {
    fn decide(&self, reads: &mut Reads<'_>) -> Result<Vec<Fact>, Decline> {
        handed_in(self.case, &self.order.named())?;
        match self.order {
            IntakeOrder::Defer { .. }
            | IntakeOrder::RefuseDeferral { .. }
            | IntakeOrder::EscalateCorrection { .. } => Ok(self.on_paper()?),
            IntakeOrder::NotifyCorrection { signature, .. } => {
                let mut facts = self.on_paper()?;
                if let Some(signature) = signature {
                    facts.extend(self.handed_back(reads, signature)?);
                }
                Ok(facts)
            }
            _ => self.at_window(reads),
        }
    }

    /// The defective papers of a case that was receipted go back to the applicant, who signs for them.
    fn handed_back(&self, reads: &mut Reads<'_>, signature: &Digest) -> Result<Vec<Fact>, Decline> {
        let IntakeOrder::NotifyCorrection { defects, .. } = self.order else {
            return Ok(Vec::new());
        };
        let rows = defects.iter().filter_map(|defect| match &defect.about {
            DefectSubject::Row { row } => Some(row.clone()),
            DefectSubject::Field { .. } => None,
        });
        let rows: Vec<MaterialCode> = rows.collect();
        let signature = self.witnessed(signature);
        bundles::handed_back(
            reads,
            &self.case.no,
            &rows,
            Recipient::Applicant,
            &signature,
        )
    }

    fn witnessed(&self, digest: &Digest) -> WitnessedSignature {
        WitnessedSignature {
            digest: *digest,
            witness: self.clerk.clone(),
        }
    }

    /// What a paper is given for.
    fn on_paper(&self) -> Result<Vec<Fact>, CounterError> {
        let (case, item, now) = (self.case, self.item, self.now);
        let paper = || self.put.paper.ok_or_else(lost);
        let facts = match self.order {
            IntakeOrder::Defer {
                rows,
                days,
                excluded,
                signature,
            } => {
                let command = Defer {
                    rows: rows.clone(),
                    days: *days,
                    excluded: *excluded,
                    undertaking: paper()?,
                    signature: self.witnessed(signature),
                };
                case::defer(case, item, self.calendar, command, now)?
            }
            IntakeOrder::RefuseDeferral {
                rows,
                days,
                excluded,
            } => {
                let command = RefuseDeferral {
                    rows: rows.clone(),
                    days: *days,
                    excluded: *excluded,
                    notice: paper()?,
                    clerk: self.clerk.clone(),
                };
                case::refuse_deferral(case, item, command)?
            }
            IntakeOrder::NotifyCorrection {
                defects,
                due,
                signature,
            } => {
                let lines = defects.iter().zip(&self.put.notes);
                let lines = lines.map(|(defect, note)| Defect {
                    about: defect.about.clone(),
                    kind: defect.kind,
                    note: Some(*note),
                });
                let command = Correction {
                    defects: lines.collect(),
                    due: *due,
                    notice: paper()?,
                    clerk: self.clerk.clone(),
                    signature: signature.as_ref().map(|digest| self.witnessed(digest)),
                };
                case::notify_correction(case, item, command, now)?
            }
            IntakeOrder::EscalateCorrection { .. } => {
                let reason = self.put.notes.first().copied().ok_or_else(lost)?;
                case::escalate_correction(case, self.clerk.clone(), reason)?
            }
            _ => return Err(lost()),
        };
        Ok(facts)
    }

    /// What needs a look at the hall or another history.
    fn at_window(&self, reads: &mut Reads<'_>) -> Result<Vec<Fact>, Decline> {
        let (case, item, now) = (self.case, self.item, self.now);
        let facts = match self.order {
            IntakeOrder::IssueReceipt {
                window,
                manner,
                serial,
                occurred,
            } => {
                let blank = super::stock::use_blank(reads, serial, occurred.is_some(), case)?;
                let command = IssueReceipt {
                    mandate: supplementing(reads, case, window, now)?,
                    manner: *manner,
                    serial: serial.clone(),
                    clerk: self.clerk.clone(),
                };
                let mut facts = case::issue_receipt(case, item, command, now)?;
                facts.extend(blank);
                facts.extend(bundles::receipted(reads, case, self.clerk)?);
                facts
            }
            IntakeOrder::Resubmit {} => case::resubmit(case, self.clerk.clone(), now)?,
            IntakeOrder::Supplement { window, meet } => {
                let mandate = supplementing(reads, case, window, now)?;
                let (holding, meet) = (meet.holding(reads)?, meet.command(self.clerk.clone()));
                let holding = holding.as_ref();
                let mut facts = case::supplement(case, item, &mandate, meet, holding, now)?;
                facts.extend(bundles::supplemented(reads, case, self.clerk, &facts)?);
                facts
            }
            IntakeOrder::Attend { visit } => {
                let history = reads.history(&Subject::Visit(visit.clone()))?;
                let visit = fold_visit(visit, history)?;
                let books = books(reads, &visit.site, &case.mandate.task)?;
                let mandate = books.may_supplement(&visit.window, case.mandate.version, now)?;
                case::attend(case, &visit, mandate)?
            }
            IntakeOrder::AppointAgent { .. } => {
                case::appoint_agent(case, self.put.agent.clone().ok_or_else(lost)?)?
            }
            IntakeOrder::ChooseDelivery { .. } => {
                case::choose_delivery(case, self.put.delivery.ok_or_else(lost)?)?
            }
            _ => return Err(lost().into()),
        };
        Ok(facts)
    }
}
