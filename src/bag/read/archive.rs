//! What zip and tar have in common: names are checked, counted and freed of the one folder that holds the bag. RFC 8493
//! leaves archives open; that they unpack to one folder is what its last draft (0.97, section 4) asked for.

use std::collections::HashSet;

use super::super::fault::Fault;
use super::super::limits::Limits;
use super::super::path::BagPath;
use super::Entry;

/// The names of an archive as they come.
pub(super) struct Gathered<T> {
    name: String,
    limits: Limits,
    base: Option<String>,
    payload: bool,
    files: Vec<(Entry, T)>,
    folders: HashSet<String>,
    met: u64,
    total_bytes: u64,
    names_bytes: u64,
}

/// Files in order, what belongs to each, and whether there is a payload folder.
pub(super) type Sorted<T> = (Vec<Entry>, Vec<T>, bool);

impl<T> Gathered<T> {
    /// `name` is the archive's, for messages.
    pub(super) fn new(name: &str, limits: &Limits) -> Self {
        Self {
            name: name.to_owned(),
            limits: *limits,
            base: None,
            payload: false,
            files: Vec::new(),
            folders: HashSet::new(),
            met: 0,
            total_bytes: 0,
            names_bytes: 0,
        }
    }

    /// Takes a folder.
    pub(super) fn folder(&mut self, raw: &str) -> Result<(), Fault> {
        // Tar names the folder it stands in.
        if raw == "./" || raw == "." {
            return self.count(raw);
        }
        self.count(raw)?;
        let raw = raw.strip_suffix('/').unwrap_or(raw);
        let Some(path) = self.inside(raw, true)? else {
            return Ok(());
        };
        self.payload |= path == "data" || path.starts_with("data/");
        self.folders.insert(path);
        Ok(())
    }

    /// Takes a file of `size` bytes that begins at `place`.
    pub(super) fn file(&mut self, raw: &str, size: u64, place: u64, own: T) -> Result<(), Fault> {
        self.count(raw)?;
        let path = self.inside(raw, false)?;
        let Some(path) = path else {
            let path = raw.to_owned();
            return Err(Fault::ArchiveBase { path });
        };
        let Limits {
            file_bytes,
            total_bytes,
            ..
        } = self.limits;
        self.total_bytes = self.total_bytes.saturating_add(size);
        if size > file_bytes {
            return Err(Fault::TooLarge {
                path,
                limit: file_bytes,
            });
        }
        if self.total_bytes > total_bytes {
            return Err(Fault::TooLarge {
                path: self.name.clone(),
                limit: total_bytes,
            });
        }
        self.payload |= path.starts_with("data/");
        self.files.push((Entry { path, size, place }, own));
        Ok(())
    }

    /// Sorts the files and refuses names that come twice, or as a file and as a folder.
    pub(super) fn sorted(mut self) -> Result<Sorted<T>, Fault> {
        self.files
            .sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
        let (entries, own): (Vec<Entry>, Vec<T>) = self.files.into_iter().unzip();
        let twice = entries.windows(2).find_map(|pair| match pair {
            [one, other] if one.path == other.path => Some(other.path.clone()),
            _ => None,
        });
        if let Some(path) = twice {
            return Err(Fault::PathTwice { path });
        }
        for entry in &entries {
            for (at, _) in entry.path.match_indices('/') {
                let folder = entry.path.get(..at).unwrap_or_default();
                if !self.folders.contains(folder) {
                    self.folders.insert(folder.to_owned());
                }
            }
        }
        let both = entries.iter().find(|one| self.folders.contains(&one.path));
        if let Some(both) = both {
            let path = both.path.clone();
            return Err(Fault::PathIsFolder { path });
        }
        Ok((entries, own, self.payload))
    }

    fn count(&mut self, raw: &str) -> Result<(), Fault> {
        self.met += 1;
        self.names_bytes += raw.len() as u64;
        let Limits {
            files, names_bytes, ..
        } = self.limits;
        let path = || self.name.clone();
        if self.met > files {
            return Err(Fault::TooManyFiles {
                path: path(),
                limit: files,
            });
        }
        if self.names_bytes > names_bytes {
            return Err(Fault::TooLarge {
                path: path(),
                limit: names_bytes,
            });
        }
        Ok(())
    }

    /// The path below the base folder; `None` for the base folder itself.
    fn inside(&mut self, raw: &str, folder: bool) -> Result<Option<String>, Fault> {
        let raw = raw.strip_prefix("./").unwrap_or(raw);
        let path = BagPath::found(raw)?;
        let (base, rest) = match path.as_str().split_once('/') {
            Some((base, rest)) => (base, Some(rest)),
            None => (path.as_str(), None),
        };
        let beside = match &self.base {
            Some(known) => known != base,
            None => rest.is_none() && !folder,
        };
        if beside {
            let path = path.as_str().to_owned();
            return Err(Fault::ArchiveBase { path });
        }
        if self.base.is_none() {
            self.base = Some(base.to_owned());
        }
        Ok(rest.map(str::to_owned))
    }
}
