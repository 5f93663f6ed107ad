//! Why a use case did not do as asked.

use crate::domain::Problem;
use crate::forms::FormError;
use crate::ledger::LedgerError;
use crate::store::blob::BlobError;
use crate::store::case_keys::CaseKeyError;
use crate::store::catalog::CatalogError;
use crate::store::vault::VaultError;

/// A rule of the domain that refused, in a form every face can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code in kebab-case.
    pub code: String,
    /// What to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// The field of the request it is about, where it is about one.
    pub field: Option<String>,
}

/// Why a use case did not do as asked. Nothing was recorded, except where `Ledger` says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// There is no such thing, or the asker may not know of it.
    #[error("there is no {0}")]
    NotFound(String),
    /// A rule refused.
    #[error("{}", .0.en)]
    Refused(Refusal),
    /// Fields that cannot be taken as they are.
    #[error("{} fields cannot be taken as they are", .0.len())]
    Fields(Vec<Refusal>),
    /// It was changed in the meantime.
    #[error("it has {found} facts, not {expected}")]
    Stale {
        /// What the asker knows.
        expected: u32,
        /// What there is.
        found: u32,
    },
    /// The asker may not.
    #[error("{0}")]
    Forbidden(String),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(LedgerError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The lists failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A form could not be printed.
    #[error("{}", .0.en())]
    Form(#[from] FormError),
    /// Another problem of the table.
    #[error("{detail}")]
    Plain {
        /// What is the matter.
        problem: Problem,
        /// This time.
        detail: String,
    },
    /// Something that should not happen.
    #[error("{0}")]
    Internal(String),
}

impl CounterError {
    /// The entry of the problem table.
    pub fn problem(&self) -> Problem {
        match self {
            Self::NotFound(_) => Problem::NotFound,
            Self::Refused(_) => Problem::Refused,
            Self::Fields(_) => Problem::BadField,
            Self::Stale { .. } => Problem::VersionMismatch,
            Self::Forbidden(_) => Problem::Forbidden,
            Self::Ledger(error) if error.is_retryable() => Problem::Busy,
            Self::Vault(
                VaultError::Erased { .. } | VaultError::CaseKey(CaseKeyError::Erased { .. }),
            )
            | Self::Blob(
                BlobError::Erased { .. } | BlobError::CaseKey(CaseKeyError::Erased { .. }),
            ) => Problem::Erased,
            Self::Blob(BlobError::TooLarge { .. }) => Problem::TooLarge,
            Self::Ledger(_) | Self::Vault(_) | Self::Blob(_) | Self::Catalog(_) => {
                Problem::StoreFailed
            }
            Self::Form(error) => error.problem(),
            Self::Plain { problem, .. } => *problem,
            Self::Internal(_) => Problem::Internal,
        }
    }
}
