//! What is known of people at this moment: folded histories, kept until a newer fact is about them.
//!
//! Every question first looks at the published facts since the last one and forgets whoever they are about. So an
//! answer is never older than the newest published fact, and asking costs no reading while nothing happens.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::error::PeopleError;
use crate::domain::staff::{Roll, StaffState, fold};
use crate::domain::{StaffId, Subject};
use crate::ledger::Ledger;

/// Facts looked at in one read.
const READ_FACTS: usize = 512;

/// So many unseen facts cost more to look at than everything costs to read again.
const BEHIND_MAX: u64 = 8192;

/// The most people kept, and the most unknown ids.
const KEPT_MAX: usize = 10_000;

pub(super) struct Directory {
    ledger: Arc<Ledger>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Facts below this were looked at.
    position: u64,
    people: HashMap<StaffId, Option<Arc<StaffState>>>,
    roll: Option<Arc<Roll>>,
}

impl Directory {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            kept: Mutex::default(),
        }
    }

    /// A person as the newest published fact leaves them.
    pub(super) async fn state(
        &self,
        staff: &StaffId,
    ) -> Result<Option<Arc<StaffState>>, PeopleError> {
        let mut kept = self.kept.lock().await;
        self.refresh(&mut kept).await?;
        if let Some(known) = kept.people.get(staff) {
            return Ok(known.clone());
        }
        let history = self.ledger.history(&Subject::Staff(staff.clone())).await?;
        let state = fold(history.iter().map(|fact| &fact.entry.event)).map(Arc::new);
        if kept.people.len() >= KEPT_MAX {
            kept.people.clear();
        }
        kept.people.insert(staff.clone(), state.clone());
        Ok(state)
    }

    /// The roll as the newest published fact leaves it.
    pub(super) async fn roll(&self) -> Result<Arc<Roll>, PeopleError> {
        let mut kept = self.kept.lock().await;
        self.refresh(&mut kept).await?;
        if let Some(roll) = &kept.roll {
            return Ok(roll.clone());
        }
        let history = self.ledger.history(&Subject::Hall).await?;
        let roll = Arc::new(Roll::of_hall(history.iter().map(|fact| &fact.entry.event)));
        kept.roll = Some(roll.clone());
        Ok(roll)
    }

    async fn refresh(&self, kept: &mut Kept) -> Result<(), PeopleError> {
        let size = *self.ledger.published().borrow();
        if size.saturating_sub(kept.position) > BEHIND_MAX {
            *kept = Kept {
                position: size,
                ..Kept::default()
            };
        }
        while kept.position < size {
            let facts = self.ledger.entries(kept.position, READ_FACTS).await?;
            if facts.is_empty() {
                break;
            }
            for fact in &facts {
                match &fact.entry.subject {
                    Subject::Staff(staff) => drop(kept.people.remove(staff)),
                    Subject::Hall => kept.roll = None,
                    _ => {}
                }
            }
            kept.position += facts.len() as u64;
        }
        Ok(())
    }
}
