//! The manifest of a sealed record: everything that was derived from a master, by digest, and what made it.

use serde::{Deserialize, Serialize};

use super::digest::{Digest, Sm3};
use super::event::FileFormat;
use super::finding::Finding;
use super::id::PipelineName;
use super::text::{EngineId, PageTurn};

/// Format version of the manifest.
pub const MANIFEST_VERSION: u16 = 1;

/// What a record consists of. Stored as a blob; the ledger holds its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordManifest {
    /// See [`MANIFEST_VERSION`].
    pub v: u16,
    /// SHA-256 of the master.
    pub scan: Digest,
    /// SM3 of the master.
    pub sm3: Sm3,
    /// Length of the master.
    pub bytes: u64,
    /// Format of the master.
    pub format: FileFormat,
    /// Pipeline that read it.
    pub pipeline: PipelineName,
    /// Digest of the pipeline file's text.
    pub pipeline_digest: Digest,
    /// Pages in order.
    pub pages: Vec<PageManifest>,
    /// Everything found, on the file and on its pages.
    pub findings: Vec<Finding>,
}

impl RecordManifest {
    /// The blobs it names: page texts and stage outputs. The manifest itself and the master are not among them.
    pub fn derived(&self) -> Vec<Digest> {
        let mut named = Vec::new();
        for page in &self.pages {
            named.push(page.text);
            named.extend(page.stages.iter().map(|stage| stage.output));
        }
        named
    }
}

/// One page of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageManifest {
    /// Page number from 1.
    pub page: u32,
    /// Width in pixels of the page as decoded, by the orientation its file states.
    pub width: u32,
    /// Height in pixels of the page as decoded.
    pub height: u32,
    /// How it was turned to be read; what was read lies in pixels of the turned page.
    #[serde(default, skip_serializing_if = "PageTurn::is_none")]
    pub turn: PageTurn,
    /// Resolution in dots per inch, when the file states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<f32>,
    /// Digest of the [`super::text::OcrPage`] blob.
    pub text: Digest,
    /// Engine that read it.
    pub engine: EngineId,
    /// Every stage in order: what it was and what it gave.
    pub stages: Vec<StageRecord>,
}

/// One stage's memo: the same key over the same input gives the same output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRecord {
    /// Stage kind, as in the pipeline file.
    pub stage: String,
    /// Digest of kind, version, settings and the keys of the stages it depends on.
    pub key: Digest,
    /// Digest of the stage's input (the scan and the page number).
    pub input: Digest,
    /// Digest of the output blob.
    pub output: Digest,
}
