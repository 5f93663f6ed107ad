//! Every listed file against its checksums: several files at a time, each read once from front to back in large pieces,
//! archives in the order of their bytes.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::super::fault::Fault;
use super::super::hash::{Checksum, Hasher};
use super::super::read::Source;
use super::listing::Listing;
use super::{Found, Settings};

/// Bytes read at a time.
const BUFFER: usize = 512 << 10;
/// Threads at most.
const THREADS_MAX: usize = 64;

/// Verifies all checksums of all listings.
pub(super) fn verify(
    source: &dyn Source,
    settings: &Settings<'_>,
    listings: &[Listing],
    found: &mut Found,
) {
    let listed = |index: &usize| listings.iter().any(|one| one.sum(*index).is_some());
    let mut jobs: Vec<usize> = (0..source.entries().len()).filter(listed).collect();
    let place = |index: &usize| source.entries().get(*index).map(|entry| entry.place);
    jobs.sort_by_key(place);
    let work = Work {
        source,
        settings,
        listings,
        jobs,
        next: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
    };
    let threads = settings
        .threads
        .clamp(1, THREADS_MAX)
        .min(work.jobs.len().max(1));
    let mut all: Vec<(usize, Fault)> = Vec::new();
    let mut more = 0;
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| work.run())).collect();
        let mut results = vec![work.run()];
        // A thread that panicked must not pass for one that found nothing.
        results.extend(others.into_iter().map(|other| {
            other.join().unwrap_or_else(|_| Part {
                faults: vec![(usize::MAX, stopped(source))],
                left_out: 0,
                whole: false,
            })
        }));
        for part in results {
            all.extend(part.faults);
            more += part.left_out;
            found.whole &= part.whole;
        }
    });
    all.sort_by_key(|(job, _)| *job);
    for (_, fault) in all {
        found.fault(fault);
    }
    found.report.faults_left_out += more;
    if work.stopped.load(Ordering::Relaxed) {
        found.fault(stopped(source));
    }
}

fn stopped(source: &dyn Source) -> Fault {
    let path = source.name().to_owned();
    Fault::Stopped { path }
}

struct Work<'a> {
    source: &'a dyn Source,
    settings: &'a Settings<'a>,
    listings: &'a [Listing],
    jobs: Vec<usize>,
    next: AtomicUsize,
    stopped: AtomicBool,
}

/// What one thread found.
struct Part {
    faults: Vec<(usize, Fault)>,
    left_out: u64,
    whole: bool,
}

impl Work<'_> {
    /// Takes files until there are none.
    fn run(&self) -> Part {
        let mut part = Part {
            faults: Vec::new(),
            left_out: 0,
            whole: true,
        };
        let mut buffer = vec![0; BUFFER];
        loop {
            let job = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(index) = self.jobs.get(job) else {
                return part;
            };
            let faults = match self.file(*index, &mut buffer) {
                Ok(Some(faults)) => faults,
                Ok(None) => return part,
                Err(fault) => vec![fault],
            };
            // Each thread's first ones hold the first of all.
            for fault in faults {
                if part.faults.len() < self.settings.faults_max.max(1) {
                    part.faults.push((job, fault));
                } else {
                    part.left_out += 1;
                    part.whole &= matches!(fault, Fault::ChecksumDiffers { .. });
                }
            }
        }
    }

    /// Hashes one file by every algorithm that lists it; `None` when the work was stopped.
    fn file(&self, index: usize, buffer: &mut [u8]) -> Result<Option<Vec<Fault>>, Fault> {
        let Some(entry) = self.source.entries().get(index) else {
            return Ok(Some(Vec::new()));
        };
        let expected: Vec<(&Listing, Checksum)> = self
            .listings
            .iter()
            .filter_map(|listing| Some((listing, listing.sum(index)?)))
            .collect();
        let mut hashers: Vec<Hasher> = expected
            .iter()
            .map(|(listing, _)| Hasher::new(listing.algorithm))
            .collect();
        let mut bytes = self.source.open(index)?;
        let mut read = 0;
        loop {
            if self.stopped.load(Ordering::Relaxed) || (self.settings.stop)() {
                self.stopped.store(true, Ordering::Relaxed);
                return Ok(None);
            }
            let some = match bytes.read(buffer) {
                Ok(0) => break,
                Ok(some) => some,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::io(&entry.path, &error)),
            };
            read += some as u64;
            // What grows while it is read would never end.
            if read > entry.size {
                break;
            }
            let piece = buffer.get(..some).unwrap_or_default();
            for hasher in &mut hashers {
                hasher.update(piece);
            }
        }
        if read != entry.size {
            return Err(Fault::FileChanged {
                path: entry.path.clone(),
                expected: entry.size,
            });
        }
        let sums = hashers.into_iter().map(Hasher::finish);
        let differs = |((listing, expected), sum): ((&Listing, Checksum), Checksum)| {
            (expected != sum).then(|| Fault::ChecksumDiffers {
                path: entry.path.clone(),
                manifest: listing.name.clone(),
                expected: expected.to_string(),
                found: sum.to_string(),
            })
        };
        Ok(Some(
            expected.into_iter().zip(sums).filter_map(differs).collect(),
        ))
    }
}
