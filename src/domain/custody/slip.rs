//! A slip (交接单): one offer of any number of bundles, and what became of it.

use super::slip_event::SlipEvent;
use super::terms::*;
use crate::domain::case::happened;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{Commitment, SlipId, StaffId, Subject, TransferId};
use crate::domain::time::Timestamp;

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
    /// Until when the lines of boxes that were taken by seal are checked; none where every line was.
    pub check_by: Option<Date>,
    /// Whether it was told that this is late.
    pub check_told: bool,
    /// What was found then.
    pub checked: Option<Checked>,
}

impl Received {
    /// Whether the lines of sealed boxes were not checked in time. Whatever is checked later stays late.
    pub fn check_overdue(&self, now: Timestamp) -> bool {
        let until = self.checked.as_ref().map_or(now, |checked| checked.at);
        self.check_by.is_some_and(|day| until >= day.end())
    }
}

/// What was found when the lines of sealed boxes were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// Digest of the outcome.
    pub outcome: Digest,
    /// Papers that were not as stated.
    pub wrong: u32,
    /// Labels that were on no line.
    pub extras: u32,
    /// The signature.
    pub receipt: Receipt,
}

/// A way with a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// Since when.
    pub at: Timestamp,
    /// What kind of carrier.
    pub carrier: CarrierKind,
    /// Vault record of who it is.
    pub name: Commitment,
    /// Who saw the carrier sign.
    pub witness: StaffId,
    /// When it ended: received, or brought back.
    pub ended: Option<Timestamp>,
    /// Whether it was brought back.
    pub back: bool,
}

/// Where a slip stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It waits for the receiver.
    Open,
    /// It waits for the receiver, and a carrier has it (在途).
    InTransit,
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
    /// The ways it went with carriers, in order.
    pub journeys: Vec<Journey>,
}

impl Slip {
    /// Whether it waits for the receiver.
    pub fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::InTransit)
    }

    /// The way it is on. What was refused or lapsed there still has to come back.
    pub fn on_the_way(&self) -> Option<&Journey> {
        self.journeys.last().filter(|way| way.ended.is_none())
    }

    /// What was received, if it was.
    pub fn received(&self) -> Option<&Received> {
        match &self.standing {
            Standing::Received(received) => Some(received),
            _ => None,
        }
    }

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
        match &mut slip {
            None => slip = offered(id, event, at),
            Some(slip) => slip.apply(event, at),
        }
    }
    slip
}

fn offered(id: &SlipId, event: &SlipEvent, at: Timestamp) -> Option<Slip> {
    let SlipEvent::Offered {
        manifest,
        leg,
        transfer,
        from,
        to,
        bundles,
        papers,
        expires,
        given,
    } = event
    else {
        return None;
    };
    Some(Slip {
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
        journeys: Vec::new(),
    })
}

impl Slip {
    fn apply(&mut self, event: &SlipEvent, at: Timestamp) {
        match event {
            SlipEvent::Offered { .. } => {}
            SlipEvent::Received {
                outcome,
                to,
                taken,
                kept,
                extras,
                receipt,
                check_by,
            } => {
                self.arrive(at, false);
                self.standing = Standing::Received(Box::new(Received {
                    at,
                    outcome: *outcome,
                    to: to.clone(),
                    taken: *taken,
                    kept: *kept,
                    extras: *extras,
                    receipt: receipt.clone(),
                    check_by: *check_by,
                    check_told: false,
                    checked: None,
                }));
            }
            SlipEvent::CalledOff { how, .. } => {
                self.standing = Standing::CalledOff { at, how: *how };
            }
            SlipEvent::Dispatched {
                carrier,
                name,
                signature,
                ..
            } => {
                self.standing = Standing::InTransit;
                self.journeys.push(Journey {
                    at,
                    carrier: *carrier,
                    name: *name,
                    witness: signature.witness.clone(),
                    ended: None,
                    back: false,
                });
            }
            SlipEvent::BroughtBack { .. } => {
                self.arrive(at, true);
                if self.standing == Standing::InTransit {
                    self.standing = Standing::Open;
                }
            }
            SlipEvent::LinesChecked { .. } | SlipEvent::CheckOverdue { .. } => {
                self.follow_up(event, at);
            }
        }
    }

    fn arrive(&mut self, at: Timestamp, back: bool) {
        if let Some(way) = self.journeys.last_mut().filter(|way| way.ended.is_none()) {
            way.ended = Some(at);
            way.back = back;
        }
    }

    /// What becomes of lines that were taken by seal.
    fn follow_up(&mut self, event: &SlipEvent, at: Timestamp) {
        let Standing::Received(received) = &mut self.standing else {
            return;
        };
        match event {
            SlipEvent::LinesChecked {
                outcome,
                wrong,
                extras,
                receipt,
            } => {
                received.checked = Some(Checked {
                    at,
                    outcome: *outcome,
                    wrong: *wrong,
                    extras: *extras,
                    receipt: receipt.clone(),
                });
            }
            SlipEvent::CheckOverdue { .. } => received.check_told = true,
            _ => {}
        }
    }
}
