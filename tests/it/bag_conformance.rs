//! The BagIt conformance suite: bags of version 1.0 are judged as the suite says, older ones are refused by name.
//! `COUNTERFOIL_CONFORMANCE` names a folder with `bagit/`; without it only bags of the same shape made here are judged.

use std::fs;
use std::path::{Path, PathBuf};

use counterfoil::bag::{Algorithm, Form};
use tempfile::tempdir;

use crate::bag_kit::{by_hand, codes, files, judge, lines, put, write};
use crate::bag_table::TABLE;

fn suite() -> Option<PathBuf> {
    let folder = std::env::var_os("COUNTERFOIL_CONFORMANCE").map(PathBuf::from);
    if folder.is_none() {
        println!("COUNTERFOIL_CONFORMANCE is not set: the conformance suite is not judged");
    }
    folder
        .map(|folder| folder.join("bagit"))
        .filter(|suite| suite.is_dir())
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

#[test]
fn the_suite() {
    let Some(suite) = suite() else {
        return;
    };
    let (mut current, mut older) = (0, 0);
    for version in folders(&suite) {
        let name = version.file_name().unwrap().to_string_lossy().into_owned();
        for kind in folders(&version) {
            for bag in folders(&kind) {
                let report = judge(&bag);
                let shown = bag.strip_prefix(&suite).unwrap().display();
                println!("{shown}: valid {}, {:?}", report.valid, codes(&report));
                if name == "v1.0" {
                    assert_eq!(report.valid, kind.ends_with("valid"), "{shown}");
                    current += 1;
                } else {
                    assert!(!report.valid, "{shown}");
                    older += usize::from(codes(&report) == ["version-old"]);
                }
            }
        }
    }
    println!(
        "conformance: {current} bags of version 1.0 as the suite says, {older} older ones refused by name"
    );
    assert!(current >= 4 && older >= 25);
}

/// The suite's cases of version 1.0 by their shape.
#[test]
fn the_cases_of_the_suite_in_small() {
    let folder = tempdir().unwrap();
    let bag = by_hand(folder.path());
    assert!(judge(&bag).valid);
    // notAllManifestsListAllFiles
    put(&bag, &[("manifest-sha512.txt", b"")]);
    assert!(codes(&judge(&bag)).starts_with(&["file-unlisted", "file-unlisted"]));
    fs::remove_file(bag.join("manifest-sha512.txt")).unwrap();
    // same-filename-listed-twice-with-different-hashes
    let listed = lines(&[
        ("data/one.txt", b"one"),
        ("data/one.txt", b"x"),
        ("data/two.txt", b"two"),
    ]);
    put(&bag, &[("manifest-sha256.txt", listed.as_bytes())]);
    assert_eq!(codes(&judge(&bag))[0], "listed-twice");
    // bagit-with-invalid-whitespace
    put(
        &bag,
        &[(
            "bagit.txt",
            b"BagIt-Version : 1.0\nTag-File-Character-Encoding: UTF-8\n",
        )],
    );
    assert_eq!(codes(&judge(&bag)), ["declaration-form"]);
}

/// Leaves bags and our verdicts about them in the folder `COUNTERFOIL_BAGS`, for `tools/bagit-agree.py`.
#[test]
fn verdicts_for_another_program() {
    let Some(folder) = std::env::var_os("COUNTERFOIL_BAGS").map(PathBuf::from) else {
        println!("COUNTERFOIL_BAGS is not set: no bags are left for another program");
        return;
    };
    let mut bags = Vec::new();
    for (number, more) in [&[][..], &[Algorithm::Sha512], &[Algorithm::Sm3]]
        .iter()
        .enumerate()
    {
        let bag = folder.join(format!("written-{number}"));
        write(&bag, Form::Folder, more, &files());
        bags.push(("written by the program".to_owned(), bag));
    }
    for (number, (what, change, _)) in TABLE.iter().enumerate() {
        let bag = folder.join(format!("case-{number:02}"));
        fs::rename(by_hand(&folder), &bag).unwrap();
        change(&bag);
        bags.push(((*what).to_owned(), bag));
    }
    if let Some(suite) = suite() {
        for kind in folders(&suite.join("v1.0")) {
            let named = |bag: PathBuf| (bag.file_name().unwrap().to_string_lossy().into(), bag);
            bags.extend(folders(&kind).into_iter().map(named));
        }
    }
    let mut verdicts = String::new();
    for (what, bag) in bags {
        let valid = if judge(&bag).valid {
            "valid"
        } else {
            "invalid"
        };
        verdicts.push_str(&format!("{valid}\t{what}\t{}\n", bag.display()));
    }
    fs::write(folder.join("verdicts.tsv"), verdicts).unwrap();
}
