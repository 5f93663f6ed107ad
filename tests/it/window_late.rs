//! Entering afterwards what happened in an outage (补录): numbered blank receipts, the time and the reason.

use counterfoil::domain::case::CaseEvent;
use counterfoil::domain::{Event, Subject};
use serde_json::{Value, json};

use crate::forms::support::{Paper, squeezed};
use crate::window_client::Client;
use crate::window_documents::fields;
use crate::window_forms::number;
use crate::window_hall::{FOOD_PERMIT, Hall};
use crate::window_http::{all_met, parties};

/// Prints a batch of blanks; the first serial.
async fn blanks(hall: &Hall, count: u32) -> Value {
    let mut supervisor = hall.signed_in("s001").await;
    let order = json!({ "window": "A02", "count": count });
    let path = "/api/v1/sites/YLZX/blank-receipts";
    supervisor.post(path, &order).await.ok(201).body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_blanks_is_printed_numbered_and_in_stock() {
    let hall = Hall::open().await;
    let batch = blanks(&hall, 2).await;
    assert_eq!(batch["first"], "KB-YLZX-000001");
    assert_eq!(batch["last"], "KB-YLZX-000002");
    let mut clerk = hall.signed_in("c001").await;
    for blank in batch["blanks"].as_array().unwrap() {
        let (status, _, pdf) = clerk.fetch(blank["link"].as_str().unwrap()).await;
        assert_eq!(status, 200);
        let paper = Paper::from_bytes(&pdf, 1);
        paper.is_sound();
        let serial = blank["serial"].as_str().unwrap();
        for part in [serial, "云澜市政务服务中心", "存根联"] {
            assert!(paper.text().contains(&squeezed(part)), "{part}");
        }
    }
    let next = blanks(&hall, 1).await;
    assert_eq!(next["first"], "KB-YLZX-000003");
    let stock = clerk.get("/api/v1/stocks/blank-receipt").await.ok(200).body;
    assert_eq!(
        (&stock["received"], &stock["balance"]),
        (&json!(3), &json!(3))
    );
    let path = "/api/v1/sites/YLZX/blank-receipts";
    let order = json!({ "window": "A02", "count": 1 });
    assert_eq!(
        clerk.post(path, &order).await.status,
        403,
        "clerks do not number blanks"
    );
    let mut supervisor = hall.signed_in("s001").await;
    for (order, field) in [
        (json!({ "window": "A02", "count": 0 }), "count"),
        (json!({ "window": "A02", "count": 21 }), "count"),
        (json!({ "window": "X99", "count": 1 }), "window"),
    ] {
        let refused = supervisor.post(path, &order).await.ok(422);
        assert_eq!(fields(&refused.body)[0].0, field);
    }
    let once = json!({ "window": "A02", "count": 1 });
    let first = supervisor
        .send("POST", path, Some(&once), Some("b"), None)
        .await
        .ok(201);
    let again = supervisor
        .send("POST", path, Some(&once), Some("b"), None)
        .await
        .ok(201);
    assert_eq!(first.body, again.body);
    let mut other = hall.signed_in("c002").await;
    assert_eq!(other.fetch(&format!("{path}/KB-YLZX-000001")).await.0, 404);
}

fn late(at: &str) -> Value {
    json!({ "at": at, "reason": "停电，系统停用" })
}

/// A visit and a case of this morning, entered later; the case's rows are met.
async fn entered_late(clerk: &mut Client) -> String {
    let visit = json!({
        "site": "YLZX", "window": "A02", "role": "receive", "channel": "window",
        "occurred": late("2026-03-09T09:20:00+08:00")
    });
    let visit = clerk.post("/api/v1/visits", &visit).await.ok(201).body;
    let case = json!({
        "visit": visit["id"], "task": FOOD_PERMIT, "parties": parties(),
        "occurred": late("2026-03-09T09:25:00+08:00")
    });
    let opened = clerk.post("/api/v1/cases", &case).await.ok(201).body;
    let case = format!("/api/v1/cases/{}", opened["no"].as_str().unwrap());
    assert_eq!(opened["opened_at"], "2026-03-09T01:25:00.000Z");
    all_met(clerk, &case).await;
    case
}

/// The receipt of a case, on a blank.
fn on_blank(serial: &str, occurred: Value) -> Value {
    json!({
        "action": "issue_receipt", "window": "A02", "manner": "print", "serial": serial,
        "occurred": occurred
    })
}

fn then() -> Value {
    late("2026-03-09T09:40:00+08:00")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_an_outage_is_entered_afterwards_with_its_blank() {
    let hall = Hall::open().await;
    blanks(&hall, 2).await;
    let mut clerk = hall.signed_in("c001").await;
    let case = entered_late(&mut clerk).await;
    let order = on_blank("KB-YLZX-000001", then());
    clerk.act(&case, "intake", &order).await.ok(200);

    let form = json!({ "form": "intake_receipt" });
    let forms = format!("{case}/forms");
    let print = clerk.post(&forms, &form).await.ok(201).body;
    let (_, _, pdf) = clerk.fetch(print["link"].as_str().unwrap()).await;
    let text = Paper::from_bytes(&pdf, 1).text();
    for part in ["KB-YLZX-000001", "2026年3月9日09时40分", "补录"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let other = entered_late(&mut clerk).await;
    let refused = clerk.act(&other, "intake", &order).await.ok(409);
    assert_eq!(refused.reason(), "used-before");
    let stock = clerk.get("/api/v1/stocks/blank-receipt").await.ok(200).body;
    assert_eq!((&stock["used"], &stock["balance"]), (&json!(1), &json!(1)));
    both_times_are_told(&hall, &case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_needs_its_stock_and_a_time_that_can_be() {
    let hall = Hall::open().await;
    blanks(&hall, 1).await;
    let mut clerk = hall.signed_in("c001").await;
    let case = entered_late(&mut clerk).await;
    for (occurred, expected) in [
        (Value::Null, ("occurred", "blank-needs-time")),
        (
            late("2026-03-09T23:00:00+08:00"),
            ("occurred.at", "in-the-future"),
        ),
        (
            late("2026-01-20T09:00:00+08:00"),
            ("occurred.at", "too-long-ago"),
        ),
    ] {
        let order = on_blank("KB-YLZX-000001", occurred);
        let refused = clerk.act(&case, "intake", &order).await.ok(422);
        assert_eq!(fields(&refused.body), [expected]);
    }
    let order = on_blank("KB-YLZX-000009", then());
    let refused = clerk.act(&case, "intake", &order).await.ok(409);
    assert_eq!(refused.reason(), "not-received");
    let before = late("2026-03-09T09:21:00+08:00");
    let order = on_blank("KB-YLZX-000001", before);
    let refused = clerk.act(&case, "intake", &order).await.ok(409);
    assert_eq!(
        refused.reason(),
        "out-of-order",
        "before the case was opened"
    );
    let stock = clerk.get("/api/v1/stocks/blank-receipt").await.ok(200).body;
    assert_eq!(stock["used"], 0);
}

/// The facts say both times; the reason stays out of them.
async fn both_times_are_told(hall: &Hall, case: &str) {
    let subject = Subject::Case(number(case));
    let history = hall.service.counter.history(&subject).await.unwrap();
    let issued = |event: &Event| {
        matches!(
            event,
            Event::Case {
                event: CaseEvent::ReceiptIssued { .. }
            }
        )
    };
    let fact = history
        .iter()
        .find(|fact| issued(&fact.entry.event))
        .unwrap();
    let occurred = fact.entry.occurred.as_ref().unwrap();
    assert_eq!(occurred.at.to_string(), "2026-03-09T01:40:00.000Z");
    assert!(fact.entry.at > occurred.at);
    let reason = hall
        .service
        .counter
        .vault
        .get(&subject, &occurred.reason)
        .await
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&reason), "\"停电，系统停用\"");
    assert!(fact.bytes.is_ascii());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_enter_late_is_refused() {
    let hall = Hall::open().await;
    let visit = json!({
        "site": "YLZX", "window": "A02", "role": "receive", "channel": "window",
        "occurred": late("2026-03-09T09:20:00+08:00")
    });
    let mut other = hall.signed_in("c002").await;
    assert_eq!(other.post("/api/v1/visits", &visit).await.status, 404);
    let mut supervisor = hall.signed_in("s001").await;
    assert_eq!(supervisor.post("/api/v1/visits", &visit).await.status, 403);
    let mut clerk = hall.signed_in("c001").await;
    let mut empty = visit.clone();
    empty["occurred"]["reason"] = json!(" ");
    let refused = clerk.post("/api/v1/visits", &empty).await.ok(422);
    assert_eq!(fields(&refused.body), [("occurred.reason", "missing")]);
}
