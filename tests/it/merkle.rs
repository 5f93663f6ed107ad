//! The tree, its proofs and signed notes against known answers, definitions and mutations.

use std::collections::HashMap;

use counterfoil::merkle::{
    Checkpoint, Frontier, Hash, LogSigner, NodeId, NodePlan, Note, NoteError, VerifierKey,
    empty_root, leaf_hash, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

struct Tree {
    leaves: Vec<Hash>,
    nodes: HashMap<NodeId, Hash>,
    /// `roots[n]` is the root over `n` leaves.
    roots: Vec<Hash>,
}

fn tree(size: u32) -> Tree {
    let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let mut frontier = Frontier::default();
    let mut completed = Vec::new();
    let mut roots = vec![frontier.root()];
    for leaf in &leaves {
        frontier.append(*leaf, &mut completed);
        roots.push(frontier.root());
    }
    Tree {
        leaves,
        nodes: completed.into_iter().collect(),
        roots,
    }
}

impl Tree {
    fn assemble(&self, plan: &NodePlan) -> Vec<Hash> {
        let hashes: Vec<Hash> = plan.nodes().iter().map(|node| self.nodes[node]).collect();
        plan.assemble(&hashes).unwrap()
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        self.assemble(&NodePlan::inclusion(index, size).unwrap())
    }

    fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        self.assemble(&NodePlan::consistency(old, new).unwrap())
    }
}

/// The roots of the eight leaves that Certificate Transparency implementations test with.
#[test]
fn roots_have_the_known_values() {
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(hex::encode(empty_root().0), empty);
    let mut frontier = Frontier::default();
    for (leaf, root) in leaves.iter().zip(roots) {
        let leaf = hex::decode(leaf).unwrap();
        frontier.append(leaf_hash(&leaf), &mut Vec::new());
        assert_eq!(hex::encode(frontier.root().0), root);
    }
}

#[test]
fn every_proof_of_small_logs_verifies_and_no_other_size_does() {
    let tree = tree(48);
    for size in 1..=48u64 {
        let root = tree.roots[size as usize];
        for index in 0..size {
            let proof = tree.inclusion(index, size);
            let leaf = tree.leaves[index as usize];
            verify_inclusion(index, size, &leaf, &proof, &root).unwrap();
            for other in (0..size).filter(|other| *other != index) {
                assert!(verify_inclusion(other, size, &leaf, &proof, &root).is_err());
            }
        }
        for old in 1..=size {
            let proof = tree.consistency(old, size);
            let old_root = tree.roots[old as usize];
            verify_consistency(old, size, &old_root, &root, &proof).unwrap();
            for other in (1..=size).filter(|other| *other != old) {
                let wrong = tree.roots[other as usize];
                assert!(verify_consistency(old, size, &wrong, &root, &proof).is_err());
            }
        }
    }
    assert!(NodePlan::inclusion(5, 5).is_err());
    assert!(NodePlan::consistency(0, 5).is_err());
    assert!(NodePlan::consistency(6, 5).is_err());
}

#[derive(Debug, Clone)]
enum Mutation {
    FlipBit(usize, usize),
    Drop(usize),
    Insert(usize, [u8; 32]),
    Swap(usize, usize),
}

fn mutations() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), 0..256usize).prop_map(|(at, bit)| Mutation::FlipBit(at, bit)),
        any::<usize>().prop_map(Mutation::Drop),
        (any::<usize>(), any::<[u8; 32]>()).prop_map(|(at, hash)| Mutation::Insert(at, hash)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ]
}

/// The mutated proof, or none when the mutation would leave it as it is.
fn mutated(proof: &[Hash], mutation: &Mutation) -> Option<Vec<Hash>> {
    let mut proof = proof.to_vec();
    let length = proof.len();
    match mutation {
        Mutation::Insert(at, hash) => proof.insert(at % (length + 1), Hash(*hash)),
        _ if length == 0 => return None,
        Mutation::FlipBit(at, bit) => proof[at % length].0[bit / 8] ^= 1 << (bit % 8),
        Mutation::Drop(at) => drop(proof.remove(at % length)),
        Mutation::Swap(a, b) if a % length != b % length => proof.swap(a % length, b % length),
        Mutation::Swap(..) => return None,
    }
    Some(proof)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_proofs_are_rejected(size in 2u32..600, a in any::<u32>(), mutation in mutations()) {
        let tree = tree(size);
        let size = u64::from(size);
        let root = tree.roots[size as usize];
        let index = u64::from(a) % size;
        let proof = tree.inclusion(index, size);
        let leaf = tree.leaves[index as usize];
        prop_assert!(verify_inclusion(index, size, &leaf, &proof, &root).is_ok());
        if let Some(wrong) = mutated(&proof, &mutation) {
            prop_assert!(verify_inclusion(index, size, &leaf, &wrong, &root).is_err());
        }
        let old = 1 + index;
        let old_root = tree.roots[old as usize];
        let proof = tree.consistency(old, size);
        prop_assert!(verify_consistency(old, size, &old_root, &root, &proof).is_ok());
        if let Some(wrong) = mutated(&proof, &mutation) {
            prop_assert!(verify_consistency(old, size, &old_root, &root, &wrong).is_err());
        }
    }

    #[test]
    fn hostile_notes_never_panic(text in "(?s).{0,200}", tail in "(— [a-z]{1,3} [A-Za-z0-9+/=]{0,12}\n){0,3}") {
        let note = format!("{text}\n\n{tail}");
        let _judged = Checkpoint::parse_unverified(&note);
        let _key: Result<VerifierKey, NoteError> = text.parse();
    }
}

/// The example in the documentation of Go's `golang.org/x/mod/sumdb/note`, where signed notes come from.
#[test]
fn the_known_signed_note_verifies() {
    let key: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        .parse()
        .unwrap();
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let signature = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = format!("{text}\n{signature}");
    let keys = [key];
    assert_eq!(
        Note::parse(&note).unwrap().verify(&keys).unwrap(),
        [&keys[0]]
    );
    let changed = note.replace("problem is", "problem was");
    assert_eq!(
        Note::parse(&changed).unwrap().verify(&keys),
        Err(NoteError::Unverified)
    );
    assert_eq!(
        keys[0].to_string().parse::<VerifierKey>().as_ref(),
        Ok(&keys[0])
    );
    let wrong_id = keys[0].to_string().replace("c74f20a3", "c74f20a4");
    assert_eq!(wrong_id.parse::<VerifierKey>(), Err(NoteError::Key));
}

#[test]
fn several_signatures_verify_and_unknown_ones_are_ignored() {
    let origin = "hall.example/ledger";
    let old = LogSigner::new(origin, &[1; 32]).unwrap();
    let new = LogSigner::new(origin, &[2; 32]).unwrap();
    let stranger = LogSigner::new("witness.example", &[3; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: 7,
        root: leaf_hash(b"x"),
    };
    let note = checkpoint.sign(&[&stranger, &old, &new]).unwrap();
    for signer in [&old, &new, &stranger] {
        let keys = [signer.verifier().clone()];
        let (found, signed) = Checkpoint::verify(&note, &keys).unwrap();
        assert_eq!((found, signed), (checkpoint.clone(), vec![&keys[0]]));
    }
    let unknown = [LogSigner::new(origin, &[4; 32]).unwrap().verifier().clone()];
    assert!(Checkpoint::verify(&note, &unknown).is_err());
    // A signature under a known key that does not hold spoils the note, whatever else is on it.
    let other = Checkpoint {
        size: 8,
        ..checkpoint.clone()
    }
    .sign(&[&old])
    .unwrap();
    let stolen = other.lines().last().unwrap();
    let spoiled = format!("{}{stolen}\n", checkpoint.sign(&[&new]).unwrap());
    let keys = [old.verifier().clone(), new.verifier().clone()];
    assert!(Checkpoint::verify(&spoiled, &keys).is_err());
}

#[test]
fn checkpoints_that_are_not_well_formed_are_refused() {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let good = format!("origin\n0\n{root}\n");
    assert_eq!(Checkpoint::parse(&good).unwrap().text(), good);
    assert!(Checkpoint::parse(&format!("{good}extension\n")).is_ok());
    for bad in [
        format!("\n0\n{root}\n"),
        format!("origin\n00\n{root}\n"),
        format!("origin\n+1\n{root}\n"),
        format!("origin\n-1\n{root}\n"),
        format!("origin\n18446744073709551615\n{root}\n"),
        format!("origin\n\n{root}\n"),
        "origin\n0\n47DE\n".to_owned(),
        "origin\n0\n".to_owned(),
        format!("origin\n0\n{root}"),
        format!("{good}\n"),
    ] {
        assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
    }
    for name in ["", "a b", "a+b", "a\nb"] {
        assert_eq!(LogSigner::new(name, &[0; 32]).err(), Some(NoteError::Name));
    }
}
