//! Writing the index: a projection of the ledger whose position moves in the same tantivy commit as its effect.
//!
//! A record that is sealed again, or filed under one more case, replaces its pages in one commit. An index that
//! does not open, or that another version wrote, is set aside and built anew from fact 0.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, TantivyDocument, TantivyError};
use tantivy::{DocSet, Index, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TERMINATED};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::warn;

use crate::domain::manifest::{PageManifest, RecordManifest};
use crate::domain::scan::move_case;
use crate::domain::{Digest, Event, Subject};
use crate::ledger::store::ProjectionError;
use crate::ledger::{Projection, Recorded};

use super::SearchError;
use super::schema::{Fields, ScanEntry, schema};
use super::source::PageSource;
use super::view::{SearchView, check};
use super::writer::{Writer, commit, open_writer};

/// Pages of one record that are loaded at a time; bounds the memory of a long record.
const PAGES_AT_ONCE: usize = 32;

/// Pages that are fetched side by side.
const FETCHES: usize = 4;

/// The search index, open for writing. One process at a time; any number may read ([`SearchView::open`]).
pub struct SearchIndex {
    source: Arc<dyn PageSource>,
    writer: Arc<Mutex<Writer>>,
    /// That of the writer's last commit, readable while it works.
    position: Arc<AtomicU64>,
    view: SearchView,
}

type Changes = BTreeMap<Digest, ScanEntry>;

impl SearchIndex {
    /// Opens or creates the index in the folder `path`. An unreadable one is moved to `path` with
    /// `.set-aside` appended (replacing an earlier one there) and the new one begins at fact 0. `InUse` when
    /// another process writes it. Blocks.
    pub fn open(path: &Path, source: Arc<dyn PageSource>) -> Result<Self, SearchError> {
        match Self::open_existing(path, &source) {
            Err(SearchError::Unreadable { reason }) => {
                set_aside(path)?;
                warn!(%reason, "the search index was set aside and is built anew from the ledger");
                Self::create(path, source)
            }
            Ok(None) => Self::create(path, source),
            Ok(Some(index)) => Ok(index),
            Err(error) => Err(error),
        }
    }

    /// Makes an empty index that lives in memory only.
    pub fn in_memory(source: Arc<dyn PageSource>) -> Result<Self, SearchError> {
        Self::begin(Index::create_in_ram(schema().0), source)
    }

    /// A view for searching. It sees each batch of facts as soon as it is applied.
    pub fn view(&self) -> SearchView {
        self.view.clone()
    }

    /// Takes the pages of erased scans out of the index and of its files. The source gives nothing of them any more;
    /// what it still gives is indexed again. Repeating is safe.
    pub async fn purge(&self, scans: &[Digest]) -> Result<(), ProjectionError> {
        let mut guard = self.writer.clone().lock_owned().await;
        if guard.unfinished {
            (guard, ()) = Self::on_writer(guard, Writer::take_back).await?;
        }
        guard.unfinished = true;
        for scan in scans {
            let entry = stored_entry(&self.view.reader.searcher(), &self.view.fields, scan)?;
            if let Some(entry) = entry {
                guard = self.replace(guard, *scan, entry).await?;
            }
        }
        let view = self.view.clone();
        let position = self.position.load(Ordering::Acquire);
        let work = move |writer: &mut Writer| {
            writer.finish(position, &view)?;
            writer.drop_deleted(&view)
        };
        Self::on_writer(guard, work).await?;
        Ok(())
    }

    /// Names the files of the index whose checksum is wrong. Reads every file; blocks.
    pub fn damaged_files(&self) -> Result<Vec<PathBuf>, SearchError> {
        let searcher = self.view.reader.searcher();
        let mut damaged: Vec<PathBuf> = searcher.index().validate_checksum()?.into_iter().collect();
        damaged.sort();
        Ok(damaged)
    }

    fn open_existing(
        path: &Path,
        source: &Arc<dyn PageSource>,
    ) -> Result<Option<Self>, SearchError> {
        if !path.join("meta.json").try_exists()? {
            return Ok(None);
        }
        let unreadable = |error: TantivyError| SearchError::Unreadable {
            reason: error.to_string(),
        };
        let index = Index::open_in_dir(path).map_err(unreadable)?;
        // The lock comes first: an index that someone else is writing is never set aside.
        let writer = open_writer(&index).map_err(|error| match error {
            SearchError::Index(error) => unreadable(error),
            other => other,
        })?;
        let payload = check(&index).map_err(|reason| SearchError::Unreadable { reason })?;
        let view = SearchView::new(&index, ReloadPolicy::Manual).map_err(|error| match error {
            SearchError::Index(error) => unreadable(error),
            other => other,
        })?;
        Ok(Some(Self::assemble(
            writer,
            payload.position,
            view,
            source.clone(),
        )))
    }

    fn create(path: &Path, source: Arc<dyn PageSource>) -> Result<Self, SearchError> {
        std::fs::create_dir_all(path)?;
        let directory =
            tantivy::directory::MmapDirectory::open(path).map_err(TantivyError::from)?;
        Self::begin(
            Index::create(directory, schema().0, IndexSettings::default())?,
            source,
        )
    }

    fn begin(index: Index, source: Arc<dyn PageSource>) -> Result<Self, SearchError> {
        let mut writer = open_writer(&index)?;
        commit(&mut writer, 0)?;
        let view = SearchView::new(&index, ReloadPolicy::Manual)?;
        Ok(Self::assemble(writer, 0, view, source))
    }

    fn assemble(
        inner: IndexWriter,
        position: u64,
        view: SearchView,
        source: Arc<dyn PageSource>,
    ) -> Self {
        let position = Arc::new(AtomicU64::new(position));
        let writer = Writer {
            inner,
            position: position.clone(),
            unfinished: false,
        };
        Self {
            source,
            writer: Arc::new(Mutex::new(writer)),
            position,
            view,
        }
    }

    /// Runs blocking work on the writer away from the async threads. The lock goes with the work, so a caller
    /// that stops waiting leaves no half-used writer behind.
    async fn on_writer<T: Send + 'static>(
        mut guard: OwnedMutexGuard<Writer>,
        work: impl FnOnce(&mut Writer) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<(OwnedMutexGuard<Writer>, T), SearchError> {
        let task = tokio::task::spawn_blocking(move || work(&mut guard).map(|done| (guard, done)));
        task.await.map_err(|_| SearchError::CutShort)?
    }

    /// Replaces everything the index holds of a scan.
    async fn replace(
        &self,
        mut guard: OwnedMutexGuard<Writer>,
        scan: Digest,
        entry: ScanEntry,
    ) -> Result<OwnedMutexGuard<Writer>, ProjectionError> {
        let fields = self.view.fields;
        let state = fields.state_document(&scan, &entry)?;
        (guard, ()) = Self::on_writer(guard, move |writer| {
            for term in fields.terms_of(&scan) {
                writer.inner.delete_term(term);
            }
            writer.inner.add_document(state)?;
            Ok(())
        })
        .await?;
        let Some(digest) = entry.manifest else {
            return Ok(guard);
        };
        let Some(manifest) = self.source.manifest(&digest).await? else {
            return Ok(guard);
        };
        for pages in manifest.pages.chunks(PAGES_AT_ONCE) {
            let documents = self.documents(&scan, &entry, &manifest, pages).await?;
            (guard, ()) = Self::on_writer(guard, move |writer| {
                for document in documents {
                    writer.inner.add_document(document)?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(guard)
    }

    async fn documents(
        &self,
        scan: &Digest,
        entry: &ScanEntry,
        manifest: &RecordManifest,
        pages: &[PageManifest],
    ) -> Result<Vec<TantivyDocument>, ProjectionError> {
        let loads = pages.iter().map(|page| async move {
            let Some(text) = self.source.page(&page.text).await? else {
                return Ok(None);
            };
            let fields = self.view.fields;
            Ok::<_, ProjectionError>(Some(
                fields.page_document(scan, entry, manifest, page, &text),
            ))
        });
        // Boxed: the compiler cannot show that the borrowed futures are Send otherwise.
        let pages: Vec<Option<TantivyDocument>> = stream::iter(loads)
            .buffered(FETCHES)
            .boxed()
            .try_collect()
            .await?;
        Ok(pages.into_iter().flatten().collect())
    }
}

#[async_trait]
impl Projection for SearchIndex {
    fn name(&self) -> &'static str {
        "search"
    }

    async fn position(&self) -> Result<u64, ProjectionError> {
        Ok(self.position.load(Ordering::Acquire))
    }

    async fn apply(&self, from: u64, entries: &[Recorded]) -> Result<(), ProjectionError> {
        let mut guard = self.writer.clone().lock_owned().await;
        let position = self.position.load(Ordering::Acquire);
        if from > position {
            return Err(SearchError::Gap { from, position }.into());
        }
        let known = usize::try_from(position - from)?;
        let Some(fresh) = entries.get(known..).filter(|fresh| !fresh.is_empty()) else {
            return Ok(());
        };
        for (expected, fact) in (position..).zip(fresh) {
            if fact.index != expected {
                return Err(SearchError::Gap {
                    from: fact.index,
                    position: expected,
                }
                .into());
            }
        }
        let next = position + fresh.len() as u64;
        if guard.unfinished {
            (guard, ()) = Self::on_writer(guard, Writer::take_back).await?;
        }
        guard.unfinished = true;
        let (view, facts) = (self.view.clone(), fresh.to_vec());
        let changes;
        (guard, changes) = Self::on_writer(guard, move |_| changes_by(&facts, &view)).await?;
        for (scan, entry) in changes {
            guard = self.replace(guard, scan, entry).await?;
        }
        let view = self.view.clone();
        Self::on_writer(guard, move |writer| writer.finish(next, &view)).await?;
        Ok(())
    }

    async fn reset(&self) -> Result<(), ProjectionError> {
        let guard = self.writer.clone().lock_owned().await;
        let view = self.view.clone();
        let work = move |writer: &mut Writer| {
            writer.take_back()?;
            writer.unfinished = true;
            writer.inner.delete_all_documents()?;
            writer.finish(0, &view)
        };
        Self::on_writer(guard, work).await?;
        Ok(())
    }
}

/// What `facts` change, each scan once, with its state after the last of them.
fn changes_by(facts: &[Recorded], view: &SearchView) -> Result<Changes, SearchError> {
    let searcher = view.reader.searcher();
    let mut changes = Changes::new();
    for fact in facts {
        let Subject::Scan(scan) = fact.entry.subject else {
            continue;
        };
        let (case, manifest) = match &fact.entry.event {
            Event::ScanReceived { case, .. } => (case.as_ref(), None),
            Event::ScanFiled { case } => (Some(case), None),
            Event::ScanRefiled { .. } => (None, None),
            Event::RecordSealed { manifest, .. } | Event::PagesRead { manifest, .. } => {
                (None, Some(*manifest))
            }
            _ => continue,
        };
        let known = match changes.remove(&scan) {
            Some(entry) => Some(entry),
            None => stored_entry(&searcher, &view.fields, &scan)?,
        };
        let mut entry = known.unwrap_or_else(|| ScanEntry {
            cases: Vec::new(),
            received_at: fact.entry.at,
            received_index: fact.index,
            manifest: None,
        });
        if let Some(case) = case.filter(|case| !entry.cases.contains(case)) {
            entry.cases.push(case.clone());
        }
        if let Event::ScanRefiled { from, to, .. } = &fact.entry.event {
            move_case(&mut entry.cases, from, to);
        }
        entry.manifest = manifest.or(entry.manifest);
        changes.insert(scan, entry);
    }
    Ok(changes)
}

/// Looks up what the last commit says about a scan.
fn stored_entry(
    searcher: &Searcher,
    fields: &Fields,
    scan: &Digest,
) -> Result<Option<ScanEntry>, SearchError> {
    let [term, _] = fields.terms_of(scan);
    for (segment_ord, segment) in (0u32..).zip(searcher.segment_readers()) {
        let inverted = segment.inverted_index(fields.state_of)?;
        let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != TERMINATED {
            if !segment.is_deleted(postings.doc()) {
                let document = searcher.doc(DocAddress::new(segment_ord, postings.doc()))?;
                let damaged = || SearchError::Unreadable {
                    reason: "a scan's state cannot be read".to_owned(),
                };
                return fields.read_state(&document).map(Some).ok_or_else(damaged);
            }
            postings.advance();
        }
    }
    Ok(None)
}

/// Moves the folder out of the way. One is kept: the index is a cache, a copy only helps to see what happened.
fn set_aside(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".set-aside");
    let aside = PathBuf::from(name);
    if aside.try_exists()? {
        std::fs::remove_dir_all(&aside)?;
    }
    std::fs::rename(path, aside)
}
