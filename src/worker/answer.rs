//! What a keeper answers to a job.

use bytes::Bytes;

use super::protocol::Failure;
use crate::domain::Finding;
use crate::domain::text::{EngineId, OcrPage};

/// Why a job gave no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorkerError {
    /// The child answered that it did not do it.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// No child could be started.
    #[error("the worker process cannot be started: {reason}")]
    Spawn {
        /// Why.
        reason: String,
    },
}

/// A master as its child opened it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Number of pages.
    pub pages: u32,
    /// What was found on the file as a whole.
    pub findings: Vec<Finding>,
}

/// What the stages of a page gave.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRead {
    /// An output for each stage, in the order asked.
    pub outputs: Vec<Bytes>,
    /// The engine that read, when a stage did.
    pub engine: Option<EngineId>,
}

/// An engine as a child opened it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Which one, exactly.
    pub id: EngineId,
    /// What it read in the picture, if there was one.
    pub text: Option<OcrPage>,
}
