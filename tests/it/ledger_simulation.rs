//! The ledger on a simulated disk: power is cut at every step, writes and syncs fail, and nothing that was
//! acknowledged may be missing afterwards.

use std::sync::Arc;

use counterfoil::ledger::{LedgerError, LedgerStore, audit_tree};
use counterfoil::store::{SegmentLedger, SegmentSettings};

use crate::ledger_support::{add, open, scan};
use crate::simulated_disk::SimulatedDisk;
use crate::support::Random;

/// A fact that was acknowledged when the disk had made `ops` operations.
#[derive(Clone)]
struct Acknowledged {
    ops: usize,
    index: u64,
    request: String,
}

const SETTINGS: SegmentSettings = SegmentSettings { rotate_bytes: 3000 };

/// Lets `writers` tasks record `each` facts; a request is sent again until it is acknowledged.
/// `fails` makes writes and syncs fail meanwhile: about one in so many, by this seed.
async fn work(
    disk: &SimulatedDisk,
    round: u64,
    (writers, each): (u64, u64),
    fails: Option<(u64, u64)>,
) -> Vec<Acknowledged> {
    let store = SegmentLedger::open_on(Arc::new(disk.clone()), SETTINGS)
        .await
        .unwrap();
    let ledger = open(Arc::new(store)).await;
    if let Some((one_in, seed)) = fails {
        disk.fail_one_in(Some(one_in), seed);
    }
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (ledger, disk) = (ledger.clone(), disk.clone());
        tasks.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..each {
                let request = format!("{round}/{writer}/{n}");
                let subject = scan(if n % 2 == 0 {
                    request.clone()
                } else {
                    format!("s{writer}")
                });
                loop {
                    match add(&ledger, &request, &subject).await {
                        Ok(receipt) => {
                            let ops = disk.ops();
                            let index = receipt.first;
                            acknowledged.push(Acknowledged {
                                ops,
                                index,
                                request,
                            });
                            break;
                        }
                        Err(error @ LedgerError::Unavailable { .. }) => {
                            assert!(error.is_retryable())
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            acknowledged
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    disk.fail_one_in(None, 0);
    ledger.close().await;
    all
}

/// Opens what is left on the disk and checks that every acknowledged fact is there once and the log holds together.
async fn check(disk: &SimulatedDisk, acknowledged: &[Acknowledged], what: &str) {
    let store = SegmentLedger::open_on(Arc::new(disk.clone()), SETTINGS).await;
    let store: Arc<dyn LedgerStore> = Arc::new(store.unwrap_or_else(|e| panic!("{what}: {e}")));
    let facts = store.entries(0, 100_000).await.unwrap();
    for fact in acknowledged {
        let found = facts.get(fact.index as usize);
        let found = found.unwrap_or_else(|| panic!("{what}: fact {} is lost", fact.index));
        assert_eq!(found.entry.request.as_str(), fact.request, "{what}");
    }
    let mut requests: Vec<&str> = facts.iter().map(|f| f.entry.request.as_str()).collect();
    requests.sort_unstable();
    let all = requests.len();
    requests.dedup();
    assert_eq!(requests.len(), all, "{what}: a request was recorded twice");
    let report = audit_tree(store.as_ref()).await.unwrap();
    assert!(report.is_clean(), "{what}: {:?}", report.findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_lost_after_every_single_operation() {
    let disk = SimulatedDisk::default();
    let acknowledged = work(&disk, 0, (4, 10), None).await;
    assert_eq!(acknowledged.len(), 40);
    let ops = disk.ops();
    for cut in 0..=ops {
        for seed in 0..3 {
            let what = format!("power lost after operation {cut} of {ops}, seed {seed}");
            let after = disk.after_power_loss(cut, seed * 1000 + cut as u64);
            let kept: Vec<_> = acknowledged
                .iter()
                .filter(|f| f.ops <= cut)
                .cloned()
                .collect();
            check(&after, &kept, &what).await;
            // And it goes on from there.
            let more = work(&after, 1, (1, 1), None).await;
            check(&after, &[kept, more].concat(), &what).await;
        }
    }
    println!("{} cuts replayed", (ops + 1) * 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_restarts_failures_and_power_losses() {
    for seed in 1..=6u64 {
        println!("seed {seed}");
        let mut seeded = Random::new(seed);
        let mut disk = SimulatedDisk::default();
        let mut known: Vec<Acknowledged> = Vec::new();
        for round in 0..6 {
            let what = format!("seed {seed}, round {round}");
            let fails = Some((8 + seeded.below(20), seeded.next()));
            let acknowledged = work(&disk, round, (6, 6), fails).await;
            check(
                &disk,
                &[known.clone(), acknowledged.clone()].concat(),
                &what,
            )
            .await;
            let cut = seeded.below(disk.ops() as u64 + 1) as usize;
            known.extend(acknowledged.into_iter().filter(|fact| fact.ops <= cut));
            disk = disk.after_power_loss(cut, seeded.next());
            for fact in &mut known {
                fact.ops = 0;
            }
            check(
                &disk,
                &known,
                &format!("{what}, power lost after operation {cut}"),
            )
            .await;
        }
    }
}
