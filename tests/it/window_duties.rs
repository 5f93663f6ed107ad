//! What surrounds a case: trays, lists of tickets, reconciliation, reform of departments, the day's log of reads, and
//! lawful erasure, over HTTP.

use std::time::Duration;

use counterfoil::domain::Date;
use counterfoil::domain::hall;
use counterfoil::domain::{DepartmentCode, Digest};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::window_hall::{FOOD_PERMIT, Hall};
use crate::window_http::{NAME, decided, opened, received, scanned, visit};

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_listed_by_whoever_answers_them() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let call = json!({
        "site": "YLZX", "matter": { "matter": "expert_call", "department": "SCJG" }, "note": "请派专家", "days": 1
    });
    let opened = clerk.post("/api/v1/tickets", &call).await.ok(201);
    let attitude = json!({
        "site": "YLZX", "matter": { "matter": "complaint", "category": "attitude" }, "note": "态度", "days": 5
    });
    let mut supervisor = hall.signed_in("s001").await;
    supervisor.post("/api/v1/tickets", &attitude).await.ok(201);
    hall.follow().await;
    let mut officer = hall.signed_in("scjg-02").await;
    let theirs = officer.get("/api/v1/tickets?department=SCJG").await.ok(200);
    assert_eq!(theirs.body["items"][0]["id"], opened.body["id"]);
    assert_eq!(theirs.body["items"].as_array().unwrap().len(), 1);
    let windows = clerk.get("/api/v1/tickets?site=YLZX").await.ok(200);
    assert_eq!(windows.body["items"][0]["matter"], "complaint");
    let closed = clerk
        .get("/api/v1/tickets?site=YLZX&closed=true")
        .await
        .ok(200);
    assert_eq!(closed.body["items"], json!([]));
    officer.get("/api/v1/tickets?site=YLZX").await.ok(404);
    officer.get("/api/v1/tickets?department=MZJ").await.ok(404);
    clerk.get("/api/v1/tickets").await.ok(400);
}

/// The next fact of an event stream.
async fn next(
    stream: &mut (impl StreamExt<Item = Result<bytes::Bytes, axum::Error>> + Unpin),
) -> Value {
    let event = tokio::time::timeout(Duration::from_secs(20), stream.next());
    let event = event.await.unwrap().unwrap().unwrap();
    let text = String::from_utf8(event.to_vec()).unwrap();
    let data = text
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    serde_json::from_str(data).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tray_shows_what_happens_at_its_site_and_nothing_else() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let mut other = hall.signed_in("c002").await;
    let mut ours = clerk.stream("/api/v1/sites/YLZX/events").await;
    let mut theirs = other.stream("/api/v1/sites/HYZ/events").await;
    visit(&mut clerk, "YLZX", "A02", "receive").await;
    let body = json!({ "site": "HYZ", "window": "T01", "role": "consult", "channel": "window" });
    other.post("/api/v1/visits", &body).await.ok(201);
    let first = next(&mut ours).await;
    assert_eq!(first["kind"], "visit.opened");
    let elsewhere = next(&mut theirs).await;
    assert!(elsewhere["index"].as_u64() > first["index"].as_u64());
    let scan = crate::support::tiny_scan(77);
    let path = format!("/api/v1/scans/{}", Digest::of(&scan));
    assert_eq!(clerk.upload(&path, scan).await, 202);
    assert_eq!(next(&mut ours).await["kind"], "scan_received");
    other.get("/api/v1/sites/YLZX/events").await.ok(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_7_a_result_without_a_case_is_found_in_the_departments_register() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = decided(&hall, &mut clerk).await;
    let undecided = received(&mut clerk).await;
    hall.follow().await;
    let no = |case: &str| case.rsplit('/').next().unwrap().to_owned();
    let row =
        |case: Option<String>| json!({ "task": FOOD_PERMIT, "case": case, "serial": "JY9999" });
    let register = json!({
        "department": "SCJG", "rows": [row(Some(no(&case))), row(Some(no(&undecided))), row(None)]
    });
    let mut officer = hall.signed_in("scjg-02").await;
    let path = "/api/v1/reconciliation";
    let found = officer.post(path, &register).await.ok(200);
    let places: Vec<u64> = found
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["place"].as_u64().unwrap())
        .collect();
    assert_eq!(places, [1, 2], "{}", found.body);
    let foreign = json!({ "department": "MZJ", "rows": [row(None)] });
    officer.post(path, &foreign).await.ok(404);
    let empty = json!({ "department": "SCJG", "rows": [] });
    let refused = officer.post(path, &empty).await.ok(422);
    assert_eq!(refused.body["fields"][0]["field"], "rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_cases_in_the_halls_time() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let no = case.rsplit('/').next().unwrap();
    let config = hall
        .app
        .config
        .data
        .folder
        .with_file_name("counterfoil.toml");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        let command = command.arg("--config").arg(&config).args(arguments);
        let output = command.env_remove("COUNTERFOIL_DATA").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for arguments in [&["case", "list"][..], &["case", "show", no]] {
        let said = run(arguments);
        assert!(said.contains("2026-03-09 10:00:0"), "{said}");
        assert!(!said.contains("2026-03-09T"), "{said}");
    }
    let said = run(&["--json", "case", "list"]);
    assert!(
        said.contains("\"opened_at\":\"2026-03-09T02:00:0"),
        "{said}"
    );
}

/// From `from` on, MZJ answers for what was SCJG's.
async fn succeed(hall: &Hall, from: &str) {
    let (old, new): (DepartmentCode, DepartmentCode) =
        ("SCJG".parse().unwrap(), "MZJ".parse().unwrap());
    let counter = &hall.service.counter;
    let (old, new) = (
        counter.department(&old).await.unwrap(),
        counter.department(&new).await.unwrap(),
    );
    let from: Date = from.parse().unwrap();
    let facts = hall::succeed(&old, &new, from, Digest::of("reform")).unwrap();
    let request = counterfoil::domain::RequestId::new("test/reform").unwrap();
    let by = counterfoil::domain::Actor::new("cli:operator").unwrap();
    let decide = |_: &mut counterfoil::ledger::Reads<'_>, _| {
        Ok::<_, counterfoil::ledger::Decline>(facts.clone())
    };
    hall.app.ledger.record(request, &by, decide).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_1_a_case_under_way_goes_on_with_the_successor() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    scanned(&mut clerk, &case).await;
    let push = json!({ "action": "push" });
    clerk.act(&case, "dispatch", &push).await.ok(200);
    succeed(&hall, "2026-03-09").await;
    let mut old = hall.signed_in("scjg-02").await;
    let accept = json!({ "department": "SCJG", "order": { "action": "accept" } });
    let refused = old.act(&case, "review", &accept).await.ok(409);
    assert_eq!(refused.reason(), "wrong-department");
    let mut new = hall.signed_in("mzj-02").await;
    new.get(&case).await.ok(404);
    // The window sends it to whoever answers now.
    clerk.act(&case, "dispatch", &push).await.ok(200);
    let accept = json!({ "department": "MZJ", "order": { "action": "accept" } });
    let accepted = new.act(&case, "review", &accept).await.ok(200);
    assert_eq!(accepted.body["stage"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_log_of_reads_is_fixed_once_the_day_is_over() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    opened(&mut clerk).await;
    let clockwork = hall.app.clockwork().unwrap();
    assert_eq!(clockwork.round().await.unwrap().audited, 0);
    let day = Date::of(counterfoil::domain::Clock::now(hall.clock.as_ref()));
    hall.clock.advance_millis(24 * 3600 * 1000);
    assert_eq!(clockwork.round().await.unwrap().audited, 1);
    assert_eq!(clockwork.round().await.unwrap().audited, 0);
    let audits = hall.service.counter.hall().await.unwrap().audits;
    let found = hall.service.reads.digest(day).unwrap();
    assert_eq!(audits.get(&day), Some(&(found.digest, found.count)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_case_can_never_be_read_again_and_the_ledger_verifies() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    scanned(&mut clerk, &case).await;
    let mut supervisor = hall.signed_in("s001").await;
    let order = json!({ "reason": "subject_request", "ground": "申请 2026-7 号，经核实" });
    hall.clock.advance_millis(12 * 60 * 1000);
    let refused = supervisor.act(&case, "erasure", &order).await;
    // Whoever signed in a while ago proves once more who it is.
    assert_eq!(
        (refused.status.as_u16(), refused.body["code"].as_str()),
        (403, Some("step-up-needed"))
    );
    supervisor.step_up().await;
    let refused = supervisor.act(&case, "erasure", &order).await.ok(409);
    assert_eq!(refused.reason(), "case-not-closed");
    let withdraw = json!({ "action": "withdraw", "id_number": crate::window_http::ID_NUMBER, "signature": clerk.document(&case, "w").await });
    clerk.act(&case, "ending", &withdraw).await.ok(200);
    let early = json!({ "reason": "retention_over", "ground": "到期" });
    let refused = supervisor.act(&case, "erasure", &early).await.ok(409);
    assert!(
        ["retention-runs", "kept-for-ever"].contains(&refused.reason()),
        "{}",
        refused.body
    );
    supervisor.act(&case, "erasure", &order).await.ok(200);
    clerk.get(&case).await.ok(410);
    let page = clerk.get("/api/v1/cases?site=YLZX").await.ok(200);
    hall.follow().await;
    assert_eq!(page.body["items"], json!([]), "{}", page.body);
    // Asked again it finishes what was cut off, and records nothing.
    let size = *hall.app.ledger.published().borrow();
    let key = "erase-again";
    supervisor
        .send(
            "POST",
            &format!("{case}/erasure"),
            Some(&order),
            Some(key),
            Some("\"1\""),
        )
        .await
        .ok(200);
    assert_eq!(*hall.app.ledger.published().borrow(), size);
    assert_eq!(
        hall.app.clockwork().unwrap().round().await.unwrap().erased,
        0
    );
    let no = case.rsplit('/').next().unwrap();
    let state = hall
        .service
        .counter
        .case(&no.parse().unwrap())
        .await
        .unwrap()
        .0;
    assert!(
        hall.service.counter.reveal(&state.no).await.is_err(),
        "{NAME} can still be read"
    );
    let findings = counterfoil::ledger::audit_tree(hall.app.store.as_ref()).await;
    assert!(findings.is_ok());
}
