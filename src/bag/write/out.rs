//! One archive file, written from front to back in large pieces; a few bytes written before may be corrected.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::fault::Fault;
use super::tap::Tap;

/// Bytes collected before they are written.
const BUFFER: usize = 1 << 20;

/// The file.
pub(super) struct Out {
    file: File,
    name: String,
    buffer: Vec<u8>,
    used: usize,
    flushed: u64,
}

impl Out {
    /// Makes the file; `name` is what messages call it.
    pub(super) fn create(path: &Path, name: &str) -> Result<Self, Fault> {
        let file = File::create_new(path).map_err(|error| Fault::io(name, &error))?;
        Ok(Self {
            file,
            name: name.to_owned(),
            buffer: vec![0; BUFFER],
            used: 0,
            flushed: 0,
        })
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> u64 {
        self.flushed + self.used as u64
    }

    /// Appends `bytes`.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        for piece in bytes.chunks(BUFFER) {
            if self.used + piece.len() > BUFFER {
                self.flush()?;
            }
            let end = self.used + piece.len();
            if let Some(place) = self.buffer.get_mut(self.used..end) {
                place.copy_from_slice(piece);
            }
            self.used = end;
        }
        Ok(())
    }

    /// Appends all of a file; each piece is shown to `see`. The bytes are read straight into the buffer.
    pub(super) fn pour(
        &mut self,
        bytes: &mut Tap<'_>,
        mut see: impl FnMut(&[u8]),
    ) -> Result<(), Fault> {
        while bytes.left() > 0 {
            if self.used > BUFFER / 2 {
                self.flush()?;
            }
            let room = self.buffer.get_mut(self.used..).unwrap_or_default();
            let filled = bytes.fill(room)?;
            see(room.get(..filled).unwrap_or_default());
            self.used += filled;
        }
        Ok(())
    }

    /// Appends `count` zeros, a few.
    pub(super) fn zeros(&mut self, count: usize) -> Result<(), Fault> {
        self.put(&vec![0; count])
    }

    /// Corrects bytes written before.
    pub(super) fn patch(&mut self, position: u64, bytes: &[u8]) -> Result<(), Fault> {
        if position < self.flushed {
            self.flush()?;
            let written = self.file.write_all_at(bytes, position);
            return written.map_err(|error| Fault::io(&self.name, &error));
        }
        let at = (position - self.flushed) as usize;
        if let Some(place) = self.buffer.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
        Ok(())
    }

    /// Makes all of it durable.
    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        self.flush()?;
        let synced = self.file.sync_all();
        synced.map_err(|error| Fault::io(&self.name, &error))
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let written = self.buffer.get(..self.used).unwrap_or_default();
        let written = self.file.write_all(written);
        written.map_err(|error| Fault::io(&self.name, &error))?;
        self.flushed += self.used as u64;
        self.used = 0;
        Ok(())
    }
}

/// For encoders.
impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)
            .map_err(|fault| io::Error::other(fault.to_string()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
