//! The tantivy writer: one for each index, with the position of its last commit.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::directory::error::LockError;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexWriter, TantivyError};

use super::SearchError;
use super::schema::{INDEX_VERSION, register_tokenizer};
use super::view::{Payload, SearchView};

/// Memory that documents gather in before they are written out, in bytes.
const WRITER_BYTES: usize = 64 * 1024 * 1024;

/// Takes documents and commits them with a position.
pub(super) struct Writer {
    pub inner: IndexWriter,
    pub position: Arc<AtomicU64>,
    /// Whether something was given to the writer that no commit holds yet.
    pub unfinished: bool,
}

impl Writer {
    /// Drops what no commit holds.
    pub fn take_back(&mut self) -> Result<(), SearchError> {
        self.inner.rollback()?;
        // tantivy makes a new writer for a rollback and gives it the default policy.
        set_merge_policy(&self.inner);
        self.unfinished = false;
        Ok(())
    }

    /// Commits what was given together with the position, and shows it.
    pub fn finish(&mut self, position: u64, view: &SearchView) -> Result<(), SearchError> {
        commit(&mut self.inner, position)?;
        self.unfinished = false;
        // Shown before it is counted: who waits for a position finds what it stands for. Should this fail, the
        // same facts come again and replace what they made.
        view.reload()?;
        self.position.store(position, Ordering::Release);
        Ok(())
    }
}

/// Commits everything given to the writer, together with the position.
pub(super) fn commit(writer: &mut IndexWriter, position: u64) -> Result<(), SearchError> {
    let payload = Payload {
        version: INDEX_VERSION,
        position,
    };
    let json = serde_json::to_string(&payload).map_err(io::Error::from)?;
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&json);
    prepared.commit()?;
    Ok(())
}

/// Takes the index's lock for writing; `InUse` when another process has it.
pub(super) fn open_writer(index: &Index) -> Result<IndexWriter, SearchError> {
    register_tokenizer(index);
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(WRITER_BYTES)
        .build();
    let writer: IndexWriter = index
        .writer_with_options(options)
        .map_err(|error| match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => SearchError::InUse,
            other => SearchError::Index(other),
        })?;
    set_merge_policy(&writer);
    Ok(writer)
}

fn set_merge_policy(writer: &IndexWriter) {
    // Every query visits every segment: few segments are worth more merging than tantivy does by default.
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(4);
    policy.set_del_docs_ratio_before_merge(0.3);
    writer.set_merge_policy(Box::new(policy));
}
