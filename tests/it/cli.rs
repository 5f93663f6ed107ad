//! The command line as a person or a script uses it: what it prints, how it ends, and how it mends a lost catalog
//! or index by itself.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Random, Workspace, tiny_scan};

fn run(workspace: &Workspace, arguments: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = workspace.command(arguments).output().unwrap();
    let lines = String::from_utf8(stdout).unwrap();
    let objects = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (
        status.code(),
        objects,
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

/// A folder with two scans, one of them twice, and a file that is no paper.
fn folder(workspace: &Workspace) -> String {
    let folder = workspace.path().join("in");
    std::fs::create_dir_all(folder.join("more")).unwrap();
    std::fs::write(folder.join("a.png"), tiny_scan(1)).unwrap();
    std::fs::write(folder.join("b.png"), tiny_scan(2)).unwrap();
    std::fs::write(folder.join("more/again.png"), tiny_scan(1)).unwrap();
    std::fs::write(folder.join("note.jpg"), "not a picture").unwrap();
    folder.display().to_string()
}

#[test]
fn ingest_prints_one_result_a_file_and_says_what_was_refused() {
    let workspace = Workspace::new();
    let folder = folder(&workspace);
    let (code, results, errors) = run(&workspace, &["--json", "ingest", &folder]);
    assert_eq!(code, Some(3), "{errors}");
    let mut statuses: Vec<(&str, &str)> = Vec::new();
    for result in &results {
        let name = Path::new(result["file"].as_str().unwrap())
            .file_name()
            .unwrap()
            .to_str()
            .unwrap();
        statuses.push((name, result["status"].as_str().unwrap()));
    }
    statuses.sort_unstable();
    let expected = [
        ("a.png", "sealed"),
        ("again.png", "duplicate"),
        ("b.png", "sealed"),
        ("note.jpg", "refused"),
    ];
    assert_eq!(statuses, expected);
    let refused = results
        .iter()
        .find(|result| result["status"] == "refused")
        .unwrap();
    assert_eq!(refused["error"]["code"], "unsupported-format");
    let (code, results, _) = run(&workspace, &["--json", "ingest", &folder]);
    assert_eq!(code, Some(3));
    assert_eq!(
        results
            .iter()
            .filter(|result| result["status"] == "duplicate")
            .count(),
        3
    );
}

#[test]
fn the_master_comes_back_untouched_and_a_prefix_names_it() {
    let workspace = Workspace::new();
    let folder = folder(&workspace);
    let (_, results, _) = run(&workspace, &["--json", "ingest", &folder]);
    let sealed = results
        .iter()
        .find(|result| result["file"].as_str().unwrap().ends_with("b.png"))
        .unwrap();
    let prefix = &sealed["record"].as_str().unwrap()[..8];
    let out = workspace.path().join("out.png");
    let path = out.display().to_string();
    let (code, _, errors) = run(
        &workspace,
        &[
            "--json", "export", prefix, "--format", "original", "-o", &path,
        ],
    );
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(std::fs::read(&out).unwrap(), tiny_scan(2));
    let (code, _, errors) = run(&workspace, &["--json", "text", "00000000"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("not-found"), "{errors}");
    let (code, _, errors) = run(&workspace, &["--json", "search", "\"open"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("bad-query"), "{errors}");
}

/// The catalog and the index deleted, truncated, and filled with random bytes: the next command mends them.
#[test]
fn a_lost_catalog_or_index_is_rebuilt_by_itself() {
    let workspace = Workspace::new();
    let folder = folder(&workspace);
    run(&workspace, &["--json", "ingest", &folder]);
    let mut random = Random::new(20_261_122);
    for part in ["catalog", "index"] {
        for damage in ["delete", "truncate", "noise"] {
            for file in files(&workspace.data().join(part)) {
                let length = std::fs::metadata(&file).unwrap().len() as usize;
                match damage {
                    "delete" => std::fs::remove_file(&file).unwrap(),
                    "truncate" => {
                        std::fs::write(&file, &std::fs::read(&file).unwrap()[..length / 2]).unwrap()
                    }
                    _ => std::fs::write(
                        &file,
                        (0..length)
                            .map(|_| random.next() as u8)
                            .collect::<Vec<u8>>(),
                    )
                    .unwrap(),
                }
            }
            let (code, said, errors) = run(&workspace, &["--json", "audit"]);
            assert_eq!(code, Some(0), "{part} {damage}: {said:?} {errors}");
            assert_eq!(said.last().unwrap()["scans"], 2);
        }
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// What the audit is for: a master that is gone or changed is named.
#[test]
fn audit_and_scrub_name_a_lost_and_a_changed_master() {
    let workspace = Workspace::new();
    let folder = folder(&workspace);
    run(&workspace, &["--json", "ingest", &folder]);
    let digest = counterfoil::domain::Digest::of(tiny_scan(1)).to_string();
    let blob = workspace
        .data()
        .join("blobs/blobs")
        .join(&digest[..2])
        .join(&digest[2..4])
        .join(&digest);
    let mut bytes = std::fs::read(&blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&blob, &bytes).unwrap();
    let (code, said, _) = run(&workspace, &["--json", "scrub"]);
    assert_eq!(code, Some(4));
    assert!(
        said.iter()
            .any(|object| object["digest"] == digest.as_str() && object["kind"] == "damaged"),
        "{said:?}"
    );
    std::fs::remove_file(&blob).unwrap();
    let (code, said, _) = run(&workspace, &["--json", "audit"]);
    assert_eq!(code, Some(4));
    assert!(
        said.iter().any(
            |object| object["subject"] == digest.as_str() && object["kind"] == "master-missing"
        )
    );
}

/// The log's key is named by the log: data folders share a keys folder without sharing a key, and a rotation is
/// one command after which everything goes on.
#[test]
fn each_log_has_its_own_key_and_can_be_handed_to_a_new_one() {
    let workspace = Workspace::new();
    let folder = folder(&workspace);
    run(&workspace, &["--json", "ingest", &folder]);
    let other = workspace.path().join("other-data");
    let other = ["--data", other.to_str().unwrap(), "--json"];
    run(&workspace, &[&other[..], &["ingest", &folder]].concat());
    let keys = |arguments: &[&str]| {
        let (code, said, errors) = run(&workspace, &[arguments, &["keys", "show"]].concat());
        assert_eq!(code, Some(0), "{errors}");
        let log = said.iter().filter(|key| key["key"] == "log");
        log.map(|key| (key["public"].to_string(), key["in_force"] == true))
            .collect::<Vec<_>>()
    };
    let (first, second) = (keys(&["--json"]), keys(&other));
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].0, second[0].0);

    let (code, said, errors) = run(&workspace, &["--json", "keys", "rotate-log"]);
    assert_eq!(code, Some(0), "{errors}");
    let now = keys(&["--json"]);
    assert_eq!(now[0], (first[0].0.clone(), false));
    assert_eq!(now[1], (said[0]["public"].to_string(), true));
    let (code, _, errors) = run(&workspace, &["--json", "audit"]);
    assert_eq!(code, Some(0), "{errors}");
    std::fs::write(workspace.path().join("in/c.png"), tiny_scan(3)).unwrap();
    run(&workspace, &["--json", "ingest", &folder]);
    let (code, said, errors) = run(&workspace, &["--json", "audit"]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(said.last().unwrap()["scans"], 3);
    assert_eq!(keys(&other), second);

    std::fs::remove_file(said_file(&workspace)).unwrap();
    let (code, _, errors) = run(&workspace, &["--json", "ingest", &folder]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("put it back from its backup"), "{errors}");
}

/// The file of the log key in force.
fn said_file(workspace: &Workspace) -> String {
    let (_, said, _) = run(workspace, &["--json", "keys", "show"]);
    let key = said.iter().find(|key| key["in_force"] == true).unwrap();
    key["file"].as_str().unwrap().to_owned()
}
