//! Acceptance of the regulation's Articles 8(3) to 8(6): 容缺, correction, dispatch.

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_world::*;

fn deferring(rows: &[&str], days: u16, excluded: bool) -> Defer {
    Defer {
        rows: rows.iter().map(|row| code(row)).collect(),
        days,
        excluded,
        undertaking: Digest::of("undertaking"),
        signature: signed("applicant"),
    }
}

fn lacking(rows: &[&str], due: &str) -> Correction {
    let line = |row: &&str| Defect {
        about: DefectSubject::Row { row: code(row) },
        kind: DefectKind::Missing,
        note: None,
    };
    Correction {
        defects: rows.iter().map(line).collect(),
        due: code(due),
        notice: Digest::of("notice"),
        clerk: code("clerk-1"),
        signature: None,
    }
}

async fn defer_on(world: &World, item: &ServiceItem, command: Defer) -> Result<u64, CaseRefusal> {
    let decide = |case: &CaseState, now| defer(case, item, &world.calendar, command.clone(), now);
    world.act("c1", decide).await
}

async fn notify(world: &World, item: &ServiceItem, notice: Correction) -> Result<u64, CaseRefusal> {
    let decide = |case: &CaseState, now| notify_correction(case, item, notice.clone(), now);
    world.act("c1", decide).await
}

#[tokio::test]
async fn art_08_3_an_ineligible_row_cannot_be_waived_and_the_reason_is_printed() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.open("c1", &item).await.unwrap();
    let bars = [
        ("form", 3, false, DeferralBar::MainMaterial),
        ("layout", 3, false, DeferralBar::NotListed),
        ("lease", 3, true, DeferralBar::ApplicantExcluded),
        ("lease", 6, false, DeferralBar::TooManyDays),
        ("lease", 0, false, DeferralBar::TooManyDays),
        ("health", 3, false, DeferralBar::NotMissing),
    ];
    for (row, days, excluded, bar) in bars {
        let waived = defer_on(&world, &item, deferring(&[row], days, excluded)).await;
        let row: MaterialCode = code(row);
        let refusal = CaseRefusal::NotDeferrable { row, bar };
        assert!(refusal.zh().contains(bar.zh()), "{}", refusal.zh());
        assert_eq!(waived, Err(refusal));
    }
    let refusing = |row: &str, excluded| RefuseDeferral {
        rows: vec![code(row)],
        days: 3,
        excluded,
        notice: Digest::of("printed"),
        clerk: code("clerk-1"),
    };
    let print = |command: RefuseDeferral| {
        let item = &item;
        world.act("c1", move |case, _| {
            refuse_deferral(case, item, command.clone())
        })
    };
    assert_eq!(print(refusing("form", false)).await, Ok(1));
    assert_eq!(print(refusing("lease", true)).await, Ok(1));
    let eligible = print(refusing("lease", false)).await;
    assert_eq!(eligible.unwrap_err().code(), "deferrable");
    assert_eq!(
        world.issue("c1", &item).await.unwrap_err().code(),
        "row-open"
    );
}

#[tokio::test]
async fn art_08_3_an_undertaking_lets_the_receipt_go_out_at_once() {
    let world = World::at("2026-02-13T16:00").await;
    let item = food();
    world.open("c1", &item).await.unwrap();
    assert_eq!(
        defer_on(&world, &item, deferring(&["lease"], 2, false)).await,
        Ok(1)
    );
    world.fill_rows("c1", &item).await;
    assert_eq!(world.issue("c1", &item).await, Ok(1));
    let case = world.case("c1").await;
    // Friday; then Saturday 02-14 is worked, the Spring Festival lasts until 02-23.
    let due: Date = code("2026-02-24");
    assert_eq!(case.deferrals[0].due, due);
    assert_eq!(case.missing().next(), Some((&code("lease"), due)));
    let manifest = receipt_manifest(&case, &item);
    let listed = manifest.rows.iter().find(|row| row.row == code("lease"));
    assert_eq!(listed.unwrap().deferred, Some(due));
    let mut instant = quick(1);
    instant.handling = Handling::Instant;
    let on_the_spot = deferral_bar(&case, &instant, &instant.materials[0], 1, false);
    assert_eq!(on_the_spot, Some(DeferralBar::InstantItem));
}

#[tokio::test]
async fn art_08_4_one_complete_notice_and_then_only_a_supervisor() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.open("c1", &item).await.unwrap();
    world.meet("c1", &item, paper("form", 1, 0)).await.unwrap();
    let all = ["identity", "lease", "layout", "health"];
    for left_out in 0..all.len() {
        let mut some = all.to_vec();
        let about = DefectSubject::Row {
            row: code(some.remove(left_out)),
        };
        let notice = notify(&world, &item, lacking(&some, "2026-03-10")).await;
        assert_eq!(notice, Err(CaseRefusal::NoticeIncomplete { about }));
    }
    let today = notify(&world, &item, lacking(&all, "2026-03-02")).await;
    assert_eq!(today, Err(CaseRefusal::DueTooEarly));
    assert_eq!(
        notify(&world, &item, lacking(&all, "2026-03-10")).await,
        Ok(1)
    );
    let second = notify(&world, &item, lacking(&["form"], "2026-03-10")).await;
    assert_eq!(second, Err(CaseRefusal::SecondNotice));
    let escalate = || {
        world.act("c1", |case, _| {
            escalate_correction(case, code("supervisor-1"), secret("seal overlooked"))
        })
    };
    assert_eq!(escalate().await, Ok(1));
    assert_eq!(escalate().await, Err(CaseRefusal::NotEscalatable));
    assert_eq!(
        notify(&world, &item, lacking(&["form"], "2026-03-11")).await,
        Ok(1)
    );
    let third = notify(&world, &item, lacking(&["form"], "2026-03-12")).await;
    assert_eq!(third, Err(CaseRefusal::SecondNotice));
    let again = |case: &CaseState, now| resubmit(case, code("clerk-1"), now);
    assert_eq!(world.act("c1", again).await, Ok(1));
    world.fill_rows("c1", &item).await;
    assert_eq!(world.issue("c1", &item).await, Ok(1));
    assert_eq!(world.case("c1").await.submission, 2);
}

#[tokio::test]
async fn art_08_4_the_clock_of_deemed_acceptance_is_visible() {
    let world = World::at("2025-09-30T17:00").await;
    let item = food();
    world.open("c1", &item).await.unwrap();
    let calendar = Calendar::embedded();
    let case = world.case("c1").await;
    let limit = clocks::deemed_acceptance(&case, &item, &calendar);
    let limit = limit.unwrap().unwrap();
    assert_eq!(limit.last_day, code("2025-10-14"));
    assert!(!limit.is_overdue(instant("2025-10-15T00:00").plus_millis(-1)));
    assert!(limit.is_overdue(instant("2025-10-15T00:00")));
    let since = |now| clocks::deemed_accepted_since(&case, &item, &calendar, now).unwrap();
    assert_eq!(since(instant("2025-10-15T00:00")), Some(case.opened_at));
    assert_eq!(since(instant("2025-10-14T23:59")), None);
    // Told in time, it stands still for ever.
    world.go("2025-10-14T10:00");
    let all = ["form", "identity", "lease", "layout", "health"];
    notify(&world, &item, lacking(&all, "2025-10-20"))
        .await
        .unwrap();
    let told = world.case("c1").await;
    let limit = clocks::deemed_acceptance(&told, &item, &calendar);
    assert!(
        !limit
            .unwrap()
            .unwrap()
            .is_overdue(instant("2026-01-05T09:00"))
    );
    let mut service = item.clone();
    service.kind = ItemKind::PublicService;
    assert_eq!(
        clocks::deemed_acceptance(&case, &service, &calendar),
        Ok(None)
    );
}

#[tokio::test]
async fn art_08_5_paper_that_cannot_be_sent_changes_hands_with_two_signatures() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.receive("c1", &item).await;
    let row: MaterialCode = code("form");
    let unscanned = CaseRefusal::NotDigitised { row: row.clone() };
    assert_eq!(world.push("c1", &item).await, Err(unscanned));
    let by_paper = [row.clone()];
    let pushed = |case: &CaseState, now| push(case, &item, &by_paper, now);
    assert_eq!(world.act("c1", pushed).await, Ok(1));
    let collect = |department: &'static str, taken: StaffSignature, given: StaffSignature| {
        let (item, row) = (&item, row.clone());
        world.act("c1", move |case, now| {
            let command = Collect {
                department: code(department),
                rows: vec![row.clone()],
                given: given.clone(),
                taken: taken.clone(),
            };
            collect_paper(case, item, command, now)
        })
    };
    let (market, clerk) = (department_signs("market", "m-1"), window_signs("clerk-1"));
    let both = Err(CaseRefusal::TwoSigners);
    let same_person = department_signs("market", "clerk-1");
    assert_eq!(collect("market", same_person, clerk.clone()).await, both);
    let same_side = department_signs("market", "m-2");
    assert_eq!(collect("market", market.clone(), same_side).await, both);
    let other = department_signs("fire", "f-1");
    assert_eq!(collect("market", other.clone(), clerk.clone()).await, both);
    let stranger = collect("fire", other, clerk.clone()).await;
    assert_eq!(stranger.unwrap_err().code(), "not-pushed");
    assert_eq!(
        collect("market", market.clone(), clerk.clone()).await,
        Ok(1)
    );
    let holder = world.case("c1").await.row(&row).holder;
    assert_eq!(holder, Some(PaperHolder::Department(code("market"))));
    let again = collect("market", market, clerk).await;
    assert_eq!(again, Err(CaseRefusal::PaperNotHere { row }));
}

#[tokio::test]
async fn art_08_6_only_the_departments_of_the_step_read_and_only_their_rows() {
    let world = World::at("2026-03-02T09:00").await;
    let item = works();
    let readable = |case: &CaseState| -> Vec<(String, usize)> {
        let readers = readers(case, &item);
        readers
            .into_iter()
            .map(|(department, rows)| (department.to_string(), rows.len()))
            .collect()
    };
    world.receive("c1", &item).await;
    assert_eq!(readable(&world.case("c1").await), vec![]);
    world.scan_and_push("c1", &item).await;
    let named = |list: &[(&str, usize)]| -> Vec<(String, usize)> {
        list.iter()
            .map(|(name, rows)| (name.to_string(), *rows))
            .collect()
    };
    let first = named(&[("fire", 1), ("housing", 3), ("planning", 2)]);
    assert_eq!(readable(&world.case("c1").await), first);
    world.accept("c1", &item).await.unwrap();
    world.finish_task("c1", &item, "planning", 1).await.unwrap();
    let one_left = named(&[("fire", 1), ("housing", 3)]);
    assert_eq!(readable(&world.case("c1").await), one_left);
    world.finish_task("c1", &item, "fire", 1).await.unwrap();
    assert_eq!(world.push("c1", &item).await, Ok(1));
    let second = named(&[("housing", 3), ("transport", 1)]);
    assert_eq!(readable(&world.case("c1").await), second);
    let case = world.case("c1").await;
    let package = push_package(&case, &item, &code("transport"), 2);
    let sent: Vec<&str> = package.rows.iter().map(|row| row.row.as_str()).collect();
    assert_eq!(sent, ["land"]);
    assert_eq!(mandate(&item, Power::Receive).department, item.lead);
}
