//! The ledger in append-only segment files: one framed batch a group commit, one write and one sync. Here live the
//! file format, recovery after a crash and the index of subjects; nothing here knows what a fact means.

mod file;
mod frame;
mod medium;
mod recovery;
mod sidecar;
mod state;

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::file::{CheckpointPlace, SEGMENT_HEADER, Segment, Span, read_hashes};
use self::frame::{Encoded, Fingerprint};
pub use self::medium::{Disk, Medium, MediumFile, OpenMode};
pub use self::recovery::Cut;
use self::state::State;
use crate::domain::Subject;
use crate::ledger::{Batch, LedgerStore, Recorded, StoreError};
use crate::merkle::{Hash, NodeId};

/// How segments are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSettings {
    /// A segment that reached this many bytes is sealed before the next batch.
    pub rotate_bytes: u64,
}

impl Default for SegmentSettings {
    fn default() -> Self {
        Self {
            rotate_bytes: 64 * 1024 * 1024,
        }
    }
}

/// A [`LedgerStore`] in a folder of segment files. One process writes; others may read beside it.
pub struct SegmentLedger {
    inner: Arc<Inner>,
    writer: Arc<Mutex<Writer>>,
    cut: Option<Cut>,
}

struct Inner {
    medium: Arc<dyn Medium>,
    settings: SegmentSettings,
    state: RwLock<State>,
}

/// The right to write, or to look for what another process wrote.
struct Writer {
    /// Absent in a reader.
    lock: Option<Box<dyn Any + Send + Sync>>,
    /// Whether a write or a sync failed, so that what stands behind the last durable batch is not known.
    doubtful: bool,
}

impl SegmentLedger {
    /// Opens the log in `folder` for writing, making it when it is absent. A torn end is cut back, see
    /// [`SegmentLedger::cut`]. Fails with `InUse` when another process writes, with `Damaged` when acknowledged data
    /// does not check.
    pub async fn open(folder: &Path, settings: SegmentSettings) -> Result<Self, StoreError> {
        let folder = folder.to_owned();
        let medium = blocking(move || Ok(Disk::create(&folder)?)).await?;
        Self::open_on(Arc::new(medium), settings).await
    }

    /// Opens the log in `folder` for reading beside a writer in another process. It sees whole batches only, and the
    /// newest ones after [`SegmentLedger::refresh`].
    pub async fn open_read_only(folder: &Path) -> Result<Self, StoreError> {
        let medium: Arc<dyn Medium> = Arc::new(Disk::existing(folder));
        blocking(move || Self::load(medium, SegmentSettings::default(), None)).await
    }

    /// Opens the log on any medium for writing.
    pub async fn open_on(
        medium: Arc<dyn Medium>,
        settings: SegmentSettings,
    ) -> Result<Self, StoreError> {
        blocking(move || {
            let lock = medium.lock()?;
            Self::load(medium, settings, Some(lock))
        })
        .await
    }

    fn load(
        medium: Arc<dyn Medium>,
        settings: SegmentSettings,
        lock: Option<Box<dyn Any + Send + Sync>>,
    ) -> Result<Self, StoreError> {
        let (segments, cut) = recovery::load(medium.as_ref(), lock.is_some())?;
        if lock.is_some() {
            // The newest segment's file may have been made by a process that died before it synced the folder.
            medium.sync_folder()?;
        }
        let mut state = State {
            segments,
            checkpoint: None,
        };
        state.read_checkpoint()?;
        Ok(Self {
            inner: Arc::new(Inner {
                medium,
                settings,
                state: RwLock::new(state),
            }),
            writer: Arc::new(Mutex::new(Writer {
                lock,
                doubtful: false,
            })),
            cut,
        })
    }

    /// The torn end that was cut back when the log was opened.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// Number of facts known to be durable.
    pub fn size(&self) -> u64 {
        self.inner.read().size()
    }

    /// Brings the store to what the files hold and gives the number of facts. A reader looks for new batches. A writer
    /// whose last write failed finds out whether that batch is whole, makes it durable or cuts it off, and may then
    /// write again.
    pub async fn refresh(&self) -> Result<u64, StoreError> {
        let mut writer = self.writer.clone().lock_owned().await;
        if writer.lock.is_some() && !writer.doubtful {
            return Ok(self.size());
        }
        let inner = self.inner.clone();
        blocking(move || {
            if writer.lock.is_some() {
                inner.repair()?;
                writer.doubtful = false;
            } else {
                inner.follow()?;
            }
            Ok(inner.read().size())
        })
        .await
    }

    fn encode(&self, batch: &Batch) -> Result<Encoded, StoreError> {
        let mut known: HashMap<Subject, Fingerprint> = HashMap::new();
        let mut fingerprint = |subject: &Subject| {
            let compute = || Fingerprint::of(subject);
            *known.entry(subject.clone()).or_insert_with(compute)
        };
        let state = self.inner.read();
        batch.check(state.size(), |subject| state.count(&fingerprint(subject)))?;
        let subjects = batch.entries.iter().map(|r| fingerprint(&r.entry.subject));
        frame::encode(batch, subjects.collect())
    }
}

impl Inner {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes one frame and makes it durable; only then does anyone see it.
    fn commit(&self, encoded: &Encoded, checkpoint: String) -> Result<(), StoreError> {
        let full = |segment: &Segment| segment.end >= self.settings.rotate_bytes;
        let newest = self.read().segments.last().map(full);
        if newest != Some(false) {
            self.rotate(encoded.place.first)?;
        }
        let (source, end) = match self.read().segments.last() {
            Some(segment) => (segment.source.clone(), segment.end),
            None => return Err(io::Error::other("the log has no segment").into()),
        };
        source.file.write_at(&encoded.bytes, end)?;
        source.file.sync()?;
        let mut state = self.write();
        if let Some(segment) = state.segments.last_mut() {
            segment.add_encoded(encoded);
        }
        state.checkpoint = Some(checkpoint);
        Ok(())
    }

    /// Seals the newest segment and begins the one whose first fact is `first`.
    fn rotate(&self, first: u64) -> Result<(), StoreError> {
        let medium = self.medium.as_ref();
        let source = recovery::open_source(medium, first, OpenMode::Create)?;
        source.file.set_length(0)?;
        source.file.write_at(&SEGMENT_HEADER, 0)?;
        source.file.sync()?;
        medium.sync_folder()?;
        let mut state = self.write();
        if let Some(segment) = state.segments.last_mut() {
            segment.seal();
            recovery::save_sidecar(medium, segment);
        }
        state.segments.push(Segment::empty(source, first));
        Ok(())
    }

    /// After a failed write: keeps the batch behind the durable end if it is whole, else cuts it off. Its bytes are
    /// written again before the sync, because after a failed sync the kernel may call lost pages clean.
    fn repair(&self) -> Result<(), StoreError> {
        let mut state = self.write();
        let Some(segment) = state.segments.last_mut() else {
            return Ok(());
        };
        let mut found = Segment::empty(segment.source.clone(), segment.next_index());
        found.end = segment.end;
        recovery::cut_tail(&mut found)?;
        let file = &found.source.file;
        let tail = (found.end - segment.end) as usize;
        if tail > 0 {
            let bytes = found.source.read(segment.end, tail)?;
            file.write_at(&bytes, segment.end)?;
        }
        file.sync()?;
        // Now durable: look at it again as part of its segment.
        recovery::extend(segment)?;
        state.read_checkpoint()
    }

    /// As a reader: takes note of new batches and new segments.
    fn follow(&self) -> Result<(), StoreError> {
        let mut state = self.write();
        if state.segments.is_empty() {
            let (segments, _) = recovery::load(self.medium.as_ref(), false)?;
            state.segments = segments;
        }
        while let Some(segment) = state.segments.last_mut() {
            recovery::extend(segment)?;
            let next = segment.next_index();
            let name = recovery::segment_name(next);
            if next == segment.first || !self.medium.list()?.contains(&name) {
                break;
            }
            // The writer made the next file only after its last batch here was durable: look once more.
            recovery::extend(segment)?;
            let source = recovery::open_source(self.medium.as_ref(), next, OpenMode::Read)?;
            if segment.next_index() != next || source.file.length()? < SEGMENT_HEADER.len() as u64 {
                break;
            }
            segment.seal();
            state.segments.push(Segment::empty(source, next));
        }
        state.read_checkpoint()
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error).into()),
    }
}

/// Runs a write on this thread where the runtime allows it: handing it to another thread and waiting for that one
/// costs as much as the sync itself.
async fn writing<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => blocking(work).await,
    }
}

fn read_spans(spans: &[Span]) -> Result<Vec<Recorded>, StoreError> {
    let mut facts = Vec::new();
    for span in spans {
        span.read(&mut facts)?;
    }
    Ok(facts)
}

#[async_trait]
impl LedgerStore for SegmentLedger {
    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.refresh().await?;
        Ok(self.inner.read().checkpoint.clone())
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut places = Vec::new();
        let mut index = after;
        while places.len() < limit {
            // Fact `index` is in the first batch that leads to more than `index` facts.
            let Some(place) = self.inner.read().checkpoint_place(index) else {
                break;
            };
            index = place.frame.end_index();
            places.push(place);
        }
        blocking(move || places.iter().map(CheckpointPlace::read).collect()).await
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer: OwnedMutexGuard<Writer> = self.writer.clone().lock_owned().await;
        if writer.lock.is_none() {
            let text = "the log is open for reading only";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text).into());
        }
        if writer.doubtful {
            let text = "an earlier write failed and its outcome is not settled yet";
            return Err(io::Error::other(text).into());
        }
        let encoded = self.encode(batch)?;
        let checkpoint = batch.checkpoint.clone();
        let inner = self.inner.clone();
        writing(move || {
            // Set first: whatever ends this work early leaves the end doubtful.
            writer.doubtful = true;
            inner.commit(&encoded, checkpoint)?;
            writer.doubtful = false;
            Ok(())
        })
        .await
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let mut spans = Vec::new();
        let end = from.saturating_add(limit as u64);
        let mut index = from;
        while index < end {
            let state = self.inner.read();
            let segment = state.segment_of(index);
            let Some(span) = segment.and_then(|s| s.span(index, end - index)) else {
                break;
            };
            index = span.to;
            spans.push(span);
        }
        blocking(move || read_spans(&spans)).await
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Recorded>, StoreError> {
        let spans = self.inner.read().spans_of(subject);
        if spans.is_empty() {
            return Ok(Vec::new());
        }
        let mut facts = blocking(move || read_spans(&spans)).await?;
        facts.retain(|recorded| recorded.entry.subject == *subject);
        Ok(facts)
    }

    async fn histories(&self, subjects: &[Subject]) -> Result<Vec<Vec<Recorded>>, StoreError> {
        let spans: Vec<Vec<Span>> = {
            let state = self.inner.read();
            subjects.iter().map(|one| state.spans_of(one)).collect()
        };
        let read = move || spans.iter().map(|spans| read_spans(spans)).collect();
        let mut found: Vec<Vec<Recorded>> = blocking(read).await?;
        for (facts, subject) in found.iter_mut().zip(subjects) {
            facts.retain(|recorded| recorded.entry.subject == *subject);
        }
        Ok(found)
    }

    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreError> {
        let mut places = Vec::with_capacity(nodes.len());
        for node in nodes {
            let place = self.inner.read().hash_place(*node);
            places.push(place.ok_or_else(|| StoreError::Damaged {
                place: format!("node {} of level {}", node.index, node.level),
                reason: "its hash is absent".to_owned(),
            })?);
        }
        blocking(move || read_hashes(&places)).await
    }
}
