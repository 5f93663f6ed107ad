//! Putting paper where it is kept: containers made and moved, filled, sealed and opened. A container goes into a larger
//! kind only, so that none is ever in itself, and only within its site; a box alone changes its site, on a slip or empty.

use std::collections::BTreeSet;

use super::bundle::Bundle;
use super::bundle_event::BundleEvent;
use super::container::{Container, ContainerEvent};
use super::documents::SealedBox;
use super::held::HeldPaper;
use super::offer::{BUNDLES_MAX, Bundles, count, of_bundle};
use super::refusal::CustodyRefusal;
use super::signer::acts_for;
use super::terms::*;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{ContainerId, SealNo, SiteCode, StaffId, Subject};
use crate::domain::staff::StaffState;

/// The fact that this happened to a container.
pub(super) fn of_container(id: &ContainerId, event: ContainerEvent) -> Fact {
    Fact::new(Subject::Container(id.clone()), Event::Container { event })
}

/// Who does it: the person, and what is known of that person.
pub type Keeper<'k> = (&'k StaffId, &'k StaffState);

/// Brings a container into use at a site, under the code on its label.
pub fn make(
    known: Option<&Container>,
    id: &ContainerId,
    kind: ContainerKind,
    site: &SiteCode,
    (by, state): Keeper<'_>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    if known.is_some() {
        let container = id.clone();
        return Err(CustodyRefusal::ContainerKnown { container });
    }
    let (site, by) = (site.clone(), by.clone());
    acts_for(&by, state, &Side::Hall { site: site.clone() })?;
    let made = ContainerEvent::Made { kind, site, by };
    Ok(vec![of_container(id, made)])
}

/// Refuses a container that the hall does not have.
fn in_hall(container: &Container) -> Result<&SiteCode, CustodyRefusal> {
    match &container.side {
        Side::Hall { site } => Ok(site),
        side => Err(CustodyRefusal::ContainerGone {
            container: container.id.clone(),
            side: side.clone(),
        }),
    }
}

/// Moves a container into a larger one, or lets it stand alone. `bundles` are those of its cases. Where it is already,
/// nothing happens. A box that a department emptied comes back to a site by being moved there.
pub fn move_to(
    container: &Container,
    into: Option<&Container>,
    site: &SiteCode,
    bundles: &Bundles,
    (by, state): Keeper<'_>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let id = container.id.clone();
    let there = Side::Hall { site: site.clone() };
    let answers = match &container.side {
        side @ Side::Hall { .. } => side,
        Side::Department { .. } => &there,
    };
    acts_for(by, state, answers)?;
    if container.side != there {
        if container.kind != ContainerKind::Box {
            return Err(CustodyRefusal::OnlyBoxes { container: id });
        }
        if !container.content(bundles).is_empty() {
            return Err(CustodyRefusal::BoxNotEmpty { container: id });
        }
    }
    if let Some(larger) = into {
        if larger.kind <= container.kind {
            let (kind, into) = (container.kind, larger.kind);
            let container = id;
            return Err(CustodyRefusal::ContainerTooSmall {
                container,
                kind,
                into,
            });
        }
        if larger.side != there {
            let container = larger.id.clone();
            return Err(CustodyRefusal::OtherSite { container });
        }
    }
    let into = into.map(|larger| larger.id.clone());
    if container.side == there && container.into == into {
        return Ok(Vec::new());
    }
    let moved = ContainerEvent::Moved {
        into,
        site: site.clone(),
        by: by.clone(),
    };
    Ok(vec![of_container(&container.id, moved)])
}

/// The papers that are named, each once.
fn named<'b>(bundle: &'b Bundle, papers: &[u16]) -> Result<Vec<&'b HeldPaper>, CustodyRefusal> {
    if papers.is_empty() {
        return Err(CustodyRefusal::NoPapers);
    }
    let mut seen = BTreeSet::new();
    let each = papers.iter().map(|no| {
        let case = bundle.case.clone();
        if !seen.insert(no) {
            return Err(CustodyRefusal::ListedTwice { case });
        }
        let held = bundle.papers.get(no);
        held.ok_or(CustodyRefusal::NoPaper { case, no: *no })
    });
    each.collect()
}

/// Refuses a paper that is under a seal or with a carrier.
pub(super) fn at_hand(bundle: &Bundle, held: &HeldPaper) -> Result<(), CustodyRefusal> {
    let (case, no) = (bundle.case.clone(), held.paper.no);
    if let Some((container, _)) = held.sealed() {
        let container = container.clone();
        return Err(CustodyRefusal::InSealedBox {
            case,
            no,
            container,
        });
    }
    if let Some((slip, _)) = &held.away {
        let slip = slip.clone();
        return Err(CustodyRefusal::Away { case, no, slip });
    }
    Ok(())
}

/// Puts papers into a container at the site that holds them. Out of another container they are taken by that.
pub fn put(
    container: &Container,
    bundle: &Bundle,
    papers: &[u16],
    (by, state): Keeper<'_>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let id = container.id.clone();
    in_hall(container)?;
    if container.seal.is_some() {
        return Err(CustodyRefusal::BoxSealed { container: id });
    }
    acts_for(by, state, &container.side)?;
    let (case, papers) = (bundle.case.clone(), papers.to_vec());
    for held in named(bundle, &papers)? {
        let (case, no) = (case.clone(), held.paper.no);
        if held.holder().map(|holder| &holder.side) != Some(&container.side) {
            let staff = by.clone();
            return Err(CustodyRefusal::NotHolder { case, no, staff });
        }
        at_hand(bundle, held)?;
        let shelf = held.shelf.as_ref();
        if shelf.is_some_and(|shelf| shelf.container == id) {
            let container = id;
            return Err(CustodyRefusal::InContainer {
                case,
                no,
                container,
            });
        }
    }
    let shelved = BundleEvent::Shelved {
        container: id.clone(),
        papers: papers.clone(),
        by: by.clone(),
    };
    let filled = ContainerEvent::Filled {
        case: case.clone(),
        papers,
        by: by.clone(),
    };
    Ok(vec![of_container(&id, filled), of_bundle(&case, shelved)])
}

/// Takes papers out of a container.
pub fn take_out(
    container: &Container,
    bundle: &Bundle,
    papers: &[u16],
    (by, state): Keeper<'_>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    in_hall(container)?;
    acts_for(by, state, &container.side)?;
    for held in named(bundle, papers)? {
        let shelf = held.shelf.as_ref();
        if shelf.is_none_or(|shelf| shelf.container != container.id) {
            let (case, no) = (bundle.case.clone(), held.paper.no);
            let container = container.id.clone();
            return Err(CustodyRefusal::NotInContainer {
                case,
                no,
                container,
            });
        }
        at_hand(bundle, held)?;
    }
    let unshelved = BundleEvent::Unshelved {
        container: container.id.clone(),
        papers: papers.to_vec(),
        by: by.clone(),
    };
    Ok(vec![of_bundle(&bundle.case, unshelved)])
}

/// Refuses content that is on a slip: its giver and receiver rely on the seal as it is.
fn off_slips(bundles: &Bundles, container: &Container) -> Result<(), CustodyRefusal> {
    for line in container.content(bundles) {
        let Some(bundle) = bundles.get(&line.case) else {
            continue;
        };
        let held = line.papers.iter().filter_map(|no| bundle.papers.get(no));
        for held in held {
            let (case, no) = (line.case.clone(), held.paper.no);
            if let Some((slip, _)) = &held.offered {
                let slip = slip.clone();
                return Err(CustodyRefusal::OnSlip { case, no, slip });
            }
            if let Some((slip, _)) = &held.away {
                let slip = slip.clone();
                return Err(CustodyRefusal::Away { case, no, slip });
            }
        }
    }
    Ok(())
}

/// Seals a box with all that is in it (封箱). `bundles` are those of its cases. A number seals a box once.
pub fn seal(
    container: &Container,
    bundles: &Bundles,
    seal: &SealNo,
    (by, state): Keeper<'_>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    let id = container.id.clone();
    in_hall(container)?;
    acts_for(by, state, &container.side)?;
    if container.kind != ContainerKind::Box {
        return Err(CustodyRefusal::OnlyBoxes { container: id });
    }
    if container.seal.is_some() {
        return Err(CustodyRefusal::BoxSealed { container: id });
    }
    if container.seals.contains(seal) {
        let seal = seal.clone();
        return Err(CustodyRefusal::SealUsed {
            container: id,
            seal,
        });
    }
    let content = container.content(bundles);
    if content.is_empty() {
        return Err(CustodyRefusal::BoxEmpty { container: id });
    }
    if content.len() > BUNDLES_MAX {
        return Err(CustodyRefusal::TooMany { max: BUNDLES_MAX });
    }
    off_slips(bundles, container)?;
    let sealed = ContainerEvent::Sealed {
        seal: seal.clone(),
        bundles: count(content.len()),
        papers: count(content.iter().map(|line| line.papers.len()).sum()),
        by: by.clone(),
    };
    let mut facts = vec![of_container(&id, sealed)];
    facts.extend(content.into_iter().map(|line| {
        let sealed = BundleEvent::Sealed {
            container: id.clone(),
            seal: seal.clone(),
            papers: line.papers,
        };
        of_bundle(&line.case, sealed)
    }));
    Ok(facts)
}

/// Opens a sealed box. `whole` says whether the seal was whole until then.
pub fn open_box(
    container: &Container,
    bundles: &Bundles,
    whole: bool,
    (by, state): Keeper<'_>,
) -> Result<Vec<Fact>, CustodyRefusal> {
    in_hall(container)?;
    acts_for(by, state, &container.side)?;
    off_slips(bundles, container)?;
    let Some(on) = &container.seal else {
        let container = container.id.clone();
        return Err(CustodyRefusal::BoxNotSealed { container });
    };
    let opened = ContainerEvent::Opened {
        seal: on.seal.clone(),
        whole,
        slip: None,
        by: Some(by.clone()),
    };
    let mut facts = vec![of_container(&container.id, opened)];
    let content = container.content(bundles).into_iter();
    facts.extend(content.map(|line| {
        let unsealed = BundleEvent::Unsealed {
            container: container.id.clone(),
            papers: line.papers,
        };
        of_bundle(&line.case, unsealed)
    }));
    Ok(facts)
}

/// Refuses a box on a slip that is not what stands in the hall: another seal, more in it or less.
pub fn as_sealed(
    container: &Container,
    bundles: &Bundles,
    on_slip: &SealedBox,
) -> Result<(), CustodyRefusal> {
    let sealed = container.seal.as_ref().map(|on| &on.seal) == Some(&on_slip.seal);
    let mut listed = on_slip.lines.clone();
    listed.sort();
    for line in &mut listed {
        line.papers.sort_unstable();
    }
    if sealed && container.content(bundles) == listed {
        return Ok(());
    }
    let container = container.id.clone();
    Err(CustodyRefusal::BoxDiffers { container })
}
