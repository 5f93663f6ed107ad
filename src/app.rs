//! The composition root: the only file that names adapters. It turns a valid configuration into the parts a
//! command needs, and (with `app/clock`) the only place that reads the system clock.

mod clock;
mod clockwork;
mod error;
mod forms;
mod keys;
mod people;
mod platform;
mod reading;
mod service;
mod timed;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use self::clock::system_clock;
pub use self::clockwork::{Clockwork, Round, RoundError};
pub use self::error::OpenError;
pub use self::forms::printer;
pub use self::keys::{load_master_key, log_key_path, master_key_path, token_path};
pub use self::reading::{Auditing, Part, Reading};
pub use self::service::dialect;
use self::timed::TimedLedger;
use crate::config::{CatalogStore, Config, LedgerStoreKind};
use crate::counter::{Counter, placing};
use crate::domain::text::EngineId;
use crate::domain::{Actor, Clock};
use crate::http::health::AppendTimes;
use crate::ledger::{Follower, Ledger, LedgerStore, Projection};
use crate::ocr::{EngineKind, Language};
use crate::pipeline::receive::Receiver;
use crate::pipeline::{Engine, EngineOptions, EngineParts, Pipelines, remember_from_manifests};
use crate::records::Records;
use crate::records::erasure::Eraser;
use crate::search::SearchIndex;
use crate::store::blob::Blobs;
use crate::store::catalog::Catalog;
use crate::store::keys::MasterKeys;
use crate::store::lists::Listing;
use crate::store::memory_catalog::MemoryCatalog;
use crate::store::memory_ledger::MemoryLedger;
use crate::store::objects::Objects;
use crate::store::segment::{SegmentLedger, SegmentSettings};
use crate::store::sled::SledCatalog;
use crate::store::vault::Vault;
use crate::worker::{WorkerOptions, WorkerPool};

/// Who seals and holds.
const PIPELINE_ACTOR: &str = "system:pipeline";

/// Everything a process that writes needs. One process has it for a data folder.
pub struct App {
    /// The configuration it was opened with.
    pub config: Config,
    /// The log.
    pub ledger: Arc<Ledger>,
    /// Where the log's facts lie.
    pub store: Arc<dyn LedgerStore>,
    /// How long its appends take.
    pub appends: Arc<AppendTimes>,
    /// Masters and everything derived.
    pub blobs: Arc<Blobs>,
    /// Personal data and free text.
    pub vault: Arc<Vault>,
    /// Lists, queue and memos.
    pub catalog: Arc<dyn Catalog>,
    /// The full text.
    pub index: Arc<SearchIndex>,
    /// What erases cases.
    pub eraser: Arc<Eraser>,
    /// How each kind of paper is read.
    pub pipelines: Pipelines,
    pool: Arc<WorkerPool>,
    clock: Arc<dyn Clock>,
}

impl App {
    /// Opens everything for writing. The first start makes the keys; a catalog that was lost is told from its
    /// position and filled again by the follower.
    pub async fn open(config: &Config) -> Result<Self, OpenError> {
        Self::open_at(config, clock::clock_of(config)).await
    }

    /// The same by another clock than this machine's.
    pub async fn open_at(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        std::fs::create_dir_all(&config.data.folder)
            .map_err(|error| OpenError::folder(&config.data.folder, error))?;
        let pipelines = pipelines(config)?;
        let appends = Arc::new(AppendTimes::default());
        let store = open_ledger_store(config).await?;
        let store: Arc<dyn LedgerStore> = Arc::new(TimedLedger::new(store, appends.clone()));
        let objects = Objects::open(&config.blobs.location, &config.blobs.s3).await?;
        let fresh = store.checkpoint().await?.is_none() && objects.is_empty().await?;
        let master = master_key_path(config);
        let master = MasterKeys::load_or_create(&master, &config.data.folder, fresh)?;
        let signer = keys::log_signer(config, &store).await?;
        let ledger = Arc::new(
            Ledger::open(store.clone(), signer, clock.clone(), &config.ledger.origin).await?,
        );
        let blobs = Arc::new(Blobs::open(&objects, master));
        let vault = Arc::new(Vault::beside(&blobs));
        let records = Records::new(store.clone(), blobs.clone(), config.limits.scan_bytes_max);
        let catalog = open_catalog(config, &store)?;
        // This process is the only one here: whoever held a lease before is gone.
        catalog
            .release_all(clock.now())
            .await
            .map_err(|error| OpenError::Catalog(error.to_string()))?;
        let index = SearchIndex::open(&index_path(config), Arc::new(records.clone()))?;
        let index = Arc::new(index);
        let eraser = Arc::new(Eraser::new(records, vault.clone(), index.clone()));
        let pool = worker_pool(config)?;
        let config = config.clone();
        Ok(Self {
            config,
            ledger,
            store,
            appends,
            blobs,
            vault,
            catalog,
            index,
            eraser,
            pipelines,
            pool,
            clock,
        })
    }

    /// The reading side.
    pub fn records(&self) -> Records {
        Records::new(
            self.store.clone(),
            self.blobs.clone(),
            self.config.limits.scan_bytes_max,
        )
    }

    /// The door for scans.
    pub fn receiver(&self) -> Receiver {
        let bytes_max = self.config.limits.scan_bytes_max;
        Receiver::new(
            self.ledger.clone(),
            self.blobs.clone(),
            self.vault.clone(),
            bytes_max,
        )
    }

    /// The use cases of the window.
    pub fn counter(&self) -> Counter {
        Counter::new(
            self.ledger.clone(),
            self.blobs.clone(),
            self.vault.clone(),
            self.catalog.clone(),
            self.clock.clone(),
        )
    }

    /// Keeps catalog and index up to date from now on.
    pub fn follow(&self) -> Follower {
        let catalog: Arc<dyn Projection> = self.catalog.clone();
        let index: Arc<dyn Projection> = self.index.clone();
        Follower::spawn(&self.ledger, vec![catalog, index])
    }

    /// Refills the memos of a catalog that starts anew over a log with history.
    pub async fn recall_memos(&self) -> Result<(), OpenError> {
        let position = self
            .catalog
            .position()
            .await
            .map_err(|error| OpenError::Catalog(error.to_string()))?;
        if position > 0 || *self.ledger.published().borrow() <= 1 {
            return Ok(());
        }
        let recalled =
            remember_from_manifests(&self.ledger, &self.blobs, self.catalog.as_ref()).await;
        let recalled = recalled.map_err(|error| OpenError::Catalog(error.to_string()))?;
        tracing::info!(
            memos = recalled,
            "the catalog starts anew; memos were read from the sealed manifests"
        );
        Ok(())
    }

    /// The engine that reads what waits.
    pub fn engine(&self) -> Result<Arc<Engine>, OpenError> {
        let parts = EngineParts {
            ledger: self.ledger.clone(),
            blobs: self.blobs.clone(),
            catalog: self.catalog.clone(),
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            pipelines: self.pipelines.clone(),
            actor: Actor::new(PIPELINE_ACTOR)
                .map_err(|error| OpenError::Internal(error.to_string()))?,
        };
        let mut options = EngineOptions::for_workers(self.config.work.workers);
        options.bytes_in_flight = self.config.work.bytes_in_flight_max;
        Ok(Engine::new(parts, options))
    }

    /// The children, for exports and for what they used.
    pub fn pool(&self) -> &Arc<WorkerPool> {
        &self.pool
    }
}

/// The pipelines there are: built in, joined by the configured folder.
pub fn pipelines(config: &Config) -> Result<Pipelines, OpenError> {
    match &config.pipelines.folder {
        Some(folder) => Pipelines::with_folder(folder).map_err(OpenError::Pipelines),
        None => Pipelines::embedded().map_err(|error| OpenError::Pipelines(vec![error])),
    }
}

/// A pool of children that read pages.
pub fn worker_pool(config: &Config) -> Result<Arc<WorkerPool>, OpenError> {
    let program =
        std::env::current_exe().map_err(|error| OpenError::Internal(error.to_string()))?;
    let mut options = WorkerOptions::new(program, config.ocr.engine, config.ocr.folder.clone());
    options.runtime = config.ocr.runtime;
    options.memory_max = config.work.memory_max_mib << 20;
    Ok(WorkerPool::new(options, config.work.workers))
}

/// Opens an engine in a child and reads `picture` (an encoded image) with it.
pub async fn check_engine(
    config: &Config,
    engine: EngineKind,
    languages: &[Language],
    picture: &'static [u8],
    deadline: Duration,
) -> Result<(EngineId, String), String> {
    let pool = worker_pool(config).map_err(|error| error.to_string())?;
    let mut worker = pool.checkout().await.map_err(|error| error.to_string())?;
    let picture = Some(Bytes::from_static(picture));
    let checked = worker
        .check(engine, languages, picture, deadline)
        .await
        .map_err(|error| error.to_string())?;
    let text = checked.text.map(|page| page.text()).unwrap_or_default();
    Ok((checked.id, text))
}

fn ledger_path(config: &Config) -> PathBuf {
    config.data.folder.join("ledger")
}

fn catalog_path(config: &Config) -> PathBuf {
    config.data.folder.join("catalog")
}

fn index_path(config: &Config) -> PathBuf {
    config.data.folder.join("index")
}

async fn open_ledger_store(config: &Config) -> Result<Arc<dyn LedgerStore>, OpenError> {
    match config.ledger.store {
        LedgerStoreKind::Memory => Ok(Arc::new(MemoryLedger::new())),
        LedgerStoreKind::Segment => {
            let settings = SegmentSettings {
                rotate_bytes: config.ledger.segment_bytes,
            };
            Ok(Arc::new(
                SegmentLedger::open(&ledger_path(config), settings).await?,
            ))
        }
    }
}

fn open_catalog(
    config: &Config,
    store: &Arc<dyn LedgerStore>,
) -> Result<Arc<dyn Catalog>, OpenError> {
    let listing = Listing::new(store.clone(), placing);
    match config.catalog.store {
        CatalogStore::Memory => Ok(Arc::new(MemoryCatalog::new().with_listing(listing))),
        CatalogStore::Sled => {
            let opened = SledCatalog::open(&catalog_path(config))?;
            Ok(Arc::new(opened.catalog.with_listing(listing)))
        }
    }
}
