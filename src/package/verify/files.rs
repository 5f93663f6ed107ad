//! The files of a package as files: whether it is a valid bag, whether each tag file belongs there, and whether what the
//! program writes itself is byte for byte what it writes.

use std::io::Read;

use super::report::Seen;
use super::{Finding, Work};
use crate::bag::{self, Algorithm, Depth, Fault, Settings};
use crate::domain::{Digest, SlipId};
use crate::package::evidence::{CHECKPOINT, CONSISTENCY, DOCUMENTS, FACTS, PROOFS, SLIPS};

/// Algorithms whose manifests a package may have.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Sha256, Algorithm::Sha512, Algorithm::Sm3];
/// Files that every package has.
const ALWAYS: [&str; 6] = [
    "bag-info.txt",
    CHECKPOINT,
    FACTS,
    PROOFS,
    CONSISTENCY,
    super::cases::DESCRIPTION,
];

/// A document of a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlipDocument {
    /// What the giver signed.
    Manifest,
    /// What the receiver signed.
    Outcome,
    /// What was found when lines that were taken by seal were checked.
    Check,
}

/// The slip a document of a slip is named after, and which document it is.
pub(super) fn slip_of(path: &str) -> Option<(SlipId, SlipDocument)> {
    let name = path.strip_prefix(SLIPS)?;
    let endings = [
        (".manifest.json", SlipDocument::Manifest),
        (".outcome.json", SlipDocument::Outcome),
        (".check.json", SlipDocument::Check),
    ];
    let mut named = endings.into_iter();
    let (slip, which) = named.find_map(|(end, which)| Some((name.strip_suffix(end)?, which)))?;
    Some((SlipId::new(slip).ok()?, which))
}

/// The digest a document of the round is named after.
pub(super) fn document_of(path: &str) -> Option<Digest> {
    let name = path.strip_prefix(DOCUMENTS)?.strip_suffix(".json")?;
    name.parse()
        .ok()
        .filter(|digest: &Digest| digest.to_string() == name)
}

fn belongs(path: &str) -> bool {
    let own = [
        CHECKPOINT,
        FACTS,
        PROOFS,
        CONSISTENCY,
        "bagit.txt",
        "bag-info.txt",
    ];
    path.starts_with("data/")
        || own.contains(&path)
        || ALGORITHMS
            .iter()
            .any(|one| path == one.manifest() || path == one.tag_manifest())
        || slip_of(path).is_some()
        || document_of(path).is_some()
}

impl Work<'_> {
    /// Judges the bag and what stands around the payload.
    pub(super) fn bag(&mut self, seen: &mut Seen) {
        let settings = Settings {
            depth: Depth::Valid,
            threads: self.limits.threads,
            faults_max: self.limits.findings,
            limits: self.limits.bag,
            stop: self.stop,
        };
        let report = bag::validate(self.source, &settings);
        (seen.files, seen.bytes) = (report.files, report.bytes);
        // A sum that does not fit follows from a file that is named behind it.
        let sum = |fault: &Fault| matches!(fault, Fault::OxumDiffers { .. });
        let (sums, others): (Vec<Fault>, Vec<Fault>) = report.faults.into_iter().partition(sum);
        for fault in others.into_iter().chain(sums) {
            self.findings.add(Finding::Bag(fault));
        }
        // A tag file that no tag manifest lists is no fault of a bag, but nothing in a package is without a checksum.
        for warning in report.warnings {
            if matches!(warning, Fault::TagUnlisted { .. }) {
                self.findings.add(Finding::Bag(warning));
            }
        }
        for one in [
            Algorithm::Sha256.manifest(),
            Algorithm::Sha256.tag_manifest(),
        ] {
            self.needs(&one);
        }
        for one in ALWAYS {
            self.needs(one);
        }
        let strange = |path: &&String| !belongs(path);
        let entries = self.source.entries().iter().map(|entry| &entry.path);
        for path in entries.filter(strange) {
            let about = path.clone();
            self.findings.add(Finding::FileUnexpected { about });
        }
        self.own_text();
    }

    fn needs(&mut self, path: &str) {
        if self.source.find(path).is_none() {
            let about = path.to_owned();
            self.findings.add(Finding::FileAbsent { about });
        }
    }

    /// What RFC 8493 lets stand in several forms stands here in one.
    fn own_text(&mut self) {
        if let Some(text) = self.read("bagit.txt")
            && text != bag::declaration().as_bytes()
        {
            let about = "bagit.txt".to_owned();
            self.findings.add(Finding::DeclarationDiffers { about });
        }
        for algorithm in ALGORITHMS {
            for name in [algorithm.manifest(), algorithm.tag_manifest()] {
                let Some(index) = self.source.find(&name) else {
                    continue;
                };
                let text = self.source.open(index);
                let read = text
                    .and_then(|text| bag::manifest_lines(algorithm, &name, text, |_, _, _| Ok(())));
                if let Err(fault) = read {
                    self.findings.add(Finding::Bag(fault));
                }
            }
        }
    }

    /// A file as a whole; none where it is absent, too large or cannot be read, which is said where it was not yet.
    pub(super) fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        let index = self.source.find(path)?;
        let size = self.source.entries().get(index)?.size;
        let limit = self.limits.document_bytes;
        if size > limit {
            let about = path.to_owned();
            self.findings.add(Finding::FileTooLarge { about, limit });
            return None;
        }
        let mut bytes = Vec::new();
        let read = self.source.open(index).and_then(|file| {
            let read = file.take(limit).read_to_end(&mut bytes);
            read.map_err(|error| Fault::Io {
                path: path.to_owned(),
                reason: error.to_string(),
            })
        });
        match read {
            Ok(_) => Some(bytes),
            Err(fault) => {
                self.findings.add(Finding::Bag(fault));
                None
            }
        }
    }
}
