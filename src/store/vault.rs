//! The vault: personal data and free text, each record an encrypted object of its own that can be erased. The
//! ledger holds its [`Commitment`], a salted digest that says nothing once the record is gone. A record about a case
//! is opened by that case's key, so it goes when the case is erased.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::blob::{
    Blobs, CHUNK_BYTES, HEAD_BYTES, KeyRing, OpenError, SealChance, TAG_BYTES, TRAILER_BYTES_MAX,
    Trailer, Tried, seal_whole,
};
use super::case_keys::{CaseKeyError, CaseKeys, Tombstone};
use super::keys::{MasterKeys, OwnerKey, RandomFailed, random_bytes};
use crate::domain::{CaseNo, Commitment, Digest, Subject};

/// The longest record, in bytes.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// The folder of every record in the object store.
pub(crate) const VAULT_FOLDER: &str = "vault";

const SALT_BYTES: usize = 32;

/// A vault record could not be stored, read or erased. Messages name the commitment, never the content.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Longer than [`RECORD_BYTES_MAX`].
    #[error("a vault record has at most {RECORD_BYTES_MAX} bytes")]
    TooLarge,
    /// No such record: never stored, or erased.
    #[error("no vault record {} of {subject}", commitment.0)]
    NotFound {
        /// Whom or what it is about.
        subject: Subject,
        /// Its commitment.
        commitment: Commitment,
    },
    /// The stored object is not what was written.
    #[error("vault record {} of {subject} is damaged: {reason}; restore it from a backup", commitment.0)]
    Damaged {
        /// Whom or what it is about.
        subject: Subject,
        /// Its commitment.
        commitment: Commitment,
        /// What is wrong.
        reason: &'static str,
    },
    /// It was sealed under a key that is not at hand.
    #[error("vault record {} is sealed for {needs}, at hand is {held}: use its key file", commitment.0)]
    WrongKey {
        /// Its commitment.
        commitment: Commitment,
        /// The owners of its key wraps.
        needs: String,
        /// The owners whose keys are at hand.
        held: String,
    },
    /// It went with the case it belonged to. It is not damaged, and it cannot be read again.
    #[error("vault record {} was erased with case {case} at {}", commitment.0, tombstone.at)]
    Erased {
        /// Its commitment.
        commitment: Commitment,
        /// The case.
        case: CaseNo,
        /// What stands in place of the case's key.
        tombstone: Tombstone,
    },
    /// The key of the case cannot be used. For a case that was erased nothing is stored any more.
    #[error(transparent)]
    CaseKey(CaseKeyError),
    /// The object store failed.
    #[error("the object store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

impl From<CaseKeyError> for VaultError {
    fn from(error: CaseKeyError) -> Self {
        match error {
            CaseKeyError::Store(error) => Self::Store(error),
            CaseKeyError::Random(error) => Self::Random(error),
            other => Self::CaseKey(other),
        }
    }
}

/// Records over the same object store and keys as the blobs. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Vault {
    objects: Arc<dyn ObjectStore>,
    ring: KeyRing,
}

impl Vault {
    /// A vault over `objects` alone. Where there are blobs too, it stands [beside](Vault::beside) them.
    pub fn new(objects: Arc<dyn ObjectStore>, keys: MasterKeys) -> Self {
        let cases = CaseKeys::new(Arc::clone(&objects), keys.clone());
        let ring = KeyRing::new(keys, cases);
        Self { objects, ring }
    }

    /// A vault over the store and the keys of `blobs`: a case erased through one is erased for both at once.
    pub fn beside(blobs: &Blobs) -> Self {
        let (objects, ring) = blobs.parts();
        Self { objects, ring }
    }

    /// Stores a record durably and returns the commitment for the ledger. The same bytes give another
    /// commitment each time, because the salt is new. A record about a case is wrapped by the case's key.
    pub async fn put(&self, subject: &Subject, personal: &[u8]) -> Result<Commitment, VaultError> {
        let owner = self.ring.owner_of(subject).await?;
        self.put_for(subject, &owner, personal).await
    }

    /// The same for a record about something else (a visit, a scan) that belongs to a case and goes with it.
    pub async fn put_for_case(
        &self,
        subject: &Subject,
        case: &CaseNo,
        personal: &[u8],
    ) -> Result<Commitment, VaultError> {
        let owner = self.ring.owner(Some(case)).await?;
        self.put_for(subject, &owner, personal).await
    }

    async fn put_for(
        &self,
        subject: &Subject,
        owner: &OwnerKey,
        personal: &[u8],
    ) -> Result<Commitment, VaultError> {
        if personal.len() > RECORD_BYTES_MAX {
            return Err(VaultError::TooLarge);
        }
        let salt: [u8; SALT_BYTES] = random_bytes()?;
        let commitment = commit(subject, &salt, personal);
        let mut record = Zeroizing::new(Vec::with_capacity(SALT_BYTES + personal.len()));
        record.extend_from_slice(&salt);
        record.extend_from_slice(personal);
        let location = location(subject, &commitment);
        let name = location.as_ref();
        let sealed = seal_whole(&record, name, owner, SealChance::draw()?)
            .map_err(|_| VaultError::TooLarge)?;
        self.objects
            .put(&location, PutPayload::from(sealed))
            .await?;
        Ok(commitment)
    }

    /// Reads a record and checks it against its commitment.
    pub async fn get(
        &self,
        subject: &Subject,
        commitment: &Commitment,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let damaged = |reason| VaultError::Damaged {
            subject: subject.clone(),
            commitment: *commitment,
            reason,
        };
        let location = location(subject, commitment);
        let found = match self.objects.get(&location).await {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(VaultError::NotFound {
                    subject: subject.clone(),
                    commitment: *commitment,
                });
            }
            other => other?,
        };
        if found.meta.size > SEALED_BYTES_MAX as u64 {
            return Err(damaged("it is longer than any record"));
        }
        let object = found.bytes().await?;
        let record = self.open(&object, location.as_ref()).await;
        let record = record.map_err(|error| self.not_opened(subject, commitment, error))?;
        let Some((salt, personal)) = record.split_first_chunk::<SALT_BYTES>() else {
            return Err(damaged("it is too short"));
        };
        if commit(subject, salt, personal) != *commitment {
            return Err(damaged("its bytes have another commitment"));
        }
        Ok(Zeroizing::new(personal.to_vec()))
    }

    async fn open(&self, object: &[u8], name: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let trailer = Trailer::of_whole(object)?;
        let mut tried = Tried::default();
        match self.ring.open(&trailer, name, &mut tried).await? {
            Some(opened) => opened.open_whole(object).map(Zeroizing::new),
            None => Err(tried.verdict()),
        }
    }

    fn not_opened(
        &self,
        subject: &Subject,
        commitment: &Commitment,
        error: OpenError,
    ) -> VaultError {
        match error {
            OpenError::Damaged(reason) => VaultError::Damaged {
                subject: subject.clone(),
                commitment: *commitment,
                reason,
            },
            OpenError::NoKey { owners } => VaultError::WrongKey {
                commitment: *commitment,
                needs: owners,
                held: self.ring.masters().owners(),
            },
            OpenError::Case(CaseKeyError::Erased { case, tombstone }) => VaultError::Erased {
                commitment: *commitment,
                case,
                tombstone,
            },
            OpenError::Case(error) => error.into(),
            OpenError::Store(error) => error.into(),
        }
    }

    /// Erases a record; erasing it again is no error. What older backups hold is out of its reach.
    pub async fn erase(
        &self,
        subject: &Subject,
        commitment: &Commitment,
    ) -> Result<(), VaultError> {
        match self.objects.delete(&location(subject, commitment)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The longest sealed record.
const SEALED_BYTES_MAX: usize = HEAD_BYTES
    + SALT_BYTES
    + RECORD_BYTES_MAX
    + ((SALT_BYTES + RECORD_BYTES_MAX) / CHUNK_BYTES + 1) * TAG_BYTES
    + TRAILER_BYTES_MAX;

fn location(subject: &Subject, commitment: &Commitment) -> Path {
    Path::from(format!("{VAULT_FOLDER}/{subject}/{}", commitment.0))
}

/// SHA-256 over a tag, the subject, the salt and the bytes. Tag and subject are closed by a zero byte, which
/// neither contains, and the salt has a fixed length, so no two records share an input.
fn commit(subject: &Subject, salt: &[u8; SALT_BYTES], personal: &[u8]) -> Commitment {
    let mut hasher = Sha256::new();
    hasher.update(b"counterfoil/vault/v1\0");
    hasher.update(subject.to_string().as_bytes());
    hasher.update([0]);
    hasher.update(salt);
    hasher.update(personal);
    Commitment(Digest::from_bytes(hasher.finalize().into()))
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;
    use crate::store::keys::MasterKey;

    fn vault(store: &Arc<InMemory>, key: u8) -> Vault {
        let keys = MasterKeys::new(MasterKey::from_secret(&[key; 32]));
        Vault::new(Arc::clone(store) as Arc<dyn ObjectStore>, keys)
    }

    #[tokio::test]
    async fn a_record_comes_back_until_it_is_erased() {
        let store = Arc::new(InMemory::new());
        let vault = vault(&store, 1);
        let subject = Subject::Scan(Digest::of("scan"));
        for length in [0, 10, CHUNK_BYTES, RECORD_BYTES_MAX] {
            let personal = vec![7; length];
            let one = vault.put(&subject, &personal).await.unwrap();
            let two = vault.put(&subject, &personal).await.unwrap();
            assert_ne!(one, two, "the salt is new each time");
            assert_eq!(*vault.get(&subject, &one).await.unwrap(), personal);
            vault.erase(&subject, &one).await.unwrap();
            vault.erase(&subject, &one).await.unwrap();
            let gone = vault.get(&subject, &one).await;
            assert!(matches!(gone, Err(VaultError::NotFound { .. })));
            assert_eq!(*vault.get(&subject, &two).await.unwrap(), personal);
        }
        let long = vault.put(&subject, &vec![0; RECORD_BYTES_MAX + 1]).await;
        assert!(matches!(long, Err(VaultError::TooLarge)));
    }

    #[tokio::test]
    async fn another_subject_place_or_key_does_not_open_it() {
        let store = Arc::new(InMemory::new());
        let vault_one = vault(&store, 1);
        let subject = Subject::Scan(Digest::of("scan"));
        let one = vault_one.put(&subject, "张三".as_bytes()).await.unwrap();
        let two = vault_one.put(&subject, "李四".as_bytes()).await.unwrap();
        let elsewhere = vault_one.get(&Subject::Log, &one).await;
        assert!(matches!(elsewhere, Err(VaultError::NotFound { .. })));
        let stranger = vault(&store, 2).get(&subject, &one).await;
        assert!(matches!(stranger, Err(VaultError::WrongKey { .. })));
        store
            .copy(&location(&subject, &two), &location(&subject, &one))
            .await
            .unwrap();
        let exchanged = vault_one.get(&subject, &one).await;
        assert!(matches!(exchanged, Err(VaultError::Damaged { .. })));
        store
            .put(&location(&subject, &one), PutPayload::from_static(b"x"))
            .await
            .unwrap();
        let overwritten = vault_one.get(&subject, &one).await.unwrap_err();
        assert!(matches!(overwritten, VaultError::Damaged { .. }));
        assert!(!overwritten.to_string().contains("张三"));
    }

    #[test]
    fn the_commitment_is_the_documented_hash() {
        let salt = [9; SALT_BYTES];
        let mut input = b"counterfoil/vault/v1\0log\0".to_vec();
        input.extend_from_slice(&salt);
        input.extend_from_slice(b"words");
        let expected = Commitment(Digest::of(&input));
        assert_eq!(commit(&Subject::Log, &salt, b"words"), expected);
    }
}
