//! How a scan becomes a sealed record. Here live the pipeline files and their strict reading, the keys and
//! memos of stages, the engine that claims scans and walks their pages, replay, and the rebuild of memos.
//! Nothing here decodes outside bytes: that is the worker's, and no adapter is named here.

mod attempt;
pub mod engine;
pub mod keys;
mod meaning;
mod memo;
mod pages;
mod parts;
pub mod progress;
pub mod receive;
mod record;
pub mod replay;
mod settings;
pub mod spec;
mod trouble;

pub use engine::{Engine, EngineOptions, EngineParts, Tally};
pub use memo::remember_from_manifests;
pub use progress::{Outcome, Progress};
pub use replay::{ReplayError, Selection};
pub use spec::{PipelineSpec, Pipelines};
pub use trouble::Trouble;
