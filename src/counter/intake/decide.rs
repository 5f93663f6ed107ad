//! What an order at the window records, decided on the case as it stands.

use super::IntakeOrder;
use crate::counter::change::fold_visit;
use crate::counter::desk::lost;
use crate::counter::documents::handed_in;
use crate::counter::{CounterError, books, bundles};
use crate::domain::calendar::Calendar;
use crate::domain::case::{
    self, CaseState, Correction, Defect, DefectSubject, Defer, IssueReceipt, Recipient,
    RefuseDeferral, WitnessedSignature,
};
use crate::domain::catalogue::ServiceItem;
use crate::domain::hall::Mandate;
use crate::domain::{
    Commitment, Digest, Fact, MaterialCode, StaffId, Subject, Timestamp, WindowCode,
};
use crate::ledger::{Decline, Reads};

/// What an order put into the vault.
#[derive(Default)]
pub(super) struct Put {
    pub paper: Option<Digest>,
    pub notes: Vec<Commitment>,
    pub agent: Option<case::Agent>,
    pub delivery: Option<case::DeliveryChoice>,
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
pub(super) struct Deciding<'a> {
    pub clerk: &'a StaffId,
    pub order: &'a IntakeOrder,
    pub put: &'a Put,
    pub calendar: &'a Calendar,
    pub case: &'a CaseState,
    pub item: &'a ServiceItem,
    pub now: Timestamp,
}

impl Deciding<'_> {
    /// What the order records.
    pub(super) fn decide(&self, reads: &mut Reads<'_>) -> Result<Vec<Fact>, Decline> {
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
                let blank =
                    crate::counter::stock::use_blank(reads, serial, occurred.is_some(), case)?;
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
