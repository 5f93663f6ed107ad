//! In the department: what was pushed is acknowledged and collected, reviewed, stopped and resumed, and decided.
//! Art 8(5), 8(6), 9, 11(2), 11(5).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documents::handed_in;
use super::words::Drafts;
use super::{Ask, Counter, CounterError, Done, about, departments};
use crate::domain::calendar::Calendar;
use crate::domain::case::{
    self, AuthorityDecision, CaseState, Decide, Officer, Outcome, RefusalReason, RefuseAcceptance,
    Return, ReturnReason, Suspend,
};
use crate::domain::catalogue::{ServiceItem, SpecialProcedure};
use crate::domain::hall::{self, DepartmentState, HallRefusal};
use crate::domain::{
    CaseNo, Commitment, DepartmentCode, Digest, Fact, MaterialCode, StaffId, Timestamp,
};
use crate::ledger::Decline;

/// Something done to bring a case to its departments.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum DispatchOrder {
    /// Pushes it to the departments of the present step.
    Push {
        /// Rows whose paper cannot be pushed and is to be collected.
        #[serde(default)]
        by_paper: Vec<MaterialCode>,
    },
    /// A department says that it has the push.
    Acknowledge {
        /// Which.
        department: DepartmentCode,
        /// Its step; 0 is the lead's.
        step: u8,
        /// Digest of the package that it got.
        package: Digest,
    },
}

/// Something a department does in its review.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReviewOrder {
    /// Accepts the application (受理).
    Accept {},
    /// Refuses to accept it (不予受理).
    Refuse {
        /// Why.
        reason: RefusalReason,
        /// In words, for the applicant.
        note: String,
    },
    /// Returns it to the window (退件).
    Return {
        /// Why.
        reason: ReturnReason,
        /// In words, for the clerk.
        note: String,
    },
    /// Stops the clock for a special procedure.
    Suspend {
        /// Which.
        procedure: SpecialProcedure,
        /// What the applicant is told.
        note: String,
        /// Working days it is expected to take.
        #[serde(default)]
        days: Option<u16>,
    },
    /// The procedure is done.
    Resume {
        /// Which.
        procedure: SpecialProcedure,
        /// What it found.
        report: String,
    },
    /// Extends the limit, once.
    Extend {
        /// By so many working days.
        days: u16,
        /// What the applicant is told.
        reason: String,
    },
    /// A co-department's part is done.
    CompleteTask {
        /// Its step.
        step: u8,
        /// Its opinion.
        opinion: String,
    },
    /// First review of a matter that a higher authority decides.
    FirstReview {
        /// The opinion.
        opinion: String,
    },
    /// The higher authority decided.
    AuthorityDecision {
        /// What.
        outcome: Outcome,
        /// Digest of its document.
        document: Digest,
    },
    /// Decides (办结).
    Decide {
        /// What.
        outcome: Outcome,
        /// Digest of the document.
        document: Digest,
    },
}

/// What a notice of the review says, in words.
#[derive(Serialize, Deserialize)]
pub(super) struct ReviewPaper {
    pub words: String,
}

impl Counter {
    /// Brings a case to its departments.
    pub async fn handle_dispatch(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: DispatchOrder,
    ) -> Result<Done, CounterError> {
        self.on_case_today(ask, no, |case, item, _, now| {
            Ok(match &order {
                DispatchOrder::Push { by_paper } => case::push(case, item, by_paper, now)?,
                DispatchOrder::Acknowledge {
                    department,
                    step,
                    package,
                } => case::acknowledge(case, department, *step, *package)?,
            })
        })
        .await
    }

    /// Reviews and decides for `department`.
    pub async fn handle_review(
        &self,
        ask: &Ask,
        no: &CaseNo,
        department: &DepartmentCode,
        order: ReviewOrder,
    ) -> Result<Done, CounterError> {
        let (calendar, staff) = (self.calendar().await?, ask.staff()?);
        let mut drafts = self.drafts(about(no));
        let put = match put_review(&mut drafts, &order).await {
            Ok(put) => put,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .on_case_today(ask, no, |case, item, reads, now| {
                handed_in(case, &order.named())?;
                let books = departments(reads, [department.clone()])?;
                let state = books.get(department);
                let unknown = || HallRefusal::DepartmentUnknown {
                    department: department.clone(),
                };
                let state = state.ok_or_else(unknown)?;
                let acting = Acting {
                    staff: &staff,
                    department,
                    state,
                };
                acting.decide(&order, put, &calendar, (case, item), &books, now)
            })
            .await;
        drafts.end(done).await
    }
}

/// The words of an order, and the paper they stand on.
#[derive(Clone, Copy)]
struct PutReview {
    words: Option<Commitment>,
    paper: Option<Digest>,
}

async fn put_review(
    drafts: &mut Drafts<'_>,
    order: &ReviewOrder,
) -> Result<PutReview, CounterError> {
    let (field, words) = match order {
        ReviewOrder::Refuse { note, .. }
        | ReviewOrder::Return { note, .. }
        | ReviewOrder::Suspend { note, .. } => ("note", note.as_str()),
        ReviewOrder::Resume { report, .. } => ("report", report.as_str()),
        ReviewOrder::Extend { reason, .. } => ("reason", reason.as_str()),
        ReviewOrder::CompleteTask { opinion, .. } | ReviewOrder::FirstReview { opinion } => {
            ("opinion", opinion.as_str())
        }
        ReviewOrder::Accept {} => {
            let words = String::new();
            let paper = Some(drafts.paper(&ReviewPaper { words }).await?);
            return Ok(PutReview { words: None, paper });
        }
        ReviewOrder::AuthorityDecision { .. } | ReviewOrder::Decide { .. } => {
            return Ok(PutReview {
                words: None,
                paper: None,
            });
        }
    };
    let put = drafts.words(field, words).await?;
    let words = words.trim().to_owned();
    let paper = drafts.paper(&ReviewPaper { words }).await?;
    Ok(PutReview {
        words: Some(put),
        paper: Some(paper),
    })
}

/// Somebody who acts for a department.
struct Acting<'a> {
    staff: &'a StaffId,
    department: &'a DepartmentCode,
    state: &'a DepartmentState,
}

impl Acting<'_> {
    fn officer(&self, now: Timestamp) -> Result<Officer, HallRefusal> {
        self.state.may_review(self.staff, now)?;
        Ok(Officer {
            staff: self.staff.clone(),
            department: self.department.clone(),
        })
    }

    fn decide(
        &self,
        order: &ReviewOrder,
        put: PutReview,
        calendar: &Calendar,
        (case, item): (&CaseState, &ServiceItem),
        books: &hall::Departments,
        now: Timestamp,
    ) -> Result<Vec<Fact>, Decline> {
        let officer = || self.officer(now);
        let lost = || CounterError::Internal("the order's words were not put".to_owned());
        let paper = || put.paper.ok_or_else(lost);
        let words = || put.words.ok_or_else(lost);
        let facts = match order {
            ReviewOrder::Accept {} => case::accept(case, item, officer()?, paper()?, now)?,
            ReviewOrder::Refuse { reason, .. } => {
                let command = RefuseAcceptance {
                    officer: officer()?,
                    reason: *reason,
                    note: words()?,
                    notice: paper()?,
                };
                case::refuse_acceptance(case, item, command, now)?
            }
            ReviewOrder::Return { reason, .. } => {
                let (officer, reason, note) = (officer()?, *reason, words()?);
                case::return_case(
                    case,
                    item,
                    Return {
                        officer,
                        reason,
                        note,
                    },
                    now,
                )?
            }
            ReviewOrder::Suspend {
                procedure, days, ..
            } => {
                let command = Suspend {
                    procedure: *procedure,
                    notice: paper()?,
                    officer: officer()?,
                    days: *days,
                };
                case::suspend(case, item, command, now)?
            }
            ReviewOrder::Resume { procedure, .. } => {
                let (officer, report) = (officer()?, paper()?);
                case::resume(case, item, *procedure, report, officer, now)?
            }
            ReviewOrder::Extend { days, .. } => {
                let (officer, notice) = (officer()?, paper()?);
                case::extend(case, item, calendar, *days, notice, officer, now)?
            }
            ReviewOrder::CompleteTask { step, .. } => {
                let (officer, opinion) = (officer()?, paper()?);
                case::complete_task(case, item, officer, *step, opinion, now)?
            }
            _ => return self.conclude(order, put, (case, item), books, now),
        };
        Ok(facts)
    }

    /// First review and decision, which only a delegate makes (Art 11(2)).
    fn conclude(
        &self,
        order: &ReviewOrder,
        put: PutReview,
        (case, item): (&CaseState, &ServiceItem),
        books: &hall::Departments,
        now: Timestamp,
    ) -> Result<Vec<Fact>, Decline> {
        let lost = || CounterError::Internal("the order's words were not put".to_owned());
        let paper = || put.paper.ok_or_else(lost);
        let delegation =
            || hall::delegate(books, self.department, self.staff, &item.task_code, now);
        let facts = match order {
            ReviewOrder::FirstReview { .. } => {
                case::first_review(case, item, delegation()?, paper()?, now)?
            }
            ReviewOrder::AuthorityDecision { outcome, document } => {
                let (officer, outcome, document) = (self.officer(now)?, *outcome, *document);
                let command = AuthorityDecision {
                    officer,
                    outcome,
                    document,
                };
                case::register_authority_decision(case, item, command, now)?
            }
            ReviewOrder::Decide { outcome, document } => {
                let (delegation, outcome, document) = (delegation()?, *outcome, *document);
                let command = Decide {
                    delegation,
                    outcome,
                    document,
                };
                case::decide(case, item, command, now)?
            }
            _ => return Err(lost().into()),
        };
        Ok(facts)
    }
}
