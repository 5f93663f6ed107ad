//! Acceptance of the regulation's Article 11: duties of the department.

use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::ticket::*;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_tickets::*;
use crate::case_world::*;

#[tokio::test]
async fn art_11_1_receiving_and_issuing_need_their_own_mandate() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.fill("c1", &item).await;
    let issue = |change: fn(&mut IssueReceipt)| {
        let item = &item;
        world.act("c1", move |case, now| {
            let mut command = receipt(item);
            change(&mut command);
            issue_receipt(case, item, command, now)
        })
    };
    let wrong = Err(CaseRefusal::WrongMandate);
    let issuing = issue(|command| command.mandate.power = Power::Issue).await;
    assert_eq!(issuing, wrong);
    assert_eq!(
        issue(|command| command.mandate.task = code("other")).await,
        wrong
    );
    assert_eq!(
        issue(|command| command.mandate.site = code("town")).await,
        wrong
    );
    assert_eq!(issue(|_| {}).await, Ok(1));
    world.scan_and_push("c1", &item).await;
    world.accept("c1", &item).await.unwrap();
    world.grant("c1", &item).await.unwrap();
    world.obtain("c1", &item, made_here(None)).await.unwrap();
    let receiving = world.act("c1", |case, now| {
        let mut command = hand(&item, Bearer::Applicant);
        command.mandate.power = Power::Receive;
        hand_out(case, command, now)
    });
    assert_eq!(receiving.await, wrong);
}

#[tokio::test]
async fn art_11_2_the_chief_decides_unless_the_law_asks_for_more() {
    let world = World::at("2026-03-02T09:00").await;
    let mut item = quick(5);
    item.special_procedures = vec![SpecialProcedure::SiteInspection, SpecialProcedure::Hearing];
    world.accepted("c1", &item).await;
    let by = |department: &'static str, chief| {
        let item = &item;
        world.act("c1", move |case, now| {
            let command = Decide {
                delegation: delegate(department, chief),
                ..granted(department)
            };
            decide(case, item, command, now)
        })
    };
    assert_eq!(
        by("fire", false).await.unwrap_err().code(),
        "wrong-department"
    );
    assert_eq!(by("market", true).await, Err(CaseRefusal::NeedsDepartment));
    assert_eq!(
        by("market", false).await,
        Err(CaseRefusal::ProcedureNotDone)
    );
    let begin = |days| {
        let item = &item;
        world.act("c1", move |case, now| {
            let command = Suspend {
                procedure: SpecialProcedure::SiteInspection,
                notice: Digest::of("notice"),
                officer: officer("market"),
                days,
            };
            suspend(case, item, command, now)
        })
    };
    for days in [0, 366] {
        let refused = Err(CaseRefusal::ProcedureDays { most: 365 });
        assert_eq!(begin(Some(days)).await, refused);
    }
    begin(Some(365)).await.unwrap();
    assert_eq!(
        by("market", false).await,
        Err(CaseRefusal::ProcedureRunning)
    );
    let end = |case: &CaseState, now| {
        let (visit, report) = (SpecialProcedure::SiteInspection, Digest::of("report"));
        resume(case, &item, visit, report, officer("market"), now)
    };
    world.act("c1", end).await.unwrap();
    assert_eq!(by("market", true).await, Err(CaseRefusal::NeedsDepartment));
    assert_eq!(by("market", false).await, Ok(1));
}

#[tokio::test]
async fn art_11_2_what_a_higher_authority_decides_gets_first_review_only() {
    let world = World::at("2026-03-02T09:00").await;
    let mut item = quick(5);
    item.higher_authority = true;
    item.special_procedures = vec![SpecialProcedure::ExpertReview];
    world.accepted("c1", &item).await;
    let own = world.grant("c1", &item).await;
    assert_eq!(own, Err(CaseRefusal::HigherAuthority));
    let register = || {
        world.act("c1", |case, now| {
            let command = AuthorityDecision {
                officer: officer("market"),
                outcome: Outcome::Granted,
                document: Digest::of("decision"),
            };
            register_authority_decision(case, &item, command, now)
        })
    };
    assert_eq!(register().await, Err(CaseRefusal::NoFirstReview));
    let review = |case: &CaseState, now| {
        first_review(
            case,
            &item,
            delegate("market", true),
            Digest::of("opinion"),
            now,
        )
    };
    assert_eq!(world.act("c1", review).await, Ok(1));
    assert_eq!(
        world.act("c1", review).await,
        Err(CaseRefusal::ReviewedAlready)
    );
    assert_eq!(register().await, Ok(1));
    let decision = world.case("c1").await.decision.unwrap();
    assert_eq!(decision.at, world.now());
}

#[tokio::test]
async fn art_11_3_a_case_keeps_the_version_it_was_opened_with() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.fill("c1", &item).await;
    let mut newer = item.clone();
    newer.version += 1;
    let by_newer = world.issue("c1", &newer).await;
    assert_eq!(by_newer, Err(CaseRefusal::WrongItem));
    let unmatched = World::at("2026-03-02T09:00").await;
    let stale = unmatched.open_as("c2", &newer, Channel::Window, application(&item));
    assert_eq!(stale.await, Err(CaseRefusal::WrongItem));
    // The window's right now names the newer version; the case still finishes by its own.
    let later = |case: &CaseState, now| {
        let mut command = receipt(&item);
        command.mandate = mandate(&newer, Power::Receive);
        issue_receipt(case, &item, command, now)
    };
    assert_eq!(world.act("c1", later).await, Ok(1));
    let case = world.case("c1").await;
    assert_eq!(
        (case.mandate.version, case.mandate.content),
        (3, Digest::of("quick"))
    );
}

#[tokio::test]
async fn art_11_5_a_return_states_its_reason_and_author() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.receive("c1", &item).await;
    world.scan_and_push("c1", &item).await;
    let give_back = |department: &'static str| {
        let item = &item;
        world.act("c1", move |case, now| {
            let command = Return {
                officer: officer(department),
                reason: ReturnReason::Unreadable,
                note: secret("page 2"),
            };
            return_case(case, item, command, now)
        })
    };
    assert_eq!(
        give_back("fire").await.unwrap_err().code(),
        "wrong-department"
    );
    assert_eq!(give_back("market").await, Ok(1));
    let history = world.ledger.history(&Subject::Case(code("c1"))).await;
    let last = history.unwrap().pop().unwrap().entry.event;
    let mut written = serde_json::to_value(&last).unwrap();
    assert_eq!(written["event"]["officer"]["staff"], "market-officer");
    assert_eq!(written["event"]["reason"], "unreadable");
    // A fact without a reason, or without its author, is no fact.
    for part in ["reason", "note", "officer"] {
        let mut without = written.clone();
        without["event"].as_object_mut().unwrap().remove(part);
        assert!(serde_json::from_value::<Event>(without).is_err(), "{part}");
    }
    written["event"]["reason"] = "".into();
    assert!(serde_json::from_value::<Event>(written).is_err());
    // Back at the window it is put right and comes again; once accepted there is no way back.
    let again = |case: &CaseState, now| resubmit(case, code("clerk-1"), now);
    world.act("c1", again).await.unwrap();
    world.issue("c1", &item).await.unwrap();
    world.push("c1", &item).await.unwrap();
    world.accept("c1", &item).await.unwrap();
    assert_eq!(give_back("market").await, Err(CaseRefusal::AlreadyAccepted));
}

#[tokio::test]
async fn art_11_6_the_response_time_of_an_expert_call_is_measured() {
    let world = World::at("2026-03-02T09:00").await;
    let nobody = open_on(&world, ticket_of(Matter::ExpertCall, Party::Window)).await;
    assert_eq!(nobody, Err(TicketRefusal::DepartmentMissing));
    let call = ticket_of(Matter::ExpertCall, market());
    assert_eq!(open_on(&world, call.clone()).await, Ok(1));
    assert_eq!(open_on(&world, call).await, Err(TicketRefusal::AlreadyOpen));
    assert_eq!(world.ticket("t1").await.response_ms(), None);
    world.go("2026-03-02T09:25");
    let answer = secret("answer");
    step(&world, Proceed::Answer { answer }, "m-1")
        .await
        .unwrap();
    let ticket = world.ticket("t1").await;
    assert_eq!(ticket.response_ms(), Some(25 * 60 * 1000));
    assert_eq!(ticket.due, None);
}

#[tokio::test]
async fn art_11_7_results_without_a_case_are_listed() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.ready("c1", &item).await;
    world.accepted("c2", &item).await;
    let found = |task: &str, case: Option<&str>, serial: Option<&str>| FoundResult {
        department: code("market"),
        task: code(task),
        case: case.map(code),
        serial: serial.map(code),
    };
    let results = [
        found("food", Some("c1"), None),
        found("food", None, Some("S-1")),
        found("food", Some("c2"), Some("S-8")),
        found("food", Some("c3"), None),
        found("food", None, None),
        found("other", Some("c1"), Some("S-1")),
    ];
    let cases = [world.case("c1").await, world.case("c2").await];
    let outside: Vec<_> = results_without_case(&results, &cases);
    assert_eq!(outside, results[2..].iter().collect::<Vec<_>>());
}
