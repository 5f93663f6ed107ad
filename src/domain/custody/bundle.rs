//! A bundle (材料袋): the paper of one case, and where each piece of it is. Its history is told here; what may be done
//! with it is decided beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::held::{HeldPaper, Place};
use super::terms::*;
use crate::domain::case::{Recipient, WitnessedSignature, happened};
use crate::domain::date::Date;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{
    CaseNo, Commitment, DiscrepancyId, SiteCode, SlipId, StaffId, Subject, TransferId,
};
use crate::domain::time::Timestamp;

/// What can happen to a bundle. A list of papers names them by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum BundleEvent {
    /// The case has paper from now on. L1.
    Opened {
        /// Where.
        site: SiteCode,
        /// Who took it and holds it.
        clerk: StaffId,
        /// What.
        papers: Vec<Paper>,
    },
    /// More paper came in.
    Added {
        /// Where.
        site: SiteCode,
        /// Who took it and holds it.
        clerk: StaffId,
        /// What.
        papers: Vec<Paper>,
    },
    /// Papers are on a slip that the giver signed.
    Offered {
        /// The slip.
        slip: SlipId,
        /// On which leg.
        leg: Leg,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Papers on a slip were received: the other one holds them.
    Received {
        /// The slip.
        slip: SlipId,
        /// Which papers.
        papers: Vec<u16>,
        /// Who holds them.
        holder: Holder,
        /// Papers that came damaged.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        damaged: Vec<u16>,
        /// Until when they come back, if they were lent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back_by: Option<Date>,
    },
    /// Papers on a slip were not taken: the giver goes on holding them.
    Kept {
        /// The slip.
        slip: SlipId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Papers went back to the applicant against signature. L4.
    Returned {
        /// Which papers.
        papers: Vec<u16>,
        /// To whom.
        recipient: Recipient,
        /// That person's signature.
        signature: WitnessedSignature,
    },
    /// Papers were in this bundle by mistake and are in another now (串件). Whoever holds them goes on holding them.
    RefiledTo {
        /// The case they belong to.
        to: CaseNo,
        /// Which papers.
        papers: Vec<u16>,
        /// Who moved them: the holder.
        by: StaffId,
        /// Vault record, of the case they belong to, of why.
        reason: Commitment,
    },
    /// Papers that lay in another bundle by mistake are in this one now.
    RefiledFrom {
        /// The case in whose bundle they lay.
        from: CaseNo,
        /// Who holds them.
        holder: Holder,
        /// What.
        papers: Vec<Paper>,
    },
    /// Papers are on a round of the monthly transfer.
    Listed {
        /// Which.
        transfer: TransferId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Papers are taken off a round: they were not found, not taken, or put off.
    Unlisted {
        /// Which.
        transfer: TransferId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Their transfer was put off, with the department's consent and the supervisor's approval.
    Deferred {
        /// The round they were on.
        transfer: TransferId,
        /// Which papers.
        papers: Vec<u16>,
        /// The new last day.
        until: Date,
    },
    /// Something does not match: until that is cleared up the papers go on no round.
    Doubted {
        /// What.
        discrepancy: DiscrepancyId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// It was cleared up.
    Cleared {
        /// What.
        discrepancy: DiscrepancyId,
    },
    /// Papers are lost, which the hall and their departments approved with a signature each (遗失).
    Lost {
        /// The report.
        loss: DiscrepancyId,
        /// Which papers.
        papers: Vec<u16>,
        /// Who held them last.
        last: Holder,
    },
    /// Lost papers were found again: somebody holds them, who and another signed for that.
    FoundAgain {
        /// The report of their loss.
        loss: DiscrepancyId,
        /// Which papers.
        papers: Vec<u16>,
        /// Who holds them.
        holder: Holder,
    },
}

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
                lent: None,
                damaged: false,
                listed: None,
                deferred: None,
                doubts: BTreeSet::new(),
                touched: at,
            };
            self.papers.insert(paper.no, held);
        }
    }

    fn leave(&mut self, papers: &[u16], place: &Place, at: Timestamp) {
        self.each(papers, at, |paper| {
            paper.place = place.clone();
            paper.there_since = at;
            paper.offered = None;
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
            BundleEvent::RefiledFrom { holder, papers, .. } => self.put(papers, holder, at),
            BundleEvent::Lost { papers, last, .. } => {
                let last = last.clone();
                self.end_or_resume(papers, &Place::Lost { last }, at);
            }
            BundleEvent::FoundAgain { papers, holder, .. } => {
                self.end_or_resume(papers, &Place::With(holder.clone()), at);
            }
            _ => self.follow_up(event, at),
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
