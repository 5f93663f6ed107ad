//! A bag in a tar: indexed once by offset, then read at any place. Names of GNU and pax are understood; links, sparse
//! files and devices are refused. The numbers of a header are read by the `tar` crate; the walk is our own, because the
//! crate's reads a long name into memory however long it says it is.

use std::fs::File;
use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

use super::super::fault::Fault;
use super::super::limits::Limits;
use super::archive::Gathered;
use super::{Entry, Source, Stretch, fill_at};

const BLOCK: u64 = 512;
/// Bytes of an extended header; a name of 1 KiB and a few more records.
const EXTENDED_MAX: u64 = 64 << 10;
/// Bytes behind the end mark that are looked at; GNU tar fills up to 10 KiB.
const TAIL_MAX: u64 = 1 << 20;

/// The archive, indexed.
pub(super) struct TarSource {
    name: String,
    file: File,
    entries: Vec<Entry>,
    payload: bool,
}

/// Whether a file begins like a tar.
pub(super) fn looks_like(head: &[u8]) -> bool {
    let Ok(block) = <&[u8; 512]>::try_from(head) else {
        return false;
    };
    let header = Header::from_byte_slice(block);
    block.iter().any(|byte| *byte != 0) && sum_holds(header)
}

/// Whether the header's checksum is the sum of its bytes, its own field counted as blanks.
fn sum_holds(header: &Header) -> bool {
    let sum = header.as_bytes().iter().enumerate().map(|(at, byte)| {
        let own = (148..156).contains(&at);
        u32::from(if own { b' ' } else { *byte })
    });
    header
        .cksum()
        .is_ok_and(|stated| stated == sum.sum::<u32>())
}

/// What extended headers said of the next file.
#[derive(Default)]
struct Extended {
    path: Option<String>,
    size: Option<u64>,
}

impl TarSource {
    /// Indexes the archive.
    pub(super) fn open(file: File, name: String, limits: &Limits) -> Result<Self, Fault> {
        let length = file.metadata().map_err(|error| Fault::io(&name, &error))?;
        let mut walk = Walk {
            file: &file,
            name: &name,
            length: length.len(),
            position: 0,
            extended: Extended::default(),
            gathered: Gathered::new(&name, limits),
            headers_left: limits.files.saturating_mul(3),
        };
        while walk.step()? {}
        let (entries, _, payload) = walk.gathered.sorted()?;
        Ok(Self {
            name,
            file,
            entries,
            payload,
        })
    }
}

/// The way through the archive.
struct Walk<'a> {
    file: &'a File,
    name: &'a str,
    length: u64,
    position: u64,
    extended: Extended,
    gathered: Gathered<()>,
    headers_left: u64,
}

impl Walk<'_> {
    /// Reads one header; false at the end mark.
    fn step(&mut self) -> Result<bool, Fault> {
        let block = self.block()?;
        if block.iter().all(|byte| *byte == 0) {
            return self.tail().map(|()| false);
        }
        self.headers_left = match self.headers_left.checked_sub(1) {
            Some(left) => left,
            None => return Err(self.damaged("too many headers")),
        };
        let header = Header::from_byte_slice(&block);
        if !sum_holds(header) {
            return Err(self.damaged("a header's checksum does not hold"));
        }
        let kind = header.entry_type();
        let stated = header.entry_size();
        let size = || stated.map_err(|_| self.damaged("a size is not a number"));
        match kind {
            EntryType::XHeader | EntryType::GNULongName | EntryType::XGlobalHeader => {
                let size = size()?;
                self.extend(kind, size)?;
            }
            EntryType::Regular | EntryType::Directory => {
                let size = size()?;
                self.entry(header, kind, size)?;
            }
            _ => {
                let path = self.path(header)?;
                return Err(match kind {
                    EntryType::Link | EntryType::Symlink | EntryType::GNULongLink => {
                        Fault::ArchiveLink { path }
                    }
                    _ => Fault::ArchiveSpecial { path },
                });
            }
        }
        Ok(true)
    }

    fn block(&mut self) -> Result<[u8; 512], Fault> {
        let mut block = [0; 512];
        let filled = fill_at(self.file, &mut block, self.position);
        if filled.map_err(|error| Fault::io(self.name, &error))? < block.len() {
            return Err(self.damaged("it ends early"));
        }
        self.position += BLOCK;
        Ok(block)
    }

    /// Behind the end mark there may be nothing but zeros: another reader might find files there.
    fn tail(&mut self) -> Result<(), Fault> {
        if self.length - self.position > TAIL_MAX {
            return Err(self.damaged("there is more behind its end"));
        }
        let mut rest = vec![0; (self.length - self.position) as usize];
        let filled = fill_at(self.file, &mut rest, self.position);
        filled.map_err(|error| Fault::io(self.name, &error))?;
        if rest.iter().any(|byte| *byte != 0) {
            return Err(self.damaged("there is more behind its end"));
        }
        Ok(())
    }

    /// Reads what an extended header says of the file behind it.
    fn extend(&mut self, kind: EntryType, size: u64) -> Result<(), Fault> {
        if size > EXTENDED_MAX {
            return Err(self.damaged("an extended header is too long"));
        }
        let mut body = vec![0; size as usize];
        let filled = fill_at(self.file, &mut body, self.position);
        if filled.map_err(|error| Fault::io(self.name, &error))? < body.len() {
            return Err(self.damaged("it ends early"));
        }
        self.skip(size)?;
        if kind == EntryType::GNULongName {
            let name = body.split(|byte| *byte == 0).next().unwrap_or_default();
            self.extended.path = Some(self.text(name)?);
            return Ok(());
        }
        for record in PaxExtensions::new(&body) {
            let record = record.map_err(|_| self.damaged("an extended header is broken"))?;
            let key = self.text(record.key_bytes())?;
            let value = record.value_bytes();
            match key.as_str() {
                _ if key.starts_with("GNU.sparse") => {
                    let path = self.extended.path.take().unwrap_or(key);
                    return Err(Fault::ArchiveSpecial { path });
                }
                "path" | "size" | "linkpath" if kind == EntryType::XGlobalHeader => {
                    return Err(self.damaged("a global header names a file"));
                }
                "linkpath" => {
                    let path = self.text(value)?;
                    return Err(Fault::ArchiveLink { path });
                }
                "path" => self.extended.path = Some(self.text(value)?),
                "size" => {
                    let size = self.text(value)?.parse();
                    let size = size.map_err(|_| self.damaged("a size is not a number"))?;
                    self.extended.size = Some(size);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes a file or a folder.
    fn entry(&mut self, header: &Header, kind: EntryType, size: u64) -> Result<(), Fault> {
        let path = self.path(header)?;
        let size = self.extended.size.take().unwrap_or(size);
        let place = self.position;
        // The oldest tars mark a folder by the end of its name.
        let folder = kind == EntryType::Directory || path.ends_with('/');
        if folder {
            if size > 0 {
                return Err(self.damaged("a folder has a size"));
            }
            return self.gathered.folder(&path);
        }
        self.skip(size)?;
        self.gathered.file(&path, size, place, ())
    }

    /// The name of the file behind this header.
    fn path(&mut self, header: &Header) -> Result<String, Fault> {
        match self.extended.path.take() {
            Some(path) => Ok(path),
            None => self.text(&header.path_bytes()),
        }
    }

    fn text(&self, bytes: &[u8]) -> Result<String, Fault> {
        let text = std::str::from_utf8(bytes).map(str::to_owned);
        text.map_err(|_| Fault::PathNotUtf8 {
            path: String::from_utf8_lossy(bytes).into_owned(),
        })
    }

    /// Goes behind `size` bytes and what fills up their last block.
    fn skip(&mut self, size: u64) -> Result<(), Fault> {
        let blocks = size.div_ceil(BLOCK);
        let next = blocks
            .checked_mul(BLOCK)
            .and_then(|all| self.position.checked_add(all));
        match next.filter(|next| *next <= self.length) {
            Some(next) => self.position = next,
            None => return Err(self.damaged("it ends early")),
        }
        Ok(())
    }

    fn damaged(&self, reason: &str) -> Fault {
        Fault::damaged(self.name, reason)
    }
}

impl Source for TarSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn has_payload_folder(&self) -> bool {
        self.payload
    }

    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Fault> {
        let Some(entry) = self.entries.get(index) else {
            return Err(Fault::io(&self.name, &io::ErrorKind::NotFound.into()));
        };
        Ok(Box::new(Stretch {
            file: &self.file,
            position: entry.place,
            left: entry.size,
        }))
    }
}
