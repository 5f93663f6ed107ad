//! Boxes, shelves, cabinets and rooms (档案盒、层、柜、库房): what paper is kept in, and where that is. Which paper lies in a
//! container is told by the bundles; a container remembers the cases whose paper was ever put into it, so that its
//! content can be asked of them and of nobody else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::documents::BoxLine;
use super::offer::Bundles;
use super::terms::*;
use crate::domain::case::happened;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{CaseNo, ContainerId, SealNo, SiteCode, SlipId, StaffId, Subject};
use crate::domain::time::Timestamp;

/// What can happen to a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ContainerEvent {
    /// It is in use from now on.
    Made {
        /// What kind.
        kind: ContainerKind,
        /// Where.
        site: SiteCode,
        /// By whom.
        by: StaffId,
    },
    /// It was put into another one, or stands alone.
    Moved {
        /// Into which.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        into: Option<ContainerId>,
        /// At which site.
        site: SiteCode,
        /// By whom.
        by: StaffId,
    },
    /// Papers of a case were put into it.
    Filled {
        /// The case.
        case: CaseNo,
        /// Which papers.
        papers: Vec<u16>,
        /// By whom.
        by: StaffId,
    },
    /// It was sealed up.
    Sealed {
        /// The number of the seal.
        seal: SealNo,
        /// Bundles of which paper is in it.
        bundles: u32,
        /// Papers in it.
        papers: u32,
        /// By whom.
        by: StaffId,
    },
    /// Its seal is off.
    Opened {
        /// The number of the seal.
        seal: SealNo,
        /// Whether the seal was whole until then.
        whole: bool,
        /// The slip on which that was found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slip: Option<SlipId>,
        /// By whom; none for a department that signed on paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<StaffId>,
    },
    /// It changed hands with what is in it, under its seal.
    HandedOver {
        /// The slip.
        slip: SlipId,
        /// To which side.
        to: Side,
    },
}

/// A seal on a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealOn {
    /// Its number.
    pub seal: SealNo,
    /// Since when.
    pub since: Timestamp,
    /// Papers under it.
    pub papers: u32,
    /// Who sealed the box.
    pub by: StaffId,
}

/// A container as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The code on its label.
    pub id: ContainerId,
    /// What kind.
    pub kind: ContainerKind,
    /// Where it is: a site of the hall, or the department that received it.
    pub side: Side,
    /// What it is in.
    pub into: Option<ContainerId>,
    /// Since when it is there.
    pub since: Timestamp,
    /// Its seal.
    pub seal: Option<SealOn>,
    /// Every seal it ever had.
    pub seals: BTreeSet<SealNo>,
    /// The cases of which paper was ever put into it.
    pub cases: BTreeSet<CaseNo>,
}

impl Container {
    /// Its subject.
    pub fn subject(&self) -> Subject {
        Subject::Container(self.id.clone())
    }

    /// What is in it, by the bundles of [`Container::cases`].
    pub fn content(&self, bundles: &Bundles) -> Vec<BoxLine> {
        let lines = self.cases.iter().filter_map(|case| {
            let papers = bundles.get(case)?.papers.values();
            let here = papers.filter(|held| {
                let shelf = held.shelf.as_ref();
                shelf.is_some_and(|shelf| shelf.container == self.id)
            });
            let papers: Vec<u16> = here.map(|held| held.paper.no).collect();
            (!papers.is_empty()).then(|| BoxLine {
                case: case.clone(),
                papers,
            })
        });
        lines.collect()
    }

    fn apply(&mut self, event: &ContainerEvent, at: Timestamp) {
        match event {
            ContainerEvent::Made { .. } => {}
            ContainerEvent::Moved { into, site, .. } => {
                // What comes back from a department was emptied there.
                if !matches!(self.side, Side::Hall { .. }) {
                    self.seal = None;
                }
                self.side = Side::Hall { site: site.clone() };
                self.into = into.clone();
                self.since = at;
            }
            ContainerEvent::Filled { case, .. } => {
                self.cases.insert(case.clone());
            }
            ContainerEvent::Sealed {
                seal, papers, by, ..
            } => {
                self.seals.insert(seal.clone());
                self.seal = Some(SealOn {
                    seal: seal.clone(),
                    since: at,
                    papers: *papers,
                    by: by.clone(),
                });
            }
            ContainerEvent::Opened { .. } => self.seal = None,
            ContainerEvent::HandedOver { to, .. } => {
                if self.side != *to {
                    self.into = None;
                    self.since = at;
                }
                self.side = to.clone();
            }
        }
    }
}

/// Folds the history of a container, oldest first; none when it was never made.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<Container> {
    let mut container: Option<Container> = None;
    for entry in history {
        let (Event::Container { event }, Subject::Container(id)) = (&entry.event, &entry.subject)
        else {
            continue;
        };
        match (&mut container, event) {
            (None, ContainerEvent::Made { kind, site, .. }) => {
                container = Some(Container {
                    id: id.clone(),
                    kind: *kind,
                    side: Side::Hall { site: site.clone() },
                    into: None,
                    since: happened(entry),
                    seal: None,
                    seals: BTreeSet::new(),
                    cases: BTreeSet::new(),
                });
            }
            (Some(container), event) => container.apply(event, happened(entry)),
            (None, _) => {}
        }
    }
    container
}
