//! What people sign, word for word: the slip as it is offered, and what was found of it. Documents hold codes, digests and
//! counts; equal documents have equal bytes.

use serde::{Deserialize, Serialize};

use super::terms::*;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::id::{CaseNo, ContainerId, SealNo, SlipId, TransferId};

/// What a witness signs: that this sheet or captured signature belongs to that statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessStatement {
    /// Digest of what was signed on paper.
    pub statement: Digest,
    /// Digest of the sheet or of the captured signature.
    pub captured: Digest,
}

/// What is offered: one slip (交接单) for any number of bundles. The giver signs the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipManifest {
    /// The slip.
    pub slip: SlipId,
    /// On which leg.
    pub leg: Leg,
    /// The round whose papers go to their department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferId>,
    /// Who gives.
    pub from: Holder,
    /// Which side is to receive.
    pub to: Side,
    /// Until when a loan comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_by: Option<Date>,
    /// The last day on which it may be received.
    pub expires: Date,
    /// The bundles, by case number.
    pub lines: Vec<SlipLine>,
    /// Sealed boxes in which some of it lies: they may be received by the numbers of their seals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<SealedBox>,
}

impl SlipManifest {
    /// The sealed box in which a paper lies, if in one.
    pub fn box_of(&self, case: &CaseNo, no: u16) -> Option<&SealedBox> {
        self.boxes.iter().find(|one| one.holds(case, no))
    }
}

/// A sealed box on a slip, with everything that is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedBox {
    /// Its label.
    pub container: ContainerId,
    /// The number of its seal.
    pub seal: SealNo,
    /// What is in it.
    pub lines: Vec<BoxLine>,
}

impl SealedBox {
    /// Whether a paper is in it.
    pub fn holds(&self, case: &CaseNo, no: u16) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.case == *case && line.papers.contains(&no))
    }
}

/// Papers of a bundle that lie in a box.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct BoxLine {
    /// The case whose bundle it is.
    pub case: CaseNo,
    /// The papers, by number.
    pub papers: Vec<u16>,
}

/// A bundle on a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipLine {
    /// The case whose bundle it is.
    pub case: CaseNo,
    /// Its papers that are handed over, by number.
    pub papers: Vec<Paper>,
}

/// What the receiver found. The receiver signs the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipOutcome {
    /// The slip.
    pub slip: SlipId,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Who holds from now on what is taken.
    pub to: Holder,
    /// Every line of the manifest, in its order.
    pub lines: Vec<OutcomeLine>,
    /// What is there and on no line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
    /// The seals that were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<SealRead>,
}

/// A seal as the receiver found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealRead {
    /// The box's label.
    pub container: ContainerId,
    /// The number that is on its seal.
    pub seal: SealNo,
    /// Whether the seal is whole.
    pub whole: bool,
}

/// What was found of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeLine {
    /// The case whose bundle it is.
    pub case: CaseNo,
    /// Each of its papers on the slip.
    pub papers: Vec<PaperOutcome>,
}

/// What was found of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaperOutcome {
    /// Its number in the bundle.
    pub no: u16,
    /// What.
    pub found: Found,
}

/// A label that was scanned and is on no line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlipExtra)]
pub struct Extra {
    /// The case on the label.
    pub case: CaseNo,
    /// How many papers.
    pub count: u32,
}

macro_rules! documents {
    ($($name:ident),*) => {$(
        impl $name {
            /// The bytes that are kept, and digested to be signed. Equal documents have equal bytes.
            pub fn bytes(&self) -> Vec<u8> {
                // A struct of codes, digests and counts always becomes JSON.
                serde_json::to_vec(self).unwrap_or_default()
            }

            /// The digest that is signed.
            pub fn digest(&self) -> Digest {
                Digest::of(self.bytes())
            }
        }
    )*};
}

documents!(SlipManifest, SlipOutcome, WitnessStatement);
pub(super) use documents;
