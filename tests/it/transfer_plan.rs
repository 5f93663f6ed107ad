//! What is to be transferred when: the days against an independent count, the plan against every paper on its own.
//! `COUNTERFOIL_SEED` chooses another run.

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::domain::custody::*;
use counterfoil::domain::transfer::*;
use counterfoil::domain::*;

use crate::custody_kit::{case, department, site};
use crate::support::{Random, from_environment};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn due(closed: &str, came_in: &str) -> String {
    due_of(month_of(day(closed), day(came_in))).to_string()
}

#[test]
fn art_12_4_paper_is_due_at_the_end_of_the_month_after_its_case_closed() {
    let vectors = [
        ("2026-01-31", "2026-01-05", "2026-02-28"),
        ("2026-01-01", "2025-12-30", "2026-02-28"),
        ("2024-01-15", "2024-01-15", "2024-02-29"),
        ("2025-12-31", "2025-12-01", "2026-01-31"),
        // A supplement that came in after the month of the decision.
        ("2026-01-31", "2026-03-02", "2026-04-30"),
    ];
    for (closed, came_in, expected) in vectors {
        assert_eq!(due(closed, came_in), expected, "closed on {closed}");
    }
    // 28 February 2026 is a Saturday that is worked; 31 January 2026 is one that is not.
    let calendar = Calendar::embedded();
    let last = |text| shown(day(text), &calendar).unwrap().working.to_string();
    assert_eq!(last("2026-02-28"), "2026-02-28");
    assert_eq!(last("2026-01-31"), "2026-01-30");
    assert_eq!(last("2026-05-31"), "2026-05-29");
}

#[test]
fn art_12_4_both_sides_are_reminded_at_ten_five_and_one_working_days() {
    let calendar = Calendar::embedded();
    let due = day("2026-02-28");
    let on = |text| {
        let today = day(text);
        let reached = REMINDERS
            .into_iter()
            .filter(|days| today <= due && reminder_day(due, &calendar, *days).unwrap() <= today);
        reached.collect::<Vec<u32>>()
    };
    // Working days in February 2026 before the end: the holiday is the 15th to the 23rd, the 14th and 28th are worked.
    let expected: [(&str, &[u32]); 8] = [
        ("2026-02-08", &[]),
        ("2026-02-09", &[10]),
        ("2026-02-13", &[10]),
        ("2026-02-14", &[10, 5]),
        ("2026-02-23", &[10, 5]),
        ("2026-02-26", &[10, 5]),
        ("2026-02-27", &[10, 5, 1]),
        ("2026-03-01", &[]),
    ];
    for (today, reached) in expected {
        assert_eq!(on(today), reached, "{today}");
    }
}

fn length(year: i16, month: i8) -> i8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[test]
fn every_day_of_thirty_years_has_the_due_day_of_an_independent_count() {
    let mut today = Date::new(2000, 1, 1).unwrap();
    for year in 2000..2030_i16 {
        for month in 1..=12_i8 {
            let (to_year, to_month) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
            let expected = Date::new(to_year, to_month, length(to_year, to_month)).unwrap();
            for _ in 0..length(year, month) {
                assert_eq!(due_of(month_of(today, today)), expected, "{today}");
                today = today.next();
            }
        }
    }
    assert_eq!(today, Date::new(2030, 1, 1).unwrap());
}

fn some_day(random: &mut Random) -> Date {
    let mut day = Date::new(2026, 1, 1).unwrap();
    for _ in 0..random.below(150) {
        day = day.next();
    }
    day
}

fn some_cases(random: &mut Random) -> Vec<Closed> {
    let departments =
        ["market", "housing", "social"].map(|code| DepartmentCode::new(code).unwrap());
    let sites = ["CENTRE", "VILLAGE"].map(|code| SiteCode::new(code).unwrap());
    let cases = 0..random.below(30) as usize;
    cases
        .map(|number| Closed {
            case: case(number),
            site: sites[random.below(2) as usize].clone(),
            closed: some_day(random),
            papers: (1..=random.below(4) as u16)
                .map(|no| Candidate {
                    no,
                    department: departments[random.below(3) as usize].clone(),
                    came_in: some_day(random),
                    deferred: (random.below(6) == 0).then(|| some_day(random)),
                    free: some_day(random),
                })
                .collect(),
        })
        .collect()
}

/// The round of each planned paper; fails when a paper is on two.
fn each_once(planned: &[Planned]) -> BTreeMap<(CaseNo, u16), &Planned> {
    let mut on = BTreeMap::new();
    for round in planned {
        let Round {
            department,
            site,
            month,
        } = &round.of;
        let id = TransferId::of(department, site, *month, round.round);
        assert_eq!(round.id, id);
        for (case, papers) in &round.lines {
            for no in papers {
                let twice = on.insert((case.clone(), *no), round);
                assert!(twice.is_none(), "{case} {no} is planned twice");
            }
        }
    }
    on
}

#[test]
fn a_plan_gathers_every_paper_that_is_ready_once() {
    let seed = from_environment("COUNTERFOIL_SEED", 2026);
    println!("COUNTERFOIL_SEED={seed}");
    let mut random = Random::new(seed);
    let (mut gathered, mut waiting, mut later) = (0, 0, 0);
    for _ in 0..2000 {
        let cases = some_cases(&mut random);
        let today = some_day(&mut random);
        let mut rounds = Rounds::new();
        let early = random.below(2) == 0;
        let planned = plan(&cases, &rounds, today, |_| early);
        let on = each_once(&planned);
        for one in &cases {
            for paper in &one.papers {
                let month = one.closed.max(paper.came_in).month();
                let ready = match paper.deferred {
                    Some(until) => until.month() <= today.month(),
                    None => month < today.month() || early,
                };
                let round = on.get(&(one.case.clone(), paper.no));
                assert_eq!(round.is_some(), ready, "{paper:?} on {today}");
                let Some(round) = round else {
                    waiting += 1;
                    continue;
                };
                gathered += 1;
                assert_eq!(round.of.department, paper.department);
                assert_eq!((&round.of.site, round.of.month), (&one.site, month));
                assert_eq!(round.due, paper.deferred.unwrap_or(month.next().last()));
                let first = paper.deferred.map_or(month.next(), Date::month).first();
                assert!(round.on <= first.max(paper.free) && round.on <= today);
            }
        }
        let ids: BTreeSet<&TransferId> = planned.iter().map(|round| &round.id).collect();
        assert_eq!(ids.len(), planned.len());
        assert_eq!(
            plan(&cases, &rounds, today, |_| early),
            planned,
            "told the same, it plans the same"
        );
        // While a round is gathered new papers with its last day join it; afterwards they make a later one.
        for round in &planned {
            let known = rounds.entry(round.of.clone()).or_default();
            known.last = known.last.max(round.round);
            known.gathered.insert(round.due, round.round);
        }
        for round in plan(&cases, &rounds, today, |_| early) {
            assert!(round.joins && ids.contains(&round.id), "{round:?}");
            let open = planned.iter().find(|open| open.id == round.id).unwrap();
            assert_eq!((&open.of, open.due), (&round.of, round.due));
        }
        rounds.values_mut().for_each(|known| known.gathered.clear());
        for round in plan(&cases, &rounds, today, |_| early) {
            assert!(!ids.contains(&round.id), "a round is opened once");
            later += 1;
        }
    }
    println!("{gathered} papers gathered, {waiting} waiting, {later} later rounds");
    assert!(gathered > 10_000 && waiting > 1000 && later > 1000);
}

#[test]
fn more_bundles_than_a_slip_holds_make_another_round() {
    let market = DepartmentCode::new("market").unwrap();
    let closed = |number| Closed {
        case: case(number),
        site: SiteCode::new("CENTRE").unwrap(),
        closed: day("2026-01-20"),
        papers: vec![Candidate {
            no: 1,
            department: market.clone(),
            came_in: day("2026-01-19"),
            deferred: None,
            free: day("2026-01-19"),
        }],
    };
    let cases: Vec<Closed> = (0..BUNDLES_MAX + 1).map(closed).collect();
    let planned = plan(&cases, &Rounds::new(), day("2026-02-01"), |_| false);
    let sizes: Vec<(u32, usize)> = planned
        .iter()
        .map(|round| (round.round, round.lines.len()))
        .collect();
    assert_eq!(sizes, [(1, BUNDLES_MAX), (2, 1)]);
}

#[test]
fn art_12_4_a_closed_case_is_not_yet_due_settled_deferred_or_overdue() {
    let closed = day("2026-01-31");
    let duty = |came_in: &str, deferred: Option<&str>, fate| PaperDuty {
        came_in: day(came_in),
        deferred: deferred.map(day),
        fate,
    };
    let owed = duty("2026-01-05", None, Fate::Owed);
    let given = duty("2026-01-05", None, Fate::Settled);
    let put_off = duty("2026-01-05", Some("2026-03-31"), Fate::Owed);
    let late = duty("2026-03-02", None, Fate::Owed);
    let on = |papers: &[PaperDuty], today: &str| standing(closed, papers.to_vec(), day(today));
    assert_eq!(on(&[], "2026-02-01"), CaseStanding::NoPaper);
    assert_eq!(on(&[given, given], "2026-09-01"), CaseStanding::Settled);
    let last = day("2026-02-28");
    assert_eq!(
        on(&[given, owed], "2026-02-28"),
        CaseStanding::NotYetDue(last)
    );
    assert_eq!(
        on(&[given, owed], "2026-03-01"),
        CaseStanding::Overdue(last)
    );
    let later = day("2026-03-31");
    assert_eq!(on(&[put_off], "2026-03-31"), CaseStanding::Deferred(later));
    assert_eq!(on(&[put_off], "2026-04-01"), CaseStanding::Overdue(later));
    // What is overdue is not hidden by what came in later.
    assert_eq!(on(&[late, owed], "2026-03-05"), CaseStanding::Overdue(last));
    assert_eq!(
        on(&[late, given], "2026-03-05"),
        CaseStanding::NotYetDue(day("2026-04-30"))
    );
}

#[test]
fn art_08_5_collected_paper_is_settled_and_lent_paper_is_not() {
    let held = |side: &Side, came_by| HeldPaper {
        paper: Paper {
            no: 1,
            row: None,
            form: PaperForm::Original,
            count: 1,
            pages: None,
            condition: Condition::Good,
            origin: Origin::Receipt,
        },
        since: Timestamp::from_millis(0),
        place: Place::With(Holder {
            side: side.clone(),
            staff: None,
        }),
        there_since: Timestamp::from_millis(0),
        offered: None,
        came_by,
        shelf: None,
        away: None,
        lent: None,
        damaged: false,
        listed: None,
        deferred: None,
        doubts: BTreeSet::new(),
        refiled: false,
        touched: Timestamp::from_millis(0),
    };
    let (hall, market) = (site("CENTRE"), department("market"));
    for leg in [Leg::Collection, Leg::Transfer, Leg::Internal] {
        assert_eq!(fate(&held(&market, Some(leg))), Fate::Settled, "{leg}");
    }
    // What is lent counts where it will be back.
    let lent = |to: &Side, by: &Side| {
        let lender = held(by, None).holder().cloned().unwrap();
        HeldPaper {
            lent: Some((day("2026-03-05"), lender)),
            ..held(to, Some(Leg::Loan))
        }
    };
    assert_eq!(fate(&lent(&market, &hall)), Fate::Owed);
    assert_eq!(fate(&lent(&hall, &market)), Fate::Settled);
    assert_eq!(fate(&lent(&department("housing"), &market)), Fate::Settled);
    for leg in [
        None,
        Some(Leg::Internal),
        Some(Leg::Return),
        Some(Leg::LoanReturn),
    ] {
        assert_eq!(fate(&held(&hall, leg)), Fate::Owed);
    }
    let back = HeldPaper {
        place: Place::Applicant,
        ..held(&hall, None)
    };
    assert_eq!(fate(&back), Fate::Settled);
}
