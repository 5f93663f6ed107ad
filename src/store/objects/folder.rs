//! A folder as an object store whose writes survive power loss.
//!
//! `object_store`'s own `with_fsync` syncs the file, the folder it is linked into, and the folders that the
//! same call made. That leaves two gaps, closed here: a folder made by another call (or by a process that was
//! killed) may not be durable yet when a second object goes into it; and a put that finds its object already
//! there says so before the winner's link is durable. Deletes are not synced at all, and an erasure must be.

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
    UploadPart,
};

/// Folders remembered as durable before the memory of them is dropped and built anew.
const SETTLED_MAX: usize = 100_000;

/// Makes `folder` and its missing parents with `mode`, and syncs each one's parent, so that the folder is
/// there after power loss.
pub fn create_folder(folder: &FilePath, mode: u32) -> io::Result<()> {
    let mut missing = Vec::new();
    let mut known = folder;
    while !known.as_os_str().is_empty() && !known.exists() {
        missing.push(known);
        match known.parent() {
            Some(parent) => known = parent,
            None => break,
        }
    }
    for made in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(made) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        match made.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent)?,
            _ => sync_folder(FilePath::new("."))?,
        }
    }
    Ok(())
}

/// Makes the names in `folder` durable.
pub fn sync_folder(folder: &FilePath) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A folder as an object store; see the module's text.
#[derive(Debug, Clone)]
pub struct DurableFolder {
    files: LocalFileSystem,
    settled: Arc<Settled>,
}

/// Folders whose own place, up to the root, this process has made durable.
#[derive(Debug)]
struct Settled {
    root: PathBuf,
    folders: Mutex<HashSet<PathBuf>>,
}

impl DurableFolder {
    /// Opens `root`, and makes it (mode 0700) when absent.
    pub fn open(root: &FilePath) -> io::Result<Self> {
        create_folder(root, 0o700)?;
        let root = fs::canonicalize(root)?;
        sync_own_place(&root)?;
        let files = LocalFileSystem::new_with_prefix(&root).map_err(io::Error::other)?;
        Ok(Self {
            files: files.with_fsync(true),
            settled: Arc::new(Settled {
                root,
                folders: Mutex::default(),
            }),
        })
    }

    /// Makes the folders above `location` durable; with `names` also the names in the folder itself.
    async fn settle(&self, location: &Path, names: bool) -> Result<()> {
        let path = self.files.path_to_filesystem(location)?;
        let settled = Arc::clone(&self.settled);
        tokio::task::spawn_blocking(move || settled.settle(&path, names))
            .await?
            .map_err(not_synced)
    }
}

impl Settled {
    fn settle(&self, file: &FilePath, names: bool) -> io::Result<()> {
        let Some(folder) = file.parent() else {
            return Ok(());
        };
        if names {
            sync_folder(folder)?;
        }
        if self.lock().contains(folder) {
            return Ok(());
        }
        for above in folder.ancestors().skip(1) {
            if !above.starts_with(&self.root) {
                break;
            }
            sync_folder(above)?;
        }
        let mut folders = self.lock();
        if folders.len() >= SETTLED_MAX {
            folders.clear();
        }
        folders.insert(folder.to_owned());
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes `root`'s own name durable: it may have been made by a process that was killed. A parent that may not
/// be read belongs to the system, which made the folder long ago.
fn sync_own_place(root: &FilePath) -> io::Result<()> {
    let Some(parent) = root.parent() else {
        return Ok(());
    };
    match sync_folder(parent) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

fn not_synced(source: io::Error) -> Error {
    Error::Generic {
        store: "folder",
        source: source.into(),
    }
}

impl fmt::Display for DurableFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "folder {}", self.settled.root.display())
    }
}

#[async_trait]
impl ObjectStore for DurableFolder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let put = self.files.put_opts(location, payload, options).await;
        match &put {
            Ok(_) => self.settle(location, false).await?,
            Err(Error::AlreadyExists { .. }) => self.settle(location, true).await?,
            Err(_) => {}
        }
        put
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let parts = self.files.put_multipart_opts(location, options).await?;
        Ok(Box::new(DurableUpload {
            parts,
            folder: self.clone(),
            location: location.clone(),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let folder = self.clone();
        self.files
            .delete_stream(locations)
            .and_then(move |location| {
                let folder = folder.clone();
                async move {
                    folder.settle(&location, true).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let copied = self.files.copy_opts(from, to, options).await;
        match &copied {
            Ok(()) => self.settle(to, false).await?,
            Err(Error::AlreadyExists { .. }) => self.settle(to, true).await?,
            Err(_) => {}
        }
        copied
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let moved = self.files.rename_opts(from, to, options).await;
        match &moved {
            Ok(()) => self.settle(to, false).await?,
            Err(Error::AlreadyExists { .. }) => self.settle(to, true).await?,
            Err(_) => {}
        }
        moved
    }
}

#[derive(Debug)]
struct DurableUpload {
    parts: Box<dyn MultipartUpload>,
    folder: DurableFolder,
    location: Path,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let put = self.parts.complete().await?;
        self.folder.settle(&self.location, false).await?;
        Ok(put)
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.abort().await
    }
}
