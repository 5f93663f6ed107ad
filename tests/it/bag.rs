//! Bags written, read back and judged; what other programs say of them; what a writer refuses.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use counterfoil::bag::{
    Algorithm, BagInfo, BagWriter, Depth, Fault, Form, Known, Limits, Settings, examine,
};
use counterfoil::domain::{Digest, Sm3};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::bag_kit::{FORMS, File, codes, contents, files, info, judge, put, write};

const ALL: [Algorithm; 2] = [Algorithm::Sha512, Algorithm::Sm3];

fn create(target: &Path, form: Form) -> Result<BagWriter, Fault> {
    BagWriter::create(target, form, &[], Limits::default())
}

/// Whatever is in the folder, hidden or not.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn every_form_holds_the_same_bag() {
    let folder = tempdir().unwrap();
    let mut seen = Vec::new();
    for (form, name) in FORMS {
        let target = folder.path().join(name);
        let written = write(&target, form, &ALL, &files());
        let report = judge(&target);
        assert_eq!(report.faults, [], "{name}");
        assert!(report.valid && report.complete, "{name}");
        assert_eq!((report.files, report.bytes), (written.files, written.bytes));
        assert_eq!(report.algorithms.len(), 3);
        let organisation = report.info.get("source-organization");
        assert_eq!(organisation, Some("某市政务服务中心"));
        let all = contents(&target);
        let tags = all
            .iter()
            .find(|(path, _)| path == "tagmanifest-sha256.txt");
        assert_eq!(Digest::of(&tags.unwrap().1), written.tag_manifest);
        seen.push(all);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    // Nothing of the work is left.
    assert_eq!(names(folder.path()), ["bag", "bag.tar", "bag.zip"]);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, two) = (tempdir().unwrap(), tempdir().unwrap());
    for (form, name) in &FORMS[1..] {
        let targets = [one.path().join(name), two.path().join(name)];
        for target in &targets {
            write(target, *form, &ALL, &files());
        }
        let [one, two] = targets.map(|target| fs::read(target).unwrap());
        assert!(one == two, "{name}");
    }
}

#[test]
fn other_programs_agree() {
    let folder = tempdir().unwrap();
    let all: Vec<File> = files()
        .into_iter()
        .chain([("data/$ '\".txt".replace('"', "-"), b"x".to_vec())])
        .collect();
    write(&folder.path().join("bag"), Form::Folder, &ALL, &all);
    let unpack = [
        (
            "in-zip.zip",
            Form::Zip,
            "python3 -m zipfile -e in-zip.zip .",
        ),
        ("in-tar.tar", Form::Tar, "tar -xf in-tar.tar"),
    ];
    for (name, form, command) in unpack {
        write(&folder.path().join(name), form, &ALL, &all);
        run(folder.path(), command);
    }
    for bag in ["bag", "in-zip", "in-tar"] {
        let bag = folder.path().join(bag);
        for command in [
            "sha256sum --strict --quiet -c manifest-sha256.txt",
            "sha512sum --strict --quiet -c manifest-sha512.txt",
            "sha256sum --strict --quiet -c tagmanifest-sha256.txt",
        ] {
            run(&bag, command);
        }
        assert_eq!(codes(&judge(&bag)), [""; 0], "{}", bag.display());
    }
}

fn run(folder: &Path, command: &str) {
    let command = command.split(' ').collect::<Vec<_>>();
    let done = Command::new(command[0])
        .args(&command[1..])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
}

/// A known digest is taken as it is: a wrong one comes out in the manifest, and whoever verifies notices.
#[test]
fn known_digests_are_not_computed_again() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("bag.tar");
    let mut writer = BagWriter::create(&target, Form::Tar, &ALL, Limits::default()).unwrap();
    let known = Known {
        sha256: Some(Digest::from_bytes([7; 32])),
        sha512: Some([8; 64]),
        sm3: Some(Sm3::from_bytes([9; 32])),
    };
    writer.payload("data/a", 1, &known, &mut &b"a"[..]).unwrap();
    writer.finish(&info()).unwrap();
    let report = judge(&target);
    assert_eq!(codes(&report), ["checksum-differs"; 3]);
    assert!(report.complete && !report.valid);
    let shallow = Settings {
        depth: Depth::Complete,
        ..Settings::default()
    };
    let report = examine(&target, &shallow);
    assert!(report.faults.is_empty() && report.complete && !report.valid);
}

#[test]
fn names_that_need_encoding_come_back() {
    let folder = tempdir().unwrap();
    let names = ["data/100%.txt", "data/a\nb", "data/a\rb%0A", "data/%25"];
    let all: Vec<File> = names.map(|name| (name.to_owned(), name.into())).into();
    for (form, name) in FORMS {
        let target = folder.path().join(name);
        write(&target, form, &[], &all);
        let report = judge(&target);
        assert_eq!(report.faults, [], "{name}");
        let read: BTreeMap<_, _> = contents(&target).into_iter().collect();
        assert!(names.iter().all(|one| read[*one] == one.as_bytes()));
    }
}

#[test]
fn what_must_not_be_written_is_refused_and_the_bag_goes_on() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("bag");
    let mut writer = create(&target, Form::Folder).unwrap();
    let none = Known::default();
    let mut payload = |path: &str| {
        let refused = writer.payload(path, 1, &none, &mut &b"a"[..]);
        refused.err().map(|fault| fault.code())
    };
    for (path, code) in [
        ("data/../../x", "path-escapes"),
        ("/data/x", "path-absolute"),
        ("~/data/x", "path-home"),
        ("data\\x", "path-backslash"),
        ("data/nul.txt", "path-reserved"),
        ("data/", "path-form"),
        ("x", "not-payload"),
    ] {
        assert_eq!(payload(path), Some(code), "{path}");
    }
    assert_eq!(payload("data/a/b"), None);
    assert_eq!(payload("data/a/b"), Some("path-twice"));
    assert_eq!(payload("data/a"), Some("path-is-folder"));
    assert_eq!(payload("data/a/b/c"), Some("path-is-folder"));
    assert_eq!(payload("data/re\u{301}"), None);
    assert_eq!(payload("data/RÉ"), None);
    for path in [
        "bagit.txt",
        "Manifest-x.txt",
        "tagmanifest-md5.txt",
        "fetch.txt",
        "data/x",
    ] {
        let refused = writer.tag(path, 0, &mut io::empty()).unwrap_err();
        assert_eq!(refused.code(), "tag-reserved", "{path}");
    }
    let written = writer.finish(&info()).unwrap();
    assert_eq!(written.files, 3);
    let warned: Vec<_> = written.warnings.iter().map(Fault::path).collect();
    assert_eq!(warned, ["data/RÉ"]);
    let report = judge(&target);
    assert!(report.valid);
    assert_eq!(report.warnings.len(), 1);
}

#[test]
fn a_file_that_changes_gives_the_bag_up() {
    let folder = tempdir().unwrap();
    for (form, name) in FORMS {
        for length in [2, 4] {
            let target = folder.path().join(name);
            let mut writer = create(&target, form).unwrap();
            let changed = writer.payload("data/a", length, &Known::default(), &mut &b"abc"[..]);
            assert_eq!(changed.unwrap_err().code(), "length-differs");
            let refused = writer.tag("b", 0, &mut io::empty()).unwrap_err();
            assert_eq!(refused.code(), "writer-failed");
            let refused = writer.finish(&info()).unwrap_err();
            assert_eq!(refused.code(), "writer-failed");
        }
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn nothing_stands_under_the_name_before_the_end_and_nothing_is_overwritten() {
    let folder = tempdir().unwrap();
    for (form, name) in FORMS {
        let target = folder.path().join(name);
        let partial = format!(".{name}.partial");
        // What a killed process left is cleared away.
        put(
            &folder.path().join(&partial),
            &[("bag/old", b"x"), ("lock", b"")],
        );
        let mut writer = create(&target, form).unwrap();
        let busy = create(&target, form).err().unwrap();
        assert_eq!(busy.code(), "target-busy");
        writer.tag("new.txt", 3, &mut &b"new"[..]).unwrap();
        assert_eq!(names(folder.path()), [partial.as_str()]);
        fs::write(&target, b"other").unwrap();
        let refused = writer.finish(&info()).unwrap_err();
        assert_eq!(refused.code(), "target-exists");
        assert_eq!(fs::read(&target).unwrap(), b"other");
        let refused = create(&target, form).err().unwrap();
        assert_eq!(refused.code(), "target-exists");
        assert_eq!(names(folder.path()), [name]);
        fs::remove_file(&target).unwrap();
    }
    for name in ["..", "CON.zip"] {
        let refused = create(&folder.path().join(name), Form::Zip).err().unwrap();
        assert!(["target-name", "target-exists"].contains(&refused.code()));
    }
}

#[test]
fn limits_hold_while_writing() {
    let folder = tempdir().unwrap();
    let limits = Limits {
        files: 12,
        file_bytes: 10,
        total_bytes: 70,
        ..Limits::default()
    };
    let target = folder.path().join("bag.zip");
    let mut writer = BagWriter::create(&target, Form::Zip, &[], limits).unwrap();
    let none = Known::default();
    let mut put = |name: &str, bytes: &[u8]| {
        let path = format!("data/{name}");
        let put = writer.payload(&path, bytes.len() as u64, &none, &mut &*bytes);
        put.err().map(|fault| fault.code())
    };
    assert_eq!(put("long", &[0; 11]), Some("too-large"));
    assert_eq!(put("a", &[0; 10]), None);
    assert_eq!(put("b", &[0; 10]), Some("too-large"));
    assert_eq!(put("b", b""), None);
    assert_eq!(put("c", b""), Some("too-many-files"));
    let mut info = BagInfo::default();
    assert_eq!(
        info.push("Payload-Oxum", "1.1").unwrap_err().code(),
        "info-refused"
    );
}

/// Zeros that know how many they are.
struct Zeros<'a>(&'a AtomicU64);

impl Read for Zeros<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.0.load(Ordering::Relaxed).min(buffer.len() as u64);
        buffer[..left as usize].fill(0);
        self.0.fetch_sub(left, Ordering::Relaxed);
        Ok(left as usize)
    }
}

/// Past 4 GiB the fields of zip and pax take over. Five sparse-like gigabytes are written and judged, so only on demand.
#[test]
fn a_file_of_five_gigabytes() {
    if std::env::var_os("COUNTERFOIL_ALONE").is_none() {
        println!("COUNTERFOIL_ALONE is not set: no file of five gigabytes is written");
        return;
    }
    let folder = tempdir().unwrap();
    for (form, name) in &FORMS[1..] {
        let target = folder.path().join(name);
        let mut writer = create(&target, *form).unwrap();
        let length = 5 << 30;
        for path in ["data/large.bin", "data/behind.bin"] {
            let length = if path.contains("large") { length } else { 3 };
            let left = AtomicU64::new(length);
            let known = Known::default();
            writer
                .payload(path, length, &known, &mut Zeros(&left))
                .unwrap();
        }
        writer.finish(&info()).unwrap();
        assert_eq!(codes(&judge(&target)), [""; 0], "{name}");
        let list = ["python3 -m zipfile -t", "tar -tf"][usize::from(*form == Form::Tar)];
        run(folder.path(), &format!("{list} {name}"));
        fs::remove_file(&target).unwrap();
    }
}

#[test]
fn a_judgement_can_be_stopped() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("bag");
    write(&target, Form::Folder, &[], &files());
    let settings = Settings {
        threads: 3,
        stop: &|| true,
        ..Settings::default()
    };
    let report = examine(&target, &settings);
    assert_eq!(codes(&report), ["stopped"]);
    assert!(!report.valid && !report.complete);
}

/// Paths that are not prefixes of one another, and contents.
fn any_files() -> impl Strategy<Value = Vec<File>> {
    let part = "[a-z0-9材料 %éE\u{301}_-]{0,8}[a-z料]";
    let parts = proptest::collection::vec(part, 1..4);
    let content = proptest::collection::vec(any::<u8>(), 0..3000);
    let files = proptest::collection::vec((parts, content), 0..8);
    files.prop_map(|files| {
        let named = |(number, (parts, bytes)): (usize, (Vec<String>, Vec<u8>))| {
            (format!("data/{number}{}.txt", parts.join("/")), bytes)
        };
        files.into_iter().enumerate().map(named).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bag_comes_back_from_any_form(files in any_files(), more in 0_usize..3) {
        let folder = tempdir().unwrap();
        for (form, name) in FORMS {
            let target = folder.path().join(name);
            let written = write(&target, form, &ALL[..more], &files);
            prop_assert_eq!(written.files, files.len() as u64);
            let report = judge(&target);
            prop_assert_eq!(&report.faults, &[], "{}", name);
            prop_assert!(report.valid);
            let read: BTreeMap<_, _> = contents(&target).into_iter().collect();
            for (path, bytes) in &files {
                prop_assert_eq!(&read[path], bytes);
            }
        }
    }
}
