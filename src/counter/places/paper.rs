//! In which lists bundles, slips, discrepancies, rounds of transfer and containers stand.

use std::collections::BTreeSet;

use crate::domain::custody::{self, Side};
use crate::domain::transfer::{Fate, RoundStage, fate, fold_month, fold_round};
use crate::ledger::Recorded;
use crate::store::lists::Place;

/// Lists of paper.
pub mod paper_list {
    use crate::domain::custody::Side;
    use crate::domain::{ContainerId, DepartmentCode, SiteCode, StaffId};

    /// Bundles with paper that is still owed to its department, by opening.
    pub const OWED: &str = "bundle/owed";

    /// Every bundle, by opening.
    pub const BUNDLES: &str = "bundle";

    /// Bundles of which a person holds paper, by opening.
    pub fn held_by(staff: &StaffId) -> String {
        format!("bundle/staff/{staff}")
    }

    /// Bundles of which a side holds paper, by opening.
    pub fn held_at(side: &Side) -> String {
        format!("bundle/{}", word(side))
    }

    /// What is in a container: bundles of which paper lies in it, and smaller containers, by opening.
    pub fn content(container: &ContainerId) -> String {
        format!("container/{container}/content")
    }

    /// The containers of a side, by their making.
    pub fn containers(side: &Side) -> String {
        format!("container/{}", word(side))
    }

    /// Slips of which lines were taken by seal, and neither checked nor told overdue, by their newest fact.
    pub const UNCHECKED_SLIPS: &str = "slip/unchecked";

    /// Slips that wait for their receiver, by offering.
    pub const OPEN_SLIPS: &str = "slip/open";

    /// Slips that a side gives or is to receive, by offering while they are open and by their end after it.
    pub fn slips(side: &Side, open: bool) -> String {
        format!("slip/{}/{}", word(side), standing(open))
    }

    /// Discrepancies that a side clears up, or cleared up.
    pub fn discrepancies(side: &Side, open: bool) -> String {
        format!("discrepancy/{}/{}", word(side), standing(open))
    }

    /// Rounds of transfer that are not done, by opening.
    pub const OPEN_ROUNDS: &str = "transfer/open";

    /// Every round of transfer of a site, by opening.
    pub fn rounds_of_site(site: &SiteCode) -> String {
        format!("transfer/site/{site}")
    }

    /// Every round of transfer to a department, by opening.
    pub fn rounds_of_department(department: &DepartmentCode) -> String {
        format!("transfer/department/{department}")
    }

    /// Every inventory of a site's paper, by opening.
    pub fn inventories(site: &SiteCode) -> String {
        format!("inventory/site/{site}")
    }

    /// The months of a site that are closed, by closing.
    pub fn months_of_site(site: &SiteCode) -> String {
        format!("month/{site}")
    }

    /// Every round of transfer, by opening.
    pub const ROUNDS: &str = "transfer";

    fn word(side: &Side) -> String {
        match side {
            Side::Hall { site } => format!("site/{site}"),
            Side::Department { department } => format!("department/{department}"),
        }
    }

    fn standing(open: bool) -> &'static str {
        if open { "open" } else { "done" }
    }
}

pub(super) fn bundle_places(first: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let Some(bundle) = custody::fold_bundle(history.iter().map(|fact| &fact.entry)) else {
        return Vec::new();
    };
    let mut lists = BTreeSet::from([paper_list::BUNDLES.to_owned()]);
    for paper in bundle.papers.values() {
        if fate(paper) == Fate::Owed {
            lists.insert(paper_list::OWED.to_owned());
        }
        if let Some(shelf) = &paper.shelf {
            lists.insert(paper_list::content(&shelf.container));
        }
        let Some(holder) = paper.holder() else {
            continue;
        };
        lists.insert(paper_list::held_at(&holder.side));
        lists.extend(holder.staff.as_ref().map(paper_list::held_by));
    }
    let lists = lists.into_iter();
    lists.map(|list| Place::new(list, first.index)).collect()
}

pub(super) fn slip_places(first: &Recorded, last: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let Some(slip) = custody::fold_slip(history.iter().map(|fact| &fact.entry)) else {
        return Vec::new();
    };
    let open = slip.is_open();
    let order = if open { first.index } else { last.index };
    let mut lists: BTreeSet<String> = [&slip.from.side, &slip.to]
        .map(|side: &Side| paper_list::slips(side, open))
        .into();
    if open {
        lists.insert(paper_list::OPEN_SLIPS.to_owned());
    }
    let unchecked = |received: &custody::Received| {
        received.check_by.is_some() && received.checked.is_none() && !received.check_told
    };
    if slip.received().is_some_and(unchecked) {
        lists.insert(paper_list::UNCHECKED_SLIPS.to_owned());
    }
    let lists = lists.into_iter();
    lists.map(|list| Place::new(list, order)).collect()
}

pub(super) fn discrepancy_places(
    first: &Recorded,
    last: &Recorded,
    history: &[Recorded],
) -> Vec<Place> {
    let Some(found) = custody::fold_discrepancy(history.iter().map(|fact| &fact.entry)) else {
        return Vec::new();
    };
    let open = found.cleared.is_none();
    let order = if open { first.index } else { last.index };
    let list = paper_list::discrepancies(&found.discrepancy.owner.side, open);
    vec![Place::new(list, order)]
}

pub(super) fn month_places(first: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let closed = fold_month(history.iter().map(|fact| &fact.entry));
    let closed = closed.map(|(site, ..)| paper_list::months_of_site(&site));
    let places = closed.map(|list| Place::new(list, first.index));
    places.into_iter().collect()
}

pub(super) fn round_places(first: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let Some(round) = fold_round(history.iter().map(|fact| &fact.entry)) else {
        return Vec::new();
    };
    let mut lists = vec![
        paper_list::ROUNDS.to_owned(),
        paper_list::rounds_of_site(&round.of.site),
        paper_list::rounds_of_department(&round.of.department),
    ];
    if round.stage() != RoundStage::Done {
        lists.push(paper_list::OPEN_ROUNDS.to_owned());
    }
    let lists = lists.into_iter();
    lists.map(|list| Place::new(list, first.index)).collect()
}

pub(super) fn inventory_places(first: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let inventory = custody::fold_inventory(history.iter().map(|fact| &fact.entry));
    let list = inventory.map(|inventory| paper_list::inventories(&inventory.site));
    list.map(|list| Place::new(list, first.index))
        .into_iter()
        .collect()
}

pub(super) fn container_places(first: &Recorded, history: &[Recorded]) -> Vec<Place> {
    let Some(container) = custody::fold_container(history.iter().map(|fact| &fact.entry)) else {
        return Vec::new();
    };
    let mut lists = vec![paper_list::containers(&container.side)];
    lists.extend(container.into.as_ref().map(paper_list::content));
    let lists = lists.into_iter();
    lists.map(|list| Place::new(list, first.index)).collect()
}
