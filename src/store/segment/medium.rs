//! What the segments need of a folder of files, so that tests can cut the power of a simulated one at every step.

use std::any::Any;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ledger::StoreError;

/// A folder of files.
pub trait Medium: Send + Sync {
    /// The names of all files in it.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file for reading and, when `write` says so, writing; `create` makes it when it is absent.
    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Arc<dyn MediumFile>>;

    /// Makes the creation of files durable.
    fn sync_folder(&self) -> io::Result<()>;

    /// Takes the one right to write, held until the guard is dropped; `InUse` names who has it.
    fn lock(&self) -> Result<Box<dyn Any + Send + Sync>, StoreError>;

    /// How the place of a file is named to a person.
    fn describe(&self, name: &str) -> String;
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// It exists and is only read.
    Read,
    /// It exists and is written.
    Write,
    /// It is written, and made when it is absent.
    Create,
}

/// One file. Reads and writes name their place, so that many readers and one writer share it.
pub trait MediumFile: Send + Sync {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset`; `UnexpectedEof` when the file ends before.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts or extends the file.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Makes everything written durable, as fdatasync(2) does.
    fn sync(&self) -> io::Result<()>;
}

/// A folder on a real disk.
#[derive(Debug, Clone)]
pub struct Disk {
    folder: PathBuf,
}

/// The file that holds the writer's lock and its process id.
const LOCK_FILE: &str = "LOCK";

impl Disk {
    /// Opens the folder for writing, making it (and its parents) durable when it is absent.
    pub fn create(folder: &Path) -> io::Result<Self> {
        if !folder.is_dir() {
            std::fs::create_dir_all(folder)?;
            if let Some(parent) = folder.parent().filter(|p| !p.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
        }
        Ok(Self::existing(folder))
    }

    /// Names a folder that exists, or whose absence is to be found out.
    pub fn existing(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder }
    }
}

impl Medium for Disk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for file in std::fs::read_dir(&self.folder)? {
            if let Ok(name) = file?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Arc<dyn MediumFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(mode != OpenMode::Read)
            .create(mode == OpenMode::Create)
            .open(self.folder.join(name))?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn lock(&self) -> Result<Box<dyn Any + Send + Sync>, StoreError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.folder.join(LOCK_FILE))?;
        let exclusive = rustix::fs::FlockOperation::NonBlockingLockExclusive;
        match rustix::fs::flock(&file, exclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let holder = holder_of(&mut file);
                return Err(StoreError::InUse { holder });
            }
            Err(error) => return Err(StoreError::Io(error.into())),
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Box::new(file))
    }

    fn describe(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

fn holder_of(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(20).read_to_string(&mut text);
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => format!("process {pid}"),
        _ => "unknown process".to_owned(),
    }
}

struct DiskFile(File);

impl MediumFile for DiskFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
