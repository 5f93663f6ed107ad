//! The files a call names, and their bytes.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::stream::{self, Stream};
use tokio::io::AsyncReadExt;

use crate::cli::CliError;
use crate::domain::Problem;

/// Bytes read from a file at a time.
const CHUNK: usize = 256 * 1024;

/// Files walked at most in one call.
const FILES_MAX: usize = 1_000_000;

/// Every file named, folders walked in order of names; links are not followed.
pub(super) fn walk(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        let unreadable = |error: std::io::Error| {
            CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
        };
        if files.len() >= FILES_MAX {
            let detail = format!("more than {FILES_MAX} files; take them in folder by folder");
            return Err(CliError::new(Problem::TooLarge, detail));
        }
        if !std::fs::metadata(&path).map_err(unreadable)?.is_dir() {
            files.push(path);
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if !entry.file_type().map_err(unreadable)?.is_symlink() {
                inside.push(entry.path());
            }
        }
        inside.sort_unstable_by(|left, right| right.cmp(left));
        waiting.extend(inside);
    }
    Ok(files)
}

/// A file's bytes as they are read.
pub(super) async fn stream(
    path: &Path,
) -> std::io::Result<impl Stream<Item = std::io::Result<Bytes>> + Send + use<>> {
    let file = tokio::fs::File::open(path).await?;
    Ok(stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut chunk)
            .await?;
        Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    }))
}
