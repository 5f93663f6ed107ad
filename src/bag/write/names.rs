//! The paths a bag has so far, some sixty bytes each. What makes a single path acceptable is said in `path`.

use std::collections::HashSet;

use sha2::Digest as _;

use super::super::fault::Fault;
use super::super::path::{BagPath, folded};

/// Paths seen so far, by sixteen bytes of their hash.
#[derive(Default)]
pub(super) struct Names(HashSet<u128>);

impl Names {
    /// Refuses a path that was there already, as a file or as a folder. True when another system would take it for one
    /// that was there.
    pub(super) fn add(&mut self, path: &BagPath) -> Result<bool, Fault> {
        let text = path.as_str();
        let owned = || text.to_owned();
        let file = key('f', text);
        if self.0.contains(&file) {
            return Err(Fault::PathTwice { path: owned() });
        }
        let slashes = text.match_indices('/');
        let folders: Vec<&str> = slashes.filter_map(|(at, _)| text.get(..at)).collect();
        let as_file = folders.iter().any(|one| self.0.contains(&key('f', one)));
        if as_file || self.0.contains(&key('d', text)) {
            return Err(Fault::PathIsFolder { path: owned() });
        }
        self.0.insert(file);
        self.0.extend(folders.iter().map(|one| key('d', one)));
        Ok(!self.0.insert(key('c', &folded(text))))
    }
}

/// Sixteen bytes that stand for a path: no two are ever found that fall together.
fn key(kind: char, path: &str) -> u128 {
    let mut hasher = sha2::Sha256::new();
    hasher.update([kind as u8]);
    hasher.update(path.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    digest
        .iter()
        .take(16)
        .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}
