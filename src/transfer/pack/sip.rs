//! The same content as a submission for an archive (E-ARK SIP 2.2). The evidence and the sealed list of files go into its
//! documentation, so that what the log proves of the bag it proves of the submission.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::evidence::Evidence;
use super::source::{BlobReader, BlobSource};
use super::write::{Opened, PackageForm};
use super::{Packer, internal, unbagged, unmade};
use crate::bag::hash::Hasher;
use crate::bag::{Algorithm, BagInfo, BagWriter, Form, Limits, TreeWriter};
use crate::counter::{Ask, Counter, CounterError};
use crate::domain::{Digest, Timestamp, TransferId};
use crate::package::evidence::EVIDENCE_FOLDERS;
use crate::package::mets::{SipSource, sip};
use crate::package::{FileDoc, FileKind, PackageDoc};

/// Where the package says what it holds.
const DESCRIPTION: &str = "data/transfer.json";
/// Bytes of a file read at once.
const PIECE_BYTES: usize = 256 * 1024;
/// Where the evidence lies in the documentation.
const EVIDENCE: &str = "evidence";

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Packer {
    /// Writes the sealed package of a round as a submission to `target`, with the evidence as it is now, and records which
    /// checkpoint goes with it. The submission's folder is called as the round is; where `form` is a folder, `target` is
    /// to be called so.
    pub async fn write_submission(
        &self,
        counter: &Counter,
        ask: &Ask,
        id: &TransferId,
        (target, form): (&Path, PackageForm),
    ) -> Result<Submitted, CounterError> {
        let opened = self.opened(counter, id).await?;
        let evidence = self.evidence(counter, &opened).await?;
        let given = (opened.sealed.package, evidence.log_size);
        let name: String = Digest::of(ask.request.as_str()).to_string();
        let job = Submission {
            source: BlobSource::new(counter),
            scratch: self.scratch.join(format!("eark-{name}")),
            target: target.to_owned(),
            form: form.into(),
            opened,
            evidence,
            now: counter.clock.now(),
        };
        let written = tokio::task::spawn_blocking(move || {
            let written = job.run();
            drop(fs::remove_dir_all(&job.scratch));
            written
        });
        let written = written.await.map_err(internal)??;
        self.record_given(counter, ask, id, given).await?;
        Ok(written)
    }
}

/// A submission being written, away from the request threads.
struct Submission {
    source: BlobSource,
    scratch: PathBuf,
    target: PathBuf,
    form: Form,
    opened: Opened,
    evidence: Evidence,
    now: Timestamp,
}

/// A file and where its bytes lie.
struct Placed {
    file: FileDoc,
    from: Option<PathBuf>,
}

impl Submission {
    fn run(&self) -> Result<Submitted, CounterError> {
        let doc = self.description()?;
        let mut placed = self.documents(&doc)?;
        placed.extend(self.evidence()?);
        let documents: Vec<FileDoc> = placed.iter().map(|one| one.file.clone()).collect();
        let entries = sip(&doc, &documents).map_err(|fault| unmade(&fault))?;
        let made = placed.iter().filter_map(|one| {
            let from = one.from.as_ref()?;
            Some((one.file.path.as_str(), from))
        });
        let made: BTreeMap<&str, &PathBuf> = made.collect();
        let bag = |fault| unbagged(&fault);
        let base = doc.transfer.as_str();
        let limits = Limits::default();
        let mut tree = TreeWriter::create(&self.target, self.form, base, limits).map_err(bag)?;
        for entry in &entries {
            let path = &entry.path;
            match &entry.source {
                SipSource::Bytes(bytes) => tree.file(path, entry.bytes, &mut &bytes[..]),
                SipSource::Payload(source) => match made.get(source.as_str()) {
                    Some(from) => {
                        let mut file = File::open(from).map_err(internal)?;
                        tree.file(path, entry.bytes, &mut file)
                    }
                    None => tree.file(path, entry.bytes, &mut self.blob(&entry.sha256)?),
                },
            }
            .map_err(bag)?;
        }
        let (files, bytes) = tree.finish().map_err(bag)?;
        Ok(Submitted { files, bytes })
    }

    fn blob(&self, digest: &Digest) -> Result<BlobReader<'_>, CounterError> {
        self.source.open(digest)
    }

    /// What the package says of itself.
    fn description(&self) -> Result<PackageDoc, CounterError> {
        let digest = self.opened.files.get(DESCRIPTION);
        let digest = digest.ok_or_else(|| internal("the package has no description"))?;
        serde_json::from_reader(self.blob(digest)?).map_err(internal)
    }

    /// The files of the payload that are about the package as a whole.
    fn documents(&self, doc: &PackageDoc) -> Result<Vec<Placed>, CounterError> {
        let cases: BTreeSet<&str> = doc.files().map(|file| file.path.as_str()).collect();
        let mut documents = Vec::new();
        for (path, digest) in &self.opened.files {
            let path = path.strip_prefix("data/").unwrap_or(path);
            if cases.contains(path) {
                continue;
            }
            let bytes = self.blob(digest)?.size;
            let file = file(path, bytes, *digest, doc.sealed_at);
            documents.push(Placed { file, from: None });
        }
        Ok(documents)
    }

    /// The evidence, as it stands in the bag.
    fn evidence(&self) -> Result<Vec<Placed>, CounterError> {
        drop(fs::remove_dir_all(&self.scratch));
        fs::create_dir_all(&self.scratch).map_err(internal)?;
        let root = self.scratch.join("bag");
        let bag = |fault| unbagged(&fault);
        let limits = Limits::default();
        let mut writer = BagWriter::create(&root, Form::Folder, &[], limits).map_err(bag)?;
        self.evidence.write(&mut writer)?;
        writer.finish(&BagInfo::default()).map_err(bag)?;
        let manifest = Algorithm::Sha256.manifest();
        let sealed = root.join(&manifest);
        // That of the scratch bag lists nothing; the one whose digest was sealed takes its place.
        fs::write(&sealed, &self.opened.manifest).map_err(internal)?;
        let mut found = vec![(manifest, sealed)];
        let mut folders: Vec<String> = EVIDENCE_FOLDERS.map(str::to_owned).into();
        while let Some(folder) = folders.pop() {
            let Ok(listed) = fs::read_dir(root.join(&folder)) else {
                continue;
            };
            for entry in listed {
                let entry = entry.map_err(internal)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{folder}/{name}");
                match entry.path().is_dir() {
                    true => folders.push(path),
                    false => found.push((path, entry.path())),
                }
            }
        }
        found.sort();
        let placed = found.into_iter().map(|(path, from)| {
            let bytes = fs::metadata(&from).map_err(internal)?.len();
            let digest = digest_of(&from).map_err(internal)?;
            let file = file(&format!("{EVIDENCE}/{path}"), bytes, digest, self.now);
            let from = Some(from);
            Ok(Placed { file, from })
        });
        placed.collect()
    }
}

fn digest_of(path: &Path) -> std::io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            break;
        }
        hasher.update(piece.get(..length).unwrap_or_default());
    }
    let sum = hasher.finish();
    let raw = sum.as_bytes().try_into();
    raw.map(Digest::from_bytes).map_err(std::io::Error::other)
}

fn file(path: &str, bytes: u64, sha256: Digest, created: Timestamp) -> FileDoc {
    let suffix = path.rsplit_once('.').map(|(_, suffix)| suffix);
    let media_type = match suffix.map(str::to_ascii_lowercase).as_deref() {
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        Some("jsonl") => "application/jsonl",
        Some("csv") => "text/csv",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("pdf") => "application/pdf",
        _ => "text/plain",
    };
    FileDoc {
        path: path.to_owned(),
        kind: FileKind::Document,
        media_type: media_type.to_owned(),
        bytes,
        sha256,
        sm3: None,
        created,
        pages: None,
        derived_from: None,
        made_by: None,
        dpi: None,
    }
}
