//! Personal data and free text on their way into the vault, and out of it again. What is put there for a request that
//! records nothing is erased again.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Counter, CounterError, Done, Refusal};
use crate::domain::{Commitment, Digest, Subject, Timestamp};
use crate::forms::check::{TEXT_CHARS_MAX, steers};

/// Longest free text, in characters: what is written here can stand on a form.
const WORDS_CHARS_MAX: usize = TEXT_CHARS_MAX;

/// Vault records that wait for their fact.
pub(crate) struct Drafts<'c> {
    counter: &'c Counter,
    subject: Subject,
    put: Vec<Commitment>,
}

impl Counter {
    /// Begins to put records of `subject`.
    pub(crate) fn drafts(&self, subject: Subject) -> Drafts<'_> {
        Drafts {
            counter: self,
            subject,
            put: Vec::new(),
        }
    }

    /// Reads a record as what it was put as.
    pub(crate) async fn read_record<T: DeserializeOwned>(
        &self,
        subject: &Subject,
        record: &Commitment,
    ) -> Result<T, CounterError> {
        let bytes = self.vault.get(subject, record).await?;
        serde_json::from_slice(&bytes).map_err(|_| {
            CounterError::Internal(format!("vault record {} has another form", record.0))
        })
    }
}

impl Drafts<'_> {
    /// The present instant.
    pub(super) fn now(&self) -> Timestamp {
        self.counter.clock.now()
    }

    /// Puts a record.
    pub(crate) async fn record(
        &mut self,
        value: &impl Serialize,
    ) -> Result<Commitment, CounterError> {
        let bytes =
            serde_json::to_vec(value).map_err(|error| CounterError::Internal(error.to_string()))?;
        self.bytes(&bytes).await
    }

    /// Puts bytes as they are.
    pub(super) async fn bytes(&mut self, bytes: &[u8]) -> Result<Commitment, CounterError> {
        let put = self.counter.vault.put(&self.subject, bytes).await?;
        self.put.push(put);
        Ok(put)
    }

    /// Puts a paper that the window states something with; its salted digest is what the paper shows.
    pub(super) async fn paper(&mut self, value: &impl Serialize) -> Result<Digest, CounterError> {
        Ok(self.record(value).await?.0)
    }

    /// Puts free text that must not be empty.
    pub(crate) async fn words(
        &mut self,
        field: &str,
        text: &str,
    ) -> Result<Commitment, CounterError> {
        let text = check_words(field, text)?;
        self.record(&text).await
    }

    /// Puts free text where there is some.
    pub(super) async fn words_if_any(
        &mut self,
        field: &str,
        text: Option<&str>,
    ) -> Result<Option<Commitment>, CounterError> {
        match text {
            Some(text) => Ok(Some(self.words(field, text).await?)),
            None => Ok(None),
        }
    }

    /// Ends the drafts: where nothing was recorded now, what was put is erased again.
    pub(crate) async fn end(self, done: Result<Done, CounterError>) -> Result<Done, CounterError> {
        let kept = match &done {
            Ok(done) => !done.receipt.repeated && done.receipt.count > 0,
            // A ledger that failed may have recorded the facts nevertheless.
            Err(CounterError::Ledger(_)) => true,
            Err(_) => false,
        };
        if !kept {
            for record in &self.put {
                if let Err(error) = self.counter.vault.erase(&self.subject, record).await {
                    tracing::warn!(record = %record.0, %error, "a draft could not be erased");
                }
            }
        }
        done
    }
}

/// Checks free text: some, not too long, no control characters but line ends, none that turns the order of reading.
pub(crate) fn check_words(field: &str, text: &str) -> Result<String, CounterError> {
    let text = text.trim();
    let refuse = |code: &str, zh: String, en: String| {
        Err(CounterError::Fields(vec![Refusal {
            code: code.to_owned(),
            zh,
            en,
            field: Some(field.to_owned()),
        }]))
    };
    if text.is_empty() {
        return refuse("missing", "请填写".to_owned(), "fill this in".to_owned());
    }
    if text.chars().count() > WORDS_CHARS_MAX {
        let zh = format!("最多 {WORDS_CHARS_MAX} 字");
        let en = format!("at most {WORDS_CHARS_MAX} characters");
        return refuse("too-long", zh, en);
    }
    if text.chars().any(steers) {
        let zh = "含有不可见的控制字符，请删除".to_owned();
        let en = "it has control characters; delete them".to_owned();
        return refuse("control-characters", zh, en);
    }
    Ok(text.to_owned())
}
