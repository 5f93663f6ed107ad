//! At the window: the checklist, the receipt, deferral, the one correction notice, supplements. Art 8(2)–(4).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::fold_visit;
use super::words::Drafts;
use super::{Ask, Counter, CounterError, Done, about, books};
use crate::domain::case::{
    self, CaseState, Correction, Defect, DefectKind, DefectSubject, Defer, FieldFinding,
    IssueReceipt, Meet, ReceiptManner, RefuseDeferral, SharedOriginal, WitnessedSignature,
};
use crate::domain::catalogue::{MetBy, ServiceItem};
use crate::domain::hall::Mandate;
use crate::domain::person::{self, AgentInput, DeliveryInput};
use crate::domain::{
    CaseNo, Commitment, Date, Digest, Fact, MaterialCode, SerialNo, StaffId, Subject, Timestamp,
    VisitId, WindowCode,
};
use crate::ledger::{Decline, Reads};

/// How a material is met.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeetOrder {
    /// The row.
    pub row: MaterialCode,
    /// The way, one of the row's own.
    pub way: MetBy,
    /// Originals that stay here.
    #[serde(default)]
    pub originals: u8,
    /// Copies that stay here.
    #[serde(default)]
    pub copies: u8,
    /// An original that lies in another case's bundle.
    #[serde(default)]
    pub shared: Option<SharedOriginal>,
    /// Digest of the e-licence, the shared data or the signed commitment.
    #[serde(default)]
    pub evidence: Option<Digest>,
    /// The earlier case it was handed in with.
    #[serde(default)]
    pub earlier: Option<CaseNo>,
}

/// Something done to the checklist.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum MaterialOrder {
    /// A row is met.
    Meet {
        /// How.
        meet: MeetOrder,
    },
    /// The clerk decides whether a conditional row is needed.
    Decide {
        /// The row.
        row: MaterialCode,
        /// Whether it is.
        needed: bool,
        /// Why.
        reason: String,
    },
    /// A row that was met by mistake is open again; its paper goes back.
    Reopen {
        /// The row.
        row: MaterialCode,
    },
    /// A scan belongs to a row.
    FileScan {
        /// The row.
        row: MaterialCode,
        /// The scan.
        scan: Digest,
    },
    /// What the check of the entry found.
    CheckFields {
        /// All of it; none when the entry is right.
        findings: Vec<FieldFinding>,
    },
}

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
        /// The numbered blank that was used in an outage.
        #[serde(default)]
        serial: Option<SerialNo>,
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

impl MeetOrder {
    fn command(&self, clerk: StaffId) -> Meet {
        Meet {
            row: self.row.clone(),
            way: self.way,
            originals: self.originals,
            copies: self.copies,
            shared: self.shared.clone(),
            evidence: self.evidence,
            earlier: self.earlier.clone(),
            clerk,
        }
    }

    /// The case that holds what this row points to.
    fn holding(&self, reads: &mut Reads<'_>) -> Result<Option<CaseState>, Decline> {
        let other = self
            .shared
            .as_ref()
            .map(|shared| &shared.case)
            .or(self.earlier.as_ref());
        let Some(other) = other else { return Ok(None) };
        let history = reads.history(&about(other))?;
        Ok(case::fold(history.iter().map(|fact| &fact.entry)))
    }
}

impl Counter {
    /// Does something to the checklist.
    pub async fn handle_material(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: MaterialOrder,
    ) -> Result<Done, CounterError> {
        let mut drafts = self.drafts(about(no));
        let reason = match &order {
            MaterialOrder::Decide { reason, .. } => Some(drafts.words("reason", reason).await?),
            _ => None,
        };
        let done = self
            .on_case(ask, no, |case, item, reads, now| match &order {
                MaterialOrder::Meet { meet } => {
                    let holding = meet.holding(reads)?;
                    Ok(case::meet(
                        case,
                        item,
                        meet.command(ask.staff()?),
                        holding.as_ref(),
                        now,
                    )?)
                }
                MaterialOrder::Decide { row, needed, .. } => {
                    let reason = reason.ok_or_else(lost)?;
                    let clerk = ask.staff()?;
                    Ok(case::decide_row(case, item, row, *needed, reason, clerk)?)
                }
                MaterialOrder::Reopen { row } => Ok(case::reopen(case, item, row)?),
                MaterialOrder::FileScan { row, scan } => {
                    known_scan(reads, scan)?;
                    Ok(case::file_scan(case, item, row, *scan)?)
                }
                MaterialOrder::CheckFields { findings } => {
                    Ok(case::check_fields(case, findings.clone())?)
                }
            })
            .await;
        drafts.end(done).await
    }

    /// Does something at the window with the case as a whole.
    pub async fn handle_intake(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: IntakeOrder,
    ) -> Result<Done, CounterError> {
        let calendar = self.calendar().await?;
        let mut drafts = self.drafts(about(no));
        let put = match self.put_intake(&mut drafts, &order).await {
            Ok(put) => put,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .on_case(ask, no, |case, item, reads, now| {
                decide_intake(ask, &order, &put, &calendar, (case, item), reads, now)
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

/// The words of an order were not put: a fault of this program.
fn lost() -> CounterError {
    CounterError::Internal("what the order says was not put into the vault".to_owned())
}

fn known_scan(reads: &mut Reads<'_>, scan: &Digest) -> Result<(), Decline> {
    if reads.history(&Subject::Scan(*scan))?.is_empty() {
        return Err(CounterError::NotFound(format!("scan {scan}")).into());
    }
    Ok(())
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

fn decide_intake(
    ask: &Ask,
    order: &IntakeOrder,
    put: &Put,
    calendar: &crate::domain::calendar::Calendar,
    (case, item): (&CaseState, &ServiceItem),
    reads: &mut Reads<'_>,
    now: Timestamp,
) -> Result<Vec<Fact>, Decline> {
    let clerk = ask.staff()?;
    let witnessed = |digest: &Digest| WitnessedSignature {
        digest: *digest,
        witness: clerk.clone(),
    };
    let facts = match order {
        IntakeOrder::IssueReceipt {
            window,
            manner,
            serial,
        } => {
            let mandate = supplementing(reads, case, window, now)?;
            let (manner, serial) = (*manner, serial.clone());
            let command = IssueReceipt {
                mandate,
                manner,
                serial,
                clerk,
            };
            case::issue_receipt(case, item, command, now)?
        }
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
                undertaking: put.paper.ok_or_else(lost)?,
                signature: witnessed(signature),
            };
            case::defer(case, item, calendar, command, now)?
        }
        IntakeOrder::RefuseDeferral {
            rows,
            days,
            excluded,
        } => {
            let notice = put.paper.ok_or_else(lost)?;
            let (rows, days, excluded) = (rows.clone(), *days, *excluded);
            let command = RefuseDeferral {
                rows,
                days,
                excluded,
                notice,
                clerk,
            };
            case::refuse_deferral(case, item, command)?
        }
        IntakeOrder::NotifyCorrection {
            defects,
            due,
            signature,
        } => {
            let lines = defects.iter().zip(&put.notes).map(|(defect, note)| Defect {
                about: defect.about.clone(),
                kind: defect.kind,
                note: Some(*note),
            });
            let command = Correction {
                defects: lines.collect(),
                due: *due,
                notice: put.paper.ok_or_else(lost)?,
                clerk: clerk.clone(),
                signature: signature.as_ref().map(witnessed),
            };
            case::notify_correction(case, item, command, now)?
        }
        IntakeOrder::EscalateCorrection { .. } => {
            let reason = put.notes.first().copied().ok_or_else(lost)?;
            case::escalate_correction(case, clerk.clone(), reason)?
        }
        IntakeOrder::Resubmit {} => case::resubmit(case, clerk.clone(), now)?,
        IntakeOrder::Supplement { window, meet } => {
            let mandate = supplementing(reads, case, window, now)?;
            let holding = meet.holding(reads)?;
            case::supplement(
                case,
                item,
                &mandate,
                meet.command(ask.staff()?),
                holding.as_ref(),
                now,
            )?
        }
        IntakeOrder::Attend { visit } => {
            let history = reads.history(&Subject::Visit(visit.clone()))?;
            let visit = fold_visit(visit, history)?;
            let books = books(reads, &visit.site, &case.mandate.task)?;
            let mandate = books.may_supplement(&visit.window, case.mandate.version, now)?;
            case::attend(case, &visit, mandate)?
        }
        IntakeOrder::AppointAgent { .. } => {
            case::appoint_agent(case, put.agent.clone().ok_or_else(lost)?)?
        }
        IntakeOrder::ChooseDelivery { .. } => {
            case::choose_delivery(case, put.delivery.ok_or_else(lost)?)?
        }
    };
    Ok(facts)
}
