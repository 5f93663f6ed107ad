//! Writing a sealed package out: the payload from its blobs, the evidence as it is now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::oneshot::{self, error::TryRecvError};
use utoipa::ToSchema;

use super::ahead::{self, Content, Listed};
use super::evidence::Evidence;
use super::source::BlobSource;
use super::{Packer, internal, unbagged};
use crate::bag::{Algorithm, BagInfo, BagWriter, Form, Known, Limits, Written, read_manifest};
use crate::counter::bundles::round;
use crate::counter::{Ask, Counter, CounterError};
use crate::domain::transfer::{RoundState, SealedPackage, TransferRefusal, given};
use crate::domain::{Digest, Subject, TransferId};
use crate::package::evidence::bag_info;

/// Most bytes of a list of files.
const MANIFEST_BYTES_MAX: u64 = 512 * 1024 * 1024;

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

/// A sealed package.
pub(super) struct Opened {
    pub round: RoundState,
    pub sealed: SealedPackage,
    /// Its payload manifest, whose digest the seal names.
    pub manifest: Bytes,
    /// What the manifest lists.
    pub files: BTreeMap<String, Digest>,
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
        Ok(Opened {
            round,
            sealed,
            manifest,
            files,
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
        let opened = Arc::new(self.opened(counter, id).await?);
        let (proven, evidence) = oneshot::channel();
        let job = Job {
            source: BlobSource::new(counter),
            target: target.to_owned(),
            form: form.into(),
            more: more.to_vec(),
            info: bag_info(&opened.round, &opened.sealed).map_err(|fault| unbagged(&fault))?,
            opened: Arc::clone(&opened),
        };
        // The payload is written while the evidence, which stands behind it, is collected.
        let proving = async move {
            let evidence = self.evidence(counter, &opened).await?;
            let given = (opened.sealed.package, evidence.log_size);
            // Nobody waits for it where writing has failed, which is told below.
            let _ = proven.send(evidence);
            Ok::<_, CounterError>(given)
        };
        let writing = tokio::task::spawn_blocking(move || job.run(evidence));
        let (given, written) = tokio::join!(proving, writing);
        let given = given?;
        let written = written.map_err(internal)??;
        self.record_given(counter, ask, id, given).await?;
        Ok(written)
    }
}

/// A package being written, away from the request threads.
struct Job {
    source: BlobSource,
    target: PathBuf,
    form: Form,
    more: Vec<Algorithm>,
    info: BagInfo,
    opened: Arc<Opened>,
}

impl Job {
    /// Writes the payload, and then the evidence, when it comes.
    fn run(&self, mut evidence: oneshot::Receiver<Evidence>) -> Result<Written, CounterError> {
        let bag = |fault| unbagged(&fault);
        let limits = Limits::default();
        let mut writer =
            BagWriter::create(&self.target, self.form, &self.more, limits).map_err(bag)?;
        let files: Vec<Listed<'_>> = self.opened.files.iter().collect();
        let gone = || internal("the evidence could not be collected");
        let mut proven = None;
        ahead::each(&self.source, &files, |(path, digest), content| {
            // Where nobody waits any more, or there will be none, nothing more is written.
            match evidence.try_recv() {
                Ok(evidence) => proven = Some(evidence),
                Err(TryRecvError::Closed) if proven.is_none() => return Err(gone()),
                Err(_) => {}
            }
            let known = Known {
                sha256: Some(**digest),
                ..Known::default()
            };
            let written = match content {
                Content::Whole(bytes) => {
                    let length = bytes.len() as u64;
                    writer.payload(path, length, &known, &mut &bytes[..])
                }
                Content::Long(size) => {
                    let mut reader = self.source.reader(digest, size);
                    writer.payload(path, size, &known, &mut reader)
                }
            };
            written.map_err(bag)
        })?;
        let evidence = match proven {
            Some(evidence) => evidence,
            None => evidence.blocking_recv().map_err(|_| gone())?,
        };
        evidence.write(&mut writer)?;
        writer.finish(&self.info).map_err(bag)
    }
}
