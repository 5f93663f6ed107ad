//! Reading the evidence back, a fact at a time. A line that is not byte for byte as it would be written is a fault: no
//! byte of the evidence is without meaning.

use std::io::Read;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    CONSISTENCY, EarlierLine, FACTS, FactLine, LINE_BYTES_MAX, PATH_MAX, PROOFS, ProofLine, hashes,
};
use crate::bag::{ExactLines, Fault, Source};
use crate::merkle::Hash;

/// A fact with the proof that belongs to it; whether it holds is for the reader to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Its index in the log.
    pub index: u64,
    /// The exact leaf.
    pub leaf: String,
    /// The path to the checkpoint's root; none where the line beside it is about another fact, or absent.
    pub path: Option<Vec<Hash>>,
}

/// A checkpoint that the receiver was given earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Facts in it.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The path from it to the package's checkpoint.
    pub path: Vec<Hash>,
}

/// Hands every fact with its proof to `each`, in the order of the files, until it says false. Fails where a file cannot
/// be read or has a line that is not one; proofs that belong to no fact are such lines.
pub fn proven(source: &dyn Source, mut each: impl FnMut(Proven) -> bool) -> Result<(), Fault> {
    let mut facts = lines(source, FACTS)?;
    let mut proofs = lines(source, PROOFS)?;
    while let Some((_, FactLine { index, leaf })) = next(&mut facts, FACTS)? {
        let proof: Option<(u64, ProofLine)> = next(&mut proofs, PROOFS)?;
        let path = proof.filter(|(_, proof)| proof.index == index && proof.path.len() <= PATH_MAX);
        let path = path.map(|(_, proof)| hashes(&proof.path));
        if !each(Proven { index, leaf, path }) {
            return Ok(());
        }
    }
    match next::<ProofLine>(&mut proofs, PROOFS)? {
        None => Ok(()),
        Some((line, _)) => Err(wrong(PROOFS, line)),
    }
}

/// Hands every earlier checkpoint to `each`.
pub fn earlier(source: &dyn Source, mut each: impl FnMut(Earlier)) -> Result<(), Fault> {
    let mut all = lines(source, CONSISTENCY)?;
    while let Some((line, EarlierLine { size, root, path })) = next(&mut all, CONSISTENCY)? {
        if path.len() > PATH_MAX {
            return Err(wrong(CONSISTENCY, line));
        }
        each(Earlier {
            size,
            root: Hash(*root.as_bytes()),
            path: hashes(&path),
        });
    }
    Ok(())
}

type Lines<'s> = ExactLines<Box<dyn Read + 's>>;

fn lines<'s>(source: &'s dyn Source, path: &str) -> Result<Lines<'s>, Fault> {
    let missing = || Fault::FileMissing {
        path: path.to_owned(),
        manifest: crate::bag::Algorithm::Sha256.tag_manifest(),
    };
    let index = source.find(path).ok_or_else(missing)?;
    Ok(ExactLines::new(path, LINE_BYTES_MAX, source.open(index)?))
}

fn next<T: Serialize + DeserializeOwned>(
    lines: &mut Lines<'_>,
    path: &str,
) -> Result<Option<(u64, T)>, Fault> {
    let Some((number, line)) = lines.next_line()? else {
        return Ok(None);
    };
    let object: T = serde_json::from_slice(line).map_err(|_| wrong(path, number))?;
    let again = serde_json::to_vec(&object).unwrap_or_default();
    if again != line {
        return Err(wrong(path, number));
    }
    Ok(Some((number, object)))
}

fn wrong(path: &str, line: u64) -> Fault {
    Fault::LineForm {
        path: path.to_owned(),
        line,
    }
}
