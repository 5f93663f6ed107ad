//! Acceptance of the regulation's Article 10: result, delivery, register, rating.

use counterfoil::domain::case::*;
use counterfoil::domain::ticket::{Proceed, Step, TicketRefusal, proceed};
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_steps::{deferred, supply};
use crate::case_world::*;

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
        window: Some(hand(&item, Bearer::Agent).mandate.window),
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
