//! Papers that somebody signs before the step they state is recorded: the undertaking of a deferral, the receipt for a
//! result. The step is decided as it would be, nothing is recorded, and what it would record is printed. The paper is
//! signed and handed in as a document, and the order that is given then names that.

use bytes::Bytes;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PrintOrder, entries};
use crate::counter::issue::{ResultOrder, decide_result};
use crate::counter::{Ask, Counter, CounterError, about};
use crate::domain::case::{self, Bearer, CaseForm, Defer, WitnessedSignature, ground};
use crate::domain::{CaseNo, Digest, Fact, MaterialCode, RequestId, WindowCode};
use crate::forms::Printing;
use crate::ledger::Recorded;

/// A paper to sign.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "paper", rename_all = "snake_case", deny_unknown_fields)]
pub enum UnsignedOrder {
    /// The undertaking to hand rows in later (容缺办理承诺书).
    Undertaking {
        /// The missing rows.
        rows: Vec<MaterialCode>,
        /// Working days until they are handed in.
        days: u16,
    },
    /// The receipt for a result (出件签收单).
    DeliveryReceipt {
        /// The window.
        window: WindowCode,
        /// Number of the document that the person shows.
        id_number: String,
    },
}

impl UnsignedOrder {
    fn form(&self) -> CaseForm {
        match self {
            Self::Undertaking { .. } => CaseForm::Undertaking,
            Self::DeliveryReceipt { .. } => CaseForm::DeliveryReceipt,
        }
    }
}

impl Counter {
    /// The PDF of a paper to sign. Refuses what the step itself would refuse, so that nobody signs in vain.
    pub async fn print_unsigned(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: &UnsignedOrder,
    ) -> Result<Bytes, CounterError> {
        let printer = self.printer.as_ref().map_err(|error| error.clone())?;
        // A name of its own: the step itself may have been recorded under the caller's.
        let mut ask = ask.clone();
        ask.request = RequestId::of_digest("unsigned", &Digest::of(ask.request.as_str()));
        let ask = &ask;
        let facts = match order {
            UnsignedOrder::Undertaking { rows, days } => {
                self.would_defer(ask, no, rows, *days).await?
            }
            UnsignedOrder::DeliveryReceipt { window, id_number } => {
                self.would_hand_out(ask, no, window, id_number).await?
            }
        };
        let mut history = self.history(&about(no)).await?;
        for fact in facts.into_iter().filter(|fact| fact.subject == about(no)) {
            history.extend(self.as_if_recorded(ask, &history, fact));
        }
        let form = order.form();
        let stated = ground(entries(&history), form, None)?;
        let plain = PrintOrder {
            form,
            fact: None,
            copies: None,
            seal: None,
        };
        let known = self.known(no, &plain, &history, stated).await?;
        let paper = known.state()?;
        paper.check()?;
        let at = self.clock.now();
        let printed = printer.print(&paper, Printing { at, reprint: 0 }).await?;
        Ok(printed.pdf)
    }

    async fn would_defer(
        &self,
        ask: &Ask,
        no: &CaseNo,
        rows: &[MaterialCode],
        days: u16,
    ) -> Result<Vec<Fact>, CounterError> {
        let (calendar, witness) = (self.calendar().await?, ask.staff()?);
        self.rehearse(ask, no, |case, item, _, now| {
            let command = Defer {
                rows: rows.to_vec(),
                days,
                excluded: false,
                undertaking: unsigned(),
                signature: WitnessedSignature {
                    digest: unsigned(),
                    witness: witness.clone(),
                },
            };
            Ok(case::defer(case, item, &calendar, command, now)?)
        })
        .await
    }

    async fn would_hand_out(
        &self,
        ask: &Ask,
        no: &CaseNo,
        window: &WindowCode,
        id_number: &str,
    ) -> Result<Vec<Fact>, CounterError> {
        let bearer: Bearer = self.bearer(no, id_number).await?;
        let order = ResultOrder::HandOut {
            window: window.clone(),
            id_number: id_number.to_owned(),
            signature: unsigned(),
        };
        self.rehearse(ask, no, |case, item, reads, now| {
            decide_result(ask, &order, (bearer, None), (case, item), reads, now)
        })
        .await
    }

    /// `fact` as it would stand after `history`.
    fn as_if_recorded(&self, ask: &Ask, history: &[Recorded], fact: Fact) -> Option<Recorded> {
        let last = history.last()?;
        let mut entry = last.entry.clone();
        entry.seq = last.entry.seq.saturating_add(1);
        entry.at = self.clock.now();
        entry.occurred = None;
        entry.by = ask.by.clone();
        entry.request = ask.request.clone();
        entry.event = fact.event;
        Some(Recorded {
            index: last.index.saturating_add(1),
            bytes: Bytes::new(),
            entry,
        })
    }
}

/// Stands where the digest of a signature will stand.
fn unsigned() -> Digest {
    Digest::of("")
}
