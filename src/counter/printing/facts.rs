//! Gathers what a form is made from: the history up to its fact, the vault's records, the hall's definitions.

use std::collections::{BTreeMap, BTreeSet};

use super::stated::{Known, Words};
use super::{Choices, PrintOrder, entries};
use crate::counter::department::ReviewPaper;
use crate::counter::hall::events;
use crate::counter::intake::CorrectionPaper;
use crate::counter::words::Drafts;
use crate::counter::{Counter, CounterError, about};
use crate::domain::case::{self, CaseEvent, CaseState, DeliveryChoice, department_of};
use crate::domain::person;
use crate::domain::scan::{self, ScanStatus};
use crate::domain::{CaseNo, Commitment, Digest, Entry, Event, MaterialCode, Subject};
use crate::forms::Form;
use crate::ledger::Recorded;
use crate::store::keys::fill_random;

/// Characters of the code by which a paper is checked, without those that look alike.
const CODE_CHARS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Its length in groups of four: 80 bits.
const CODE_GROUPS: usize = 4;

impl Counter {
    /// Everything that the form of `order` states about `fact`.
    pub(super) async fn known(
        &self,
        no: &CaseNo,
        order: &PrintOrder,
        history: &[Recorded],
        fact: &Entry,
    ) -> Result<Known, CounterError> {
        let Event::Case { event } = &fact.event else {
            return Err(CounterError::Internal("a fact of another kind".to_owned()));
        };
        let until = entries(history).take_while(|entry| entry.seq <= fact.seq);
        let case = case::fold(until);
        let case = case.ok_or_else(|| CounterError::NotFound(format!("case {no}")))?;
        let item = self.pinned(&case.mandate.content).await?;
        let department = department_of(event).unwrap_or(&case.mandate.department);
        let mut readers = case::readers(&case, &item);
        let readable = readers.remove(department).unwrap_or_default();
        let agent = match &case.agent {
            Some(agent) => Some(self.read_record(&about(no), &agent.record).await?),
            None => None,
        };
        let applicant = self.applicant(&case).await?;
        let at = case::happened(fact);
        let by = fact.by.as_str();
        Ok(Known {
            form: order.form,
            event: event.clone(),
            at,
            entered: fact.occurred.as_ref().map(|_| fact.at),
            clerk: by.strip_prefix("staff:").unwrap_or(by).to_owned(),
            site: self
                .site_definition(&self.site(&case.mandate.site).await?)
                .await?,
            department: self
                .department_definition(&self.department(department).await?)
                .await?,
            applicant,
            agent,
            address: self.address_of(no, &case).await?,
            query: self.query_code(no, &case.query).await?,
            words: self.words_of(no, event).await?,
            pages: self.pages_of(&case, &readable).await?,
            readable,
            calendar: self.calendar().await?,
            check_code: check_code()?,
            choices: Choices {
                copies: order.copies,
                seal: order.seal,
            },
            item,
            case,
        })
    }

    async fn address_of(
        &self,
        no: &CaseNo,
        case: &CaseState,
    ) -> Result<Option<person::DeliveryChoice>, CounterError> {
        match &case.delivery {
            DeliveryChoice::PickUp => Ok(None),
            DeliveryChoice::Mail { address } => {
                Ok(Some(self.read_record(&about(no), address).await?))
            }
        }
    }

    /// What the vault holds of the fact itself.
    async fn words_of(&self, no: &CaseNo, event: &CaseEvent) -> Result<Words, CounterError> {
        let subject = about(no);
        Ok(match event {
            CaseEvent::CorrectionNoticed { notice, .. } => {
                let paper: CorrectionPaper =
                    self.read_record(&subject, &Commitment(*notice)).await?;
                Words::Correction(paper)
            }
            CaseEvent::AcceptanceRefused { note, .. } => {
                Words::Text(self.read_record(&subject, note).await?)
            }
            CaseEvent::Suspended { notice, .. } => {
                let paper: ReviewPaper = self.read_record(&subject, &Commitment(*notice)).await?;
                Words::Text(paper.words)
            }
            _ => Words::None,
        })
    }

    /// The pages of the scans of these rows, as far as they were read.
    async fn pages_of(
        &self,
        case: &CaseState,
        rows: &BTreeSet<MaterialCode>,
    ) -> Result<BTreeMap<Digest, u32>, CounterError> {
        let mut found = BTreeMap::new();
        for scan in rows.iter().flat_map(|row| case.row(row).scans) {
            let history = self.history(&Subject::Scan(scan)).await?;
            let state = scan::fold(events(&history));
            if let Some(ScanStatus::Sealed { pages, .. }) = state.map(|state| state.status) {
                found.insert(scan, pages);
            }
        }
        Ok(found)
    }
}

impl Drafts<'_> {
    /// Puts what a form states; the record prints it again.
    pub(super) async fn statement(
        &mut self,
        known: &Known,
    ) -> Result<(Form, Commitment), CounterError> {
        let form = known.state()?;
        form.check()?;
        let record = self.bytes(&form.statement()?).await?;
        Ok((form, record))
    }
}

/// A drawn code. It makes the digest of a statement one that cannot be found by trying names and numbers.
pub(super) fn check_code() -> Result<String, CounterError> {
    let mut bytes = [0u8; CODE_GROUPS * 4];
    fill_random(&mut bytes).map_err(|error| CounterError::Internal(error.to_string()))?;
    // 256 is a multiple of 32, so every character is as likely as the others.
    let chars = bytes.map(|byte| char::from(CODE_CHARS[usize::from(byte) % CODE_CHARS.len()]));
    let groups: Vec<String> = chars.chunks(4).map(|four| four.iter().collect()).collect();
    Ok(groups.join("-"))
}
