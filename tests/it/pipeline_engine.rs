//! The engine: every scan ends sealed or held, once, whatever fails on the way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use counterfoil::domain::event::FileFormat;
use counterfoil::domain::manifest::RecordManifest;
use counterfoil::domain::scan::ScanStatus;
use counterfoil::domain::time::Clock;
use counterfoil::domain::{Digest, Event, FindingCode, Sm3, Subject};
use counterfoil::pipeline::spec::EMBEDDED;
use counterfoil::pipeline::{Outcome, PipelineSpec, Progress, Selection};
use counterfoil::store::blob::address;
use counterfoil::store::catalog::RowStatus;
use counterfoil::worker::child::MISBEHAVE_MARK;
use object_store::ObjectStoreExt;
use tokio::sync::watch;

use crate::pipeline_hall::{Hall, RETRY_MILLIS, good};
use crate::tiff;
use crate::worker::{page_png, test_options};

#[tokio::test]
async fn a_readable_scan_is_sealed_and_its_manifest_says_what_was_read_and_by_what() {
    let hall = Hall::open(test_options(None)).await;
    let master = good(1);
    let scan = hall.receive(&master, "counter-paper").await;
    let engine = hall.engine();
    let mut progress = engine.progress();
    assert_eq!(hall.finish(&engine).await, 1);
    let manifest = hall.manifest(scan).await;
    assert_eq!((manifest.scan, manifest.sm3), (scan, Sm3::of(&master)));
    assert_eq!(manifest.bytes, master.len() as u64);
    assert_eq!(manifest.pipeline_digest, Digest::of(EMBEDDED[0].1));
    assert_eq!(manifest.pages.len(), 1);
    let page = &manifest.pages[0];
    assert_eq!((page.page, page.width, page.height), (1, 201, 100));
    assert_eq!(page.engine.name, "recorded");
    let names: Vec<&str> = page
        .stages
        .iter()
        .map(|stage| stage.stage.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "load",
            "decode",
            "quality",
            "codes",
            "look",
            "ocr",
            "understand"
        ]
    );
    assert_eq!(page.text, page.stages[5].output);
    for stage in &page.stages {
        assert!(hall.blobs.contains(&stage.output).await.unwrap());
    }
    let page_done = Progress::PageDone {
        scan,
        page: 1,
        pages: 1,
    };
    assert_eq!(progress.recv().await.unwrap(), page_done);
    let Progress::ScanDone {
        outcome: Outcome::Sealed { pages: 1, .. },
        ..
    } = progress.recv().await.unwrap()
    else {
        panic!("not sealed");
    };
    assert_eq!(engine.tally().sealed, 1);
}

/// The facts of a scan that tell which pages are known, as numbers of pages.
async fn pages_told(hall: &Hall, scan: Digest) -> Vec<u32> {
    let history = hall.ledger.history(&Subject::Scan(scan)).await.unwrap();
    let told = history.iter().map(|fact| match fact.entry.event {
        Event::PagesRead { pages, .. } => Some(pages),
        _ => None,
    });
    told.flatten().collect()
}

#[tokio::test]
async fn the_pages_of_a_long_scan_become_known_while_it_is_read_and_once() {
    let hall = Hall::open(test_options(None)).await;
    let pages = (0..20u8).map(|number| tiff::page(8, 3, 2, 1, vec![number; 64 * 48 * 3]));
    let master = Bytes::from(tiff::tiff(pages.collect(), None));
    let scan = hall
        .receive_as(FileFormat::Tiff, &master, "counter-paper")
        .await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    assert_eq!(pages_told(&hall, scan).await, [1, 2, 4, 8, 16]);
    let history = hall.ledger.history(&Subject::Scan(scan)).await.unwrap();
    for fact in &history {
        let Event::PagesRead { manifest, pages } = &fact.entry.event else {
            continue;
        };
        let bytes = hall.blobs.get(manifest, 1 << 20).await.unwrap();
        let told: RecordManifest = serde_json::from_slice(&bytes).unwrap();
        let numbers: Vec<u32> = told.pages.iter().map(|page| page.page).collect();
        assert_eq!(numbers, (1..=*pages).collect::<Vec<_>>());
    }
    assert_eq!(hall.manifest(scan).await.pages.len(), 20);
    // Read again, nothing of the sealed record is taken back.
    let again = hall.engine();
    let replayed = again.replay(None, Selection::All, None).await.unwrap();
    assert_eq!(replayed, 1);
    hall.follow().await;
    hall.finish(&again).await;
    assert_eq!(pages_told(&hall, scan).await.len(), 5);
    let short = (0..7u8).map(|number| tiff::page(8, 3, 2, 1, vec![number; 64 * 48 * 3]));
    let short = Bytes::from(tiff::tiff(short.collect(), None));
    let short = hall
        .receive_as(FileFormat::Tiff, &short, "counter-paper")
        .await;
    hall.finish(&again).await;
    assert_eq!(pages_told(&hall, short).await, [0u32; 0]);
}

/// The master is let go once a child has it, and fetched again for the next child.
#[tokio::test]
async fn a_long_scan_is_read_to_its_end_by_children_that_are_replaced_on_the_way() {
    let mut options = test_options(None);
    options.pages_recycle = 2;
    let hall = Hall::open(options).await;
    let pages = (0..9u8).map(|number| tiff::page(8, 3, 2, 1, vec![number; 64 * 48 * 3]));
    let master = Bytes::from(tiff::tiff(pages.collect(), None));
    let scan = hall
        .receive_as(FileFormat::Tiff, &master, "counter-paper")
        .await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    assert_eq!(hall.manifest(scan).await.pages.len(), 9);
    let counts = hall.pool.counts();
    assert_eq!(counts.killed.load(Ordering::Relaxed), 0);
    assert!(counts.spawned.load(Ordering::Relaxed) >= 5);
}

#[tokio::test]
async fn bytes_that_cannot_be_read_are_held_at_once_with_the_reason() {
    let hall = Hall::open(test_options(None)).await;
    let mut cut = good(1).to_vec();
    cut.truncate(cut.len() / 2);
    let scan = hall.receive(&cut.into(), "counter-paper").await;
    let engine = hall.engine();
    assert_eq!(hall.finish(&engine).await, 1);
    let codes = hall.held_codes(scan).await;
    assert!(codes.iter().any(|code| code.holds()), "{codes:?}");
    assert!(!codes.contains(&FindingCode::AttemptsExhausted));
    assert_eq!(engine.tally().held, 1);
    // A person may ask for another reading; it is held again, as another fact.
    assert_eq!(engine.replay(None, Selection::Held, None).await.unwrap(), 1);
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.held_codes(scan).await, codes);
    assert_eq!(hall.facts(scan).await, 4);
}

#[tokio::test]
async fn a_poison_scan_is_held_after_three_attempts_and_the_queue_goes_on() {
    let hall = Hall::open(test_options(Some("crash"))).await;
    let poison = hall
        .receive(&page_png(64, 64, MISBEHAVE_MARK), "counter-paper")
        .await;
    let engine = hall.engine();
    engine.drain().await.unwrap();
    let other = hall.receive(&good(2), "counter-paper").await;
    assert_eq!(hall.finish(&engine).await, 3);
    let codes = hall.held_codes(poison).await;
    assert_eq!(
        codes,
        [FindingCode::WorkerCrashed, FindingCode::AttemptsExhausted]
    );
    hall.manifest(other).await;
    let tally = engine.tally();
    assert_eq!((tally.sealed, tally.held, tally.retried), (1, 1, 2));
}

#[tokio::test]
async fn a_scan_whose_master_is_lost_is_held_and_named() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    hall.objects.delete(&address(&scan)).await.unwrap();
    let engine = hall.engine();
    assert_eq!(hall.finish(&engine).await, 3);
    let codes = hall.held_codes(scan).await;
    assert_eq!(
        codes,
        [FindingCode::MasterLost, FindingCode::AttemptsExhausted]
    );
    // Scanned or restored again, it is read when a person asks for it.
    hall.blobs.put(&good(1)).await.unwrap();
    assert_eq!(engine.replay(None, Selection::Held, None).await.unwrap(), 1);
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.manifest(scan).await.pages.len(), 1);
}

#[tokio::test]
async fn every_operation_may_fail_twice() {
    let operations = [
        "blob.put",
        "blob.get",
        "ledger.append",
        "ledger.history",
        "catalog.claim",
        "catalog.release",
        "catalog.memo",
        "catalog.remember",
    ];
    for operation in operations {
        for applied in [false, true] {
            let hall = Hall::open(test_options(Some("crash"))).await;
            let scan = hall.receive(&good(1), "counter-paper").await;
            let mut cut = good(2).to_vec();
            cut.truncate(60);
            let bad = hall.receive(&cut.into(), "counter-paper").await;
            let poison = page_png(64, 64, MISBEHAVE_MARK);
            let poison = hall.receive(&poison, "counter-paper").await;
            let before = hall.faults.seen(operation);
            hall.faults.plan(operation, 2, applied);
            let engine = hall.engine();
            hall.finish(&engine).await;
            let place = format!("{operation}, applied: {applied}");
            assert_eq!(hall.faults.left(), 0, "{place}");
            assert!(hall.faults.seen(operation) >= before + 2, "{place}");
            assert_eq!(hall.manifest(scan).await.pages.len(), 1, "{place}");
            for scan in [scan, bad, poison] {
                assert_eq!(hall.facts(scan).await, 2, "{place}");
            }
            let codes = hall.held_codes(bad).await;
            assert!(
                !codes.contains(&FindingCode::AttemptsExhausted),
                "{place}: {codes:?}"
            );
            let codes = hall.held_codes(poison).await;
            assert!(
                codes.contains(&FindingCode::AttemptsExhausted),
                "{place}: {codes:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_pipeline_that_is_not_configured_is_waited_for_and_never_held_against_the_scan() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "land-deeds").await;
    let engine = hall.engine();
    for _ in 0..5 {
        engine.drain().await.unwrap();
        hall.clock.advance_millis(RETRY_MILLIS);
    }
    assert_eq!(engine.tally().retried, 5);
    assert_eq!(hall.state(scan).await.status, ScanStatus::Pending);
    let text = EMBEDDED[0].1.replace("\"counter-paper\"", "\"land-deeds\"");
    let spec = PipelineSpec::parse("land-deeds.toml", &text).unwrap();
    hall.finish(&hall.engine_with(spec)).await;
    hall.manifest(scan).await;
}

#[tokio::test]
async fn a_stop_gives_the_lease_back_at_once() {
    let hall = Hall::open(test_options(Some("hang"))).await;
    let scan = hall
        .receive(&page_png(64, 64, MISBEHAVE_MARK), "counter-paper")
        .await;
    let engine = hall.engine();
    let mut progress = engine.progress();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.run(stopped).await }
    });
    // Renewed twice means that it is being worked on, and that renewal works.
    while hall.faults.seen("catalog.renew") < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    let done = Progress::ScanDone {
        scan,
        outcome: Outcome::Stopped,
    };
    assert_eq!(progress.recv().await.unwrap(), done);
    let leases = hall.catalog.claim(9, hall.clock.now(), 1000).await.unwrap();
    assert_eq!(leases.len(), 1);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_stops_and_records_nothing() {
    let hall = Hall::open(test_options(Some("hang"))).await;
    let scan = hall
        .receive(&page_png(64, 64, MISBEHAVE_MARK), "counter-paper")
        .await;
    let engine = hall.engine();
    let mut progress = engine.progress();
    let (_stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { engine.run(stopped).await });
    while hall.faults.seen("catalog.claim") == 0 || hall.jobs() < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Another worker takes it over; a renewal may come in between, so it tries more than once.
    let taken = loop {
        hall.clock.advance_millis(RETRY_MILLIS);
        let now = hall.clock.now();
        let taken = hall
            .catalog
            .claim(9, now, 100 * RETRY_MILLIS)
            .await
            .unwrap();
        if !taken.is_empty() {
            break taken;
        }
    };
    assert_eq!(taken.len(), 1);
    let done = Progress::ScanDone {
        scan,
        outcome: Outcome::LeaseLost,
    };
    assert_eq!(progress.recv().await.unwrap(), done);
    assert_eq!(hall.facts(scan).await, 1);
    running.abort();
}

#[tokio::test]
async fn many_scans_are_all_sealed_by_two_engines_and_each_once() {
    let hall = Hall::open(test_options(None)).await;
    let mut scans = BTreeSet::new();
    for number in 0..30 {
        scans.insert(hall.receive(&good(number), "counter-paper").await);
    }
    let (one, two) = (hall.engine(), hall.engine());
    let (first, second) = tokio::join!(one.drain(), two.drain());
    assert_eq!(first.unwrap().sealed + second.unwrap().sealed, 30);
    hall.follow().await;
    let sealed = hall
        .catalog
        .list(RowStatus::Sealed, None, 100)
        .await
        .unwrap();
    assert_eq!(
        sealed.iter().map(|row| row.scan).collect::<BTreeSet<_>>(),
        scans
    );
    for scan in scans {
        assert_eq!(hall.facts(scan).await, 2);
    }
}
