//! What case keys and erasure do when the store below them fails: each writing operation in turn, before it took
//! effect and after, twice, and a new process looks at what is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use counterfoil::domain::{Digest, Subject};
use counterfoil::store::blob::{BlobError, Blobs};
use counterfoil::store::case_keys::CaseKeyError;
use counterfoil::store::vault::Vault;
use futures::future::BoxFuture;
use object_store::memory::InMemory;

use crate::blob_faults::Faulty;
use crate::blob_laws::{bytes_of, keys, pieces};
use crate::case_keys::{approval, at, case, process};

const LONG: usize = 9 * 1024 * 1024;

fn failed(result: Result<(), BlobError>) -> bool {
    match result {
        Ok(()) => false,
        Err(BlobError::Store(_)) => true,
        Err(error) => panic!("{error}"),
    }
}

/// Runs `work` three times over a store prepared by `before`: its writing operation number `failing` fails in the
/// first and the second run. After each run a new process `looks` at a copy. Returns how often it failed.
async fn through_faults(
    failing: i64,
    applied: bool,
    before: fn(Blobs) -> BoxFuture<'static, ()>,
    work: fn(Blobs) -> BoxFuture<'static, Result<(), BlobError>>,
    look: fn(Blobs, bool) -> BoxFuture<'static, ()>,
) -> u32 {
    let inner = Arc::new(InMemory::new());
    before(process(&inner)).await;
    let (store, countdown) = Faulty::over(Arc::clone(&inner), applied);
    let blobs = Blobs::new(store, keys(1));
    let mut failures = 0;
    for attempt in 0..3 {
        countdown.store(if attempt < 2 { failing } else { -1 }, Ordering::SeqCst);
        let failed = failed(work(blobs.clone()).await);
        assert!(!failed || attempt < 2, "a healthy store failed");
        failures += u32::from(failed);
        look(process(&Arc::new(inner.fork())), !failed).await;
    }
    failures
}

/// Holds `work` to `look` with every one of its writing operations failing; there are `operations` of them.
async fn every_fault(
    what: &str,
    operations: i64,
    before: fn(Blobs) -> BoxFuture<'static, ()>,
    work: fn(Blobs) -> BoxFuture<'static, Result<(), BlobError>>,
    look: fn(Blobs, bool) -> BoxFuture<'static, ()>,
) {
    for applied in [false, true] {
        for failing in 0..operations {
            let failures = through_faults(failing, applied, before, work, look).await;
            println!("{what}, operation {failing}, applied {applied}: {failures} failures");
            assert!(failures > 0, "{what}: operation {failing} was not reached");
        }
        let failures = through_faults(operations, applied, before, work, look).await;
        assert_eq!(failures, 0, "{what}: there are more operations than tried");
    }
}

fn nothing(_: Blobs) -> BoxFuture<'static, ()> {
    Box::pin(async {})
}

fn long() -> (Vec<u8>, Digest) {
    let plain = bytes_of(1, LONG);
    let digest = Digest::of(&plain);
    (plain, digest)
}

/// Erases a case in a process that knows nothing yet, and looks whether the blob went with it.
async fn dies_with(blobs: &Blobs, digest: &Digest, name: &str) {
    let keys = blobs.case_keys();
    keys.destroy(&case(name), at(1), approval()).await.unwrap();
    let got = blobs.get(digest, u64::MAX).await;
    assert!(matches!(got, Err(BlobError::Erased { .. })), "{got:?}");
}

#[tokio::test]
async fn storing_for_a_case_may_fail_at_every_step() {
    every_fault(
        "put for a case",
        2,
        nothing,
        |blobs| {
            Box::pin(async move {
                let stored = blobs.for_case(&case("A")).put(b"short").await;
                stored.map(drop)
            })
        },
        |blobs, done| {
            Box::pin(async move {
                let digest = Digest::of("short");
                match blobs.get(&digest, 10).await {
                    Ok(found) => assert_eq!(found, "short"),
                    Err(BlobError::NotFound { .. }) => assert!(!done),
                    other => panic!("{other:?}"),
                }
            })
        },
    )
    .await;
}

#[tokio::test]
async fn sharing_may_fail_at_every_step() {
    every_fault(
        "share",
        2,
        |blobs| {
            Box::pin(async move {
                blobs.for_case(&case("A")).put(b"short").await.unwrap();
            })
        },
        |blobs| Box::pin(async move { blobs.share(&Digest::of("short"), &case("B")).await }),
        |blobs, done| {
            Box::pin(async move {
                let digest = Digest::of("short");
                assert_eq!(blobs.get(&digest, 10).await.unwrap(), "short");
                if done {
                    let keys = blobs.case_keys();
                    keys.destroy(&case("A"), at(1), approval()).await.unwrap();
                    assert_eq!(blobs.get(&digest, 10).await.unwrap(), "short");
                    dies_with(&blobs, &digest, "B").await;
                } else {
                    assert_eq!(blobs.verify(&digest).await.unwrap(), 5);
                }
            })
        },
    )
    .await;
}

#[tokio::test]
async fn entrusting_a_short_blob_may_fail_at_every_step() {
    every_fault(
        "entrust a short blob",
        3,
        |blobs| {
            Box::pin(async move {
                blobs.put(b"short").await.unwrap();
            })
        },
        |blobs| Box::pin(async move { blobs.entrust(&Digest::of("short"), &case("A")).await }),
        |blobs, done| {
            Box::pin(async move {
                let digest = Digest::of("short");
                assert_eq!(blobs.get(&digest, 10).await.unwrap(), "short");
                if done {
                    dies_with(&blobs, &digest, "A").await;
                }
            })
        },
    )
    .await;
}

#[tokio::test]
async fn entrusting_a_long_blob_may_fail_at_every_step() {
    every_fault(
        "entrust a long blob",
        7,
        |blobs| {
            Box::pin(async move {
                blobs.put(&long().0).await.unwrap();
                blobs.case_keys().create(&case("A")).await.unwrap();
            })
        },
        |blobs| Box::pin(async move { blobs.entrust(&long().1, &case("A")).await }),
        |blobs, done| {
            Box::pin(async move {
                let (plain, digest) = long();
                assert_eq!(blobs.get(&digest, u64::MAX).await.unwrap(), plain);
                if done {
                    dies_with(&blobs, &digest, "A").await;
                }
            })
        },
    )
    .await;
}

#[tokio::test]
async fn taking_a_blob_back_from_the_hall_may_fail_at_every_step() {
    every_fault(
        "entrust what a wrap beside it opens",
        1,
        |blobs| {
            Box::pin(async move {
                let stored = blobs.for_case(&case("A")).put(b"short").await;
                let digest = stored.unwrap().digest;
                blobs.share_with_hall(&digest).await.unwrap();
            })
        },
        |blobs| Box::pin(async move { blobs.entrust(&Digest::of("short"), &case("A")).await }),
        |blobs, done| {
            Box::pin(async move {
                let digest = Digest::of("short");
                assert_eq!(blobs.get(&digest, 10).await.unwrap(), "short");
                if done {
                    dies_with(&blobs, &digest, "A").await;
                }
            })
        },
    )
    .await;
}

#[tokio::test]
async fn destroying_leaves_the_key_or_the_tombstone() {
    every_fault(
        "destroy",
        1,
        |blobs| {
            Box::pin(async move {
                blobs.for_case(&case("A")).put(b"short").await.unwrap();
                let vault = Vault::beside(&blobs);
                let subject = Subject::Case(case("A"));
                vault.put(&subject, b"personal").await.unwrap();
            })
        },
        |blobs| {
            Box::pin(async move {
                let keys = blobs.case_keys();
                let destroyed = keys.destroy(&case("A"), at(1), approval()).await;
                // What this process says next is what the store says, whether the failed write was applied or not.
                let said = blobs.get(&Digest::of("short"), 10).await;
                let fresh = keys.tombstone(&case("A")).await?;
                assert_eq!(said.is_err(), fresh.is_some());
                destroyed.map(drop).map_err(BlobError::from)
            })
        },
        |blobs, done| {
            Box::pin(async move {
                let digest = Digest::of("short");
                match blobs.case_keys().tombstone(&case("A")).await.unwrap() {
                    Some(grave) => {
                        assert_eq!((grave.at, grave.approval), (at(1), approval()));
                        dies_with(&blobs, &digest, "A").await;
                        let refused = blobs.case_keys().create(&case("A")).await;
                        assert!(matches!(refused, Err(CaseKeyError::Erased { .. })));
                    }
                    None => {
                        assert!(!done, "the key outlived its destruction");
                        assert_eq!(blobs.get(&digest, 10).await.unwrap(), "short");
                    }
                }
            })
        },
    )
    .await;
}

/// After each failure a copy of the store loses the cases one by one: what was promised to them holds.
#[tokio::test]
async fn a_failed_healing_takes_a_blob_from_nobody() {
    for applied in [false, true] {
        for failing in 0..4 {
            let inner = Arc::new(InMemory::new());
            let sound = process(&inner);
            let digest = Digest::of("short");
            sound.for_case(&case("A")).put(b"short").await.unwrap();
            sound.share(&digest, &case("B")).await.unwrap();
            sound.case_keys().create(&case("C")).await.unwrap();
            damage(&inner, &digest).await;
            let (store, countdown) = Faulty::over(Arc::clone(&inner), applied);
            let blobs = Blobs::new(store, keys(1)).for_case(&case("C"));
            for attempt in 0..3 {
                countdown.store(if attempt < 2 { failing } else { -1 }, Ordering::SeqCst);
                let stream = pieces(b"short");
                let put = blobs.put_stream(stream, Some(digest), 10).await;
                failed(put.map(drop));
            }
            for name in ["C", "A"] {
                let keys = process(&inner).case_keys().clone();
                keys.destroy(&case(name), at(1), approval()).await.unwrap();
                let found = process(&inner).get(&digest, 10).await.unwrap();
                assert_eq!(found, "short", "operation {failing}, applied {applied}");
            }
            dies_with(&process(&inner), &digest, "B").await;
        }
    }
}

async fn damage(store: &Arc<InMemory>, digest: &Digest) {
    use object_store::ObjectStoreExt;
    let location = counterfoil::store::blob::address(digest);
    let found = store.get(&location).await.unwrap();
    let mut object = found.bytes().await.unwrap().to_vec();
    object[17] ^= 1;
    store.put(&location, object.into()).await.unwrap();
}
