//! A bag in a folder. Links are never followed, not even one put in place of a folder while the bag is read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat, openat2};

use super::super::fault::Fault;
use super::super::limits::Limits;
use super::super::path::{BagPath, DEPTH_MAX};
use super::{Entry, Source};

/// The folder, listed once.
pub(super) struct FolderSource {
    name: String,
    root: OwnedFd,
    entries: Vec<Entry>,
    refused: Vec<Fault>,
    payload: bool,
}

/// Refused things that are kept; a folder full of links must not fill the memory.
const REFUSED_MAX: usize = 1_000;

impl FolderSource {
    /// Lists the folder.
    pub(super) fn open(path: &Path, limits: &Limits) -> Result<Self, Fault> {
        let name = path.display().to_string();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(path, flags, Mode::empty());
        let mut source = Self {
            root: root.map_err(|error| Fault::io(&name, &error.into()))?,
            name,
            entries: Vec::new(),
            refused: Vec::new(),
            payload: false,
        };
        source.list(path, limits)?;
        source
            .entries
            .sort_by(|one, other| one.path.cmp(&other.path));
        Ok(source)
    }

    fn list(&mut self, root: &Path, limits: &Limits) -> Result<(), Fault> {
        let mut folders: Vec<(PathBuf, String)> = vec![(root.to_owned(), String::new())];
        let (mut met, mut names_bytes, mut total) = (0_u64, 0_u64, 0_u64);
        while let Some((folder, prefix)) = folders.pop() {
            let io = |error: io::Error| Fault::io(folder.display().to_string(), &error);
            for entry in fs::read_dir(&folder).map_err(io)? {
                let entry = entry.map_err(io)?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                    let lossy = entry.file_name().to_string_lossy().into_owned();
                    let path = format!("{prefix}{lossy}");
                    self.refuse(Fault::PathNotUtf8 { path });
                    continue;
                };
                let path = format!("{prefix}{name}");
                met += 1;
                names_bytes += path.len() as u64;
                if met > limits.files {
                    return Err(self.too_many(limits.files));
                }
                if names_bytes > limits.names_bytes {
                    return Err(self.too_large(&path, limits.names_bytes));
                }
                let kind = entry.file_type().map_err(io)?;
                if kind.is_symlink() {
                    self.refuse(Fault::ArchiveLink { path });
                } else if kind.is_dir() {
                    self.payload |= path == "data";
                    if prefix.matches('/').count() + 1 >= DEPTH_MAX {
                        self.refuse(Fault::PathTooLong { path });
                        continue;
                    }
                    folders.push((entry.path(), format!("{path}/")));
                } else if !kind.is_file() {
                    self.refuse(Fault::ArchiveSpecial { path });
                } else {
                    let size = entry.metadata().map_err(io)?.len();
                    total = total.saturating_add(size);
                    if size > limits.file_bytes || total > limits.total_bytes {
                        let limit = limits.file_bytes.min(limits.total_bytes);
                        return Err(self.too_large(&path, limit));
                    }
                    match BagPath::found(&path) {
                        Ok(_) => self.entries.push(Entry {
                            path,
                            size,
                            place: 0,
                        }),
                        Err(fault) => self.refuse(fault),
                    }
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, fault: Fault) {
        if self.refused.len() < REFUSED_MAX {
            self.refused.push(fault);
        }
    }

    fn too_many(&self, limit: u64) -> Fault {
        let path = self.name.clone();
        Fault::TooManyFiles { path, limit }
    }

    fn too_large(&self, path: &str, limit: u64) -> Fault {
        let path = path.to_owned();
        Fault::TooLarge { path, limit }
    }
}

impl Source for FolderSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn has_payload_folder(&self) -> bool {
        self.payload
    }

    fn refused(&self) -> &[Fault] {
        &self.refused
    }

    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Fault> {
        let Some(entry) = self.entries.get(index) else {
            return Err(Fault::io(&self.name, &io::ErrorKind::NotFound.into()));
        };
        let fault = |error: io::Error| Fault::io(&entry.path, &error);
        // Not blocking: what became a pipe meanwhile must not stop the reader.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = match openat2(&self.root, &entry.path, flags, Mode::empty(), inside) {
            // Kernels before 5.6 and some sandboxes have no such call.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
                openat(&self.root, &entry.path, flags, Mode::empty())
            }
            other => other,
        };
        let file = File::from(opened.map_err(|error| fault(error.into()))?);
        if !file.metadata().map_err(fault)?.is_file() {
            let path = entry.path.clone();
            return Err(Fault::ArchiveSpecial { path });
        }
        Ok(Box::new(file))
    }
}
