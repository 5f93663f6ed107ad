//! What can keep a fact from being recorded or the log from being read.

use std::error::Error;

use super::store::StoreError;

/// A ledger operation that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The decision refused; nothing was recorded.
    #[error("refused: {0}")]
    Refused(Box<dyn Error + Send + Sync>),
    /// The storage failed. Whether the facts were recorded is not known: a retry with the same request id finds out
    /// and returns the first receipt if they were.
    #[error(
        "the log cannot take facts at the moment ({reason}); try again with the same request id"
    )]
    Unavailable {
        /// What failed.
        reason: String,
    },
    /// Other writers kept changing what the decision read; nothing was recorded.
    #[error("what the decision read kept changing; try again")]
    Contended,
    /// The ledger was closed; nothing was recorded.
    #[error("the ledger is closed")]
    Closed,
    /// A decision asked for more than one request may record; nothing was recorded.
    #[error("the request is too large: {reason}")]
    TooLarge {
        /// Which limit.
        reason: String,
    },
    /// A proof was asked about facts the log does not have.
    #[error("the log has {size} facts; the proof asked for does not exist")]
    NoSuchProof {
        /// Size of the published log.
        size: u64,
    },
    /// The signing key given is not the log's present key.
    #[error("the signing key is not the log's key: the log is signed by {expected}")]
    WrongKey {
        /// The log's verifier key.
        expected: String,
    },
    /// The log was opened under another origin.
    #[error("the log's origin is {found}, not {expected}")]
    WrongOrigin {
        /// The origin in the log.
        found: String,
        /// The origin asked for.
        expected: String,
    },
    /// The log contradicts itself or lost facts that were acknowledged.
    #[error("the log does not hold together: {reason}; run `counterfoil audit`")]
    Inconsistent {
        /// What contradicts.
        reason: String,
    },
    /// The store failed while it was read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LedgerError {
    /// Whether the same request may succeed when it is sent again, unchanged.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            LedgerError::Unavailable { .. }
                | LedgerError::Contended
                | LedgerError::Store(StoreError::Io(_))
        )
    }

    pub(super) fn inconsistent(reason: impl Into<String>) -> Self {
        LedgerError::Inconsistent {
            reason: reason.into(),
        }
    }
}
