//! Taking pages in, end to end: received, read by the default engine, sealed and searchable, through the real
//! program; beside it the `tesseract` command reading the same pages, one process a core, to text alone.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const PAGES: [&str; 4] = [
    "bilingual-letter.jpg",
    "business-licence.jpg",
    "food-permit.jpg",
    "official-letter.jpg",
];

fn scans() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scans");
    PAGES.iter().map(|name| folder.join(name)).collect()
}

fn ingest(scans: &[PathBuf]) {
    let place = tempfile::tempdir().unwrap();
    let config = place.path().join("counterfoil.toml");
    std::fs::write(&config, "[keys]\nfolder = \"keys\"\n").unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
        .args(["--json", "--config"])
        .arg(&config)
        .arg("--data")
        .arg(place.path().join("data"))
        .arg("ingest")
        .args(scans)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

fn tesseract(scans: &[PathBuf]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for share in scans.chunks(scans.len().div_ceil(cores)) {
            scope.spawn(move || {
                for scan in share {
                    let status = Command::new("tesseract")
                        .arg(scan)
                        .args(["-", "-l", "chi_sim+eng"])
                        .env("OMP_THREAD_LIMIT", "1")
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .status();
                    assert!(status.unwrap().success());
                }
            });
        }
    });
}

fn pages(c: &mut Criterion) {
    let scans = scans();
    let mut group = c.benchmark_group("ingest");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(40));
    group.throughput(Throughput::Elements(scans.len() as u64));
    group.bench_function("4 pages, sealed and searchable", |b| {
        b.iter(|| ingest(&scans))
    });
    let there = Command::new("tesseract").arg("--version").output().is_ok();
    if there {
        group.bench_function("4 pages, tesseract command, text only", |b| {
            b.iter(|| tesseract(&scans));
        });
    }
}

criterion_group!(benches, pages);
criterion_main!(benches);
