//! What can go wrong with a blob.

use crate::domain::{CaseNo, Digest};
use crate::store::case_keys::{CaseKeyError, Tombstone};
use crate::store::keys::RandomFailed;

/// A blob could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The bytes are not those that were announced. Nothing was stored.
    #[error("the bytes have digest {found}, announced was {announced}: send them again")]
    DigestMismatch {
        /// What the sender said.
        announced: Digest,
        /// What arrived.
        found: Digest,
    },
    /// There are more bytes than the caller allows. Nothing was stored or returned.
    #[error("more than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// No such blob.
    #[error("no blob {digest}")]
    NotFound {
        /// Its address.
        digest: Digest,
    },
    /// The stored object is not what was written. Storing the same bytes again heals it.
    #[error("blob {digest} is damaged: {reason}; restore it from a backup or send the bytes again")]
    Damaged {
        /// Its address.
        digest: Digest,
        /// What is wrong.
        reason: &'static str,
    },
    /// It was sealed under keys that are not at hand.
    #[error("blob {digest} is sealed for {needs}, at hand is {held}: use its key file")]
    WrongKey {
        /// Its address.
        digest: Digest,
        /// The owners of its key wraps.
        needs: String,
        /// The owners whose keys are at hand.
        held: String,
    },
    /// It belonged to erased cases only. It is not damaged, and it cannot be read again.
    #[error("blob {digest} was erased with case {case} at {}", tombstone.at)]
    Erased {
        /// Its address.
        digest: Digest,
        /// A case it belonged to.
        case: CaseNo,
        /// What stands in place of that case's key.
        tombstone: Tombstone,
    },
    /// The key of a case it belongs to, or is to belong to, cannot be used. For a case that was erased nothing is
    /// stored any more.
    #[error(transparent)]
    CaseKey(CaseKeyError),
    /// The sender's stream broke off. Nothing was stored.
    #[error("the incoming bytes broke off: {0}")]
    Stream(#[source] std::io::Error),
    /// The object store failed. A failed write may or may not have been applied; it can be repeated.
    #[error("the object store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
    /// Work in the background ended early, as at shutdown.
    #[error("the work was stopped before it ended; try again")]
    Stopped,
}

impl From<CaseKeyError> for BlobError {
    fn from(error: CaseKeyError) -> Self {
        match error {
            CaseKeyError::Store(error) => Self::Store(error),
            CaseKeyError::Random(error) => Self::Random(error),
            other => Self::CaseKey(other),
        }
    }
}

impl BlobError {
    /// Whether the blob itself is the reason: asking the store again would not help.
    pub fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. }
                | Self::Damaged { .. }
                | Self::Erased { .. }
                | Self::WrongKey { .. }
                | Self::TooLarge { .. }
        )
    }

    /// Names the blob in a failure of the object store to find it.
    pub(crate) fn reading(digest: &Digest, error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound { digest: *digest },
            other => Self::Store(other),
        }
    }
}
