//! Durable facts a second, beside what the disk's own sync allows, and the time a start takes.
//!
//! `COUNTERFOIL_BENCH_FACTS` sets the size of the log that is opened (default 100,000).

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::hint::black_box;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use counterfoil::domain::event::{FileFormat, ScanSource};
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::{
    Actor, Digest, Event, Fact, PipelineName, RequestId, Sm3, Subject, Timestamp,
};
use counterfoil::ledger::{Decline, Ledger, LogSigner};
use counterfoil::store::{SegmentLedger, SegmentSettings};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const ORIGIN: &str = "bench.example/ledger";

/// Temporary folders lie beside the build, not in a folder that may be memory.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

async fn open(folder: &Path) -> Ledger {
    let store = SegmentLedger::open(folder, SegmentSettings::default())
        .await
        .unwrap();
    let signer = LogSigner::new(ORIGIN, &[7; 32]).unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_795_000_000_000)));
    Ledger::open(Arc::new(store), signer, clock, ORIGIN)
        .await
        .unwrap()
}

/// The receipt of a scan: the most frequent fact.
fn received(name: &str) -> Fact {
    let digest = Digest::of(name);
    Fact::new(
        Subject::Scan(digest),
        Event::ScanReceived {
            digest,
            sm3: Sm3::of(name),
            bytes: 1_300_000,
            format: FileFormat::Jpeg,
            source: ScanSource::Http,
            pipeline: PipelineName::new("counter-paper").unwrap(),
            case: None,
            note: None,
            site: None,
        },
    )
}

async fn record(ledger: &Ledger, by: &Actor, name: String) {
    let fact = received(&name);
    let request = RequestId::new(name).unwrap();
    let decide = |reads: &mut counterfoil::ledger::Reads<'_>, _| {
        reads.history(&fact.subject)?;
        Ok::<_, Decline>(vec![fact.clone()])
    };
    ledger.record(request, by, decide).await.unwrap();
}

/// Lets `writers` record `facts` facts together and gives the time it took.
async fn write(ledger: &Ledger, writers: u64, facts: u64, round: u64) -> Duration {
    let started = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let ledger = ledger.clone();
        tasks.push(tokio::spawn(async move {
            let by = Actor::new("token:bench").unwrap();
            for n in (writer..facts).step_by(writers as usize) {
                record(&ledger, &by, format!("{round}/{n}")).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    started.elapsed()
}

fn appends(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("ledger");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(1));

    let place = folder();
    let file = std::fs::File::create(place.path().join("file")).unwrap();
    let mut end = 0;
    group.bench_function("disk alone: append 1 KiB and sync", |bencher| {
        bencher.iter(|| {
            file.write_all_at(&[7; 1024], end).unwrap();
            file.sync_data().unwrap();
            end += 1024;
        });
    });

    let mut round = 0;
    for writers in [1, 64] {
        let place = folder();
        let ledger = runtime.block_on(open(place.path()));
        group.bench_function(format!("durable facts, {writers} writers"), |bencher| {
            bencher.iter_custom(|facts| {
                round += 1;
                // Never fewer facts than writers, so that the group commit is what is measured.
                let whole = facts.max(writers * 8);
                let took = runtime.block_on(write(&ledger, writers, whole, round));
                took.mul_f64(facts as f64 / whole as f64)
            });
        });
        runtime.block_on(ledger.close());
    }
    group.finish();
}

fn opening(criterion: &mut Criterion) {
    let facts: u64 = match std::env::var("COUNTERFOIL_BENCH_FACTS") {
        Ok(text) => text.parse().expect("COUNTERFOIL_BENCH_FACTS is a number"),
        Err(_) => 100_000,
    };
    let runtime = Runtime::new().unwrap();
    let place = folder();
    let ledger = runtime.block_on(open(place.path()));
    let took = runtime.block_on(write(&ledger, 512, facts, 0));
    println!("wrote {facts} facts in {:.1} s", took.as_secs_f64());
    runtime.block_on(ledger.close());
    drop(ledger);
    let mut group = criterion.benchmark_group("ledger");
    group.sample_size(10);
    group.bench_function(format!("start with {facts} facts"), |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let ledger = open(place.path()).await;
                black_box(ledger.checkpoint().await);
                ledger.close().await;
            });
        });
    });
    group.finish();
}

criterion_group!(benches, appends, opening);
criterion_main!(benches);
