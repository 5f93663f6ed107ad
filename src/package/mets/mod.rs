//! The package as an E-ARK submission (CSIP and SIP 2.2): where each file of the payload lies in it, and what is written
//! beside them. One representation, one `METS.xml` at the root. Nothing here reads or hashes the payload: its digests
//! are known since intake.

mod premis;
mod record;
mod root;

use super::model::check_path;
use super::{FileDoc, PackageDoc, PackageFault};
use crate::domain::{Digest, Timestamp};

/// Most files of a submission: `METS.xml` names each in about 500 bytes and is made in memory.
pub const FILES_MAX: usize = 500_000;

/// Where the content of the cases lies.
pub const DATA: &str = "representations/rep1/data";

/// Where what explains the package lies.
pub const DOCUMENTATION: &str = "documentation";

/// The namespace of the descriptive record that wraps Dublin Core.
pub const RECORD_NAMESPACE: &str = "urn:counterfoil:record:1";

const README: (&str, &[u8]) = (
    "documentation/README.txt",
    include_bytes!("../../../forms/package/sip-readme.txt"),
);
const SCHEMA: (&str, &[u8]) = (
    "schemas/record.xsd",
    include_bytes!("../../../forms/package/record.xsd"),
);
const RECORD: &str = "metadata/descriptive/record.xml";
const PREMIS: &str = "metadata/preservation/premis.xml";
const METS: &str = "METS.xml";

/// Where the bytes of a file come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SipSource {
    /// The file of the payload with this path, as it stands.
    Payload(String),
    /// Written for the submission.
    Bytes(Vec<u8>),
}

/// One file of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipEntry {
    /// Where it lies, from the submission's root folder.
    pub path: String,
    /// Where its bytes come from.
    pub source: SipSource,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// What `METS.xml` says of a file.
struct Described<'d> {
    path: String,
    media_type: &'d str,
    bytes: u64,
    sha256: Digest,
    created: Timestamp,
}

/// Every file of the submission, `METS.xml` last. `documents` are the files of the payload that are about the package as
/// a whole, such as the register; those of the cases stand in `doc`. The root folder's name has to be the transfer's
/// number, which is what `METS.xml` calls itself.
pub fn sip(doc: &PackageDoc, documents: &[FileDoc]) -> Result<Vec<SipEntry>, PackageFault> {
    doc.check()?;
    let count = doc.files().count() + documents.len();
    if count > FILES_MAX {
        return Err(PackageFault::TooMany {
            what: "文件（files of a submission）".into(),
            limit: FILES_MAX as u64,
        });
    }
    let mut plan = Plan::new(doc.sealed_at);
    plan.write(RECORD, record::record(doc));
    plan.write(PREMIS, premis::premis(doc, documents));
    plan.write(README.0, README.1.to_vec());
    plan.write(SCHEMA.0, SCHEMA.1.to_vec());
    for file in documents {
        plan.place(DOCUMENTATION, file)?;
    }
    for file in doc.files() {
        plan.place(DATA, file)?;
    }
    let mets = root::mets(doc, &plan.described);
    plan.write(METS, mets);
    Ok(plan.entries)
}

struct Plan<'d> {
    entries: Vec<SipEntry>,
    described: Vec<Described<'d>>,
    paths: std::collections::BTreeSet<String>,
    sealed_at: Timestamp,
}

impl<'d> Plan<'d> {
    fn new(sealed_at: Timestamp) -> Self {
        Self {
            entries: Vec::new(),
            described: Vec::new(),
            paths: std::collections::BTreeSet::new(),
            sealed_at,
        }
    }

    /// A file that is written for the submission.
    fn write(&mut self, path: &str, bytes: Vec<u8>) {
        let sha256 = Digest::of(&bytes);
        let length = bytes.len() as u64;
        self.paths.insert(path.to_owned());
        self.described.push(Described {
            path: path.to_owned(),
            media_type: media_type(path),
            bytes: length,
            sha256,
            created: self.sealed_at,
        });
        self.entries.push(SipEntry {
            path: path.to_owned(),
            source: SipSource::Bytes(bytes),
            bytes: length,
            sha256,
        });
    }

    /// A file of the payload.
    fn place(&mut self, folder: &str, file: &'d FileDoc) -> Result<(), PackageFault> {
        let path = format!("{folder}/{}", file.path);
        check_path(&path)?;
        if !self.paths.insert(path.clone()) {
            return Err(PackageFault::PathTwice { path });
        }
        self.described.push(Described {
            path: path.clone(),
            media_type: &file.media_type,
            bytes: file.bytes,
            sha256: file.sha256,
            created: file.created,
        });
        self.entries.push(SipEntry {
            path,
            source: SipSource::Payload(file.path.clone()),
            bytes: file.bytes,
            sha256: file.sha256,
        });
        Ok(())
    }
}

fn media_type(path: &str) -> &'static str {
    match path.ends_with(".txt") {
        true => "text/plain",
        false => "application/xml",
    }
}
