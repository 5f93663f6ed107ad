//! Numbered blanks: received, used, spoiled.

use super::hall::events;
use super::{Ask, Counter, CounterError, Refusal};
use crate::domain::case::CaseState;
use crate::domain::stock::{self, BLANK_RECEIPTS, SerialRange, StockState};
use crate::domain::{CaseNo, CertificateKind, Fact, SerialNo, SiteCode, Subject};
use crate::ledger::{Decline, Reads, Receipt};

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

/// Uses a blank for a case within a decision: once, and only one that the case's site holds.
pub(super) fn spend(
    reads: &mut Reads<'_>,
    kind: &CertificateKind,
    serial: &SerialNo,
    case: &CaseState,
) -> Result<Vec<Fact>, Decline> {
    let history = reads.history(&Subject::Stock(kind.clone()))?;
    let state = stock::fold(history.iter().map(|fact| &fact.entry.event));
    let (no, site) = (case.no.clone(), case.mandate.site.clone());
    Ok(stock::spend(&state, kind, serial.clone(), no, site)?)
}

/// The stock of blank receipts.
pub(super) fn blank_receipts() -> Result<CertificateKind, CounterError> {
    CertificateKind::new(BLANK_RECEIPTS).map_err(|error| CounterError::Internal(error.to_string()))
}

/// Uses the blank receipt that covered an outage. It was written then, so the entry says when that was.
pub(super) fn use_blank(
    reads: &mut Reads<'_>,
    serial: &Option<SerialNo>,
    late: bool,
    case: &CaseState,
) -> Result<Vec<Fact>, Decline> {
    let Some(serial) = serial else {
        return Ok(Vec::new());
    };
    if !late {
        let refusal = Refusal {
            code: "blank-needs-time".to_owned(),
            zh: "使用空白收件凭证的办件须补录：请填写发生时间和原因".to_owned(),
            en: "a blank receipt was written in an outage; say when, and why it is entered later"
                .to_owned(),
            field: Some("occurred".to_owned()),
        };
        return Err(CounterError::Fields(vec![refusal]).into());
    }
    spend(reads, &blank_receipts()?, serial, case)
}
