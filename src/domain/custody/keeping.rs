//! Paper that comes in and paper that goes back to the applicant: what the window does alone with the applicant.

use super::bundle::Bundle;
use super::bundle_event::BundleEvent;
use super::offer::of_bundle;
use super::refusal::CustodyRefusal;
use super::storing::at_hand;
use super::terms::*;
use crate::domain::case::{Recipient, WitnessedSignature};
use crate::domain::event::Fact;
use crate::domain::id::{SiteCode, StaffId};

/// Paper that comes in; its number is given when it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPaper {
    /// The material row it meets, if any.
    pub row: Option<crate::domain::MaterialCode>,
    /// Original or copy.
    pub form: PaperForm,
    /// How many of them.
    pub count: u32,
    /// Pages of each, where they were counted.
    pub pages: Option<u32>,
    /// How it looks.
    pub condition: Condition,
    /// Why it is here.
    pub origin: Origin,
}

/// Puts paper into the bundle, which the first of it opens. The clerk who takes it holds it.
pub fn take_in(
    bundle: &Bundle,
    site: &SiteCode,
    clerk: &StaffId,
    new: Vec<NewPaper>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let papers: Vec<Paper> = (bundle.next_no()..)
        .zip(new)
        .map(|(no, new)| Paper {
            no,
            row: new.row,
            form: new.form,
            count: new.count,
            pages: new.pages,
            condition: new.condition,
            origin: new.origin,
        })
        .collect();
    if papers.is_empty() || papers.iter().any(|paper| paper.count == 0) {
        return Err(CustodyRefusal::NoPapers);
    }
    let (site, clerk) = (site.clone(), clerk.clone());
    let event = if bundle.papers.is_empty() {
        BundleEvent::Opened {
            site,
            clerk,
            papers,
        }
    } else {
        BundleEvent::Added {
            site,
            clerk,
            papers,
        }
    };
    Ok(vec![of_bundle(&bundle.case, event)])
}

/// Gives papers back to the applicant, or the agent, against a witnessed signature (L4). The witness is the clerk who
/// holds them.
pub fn give_back(
    bundle: &Bundle,
    papers: &[u16],
    recipient: Recipient,
    signature: &WitnessedSignature,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let case = &bundle.case;
    if papers.is_empty() {
        return Err(CustodyRefusal::NoPapers);
    }
    for (place, no) in papers.iter().enumerate() {
        let (case, no) = (case.clone(), *no);
        let Some(held) = bundle.papers.get(&no) else {
            return Err(CustodyRefusal::NoPaper { case, no });
        };
        if papers.iter().take(place).any(|other| *other == no) {
            return Err(CustodyRefusal::ListedTwice { case });
        }
        let staff = signature.witness.clone();
        let theirs =
            held.in_hall() && held.holder().and_then(|one| one.staff.as_ref()) == Some(&staff);
        if !theirs {
            return Err(CustodyRefusal::NotHolder { case, no, staff });
        }
        if let Some((slip, _)) = &held.offered {
            let slip = slip.clone();
            return Err(CustodyRefusal::OnSlip { case, no, slip });
        }
        at_hand(bundle, held)?;
        if let Some((until, _)) = held.lent {
            return Err(CustodyRefusal::Lent { case, no, until });
        }
    }
    let returned = BundleEvent::Returned {
        papers: papers.to_vec(),
        recipient,
        signature: signature.clone(),
    };
    Ok(vec![of_bundle(case, returned)])
}
