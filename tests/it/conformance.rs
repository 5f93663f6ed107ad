//! Proofs, tiles and event files made by others. `COUNTERFOIL_CONFORMANCE` names a folder with `merkle/` and `tlog/`;
//! without it only the vectors in `fixtures/` are judged.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil::domain::Entry;
use counterfoil::merkle::tile::{Tile, bundle_entries};
use counterfoil::merkle::tree::range_nodes;
use counterfoil::merkle::{
    Checkpoint, Frontier, Hash, NodeId, NodePlan, VerifierKey, leaf_hash, verify_consistency,
    verify_inclusion,
};
use serde::Deserialize;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("COUNTERFOIL_CONFORMANCE").map(PathBuf::from);
    if folder.is_none() {
        println!("COUNTERFOIL_CONFORMANCE is not set: only the vectors in fixtures/ are judged");
    }
    folder
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionCase {
    leaf_idx: u64,
    tree_size: u64,
    root: Option<String>,
    leaf_hash: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsistencyCase {
    size1: u64,
    size2: u64,
    root1: Option<String>,
    root2: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

/// Anything but 32 bytes is no hash.
fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
}

fn hashes(texts: Option<Vec<String>>) -> Option<Vec<Hash>> {
    texts
        .unwrap_or_default()
        .iter()
        .map(|text| hash(text))
        .collect()
}

fn inclusion_holds(case: InclusionCase) -> Option<()> {
    let (leaf, root) = (hash(&case.leaf_hash?)?, hash(&case.root?)?);
    let proof = hashes(case.proof)?;
    verify_inclusion(case.leaf_idx, case.tree_size, &leaf, &proof, &root).ok()
}

/// A root in a consistency case. Some cases put words there ("don't care 1") to say that roots are only compared: such a
/// label becomes a hash of its own, so that equal labels stay equal and no label equals a real root.
fn root_or_label(text: &str) -> Option<Hash> {
    hash(text).or_else(|| STANDARD.decode(text).ok().map(|label| leaf_hash(&label)))
}

fn consistency_holds(case: ConsistencyCase) -> Option<()> {
    let (old, new) = (root_or_label(&case.root1?)?, root_or_label(&case.root2?)?);
    let proof = hashes(case.proof)?;
    verify_consistency(case.size1, case.size2, &old, &new, &proof).ok()
}

/// Judges every proof under `folder`; gives how many were accepted and rejected, all of them rightly.
fn judge(folder: &Path) -> (usize, usize) {
    let (mut accepted, mut rejected) = (0, 0);
    for kind in ["inclusion", "consistency"] {
        for path in json_files(&folder.join(kind)) {
            let bytes = std::fs::read(&path).unwrap();
            let (holds, want_err) = if kind == "inclusion" {
                let case: InclusionCase = serde_json::from_slice(&bytes).unwrap();
                let want_err = case.want_err;
                (inclusion_holds(case).is_some(), want_err)
            } else {
                let case: ConsistencyCase = serde_json::from_slice(&bytes).unwrap();
                let want_err = case.want_err;
                (consistency_holds(case).is_some(), want_err)
            };
            assert_eq!(holds, !want_err, "{}", path.display());
            *(if holds { &mut accepted } else { &mut rejected }) += 1;
        }
    }
    println!(
        "{}: {accepted} proofs accepted, {rejected} rejected, all rightly",
        folder.display()
    );
    (accepted, rejected)
}

#[test]
fn proofs_are_judged_right() {
    let (accepted, rejected) = judge(&fixtures().join("merkle"));
    assert!(accepted >= 20 && rejected >= 50);
    if let Some(corpus) = corpus() {
        let (accepted, rejected) = judge(&corpus.join("merkle"));
        assert!(accepted > 0 && rejected > 0);
    }
}

/// The verifier key that belongs to the checkpoints of the tile log in the corpus.
const TLOG_KEY: &str =
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/// A log served as files, at one size.
struct TileLog {
    folder: PathBuf,
    size: u64,
}

impl TileLog {
    fn entries(&self) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        while let Some(tile) = Tile::at(0, entries.len() as u64 / 256, self.size)
            && (entries.len() as u64) < self.size
        {
            let bytes = std::fs::read(self.folder.join(tile.entries_path())).unwrap();
            let bundle = bundle_entries(&bytes).unwrap();
            assert_eq!(bundle.len(), usize::from(tile.width));
            entries.extend(bundle.iter().map(|entry| entry.to_vec()));
        }
        entries
    }

    fn hash(&self, node: &NodeId) -> Hash {
        let tile = Tile::of_node(*node, self.size).unwrap();
        let bytes = std::fs::read(self.folder.join(tile.path())).unwrap();
        tile.hash_of(*node, &bytes).unwrap()
    }

    fn assemble(&self, plan: &NodePlan) -> Vec<Hash> {
        let hashes: Vec<Hash> = plan.nodes().iter().map(|node| self.hash(node)).collect();
        plan.assemble(&hashes).unwrap()
    }
}

#[test]
fn the_tile_log_verifies() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("tlog");
    let keys = [TLOG_KEY.parse::<VerifierKey>().unwrap()];
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_file()
            && path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("checkpoint")
        {
            let note = std::fs::read_to_string(&path).unwrap();
            checkpoints.push(Checkpoint::verify(&note, &keys).unwrap().0);
        }
    }
    checkpoints.sort_by_key(|checkpoint| checkpoint.size);
    let mut proofs = 0;
    for checkpoint in &checkpoints {
        let log = TileLog {
            folder: folder.clone(),
            size: checkpoint.size,
        };
        let entries = log.entries();
        assert_eq!(entries.len() as u64, checkpoint.size);
        let mut frontier = Frontier::default();
        for entry in &entries {
            frontier.append(leaf_hash(entry), &mut Vec::new());
        }
        assert_eq!(
            frontier.root(),
            checkpoint.root,
            "entries at size {}",
            checkpoint.size
        );
        assert_eq!(
            log.assemble(&NodePlan::root(checkpoint.size)),
            [checkpoint.root]
        );
        assert_eq!(
            range_nodes(0, checkpoint.size).len() as u32,
            checkpoint.size.count_ones()
        );
        for (index, entry) in (0..).zip(&entries) {
            let proof = log.assemble(&NodePlan::inclusion(index, log.size).unwrap());
            verify_inclusion(index, log.size, &leaf_hash(entry), &proof, &checkpoint.root).unwrap();
            proofs += 1;
        }
        for old in checkpoints
            .iter()
            .filter(|old| old.size > 0 && old.size <= log.size)
        {
            let proof = log.assemble(&NodePlan::consistency(old.size, log.size).unwrap());
            verify_consistency(old.size, log.size, &old.root, &checkpoint.root, &proof).unwrap();
            proofs += 1;
        }
    }
    println!(
        "tile log: {} signed checkpoints and {proofs} proofs verified",
        checkpoints.len()
    );
    assert!(!checkpoints.is_empty());
}

/// Every fact ever written is read, and written again as it stands.
#[test]
fn event_files_of_every_version_stay_readable() {
    let mut kinds = std::collections::BTreeSet::new();
    for file in std::fs::read_dir(fixtures().join("events")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|ext| ext != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let entry = Entry::decode(line.as_bytes()).unwrap();
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            kinds.insert(value["event"]["type"].as_str().unwrap().to_owned());
            let again = String::from_utf8(entry.encode().unwrap()).unwrap();
            assert_eq!(again, line, "{}", path.display());
        }
    }
    let every = [
        "key_rotated",
        "log_opened",
        "pages_read",
        "record_sealed",
        "scan_filed",
        "scan_held",
        "scan_received",
        "scan_refiled",
        "scan_requeued",
    ];
    assert!(every.iter().all(|kind| kinds.contains(*kind)), "{kinds:?}");
}
