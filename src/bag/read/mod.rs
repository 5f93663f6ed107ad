//! Reading a bag wherever it stands: one port over folder, zip and tar. Nothing here unpacks to disk, follows a link or
//! trusts a size; what is hostile is refused before a byte of content is read. What the files of a bag mean is said in
//! `validate`.

mod archive;
mod folder;
mod tar;
mod zip;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::fault::Fault;
use super::limits::Limits;

/// A file of a bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the base folder; checked, so it leads nowhere else.
    pub path: String,
    /// Bytes, unpacked.
    pub size: u64,
    /// Where it begins in an archive, so that reading can go forward; 0 in a folder.
    pub place: u64,
}

/// A bag that can be read, by several threads at once.
pub trait Source: Send + Sync {
    /// Where it stands, for messages.
    fn name(&self) -> &str;

    /// Its files, sorted by the bytes of their paths.
    fn entries(&self) -> &[Entry];

    /// Whether there is a payload folder, be it empty.
    fn has_payload_folder(&self) -> bool;

    /// What was met that is no file of a bag (links, devices, impossible names): never read, to be reported.
    /// An archive is refused as a whole for one of them, so it has none.
    fn refused(&self) -> &[Fault] {
        &[]
    }

    /// Opens the file at this place in [`Source::entries`]. Reading gives exactly its bytes, or an error.
    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Fault>;

    /// The place of a path in [`Source::entries`].
    fn find(&self, path: &str) -> Option<usize> {
        let entries = self.entries();
        entries
            .binary_search_by(|entry| entry.path.as_str().cmp(path))
            .ok()
    }
}

/// Opens a bag: a folder as it is; a file as zip or tar, told by its content.
pub fn open(path: &Path, limits: &Limits) -> Result<Box<dyn Source>, Fault> {
    let name = path.display().to_string();
    let io = |error: std::io::Error| Fault::io(&name, &error);
    let known = path.metadata().map_err(io)?;
    if known.is_dir() {
        return Ok(Box::new(folder::FolderSource::open(path, limits)?));
    }
    if !known.is_file() {
        return Err(Fault::ArchiveKind { path: name });
    }
    let file = File::open(path).map_err(io)?;
    let mut head = [0; 512];
    let filled = fill_at(&file, &mut head, 0).map_err(io)?;
    let head = head.get(..filled).unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Box::new(zip::ZipSource::open(file, name, limits)?));
    }
    if tar::looks_like(head) {
        return Ok(Box::new(tar::TarSource::open(file, name, limits)?));
    }
    Err(Fault::ArchiveKind { path: name })
}

/// Reads from `position` until `buffer` is full or the file ends.
fn fill_at(file: &File, buffer: &mut [u8], position: u64) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, position + filled as u64) {
            Ok(0) => break,
            Ok(some) => filled += some,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A stretch of an archive, read without moving the file's own position.
struct Stretch<'a> {
    file: &'a File,
    position: u64,
    left: u64,
}

impl Read for Stretch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let Some(buffer) = buffer.get_mut(..room).filter(|room| !room.is_empty()) else {
            return Ok(0);
        };
        let some = self.file.read_at(buffer, self.position)?;
        if some == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.position += some as u64;
        self.left -= some as u64;
        Ok(some)
    }
}
