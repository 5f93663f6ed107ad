//! Secrets that never enter the data folder: the master key that opens every blob, and other 32-byte secrets
//! of the same file form (the log's signing seed).
//!
//! A secret file has two lines: `counterfoil-secret-v1 FINGERPRINT` and the 32 bytes as hexadecimal digits. Its
//! loss cannot be repaired: without the master key no stored byte can be read, so it is backed up apart from
//! the data, and a new one is never made while the store already holds something.

mod secret_file;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::cipher::{Cipher, TAG_BYTES};

pub use secret_file::{
    check_outside, create_secret, load_or_create_secret, load_or_create_token, read_private_text,
};

/// 32 secret bytes, wiped when dropped.
pub type Secret = Zeroizing<[u8; 32]>;

/// Length of a wrapped data key: 32 bytes and a 16-byte tag.
pub(crate) const WRAPPED_BYTES: usize = 32 + TAG_BYTES;

/// A key file could not be made, read or trusted.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is none, and the caller did not allow a new one.
    #[error(
        "no key file at {path}: put it back from its backup; a new key cannot open what is already stored"
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Others than its owner may read or write it.
    #[error("key file {path} is open to others (mode {mode:o}): run `chmod 600` on it")]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a secret file, or it was altered.
    #[error("key file {path} cannot be used: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// It lies inside the data folder, where a copy of the data would carry the key along.
    #[error("key file {path} lies inside the data folder {folder}: keep it elsewhere")]
    InsideData {
        /// The file.
        path: PathBuf,
        /// The data folder.
        folder: PathBuf,
    },
    /// The file system failed.
    #[error("key file {path}: {source}")]
    Io {
        /// The file or its folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct RandomFailed(getrandom::Error);

/// Fills `buffer` with random bytes of the operating system. The one place where this program draws them.
pub fn fill_random(buffer: &mut [u8]) -> Result<(), RandomFailed> {
    getrandom::fill(buffer).map_err(RandomFailed)
}

/// Draws `N` random bytes.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], RandomFailed> {
    let mut bytes = [0u8; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// Draws a new secret.
pub fn random_secret() -> Result<Secret, RandomFailed> {
    let mut secret = Zeroizing::new([0u8; 32]);
    fill_random(secret.as_mut_slice())?;
    Ok(secret)
}

/// The public name of a secret: 8 bytes derived from it one way, written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The name of `secret`.
    pub fn of(secret: &[u8; 32]) -> Self {
        let derived = derive(secret, "id");
        let mut id = [0u8; 8];
        id.copy_from_slice(&derived[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0u8; 8];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

/// Derives 32 bytes for one purpose. The purpose comes first and is closed by a zero byte, and the secret has
/// a fixed length, so two purposes never hash the same input; SHA-256 of 32 random bytes cannot be inverted.
fn derive(secret: &[u8; 32], purpose: &str) -> Secret {
    let mut hasher = Sha256::new();
    hasher.update(b"counterfoil/keys/v1/");
    hasher.update(purpose.as_bytes());
    hasher.update([0]);
    hasher.update(secret);
    Zeroizing::new(hasher.finalize().into())
}

/// A key that wraps data keys: the hall's, or that of a case. What it shows of itself is its name only.
pub struct MasterKey {
    id: KeyId,
    wrapping: Secret,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

impl MasterKey {
    /// Derives the wrapping key from a secret.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self {
            id: KeyId::of(secret),
            wrapping: derive(secret, "wrap"),
        }
    }

    /// Its public name.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The owner text that its wraps carry.
    pub(crate) fn owner(&self) -> String {
        format!("master:{}", self.id)
    }

    /// Wraps `data_key` with AES-256-GCM, bound to `context`. A random nonce serves one key safely for 2^32
    /// wraps (NIST SP 800-38D §8.3), far above the blobs of one hall.
    pub(crate) fn wrap(
        &self,
        data_key: &Secret,
        nonce: &[u8; 12],
        context: &[u8],
    ) -> Option<[u8; WRAPPED_BYTES]> {
        let mut wrapped = [0; WRAPPED_BYTES];
        let (sealed, tag) = wrapped.split_last_chunk_mut::<TAG_BYTES>()?;
        sealed.copy_from_slice(data_key.as_slice());
        *tag = self.cipher().seal(nonce, context, sealed).ok()?;
        Some(wrapped)
    }

    /// Unwraps a data key; none when the wrap was altered or belongs to another context.
    pub(crate) fn unwrap(
        &self,
        wrapped: &[u8; WRAPPED_BYTES],
        nonce: &[u8; 12],
        context: &[u8],
    ) -> Option<Secret> {
        let sealed = wrapped.split_last_chunk::<TAG_BYTES>()?;
        let mut data_key = Zeroizing::new([0u8; 32]);
        let opened = self
            .cipher()
            .open(nonce, context, sealed, data_key.as_mut_slice());
        opened.ok().map(|()| data_key)
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(&self.wrapping)
    }
}

/// Whoever refers to an object, and the key that wraps its data key for them: the master key where no case does,
/// otherwise the key of the case.
#[derive(Debug, Clone)]
pub(crate) struct OwnerKey {
    /// `master:KEYID` or `case:CASE`, at most 64 bytes.
    pub owner: String,
    /// The key.
    pub key: Arc<MasterKey>,
}

/// The master keys at hand: new data keys are wrapped by the current one, older ones still open theirs.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    current: Arc<MasterKey>,
    older: Vec<Arc<MasterKey>>,
}

impl MasterKeys {
    /// One key for everything.
    pub fn new(current: MasterKey) -> Self {
        Self {
            current: Arc::new(current),
            older: Vec::new(),
        }
    }

    /// Adds a key that only opens what it once wrapped.
    pub fn and_older(mut self, key: MasterKey) -> Self {
        self.older.push(Arc::new(key));
        self
    }

    /// Loads the master key from `path`, which must lie outside `data_folder`; makes it when `allow_create`.
    /// The caller allows that only while the store holds nothing.
    pub fn load_or_create(
        path: &Path,
        data_folder: &Path,
        allow_create: bool,
    ) -> Result<Self, KeyError> {
        check_outside(path, data_folder)?;
        let secret = load_or_create_secret(path, allow_create)?;
        Ok(Self::new(MasterKey::from_secret(&secret)))
    }

    /// The key that wraps what is written now.
    pub fn current(&self) -> &MasterKey {
        &self.current
    }

    /// The same with its owner text.
    pub(crate) fn current_owner(&self) -> OwnerKey {
        OwnerKey {
            owner: self.current.owner(),
            key: Arc::clone(&self.current),
        }
    }

    /// The key of the owner text `owner`, when it is at hand.
    pub(crate) fn by_owner(&self, owner: &str) -> Option<&MasterKey> {
        self.find(owner).map(Arc::as_ref)
    }

    /// The same to keep.
    pub(crate) fn shared_by_owner(&self, owner: &str) -> Option<Arc<MasterKey>> {
        self.find(owner).map(Arc::clone)
    }

    fn find(&self, owner: &str) -> Option<&Arc<MasterKey>> {
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.owner() == owner)
    }

    /// The owner texts at hand, for messages.
    pub(crate) fn owners(&self) -> String {
        let owners: Vec<String> = std::iter::once(&self.current)
            .chain(&self.older)
            .map(|key| key.owner())
            .collect();
        owners.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_opens_only_under_its_key_and_context() {
        let key = MasterKey::from_secret(&[7; 32]);
        let data_key = Zeroizing::new([9; 32]);
        let wrapped = key.wrap(&data_key, &[1; 12], b"here").unwrap();
        assert_eq!(
            key.unwrap(&wrapped, &[1; 12], b"here").as_deref(),
            Some(&[9; 32])
        );
        assert!(key.unwrap(&wrapped, &[1; 12], b"there").is_none());
        assert!(key.unwrap(&wrapped, &[2; 12], b"here").is_none());
        let other = MasterKey::from_secret(&[8; 32]);
        assert!(other.unwrap(&wrapped, &[1; 12], b"here").is_none());
        let mut altered = wrapped;
        altered[47] ^= 1;
        assert!(key.unwrap(&altered, &[1; 12], b"here").is_none());
    }

    #[test]
    fn a_key_shows_its_name_and_nothing_else() {
        let key = MasterKey::from_secret(&[7; 32]);
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.id()));
        assert_ne!(key.wrapping.as_slice(), [7; 32]);
        assert_ne!(
            hex::encode(key.wrapping.as_slice())[..16],
            key.id().to_string()
        );
    }

    #[test]
    fn an_older_key_still_opens_its_wraps() {
        let keys = MasterKeys::new(MasterKey::from_secret(&[1; 32]))
            .and_older(MasterKey::from_secret(&[2; 32]));
        let older = MasterKey::from_secret(&[2; 32]).owner();
        assert!(keys.by_owner(&older).is_some());
        assert!(
            keys.by_owner(&MasterKey::from_secret(&[3; 32]).owner())
                .is_none()
        );
        assert_eq!(keys.current().id(), KeyId::of(&[1; 32]));
    }
}
