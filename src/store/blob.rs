//! Blobs: bytes stored once under their SHA-256, encrypted, over any object store.
//!
//! The address is the digest of the plain bytes: object `blobs/ab/cd/DIGEST`. The object is sealed (`seal`),
//! so its bytes differ at every writing while its content never does; two writers of the same bytes are
//! both right, and a reader checks what it gets against the address.
//!
//! A blob belongs to the hall, and the master key opens it, or to one or more cases, and their keys do. Whoever stores
//! bytes that are there already is added to those it belongs to. It can be read as long as one of them has a key.

mod error;
mod open;
mod owners;
mod read;
mod ring;
mod seal;
mod write;

use std::sync::Arc;

use futures::{Stream, StreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;

use super::case_keys::CaseKeys;
use super::keys::MasterKeys;
use super::objects::Objects;
use crate::domain::{CaseNo, Digest, Sm3};

pub use error::BlobError;
pub(crate) use open::{OpenError, Trailer};
pub(crate) use ring::{KeyRing, Tried};
pub(crate) use seal::{
    CHUNK_BYTES, HEAD_BYTES, SealChance, TAG_BYTES, TRAILER_BYTES_MAX, seal_whole,
};

/// The folder of every blob in the object store.
pub(crate) const BLOBS_FOLDER: &str = "blobs";
/// The folder of uploads whose digest is not yet known.
pub(crate) const INCOMING_FOLDER: &str = "incoming";

/// What storing returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of the plain bytes: the address.
    pub digest: Digest,
    /// SM3 of the same bytes, computed in the same pass.
    pub sm3: Sm3,
    /// Length of the plain bytes.
    pub bytes: u64,
    /// Whether a sound blob was there already.
    pub existed: bool,
}

/// The blob store. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Blobs {
    objects: Arc<dyn ObjectStore>,
    ring: KeyRing,
    /// Whom the blobs belong to that are put through this handle; none is the hall.
    cases: Vec<CaseNo>,
    /// Whether the store refuses to create what exists. Where it does not, a blob is looked for first.
    create_refuses: bool,
    /// Whether the store can be asked outside the runtime.
    local: bool,
}

impl Blobs {
    /// Blobs over a store that is known to refuse a second creation, as `memory:` and `file:` do. Others are
    /// opened with [`Blobs::open`].
    pub fn new(objects: Arc<dyn ObjectStore>, keys: MasterKeys) -> Self {
        let cases = CaseKeys::new(Arc::clone(&objects), keys.clone());
        Self {
            objects,
            ring: KeyRing::new(keys, cases),
            cases: Vec::new(),
            create_refuses: true,
            local: true,
        }
    }

    /// Blobs over a store whose abilities were probed at start.
    pub fn open(objects: &Objects, keys: MasterKeys) -> Self {
        let cases = CaseKeys::open(objects, keys.clone());
        Self {
            objects: objects.store(),
            ring: KeyRing::new(keys, cases),
            cases: Vec::new(),
            create_refuses: objects.create_refuses(),
            local: objects.is_local(),
        }
    }

    /// Whether they rest on this machine, so that a thread of its own can read them without the runtime.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// The same blobs; what is put through this handle belongs to `case`, whose key is made at the first put.
    pub fn for_case(&self, case: &CaseNo) -> Self {
        self.for_cases(std::slice::from_ref(case))
    }

    /// The same for several cases; for none it belongs to the hall.
    pub fn for_cases(&self, cases: &[CaseNo]) -> Self {
        let mut blobs = self.clone();
        blobs.cases = cases.to_vec();
        blobs
    }

    /// The keys of the cases, which all handles of these blobs share.
    pub fn case_keys(&self) -> &CaseKeys {
        self.ring.cases()
    }

    /// Store and keys, for the vault beside these blobs.
    pub(crate) fn parts(&self) -> (Arc<dyn ObjectStore>, KeyRing) {
        (Arc::clone(&self.objects), self.ring.clone())
    }

    /// Whether an object stands at the address. It is not opened: [`Blobs::verify`] does that.
    pub async fn contains(&self, digest: &Digest) -> Result<bool, BlobError> {
        match self.objects.head(&address(digest)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Every address in use, in no promised order. Objects that are not blobs are passed over.
    pub fn list(&self) -> impl Stream<Item = Result<Digest, BlobError>> + Send + Unpin + use<> {
        self.objects
            .list(Some(&Path::from(BLOBS_FOLDER)))
            .filter_map(|listed| {
                std::future::ready(match listed {
                    Ok(meta) => digest_of(&meta.location).map(Ok),
                    Err(error) => Some(Err(BlobError::from(error))),
                })
            })
    }
}

/// Where the blob of `digest` stands in the object store.
pub fn address(digest: &Digest) -> Path {
    let hex = digest.to_string();
    Path::from(format!("{BLOBS_FOLDER}/{}/{}/{hex}", &hex[..2], &hex[2..4]))
}

/// The name that a blob's data key is bound to.
fn sealed_name(digest: &Digest) -> String {
    format!("blob/{digest}")
}

fn digest_of(location: &Path) -> Option<Digest> {
    let digest: Digest = location.filename()?.parse().ok()?;
    (address(&digest) == *location).then_some(digest)
}

/// Runs work that takes longer than a moment away from the threads that serve requests; on a thread outside the
/// runtime, where nobody else waits for it, at once.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BlobError> {
    match Handle::try_current() {
        Ok(runtime) => runtime
            .spawn_blocking(work)
            .await
            .map_err(|_| BlobError::Stopped),
        Err(_) => Ok(work()),
    }
}
