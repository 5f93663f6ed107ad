//! Why the parts could not be put together.

use std::path::{Path, PathBuf};

use crate::domain::Problem;
use crate::ledger::{LedgerError, StoreError};
use crate::merkle::note::NoteError;
use crate::search::SearchError;
use crate::store::keys::KeyError;
use crate::store::objects::ObjectsError;
use crate::store::sled::OpenError as SledOpenError;
use crate::strict::FileError;

/// A part that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A folder cannot be made or read.
    #[error("{path}: {source}")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log's store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The blob store.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The log's signing key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The catalog.
    #[error(transparent)]
    Sled(#[from] SledOpenError),
    /// The catalog, once open.
    #[error("{0}")]
    Catalog(String),
    /// The search index.
    #[error(transparent)]
    Index(#[from] SearchError),
    /// The pipeline files.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Pipelines(Vec<FileError>),
    /// The dialect of packages.
    #[error("{0}")]
    Dialect(String),
    /// How people sign in, as configured.
    #[error("{0}")]
    People(String),
    /// Nothing was ever stored here.
    #[error("nothing is stored in {0} yet; take scans in first: counterfoil ingest PATH")]
    NoData(PathBuf),
    /// No record begins like this.
    #[error(
        "no record is called {0}; give the digest that `ingest` or `search` printed, or its first 8 digits"
    )]
    NoRecord(String),
    /// Several records begin like this.
    #[error("several records begin with {0}; give more digits")]
    Ambiguous(String),
    /// Something that should not happen.
    #[error("{0}")]
    Internal(String),
}

impl OpenError {
    /// A folder that cannot be used.
    pub fn folder(path: &Path, source: std::io::Error) -> Self {
        Self::Folder {
            path: path.to_owned(),
            source,
        }
    }

    /// Whether another process holds the data folder.
    pub fn is_in_use(&self) -> bool {
        self.problem() == Problem::DataFolderInUse
    }

    /// The entry of the problem table that a person is shown.
    pub fn problem(&self) -> Problem {
        match self {
            OpenError::Store(StoreError::InUse { .. })
            | OpenError::Index(SearchError::InUse)
            | OpenError::Sled(SledOpenError::InUse { .. }) => Problem::DataFolderInUse,
            OpenError::Key(_) | OpenError::Note(_) => Problem::BadConfiguration,
            OpenError::Objects(ObjectsError::Location { .. } | ObjectsError::Credentials(_)) => {
                Problem::BadConfiguration
            }
            OpenError::Pipelines(_) | OpenError::Dialect(_) | OpenError::People(_) => {
                Problem::BadConfiguration
            }
            OpenError::NoData(_) | OpenError::NoRecord(_) => Problem::NotFound,
            OpenError::Ambiguous(_) => Problem::Ambiguous,
            OpenError::Internal(_) => Problem::Internal,
            _ => Problem::StoreFailed,
        }
    }
}
