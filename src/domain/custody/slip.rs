//! A slip (交接单): one offer of any number of bundles, and what became of it.

use serde::{Deserialize, Serialize};

use super::terms::*;
use crate::domain::case::happened;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{Commitment, SlipId, StaffId, Subject, TransferId};
use crate::domain::time::Timestamp;

/// What can happen to a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SlipEvent {
    /// The giver signed the manifest: everything on it is offered.
    Offered {
        /// Digest of the [`SlipManifest`].
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
        /// Digest of the [`SlipOutcome`].
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

/// What was received on a slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// When.
    pub at: Timestamp,
    /// Digest of the outcome.
    pub outcome: Digest,
    /// Who holds what was taken.
    pub to: Holder,
    /// Papers taken.
    pub taken: u32,
    /// Papers that stayed with the giver.
    pub kept: u32,
    /// Labels that were on no line.
    pub extras: u32,
    /// How the receiver signed.
    pub receipt: Receipt,
}

/// Where a slip stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It waits for the receiver.
    Open,
    /// It was received.
    Received(Box<Received>),
    /// It ended without a hand-over.
    CalledOff {
        /// When.
        at: Timestamp,
        /// How.
        how: CallOff,
    },
}

/// A slip as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Its number.
    pub id: SlipId,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// On which leg.
    pub leg: Leg,
    /// The round whose papers are on it.
    pub transfer: Option<TransferId>,
    /// Who gives.
    pub from: Holder,
    /// Which side is to receive.
    pub to: Side,
    /// Bundles on it.
    pub bundles: u32,
    /// Papers on it.
    pub papers: u32,
    /// The last day on which it may be received.
    pub expires: Date,
    /// The giver's signature.
    pub given: KeySignature,
    /// When it was offered.
    pub at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
}

impl Slip {
    /// Its subject.
    pub fn subject(&self) -> Subject {
        Subject::Slip(self.id.clone())
    }
}

/// Folds the history of a slip, oldest first; none when nothing was offered under this number.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<Slip> {
    let mut slip: Option<Slip> = None;
    for entry in history {
        let (Event::Slip { event }, Subject::Slip(id)) = (&entry.event, &entry.subject) else {
            continue;
        };
        let at = happened(entry);
        match (&mut slip, event) {
            (
                None,
                SlipEvent::Offered {
                    manifest,
                    leg,
                    transfer,
                    from,
                    to,
                    bundles,
                    papers,
                    expires,
                    given,
                },
            ) => {
                slip = Some(Slip {
                    id: id.clone(),
                    manifest: *manifest,
                    leg: *leg,
                    transfer: transfer.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    bundles: *bundles,
                    papers: *papers,
                    expires: *expires,
                    given: given.clone(),
                    at,
                    standing: Standing::Open,
                });
            }
            (Some(slip), event) => slip.standing = ended(event, at),
            (None, _) => {}
        }
    }
    slip
}

fn ended(event: &SlipEvent, at: Timestamp) -> Standing {
    match event {
        SlipEvent::Offered { .. } => Standing::Open,
        SlipEvent::Received {
            outcome,
            to,
            taken,
            kept,
            extras,
            receipt,
        } => Standing::Received(Box::new(Received {
            at,
            outcome: *outcome,
            to: to.clone(),
            taken: *taken,
            kept: *kept,
            extras: *extras,
            receipt: receipt.clone(),
        })),
        SlipEvent::CalledOff { how, .. } => Standing::CalledOff { at, how: *how },
    }
}
