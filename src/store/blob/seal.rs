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
//! Owners are `master:KEYID` and `case:CASE`. A reader passes over wraps of owners whose key it does not hold. Later
//! wraps of a stored blob go to `wraps/ab/cd/DIGEST/OWNER`: "CFW1", the wrap as in a trailer, its CRC-32.

use crate::store::cipher::{self, Cipher};
use crate::store::keys::{
    OwnerKey, RandomFailed, Secret, WRAPPED_BYTES, random_bytes, random_secret,
};

/// Plain bytes in a full chunk.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes that encryption adds to a chunk.
pub(crate) const TAG_BYTES: usize = cipher::TAG_BYTES;
/// Length of the head.
pub(crate) const HEAD_BYTES: usize = 16;
/// The longest trailer that is written or read.
pub(crate) const TRAILER_BYTES_MAX: usize = 4096;
/// The last bytes of every object.
pub(crate) const END_MAGIC: [u8; 4] = *b"1BFC";
/// The first bytes of every object: magic, chunk size, reserved.
pub(crate) const HEAD_FIXED: [u8; 9] = *b"CFB1\x10\0\0\0\0";
/// The first bytes of a wrap that stands beside its blob.
const WRAP_MAGIC: [u8; 4] = *b"CFW1";
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
    /// Nonce of the first wrap.
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

/// What tells one sealed object from another: a wrap is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Face {
    /// Its head.
    pub head: [u8; HEAD_BYTES],
    /// Length of its plain bytes.
    pub plain_bytes: u64,
}

impl Face {
    /// Wraps the data key of the object called `name` for an owner. None only where the cipher refuses, which it
    /// does for no key.
    pub(crate) fn wrap(
        &self,
        name: &str,
        data_key: &Secret,
        owner: &OwnerKey,
        nonce: [u8; 12],
    ) -> Option<Wrap> {
        let context = self.context(&owner.owner, name);
        Some(Wrap {
            owner: owner.owner.clone(),
            nonce,
            wrapped: owner.key.wrap(data_key, &nonce, &context)?,
        })
    }

    /// What a wrap is bound to. `name` says what the object is (`blob/DIGEST`, `vault/SUBJECT/COMMITMENT`).
    pub(crate) fn context(&self, owner: &str, name: &str) -> Vec<u8> {
        let mut context = b"counterfoil/data-key/v1\0".to_vec();
        context.extend_from_slice(owner.as_bytes());
        context.push(0);
        context.extend_from_slice(name.as_bytes());
        context.push(0);
        context.extend_from_slice(&self.plain_bytes.to_be_bytes());
        context.extend_from_slice(&self.head);
        context
    }
}

/// Number of chunks of that many plain bytes; an empty object has one empty chunk.
pub(crate) fn chunk_count(plain_bytes: u64) -> u64 {
    plain_bytes.div_ceil(CHUNK_BYTES as u64).max(1)
}

/// Seals a stream of plain bytes into `out`, chunk by chunk.
pub(crate) struct Sealer {
    chance: SealChance,
    cipher: Cipher,
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
            cipher: Cipher::new(&chance.data_key),
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

    /// Seals the last chunk and writes the trailer with one wrap for `owner`.
    pub(crate) fn finish(mut self, name: &str, owner: &OwnerKey) -> Result<Sealed, SealError> {
        self.seal_held(true)?;
        let face = Face {
            head: self.head,
            plain_bytes: self.plain_bytes,
        };
        let wrap = face
            .wrap(name, &self.chance.data_key, owner, self.chance.wrap_nonce)
            .ok_or(SealError::TooLong)?;
        self.out.extend_from_slice(&trailer(&face, &[wrap]));
        Ok(Sealed {
            rest: self.out,
            face,
            data_key: self.chance.data_key,
        })
    }

    fn seal_held(&mut self, last: bool) -> Result<(), SealError> {
        let nonce = chunk_nonce(&self.head, self.counter, last);
        let tag = self
            .cipher
            .seal(&nonce, &self.head, &mut self.held)
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

/// An object whose sealing ended.
pub(crate) struct Sealed {
    /// Its last bytes: those that were not taken before.
    pub rest: Vec<u8>,
    /// What its wraps are bound to.
    pub face: Face,
    /// What its wraps hold.
    pub data_key: Secret,
}

/// One owner's way to the data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrap {
    /// `master:KEYID` or `case:CASE`, at most 64 bytes.
    pub owner: String,
    /// Nonce of the wrap.
    pub nonce: [u8; 12],
    /// The data key, encrypted.
    pub wrapped: [u8; WRAPPED_BYTES],
}

impl Wrap {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.owner.len() as u8);
        bytes.extend_from_slice(self.owner.as_bytes());
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.wrapped);
    }

    /// Reads a wrap at the front of `bytes`, and what follows it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&length, rest) = bytes.split_first()?;
        let (owner, rest) = rest.split_at_checked(usize::from(length))?;
        let (nonce, rest) = rest.split_first_chunk::<12>()?;
        let (wrapped, rest) = rest.split_first_chunk::<WRAPPED_BYTES>()?;
        let wrap = Self {
            owner: String::from_utf8(owner.to_vec()).ok()?,
            nonce: *nonce,
            wrapped: *wrapped,
        };
        Some((wrap, rest))
    }

    /// The bytes of a wrap that stands beside its blob.
    pub(crate) fn to_object(&self) -> Vec<u8> {
        let mut bytes = WRAP_MAGIC.to_vec();
        self.write(&mut bytes);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        bytes
    }

    /// Reads a wrap that stands beside its blob; none when it is not what was written.
    pub(crate) fn from_object(object: &[u8]) -> Option<Self> {
        let (body, crc) = object.split_last_chunk::<4>()?;
        if crc32fast::hash(body) != u32::from_be_bytes(*crc) {
            return None;
        }
        let (wrap, rest) = Self::parse(body.strip_prefix(&WRAP_MAGIC)?)?;
        rest.is_empty().then_some(wrap)
    }
}

/// The bytes of a trailer. Owners are made by this program and short.
pub(crate) fn trailer(face: &Face, wraps: &[Wrap]) -> Vec<u8> {
    let mut bytes = face.head.to_vec();
    bytes.extend_from_slice(&face.plain_bytes.to_be_bytes());
    bytes.push(wraps.len() as u8);
    for wrap in wraps {
        wrap.write(&mut bytes);
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
    owner: &OwnerKey,
    chance: SealChance,
) -> Result<Vec<u8>, SealError> {
    let mut sealer = Sealer::new(chance);
    sealer.push(plain)?;
    Ok(sealer.finish(name, owner)?.rest)
}
