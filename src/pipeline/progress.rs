//! What the engine tells while it works, for progress bars and `ingest --wait`.

use crate::domain::{Digest, Finding, Timestamp};

/// Something happened to a scan.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// A page's stages are all known.
    PageDone {
        /// The scan.
        scan: Digest,
        /// Page from 1.
        page: u32,
        /// Pages in all.
        pages: u32,
    },
    /// An attempt ended.
    ScanDone {
        /// The scan.
        scan: Digest,
        /// How.
        outcome: Outcome,
    },
}

/// How an attempt at a scan ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Its record is sealed, durably.
    Sealed {
        /// Digest of the manifest.
        manifest: Digest,
        /// Number of pages.
        pages: u32,
        /// What was found, none of which holds a scan.
        findings: Vec<Finding>,
    },
    /// A person has to look; the fact is durable.
    Held {
        /// Why.
        findings: Vec<Finding>,
    },
    /// It was not waiting any more: another worker was faster, or the catalog lags.
    NotWaiting,
    /// It goes back to the queue.
    Retry {
        /// From when on it may be claimed again.
        at: Timestamp,
        /// Why, without any content of the page.
        reason: String,
    },
    /// The engine was stopped; the scan waits for the next start.
    Stopped,
    /// Its lease ran out and may belong to another worker.
    LeaseLost,
}
