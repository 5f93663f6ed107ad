//! Paper that lies in the wrong bundle (串件): its holder puts it into the bundle of the case it belongs to. It stays with
//! the same person, so one signature less is needed; it is a new paper of the other bundle, with a new number.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::bundle_event::BundleEvent;
use super::offer::of_bundle;
use super::refusal::CustodyRefusal;
use super::storing::at_hand;
use super::terms::*;
use crate::domain::date::Date;
use crate::domain::event::Fact;
use crate::domain::id::{Commitment, DiscrepancyId, MaterialCode, StaffId};
use crate::domain::time::Timestamp;

/// A paper that lay in another bundle by mistake, as it comes into the one it belongs to. How long it has been here, and what
/// is known of it, come along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefiledPaper {
    /// What it is, with its new number.
    pub paper: Paper,
    /// When it came in.
    pub since: Timestamp,
    /// Whether it arrived damaged somewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
    /// The day to which its transfer was put off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Date>,
}

/// Moves papers of `from`, each to the row of `to` that it meets, if any. They are held by whoever moves them, at hand,
/// and on no slip, no loan and no round. Nothing else is in doubt about them than that they are `misplaced`.
pub fn refile(
    from: &Bundle,
    to: &Bundle,
    papers: &[(u16, Option<MaterialCode>)],
    misplaced: &BTreeSet<DiscrepancyId>,
    by: &StaffId,
    reason: Commitment,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let case = &from.case;
    let mut numbers = Vec::new();
    let mut moved = Vec::new();
    let mut holder = None;
    for ((no, row), new) in papers.iter().zip(to.next_no()..) {
        let (case, no) = (case.clone(), *no);
        let Some(held) = from.papers.get(&no) else {
            return Err(CustodyRefusal::NoPaper { case, no });
        };
        if numbers.contains(&no) {
            return Err(CustodyRefusal::ListedTwice { case });
        }
        let theirs = held.holder().filter(|one| one.staff.as_ref() == Some(by));
        let Some(theirs) = theirs.filter(|_| held.in_hall()) else {
            let staff = by.clone();
            return Err(CustodyRefusal::NotHolder { case, no, staff });
        };
        if let Some((slip, _)) = held.offered.clone() {
            return Err(CustodyRefusal::OnSlip { case, no, slip });
        }
        at_hand(from, held)?;
        if let Some((until, _)) = held.lent {
            return Err(CustodyRefusal::Lent { case, no, until });
        }
        if let Some(transfer) = held.listed.clone() {
            return Err(CustodyRefusal::OnRound { case, no, transfer });
        }
        if let Some(id) = held.doubts.difference(misplaced).next().cloned() {
            return Err(CustodyRefusal::InDoubt { case, no, id });
        }
        if holder.get_or_insert(theirs) != &theirs {
            return Err(CustodyRefusal::HoldersDiffer);
        }
        numbers.push(no);
        moved.push(RefiledPaper {
            paper: Paper {
                no: new,
                row: row.clone(),
                ..held.paper.clone()
            },
            since: held.since,
            damaged: held.damaged,
            deferred: held.deferred,
        });
    }
    let Some(holder) = holder.cloned() else {
        return Err(CustodyRefusal::NoPapers);
    };
    let out = BundleEvent::RefiledTo {
        to: to.case.clone(),
        papers: numbers,
        by: by.clone(),
        reason,
    };
    let into = BundleEvent::RefiledFrom {
        from: case.clone(),
        holder,
        papers: moved,
    };
    Ok(vec![of_bundle(case, out), of_bundle(&to.case, into)])
}
