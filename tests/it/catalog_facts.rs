//! What the tests of the catalog share: facts as the ledger hands them on, and a catalog as one text.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use counterfoil::domain::event::{FileFormat, ScanSource};
use counterfoil::domain::{
    Actor, CaseNo, Digest, Entry, Event, Finding, FindingCode, PipelineName, RequestId, Sm3,
    Subject, Timestamp,
};
use counterfoil::ledger::Recorded;
use counterfoil::store::catalog::{Catalog, RowStatus};
use counterfoil::store::sled::SledCatalog;

/// Facts as the ledger would hand them on, from index 0.
#[derive(Default)]
pub struct Facts(pub Vec<Recorded>);

impl Facts {
    pub fn add(&mut self, subject: Subject, event: Event) -> &mut Self {
        let index = self.0.len() as u64;
        let earlier = self.0.iter().filter(|fact| fact.entry.subject == subject);
        let entry = Entry {
            v: counterfoil::domain::event::ENTRY_VERSION,
            seq: earlier.count() as u32,
            subject,
            at: at(index as i64),
            occurred: None,
            by: Actor::new("system:test").unwrap(),
            request: RequestId::new(format!("r-{index}")).unwrap(),
            event,
        };
        let bytes = Bytes::from(entry.encode().unwrap());
        let entry = Entry::decode(&bytes).unwrap();
        self.0.push(Recorded {
            index,
            bytes,
            entry,
        });
        self
    }

    pub fn on(&mut self, scan: u32, event: Event) -> &mut Self {
        self.add(Subject::Scan(name(scan)), event)
    }

    pub fn received(&mut self, scan: u32) -> &mut Self {
        self.on(scan, received(scan, None))
    }
}

pub fn name(scan: u32) -> Digest {
    Digest::of(scan.to_be_bytes())
}

pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + millis)
}

pub fn received(scan: u32, case: Option<&str>) -> Event {
    Event::ScanReceived {
        digest: name(scan),
        sm3: Sm3::of(scan.to_be_bytes()),
        bytes: 1000 + u64::from(scan),
        format: FileFormat::Jpeg,
        source: ScanSource::Cli,
        pipeline: PipelineName::new("counter-paper").unwrap(),
        case: case.map(|case| CaseNo::new(case).unwrap()),
        note: None,
        site: None,
    }
}

pub fn sealed(manifest: &str) -> Event {
    Event::RecordSealed {
        manifest: Digest::of(manifest),
        pages: 2,
    }
}

pub fn read(manifest: &str) -> Event {
    Event::PagesRead {
        manifest: Digest::of(manifest),
        pages: 1,
    }
}

pub fn held() -> Event {
    Event::ScanHeld {
        findings: vec![
            Finding::page(1, FindingCode::Skewed).measured(0.1 + 0.2, 1e-7),
            Finding::file(FindingCode::AttemptsExhausted),
        ],
    }
}

pub fn requeued() -> Event {
    Event::ScanRequeued {
        pipeline: PipelineName::new("archive-backfile").unwrap(),
    }
}

/// Everything a catalog derives from the ledger.
pub async fn derived(catalog: &dyn Catalog) -> String {
    let mut rows = Vec::new();
    for status in [RowStatus::Pending, RowStatus::Sealed, RowStatus::Held] {
        rows.push(catalog.list(status, None, usize::MAX).await.unwrap());
    }
    let names = catalog.with_prefix("", usize::MAX).await.unwrap();
    let mut single = Vec::new();
    for name in &names {
        single.push(catalog.scan(name).await.unwrap());
    }
    let position = catalog.position().await.unwrap();
    let counts = catalog.counts().await.unwrap();
    format!("{position} {counts:?}\n{rows:#?}\n{names:#?}\n{single:#?}")
}

pub fn open(folder: &Path) -> SledCatalog {
    let opened = SledCatalog::open(folder).unwrap();
    assert_eq!(opened.set_aside, None);
    opened.catalog
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
