//! The directory of a zip, read entry by entry and held against every local header. Refused are names that come twice,
//! bytes that two files share, and anything behind the end. Contents are not looked at here.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use super::super::super::fault::Fault;
use super::super::super::limits::Limits;
use super::super::archive::Gathered;
use super::super::{Stretch, fill_at};
use super::Packed;

/// Length of the end record without its comment, and with the longest.
const END: usize = 22;
const END_MAX: u64 = END as u64 + 65_535;
/// Length of the zip64 end record and of its locator.
const END64: usize = 56;
const LOCATOR: usize = 20;
/// What stands in a field whose number is in the zip64 part.
const IN_ZIP64: u64 = u32::MAX as u64;

/// The directory: where it begins, its length, its entries.
struct Directory {
    start: u64,
    length: u64,
    entries: u64,
}

/// One entry of the directory.
struct Listed {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    at: u64,
    mode: u32,
    raw: Vec<u8>,
    name: String,
}

/// Indexes the archive.
pub(super) fn index(file: &File, name: &str, limits: &Limits) -> Result<Gathered<Packed>, Fault> {
    let indexer = Indexer { file, name, limits };
    indexer.index(&indexer.directory()?)
}

/// Little-endian numbers of a record; missing bytes read as zero, lengths are checked before.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let raw = bytes.get(at..at + 2).and_then(|raw| raw.try_into().ok());
    u16::from_le_bytes(raw.unwrap_or_default())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

struct Indexer<'a> {
    file: &'a File,
    name: &'a str,
    limits: &'a Limits,
}

impl Indexer<'_> {
    fn damaged(&self, reason: &str) -> Fault {
        Fault::damaged(self.name, reason)
    }

    fn at(&self, position: u64, length: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; length];
        let filled = fill_at(self.file, &mut bytes, position);
        if filled.map_err(|error| Fault::io(self.name, &error))? < length {
            return Err(self.damaged("it ends early"));
        }
        Ok(bytes)
    }

    /// Finds the directory from the end of the file.
    fn directory(&self) -> Result<Directory, Fault> {
        let length = self.file.metadata();
        let length = length.map_err(|error| Fault::io(self.name, &error))?.len();
        let from = length.saturating_sub(END_MAX);
        let tail = self.at(from, (length - from) as usize)?;
        let is_end = |at: &usize| {
            let comment = usize::from(u16_at(&tail, at + 20));
            u32_at(&tail, *at) == 0x0605_4B50 && at + END + comment == tail.len()
        };
        let places = (0..=tail.len().saturating_sub(END)).rev();
        let Some(at) = places.filter(|_| tail.len() >= END).find(is_end) else {
            return Err(self.damaged("no end record"));
        };
        let end = tail.get(at..).unwrap_or_default();
        let at = from + at as u64;
        let mut directory = Directory {
            start: u64::from(u32_at(end, 16)),
            length: u64::from(u32_at(end, 12)),
            entries: u64::from(u16_at(end, 10)),
        };
        let mut behind = at;
        let long = u16_at(end, 10) == u16::MAX
            || directory.start == IN_ZIP64
            || directory.length == IN_ZIP64;
        if long {
            behind = self.directory64(at, &mut directory)?;
        } else if u32_at(end, 4) != 0 || u16_at(end, 8) != u16_at(end, 10) {
            return Err(self.damaged("it is one of several parts"));
        }
        if directory.start.checked_add(directory.length) != Some(behind) {
            return Err(self.damaged("the directory does not end where it should"));
        }
        if directory.entries > self.limits.files {
            return Err(Fault::TooManyFiles {
                path: self.name.to_owned(),
                limit: self.limits.files,
            });
        }
        Ok(directory)
    }

    /// Reads the zip64 end record; gives back where it begins.
    fn directory64(&self, end: u64, directory: &mut Directory) -> Result<u64, Fault> {
        let short = || self.damaged("no zip64 end record");
        let at = end.checked_sub(LOCATOR as u64).ok_or_else(short)?;
        let locator = self.at(at, LOCATOR)?;
        let start = u64_at(&locator, 8);
        let fits = start.checked_add(END64 as u64) == Some(at);
        if u32_at(&locator, 0) != 0x0706_4B50 || !fits {
            return Err(short());
        }
        let record = self.at(start, END64)?;
        if u32_at(&record, 0) != 0x0606_4B50 || u64_at(&record, 24) != u64_at(&record, 32) {
            return Err(short());
        }
        *directory = Directory {
            start: u64_at(&record, 48),
            length: u64_at(&record, 40),
            entries: u64_at(&record, 32),
        };
        Ok(start)
    }

    /// Reads every entry and its local header.
    fn index(&self, directory: &Directory) -> Result<Gathered<Packed>, Fault> {
        let mut gathered = Gathered::new(self.name, self.limits);
        let stretch = Stretch {
            file: self.file,
            position: directory.start,
            left: directory.length,
        };
        let mut reader = BufReader::with_capacity(256 << 10, stretch);
        let mut taken = Vec::new();
        for _ in 0..directory.entries {
            let listed = self.listed(&mut reader)?;
            self.judge(&listed)?;
            let start = self.local(&listed)?;
            let end = start.checked_add(listed.packed);
            let Some(end) = end.filter(|end| *end <= directory.start) else {
                return Err(Fault::damaged(listed.name, "its bytes are outside"));
            };
            taken.push((listed.at, end));
            if listed.name.ends_with('/') {
                gathered.folder(&listed.name)?;
                continue;
            }
            let packed = Packed {
                length: listed.packed,
                method: listed.method,
                crc: listed.crc,
            };
            gathered.file(&listed.name, listed.size, start, packed)?;
        }
        let left = reader.fill_buf().map(<[u8]>::is_empty);
        if !left.map_err(|error| Fault::io(self.name, &error))? {
            return Err(self.damaged("the directory has more than its entries"));
        }
        taken.sort_unstable();
        let mut free = 0;
        for (start, end) in taken {
            if start < free {
                return Err(self.damaged("two files share the same bytes"));
            }
            free = end;
        }
        Ok(gathered)
    }

    /// Reads one entry of the directory.
    fn listed(&self, reader: &mut impl Read) -> Result<Listed, Fault> {
        let mut read = |length: usize| {
            let mut bytes = vec![0; length];
            let done = reader.read_exact(&mut bytes);
            let done = done.map(|()| bytes);
            done.map_err(|_| self.damaged("the directory ends early"))
        };
        let head = read(46)?;
        if u32_at(&head, 0) != 0x0201_4B50 {
            return Err(self.damaged("an entry of the directory is broken"));
        }
        let raw = read(usize::from(u16_at(&head, 28)))?;
        let extra = read(usize::from(u16_at(&head, 30)))?;
        read(usize::from(u16_at(&head, 32)))?;
        let flags = u16_at(&head, 8);
        // Without the flag the name is in an old code page; only its ASCII part is certain.
        let certain = flags & (1 << 11) != 0 || raw.is_ascii();
        let name = String::from_utf8(raw.clone()).ok().filter(|_| certain);
        let Some(name) = name else {
            return Err(Fault::PathNotUtf8 {
                path: String::from_utf8_lossy(&raw).into_owned(),
            });
        };
        let mut listed = Listed {
            flags,
            method: u16_at(&head, 10),
            crc: u32_at(&head, 16),
            packed: u64::from(u32_at(&head, 20)),
            size: u64::from(u32_at(&head, 24)),
            at: u64::from(u32_at(&head, 42)),
            mode: u32_at(&head, 38) >> 16,
            raw,
            name,
        };
        // Modes count only where the archive was made by Unix (3) or macOS (19).
        if !matches!(head.get(5), Some(3 | 19)) {
            listed.mode = 0;
        }
        self.long(&mut listed, &extra)?;
        Ok(listed)
    }

    /// Takes the numbers that did not fit from the zip64 part.
    fn long(&self, listed: &mut Listed, extra: &[u8]) -> Result<(), Fault> {
        let mut rest = extra;
        while rest.len() >= 4 {
            let length = usize::from(u16_at(rest, 2));
            let Some(body) = rest.get(4..4 + length) else {
                break;
            };
            if u16_at(rest, 0) == 1 {
                let mut at = 0;
                for number in [&mut listed.size, &mut listed.packed, &mut listed.at] {
                    if *number != IN_ZIP64 {
                        continue;
                    }
                    if body.len() < at + 8 {
                        return Err(self.damaged("a zip64 part is too short"));
                    }
                    *number = u64_at(body, at);
                    at += 8;
                }
                return Ok(());
            }
            rest = rest.get(4 + length..).unwrap_or_default();
        }
        Ok(())
    }

    /// Refuses what is not read here, by name.
    fn judge(&self, listed: &Listed) -> Result<(), Fault> {
        let path = || listed.name.clone();
        // Encrypted, strongly encrypted, masked headers; 99 is AES.
        if listed.flags & (1 | 1 << 6 | 1 << 13) != 0 || listed.method == 99 {
            return Err(Fault::ArchiveEncrypted { path: path() });
        }
        match listed.mode & 0o170_000 {
            0 | 0o100_000 => {}
            0o040_000 if listed.name.ends_with('/') => {}
            0o120_000 => return Err(Fault::ArchiveLink { path: path() }),
            _ => return Err(Fault::ArchiveSpecial { path: path() }),
        }
        let method = listed.method;
        if method != 0 && method != 8 {
            return Err(Fault::ArchiveMethod {
                path: path(),
                method,
            });
        }
        let folder = listed.name.ends_with('/') && listed.size > 0;
        if folder || method == 0 && listed.packed != listed.size {
            return Err(Fault::damaged(path(), "its sizes contradict each other"));
        }
        let fair = listed.packed.saturating_mul(self.limits.ratio);
        if listed.size > Limits::RATIO_FROM && listed.size > fair {
            return Err(Fault::ArchiveBomb { path: path() });
        }
        Ok(())
    }

    /// Holds the local header against the entry; gives back where the bytes begin.
    fn local(&self, listed: &Listed) -> Result<u64, Fault> {
        let head = self.at(listed.at, 30 + listed.raw.len())?;
        let same = u32_at(&head, 0) == 0x0403_4B50
            && u16_at(&head, 6) & 1 == listed.flags & 1
            && u16_at(&head, 8) == listed.method
            && usize::from(u16_at(&head, 26)) == listed.raw.len()
            && head.get(30..) == Some(&listed.raw);
        if !same {
            let path = listed.name.clone();
            return Err(Fault::damaged(path, "its two headers differ"));
        }
        let extra = u64::from(u16_at(&head, 28));
        Ok(listed.at + head.len() as u64 + extra)
    }
}
