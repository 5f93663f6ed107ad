//! Erasing a case as a whole: through the receiver, the ledger and the blobs, with what others refer to kept.

use std::sync::Arc;

use bytes::Bytes;
use counterfoil::domain::event::{FileFormat, ScanSource};
use counterfoil::domain::manifest::{MANIFEST_VERSION, PageManifest, RecordManifest, StageRecord};
use counterfoil::domain::text::EngineId;
use counterfoil::domain::time::{Clock, ManualClock};
use counterfoil::domain::{
    Actor, CaseNo, Digest, Event, PipelineName, Problem, RequestId, Sm3, Subject, scan,
};
use counterfoil::ledger::catch_up;
use counterfoil::ledger::{Decline, Ledger, LedgerStore, LogSigner, Reads, audit_tree};
use counterfoil::pipeline::receive::{Incoming, Receiver, fold_history};
use counterfoil::records::audit::{audit_blobs, audit_index, blobs_named, tell};
use counterfoil::records::erasure::erase_case;
use counterfoil::records::{Records, RecordsError};
use counterfoil::search::{Mode, Query, Reader, SearchIndex, SearchView};
use counterfoil::store::MemoryLedger;
use counterfoil::store::blob::{BlobError, Blobs};
use counterfoil::store::scrub::scrub;
use counterfoil::store::vault::{Vault, VaultError};
use object_store::memory::InMemory;

use crate::case_keys::{approval, at, case, process};
use crate::search_corpus::one_line;
use crate::support::tiny_scan;

pub struct House {
    objects: Arc<InMemory>,
    pub blobs: Arc<Blobs>,
    pub vault: Arc<Vault>,
    pub ledger: Arc<Ledger>,
    store: Arc<dyn LedgerStore>,
}

impl House {
    pub async fn open() -> Self {
        Self::over(Arc::new(MemoryLedger::new())).await
    }

    pub async fn over(store: Arc<dyn LedgerStore>) -> Self {
        let objects = Arc::new(InMemory::new());
        let blobs = Arc::new(process(&objects));
        let clock = Arc::new(ManualClock::new(at(1_800_000_000_000))) as Arc<dyn Clock>;
        let signer = LogSigner::new("hall.example/log", &[7; 32]).unwrap();
        let ledger = Ledger::open(Arc::clone(&store), signer, clock, "hall.example/log");
        Self {
            vault: Arc::new(Vault::beside(&blobs)),
            ledger: Arc::new(ledger.await.unwrap()),
            objects,
            blobs,
            store,
        }
    }

    pub fn records(&self, blobs: &Arc<Blobs>) -> Records {
        Records::new(Arc::clone(&self.store), Arc::clone(blobs), 1 << 20)
    }

    pub async fn receive(&self, seed: u64, case: Option<&CaseNo>) -> Result<Digest, Problem> {
        let receiver = Receiver::new(
            Arc::clone(&self.ledger),
            Arc::clone(&self.blobs),
            Arc::clone(&self.vault),
            1 << 20,
        );
        let incoming = Incoming {
            announced: None,
            source: ScanSource::Cli,
            pipeline: PipelineName::new("counter-paper").unwrap(),
            case: case.cloned(),
            site: None,
            by: Actor::new("cli:test").unwrap(),
            file_name: Some(format!("张三 {seed}.png")),
        };
        let stream = futures::stream::iter([Ok(Bytes::from(tiny_scan(seed)))]);
        let received = receiver.receive(stream, incoming).await;
        received
            .map(|received| received.scan)
            .map_err(|error| error.problem())
    }

    pub async fn seal(&self, scan: Digest, outputs: &[&[u8]]) {
        seal(&self.ledger, &self.blobs, scan, outputs).await;
    }
}

/// Seals a record as the engine does, the first output its text and others its codes: outputs and manifest stored for the scan's cases.
pub async fn seal(ledger: &Ledger, blobs: &Arc<Blobs>, scan: Digest, outputs: &[&[u8]]) {
    let history = ledger.history(&Subject::Scan(scan)).await.unwrap();
    let blobs = blobs.for_cases(&fold_history(&history).unwrap().cases);
    let mut stages = Vec::new();
    for (place, output) in outputs.iter().enumerate() {
        let stage = if place == 0 { "ocr" } else { "codes" };
        stages.push(StageRecord {
            stage: stage.into(),
            key: Digest::of("key"),
            input: scan,
            output: blobs.put(output).await.unwrap().digest,
        });
    }
    let manifest = serde_json::to_vec(&manifest(scan, stages)).unwrap();
    let manifest = blobs.put(&manifest).await.unwrap().digest;
    let request = RequestId::new(format!("seal/{scan}")).unwrap();
    let by = Actor::new("system:pipeline").unwrap();
    let decide = move |reads: &mut Reads<'_>, _| {
        let state = fold_history(reads.history(&Subject::Scan(scan))?);
        scan::seal(state.as_ref(), scan, manifest, 1).map_err(Decline::from)
    };
    ledger.record(request, &by, decide).await.unwrap();
}

pub fn text(words: &str) -> Vec<u8> {
    serde_json::to_vec(&one_line(words)).unwrap()
}

fn manifest(scan: Digest, stages: Vec<StageRecord>) -> RecordManifest {
    let engine = EngineId {
        name: "recorded".into(),
        version: "1".into(),
        models: String::new(),
        settings: String::new(),
    };
    RecordManifest {
        v: MANIFEST_VERSION,
        scan,
        sm3: Sm3::of("x"),
        bytes: 1,
        format: FileFormat::Png,
        pipeline: PipelineName::new("counter-paper").unwrap(),
        pipeline_digest: Digest::of("pipeline"),
        pages: vec![PageManifest {
            turn: counterfoil::domain::text::PageTurn::None,
            page: 1,
            width: 1,
            height: 1,
            dpi: None,
            text: stages[0].output,
            engine,
            stages,
        }],
        findings: Vec::new(),
    }
}

async fn readable(blobs: &Blobs, plain: &[u8]) -> bool {
    match blobs.get(&Digest::of(plain), 1 << 20).await {
        Ok(found) => found == plain,
        Err(BlobError::Erased { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

/// The scans of a house: of case A alone, of A and B, read before it was filed under A, of B, of no case.
struct Scans {
    mine: Digest,
    both: Digest,
    late: Digest,
    other: Digest,
    free: Digest,
}

async fn fill(house: &House, one: &CaseNo, two: &CaseNo) -> Scans {
    let mine = house.receive(1, Some(one)).await.unwrap();
    let pages = [&text("text of mine")[..], b"blank page"];
    house.seal(mine, &pages).await;
    let both = house.receive(2, Some(one)).await.unwrap();
    let pages = [&text("text of both")[..], b"blank page"];
    house.seal(both, &pages).await;
    assert_eq!(house.receive(2, Some(two)).await.unwrap(), both);
    let late = house.receive(3, None).await.unwrap();
    let pages = [&text("text of late")[..], b"free page"];
    house.seal(late, &pages).await;
    house.receive(3, Some(one)).await.unwrap();
    let other = house.receive(4, Some(two)).await.unwrap();
    let pages = [&text("text of other")[..], b"blank page"];
    house.seal(other, &pages).await;
    let free = house.receive(5, None).await.unwrap();
    let pages = [&text("text of free")[..], b"free page"];
    house.seal(free, &pages).await;
    Scans {
        mine,
        both,
        late,
        other,
        free,
    }
}

async fn only_case_a_is_gone(house: &House, blobs: &Arc<Blobs>, scans: &Scans) {
    for (number, words) in [(1, "text of mine"), (3, "text of late")] {
        assert!(!readable(blobs, &text(words)).await);
        assert!(!readable(blobs, &tiny_scan(number)).await);
    }
    for (number, words) in [
        (2, "text of both"),
        (4, "text of other"),
        (5, "text of free"),
    ] {
        assert!(readable(blobs, &text(words)).await);
        assert!(readable(blobs, &tiny_scan(number)).await);
    }
    assert!(readable(blobs, b"blank page").await);
    assert!(readable(blobs, b"free page").await);
    let records = house.records(blobs);
    let gone = records.manifest(&scans.mine).await.unwrap_err();
    assert!(matches!(
        &gone,
        RecordsError::Blob(BlobError::Erased { .. })
    ));
    assert_eq!(gone.problem(), Problem::Erased);
    for kept in [scans.both, scans.other, scans.free] {
        records.manifest(&kept).await.unwrap();
    }
    let told = tell(&records).await.unwrap();
    let (findings, erased) = audit_blobs(&records, &told, || {}).await.unwrap();
    assert_eq!((findings, erased), (Vec::new(), 2));
    let named = blobs_named(&records).await.unwrap();
    let named = futures::stream::iter(named.into_iter().map(Ok));
    let report = scrub(blobs, named, &mut |_| {}).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    // Two masters with their manifests; what the manifests named is not known any more.
    assert_eq!(report.erased, 4);
}

#[tokio::test]
async fn an_erased_case_is_gone_and_the_ledger_still_verifies() {
    let house = House::open().await;
    let (one, two) = (case("A-1"), case("B-1"));
    let scans = fill(&house, &one, &two).await;
    let subject = Subject::Case(one.clone());
    let personal = house.vault.put(&subject, b"name").await.unwrap();
    let before = house.store.checkpoint().await.unwrap();
    for attempt in 0..2 {
        let records = house.records(&house.blobs);
        let erased = erase_case(&records, &house.vault, &one, at(9), approval()).await;
        let erased = erased.unwrap();
        let mut gone = vec![scans.mine, scans.late];
        gone.sort();
        assert_eq!(erased.scans, gone, "attempt {attempt}");
        assert_eq!(erased.tombstone.approval, approval());
    }
    for blobs in [Arc::clone(&house.blobs), Arc::new(process(&house.objects))] {
        only_case_a_is_gone(&house, &blobs, &scans).await;
        let record = Vault::beside(&blobs).get(&subject, &personal).await;
        assert!(matches!(record, Err(VaultError::Erased { .. })));
    }
    let refused = house.receive(6, Some(&one)).await;
    assert_eq!(refused, Err(Problem::Erased));
    assert_eq!(house.store.checkpoint().await.unwrap(), before);
    assert!(audit_tree(house.store.as_ref()).await.unwrap().is_clean());
}

#[tokio::test]
async fn file_names_go_with_the_case() {
    let house = House::open().await;
    let (one, two) = (case("A-1"), case("B-1"));
    let mine = house.receive(1, Some(&one)).await.unwrap();
    let late = house.receive(2, None).await.unwrap();
    house.receive(2, Some(&one)).await.unwrap();
    let both = house.receive(3, None).await.unwrap();
    house.receive(3, Some(&one)).await.unwrap();
    house.receive(3, Some(&two)).await.unwrap();
    let records = house.records(&house.blobs);
    erase_case(&records, &house.vault, &one, at(9), approval())
        .await
        .unwrap();
    for (scan, kept) in [(mine, false), (late, false), (both, true)] {
        let Event::ScanReceived { note, .. } = records.received(&scan).await.unwrap() else {
            panic!("not received");
        };
        let subject = Subject::Scan(scan);
        let found = house.vault.get(&subject, &note.unwrap()).await;
        assert_eq!(found.is_ok(), kept, "{scan}");
    }
    let last = erase_case(&records, &house.vault, &two, at(10), approval()).await;
    assert_eq!(last.unwrap().scans, [both]);
    let named = blobs_named(&records).await.unwrap();
    assert_eq!(named.len(), 3);
    for scan in named {
        let got = house.blobs.get(&scan, 1 << 20).await;
        assert!(matches!(got, Err(BlobError::Erased { .. })), "{got:?}");
    }
}

pub fn found(view: &SearchView, words: &str) -> u64 {
    let query = Query::parse(words, Mode::default()).unwrap();
    let hits = view.search(&query, &Reader::Everything, 0, 10).unwrap();
    hits.total
}

/// Whether a file of the index still holds pages that are only marked as deleted.
pub fn holds_deleted(folder: &std::path::Path) -> bool {
    let index = tantivy::Index::open_in_dir(folder).unwrap();
    let metas = index.searchable_segment_metas().unwrap();
    metas.iter().any(|meta| meta.num_deleted_docs() > 0)
}

#[tokio::test]
async fn an_erased_case_is_found_no_more_and_the_index_can_be_rebuilt() {
    let house = House::open().await;
    let (one, two) = (case("A-1"), case("B-1"));
    let mine = house.receive(1, Some(&one)).await.unwrap();
    house.seal(mine, &[&text("甲的申请书")]).await;
    let other = house.receive(2, Some(&two)).await.unwrap();
    house.seal(other, &[&text("乙的申请书")]).await;
    let folder = tempfile::tempdir().unwrap();
    let records = house.records(&house.blobs);
    let index = SearchIndex::open(folder.path(), Arc::new(records.clone())).unwrap();
    catch_up(&house.ledger, &index).await.unwrap();
    assert_eq!(found(&index.view(), "申请书"), 2);
    let erased = erase_case(&records, &house.vault, &one, at(9), approval()).await;
    for _ in 0..2 {
        let scans = erased.as_ref().unwrap().scans.clone();
        index.purge(&scans).await.unwrap();
        assert_eq!(found(&index.view(), "申请书"), 1);
        assert_eq!(found(&index.view(), "甲的"), 0);
        assert!(!holds_deleted(folder.path()));
    }
    let told = tell(&records).await.unwrap();
    let findings = audit_index(&records, &told, &index.view()).await.unwrap();
    assert_eq!(findings, Vec::new());
    // What comes later is indexed, and an index built anew says the same.
    let later = house.receive(3, Some(&two)).await.unwrap();
    house.seal(later, &[&text("丙的申请书")]).await;
    catch_up(&house.ledger, &index).await.unwrap();
    assert_eq!(found(&index.view(), "申请书"), 2);
    let anew = SearchIndex::in_memory(Arc::new(records.clone())).unwrap();
    catch_up(&house.ledger, &anew).await.unwrap();
    assert_eq!(found(&anew.view(), "申请书"), 2);
    assert_eq!(found(&anew.view(), "甲的"), 0);
}
