//! A hall in memory for the engine's tests: stores that can fail, a clock that is moved, and real workers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use counterfoil::domain::event::{FileFormat, ScanSource};
use counterfoil::domain::manifest::RecordManifest;
use counterfoil::domain::scan::{ScanState, ScanStatus, fold, receive};
use counterfoil::domain::time::{Clock, ManualClock};
use counterfoil::domain::{
    Actor, Digest, Event, FindingCode, PipelineName, RequestId, Subject, Timestamp,
};
use counterfoil::ledger::{Decline, Ledger, LogSigner, Reads, catch_up};
use counterfoil::pipeline::spec::EMBEDDED;
use counterfoil::pipeline::{Engine, EngineOptions, EngineParts, PipelineSpec, Pipelines};
use counterfoil::store::blob::Blobs;
use counterfoil::store::catalog::Catalog;
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::memory_ledger::MemoryLedger;
use counterfoil::worker::{WorkerOptions, WorkerPool};
use object_store::memory::InMemory;

use crate::blob_laws::keys;
use crate::pipeline_faults::{Faults, FaultyCatalog, FaultyLedger, FaultyObjects};
use crate::worker::page_png;

/// Longer than any wait between attempts and any lease.
pub const RETRY_MILLIS: i64 = 60 * 60 * 1000;

/// A hall in memory: what outlives the process, and what does not.
pub struct Hall {
    pub faults: Arc<Faults>,
    pub objects: Arc<InMemory>,
    pub blobs: Arc<Blobs>,
    pub ledger: Arc<Ledger>,
    pub catalog: Arc<dyn Catalog>,
    pub clock: Arc<ManualClock>,
    pub pool: Arc<WorkerPool>,
}

impl Hall {
    pub async fn open(options: WorkerOptions) -> Self {
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

    pub fn engine(&self) -> Arc<Engine> {
        self.engine_with(counter_paper("", ""))
    }

    pub fn engine_with(&self, spec: PipelineSpec) -> Arc<Engine> {
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

    pub async fn receive(&self, master: &Bytes, pipeline: &str) -> Digest {
        self.receive_as(FileFormat::Png, master, pipeline).await
    }

    pub async fn receive_as(&self, format: FileFormat, master: &Bytes, pipeline: &str) -> Digest {
        let stored = self.blobs.put(master).await.unwrap();
        let received = Event::ScanReceived {
            digest: stored.digest,
            sm3: stored.sm3,
            bytes: stored.bytes,
            format,
            source: ScanSource::Cli,
            pipeline: PipelineName::new(pipeline).unwrap(),
            case: None,
            note: None,
            site: None,
        };
        let request = RequestId::new(format!("receive/{}", stored.digest)).unwrap();
        let by = Actor::new("cli:test").unwrap();
        let decide = |reads: &mut Reads<'_>, _| {
            reads.history(&Subject::Scan(stored.digest))?;
            Ok::<_, Decline>(receive(None, stored.digest, received.clone()))
        };
        self.ledger.record(request, &by, decide).await.unwrap();
        self.follow().await;
        stored.digest
    }

    pub async fn follow(&self) {
        catch_up(&self.ledger, self.catalog.as_ref()).await.unwrap();
    }

    /// Lets `engine` work until nothing waits, an hour passing between attempts; how often it was asked.
    pub async fn finish(&self, engine: &Arc<Engine>) -> u32 {
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

    pub async fn state(&self, scan: Digest) -> ScanState {
        let history = self.ledger.history(&Subject::Scan(scan)).await.unwrap();
        fold(history.iter().map(|fact| &fact.entry.event)).unwrap()
    }

    pub async fn facts(&self, scan: Digest) -> usize {
        self.ledger
            .history(&Subject::Scan(scan))
            .await
            .unwrap()
            .len()
    }

    pub async fn manifest(&self, scan: Digest) -> RecordManifest {
        let ScanStatus::Sealed { manifest, .. } = self.state(scan).await.status else {
            panic!("{:?}", self.state(scan).await);
        };
        let bytes = self.blobs.get(&manifest, 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    pub async fn held_codes(&self, scan: Digest) -> Vec<FindingCode> {
        match self.state(scan).await.status {
            ScanStatus::Held { findings } => findings.iter().map(|finding| finding.code).collect(),
            other => panic!("{other:?}"),
        }
    }

    pub fn jobs(&self) -> u64 {
        self.pool.counts().jobs.load(Ordering::Relaxed)
    }
}

/// The built-in pipeline with a part of its text replaced.
pub fn counter_paper(from: &str, to: &str) -> PipelineSpec {
    let text = EMBEDDED[0].1.replace(from, to);
    PipelineSpec::parse("counter-paper.toml", &text).unwrap()
}

pub fn good(number: u32) -> Bytes {
    page_png(200 + number, 100, format!("page {number}").as_bytes())
}
