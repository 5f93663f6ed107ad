//! What a naive reader of Art 12(4) believes of every paper, round and case, read off the bare facts: days are counted
//! here by hand, hand-overs are read from what was signed and not from what the bundles say.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::CaseEvent;
use counterfoil::domain::custody::*;
use counterfoil::domain::*;
use counterfoil::ledger::Recorded;

use crate::transfer_years_days::{Days, date, day_of, instant_day, last_of, month_of};
pub use crate::transfer_years_sheets::{Batch, Doubt, Offer, Sheet};

pub struct Naive {
    pub days: Days,
    pub cases: BTreeMap<CaseNo, BTreeMap<u16, Sheet>>,
    pub lead: BTreeMap<CaseNo, (DepartmentCode, DepartmentCode)>,
    pub closed: BTreeMap<CaseNo, i64>,
    pub site_of: BTreeMap<CaseNo, SiteCode>,
    /// The months that are closed, with the day on which they could be.
    pub months: BTreeMap<(SiteCode, i64), i64>,
    /// Cases of which the hall holds paper or somebody borrowed it.
    pub about: BTreeSet<CaseNo>,
    pub rounds: BTreeMap<TransferId, Batch>,
    pub offers: BTreeMap<SlipId, Offer>,
    pub doubts: BTreeMap<DiscrepancyId, Doubt>,
    /// What both sides gave up and nobody found yet.
    pub lost: Vec<DiscrepancyId>,
    /// Rounds that were asked for before their month was over.
    pub early: BTreeSet<(DepartmentCode, SiteCode, i64)>,
    /// Documents that were signed, by digest.
    pub manifests: BTreeMap<Digest, SlipManifest>,
    pub outcomes: BTreeMap<Digest, SlipOutcome>,
    pub tally: BTreeMap<&'static str, u64>,
    pub numbers: BTreeSet<(DepartmentCode, SiteCode, i64, u32)>,
}

impl Naive {
    pub fn new() -> Self {
        Self {
            days: Days::of(&Calendar::embedded()),
            cases: BTreeMap::new(),
            lead: BTreeMap::new(),
            closed: BTreeMap::new(),
            site_of: BTreeMap::new(),
            months: BTreeMap::new(),
            about: BTreeSet::new(),
            rounds: BTreeMap::new(),
            offers: BTreeMap::new(),
            doubts: BTreeMap::new(),
            lost: Vec::new(),
            early: BTreeSet::new(),
            manifests: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            tally: BTreeMap::new(),
            numbers: BTreeSet::new(),
        }
    }

    pub fn note(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn sheets<'s>(
        &'s mut self,
        case: &CaseNo,
        papers: &'s [u16],
    ) -> impl Iterator<Item = (u16, &'s mut Sheet)> {
        let sheets = self.cases.get_mut(case).unwrap().iter_mut();
        let named = sheets.filter(|(no, _)| papers.contains(no));
        named.map(|(no, sheet)| (*no, sheet))
    }

    /// Takes one fact into account, and says what is wrong with it.
    pub fn apply(&mut self, fact: &Recorded) {
        let day = instant_day(fact.entry.at);
        match (&fact.entry.subject, &fact.entry.event) {
            // Decided or ended without a decision, whether or not the result was fetched.
            (
                Subject::Case(case),
                Event::Case {
                    event: CaseEvent::Decided { .. } | CaseEvent::Withdrawn { .. },
                },
            ) => {
                self.closed.insert(case.clone(), day);
            }
            (
                Subject::Case(case),
                Event::Case {
                    event: CaseEvent::Opened { mandate, .. },
                },
            ) => {
                self.site_of.insert(case.clone(), mandate.site.clone());
            }
            (Subject::Bundle(case), Event::Bundle { event }) => {
                self.bundle(case, event, day);
                self.settle(case, day);
                self.look_about(case);
            }
            (Subject::Slip(id), Event::Slip { event }) => {
                self.slip(id, event, day);
                for line in self.offers[id].manifest.lines.clone() {
                    self.settle(&line.case, day);
                }
            }
            (Subject::Month(_), Event::Month { event }) => self.month(event, day),
            (Subject::Transfer(id), Event::Transfer { event }) => self.round(id, event, day),
            (Subject::Discrepancy(id), Event::Discrepancy { event }) => match event {
                DiscrepancyEvent::Opened { discrepancy } => {
                    let owner = discrepancy.owner.clone();
                    let doubt = Doubt { owner, open: true };
                    let known = self.doubts.insert(id.clone(), doubt);
                    assert!(known.is_none(), "{id} was opened twice");
                }
                DiscrepancyEvent::Cleared { .. } => {
                    self.doubts.get_mut(id).unwrap().open = false;
                }
            },
            _ => {}
        }
    }

    fn bundle(&mut self, case: &CaseNo, event: &BundleEvent, day: i64) {
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
                let side = Side::Hall { site: site.clone() };
                let at = Some(Holder {
                    side,
                    staff: Some(clerk.clone()),
                });
                for paper in papers {
                    let sheet = Sheet::new(paper.row.clone(), day, at.clone());
                    let sheets = self.cases.entry(case.clone()).or_default();
                    assert!(sheets.insert(paper.no, sheet).is_none());
                }
            }
            BundleEvent::Returned { papers, .. } => {
                for (_, sheet) in self.sheets(case, papers) {
                    sheet.at = None;
                    assert_eq!((&sheet.listed, &sheet.offered), (&None, &None));
                }
            }
            BundleEvent::Listed { transfer, papers } => self.listed(case, transfer, papers),
            BundleEvent::Unlisted { transfer, papers } => self.unlisted(case, transfer, papers),
            BundleEvent::Deferred {
                transfer,
                papers,
                until,
            } => {
                self.unlisted(case, transfer, papers);
                let put_off = (Some(day_of(*until)), Some(day));
                for (_, sheet) in self.sheets(case, papers) {
                    (sheet.deferred, sheet.put_off_on) = put_off;
                }
                self.note("deferred");
            }
            BundleEvent::Doubted {
                discrepancy,
                papers,
            } => {
                for (_, sheet) in self.sheets(case, papers) {
                    sheet.doubts.insert(discrepancy.clone());
                }
            }
            BundleEvent::Cleared { discrepancy } => {
                for sheet in self.cases.get_mut(case).unwrap().values_mut() {
                    sheet.doubts.remove(discrepancy);
                }
            }
            BundleEvent::Lost { .. } | BundleEvent::FoundAgain { .. } => self.lost(case, event),
            // What was handed over is read from the slips.
            _ => {}
        }
    }

    /// A paper is with nobody any more, or with somebody again.
    fn lost(&mut self, case: &CaseNo, event: &BundleEvent) {
        let (papers, at, what) = match event {
            BundleEvent::Lost { papers, .. } => (papers, None, "lost"),
            BundleEvent::FoundAgain { papers, holder, .. } => {
                (papers, Some(holder.clone()), "found again")
            }
            _ => return,
        };
        for (_, sheet) in self.sheets(case, papers) {
            sheet.at = at.clone();
        }
        self.note(what);
    }

    /// A paper comes onto a round: its own, with its own last day, and it is on no other.
    fn listed(&mut self, case: &CaseNo, transfer: &TransferId, papers: &[u16]) {
        let (lead, licence) = self.lead[case].clone();
        let closed = self.closed[case];
        let round = self.rounds[transfer].clone();
        for (no, sheet) in self.sheets(case, papers) {
            let what = format!("paper {no} of {case} on {transfer}");
            assert_eq!(sheet.listed, None, "{what} is on a round already");
            assert_eq!(sheet.free_at(), Some(&round.site), "{what}: {sheet:?}");
            let row = sheet.row.as_ref().map(MaterialCode::as_str);
            let theirs = if row == Some("licence") {
                &licence
            } else {
                &lead
            };
            assert_eq!(round.department, *theirs, "{what}");
            let month = month_of(closed.max(sheet.came_in));
            assert_eq!(round.month, month, "{what}");
            let due = sheet.deferred.unwrap_or(last_of(month + 1));
            assert_eq!(date(round.due), date(due), "{what} is due by itself");
            sheet.listed = Some(transfer.clone());
        }
        let of = self.rounds.get_mut(transfer).unwrap();
        for no in papers {
            assert!(of.papers.insert((case.clone(), *no)));
        }
        self.note("listed");
    }

    fn unlisted(&mut self, case: &CaseNo, transfer: &TransferId, papers: &[u16]) {
        for (no, sheet) in self.sheets(case, papers) {
            assert_eq!(
                sheet.listed.as_ref(),
                Some(transfer),
                "paper {no} of {case}"
            );
            sheet.listed = None;
        }
        self.off(case, transfer, papers);
    }

    fn off(&mut self, case: &CaseNo, transfer: &TransferId, papers: &[u16]) {
        let of = self.rounds.get_mut(transfer).unwrap();
        for no in papers {
            assert!(of.papers.remove(&(case.clone(), *no)));
        }
    }

    fn slip(&mut self, id: &SlipId, event: &SlipEvent, day: i64) {
        match event {
            SlipEvent::Offered { manifest, .. } => {
                let manifest = self.manifests[manifest].clone();
                for line in &manifest.lines {
                    let numbers: Vec<u16> = line.papers.iter().map(|paper| paper.no).collect();
                    for (no, sheet) in self.sheets(&line.case, &numbers) {
                        assert_eq!(sheet.at.as_ref(), Some(&manifest.from), "{no}");
                        assert_eq!(sheet.offered, None, "{no} of {} on two slips", line.case);
                        sheet.offered = Some(id.clone());
                    }
                }
                let offer = Offer {
                    manifest,
                    on: day,
                    ended: None,
                    received: false,
                };
                assert!(self.offers.insert(id.clone(), offer).is_none());
            }
            SlipEvent::Received {
                outcome, receipt, ..
            } => {
                let outcome = self.outcomes[outcome].clone();
                let offer = self.offers.get_mut(id).unwrap();
                assert_eq!(offer.ended, None, "{id} ended before");
                (offer.ended, offer.received) = (Some(day + 1), true);
                let manifest = offer.manifest.clone();
                let taker = receipt.staff().unwrap();
                assert_ne!(manifest.from.staff.as_ref(), Some(taker), "{id}");
                self.received(&manifest, &outcome);
            }
            SlipEvent::CalledOff { how, .. } => {
                let offer = self.offers.get_mut(id).unwrap();
                assert_eq!(offer.ended, None, "{id} ended before");
                offer.ended = Some(match how {
                    CallOff::Lapsed => day_of(offer.manifest.expires) + 1,
                    _ => day + 1,
                });
                let lines = offer.manifest.lines.clone();
                for line in &lines {
                    let numbers: Vec<u16> = line.papers.iter().map(|paper| paper.no).collect();
                    for (_, sheet) in self.sheets(&line.case, &numbers) {
                        sheet.offered = None;
                    }
                }
                self.note(match how {
                    CallOff::Refused => "refused",
                    CallOff::Cancelled => "cancelled",
                    CallOff::Lapsed => "lapsed",
                });
            }
            other => panic!("no carrier and no seal in these years: {other:?}"),
        }
    }

    fn received(&mut self, manifest: &SlipManifest, outcome: &SlipOutcome) {
        for line in &outcome.lines {
            for paper in &line.papers {
                let taken = matches!(paper.found, Found::Present | Found::Worse);
                let sheets = self.cases.get_mut(&line.case).unwrap();
                let sheet = sheets.get_mut(&paper.no).unwrap();
                sheet.offered = None;
                if !taken {
                    continue;
                }
                let giver = sheet.at.replace(outcome.to.clone());
                sheet.lender = giver.filter(|_| manifest.leg == Leg::Loan);
                if manifest.leg != Leg::Internal
                    && let Some(transfer) = sheet.listed.take()
                {
                    self.off(&line.case, &transfer, &[paper.no]);
                }
            }
        }
        self.note(match manifest.leg {
            Leg::Collection => "collected",
            Leg::Return => "brought back",
            Leg::Transfer => "handed over",
            Leg::Internal => "internal",
            Leg::Loan => "lent",
            Leg::LoanReturn => "given back",
        });
    }
}
