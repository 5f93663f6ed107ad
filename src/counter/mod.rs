//! Use cases of the window: what a person at the counter, in a department or behind the hall asks for, carried out
//! over the ledger, the vault and the blobs. Decisions are the domain's; nothing here knows HTTP, a screen or a
//! command line, and nothing here writes but through `Ledger::record`.

pub mod catalogue;
mod error;
mod exporting;
mod hall;
mod items;
mod refusal;
mod settle;
mod stock;

use std::sync::Arc;

pub use self::error::{CounterError, Refusal};
pub use self::hall::{books, departments};
pub use self::items::{Change, Compared, ImportError, Imported};
use crate::domain::{Actor, Fact, RequestId, Subject, Timestamp};
use crate::ledger::{Decline, Ledger, LedgerError, Reads, Receipt, Recorded};
use crate::store::blob::Blobs;
use crate::store::catalog::Catalog;
use crate::store::vault::Vault;

/// The parts the use cases work with.
pub struct Counter {
    /// Where facts go.
    pub ledger: Arc<Ledger>,
    /// Documents that are not personal: item versions, definitions, printed forms.
    pub blobs: Arc<Blobs>,
    /// Personal data and free text.
    pub vault: Arc<Vault>,
    /// The lists.
    pub catalog: Arc<dyn Catalog>,
}

/// Who asks, under which name, and for which version of the subject.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who acts.
    pub by: Actor,
    /// The request's name: asked again, it does nothing a second time.
    pub request: RequestId,
    /// How many facts the asker knows of the subject; none where that does not matter.
    pub expected: Option<u32>,
}

impl Counter {
    /// The whole history of a subject.
    pub async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, CounterError> {
        Ok(self.ledger.history(subject).await?)
    }

    /// Records what `decide` decides about `subject`, whose history it is given. Refuses with
    /// [`CounterError::Stale`] when the asker knows another number of facts.
    pub async fn change(
        &self,
        ask: &Ask,
        subject: &Subject,
        decide: impl Fn(&[Recorded], &mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Receipt, CounterError> {
        let recorded = self
            .ledger
            .record(ask.request.clone(), &ask.by, |reads, now| {
                let history = reads.history(subject)?;
                let found = u32::try_from(history.len()).unwrap_or(u32::MAX);
                match ask.expected {
                    Some(expected) if expected != found => {
                        Err(CounterError::Stale { expected, found }.into())
                    }
                    _ => decide(history, reads, now),
                }
            })
            .await;
        recorded.map_err(CounterError::from)
    }
}

impl From<LedgerError> for CounterError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Refused(reason) => match reason.downcast::<CounterError>() {
                Ok(own) => *own,
                Err(other) => match refusal::of_hall(other) {
                    Ok(known) => CounterError::Refused(known),
                    Err(other) => CounterError::Internal(other.to_string()),
                },
            },
            other => CounterError::Ledger(other),
        }
    }
}
