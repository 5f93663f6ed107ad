//! Which object store the bytes rest in, chosen by one line of configuration, and what it can do.
//!
//! | location | store |
//! |---|---|
//! | `file:/absolute/folder` | a folder, made when absent; every write is synced |
//! | `memory:` | nothing outlives the process |
//! | `s3://BUCKET/PREFIX?endpoint=URL&region=NAME&allow_http=true` or `s3:` with [`S3Options`] | an S3 service |

pub mod folder;
mod s3;
mod sweep;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::blob::BLOBS_FOLDER;
use super::case_keys::CASE_KEYS_FOLDER;
use super::keys::{KeyError, RandomFailed, random_bytes};
use super::vault::VAULT_FOLDER;
use folder::DurableFolder;

pub use s3::S3Options;
pub use sweep::SweepReport;

/// The folder of the probe's own objects.
const PROBE_FOLDER: &str = "probe";

/// An object store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The location text is not one of the known forms. What follows the scheme is not repeated: it may hold
    /// a secret.
    #[error("the store location is not usable: {reason}")]
    Location {
        /// What is wrong and what to write.
        reason: String,
    },
    /// A credentials file could not be used.
    #[error("credentials of the object store: {0}")]
    Credentials(#[from] KeyError),
    /// The folder could not be made or read.
    #[error("store folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store does not answer as an object store should.
    #[error("the object store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The store gave back other bytes than were put.
    #[error("the object store does not keep what is put: a probe object came back changed")]
    Unfaithful,
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
    /// Work in the background ended early, as at shutdown.
    #[error("the work was stopped before it ended; try again")]
    Stopped,
}

/// What a location text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine.
    File(PathBuf),
    /// The memory of this process.
    Memory,
    /// An S3 service.
    S3(S3Options),
}

impl Location {
    /// Reads a location text. `s3` supplies what an `s3:` text leaves out; what the text says wins.
    pub fn parse(text: &str, s3: &S3Options) -> Result<Self, ObjectsError> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(refuse("it begins with none of file: memory: s3:"));
        };
        match scheme {
            "memory" if rest.is_empty() => Ok(Self::Memory),
            "memory" => Err(refuse("memory: is followed by nothing")),
            "file" => parse_file(rest),
            "s3" => s3::parse(rest, s3).map(Self::S3),
            _ => Err(refuse("it begins with none of file: memory: s3:")),
        }
    }
}

fn parse_file(rest: &str) -> Result<Location, ObjectsError> {
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => return Err(refuse("a file: location names no host; write file:/folder")),
        None => rest,
    };
    if !FilePath::new(path).is_absolute() {
        return Err(refuse(
            "a file: location is an absolute folder, as file:/var/lib/counterfoil/blobs",
        ));
    }
    Ok(Location::File(PathBuf::from(path)))
}

fn refuse(reason: impl Into<String>) -> ObjectsError {
    ObjectsError::Location {
        reason: reason.into(),
    }
}

/// An open object store and what the probe found.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
    create_refuses: bool,
    local: bool,
}

impl Objects {
    /// Opens the store that `location` names and probes it.
    pub async fn open(location: &str, s3: &S3Options) -> Result<Self, ObjectsError> {
        match Location::parse(location, s3)? {
            Location::Memory => Self::probed(Arc::new(InMemory::new()), None, true).await,
            Location::S3(options) => Self::probed(s3::build(&options)?, None, false).await,
            Location::File(path) => {
                let store = DurableFolder::open(&path).map_err(|source| ObjectsError::Folder {
                    path: path.clone(),
                    source,
                })?;
                Self::probed(Arc::new(store), Some(path), true).await
            }
        }
    }

    async fn probed(
        store: Arc<dyn ObjectStore>,
        folder: Option<PathBuf>,
        local: bool,
    ) -> Result<Self, ObjectsError> {
        let create_refuses = probe(store.as_ref()).await?;
        if !create_refuses {
            tracing::info!(
                "this object store does not refuse to create what exists; blobs are looked for before each put"
            );
        }
        Ok(Self {
            store,
            folder,
            create_refuses,
            local,
        })
    }

    /// The store itself.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    /// Whether a put of an existing object with "create" is refused, as the probe found.
    pub fn create_refuses(&self) -> bool {
        self.create_refuses
    }

    /// Whether the bytes rest on this machine: asking for them needs no network, and so no runtime.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Whether no blob, no vault record and no case key is stored; only then may a new master key be made.
    pub async fn is_empty(&self) -> Result<bool, ObjectsError> {
        for folder in [BLOBS_FOLDER, VAULT_FOLDER, CASE_KEYS_FOLDER] {
            if let Some(first) = self.store.list(Some(&Path::from(folder))).next().await {
                first?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Writes, reads and removes a small object of its own, and finds out whether creating it a second time is
/// refused. Some S3 services ignore the condition without an error (garage 2.5 does), so asking is the only way.
async fn probe(store: &dyn ObjectStore) -> Result<bool, ObjectsError> {
    let name = hex::encode(random_bytes::<16>()?);
    let location = Path::from(format!("{PROBE_FOLDER}/{name}"));
    let create = || PutOptions::from(PutMode::Create);
    store
        .put_opts(&location, PutPayload::from_static(b"first"), create())
        .await?;
    let second = store
        .put_opts(&location, PutPayload::from_static(b"second"), create())
        .await;
    let found = store.get(&location).await?.bytes().await?;
    store.delete(&location).await?;
    match second {
        Ok(_) if found == b"second".as_slice() || found == b"first".as_slice() => Ok(false),
        Err(
            object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. },
        ) if found == b"first".as_slice() => Ok(true),
        Err(
            object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. },
        ) if found == b"first".as_slice() => Ok(false),
        Err(
            object_store::Error::AlreadyExists { .. }
            | object_store::Error::Precondition { .. }
            | object_store::Error::NotImplemented { .. }
            | object_store::Error::NotSupported { .. },
        )
        | Ok(_) => Err(ObjectsError::Unfaithful),
        Err(error) => Err(error.into()),
    }
}
