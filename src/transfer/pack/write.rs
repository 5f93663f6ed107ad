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
use crate::domain::transfer::{RoundState, SealedPackage, TransferRefusal, given};
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

/// How the content of a package is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageProfile {
    /// A bag (BagIt 1.0).
    #[default]
    Bag,
    /// A submission for an archive (E-ARK SIP 2.2).
    Eark,
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

/// A sealed package with the evidence as it is now.
pub(super) struct Opened {
    pub round: RoundState,
    pub sealed: SealedPackage,
    /// Its payload manifest, whose digest the seal names.
    pub manifest: Bytes,
    /// What the manifest lists.
    pub files: BTreeMap<String, Digest>,
    pub evidence: Evidence,
}

impl Packer {
    /// The sealed package of a round.
    pub(super) async fn opened(
        &self,
        counter: &Counter,
        id: &TransferId,
    ) -> Result<Opened, CounterError> {
        let (round, _) = counter.round_now(id).await?;
        let transfer = id.clone();
        let sealed = round
            .sealed
            .ok_or(TransferRefusal::NotSealed { transfer })?;
        let manifest = counter.blobs.get(&sealed.package, MANIFEST_BYTES_MAX);
        let manifest = manifest.await?;
        let files = read_manifest(&mut &manifest[..]).map_err(|fault| unbagged(&fault))?;
        let evidence = self.evidence(counter, &round, &files).await?;
        Ok(Opened {
            round,
            sealed,
            manifest,
            files,
            evidence,
        })
    }

    /// Records that the department was given the package with a checkpoint of `log_size` facts.
    pub(super) async fn record_given(
        &self,
        counter: &Counter,
        ask: &Ask,
        id: &TransferId,
        (package, log_size): (Digest, u64),
    ) -> Result<(), CounterError> {
        let subject = Subject::Transfer(id.clone());
        counter
            .change(ask, &subject, |_, reads, _| {
                Ok(given(&round(reads, id)?, package, log_size))
            })
            .await?;
        Ok(())
    }

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
        let opened = self.opened(counter, id).await?;
        let given = (opened.sealed.package, opened.evidence.log_size);
        let info = bag_info(&opened.round, &opened.sealed).map_err(|fault| unbagged(&fault))?;
        let job = Job {
            source: BlobSource::new(counter),
            target: target.to_owned(),
            form: form.into(),
            more: more.to_vec(),
            evidence: opened.evidence,
            info,
        };
        let (sender, receiver) = mpsc::channel(1);
        let reading = read_ahead(counter.blobs.as_ref(), opened.files, sender);
        let writing = tokio::task::spawn_blocking(move || job.run(receiver));
        let ((), written) = tokio::join!(reading, writing);
        let written = written.map_err(internal)??;
        self.record_given(counter, ask, id, given).await?;
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
    source: BlobSource,
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
                    let mut reader = self.source.reader(&file.digest, size);
                    writer.payload(&file.path, size, &known, &mut reader)
                }
            };
            written.map_err(bag)?;
        }
        self.evidence.write(&mut writer)?;
        writer.finish(&self.info).map_err(bag)
    }
}

/// The blobs of a package, read away from the request threads.
#[derive(Clone)]
pub(super) struct BlobSource {
    blobs: Blobs,
    runtime: Handle,
}

impl BlobSource {
    /// Those of this hall. Called within its runtime.
    pub fn new(counter: &Counter) -> Self {
        Self {
            blobs: counter.blobs.as_ref().clone(),
            runtime: Handle::current(),
        }
    }

    /// A blob as a stream of bytes.
    pub fn open(&self, digest: &Digest) -> Result<BlobReader<'_>, CounterError> {
        let size = self.runtime.block_on(self.blobs.size(digest))?;
        let size = size.ok_or_else(|| internal(format!("blob {digest} is missing")))?;
        Ok(self.reader(digest, size))
    }

    fn reader(&self, digest: &Digest, size: u64) -> BlobReader<'_> {
        BlobReader {
            source: self,
            digest: *digest,
            at: 0,
            size,
            piece: Bytes::new(),
        }
    }
}

/// A blob as a stream of bytes.
pub(super) struct BlobReader<'j> {
    source: &'j BlobSource,
    digest: Digest,
    at: u64,
    /// All its bytes.
    pub size: u64,
    piece: Bytes,
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.piece.is_empty() && self.at < self.size {
            let end = self.size.min(self.at + PIECE_BYTES);
            let BlobSource { blobs, runtime } = self.source;
            let piece = blobs.get_range(&self.digest, self.at..end);
            self.piece = runtime.block_on(piece).map_err(std::io::Error::other)?;
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
