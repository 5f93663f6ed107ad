//! Every way to falsify a bag that we thought of, each with what the judgement says.

use std::fs;
use std::path::Path;

use crate::bag_kit::{lines, put};

/// Writes a tag file anew and lists it as it now is, as a forger would.
pub fn forge(bag: &Path, name: &str, text: &str) {
    fs::write(bag.join(name), text).unwrap();
    let tags = bag.join("tagmanifest-sha256.txt");
    let listed = fs::read_to_string(&tags).unwrap();
    let others = listed
        .lines()
        .filter(|line| !line.ends_with(&format!("  {name}")));
    let mut all: String = others.map(|line| format!("{line}\n")).collect();
    all.push_str(&lines(&[(name, text.as_bytes())]));
    fs::write(tags, all).unwrap();
}

fn read(bag: &Path, name: &str) -> String {
    fs::read_to_string(bag.join(name)).unwrap()
}

/// The payload manifest through a change, listed as it then is.
fn manifest(bag: &Path, change: impl Fn(&str) -> String) {
    let text = read(bag, "manifest-sha256.txt");
    forge(bag, "manifest-sha256.txt", &change(&text));
}

/// A change to a bag.
pub type Change = fn(&Path);

/// What is done to the bag made by hand, and every fault that comes of it.
pub const TABLE: &[(&str, Change, &[&str])] = &[
    ("nothing", |_| {}, &[]),
    (
        "a file is gone",
        |bag| fs::remove_file(bag.join("data/one.txt")).unwrap(),
        &["oxum-differs", "file-missing"],
    ),
    (
        "a file is added",
        |bag| put(bag, &[("data/x/new.txt", b"")]),
        &["oxum-differs", "file-unlisted"],
    ),
    (
        "two files change places",
        |bag| put(bag, &[("data/one.txt", b"two"), ("data/two.txt", b"one")]),
        &["checksum-differs", "checksum-differs"],
    ),
    (
        "a file grows",
        |bag| put(bag, &[("data/one.txt", b"one!")]),
        &["oxum-differs", "checksum-differs"],
    ),
    (
        "the checksums of two lines change places",
        |bag| {
            manifest(bag, |text| {
                text.replace("one", "x")
                    .replace("two", "one")
                    .replace("x.", "two.")
                    .replace("xx", "x")
            });
        },
        &["checksum-differs", "checksum-differs"],
    ),
    (
        "the order of the lines is another",
        |bag| {
            manifest(bag, |text| {
                text.lines().rev().map(|line| format!("{line}\n")).collect()
            });
        },
        &[],
    ),
    (
        "a line is gone",
        |bag| manifest(bag, |text| format!("{}\n", text.lines().next().unwrap())),
        &["file-unlisted"],
    ),
    (
        "a line comes twice",
        |bag| manifest(bag, |text| format!("{text}{text}")),
        &["listed-twice", "listed-twice"],
    ),
    (
        "a file is listed that is not there",
        |bag| {
            manifest(bag, |text| {
                format!("{text}{}", lines(&[("data/three.txt", b"")]))
            });
        },
        &["file-missing"],
    ),
    (
        "the manifest lists a tag file",
        |bag| {
            manifest(bag, |text| {
                format!(
                    "{text}{}",
                    lines(&[("bag-info.txt", b"Payload-Oxum: 6.2\n")])
                )
            });
        },
        &["listed-outside"],
    ),
    (
        "the manifest leads out",
        |bag| {
            manifest(bag, |text| {
                format!(
                    "{text}{}",
                    lines(&[("data/../../x", b""), ("/etc/passwd", b""), ("~/x", b"")])
                )
            });
        },
        &["path-escapes", "path-absolute", "path-home"],
    ),
    (
        "an empty line",
        |bag| manifest(bag, |text| format!("{text}\n")),
        &["manifest-line"],
    ),
    (
        "a checksum that is too short",
        |bag| manifest(bag, |text| text[1..].to_owned()),
        &["manifest-line", "file-unlisted"],
    ),
    (
        "uppercase, tabs and CRLF",
        |bag| {
            manifest(bag, |text| {
                let line =
                    |line: &str| format!("{}\t \t{}\r\n", line[..64].to_uppercase(), &line[66..]);
                text.lines().map(line).collect()
            });
        },
        &[],
    ),
    (
        "no end of the last line",
        |bag| manifest(bag, |text| text.trim_end().to_owned()),
        &[],
    ),
    (
        "a byte-order mark",
        |bag| manifest(bag, |text| format!("\u{feff}{text}")),
        &["tag-bom", "file-unlisted"],
    ),
    (
        "the manifest is gone",
        |bag| fs::remove_file(bag.join("manifest-sha256.txt")).unwrap(),
        &["file-missing", "manifest-missing"],
    ),
    (
        "the manifest is not in the tag manifest",
        |bag| {
            let tags = read(bag, "tagmanifest-sha256.txt");
            let kept = tags
                .lines()
                .take(2)
                .map(|line| format!("{line}\n"))
                .collect::<String>();
            put(bag, &[("tagmanifest-sha256.txt", kept.as_bytes())]);
        },
        &["file-unlisted"],
    ),
    (
        "the tag manifest lists payload and itself",
        |bag| {
            forge(bag, "data/one.txt", "one");
            forge(
                bag,
                "tagmanifest-sha256.txt",
                &read(bag, "tagmanifest-sha256.txt"),
            );
        },
        &["listed-outside", "listed-outside"],
    ),
    (
        "bag-info.txt is changed",
        |bag| put(bag, &[("bag-info.txt", b"Payload-Oxum: 6.2 \n")]),
        &["oxum-form", "checksum-differs"],
    ),
    (
        "a wrong sum",
        |bag| forge(bag, "bag-info.txt", "payload-oxum: 7.2\n"),
        &["oxum-differs"],
    ),
    (
        "two sums",
        |bag| {
            forge(
                bag,
                "bag-info.txt",
                "Payload-Oxum: 6.2\nPayload-Oxum: 6.2\n",
            )
        },
        &["oxum-form"],
    ),
    (
        "lines that are none",
        |bag| forge(bag, "bag-info.txt", "x\nA:b\n c\n"),
        &["info-form", "info-form", "info-form"],
    ),
    (
        "no payload folder",
        |bag| {
            fs::remove_dir_all(bag.join("data")).unwrap();
            forge(bag, "manifest-sha256.txt", "");
            forge(bag, "bag-info.txt", "Payload-Oxum: 0.0\n");
        },
        &["payload-folder-missing"],
    ),
    (
        "an algorithm nobody knows",
        |bag| forge(bag, "manifest-crc32.txt", "00000000 data/one.txt\n"),
        &["algorithm-unknown"],
    ),
    (
        "a second manifest that misses a file",
        |bag| {
            forge(
                bag,
                "manifest-md5.txt",
                "f97c5d29941bfb1b2fdab0874906ab82 data/one.txt\n",
            );
        },
        &["file-unlisted"],
    ),
    (
        "SHA-1 for all",
        |bag| {
            let text = "fe05bcdcdc4928012781a5f1a2a77cbb5398e106 data/one.txt\nad782ecdac770fc6eb9a62e44f90873fb97fb26b data/two.txt\n";
            forge(bag, "manifest-sha1.txt", text);
        },
        &[],
    ),
    (
        "no declaration",
        |bag| fs::remove_file(bag.join("bagit.txt")).unwrap(),
        &["declaration-missing"],
    ),
    (
        "a link",
        |bag| std::os::unix::fs::symlink("one.txt", bag.join("data/link")).unwrap(),
        &["archive-link"],
    ),
    (
        "a linked folder",
        |bag| std::os::unix::fs::symlink("/etc", bag.join("etc")).unwrap(),
        &["archive-link"],
    ),
];
