//! Paper that lies in the wrong bundle (串件): its holder puts it into the bundle of the case it belongs to. It stays with
//! the same person, so one signature less is needed; it is a new paper of the other bundle, with a new number.

use super::bundle::Bundle;
use super::bundle_event::BundleEvent;
use super::offer::of_bundle;
use super::refusal::CustodyRefusal;
use super::storing::at_hand;
use super::terms::*;
use crate::domain::event::Fact;
use crate::domain::id::{Commitment, MaterialCode, StaffId};

/// Moves papers of `from`, each to the row of `to` that it meets, if any. They are held by whoever moves them, at hand,
/// and on no slip, no loan and no round.
pub fn refile(
    from: &Bundle,
    to: &Bundle,
    papers: &[(u16, Option<MaterialCode>)],
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
        if let Some((slip, _)) = &held.offered {
            let slip = slip.clone();
            return Err(CustodyRefusal::OnSlip { case, no, slip });
        }
        at_hand(from, held)?;
        if let Some((until, _)) = held.lent {
            return Err(CustodyRefusal::Lent { case, no, until });
        }
        if let Some(transfer) = held.listed.clone() {
            return Err(CustodyRefusal::OnRound { case, no, transfer });
        }
        if holder.get_or_insert(theirs) != &theirs {
            return Err(CustodyRefusal::HoldersDiffer);
        }
        numbers.push(no);
        moved.push(Paper {
            no: new,
            row: row.clone(),
            ..held.paper.clone()
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
