//! Cases that end without a decision, and their paper. 许可法 69, 70.

use serde::Deserialize;
use utoipa::ToSchema;

use super::department::ReviewPaper;
use super::documents::handed_in;
use super::{Ask, Counter, CounterError, Done, about, bundles};
use crate::domain::case::{
    self, Bearer, CaseEvent, CaseState, Terminate, TerminationReason, Void, VoidReason, Withdraw,
    WitnessedSignature,
};
use crate::domain::{CaseNo, Commitment, Digest, Event, Fact, StaffId, Timestamp};
use crate::ledger::{Decline, Reads};

/// How a case ends, or its paper goes back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum EndingOrder {
    /// The applicant withdraws it.
    Withdraw {
        /// Number of the document that the person at the window shows.
        id_number: String,
        /// Digest of the applicant's signature.
        signature: Digest,
        /// Why, if the applicant says so.
        #[serde(default)]
        reason: Option<String>,
    },
    /// It is void.
    Void {
        /// Why.
        reason: VoidReason,
        /// In words.
        note: String,
    },
    /// It is terminated.
    Terminate {
        /// Why.
        reason: TerminationReason,
        /// What the applicant is told.
        note: String,
    },
    /// The paper of an ended case goes back to the applicant.
    ReturnPaper {
        /// Number of the document that the person at the window shows.
        id_number: String,
        /// Digest of the applicant's signature.
        signature: Digest,
    },
    /// The paper of an old file that the caller holds goes back to the applicant. Whose it is was compared with the old
    /// file itself: the vault knows nobody of it.
    ReturnOldPaper {
        /// Digest of the applicant's signature.
        signature: Digest,
    },
}

/// What the return of paper means for the bundle.
fn returned(
    reads: &mut Reads<'_>,
    facts: &[Fact],
    no: &CaseNo,
    signature: &WitnessedSignature,
) -> Result<Vec<Fact>, Decline> {
    let mut more = Vec::new();
    for fact in facts {
        if let Event::Case {
            event: CaseEvent::PaperReturned {
                rows, recipient, ..
            },
        } = &fact.event
        {
            more.extend(bundles::handed_back(
                reads, no, rows, *recipient, signature,
            )?);
        }
    }
    Ok(more)
}

impl Counter {
    /// Ends a case without a decision, or gives its paper back.
    pub async fn handle_ending(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: EndingOrder,
    ) -> Result<Done, CounterError> {
        let mut drafts = self.drafts(about(no));
        let put = match &order {
            EndingOrder::Withdraw { reason, .. } => {
                drafts.words_if_any("reason", reason.as_deref()).await?
            }
            EndingOrder::Void { note, .. } => Some(drafts.words("note", note).await?),
            EndingOrder::Terminate { note, .. } => {
                let words = super::words::check_words("note", note)?;
                Some(drafts.record(&ReviewPaper { words }).await?)
            }
            EndingOrder::ReturnPaper { .. } | EndingOrder::ReturnOldPaper { .. } => None,
        };
        let bearer = match &order {
            EndingOrder::Withdraw { id_number, .. }
            | EndingOrder::ReturnPaper { id_number, .. } => self.bearer(no, id_number).await?,
            _ => Bearer::Other,
        };
        let staff = ask.staff()?;
        let done = self
            .on_case(ask, no, |case, _, reads, now| {
                handed_in(case, &order.named())?;
                decided(&order, case, (bearer, put, &staff), reads, now)
            })
            .await;
        drafts.end(done).await
    }
}

/// What an order comes to. `put` is the vault record of its words.
fn decided(
    order: &EndingOrder,
    case: &CaseState,
    (bearer, put, staff): (Bearer, Option<Commitment>, &StaffId),
    reads: &mut Reads<'_>,
    now: Timestamp,
) -> Result<Vec<Fact>, Decline> {
    let lost = || CounterError::Internal("the order's words were not put".to_owned());
    let witnessed = |digest: &Digest| WitnessedSignature {
        digest: *digest,
        witness: staff.clone(),
    };
    Ok(match order {
        EndingOrder::Withdraw { signature, .. } => {
            let command = Withdraw {
                by: bearer,
                signature: witnessed(signature),
                reason: put,
            };
            case::withdraw(case, command, now)?
        }
        EndingOrder::Void { reason, .. } => {
            let command = Void {
                reason: *reason,
                note: put.ok_or_else(lost)?,
                clerk: staff.clone(),
            };
            case::void(case, command, now)?
        }
        EndingOrder::Terminate { reason, .. } => {
            let command = Terminate {
                reason: *reason,
                notice: put.ok_or_else(lost)?.0,
                by: staff.clone(),
            };
            case::terminate(case, command, now)?
        }
        EndingOrder::ReturnPaper { signature, .. } => {
            let signature = witnessed(signature);
            let mut facts = case::return_paper(case, bearer, signature.clone(), now)?;
            facts.extend(returned(reads, &facts, &case.no, &signature)?);
            facts
        }
        EndingOrder::ReturnOldPaper { signature } => {
            bundles::old_paper_back(reads, case, &witnessed(signature))?
        }
    })
}
