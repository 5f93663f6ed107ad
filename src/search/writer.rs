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

/// How often segments with deleted documents are written anew, when other merges come between.
const MERGE_ATTEMPTS: u32 = 5;

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

impl Writer {
    /// Writes anew every segment with deleted documents, without them, and removes the old files: a deleted page is
    /// otherwise only marked, and its text stays on disk until some later merge.
    pub fn drop_deleted(&mut self, view: &SearchView) -> Result<(), SearchError> {
        for attempt in 1.. {
            let metas = self.inner.index().searchable_segment_metas()?;
            let with_deleted: Vec<_> = metas
                .iter()
                .filter(|meta| meta.num_deleted_docs() > 0)
                .map(|meta| meta.id())
                .collect();
            if with_deleted.is_empty() {
                break;
            }
            for segment in with_deleted {
                // A merge that runs of itself may take the segment first; then the next round finds it gone.
                let merged = self.inner.merge(&[segment]).wait();
                if attempt == MERGE_ATTEMPTS {
                    merged?;
                }
            }
            if attempt == MERGE_ATTEMPTS {
                break;
            }
        }
        // The view still holds the old files until it is reloaded.
        view.reload()?;
        self.inner.garbage_collect_files().wait()?;
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
