//! Tars made to hurt, as `bag_hostile` does it with zips.

use std::path::Path;

use tar::EntryType::{self, Directory, GNULongLink, GNULongName, Regular, XGlobalHeader, XHeader};
use tempfile::tempdir;

use crate::bag_hostile::{bag_files, judged};
use crate::bag_kit::{codes, tar, tar_entry};

fn tar_blocks(folder: &Path) -> Vec<Vec<u8>> {
    let entry = |(path, bytes): &(String, Vec<u8>)| tar_entry(path.as_bytes(), Regular, "", bytes);
    bag_files(folder).iter().map(entry).collect()
}

fn pax(key: &str, value: &str) -> Vec<u8> {
    let body = format!(" {key}={value}\n");
    let length = (1..).find(|length: &usize| length.to_string().len() + body.len() == *length);
    format!("{}{body}", length.unwrap()).into_bytes()
}

/// A block behind a bag, and what is wrong with the archive then.
type Row = (&'static str, Vec<u8>, &'static str);

fn entry(name: &str, kind: EntryType) -> Vec<u8> {
    tar_entry(name.as_bytes(), kind, "", b"")
}

fn link(kind: EntryType) -> Vec<u8> {
    tar_entry(b"bag/data/link", kind, "/etc/passwd", b"")
}

fn before(kind: EntryType, body: &[u8], name: &str) -> Vec<u8> {
    [tar_entry(b"x", kind, "", body), entry(name, Regular)].concat()
}

fn names_and_sizes() -> Vec<Row> {
    vec![
        ("a folder of its own", entry("bag/meta/", Directory), ""),
        (
            "a global comment",
            tar_entry(b"x", XGlobalHeader, "", &pax("comment", "c")),
            "",
        ),
        (
            "a name twice",
            entry("bag/bagit.txt", Regular),
            "path-twice",
        ),
        (
            "out of the folder",
            entry("bag/../../x", Regular),
            "path-escapes",
        ),
        (
            "out by a long name",
            before(GNULongName, b"bag/../../x\0", "bag/x"),
            "path-escapes",
        ),
        (
            "out by pax",
            before(XHeader, &pax("path", "/etc/passwd"), "bag/x"),
            "path-absolute",
        ),
        (
            "a name for all by pax",
            before(XGlobalHeader, &pax("path", "x"), "bag/x"),
            "archive-damaged",
        ),
        (
            "a size beyond the end",
            before(XHeader, &pax("size", "99999999999999"), "bag/x"),
            "archive-damaged",
        ),
        (
            "a size beyond all",
            before(XHeader, &pax("size", "18446744073709551615"), "bag/x"),
            "archive-damaged",
        ),
        (
            "a very long name",
            tar_entry(b"x", GNULongName, "", &[b'x'; 70_000]),
            "archive-damaged",
        ),
        ("a second folder", entry("other/x", Regular), "archive-base"),
        ("no folder", entry("x", Regular), "archive-base"),
        (
            "not UTF-8",
            tar_entry(b"bag/\xff", Regular, "", b""),
            "path-not-utf8",
        ),
        (
            "a file that is a folder too",
            entry("bag/data/one.txt/x", Regular),
            "path-is-folder",
        ),
    ]
}

fn links_and_devices() -> Vec<Row> {
    vec![
        ("a link", link(EntryType::Symlink), "archive-link"),
        ("a hard link", link(EntryType::Link), "archive-link"),
        (
            "a long link",
            before(GNULongLink, b"x\0", "bag/x"),
            "archive-link",
        ),
        (
            "a link by pax",
            before(XHeader, &pax("linkpath", "x"), "bag/x"),
            "archive-link",
        ),
        (
            "a device",
            entry("bag/data/null", EntryType::Char),
            "archive-special",
        ),
        (
            "a pipe",
            entry("bag/data/pipe", EntryType::Fifo),
            "archive-special",
        ),
        (
            "sparse",
            entry("bag/data/sparse", EntryType::GNUSparse),
            "archive-special",
        ),
        (
            "sparse by pax",
            before(XHeader, &pax("GNU.sparse.major", "1"), "bag/x"),
            "archive-special",
        ),
    ]
}

#[test]
fn tars() {
    let table = names_and_sizes().into_iter().chain(links_and_devices());
    for (what, block, code) in table {
        let folder = tempdir().unwrap();
        let mut blocks = tar_blocks(folder.path());
        blocks.push(block);
        let report = judged(folder.path(), &tar(&blocks));
        let found = codes(&report).first().copied().unwrap_or_default();
        assert_eq!(found, code, "{what}: {:?}", report.faults);
    }
    let folder = tempdir().unwrap();
    let whole = tar(&tar_blocks(folder.path()));
    let two = [&whole[..], &whole].concat();
    assert_eq!(codes(&judged(folder.path(), &two)), ["archive-damaged"]);
    let cut = &whole[..whole.len() - 1024];
    assert_eq!(codes(&judged(folder.path(), cut)), ["archive-damaged"]);
}
