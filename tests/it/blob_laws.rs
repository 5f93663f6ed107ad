//! The laws of the blob store, over every object store that can be had here. Set `COUNTERFOIL_S3_ENDPOINT`,
//! `COUNTERFOIL_S3_BUCKET`, `COUNTERFOIL_S3_ACCESS_KEY_FILE` and `COUNTERFOIL_S3_SECRET_KEY_FILE` to hold an
//! S3 service to them too.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use counterfoil::domain::digest::TwinHasher;
use counterfoil::domain::{Digest, Sm3, Timestamp};
use counterfoil::store::blob::{BlobError, Blobs, Stored, address};
use counterfoil::store::keys::{MasterKey, MasterKeys};
use counterfoil::store::objects::{Objects, S3Options};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

const CHUNK: usize = 64 * 1024;
const NO_LIMIT: u64 = u64::MAX;

pub(crate) fn keys(byte: u8) -> MasterKeys {
    MasterKeys::new(MasterKey::from_secret(&[byte; 32]))
}

/// Bytes that look random and are the same every time for the same `seed`.
pub(crate) fn bytes_of(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A stream of pieces of uneven length.
pub(crate) fn pieces(
    bytes: &[u8],
) -> impl futures::Stream<Item = std::io::Result<Bytes>> + Unpin + Send + use<> {
    let mut bytes = Bytes::copy_from_slice(bytes);
    let mut pieces = Vec::new();
    let mut length = 1;
    while !bytes.is_empty() {
        pieces.push(Ok(bytes.split_to(length.min(bytes.len()))));
        length = (length * 3 + 1) % 200_003;
    }
    futures::stream::iter(pieces)
}

pub(crate) async fn objects_in(store: &dyn ObjectStore) -> Vec<String> {
    let mut names: Vec<String> = store
        .list(None)
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
        .unwrap();
    names.sort();
    names
}

async fn every_length_comes_back(blobs: &Blobs) {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
        let bytes = bytes_of(length as u64, length);
        let mut hasher = TwinHasher::default();
        hasher.update(&bytes);
        let (digest, sm3, _) = hasher.finish();
        let expected = Stored {
            digest,
            sm3,
            bytes: length as u64,
            existed: false,
        };
        assert!(!blobs.contains(&digest).await.unwrap());
        assert_eq!(blobs.size(&digest).await.unwrap(), None);
        assert_eq!(blobs.put(&bytes).await.unwrap(), expected);
        assert_eq!(blobs.get(&digest, NO_LIMIT).await.unwrap(), bytes);
        assert_eq!(blobs.get(&digest, length as u64).await.unwrap(), bytes);
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(length as u64));
        assert_eq!(blobs.verify(&digest).await.unwrap(), length as u64);
        assert!(blobs.contains(&digest).await.unwrap());
        let again = blobs
            .put_stream(pieces(&bytes), Some(digest), NO_LIMIT)
            .await;
        let existed = true;
        assert_eq!(
            again.unwrap(),
            Stored {
                existed,
                ..expected
            }
        );
        if length > 0 {
            let refused = blobs.get(&digest, length as u64 - 1).await;
            assert!(
                matches!(refused, Err(BlobError::TooLarge { .. })),
                "{refused:?}"
            );
        }
    }
}

async fn ranges_are_exact_at_every_chunk_edge(blobs: &Blobs) {
    let length = 3 * CHUNK + 100;
    let bytes = bytes_of(77, length);
    let digest = blobs.put(&bytes).await.unwrap().digest;
    let mut edges = vec![0, 1, length - 1, length, length + 1, length + CHUNK];
    for edge in [CHUNK, 2 * CHUNK, 3 * CHUNK] {
        edges.extend([edge - 1, edge, edge + 1]);
    }
    for &start in &edges {
        for &end in &edges {
            let found = blobs
                .get_range(&digest, start as u64..end as u64)
                .await
                .unwrap();
            let stop = end.min(length);
            let expected = bytes.get(start..stop).unwrap_or_default();
            assert_eq!(found, expected, "{start}..{end}");
        }
    }
    let all = blobs.get_range(&digest, 0..NO_LIMIT).await.unwrap();
    assert_eq!(all, bytes);
    let absent = blobs.get_range(&Digest::of("absent"), 0..1).await;
    assert!(matches!(absent, Err(BlobError::NotFound { .. })));
}

async fn what_is_refused_leaves_nothing(blobs: &Blobs, store: &dyn ObjectStore) {
    let before = objects_in(store).await;
    for length in [0, 10, CHUNK, 9 * 1024 * 1024] {
        let bytes = bytes_of(500 + length as u64, length);
        let wrong = Digest::of("something else");
        let refused = blobs
            .put_stream(pieces(&bytes), Some(wrong), NO_LIMIT)
            .await;
        match refused {
            Err(BlobError::DigestMismatch { announced, found }) => {
                assert_eq!((announced, found), (wrong, Digest::of(&bytes)));
            }
            other => panic!("{other:?}"),
        }
        let broken = pieces(&bytes).chain(futures::stream::iter([Err(std::io::Error::other(
            "the line went dead",
        ))]));
        let refused = blobs.put_stream(broken, None, NO_LIMIT).await;
        assert!(matches!(refused, Err(BlobError::Stream(_))), "{refused:?}");
        if length == 0 {
            continue;
        }
        let refused = blobs
            .put_stream(pieces(&bytes), None, length as u64 - 1)
            .await;
        assert!(matches!(refused, Err(BlobError::TooLarge { .. })));
    }
    assert_eq!(objects_in(store).await, before);
}

async fn a_long_stream_is_stored_in_parts(blobs: &Blobs, store: &dyn ObjectStore) {
    let bytes = bytes_of(20, 20 * 1024 * 1024 + 5);
    let digest = Digest::of(&bytes);
    for existed in [false, true] {
        let stored = blobs
            .put_stream(pieces(&bytes), Some(digest), NO_LIMIT)
            .await
            .unwrap();
        assert_eq!(stored.existed, existed);
        assert_eq!(stored.sm3, Sm3::of(&bytes));
        assert_eq!(stored.bytes, bytes.len() as u64);
    }
    assert_eq!(blobs.get(&digest, NO_LIMIT).await.unwrap(), bytes);
    let range = 8 * 1024 * 1024 - 3..8 * 1024 * 1024 + 3;
    let found = blobs
        .get_range(&digest, range.start as u64..range.end as u64)
        .await
        .unwrap();
    assert_eq!(found, bytes[range]);
    let left: Vec<String> = objects_in(store).await;
    assert!(
        !left.iter().any(|name| name.starts_with("incoming/")),
        "{left:?}"
    );
}

/// Racing puts of the same bytes all succeed and leave one blob. `winners` is how many may say that they
/// created it: one, or any number where the store's creation does not exclude.
async fn racing_puts_all_succeed(blobs: &Blobs, exclusive: bool) {
    for (length, racers) in [(1000, 16), (9 * 1024 * 1024, 4)] {
        let bytes = Arc::new(bytes_of(16 + length as u64, length));
        let racers = (0..racers).map(|_| {
            let (blobs, bytes) = (blobs.clone(), Arc::clone(&bytes));
            tokio::spawn(async move { blobs.put(&bytes).await })
        });
        let mut created = 0;
        for racer in futures::future::join_all(racers).await {
            created += usize::from(!racer.unwrap().unwrap().existed);
        }
        if exclusive {
            assert_eq!(created, 1);
        }
        let digest = Digest::of(bytes.as_slice());
        assert_eq!(blobs.get(&digest, NO_LIMIT).await.unwrap(), *bytes);
    }
}

async fn listing_gives_every_address_once(blobs: &Blobs, store: &dyn ObjectStore) {
    let mut listed: Vec<String> = blobs
        .list()
        .map_ok(|digest| address(&digest).to_string())
        .try_collect()
        .await
        .unwrap();
    listed.sort();
    let stored = objects_in(store).await;
    assert!(listed.len() > 5);
    assert_eq!(listed, stored);
    store
        .put(&Path::from("blobs/ab/cd/readme"), "not a blob".into())
        .await
        .unwrap();
    assert_eq!(blobs.list().count().await, listed.len());
    store
        .delete(&Path::from("blobs/ab/cd/readme"))
        .await
        .unwrap();
}

async fn plain_bytes_do_not_rest_in_the_store(blobs: &Blobs, store: &dyn ObjectStore) {
    let plain = "居民身份证 110101199003074258".repeat(9);
    let digest = blobs.put(plain.as_bytes()).await.unwrap().digest;
    let object = store.get(&address(&digest)).await.unwrap();
    let object = object.bytes().await.unwrap();
    let needle = &plain.as_bytes()[..6];
    assert!(!object.windows(needle.len()).any(|window| window == needle));
}

async fn hold_to_the_laws(blobs: &Blobs, store: &dyn ObjectStore, exclusive: bool) {
    every_length_comes_back(blobs).await;
    ranges_are_exact_at_every_chunk_edge(blobs).await;
    what_is_refused_leaves_nothing(blobs, store).await;
    a_long_stream_is_stored_in_parts(blobs, store).await;
    racing_puts_all_succeed(blobs, exclusive).await;
    plain_bytes_do_not_rest_in_the_store(blobs, store).await;
    listing_gives_every_address_once(blobs, store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_laws() {
    let objects = Objects::open("memory:", &S3Options::default())
        .await
        .unwrap();
    assert!(objects.create_refuses());
    assert!(objects.is_empty().await.unwrap());
    let blobs = Blobs::open(&objects, keys(1));
    hold_to_the_laws(&blobs, objects.store().as_ref(), true).await;
    assert!(!objects.is_empty().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_keeps_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let location = format!("file:{}/new/blobs", folder.path().display());
    let objects = Objects::open(&location, &S3Options::default())
        .await
        .unwrap();
    assert!(objects.create_refuses());
    let blobs = Blobs::open(&objects, keys(1));
    hold_to_the_laws(&blobs, objects.store().as_ref(), true).await;

    // Another process with the same key reads it; unfinished files do not show, and old ones are swept.
    let digest = blobs.put(b"to be read later").await.unwrap().digest;
    let again = Objects::open(&location, &S3Options::default())
        .await
        .unwrap();
    let reader = Blobs::open(&again, keys(1));
    assert_eq!(reader.get(&digest, 100).await.unwrap(), "to be read later");
    let root = folder.path().join("new/blobs");
    let unfinished = root.join(format!("{}#1", address(&digest)));
    std::fs::write(&unfinished, b"half").unwrap();
    let upload = Path::from("incoming/0123");
    objects.store().put(&upload, "half".into()).await.unwrap();
    let listed = blobs.list().count().await;
    let report = objects.sweep(Timestamp::from_millis(1)).await.unwrap();
    assert_eq!((report.objects, report.files), (0, 0));
    assert!(unfinished.exists());
    let report = objects.sweep(Timestamp::from_millis(i64::MAX / 2)).await;
    let report = report.unwrap();
    assert_eq!((report.objects, report.files), (1, 1));
    assert!(!unfinished.exists());
    assert_eq!(blobs.list().count().await, listed);
    assert_eq!(blobs.verify(&digest).await.unwrap(), 16);
}

/// Where creation does not exclude, a sound blob is found first and never written again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_s3_service_keeps_the_laws() {
    let Ok(endpoint) = std::env::var("COUNTERFOIL_S3_ENDPOINT") else {
        println!("SKIPPED: an_s3_service_keeps_the_laws (COUNTERFOIL_S3_ENDPOINT is not set)");
        return;
    };
    let file = |name: &str| Some(PathBuf::from(std::env::var_os(name).unwrap()));
    let options = S3Options {
        bucket: Some(std::env::var("COUNTERFOIL_S3_BUCKET").unwrap()),
        prefix: Some(format!("laws-{}", std::process::id())),
        allow_http: endpoint.starts_with("http://"),
        endpoint: Some(endpoint),
        region: std::env::var("COUNTERFOIL_S3_REGION").ok(),
        access_key_file: file("COUNTERFOIL_S3_ACCESS_KEY_FILE"),
        secret_key_file: file("COUNTERFOIL_S3_SECRET_KEY_FILE"),
    };
    let objects = Objects::open("s3:", &options).await.unwrap();
    println!("create refuses: {}", objects.create_refuses());
    let blobs = Blobs::open(&objects, keys(1));
    let store = objects.store();
    hold_to_the_laws(&blobs, store.as_ref(), false).await;
    for name in objects_in(store.as_ref()).await {
        store.delete(&Path::from(name)).await.unwrap();
    }
}

fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Measures the peak memory of the whole process, so it runs alone (`make prove`).
#[tokio::test]
async fn a_very_long_stream_needs_little_memory() {
    if std::env::var_os("COUNTERFOIL_ALONE").is_none() {
        println!("skipped: set COUNTERFOIL_ALONE and run this test alone");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let location = format!("file:{}", folder.path().display());
    let objects = Objects::open(&location, &S3Options::default())
        .await
        .unwrap();
    let blobs = Blobs::open(&objects, keys(1));
    let piece = Bytes::from(bytes_of(1, 256 * 1024));
    let before = peak_memory_kib();
    let stream = futures::stream::iter((0..1024).map(|_| Ok(piece.clone())));
    let started = std::time::Instant::now();
    let stored = blobs.put_stream(stream, None, NO_LIMIT).await.unwrap();
    let put = started.elapsed();
    let grown = peak_memory_kib() - before;
    println!(
        "{} bytes put in {put:?}, peak memory grew by {grown} KiB",
        stored.bytes
    );
    assert!(grown < 24 * 1024, "{grown} KiB");
    assert_eq!(blobs.verify(&stored.digest).await.unwrap(), stored.bytes);
    let grown = peak_memory_kib() - before;
    println!("and after verifying: {grown} KiB");
    assert!(grown < 48 * 1024, "{grown} KiB");
}
