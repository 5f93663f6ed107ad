//! Case keys against a model that knows whom each blob belongs to: steps by chance, and after each the store must say
//! what the model says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use counterfoil::domain::Digest;
use counterfoil::store::blob::{BlobError, Blobs};
use object_store::memory::InMemory;

use crate::blob_laws::bytes_of;
use crate::case_keys::{approval, at, case, process};
use crate::support::Random;

/// What the store should say: whom each blob belongs to, and which cases are gone.
#[derive(Default)]
struct Model {
    owners: BTreeMap<usize, BTreeSet<String>>,
    erased: BTreeSet<String>,
}

const HALL: &str = "hall";

impl Model {
    fn readable(&self, blob: usize) -> Option<bool> {
        let owners = self.owners.get(&blob)?;
        Some(owners.iter().any(|owner| !self.erased.contains(owner)))
    }

    fn put(&mut self, blob: usize, owner: &str) {
        if self.readable(blob) != Some(true) {
            self.owners.remove(&blob);
        }
        let owners = self.owners.entry(blob).or_default();
        owners.insert(owner.to_string());
    }
}

async fn check(blobs: &Blobs, model: &Model, contents: &[Vec<u8>], what: &str) {
    for (blob, plain) in contents.iter().enumerate() {
        let got = blobs.get(&Digest::of(plain), u64::MAX).await;
        match (model.readable(blob), got) {
            (None, Err(BlobError::NotFound { .. })) => {}
            (Some(false), Err(BlobError::Erased { .. })) => {}
            (Some(true), Ok(found)) if found == *plain => {}
            (expected, got) => panic!("{what}: blob {blob}: {expected:?}, {got:?}"),
        }
    }
}

/// One step, chosen by chance, done and told to the model; what it was.
async fn step(
    random: &mut Random,
    blobs: &Blobs,
    model: &mut Model,
    contents: &[Vec<u8>],
) -> String {
    let blob = random.below(contents.len() as u64) as usize;
    let name = ["A", "B", "C", "D"][random.below(4) as usize];
    let no = case(name);
    let digest = Digest::of(&contents[blob]);
    let erased = model.erased.contains(name);
    let readable = model.readable(blob) == Some(true);
    let verb = [
        "put", "put", "put for", "put for", "share", "entrust", "erase",
    ][random.below(7) as usize];
    let done = match verb {
        "put" => blobs.put(&contents[blob]).await.map(drop),
        "put for" => blobs.for_case(&no).put(&contents[blob]).await.map(drop),
        "share" => blobs.share(&digest, &no).await,
        "entrust" => blobs.entrust(&digest, &no).await,
        // Rarely: there are four cases, and none comes back.
        _ if random.below(6) > 0 => return String::new(),
        _ => {
            let destroyed = blobs.case_keys().destroy(&no, at(9), approval()).await;
            model.erased.insert(name.to_string());
            destroyed.map(drop).map_err(BlobError::from)
        }
    };
    let what = format!("{verb} {name} {blob}");
    let allowed = match verb {
        "put" | "erase" => true,
        "put for" => !erased,
        _ => !erased && readable,
    };
    assert_eq!(done.is_ok(), allowed, "{what}: {done:?}");
    match verb {
        "put" => model.put(blob, HALL),
        "put for" | "share" | "entrust" if allowed => model.put(blob, name),
        _ => {}
    }
    if verb == "entrust" && allowed {
        model.owners.entry(blob).or_default().remove(HALL);
    }
    what
}

#[tokio::test]
async fn the_last_reference_decides() {
    let contents: Vec<Vec<u8>> = [0, 10, 70_000, 300]
        .iter()
        .map(|length| bytes_of(*length as u64, *length))
        .collect();
    for seed in 0..40 {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let store = Arc::new(InMemory::new());
        let mut blobs = process(&store);
        let mut model = Model::default();
        for number in 0..60 {
            let what = step(&mut random, &blobs, &mut model, &contents).await;
            let what = format!("seed {seed} step {number} {what}");
            check(&blobs, &model, &contents, &what).await;
            if random.below(10) == 0 {
                blobs = process(&store);
                check(&blobs, &model, &contents, &what).await;
            }
        }
    }
}
