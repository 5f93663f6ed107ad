//! Acceptance of the regulation's Articles 12 and 13: duties of window and agency.

use counterfoil::domain::case::{self, *};
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::ticket::{self, *};
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_tickets::*;
use crate::case_world::*;

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
