//! What a naive reader believes of rounds of transfer and closed cases, and what a tick should have left undone.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::custody::{Holder, Side};
use counterfoil::domain::transfer::{CaseStanding, MonthEvent, TransferEvent};
use counterfoil::domain::*;

use crate::transfer_years_days::{date, day_of, first_of, last_of, month_of};
use crate::transfer_years_naive::{Batch, Naive, Sheet};

impl Naive {
    /// What is recorded about a round.
    pub fn round(&mut self, id: &TransferId, event: &TransferEvent, day: i64) {
        if let TransferEvent::Opened { .. } = event {
            return self.opened(id, event, day);
        }
        let waits = |naive: &Self, on: i64| naive.waited(id, on);
        match event {
            TransferEvent::Overdue { side, on, late } => {
                let on = day_of(*on);
                assert_eq!(
                    *side,
                    waits(self, on),
                    "whose fault {id} is on {}",
                    date(on)
                );
                let round = &self.rounds[id];
                assert_eq!(on, (round.due + 1).max(round.on), "{id}");
                assert!(on <= day && *late == (on < day), "{id} late {late}");
                let known = self.rounds.get_mut(id).unwrap().overdue.replace(on);
                assert_eq!(known, None, "{id} was told overdue twice");
                self.note(match side {
                    Side::Hall { .. } => "overdue by the hall",
                    Side::Department { .. } => "overdue by a department",
                });
            }
            TransferEvent::Reminded { days, on, late } => {
                let on = day_of(*on);
                assert!(on <= day && *late == (on < day), "{id} late {late}");
                let round = self.rounds.get_mut(id).unwrap();
                let known = round.reminded.insert(*days, on);
                assert_eq!(known, None, "{id} was reminded twice of {days}");
                self.note(if *late { "reminded late" } else { "reminded" });
            }
            TransferEvent::Escalated {
                level,
                on,
                late,
                side,
            } => {
                let on = day_of(*on);
                assert_eq!(
                    *side,
                    waits(self, on),
                    "whose fault {id} is on {}",
                    date(on)
                );
                assert!(on <= day && *late == (on < day), "{id} late {late}");
                let round = self.rounds.get_mut(id).unwrap();
                assert_eq!(round.levels.insert(*level, on), None, "{id} told twice");
                self.note("escalated");
            }
            _ => self.gathered(id, event),
        }
    }

    fn gathered(&mut self, id: &TransferId, event: &TransferEvent) {
        let round = self.rounds.get_mut(id).unwrap();
        match event {
            TransferEvent::Joined { .. } | TransferEvent::Withdrawn { .. } => {
                (round.reconciled, round.sealed) = (false, false);
                let joined = matches!(event, TransferEvent::Joined { .. });
                self.note(if joined { "joined" } else { "withdrawn" });
            }
            TransferEvent::Reconciled { .. } => {
                (round.reconciled, round.sealed) = (true, false);
                self.note("reconciled");
            }
            TransferEvent::Sealed { .. } => {
                round.sealed = true;
                self.note("sealed");
            }
            TransferEvent::DeferralAsked { by, .. } => round.asked = Some(by.clone()),
            TransferEvent::DeferralConsented { .. } => round.consented = true,
            TransferEvent::DeferralApproved { .. } | TransferEvent::DeferralDeclined { .. } => {
                (round.asked, round.consented) = (None, false);
                if matches!(event, TransferEvent::DeferralApproved { .. }) {
                    (round.reconciled, round.sealed) = (false, false);
                } else {
                    self.note("declined");
                }
            }
            _ => {}
        }
    }

    fn opened(&mut self, id: &TransferId, event: &TransferEvent, day: i64) {
        let TransferEvent::Opened {
            department,
            site,
            month,
            round,
            on,
            due,
            late,
            ..
        } = event
        else {
            return;
        };
        let month = month_of(day_of(month.first()));
        let on = day_of(*on);
        let named = (department.clone(), site.clone(), month, *round);
        assert!(self.numbers.insert(named), "{id} is named as another is");
        let asked = (department.clone(), site.clone(), month);
        let over = day > last_of(month);
        assert!(over || self.early.contains(&asked), "{id} is early");
        assert!(on <= day && *late == (on < day), "{id} late {late}");
        let batch = Batch {
            department: department.clone(),
            site: site.clone(),
            month,
            on,
            due: day_of(*due),
            papers: BTreeSet::new(),
            reminded: BTreeMap::new(),
            overdue: None,
            levels: BTreeMap::new(),
            reconciled: false,
            sealed: false,
            asked: None,
            consented: false,
        };
        let known = self.rounds.insert(id.clone(), batch);
        assert!(known.is_none(), "{id} was opened twice");
        self.note(match (over, *late) {
            (false, _) => "opened early",
            (true, false) => "opened",
            (true, true) => "opened late",
        });
    }

    /// Which side a round waited for on the morning of a day.
    fn waited(&self, id: &TransferId, on: i64) -> Side {
        let round = &self.rounds[id];
        let theirs = self.offers.values().any(|offer| {
            offer.manifest.transfer.as_ref() == Some(id)
                && offer.on < on
                && offer.ended.is_none_or(|ended| ended > on)
        });
        match theirs {
            true => Side::Department {
                department: round.department.clone(),
            },
            false => Side::Hall {
                site: round.site.clone(),
            },
        }
    }

    /// How a closed case stands: exactly one of the states there are.
    pub fn standing(&self, case: &CaseNo, today: i64) -> CaseStanding {
        let closed = self.closed[case];
        let none = BTreeMap::new();
        let sheets = self.cases.get(case).unwrap_or(&none);
        let owed = sheets.values().filter(|sheet| !sheet.settled());
        let dues = owed.map(|sheet| {
            let due = last_of(month_of(closed.max(sheet.came_in)) + 1);
            (sheet.deferred.unwrap_or(due), sheet.deferred.is_some())
        });
        let first = dues.min();
        let past = first.is_some_and(|(due, _)| due < today);
        let states = [
            (sheets.is_empty(), CaseStanding::NoPaper),
            (first.is_none() && !sheets.is_empty(), CaseStanding::Settled),
            (
                first.is_some_and(|(_, put_off)| !past && !put_off),
                CaseStanding::NotYetDue(date(first.map_or(today, |(due, _)| due))),
            ),
            (
                first.is_some_and(|(_, put_off)| !past && put_off),
                CaseStanding::Deferred(date(first.map_or(today, |(due, _)| due))),
            ),
            (
                past,
                CaseStanding::Overdue(date(first.map_or(today, |(due, _)| due))),
            ),
        ];
        let mut holds = states.into_iter().filter(|(holds, _)| *holds);
        let (_, state) = holds.next().unwrap();
        assert!(holds.next().is_none(), "{case} is in two states");
        state
    }

    /// Notes whether anything of a case is left to be looked after.
    pub fn look_about(&mut self, case: &CaseNo) {
        let sheets = self.cases[case].values();
        let about = |sheet: &Sheet| {
            let hall = |at: &Holder| matches!(at.side, Side::Hall { .. });
            sheet.lender.is_some() || sheet.at.as_ref().is_some_and(hall)
        };
        if sheets.into_iter().any(about) {
            self.about.insert(case.clone());
        } else {
            self.about.remove(case);
        }
    }

    /// Notes since when nothing is owed of the papers of a case.
    pub fn settle(&mut self, case: &CaseNo, day: i64) {
        for sheet in self.cases.get_mut(case).unwrap().values_mut() {
            sheet.settled_on = sheet.settled().then(|| sheet.settled_on.unwrap_or(day));
        }
    }

    /// When a month of a site could be closed, with its cases: all, without paper, settled, put off.
    fn closing(&self, site: &SiteCode, month: i64) -> Option<(i64, [u32; 4])> {
        let (mut on, mut counts) = (last_of(month) + 1, [0; 4]);
        let mut until = i64::MAX;
        let none = BTreeMap::new();
        for (case, closed) in &self.closed {
            if month_of(*closed) != month || self.site_of[case] != *site {
                continue;
            }
            counts[0] += 1;
            let sheets = self.cases.get(case).unwrap_or(&none).values();
            let own: Vec<_> = sheets
                .filter(|one| month_of(one.came_in) <= month)
                .collect();
            let mut kind = if own.is_empty() { 1 } else { 2 };
            for sheet in &own {
                let since = match (sheet.settled_on, sheet.deferred) {
                    (Some(since), _) => since,
                    (None, Some(day)) => {
                        (kind, until) = (3, until.min(day));
                        sheet.put_off_on?
                    }
                    (None, None) => return None,
                };
                on = on.max(since);
            }
            counts[kind] += 1;
        }
        (until >= on).then_some((on, counts))
    }

    /// A month is closed once, when nothing of it is owed but what was put off.
    pub fn month(&mut self, event: &MonthEvent, day: i64) {
        let MonthEvent::Closed {
            site,
            month,
            on,
            cases,
            no_paper,
            settled,
            deferred,
            late,
        } = event;
        let month = month_of(day_of(month.first()));
        let told = (day_of(*on), [*cases, *no_paper, *settled, *deferred]);
        assert_eq!(self.closing(site, month), Some(told), "{event:?}");
        assert!(month < month_of(day) && told.0 <= day, "{event:?}");
        assert_eq!(*late, told.0 < day, "{event:?}");
        let known = self.months.insert((site.clone(), month), told.0);
        assert_eq!(known, None, "{event:?}");
        self.note(if *late {
            "month closed late"
        } else {
            "month closed"
        });
    }

    /// Every month that could be closed is.
    fn all_closed(&self, today: i64) {
        let sites: BTreeSet<&SiteCode> = self.site_of.values().collect();
        for site in sites {
            for month in month_of(first_of(2024 * 12))..month_of(today) {
                if !self.months.contains_key(&(site.clone(), month)) {
                    let open = self.closing(site, month);
                    let open = open.filter(|(on, _)| *on <= today);
                    assert_eq!(open, None, "{site} {} on {}", month % 12 + 1, date(today));
                }
            }
        }
    }

    /// Says what a tick on the evening of `today` should have left undone: nothing.
    pub fn evening(&self, today: i64) -> u64 {
        let mut seen = 0;
        self.all_closed(today);
        for (id, round) in &self.rounds {
            if round.papers.is_empty() {
                continue;
            }
            seen += 1;
            let wanted = self.days.reminders(round.due, round.on, today);
            assert_eq!(
                round.reminded,
                wanted,
                "reminders of {id} on {}",
                date(today)
            );
            let overdue = (round.due + 1).max(round.on);
            let overdue = (today >= overdue).then_some(overdue);
            assert_eq!(round.overdue, overdue, "{id} on {}", date(today));
            let wanted = self.days.levels(round.due, round.on, today);
            assert_eq!(round.levels, wanted, "levels of {id} on {}", date(today));
        }
        for case in &self.about {
            let Some(closed) = self.closed.get(case) else {
                continue;
            };
            for (no, sheet) in &self.cases[case] {
                let month = month_of((*closed).max(sheet.came_in));
                let ripe = sheet.deferred.map_or(month + 1, month_of);
                let waits = sheet.free_at().is_some() && month_of(today) >= ripe;
                assert!(!waits, "paper {no} of {case} is forgotten: {sheet:?}");
            }
        }
        seen
    }
}
