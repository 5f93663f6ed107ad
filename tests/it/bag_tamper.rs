//! Bags that were changed: what the judgement says of every change, and that none passes unnoticed.

use std::fs;

use counterfoil::bag::{Algorithm, Fault, Form, Report, Settings, examine};
use tempfile::tempdir;

use crate::bag_kit::{FORMS, by_hand, codes, contents, files, judge, lines, put, write};
use crate::bag_table::{TABLE, forge};

#[test]
fn every_change_is_named() {
    for (what, change, expected) in TABLE {
        let folder = tempdir().unwrap();
        let bag = by_hand(folder.path());
        change(&bag);
        let report = judge(&bag);
        assert_eq!(codes(&report), *expected, "{what}: {:#?}", report.faults);
        assert_eq!(report.valid, expected.is_empty(), "{what}");
        let only_sums = expected.iter().all(|code| *code == "checksum-differs");
        assert_eq!(report.complete, only_sums, "{what}");
    }
}

#[test]
fn declarations_are_exact() {
    let encoding = "Tag-File-Character-Encoding: UTF-8\n";
    let table = [
        (format!("BagIt-Version: 1.0\r\n{}", encoding.trim()), ""),
        (
            format!("BagIt-Version: 1.0\n{encoding}\n"),
            "declaration-form",
        ),
        (
            format!("BagIt-Version : 1.0\n{encoding}"),
            "declaration-form",
        ),
        (
            format!("BagIt-Version: 1.0 \n{encoding}"),
            "declaration-form",
        ),
        (format!("BagIt-Version:1.0\n{encoding}"), "declaration-form"),
        (
            format!("{encoding}BagIt-Version: 1.0\n"),
            "declaration-form",
        ),
        ("BagIt-Version: 1.0\n".into(), "declaration-form"),
        (format!("\u{feff}BagIt-Version: 1.0\n{encoding}"), "tag-bom"),
        (format!("BagIt-Version: 0.97\n{encoding}"), "version-old"),
        (format!("BagIt-Version: 1.1\n{encoding}"), "version-unknown"),
        (
            "BagIt-Version: 1.0\nTag-File-Character-Encoding: GB18030\n".into(),
            "encoding-unsupported",
        ),
    ];
    for (text, expected) in table {
        let folder = tempdir().unwrap();
        let bag = by_hand(folder.path());
        forge(&bag, "bagit.txt", &text);
        let report = judge(&bag);
        let first = codes(&report).first().copied().unwrap_or_default();
        assert_eq!(first, expected, "{text:?}");
        if expected == "version-old" {
            assert!(report.faults[0].to_string().contains("0.97"));
        }
    }
}

#[test]
fn what_is_to_be_fetched_is_missing_until_it_is_there() {
    let fetch = "https://example.org/one 3 data/one.txt\nftp://h/two\t-\tdata/two.txt\n";
    let folder = tempdir().unwrap();
    let bag = by_hand(folder.path());
    forge(&bag, "fetch.txt", fetch);
    assert_eq!(codes(&judge(&bag)), [""; 0]);
    fs::remove_file(bag.join("data/two.txt")).unwrap();
    let report = judge(&bag);
    assert_eq!(codes(&report), ["oxum-differs", "not-fetched"]);
    let Fault::NotFetched { path, url } = &report.faults[1] else {
        panic!("{:?}", report.faults);
    };
    assert_eq!(
        (path.as_str(), url.as_str()),
        ("data/two.txt", "ftp://h/two")
    );
    let bag = by_hand(tempdir().unwrap().path());
    let wrong = [
        ("one 3 data/one.txt", "fetch-line"),
        ("http://h/one x data/one.txt", "fetch-line"),
        ("http://h/one 4 data/one.txt", "fetch-length"),
        ("http://h/one - bagit.txt", "listed-outside"),
        ("http://h/one - data/../../x", "path-escapes"),
        ("http://h/one - data/three.txt", "fetch-unlisted"),
    ];
    for (line, code) in wrong {
        let bag = by_hand(bag.parent().unwrap());
        forge(&bag, "fetch.txt", line);
        assert_eq!(codes(&judge(&bag)), [code], "{line}");
    }
}

/// One byte of any file of a written bag is another: never valid, in any form.
#[test]
fn no_byte_changes_unnoticed() {
    let folder = tempdir().unwrap();
    let bag = folder.path().join("bag");
    write(&bag, Form::Folder, &[Algorithm::Sm3], &files());
    let mut paths = vec![bag.clone()];
    let mut files_seen = 0;
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|one| one.unwrap().path()));
            continue;
        }
        let whole = fs::read(&path).unwrap();
        for at in [0, whole.len() / 2, whole.len().wrapping_sub(1)] {
            let mut bytes = whole.clone();
            match bytes.get_mut(at) {
                Some(byte) => *byte ^= 1,
                None => bytes.push(0),
            }
            fs::write(&path, bytes).unwrap();
            assert!(!judge(&bag).valid, "{} at {at}", path.display());
        }
        fs::write(&path, whole).unwrap();
        files_seen += 1;
    }
    assert_eq!(files_seen, 12);
    assert!(judge(&bag).valid);
}

/// The same of an archive: whatever one byte does, the verdict is not worse than wrong, and no panic. A few bytes
/// (times, padding) mean nothing to a bag; where the verdict stays valid the contents are the same.
#[test]
fn no_byte_of_an_archive_changes_the_contents_unnoticed() {
    let folder = tempdir().unwrap();
    let small = [("data/a.txt".to_owned(), b"aaaaaaaaaa".to_vec())];
    for (form, name) in &FORMS[1..] {
        let target = folder.path().join(name);
        write(&target, *form, &[], &small);
        let whole = fs::read(&target).unwrap();
        // Digits of a checksum may be of either case.
        let contents = || {
            let mut all = contents(&target);
            all.retain(|(path, _)| path != "tagmanifest-sha256.txt");
            all
        };
        let before = contents();
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&target, bytes).unwrap();
            if judge(&target).valid {
                assert!(contents() == before, "{name} at {at}");
            } else {
                refused += 1;
            }
        }
        assert!(
            refused * 4 > whole.len(),
            "{name}: {refused} of {}",
            whole.len()
        );
        // Cut anywhere, it is refused.
        for length in (0..whole.len() - 1025).step_by(101) {
            fs::write(&target, &whole[..length]).unwrap();
            assert!(!judge(&target).valid, "{name} cut at {length}");
        }
    }
}

#[test]
fn all_is_reported_up_to_a_limit_and_in_order_however_many_threads() {
    let folder = tempdir().unwrap();
    let many: Vec<_> = (0..300)
        .map(|number| (format!("data/{number:03}"), vec![1; 10]))
        .collect();
    for (form, name) in FORMS {
        let target = folder.path().join(name);
        write(&target, form, &[], &many);
        assert!(judge(&target).valid);
    }
    let bag = folder.path().join("bag");
    for (path, bytes) in &many {
        put(&bag, &[(path, &[2; 10][..bytes.len()])]);
    }
    fs::remove_file(bag.join("data/007")).unwrap();
    let reports: Vec<Report> = [1, 2, 7]
        .map(|threads| {
            let settings = Settings {
                threads,
                faults_max: 20,
                ..Settings::default()
            };
            examine(&bag, &settings)
        })
        .into();
    assert_eq!(reports[0].faults, reports[1].faults);
    assert_eq!(reports[0].faults, reports[2].faults);
    assert_eq!(reports[0].faults.len(), 20);
    assert_eq!(reports[0].faults_left_out, 281);
    assert_eq!(
        codes(&reports[0])[..3],
        ["oxum-differs", "file-missing", "checksum-differs"]
    );
    assert_eq!(reports[0].faults[2].path(), "data/000");
}

#[test]
fn names_in_another_unicode_form_are_the_same_file() {
    let folder = tempdir().unwrap();
    let bag = by_hand(folder.path());
    let composed = lines(&[
        ("data/é.txt", b"x"),
        ("data/one.txt", b"one"),
        ("data/two.txt", b"two"),
    ]);
    put(&bag, &[("data/e\u{301}.txt", b"x"), ("data/ONE.txt", b"y")]);
    let all = format!("{composed}{}", lines(&[("data/ONE.txt", b"y")]));
    forge(&bag, "manifest-sha256.txt", &all);
    forge(&bag, "bag-info.txt", "A: b\n");
    let report = judge(&bag);
    assert_eq!(codes(&report), [""; 0]);
    let warned: Vec<_> = report.warnings.iter().map(Fault::code).collect();
    assert_eq!(warned, ["name-normalised", "path-collides"]);
}

#[test]
fn every_fault_has_its_own_code_and_says_it_in_both_languages() {
    let mut codes = Fault::CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Fault::CODES.len());
    let kebab = |code: &str| {
        code.chars()
            .all(|c| c.is_ascii_lowercase() || c == '-' || c == '8')
    };
    assert!(codes.iter().all(|code| kebab(code)), "{codes:?}");
    let fault = Fault::PathEscapes {
        path: "data/\u{1b}[31m\u{202e}x".into(),
    };
    let said = fault.to_string();
    assert!(said.starts_with("路径") && said.contains("would leave the bag"));
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
}
