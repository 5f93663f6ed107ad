//! Packages for the tests of `verify`: made from the hall's log, and changed by somebody who recomputes manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use counterfoil::bag::{BagWriter, Form, Known, Limits as BagLimits, manifest_text};
use counterfoil::domain::transfer;
use counterfoil::domain::*;
use counterfoil::package::evidence::{self, EvidenceWriter};
use counterfoil::package::verify::{Finding, Limits, Report, Trust, verify};

use crate::custody_kit::case;
use crate::verify_hall::{Hall, log_signer};
use crate::verify_month::{honest, month};

/// The payload of the round's package: cases 1, 2, 3 and 5, by path.
pub fn payload(hall: &Hall) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut named = Vec::new();
    for number in [1, 2, 3, 5] {
        let no = case(number);
        for (page, master) in (1..).zip(&hall.masters[&no]) {
            files.insert(
                format!("data/cases/{no}/masters/{page:04}.tif"),
                master.clone(),
            );
            let text = format!("text of page {page} of {no}").into_bytes();
            named.push(Digest::of(&text).to_string());
            files.insert(format!("data/cases/{no}/text/{page:04}.txt"), text);
        }
    }
    let description = serde_json::json!({ "files": named }).to_string();
    files.insert("data/transfer.json".to_owned(), description.into_bytes());
    files.insert("data/register.csv".to_owned(), b"case\n".to_vec());
    files
}

/// The text of its payload manifest.
pub fn manifest_of(payload: &BTreeMap<String, Vec<u8>>) -> String {
    let digests = payload
        .iter()
        .map(|(path, bytes)| (path.clone(), Digest::of(bytes)));
    manifest_text(&digests.collect()).unwrap()
}

/// Whether a fact goes into the package.
fn goes(subject: &Subject, leaf: &[u8]) -> bool {
    let cases: BTreeSet<CaseNo> = (1..=5).map(case).collect();
    match subject {
        Subject::Log | Subject::Transfer(_) | Subject::Slip(_) => true,
        Subject::Case(no) | Subject::Bundle(no) => cases.contains(no),
        Subject::Discrepancy(_) | Subject::Loss(_) => true,
        Subject::Scan(_) => !String::from_utf8_lossy(leaf).contains("C-0099"),
        Subject::Staff(_) => match Entry::decode(leaf).unwrap().event {
            Event::Staff { event } => evidence::is_about_signing(&event),
            _ => false,
        },
        _ => false,
    }
}

/// What is written into a package beside the honest facts.
pub struct Plan<'p> {
    pub size: u64,
    pub earlier: &'p [u64],
    pub leaves: &'p dyn Fn(u64) -> bool,
}

/// Writes the package of the hall's log of `plan.size` facts.
pub fn write(hall: &Hall, target: &Path, form: Form, plan: &Plan<'_>) {
    let mut bag = BagWriter::create(target, form, &[], BagLimits::default()).unwrap();
    for (path, bytes) in payload(hall) {
        let known = Known {
            sha256: Some(Digest::of(&bytes)),
            ..Known::default()
        };
        let length = bytes.len() as u64;
        bag.payload(&path, length, &known, &mut bytes.as_slice())
            .unwrap();
    }
    let mut writer = EvidenceWriter::begin(&mut bag, &hall.checkpoint(plan.size)).unwrap();
    for (index, (subject, leaf)) in (0..plan.size).zip(&hall.leaves) {
        if goes(subject, leaf) && (plan.leaves)(index) {
            writer
                .fact(index, leaf, &hall.inclusion(index, plan.size))
                .unwrap();
        }
    }
    for old in plan.earlier {
        let path = hall.consistency(*old, plan.size);
        writer.earlier(*old, &hall.root(*old), &path).unwrap();
    }
    writer.finish(&mut bag).unwrap();
    for document in &hall.documents {
        evidence::document(&mut bag, document).unwrap();
    }
    if plan.size >= hall.signed {
        for (name, bytes) in &hall.slips {
            let (slip, which) = name.split_once('.').unwrap();
            let slip = SlipId::new(slip).unwrap();
            let put = match which {
                "manifest.json" => evidence::slip,
                "outcome.json" => evidence::outcome,
                _ => evidence::check,
            };
            put(&mut bag, &slip, bytes).unwrap();
        }
    }
    let subject = Subject::Transfer(hall.round.clone());
    let history = &hall.log.histories[&subject];
    let sealed = history
        .iter()
        .position(|entry| entry.event.name() == "transfer.sealed");
    let round = transfer::fold_round(&history[..=sealed.unwrap()]).unwrap();
    let info = evidence::bag_info(&round, &round.sealed.unwrap()).unwrap();
    bag.finish(&info).unwrap();
}

/// Everything that was recorded, with proofs from two earlier checkpoints.
pub fn whole(hall: &Hall) -> Plan<'static> {
    Plan {
        size: hall.leaves.len() as u64,
        earlier: &[20, 33],
        leaves: &|_| true,
    }
}

/// An honest hall and its package as a folder.
pub fn honest_package(folder: &Path) -> (Hall, PathBuf) {
    let hall = month(&honest);
    let package = folder.join("package");
    write(&hall, &package, Form::Folder, &whole(&hall));
    (hall, package)
}

/// What the department kept: the log's first key and the checkpoint of 33 facts.
pub fn trust(hall: &Hall) -> Trust {
    let key = log_signer(1).verifier().to_string();
    let trust = Trust::default().with_keys(&key).unwrap();
    trust.with_since(&hall.checkpoint(33)).unwrap()
}

pub fn judge(package: &Path, trust: &Trust) -> Report {
    verify(package, trust, &Limits::default(), &|| false)
}

pub fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(Finding::code).collect()
}

/// What is found of the package of everything the hall recorded; each finding is printed.
pub fn judged(hall: &Hall, folder: &Path, name: &str) -> Vec<&'static str> {
    let package = folder.join(name);
    write(hall, &package, Form::Folder, &whole(hall));
    let report = judge(&package, &trust(hall));
    for finding in &report.findings {
        println!("{name}: {finding}");
    }
    codes(&report)
}

/// Every file of a folder, relative, sorted.
pub fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

/// A copy of a package to be changed.
pub fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    for file in files(from) {
        let place = to.join(&file);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(from.join(&file), place).unwrap();
    }
}

/// Recomputes Payload-Oxum and both manifests, as somebody would who changed the files.
pub fn resum(package: &Path) {
    let all = files(package);
    let line = |file: &String| {
        let digest = Digest::of(fs::read(package.join(file)).unwrap());
        format!("{digest}  {file}\n")
    };
    let payload: Vec<&String> = all
        .iter()
        .filter(|file| file.starts_with("data/"))
        .collect();
    let manifest: String = payload.iter().map(|file| line(file)).collect();
    fs::write(package.join("manifest-sha256.txt"), manifest).unwrap();
    let size = |file: &&String| fs::metadata(package.join(file)).unwrap().len();
    let bytes: u64 = payload.iter().map(size).sum();
    let info = package.join("bag-info.txt");
    if let Ok(text) = fs::read_to_string(&info) {
        let kept: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("Payload-Oxum"))
            .collect();
        let text = format!(
            "{}\nPayload-Oxum: {bytes}.{}\n",
            kept.join("\n"),
            payload.len()
        );
        fs::write(&info, text).unwrap();
    }
    let tags = files(package);
    let tags = tags
        .iter()
        .filter(|file| !file.starts_with("data/") && !file.starts_with("tagmanifest"));
    let tags: String = tags.map(line).collect();
    fs::write(package.join("tagmanifest-sha256.txt"), tags).unwrap();
}
