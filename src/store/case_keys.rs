//! Case keys: one random key a case, wrapped by the master key, at `keys/case/CASE` in the object store. Whatever
//! belongs to a case is wrapped by its key, so erasing the case is destroying one small object.
//!
//! Destroying replaces the key by its tombstone in one put, which the store does wholly or not at all: at every
//! instant either the key stands there or the tombstone, and repeating is safe. A tombstone names the time and the
//! approval and is authenticated by the master key, so that a lost key cannot be passed off as an erased one. What was
//! copied before (a backup, an older version that an S3 bucket keeps) is out of reach: keep such copies of
//! `keys/` for as short a time as the law leaves.

mod error;
mod form;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use tokio::sync::RwLock;

use super::keys::{MasterKey, MasterKeys, OwnerKey, random_bytes, random_secret};
use super::objects::Objects;
use crate::domain::{CaseNo, Commitment, Timestamp};
use form::Form;

pub use error::CaseKeyError;

/// The folder of every case key and tombstone in the object store.
pub(crate) const CASE_KEYS_FOLDER: &str = "keys/case";
/// How the owner of a case's wraps is written.
const OWNER_PREFIX: &str = "case:";

/// The owner text that a case's wraps carry, whether or not its key is still there.
pub(crate) fn owner_text(case: &CaseNo) -> String {
    format!("{OWNER_PREFIX}{case}")
}
/// Keys kept at hand. One that is not is read from the store again.
const KNOWN_MAX: usize = 4096;

/// What stands in place of an erased case's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// When the key was destroyed.
    pub at: Timestamp,
    /// The vault record of the approval.
    pub approval: Commitment,
}

/// The keys of all cases. Cloning is cheap, and clones share what they know; another process learns of a
/// destroyed key when it reads it again, at the latest when it [forgets](CaseKeys::forget) it.
#[derive(Clone)]
pub struct CaseKeys(Arc<Inner>);

struct Inner {
    objects: Arc<dyn ObjectStore>,
    masters: MasterKeys,
    create_refuses: bool,
    known: Mutex<HashMap<CaseNo, Known>>,
    /// Held for writing while a key is made or destroyed, so that no reader brings back what is gone.
    gate: RwLock<()>,
}

#[derive(Clone)]
enum Known {
    Live(Arc<MasterKey>),
    Erased(Tombstone),
}

impl fmt::Debug for CaseKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseKeys(…)")
    }
}

impl CaseKeys {
    /// Keys over a store that is known to refuse a second creation, as `memory:` and `file:` do.
    pub fn new(objects: Arc<dyn ObjectStore>, masters: MasterKeys) -> Self {
        Self::over(objects, masters, true)
    }

    /// Keys over a store whose abilities were probed at start. Where it does not refuse to create what exists, one
    /// process alone may make keys.
    pub fn open(objects: &Objects, masters: MasterKeys) -> Self {
        Self::over(objects.store(), masters, objects.create_refuses())
    }

    fn over(objects: Arc<dyn ObjectStore>, masters: MasterKeys, create_refuses: bool) -> Self {
        Self(Arc::new(Inner {
            objects,
            masters,
            create_refuses,
            known: Mutex::new(HashMap::new()),
            gate: RwLock::new(()),
        }))
    }

    /// Makes the key of a case durable if there is none yet. An erased case gets none again.
    pub async fn create(&self, case: &CaseNo) -> Result<(), CaseKeyError> {
        self.owner_key(case).await.map(drop)
    }

    /// The tombstone of a case, if it was erased. A case that never had a key was not.
    pub async fn tombstone(&self, case: &CaseNo) -> Result<Option<Tombstone>, CaseKeyError> {
        match self.state(case).await {
            Ok(Known::Erased(tombstone)) => Ok(Some(tombstone)),
            Ok(Known::Live(_)) | Err(CaseKeyError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Destroys the key of a case for ever; whether there was one does not matter. A repeated call returns the
    /// first tombstone. The caller has recorded the approval before.
    ///
    /// After an error the key may stand or not; repeating settles it.
    pub async fn destroy(
        &self,
        case: &CaseNo,
        at: Timestamp,
        approval: Commitment,
    ) -> Result<Tombstone, CaseKeyError> {
        let _gate = self.0.gate.write().await;
        match self.fetch(case).await {
            Ok(Some(Known::Erased(tombstone))) => {
                self.remember(case, Known::Erased(tombstone));
                return Ok(tombstone);
            }
            // A key that cannot be read is destroyed all the same.
            Ok(_) | Err(CaseKeyError::Damaged { .. } | CaseKeyError::WrongKey { .. }) => {}
            Err(error) => return Err(error),
        }
        let tombstone = Tombstone { at, approval };
        let object = form::tombstone(case, &tombstone, &self.0.masters, random_bytes()?);
        let object = object.ok_or(CaseKeyError::damaged(case, "it cannot be sealed"))?;
        // Whatever becomes of the put, what was known no longer counts.
        self.forget(case);
        self.0.objects.put(&location(case), object.into()).await?;
        self.remember(case, Known::Erased(tombstone));
        Ok(tombstone)
    }

    /// Every erased case with its tombstone, for an audit that compares them with the approvals in the ledger.
    pub async fn erased(&self) -> Result<Vec<(CaseNo, Tombstone)>, CaseKeyError> {
        let folder = Path::from(CASE_KEYS_FOLDER);
        let mut listed = self.0.objects.list(Some(&folder));
        let mut found = Vec::new();
        while let Some(meta) = listed.try_next().await? {
            let name = meta.location.filename().unwrap_or_default();
            // A part of dots only is written encoded.
            let Ok(case) = CaseNo::new(name.replace("%2E", ".")) else {
                continue;
            };
            if let Some(tombstone) = self.tombstone(&case).await? {
                found.push((case, tombstone));
            }
        }
        found.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(found)
    }

    /// Drops what is at hand of a case, so that the store is asked again. A process that reads in the ledger that
    /// another one erased the case calls it.
    pub fn forget(&self, case: &CaseNo) {
        self.known().remove(case);
    }

    /// The key of a case to wrap with, made when there is none.
    pub(crate) async fn owner_key(&self, case: &CaseNo) -> Result<OwnerKey, CaseKeyError> {
        let known = match self.state(case).await {
            Err(CaseKeyError::Missing { .. }) => self.make(case).await?,
            other => other?,
        };
        Self::live(case, known)
    }

    /// The key of the owner text of a wrap, where the owner is a case; none for other owners. Fails with
    /// [`CaseKeyError::Erased`] when the case was erased.
    pub(crate) async fn by_owner(&self, owner: &str) -> Option<Result<OwnerKey, CaseKeyError>> {
        let case = CaseNo::new(owner.strip_prefix(OWNER_PREFIX)?).ok()?;
        let known = match self.state(&case).await {
            Ok(known) => known,
            Err(error) => return Some(Err(error)),
        };
        Some(Self::live(&case, known))
    }

    fn live(case: &CaseNo, known: Known) -> Result<OwnerKey, CaseKeyError> {
        match known {
            Known::Live(key) => Ok(OwnerKey {
                owner: owner_text(case),
                key,
            }),
            Known::Erased(tombstone) => Err(CaseKeyError::Erased {
                case: case.clone(),
                tombstone,
            }),
        }
    }

    async fn state(&self, case: &CaseNo) -> Result<Known, CaseKeyError> {
        if let Some(known) = self.known().get(case) {
            return Ok(known.clone());
        }
        let _gate = self.0.gate.read().await;
        let fetched = self.fetch(case).await?;
        let known = fetched.ok_or_else(|| CaseKeyError::Missing { case: case.clone() })?;
        self.remember(case, known.clone());
        Ok(known)
    }

    async fn make(&self, case: &CaseNo) -> Result<Known, CaseKeyError> {
        let _gate = self.0.gate.write().await;
        if let Some(known) = self.fetch(case).await? {
            self.remember(case, known.clone());
            return Ok(known);
        }
        let secret = random_secret()?;
        let object = form::key(case, &secret, &self.0.masters, random_bytes()?);
        let object = object.ok_or(CaseKeyError::damaged(case, "it cannot be sealed"))?;
        let mode = if self.0.create_refuses {
            PutMode::Create
        } else {
            PutMode::Overwrite
        };
        let options = PutOptions::from(mode);
        let location = location(case);
        let put = self.0.objects.put_opts(&location, object.into(), options);
        let known = match put.await {
            Ok(_) => Known::Live(Arc::new(MasterKey::from_secret(&secret))),
            // Another process was first.
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => {
                let fetched = self.fetch(case).await?;
                fetched.ok_or_else(|| CaseKeyError::Missing { case: case.clone() })?
            }
            Err(error) => return Err(error.into()),
        };
        self.remember(case, known.clone());
        Ok(known)
    }

    async fn fetch(&self, case: &CaseNo) -> Result<Option<Known>, CaseKeyError> {
        let found = match self.0.objects.get(&location(case)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            other => other?,
        };
        if found.meta.size > form::BYTES_MAX {
            return Err(CaseKeyError::damaged(case, "it is longer than any key"));
        }
        let object = found.bytes().await?;
        match form::read(case, &object, &self.0.masters)? {
            Form::Key(secret) => Ok(Some(Known::Live(Arc::new(MasterKey::from_secret(&secret))))),
            Form::Tombstone(tombstone) => Ok(Some(Known::Erased(tombstone))),
        }
    }

    fn remember(&self, case: &CaseNo, known: Known) {
        let mut all = self.known();
        if all.len() >= KNOWN_MAX
            && !all.contains_key(case)
            && let Some(one) = all.keys().next().cloned()
        {
            all.remove(&one);
        }
        all.insert(case.clone(), known);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<CaseNo, Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the key or the tombstone of a case stands.
fn location(case: &CaseNo) -> Path {
    Path::from(format!("{CASE_KEYS_FOLDER}/{case}"))
}
