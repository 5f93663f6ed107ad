//! The package as an E-ARK submission: where its files lie, and that METS.xml names each with the digest it has. Where
//! COUNTERFOIL_SIPS names a folder, submissions are left there for eark-validator (tools/eark-agree.py).

use std::collections::BTreeSet;
use std::path::Path;

use counterfoil::domain::Digest;
use counterfoil::package::metadata::{Dialect, write};
use counterfoil::package::mets::{FILES_MAX, SipEntry, SipSource, sip};
use counterfoil::package::register::{csv, xlsx};
use counterfoil::package::{FileDoc, FileKind, PackageDoc, PackageFault};
use roxmltree::{Document, Node};

use super::package_kit::{case, file, head, package};

fn documents() -> Vec<FileDoc> {
    let csv = file("移交清册.csv", FileKind::Document, "text/csv");
    vec![
        csv,
        file("transfer.json", FileKind::Document, "application/json"),
    ]
}

/// The bytes of an entry; those of the payload are their path.
fn bytes(entry: &SipEntry) -> Vec<u8> {
    match &entry.source {
        SipSource::Bytes(bytes) => bytes.clone(),
        SipSource::Payload(path) => path.clone().into_bytes(),
    }
}

fn made(doc: &PackageDoc) -> Vec<SipEntry> {
    let entries = sip(doc, &documents()).unwrap();
    assert_eq!(entries, sip(doc, &documents()).unwrap());
    for entry in &entries {
        let bytes = bytes(entry);
        let found = (bytes.len() as u64, Digest::of(&bytes));
        assert_eq!(found, (entry.bytes, entry.sha256), "{}", entry.path);
    }
    entries
}

fn xml(entries: &[SipEntry], path: &str) -> String {
    let entry = entries.iter().find(|entry| entry.path == path).unwrap();
    String::from_utf8(bytes(entry)).unwrap()
}

fn href(node: Node<'_, '_>) -> String {
    let href = node.attribute(("http://www.w3.org/1999/xlink", "href"));
    href.unwrap().replace("%20", " ")
}

#[test]
fn every_file_has_its_place() {
    let entries = made(&package());
    let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    let data = "representations/rep1/data/cases/2026-0001";
    assert_eq!(
        paths[..7],
        [
            "metadata/descriptive/record.xml",
            "metadata/preservation/premis.xml",
            "documentation/README.txt",
            "schemas/record.xsd",
            "documentation/移交清册.csv",
            "documentation/transfer.json",
            &format!("{data}/text/0001.xml"),
        ]
    );
    assert_eq!(paths.last(), Some(&"METS.xml"));
    assert_eq!(paths.len(), 4 + 2 + 8 + 1);
}

#[test]
fn mets_names_every_file_with_its_length_and_digest() {
    let entries = made(&package());
    let text = xml(&entries, "METS.xml");
    let mets = Document::parse(&text).unwrap();
    let mut named = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for node in mets.descendants().filter(Node::is_element) {
        if let Some(id) = node.attribute("ID") {
            assert!(ids.insert(id), "{id} twice");
        }
        let place = match node.tag_name().name() {
            "file" => node.first_element_child().unwrap(),
            "mdRef" => node,
            _ => continue,
        };
        let path = href(place);
        let entry = entries.iter().find(|entry| entry.path == path);
        let entry = entry.unwrap_or_else(|| panic!("{path} is not in the package"));
        assert_eq!(node.attribute("SIZE").unwrap(), entry.bytes.to_string());
        assert_eq!(
            node.attribute("CHECKSUM").unwrap(),
            entry.sha256.to_string()
        );
        assert_eq!(node.attribute("CHECKSUMTYPE"), Some("SHA-256"));
        assert!(named.insert(path));
    }
    assert_eq!(named.len(), entries.len() - 1);
    for pointer in ["FILEID", "DMDID", "ADMID"] {
        for node in mets.descendants() {
            let to = node.attribute(pointer);
            assert!(to.is_none_or(|id| ids.contains(id)), "{to:?}");
        }
    }
}

#[test]
fn mets_says_who_sends_and_who_receives() {
    let doc = package();
    let text = xml(&made(&doc), "METS.xml");
    let mets = Document::parse(&text).unwrap();
    assert_eq!(
        mets.root_element().attribute("OBJID"),
        Some(doc.transfer.as_str())
    );
    let agents = mets.descendants();
    let agents = agents.filter(|node| node.tag_name().name() == "agent");
    let agents: Vec<String> = agents
        .map(|agent| {
            let words = agent.descendants().filter_map(|node| node.text());
            let words: Vec<&str> = words.filter(|text| !text.trim().is_empty()).collect();
            format!("{} {}", agent.attribute("ROLE").unwrap(), words.join(" "))
        })
        .collect();
    let mut unique: Vec<&String> = agents.iter().collect();
    unique.dedup();
    assert_eq!(unique.len(), 4, "{agents:?}");
    assert!(agents[0].starts_with("CREATOR Counterfoil"), "{agents:?}");
    assert!(agents[2].contains("市政务服务中心") && agents[2].contains("centre"));
    assert!(agents[3].starts_with("PRESERVATION 市场监督管理局 <A&B>"));
}

#[test]
fn premis_tells_what_happened_and_nothing_that_did_not() {
    let text = xml(&made(&package()), "metadata/preservation/premis.xml");
    let premis = Document::parse(&text).unwrap();
    let words = |name: &'static str| -> Vec<String> {
        let nodes = premis.descendants();
        let nodes = nodes.filter(|node| node.tag_name().name() == name);
        nodes.map(|node| node.text().unwrap().to_owned()).collect()
    };
    assert_eq!(
        words("eventType"),
        ["creation", "message digest calculation", "transfer"]
    );
    assert!(words("eventDetail")[0].starts_with("4 files"));
    assert!(words("eventDetail")[1].contains("10 files"), "{text}");
    assert_eq!(
        words("agentName"),
        ["paddle PP-OCRv5", "Counterfoil 0.1.0", "市政务服务中心"]
    );
    let known: BTreeSet<String> = words("agentIdentifierValue").into_iter().collect();
    for agent in words("linkingAgentIdentifierValue") {
        assert!(known.contains(&agent), "{agent}");
    }
}

#[test]
fn a_path_that_comes_twice_or_leads_out_is_refused() {
    let twice = [documents(), documents()].concat();
    let fault = sip(&package(), &twice).unwrap_err();
    assert_eq!(fault.code(), "package-path-twice");
    let reserved = file("README.txt", FileKind::Document, "text/plain");
    let fault = sip(&package(), &[reserved]).unwrap_err();
    assert_eq!(fault.code(), "package-path-twice");
    let outside = file("../METS.xml", FileKind::Document, "text/plain");
    let fault = sip(&package(), &[outside]).unwrap_err();
    assert_eq!(fault.code(), "package-path");
    let many = vec![documents()[0].clone(); FILES_MAX + 1];
    let fault = sip(&head(), &many).unwrap_err();
    assert!(matches!(fault, PackageFault::TooMany { .. }));
}

#[test]
fn submissions_for_another_program() {
    let Ok(folder) = std::env::var("COUNTERFOIL_SIPS") else {
        return;
    };
    let entries = made(&package());
    let root = Path::new(&folder).join(package().transfer.as_str());
    for entry in &entries {
        let place = root.join(&entry.path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, bytes(entry)).unwrap();
    }
}

/// Two thousand cases with forty files each, timed; alone, because others would be in the way.
#[test]
fn a_large_package_is_described() {
    if std::env::var("COUNTERFOIL_ALONE").is_err() {
        return;
    }
    let mut doc = head();
    for number in 0..2000 {
        let mut one = case(&format!("2026-{number:05}"));
        let kinds = one.files.clone();
        one.files = (0..40)
            .map(|n| FileDoc {
                path: format!("{}.{n}", kinds[n % kinds.len()].path),
                ..kinds[n % kinds.len()].clone()
            })
            .collect();
        doc.cases.push(one);
    }
    let timed = |what: &str, run: &dyn Fn() -> usize| {
        let start = std::time::Instant::now();
        let bytes = run();
        println!("{what}: {bytes} bytes in {:?}", start.elapsed());
    };
    timed("METS.xml and what goes with it", &|| {
        let entries = sip(&doc, &documents()).unwrap();
        bytes(entries.last().unwrap()).len()
    });
    for name in Dialect::built_in_names() {
        let dialect = Dialect::built_in(name).unwrap();
        timed(name, &|| {
            let mut sum = 0;
            write(&doc, &dialect, |file| {
                sum += file.bytes.len();
                Ok(())
            })
            .unwrap();
            sum
        });
    }
    timed("register.xlsx", &|| xlsx(&doc).unwrap().len());
    timed("register.csv", &|| csv(&doc).unwrap().len());
}
