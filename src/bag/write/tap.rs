//! The bytes of one file on their way into a bag, counted and hashed as they pass. Where they go is not known here.

use std::io::Read;

use super::super::fault::Fault;
use super::super::hash::{Checksum, Hasher};
use super::super::path::BagPath;

/// The bytes of one file on their way: counted, and hashed where a checksum is not known yet.
pub(super) struct Tap<'a> {
    bytes: &'a mut dyn Read,
    hashers: Vec<Hasher>,
    left: u64,
    announced: u64,
    path: &'a BagPath,
}

impl<'a> Tap<'a> {
    /// `length` bytes are announced of `path`; `hashers` see them all.
    pub(super) fn new(
        path: &'a BagPath,
        length: u64,
        hashers: Vec<Hasher>,
        bytes: &'a mut dyn Read,
    ) -> Self {
        Self {
            bytes,
            hashers,
            left: length,
            announced: length,
            path,
        }
    }

    /// Fills `buffer` as far as the file goes; zero at its end.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let want = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..want).filter(|rest| !rest.is_empty()) {
            match self.bytes.read(rest) {
                Ok(0) => return Err(self.differs(self.announced - self.left + filled as u64)),
                Ok(some) => filled += some,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::io(self.path.as_str(), &error)),
            }
        }
        self.left -= filled as u64;
        let chunk = buffer.get(..filled).unwrap_or_default();
        for hasher in &mut self.hashers {
            hasher.update(chunk);
        }
        Ok(filled)
    }

    /// Bytes that were not read yet.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Makes sure that no byte is left; the checksums, in the order of the hashers.
    pub(super) fn ended(mut self) -> Result<Vec<Checksum>, Fault> {
        if self.left > 0 {
            return Err(self.differs(self.announced - self.left));
        }
        loop {
            match self.bytes.read(&mut [0]) {
                Ok(0) => {
                    let hashers = std::mem::take(&mut self.hashers);
                    return Ok(hashers.into_iter().map(Hasher::finish).collect());
                }
                Ok(_) => return Err(self.differs(self.announced + 1)),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::io(self.path.as_str(), &error)),
            }
        }
    }

    fn differs(&self, found: u64) -> Fault {
        Fault::LengthDiffers {
            path: self.path.as_str().to_owned(),
            announced: self.announced,
            found,
        }
    }
}
