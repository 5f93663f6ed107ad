//! A bundle (材料袋): the paper of one case, and where each piece of it is. Its history is told here; what may be done
//! with it is decided beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle_event::BundleEvent;
use super::held::{HeldPaper, Place, Shelf};
use super::refile::RefiledPaper;
use super::terms::*;
use crate::domain::case::happened;
use crate::domain::date::Date;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{CaseNo, Subject};
use crate::domain::time::Timestamp;

/// A bundle as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The case.
    pub case: CaseNo,
    /// Its papers by number.
    pub papers: BTreeMap<u16, HeldPaper>,
}

impl Bundle {
    /// A bundle without paper yet.
    pub fn new(case: CaseNo) -> Self {
        Self {
            case,
            papers: BTreeMap::new(),
        }
    }

    /// Its subject.
    pub fn subject(&self) -> Subject {
        Subject::Bundle(self.case.clone())
    }

    /// The number of the next paper.
    pub fn next_no(&self) -> u16 {
        let last = self.papers.keys().next_back().copied().unwrap_or(0);
        last.saturating_add(1)
    }

    fn some(&mut self, papers: &[u16], change: impl Fn(&mut HeldPaper)) {
        for no in papers {
            if let Some(paper) = self.papers.get_mut(no) {
                change(paper);
            }
        }
    }

    /// Changes the papers with these numbers that are there.
    fn each(&mut self, papers: &[u16], at: Timestamp, change: impl Fn(&mut HeldPaper)) {
        for no in papers {
            if let Some(paper) = self.papers.get_mut(no) {
                change(paper);
                paper.touched = at;
            }
        }
    }

    fn put(&mut self, papers: &[Paper], holder: &Holder, at: Timestamp) {
        for paper in papers {
            let held = HeldPaper {
                paper: paper.clone(),
                since: at,
                place: Place::With(holder.clone()),
                there_since: at,
                offered: None,
                came_by: None,
                shelf: None,
                away: None,
                lent: None,
                damaged: false,
                listed: None,
                deferred: None,
                doubts: BTreeSet::new(),
                refiled: false,
                touched: at,
            };
            self.papers.insert(paper.no, held);
        }
    }

    /// Papers that lay in another bundle by mistake.
    fn take_over(&mut self, papers: &[RefiledPaper], holder: &Holder, at: Timestamp) {
        for moved in papers {
            self.put(std::slice::from_ref(&moved.paper), holder, at);
            if let Some(held) = self.papers.get_mut(&moved.paper.no) {
                held.since = moved.since;
                held.damaged = moved.damaged;
                held.deferred = moved.deferred;
                held.refiled = true;
            }
        }
    }

    fn leave(&mut self, papers: &[u16], place: &Place, at: Timestamp) {
        self.each(papers, at, |paper| {
            paper.place = place.clone();
            paper.there_since = at;
            paper.offered = None;
            paper.shelf = None;
            paper.away = None;
            paper.lent = None;
            paper.listed = None;
        });
    }

    /// Papers are lost, or found again. What was lent goes on being so: found again, it is to come back.
    fn end_or_resume(&mut self, papers: &[u16], place: &Place, at: Timestamp) {
        self.each(papers, at, |paper| {
            paper.place = place.clone();
            paper.there_since = at;
            (paper.came_by, paper.listed) = (None, None);
            (paper.shelf, paper.away) = (None, None);
        });
    }

    fn apply(&mut self, event: &BundleEvent, at: Timestamp) {
        match event {
            BundleEvent::Opened {
                site,
                clerk,
                papers,
            }
            | BundleEvent::Added {
                site,
                clerk,
                papers,
            } => {
                let holder = Holder {
                    side: Side::Hall { site: site.clone() },
                    staff: Some(clerk.clone()),
                };
                self.put(papers, &holder, at);
            }
            BundleEvent::Offered { slip, leg, papers } => {
                self.each(papers, at, |paper| {
                    paper.offered = Some((slip.clone(), *leg))
                });
            }
            BundleEvent::Received {
                papers,
                holder,
                damaged,
                back_by,
                ..
            } => self.receive(papers, holder, damaged, *back_by, at),
            BundleEvent::Kept { papers, .. } => self.each(papers, at, |paper| paper.offered = None),
            BundleEvent::Returned { papers, .. } => self.leave(papers, &Place::Applicant, at),
            BundleEvent::RefiledTo { to, papers, .. } => {
                self.leave(papers, &Place::Refiled(to.clone()), at);
            }
            BundleEvent::RefiledFrom { holder, papers, .. } => self.take_over(papers, holder, at),
            BundleEvent::Lost { papers, last, .. } => {
                let last = last.clone();
                self.end_or_resume(papers, &Place::Lost { last }, at);
            }
            BundleEvent::FoundAgain { papers, holder, .. } => {
                self.end_or_resume(papers, &Place::With(holder.clone()), at);
            }
            BundleEvent::Shelved { .. }
            | BundleEvent::Unshelved { .. }
            | BundleEvent::Sealed { .. }
            | BundleEvent::Unsealed { .. }
            | BundleEvent::Dispatched { .. }
            | BundleEvent::CarriageEnded { .. } => self.lies(event, at),
            _ => self.follow_up(event, at),
        }
    }

    /// Where papers lie, while their holder stays the same. A round does not wait for that.
    fn lies(&mut self, event: &BundleEvent, at: Timestamp) {
        match event {
            BundleEvent::Shelved {
                container, papers, ..
            } => {
                let shelf = Shelf {
                    container: container.clone(),
                    since: at,
                    seal: None,
                };
                self.some(papers, |paper| paper.shelf = Some(shelf.clone()));
            }
            BundleEvent::Unshelved { papers, .. } => self.some(papers, |paper| paper.shelf = None),
            BundleEvent::Sealed { seal, papers, .. } => {
                self.some(papers, |paper| paper.seal(Some(seal.clone())));
            }
            BundleEvent::Unsealed { papers, .. } => self.some(papers, |paper| paper.seal(None)),
            BundleEvent::Dispatched { slip, papers } => {
                self.some(papers, |paper| paper.away = Some((slip.clone(), at)));
            }
            // Not that of a slip on which it went since.
            BundleEvent::CarriageEnded { slip, papers } => self.some(papers, |paper| {
                paper.away.take_if(|(away, _)| away == slip);
            }),
            _ => {}
        }
    }

    /// What is recorded about papers that stay where they are.
    fn follow_up(&mut self, event: &BundleEvent, at: Timestamp) {
        match event {
            BundleEvent::Listed { transfer, papers } => {
                self.each(papers, at, |paper| paper.listed = Some(transfer.clone()));
            }
            BundleEvent::Unlisted { papers, .. } => {
                self.each(papers, at, |paper| paper.listed = None)
            }
            BundleEvent::Deferred { papers, until, .. } => self.each(papers, at, |paper| {
                paper.listed = None;
                paper.deferred = Some(*until);
            }),
            BundleEvent::Doubted {
                discrepancy,
                papers,
            } => self.each(papers, at, |paper| {
                paper.doubts.insert(discrepancy.clone());
            }),
            BundleEvent::Cleared { discrepancy } => {
                for paper in self.papers.values_mut() {
                    if paper.doubts.remove(discrepancy) {
                        paper.touched = at;
                    }
                }
            }
            _ => {}
        }
    }

    fn receive(
        &mut self,
        papers: &[u16],
        holder: &Holder,
        damaged: &[u16],
        back_by: Option<Date>,
        at: Timestamp,
    ) {
        for no in papers {
            let Some(paper) = self.papers.get_mut(no) else {
                continue;
            };
            let giver = std::mem::replace(&mut paper.place, Place::With(holder.clone()));
            paper.leave_container(&giver, holder);
            paper.away = None;
            paper.lent = match (back_by, giver) {
                (Some(day), Place::With(giver)) => Some((day, giver)),
                _ => None,
            };
            paper.there_since = at;
            paper.came_by = paper.offered.take().map(|(_, leg)| leg);
            if paper.came_by != Some(Leg::Internal) {
                paper.listed = None;
            }
            paper.damaged |= damaged.contains(no);
            paper.touched = at;
        }
    }
}

/// Folds the history of a bundle, oldest first; none when the case never had paper.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<Bundle> {
    let mut bundle: Option<Bundle> = None;
    for entry in history {
        let (Event::Bundle { event }, Subject::Bundle(case)) = (&entry.event, &entry.subject)
        else {
            continue;
        };
        bundle
            .get_or_insert_with(|| Bundle::new(case.clone()))
            .apply(event, happened(entry));
    }
    bundle
}
