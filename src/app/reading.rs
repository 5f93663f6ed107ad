//! Opening for those who only read. Another process may hold the data folder: facts and blobs are then read
//! beside it, and the index at its last commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{App, OpenError, index_path, ledger_path, master_key_path};
use crate::config::{Config, LedgerStoreKind};
use crate::domain::Digest;
use crate::ledger::{Ledger, LedgerStore, Projection, audit_tree, catch_up};
use crate::merkle::Checkpoint;
use crate::records::Records;
use crate::records::audit::{AuditFinding, AuditKind};
use crate::search::{Query, Reader, SearchView};
use crate::store::blob::Blobs;
use crate::store::catalog::Catalog;
use crate::store::keys::MasterKeys;
use crate::store::objects::Objects;
use crate::store::segment::SegmentLedger;

/// The fewest digits a record may be named by.
const PREFIX_MIN: usize = 8;

/// How long a reader waits for the process beside it to index what is already in the ledger.
const CATCH_UP_MAX: Duration = Duration::from_secs(5);
const CATCH_UP_POLL: Duration = Duration::from_millis(20);

/// The reading side without a writer.
pub struct Reading {
    /// Facts and blobs.
    pub records: Records,
    pub(super) store: Arc<dyn LedgerStore>,
    config: Config,
}

/// A part that may be held by another process.
pub enum Part<T> {
    /// It is open.
    Open(T),
    /// Another process holds it.
    InUse,
}

impl Reading {
    /// Opens facts and blobs for reading. Fails when nothing was ever stored here.
    pub async fn open(config: &Config) -> Result<Self, OpenError> {
        if config.ledger.store == LedgerStoreKind::Memory || !ledger_path(config).exists() {
            return Err(OpenError::NoData(config.data.folder.clone()));
        }
        let store: Arc<dyn LedgerStore> =
            Arc::new(SegmentLedger::open_read_only(&ledger_path(config)).await?);
        let objects = Objects::open(&config.blobs.location, &config.blobs.s3).await?;
        let keys =
            MasterKeys::load_or_create(&master_key_path(config), &config.data.folder, false)?;
        let blobs = Arc::new(Blobs::open(&objects, keys));
        let records = Records::new(store.clone(), blobs, config.limits.scan_bytes_max);
        Ok(Self {
            records,
            store,
            config: config.clone(),
        })
    }

    /// The log's facts.
    pub fn store(&self) -> &dyn LedgerStore {
        self.store.as_ref()
    }

    /// A view on the index that holds every fact of the ledger. Indexes them itself when no other process holds the
    /// data folder, otherwise waits a little for that process, and says so when the view is still behind.
    pub async fn view(&self) -> Result<SearchView, OpenError> {
        let size = self.size().await?;
        let begun = Instant::now();
        loop {
            match SearchView::open(&index_path(&self.config)) {
                Ok(view) if view.position()? >= size => {
                    // The commit may have come between opening and asking.
                    view.reload()?;
                    return Ok(view);
                }
                Ok(view) if begun.elapsed() > CATCH_UP_MAX => {
                    tracing::warn!(
                        facts = size,
                        "the index is still behind the ledger; newest records may be missing"
                    );
                    return Ok(view);
                }
                Ok(_) | Err(_) => {}
            }
            match App::open(&self.config).await {
                Ok(app) => {
                    app.catch_up().await?;
                    app.ledger.close().await;
                }
                Err(error) if error.is_in_use() && begun.elapsed() <= CATCH_UP_MAX => {
                    tokio::time::sleep(CATCH_UP_POLL).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The record whose digest begins with `prefix` (8 digits or more).
    pub async fn resolve(&self, prefix: &str) -> Result<Digest, OpenError> {
        if let Ok(whole) = prefix.parse() {
            return Ok(whole);
        }
        let unknown = || OpenError::NoRecord(prefix.chars().take(64).collect());
        if prefix.len() < PREFIX_MIN || !prefix.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        let query = Query::record_prefix(prefix).ok_or_else(unknown)?;
        let found = self
            .view()
            .await?
            .search(&query, &Reader::Everything, 200, 0)?;
        let mut records: Vec<Digest> = found.hits.iter().map(|hit| hit.record).collect();
        records.sort_unstable();
        records.dedup();
        match records.as_slice() {
            [] => Err(unknown()),
            [one] => Ok(*one),
            _ => Err(OpenError::Ambiguous(prefix.to_string())),
        }
    }

    async fn size(&self) -> Result<u64, OpenError> {
        let note = self.store.checkpoint().await?;
        match note {
            // The signature is the audit's affair; here the size only says how far the index has to come.
            Some(note) => Ok(Checkpoint::parse_unverified(&note)
                .map(|checkpoint| checkpoint.size)
                .unwrap_or(0)),
            None => Ok(0),
        }
    }
}

impl App {
    /// Brings catalog and index up to the ledger, without following on.
    pub async fn catch_up(&self) -> Result<(), OpenError> {
        self.recall_memos().await?;
        let projections: [&dyn Projection; 2] = [self.catalog.as_ref(), self.index.as_ref()];
        for projection in projections {
            catch_up(&self.ledger, projection)
                .await
                .map_err(|error| OpenError::Catalog(error.to_string()))?;
        }
        Ok(())
    }
}

/// What an audit looks at.
pub struct Auditing {
    /// Facts and blobs.
    pub records: Records,
    /// The catalog, unless another process holds it.
    pub catalog: Part<Arc<dyn Catalog>>,
    /// The index.
    pub view: SearchView,
    store: Arc<dyn LedgerStore>,
    ledger: Option<Arc<Ledger>>,
}

impl Auditing {
    /// Opens what there is. Alone, it first brings the projections up to the ledger, as every start does.
    pub async fn open(config: &Config) -> Result<Self, OpenError> {
        if !ledger_path(config).exists() {
            return Err(OpenError::NoData(config.data.folder.clone()));
        }
        match App::open(config).await {
            Ok(app) => {
                app.catch_up().await?;
                let (records, view) = (app.records(), app.index.view());
                let catalog = Part::Open(app.catalog.clone());
                Ok(Self {
                    records,
                    catalog,
                    view,
                    store: app.store.clone(),
                    ledger: Some(app.ledger.clone()),
                })
            }
            Err(error) if error.is_in_use() => {
                let reading = Reading::open(config).await?;
                let view = reading.view().await?;
                Ok(Self {
                    records: reading.records,
                    catalog: Part::InUse,
                    view,
                    store: reading.store,
                    ledger: None,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Audits the tree itself.
    pub async fn tree(&self) -> Result<Vec<AuditFinding>, OpenError> {
        let report = audit_tree(self.store.as_ref()).await?;
        let mut findings: Vec<AuditFinding> = report
            .findings
            .iter()
            .map(|finding| AuditFinding::new(AuditKind::Tree, "log", finding.to_string()))
            .collect();
        if report.more_findings > 0 {
            let detail = format!("{} more findings", report.more_findings);
            findings.push(AuditFinding::new(AuditKind::Tree, "log", detail));
        }
        Ok(findings)
    }

    /// Lets go of what was held.
    pub async fn close(self) {
        if let Some(ledger) = self.ledger {
            ledger.close().await;
        }
    }
}
