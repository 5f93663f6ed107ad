//! A paper of a bundle: where it is, and what is being done with it.

use std::collections::BTreeSet;

use super::terms::{Holder, Leg, Paper, Side};
use crate::domain::date::Date;
use crate::domain::id::{CaseNo, ContainerId, DiscrepancyId, SealNo, SlipId, TransferId};
use crate::domain::time::Timestamp;

/// Where a paper is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Somebody holds it.
    With(Holder),
    /// It went back to the applicant.
    Applicant,
    /// It belongs to another case, in whose bundle it is.
    Refiled(CaseNo),
    /// It is lost, which both sides approved.
    Lost {
        /// Who held it last.
        last: Holder,
    },
}

/// A container in which a paper lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// Which.
    pub container: ContainerId,
    /// Since when.
    pub since: Timestamp,
    /// The number of the box's seal, while it is sealed.
    pub seal: Option<SealNo>,
}

/// A paper with where it is and what is being done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPaper {
    /// What it is.
    pub paper: Paper,
    /// When it came in.
    pub since: Timestamp,
    /// Where it is: in exactly one place.
    pub place: Place,
    /// When it came there.
    pub there_since: Timestamp,
    /// The slip it is offered on.
    pub offered: Option<(SlipId, Leg)>,
    /// The leg on which it came where it is; none where it came in.
    pub came_by: Option<Leg>,
    /// What it lies in, if in a container.
    pub shelf: Option<Shelf>,
    /// The slip on which a carrier has it, and since when (在途). It is with the carrier until it is received or brought
    /// back, also when the offer ended before.
    pub away: Option<(SlipId, Timestamp)>,
    /// Until when it comes back, and to whom, if it was lent.
    pub lent: Option<(Date, Holder)>,
    /// Whether it arrived damaged somewhere.
    pub damaged: bool,
    /// The round of transfer it is on.
    pub listed: Option<TransferId>,
    /// The day to which its transfer was put off.
    pub deferred: Option<Date>,
    /// What does not match and is not cleared up.
    pub doubts: BTreeSet<DiscrepancyId>,
    /// Whether it came from another bundle, in which it lay by mistake.
    pub refiled: bool,
    /// When something last happened to it. If it waits for a round, it does so since then.
    pub touched: Timestamp,
}

impl HeldPaper {
    /// Who holds it, if anybody.
    pub fn holder(&self) -> Option<&Holder> {
        match &self.place {
            Place::With(holder) => Some(holder),
            _ => None,
        }
    }

    /// The box in which it is sealed up, with the number of the seal.
    pub fn sealed(&self) -> Option<(&ContainerId, &SealNo)> {
        let shelf = self.shelf.as_ref()?;
        Some((&shelf.container, shelf.seal.as_ref()?))
    }

    pub(super) fn seal(&mut self, seal: Option<SealNo>) {
        if let Some(shelf) = &mut self.shelf {
            shelf.seal = seal;
        }
    }

    /// A paper that changes sides leaves its container by itself. Within the hall a sealed box goes along.
    pub(super) fn leave_container(&mut self, giver: &Place, holder: &Holder) {
        let stays = match giver {
            Place::With(giver) => {
                let along = self.sealed().is_some() && giver.side.is_one_with(&holder.side);
                giver.side == holder.side || along
            }
            Place::Applicant | Place::Refiled(_) | Place::Lost { .. } => false,
        };
        if !stays {
            self.shelf = None;
        }
    }

    /// Whether the hall holds it.
    pub fn in_hall(&self) -> bool {
        self.holder()
            .is_some_and(|holder| matches!(holder.side, Side::Hall { .. }))
    }
}
