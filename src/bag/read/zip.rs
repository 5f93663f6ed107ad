//! A bag in a zip (APPNOTE 6.3.10). What two readers could take for different files is refused when it is indexed; here
//! its files are unpacked, stored or deflated, and never give more bytes than the directory says.

mod index;

use std::fs::File;
use std::io::{self, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::super::fault::Fault;
use super::super::limits::Limits;
use super::{Entry, Source, Stretch};

/// The archive, indexed.
pub(super) struct ZipSource {
    name: String,
    file: File,
    entries: Vec<Entry>,
    packed: Vec<Packed>,
    payload: bool,
}

/// How a file lies in the archive.
#[derive(Clone, Copy)]
struct Packed {
    length: u64,
    method: u16,
    crc: u32,
}

impl ZipSource {
    /// Indexes the archive.
    pub(super) fn open(file: File, name: String, limits: &Limits) -> Result<Self, Fault> {
        let (entries, packed, payload) = index::index(&file, &name, limits)?.sorted()?;
        Ok(Self {
            name,
            file,
            entries,
            packed,
            payload,
        })
    }
}

impl Source for ZipSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn has_payload_folder(&self) -> bool {
        self.payload
    }

    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Fault> {
        let found = self.entries.get(index).zip(self.packed.get(index));
        let Some((entry, packed)) = found else {
            return Err(Fault::io(&self.name, &io::ErrorKind::NotFound.into()));
        };
        let stretch = Stretch {
            file: &self.file,
            position: entry.place,
            left: packed.length,
        };
        let inner: Box<dyn Read> = if packed.method == 8 {
            let packed = BufReader::with_capacity(64 << 10, stretch);
            Box::new(DeflateDecoder::new(packed))
        } else {
            Box::new(stretch)
        };
        Ok(Box::new(Unpacked {
            inner,
            left: entry.size,
            crc: crc32fast::Hasher::new(),
            stated: packed.crc,
            ended: false,
        }))
    }
}

/// The unpacked bytes: as many as the directory says and with its CRC, or an error.
struct Unpacked<'a> {
    inner: Box<dyn Read + 'a>,
    left: u64,
    crc: crc32fast::Hasher,
    stated: u32,
    ended: bool,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let some = self.inner.read(buffer)?;
        let broken = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason);
        if some as u64 > self.left {
            return Err(broken("长于压缩包所记 longer than the zip says"));
        }
        self.left -= some as u64;
        self.crc.update(buffer.get(..some).unwrap_or_default());
        if some == 0 {
            self.ended = true;
            if self.left > 0 {
                return Err(broken("短于压缩包所记 shorter than the zip says"));
            }
            if self.crc.clone().finalize() != self.stated {
                return Err(broken("校验和不符 its CRC does not hold"));
            }
        }
        Ok(some)
    }
}
