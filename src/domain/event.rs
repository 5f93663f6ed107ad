//! Facts. A leaf of the log is the JSON of one [`Entry`], hashed as it stands and never re-serialised.
//! It holds ids, codes, digests, amounts and times; never a name, a number of a person, or free text.

use serde::{Deserialize, Serialize};

use super::case::{CaseEvent, VisitEvent};
use super::catalogue::ItemEvent;
use super::custody::{
    BundleEvent, ContainerEvent, DiscrepancyEvent, InventoryEvent, LossEvent, SlipEvent,
    StocktakeEvent,
};
use super::digest::{Digest, Sm3};
use super::finding::Finding;
use super::hall::{AuthorisationEvent, DepartmentEvent, HallEvent, SiteEvent};
use super::id::{Actor, CaseNo, Commitment, PipelineName, RequestId, SiteCode, Subject};
use super::staff::StaffEvent;
use super::stock::StockEvent;
use super::ticket::TicketEvent;
use super::time::Timestamp;
use super::transfer::{MonthEvent, TransferEvent};
use super::witness::WitnessEvent;

/// The format version written today. Every version ever written stays decodable (`fixtures/events`).
pub const ENTRY_VERSION: u16 = 1;

/// The largest leaf accepted, in bytes: a fact names blobs, it does not contain them. An entry bundle says a leaf's
/// length in 16 bits (C2SP tlog-tiles).
pub const LEAF_BYTES_MAX: usize = u16::MAX as usize;

/// One fact as it stands in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Format version, see [`ENTRY_VERSION`].
    pub v: u16,
    /// What the fact is about.
    pub subject: Subject,
    /// Its place in the subject's history, from 0 without gaps.
    pub seq: u32,
    /// When it was recorded.
    pub at: Timestamp,
    /// When it happened, if it was entered later (补录).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Occurred>,
    /// Who recorded it.
    pub by: Actor,
    /// The request that recorded it; a retry finds it here.
    pub request: RequestId,
    /// What happened.
    pub event: Event,
}

/// The time something happened before it was entered, with the reason for entering it late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Occurred {
    /// When it happened.
    pub at: Timestamp,
    /// Vault record that holds the reason in words.
    pub reason: Commitment,
}

/// What a decision asks to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub event: Event,
    /// When it happened, if that was earlier.
    pub occurred: Option<Occurred>,
}

impl Fact {
    /// A fact that happened as it is recorded.
    pub fn new(subject: Subject, event: Event) -> Self {
        Self {
            subject,
            event,
            occurred: None,
        }
    }
}

/// Everything that can happen. New variants are added; a variant once written is never changed or removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The log was opened under `origin`, signed by the verifier key `key` (C2SP signed note form).
    LogOpened {
        /// The checkpoint origin line.
        origin: String,
        /// `name+hash+base64` verifier key.
        key: String,
    },
    /// The signing key changed; `signature` is the old key's over the new verifier key text (base64).
    KeyRotated {
        /// Verifier key until now.
        old: String,
        /// Verifier key from the next checkpoint on.
        new: String,
        /// Base64 Ed25519 signature by the old key over the bytes of `new`.
        signature: String,
    },
    /// The master bytes are durable in the blob store.
    ScanReceived {
        /// SHA-256 of the master, which also names the subject.
        digest: Digest,
        /// SM3 of the same bytes.
        sm3: Sm3,
        /// Length of the master.
        bytes: u64,
        /// What its first bytes say it is.
        format: FileFormat,
        /// How it came in.
        source: ScanSource,
        /// Which pipeline is to read it.
        pipeline: PipelineName,
        /// The case it was filed under, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseNo>,
        /// Vault record with the file's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Commitment>,
        /// The site it was scanned at, if known: in whose tray it lies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteCode>,
    },
    /// The same bytes also belong to another case.
    ScanFiled {
        /// That case.
        case: CaseNo,
    },
    /// The scan was filed under the wrong case (串件) and belongs to another.
    ScanRefiled {
        /// The case it leaves.
        from: CaseNo,
        /// The case it belongs to.
        to: CaseNo,
        /// Vault record, of the case it belongs to, of why.
        reason: Commitment,
    },
    /// The first pages of a long scan are read and can be searched, while the others are still being read. 部分已识别.
    PagesRead {
        /// Digest of a [`super::manifest::RecordManifest`] blob that has these pages only.
        manifest: Digest,
        /// How many they are.
        pages: u32,
    },
    /// Every stage passed (or was redone): the manifest says what was read and by what. 已固化.
    RecordSealed {
        /// Digest of the [`super::manifest::RecordManifest`] blob.
        manifest: Digest,
        /// Number of pages.
        pages: u32,
    },
    /// A person has to look: the scan could not be read as it should. 待人工处理.
    ScanHeld {
        /// Why, at least one.
        findings: Vec<Finding>,
    },
    /// A held or sealed scan was put back in the queue for another reading.
    ScanRequeued {
        /// Which pipeline is to read it.
        pipeline: PipelineName,
    },
    /// About the hall as a whole.
    Hall {
        /// What happened.
        event: HallEvent,
    },
    /// About a site or its windows.
    Site {
        /// What happened.
        event: SiteEvent,
    },
    /// About a department or its chief representatives.
    Department {
        /// What happened.
        event: DepartmentEvent,
    },
    /// About a department's mandate to the windows.
    Authorisation {
        /// What happened.
        event: AuthorisationEvent,
    },
    /// About a service item.
    Item {
        /// What happened.
        event: ItemEvent,
    },
    /// About a visit.
    Visit {
        /// What happened.
        event: VisitEvent,
    },
    /// About a case.
    Case {
        /// What happened.
        event: CaseEvent,
    },
    /// About something that is followed up.
    Ticket {
        /// What happened.
        event: TicketEvent,
    },
    /// About a person who works here.
    Staff {
        /// What happened.
        event: StaffEvent,
    },
    /// About a stock of numbered blanks.
    Stock {
        /// What happened.
        event: StockEvent,
    },
    /// About the paper of a case.
    Bundle {
        /// What happened.
        event: BundleEvent,
    },
    /// About a slip on which paper is handed over.
    Slip {
        /// What happened.
        event: SlipEvent,
    },
    /// About something that did not match at a hand-over.
    Discrepancy {
        /// What happened.
        event: DiscrepancyEvent,
    },
    /// About a box, shelf, cabinet or room that paper is kept in.
    Container {
        /// What happened.
        event: ContainerEvent,
    },
    /// About a round of the monthly transfer.
    Transfer {
        /// What happened.
        event: TransferEvent,
    },
    /// About the taking over of the paper that was there before the system.
    Stocktake {
        /// What happened.
        event: StocktakeEvent,
    },
    /// About a count of paper.
    Inventory {
        /// What happened.
        event: InventoryEvent,
    },
    /// About paper that is reported lost.
    Loss {
        /// What happened.
        event: LossEvent,
    },
    /// About a witness of the log.
    Witness {
        /// What happened.
        event: WitnessEvent,
    },
    /// About a month of a site.
    Month {
        /// What happened.
        event: MonthEvent,
    },
}

impl Event {
    /// What happened, as one word a room: `scan_received`, `case.opened`.
    pub fn name(&self) -> String {
        // The names are those of the stored form, so they are read from it and never drift from it.
        let stored = serde_json::to_value(self).unwrap_or_default();
        let word =
            |value: &serde_json::Value| value["type"].as_str().unwrap_or_default().to_owned();
        match stored.get("event") {
            Some(inner) => format!("{}.{}", word(&stored), word(inner)),
            None => word(&stored),
        }
    }
}

/// A file's format, told by its content and never by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// JPEG, ISO/IEC 10918.
    Jpeg,
    /// PNG.
    Png,
    /// TIFF, of one page or many.
    Tiff,
    /// BMP.
    Bmp,
    /// WebP.
    Webp,
    /// GIF; its first frame counts.
    Gif,
    /// PDF.
    Pdf,
}

/// Which door a scan came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanSource {
    /// `counterfoil ingest`.
    Cli,
    /// `PUT /api/v1/scans/{sha256}`.
    Http,
    /// A scanning station's spool.
    Station,
}

/// Bytes that are not a fact this program can read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The JSON does not parse or has unknown parts.
    #[error("leaf is not a fact: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by a newer program.
    #[error(
        "leaf has format version {found}, this program reads up to {ENTRY_VERSION}: update counterfoil"
    )]
    Newer {
        /// The version found.
        found: u16,
    },
    /// Larger than any fact.
    #[error("leaf has {bytes} bytes, at most {LEAF_BYTES_MAX} are allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
}

impl Entry {
    /// The bytes that are hashed and stored. Fails only when a fact is larger than [`LEAF_BYTES_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        let bytes = serde_json::to_vec(self)?;
        if bytes.len() > LEAF_BYTES_MAX {
            return Err(DecodeError::TooLarge { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads a leaf of any version ever written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Version {
            v: u16,
        }
        if bytes.len() > LEAF_BYTES_MAX {
            return Err(DecodeError::TooLarge { bytes: bytes.len() });
        }
        let version: Version = serde_json::from_slice(bytes)?;
        if version.v > ENTRY_VERSION {
            return Err(DecodeError::Newer { found: version.v });
        }
        Ok(serde_json::from_slice(bytes)?)
    }
}
