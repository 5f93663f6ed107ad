//! Windows, mandates and delegations, article by article, over the real ledger.

use std::sync::atomic::{AtomicBool, Ordering};

use counterfoil::counter::{CounterError, Refusal, departments};
use counterfoil::domain::hall::{self, Delegation, Power, Role};
use counterfoil::domain::{Date, DepartmentCode, Digest, StaffId, TaskCode};

use crate::hall_support::{Hall, MONDAY, code, instant, place, stand_in, task};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[tokio::test]
async fn art_05_1_a_field_limited_window_refuses_what_is_out_of_scope_with_a_referral() {
    let hall = Hall::at(MONDAY).await;
    let property = task("property-transfer");
    let refused = hall.receive(("YLZX", "A02"), &property).await;
    let Err(CounterError::Refused(Refusal {
        code, zh, field, ..
    })) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (code.as_str(), field.as_deref()),
        ("out-of-scope", Some("window"))
    );
    assert!(zh.contains("A03, B01"), "{zh}");
    let mandate = hall.receive(("YLZX", "A03"), &property).await.unwrap();
    assert_eq!(mandate.department.as_str(), "ZRZY");
    // Where no window of the site takes it, there is nothing to refer to within the site.
    let nowhere = hall.receive(("YLZX-GJ", "G01"), &task("marriage")).await;
    assert_eq!(crate::hall_support::code(nowhere), "nowhere-here");
}

#[tokio::test]
async fn art_05_2_an_undifferentiated_window_opens_any_active_item() {
    let hall = Hall::at(MONDAY).await;
    let live = hall.counter.live_items(hall.now()).await.unwrap();
    assert!(live.len() >= 18);
    for item in live {
        let mandate = hall.receive(("YLZX", "B01"), &item.task_code).await;
        assert_eq!(mandate.unwrap().role(), Role::Receive, "{}", item.name);
    }
    let unknown: TaskCode = "11369901000000000X1000000000000".parse().unwrap();
    assert_eq!(
        code(hall.receive(("YLZX", "B01"), &unknown).await),
        "item-unknown"
    );
}

#[tokio::test]
async fn art_05_3_a_village_window_takes_all_and_acts_at_its_own_site_only() {
    let hall = Hall::at(MONDAY).await;
    for file in [
        "sole-trader",
        "insurance-flexible",
        "disability",
        "minimum-living",
    ] {
        let mandate = hall.receive(("LXC", "V01"), &task(file)).await.unwrap();
        assert_eq!(mandate.site.as_str(), "LXC");
    }
    let elsewhere = hall.receive(("YLZX", "V01"), &task("sole-trader")).await;
    assert_eq!(code(elsewhere), "window-unknown");
    let not_granted = hall.receive(("LXC", "V01"), &task("food-permit")).await;
    assert_eq!(code(not_granted), "not-authorised");
    // All-in-one windows stand in villages, and only there.
    let (village, window) = place(("LXC", "V01"));
    let state = hall.counter.site(&village).await.unwrap();
    let plan = state.windows[&window].plan.clone();
    let centre = hall.counter.site(&"YLZX".parse().unwrap()).await.unwrap();
    let refused = hall::set_window(&centre, &window, plan).unwrap_err();
    assert_eq!(refused.code(), "all-in-one-elsewhere");
    let plan = centre.windows[&"B01".parse().unwrap()].plan.clone();
    let refused = hall::set_window(&state, &window, plan).unwrap_err();
    assert_eq!(refused.code(), "all-in-one-elsewhere");
}

#[tokio::test]
async fn art_06_a_merged_window_acts_in_every_role_and_the_role_is_kept() {
    let hall = Hall::at(MONDAY).await;
    let property = task("property-transfer");
    let (site, merged) = place(("YLZX", "A03"));
    let post = hall.counter.may_consult(&site, &merged, hall.now()).await;
    assert_eq!(post.unwrap().role, Role::Consult);
    let received = hall.receive(("YLZX", "A03"), &property).await.unwrap();
    let issued = hall.issue(("YLZX", "A03"), &property, 1).await.unwrap();
    assert_eq!(
        (received.power, received.role()),
        (Power::Receive, Role::Receive)
    );
    assert_eq!((issued.power, issued.role()), (Power::Issue, Role::Issue));
    // A window with one role refuses the others and says who has them.
    let refused = hall.issue(("YLZX", "B01"), &property, 1).await;
    let Err(CounterError::Refused(Refusal { code, zh, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(code, "role-missing");
    assert!(zh.contains("发证") && zh.contains("B02"), "{zh}");
    let (_, desk) = place(("YLZX", "A02"));
    let refused = hall.counter.may_consult(&site, &desk, hall.now()).await;
    assert_eq!(crate::hall_support::code(refused), "role-missing");
}

#[tokio::test]
async fn art_07_a_tidal_window_opens_and_closes_by_its_timetable() {
    let hall = Hall::at("2026-03-02T08:59:59+08:00").await;
    let (item, tidal) = (task("sole-trader"), ("YLZX", "C01"));
    let refused = hall.receive(tidal, &item).await;
    let Err(CounterError::Refused(Refusal {
        code: found, zh, ..
    })) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(found, "window-shut");
    assert!(zh.contains("2026-03-02 09:00"), "{zh}");
    hall.move_to("2026-03-02T09:00:00+08:00");
    hall.receive(tidal, &item).await.unwrap();
    hall.move_to("2026-03-02T11:30:00+08:00");
    assert_eq!(code(hall.receive(tidal, &item).await), "window-shut");
    // The supervisor opens it for a rush, until an instant.
    let (site, window) = place(tidal);
    let until = instant("2026-03-02T12:00:00+08:00");
    let opened = hall
        .counter
        .open_tidal(&hall.ask(), &site, &window, until)
        .await;
    opened.unwrap();
    hall.receive(tidal, &item).await.unwrap();
    hall.move_to("2026-03-02T12:00:00+08:00");
    assert_eq!(code(hall.receive(tidal, &item).await), "window-shut");
    let (_, always) = place(("YLZX", "B01"));
    let refused = hall
        .counter
        .open_tidal(&hall.ask(), &site, &always, instant("2026-03-03T00:00:00Z"))
        .await;
    assert_eq!(code(refused), "not-tidal");
}

#[tokio::test]
async fn art_07_hourly_load_is_what_really_happened() {
    let hall = Hall::at("2026-03-02T09:00:00+08:00").await;
    let item = task("sole-trader");
    let mut acts = Vec::new();
    // Receipts at known instants, more of them in the second hour.
    for (at, count) in [
        ("2026-03-02T09:10:00+08:00", 2),
        ("2026-03-02T10:00:00+08:00", 5),
    ] {
        hall.move_to(at);
        for _ in 0..count {
            let (_, window) = place(("YLZX", "C01"));
            let acted = hall.act(("YLZX", "C01"), &item, |books, now| {
                books.may_receive(&window, now)
            });
            let (mandate, receipt) = acted.await.unwrap();
            acts.push((mandate, receipt.first));
        }
    }
    let mut events = Vec::new();
    for (mandate, index) in acts {
        let facts = hall.counter.ledger.entries(index, 1).await.unwrap();
        events.push((mandate.site, mandate.window, facts[0].entry.at));
    }
    let load = hall::hourly_load(events);
    let found: Vec<_> = load
        .iter()
        .map(|(hour, count)| (hour.window.to_string(), hour.time().to_string(), *count))
        .collect();
    let row = |time: &str, count| ("C01".to_owned(), time.to_owned(), count);
    assert_eq!(found, [row("09:00", 2), row("10:00", 5)]);
    let days = hall::by_hour_of_day(&load);
    assert_eq!(days.values().copied().collect::<Vec<_>>(), [(2, 1), (5, 1)]);
}

#[tokio::test]
async fn art_11_1_an_expired_authorisation_blocks_each_power_by_itself() {
    let hall = Hall::at("2026-12-31T23:59:59+08:00").await;
    let (item, village) = (task("sole-trader"), ("LXC", "V01"));
    let mandate = hall.issue(village, &item, 1).await.unwrap();
    assert_eq!(mandate.authorisation.as_str(), "WT-2026-SCJG-HYZ");
    // Issuing ended with 2026, receiving goes on until the end of 2028.
    hall.move_to("2027-01-01T00:00:00+08:00");
    assert_eq!(
        code(hall.issue(village, &item, 1).await),
        "authorisation-expired"
    );
    hall.receive(village, &item).await.unwrap();
    hall.move_to("2028-12-31T23:59:59+08:00");
    hall.receive(village, &item).await.unwrap();
    hall.move_to("2029-01-01T00:00:00+08:00");
    assert_eq!(
        code(hall.receive(village, &item).await),
        "authorisation-expired"
    );
    // Before the first day it does not hold either.
    let early = Hall::at("2025-12-31T23:59:59+08:00").await;
    let books = early
        .counter
        .hall_books(&place(village).0, &item)
        .await
        .unwrap();
    let pending = books
        .may_issue(&place(village).1, 1, early.now())
        .unwrap_err();
    assert_eq!(pending.code(), "not-yet-authorised");
}

#[tokio::test]
async fn art_11_1_a_revoked_power_ends_at_once_and_the_other_stays() {
    let hall = Hall::at(MONDAY).await;
    let (item, id) = (task("sole-trader"), "WT-2026-SCJG-HYZ".parse().unwrap());
    let village = ("LXC", "V01");
    let today = day("2026-03-02");
    let counter = &hall.counter;
    let past = counter
        .revoke(
            &hall.ask(),
            &id,
            &[Power::Receive],
            day("2026-03-01"),
            b"letter",
        )
        .await;
    assert_eq!(code(past), "past-date");
    let revoked = counter
        .revoke(&hall.ask(), &id, &[Power::Receive], today, b"letter")
        .await;
    revoked.unwrap();
    assert_eq!(
        code(hall.receive(village, &item).await),
        "authorisation-revoked"
    );
    hall.issue(village, &item, 1).await.unwrap();
    let again = counter
        .revoke(&hall.ask(), &id, &[Power::Receive], today, b"letter")
        .await;
    assert_eq!(code(again), "not-granted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn art_11_1_an_authorisation_revoked_a_moment_ago_stops_the_receipt() {
    let hall = Hall::at(MONDAY).await;
    let item = task("sole-trader");
    let (site, window) = place(("LXC", "V01"));
    let id = "WT-2026-SCJG-HYZ".parse().unwrap();
    let revoked = AtomicBool::new(false);
    let refused = hall
        .record(|reads, now| {
            let books = counterfoil::counter::books(reads, &site, &item)?;
            books.may_receive(&window, now)?;
            // Decided; before it is recorded, the department takes its mandate back.
            if !revoked.swap(true, Ordering::SeqCst) {
                let from = day("2026-03-02");
                let powers = [Power::Receive];
                let ask = hall.ask();
                let revoke = hall.counter.revoke(&ask, &id, &powers, from, b"letter");
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(revoke))
                    .unwrap();
            }
            Ok(vec![stand_in()])
        })
        .await;
    assert_eq!(code(refused), "authorisation-revoked");
    let nothing = hall.counter.history(&stand_in().subject).await.unwrap();
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn art_11_1_a_successor_takes_over_mandates_and_decisions_from_its_day() {
    let hall = Hall::at(MONDAY).await;
    let (item, at) = (task("drainage"), ("YLZX", "B01"));
    let both = ["SWJ", "XFJ"].map(|code| code.parse::<DepartmentCode>().unwrap());
    let succeeded = hall.record(|reads, _| {
        let found = departments(reads, both.clone())?;
        let (old, new) = (&found[&both[0]], &found[&both[1]]);
        let document = Digest::of("reform");
        Ok(hall::succeed(old, new, day("2026-04-01"), document)?)
    });
    succeeded.await.unwrap();
    let before = hall.receive(at, &item).await.unwrap();
    assert_eq!(before.department.as_str(), "SWJ");
    hall.move_to("2026-04-01T00:00:00+08:00");
    let after = hall.receive(at, &item).await.unwrap();
    assert_eq!(after.department.as_str(), "XFJ");
    assert_eq!(after.authorisation.as_str(), "WT-2026-SWJ");
    let chief = |staff: &'static str| delegate(&hall, "SWJ", staff, &item);
    assert_eq!(chief("xfj-01").await.unwrap().department.as_str(), "XFJ");
    assert_eq!(code(chief("swj-01").await), "not-delegated");
}

async fn delegate(
    hall: &Hall,
    department: &str,
    staff: &str,
    task: &TaskCode,
) -> Result<Delegation, CounterError> {
    let department: DepartmentCode = department.parse().unwrap();
    let staff: StaffId = staff.parse().unwrap();
    let found = std::sync::Mutex::new(None);
    let recorded = hall.record(|reads, now| {
        let books = departments(reads, [department.clone()])?;
        let delegation = hall::delegate(&books, &department, &staff, task, now)?;
        *found.lock().unwrap() = Some(delegation);
        Ok(vec![stand_in()])
    });
    recorded.await?;
    Ok(found.into_inner().unwrap().unwrap())
}

#[tokio::test]
async fn art_11_2_only_the_delegate_decides() {
    let hall = Hall::at(MONDAY).await;
    let item = task("food-permit");
    let chief = delegate(&hall, "SCJG", "scjg-01", &item).await.unwrap();
    assert!(chief.chief);
    // An officer who decides what is not the chief representative's, and one who only reviews.
    let officer = delegate(&hall, "SCJG", "scjg-03", &item).await.unwrap();
    assert!(!officer.chief);
    for stranger in ["scjg-02", "zjj-01", "w-0117"] {
        let refused = delegate(&hall, "SCJG", stranger, &item).await;
        assert_eq!(code(refused), "not-delegated", "{stranger}");
    }
    let state = hall
        .counter
        .department(&"SCJG".parse().unwrap())
        .await
        .unwrap();
    assert!(
        state
            .may_review(&"scjg-02".parse().unwrap(), hall.now())
            .is_ok()
    );
    let refused = state.may_review(&"zjj-02".parse().unwrap(), hall.now());
    assert_eq!(refused.unwrap_err().code(), "not-an-officer");
}

#[tokio::test]
async fn art_11_2_a_removed_or_expired_chief_representative_decides_no_more() {
    let hall = Hall::at(MONDAY).await;
    let item = task("food-permit");
    let (department, staff) = ("SCJG".parse().unwrap(), "scjg-01".parse().unwrap());
    let counter = &hall.counter;
    let from = day("2026-03-05");
    let removed = counter
        .remove_from_post(&hall.ask(), &department, &staff, true, from)
        .await;
    removed.unwrap();
    hall.move_to("2026-03-04T23:59:59+08:00");
    assert!(
        delegate(&hall, "SCJG", "scjg-01", &item)
            .await
            .unwrap()
            .chief
    );
    hall.move_to("2026-03-05T00:00:00+08:00");
    assert_eq!(
        code(delegate(&hall, "SCJG", "scjg-01", &item).await),
        "delegation-ended"
    );
    hall.move_to("2028-12-31T23:59:59+08:00");
    let last_day = delegate(&hall, "RSJ", "rsj-01", &item).await.unwrap();
    assert_eq!((last_day.staff.as_str(), last_day.chief), ("rsj-01", true));
    hall.move_to("2029-01-01T00:00:00+08:00");
    assert_eq!(
        code(delegate(&hall, "RSJ", "rsj-01", &item).await),
        "delegation-ended"
    );
}
