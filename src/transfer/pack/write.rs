//! Writing a sealed package out: the payload from its blobs, the evidence as it is now.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::runtime::Handle;
use utoipa::ToSchema;

use super::evidence::Evidence;
use super::{Packer, internal, unbagged};
use crate::bag::{Algorithm, BagInfo, BagWriter, Form, Known, Limits, Written, read_manifest};
use crate::counter::bundles::round;
use crate::counter::{Ask, Counter, CounterError};
use crate::domain::transfer::{TransferRefusal, given};
use crate::domain::{Digest, Subject, TransferId};
use crate::package::evidence::bag_info;
use crate::store::blob::Blobs;

/// Most bytes of a list of files.
const MANIFEST_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Bytes of a blob read at once.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;

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
            files,
            evidence,
            info,
        };
        let written = tokio::task::spawn_blocking(move || job.run());
        let written = written.await.map_err(internal)??;
        let subject = Subject::Transfer(id.clone());
        counter
            .change(ask, &subject, |_, reads, _| {
                Ok(given(&round(reads, id)?, sealed.package, log_size))
            })
            .await?;
        Ok(written)
    }
}

/// A package being written, away from the request threads.
struct Job {
    blobs: Blobs,
    runtime: Handle,
    target: PathBuf,
    form: Form,
    more: Vec<Algorithm>,
    files: BTreeMap<String, Digest>,
    evidence: Evidence,
    info: BagInfo,
}

impl Job {
    fn run(self) -> Result<Written, CounterError> {
        let bag = |fault| unbagged(&fault);
        let limits = Limits::default();
        let mut writer =
            BagWriter::create(&self.target, self.form, &self.more, limits).map_err(bag)?;
        for (path, digest) in &self.files {
            let size = self.runtime.block_on(self.blobs.size(digest))?;
            let size = size.ok_or_else(|| internal(format!("blob {digest} is missing")))?;
            let mut reader = BlobReader {
                job: &self,
                digest: *digest,
                at: 0,
                size,
                piece: bytes::Bytes::new(),
            };
            let known = Known {
                sha256: Some(*digest),
                ..Known::default()
            };
            writer
                .payload(path, size, &known, &mut reader)
                .map_err(bag)?;
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
    piece: bytes::Bytes,
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
