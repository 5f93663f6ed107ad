//! Opening a sealed object: the trailer first, then any chunk by its number. Everything read here may have
//! been altered; nothing is returned that was not authenticated.

use std::sync::Arc;

use super::seal::{
    CHUNK_BYTES, END_MAGIC, Face, HEAD_BYTES, HEAD_FIXED, TAG_BYTES, TRAILER_BYTES_MAX,
    TRAILER_END_BYTES, Wrap, chunk_count, chunk_nonce,
};
use crate::store::case_keys::CaseKeyError;
use crate::store::cipher::Cipher;
use crate::store::keys::{MasterKey, Secret};

/// Why an object does not open.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// It is not what was written.
    Damaged(&'static str),
    /// None of its owners' keys is at hand.
    NoKey {
        /// Its owners.
        owners: String,
    },
    /// The cases it belonged to were erased, or the key of one cannot be read.
    Case(CaseKeyError),
    /// The object store failed.
    Store(object_store::Error),
}

/// An object whose trailer was read and whose data key was unwrapped.
#[derive(Clone)]
pub(crate) struct Opened {
    cipher: Arc<Cipher>,
    data_key: Secret,
    face: Face,
}

impl Opened {
    /// What its wraps are bound to.
    pub(crate) fn face(&self) -> &Face {
        &self.face
    }

    /// What its wraps hold.
    pub(crate) fn data_key(&self) -> &Secret {
        &self.data_key
    }

    /// Length of the plain bytes.
    pub(crate) fn plain_bytes(&self) -> u64 {
        self.face.plain_bytes
    }

    /// Number of chunks.
    pub(crate) fn chunks(&self) -> u64 {
        chunk_count(self.face.plain_bytes)
    }

    /// Where the chunks `first..end` stand in the object.
    pub(crate) fn object_range(&self, first: u64, end: u64) -> std::ops::Range<u64> {
        let sealed = (CHUNK_BYTES + TAG_BYTES) as u64;
        let stop = HEAD_BYTES as u64 + self.plain_bytes() + self.chunks() * TAG_BYTES as u64;
        let begin = HEAD_BYTES as u64 + first * sealed;
        begin..(HEAD_BYTES as u64 + end * sealed).min(stop)
    }

    /// Opens the chunks from number `first` on that `sealed` holds whole, and appends their plain bytes.
    pub(crate) fn open_chunks(
        &self,
        first: u64,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        let chunks = sealed.chunks(CHUNK_BYTES + TAG_BYTES);
        for (number, chunk) in (first..).zip(chunks) {
            self.open_chunk(number, chunk, out)?;
        }
        Ok(())
    }

    /// Opens a whole object, whose trailer made `self`.
    pub(crate) fn open_whole(&self, object: &[u8]) -> Result<Vec<u8>, OpenError> {
        let range = self.object_range(0, self.chunks());
        self.check_head(object.get(..HEAD_BYTES).unwrap_or_default())?;
        let chunks = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok())
            .and_then(|(start, end)| object.get(start..end))
            .ok_or(OpenError::Damaged("it was cut"))?;
        let mut plain = Vec::with_capacity(chunks.len());
        self.open_chunks(0, chunks, &mut plain)?;
        Ok(plain)
    }

    /// Compares the head at the front of the object with the sealed one.
    pub(crate) fn check_head(&self, head: &[u8]) -> Result<(), OpenError> {
        if head == self.face.head.as_slice() {
            return Ok(());
        }
        Err(OpenError::Damaged("its head was altered"))
    }

    fn open_chunk(&self, number: u64, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), OpenError> {
        let damaged = OpenError::Damaged("a chunk does not authenticate");
        let Some((body, tag)) = sealed.split_last_chunk::<TAG_BYTES>() else {
            return Err(damaged);
        };
        let Ok(counter) = u32::try_from(number) else {
            return Err(damaged);
        };
        let nonce = chunk_nonce(&self.face.head, counter, number + 1 == self.chunks());
        let begin = out.len();
        out.resize(begin + body.len(), 0);
        let place = out.get_mut(begin..).unwrap_or_default();
        let opened = self
            .cipher
            .open(&nonce, &self.face.head, (body, tag), place);
        if opened.is_err() {
            out.truncate(begin);
            return Err(damaged);
        }
        Ok(())
    }
}

/// The end of an object: who can open it.
pub(crate) struct Trailer {
    /// What its wraps are bound to.
    pub(crate) face: Face,
    /// One an owner.
    pub(crate) wraps: Vec<Wrap>,
    /// Its whole length.
    pub(crate) bytes: usize,
}

impl Trailer {
    /// Reads the trailer at the end of `tail`, the last bytes (at most [`TRAILER_BYTES_MAX`]) of an object of
    /// `object_bytes`.
    pub(crate) fn of_object(tail: &[u8], object_bytes: u64) -> Result<Self, OpenError> {
        let trailer = Self::read(tail)?;
        let plain_bytes = trailer.face.plain_bytes;
        let expected = (HEAD_BYTES as u64)
            .checked_add(plain_bytes)
            .and_then(|sum| {
                let tags = chunk_count(plain_bytes).checked_mul(TAG_BYTES as u64)?;
                sum.checked_add(tags)
            })
            .and_then(|sum| sum.checked_add(trailer.bytes as u64));
        if expected != Some(object_bytes) {
            return Err(OpenError::Damaged(
                "its length is not the one it was sealed with",
            ));
        }
        Ok(trailer)
    }

    /// Reads the trailer of an object that is wholly at hand.
    pub(crate) fn of_whole(object: &[u8]) -> Result<Self, OpenError> {
        let tail_start = object.len().saturating_sub(TRAILER_BYTES_MAX);
        let tail = object.get(tail_start..).unwrap_or_default();
        Self::of_object(tail, object.len() as u64)
    }

    /// Unwraps the data key of the object called `name`; none when the wrap is not of this object and this key.
    pub(crate) fn unwrap(&self, wrap: &Wrap, key: &MasterKey, name: &str) -> Option<Secret> {
        let context = self.face.context(&wrap.owner, name);
        key.unwrap(&wrap.wrapped, &wrap.nonce, &context)
    }

    /// The object with its data key.
    pub(crate) fn open(&self, data_key: Secret) -> Opened {
        Opened {
            cipher: Arc::new(Cipher::new(&data_key)),
            data_key,
            face: self.face,
        }
    }

    fn read(tail: &[u8]) -> Result<Self, OpenError> {
        let cut = OpenError::Damaged("it does not end as a sealed object; it was cut or extended");
        let Some((rest, magic)) = tail.split_last_chunk::<4>() else {
            return Err(cut);
        };
        let Some((rest, length)) = rest.split_last_chunk::<2>() else {
            return Err(cut);
        };
        let bytes = usize::from(u16::from_be_bytes(*length));
        if *magic != END_MAGIC || !(TRAILER_END_BYTES..=TRAILER_BYTES_MAX).contains(&bytes) {
            return Err(cut);
        }
        let Some(start) = tail.len().checked_sub(bytes) else {
            return Err(cut);
        };
        let Some((body, crc)) = rest.get(start..).and_then(<[u8]>::split_last_chunk::<4>) else {
            return Err(cut);
        };
        if crc32fast::hash(body) != u32::from_be_bytes(*crc) {
            return Err(OpenError::Damaged("its trailer was altered"));
        }
        Self::parse(body, bytes).ok_or(OpenError::Damaged("its trailer cannot be understood"))
    }

    fn parse(body: &[u8], bytes: usize) -> Option<Self> {
        let (head, rest) = body.split_first_chunk::<HEAD_BYTES>()?;
        if !head.starts_with(&HEAD_FIXED) {
            return None;
        }
        let (plain_bytes, rest) = rest.split_first_chunk::<8>()?;
        let (&count, mut rest) = rest.split_first()?;
        let mut wraps = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (wrap, after) = Wrap::parse(rest)?;
            wraps.push(wrap);
            rest = after;
        }
        if !rest.is_empty() {
            return None;
        }
        Some(Self {
            face: Face {
                head: *head,
                plain_bytes: u64::from_be_bytes(*plain_bytes),
            },
            wraps,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::super::seal::{SealChance, seal_whole, trailer};
    use super::*;
    use crate::domain::Digest;
    use crate::store::keys::{MasterKeys, WRAPPED_BYTES};

    fn open_whole(object: &[u8], name: &str, keys: &MasterKeys) -> Result<Vec<u8>, OpenError> {
        let trailer = Trailer::of_whole(object)?;
        for wrap in &trailer.wraps {
            let Some(key) = keys.by_owner(&wrap.owner) else {
                continue;
            };
            let data_key = trailer.unwrap(wrap, key, name);
            let data_key = data_key.ok_or(OpenError::Damaged("the wrap does not open"))?;
            return trailer.open(data_key).open_whole(object);
        }
        let owners: Vec<&str> = trailer
            .wraps
            .iter()
            .map(|wrap| wrap.owner.as_str())
            .collect();
        Err(OpenError::NoKey {
            owners: owners.join(", "),
        })
    }

    fn chance() -> SealChance {
        SealChance {
            data_key: Zeroizing::new([3; 32]),
            prefix: [4; 7],
            wrap_nonce: [5; 12],
        }
    }

    fn keys(byte: u8) -> MasterKeys {
        MasterKeys::new(MasterKey::from_secret(&[byte; 32]))
    }

    /// Guards the format: an object sealed with fixed chance keeps its bytes from version to version. The
    /// digest was found by writing the same object by the text of `seal` with another AES-GCM (pyca/cryptography).
    #[test]
    fn format_1_does_not_change() {
        let plain = vec![6; CHUNK_BYTES + 1];
        let sealed = seal_whole(&plain, "blob/x", &keys(1).current_owner(), chance()).unwrap();
        let golden = "24c8d16486b14ab59bea66f02d25b1fb80430cab8578a0d7f0e3dc7a91530f65";
        assert_eq!(Digest::of(&sealed).to_string(), golden);
        assert_eq!(open_whole(&sealed, "blob/x", &keys(1)).unwrap(), plain);
    }

    #[test]
    fn wraps_of_other_owners_are_passed_over() {
        let object = seal_whole(b"plain", "blob/x", &keys(1).current_owner(), chance()).unwrap();
        let trailer_length =
            u16::from_be_bytes([object[object.len() - 6], object[object.len() - 5]]);
        let (chunks, end) = object.split_at(object.len() - usize::from(trailer_length));
        let read = Trailer::read(end).unwrap();
        let other = Wrap {
            owner: "case:2026-0001".to_owned(),
            nonce: [0; 12],
            wrapped: [0; WRAPPED_BYTES],
        };
        let both = [other, read.wraps[0].clone()];
        let mut object = chunks.to_vec();
        object.extend_from_slice(&trailer(&read.face, &both));
        assert_eq!(open_whole(&object, "blob/x", &keys(1)).unwrap(), b"plain");
        let refused = open_whole(&object, "blob/x", &keys(2));
        let Err(OpenError::NoKey { owners }) = refused else {
            panic!("{refused:?}");
        };
        assert!(owners.starts_with("case:2026-0001, master:"), "{owners}");
    }

    #[test]
    fn a_forged_length_does_not_open() {
        let plain = vec![6; 3 * CHUNK_BYTES];
        let object = seal_whole(&plain, "blob/x", &keys(1).current_owner(), chance()).unwrap();
        let trailer_length =
            u16::from_be_bytes([object[object.len() - 6], object[object.len() - 5]]);
        let read = Trailer::read(&object[object.len() - usize::from(trailer_length)..]).unwrap();
        let mut cut = object[..HEAD_BYTES + 2 * (CHUNK_BYTES + TAG_BYTES)].to_vec();
        let face = Face {
            plain_bytes: 2 * CHUNK_BYTES as u64,
            ..read.face
        };
        cut.extend_from_slice(&trailer(&face, &read.wraps));
        let refused = open_whole(&cut, "blob/x", &keys(1));
        assert!(matches!(refused, Err(OpenError::Damaged(_))), "{refused:?}");
    }

    #[test]
    fn no_bytes_make_the_reader_panic() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        println!("seed {state:x}");
        let good = seal_whole(b"plain", "blob/x", &keys(1).current_owner(), chance()).unwrap();
        for round in 0..20_000usize {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let mut bytes = good.clone();
            bytes.truncate(state as usize % (good.len() + 1));
            if let Some(place) = bytes.len().checked_sub(1 + round % 40) {
                bytes[place] = (state >> 32) as u8;
            }
            if bytes != good {
                assert!(open_whole(&bytes, "blob/x", &keys(1)).is_err());
            }
        }
    }
}
