//! The engine: every scan ends sealed or held, once, whatever fails on the way, and nothing is read twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use counterfoil::domain::event::{FileFormat, ScanSource};
use counterfoil::domain::manifest::RecordManifest;
use counterfoil::domain::scan::{ScanState, ScanStatus, fold, receive};
use counterfoil::domain::time::{Clock, ManualClock};
use counterfoil::domain::{
    Actor, Digest, Event, FindingCode, PipelineName, RequestId, Sm3, Subject, Timestamp,
};
use counterfoil::ledger::{Decline, Ledger, LogSigner, catch_up};
use counterfoil::pipeline::spec::EMBEDDED;
use counterfoil::pipeline::{
    Engine, EngineOptions, EngineParts, Outcome, PipelineSpec, Pipelines, Progress, ReplayError,
    Selection, remember_from_manifests,
};
use counterfoil::store::blob::{Blobs, address};
use counterfoil::store::catalog::{Catalog, RowStatus};
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::memory_ledger::MemoryLedger;
use counterfoil::worker::child::MISBEHAVE_MARK;
use counterfoil::worker::{WorkerOptions, WorkerPool};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use tokio::sync::watch;

use crate::blob_laws::keys;
use crate::pipeline_faults::{Faults, FaultyCatalog, FaultyLedger, FaultyObjects};
use crate::worker::{page_png, test_options};

const RETRY_MILLIS: i64 = 60 * 60 * 1000;

/// A hall in memory: what outlives the process, and what does not.
struct Hall {
    faults: Arc<Faults>,
    objects: Arc<InMemory>,
    blobs: Arc<Blobs>,
    ledger: Arc<Ledger>,
    catalog: Arc<dyn Catalog>,
    clock: Arc<ManualClock>,
    pool: Arc<WorkerPool>,
}

impl Hall {
    async fn open(options: WorkerOptions) -> Self {
        let faults = Arc::new(Faults::default());
        let objects = Arc::new(InMemory::new());
        let store = FaultyObjects {
            inner: Arc::clone(&objects),
            faults: Arc::clone(&faults),
        };
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_800_000_000_000)));
        let ledger_store = FaultyLedger {
            inner: Arc::new(MemoryLedger::new()),
            faults: Arc::clone(&faults),
        };
        let signer = LogSigner::new("hall.example/log", &[7; 32]).unwrap();
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let ledger = Ledger::open(Arc::new(ledger_store), signer, time, "hall.example/log");
        let catalog = FaultyCatalog {
            inner: Arc::new(MemoryCatalog::new()),
            faults: Arc::clone(&faults),
        };
        Self {
            blobs: Arc::new(Blobs::new(Arc::new(store), keys(1))),
            objects,
            ledger: Arc::new(ledger.await.unwrap()),
            catalog: Arc::new(catalog),
            clock,
            pool: WorkerPool::new(options, 2),
            faults,
        }
    }

    fn engine(&self) -> Arc<Engine> {
        self.engine_with(counter_paper("", ""))
    }

    fn engine_with(&self, spec: PipelineSpec) -> Arc<Engine> {
        let mut pipelines = Pipelines::embedded().unwrap();
        pipelines.insert(spec);
        let parts = EngineParts {
            ledger: Arc::clone(&self.ledger),
            blobs: Arc::clone(&self.blobs),
            catalog: Arc::clone(&self.catalog),
            pool: Arc::clone(&self.pool),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            pipelines,
            actor: Actor::new("system:pipeline").unwrap(),
        };
        let mut options = EngineOptions::for_workers(2);
        options.lease = Duration::from_millis(600);
        options.poll = Duration::from_millis(10);
        Engine::new(parts, options)
    }

    async fn receive(&self, master: &Bytes, pipeline: &str) -> Digest {
        let stored = self.blobs.put(master).await.unwrap();
        let received = Event::ScanReceived {
            digest: stored.digest,
            sm3: stored.sm3,
            bytes: stored.bytes,
            format: FileFormat::Png,
            source: ScanSource::Cli,
            pipeline: PipelineName::new(pipeline).unwrap(),
            case: None,
            note: None,
        };
        let request = RequestId::new(format!("receive/{}", stored.digest)).unwrap();
        let by = Actor::new("cli:test").unwrap();
        let decide = |reads: &mut counterfoil::ledger::Reads<'_>, _| {
            reads.history(&Subject::Scan(stored.digest))?;
            Ok::<_, Decline>(receive(None, stored.digest, received.clone()))
        };
        self.ledger.record(request, &by, decide).await.unwrap();
        self.follow().await;
        stored.digest
    }

    async fn follow(&self) {
        catch_up(&self.ledger, self.catalog.as_ref()).await.unwrap();
    }

    /// Lets `engine` work until nothing waits, an hour passing between attempts; how often it was asked.
    async fn finish(&self, engine: &Arc<Engine>) -> u32 {
        for round in 1..20 {
            // A failed claim is tried again, as `run` does.
            let _ = engine.drain().await;
            self.follow().await;
            if self.catalog.counts().await.unwrap().pending == 0 {
                return round;
            }
            self.clock.advance_millis(RETRY_MILLIS);
        }
        panic!("scans still wait after 19 rounds");
    }

    async fn state(&self, scan: Digest) -> ScanState {
        let history = self.ledger.history(&Subject::Scan(scan)).await.unwrap();
        fold(history.iter().map(|fact| &fact.entry.event)).unwrap()
    }

    async fn facts(&self, scan: Digest) -> usize {
        self.ledger
            .history(&Subject::Scan(scan))
            .await
            .unwrap()
            .len()
    }

    async fn manifest(&self, scan: Digest) -> RecordManifest {
        let ScanStatus::Sealed { manifest, .. } = self.state(scan).await.status else {
            panic!("{:?}", self.state(scan).await);
        };
        let bytes = self.blobs.get(&manifest, 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    async fn held_codes(&self, scan: Digest) -> Vec<FindingCode> {
        match self.state(scan).await.status {
            ScanStatus::Held { findings } => findings.iter().map(|finding| finding.code).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn jobs(&self) -> u64 {
        self.pool.counts().jobs.load(Ordering::Relaxed)
    }
}

/// The built-in pipeline with a part of its text replaced.
fn counter_paper(from: &str, to: &str) -> PipelineSpec {
    let text = EMBEDDED[0].1.replace(from, to);
    PipelineSpec::parse("counter-paper.toml", &text).unwrap()
}

fn good(number: u32) -> Bytes {
    page_png(200 + number, 100, format!("page {number}").as_bytes())
}

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
    assert_eq!(names, ["load", "decode", "quality", "ocr"]);
    assert_eq!(page.text, page.stages[3].output);
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
async fn a_second_reading_gives_no_job_to_a_worker() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let (first, jobs) = (hall.manifest(scan).await, hall.jobs());
    assert_eq!(engine.replay(None, Selection::All, None).await.unwrap(), 1);
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.jobs(), jobs);
    assert_eq!(hall.manifest(scan).await, first);
    assert_eq!(hall.facts(scan).await, 4);
    assert_eq!((engine.tally().made, engine.tally().recalled), (4, 4));
}

#[tokio::test]
async fn a_changed_setting_runs_only_what_depends_on_it() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    hall.finish(&hall.engine()).await;
    let before = hall.manifest(scan).await;
    let changes = [
        ("languages = [\"zh\", \"en\"]", "languages = [\"zh\"]", 1),
        // How an output is judged is not how it is made.
        ("verify_below = 0.5", "verify_below = 0.9", 0),
        ("skew_max = 3", "skew_max = 1", 0),
        ("page_deadline_s = 90", "page_deadline_s = 80", 0),
        // A cap on decoding can change what opening the file says, and nothing else.
        ("attempts_max = 3", "attempts_max = 3\npages_max = 9", 1),
    ];
    for (from, to, made) in changes {
        let engine = hall.engine_with(counter_paper(from, to));
        engine.replay(None, Selection::Sealed, None).await.unwrap();
        hall.follow().await;
        hall.finish(&engine).await;
        assert_eq!(engine.tally().made, made, "{to}");
        assert_eq!(engine.tally().recalled, 4 - made, "{to}");
        let after = hall.manifest(scan).await;
        assert_ne!(after.pipeline_digest, before.pipeline_digest);
    }
}

#[tokio::test]
async fn replay_of_a_stage_runs_it_and_its_dependants_only() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let before = hall.manifest(scan).await;
    for (stage, runs) in [("ocr", 1), ("quality", 1), ("decode", 3), ("load", 4)] {
        let made = engine.tally().made;
        let these = Selection::These(vec![scan]);
        assert_eq!(engine.replay(Some(stage), these, None).await.unwrap(), 1);
        hall.follow().await;
        hall.finish(&engine).await;
        assert_eq!(engine.tally().made - made, runs, "{stage}");
        assert_eq!(hall.manifest(scan).await, before);
    }
    let failed = engine.replay(Some("orc"), Selection::All, None).await;
    assert_eq!(
        failed.unwrap_err().to_string(),
        "there is no stage \"orc\"; did you mean \"ocr\"?"
    );
    let unknown = Selection::These(vec![Digest::of("unknown")]);
    let failed = engine.replay(None, unknown, None).await;
    assert!(matches!(failed, Err(ReplayError::UnknownScan(_))));
}

#[tokio::test]
async fn replay_may_name_another_pipeline() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let other = PipelineName::new("archive-backfile").unwrap();
    engine
        .replay(None, Selection::All, Some(&other))
        .await
        .unwrap();
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.manifest(scan).await.pipeline, other);
    let absent = PipelineName::new("absent").unwrap();
    assert!(
        engine
            .replay(None, Selection::All, Some(&absent))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_memo_whose_output_is_gone_is_made_again() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let before = hall.manifest(scan).await;
    hall.objects
        .delete(&address(&before.pages[0].text))
        .await
        .unwrap();
    let damaged = address(&before.pages[0].stages[2].output);
    hall.objects.put(&damaged, "noise".into()).await.unwrap();
    engine.replay(None, Selection::All, None).await.unwrap();
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.manifest(scan).await, before);
    assert_eq!(engine.tally().made, 6);
    assert!(hall.blobs.contains(&before.pages[0].text).await.unwrap());
}

#[tokio::test]
async fn an_end_between_the_outputs_and_the_fact_costs_no_second_reading() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    hall.faults.plan("ledger.append", 1, false);
    let engine = hall.engine();
    engine.drain().await.unwrap();
    assert_eq!(hall.state(scan).await.status, ScanStatus::Pending);
    drop(engine);
    let jobs = hall.jobs();
    hall.clock.advance_millis(RETRY_MILLIS);
    let engine = hall.engine();
    hall.finish(&engine).await;
    hall.manifest(scan).await;
    // The new engine asks once which engine there is; no page is read.
    assert_eq!(hall.jobs(), jobs + 1);
    assert_eq!(engine.tally().made, 0);
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
async fn memos_are_rebuilt_from_the_manifests() {
    let mut hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    hall.finish(&hall.engine()).await;
    hall.catalog = Arc::new(MemoryCatalog::new());
    hall.follow().await;
    let remembered =
        remember_from_manifests(&hall.ledger, &hall.blobs, hall.catalog.as_ref()).await;
    assert_eq!(remembered.unwrap(), 4);
    let engine = hall.engine();
    engine.replay(None, Selection::All, None).await.unwrap();
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(engine.tally().made, 0);
    hall.manifest(scan).await;
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
        let taken = hall.catalog.claim(9, now, 100 * RETRY_MILLIS).await.unwrap();
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
