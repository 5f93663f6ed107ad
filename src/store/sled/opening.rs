//! Opening a catalog whatever state its folder is in. sled meets damaged files with errors, with panics and,
//! perhaps, by never coming back, so it opens on a thread of its own under a deadline.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::SledCatalog;
use super::failure::{Failure, guarded};
use super::trees::Trees;

/// How long an opening may take. A catalog of a million rows takes seconds.
const OPENING_MAX: Duration = Duration::from_secs(120);

/// Folders set aside that are kept to be looked at; the oldest go.
const KEPT_ASIDE: usize = 3;

/// How often and how far apart the lock is tried: a catalog that was just closed gives it up a moment later.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A catalog that was opened.
pub struct Opened {
    /// The catalog, empty if it was set aside or is new.
    pub catalog: SledCatalog,
    /// Where the one lies that would not open, if that was so.
    pub set_aside: Option<PathBuf>,
}

/// Why there is no catalog.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process (or another part of this one) has it open.
    #[error("the catalog in {folder} is in use by another process; stop that process first")]
    InUse {
        /// The catalog's folder.
        folder: PathBuf,
    },
    /// The folder cannot be read, written or created. Nothing was set aside.
    #[error("the catalog in {folder} cannot be opened: {reason}")]
    Io {
        /// The catalog's folder.
        folder: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Opening did not end, and this process can open no other catalog while it goes on.
    #[error(
        "opening the catalog in {folder} did not end within {} s; it was set aside as {set_aside}: start again",
        OPENING_MAX.as_secs()
    )]
    Stuck {
        /// The catalog's folder.
        folder: PathBuf,
        /// Where it lies now.
        set_aside: PathBuf,
    },
}

/// Why one try to open did not succeed.
enum Trouble {
    InUse,
    Io(String),
    Stuck,
    Damaged(String),
}

impl SledCatalog {
    /// Opens the catalog in `folder`, or creates it. One that will not open, that contradicts itself or that
    /// has another format is renamed to `<folder>.set-aside-<n>` and an empty one takes its place: its
    /// position is 0, so it fills again from the ledger. Reads the whole catalog once (about a second for a
    /// million rows) and blocks meanwhile.
    pub fn open(folder: &Path) -> Result<Opened, OpenError> {
        let reason = match attempt(folder) {
            Ok(catalog) => {
                return Ok(Opened {
                    catalog,
                    set_aside: None,
                });
            }
            Err(Trouble::Stuck) => {
                let set_aside = set_aside(folder)?;
                return Err(OpenError::Stuck {
                    folder: folder.to_path_buf(),
                    set_aside,
                });
            }
            Err(Trouble::InUse) => return Err(in_use(folder)),
            Err(Trouble::Io(reason)) => return Err(io_error(folder, reason)),
            Err(Trouble::Damaged(reason)) => reason,
        };
        let aside = set_aside(folder)?;
        tracing::warn!(
            %reason,
            folder = %folder.display(),
            set_aside = %aside.display(),
            "the catalog would not open; it was set aside and is rebuilt from the ledger"
        );
        match attempt(folder) {
            Ok(catalog) => Ok(Opened {
                catalog,
                set_aside: Some(aside),
            }),
            Err(Trouble::InUse) => Err(in_use(folder)),
            Err(Trouble::Io(reason) | Trouble::Damaged(reason)) => Err(io_error(folder, reason)),
            Err(Trouble::Stuck) => Err(io_error(folder, "an empty catalog does not open".into())),
        }
    }
}

fn in_use(folder: &Path) -> OpenError {
    OpenError::InUse {
        folder: folder.to_path_buf(),
    }
}

fn io_error(folder: &Path, reason: String) -> OpenError {
    OpenError::Io {
        folder: folder.to_path_buf(),
        reason,
    }
}

fn attempt(folder: &Path) -> Result<SledCatalog, Trouble> {
    prepare(folder)?;
    wait_for_lock(&folder.join("db"))?;
    if Trees::marked_damaged(folder) {
        return Err(Trouble::Damaged(
            "damage was met while it was in use".into(),
        ));
    }
    let (sender, receiver) = sync_channel(1);
    let target = folder.to_path_buf();
    std::thread::Builder::new()
        .name("catalog-open".to_owned())
        .spawn(move || {
            // When nobody waits any more, the catalog is closed again right here.
            let _ = sender.send(guarded(|| Trees::open(&target)));
        })
        .map_err(|error| Trouble::Io(error.to_string()))?;
    match receiver.recv_timeout(OPENING_MAX) {
        Ok(Ok(trees)) => Ok(SledCatalog {
            trees: Some(Arc::new(trees)),
            listing: None,
        }),
        Ok(Err(failure)) => Err(trouble(failure)),
        Err(RecvTimeoutError::Timeout) => Err(Trouble::Stuck),
        Err(RecvTimeoutError::Disconnected) => {
            Err(Trouble::Damaged("the opening thread ended early".into()))
        }
    }
}

/// Sees to it that `folder` is a folder.
fn prepare(folder: &Path) -> Result<(), Trouble> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(|error| Trouble::Io(error.to_string()))
        }
        Err(error) => Err(Trouble::Io(error.to_string())),
        Ok(_) if folder.is_dir() => Ok(()),
        Ok(_) => Err(Trouble::Damaged(
            "something else is in its folder's place".into(),
        )),
    }
}

/// Tries sled's lock for a moment, and tells "in use" from "damaged", which sled's own errors do not.
fn wait_for_lock(file: &Path) -> Result<(), Trouble> {
    let file = match fs::OpenOptions::new().read(true).write(true).open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(trouble(Failure::from(error))),
    };
    for attempt in 0..LOCK_TRIES {
        if attempt > 0 {
            std::thread::sleep(LOCK_PAUSE);
        }
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) => {}
            Err(error) => return Err(Trouble::Io(error.to_string())),
        }
    }
    Err(Trouble::InUse)
}

fn trouble(failure: Failure) -> Trouble {
    match failure {
        // sled's words when another process took the lock between our look and its own.
        Failure::Medium(reason) if reason.contains("could not acquire lock") => Trouble::InUse,
        Failure::Medium(reason) => Trouble::Io(reason),
        other => Trouble::Damaged(other.to_string()),
    }
}

/// Renames what is at `folder` and removes all but the newest [`KEPT_ASIDE`] of its kind.
fn set_aside(folder: &Path) -> Result<PathBuf, OpenError> {
    let mut earlier = earlier_ones(folder).map_err(|error| io_error(folder, error.to_string()))?;
    let number = earlier.last().map_or(1, |last| last.saturating_add(1));
    let target = aside_path(folder, number);
    fs::rename(folder, &target).map_err(|error| io_error(folder, error.to_string()))?;
    earlier.push(number);
    let surplus = earlier.len().saturating_sub(KEPT_ASIDE);
    for number in earlier.into_iter().take(surplus) {
        let oldest = aside_path(folder, number);
        let is_folder = fs::symlink_metadata(&oldest).is_ok_and(|found| found.is_dir());
        let removed = if is_folder {
            fs::remove_dir_all(&oldest)
        } else {
            fs::remove_file(&oldest)
        };
        if let Err(error) = removed {
            tracing::warn!(%error, folder = %oldest.display(), "an old set-aside catalog could not be removed");
        }
    }
    Ok(target)
}

fn aside_path(folder: &Path, number: u64) -> PathBuf {
    let mut name = folder.as_os_str().to_os_string();
    name.push(format!(".set-aside-{number}"));
    PathBuf::from(name)
}

/// The numbers of the catalogs set aside before, in order.
fn earlier_ones(folder: &Path) -> io::Result<Vec<u64>> {
    let parent = folder.parent().filter(|path| !path.as_os_str().is_empty());
    let own_name = folder.file_name().unwrap_or_default().to_string_lossy();
    let start = format!("{own_name}.set-aside-");
    let mut numbers = Vec::new();
    for entry in fs::read_dir(parent.unwrap_or(Path::new(".")))? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let number: Option<u64> = name.strip_prefix(&start).and_then(|rest| rest.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}
