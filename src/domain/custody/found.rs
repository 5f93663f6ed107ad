//! Lost paper that is found again: whoever found it signs, and whoever held it last signs for having it again. It is that
//! person's to answer for, and goes on a round like other paper.

use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::bundle_event::BundleEvent;
use super::documents::documents;
use super::loss::{LossEvent, LossRefusal, concerned, of_loss};
use super::loss_state::{LossStanding, LossState};
use super::offer::of_bundle;
use super::signer::{acts_for, check};
use super::terms::{Holder, KeySignature, Paper};
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::id::{CaseNo, DiscrepancyId};
use crate::domain::staff::StaffState;

/// What finder and holder sign: the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundPaper {
    /// The report of its loss.
    pub loss: DiscrepancyId,
    /// The case whose paper it is.
    pub case: CaseNo,
    /// The papers as they are registered.
    pub papers: Vec<Paper>,
    /// Who holds them from now on.
    pub to: Holder,
    /// How often it was reported found before, and nobody signed for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<u32>,
}

documents!(FoundPaper);

impl LossState {
    /// What is signed where the papers go to `to`.
    pub fn found_paper(&self, bundle: &Bundle, to: &Holder) -> FoundPaper {
        FoundPaper {
            loss: self.id.clone(),
            case: self.reported.case.clone(),
            papers: self.document(bundle).papers,
            to: to.clone(),
            again: (self.finds > 0).then_some(self.finds),
        }
    }
}

/// The paper was found. It goes back to who held it last; where that person left the side, `last` does not act for it any
/// more and another of that side takes it. Where whoever is named does not sign, somebody else reports it again and names
/// another.
pub fn report_found(
    state: &LossState,
    bundle: &Bundle,
    to: &Holder,
    last: Option<&StaffState>,
    signed: &KeySignature,
    finder: &StaffState,
) -> Result<Vec<Fact>, LossRefusal> {
    let id = state.id.clone();
    let waiting = state.found.as_ref();
    let waiting = waiting.filter(|_| state.standing == LossStanding::Found);
    if state.standing != LossStanding::Lost && waiting.is_none_or(|(named, _, _)| named == to) {
        return Err(LossRefusal::NotLost { id });
    }
    if let Some((_, _, finder)) = waiting.filter(|(_, _, finder)| *finder == signed.staff) {
        let staff = finder.clone();
        return Err(LossRefusal::SamePerson { staff });
    }
    let told = &state.reported.last;
    if let Some(expected) = told.staff.clone() {
        let here = last.is_some_and(|last| acts_for(&expected, last, &told.side).is_ok());
        if here && waiting.is_none() && to.staff.as_ref() != Some(&expected) {
            return Err(LossRefusal::NotHolder { expected });
        }
    }
    let staff = signed.staff.clone();
    let Some(taker) = to.staff.clone().filter(|_| to.side == told.side) else {
        let side = told.side.clone();
        return Err(LossRefusal::NotTheirs { staff, side });
    };
    if taker == staff {
        return Err(LossRefusal::SamePerson { staff });
    }
    concerned(state, &staff, finder)?;
    let document = state.found_paper(bundle, to).digest();
    check(signed, finder, &document).map_err(|_| LossRefusal::BadSignature { staff })?;
    let found = LossEvent::Found {
        to: to.clone(),
        document,
        signed: signed.clone(),
    };
    Ok(vec![of_loss(&id, found)])
}

/// Whoever is to hold the paper again signs for it: it is not lost any more.
pub fn take_back(
    state: &LossState,
    document: &Digest,
    signed: &KeySignature,
    taker: &StaffState,
) -> Result<Vec<Fact>, LossRefusal> {
    let id = state.id.clone();
    let (LossStanding::Found, Some((to, known, finder))) = (state.standing, &state.found) else {
        return Err(LossRefusal::NotFound { id });
    };
    let staff = signed.staff.clone();
    if *finder == staff {
        return Err(LossRefusal::SamePerson { staff });
    }
    match &to.staff {
        Some(expected) if *expected == staff => {}
        Some(expected) => {
            let expected = expected.clone();
            return Err(LossRefusal::NotHolder { expected });
        }
        None => return Err(LossRefusal::NotFound { id }),
    }
    if acts_for(&staff, taker, &to.side).is_err() {
        let side = to.side.clone();
        return Err(LossRefusal::NotTheirs { staff, side });
    }
    if known != document {
        return Err(LossRefusal::OtherDocument { id });
    }
    check(signed, taker, document).map_err(|_| LossRefusal::BadSignature { staff })?;
    let taken = LossEvent::TakenBack {
        document: *document,
        signed: signed.clone(),
    };
    let again = BundleEvent::FoundAgain {
        loss: id.clone(),
        papers: state.reported.papers.clone(),
        holder: to.clone(),
    };
    Ok(vec![
        of_loss(&id, taken),
        of_bundle(&state.reported.case, again),
    ])
}
