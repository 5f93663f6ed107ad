//! In transit (在途): what was offered goes to its receiver with a carrier. The giver stays the holder until the receiver
//! signs; the carrier's signature says who has it on the way, and that it came back.

use super::bundle_event::BundleEvent;
use super::documents::SlipManifest;
use super::offer::of_bundle;
use super::refusal::CustodyRefusal;
use super::signer::acts_for;
use super::slip::{Slip, Standing};
use super::slip_event::SlipEvent;
use super::terms::*;
use crate::domain::case::WitnessedSignature;
use crate::domain::event::{Event, Fact};
use crate::domain::id::Commitment;
use crate::domain::staff::StaffState;
use crate::domain::time::Timestamp;

/// A carrier, known by an identity that was checked, who signed on pad or paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carriage {
    /// What kind of carrier.
    pub carrier: CarrierKind,
    /// Vault record of who it is.
    pub name: Commitment,
    /// By what the identity was checked.
    pub proof: IdentityProof,
    /// The carrier's signature. Its witness is the giver.
    pub signature: WitnessedSignature,
}

/// What happens to every line of a slip.
fn lines(
    manifest: &SlipManifest,
    event: impl Fn(Vec<u16>) -> BundleEvent,
) -> impl Iterator<Item = Fact> {
    manifest.lines.iter().map(move |line| {
        let papers = line.papers.iter().map(|paper| paper.no).collect();
        of_bundle(&line.case, event(papers))
    })
}

fn same(slip: &Slip, manifest: &SlipManifest) -> Result<(), CustodyRefusal> {
    if slip.manifest == manifest.digest() {
        return Ok(());
    }
    let slip = slip.id.clone();
    Err(CustodyRefusal::OtherManifest { slip })
}

/// The giver hands what is on an open slip to a carrier.
pub fn dispatch(
    slip: &Slip,
    manifest: &SlipManifest,
    carriage: Carriage,
    now: Timestamp,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let id = slip.id.clone();
    match slip.standing {
        Standing::Open => {}
        Standing::InTransit => return Err(CustodyRefusal::InTransit { slip: id }),
        _ => return Err(CustodyRefusal::NotOpen { slip: id }),
    }
    if now >= slip.expires.end() {
        let on = slip.expires;
        return Err(CustodyRefusal::Expired { slip: id, on });
    }
    same(slip, manifest)?;
    let Carriage {
        carrier,
        name,
        proof,
        signature,
    } = carriage;
    if slip.from.staff.as_ref() != Some(&signature.witness) {
        let staff = signature.witness;
        return Err(CustodyRefusal::NotSender { staff });
    }
    let dispatched = SlipEvent::Dispatched {
        carrier,
        name,
        proof,
        signature,
    };
    let mut facts = vec![Fact::new(slip.subject(), Event::Slip { event: dispatched })];
    facts.extend(lines(manifest, |papers| BundleEvent::Dispatched {
        slip: id.clone(),
        papers,
    }));
    Ok(facts)
}

/// The carrier brings what is on a slip back. The witness is of the giver's side; the giver goes on holding it. An offer
/// that is still open can then be sent again, or cancelled.
pub fn bring_back(
    slip: &Slip,
    manifest: &SlipManifest,
    signature: WitnessedSignature,
    witness: &StaffState,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let id = slip.id.clone();
    if slip.on_the_way().is_none() {
        return Err(CustodyRefusal::NotInTransit { slip: id });
    }
    same(slip, manifest)?;
    acts_for(&signature.witness, witness, &slip.from.side)?;
    let back = SlipEvent::BroughtBack { signature };
    let mut facts = vec![Fact::new(slip.subject(), Event::Slip { event: back })];
    facts.extend(lines(manifest, |papers| BundleEvent::CarriageEnded {
        slip: id.clone(),
        papers,
    }));
    Ok(facts)
}
