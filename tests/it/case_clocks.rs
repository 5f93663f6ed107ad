//! The clocks of a case at their boundaries: stopped, extended, without a calendar, entered later.

use std::collections::BTreeSet;

use counterfoil::domain::calendar::{Calendar, NoYear};
use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::*;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_world::*;
use crate::support::{Random, from_environment};

fn pausing(case: &CaseState, item: &ServiceItem, now: Timestamp) -> Result<Vec<Fact>, CaseRefusal> {
    let command = Suspend {
        procedure: SpecialProcedure::Hearing,
        notice: Digest::of("notice"),
        officer: officer("market"),
        days: None,
    };
    suspend(case, item, command, now)
}

fn going_on(
    case: &CaseState,
    item: &ServiceItem,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    let (hearing, report) = (SpecialProcedure::Hearing, Digest::of("report"));
    resume(case, item, hearing, report, officer("market"), now)
}

fn with_hearing(promised: u16) -> ServiceItem {
    let mut item = quick(promised);
    item.special_procedures = vec![SpecialProcedure::Hearing];
    item
}

#[tokio::test]
async fn a_special_procedure_stops_the_clock_for_its_working_days() {
    let world = World::at("2026-02-12T09:00").await;
    let item = with_hearing(3);
    world.accepted("c1", &item).await;
    let last = |case: &CaseState, at: &str| {
        let limit = clocks::promised_due(case, &item, &world.calendar, instant(at));
        limit.unwrap().unwrap()
    };
    let pause = |case: &CaseState, now| pausing(case, &item, now);
    let go_on = |case: &CaseState, now| going_on(case, &item, now);
    assert_eq!(
        world.act("c1", go_on).await,
        Err(CaseRefusal::ProcedureNotRunning)
    );
    world.go("2026-02-13T09:00");
    assert_eq!(world.act("c1", pause).await, Ok(1));
    assert_eq!(
        world.act("c1", pause).await,
        Err(CaseRefusal::ProcedureRunning)
    );
    let case = world.case("c1").await;
    // Fri 13, Sat 14 (worked) and Tue 24 would be the three days; the clock stands on all of them.
    assert_eq!(last(&case, "2026-02-13T18:00").last_day, code("2026-02-24"));
    assert_eq!(last(&case, "2026-02-24T18:00").last_day, code("2026-02-26"));
    assert!(last(&case, "2026-02-24T18:00").paused);
    assert!(!last(&case, "2026-05-29T18:00").is_overdue(instant("2026-05-29T18:00")));
    world.go("2026-02-25T09:00");
    assert_eq!(world.act("c1", go_on).await, Ok(1));
    let case = world.case("c1").await;
    let limit = last(&case, "2026-02-25T18:00");
    assert_eq!(limit.last_day, code("2026-02-27"));
    assert!(!limit.paused);
    let end = instant("2026-02-28T00:00");
    assert!(!limit.is_overdue(end.plus_millis(-1)));
    assert!(limit.is_overdue(end));
}

#[tokio::test]
async fn only_listed_procedures_stop_the_clock_and_limits_are_extended_once() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.accepted("c1", &item).await;
    let pause = |case: &CaseState, now| pausing(case, &item, now);
    assert_eq!(
        world.act("c1", pause).await,
        Err(CaseRefusal::ProcedureNotListed)
    );
    let extend_by = |days| {
        let (item, calendar) = (&item, &world.calendar);
        world.act("c1", move |case, now| {
            let notice = Digest::of("notice");
            extend(case, item, calendar, days, notice, officer("market"), now)
        })
    };
    for days in [0, 11] {
        let most = 10;
        assert_eq!(
            extend_by(days).await,
            Err(CaseRefusal::ExtensionDays { most })
        );
    }
    assert_eq!(extend_by(10).await, Ok(1));
    assert_eq!(extend_by(1).await, Err(CaseRefusal::ExtendedAlready));
    let case = world.case("c1").await;
    let legal = clocks::legal_due(&case, &item, &world.calendar, world.now());
    assert_eq!(legal.unwrap().unwrap().last_day, code("2026-03-30"));
    world.accepted("c2", &item).await;
    world.go("2026-03-17T00:00");
    let late = world.act("c2", |case, now| {
        let notice = Digest::of("notice");
        extend(
            case,
            &item,
            &world.calendar,
            5,
            notice,
            officer("market"),
            now,
        )
    });
    assert_eq!(late.await, Err(CaseRefusal::LimitPassed));
}

#[tokio::test]
async fn a_year_the_calendar_does_not_know_is_an_error() {
    let world = World::at("2026-12-28T09:00").await;
    let item = quick(5);
    world.accepted("c1", &item).await;
    let case = world.case("c1").await;
    let promised = clocks::promised_due(&case, &item, &world.calendar, world.now());
    assert_eq!(promised, Err(NoYear { year: 2027 }));
    assert!(clocks::clocks(&case, &item, &world.calendar, world.now()).is_err());
    let decide = |case: &CaseState, now| {
        let notice = Digest::of("notice");
        extend(
            case,
            &item,
            &world.calendar,
            5,
            notice,
            officer("market"),
            now,
        )
    };
    let refused = world.act("c1", decide).await;
    assert_eq!(refused, Err(CaseRefusal::Calendar { year: 2027 }));
    assert!(refused.unwrap_err().zh().contains("2027"));
}

#[tokio::test]
async fn the_mail_clock_waits_for_supplements_and_ends_with_the_post() {
    let world = World::at("2026-02-14T10:00").await;
    let item = quick(5);
    world.ready("c1", &item).await;
    let mut case = world.case("c1").await;
    assert_eq!(
        clocks::mail_due(&case, &world.calendar),
        Ok(None),
        "to be fetched"
    );
    case.delivery = by_mail();
    let on_time = clocks::mail_due(&case, &world.calendar).unwrap().unwrap();
    assert_eq!(on_time.last_day, code("2026-02-24"));
    case.rows.entry(code("lease")).or_default().deferred = Some(code("2026-03-02"));
    assert_eq!(
        clocks::mail_due(&case, &world.calendar),
        Ok(None),
        "held back"
    );
    case.rows.clear();
    case.supplied_at = Some(instant("2026-03-03T09:00"));
    let freed = clocks::mail_due(&case, &world.calendar).unwrap().unwrap();
    assert_eq!(freed.last_day, code("2026-03-04"));
}

/// Days by themselves: walks the calendar a day at a time, and counts what is worked and not stopped.
fn walked_due(calendar: &Calendar, start: Date, days: u32, stopped: &BTreeSet<Date>) -> Date {
    let mut left = days;
    let mut day = start;
    while left > 0 {
        day = day.next();
        if calendar.is_working_day(day).unwrap() && !stopped.contains(&day) {
            left -= 1;
        }
    }
    day
}

#[tokio::test]
async fn pauses_take_out_the_days_that_a_walk_through_the_calendar_takes_out() {
    let seed = from_environment("COUNTERFOIL_SEED", 20_260_302);
    println!("COUNTERFOIL_SEED={seed}");
    let mut random = Random::new(seed);
    let world = World::at("2024-03-01T09:00").await;
    let item = with_hearing(6);
    world.accepted("c1", &item).await;
    let original = world.case("c1").await;
    for _ in 0..300 {
        let mut case = original.clone();
        let mut at = instant("2024-03-01T10:00");
        let mut stopped = BTreeSet::new();
        for _ in 0..random.below(4) {
            let from = at.plus_millis(random.below(5 * 86_400_000) as i64);
            let to = from.plus_millis(random.below(30 * 86_400_000) as i64);
            case.pauses.push(Pause {
                procedure: SpecialProcedure::Hearing,
                from,
                to: Some(to),
            });
            let mut day = Date::of(from);
            while day < Date::of(to) {
                stopped.insert(day);
                day = day.next();
            }
            at = to;
        }
        let limit = clocks::promised_due(&case, &item, &world.calendar, at);
        let found = limit.unwrap().unwrap().last_day;
        let expected = walked_due(&world.calendar, code("2024-03-01"), 6, &stopped);
        assert_eq!(found, expected, "{:?}", case.pauses);
    }
}
