//! The sealed object, format 1: how plain bytes become an encrypted object.
//!
//! ```text
//! head     16  "CFB1", log2 of the chunk size (16 = 64 KiB), 4 zero bytes, 7 random bytes (nonce prefix)
//! chunks       each 64 KiB of plain bytes (the last one 0..=64 KiB) encrypted, and its 16-byte tag
//! trailer      head again 16, plain length u64, number of wraps u8,
//!              each wrap: owner length u8, owner, nonce 12, wrapped data key 48
//!              CRC-32 of the trailer so far u32, trailer length u16, "1BFC"
//! ```
//!
//! Numbers are big-endian. Chunks are AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway,
//! Vizár: "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): nonce = prefix,
//! 32-bit counter, 1 for the last chunk; the head is associated data. So cutting, joining and reordering
//! show. The data key serves one object only. Its wraps stand at the end, where the digest and the length of
//! a stream are known: a wrap is bound to owner, address, length and head, so an object moved to another
//! address, or given another length, does not open. The CRC tells damage from a wrong key.
//!
//! Owners today: `master:KEYID`. Wraps of other owners (`case:ID`) are allowed and passed over by a reader that
//! does not hold their key; later wraps of a stored object go to `wraps/DIGEST/OWNER` in the same form.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce};

use crate::store::keys::{
    MasterKey, RandomFailed, Secret, WRAPPED_BYTES, random_bytes, random_secret,
};

/// Plain bytes in a full chunk.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes that encryption adds to a chunk.
pub(crate) const TAG_BYTES: usize = 16;
/// Length of the head.
pub(crate) const HEAD_BYTES: usize = 16;
/// The longest trailer that is written or read.
pub(crate) const TRAILER_BYTES_MAX: usize = 4096;
/// The last bytes of every object.
pub(crate) const END_MAGIC: [u8; 4] = *b"1BFC";
/// The first bytes of every object: magic, chunk size, reserved.
pub(crate) const HEAD_FIXED: [u8; 9] = *b"CFB1\x10\0\0\0\0";
/// CRC-32, length and magic at the end of the trailer.
pub(crate) const TRAILER_END_BYTES: usize = 4 + 2 + 4;

/// Why sealing failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    /// More chunks than the 32-bit counter can number (256 TiB).
    #[error("too long to seal")]
    TooLong,
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

/// The random part of one sealed object.
pub(crate) struct SealChance {
    /// Encrypts the chunks.
    pub data_key: Secret,
    /// Begins every chunk's nonce.
    pub prefix: [u8; 7],
    /// Nonce of the wrap by the master key.
    pub wrap_nonce: [u8; 12],
}

impl SealChance {
    /// Draws it from the operating system.
    pub(crate) fn draw() -> Result<Self, RandomFailed> {
        Ok(Self {
            data_key: random_secret()?,
            prefix: random_bytes()?,
            wrap_nonce: random_bytes()?,
        })
    }
}

/// The head of an object with this nonce prefix.
pub(crate) fn head_of(prefix: &[u8; 7]) -> [u8; HEAD_BYTES] {
    let mut head = [0u8; HEAD_BYTES];
    head[..9].copy_from_slice(&HEAD_FIXED);
    head[9..].copy_from_slice(prefix);
    head
}

/// The nonce of one chunk.
pub(crate) fn chunk_nonce(head: &[u8; HEAD_BYTES], counter: u32, last: bool) -> [u8; 12] {
    let mut nonce = [0u8; 12];
    nonce[..7].copy_from_slice(&head[9..]);
    nonce[7..11].copy_from_slice(&counter.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

/// What a wrap is bound to. `name` says what the object is (`blob/DIGEST`, `vault/SUBJECT/COMMITMENT`).
pub(crate) fn wrap_context(
    owner: &str,
    name: &str,
    plain_bytes: u64,
    head: &[u8; HEAD_BYTES],
) -> Vec<u8> {
    let mut context = b"counterfoil/data-key/v1\0".to_vec();
    context.extend_from_slice(owner.as_bytes());
    context.push(0);
    context.extend_from_slice(name.as_bytes());
    context.push(0);
    context.extend_from_slice(&plain_bytes.to_be_bytes());
    context.extend_from_slice(head);
    context
}

/// Number of chunks of that many plain bytes; an empty object has one empty chunk.
pub(crate) fn chunk_count(plain_bytes: u64) -> u64 {
    plain_bytes.div_ceil(CHUNK_BYTES as u64).max(1)
}

/// Seals a stream of plain bytes into `out`, chunk by chunk.
pub(crate) struct Sealer {
    chance: SealChance,
    cipher: Aes256Gcm,
    head: [u8; HEAD_BYTES],
    /// Plain bytes not yet sealed: whether they are the last chunk is not yet known.
    held: Vec<u8>,
    counter: u32,
    plain_bytes: u64,
    /// Sealed bytes that were not taken yet.
    out: Vec<u8>,
}

impl Sealer {
    /// Begins an object.
    pub(crate) fn new(chance: SealChance) -> Self {
        let head = head_of(&chance.prefix);
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*chance.data_key)),
            chance,
            head,
            held: Vec::with_capacity(CHUNK_BYTES),
            counter: 0,
            plain_bytes: 0,
            out: head.to_vec(),
        }
    }

    /// Takes the next plain bytes.
    pub(crate) fn push(&mut self, mut plain: &[u8]) -> Result<(), SealError> {
        self.plain_bytes += plain.len() as u64;
        while !plain.is_empty() {
            if self.held.len() == CHUNK_BYTES {
                self.seal_held(false)?;
            }
            let room = CHUNK_BYTES - self.held.len();
            let (taken, rest) = plain.split_at(room.min(plain.len()));
            self.held.extend_from_slice(taken);
            plain = rest;
        }
        Ok(())
    }

    /// Sealed bytes that wait to be taken.
    pub(crate) fn sealed_bytes(&self) -> usize {
        self.out.len()
    }

    /// Takes the first `length` sealed bytes, and makes room for `room` more at once, so that a long stream
    /// does not grow its buffer by doubling.
    pub(crate) fn take_front(&mut self, length: usize, room: usize) -> Vec<u8> {
        let mut rest = Vec::with_capacity(room);
        rest.extend(self.out.drain(length.min(self.out.len())..));
        std::mem::replace(&mut self.out, rest)
    }

    /// Seals the last chunk, writes the trailer with one wrap by `key`, and returns what was not taken yet.
    pub(crate) fn finish(mut self, name: &str, key: &MasterKey) -> Result<Vec<u8>, SealError> {
        self.seal_held(true)?;
        let owner = key.owner();
        let context = wrap_context(&owner, name, self.plain_bytes, &self.head);
        let wrapped = key
            .wrap(&self.chance.data_key, &self.chance.wrap_nonce, &context)
            .ok_or(SealError::TooLong)?;
        let wrap = Wrap {
            owner,
            nonce: self.chance.wrap_nonce,
            wrapped,
        };
        self.out
            .extend_from_slice(&trailer(&self.head, self.plain_bytes, &[wrap]));
        Ok(self.out)
    }

    fn seal_held(&mut self, last: bool) -> Result<(), SealError> {
        let nonce = chunk_nonce(&self.head, self.counter, last);
        let tag = self
            .cipher
            .encrypt_inout_detached(
                &Nonce::from(nonce),
                &self.head,
                self.held.as_mut_slice().into(),
            )
            .map_err(|_| SealError::TooLong)?;
        self.out.extend_from_slice(&self.held);
        self.out.extend_from_slice(&tag);
        self.held.clear();
        if !last {
            self.counter = self.counter.checked_add(1).ok_or(SealError::TooLong)?;
        }
        Ok(())
    }
}

/// One owner's way to the data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrap {
    /// `master:KEYID` or `case:ID`, at most 64 bytes.
    pub owner: String,
    /// Nonce of the wrap.
    pub nonce: [u8; 12],
    /// The data key, encrypted.
    pub wrapped: [u8; WRAPPED_BYTES],
}

/// The bytes of a trailer. Owners are made by this program and short.
pub(crate) fn trailer(head: &[u8; HEAD_BYTES], plain_bytes: u64, wraps: &[Wrap]) -> Vec<u8> {
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(&plain_bytes.to_be_bytes());
    bytes.push(wraps.len() as u8);
    for wrap in wraps {
        bytes.push(wrap.owner.len() as u8);
        bytes.extend_from_slice(wrap.owner.as_bytes());
        bytes.extend_from_slice(&wrap.nonce);
        bytes.extend_from_slice(&wrap.wrapped);
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    let length = (bytes.len() + 6) as u16;
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&END_MAGIC);
    bytes
}

/// Seals bytes that are wholly at hand.
pub(crate) fn seal_whole(
    plain: &[u8],
    name: &str,
    key: &MasterKey,
    chance: SealChance,
) -> Result<Vec<u8>, SealError> {
    let mut sealer = Sealer::new(chance);
    sealer.push(plain)?;
    sealer.finish(name, key)
}
