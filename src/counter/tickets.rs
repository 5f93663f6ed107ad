//! Tickets: consultations and expert calls with their response times, referrals, complaints routed by Article 14,
//! inspection findings, and the follow-up of negative ratings.

use serde::Deserialize;
use utoipa::ToSchema;

use super::words::check_words;
use super::{Ask, Counter, CounterError, Done};
use crate::domain::case::Party;
use crate::domain::ticket::{
    self, ComplaintCategory, Matter, OpenTicket, Proceed, TicketState, fold,
};
use crate::domain::{
    CaseNo, DepartmentCode, Digest, SiteCode, StaffId, Subject, TaskCode, TicketId,
};
use crate::ledger::Recorded;

/// What is to be followed up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "matter", rename_all = "snake_case", deny_unknown_fields)]
pub enum MatterOrder {
    /// A question to the department.
    Consultation {
        /// The department.
        department: DepartmentCode,
        /// About which item.
        #[serde(default)]
        task: Option<TaskCode>,
    },
    /// The department's expert is called to the window (Art 14(2)3).
    ExpertCall {
        /// The department.
        department: DepartmentCode,
    },
    /// Somebody is sent on with a notice (首问负责, Art 12(5)).
    Referral {
        /// Where to.
        to: String,
    },
    /// A complaint; its category says who answers (Art 14).
    Complaint {
        /// The category.
        category: ComplaintCategory,
        /// The department, where it is one that answers.
        #[serde(default)]
        department: Option<DepartmentCode>,
        /// The expert call that came late.
        #[serde(default)]
        call: Option<TicketId>,
    },
    /// An inspection found something to put right (Art 13(3)).
    Finding {},
}

/// A ticket to open.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTicketOrder {
    /// The site.
    pub site: SiteCode,
    /// What it is about.
    pub matter: MatterOrder,
    /// The case, where it is about one.
    #[serde(default)]
    pub case: Option<CaseNo>,
    /// In words.
    pub note: String,
    /// Working days until it is to be settled.
    pub days: u32,
}

/// The next step of a ticket.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum TicketOrder {
    /// Answers it.
    Answer {
        /// The answer.
        words: String,
    },
    /// Says whether a negative rating or complaint is founded.
    Verify {
        /// Whether it is.
        founded: bool,
        /// What was found.
        words: String,
    },
    /// Puts it right.
    Rectify {
        /// What was done.
        words: String,
    },
    /// Tells the applicant.
    FeedBack {
        /// What was said.
        words: String,
    },
    /// Asks the applicant again.
    Revisit {
        /// Whether the applicant is satisfied now.
        satisfied: bool,
        /// What the applicant said.
        words: String,
    },
    /// Closes it.
    Close {},
    /// Brings another department in.
    Join {
        /// Which.
        department: DepartmentCode,
    },
    /// Gives it to somebody else.
    Reassign {
        /// Whom.
        owner: StaffId,
    },
}

impl TicketOrder {
    fn words(&self) -> Option<&str> {
        match self {
            Self::Answer { words }
            | Self::Verify { words, .. }
            | Self::Rectify { words }
            | Self::FeedBack { words }
            | Self::Revisit { words, .. } => Some(words),
            Self::Close {} | Self::Join { .. } | Self::Reassign { .. } => None,
        }
    }
}

impl Counter {
    /// A ticket, and how many facts it has.
    pub async fn ticket(&self, id: &TicketId) -> Result<(TicketState, u32), CounterError> {
        let history = self.history(&Subject::Ticket(id.clone())).await?;
        Ok((fold_ticket(id, &history)?, super::change::count(&history)))
    }

    /// Opens a ticket named `id`.
    pub async fn open_ticket(
        &self,
        ask: &Ask,
        id: &TicketId,
        order: OpenTicketOrder,
    ) -> Result<Done, CounterError> {
        let calendar = self.calendar().await?;
        let subject = Subject::Ticket(id.clone());
        let mut drafts = self.drafts(subject.clone());
        let note = drafts.words("note", &order.note).await?;
        let notice = match &order.matter {
            MatterOrder::Referral { to } => {
                let to = check_words("matter.to", to)?;
                Some(drafts.paper(&(to, order.note.trim())).await?)
            }
            _ => None,
        };
        let mismatch = self.hall().await?.compared.map(|found| found.report);
        let owner = ask.staff()?;
        let done = self
            .done(ask, &subject, |history, reads, now| {
                let state = fold(history.iter().map(|fact| &fact.entry));
                let call = match &order.matter {
                    MatterOrder::Complaint {
                        call: Some(call), ..
                    } => {
                        let history = reads.history(&Subject::Ticket(call.clone()))?;
                        Some(ticket::late_call(&fold_ticket(call, history)?, now))
                    }
                    _ => None,
                };
                if let Some(case) = &order.case {
                    super::change::fold_case(case, reads.history(&super::about(case))?)?;
                }
                let (matter, party) = routed(&order.matter, notice, mismatch, call)?;
                let command = OpenTicket {
                    id: id.clone(),
                    matter,
                    party,
                    case: order.case.clone(),
                    site: order.site.clone(),
                    owner: owner.clone(),
                    note: Some(note),
                    days: order.days,
                };
                Ok(ticket::open_ticket(
                    state.as_ref(),
                    command,
                    &calendar,
                    now,
                )?)
            })
            .await;
        drafts.end(done).await
    }

    /// Takes a ticket's next step.
    pub async fn handle_ticket(
        &self,
        ask: &Ask,
        id: &TicketId,
        order: TicketOrder,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Ticket(id.clone());
        let mut drafts = self.drafts(subject.clone());
        let words = drafts.words_if_any("words", order.words()).await?;
        let by = ask.staff()?;
        let done = self
            .done(ask, &subject, |history, _, _| {
                let ticket = fold_ticket(id, history)?;
                let lost = || CounterError::Internal("the order's words were not put".to_owned());
                let words = || words.ok_or_else(lost);
                let step = match &order {
                    TicketOrder::Answer { .. } => Proceed::Answer { answer: words()? },
                    TicketOrder::Verify { founded, .. } => Proceed::Verify {
                        founded: *founded,
                        report: words()?,
                    },
                    TicketOrder::Rectify { .. } => Proceed::Rectify { report: words()? },
                    TicketOrder::FeedBack { .. } => Proceed::FeedBack { note: words()? },
                    TicketOrder::Revisit { satisfied, .. } => Proceed::Revisit {
                        satisfied: *satisfied,
                        note: words()?,
                    },
                    TicketOrder::Close {} => Proceed::Close,
                    TicketOrder::Join { department } => {
                        let department = department.clone();
                        return Ok(ticket::join(&ticket, Party::Department { department })?);
                    }
                    TicketOrder::Reassign { owner } => {
                        return Ok(ticket::reassign(&ticket, owner.clone())?);
                    }
                };
                Ok(ticket::proceed(&ticket, step, by.clone())?)
            })
            .await;
        drafts.end(done).await
    }
}

pub(super) fn fold_ticket(
    id: &TicketId,
    history: &[Recorded],
) -> Result<TicketState, CounterError> {
    let ticket = fold(history.iter().map(|fact| &fact.entry));
    ticket.ok_or_else(|| CounterError::NotFound(format!("ticket {id}")))
}

/// What a matter is, and who answers for it.
fn routed(
    order: &MatterOrder,
    notice: Option<Digest>,
    mismatch: Option<Digest>,
    late_call: Option<ticket::LateCall>,
) -> Result<(Matter, Party), CounterError> {
    let party = |department: &DepartmentCode| Party::Department {
        department: department.clone(),
    };
    Ok(match order {
        MatterOrder::Consultation { department, task } => {
            let task = task.clone();
            (Matter::Consultation { task }, party(department))
        }
        MatterOrder::ExpertCall { department } => (Matter::ExpertCall, party(department)),
        MatterOrder::Referral { .. } => {
            let lost = || CounterError::Internal("the notice was not put".to_owned());
            let notice = notice.ok_or_else(lost)?;
            (Matter::Referral { notice }, Party::Window)
        }
        MatterOrder::Complaint {
            category,
            department,
            ..
        } => {
            let party = ticket::route(*category, department.as_ref())?;
            let about_list = *category == ComplaintCategory::ListMismatch;
            let matter = Matter::Complaint {
                category: *category,
                mismatch: mismatch.filter(|_| about_list),
                late_call,
            };
            (matter, party)
        }
        MatterOrder::Finding {} => (Matter::Finding, Party::Window),
    })
}
