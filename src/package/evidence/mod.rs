//! The evidence in a package: what shows that its content is what the log says, and who signed for the paper. It grows
//! after the payload is sealed, so it lies in tag files and the payload manifest stays what was sealed.
//!
//! | tag file | what |
//! |---|---|
//! | `ledger/checkpoint` | the signed note of a checkpoint of the log |
//! | `ledger/facts.jsonl` | a fact a line, `{"index":n,"leaf":"<its exact text>"}`, by index |
//! | `ledger/proofs.jsonl` | for each, `{"index":n,"path":["<hex>",…]}`: its inclusion (RFC 6962) in that checkpoint |
//! | `ledger/consistency.jsonl` | `{"size":m,"root":"<hex>","path":[…]}`: from each checkpoint the receiver had before |
//! | `custody/slips/SLIP.manifest.json`, `.outcome.json` | the exact bytes that giver and receiver signed |
//! | `custody/slips/SLIP.check.json` | the same of the later check of what was taken by seal |
//! | `custody/transfer/DIGEST.json` | what facts of the round name by digest: its lines, findings, checks |
//!
//! Facts in it: all about the log, the round, and each bundle, case and scan that was ever on the round; every slip and
//! discrepancy in the history of those bundles; and of each person who signed, those that [`is_about_signing`].
//! Nothing here judges; that is done in `verify`.

mod read;
mod write;

use serde::{Deserialize, Serialize};

use crate::bag::{BagInfo, Fault};
use crate::domain::custody::LossEvent;
use crate::domain::staff::StaffEvent;
use crate::domain::transfer::{RoundState, SealedPackage};
use crate::domain::{Date, Digest, SlipId};
use crate::merkle::Hash;

pub use read::{Earlier, Proven, earlier, proven};
pub use write::{EvidenceFault, EvidenceWriter, check, document, outcome, slip};

/// The signed checkpoint.
pub const CHECKPOINT: &str = "ledger/checkpoint";
/// The facts.
pub const FACTS: &str = "ledger/facts.jsonl";
/// Their proofs.
pub const PROOFS: &str = "ledger/proofs.jsonl";
/// Proofs from earlier checkpoints.
pub const CONSISTENCY: &str = "ledger/consistency.jsonl";
/// Where the slips' documents are.
pub const SLIPS: &str = "custody/slips/";
/// Where the round's documents are.
pub const DOCUMENTS: &str = "custody/transfer/";

/// The folders of a bag that hold evidence.
pub const EVIDENCE_FOLDERS: [&str; 2] = ["ledger", "custody"];

/// Bytes of a line: a leaf of the largest size with every byte escaped.
const LINE_BYTES_MAX: usize = 7 * crate::domain::event::LEAF_BYTES_MAX;
/// Hashes of a path: a log has at most 2^62 leaves, and a consistency proof one hash more.
const PATH_MAX: usize = 64;

/// A line of [`FACTS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactLine {
    index: u64,
    leaf: String,
}

/// A line of [`PROOFS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofLine {
    index: u64,
    path: Vec<Digest>,
}

/// A line of [`CONSISTENCY`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlierLine {
    size: u64,
    root: Digest,
    path: Vec<Digest>,
}

fn digests(path: &[Hash]) -> Vec<Digest> {
    path.iter().map(|hash| Digest::from_bytes(hash.0)).collect()
}

fn hashes(path: &[Digest]) -> Vec<Hash> {
    path.iter().map(|digest| Hash(*digest.as_bytes())).collect()
}

/// Where the manifest of a slip lies.
pub fn manifest_path(slip: &SlipId) -> String {
    format!("{SLIPS}{slip}.manifest.json")
}

/// Where the outcome of a slip lies.
pub fn outcome_path(slip: &SlipId) -> String {
    format!("{SLIPS}{slip}.outcome.json")
}

/// Where the later check of what a slip's receiver took by seal lies.
pub fn check_path(slip: &SlipId) -> String {
    format!("{SLIPS}{slip}.check.json")
}

/// Where a document of the round with this digest lies.
pub fn document_path(digest: &Digest) -> String {
    format!("{DOCUMENTS}{digest}.json")
}

/// The document that a fact about a loss names: what both sides signed, or finder and holder.
pub fn loss_document(event: &LossEvent) -> Option<Digest> {
    match event {
        LossEvent::Approved { document, .. }
        | LossEvent::Found { document, .. }
        | LossEvent::TakenBack { document, .. } => Some(*document),
        LossEvent::Reported(_) | LossEvent::Searched { .. } | LossEvent::Declined { .. } => None,
    }
}

/// Whether a fact about a person goes into a package: it says which keys and roles the person has and whether the
/// account is in use. Sign-ins, passwords and second factors do not go.
pub fn is_about_signing(event: &StaffEvent) -> bool {
    matches!(
        event,
        StaffEvent::Enrolled { .. }
            | StaffEvent::RoleAssigned { .. }
            | StaffEvent::RoleRemoved { .. }
            | StaffEvent::Locked { .. }
            | StaffEvent::Unlocked
            | StaffEvent::SigningKeyEnrolled { .. }
            | StaffEvent::SigningKeyRevoked { .. }
            | StaffEvent::Offboarded { .. }
    )
}

/// What `bag-info.txt` says of a round's package. It follows from facts alone, so that no line of it can be changed
/// without being noticed.
pub fn bag_info(round: &RoundState, sealed: &SealedPackage) -> Result<BagInfo, Fault> {
    let mut info = BagInfo::default();
    let of = &round.of;
    info.push("Source-Organization", of.site.as_str())?;
    info.push("External-Identifier", round.id.as_str())?;
    let zh = format!("办结材料移交包：{} 第 {} 批", of.month, round.round);
    let en = format!(
        "transfer of finished cases, {}, round {}",
        of.month, round.round
    );
    info.push("External-Description", &format!("{zh} / {en}"))?;
    info.push("Bagging-Date", &Date::of(sealed.at).to_string())?;
    info.push(
        "Bag-Group-Identifier",
        &format!("{}/{}", of.department, of.month),
    )?;
    info.push("Bag-Software-Agent", "counterfoil")?;
    Ok(info)
}
