//! What the blob store does when its objects are altered, its keys are others, or the store below it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use counterfoil::domain::Digest;
use counterfoil::store::blob::{BlobError, Blobs, address};
use counterfoil::store::keys::MasterKey;
use counterfoil::store::scrub::{ScrubKind, scrub};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UploadPart,
};

use crate::blob_laws::{bytes_of, keys, objects_in, pieces};

const CHUNK: usize = 64 * 1024;
const SEALED: usize = CHUNK + 16;

async fn object_of(store: &dyn ObjectStore, digest: &Digest) -> Vec<u8> {
    let found = store.get(&address(digest)).await.unwrap();
    found.bytes().await.unwrap().to_vec()
}

async fn replace(store: &dyn ObjectStore, digest: &Digest, object: Vec<u8>) {
    store.put(&address(digest), object.into()).await.unwrap();
}

/// Every reading of an altered object is refused as damage, and putting the bytes again heals it.
async fn expect_damage(blobs: &Blobs, plain: &[u8], what: &str) {
    let digest = Digest::of(plain);
    let got = blobs.get(&digest, u64::MAX).await;
    assert!(
        matches!(got, Err(BlobError::Damaged { .. })),
        "{what}: {got:?}"
    );
    let verified = blobs.verify(&digest).await;
    assert!(
        matches!(verified, Err(BlobError::Damaged { .. })),
        "{what}: {verified:?}"
    );
    let range = blobs.get_range(&digest, 0..plain.len() as u64).await;
    match range {
        // The head before the chunks is not read for a range; its copy in the trailer is.
        Ok(bytes) => assert_eq!(bytes, plain, "{what}"),
        Err(BlobError::Damaged { .. }) => {}
        other => panic!("{what}: {other:?}"),
    }
    assert!(
        !blobs.put(plain).await.unwrap().existed,
        "{what}: not healed"
    );
    assert_eq!(blobs.get(&digest, u64::MAX).await.unwrap(), plain, "{what}");
}

#[tokio::test]
async fn every_flipped_bit_is_found() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let blobs = Blobs::new(Arc::clone(&store), keys(1));
    let plain = b"a short blob";
    let digest = blobs.put(plain).await.unwrap().digest;
    for place in 0..object_of(store.as_ref(), &digest).await.len() {
        let mut altered = object_of(store.as_ref(), &digest).await;
        altered[place] ^= 1 << (place % 8);
        replace(store.as_ref(), &digest, altered).await;
        expect_damage(&blobs, plain, &format!("byte {place}")).await;
    }
}

#[tokio::test]
async fn cutting_joining_and_reordering_are_found() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let blobs = Blobs::new(Arc::clone(&store), keys(1));
    let plain = bytes_of(3, 3 * CHUNK);
    let digest = blobs.put(&plain).await.unwrap().digest;
    type Alter = fn(&mut Vec<u8>);
    let alterations: [(&str, Alter); 9] = [
        ("emptied", |object| object.clear()),
        ("cut by one", |object| {
            object.pop();
        }),
        ("cut to the head", |object| object.truncate(16)),
        ("cut after a chunk", |object| object.truncate(16 + SEALED)),
        ("last chunk removed", |object| {
            object.drain(16 + 2 * SEALED..16 + 3 * SEALED);
        }),
        ("chunk removed", |object| {
            object.drain(16..16 + SEALED);
        }),
        ("chunk doubled", |object| {
            let chunk = object[16..16 + SEALED].to_vec();
            object.splice(16..16, chunk);
        }),
        ("chunks exchanged", |object| {
            let first = object[16..16 + SEALED].to_vec();
            object.copy_within(16 + SEALED..16 + 2 * SEALED, 16);
            object[16 + SEALED..16 + 2 * SEALED].copy_from_slice(&first);
        }),
        ("extended", |object| object.extend_from_slice(&[0; 9])),
    ];
    for (what, alter) in alterations {
        let mut object = object_of(store.as_ref(), &digest).await;
        alter(&mut object);
        replace(store.as_ref(), &digest, object).await;
        expect_damage(&blobs, &plain, what).await;
    }
}

#[tokio::test]
async fn a_long_damaged_blob_is_healed_by_a_stream() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let blobs = Blobs::new(Arc::clone(&store), keys(1));
    let plain = bytes_of(4, 10 * 1024 * 1024);
    let digest = blobs.put(&plain).await.unwrap().digest;
    let mut object = object_of(store.as_ref(), &digest).await;
    object[9 * 1024 * 1024] ^= 1;
    replace(store.as_ref(), &digest, object).await;
    let healthy = blobs.get_range(&digest, 0..CHUNK as u64).await.unwrap();
    assert_eq!(healthy, plain[..CHUNK]);
    let stored = blobs.put_stream(pieces(&plain), Some(digest), u64::MAX);
    assert!(!stored.await.unwrap().existed);
    assert_eq!(blobs.get(&digest, u64::MAX).await.unwrap(), plain);
    assert_eq!(objects_in(store.as_ref()).await.len(), 1);
}

#[tokio::test]
async fn an_object_at_another_address_does_not_open() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let blobs = Blobs::new(Arc::clone(&store), keys(1));
    let one = blobs.put(b"the true paper").await.unwrap().digest;
    let two = blobs.put(b"a false paper!").await.unwrap().digest;
    let object = object_of(store.as_ref(), &two).await;
    replace(store.as_ref(), &one, object).await;
    let range = blobs.get_range(&one, 0..4).await;
    assert!(matches!(range, Err(BlobError::Damaged { .. })), "{range:?}");
    let size = blobs.size(&one).await;
    assert!(matches!(size, Err(BlobError::Damaged { .. })), "{size:?}");
    expect_damage(&blobs, b"the true paper", "exchanged").await;
}

#[tokio::test]
async fn a_wrong_key_is_named_and_its_blob_is_left_alone() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let blobs = Blobs::new(Arc::clone(&store), keys(1));
    let digest = blobs.put(b"sealed").await.unwrap().digest;
    let before = object_of(store.as_ref(), &digest).await;
    let stranger = Blobs::new(Arc::clone(&store), keys(2));
    let refused = stranger.get(&digest, 100).await.unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, BlobError::WrongKey { .. }), "{text}");
    assert!(text.contains(&keys(1).current().id().to_string()), "{text}");
    assert!(text.contains(&keys(2).current().id().to_string()), "{text}");
    let put = stranger.put(b"sealed").await;
    assert!(matches!(put, Err(BlobError::WrongKey { .. })), "{put:?}");
    assert_eq!(object_of(store.as_ref(), &digest).await, before);
    let both = keys(2).and_older(MasterKey::from_secret(&[1; 32]));
    let heir = Blobs::new(store, both);
    assert_eq!(heir.get(&digest, 100).await.unwrap(), "sealed");
    assert!(heir.put(b"sealed").await.unwrap().existed);
}

#[tokio::test]
async fn a_scrub_names_what_is_not_whole() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let blobs = Blobs::new(Arc::clone(&store), keys(1));
    let sound = blobs.put(b"sound").await.unwrap().digest;
    let bad = blobs.put(b"bad").await.unwrap().digest;
    let mut altered = object_of(store.as_ref(), &bad).await;
    altered[17] ^= 4;
    replace(store.as_ref(), &bad, altered).await;
    let other = Blobs::new(Arc::clone(&store), keys(2));
    let foreign = other.put(b"foreign").await.unwrap().digest;
    let missing = Digest::of("missing");
    let expected = [sound, bad, foreign, missing];
    let mut seen = 0;
    let report = scrub(
        &blobs,
        futures::stream::iter(expected.map(Ok)),
        &mut |report| seen = report.blobs,
    )
    .await
    .unwrap();
    assert_eq!((report.blobs, report.bytes, seen), (4, 5, 4));
    assert!(!report.is_clean());
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.digest, finding.kind))
        .collect();
    assert_eq!(
        found,
        [
            (bad, ScrubKind::Damaged),
            (foreign, ScrubKind::WrongKey),
            (missing, ScrubKind::Missing)
        ]
    );
    let all = scrub(&blobs, blobs.list(), &mut |_| {}).await.unwrap();
    assert_eq!((all.blobs, all.findings.len()), (3, 2));
    blobs.put(b"bad").await.unwrap();
    let healed = futures::stream::iter([Ok(sound), Ok(bad)]);
    assert!(scrub(&blobs, healed, &mut |_| {}).await.unwrap().is_clean());
}

/// Fails one writing operation, counted from 0: before it is applied, or after.
#[derive(Debug)]
pub(crate) struct Faulty {
    inner: Arc<InMemory>,
    countdown: Arc<AtomicI64>,
    applied: bool,
}

pub(crate) type Countdown = Arc<AtomicI64>;

fn fault() -> Error {
    Error::Generic {
        store: "faulty",
        source: "the line went dead".into(),
    }
}

impl Faulty {
    /// Over a store that is looked at without faults too. A negative count fails nothing.
    pub(crate) fn over(inner: Arc<InMemory>, applied: bool) -> (Arc<dyn ObjectStore>, Countdown) {
        let countdown = Arc::new(AtomicI64::new(-1));
        let store = Self {
            inner,
            countdown: Arc::clone(&countdown),
            applied,
        };
        (Arc::new(store), countdown)
    }

    async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        run_faulty(&self.countdown, self.applied, work).await
    }
}

async fn run_faulty<T>(
    countdown: &AtomicI64,
    applied: bool,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let fails = countdown.fetch_sub(1, Ordering::SeqCst) == 0;
    if fails && !applied {
        return Err(fault());
    }
    let done = work.await?;
    if fails { Err(fault()) } else { Ok(done) }
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.run(self.inner.put_opts(location, payload, options))
            .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let parts = self
            .run(self.inner.put_multipart_opts(location, options))
            .await?;
        Ok(Box::new(FaultyUpload {
            parts,
            countdown: Arc::clone(&self.countdown),
            applied: self.applied,
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (countdown, applied) = (Arc::clone(&self.countdown), self.applied);
        self.inner
            .delete_stream(locations)
            .and_then(move |path| {
                let countdown = Arc::clone(&countdown);
                async move { run_faulty(&countdown, applied, async { Ok(path) }).await }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.run(self.inner.copy_opts(from, to, options)).await
    }
}

#[derive(Debug)]
struct FaultyUpload {
    parts: Box<dyn MultipartUpload>,
    countdown: Arc<AtomicI64>,
    applied: bool,
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.parts.put_part(data);
        let (countdown, applied) = (Arc::clone(&self.countdown), self.applied);
        Box::pin(async move { run_faulty(&countdown, applied, part).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        run_faulty(&self.countdown, self.applied, self.parts.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.abort().await
    }
}

async fn put_through_faults(plain: &[u8], failing: i64, applied: bool) -> (u32, Vec<String>) {
    let (store, countdown) = Faulty::over(Arc::new(InMemory::new()), applied);
    let blobs = Blobs::new(Arc::clone(&store), keys(1));
    let mut failures = 0;
    // The same operation fails in the first and in the second attempt; the third one meets a healthy store.
    for attempt in 0..3 {
        countdown.store(if attempt < 2 { failing } else { -1 }, Ordering::SeqCst);
        match blobs.put_stream(pieces(plain), None, u64::MAX).await {
            Ok(stored) => assert_eq!(stored.digest, Digest::of(plain)),
            Err(BlobError::Store(_)) => failures += 1,
            other => panic!("operation {failing}: {other:?}"),
        }
    }
    assert!(failures < 3, "a healthy store failed");
    let got = blobs.get(&Digest::of(plain), u64::MAX).await.unwrap();
    assert_eq!(got, plain, "operation {failing}, applied {applied}");
    (failures, objects_in(store.as_ref()).await)
}

#[tokio::test]
async fn every_write_may_fail_twice_and_be_repeated() {
    for (length, operations) in [(500, 1), (9 * 1024 * 1024, 6)] {
        let plain = bytes_of(length as u64, length);
        for applied in [false, true] {
            for failing in 0..operations {
                let (failures, left) = put_through_faults(&plain, failing, applied).await;
                println!(
                    "{length} bytes, operation {failing}, applied {applied}: {failures} failures"
                );
                assert!(failures > 0, "operation {failing} was not reached");
                assert_eq!(left.len(), 1, "{left:?}");
            }
            let (failures, _) = put_through_faults(&plain, operations, applied).await;
            assert_eq!(failures, 0, "there are more operations than tried");
        }
    }
}
