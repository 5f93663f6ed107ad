//! Numbered blanks: received, used, spoiled.

use super::hall::events;
use super::{Ask, Counter, CounterError};
use crate::domain::stock::{self, SerialRange, StockState};
use crate::domain::{CaseNo, CertificateKind, SerialNo, SiteCode, Subject};
use crate::ledger::Receipt;

impl Counter {
    /// A stock as it stands; empty when nothing came in.
    pub async fn stock(&self, kind: &CertificateKind) -> Result<StockState, CounterError> {
        let history = self.history(&Subject::Stock(kind.clone())).await?;
        Ok(stock::fold(events(&history)))
    }

    /// Receives blanks, for one site or for all.
    pub async fn receive_blanks(
        &self,
        ask: &Ask,
        kind: &CertificateKind,
        range: SerialRange,
        site: Option<SiteCode>,
    ) -> Result<Receipt, CounterError> {
        self.change(ask, &Subject::Stock(kind.clone()), |history, _, _| {
            let state = stock::fold(events(history));
            Ok(stock::receive(&state, kind, range.clone(), site.clone())?)
        })
        .await
    }

    /// Uses a blank for a case.
    pub async fn use_blank(
        &self,
        ask: &Ask,
        kind: &CertificateKind,
        serial: SerialNo,
        case: CaseNo,
        site: SiteCode,
    ) -> Result<Receipt, CounterError> {
        self.change(ask, &Subject::Stock(kind.clone()), |history, _, _| {
            let state = stock::fold(events(history));
            let (serial, case, site) = (serial.clone(), case.clone(), site.clone());
            Ok(stock::spend(&state, kind, serial, case, site)?)
        })
        .await
    }

    /// Writes a blank off. The reason, in words, goes to the vault.
    pub async fn spoil_blank(
        &self,
        ask: &Ask,
        kind: &CertificateKind,
        serial: SerialNo,
        reason: &str,
        site: SiteCode,
    ) -> Result<Receipt, CounterError> {
        let subject = Subject::Stock(kind.clone());
        let reason = self.vault.put(&subject, reason.as_bytes()).await?;
        self.change(ask, &subject, |history, _, _| {
            let state = stock::fold(events(history));
            Ok(stock::spoil(
                &state,
                kind,
                serial.clone(),
                reason,
                site.clone(),
            )?)
        })
        .await
    }
}
