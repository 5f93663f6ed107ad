//! The working folder beside a bag that is being written, its lock, and the rename at the end. Nothing under the bag's
//! own name is touched before that.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::super::fault::Fault;

/// The working folder of one bag. Dropping it removes what was not published.
pub(super) struct Stage {
    target: PathBuf,
    parent: PathBuf,
    folder: PathBuf,
    name: String,
    // Held until the folder is gone.
    _lock: File,
}

impl Stage {
    /// Makes or takes over the working folder beside `target`.
    pub(super) fn open(target: &Path) -> Result<Self, Fault> {
        let path = target.display().to_string();
        let Some(name) = target.file_name().and_then(|name| name.to_str()) else {
            return Err(Fault::TargetName { path });
        };
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        if target.symlink_metadata().is_ok() {
            return Err(Fault::TargetExists { path });
        }
        let folder = parent.join(format!(".{name}.partial"));
        let io = |error: io::Error| Fault::io(folder.display().to_string(), &error);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io(error)),
            _ => {}
        }
        let Some(lock) = take(&folder).map_err(io)? else {
            return Err(Fault::TargetBusy { path });
        };
        clear(&folder, false).map_err(io)?;
        Ok(Self {
            target: target.to_owned(),
            parent,
            name: name.to_owned(),
            _lock: lock,
            folder,
        })
    }

    /// A place inside the working folder.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where the bag itself grows.
    pub(super) fn bag(&self) -> PathBuf {
        self.place("bag")
    }

    /// The bag's own file name.
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    /// Gives the bag its name, durably. What took the name meanwhile is left alone.
    pub(super) fn publish(&self) -> Result<(), Fault> {
        let path = || self.target.display().to_string();
        let renamed =
            match renameat_with(CWD, self.bag(), CWD, &self.target, RenameFlags::NOREPLACE) {
                // Some network file systems know no such flag.
                Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS)
                    if self.target.symlink_metadata().is_err() =>
                {
                    fs::rename(self.bag(), &self.target)
                }
                other => other.map_err(io::Error::from),
            };
        match renamed {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Fault::TargetExists { path: path() });
            }
            other => other.map_err(|error| Fault::io(path(), &error))?,
        }
        let durable = File::open(&self.parent).and_then(|folder| folder.sync_all());
        durable.map_err(|error| Fault::io(path(), &error))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What stays is taken over by the next attempt.
        let _ = clear(&self.folder, true);
    }
}

const LOCK: &str = "lock";

/// Locks the working folder; `None` when another process holds it.
fn take(folder: &Path) -> io::Result<Option<File>> {
    let path = folder.join(LOCK);
    let options = &mut File::options();
    let lock = options
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    // Whoever held it may have removed the file between our opening and our locking it.
    let same = match path.symlink_metadata() {
        Ok(there) => there.ino() == lock.metadata()?.ino(),
        Err(_) => false,
    };
    Ok(same.then_some(lock))
}

/// Removes what is in the working folder, the lock and the folder itself last and only if `whole`.
fn clear(folder: &Path, whole: bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    if whole {
        fs::remove_file(folder.join(LOCK))?;
        fs::remove_dir(folder)?;
    }
    Ok(())
}
