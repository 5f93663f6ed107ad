//! What can happen to a round of the monthly transfer, and the documents its facts name. Written once, never changed: new
//! variants are added.

use serde::{Deserialize, Serialize};

use crate::domain::custody::{CallOff, Extra, OutcomeLine, Side};
use crate::domain::date::{Date, Month};
use crate::domain::digest::Digest;
use crate::domain::id::{
    CaseNo, Commitment, DepartmentCode, SiteCode, SlipId, StaffId, TransferId,
};

/// What can happen to a round. Counts are of papers unless they say otherwise; `left` is how many are still on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TransferEvent {
    /// It was opened: its papers are to be gathered.
    Opened {
        /// To whom.
        department: DepartmentCode,
        /// From where.
        site: SiteCode,
        /// The month its papers belong to.
        month: Month,
        /// Which round of that month, from 1.
        round: u32,
        /// The day on which it could first be opened.
        on: Date,
        /// The last day for it.
        due: Date,
        /// Digest of the [`RoundLines`].
        lines: Digest,
        /// Bundles on it.
        bundles: u32,
        /// Papers on it.
        papers: u32,
        /// Whether it was opened after its day.
        late: bool,
    },
    /// More papers are on it: they came while it was gathered.
    Joined {
        /// Digest of the [`RoundLines`], those it had and those that joined.
        lines: Digest,
        /// Papers that joined.
        papers: u32,
        /// On it now.
        left: u32,
    },
    /// Both sides are reminded of it.
    Reminded {
        /// So many working days before its last one.
        days: u32,
        /// The day for that.
        on: Date,
        /// Whether they were reminded after that day.
        late: bool,
    },
    /// Its last day passed. Told once.
    Overdue {
        /// Whose fault that is (责任方).
        side: Side,
        /// The first day on which it was overdue.
        on: Date,
        /// Whether it was told after that day.
        late: bool,
    },
    /// It is overdue for so long that the next level is told.
    Escalated {
        /// Which level, from 1.
        level: u8,
        /// Whose fault it is.
        side: Side,
        /// The day for that.
        on: Date,
        /// Whether it was told after that day.
        late: bool,
    },
    /// The window looked every paper up by its label.
    Reconciled {
        /// Digest of the [`RoundOutcome`].
        outcome: Digest,
        /// Found as they should be.
        present: u32,
        /// Not found so: they are off the round.
        absent: u32,
        /// Labels that were found and are on no line.
        extras: u32,
        /// Still on it.
        left: u32,
        /// By whom.
        by: StaffId,
    },
    /// A mandatory check failed: the package was not sealed.
    CheckFailed {
        /// Digest of the checks with their verdicts.
        checks: Digest,
        /// How many mandatory ones failed.
        failed: u32,
        /// Who wanted to seal it.
        by: StaffId,
    },
    /// Its package is made and sealed.
    Sealed {
        /// Digest of the package's payload manifest, which lists every file with its digest.
        package: Digest,
        /// Digest of the checks with their verdicts.
        checks: Digest,
        /// Files in it.
        files: u64,
        /// Their bytes.
        bytes: u64,
        /// Facts in the log when it was made.
        log_size: u64,
        /// By whom.
        by: StaffId,
    },
    /// Its papers are offered to the department.
    Offered {
        /// On which slip.
        slip: SlipId,
    },
    /// An offer of it ended without a hand-over.
    OfferEnded {
        /// Which slip.
        slip: SlipId,
        /// How.
        how: CallOff,
    },
    /// The department signed for its papers.
    HandedOver {
        /// On which slip.
        slip: SlipId,
        /// Taken.
        taken: u32,
        /// Not taken: they are off the round and in doubt.
        kept: u32,
        /// Still on it.
        left: u32,
    },
    /// Papers went back to the applicant from it, or are lost.
    Withdrawn {
        /// How many.
        papers: u32,
        /// Still on it.
        left: u32,
    },
    /// The department was given the package.
    PackageGiven {
        /// Digest of its payload manifest.
        package: Digest,
        /// Facts in the checkpoint that went with it: what the department keeps and can ask a consistency proof from.
        log_size: u64,
    },
    /// The department checked the package (接收检测).
    PackageChecked {
        /// Digest of the package's payload manifest as the department has it.
        package: Digest,
        /// Digest of the checks with their verdicts.
        checks: Digest,
        /// How many mandatory ones failed.
        failed: u32,
        /// By whom.
        by: StaffId,
    },
    /// The hall asks the department to have papers later.
    DeferralAsked {
        /// Which papers: digest of their [`RoundLines`].
        lines: Digest,
        /// Until when.
        until: Date,
        /// Vault record of the reason in words.
        reason: Commitment,
        /// Who asks.
        by: StaffId,
    },
    /// The department agrees.
    DeferralConsented {
        /// Who.
        by: StaffId,
    },
    /// The hall's supervisor approves: the papers are off the round until the month of the new day.
    DeferralApproved {
        /// Who.
        by: StaffId,
        /// Put off.
        papers: u32,
        /// Still on it.
        left: u32,
    },
    /// The department does not agree, or the supervisor does not approve.
    DeferralDeclined {
        /// Which side.
        side: Side,
        /// Who.
        by: StaffId,
        /// Vault record of the reason in words.
        reason: Commitment,
    },
}

/// The papers of a round, or some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundLines {
    /// The round.
    pub transfer: TransferId,
    /// Its bundles, by case number.
    pub lines: Vec<RoundLine>,
}

/// A bundle on a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundLine {
    /// The case whose bundle it is.
    pub case: CaseNo,
    /// Its papers, by number.
    pub papers: Vec<u16>,
}

/// What the window found when it looked up the papers of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundOutcome {
    /// The round.
    pub transfer: TransferId,
    /// Every paper on it.
    pub lines: Vec<OutcomeLine>,
    /// What is there and on no line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

macro_rules! documents {
    ($($name:ident),*) => {$(
        impl $name {
            /// The bytes that are kept. Equal documents have equal bytes.
            pub fn bytes(&self) -> Vec<u8> {
                // A struct of codes and counts always becomes JSON.
                serde_json::to_vec(self).unwrap_or_default()
            }

            /// The digest that facts name.
            pub fn digest(&self) -> Digest {
                Digest::of(self.bytes())
            }
        }
    )*};
}

documents!(RoundLines, RoundOutcome);
