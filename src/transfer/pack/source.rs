//! The blobs of a package as streams of bytes, read by threads that serve no requests.

use std::io::Read;

use bytes::Bytes;
use tokio::runtime::Handle;

use super::internal;
use crate::counter::{Counter, CounterError};
use crate::domain::Digest;
use crate::store::blob::{BlobError, Blobs};

/// Bytes of a blob read at once.
pub(super) const PIECE_BYTES: u64 = 4 * 1024 * 1024;

/// The blobs of a package, read away from the request threads.
#[derive(Clone)]
pub(super) struct BlobSource {
    blobs: Blobs,
    /// Where blobs are asked for over a network.
    runtime: Option<Handle>,
}

impl BlobSource {
    /// Those of this hall. Called within its runtime.
    pub fn new(counter: &Counter) -> Self {
        let blobs = counter.blobs.as_ref().clone();
        let runtime = (!blobs.is_local()).then(Handle::current);
        Self { blobs, runtime }
    }

    #[cfg(test)]
    pub fn over(blobs: Blobs, runtime: Option<Handle>) -> Self {
        Self { blobs, runtime }
    }

    /// All bytes of a blob; none of one longer than a piece.
    pub fn whole(&self, digest: &Digest) -> Result<Option<Bytes>, CounterError> {
        match self.wait(self.blobs.get_sealed(digest, PIECE_BYTES)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(BlobError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The length of a blob.
    pub fn size(&self, digest: &Digest) -> Result<u64, CounterError> {
        let size = self.wait(self.blobs.size(digest))?;
        size.ok_or_else(|| internal(format!("blob {digest} is missing")))
    }

    /// A blob as a stream of bytes.
    pub fn open(&self, digest: &Digest) -> Result<BlobReader<'_>, CounterError> {
        Ok(self.reader(digest, self.size(digest)?))
    }

    /// The same of a blob whose length is known.
    pub fn reader(&self, digest: &Digest, size: u64) -> BlobReader<'_> {
        BlobReader {
            source: self,
            digest: *digest,
            at: 0,
            size,
            piece: Bytes::new(),
        }
    }

    /// Waits on this thread. What rests on this machine is read without the runtime: each of its changes of thread costs
    /// as much as reading a page.
    fn wait<T>(&self, reading: impl Future<Output = T>) -> T {
        match &self.runtime {
            Some(runtime) => runtime.block_on(reading),
            None => futures_executor::block_on(reading),
        }
    }
}

/// A blob as a stream of bytes.
pub(super) struct BlobReader<'j> {
    source: &'j BlobSource,
    digest: Digest,
    at: u64,
    /// All its bytes.
    pub size: u64,
    piece: Bytes,
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.piece.is_empty() && self.at < self.size {
            let end = self.size.min(self.at + PIECE_BYTES);
            let piece = self.source.blobs.get_range(&self.digest, self.at..end);
            self.piece = self.source.wait(piece).map_err(std::io::Error::other)?;
            self.at = end;
        }
        let length = buffer.len().min(self.piece.len());
        let piece = self.piece.split_to(length);
        if let Some(place) = buffer.get_mut(..length) {
            place.copy_from_slice(&piece);
        }
        Ok(length)
    }
}
