//! Writing a sealed package out: the payload from its blobs, the evidence as it is now.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::evidence::Evidence;
use super::{Packer, internal, unbagged};
use crate::bag::{Algorithm, BagInfo, BagWriter, Form, Known, Limits, Written, read_manifest};
use crate::counter::bundles::round;
use crate::counter::{Ask, Counter, CounterError};
use crate::domain::transfer::{TransferRefusal, given};
use crate::domain::{Digest, Subject, TransferId};
use crate::package::evidence::bag_info;
use crate::store::blob::{BlobError, Blobs};

/// Most bytes of a list of files.
const MANIFEST_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Bytes of a blob read at once.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;
/// Files read at the same time, ahead of the one that is written.
const AHEAD: usize = 8;

/// In which form a package is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageForm {
    /// One zip.
    Zip,
    /// One tar.
    Tar,
    /// A folder.
    Folder,
}

impl From<PackageForm> for Form {
    fn from(form: PackageForm) -> Self {
        match form {
            PackageForm::Zip => Form::Zip,
            PackageForm::Tar => Form::Tar,
            PackageForm::Folder => Form::Folder,
        }
    }
}

impl Packer {
    /// Writes the sealed package of a round to `target`, with the evidence as it is now, and records which checkpoint
    /// goes with it.
    pub async fn write_package(
        &self,
        counter: &Counter,
        ask: &Ask,
        id: &TransferId,
        (target, form): (&Path, PackageForm),
        more: &[Algorithm],
    ) -> Result<Written, CounterError> {
        let (known, _) = counter.round_now(id).await?;
        let not_sealed = || TransferRefusal::NotSealed {
            transfer: id.clone(),
        };
        let sealed = known.sealed.ok_or_else(not_sealed)?;
        let manifest = counter
            .blobs
            .get(&sealed.package, MANIFEST_BYTES_MAX)
            .await?;
        let files = read_manifest(&mut &manifest[..]).map_err(|fault| unbagged(&fault))?;
        let evidence = self.evidence(counter, &known, &files).await?;
        let log_size = evidence.log_size;
        let info = bag_info(&known, &sealed).map_err(|fault| unbagged(&fault))?;
        let job = Job {
            blobs: counter.blobs.as_ref().clone(),
            runtime: Handle::current(),
            target: target.to_owned(),
            form: form.into(),
            more: more.to_vec(),
            evidence,
            info,
        };
        let (sender, receiver) = mpsc::channel(1);
        let reading = read_ahead(counter.blobs.as_ref(), files, sender);
        let writing = tokio::task::spawn_blocking(move || job.run(receiver));
        let ((), written) = tokio::join!(reading, writing);
        let written = written.map_err(internal)??;
        let subject = Subject::Transfer(id.clone());
        counter
            .change(ask, &subject, |_, reads, _| {
                Ok(given(&round(reads, id)?, sealed.package, log_size))
            })
            .await?;
        Ok(written)
    }
}

/// A file of the payload, and its bytes where they are few.
struct Payload {
    path: String,
    digest: Digest,
    content: Content,
}

enum Content {
    /// All of it.
    Whole(Bytes),
    /// Its length: it is read while it is written.
    Long(u64),
}

impl Content {
    async fn of(blobs: &Blobs, digest: &Digest) -> Result<Self, CounterError> {
        match blobs.get_sealed(digest, PIECE_BYTES).await {
            Ok(bytes) => Ok(Self::Whole(bytes)),
            Err(BlobError::TooLarge { .. }) => {
                let size = blobs.size(digest).await?;
                size.map(Self::Long)
                    .ok_or_else(|| internal(format!("blob {digest} is missing")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads the payload in its order, a few files ahead of who writes it, and ends early when nobody does any more.
async fn read_ahead(
    blobs: &Blobs,
    files: BTreeMap<String, Digest>,
    sender: mpsc::Sender<Result<Payload, CounterError>>,
) {
    let reading = files.into_iter().map(|(path, digest)| async move {
        let content = Content::of(blobs, &digest).await?;
        Ok(Payload {
            path,
            digest,
            content,
        })
    });
    let mut read = stream::iter(reading).buffered(AHEAD);
    while let Some(payload) = read.next().await {
        if sender.send(payload).await.is_err() {
            return;
        }
    }
}

/// A package being written, away from the request threads.
struct Job {
    blobs: Blobs,
    runtime: Handle,
    target: PathBuf,
    form: Form,
    more: Vec<Algorithm>,
    evidence: Evidence,
    info: BagInfo,
}

impl Job {
    fn run(
        self,
        mut payload: mpsc::Receiver<Result<Payload, CounterError>>,
    ) -> Result<Written, CounterError> {
        let bag = |fault| unbagged(&fault);
        let limits = Limits::default();
        let mut writer =
            BagWriter::create(&self.target, self.form, &self.more, limits).map_err(bag)?;
        while let Some(file) = payload.blocking_recv() {
            let file = file?;
            let known = Known {
                sha256: Some(file.digest),
                ..Known::default()
            };
            let written = match file.content {
                Content::Whole(bytes) => {
                    let length = bytes.len() as u64;
                    writer.payload(&file.path, length, &known, &mut &bytes[..])
                }
                Content::Long(size) => {
                    let mut reader = BlobReader {
                        job: &self,
                        digest: file.digest,
                        at: 0,
                        size,
                        piece: Bytes::new(),
                    };
                    writer.payload(&file.path, size, &known, &mut reader)
                }
            };
            written.map_err(bag)?;
        }
        self.evidence.write(&mut writer)?;
        writer.finish(&self.info).map_err(bag)
    }
}

/// A blob as a stream of bytes.
struct BlobReader<'j> {
    job: &'j Job,
    digest: Digest,
    at: u64,
    size: u64,
    piece: Bytes,
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.piece.is_empty() && self.at < self.size {
            let end = self.size.min(self.at + PIECE_BYTES);
            let piece = self.job.blobs.get_range(&self.digest, self.at..end);
            let piece = self.job.runtime.block_on(piece);
            self.piece = piece.map_err(std::io::Error::other)?;
            self.at = end;
        }
        let length = buffer.len().min(self.piece.len());
        let piece = self.piece.split_to(length);
        if let Some(place) = buffer.get_mut(..length) {
            place.copy_from_slice(&piece);
        }
        Ok(length)
    }
}
