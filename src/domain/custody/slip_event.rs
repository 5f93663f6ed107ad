//! What can happen to a slip (交接单). Where it stands by that is told in `slip`.

use serde::{Deserialize, Serialize};

use super::terms::*;
use crate::domain::case::WitnessedSignature;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::id::{Commitment, StaffId, TransferId};

/// What can happen to a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SlipEvent {
    /// The giver signed the manifest: everything on it is offered.
    Offered {
        /// Digest of the [`SlipManifest`](super::SlipManifest).
        manifest: Digest,
        /// On which leg.
        leg: Leg,
        /// The round whose papers are on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferId>,
        /// Who gives.
        from: Holder,
        /// Which side is to receive.
        to: Side,
        /// Bundles on it.
        bundles: u32,
        /// Papers on it.
        papers: u32,
        /// The last day on which it may be received.
        expires: Date,
        /// The giver's signature over the manifest.
        given: KeySignature,
    },
    /// The receiver checked every line and signed what was really there.
    Received {
        /// Digest of the [`SlipOutcome`](super::SlipOutcome).
        outcome: Digest,
        /// Who holds what was taken.
        to: Holder,
        /// Papers taken.
        taken: u32,
        /// Papers that stay with the giver.
        kept: u32,
        /// Labels that were on no line.
        extras: u32,
        /// How the receiver signed.
        receipt: Receipt,
        /// Until when the lines of boxes that were taken by seal are checked; none where every line was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check_by: Option<Date>,
    },
    /// The lines of the boxes that were taken by seal were checked, one by one.
    LinesChecked {
        /// Digest of the second [`SlipOutcome`](super::SlipOutcome), of those lines alone.
        outcome: Digest,
        /// Papers that were not as stated.
        wrong: u32,
        /// Labels that were on no line.
        extras: u32,
        /// The signature of somebody of the receiver's side.
        receipt: Receipt,
    },
    /// Those lines were not checked in time.
    CheckOverdue {
        /// The day from which it is late.
        on: Date,
    },
    /// A carrier has what is on it. The giver goes on holding it.
    Dispatched {
        /// What kind of carrier.
        carrier: CarrierKind,
        /// Vault record of who it is.
        name: Commitment,
        /// By what the identity was checked.
        proof: IdentityProof,
        /// The carrier's signature, seen by the giver.
        signature: WitnessedSignature,
    },
    /// The carrier brought it back to the giver's side.
    BroughtBack {
        /// The carrier's signature, seen by whoever took it back.
        signature: WitnessedSignature,
    },
    /// It ended without a hand-over: everything stays with the giver.
    CalledOff {
        /// How.
        how: CallOff,
        /// Who ended it; none when its time ran out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<StaffId>,
        /// Vault record of the reason in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
}
