//! What can go wrong inside the catalog, and the one place where a panic of sled is stopped: sled 0.34 meets
//! damaged files with a panic as often as with an error.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::store::catalog::CatalogError;
use crate::store::catalog_fold::OutOfOrder;

/// Longest part of a panic's message that is repeated, in characters.
const MESSAGE_CHARS_MAX: usize = 200;

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the lease is no longer held")]
    LeaseLost,
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
    /// The medium failed; the stored bytes may be sound.
    #[error("{0}")]
    Medium(String),
    /// The stored bytes are not sound.
    #[error("{0}")]
    Damaged(String),
}

impl From<::sled::Error> for Failure {
    fn from(error: ::sled::Error) -> Self {
        match error {
            ::sled::Error::Io(cause) => cause.into(),
            other => Failure::Damaged(other.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    /// Files that are too short, absent or of another kind are damage; a full disk or a missing permission
    /// is not, and must not cost a sound catalog its place.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::AlreadyExists => Failure::Damaged(error.to_string()),
            _ => Failure::Medium(error.to_string()),
        }
    }
}

impl From<Failure> for CatalogError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::LeaseLost => CatalogError::LeaseLost,
            other => CatalogError::Failed(other.to_string()),
        }
    }
}

/// Runs `operation`; a panic inside it comes back as [`Failure::Damaged`]. The caller sees to it that nothing
/// half-done is used afterwards.
pub(super) fn guarded<T>(operation: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(outcome) => outcome,
        Err(payload) => Err(Failure::Damaged(format!(
            "sled panicked: {}",
            message(payload.as_ref())
        ))),
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}
