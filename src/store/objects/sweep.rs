//! Removing what interrupted writes left behind.

use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, SystemTime};

use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::{Objects, ObjectsError, PROBE_FOLDER};
use crate::domain::Timestamp;
use crate::store::blob::INCOMING_FOLDER;

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepReport {
    /// Objects of uploads and probes that never ended.
    pub objects: u64,
    /// Unfinished files (`NAME#1`) of a `file:` store, which listing does not show.
    pub files: u64,
}

impl Objects {
    /// Removes uploads, probes and unfinished files last written before `older_than`. The caller leaves room
    /// for the longest upload that may still run; a day is plenty. An S3 service also keeps the parts of
    /// uploads that were cut off, which only a lifecycle rule of the bucket removes.
    pub async fn sweep(&self, older_than: Timestamp) -> Result<SweepReport, ObjectsError> {
        let mut report = SweepReport::default();
        for folder in [INCOMING_FOLDER, PROBE_FOLDER] {
            let mut listed = self.store.list(Some(&Path::from(folder)));
            while let Some(object) = listed.try_next().await? {
                if object.last_modified.timestamp_millis() >= older_than.as_millis() {
                    continue;
                }
                match self.store.delete(&object.location).await {
                    Ok(()) => report.objects += 1,
                    Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        if let Some(folder) = self.folder.clone() {
            let path = folder.clone();
            report.files = tokio::task::spawn_blocking(move || sweep_files(folder, older_than))
                .await
                .map_err(|_| ObjectsError::Stopped)?
                .map_err(|source| ObjectsError::Folder { path, source })?;
        }
        Ok(report)
    }
}

fn sweep_files(root: PathBuf, older_than: Timestamp) -> io::Result<u64> {
    let millis = u64::try_from(older_than.as_millis()).unwrap_or(0);
    let limit = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let mut removed = 0;
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && is_unfinished(&entry.path()) {
                removed += u64::from(remove_older(&entry.path(), limit)?);
            }
        }
    }
    Ok(removed)
}

/// Whether the name ends in `#` and digits: how object_store names a file until it is whole.
fn is_unfinished(path: &FilePath) -> bool {
    let Some((_, suffix)) = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split_once('#'))
    else {
        return false;
    };
    !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_digit())
}

fn remove_older(path: &FilePath, limit: SystemTime) -> io::Result<bool> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match fs::metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(modified) if modified >= limit => return Ok(false),
        Err(error) if gone(&error) => return Ok(false),
        other => other?,
    };
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if gone(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
