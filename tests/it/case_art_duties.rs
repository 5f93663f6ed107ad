//! Acceptance of the regulation's Articles 11 to 14: duties of department, window and agency, complaints.

use counterfoil::domain::case::{self, *};
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::ticket::{self, *};
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_steps::quick;

fn ticket_of(matter: Matter, party: Party) -> OpenTicket {
    OpenTicket {
        id: code("t1"),
        matter,
        party,
        case: Some(code("c1")),
        site: code("centre"),
        owner: code("clerk-1"),
        note: Some(secret("what was said")),
        days: FOLLOW_UP_DAYS,
    }
}

fn market() -> Party {
    Party::Department {
        department: code("market"),
    }
}

async fn open_on(world: &World, ticket: OpenTicket) -> Result<u64, TicketRefusal> {
    let id = ticket.id.to_string();
    let decide =
        |known: Option<&TicketState>, now| open_ticket(known, ticket.clone(), &world.calendar, now);
    world.on_ticket(&id, decide).await
}

async fn step(world: &World, command: Proceed, by: &str) -> Result<u64, TicketRefusal> {
    let decide =
        |ticket: Option<&TicketState>, _| proceed(ticket.unwrap(), command.clone(), code(by));
    world.on_ticket("t1", decide).await
}

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
    let begin = |case: &CaseState, now| {
        let command = Suspend {
            procedure: SpecialProcedure::SiteInspection,
            notice: Digest::of("notice"),
            officer: officer("market"),
        };
        suspend(case, &item, command, now)
    };
    world.act("c1", begin).await.unwrap();
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

#[tokio::test]
async fn art_12_1_an_entry_that_fails_its_check_gets_no_receipt() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    let mut bad = application(&item);
    let finding = FieldFinding {
        field: code("applicant.id_number"),
        kind: DefectKind::InvalidField,
    };
    bad.findings = vec![finding.clone()];
    world
        .open_as("c1", &item, Channel::Window, bad)
        .await
        .unwrap();
    world.fill_rows("c1", &item).await;
    let refused = world.issue("c1", &item).await.unwrap_err();
    assert_eq!(refused.code(), "findings-standing");
    assert!(refused.zh().contains("applicant.id_number"));
    let check = |findings: Vec<FieldFinding>| {
        world.act("c1", move |case, _| check_fields(case, findings.clone()))
    };
    assert_eq!(check(vec![finding]).await, Ok(0));
    assert_eq!(check(Vec::new()).await, Ok(1));
    assert_eq!(world.issue("c1", &item).await, Ok(1));
}

#[tokio::test]
async fn art_12_2_the_department_has_the_same_digest_as_the_window() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.receive("c1", &item).await;
    world.scan_and_push("c1", &item).await;
    let case = world.case("c1").await;
    let package = push_package(&case, &item, &code("market"), 0);
    let scan = Digest::of("c1/form");
    assert_eq!(package.rows[0].scans, vec![scan]);
    let acknowledge = |digest| {
        world.act("c1", move |case, _| {
            acknowledge(case, &code("market"), 0, digest)
        })
    };
    let other = acknowledge(Digest::of("something else")).await;
    assert_eq!(other, Err(CaseRefusal::PackageDiffers));
    assert_eq!(acknowledge(package.digest()).await, Ok(1));
    assert_eq!(acknowledge(package.digest()).await, Ok(0), "a replay");
}

#[tokio::test]
async fn art_12_3_the_holder_of_paper_is_derivable_at_any_instant() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.receive("c1", &item).await;
    world.scan_and_push("c1", &item).await;
    world.go("2026-03-03T09:00");
    let collect = |case: &CaseState, now| {
        let command = Collect {
            department: code("market"),
            rows: vec![code("form")],
            given: window_signs("clerk-1"),
            taken: department_signs("market", "m-1"),
        };
        collect_paper(case, &item, command, now)
    };
    world.act("c1", collect).await.unwrap();
    let history = world
        .ledger
        .history(&Subject::Case(code("c1")))
        .await
        .unwrap();
    let mut holders = Vec::new();
    for end in 1..=history.len() {
        let until = history[..end].iter().map(|fact| &fact.entry);
        holders.push(case::fold(until).unwrap().row(&code("form")).holder);
    }
    holders.dedup();
    let department = PaperHolder::Department(code("market"));
    assert_eq!(holders, [None, Some(PaperHolder::Window), Some(department)]);
}

#[tokio::test]
async fn art_12_5_an_enquiry_out_of_scope_is_recorded_with_its_referral() {
    let world = World::at("2026-03-02T09:00").await;
    world.open("c1", &quick(5)).await.unwrap();
    let notice = Digest::of("referral notice");
    let visit = Subject::Visit(code("v-c1"));
    let referral = ticket_of(Matter::Referral { notice }, market());
    let referred = world.record(|reads, now| {
        let visit = fold_visit(entries(reads, &visit)?).unwrap();
        let known = ticket::fold(entries(reads, &Subject::Ticket(code("t1")))?);
        Ok(refer(
            &visit,
            known.as_ref(),
            referral.clone(),
            &world.calendar,
            now,
        )?)
    });
    assert_eq!(referred.await.unwrap(), 2);
    let ticket = world.ticket("t1").await;
    assert_eq!(ticket.owner, code("clerk-1"), "the first asked owns it");
    assert_eq!(ticket.matter, Matter::Referral { notice });
    let answer = secret("taken over");
    step(&world, Proceed::Answer { answer }, "m-1")
        .await
        .unwrap();
    step(&world, Proceed::Close, "clerk-1").await.unwrap();
}

#[tokio::test]
async fn art_12_6_off_site_and_remote_intake_follow_the_same_checks() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    let remote = world.open_as("c1", &item, Channel::RemotePreCheck, application(&item));
    remote.await.unwrap();
    let row: MaterialCode = code("form");
    let far = Err(CaseRefusal::NoPaperFromAfar { row });
    assert_eq!(world.meet("c1", &item, paper("form", 1, 0)).await, far);
    let licence = by("identity", MetBy::ELicence, Some("licence"));
    assert_eq!(world.meet("c1", &item, licence).await, Ok(1));
    world.open("c2", &item).await.unwrap();
    let arrive = world.record(|reads, _| {
        let visit = fold_visit(entries(reads, &Subject::Visit(code("v-c2")))?).unwrap();
        let case = case::fold(entries(reads, &Subject::Case(code("c1")))?).unwrap();
        Ok(attend(&case, &visit, mandate(&item, Power::Receive))?)
    });
    arrive.await.unwrap();
    world.fill_rows("c1", &item).await;
    assert_eq!(world.issue("c1", &item).await, Ok(1));
    for channel in [Channel::OffSite, Channel::ExtendedHours] {
        let no = format!("{channel:?}");
        let opened = world.open_as(&no, &item, channel, application(&item));
        opened.await.unwrap();
        assert_eq!(
            world.issue(&no, &item).await.unwrap_err().code(),
            "row-open"
        );
        world.fill_rows(&no, &item).await;
        assert_eq!(world.issue(&no, &item).await, Ok(1));
    }
}

#[tokio::test]
async fn art_13_2_a_replay_creates_nothing_twice() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    let import_as = |no: &'static str| {
        let item = &item;
        world.record(move |reads, now| {
            let known = number(entries(reads, &Subject::Case(code(no)))?);
            Ok(import(&known, &code(no), item, application(item), now)?)
        })
    };
    assert_eq!(import_as("P-1").await.unwrap(), 1);
    assert_eq!(import_as("P-1").await.unwrap(), 0);
    assert_eq!(world.case("P-1").await.channel, Channel::Platform);
    world.receive("c1", &item).await;
    let name = |no: &'static str| {
        world.act("c1", move |case, _| {
            assign_platform_no(case, &Number::Free, &code(no))
        })
    };
    assert_eq!(name("P-2").await, Ok(2));
    assert_eq!(
        name("P-3").await.unwrap_err().code(),
        "platform-number-taken"
    );
    assert_eq!(import_as("P-2").await.unwrap(), 0, "it is c1");
    let taken = world.open_on("v-c1", "P-2", &item, application(&item), None);
    assert_eq!(taken.await, Err(CaseRefusal::AlreadyOpen));
    world.scan_and_push("c1", &item).await;
    assert_eq!(world.push("c1", &item).await, Ok(0));
    let report = |case: &CaseState, _| Ok(report_progress(case));
    assert_eq!(world.act("c1", report).await, Ok(1));
    assert_eq!(world.act("c1", report).await, Ok(0));
    assert_eq!(world.case("c1").await.reported, Some(Progress::UnderReview));
}

#[tokio::test]
async fn art_13_3_an_open_finding_is_listed_until_someone_else_confirms_it() {
    let world = World::at("2026-09-28T09:00").await;
    let mut finding = ticket_of(Matter::Finding, Party::Window);
    finding.days = 3;
    open_on(&world, finding).await.unwrap();
    let ticket = world.ticket("t1").await;
    assert_eq!(
        ticket.due,
        Some(code("2026-10-08")),
        "2 days, the holiday, 1 day"
    );
    let boundary = instant("2026-10-09T00:00");
    assert!(!ticket.is_overdue(boundary.plus_millis(-1)));
    assert!(ticket.is_overdue(boundary));
    let report = secret("done");
    step(&world, Proceed::Rectify { report }, "clerk-1")
        .await
        .unwrap();
    let own = step(&world, Proceed::Close, "clerk-1").await;
    assert_eq!(own, Err(TicketRefusal::SamePerson));
    assert_eq!(world.ticket("t1").await.next, Step::Close);
    step(&world, Proceed::Close, "inspector").await.unwrap();
    assert!(!world.ticket("t1").await.is_overdue(boundary));
}
