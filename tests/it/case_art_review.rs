//! Acceptance of the regulation's Article 9: review, joint handling, 容缺 on the way, decision.

use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::*;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_steps::{deferred, supply};
use crate::case_world::*;

#[tokio::test]
async fn art_09_1_the_review_is_overdue_at_the_exact_boundary() {
    let world = World::at("2026-02-11T10:00").await;
    let item = quick(4);
    world.accepted("c1", &item).await;
    let case = world.case("c1").await;
    // Thursday, Friday, the make-up Saturday; then the Spring Festival; the fourth day is Tuesday the 24th.
    let last = instant("2026-02-25T00:00").plus_millis(-1);
    let at = |now| {
        let limit = clocks::promised_due(&case, &item, &world.calendar, now);
        limit.unwrap().unwrap().is_overdue(now)
    };
    assert!(!at(last));
    assert!(at(last.plus_millis(1)));
    let promised = clocks::promised_due(&case, &item, &world.calendar, world.now());
    let promised = promised.unwrap().unwrap();
    assert_eq!(promised.last_day, code("2026-02-24"));
    assert_eq!(promised.remaining(&world.calendar, world.now()), Ok(4));
    let legal = clocks::legal_due(&case, &item, &world.calendar, last.plus_millis(1));
    assert!(!legal.unwrap().unwrap().is_overdue(last.plus_millis(1)));
}

#[tokio::test]
async fn art_09_1_what_is_instant_is_decided_on_its_day() {
    let world = World::at("2026-03-02T09:00").await;
    let mut item = quick(1);
    item.handling = Handling::Instant;
    world.receive("c1", &item).await;
    world.scan_and_push("c1", &item).await;
    assert_eq!(world.grant("c1", &item).await, Ok(1));
    let case = world.case("c1").await;
    let limit = clocks::promised_due(&case, &item, &world.calendar, world.now());
    let limit = limit.unwrap().unwrap();
    assert_eq!(limit.due, instant("2026-03-03T00:00"));
    assert!(!limit.is_overdue(instant("2026-03-09T00:00")));
}

#[tokio::test]
async fn art_09_2_the_lead_closes_after_every_part_and_the_laggard_is_named() {
    let world = World::at("2026-03-02T09:00").await;
    let item = works();
    world.accepted("c1", &item).await;
    let open = |department: &str| {
        let department = code(department);
        Err(CaseRefusal::TasksOpen { department })
    };
    assert_eq!(world.grant("c1", &item).await, open("fire"));
    let early = world.finish_task("c1", &item, "transport", 2).await;
    assert_eq!(early.unwrap_err().code(), "task-not-due");
    world.finish_task("c1", &item, "fire", 1).await.unwrap();
    let case = world.case("c1").await;
    let late = |now| laggards(&case, &item, &world.calendar, now).unwrap();
    let due: Date = code("2026-03-05");
    let before = instant("2026-03-06T00:00").plus_millis(-1);
    assert_eq!(late(before), vec![(code("planning"), due, false)]);
    let after = before.plus_millis(1);
    assert_eq!(late(after), vec![(code("planning"), due, true)]);
    assert_eq!(world.grant("c1", &item).await, open("planning"));
    world.finish_task("c1", &item, "planning", 1).await.unwrap();
    assert_eq!(world.grant("c1", &item).await, open("transport"));
    let unpushed = world.finish_task("c1", &item, "transport", 2).await;
    assert_eq!(unpushed.unwrap_err().code(), "task-not-due");
    world.push("c1", &item).await.unwrap();
    world
        .finish_task("c1", &item, "transport", 2)
        .await
        .unwrap();
    assert_eq!(world.grant("c1", &item).await, Ok(1));
}

#[tokio::test]
async fn art_09_3_a_deferral_does_not_stop_the_clock() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    deferred(&world, &item).await;
    let case = world.case("c1").await;
    let promised = clocks::promised_due(&case, &item, &world.calendar, world.now());
    let promised = promised.unwrap().unwrap();
    assert_eq!(promised.last_day, code("2026-03-12"));
    assert!(!promised.paused);
    world.go("2026-03-04T09:00");
    assert_eq!(supply(&world, &item).await, Ok(1));
    let case = world.case("c1").await;
    let after = clocks::promised_due(&case, &item, &world.calendar, world.now());
    assert_eq!(after.unwrap().unwrap().last_day, promised.last_day);
    assert_eq!(case.kept(), receipt_manifest(&case, &item).kept);
}

#[tokio::test]
async fn art_09_3_what_was_not_supplied_in_time_may_be_terminated() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    deferred(&world, &item).await;
    let lapse = || {
        world.act("c1", |case, now| {
            let command = Terminate {
                reason: TerminationReason::DeferralLapsed,
                notice: Digest::of("notice"),
                by: code("market-officer"),
            };
            terminate(case, command, now)
        })
    };
    world.go("2026-03-04T23:59");
    assert_eq!(lapse().await, Err(CaseRefusal::NotLapsed));
    world.go("2026-03-05T00:00");
    let limit = clocks::supplement_due(&world.case("c1").await).unwrap();
    assert!(limit.is_overdue(world.now()));
    assert_eq!(lapse().await, Ok(1));
    let back = |bearer| {
        world.act("c1", move |case, now| {
            return_paper(case, bearer, signed("back"), now)
        })
    };
    assert_eq!(back(Bearer::Other).await, Err(CaseRefusal::WrongHolder));
    assert_eq!(back(Bearer::Applicant).await, Ok(1));
    assert_eq!(
        back(Bearer::Applicant).await,
        Err(CaseRefusal::NothingToReturn)
    );
}

#[tokio::test]
async fn art_09_4_a_result_without_the_platform_steps_is_rejected() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    let early = || world.obtain("c1", &item, made_here(Some("S-1")));
    world.receive("c1", &item).await;
    assert_eq!(early().await, Err(CaseRefusal::NotDecided));
    assert_eq!(
        world.grant("c1", &item).await.unwrap_err().code(),
        "not-pushed"
    );
    world.scan_and_push("c1", &item).await;
    assert_eq!(
        world.grant("c1", &item).await,
        Err(CaseRefusal::NotAccepted)
    );
    world.accept("c1", &item).await.unwrap();
    assert_eq!(early().await, Err(CaseRefusal::NotDecided));
    world.grant("c1", &item).await.unwrap();
    assert_eq!(early().await, Ok(1));
}
