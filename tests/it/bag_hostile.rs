//! Archives made to hurt: each is refused by name before anything of it is trusted.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use counterfoil::bag::{Form, Limits, Report, Settings, examine};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use tempfile::tempdir;

use crate::bag_kit::{ZipEntry, by_hand, codes, contents, files, judge, write, zip};

/// The bag made by hand as entries of an archive.
pub fn bag_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let bag = by_hand(folder);
    contents(&bag)
        .into_iter()
        .map(|(path, bytes)| (format!("bag/{path}"), bytes))
        .collect()
}

pub fn judged(folder: &Path, bytes: &[u8]) -> Report {
    let path = folder.join("archive");
    fs::write(&path, bytes).unwrap();
    judge(&path)
}

fn zip_entries(folder: &Path) -> Vec<ZipEntry> {
    let entry = |(path, bytes): &(String, Vec<u8>)| ZipEntry::stored(path, bytes);
    bag_files(folder).iter().map(entry).collect()
}

type ChangeZip = fn(&mut Vec<ZipEntry>);

/// What is done to a zip, and what is wrong with it then.
const ZIPS: &[(&str, ChangeZip, &str)] = &[
    ("as it is", |_| {}, ""),
    ("no flag for UTF-8, all ASCII", |all| all[0].flags = 0, ""),
    ("a name twice", |all| all.push(all[0].clone()), "path-twice"),
    (
        "out of the folder",
        |all| all[0].name = b"bag/../../x".into(),
        "path-escapes",
    ),
    (
        "absolute",
        |all| all[0].name = b"/etc/passwd".into(),
        "path-absolute",
    ),
    (
        "a drive",
        |all| all[0].name = b"C:/x".into(),
        "path-absolute",
    ),
    (
        "backslashes",
        |all| all[0].name = b"bag\\..\\x".into(),
        "path-backslash",
    ),
    (
        "a home folder",
        |all| all[0].name = b"~/x".into(),
        "path-home",
    ),
    (
        "a zero byte",
        |all| all[0].name = b"bag/a\0b".into(),
        "path-control",
    ),
    (
        "not UTF-8",
        |all| all[0].name = b"bag/\xff".into(),
        "path-not-utf8",
    ),
    (
        "old code page",
        |all| {
            all[0].flags = 0;
            all[0].name = "bag/材料".into();
        },
        "path-not-utf8",
    ),
    ("a link", |all| all[0].mode = 0o120_777, "archive-link"),
    ("a device", |all| all[0].mode = 0o020_666, "archive-special"),
    ("encrypted", |all| all[1].flags |= 1, "archive-encrypted"),
    (
        "encrypted by AES",
        |all| all[1].method = 99,
        "archive-encrypted",
    ),
    ("bzip2", |all| all[1].method = 12, "archive-method"),
    (
        "a second folder",
        |all| all.push(ZipEntry::stored("other/x", b"")),
        "archive-base",
    ),
    (
        "no folder",
        |all| all.push(ZipEntry::stored("x", b"")),
        "archive-base",
    ),
    (
        "a file that is a folder too",
        |all| all.push(ZipEntry::stored("bag/data/one.txt/x", b"")),
        "path-is-folder",
    ),
    (
        "a size that is not its own",
        |all| all[0].size += 1,
        "archive-damaged",
    ),
];

#[test]
fn zips() {
    for (what, change, code) in ZIPS {
        let folder = tempdir().unwrap();
        let mut entries = zip_entries(folder.path());
        change(&mut entries);
        let report = judged(folder.path(), &zip(&entries));
        let found = codes(&report).first().copied().unwrap_or_default();
        assert_eq!(found, *code, "{what}: {:?}", report.faults);
        assert_eq!(report.valid, code.is_empty(), "{what}");
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn zip_bombs() {
    let folder = tempdir().unwrap();
    let with = |packed: Vec<u8>, size: u32| {
        let mut entries = zip_entries(folder.path());
        let mut bomb = ZipEntry::stored("bag/data/bomb", &packed);
        bomb.method = 8;
        bomb.size = size;
        entries.push(bomb);
        judged(folder.path(), &zip(&entries))
    };
    // Thirty-two megabytes of nothing, and four gigabytes claimed.
    let packed = deflated(&vec![0; 32 << 20]);
    assert_eq!(codes(&with(packed.clone(), 32 << 20)), ["archive-bomb"]);
    assert_eq!(codes(&with(packed.clone(), u32::MAX - 1)), ["archive-bomb"]);
    // Said to be small: not one byte more than said is taken.
    let report = with(packed, 100);
    assert!(codes(&report).contains(&"file-unlisted") && !report.valid);
    let source = counterfoil::bag::open(&folder.path().join("archive"), &Limits::default());
    let source = source.unwrap();
    let mut bytes = Vec::new();
    let index = source.find("data/bomb").unwrap();
    let read = source.open(index).unwrap().read_to_end(&mut bytes);
    assert!(read.is_err() && bytes.len() <= 100);
    // Two names for the same bytes, as overlapping bombs do.
    let mut twice = zip(&zip_entries(folder.path()));
    let first = twice
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    let name = u16::from_le_bytes([twice[first + 28], twice[first + 29]]) as usize;
    let second = first + 46 + name;
    assert_eq!(&twice[second..second + 4], b"PK\x01\x02");
    twice.copy_within(first + 42..first + 46, second + 42);
    assert_eq!(codes(&judged(folder.path(), &twice)), ["archive-damaged"]);
}

#[test]
fn zips_with_more_than_one_reading() {
    let folder = tempdir().unwrap();
    let whole = zip(&zip_entries(folder.path()));
    assert!(judged(folder.path(), &whole).valid);
    let mut cases = vec![("something behind", [&whole[..], b"x"].concat())];
    cases.push((
        "a second end record",
        [&whole[..], &whole[whole.len() - 22..]].concat(),
    ));
    let mut renamed = whole.clone();
    renamed[30] ^= 1;
    cases.push(("a local name of its own", renamed));
    let mut fewer = whole.clone();
    let at = whole.len() - 12;
    fewer[at] -= 1;
    cases.push(("a count that is too small", fewer.clone()));
    fewer[at] += 2;
    fewer[at - 2] += 1;
    cases.push(("a count that is too large", fewer));
    let before = [&b"PK\x03\x04 in front"[..], &whole].concat();
    cases.push(("something in front", before));
    for (what, bytes) in cases {
        assert_eq!(
            codes(&judged(folder.path(), &bytes)),
            ["archive-damaged"],
            "{what}"
        );
    }
}

#[test]
fn what_is_no_archive_at_all() {
    let folder = tempdir().unwrap();
    let cases: [&[u8]; 6] = [
        b"",
        b"PK",
        b"%PDF-1.7",
        b"\x1f\x8b\x08\0\0\0\0\0",
        &[0; 512],
        &[b'x'; 2000],
    ];
    for bytes in cases {
        assert_eq!(codes(&judged(folder.path(), bytes)), ["archive-kind"]);
    }
    let empty = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert_eq!(
        codes(&judged(folder.path(), empty)),
        ["declaration-missing"]
    );
    let absent = judge(&folder.path().join("absent"));
    assert_eq!(codes(&absent), ["cannot-access"]);
}

#[test]
fn limits_hold_while_reading() {
    let folder = tempdir().unwrap();
    let table = [
        (
            Limits {
                files: 5,
                ..Limits::default()
            },
            "too-many-files",
        ),
        (
            Limits {
                file_bytes: 100,
                ..Limits::default()
            },
            "too-large",
        ),
        (
            Limits {
                total_bytes: 1000,
                ..Limits::default()
            },
            "too-large",
        ),
        (
            Limits {
                names_bytes: 40,
                ..Limits::default()
            },
            "too-large",
        ),
    ];
    for (form, name) in [
        (Form::Folder, "bag"),
        (Form::Zip, "bag.zip"),
        (Form::Tar, "bag.tar"),
    ] {
        let target = folder.path().join(name);
        write(&target, form, &[], &files());
        for (limits, code) in table {
            let settings = Settings {
                limits,
                ..Settings::default()
            };
            assert_eq!(codes(&examine(&target, &settings)), [code], "{name}");
        }
    }
    let bag = by_hand(folder.path());
    let long = format!("{} data/{}\n", "0".repeat(64), "x".repeat(20_000));
    fs::write(bag.join("manifest-sha512.txt"), long).unwrap();
    assert!(codes(&judge(&bag)).contains(&"line-too-long"));
    // A pipe in the folder must not stop the reader.
    let pipe = rustix::fs::CWD;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(pipe, bag.join("data/pipe"), kind, mode, 0).unwrap();
    assert_eq!(codes(&judge(&bag))[0], "archive-special");
}
