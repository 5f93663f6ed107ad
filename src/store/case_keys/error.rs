//! What can go wrong with a case key.

use super::Tombstone;
use crate::domain::CaseNo;
use crate::store::keys::RandomFailed;

/// A case key could not be made, read or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum CaseKeyError {
    /// The case was erased: its key is gone for ever, and it gets no other.
    #[error("case {case} was erased at {}: what belonged to it alone cannot be read again", tombstone.at)]
    Erased {
        /// The case.
        case: CaseNo,
        /// What stands in place of the key.
        tombstone: Tombstone,
    },
    /// There is neither a key nor a tombstone.
    #[error(
        "case {case} has no key: if something was stored for it, restore keys/case/{case} from a backup"
    )]
    Missing {
        /// The case.
        case: CaseNo,
    },
    /// The stored key is not what was written.
    #[error("the key of case {case} is damaged: {reason}; restore keys/case/{case} from a backup")]
    Damaged {
        /// The case.
        case: CaseNo,
        /// What is wrong.
        reason: &'static str,
    },
    /// It is wrapped by a master key that is not at hand.
    #[error("the key of case {case} is sealed for {needs}, at hand is {held}: use its key file")]
    WrongKey {
        /// The case.
        case: CaseNo,
        /// The master key that wrapped it.
        needs: String,
        /// The master keys at hand.
        held: String,
    },
    /// The object store failed. A failed write may or may not have been applied; it can be repeated.
    #[error("the object store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

impl CaseKeyError {
    pub(super) fn damaged(case: &CaseNo, reason: &'static str) -> Self {
        Self::Damaged {
            case: case.clone(),
            reason,
        }
    }
}
