//! A staff signing key, sealed under the person's PIN.
//!
//! Sealing and unsealing happen where the person is: in the browser, or in the command line. The server keeps the
//! sealed bytes for them and never sees the PIN or the seed. Whoever writes another client needs only this page.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `CFSK` in ASCII |
//! | 4 | 1 | version: 1 |
//! | 5 | 4 | Argon2id memory in KiB, big-endian |
//! | 9 | 4 | Argon2id passes, big-endian |
//! | 13 | 1 | Argon2id lanes |
//! | 14 | 16 | salt |
//! | 30 | 12 | nonce |
//! | 42 | 48 | the 32 bytes of the Ed25519 seed (RFC 8032 §5.1.5), encrypted with AES-256-GCM, and its 16-byte tag |
//!
//! 90 bytes in all. The AES key is Argon2id version 0x13 (RFC 9106) of the PIN's UTF-8 bytes in normal form NFC, with
//! that salt, no secret and no associated data, 32 bytes long. The additional data of AES-GCM are bytes 0 to 41, then
//! the 32 bytes of the public key: a sealed key does not open as another's.

use argon2::{Algorithm, Argon2, Params, Version};
use ed25519_dalek::{Signer as _, SigningKey};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::secret::SecretText;
use crate::domain::Digest;
use crate::domain::staff::{PublicKey, SignatureBytes, signing_message};
use crate::store::cipher::{Cipher, TAG_BYTES};
use crate::store::keys::{RandomFailed, fill_random};

/// Length of a sealed key.
pub const SEALED_BYTES: usize = 90;

/// The fewest characters of a PIN.
pub const PIN_CHARS_MIN: usize = 6;

const MAGIC: &[u8; 4] = b"CFSK";
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 42;

/// What is accepted of a sealed key, so that one made up by others costs neither all memory nor all day.
const MEMORY_KIB: std::ops::RangeInclusive<u32> = 8..=(1 << 20);
const PASSES: std::ops::RangeInclusive<u32> = 1..=16;
const LANES: std::ops::RangeInclusive<u8> = 1..=4;

/// What opening costs, and so what guessing a PIN costs. A PIN is short, so this is more than a password's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u8,
}

impl Default for SealCost {
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 1,
        }
    }
}

/// Why a key could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Too short.
    #[error(
        "签名密码至少 {PIN_CHARS_MIN} 个字符；请换一个 (the signing PIN has at least {PIN_CHARS_MIN} characters; choose another)"
    )]
    ShortPin,
    /// The wrong PIN, or bytes that were altered or belong to another key.
    #[error(
        "签名密码不正确，或密钥文件已损坏；请重新输入 (the signing PIN is wrong, or the sealed key is damaged; enter it again)"
    )]
    DoesNotOpen,
    /// Not a sealed key of a version known here.
    #[error(
        "不是本程序可识别的签名密钥；请重新登记 (not a sealed key this program knows; enrol another)"
    )]
    Unknown,
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

/// A signing key, opened. It shows its public half only and is wiped when dropped.
pub struct StaffKey(SigningKey);

impl std::fmt::Debug for StaffKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StaffKey({})", self.public())
    }
}

impl StaffKey {
    /// Makes a new key.
    pub fn generate() -> Result<Self, SealError> {
        let mut seed = Zeroizing::new([0u8; 32]);
        fill_random(seed.as_mut_slice())?;
        Ok(Self::from_seed(&seed))
    }

    /// The key of a seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// Signs the manifest with this digest.
    pub fn sign(&self, manifest: &Digest) -> SignatureBytes {
        let signature = self.0.sign(&signing_message(manifest));
        SignatureBytes::from_bytes(signature.to_bytes())
    }

    /// Seals the key under a PIN.
    pub fn seal(&self, pin: &SecretText, cost: SealCost) -> Result<Vec<u8>, SealError> {
        if pin.expose().chars().count() < PIN_CHARS_MIN {
            return Err(SealError::ShortPin);
        }
        let mut sealed = Vec::with_capacity(SEALED_BYTES);
        sealed.extend_from_slice(MAGIC);
        sealed.push(VERSION);
        sealed.extend_from_slice(&cost.memory_kib.to_be_bytes());
        sealed.extend_from_slice(&cost.passes.to_be_bytes());
        sealed.push(cost.lanes);
        let mut chance = [0u8; 28];
        fill_random(&mut chance)?;
        sealed.extend_from_slice(&chance);
        let head = Head::parse(&sealed).ok_or(SealError::Unknown)?;
        let mut seed = Zeroizing::new(self.0.to_bytes());
        let public = self.public();
        let aad = [sealed.as_slice(), public.as_bytes()].concat();
        let cipher = head.cipher(pin)?;
        let tag = cipher.seal(&head.nonce, &aad, seed.as_mut_slice());
        let tag = tag.map_err(|_| SealError::Unknown)?;
        sealed.extend_from_slice(seed.as_slice());
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens a sealed key whose public half is `public`.
    pub fn unseal(sealed: &[u8], public: &PublicKey, pin: &SecretText) -> Result<Self, SealError> {
        let (head_bytes, locked) = sealed
            .split_at_checked(HEAD_BYTES)
            .filter(|_| sealed.len() == SEALED_BYTES)
            .ok_or(SealError::Unknown)?;
        let head = Head::parse(head_bytes).ok_or(SealError::Unknown)?;
        let aad = [head_bytes, public.as_bytes()].concat();
        let locked = locked
            .split_last_chunk::<TAG_BYTES>()
            .ok_or(SealError::Unknown)?;
        let mut seed = Zeroizing::new([0u8; 32]);
        let cipher = head.cipher(pin)?;
        cipher
            .open(&head.nonce, &aad, locked, seed.as_mut_slice())
            .map_err(|_| SealError::DoesNotOpen)?;
        let key = Self::from_seed(&seed);
        if key.public() != *public {
            return Err(SealError::DoesNotOpen);
        }
        Ok(key)
    }
}

struct Head {
    cost: SealCost,
    salt: [u8; 16],
    nonce: [u8; 12],
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (version, rest) = rest.split_first()?;
        let (memory, rest) = rest.split_first_chunk::<4>()?;
        let (passes, rest) = rest.split_first_chunk::<4>()?;
        let (lanes, rest) = rest.split_first()?;
        let (salt, rest) = rest.split_first_chunk::<16>()?;
        let (nonce, rest) = rest.split_first_chunk::<12>()?;
        let cost = SealCost {
            memory_kib: u32::from_be_bytes(*memory),
            passes: u32::from_be_bytes(*passes),
            lanes: *lanes,
        };
        let bearable = MEMORY_KIB.contains(&cost.memory_kib)
            && PASSES.contains(&cost.passes)
            && LANES.contains(&cost.lanes);
        let known = magic == MAGIC && *version == VERSION && rest.is_empty();
        (known && bearable).then_some(Self {
            cost,
            salt: *salt,
            nonce: *nonce,
        })
    }

    fn cipher(&self, pin: &SecretText) -> Result<Cipher, SealError> {
        let SealCost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        let params = Params::new(memory_kib, passes, u32::from(lanes), Some(32));
        let params = params.map_err(|_| SealError::Unknown)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let pin: Zeroizing<String> = Zeroizing::new(pin.expose().nfc().collect());
        let mut key = Zeroizing::new([0u8; 32]);
        argon
            .hash_password_into(pin.as_bytes(), &self.salt, key.as_mut_slice())
            .map_err(|_| SealError::Unknown)?;
        Ok(Cipher::new(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: SealCost = SealCost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn a_sealed_key_opens_with_its_pin_alone() {
        let key = StaffKey::generate().unwrap();
        let pin = SecretText::new("签名 482913");
        let sealed = key.seal(&pin, COST).unwrap();
        assert_eq!(sealed.len(), SEALED_BYTES);
        let opened = StaffKey::unseal(&sealed, &key.public(), &pin).unwrap();
        let manifest = Digest::of("manifest");
        assert_eq!(opened.sign(&manifest), key.sign(&manifest));
        let wrong = SecretText::new("签名 482914");
        let refused = StaffKey::unseal(&sealed, &key.public(), &wrong);
        assert!(matches!(refused, Err(SealError::DoesNotOpen)));
        let other = StaffKey::generate().unwrap();
        let refused = StaffKey::unseal(&sealed, &other.public(), &pin);
        assert!(matches!(refused, Err(SealError::DoesNotOpen)));
        let short = key.seal(&SecretText::new("12345"), COST);
        assert!(matches!(short, Err(SealError::ShortPin)));
    }

    #[test]
    fn no_altered_byte_opens_and_none_costs_too_much() {
        let key = StaffKey::generate().unwrap();
        let pin = SecretText::new("482913");
        let sealed = key.seal(&pin, COST).unwrap();
        // Higher bytes of memory and passes would be refused unread, the lowest cost a little more.
        for place in 0..SEALED_BYTES {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(
                StaffKey::unseal(&altered, &key.public(), &pin).is_err(),
                "byte {place}"
            );
        }
        for length in 0..SEALED_BYTES {
            let cut = StaffKey::unseal(&sealed[..length], &key.public(), &pin);
            assert!(matches!(cut, Err(SealError::Unknown)));
        }
        let mut dear = sealed.clone();
        dear[5..9].copy_from_slice(&u32::MAX.to_be_bytes());
        let refused = StaffKey::unseal(&dear, &key.public(), &pin);
        assert!(matches!(refused, Err(SealError::Unknown)));
    }

    /// A fixed key, so that another client can be held to the same bytes.
    #[test]
    fn the_layout_is_the_documented_one() {
        let head = hex::decode("4346534b01000000400000000101").unwrap();
        let salt = [7u8; 16];
        let nonce = [9u8; 12];
        let bytes = [head.as_slice(), &salt, &nonce].concat();
        let head = Head::parse(&bytes).unwrap();
        assert_eq!(head.cost, COST);
        let key = StaffKey::from_seed(&[1; 32]);
        let aad = [bytes.as_slice(), key.public().as_bytes()].concat();
        let cipher = head.cipher(&SecretText::new("482913")).unwrap();
        let mut locked = [1u8; 32];
        let tag = cipher.seal(&head.nonce, &aad, &mut locked).unwrap();
        let sealed = [bytes.as_slice(), &locked, &tag].concat();
        let opened = StaffKey::unseal(&sealed, &key.public(), &SecretText::new("482913"));
        assert_eq!(opened.unwrap().public(), key.public());
        assert!(!format!("{key:?}").contains(&"01".repeat(32)));
    }
}
