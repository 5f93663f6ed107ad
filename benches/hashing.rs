//! How fast bytes are hashed, stored and read back. One group a subject; throughput is of plain bytes.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use counterfoil::domain::digest::TwinHasher;
use counterfoil::domain::{Digest, Sm3};
use counterfoil::store::blob::{Blobs, address};
use counterfoil::store::keys::{MasterKey, MasterKeys};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};

/// A scanned page, roughly, and a long document.
const LENGTHS: [usize; 2] = [1_300_000, 8 * 1024 * 1024];

fn bytes_of(length: usize) -> Vec<u8> {
    (0..length)
        .map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

fn hashing(c: &mut Criterion) {
    let mut group = c.benchmark_group("hashing");
    for length in LENGTHS {
        let bytes = bytes_of(length);
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_with_input(BenchmarkId::new("sha256", length), &bytes, |b, bytes| {
            b.iter(|| Digest::of(black_box(bytes)));
        });
        group.bench_with_input(BenchmarkId::new("sm3", length), &bytes, |b, bytes| {
            b.iter(|| Sm3::of(black_box(bytes)));
        });
        group.bench_with_input(BenchmarkId::new("twin", length), &bytes, |b, bytes| {
            b.iter(|| {
                let mut hasher = TwinHasher::default();
                hasher.update(black_box(bytes));
                hasher.finish()
            });
        });
    }
    group.finish();
}

fn blobs(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let mut group = c.benchmark_group("blobs_memory");
    group.sample_size(20);
    for length in LENGTHS {
        let bytes = bytes_of(length);
        let digest = Digest::of(&bytes);
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let keys = MasterKeys::new(MasterKey::from_secret(&[1; 32]));
        let blobs = Blobs::new(Arc::clone(&store), keys);
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(BenchmarkId::new("put", length), |b| {
            b.iter(|| {
                runtime.block_on(async {
                    let stored = blobs.put(black_box(&bytes)).await.unwrap();
                    assert!(!stored.existed);
                    store.delete(&address(&digest)).await.unwrap();
                });
            });
        });
        runtime.block_on(blobs.put(&bytes)).unwrap();
        group.bench_function(BenchmarkId::new("get", length), |b| {
            b.iter(|| runtime.block_on(blobs.get(&digest, u64::MAX)).unwrap());
        });
        group.throughput(Throughput::Bytes(65_536));
        group.bench_function(BenchmarkId::new("get_range_64k", length), |b| {
            b.iter(|| {
                runtime
                    .block_on(blobs.get_range(&digest, 100_000..165_536))
                    .unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hashing, blobs);
criterion_main!(benches);
