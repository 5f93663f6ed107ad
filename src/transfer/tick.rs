//! What the calendar makes of the transfer. Everything here may be repeated: what was recorded is not recorded again, and
//! what was missed is made up for and marked late.

use std::collections::{BTreeMap, BTreeSet};

use crate::counter::bundles::{bundles, round};
use crate::counter::{Ask, Counter, CounterError, paper_list};
use crate::domain::case::{CaseState, concluded_at};
use crate::domain::catalogue::ServiceItem;
use crate::domain::custody::{Bundle, HeldPaper, Side, check_overdue};
use crate::domain::transfer::{
    Candidate, Closed, Fate, Opened, Planned, Round, RoundStage, Rounds, TransferEvent, came_in,
    fate, fold_round, goes_to, lines, open, overdue, plan, ready, remind,
};
use crate::domain::{
    Actor, CaseNo, Date, DepartmentCode, Digest, Event, Month, RequestId, SiteCode, Subject,
    TransferId,
};
use crate::ledger::Recorded;

/// A month that a site transfers to a department before it is over (及时).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyRound {
    /// To whom.
    pub department: DepartmentCode,
    /// From where.
    pub site: SiteCode,
    /// Which month.
    pub month: Month,
}

/// What a tick recorded.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Ticked {
    /// Rounds opened.
    pub opened: usize,
    /// Rounds that papers joined.
    pub joined: usize,
    /// Reminders.
    pub reminded: usize,
    /// Rounds told overdue.
    pub overdue: usize,
    /// Rounds told to the next level.
    pub escalated: usize,
    /// Slips whose time ran out.
    pub lapsed: usize,
    /// Months closed.
    pub closed: usize,
    /// Slips that were taken by seal and whose lines were not checked in time.
    pub unchecked: usize,
    /// Rounds whose days could not be counted, because the calendar ends before them.
    pub uncounted: usize,
}

/// A paper that waits for its round: the hall holds it, its case is closed, and nothing else is being done with it.
fn waits(held: &HeldPaper) -> Option<&SiteCode> {
    let free = held.offered.is_none()
        && held.lent.is_none()
        && held.listed.is_none()
        && held.doubts.is_empty()
        && fate(held) == Fate::Owed;
    match held.holder().map(|holder| &holder.side) {
        Some(Side::Hall { site }) if free => Some(site),
        _ => None,
    }
}

fn closed(case: &CaseState, item: &ServiceItem, bundle: &Bundle) -> Vec<Closed> {
    let Some(day) = concluded_at(case).map(Date::of) else {
        return Vec::new();
    };
    let mut sites: BTreeMap<&SiteCode, Vec<Candidate>> = BTreeMap::new();
    for held in bundle.papers.values() {
        let Some(site) = waits(held) else { continue };
        sites.entry(site).or_default().push(Candidate {
            no: held.paper.no,
            department: goes_to(item, held),
            came_in: came_in(held, day),
            deferred: held.deferred,
            free: ready(held, day),
        });
    }
    let each = sites.into_iter().map(|(site, papers)| Closed {
        case: case.no.clone(),
        site: site.clone(),
        closed: day,
        papers,
    });
    each.collect()
}

impl Counter {
    /// Closes the months that can be closed, ends offers whose time ran out, opens the rounds that are due, reminds and
    /// tells what is overdue.
    pub async fn transfer_tick(&self, by: &Actor) -> Result<Ticked, CounterError> {
        let mut ticked = Ticked::default();
        self.close_months(by, &mut ticked).await?;
        self.lapse_slips(by, &mut ticked).await?;
        self.tell_unchecked(by, &mut ticked).await?;
        for planned in self.planned(None).await? {
            match self.open_round(by, &planned).await? {
                true if planned.joins => ticked.joined += 1,
                true => ticked.opened += 1,
                false => {}
            }
        }
        for id in self.open_rounds().await? {
            let today = Date::of(self.clock.now());
            self.tick_round(by, &id, today, &mut ticked).await?;
        }
        Ok(ticked)
    }

    /// Ends the offers whose time ran out, in that order. What their rounds should have been told while they were open
    /// is told before: until then they waited for the department.
    async fn lapse_slips(&self, by: &Actor, ticked: &mut Ticked) -> Result<(), CounterError> {
        let now = self.clock.now();
        let mut expired = Vec::new();
        for id in self.slips_in(paper_list::OPEN_SLIPS).await? {
            let (slip, version) = self.slip_now(&id).await?;
            if slip.is_open() && now >= slip.expires.end() {
                expired.push((slip.expires, id, slip.transfer, version));
            }
        }
        expired.sort();
        for (expires, id, round, version) in expired {
            if let Some(round) = &round {
                self.tick_round(by, round, expires, ticked).await?;
            }
            let ask = system(by, format!("slip/{id}/{version}"))?;
            let done = self.lapse_slip(&ask, &id).await?;
            ticked.lapsed += usize::from(done.receipt.count > 0 && !done.receipt.repeated);
        }
        Ok(())
    }

    /// Tells of the slips that were taken by seal and whose lines were not checked in time.
    async fn tell_unchecked(&self, by: &Actor, ticked: &mut Ticked) -> Result<(), CounterError> {
        let today = Date::of(self.clock.now());
        for id in self.slips_in(paper_list::UNCHECKED_SLIPS).await? {
            let (slip, version) = self.slip_now(&id).await?;
            if check_overdue(&slip, today).is_empty() {
                continue;
            }
            let ask = system(by, format!("check/{id}/{version}"))?;
            let done = self.tell_check_overdue(&ask, &id).await?;
            ticked.unchecked += usize::from(done.receipt.count > 0 && !done.receipt.repeated);
        }
        Ok(())
    }

    /// Opens, or lets join, what closed so far in one month (及时), and nothing else.
    pub async fn open_early(&self, by: &Actor, early: &EarlyRound) -> Result<Ticked, CounterError> {
        let mut ticked = Ticked::default();
        for planned in self.planned(Some(early)).await? {
            let theirs = (&early.department, &early.site, early.month)
                == (&planned.of.department, &planned.of.site, planned.of.month);
            if theirs && self.open_round(by, &planned).await? {
                ticked.joined += usize::from(planned.joins);
                ticked.opened += usize::from(!planned.joins);
            }
        }
        Ok(ticked)
    }

    async fn slips_in(&self, list: &str) -> Result<Vec<crate::domain::SlipId>, CounterError> {
        let slips = self.whole_list(list).await?.into_iter();
        let slips = slips.filter_map(|subject| match subject {
            Subject::Slip(id) => Some(id),
            _ => None,
        });
        Ok(slips.collect())
    }

    /// The rounds that are not done, by opening.
    pub(super) async fn open_rounds(&self) -> Result<Vec<TransferId>, CounterError> {
        let rounds = self.whole_list(paper_list::OPEN_ROUNDS).await?.into_iter();
        let rounds = rounds.filter_map(|subject| match subject {
            Subject::Transfer(id) => Some(id),
            _ => None,
        });
        Ok(rounds.collect())
    }

    /// The rounds to be opened or joined today.
    async fn planned(&self, early: Option<&EarlyRound>) -> Result<Vec<Planned>, CounterError> {
        let now = self.clock.now();
        let mut cases = Vec::new();
        for subject in self.whole_list(paper_list::OWED).await? {
            let Subject::Bundle(no) = subject else {
                continue;
            };
            let bundle = self.bundle_now(&no).await?;
            if !bundle.papers.values().any(|held| waits(held).is_some()) {
                continue;
            }
            let (case, _) = self.case(&no).await?;
            if concluded_at(&case).is_some() {
                let item = self.item_today(&case, now).await?;
                cases.extend(closed(&case, &item, &bundle));
            }
        }
        let rounds = self.rounds_of(&cases).await?;
        let today = Date::of(now);
        let early = |of: &Round| {
            early.is_some_and(|early| {
                (&early.department, &early.site, early.month)
                    == (&of.department, &of.site, of.month)
            })
        };
        Ok(plan(&cases, &rounds, today, early))
    }

    /// The rounds there are of each month that papers wait for.
    async fn rounds_of(&self, cases: &[Closed]) -> Result<Rounds, CounterError> {
        let mut months = BTreeSet::new();
        for case in cases {
            for paper in &case.papers {
                months.insert(Round {
                    department: paper.department.clone(),
                    site: case.site.clone(),
                    month: crate::domain::transfer::month_of(case.closed, paper.came_in),
                });
            }
        }
        let mut rounds = Rounds::new();
        for of in months {
            let mut opened = Opened::default();
            loop {
                let next = opened.last + 1;
                let id = TransferId::of(&of.department, &of.site, of.month, next);
                let history = self.history(&Subject::Transfer(id)).await?;
                let Some(round) = fold_round(history.iter().map(|fact| &fact.entry)) else {
                    break;
                };
                opened.last = next;
                if matches!(
                    round.stage(),
                    RoundStage::Gathering | RoundStage::Reconciled
                ) {
                    opened.gathered.insert(round.due, next);
                }
            }
            if opened.last > 0 {
                rounds.insert(of, opened);
            }
        }
        Ok(rounds)
    }

    /// Opens a planned round, unless one of its papers went another way since it was planned: then the next tick plans
    /// again. Tells whether it did.
    async fn open_round(&self, by: &Actor, planned: &Planned) -> Result<bool, CounterError> {
        let (known, version) = match planned.joins {
            true => {
                let (round, version) = self.round_now(&planned.id).await?;
                (Some(self.round_lines(&round.lines).await?), version)
            }
            false => (None, 0),
        };
        let lines = lines(planned, known.as_ref());
        if lines.lines.len() > crate::domain::custody::BUNDLES_MAX {
            return Ok(false);
        }
        self.blobs.put(&lines.bytes()).await?;
        // Papers that were found again join the lines on which they stand already: only the version tells that apart.
        let name = format!("open/{}/{version}", planned.id);
        let ask = system(by, name)?;
        let subject = Subject::Transfer(planned.id.clone());
        let receipt = self
            .change(&ask, &subject, |history, reads, now| {
                let round = fold_round(history.iter().map(|fact| &fact.entry));
                let joins = match &round {
                    Some(round) => planned.joins && known_lines(round.lines, known.as_ref()),
                    None => !planned.joins,
                };
                let cases = planned.lines.iter().map(|(case, _)| case);
                let bundles = bundles(reads, cases)?;
                let free = |(case, papers): &(CaseNo, Vec<u16>)| {
                    let bundle = bundles.get(case);
                    papers.iter().all(|no| {
                        let held = bundle.and_then(|bundle| bundle.papers.get(no));
                        held.and_then(waits) == Some(&planned.of.site)
                    })
                };
                if !joins || !planned.lines.iter().all(free) {
                    return Ok(Vec::new());
                }
                Ok(open(planned, round.as_ref(), &lines, Date::of(now)))
            })
            .await?;
        Ok(receipt.count > 0 && !receipt.repeated)
    }

    /// Tells what a round should have been told by `until`.
    async fn tick_round(
        &self,
        by: &Actor,
        id: &TransferId,
        until: Date,
        ticked: &mut Ticked,
    ) -> Result<(), CounterError> {
        let calendar = self.calendar().await?;
        let (known, version) = self.round_now(id).await?;
        let today = Date::of(self.clock.now());
        let mut due = overdue(&known, until, today);
        match remind(&known, &calendar, until, today) {
            Ok(facts) => due.extend(facts),
            Err(missing) => {
                tracing::error!(%missing, "reminders cannot be counted; add the year to the calendar");
                ticked.uncounted += 1;
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        let ask = system(by, format!("round/{id}/{version}"))?;
        let subject = Subject::Transfer(id.clone());
        let receipt = self
            .change(&ask, &subject, |_, reads, now| {
                let round = round(reads, id)?;
                let today = Date::of(now);
                let mut facts = overdue(&round, until, today);
                facts.extend(remind(&round, &calendar, until, today).unwrap_or_default());
                Ok(facts)
            })
            .await?;
        if receipt.count > 0 && !receipt.repeated {
            let history = self.history(&subject).await?;
            let new = history
                .iter()
                .filter(|fact| fact.entry.request == ask.request);
            new.for_each(|fact| ticked.count(fact));
        }
        Ok(())
    }
}

fn known_lines(now: Digest, read: Option<&crate::domain::transfer::RoundLines>) -> bool {
    read.is_some_and(|lines| lines.digest() == now)
}

impl Ticked {
    fn count(&mut self, fact: &Recorded) {
        let Event::Transfer { event } = &fact.entry.event else {
            return;
        };
        match event {
            TransferEvent::Reminded { .. } => self.reminded += 1,
            TransferEvent::Overdue { .. } => self.overdue += 1,
            TransferEvent::Escalated { .. } => self.escalated += 1,
            _ => {}
        }
    }
}

/// What the clock asks for, under a name that the state of its subject determines.
pub(super) fn system(by: &Actor, name: String) -> Result<Ask, CounterError> {
    let request = RequestId::new(format!("clock/transfer/{name}"));
    Ok(Ask {
        by: by.clone(),
        request: request.map_err(|error| CounterError::Internal(error.to_string()))?,
        expected: None,
        occurred: None,
    })
}
