//! A paper of a bundle: where it is, and what is being done with it.

use std::collections::BTreeSet;

use super::terms::{Holder, Leg, Paper, Side};
use crate::domain::date::Date;
use crate::domain::id::{CaseNo, DiscrepancyId, SlipId, TransferId};
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

    /// Whether the hall holds it.
    pub fn in_hall(&self) -> bool {
        self.holder()
            .is_some_and(|holder| matches!(holder.side, Side::Hall { .. }))
    }
}
