//! A bag as a POSIX tar (pax): one folder, then its files in the order they came.

use tar::{EntryType, Header};

use super::super::fault::Fault;
use super::super::path::BagPath;
use super::out::Out;
use super::stage::Stage;
use super::tap::Tap;
use super::{MTIME, Sink};

/// The size of a block; every header and every file is filled up to it.
const BLOCK: u64 = 512;
/// What fits the old name field.
const NAME_MAX: usize = 100;
/// The largest size that eleven octal digits state.
const OCTAL_MAX: u64 = 0o77_777_777_777;

/// Writes a tar.
pub(super) struct TarSink {
    out: Out,
    base: String,
}

impl TarSink {
    /// Begins the file with the folder and `folders` in it.
    pub(super) fn create(stage: &Stage, base: &BagPath, folders: &[&str]) -> Result<Self, Fault> {
        let mut sink = Self {
            out: Out::create(&stage.bag(), &stage.name())?,
            base: base.as_str().to_owned(),
        };
        sink.header("", EntryType::Directory, 0o755, 0)?;
        for folder in folders {
            sink.header(&format!("{folder}/"), EntryType::Directory, 0o755, 0)?;
        }
        Ok(sink)
    }

    /// Writes the header of `path`, with a pax header before it where the old fields do not hold name or size.
    fn header(&mut self, path: &str, kind: EntryType, mode: u32, size: u64) -> Result<(), Fault> {
        let name = format!("{}/{path}", self.base);
        let mut records = Vec::new();
        if !name.is_ascii() || name.len() > NAME_MAX {
            records.extend(record("path", &name));
        }
        if size > OCTAL_MAX {
            records.extend(record("size", &size.to_string()));
        }
        if !records.is_empty() {
            let length = records.len() as u64;
            self.block(&name, EntryType::XHeader, 0o644, length)?;
            self.out.put(&records)?;
            self.fill_up(length)?;
        }
        self.block(&name, kind, mode, size)
    }

    fn block(&mut self, name: &str, kind: EntryType, mode: u32, size: u64) -> Result<(), Fault> {
        let mut header = Header::new_ustar();
        // A reader without pax sees the end of the name, in ASCII.
        let plain: Vec<u8> = name
            .chars()
            .map(|c| if c.is_ascii() { c as u8 } else { b'_' })
            .collect();
        let start = plain.len().saturating_sub(NAME_MAX);
        let field = plain.get(start..).unwrap_or_default();
        for (to, from) in header.as_old_mut().name.iter_mut().zip(field) {
            *to = *from;
        }
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(MTIME);
        header.set_size(if size > OCTAL_MAX { 0 } else { size });
        header.set_cksum();
        self.out.put(header.as_bytes())
    }

    fn fill_up(&mut self, length: u64) -> Result<(), Fault> {
        let rest = length % BLOCK;
        if rest == 0 {
            return Ok(());
        }
        self.out.zeros((BLOCK - rest) as usize)
    }
}

/// A pax record: its own length in decimal, a blank, key, `=`, value, line feed.
fn record(key: &str, value: &str) -> Vec<u8> {
    let body = format!(" {key}={value}\n");
    let mut length = body.len() + 1;
    while length != body.len() + length.to_string().len() {
        length = body.len() + length.to_string().len();
    }
    format!("{length}{body}").into_bytes()
}

impl Sink for TarSink {
    fn put(&mut self, path: &BagPath, length: u64, bytes: &mut Tap<'_>) -> Result<(), Fault> {
        self.header(path.as_str(), EntryType::Regular, 0o644, length)?;
        self.out.pour(bytes, |_| {})?;
        self.fill_up(length)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        self.out.zeros(2 * BLOCK as usize)?;
        self.out.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::record;

    #[test]
    fn a_record_counts_its_own_length() {
        for size in 1..120 {
            let record = record("path", &"x".repeat(size));
            let text = String::from_utf8(record.clone()).unwrap();
            let (length, _) = text.split_once(' ').unwrap();
            assert_eq!(length.parse::<usize>().unwrap(), record.len());
        }
    }
}
