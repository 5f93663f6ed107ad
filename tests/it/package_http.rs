//! A real round's package over HTTP: as a submission for an archive, checked at acceptance, and in a dialect of the hall's
//! choice that it keeps.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use counterfoil::counter::Ask;
use counterfoil::domain::{Actor, Digest, RequestId, Timestamp};
use counterfoil::package::metadata::Dialect;
use counterfoil::package::verify::{Finding, Limits, Report, Trust, Verdict, verify};
use counterfoil::transfer::{CheckVerdict, PackageForm, acceptance, check_of};
use roxmltree::Document;
use serde_json::{Value, json};

use crate::paper_http::{Person, department, id, month, number, site};
use crate::verify_kit::{copy, honest_package, resum, trust};
use crate::window_hall::Hall;

/// The files of a zip, by path below its one folder.
fn unzipped(bytes: &[u8]) -> (String, BTreeMap<String, Vec<u8>>) {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let (mut root, mut files) = (String::new(), BTreeMap::new());
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let name = file.name().unwrap().into_owned();
        let (folder, path) = name.split_once('/').unwrap();
        let path = path.to_owned();
        root = folder.to_owned();
        if !path.is_empty() && !path.ends_with('/') {
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            files.insert(path, content);
        }
    }
    (root, files)
}

/// The sealed round of three cases: its path, its people and its cases.
pub async fn sealed(hall: &Hall) -> (Person, Person, Vec<String>, String) {
    let mut clerk = Person::new(hall, "c001").await;
    let mut officer = Person::new(hall, "scjg-02").await;
    let (cases, path) = month(hall, &mut clerk).await;
    officer.client = hall.signed_in("scjg-02").await;
    hall.app.engine().unwrap().drain().await.unwrap();
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let scanned = json!({ "scanned": numbers });
    let looked = clerk.client.act(&path, "reconciliation", &scanned).await;
    looked.ok(200);
    clerk.client.act(&path, "seal", &json!({})).await.ok(200);
    (clerk, officer, numbers, path)
}

async fn taken(officer: &mut Person, path: &str, order: &Value) -> Vec<u8> {
    let take = format!("{path}/package");
    let (status, bytes) = officer.client.post_for_bytes(&take, order).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    bytes
}

fn judged(bytes: &[u8], name: &str, trust: &Trust) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    verify(&path, trust, &Limits::default(), &|| false)
}

type Files = BTreeMap<String, Vec<u8>>;

/// METS.xml names every file with its length and digest.
fn described(sip: &Files) {
    let mets = String::from_utf8(sip["METS.xml"].clone()).unwrap();
    let mets = Document::parse(&mets).unwrap();
    let mut named = 1;
    for node in mets.descendants() {
        let place = match node.tag_name().name() {
            "file" => node.first_element_child().unwrap(),
            "mdRef" => node,
            _ => continue,
        };
        let href = place.attribute(("http://www.w3.org/1999/xlink", "href"));
        let bytes = &sip[href.unwrap()];
        assert_eq!(node.attribute("SIZE").unwrap(), bytes.len().to_string());
        let digest = Digest::of(bytes).to_string();
        assert_eq!(node.attribute("CHECKSUM"), Some(digest.as_str()));
        named += 1;
    }
    assert_eq!(named, sip.len(), "every file is named");
    let agents = mets.descendants();
    let individual = agents.filter(|node| node.attribute("TYPE") == Some("INDIVIDUAL"));
    assert_eq!(individual.count(), 1);
}

/// Every byte of the payload is in both, and so is the evidence.
fn same_content(bag: &Files, sip: &Files) {
    for (place, bytes) in bag {
        let Some(place) = place.strip_prefix("data/") else {
            continue;
        };
        let found = ["representations/rep1/data", "documentation"];
        let found = found.map(|folder| sip.get(&format!("{folder}/{place}")));
        assert!(found.contains(&Some(bytes)), "{place}");
    }
    let evidence = |name: &str| sip.get(&format!("documentation/evidence/{name}"));
    let sealed = evidence("manifest-sha256.txt");
    assert_eq!(sealed, bag.get("manifest-sha256.txt"));
    for name in ["checkpoint", "facts.jsonl", "proofs.jsonl"] {
        assert!(evidence(&format!("ledger/{name}")).is_some(), "{name}");
    }
}

/// The list of files of the round's package, written by somebody who has another configuration now.
async fn sealed_list(hall: &Hall, round: &str) -> Vec<u8> {
    let mut packer = hall.app.packer().unwrap();
    packer.dialect = Dialect::built_in("jiaxing").unwrap();
    (packer.fonds, packer.contact) = (None, None);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(round);
    let ask = Ask {
        by: Actor::new("cli:operator").unwrap(),
        request: RequestId::new("test/again").unwrap(),
        expected: None,
        occurred: None,
    };
    let (counter, id) = (hall.app.counter(), round.parse().unwrap());
    let written = packer.write_package(&counter, &ask, &id, (&place, PackageForm::Folder), &[]);
    written.await.unwrap();
    std::fs::read(place.join("manifest-sha256.txt")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_is_given_as_a_submission() {
    let office = "[package]\ndialect = \"fuzhou\"\nfonds = \"Z109\"\n[package.contact]\nname = \"档案室\"\nphone = \"0512-12345678\"\n";
    let hall = Hall::open_with(office).await;
    let (_clerk, mut officer, numbers, path) = sealed(&hall).await;
    let round = path.rsplit('/').next().unwrap();
    let bag = taken(&mut officer, &path, &json!({ "form": "zip" })).await;
    let order = json!({ "form": "zip", "profile": "eark" });
    let sip = taken(&mut officer, &path, &order).await;
    let ((_, bag), (root, sip)) = (unzipped(&bag), unzipped(&sip));
    assert_eq!(root, round, "METS.xml calls itself so");
    described(&sip);
    same_content(&bag, &sip);
    // The dialect and the office are those of the configuration, and the package says so.
    let about: Value = serde_json::from_slice(&bag["data/transfer.json"]).unwrap();
    assert_eq!(about["dialect"]["name"], "fuzhou");
    assert_eq!(about["fonds"], "Z109");
    assert_eq!(about["contact"]["name"], "档案室");
    let case = &numbers[0];
    assert!(bag.contains_key(&format!("data/cases/{case}/基本信息元数据.xml")));
    let list = String::from_utf8(bag["data/移交清单.xml"].clone()).unwrap();
    assert!(list.contains("<fonds>Z109</fonds>"), "{list}");
    assert!(list.contains("<transactor>档案室</transactor>"), "{list}");
    // Whatever is configured later, a sealed round keeps its own.
    let again = sealed_list(&hall, round).await;
    assert_eq!(again, bag["manifest-sha256.txt"]);
    let refused = json!({ "form": "folder", "profile": "eark" });
    let take = format!("{path}/package");
    assert_eq!(officer.client.post_for_bytes(&take, &refused).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_at_acceptance_are_those_of_a_verification() {
    let hall = Hall::open().await;
    let (mut clerk, mut officer, numbers, path) = sealed(&hall).await;
    let round = path.rsplit('/').next().unwrap().to_owned();
    let draft = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"), "to": department("SCJG") });
    let slip = id(&clerk.offer(&draft).await.ok(201));
    officer
        .receive(&slip, &json!({ "scanned": numbers }))
        .await
        .ok(200);
    let order = json!({ "form": "zip" });
    let package = taken(&mut officer, &path, &order).await;
    let name = format!("{round}.zip");
    let key = hall.app.ledger.checkpoint().await;
    let trust = Trust::default().with_since(&key).unwrap();
    // Taken again, so that it has a proof from the checkpoint that is kept.
    let again = taken(&mut officer, &path, &order).await;
    drop(package);
    let report = judged(&again, &name, &trust);
    assert_eq!(report.verdict(), Verdict::Holds, "{:?}", report.findings);
    let now: Timestamp = "2026-04-08T02:00:00.000Z".parse().unwrap();
    let made = acceptance(&report, now).unwrap();
    assert_eq!(made.report.failed(), 0, "{:#?}", made.report);
    let passed = made.report.checks.iter();
    let passed = passed
        .filter(|check| check.verdict == CheckVerdict::Passed)
        .count();
    assert_eq!((passed, made.report.checks.len()), (10, 12));
    let handed = serde_json::to_value(&made).unwrap();
    officer
        .client
        .get(&format!("{path}/acceptance"))
        .await
        .ok(404);
    let mut other = handed.clone();
    other["report"]["transfer"] = json!("t-other");
    let refused = officer.client.act(&path, "acceptance", &other).await;
    assert_eq!(refused.ok(409).reason(), "other-round");
    let mut odd = handed.clone();
    odd["report"]["checks"][0]["actual"] = json!("\u{1b}[2J");
    let refused = officer.client.act(&path, "acceptance", &odd).await;
    assert_eq!(refused.ok(409).reason(), "report-form");
    // The hall does not check for the department.
    let hall_side = clerk.client.act(&path, "acceptance", &handed).await;
    assert_eq!(hall_side.status, 403);
    let done = officer
        .client
        .act(&path, "acceptance", &handed)
        .await
        .ok(200);
    assert_eq!(done.body["accepted"]["failed"], 0);
    assert_eq!(done.body["accepted"]["by"], "scjg-02");
    let read = officer
        .client
        .get(&format!("{path}/acceptance"))
        .await
        .ok(200);
    assert_eq!(read.body, handed["report"]);
}

#[test]
fn no_finding_passes_a_check_list() {
    let folder = tempfile::tempdir().unwrap();
    let (hall, package) = honest_package(folder.path());
    let now: Timestamp = "2026-04-08T02:00:00.000Z".parse().unwrap();
    let judge =
        |place: &std::path::Path| verify(place, &trust(&hall), &Limits::default(), &|| false);
    let good = acceptance(&judge(&package), now).unwrap();
    assert_eq!(good.report.failed(), 0, "{:#?}", good.report);
    let alone = verify(&package, &Trust::default(), &Limits::default(), &|| false);
    let alone = acceptance(&alone, now).unwrap().report;
    let log = alone
        .checks
        .iter()
        .find(|check| check.code == "GD-1-1.2")
        .unwrap();
    assert_eq!(
        log.verdict,
        CheckVerdict::NotApplicable,
        "compared with itself"
    );
    let changed = folder.path().join("changed");
    // What is changed, and the check that has to say so.
    let table: [(&str, &str, bool); 4] = [
        ("data/cases/C-0001/masters/0001.tif", "GD-1-1.1", false),
        ("data/cases/C-0001/masters/0001.tif", "GD-1-14", true),
        ("ledger/checkpoint", "GD-1-1.2", true),
        ("custody/slips/S-transfer.outcome.json", "GD-1-1.1", true),
    ];
    for (file, code, recomputed) in table {
        copy(&package, &changed);
        let place = changed.join(file);
        let mut bytes = std::fs::read(&place).unwrap();
        let last = bytes.len() - 3;
        bytes[last] ^= 1;
        std::fs::write(&place, bytes).unwrap();
        if recomputed {
            resum(&changed);
        }
        let report = judge(&changed);
        let Some(made) = acceptance(&report, now) else {
            assert_eq!(report.verdict(), Verdict::Wrong, "{file}");
            continue;
        };
        let failed = made.report.checks.iter();
        let failed = failed.filter(|check| check.verdict == CheckVerdict::Failed);
        let failed: Vec<&str> = failed.map(|check| check.code.as_str()).collect();
        assert!(
            failed.contains(&code),
            "{file}: {failed:?} {:?}",
            report.findings
        );
        assert!(made.report.failed() > 0, "{file}");
    }
}

#[test]
fn every_finding_falls_under_one_check() {
    let codes: Vec<&str> = Finding::CODES.iter().map(|code| check_of(code)).collect();
    for code in codes {
        assert!(code.starts_with("GD-"), "{code}");
    }
    // Of what `verify` itself finds only the form of the bag may be left to the last row.
    let left: Vec<&&str> = Finding::CODES
        .iter()
        .filter(|code| check_of(code) == "GD-1-12")
        .collect();
    assert_eq!(left, [&"declaration-differs"]);
}
