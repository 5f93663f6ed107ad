//! Bags for the tests: made by the program, made by hand, and archives put together byte by byte.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use counterfoil::bag::{
    Algorithm, BagInfo, BagWriter, Entry, Fault, Form, Known, Limits, Report, Settings, Written,
    examine, open,
};
use counterfoil::domain::Digest;

/// A payload file: path, content.
pub type File = (String, Vec<u8>);

/// A few files of every sort.
pub fn files() -> Vec<File> {
    let file = |path: &str, bytes: &[u8]| (path.to_owned(), bytes.to_vec());
    vec![
        file("data/身份证/正面.jpg", &[0xFF; 3000]),
        file("data/notes.txt", &b"line\n".repeat(4000)),
        file("data/empty.bin", b""),
        file("data/a/b/c/deep.json", b"{}"),
        file(&format!("data/{}/long.pdf", "x".repeat(120)), b"%PDF-1.7"),
    ]
}

/// What every bag of the tests states.
pub fn info() -> BagInfo {
    let mut info = BagInfo::default();
    info.push("Source-Organization", "某市政务服务中心")
        .unwrap();
    info.push("Bagging-Date", "2026-11-01").unwrap();
    info
}

/// Writes a bag with a tag file in a folder.
pub fn write(target: &Path, form: Form, more: &[Algorithm], files: &[File]) -> Written {
    let mut writer = BagWriter::create(target, form, more, Limits::default()).unwrap();
    for (path, bytes) in files {
        let known = Known {
            sha256: Some(Digest::of(bytes)),
            ..Known::default()
        };
        let length = bytes.len() as u64;
        writer
            .payload(path, length, &known, &mut bytes.as_slice())
            .unwrap();
    }
    writer.tag("meta/proof.json", 2, &mut &b"{}"[..]).unwrap();
    writer.finish(&info()).unwrap()
}

/// Every form with a name for its bag.
pub const FORMS: [(Form, &str); 3] = [
    (Form::Folder, "bag"),
    (Form::Zip, "bag.zip"),
    (Form::Tar, "bag.tar"),
];

/// The verdict with default settings.
pub fn judge(path: &Path) -> Report {
    examine(path, &Settings::default())
}

/// The codes of the faults, in order.
pub fn codes(report: &Report) -> Vec<&'static str> {
    report.faults.iter().map(Fault::code).collect()
}

/// Every file with its content, as the reader gives it.
pub fn contents(path: &Path) -> Vec<File> {
    let source = open(path, &Limits::default()).unwrap();
    let read = |(index, entry): (usize, &Entry)| {
        let mut bytes = Vec::new();
        source.open(index).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, entry.size);
        (entry.path.clone(), bytes)
    };
    source.entries().iter().enumerate().map(read).collect()
}

/// Puts files below a folder, without any judgement.
pub fn put(folder: &Path, files: &[(&str, &[u8])]) {
    for (path, bytes) in files {
        let place = folder.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
}

/// The smallest bag: two files, one manifest, one tag manifest; by hand.
pub fn by_hand(folder: &Path) -> PathBuf {
    let bag = folder.join("by-hand");
    let declaration = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
    let manifest = lines(&[("data/one.txt", b"one"), ("data/two.txt", b"two")]);
    let info = b"Payload-Oxum: 6.2\n";
    let tags = lines(&[
        ("bagit.txt", declaration),
        ("bag-info.txt", info),
        ("manifest-sha256.txt", manifest.as_bytes()),
    ]);
    put(
        &bag,
        &[
            ("bagit.txt", declaration),
            ("bag-info.txt", info),
            ("data/one.txt", b"one"),
            ("data/two.txt", b"two"),
            ("manifest-sha256.txt", manifest.as_bytes()),
            ("tagmanifest-sha256.txt", tags.as_bytes()),
        ],
    );
    bag
}

/// A manifest of these files.
pub fn lines(files: &[(&str, &[u8])]) -> String {
    let line = |(path, bytes): &(&str, &[u8])| format!("{}  {path}\n", Digest::of(bytes));
    files.iter().map(line).collect()
}

/// One entry of a zip made by hand.
#[derive(Clone)]
pub struct ZipEntry {
    pub name: Vec<u8>,
    pub bytes: Vec<u8>,
    pub size: u32,
    pub method: u16,
    pub flags: u16,
    pub mode: u32,
}

impl ZipEntry {
    pub fn stored(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.to_vec(),
            size: bytes.len() as u32,
            method: 0,
            flags: 1 << 11,
            mode: 0o100_644,
        }
    }
}

/// A zip of these entries as they stand.
pub fn zip(entries: &[ZipEntry]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let at = file.len() as u32;
        let mut common = Vec::new();
        for number in [entry.flags, entry.method, 0, 0x21] {
            common.extend(number.to_le_bytes());
        }
        let crc = crc32fast::hash(&entry.bytes);
        for number in [crc, entry.bytes.len() as u32, entry.size] {
            common.extend(number.to_le_bytes());
        }
        common.extend((entry.name.len() as u16).to_le_bytes());
        file.extend(b"PK\x03\x04\x14\x00");
        file.extend(&common);
        file.extend([0; 2]);
        file.extend(&entry.name);
        file.extend(&entry.bytes);
        directory.extend(b"PK\x01\x02\x14\x03\x14\x00");
        directory.extend(&common);
        directory.extend([0; 8]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(&entry.name);
    }
    let start = file.len() as u32;
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        file.extend((entries.len() as u16).to_le_bytes());
    }
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

/// A block of a tar: header, content, filling.
pub fn tar_entry(name: &[u8], kind: tar::EntryType, link: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    if !link.is_empty() {
        header.set_link_name(link).unwrap();
    }
    header.set_cksum();
    let mut block = header.as_bytes().to_vec();
    block.extend(bytes);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

/// A tar of these blocks, with its end mark.
pub fn tar(blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut file = blocks.concat();
    file.extend([0; 1024]);
    file
}
