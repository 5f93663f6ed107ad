//! What people do with paper in two simulated years: cases come and close, paper is collected, brought back, lent, handed
//! on and given back. Whoever acts is drawn by chance from the day alone, so that two runs of one seed do the same.

use std::collections::BTreeMap;

use counterfoil::counter::{Ask, Counter, CounterError};
use counterfoil::domain::case::*;
use counterfoil::domain::custody::{self, *};
use counterfoil::domain::hall::Power;
use counterfoil::domain::*;
use counterfoil::ledger::{Decline, LedgerStore, Reads};

use crate::case_kit::{application, mandate, secret};
use crate::custody_kit::department;
use crate::support::Random;
use crate::transfer_years_days::date;
use crate::transfer_years_kit::{FAULTS, Hall, SITES, record};
use crate::transfer_years_naive::{Naive, Sheet};

/// The hall with everybody in it, and what a naive reader believes of it.
pub struct Office {
    pub hall: Hall,
    pub naive: Naive,
    /// What people do today.
    pub chance: Random,
    /// What goes wrong, where anything does.
    pub faults: Option<Random>,
    pub today: i64,
    pub site_of: BTreeMap<CaseNo, &'static str>,
    /// Facts read by the naive reader.
    pub seen: u64,
    /// Subjects touched since they were looked at last.
    pub touched: Vec<Subject>,
    /// Cases that close on a day, or the first worked day after it.
    closing: Vec<(i64, CaseNo)>,
    acts: u64,
    cases: u64,
}

/// The bundle within a decision.
pub fn bundle(reads: &mut Reads<'_>, case: &CaseNo) -> Result<Bundle, Decline> {
    let history = reads.history(&Subject::Bundle(case.clone()))?;
    let bundle = fold_bundle(history.iter().map(|fact| &fact.entry));
    Ok(bundle.unwrap_or_else(|| Bundle::new(case.clone())))
}

impl Office {
    pub fn new(hall: Hall, faults: Option<Random>) -> Self {
        Self {
            hall,
            naive: Naive::new(),
            chance: Random::new(0),
            faults,
            today: 0,
            site_of: BTreeMap::new(),
            seen: 0,
            touched: Vec::new(),
            closing: Vec::new(),
            acts: 0,
            cases: 0,
        }
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.chance.below(bound as u64)).unwrap()
    }

    pub fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        match from.is_empty() {
            true => None,
            false => Some(from[self.below(from.len())].clone()),
        }
    }

    /// Begins a day.
    pub fn begin(&mut self, seed: u64, day: i64) {
        self.chance = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(day as u64));
        (self.today, self.acts) = (day, 0);
    }

    /// Somebody does something, whatever goes wrong meanwhile.
    pub async fn act<T>(
        &mut self,
        what: impl AsyncFn(&Counter, &Ask) -> Result<T, CounterError>,
    ) -> Result<T, CounterError> {
        self.acts += 1;
        let name = format!("day/{}/{}", self.today, self.acts);
        if let Some(faults) = &mut self.faults
            && faults.below(12) == 0
        {
            let fault = FAULTS[faults.below(4) as usize];
            self.hall.arm(faults.below(3), fault);
        }
        let done = self.hall.act(&name, what).await;
        self.read().await;
        done
    }

    /// Reads what was recorded.
    pub async fn read(&mut self) {
        loop {
            let facts = self.hall.kept.entries(self.seen, 1000).await.unwrap();
            if facts.is_empty() {
                return;
            }
            self.seen += facts.len() as u64;
            for fact in &facts {
                self.naive.apply(fact);
                self.touched.push(fact.entry.subject.clone());
            }
        }
    }

    /// A day at the windows.
    pub async fn work(&mut self, per_day: u64) {
        self.open_cases(per_day).await;
        self.close_cases().await;
        for at in SITES {
            if self.one_in(4) {
                self.hand_in(at).await;
            }
        }
        if self.one_in(3) {
            self.add_paper().await;
        }
        if self.one_in(6) {
            self.bring_back().await;
        }
        if self.one_in(8) {
            self.withdraw().await;
        }
        self.loans().await;
        self.losses().await;
    }

    async fn open_cases(&mut self, per_day: u64) {
        for _ in 0..self.chance.below(2 * per_day + 1) {
            self.cases += 1;
            let no = CaseNo::new(format!("C-{:06}", self.cases)).unwrap();
            let at = SITES[self.below(3)];
            let clerk = format!("{at}-c{}", 1 + self.below(2));
            let which = self.below(self.hall.items.len());
            let (item, content) = self.hall.items[which].clone();
            let lead = (
                item.lead.clone(),
                item.materials[1].transfer_to.clone().unwrap(),
            );
            self.naive.lead.insert(no.clone(), lead);
            self.site_of.insert(no.clone(), at);
            let mut mandate = mandate(&item, Power::Receive);
            (mandate.site, mandate.content) = (at.parse().unwrap(), content);
            let application = application(&item);
            let opened = CaseEvent::Opened {
                mandate,
                visit: None,
                channel: Channel::Window,
                clerk: clerk.parse().unwrap(),
                applicant: application.applicant,
                agent: None,
                delivery: application.delivery,
                query: secret("query"),
                findings: Vec::new(),
            };
            let papers = match self.below(8) {
                0 => Vec::new(),
                1 => vec!["form"],
                2 => vec!["licence"],
                _ => vec!["form", "licence"],
            };
            self.take(&no, at, &clerk, opened, &papers).await;
            let later = self.below(25) as i64;
            self.closing.push((self.today + later, no.clone()));
            if !papers.is_empty() && self.one_in(7) {
                self.collect(&no, &lead_of(&self.naive, &no), &clerk).await;
            }
        }
    }

    async fn take(
        &mut self,
        no: &CaseNo,
        at: &str,
        clerk: &str,
        opened: CaseEvent,
        papers: &[&str],
    ) {
        let new = papers.iter().map(|row| NewPaper {
            row: Some(row.parse().unwrap()),
            form: PaperForm::Original,
            count: 1,
            pages: None,
            condition: Condition::Good,
            origin: Origin::Receipt,
        });
        let new: Vec<NewPaper> = new.collect();
        let (at, clerk): (SiteCode, StaffId) = (at.parse().unwrap(), clerk.parse().unwrap());
        let taken = self.act(async |counter, ask| {
            record(counter, ask, |reads, _| {
                let event = opened.clone();
                let subject = Subject::Case(no.clone());
                let mut facts = vec![Fact::new(subject, Event::Case { event })];
                if !new.is_empty() {
                    let bundle = bundle(reads, no)?;
                    facts.extend(custody::take_in(&bundle, &at, &clerk, new.clone())?);
                }
                Ok(facts)
            })
            .await
        });
        taken.await.unwrap();
    }

    async fn close_cases(&mut self) {
        let today = self.today;
        let due = std::mem::take(&mut self.closing).into_iter();
        let (due, later) = due.partition(|(day, _)| *day <= today);
        self.closing = later;
        for (_, no) in due {
            let officer = Officer {
                staff: "market-o1".parse().unwrap(),
                department: "market".parse().unwrap(),
            };
            let decided = CaseEvent::Decided {
                outcome: Outcome::Granted,
                document: Digest::of("decision"),
                officer,
                chief: false,
                authority: false,
            };
            let delivered = CaseEvent::Delivered {
                way: DeliveryWay::Mail {
                    waybill: "EMS1".parse().unwrap(),
                },
            };
            let ends = self.one_in(8);
            let returns = ends && self.one_in(2);
            let signature = signature(&self.holder_of(&no));
            let withdrawn = CaseEvent::Withdrawn {
                by: Recipient::Applicant,
                signature: signature.clone(),
                reason: None,
            };
            let events = match (ends, self.one_in(3)) {
                (true, _) => vec![withdrawn],
                (false, true) => vec![decided],
                (false, false) => vec![decided, delivered],
            };
            let back: Vec<u16> = match returns {
                true => self.at_hand(&no, &signature.witness),
                false => Vec::new(),
            };
            let closed = self.act(async |counter, ask| {
                record(counter, ask, |reads, _| {
                    let subject = Subject::Case(no.clone());
                    let facts = events.iter().cloned();
                    let facts =
                        facts.map(|event| Fact::new(subject.clone(), Event::Case { event }));
                    let mut facts: Vec<Fact> = facts.collect();
                    if !back.is_empty() {
                        let bundle = bundle(reads, &no)?;
                        let to = Recipient::Applicant;
                        facts.extend(custody::give_back(&bundle, &back, to, &signature)?);
                    }
                    Ok(facts)
                })
                .await
            });
            closed.await.unwrap();
        }
    }

    fn holder_of(&self, no: &CaseNo) -> StaffId {
        let sheets = self.naive.cases.get(no).into_iter().flatten();
        let holder = sheets.filter_map(|(_, sheet)| hall_staff(sheet)).next();
        holder.unwrap_or_else(|| "CENTRE-c1".parse().unwrap())
    }

    /// Papers of a case that somebody holds and may give away.
    pub fn at_hand(&self, no: &CaseNo, staff: &StaffId) -> Vec<u16> {
        let sheets = self.naive.cases.get(no).into_iter().flatten();
        let theirs = sheets.filter(|(_, sheet)| {
            let held = hall_staff(sheet).as_ref() == Some(staff);
            held && sheet.offered.is_none() && sheet.lender.is_none()
        });
        theirs.map(|(no, _)| *no).collect()
    }

    /// A department collects the paper of a case on the way (L2).
    async fn collect(&mut self, no: &CaseNo, to: &DepartmentCode, clerk: &str) {
        let giver = self.hall.person(clerk).id.clone();
        let papers = self.at_hand(no, &giver);
        let slip = self.slip_id();
        let history = self.hall.kept.history(&Subject::Bundle(no.clone())).await;
        let registered = fold_bundle(history.unwrap().iter().map(|fact| &fact.entry)).unwrap();
        let manifest = SlipManifest {
            slip,
            leg: Leg::Collection,
            transfer: None,
            from: self.hall.person(clerk).holder(),
            to: department(to.as_str()),
            back_by: None,
            expires: date(self.today + 1),
            lines: vec![SlipLine {
                case: no.clone(),
                papers: papers
                    .iter()
                    .map(|no| registered.papers[no].paper.clone())
                    .collect(),
            }],
            boxes: Vec::new(),
        };
        let given = self.hall.person(clerk).sign(&manifest.digest());
        let state = self.hall.person(clerk).state.clone();
        let digest = manifest.digest();
        self.naive.manifests.insert(digest, manifest.clone());
        let offered = self.act(async |counter, ask| {
            counter.blobs.put(&manifest.bytes()).await?;
            record(counter, ask, |reads, now| {
                let bundles = Bundles::from([(no.clone(), bundle(reads, no)?)]);
                Ok(custody::offer(
                    None, &bundles, &manifest, &given, &state, now,
                )?)
            })
            .await
        });
        offered.await.unwrap();
        let found = crate::custody_kit::outcome(
            &manifest,
            self.hall.person(&format!("{to}-o1")).holder(),
            |_, _| Found::Present,
        );
        self.naive.outcomes.insert(found.digest(), found.clone());
        let taker = self.hall.person(&format!("{to}-o1"));
        let receipt = Receipt::Signed {
            by: taker.sign(&found.digest()),
        };
        let (state, clear_by) = (taker.state.clone(), date(self.today + 7));
        let taken = self.act(async |counter, ask| {
            record(counter, ask, |reads, now| {
                let history = reads.history(&Subject::Slip(manifest.slip.clone()))?;
                let slip = fold_slip(history.iter().map(|fact| &fact.entry)).unwrap();
                let (manifest, receipt) = (&manifest, &receipt);
                Ok(custody::receive(
                    &slip, manifest, &found, receipt, &state, clear_by, now,
                )?)
            })
            .await
        });
        taken.await.unwrap();
    }

    pub fn slip_id(&mut self) -> SlipId {
        SlipId::new(format!("S-{}-{}", self.today, self.acts)).unwrap()
    }
}

fn lead_of(naive: &Naive, no: &CaseNo) -> DepartmentCode {
    naive.lead[no].0.clone()
}

/// The person of the hall who holds a paper.
pub fn hall_staff(sheet: &Sheet) -> Option<StaffId> {
    let at = sheet.at.as_ref()?;
    match at.side {
        Side::Hall { .. } => at.staff.clone(),
        Side::Department { .. } => None,
    }
}

pub fn signature(witness: &StaffId) -> WitnessedSignature {
    WitnessedSignature {
        digest: Digest::of("pad"),
        witness: witness.clone(),
    }
}
