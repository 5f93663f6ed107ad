//! Writing a bag, file by file, in bounded memory: payload and manifests pass through, and about sixty bytes a file are
//! kept to notice a path that comes twice. The same calls give the same bytes: times, modes and order are fixed. Until
//! [`BagWriter::finish`] has returned nothing stands under the bag's name. What a bag is for is not known here.

mod folder;
mod names;
mod out;
mod spool;
mod stage;
mod tap;
mod tar;
mod tree;
mod zip;

use std::io::Read;
use std::path::Path;

use crate::domain::{Digest, Sm3};

use super::fault::Fault;
use super::hash::{Algorithm, Checksum, Hasher};
use super::info::{self, BagInfo};
use super::limits::Limits;
use super::path::BagPath;
use names::Names;
use spool::Spool;
pub use spool::TagSpool;
use stage::Stage;
use tap::Tap;
pub use tree::TreeWriter;

/// Warnings kept; the rest is counted.
const WARNINGS_MAX: usize = 100;
/// Seconds since 1970 that every file is dated with: the first a zip can state, 1980-01-01.
const MTIME: u64 = 315_532_800;

/// In which form a bag is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A folder.
    Folder,
    /// A zip (zip64 where needed) with one folder.
    Zip,
    /// A POSIX tar with one folder.
    Tar,
}

/// Digests that are known and therefore not computed again. They are trusted: whoever verifies the bag verifies them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    /// SHA-256.
    pub sha256: Option<Digest>,
    /// SHA-512.
    pub sha512: Option<[u8; 64]>,
    /// SM3.
    pub sm3: Option<Sm3>,
}

impl Known {
    fn sums(&self) -> Vec<(Algorithm, Checksum)> {
        let sums = [
            (
                Algorithm::Sha256,
                self.sha256.as_ref().map(|one| one.as_bytes().as_slice()),
            ),
            (
                Algorithm::Sha512,
                self.sha512.as_ref().map(|one| one.as_slice()),
            ),
            (
                Algorithm::Sm3,
                self.sm3.as_ref().map(|one| one.as_bytes().as_slice()),
            ),
        ];
        let sum = |(algorithm, raw): (Algorithm, Option<&[u8]>)| {
            Some((algorithm, Checksum::from_bytes(raw?)?))
        };
        sums.into_iter().filter_map(sum).collect()
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Payload files.
    pub files: u64,
    /// Payload bytes.
    pub bytes: u64,
    /// SHA-256 of `tagmanifest-sha256.txt`: it stands for the whole bag.
    pub tag_manifest: Digest,
    /// What a receiver on another system may stumble over.
    pub warnings: Vec<Fault>,
    /// Warnings that were left out.
    pub warnings_left_out: u64,
}

/// Where files of a bag go.
trait Sink: Send {
    /// Stores a file of exactly `length` bytes.
    fn put(&mut self, path: &BagPath, length: u64, bytes: &mut Tap<'_>) -> Result<(), Fault>;
    /// Ends the form and makes it durable under its working name.
    fn finish(&mut self) -> Result<(), Fault>;
}

/// Where the files go in a form; in an archive below one folder called `base`.
fn sink(
    stage: &Stage,
    form: Form,
    base: &BagPath,
    folders: &[&str],
) -> Result<Box<dyn Sink>, Fault> {
    Ok(match form {
        Form::Folder => Box::new(folder::FolderSink::create(stage, folders)?),
        Form::Tar => Box::new(tar::TarSink::create(stage, base, folders)?),
        Form::Zip => Box::new(zip::ZipSink::create(stage, base, folders)?),
    })
}

/// Writes one bag.
pub struct BagWriter {
    sink: Box<dyn Sink>,
    manifests: Vec<Spool>,
    tag_manifests: Vec<Spool>,
    algorithms: Vec<Algorithm>,
    names: Names,
    limits: Limits,
    files: u64,
    bytes: u64,
    tag_files: u64,
    tag_bytes: u64,
    spools: u64,
    warnings: Vec<Fault>,
    warnings_left_out: u64,
    failed: bool,
    // Last: its drop removes the working folder, when everything above is closed.
    stage: Stage,
}

impl BagWriter {
    /// Begins a bag that will stand at `target` when it is finished; in an archive its one folder is called as the file
    /// is, without `.zip` or `.tar`. SHA-256 manifests are always written, those of `more` (SHA-512, SM3) beside them.
    /// Beside `target` a working folder `.NAME.partial` is made; what a killed process left in it is removed.
    pub fn create(
        target: &Path,
        form: Form,
        more: &[Algorithm],
        limits: Limits,
    ) -> Result<Self, Fault> {
        let stage = Stage::open(target)?;
        let base = base_name(&stage, form)?;
        let sink = sink(&stage, form, &base, &["data"])?;
        let optional = [Algorithm::Sha512, Algorithm::Sm3];
        let asked = optional.into_iter().filter(|one| more.contains(one));
        let algorithms: Vec<Algorithm> = [Algorithm::Sha256].into_iter().chain(asked).collect();
        let spools = |name: fn(Algorithm) -> String| -> Result<Vec<Spool>, Fault> {
            let spool =
                |one: &Algorithm| Spool::create(&stage, &name(*one), &name(*one), &algorithms);
            algorithms.iter().map(spool).collect()
        };
        let manifests = spools(Algorithm::manifest)?;
        let tag_manifests = spools(Algorithm::tag_manifest)?;
        let mut writer = Self {
            sink,
            manifests,
            tag_manifests,
            algorithms,
            names: Names::default(),
            limits,
            files: 0,
            bytes: 0,
            tag_files: 0,
            tag_bytes: 0,
            spools: 0,
            warnings: Vec::new(),
            warnings_left_out: 0,
            failed: false,
            stage,
        };
        writer.tag_text("bagit.txt", &super::declaration())?;
        Ok(writer)
    }

    /// Adds a payload file. `path` begins with `data/`; `bytes` must give exactly `length` bytes. A refused path leaves
    /// the bag as it was; after any other fault it can no longer be finished.
    pub fn payload(
        &mut self,
        path: &str,
        length: u64,
        known: &Known,
        bytes: &mut dyn Read,
    ) -> Result<(), Fault> {
        let path = BagPath::portable(path)?;
        if !path.is_payload() {
            let path = path.as_str().to_owned();
            return Err(Fault::NotPayload { path });
        }
        self.admit(&path, length)?;
        self.files += 1;
        self.bytes += length;
        let sums = self.store(&path, length, &known.sums(), bytes)?;
        for (manifest, sum) in self.manifests.iter_mut().zip(sums) {
            manifest.line(&path, &sum).inspect_err(|_| {
                self.failed = true;
            })?;
        }
        Ok(())
    }

    /// Adds a tag file (RFC 8493, 2.2.4), in a folder or not, of exactly `length` bytes.
    pub fn tag(&mut self, path: &str, length: u64, bytes: &mut dyn Read) -> Result<(), Fault> {
        let path = BagPath::portable(path)?;
        if is_reserved(path.as_str()) {
            let path = path.as_str().to_owned();
            return Err(Fault::TagReserved { path });
        }
        self.admit(&path, length)?;
        self.put_tag(&path, length, &[], bytes)
    }

    /// Begins a tag file that grows while other files are added; as [`BagWriter::tag`] otherwise.
    pub fn begin_tag(&mut self, path: &str) -> Result<TagSpool, Fault> {
        let path = BagPath::portable(path)?;
        if is_reserved(path.as_str()) {
            let path = path.as_str().to_owned();
            return Err(Fault::TagReserved { path });
        }
        self.admit(&path, 0)?;
        self.spools += 1;
        let place = format!("spool-{}", self.spools);
        let spool = Spool::create(&self.stage, &place, path.as_str(), &self.algorithms)?;
        Ok(TagSpool(spool))
    }

    /// Adds a tag file that has grown to its end.
    pub fn end_tag(&mut self, spool: TagSpool) -> Result<(), Fault> {
        let mut ended = spool.0.ended()?;
        self.usable(ended.path.as_str())?;
        self.fits(&ended.path, ended.length)?;
        self.put_tag(&ended.path, ended.length, &ended.sums, &mut ended.bytes)
    }

    /// Writes `bag-info.txt` and the manifests, makes everything durable and gives it its name.
    pub fn finish(mut self, info: &BagInfo) -> Result<Written, Fault> {
        self.usable(info::NAME)?;
        let text = info.text(self.bytes, self.files);
        self.tag_text(info::NAME, &text)?;
        for spool in std::mem::take(&mut self.manifests) {
            let mut ended = spool.ended()?;
            self.put_tag(&ended.path, ended.length, &ended.sums, &mut ended.bytes)?;
        }
        let mut digest: Option<[u8; 32]> = None;
        for spool in std::mem::take(&mut self.tag_manifests) {
            let mut ended = spool.ended()?;
            let sums = self.store(&ended.path, ended.length, &ended.sums, &mut ended.bytes)?;
            let first = sums.first().map(Checksum::as_bytes);
            digest = digest.or(first.and_then(|raw| raw.try_into().ok()));
        }
        self.sink.finish()?;
        self.stage.publish()?;
        Ok(Written {
            files: self.files,
            bytes: self.bytes,
            tag_manifest: Digest::from_bytes(digest.unwrap_or_default()),
            warnings: std::mem::take(&mut self.warnings),
            warnings_left_out: self.warnings_left_out,
        })
    }

    fn tag_text(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let path = BagPath::portable(name)?;
        self.remember(&path)?;
        self.put_tag(&path, text.len() as u64, &[], &mut text.as_bytes())
    }

    fn put_tag(
        &mut self,
        path: &BagPath,
        length: u64,
        known: &[(Algorithm, Checksum)],
        bytes: &mut dyn Read,
    ) -> Result<(), Fault> {
        self.tag_files += 1;
        self.tag_bytes += length;
        let sums = self.store(path, length, known, bytes)?;
        for (manifest, sum) in self.tag_manifests.iter_mut().zip(sums) {
            manifest.line(path, &sum).inspect_err(|_| {
                self.failed = true;
            })?;
        }
        Ok(())
    }

    /// Passes a file to the sink; gives back its checksums in the order of the manifests.
    fn store(
        &mut self,
        path: &BagPath,
        length: u64,
        known: &[(Algorithm, Checksum)],
        bytes: &mut dyn Read,
    ) -> Result<Vec<Checksum>, Fault> {
        let known = |one: Algorithm| {
            let same = known.iter().find(|(algorithm, _)| *algorithm == one);
            same.map(|(_, sum)| *sum)
        };
        let unknown = |one: &&Algorithm| known(**one).is_none();
        let hashers = self.algorithms.iter().filter(unknown);
        let hashers = hashers.map(|one| Hasher::new(*one)).collect();
        let mut tap = Tap::new(path, length, hashers, bytes);
        // Whatever stops it half-way leaves a bag that must not be finished.
        self.failed = true;
        self.sink.put(path, length, &mut tap)?;
        let mut computed = tap.ended()?.into_iter();
        self.failed = false;
        let sum = |one: &Algorithm| known(*one).or_else(|| computed.next());
        Ok(self.algorithms.iter().filter_map(sum).collect())
    }

    fn usable(&self, path: &str) -> Result<(), Fault> {
        if self.failed {
            let path = path.to_owned();
            return Err(Fault::WriterFailed { path });
        }
        Ok(())
    }

    /// Checks limits and path before a byte is read.
    fn admit(&mut self, path: &BagPath, length: u64) -> Result<(), Fault> {
        self.usable(path.as_str())?;
        let files = self.limits.files;
        // What the writer adds itself: bag-info.txt, three manifests, three tag manifests, two folders.
        if self.files + self.tag_files + 9 >= files {
            let path = self.stage.name();
            return Err(Fault::TooManyFiles { path, limit: files });
        }
        self.fits(path, length)?;
        self.remember(path)
    }

    fn fits(&self, path: &BagPath, length: u64) -> Result<(), Fault> {
        let Limits {
            file_bytes,
            total_bytes,
            ..
        } = self.limits;
        let total = (self.bytes + self.tag_bytes).saturating_add(length);
        for (size, limit) in [(length, file_bytes), (total, total_bytes)] {
            if size > limit {
                let path = path.as_str().to_owned();
                return Err(Fault::TooLarge { path, limit });
            }
        }
        Ok(())
    }

    fn remember(&mut self, path: &BagPath) -> Result<(), Fault> {
        if self.names.add(path)? {
            if self.warnings.len() < WARNINGS_MAX {
                let path = path.as_str().to_owned();
                self.warnings.push(Fault::PathCollides { path });
            } else {
                self.warnings_left_out += 1;
            }
        }
        Ok(())
    }
}

/// Names that RFC 8493 keeps for its own files, and the payload.
fn is_reserved(path: &str) -> bool {
    let name = path.to_lowercase();
    let manifest = name.starts_with("manifest-") || name.starts_with("tagmanifest-");
    let own = ["bagit.txt", info::NAME, "fetch.txt", "data"];
    own.contains(&name.as_str())
        || name.starts_with("data/")
        || manifest && name.ends_with(".txt") && !name.contains('/')
}

/// The folder inside an archive.
fn base_name(stage: &Stage, form: Form) -> Result<BagPath, Fault> {
    let name = stage.name();
    let ending = match form {
        Form::Folder => "",
        Form::Zip => ".zip",
        Form::Tar => ".tar",
    };
    let base = name.strip_suffix(ending).unwrap_or(&name);
    match BagPath::portable(base) {
        Ok(path) if !base.contains('/') => Ok(path),
        _ => Err(Fault::TargetName { path: name }),
    }
}
