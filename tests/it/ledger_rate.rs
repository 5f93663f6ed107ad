//! How many durable facts a second the log takes on this disk, beside what the disk's own fsync allows. Runs when
//! `COUNTERFOIL_LEDGER_FACTS` sets how many facts (`make prove`); the figures are printed, not asserted.

use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use counterfoil::domain::event::{FileFormat, ScanSource};
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::{
    Actor, Digest, Event, Fact, PipelineName, RequestId, Sm3, Subject, Timestamp,
};
use counterfoil::ledger::{Decline, Ledger, LogSigner, Reads};
use counterfoil::store::{SegmentLedger, SegmentSettings};

use crate::support::from_environment;

fn received(number: u64) -> Fact {
    let digest = Digest::of(number.to_be_bytes());
    let event = Event::ScanReceived {
        digest,
        sm3: Sm3::of(number.to_be_bytes()),
        bytes: number,
        format: FileFormat::Jpeg,
        source: ScanSource::Http,
        pipeline: PipelineName::new("counter-paper").unwrap(),
        case: None,
        note: None,
        site: None,
    };
    Fact::new(Subject::Scan(digest), event)
}

/// Facts a second that `writers` tasks get through `Ledger::record`, one fact a call.
async fn rate(writers: u64, facts: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let store = SegmentLedger::open(folder.path(), SegmentSettings::default())
        .await
        .unwrap();
    let signer = LogSigner::new("counterfoil.local/rate", &[7; 32]).unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_800_000_000_000)));
    let ledger = Arc::new(
        Ledger::open(Arc::new(store), signer, clock, "counterfoil.local/rate")
            .await
            .unwrap(),
    );
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let ledger = Arc::clone(&ledger);
        tasks.push(tokio::spawn(async move {
            let by = Actor::new("cli:rate").unwrap();
            for number in (writer..facts).step_by(writers as usize) {
                let fact = received(number);
                let decide = |reads: &mut Reads<'_>, _now| {
                    reads.history(&fact.subject)?;
                    Ok::<_, Decline>(vec![fact.clone()])
                };
                ledger
                    .record(RequestId::new(format!("r/{number}")).unwrap(), &by, decide)
                    .await
                    .unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    facts as f64 / begun.elapsed().as_secs_f64()
}

/// Appends of 600 bytes with a sync each that this disk does in a second.
fn disk_rate() -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("probe")).unwrap();
    file.write_all(&[0; 600]).unwrap();
    let begun = Instant::now();
    let mut syncs = 0u64;
    while begun.elapsed() < Duration::from_secs(2) {
        syncs += 1;
        file.write_all_at(&[1; 600], syncs * 600).unwrap();
        file.sync_data().unwrap();
    }
    syncs as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durable_facts_a_second() {
    let facts = from_environment("COUNTERFOIL_LEDGER_FACTS", 0);
    if facts == 0 {
        println!("skipped: set COUNTERFOIL_LEDGER_FACTS to measure");
        return;
    }
    let disk = disk_rate();
    let one = rate(1, facts / 10).await;
    let many = rate(64, facts).await;
    println!("disk: {disk:.0} syncs/s");
    println!(
        "1 writer: {one:.0} durable facts/s, {:.2} of the disk's rate",
        one / disk
    );
    println!("64 writers: {many:.0} durable facts/s");
}
