//! One archive file, written from front to back in large pieces by a thread of its own, so that reading goes on while
//! the file system takes a piece; a few bytes written before may be corrected. Where the file system allows it the pieces
//! go past its cache (O_DIRECT): nothing is copied twice, the disk works from the first piece on, and making the file
//! durable at the end has little left to wait for.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use rustix::fs::OFlags;

use super::super::fault::Fault;
use super::tap::Tap;

/// What pieces are aligned to, in memory and in the file; every disk takes it.
const BLOCK: usize = 4 << 10;
/// Bytes collected before they are written.
const BUFFER: usize = 2 << 20;
/// Bytes that are worth a read.
const READ_MIN: usize = 128 << 10;
/// Pieces under way at most.
const PIECES: usize = 4;

/// A buffer that begins on a block.
struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    fn new() -> Self {
        let bytes = vec![0; BUFFER + BLOCK];
        // At most BLOCK - 1 for bytes; whatever it is, the slices below stay inside.
        let start = bytes.as_ptr().align_offset(BLOCK).min(BLOCK);
        Self { bytes, start }
    }

    fn all(&mut self) -> &mut [u8] {
        let end = self.start + BUFFER;
        self.bytes.get_mut(self.start..end).unwrap_or_default()
    }

    fn first(&self, length: usize) -> &[u8] {
        let end = self.start + length;
        self.bytes.get(self.start..end).unwrap_or_default()
    }
}

/// A piece for the thread: its place, its buffer, how much of it counts.
type Piece = (u64, Buffer, usize);

/// The file.
pub(super) struct Out {
    file: File,
    name: String,
    buffer: Buffer,
    used: usize,
    flushed: u64,
    under_way: usize,
    pieces: Option<Sender<Piece>>,
    written: Receiver<io::Result<Buffer>>,
    thread: Option<JoinHandle<()>>,
}

/// Writes whole blocks past the cache, as long as the file system takes them so.
struct Writer {
    file: File,
    direct: Option<File>,
}

impl Writer {
    fn write(&mut self, bytes: &[u8], place: u64) -> io::Result<()> {
        if let Some(direct) = &self.direct {
            match direct.write_all_at(bytes, place) {
                // Some file systems say so only now.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => self.direct = None,
                other => return other,
            }
        }
        self.file.write_all_at(bytes, place)
    }
}

impl Out {
    /// Makes the file; `name` is what messages call it.
    pub(super) fn create(path: &Path, name: &str) -> Result<Self, Fault> {
        let io = |error: io::Error| Fault::io(name, &error);
        let file = File::create_new(path).map_err(io)?;
        let flags = i32::try_from(OFlags::DIRECT.bits()).unwrap_or_default();
        let direct = File::options().write(true).custom_flags(flags).open(path);
        let mut writer = Writer {
            file: file.try_clone().map_err(io)?,
            direct: direct.ok(),
        };
        let (pieces, to_write) = channel::<Piece>();
        let (done, written) = channel();
        let work = move || {
            for (place, buffer, used) in to_write {
                let result = writer.write(buffer.first(used), place);
                if done.send(result.map(|()| buffer)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new()
            .name("bag-out".to_owned())
            .spawn(work);
        Ok(Self {
            thread: Some(thread.map_err(io)?),
            file,
            name: name.to_owned(),
            buffer: Buffer::new(),
            used: 0,
            flushed: 0,
            under_way: 0,
            pieces: Some(pieces),
            written,
        })
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> u64 {
        self.flushed + self.used as u64
    }

    /// Appends `bytes`.
    pub(super) fn put(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            if self.used == BUFFER {
                self.flush()?;
            }
            let room = self.buffer.all().get_mut(self.used..).unwrap_or_default();
            let (now, later) = bytes.split_at(bytes.len().min(room.len()));
            if let Some(place) = room.get_mut(..now.len()) {
                place.copy_from_slice(now);
            }
            self.used += now.len();
            bytes = later;
        }
        Ok(())
    }

    /// Keeps the next `length` bytes in one piece, where they fit in one, so that correcting them need not wait.
    pub(super) fn keep_together(&mut self, length: u64) -> Result<(), Fault> {
        let free = (BUFFER - self.used) as u64;
        if length > free && length <= (BUFFER - BLOCK) as u64 {
            self.flush()?;
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
            // Small reads at the end of the buffer would cost more calls than they save.
            if BUFFER - self.used < (READ_MIN as u64).min(bytes.left()) as usize {
                self.flush()?;
            }
            let room = self.buffer.all().get_mut(self.used..).unwrap_or_default();
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
        let before = self.flushed.saturating_sub(position);
        let split = usize::try_from(before).map_or(bytes.len(), |one| one.min(bytes.len()));
        let (gone, here) = bytes.split_at(split);
        if !gone.is_empty() {
            // A piece that is still under way would bring the old bytes back.
            self.settle()?;
            let written = self.file.write_all_at(gone, position);
            written.map_err(|error| Fault::io(&self.name, &error))?;
        }
        let at = (position + gone.len() as u64).saturating_sub(self.flushed) as usize;
        if let Some(place) = self.buffer.all().get_mut(at..at + here.len()) {
            place.copy_from_slice(here);
        }
        Ok(())
    }

    /// Makes all of it durable.
    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        self.flush()?;
        self.settle()?;
        let rest = self.buffer.first(self.used);
        let synced = self.file.write_all_at(rest, self.flushed);
        let synced = synced.and_then(|()| self.file.sync_all());
        synced.map_err(|error| Fault::io(&self.name, &error))
    }

    /// Hands the whole blocks of the buffer to the thread and goes on in another with what is left.
    fn flush(&mut self) -> Result<(), Fault> {
        let whole = self.used - self.used % BLOCK;
        if whole == 0 {
            return Ok(());
        }
        let mut next = match self.under_way < PIECES {
            true => Buffer::new(),
            false => self.await_piece()?,
        };
        let rest = self
            .buffer
            .first(self.used)
            .get(whole..)
            .unwrap_or_default();
        for (to, from) in next.all().iter_mut().zip(rest) {
            *to = *from;
        }
        let left = rest.len();
        let buffer = std::mem::replace(&mut self.buffer, next);
        let piece = (self.flushed, buffer, whole);
        let taken = self.pieces.as_ref().map(|pieces| pieces.send(piece));
        if !matches!(taken, Some(Ok(()))) {
            return Err(self.thread_gone());
        }
        self.under_way += 1;
        self.flushed += whole as u64;
        self.used = left;
        Ok(())
    }

    /// Waits until every piece is written.
    fn settle(&mut self) -> Result<(), Fault> {
        while self.under_way > 0 {
            self.await_piece()?;
        }
        Ok(())
    }

    /// Waits for the oldest piece; gives its buffer back.
    fn await_piece(&mut self) -> Result<Buffer, Fault> {
        match self.written.recv() {
            Ok(result) => {
                self.under_way -= 1;
                result.map_err(|error| Fault::io(&self.name, &error))
            }
            Err(_) => Err(self.thread_gone()),
        }
    }

    fn thread_gone(&self) -> Fault {
        Fault::io(&self.name, &io::Error::other("the writing thread ended"))
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        // No piece may arrive in a file that is being removed.
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
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
