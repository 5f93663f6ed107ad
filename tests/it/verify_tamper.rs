//! Tampering with the files of a package, by somebody who changes them and by somebody who also recomputes every
//! manifest: each found with the code that belongs to it. `COUNTERFOIL_SEED` chooses other bits.

use std::fs;
use std::path::Path;

use counterfoil::domain::transfer::RoundLines;
use counterfoil::domain::*;
use counterfoil::package::verify::Verdict;

use crate::custody_kit::case;
use crate::support::{Random, from_environment};
use crate::verify_kit::{codes, copy, files, honest_package, judge, resum, trust};

/// Which codes may be the first for a changed file of this kind once every manifest is recomputed.
fn expected(file: &str) -> &'static [&'static str] {
    match file {
        "bagit.txt" => &[
            "declaration-form",
            "declaration-differs",
            "version-unknown",
            "encoding-unsupported",
            "tag-not-utf8",
        ],
        "bag-info.txt" => &["info-differs", "info-form", "tag-not-utf8"],
        "manifest-sha256.txt" | "tagmanifest-sha256.txt" => {
            panic!("{file} is recomputed and not changed")
        }
        "ledger/checkpoint" => &[
            "checkpoint-form",
            "checkpoint-signature",
            "fact-unproven",
            "log-facts",
        ],
        "ledger/facts.jsonl" => &[
            "line-form",
            "fact-unproven",
            "fact-order",
            "proof-missing",
            "log-facts",
        ],
        "ledger/proofs.jsonl" => &["line-form", "fact-unproven", "proof-missing", "log-facts"],
        "ledger/consistency.jsonl" => &["line-form", "consistency-wrong", "since-no-proof"],
        _ if file.starts_with("custody/slips/") => &["slip-document-differs"],
        _ if file.starts_with("custody/transfer/") => &["document-differs"],
        _ if file.starts_with("data/") => &["payload-not-sealed"],
        _ => panic!("{file} is of no known kind"),
    }
}

fn flip(path: &Path, random: &mut Random) -> String {
    let mut bytes = fs::read(path).unwrap();
    let place = random.below(bytes.len() as u64) as usize;
    let bit = 1_u8 << random.below(8);
    bytes[place] ^= bit;
    fs::write(path, bytes).unwrap();
    format!("byte {place}, bit {bit:#04x}")
}

#[test]
fn one_flipped_bit_in_any_file_is_found() {
    let seed = from_environment("COUNTERFOIL_SEED", 20_260_401);
    let mut random = Random::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let trust = trust(&hall);
    let changed = folder.path().join("changed");
    for file in files(&package) {
        for _ in 0..4 {
            copy(&package, &changed);
            let what = flip(&changed.join(&file), &mut random);
            let plain = judge(&changed, &trust);
            assert_eq!(
                plain.verdict(),
                Verdict::Wrong,
                "seed {seed}: {file}, {what}"
            );
            if file.contains("manifest-sha256") {
                continue;
            }
            let first = plain.findings[0].about().to_owned();
            assert_eq!(first, file, "seed {seed}: {what}: {:?}", plain.findings);
            resum(&changed);
            // Whoever recomputes the sum of the payload may undo the change.
            if fs::read(changed.join(&file)).unwrap() == fs::read(package.join(&file)).unwrap() {
                continue;
            }
            let again = judge(&changed, &trust);
            let first = codes(&again).first().copied().unwrap_or_default();
            let known = expected(&file).contains(&first);
            assert!(known, "seed {seed}: {file}, {what}: {:?}", again.findings);
        }
    }
}

#[test]
fn a_dropped_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let trust = trust(&hall);
    let changed = folder.path().join("changed");
    for file in files(&package) {
        copy(&package, &changed);
        fs::remove_file(changed.join(&file)).unwrap();
        let plain = judge(&changed, &trust);
        let first = codes(&plain).first().copied().unwrap_or_default();
        let missing = [
            "file-missing",
            "declaration-missing",
            "manifest-missing",
            "evidence-missing",
            "file-unlisted",
        ];
        assert!(missing.contains(&first), "{file}: {:?}", plain.findings);
        if file.contains("manifest-sha256") {
            continue;
        }
        resum(&changed);
        let again = judge(&changed, &trust);
        let wanted: &[&str] = match file.as_str() {
            "bagit.txt" => &["declaration-missing"],
            _ if file.starts_with("custody/slips/") => &["slip-document-missing"],
            _ if file.starts_with("custody/transfer/") => &["document-missing"],
            "data/transfer.json" => &["evidence-missing"],
            _ if file.starts_with("data/") => &["payload-not-sealed"],
            _ => &["evidence-missing"],
        };
        let first = codes(&again).first().copied().unwrap_or_default();
        assert!(wanted.contains(&first), "{file}: {:?}", again.findings);
    }
}

#[test]
fn an_added_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let trust = trust(&hall);
    let changed = folder.path().join("changed");
    let digest = Digest::of("{}");
    let document = format!("custody/transfer/{digest}.json");
    let foreign = format!("data/cases/{}/masters/0001.tif", case(77));
    // The file, what is said at once, what is said when every manifest is recomputed.
    let table = [
        (
            "data/cases/C-0001/masters/0003.tif",
            "file-unlisted",
            "payload-not-sealed",
        ),
        (foreign.as_str(), "file-unlisted", "payload-not-sealed"),
        ("data/more.txt", "file-unlisted", "payload-not-sealed"),
        ("notes.txt", "tag-unlisted", "file-unexpected"),
        ("ledger/more.jsonl", "tag-unlisted", "file-unexpected"),
        ("manifest-md5.txt", "file-unlisted", "file-missing"),
        (
            "custody/slips/S-other.manifest.json",
            "tag-unlisted",
            "document-foreign",
        ),
        (
            "custody/slips/S-shift.outcome.json",
            "tag-unlisted",
            "slip-document-differs",
        ),
        (document.as_str(), "tag-unlisted", "document-foreign"),
    ];
    for (file, at_once, recomputed) in table {
        copy(&package, &changed);
        fs::create_dir_all(changed.join(file).parent().unwrap()).unwrap();
        fs::write(changed.join(file), "{}").unwrap();
        let found = codes(&judge(&changed, &trust));
        assert!(
            found.contains(&at_once) || file == "manifest-md5.txt",
            "{file}: {found:?}"
        );
        assert_eq!(judge(&changed, &trust).verdict(), Verdict::Wrong);
        resum(&changed);
        let found = codes(&judge(&changed, &trust));
        let wanted =
            found.first() == Some(&recomputed) || file == "manifest-md5.txt" && !found.is_empty();
        assert!(wanted, "{file}: {found:?}");
    }
}

#[test]
fn two_files_that_change_places_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let changed = folder.path().join("changed");
    let table = [
        (
            "manifest-sha256.txt",
            "tagmanifest-sha256.txt",
            "listed-outside",
        ),
        (
            "custody/slips/S-transfer.manifest.json",
            "custody/slips/S-transfer.outcome.json",
            "slip-document-differs",
        ),
        (
            "data/cases/C-0001/masters/0001.tif",
            "data/cases/C-0002/masters/0001.tif",
            "payload-not-sealed",
        ),
        ("ledger/facts.jsonl", "ledger/proofs.jsonl", "log-facts"),
    ];
    for (one, other, code) in table {
        copy(&package, &changed);
        fs::copy(package.join(one), changed.join(other)).unwrap();
        fs::copy(package.join(other), changed.join(one)).unwrap();
        assert_eq!(
            judge(&changed, &trust(&hall)).verdict(),
            Verdict::Wrong,
            "{one}"
        );
        if !one.starts_with("manifest") {
            resum(&changed);
        }
        let found = codes(&judge(&changed, &trust(&hall)));
        assert!(found.contains(&code), "{one}: {found:?}");
    }
}

/// A line of a deferral or of an outcome changed in the document that facts name.
#[test]
fn a_changed_line_in_a_document_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let changed = folder.path().join("changed");
    let lines = |bytes: &Vec<u8>| {
        let lines: Option<RoundLines> = serde_json::from_slice(bytes).ok();
        lines.is_some_and(|lines| lines.lines.len() == 1)
    };
    let deferral = hall.documents.iter().find(|bytes| lines(bytes)).unwrap();
    let digest = Digest::of(deferral);
    let other = String::from_utf8(deferral.clone())
        .unwrap()
        .replace("[1,2]", "[1]");
    // Under its old name, and under the name that fits.
    copy(&package, &changed);
    fs::write(
        changed.join(format!("custody/transfer/{digest}.json")),
        &other,
    )
    .unwrap();
    resum(&changed);
    assert_eq!(
        codes(&judge(&changed, &trust(&hall)))[0],
        "document-differs"
    );
    fs::remove_file(changed.join(format!("custody/transfer/{digest}.json"))).unwrap();
    fs::write(
        changed.join(format!("custody/transfer/{}.json", Digest::of(&other))),
        &other,
    )
    .unwrap();
    resum(&changed);
    assert_eq!(
        codes(&judge(&changed, &trust(&hall)))[0],
        "document-missing"
    );
    for (file, from, to) in [
        ("S-transfer.outcome.json", "damaged", "present"),
        ("S-transfer.manifest.json", "good", "worn"),
    ] {
        copy(&package, &changed);
        let path = changed.join("custody/slips").join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        resum(&changed);
        assert_eq!(
            codes(&judge(&changed, &trust(&hall)))[0],
            "slip-document-differs",
            "{file}"
        );
    }
}
