//! Reading the files of a package a few ahead of the one that is written, on threads of their own, in order.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use bytes::Bytes;

use super::internal;
use super::source::BlobSource;
use crate::counter::CounterError;
use crate::domain::Digest;

/// Files that one thread reads before the next thread's turn comes.
const TURN: usize = 16;
/// Bytes handed over together: less would wake the writer too often, more would fill the memory.
const PARCEL_BYTES: usize = 1024 * 1024;
/// Threads that read and decrypt. They wait for a disk or a network most of the time, so the cores do not limit them.
const READERS: usize = 8;

/// A file of the payload: its path and the digest of its bytes.
pub(super) type Listed<'f> = (&'f String, &'f Digest);

/// What a file holds.
pub(super) enum Content {
    /// All its bytes.
    Whole(Bytes),
    /// Its length: there are too many bytes to hold, so they are read while they are written.
    Long(u64),
}

/// Contents that follow one another.
type Parcel = Result<Vec<Content>, CounterError>;

/// Hands every file to `write`, in order, and ends at the first failure of either side. In memory are at most three
/// parcels a thread, each of [`PARCEL_BYTES`] and one file more.
pub(super) fn each(
    source: &BlobSource,
    files: &[Listed<'_>],
    mut write: impl FnMut(&Listed<'_>, Content) -> Result<(), CounterError>,
) -> Result<(), CounterError> {
    let readers = READERS.min(files.len().div_ceil(TURN));
    thread::scope(|scope| {
        // They end with this closure, and with them the threads.
        let mut parcels = Vec::with_capacity(readers);
        for first in 0..readers {
            let (sender, receiver) = sync_channel(1);
            let turns = files.chunks(TURN).skip(first).step_by(readers);
            let read = move || read_turns(source, turns, &sender);
            let thread = thread::Builder::new().name("package-read".to_owned());
            thread.spawn_scoped(scope, read).map_err(internal)?;
            parcels.push(receiver);
        }
        for (turn, parcels) in files.chunks(TURN).zip(parcels.iter().cycle()) {
            write_turn(turn, parcels, &mut write)?;
        }
        Ok(())
    })
}

/// Reads the files of one thread's turns; ends at a failure, and where nobody takes them any more.
fn read_turns<'f>(
    source: &BlobSource,
    turns: impl Iterator<Item = &'f [Listed<'f>]>,
    sender: &SyncSender<Parcel>,
) {
    for turn in turns {
        let mut parcel = Vec::with_capacity(turn.len());
        let mut bytes = 0;
        for (_, digest) in turn {
            let content = match content(source, digest) {
                Ok(content) => content,
                Err(error) => {
                    let _ = sender.send(Ok(parcel));
                    let _ = sender.send(Err(error));
                    return;
                }
            };
            if let Content::Whole(whole) = &content {
                bytes += whole.len();
            }
            parcel.push(content);
            if bytes >= PARCEL_BYTES {
                bytes = 0;
                if sender.send(Ok(std::mem::take(&mut parcel))).is_err() {
                    return;
                }
            }
        }
        if !parcel.is_empty() && sender.send(Ok(parcel)).is_err() {
            return;
        }
    }
}

fn content(source: &BlobSource, digest: &Digest) -> Result<Content, CounterError> {
    match source.whole(digest)? {
        Some(bytes) => Ok(Content::Whole(bytes)),
        None => Ok(Content::Long(source.size(digest)?)),
    }
}

/// Writes the files of one turn.
fn write_turn(
    turn: &[Listed<'_>],
    parcels: &Receiver<Parcel>,
    write: &mut impl FnMut(&Listed<'_>, Content) -> Result<(), CounterError>,
) -> Result<(), CounterError> {
    let mut left = turn.iter();
    while !left.as_slice().is_empty() {
        let parcel = parcels.recv();
        let parcel = parcel.map_err(|_| internal("a reading thread ended early"))??;
        for (content, file) in parcel.into_iter().zip(left.by_ref()) {
            write(file, content)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;

    use object_store::memory::InMemory;
    use tokio::runtime::Handle;

    use super::super::source::PIECE_BYTES;
    use super::*;
    use crate::store::blob::Blobs;
    use crate::store::keys::{MasterKey, MasterKeys};

    const LONG: usize = PIECE_BYTES as usize + 70_000;

    /// Blobs of many lengths, one of them too long to be held whole, in the order of their paths.
    async fn stored() -> (Blobs, Vec<(String, Digest)>) {
        let keys = MasterKeys::new(MasterKey::from_secret(&[7; 32]));
        let blobs = Blobs::new(Arc::new(InMemory::new()), keys);
        let mut files = Vec::new();
        for number in 0..5 * TURN {
            let length = match number {
                20 => LONG,
                30 => PARCEL_BYTES + 1,
                _ => number * 997,
            };
            let mut bytes = vec![number as u8; length];
            bytes.extend_from_slice(&number.to_be_bytes());
            let digest = blobs.put(&bytes).await.unwrap().digest;
            files.push((format!("data/{number:04}"), digest));
        }
        (blobs, files)
    }

    fn listed(files: &[(String, Digest)]) -> Vec<Listed<'_>> {
        files.iter().map(|(path, digest)| (path, digest)).collect()
    }

    /// Digests of what was handed over, in that order.
    fn read(source: &BlobSource, files: &[Listed<'_>]) -> Result<Vec<Digest>, CounterError> {
        let mut found = Vec::new();
        each(source, files, |(_, digest), content| {
            found.push(match content {
                Content::Whole(bytes) => Digest::of(bytes),
                Content::Long(size) => {
                    let mut bytes = Vec::new();
                    let mut reader = source.reader(digest, size);
                    reader.read_to_end(&mut bytes).map_err(internal)?;
                    Digest::of(bytes)
                }
            });
            Ok(())
        })?;
        Ok(found)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_file_comes_once_and_in_order_with_a_runtime_and_without() {
        let (blobs, files) = stored().await;
        for runtime in [None, Some(Handle::current())] {
            let source = BlobSource::over(blobs.clone(), runtime);
            let files = files.clone();
            let work = move || {
                let files = listed(&files);
                let expected: Vec<Digest> = files.iter().map(|(_, digest)| **digest).collect();
                assert_eq!(read(&source, &files).unwrap(), expected);
                assert_eq!(read(&source, &files[..1]).unwrap(), expected[..1]);
                assert!(read(&source, &[]).unwrap().is_empty());
            };
            tokio::task::spawn_blocking(work).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_missing_blob_or_a_writer_that_stops_ends_it() {
        let (blobs, mut files) = stored().await;
        files[3 * TURN + 5].1 = Digest::of("never stored");
        let source = BlobSource::over(blobs, None);
        let work = move || {
            let files = listed(&files);
            let mut written = 0;
            let ended = each(&source, &files, |_, _| {
                written += 1;
                Ok(())
            });
            assert!(ended.is_err());
            assert_eq!(written, 3 * TURN + 5, "all before it, and nothing after");
            let mut written = 0;
            let ended = each(&source, &files, |_, _| {
                written += 1;
                match written > 20 {
                    true => Err(internal("the disk is full")),
                    false => Ok(()),
                }
            });
            assert!(ended.is_err());
            assert_eq!(written, 21);
        };
        tokio::task::spawn_blocking(work).await.unwrap();
    }
}
