//! Acceptance of the regulation's Articles 9 and 10: review, decision, result, delivery, rating.

use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::ticket::{Proceed, Step, TicketRefusal, proceed};
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_steps::{by_mail, quick};

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

/// A case of `food` whose lease is to come within 2 working days.
async fn deferred(world: &World, item: &ServiceItem) {
    world.open("c1", item).await.unwrap();
    let decide = |case: &CaseState, now| {
        let command = Defer {
            rows: vec![code("lease")],
            days: 2,
            excluded: false,
            undertaking: Digest::of("undertaking"),
            signature: signed("applicant"),
        };
        defer(case, item, &world.calendar, command, now)
    };
    world.act("c1", decide).await.unwrap();
    world.fill_rows("c1", item).await;
    world.issue("c1", item).await.unwrap();
    world.scan_and_push("c1", item).await;
    world.accept("c1", item).await.unwrap();
}

async fn supply(world: &World, item: &ServiceItem) -> Result<u64, CaseRefusal> {
    let decide = |case: &CaseState, now| {
        let right = mandate(item, Power::Receive);
        supplement(case, item, &right, paper("lease", 1, 1), None, now)
    };
    world.act("c1", decide).await
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

#[tokio::test]
async fn art_10_1_each_of_three_routes_gives_one_result_record() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    let handed = |given: StaffSignature| CaseResult {
        route: ResultRoute::HandedOver {
            given,
            taken: window_signs("clerk-1"),
        },
        ..made_here(Some("S-3"))
    };
    let there = CaseResult {
        route: ResultRoute::DepartmentSystem {
            clerk: code("clerk-1"),
        },
        ..made_here(Some("S-2"))
    };
    let routes = [
        made_here(Some("S-1")),
        there,
        handed(department_signs("market", "m-1")),
    ];
    for (place, result) in routes.iter().enumerate() {
        let no = format!("c{place}");
        world.accepted(&no, &item).await;
        world.grant(&no, &item).await.unwrap();
        let unnumbered = CaseResult {
            serial: None,
            ..result.clone()
        };
        let missing = Err(CaseRefusal::SerialMissing);
        assert_eq!(world.obtain(&no, &item, unnumbered).await, missing);
        let one_sided = world.obtain(&no, &item, handed(window_signs("clerk-2")));
        assert_eq!(one_sided.await, Err(CaseRefusal::TwoSigners));
        assert_eq!(world.obtain(&no, &item, result.clone()).await, Ok(1));
        // A replay makes nothing; another result is refused.
        assert_eq!(world.obtain(&no, &item, result.clone()).await, Ok(0));
        let another = world.obtain(&no, &item, made_here(Some("S-9"))).await;
        assert_eq!(another, Err(CaseRefusal::ResultExists));
        let record = world.case(&no).await.result.unwrap();
        assert_eq!(&record.result, result);
        assert_eq!(record.obtained_at, world.now());
    }
}

#[tokio::test]
async fn art_10_2_only_the_applicant_or_an_agent_with_power_gets_the_result() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.ready("c1", &item).await;
    let wrong = Err(CaseRefusal::WrongHolder);
    assert_eq!(world.hand_out("c1", &item, Bearer::Other).await, wrong);
    assert_eq!(world.hand_out("c1", &item, Bearer::Agent).await, wrong);
    let appoint = |powers: &'static [person::AgentPower]| {
        world.act("c1", move |case, _| {
            let agent = Agent {
                record: secret("agent"),
                powers: powers.to_vec(),
                signed_on: code("2026-03-01"),
                valid_until: Some(code("2026-03-31")),
            };
            appoint_agent(case, agent)
        })
    };
    let uncovered = Err(CaseRefusal::PowerMissing);
    appoint(&[person::AgentPower::Apply]).await.unwrap();
    assert_eq!(world.hand_out("c1", &item, Bearer::Agent).await, uncovered);
    appoint(&[person::AgentPower::Collect]).await.unwrap();
    assert_eq!(world.hand_out("c1", &item, Bearer::Agent).await, Ok(2));
    let delivered = world.case("c1").await.delivered.unwrap();
    let way = DeliveryWay::PickUp {
        recipient: Recipient::Agent,
        signature: signed("taken"),
    };
    assert_eq!(delivered.way, way);
    world.ready("c2", &item).await;
    world.go("2026-04-01T09:00");
    let late = world.hand_out("c2", &item, Bearer::Agent).await;
    assert_eq!(late, wrong);
    assert_eq!(world.hand_out("c2", &item, Bearer::Applicant).await, Ok(2));
}

#[tokio::test]
async fn art_10_3_the_window_posts_within_one_working_day_and_no_department_does() {
    let world = World::at("2026-02-14T10:00").await;
    let item = food();
    world.ready("c1", &item).await;
    let window = || Party::Window;
    let unasked = world.post("c1", &item, window(), "W1").await;
    assert_eq!(unasked, Err(CaseRefusal::NotToBeMailed));
    let choose = |case: &CaseState, _| choose_delivery(case, by_mail());
    world.act("c1", choose).await.unwrap();
    let market = Party::Department {
        department: code("market"),
    };
    let barred = world.post("c1", &item, market, "W1").await;
    assert_eq!(barred, Err(CaseRefusal::DepartmentMails));
    let due = clocks::mail_due(&world.case("c1").await, &world.calendar);
    let due = due.unwrap().unwrap();
    assert_eq!(due.last_day, code("2026-02-24"));
    assert!(!due.is_overdue(instant("2026-02-25T00:00").plus_millis(-1)));
    assert!(due.is_overdue(instant("2026-02-25T00:00")));
    assert_eq!(world.post("c1", &item, window(), "W1").await, Ok(1));
    assert_eq!(world.post("c1", &item, window(), "W1").await, Ok(0));
    let case = world.case("c1").await;
    assert_eq!(delivery_row(&case), None, "posting is not delivery");
    assert_eq!(undelivered(&case), Some(Undelivered::InPost(code("W1"))));
    let end = |waybill: &'static str, outcome| {
        world.act("c1", move |case, _| end_post(case, &code(waybill), outcome))
    };
    assert_eq!(end("W1", PostOutcome::Unclaimed).await, Ok(1));
    assert_eq!(end("W1", PostOutcome::Unclaimed).await, Ok(0));
    let back = Undelivered::CameBack(code("W1"), PostOutcome::Unclaimed);
    assert_eq!(undelivered(&world.case("c1").await), Some(back));
    let ask = |case: &CaseState, _| chase(case, secret("phoned"), code("clerk-1"));
    assert_eq!(world.act("c1", ask).await, Ok(1));
    assert_eq!(
        world.post("c1", &item, window(), "W1").await,
        Err(CaseRefusal::WaybillUsed)
    );
    assert_eq!(world.post("c1", &item, window(), "W2").await, Ok(1));
    assert_eq!(
        end("W1", PostOutcome::Delivered).await,
        Err(CaseRefusal::NotInThePost)
    );
    assert_eq!(end("W2", PostOutcome::Delivered).await, Ok(2));
    assert_eq!(undelivered(&world.case("c1").await), None);
}

#[tokio::test]
async fn art_10_4_the_result_is_held_until_the_supplements_are_in() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    deferred(&world, &item).await;
    world.grant("c1", &item).await.unwrap();
    world
        .obtain("c1", &item, made_here(Some("S-1")))
        .await
        .unwrap();
    let row = code("lease");
    let held = Err(CaseRefusal::SupplementsMissing { row });
    assert_eq!(world.hand_out("c1", &item, Bearer::Applicant).await, held);
    // Late is late, but the paper is still taken.
    world.go("2026-03-20T09:00");
    assert_eq!(supply(&world, &item).await, Ok(1));
    assert_eq!(
        supply(&world, &item).await.unwrap_err().code(),
        "row-not-deferred"
    );
    assert_eq!(world.hand_out("c1", &item, Bearer::Applicant).await, Ok(2));
}

#[tokio::test]
async fn art_10_5_every_delivered_result_has_exactly_one_row() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.ready("c1", &item).await;
    assert_eq!(delivery_row(&world.case("c1").await), None);
    world
        .hand_out("c1", &item, Bearer::Applicant)
        .await
        .unwrap();
    let again = world.hand_out("c1", &item, Bearer::Applicant).await;
    assert_eq!(again, Err(CaseRefusal::AlreadyDelivered));
    let row = delivery_row(&world.case("c1").await).unwrap();
    assert_eq!((row.case, row.serial), (code("c1"), Some(code("S-1"))));
    let history = world.ledger.history(&Subject::Case(code("c1"))).await;
    let rows = history.unwrap();
    let rows = rows.iter().filter(|fact| {
        matches!(
            &fact.entry.event,
            Event::Case {
                event: CaseEvent::Delivered { .. }
            }
        )
    });
    assert_eq!(rows.count(), 1);
}

#[tokio::test]
async fn art_10_6_the_invitation_is_always_made_and_the_rating_never_forced() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    let rate = |no: &'static str, level, ticket: Option<&'static str>| {
        let calendar = &world.calendar;
        world.act(no, move |case, now| {
            let ticket = ticket.map(|id| FollowUp {
                id: code(id),
                owner: code("clerk-1"),
                days: 5,
            });
            let command = Rate {
                level,
                remarks: Some(secret("remarks")),
                ticket,
            };
            rate(case, command, None, calendar, now)
        })
    };
    world.ready("c1", &item).await;
    let uninvited = rate("c1", RatingLevel::Satisfied, None).await;
    assert_eq!(uninvited, Err(CaseRefusal::NotInvited));
    world
        .hand_out("c1", &item, Bearer::Applicant)
        .await
        .unwrap();
    let case = world.case("c1").await;
    assert_eq!(case.invited_at, Some(world.now()));
    assert_eq!(progress(&case), Progress::Delivered, "nothing is owed");
    let bad = RatingLevel::Dissatisfied;
    assert_eq!(rate("c1", bad, None).await, Err(CaseRefusal::TicketMissing));
    assert_eq!(rate("c1", bad, Some("t1")).await, Ok(2));
    assert_eq!(
        rate("c1", bad, Some("t2")).await,
        Err(CaseRefusal::RatedAlready)
    );
    let ticket = world.ticket("t1").await;
    assert_eq!(ticket.case, Some(code("c1")));
    assert_eq!(ticket.due, Some(code("2026-03-09")));
    let step = |command: Proceed| {
        world.on_ticket("t1", move |ticket, _| {
            proceed(ticket.unwrap(), command.clone(), code("clerk-2"))
        })
    };
    let (report, note) = (secret("report"), secret("note"));
    let founded = true;
    let early = step(Proceed::Rectify { report }).await;
    assert_eq!(early, Err(TicketRefusal::WrongStep));
    step(Proceed::Verify { founded, report }).await.unwrap();
    step(Proceed::Rectify { report }).await.unwrap();
    step(Proceed::FeedBack { note }).await.unwrap();
    let satisfied = false;
    step(Proceed::Revisit { satisfied, note }).await.unwrap();
    assert_eq!(world.ticket("t1").await.next, Step::Rectify);
    step(Proceed::Rectify { report }).await.unwrap();
    step(Proceed::FeedBack { note }).await.unwrap();
    let satisfied = true;
    step(Proceed::Revisit { satisfied, note }).await.unwrap();
    step(Proceed::Close).await.unwrap();
    assert_eq!(
        step(Proceed::Close).await,
        Err(TicketRefusal::AlreadyClosed)
    );
}
