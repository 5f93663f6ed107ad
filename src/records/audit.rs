//! The audit of the whole: the ledger against the blobs it names and against the projections made of it. Every
//! finding is named and says which scan it concerns.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Records, RecordsError};
use crate::domain::case::CaseEvent;
use crate::domain::scan::{ScanState, ScanStatus, fold};
use crate::domain::{CaseNo, Digest, Event, Subject};
use crate::ledger::Projection;
use crate::search::{Query, Reader, SearchView};
use crate::store::blob::BlobError;
use crate::store::catalog::{Catalog, RowStatus};

/// Facts read at a time.
const CHUNK: usize = 1000;

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditKind {
    /// The tree contradicts itself: a leaf, a node, a sequence, a checkpoint or a key.
    Tree,
    /// A scan's master is not in the blob store.
    MasterMissing,
    /// A scan's master has another length than the fact says.
    MasterLength,
    /// A case's document or printed form is not in the blob store, or has another length than the fact says.
    Document,
    /// A sealed record's manifest is missing or is not one.
    Manifest,
    /// A blob that a manifest names is missing.
    DerivedMissing,
    /// The catalog has not applied every fact.
    CatalogBehind,
    /// A row differs from the history it is made of, or is missing.
    CatalogRow,
    /// The catalog counts other scans than there are.
    CatalogCounts,
    /// The search index has not applied every fact.
    IndexBehind,
    /// The index has another number of pages of a record than its manifest.
    IndexPages,
    /// The index has pages of no record.
    IndexExtra,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFinding {
    /// What was found.
    pub kind: AuditKind,
    /// Which scan, or which part.
    pub subject: String,
    /// What was expected and what was found.
    pub detail: String,
}

impl AuditFinding {
    /// A finding on `subject`.
    pub fn new(kind: AuditKind, subject: impl ToString, detail: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.to_string(),
            detail: detail.into(),
        }
    }
}

/// The scans as the ledger tells them.
#[derive(Debug, Default)]
pub struct Told {
    /// Facts read.
    pub facts: u64,
    /// Scans with their state and the length of their master.
    pub scans: BTreeMap<Digest, (ScanState, u64)>,
    /// Documents and printed forms of cases: whose, and the length where the fact says it.
    pub papers: BTreeMap<Digest, (CaseNo, Option<u64>)>,
}

/// Reads the whole ledger and folds every scan.
pub async fn tell(records: &Records) -> Result<Told, RecordsError> {
    let mut histories: BTreeMap<Digest, Vec<Event>> = BTreeMap::new();
    let mut papers = BTreeMap::new();
    let mut facts = 0;
    loop {
        let entries = records.store.entries(facts, CHUNK).await?;
        if entries.is_empty() {
            break;
        }
        facts += entries.len() as u64;
        for recorded in entries {
            match (recorded.entry.subject, recorded.entry.event) {
                (Subject::Scan(scan), event) => histories.entry(scan).or_default().push(event),
                (Subject::Case(no), Event::Case { event }) => papers.extend(paper(no, &event)),
                _ => {}
            }
        }
    }
    let mut scans = BTreeMap::new();
    for (scan, history) in histories {
        let bytes = match history.first() {
            Some(Event::ScanReceived { bytes, .. }) => *bytes,
            _ => 0,
        };
        if let Some(state) = fold(&history) {
            scans.insert(scan, (state, bytes));
        }
    }
    Ok(Told {
        facts,
        scans,
        papers,
    })
}

/// The blob that a fact about a case names.
fn paper(no: CaseNo, event: &CaseEvent) -> Option<(Digest, (CaseNo, Option<u64>))> {
    match event {
        CaseEvent::DocumentKept { document } => Some((document.digest, (no, Some(document.bytes)))),
        CaseEvent::FormPrinted { print } => Some((print.pdf, (no, None))),
        _ => None,
    }
}

/// Every blob the ledger names, directly or through a manifest.
pub async fn blobs_named(records: &Records) -> Result<Vec<Digest>, RecordsError> {
    let told = tell(records).await?;
    let mut named: Vec<Digest> = told.papers.keys().copied().collect();
    for (scan, (state, _)) in &told.scans {
        named.push(*scan);
        let Some(digest) = state.last_manifest else {
            continue;
        };
        named.push(digest);
        // A manifest that cannot be read is itself found by the scrub; what it names is then unknown.
        if let Ok(manifest) = records.manifest_blob(&digest).await {
            named.extend(manifest.derived());
        }
    }
    named.sort_unstable();
    named.dedup();
    Ok(named)
}

/// Ledger against blobs, and how many scans cannot be read because their cases were erased, which is as it should
/// be. `done` is called after each scan.
pub async fn audit_blobs(
    records: &Records,
    told: &Told,
    mut done: impl FnMut(),
) -> Result<(Vec<AuditFinding>, u64), RecordsError> {
    let mut findings = Vec::new();
    let mut erased = 0;
    for (scan, (state, bytes)) in &told.scans {
        let size = match records.blobs.size(scan).await {
            Err(BlobError::Erased { .. }) => {
                erased += 1;
                done();
                continue;
            }
            size => size?,
        };
        match size {
            None => findings.push(AuditFinding::new(
                AuditKind::MasterMissing,
                scan,
                "the master is not in the store",
            )),
            Some(found) if found != *bytes => {
                let detail = format!("the fact says {bytes} bytes, the store has {found}");
                findings.push(AuditFinding::new(AuditKind::MasterLength, scan, detail));
            }
            Some(_) => {}
        }
        if let Some(manifest) = state.last_manifest {
            findings.extend(audit_manifest(records, scan, &manifest).await?);
        }
        done();
    }
    for (paper, (no, expected)) in &told.papers {
        findings.extend(audit_paper(records, paper, no, *expected).await?);
    }
    Ok((findings, erased))
}

async fn audit_paper(
    records: &Records,
    paper: &Digest,
    no: &CaseNo,
    expected: Option<u64>,
) -> Result<Option<AuditFinding>, RecordsError> {
    let detail = match (records.blobs.size(paper).await, expected) {
        (Err(BlobError::Erased { .. }), _) => return Ok(None),
        (Err(error), _) => return Err(error.into()),
        (Ok(None), _) => format!("document {paper} is not in the store"),
        (Ok(Some(found)), Some(bytes)) if found != bytes => {
            format!("the fact says that document {paper} has {bytes} bytes, the store has {found}")
        }
        (Ok(Some(_)), _) => return Ok(None),
    };
    let subject = Subject::Case(no.clone());
    Ok(Some(AuditFinding::new(
        AuditKind::Document,
        subject,
        detail,
    )))
}

async fn audit_manifest(
    records: &Records,
    scan: &Digest,
    digest: &Digest,
) -> Result<Vec<AuditFinding>, RecordsError> {
    let manifest = match records.manifest_blob(digest).await {
        Ok(manifest) if manifest.scan == *scan => manifest,
        Ok(_) => {
            return Ok(vec![AuditFinding::new(
                AuditKind::Manifest,
                scan,
                "the manifest is another scan's",
            )]);
        }
        Err(error) => {
            return Ok(vec![AuditFinding::new(
                AuditKind::Manifest,
                scan,
                error.to_string(),
            )]);
        }
    };
    let mut findings = Vec::new();
    for blob in manifest.derived() {
        if !records.blobs.contains(&blob).await? {
            findings.push(AuditFinding::new(
                AuditKind::DerivedMissing,
                scan,
                format!("blob {blob} is not in the store"),
            ));
        }
    }
    Ok(findings)
}

/// Ledger against catalog.
pub async fn audit_catalog(told: &Told, catalog: &dyn Catalog) -> Vec<AuditFinding> {
    let failed = |detail: String| {
        vec![AuditFinding::new(
            AuditKind::CatalogBehind,
            "catalog",
            detail,
        )]
    };
    let position = match Projection::position(catalog).await {
        Ok(position) => position,
        Err(error) => return failed(error.to_string()),
    };
    if position != told.facts {
        return failed(format!(
            "the ledger has {} facts, the catalog applied {position}",
            told.facts
        ));
    }
    let mut findings = Vec::new();
    let mut expected = crate::store::catalog::Counts::default();
    for (scan, (state, _)) in &told.scans {
        let status = match state.status {
            ScanStatus::Pending => RowStatus::Pending,
            ScanStatus::Sealed { .. } => RowStatus::Sealed,
            ScanStatus::Held { .. } => RowStatus::Held,
        };
        match status {
            RowStatus::Pending => expected.pending += 1,
            RowStatus::Sealed => expected.sealed += 1,
            RowStatus::Held => expected.held += 1,
        }
        let row = catalog.scan(scan).await;
        let agrees = matches!(&row, Ok(Some(row)) if row.status == status
            && row.cases == state.cases && row.pipeline == state.pipeline && row.manifest == state.last_manifest);
        if !agrees {
            findings.push(AuditFinding::new(
                AuditKind::CatalogRow,
                scan,
                "the row differs from the history",
            ));
        }
    }
    match catalog.counts().await {
        Ok(counts) if counts == expected => {}
        Ok(counts) => {
            let detail = format!("expected {expected:?}, found {counts:?}");
            findings.push(AuditFinding::new(
                AuditKind::CatalogCounts,
                "catalog",
                detail,
            ));
        }
        Err(error) => findings.push(AuditFinding::new(
            AuditKind::CatalogCounts,
            "catalog",
            error.to_string(),
        )),
    }
    findings
}

/// Ledger against search index.
pub async fn audit_index(
    records: &Records,
    told: &Told,
    view: &SearchView,
) -> Result<Vec<AuditFinding>, RecordsError> {
    let failed = |detail: String| AuditFinding::new(AuditKind::IndexBehind, "index", detail);
    match view.position() {
        Ok(position) if position == told.facts => {}
        Ok(position) => {
            return Ok(vec![failed(format!(
                "the ledger has {} facts, the index applied {position}",
                told.facts
            ))]);
        }
        Err(error) => return Ok(vec![failed(error.to_string())]),
    }
    let mut findings = Vec::new();
    let mut pages_expected = 0;
    for (scan, (state, _)) in &told.scans {
        let Some(digest) = state.last_manifest else {
            continue;
        };
        let expected = match records.manifest_blob(&digest).await {
            Ok(manifest) => manifest.pages.len() as u64,
            // Nothing of an erased record may be found any more.
            Err(RecordsError::Blob(BlobError::Erased { .. })) => 0,
            Err(_) => continue,
        };
        pages_expected += expected;
        let found = pages_in_index(view, scan);
        if found != Ok(expected) {
            let detail = match found {
                Ok(found) => format!("the manifest has {expected} pages, the index {found}"),
                Err(error) => error,
            };
            findings.push(AuditFinding::new(AuditKind::IndexPages, scan, detail));
        }
    }
    let detail = match view.pages() {
        Ok(pages) if pages == pages_expected => return Ok(findings),
        Ok(pages) => format!("the manifests have {pages_expected} pages, the index {pages}"),
        Err(error) => error.to_string(),
    };
    findings.push(AuditFinding::new(AuditKind::IndexExtra, "index", detail));
    Ok(findings)
}

fn pages_in_index(view: &SearchView, scan: &Digest) -> Result<u64, String> {
    let query = Query::record(scan);
    view.search(&query, &Reader::Everything, 0, 0)
        .map(|hits| hits.total)
        .map_err(|error| error.to_string())
}
