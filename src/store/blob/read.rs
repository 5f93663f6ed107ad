//! Reading blobs: whole, by range, by length, and only to see whether they are sound.

use std::ops::Range;

use bytes::Bytes;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use super::open::{OpenError, Opened, Trailer};
use super::seal::{CHUNK_BYTES, TRAILER_BYTES_MAX, chunk_count};
use super::{BlobError, Blobs, HEAD_BYTES, TAG_BYTES, address, off_thread};
use crate::domain::Digest;
use crate::store::case_keys::CaseKeyError;

/// Bytes that are opened or digested in some 0.1 ms.
const SHORT_BYTES: usize = 128 * 1024;
/// Chunks that are read at once where a whole blob is checked: 2 MiB.
const WINDOW_CHUNKS: u64 = 32;

impl Blobs {
    /// The whole blob: decrypted, and its digest found equal to the address. Refuses more than `bytes_max`
    /// plain bytes before they are read.
    pub async fn get(&self, digest: &Digest, bytes_max: u64) -> Result<Bytes, BlobError> {
        let plain = self.get_sealed(digest, bytes_max).await?;
        let hashed = plain.clone();
        let found = aside(hashed.len(), move || Digest::of(&hashed)).await?;
        if found != *digest {
            return Err(BlobError::Damaged {
                digest: *digest,
                reason: "its bytes have another digest",
            });
        }
        Ok(plain)
    }

    /// The same, without computing the digest again: the seal vouches that these are the bytes which had this digest
    /// when they were stored.
    pub async fn get_sealed(&self, digest: &Digest, bytes_max: u64) -> Result<Bytes, BlobError> {
        let found = self
            .objects
            .get(&address(digest))
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        if found.meta.size > sealed_bytes_max(bytes_max) {
            return Err(BlobError::TooLarge { bytes_max });
        }
        let object = found
            .bytes()
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        let trailer = Trailer::of_whole(&object).map_err(|error| self.not_opened(digest, error))?;
        let opened = self.unlock(digest, &trailer).await?;
        let plain = aside(object.len(), move || opened.open_whole(&object))
            .await?
            .map_err(|error| self.not_opened(digest, error))?;
        if plain.len() as u64 > bytes_max {
            return Err(BlobError::TooLarge { bytes_max });
        }
        Ok(plain.into())
    }

    /// The plain bytes of `range`, cut to the blob's length; only the chunks that hold them are read, and each
    /// is authenticated for this blob and this place. The caller limits the length of `range`.
    pub async fn get_range(&self, digest: &Digest, range: Range<u64>) -> Result<Bytes, BlobError> {
        match self.get_range_once(digest, range.clone()).await {
            // Another writer may have replaced the object between the two reads, by one of the same content.
            Err(BlobError::Damaged { .. }) => self.get_range_once(digest, range).await,
            other => other,
        }
    }

    /// Length of the plain bytes, from the authenticated trailer; none when there is no such blob.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        match self.open_tail(digest).await {
            Ok(opened) => Ok(Some(opened.plain_bytes())),
            Err(BlobError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the whole blob, a window at a time, and checks every chunk and the digest. Returns its length.
    pub async fn verify(&self, digest: &Digest) -> Result<u64, BlobError> {
        match self.verify_once(digest).await {
            Err(BlobError::Damaged { .. }) => self.verify_once(digest).await,
            other => other,
        }
    }

    async fn get_range_once(&self, digest: &Digest, range: Range<u64>) -> Result<Bytes, BlobError> {
        let opened = self.open_tail(digest).await?;
        let end = range.end.min(opened.plain_bytes());
        if range.start >= end {
            return Ok(Bytes::new());
        }
        let first = range.start / CHUNK_BYTES as u64;
        let plain = self
            .read_chunks(digest, &opened, first..chunk_count(end))
            .await?;
        let begin = first * CHUNK_BYTES as u64;
        let place = usize::try_from(range.start - begin)
            .ok()
            .zip(usize::try_from(end - begin).ok())
            .filter(|(_, stop)| *stop <= plain.len());
        let Some((start, stop)) = place else {
            return Err(BlobError::Damaged {
                digest: *digest,
                reason: "it was cut",
            });
        };
        Ok(Bytes::from(plain).slice(start..stop))
    }

    async fn verify_once(&self, digest: &Digest) -> Result<u64, BlobError> {
        let opened = self.open_tail(digest).await?;
        self.check_head(digest, &opened).await?;
        let mut hasher = crate::domain::digest::TwinHasher::default();
        let mut first = 0;
        while first < opened.chunks() {
            let end = opened.chunks().min(first + WINDOW_CHUNKS);
            let plain = self.read_chunks(digest, &opened, first..end).await?;
            hasher = off_thread(move || {
                hasher.update(&plain);
                hasher
            })
            .await?;
            first = end;
        }
        let (found, _, bytes) = hasher.finish();
        if found != *digest || bytes != opened.plain_bytes() {
            return Err(BlobError::Damaged {
                digest: *digest,
                reason: "its bytes have another digest",
            });
        }
        Ok(bytes)
    }

    /// Reads and opens the chunks of these numbers.
    async fn read_chunks(
        &self,
        digest: &Digest,
        opened: &Opened,
        numbers: Range<u64>,
    ) -> Result<Vec<u8>, BlobError> {
        let range = opened.object_range(numbers.start, numbers.end);
        let length = range.end - range.start;
        let sealed = self
            .objects
            .get_range(&address(digest), range)
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        if sealed.len() as u64 != length {
            return Err(BlobError::Damaged {
                digest: *digest,
                reason: "it was cut",
            });
        }
        let opened = opened.clone();
        off_thread(move || {
            let mut plain = Vec::with_capacity(sealed.len());
            opened.open_chunks(numbers.start, &sealed, &mut plain)?;
            Ok(plain)
        })
        .await?
        .map_err(|error| self.not_opened(digest, error))
    }

    /// Reads the end of the object and unwraps its data key.
    pub(super) async fn open_tail(&self, digest: &Digest) -> Result<Opened, BlobError> {
        let trailer = self.read_trailer(digest).await?;
        self.unlock(digest, &trailer).await
    }

    /// Reads the end of the object.
    pub(super) async fn read_trailer(&self, digest: &Digest) -> Result<Trailer, BlobError> {
        let location = address(digest);
        let meta = self
            .objects
            .head(&location)
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        let start = meta.size.saturating_sub(TRAILER_BYTES_MAX as u64);
        if start == meta.size {
            return Err(BlobError::Damaged {
                digest: *digest,
                reason: "it is empty",
            });
        }
        let options = GetOptions {
            range: Some(GetRange::Bounded(start..meta.size)),
            ..GetOptions::default()
        };
        let found = self
            .objects
            .get_opts(&location, options)
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        let object_bytes = found.meta.size;
        let tail = found
            .bytes()
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        Trailer::of_object(&tail, object_bytes).map_err(|error| self.not_opened(digest, error))
    }

    async fn check_head(&self, digest: &Digest, opened: &Opened) -> Result<(), BlobError> {
        let head = self
            .objects
            .get_range(&address(digest), 0..HEAD_BYTES as u64)
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        opened
            .check_head(&head)
            .map_err(|error| self.not_opened(digest, error))
    }

    pub(super) fn not_opened(&self, digest: &Digest, error: OpenError) -> BlobError {
        match error {
            OpenError::Damaged(reason) => BlobError::Damaged {
                digest: *digest,
                reason,
            },
            OpenError::NoKey { owners } => BlobError::WrongKey {
                digest: *digest,
                needs: owners,
                held: self.ring.masters().owners(),
            },
            OpenError::Case(CaseKeyError::Erased { case, tombstone }) => BlobError::Erased {
                digest: *digest,
                case,
                tombstone,
            },
            OpenError::Case(error) => error.into(),
            OpenError::Store(error) => BlobError::Store(error),
        }
    }
}

/// Does what takes long with many bytes on a thread for that; with few, changing threads would take longer.
async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BlobError> {
    match bytes <= SHORT_BYTES {
        true => Ok(work()),
        false => off_thread(work).await,
    }
}

/// The longest object that may hold `plain_bytes`.
fn sealed_bytes_max(plain_bytes: u64) -> u64 {
    let tags = chunk_count(plain_bytes).saturating_mul(TAG_BYTES as u64);
    plain_bytes
        .saturating_add(tags)
        .saturating_add((HEAD_BYTES + TRAILER_BYTES_MAX) as u64)
}
