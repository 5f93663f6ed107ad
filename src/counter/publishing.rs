//! A version of a service item from its department's letter to the windows: it is notified, goes live, and the item
//! enters the list. Regulation Art 11(4), 13(1).

use super::hall::{events, unknown};
use super::{Ask, Counter, CounterError};
use crate::domain::catalogue::{self, DocumentNo, ItemState, Letter};
use crate::domain::{Date, Subject, TaskCode};
use crate::ledger::{Decline, Receipt, Recorded};

impl Counter {
    /// Makes a version live from a day on, by the letter with which its department notified it.
    pub async fn publish(
        &self,
        ask: &Ask,
        task: &TaskCode,
        version: u32,
        from: Date,
        letter: (DocumentNo, &[u8]),
    ) -> Result<Receipt, CounterError> {
        let letter = self.letter(letter).await?;
        let subject = Subject::Item(task.clone());
        self.change(ask, &subject, |history, _, _| {
            let state = known(task, history)?;
            let mut facts = catalogue::notify(&state, version, letter.clone())?;
            let notified = history
                .iter()
                .map(|fact| &fact.entry.event)
                .chain(facts.iter().map(|fact| &fact.event));
            let state = catalogue::fold_item(task, notified).ok_or_else(|| unknown(task))?;
            facts.extend(catalogue::go_live(&state, version, from)?);
            Ok(facts)
        })
        .await
    }

    /// Puts an item on the integrated window's list from a day on.
    pub async fn list_item(
        &self,
        ask: &Ask,
        task: &TaskCode,
        from: Date,
        letter: (DocumentNo, &[u8]),
    ) -> Result<Receipt, CounterError> {
        let approval = self.letter(letter).await?;
        let subject = Subject::Item(task.clone());
        self.change(ask, &subject, |history, _, _| {
            let state = known(task, history)?;
            Ok(catalogue::enter(&state, from, approval.clone())?)
        })
        .await
    }

    async fn letter(&self, (number, bytes): (DocumentNo, &[u8])) -> Result<Letter, CounterError> {
        let document = self.blobs.put(bytes).await?.digest;
        Ok(Letter { number, document })
    }
}

fn known(task: &TaskCode, history: &[Recorded]) -> Result<ItemState, Decline> {
    let state = catalogue::fold_item(task, events(history));
    Ok(state.ok_or_else(|| unknown(task))?)
}
