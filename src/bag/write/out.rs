//! One archive file, written from front to back in large pieces by a thread of its own, so that reading goes on while
//! the file system takes a piece; a few bytes written before may be corrected.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::super::fault::Fault;
use super::tap::Tap;

/// Bytes collected before they are written.
const BUFFER: usize = 1 << 20;
/// Bytes that are worth a read.
const READ_MIN: usize = 128 << 10;
/// Pieces under way at most.
const PIECES: usize = 4;

/// A piece for the thread: its place, its buffer, how much of it counts.
type Piece = (u64, Vec<u8>, usize);

/// The file.
pub(super) struct Out {
    file: File,
    name: String,
    buffer: Vec<u8>,
    used: usize,
    flushed: u64,
    under_way: usize,
    pieces: Option<Sender<Piece>>,
    written: Receiver<io::Result<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Out {
    /// Makes the file; `name` is what messages call it.
    pub(super) fn create(path: &Path, name: &str) -> Result<Self, Fault> {
        let io = |error: io::Error| Fault::io(name, &error);
        let file = File::create_new(path).map_err(io)?;
        let shared = file.try_clone().map_err(io)?;
        let (pieces, to_write) = channel::<Piece>();
        let (done, written) = channel();
        let work = move || {
            for (place, buffer, used) in to_write {
                let bytes = buffer.get(..used).unwrap_or_default();
                let result = shared.write_all_at(bytes, place).map(|()| buffer);
                if done.send(result).is_err() {
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
            buffer: vec![0; BUFFER],
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

    /// Keeps the next `length` bytes in one piece, where they fit in one, so that correcting them need not wait.
    pub(super) fn keep_together(&mut self, length: u64) -> Result<(), Fault> {
        let free = (BUFFER - self.used) as u64;
        if length > free && length <= BUFFER as u64 {
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
            // A piece that is still under way would bring the old bytes back.
            self.settle()?;
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
        self.settle()?;
        let synced = self.file.sync_all();
        synced.map_err(|error| Fault::io(&self.name, &error))
    }

    /// Hands the buffer to the thread and takes another.
    fn flush(&mut self) -> Result<(), Fault> {
        if self.used == 0 {
            return Ok(());
        }
        let next = match self.under_way < PIECES {
            true => vec![0; BUFFER],
            false => self.await_piece()?,
        };
        let buffer = std::mem::replace(&mut self.buffer, next);
        let piece = (self.flushed, buffer, self.used);
        let taken = self.pieces.as_ref().map(|pieces| pieces.send(piece));
        if !matches!(taken, Some(Ok(()))) {
            return Err(self.thread_gone());
        }
        self.under_way += 1;
        self.flushed += self.used as u64;
        self.used = 0;
        Ok(())
    }

    /// Waits until everything so far is written.
    fn settle(&mut self) -> Result<(), Fault> {
        self.flush()?;
        while self.under_way > 0 {
            self.await_piece()?;
        }
        Ok(())
    }

    /// Waits for the oldest piece; gives its buffer back.
    fn await_piece(&mut self) -> Result<Vec<u8>, Fault> {
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
