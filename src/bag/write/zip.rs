//! A bag as a zip (APPNOTE 6.3.10): one folder, zip64 where a number does not fit, the directory spooled to the working
//! folder so that memory does not grow with the number of files.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::super::fault::Fault;
use super::super::path::BagPath;
use super::Sink;
use super::out::Out;
use super::stage::Stage;
use super::tap::Tap;

/// Files whose content packs well; scans and PDFs are packed already and are stored.
const PACKED: &[&str] = &[
    "txt", "json", "jsonl", "xml", "html", "htm", "csv", "tsv", "md", "svg", "toml",
];
/// From here on a file gets zip64 fields: a bit below 4 GiB, because packing may make it a little longer.
const ZIP64_FROM: u64 = 0xFF00_0000;
/// What stands in a field whose number is in the zip64 part.
const IN_ZIP64: u32 = u32::MAX;
/// 1980-01-01 00:00 as DOS writes it: time, then date.
const DOS_TIME: [u8; 4] = [0, 0, 0x21, 0];
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

/// Writes a zip.
pub(super) struct ZipSink {
    out: Out,
    base: String,
    name: String,
    directory: BufWriter<File>,
    entries: u64,
    piece: Vec<u8>,
}

/// What the directory says of a file.
struct Placed<'a> {
    name: &'a str,
    at: u64,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    mode: u32,
}

impl ZipSink {
    /// Begins the file with the folder and `folders` in it.
    pub(super) fn create(stage: &Stage, base: &BagPath, folders: &[&str]) -> Result<Self, Fault> {
        let name = stage.name();
        let options = &mut File::options();
        let options = options.read(true).write(true).create_new(true);
        let directory = options.open(stage.place("directory"));
        let mut sink = Self {
            out: Out::create(&stage.bag(), &name)?,
            base: base.as_str().to_owned(),
            directory: BufWriter::new(directory.map_err(|error| Fault::io(&name, &error))?),
            name,
            entries: 0,
            piece: vec![0; 256 << 10],
        };
        let inside = folders
            .iter()
            .map(|folder| format!("{}/{folder}/", sink.base));
        let root = format!("{}/", sink.base);
        let names: Vec<String> = [root].into_iter().chain(inside).collect();
        for name in names {
            let at = sink.out.position();
            sink.local(&name, 0, false)?;
            sink.list(&Placed {
                name: &name,
                at,
                method: 0,
                crc: 0,
                packed: 0,
                size: 0,
                mode: 0o040_755,
            })?;
        }
        Ok(sink)
    }

    /// The local header, with its numbers still zero; [`Self::correct`] fills them in.
    fn local(&mut self, name: &str, method: u16, zip64: bool) -> Result<(), Fault> {
        let mut bytes = Vec::with_capacity(64 + name.len());
        let version: u16 = if zip64 { 45 } else { 20 };
        bytes.extend(0x0403_4B50_u32.to_le_bytes());
        for number in [version, FLAGS, method] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(DOS_TIME);
        bytes.extend([0; 12]);
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend(if zip64 { 20_u16 } else { 0 }.to_le_bytes());
        bytes.extend(name.as_bytes());
        if zip64 {
            bytes.extend([1, 0, 16, 0]);
            bytes.extend([0; 16]);
        }
        self.out.put(&bytes)
    }

    /// Fills in what the local header could not know before.
    fn correct(&mut self, file: &Placed<'_>, zip64: bool) -> Result<(), Fault> {
        let short = |number: u64| if zip64 { IN_ZIP64 } else { number as u32 };
        let mut bytes = file.crc.to_le_bytes().to_vec();
        bytes.extend(short(file.packed).to_le_bytes());
        bytes.extend(short(file.size).to_le_bytes());
        self.out.patch(file.at + 14, &bytes)?;
        if zip64 {
            let mut bytes = file.size.to_le_bytes().to_vec();
            bytes.extend(file.packed.to_le_bytes());
            let at = file.at + 30 + file.name.len() as u64 + 4;
            self.out.patch(at, &bytes)?;
        }
        Ok(())
    }

    /// Adds a file to the spooled directory.
    fn list(&mut self, file: &Placed<'_>) -> Result<(), Fault> {
        self.entries += 1;
        let mut long = Vec::new();
        let mut short = |number: u64, from: u64| {
            if number >= from {
                long.extend(number.to_le_bytes());
                return IN_ZIP64;
            }
            number as u32
        };
        let both = if file.size >= ZIP64_FROM { 0 } else { u64::MAX };
        let size = short(file.size, both);
        let packed = short(file.packed, both);
        let at = short(file.at, u64::from(IN_ZIP64));
        let extra = if long.is_empty() { 0 } else { 4 + long.len() };
        let version: u16 = if extra > 0 { 45 } else { 20 };
        let mut bytes = 0x0201_4B50_u32.to_le_bytes().to_vec();
        // Made by Unix (3), so that the modes below count.
        for number in [3 << 8 | 45, version, FLAGS, file.method] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(DOS_TIME);
        for number in [file.crc, packed, size] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [file.name.len() as u16, extra as u16, 0, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        let folder = u32::from(file.name.ends_with('/')) << 4;
        bytes.extend((file.mode << 16 | folder).to_le_bytes());
        bytes.extend(at.to_le_bytes());
        bytes.extend(file.name.as_bytes());
        if extra > 0 {
            bytes.extend([1, 0]);
            bytes.extend((long.len() as u16).to_le_bytes());
            bytes.extend(long);
        }
        let written = self.directory.write_all(&bytes);
        written.map_err(|error| Fault::io(&self.name, &error))
    }

    /// Packs a file behind its header; gives back its CRC.
    fn pack(&mut self, bytes: &mut Tap<'_>) -> Result<u32, Fault> {
        let mut crc = crc32fast::Hasher::new();
        let io = |error: std::io::Error| Fault::io(&self.name, &error);
        let mut encoder = DeflateEncoder::new(&mut self.out, Compression::new(6));
        loop {
            let filled = bytes.fill(&mut self.piece)?;
            if filled == 0 {
                break;
            }
            let piece = self.piece.get(..filled).unwrap_or_default();
            crc.update(piece);
            encoder.write_all(piece).map_err(io)?;
        }
        encoder.finish().map_err(io)?;
        Ok(crc.finalize())
    }

    /// The zip64 end record and its locator, where the plain one does not hold the numbers; then the plain one.
    fn end(&mut self, start: u64, length: u64) -> Result<(), Fault> {
        let at = self.out.position();
        let zip64 = self.entries >= u64::from(u16::MAX)
            || start >= u64::from(IN_ZIP64)
            || length >= u64::from(IN_ZIP64);
        let mut bytes = Vec::new();
        if zip64 {
            bytes.extend(0x0606_4B50_u32.to_le_bytes());
            bytes.extend(44_u64.to_le_bytes());
            bytes.extend([45, 3, 45, 0]);
            bytes.extend([0; 8]);
            for number in [self.entries, self.entries, length, start] {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend(0x0706_4B50_u32.to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(at.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
        }
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX);
        let short = |number: u64| u32::try_from(number).unwrap_or(IN_ZIP64);
        bytes.extend(0x0605_4B50_u32.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(entries.to_le_bytes());
        bytes.extend(entries.to_le_bytes());
        bytes.extend(short(length).to_le_bytes());
        bytes.extend(short(start).to_le_bytes());
        bytes.extend([0; 2]);
        self.out.put(&bytes)
    }
}

impl Sink for ZipSink {
    fn put(&mut self, path: &BagPath, length: u64, bytes: &mut Tap<'_>) -> Result<(), Fault> {
        let name = format!("{}/{path}", self.base);
        let ending = path.as_str().rsplit_once('.').map(|(_, ending)| ending);
        let packs = ending.is_some_and(|one| PACKED.iter().any(|it| it.eq_ignore_ascii_case(one)));
        let zip64 = length >= ZIP64_FROM;
        let method = if packs && length > 0 { 8 } else { 0 };
        self.out.keep_together(length + 100 + name.len() as u64)?;
        let at = self.out.position();
        self.local(&name, method, zip64)?;
        let start = self.out.position();
        let crc = if method == 8 {
            self.pack(bytes)?
        } else {
            let mut crc = crc32fast::Hasher::new();
            self.out.pour(bytes, |piece| crc.update(piece))?;
            crc.finalize()
        };
        let placed = Placed {
            name: &name,
            at,
            method,
            crc,
            packed: self.out.position() - start,
            size: length,
            mode: 0o100_644,
        };
        self.correct(&placed, zip64)?;
        self.list(&placed)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        let start = self.out.position();
        let name = self.name.clone();
        let io = |error: std::io::Error| Fault::io(&name, &error);
        self.directory.flush().map_err(io)?;
        let directory = self.directory.get_mut();
        directory.rewind().map_err(io)?;
        loop {
            match self.directory.get_mut().read(&mut self.piece) {
                Ok(0) => break,
                Ok(some) => self.out.put(self.piece.get(..some).unwrap_or_default())?,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io(error)),
            }
        }
        let length = self.out.position() - start;
        self.end(start, length)?;
        self.out.sync()
    }
}
