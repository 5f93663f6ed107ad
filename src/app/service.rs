//! The HTTP face over the parts of an [`App`].

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::{App, OpenError};
use crate::config::{Config, DialectChoice};
use crate::domain::PipelineName;
use crate::http::Service;
use crate::http::door::Token;
use crate::http::health::Metrics;
use crate::malware::Clamd;
use crate::package::metadata::Dialect;
use crate::people::Backoff;
use crate::records::export::Exporter;
use crate::store::read_log::ReadLog;
use crate::transfer::Packer;

/// Uploads taken at the same time.
const UPLOADS_MAX: usize = 64;
/// Event streams open at the same time.
const STREAMS_MAX: usize = 1024;
/// The pipeline of an upload that names none.
const DEFAULT_PIPELINE: &str = "counter-paper";

/// The dialect in which metadata of packages are written.
pub fn dialect(config: &Config) -> Result<Dialect, OpenError> {
    let dialect = match &config.package.dialect {
        DialectChoice::BuiltIn(name) => Dialect::built_in(name),
        DialectChoice::Folder(folder) => Dialect::from_folder(folder),
    };
    dialect.map_err(|fault| OpenError::Dialect(fault.to_string()))
}

impl App {
    /// The log of reads.
    pub(super) fn reads(&self) -> Result<ReadLog, OpenError> {
        let folder = self.config.data.folder.join("reads");
        ReadLog::open(&folder).map_err(|error| OpenError::folder(&folder, error))
    }

    /// What makes the packages of transfers.
    pub fn packer(&self) -> Result<Packer, OpenError> {
        let package = &self.config.package;
        Ok(Packer {
            records: self.records(),
            pool: self.pool.clone(),
            pipelines: self.pipelines.clone(),
            ledger: self.ledger.clone(),
            dialect: dialect(&self.config)?,
            fonds: package.fonds.clone(),
            contact: package.contact.clone(),
            clamd: self.config.malware.clone().map(Clamd::new),
            scratch: self.config.data.folder.join("scratch"),
        })
    }

    /// What the handlers need. `token` is this machine's upload token.
    pub fn service(&self, token: &str) -> Result<Arc<Service>, OpenError> {
        let reads = self.reads()?;
        let pipeline = PipelineName::new(DEFAULT_PIPELINE)
            .map_err(|error| OpenError::Internal(error.to_string()))?;
        // The server itself listens on loopback, behind a proxy that ends TLS.
        let origin = self.config.people.origin.as_deref();
        let printer = super::printer(&self.config);
        if let Err(error) = &printer {
            tracing::warn!(%error, "forms cannot be printed");
        }
        let mut counter = self.counter();
        counter.set_printer(printer);
        Ok(Arc::new(Service {
            counter,
            people: self.people()?,
            platform: self.platform()?,
            reads,
            receiver: self.receiver(),
            records: self.records(),
            exporter: Exporter::new(
                self.records(),
                self.pool.clone(),
                self.pipelines.clone(),
                self.config.data.folder.join("scratch"),
            ),
            packer: self.packer()?,
            eraser: self.eraser.clone(),
            search: self.index.view(),
            ledger: self.ledger.clone(),
            appends: self.appends.clone(),
            catalog: self.catalog.clone(),
            default_pipeline: pipeline,
            pipelines: self.pipelines.clone(),
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            metrics: Metrics::default(),
            token: Token::new(token),
            secure_cookies: origin.is_some_and(|origin| origin.starts_with("https://")),
            tiles: self.config.publish.tiles,
            lookups: Mutex::new(Backoff::default()),
        }))
    }
}
