//! The laws of case keys: what belongs to a case is opened by its key, and is gone when the key is destroyed.

use std::sync::Arc;

use counterfoil::domain::{CaseNo, Commitment, Digest, Subject, Timestamp};
use counterfoil::store::blob::{BlobError, Blobs, address};
use counterfoil::store::case_keys::{CaseKeyError, CaseKeys, Tombstone};
use counterfoil::store::keys::MasterKey;
use counterfoil::store::objects::{Objects, S3Options};
use counterfoil::store::scrub::scrub;
use counterfoil::store::vault::{Vault, VaultError};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::blob_laws::{bytes_of, keys, objects_in, pieces};

const MIB: usize = 1024 * 1024;

pub(crate) fn case(text: &str) -> CaseNo {
    CaseNo::new(text).unwrap()
}

pub(crate) fn approval() -> Commitment {
    Commitment(Digest::of("approved"))
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A process that starts now over this store.
pub(crate) fn process(store: &Arc<InMemory>) -> Blobs {
    Blobs::new(Arc::clone(store) as Arc<dyn ObjectStore>, keys(1))
}

async fn raw(store: &dyn ObjectStore, path: &Path) -> Vec<u8> {
    let found = store.get(path).await.unwrap();
    found.bytes().await.unwrap().to_vec()
}

fn names(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|part| part == word.as_bytes())
}

#[tokio::test]
async fn a_case_has_one_key_and_loses_it_once() {
    let store = Arc::new(InMemory::new());
    let (one, two) = (process(&store), process(&store));
    let no = case("2026-1");
    assert_eq!(one.case_keys().tombstone(&no).await.unwrap(), None);
    one.case_keys().create(&no).await.unwrap();
    let object = raw(store.as_ref(), &Path::from("keys/case/2026-1")).await;
    two.case_keys().create(&no).await.unwrap();
    let again = raw(store.as_ref(), &Path::from("keys/case/2026-1")).await;
    assert_eq!(again, object, "a key is never replaced");
    let grave = Tombstone {
        at: at(1000),
        approval: approval(),
    };
    let destroyed = one.case_keys().destroy(&no, grave.at, approval()).await;
    assert_eq!(destroyed.unwrap(), grave);
    let later = two.case_keys().destroy(&no, at(2000), approval()).await;
    assert_eq!(later.unwrap(), grave, "the first tombstone stays");
    for blobs in [&one, &two, &process(&store)] {
        let refused = blobs.case_keys().create(&no).await;
        assert!(matches!(refused, Err(CaseKeyError::Erased { .. })));
        assert_eq!(blobs.case_keys().tombstone(&no).await.unwrap(), Some(grave));
        assert_eq!(
            blobs.case_keys().erased().await.unwrap(),
            [(no.clone(), grave)]
        );
    }
    // A case that never stored anything is erased too, and can store nothing after.
    let empty = case("..");
    let keys = process(&store).case_keys().clone();
    keys.destroy(&empty, at(1), approval()).await.unwrap();
    assert_eq!(keys.erased().await.unwrap().len(), 2);
    assert!(process(&store).case_keys().create(&empty).await.is_err());
    assert_eq!(objects_in(store.as_ref()).await.len(), 2);
}

#[tokio::test]
async fn a_strange_or_damaged_key_is_named_and_not_replaced() {
    let store = Arc::new(InMemory::new());
    let no = case("A.1");
    let path = Path::from("keys/case/A.1");
    process(&store).case_keys().create(&no).await.unwrap();
    let stranger = CaseKeys::new(Arc::clone(&store) as Arc<dyn ObjectStore>, keys(2));
    let refused = stranger.create(&no).await.unwrap_err();
    assert!(matches!(refused, CaseKeyError::WrongKey { .. }));
    let heir = keys(2).and_older(MasterKey::from_secret(&[1; 32]));
    let heir = CaseKeys::new(Arc::clone(&store) as Arc<dyn ObjectStore>, heir);
    heir.create(&no).await.unwrap();
    let sound = raw(store.as_ref(), &path).await;
    let mut altered = sound.clone();
    altered[30] ^= 1;
    store.put(&path, altered.clone().into()).await.unwrap();
    let refused = process(&store).case_keys().create(&no).await;
    assert!(matches!(refused, Err(CaseKeyError::Damaged { .. })));
    assert_eq!(raw(store.as_ref(), &path).await, altered);
    // Another case's key in its place does not open either.
    process(&store)
        .case_keys()
        .create(&case("B"))
        .await
        .unwrap();
    let other = raw(store.as_ref(), &Path::from("keys/case/B")).await;
    store.put(&path, other.into()).await.unwrap();
    let refused = process(&store).case_keys().create(&no).await;
    assert!(matches!(refused, Err(CaseKeyError::Damaged { .. })));
    // A damaged key can be destroyed.
    let keys = process(&store).case_keys().clone();
    keys.destroy(&no, at(5), approval()).await.unwrap();
    assert!(keys.tombstone(&no).await.unwrap().is_some());
}

#[tokio::test]
async fn vault_records_go_with_their_case() {
    let store = Arc::new(InMemory::new());
    let blobs = process(&store);
    let vault = Vault::beside(&blobs);
    let no = case("2026-1");
    let of_case = Subject::Case(no.clone());
    let of_other = Subject::Case(case("2026-2"));
    let of_scan = Subject::Scan(Digest::of("scan"));
    let mine = vault.put(&of_case, "张三".as_bytes()).await.unwrap();
    let other = vault.put(&of_other, "李四".as_bytes()).await.unwrap();
    let note = vault.put_for_case(&of_scan, &no, b"note").await.unwrap();
    let free = vault.put(&of_scan, b"free").await.unwrap();
    for name in objects_in(store.as_ref()).await {
        let object = raw(store.as_ref(), &Path::from(name.clone())).await;
        let master = name.starts_with("keys/") || name.ends_with(&free.0.to_string());
        assert_eq!(names(&object, "master:"), master, "{name}");
    }
    let grave = blobs.case_keys().destroy(&no, at(7), approval()).await;
    let grave = grave.unwrap();
    for vault in [&vault, &Vault::beside(&process(&store))] {
        for (subject, gone) in [(&of_case, &mine), (&of_scan, &note)] {
            match vault.get(subject, gone).await {
                Err(VaultError::Erased {
                    case, tombstone, ..
                }) => {
                    assert_eq!((case, tombstone), (no.clone(), grave));
                }
                found => panic!("{found:?}"),
            }
        }
        let kept = vault.get(&of_other, &other).await.unwrap();
        assert_eq!(*kept, "李四".as_bytes());
        assert_eq!(*vault.get(&of_scan, &free).await.unwrap(), b"free");
        let refused = vault.put(&of_case, b"new").await;
        let Err(VaultError::CaseKey(CaseKeyError::Erased { .. })) = refused else {
            panic!("{refused:?}");
        };
    }
    vault.erase(&of_case, &mine).await.unwrap();
    let gone = vault.get(&of_case, &mine).await;
    assert!(matches!(gone, Err(VaultError::NotFound { .. })));
}

async fn is_erased(blobs: &Blobs, digest: &Digest) {
    let got = blobs.get(digest, u64::MAX).await;
    assert!(matches!(got, Err(BlobError::Erased { .. })), "{got:?}");
    let range = blobs.get_range(digest, 0..1).await;
    assert!(matches!(range, Err(BlobError::Erased { .. })), "{range:?}");
    let size = blobs.size(digest).await;
    assert!(matches!(size, Err(BlobError::Erased { .. })), "{size:?}");
    let verified = blobs.verify(digest).await;
    assert!(matches!(verified, Err(BlobError::Erased { .. })));
}

#[tokio::test]
async fn blobs_go_with_their_last_case() {
    let store = Arc::new(InMemory::new());
    let blobs = process(&store);
    let (one, two) = (case("A"), case("B"));
    for plain in [bytes_of(1, 100), bytes_of(2, 9 * MIB)] {
        let digest = Digest::of(&plain);
        let stream = pieces(&plain);
        let mine = blobs.for_cases(&[one.clone(), two.clone()]);
        let stored = mine.put_stream(stream, Some(digest), u64::MAX).await;
        assert!(!stored.unwrap().existed);
        let object = raw(store.as_ref(), &address(&digest)).await;
        assert!(!names(&object, "master:"), "the master key opens it itself");
        assert_eq!(blobs.get(&digest, u64::MAX).await.unwrap(), plain);
    }
    let (short, long) = (
        Digest::of(bytes_of(1, 100)),
        Digest::of(bytes_of(2, 9 * MIB)),
    );
    let keys = blobs.case_keys();
    keys.destroy(&one, at(1), approval()).await.unwrap();
    for blobs in [&blobs, &process(&store)] {
        blobs.verify(&short).await.unwrap();
        blobs.verify(&long).await.unwrap();
    }
    keys.destroy(&two, at(2), approval()).await.unwrap();
    for blobs in [&blobs, &process(&store)] {
        is_erased(blobs, &short).await;
        is_erased(blobs, &long).await;
        let refused = blobs.for_case(&one).put(b"more").await;
        let Err(BlobError::CaseKey(CaseKeyError::Erased { .. })) = refused else {
            panic!("{refused:?}");
        };
        assert!(!blobs.contains(&Digest::of("more")).await.unwrap());
    }
    let report = scrub(&blobs, blobs.list(), &mut |_| {}).await.unwrap();
    assert_eq!((report.blobs, report.erased, report.bytes), (2, 2, 0));
    assert!(report.is_clean());
    // Whoever brings the bytes again begins anew.
    let again = blobs.for_case(&case("C")).put(&bytes_of(1, 100)).await;
    assert!(!again.unwrap().existed);
    assert_eq!(
        process(&store).get(&short, 100).await.unwrap(),
        bytes_of(1, 100)
    );
}

#[tokio::test]
async fn a_lost_key_is_not_called_erased() {
    let store = Arc::new(InMemory::new());
    let digest = process(&store).for_case(&case("A")).put(b"x").await;
    let digest = digest.unwrap().digest;
    store.delete(&Path::from("keys/case/A")).await.unwrap();
    let lost = process(&store).get(&digest, 10).await.unwrap_err();
    assert!(lost.to_string().contains("keys/case/A"), "{lost}");
    assert!(matches!(lost, BlobError::CaseKey(_)), "{lost:?}");
    let blobs = process(&store);
    let report = scrub(&blobs, blobs.list(), &mut |_| {}).await.unwrap();
    assert_eq!(report.findings.len(), 1);
}

#[tokio::test]
async fn a_healed_blob_stays_with_all_it_belonged_to() {
    // A byte of a chunk, and one of the trailer, which then tells nobody's name.
    for from_end in [150, 12] {
        let store = Arc::new(InMemory::new());
        let blobs = process(&store);
        let (one, two, three) = (case("A"), case("B"), case("C"));
        let digest = blobs.for_case(&one).put(&[5; 200]).await.unwrap().digest;
        blobs.share(&digest, &two).await.unwrap();
        let mut object = raw(store.as_ref(), &address(&digest)).await;
        let place = object.len() - from_end;
        object[place] ^= 1;
        store.put(&address(&digest), object.into()).await.unwrap();
        let damaged = blobs.verify(&digest).await;
        assert!(
            matches!(damaged, Err(BlobError::Damaged { .. })),
            "{from_end}"
        );
        let healed = blobs.for_case(&three).put(&[5; 200]).await.unwrap();
        assert!(!healed.existed);
        let keys = blobs.case_keys();
        keys.destroy(&three, at(1), approval()).await.unwrap();
        assert_eq!(blobs.verify(&digest).await.unwrap(), 200);
        if from_end == 12 {
            // The hall was added for want of knowledge; it goes when the blob is entrusted to a case.
            blobs.entrust(&digest, &two).await.unwrap();
        } else {
            keys.destroy(&one, at(2), approval()).await.unwrap();
            assert_eq!(blobs.verify(&digest).await.unwrap(), 200);
        }
        keys.destroy(&two, at(3), approval()).await.unwrap();
        is_erased(&blobs, &digest).await;
    }
}

#[tokio::test]
async fn case_keys_rest_in_a_folder_too() {
    let folder = tempfile::tempdir().unwrap();
    let location = format!("file:{}", folder.path().join("store").display());
    let open = async || {
        let objects = Objects::open(&location, &S3Options::default()).await;
        let objects = objects.unwrap();
        let empty = objects.is_empty().await.unwrap();
        (Blobs::open(&objects, keys(1)), empty)
    };
    let (blobs, empty) = open().await;
    assert!(empty);
    blobs.case_keys().create(&case("A")).await.unwrap();
    let (blobs, empty) = open().await;
    assert!(!empty, "a new master key would lose the case keys");
    let plain = bytes_of(3, 9 * MIB);
    let digest = blobs.put(&plain).await.unwrap().digest;
    blobs.share(&digest, &case("B")).await.unwrap();
    blobs.entrust(&digest, &case("A")).await.unwrap();
    let (blobs, _) = open().await;
    assert_eq!(blobs.get(&digest, u64::MAX).await.unwrap(), plain);
    for name in ["A", "B"] {
        let keys = blobs.case_keys();
        keys.destroy(&case(name), at(1), approval()).await.unwrap();
    }
    let (blobs, _) = open().await;
    is_erased(&blobs, &digest).await;
}
