//! Two years of the monthly transfer: three sites, eight departments, holidays, a server that is down for days and once
//! for a month, appends that fail and processes that are killed. Every evening the facts are held against a naive reader
//! of Art 12(4); in the end, against a run of the same people under a server that was never down and never failed.
//! `COUNTERFOIL_SEED`, `COUNTERFOIL_YEARS_CASES` (cases a worked day) and `COUNTERFOIL_YEARS_DAYS` choose another run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use counterfoil::domain::case::{CaseState, fold as fold_case};
use counterfoil::domain::custody::{Bundle, fold_bundle};
use counterfoil::domain::transfer::{CaseStanding, RoundStage};
use counterfoil::domain::*;
use counterfoil::ledger::{LedgerStore, Recorded, audit_tree};
use counterfoil::transfer::{StandingCount, Ticked};
use serde_json::Value;

use crate::support::{Random, from_environment};
use crate::transfer_years_days::{date, day_of, first_of, last_of, month_of};
use crate::transfer_years_kit::{FAULTS, Hall, SITES, system};
use crate::transfer_years_people::Office;

const HOUR: i64 = 3_600_000;

/// The days on which nobody can use the program: one month, and a few days now and then.
fn outages(seed: u64, days: u64) -> BTreeSet<i64> {
    let mut chance = Random::new(seed ^ 0x0d0d);
    let first = first_of(2024 * 12);
    let mut down = BTreeSet::new();
    let month = first + 60 + chance.below(500.min(days)) as i64;
    down.extend(month..month + 30);
    let mut day = first + 20;
    while day < first + days as i64 {
        down.extend(day..day + 1 + chance.below(4) as i64);
        day += 12 + chance.below(40) as i64;
    }
    // In the end the server is there again.
    down.retain(|day| *day < first + days as i64 - 3);
    down
}

struct Run {
    office: Office,
    /// What is checked is folded once and again when it changed.
    known: HashMap<CaseNo, (CaseState, Bundle)>,
    standings: BTreeMap<&'static str, u64>,
    rounds_seen: u64,
    views: u64,
}

impl Run {
    async fn new(faults: Option<Random>) -> Self {
        let hall = Hall::open(date(first_of(2024 * 12)).start()).await;
        Self {
            office: Office::new(hall, faults),
            known: HashMap::new(),
            standings: BTreeMap::new(),
            rounds_seen: 0,
            views: 0,
        }
    }

    fn at(&self, day: i64, hour: i64) {
        let clock = &self.office.hall.clock;
        let to = date(day).start().as_millis() + hour * HOUR;
        clock.advance_millis(to - clock.now().as_millis());
    }

    async fn tick(&mut self) -> Ticked {
        let office = &mut self.office;
        if let Some(faults) = &mut office.faults
            && faults.below(7) == 0
        {
            let fault = FAULTS[faults.below(4) as usize];
            office.hall.arm(faults.below(5), fault);
        }
        let stale = office
            .faults
            .as_mut()
            .is_some_and(|faults| faults.below(5) == 0);
        let ticked = office.hall.act("tick", async |counter, _| {
            let ticked = counter.transfer_tick(&system()).await?;
            if stale {
                // At once again, before the lists know of the first.
                counter.transfer_tick(&system()).await?;
            }
            Ok(ticked)
        });
        let ticked = ticked.await.unwrap();
        office.read().await;
        ticked
    }

    /// What the clock does; once more where it opened something, as an hour later.
    async fn ticks(&mut self) {
        let ticked = self.tick().await;
        if ticked.opened + ticked.joined > 0 {
            self.tick().await;
        }
    }

    /// Folds what changed again.
    async fn look(&mut self) {
        let mut cases = BTreeSet::new();
        for subject in std::mem::take(&mut self.office.touched) {
            match subject {
                Subject::Case(no) | Subject::Bundle(no) => cases.insert(no),
                _ => false,
            };
        }
        for no in cases {
            let case = self.history(&Subject::Case(no.clone())).await;
            let case = fold_case(case.iter().map(|fact| &fact.entry)).unwrap();
            let papers = self.history(&Subject::Bundle(no.clone())).await;
            let bundle = fold_bundle(papers.iter().map(|fact| &fact.entry));
            let bundle = bundle.unwrap_or_else(|| Bundle::new(no.clone()));
            self.same(&no, &bundle);
            self.known.insert(no, (case, bundle));
        }
    }

    async fn history(&self, subject: &Subject) -> Vec<Recorded> {
        self.office.hall.kept.history(subject).await.unwrap()
    }

    /// What the program reads off a bundle is what was signed.
    fn same(&self, no: &CaseNo, bundle: &Bundle) {
        let none = BTreeMap::new();
        let sheets = self.office.naive.cases.get(no).unwrap_or(&none);
        assert_eq!(sheets.len(), bundle.papers.len(), "{no}");
        for (number, sheet) in sheets {
            let held = &bundle.papers[number];
            let what = format!("paper {number} of {no}");
            assert_eq!(held.holder(), sheet.at.as_ref(), "{what}");
            assert_eq!(held.listed, sheet.listed, "{what}");
            let offered = held.offered.as_ref().map(|(slip, _)| slip);
            assert_eq!(offered, sheet.offered.as_ref(), "{what}");
            let lender = held.lent.as_ref().map(|(_, lender)| lender);
            assert_eq!(lender, sheet.lender.as_ref(), "{what}");
            assert_eq!(held.doubts, sheet.doubts, "{what}");
        }
    }

    /// Invariant 5: every closed case is in one state, and the program says which.
    fn standing(&mut self, day: i64) {
        let naive = &self.office.naive;
        let all = day == first_of(month_of(day)) || day == last_of(month_of(day));
        for no in naive.closed.keys() {
            let (case, bundle) = &self.known[no];
            let told = counterfoil::transfer::case_standing(case, bundle, date(day)).unwrap();
            let name = match told {
                CaseStanding::NoPaper | CaseStanding::Settled if !all => continue,
                CaseStanding::NoPaper => "without paper",
                CaseStanding::Settled => "settled",
                CaseStanding::NotYetDue(_) => "not yet due",
                CaseStanding::Deferred(_) => "put off",
                CaseStanding::Overdue(_) => "overdue",
            };
            assert_eq!(told, naive.standing(no, day), "{no} on {}", date(day));
            *self.standings.entry(name).or_default() += 1;
        }
    }

    async fn rounds(&mut self, day: i64) {
        self.rounds_seen += self.office.naive.evening(day);
        for (id, round) in &self.office.naive.rounds {
            if round.papers.is_empty() && day != last_of(month_of(day)) {
                continue;
            }
            let (state, _) = self.office.hall.counter.round_now(id).await.unwrap();
            assert_eq!(state.left as usize, round.papers.len(), "{id}");
            assert_eq!(state.stage() == RoundStage::Done, round.papers.is_empty());
        }
    }

    /// The months of every site, as its supervisor sees them.
    async fn months(&mut self, day: i64) {
        for at in SITES {
            let site: SiteCode = at.parse().unwrap();
            let views = self.office.hall.counter.months(&site).await.unwrap();
            let naive = &self.office.naive;
            let mut wanted: BTreeMap<i64, StandingCount> = BTreeMap::new();
            for (no, closed) in &naive.closed {
                if self.office.site_of[no] != at {
                    continue;
                }
                let count = wanted.entry(month_of(*closed)).or_default();
                *(match naive.standing(no, day) {
                    CaseStanding::NoPaper => &mut count.no_paper,
                    CaseStanding::Settled => &mut count.settled,
                    CaseStanding::NotYetDue(_) => &mut count.not_yet_due,
                    CaseStanding::Deferred(_) => &mut count.deferred,
                    CaseStanding::Overdue(_) => &mut count.overdue,
                }) += 1;
            }
            let wanted: Vec<StandingCount> = wanted.into_values().collect();
            let told: Vec<StandingCount> = views.iter().map(|view| view.count).collect();
            assert_eq!(told, wanted, "{at} on {}", date(day));
            for view in &views {
                let month = month_of(day_of(view.month.first()));
                let closed = naive.months.contains_key(&(site.clone(), month));
                assert_eq!(view.closed, closed, "{at} {} on {}", view.month, date(day));
            }
            self.views += views.len() as u64;
        }
    }

    async fn check(&mut self, day: i64) {
        self.look().await;
        self.standing(day);
        self.rounds(day).await;
        if day == last_of(month_of(day)) {
            self.months(day).await;
        }
    }

    /// One day. Where the server is `down` nobody can do anything; `ticks` says whether the clock goes on meanwhile.
    async fn day(&mut self, seed: u64, day: i64, per_day: u64, down: bool, ticks: bool) {
        if down && !ticks {
            return;
        }
        self.at(day, 6);
        self.ticks().await;
        self.at(day, 10);
        let works = !down && self.office.naive.days.worked(day);
        if works {
            self.office.begin(seed, day);
            self.office.work(per_day).await;
            self.office.archive().await;
        }
        let hours = match (day % 90, works) {
            (0, _) => 11..24,
            (_, true) => 18..19,
            (_, false) => 18..18,
        };
        for hour in hours {
            self.at(day, hour);
            self.ticks().await;
        }
        self.check(day).await;
    }
}

async fn years(seed: u64, per_day: u64, days: u64, calm: bool) -> Run {
    let down = outages(seed, days);
    let faults = (!calm).then(|| Random::new(seed ^ 0xfau64));
    let mut run = Run::new(faults).await;
    let first = first_of(2024 * 12);
    for day in first..first + days as i64 {
        let back = !calm && down.contains(&(day - 1)) && !down.contains(&day);
        if back {
            let forgetful = down.contains(&(day - 20));
            run.office.hall.reopen(forgetful).await;
        }
        run.day(seed, day, per_day, down.contains(&day), calm).await;
    }
    run
}

/// What was recorded, without what may differ: when it was recorded, whether that was late, the salts of reasons, and what
/// was signed over these.
pub fn plain(all: &[Recorded]) -> Vec<String> {
    let plain = all.iter().map(|fact| {
        let mut event = serde_json::to_value(&fact.entry.event).unwrap();
        strip(&mut event);
        format!("{} {event}", fact.entry.subject)
    });
    let mut plain: Vec<String> = plain.collect();
    plain.sort_unstable();
    plain
}

fn strip(value: &mut Value) {
    let Value::Object(map) = value else { return };
    for name in ["late", "reason", "note", "record", "document", "signed"] {
        map.remove(name);
    }
    map.values_mut().for_each(strip);
}

/// What stands in one of two sorted lists and not in the other.
pub fn parted(one: &[String], other: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for (facts, by) in [(one, 1), (other, -1)] {
        for fact in facts {
            *counts.entry(fact).or_default() += by;
        }
    }
    let uneven = counts.into_iter().filter(|(_, count)| *count != 0);
    uneven
        .map(|(fact, count)| format!("{count:+} {fact}"))
        .collect()
}

#[tokio::test]
async fn two_years_of_transfers_forget_nothing_and_do_nothing_twice() {
    let seed = from_environment("COUNTERFOIL_SEED", 2026);
    let per_day = from_environment("COUNTERFOIL_YEARS_CASES", 3);
    let days = from_environment("COUNTERFOIL_YEARS_DAYS", 731);
    println!(
        "COUNTERFOIL_SEED={seed} COUNTERFOIL_YEARS_CASES={per_day} COUNTERFOIL_YEARS_DAYS={days}"
    );
    let begun = std::time::Instant::now();
    let run = years(seed, per_day, days, false).await;
    let naive = &run.office.naive;
    println!(
        "{} facts, {} cases closed, {} rounds ({} seen open in the evening), {} months; {:?}",
        run.office.seen,
        naive.closed.len(),
        naive.rounds.len(),
        run.rounds_seen,
        run.views,
        begun.elapsed()
    );
    println!("{:?}", run.standings);
    println!("{:?}", naive.tally);
    println!("{:?}", run.office.hall.tally);
    let report = audit_tree(run.office.hall.kept.as_ref()).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    let calm = years(seed, per_day, days, true).await;
    let one = run.office.hall.kept.entries(0, usize::MAX).await.unwrap();
    let other = calm.office.hall.kept.entries(0, usize::MAX).await.unwrap();
    let (one, other) = (plain(&one), plain(&other));
    assert_eq!(parted(&one, &other), Vec::<String>::new(), "seed {seed}");
    println!(
        "the same {} facts without failures; {:?}",
        other.len(),
        begun.elapsed()
    );
}
