//! Documents and signatures of a case as files, and entering afterwards what happened in an outage.

use counterfoil::domain::case::CaseEvent;
use counterfoil::domain::{CaseNo, Digest, Event, Subject};
use serde_json::{Value, json};

use crate::forms::support::{Paper, squeezed};
use crate::window_hall::{Client, FOOD_PERMIT, Hall};
use crate::window_http::{all_met, opened, parties, received};

fn number(case: &str) -> CaseNo {
    case.rsplit('/').next().unwrap().parse().unwrap()
}

fn fields(body: &Value) -> Vec<(&str, &str)> {
    body["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["field"].as_str().unwrap(),
                one["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_told_by_its_content_and_kept_once() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let documents = format!("{case}/documents");
    let png = b"\x89PNG\r\n\x1a\n....".to_vec();
    let kept = clerk.post_bytes(&documents, png.clone()).await.ok(201);
    let digest = Digest::of(&png).to_string();
    assert_eq!(
        kept.body,
        json!({ "digest": digest, "format": "png", "bytes": png.len() })
    );
    let facts = *hall.app.ledger.published().borrow();
    let again = clerk.post_bytes(&documents, png.clone()).await.ok(201);
    assert_eq!(again.body, kept.body);
    assert_eq!(
        *hall.app.ledger.published().borrow(),
        facts,
        "the same bytes are one fact"
    );
    let (status, headers, bytes) = clerk.fetch(&format!("{documents}/{digest}")).await;
    assert_eq!((status.as_u16(), bytes), (200, png));
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers["x-content-type-options"], "nosniff");

    for (bytes, code) in [
        (b"".to_vec(), "empty-file"),
        (b"<!DOCTYPE html><script>".to_vec(), "unsupported-format"),
        (b"MZ\x90\0%PDF-1.4".to_vec(), "unsupported-format"),
        (b"GIF89a".to_vec(), "unsupported-format"),
    ] {
        let refused = clerk.post_bytes(&documents, bytes).await;
        assert_eq!(refused.body["code"], code, "{}", refused.body);
    }
    let mut large = b"%PDF-1.4".to_vec();
    large.resize(20 * 1024 * 1024 + 1, b' ');
    let refused = clerk.post_bytes(&documents, large).await;
    assert_eq!(refused.status, 413, "{}", refused.body);

    let mut other = hall.signed_in("c002").await;
    assert_eq!(
        other
            .post_bytes(&documents, b"%PDF-1.4".to_vec())
            .await
            .status,
        404
    );
    assert_eq!(other.fetch(&format!("{documents}/{digest}")).await.0, 404);
    let mut supervisor = hall.signed_in("s001").await;
    assert_eq!(
        supervisor
            .post_bytes(&documents, b"%PDF-1.4".to_vec())
            .await
            .status,
        403
    );
    let nowhere = Digest::of("nowhere");
    assert_eq!(clerk.fetch(&format!("{documents}/{nowhere}")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_was_not_handed_in_for_the_case_is_refused_by_field() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let (case, neighbour) = (opened(&mut clerk).await, opened(&mut clerk).await);
    // Handed in for another case it is none of this one.
    let digest = clerk.document(&neighbour, "签名").await;
    let staff = |staff: &str, digest: &str| json!({ "staff": staff, "party": { "type": "window" }, "digest": digest });
    let route = json!({ "type": "handed_over", "given": staff("scjg-02", &digest), "taken": staff("c001", &digest) });
    let orders = [
        (
            "intake",
            json!({ "action": "defer", "rows": ["M05"], "days": 3, "excluded": false, "signature": digest }),
            vec!["signature"],
        ),
        (
            "intake",
            json!({ "action": "notify_correction", "defects": [], "due": "2026-03-20", "signature": digest }),
            vec!["signature"],
        ),
        (
            "materials",
            json!({ "action": "meet", "meet": { "row": "M02", "way": "e_licence", "evidence": digest } }),
            vec!["meet.evidence"],
        ),
        (
            "ending",
            json!({ "action": "withdraw", "id_number": "x", "signature": digest }),
            vec!["signature"],
        ),
        (
            "ending",
            json!({ "action": "return_paper", "id_number": "x", "signature": digest }),
            vec!["signature"],
        ),
        (
            "dispatch",
            json!({ "action": "collect_paper", "department": "SCJG", "rows": ["M01"],
            "given": staff("c001", &digest), "taken": staff("scjg-02", &digest) }),
            vec!["given.digest", "taken.digest"],
        ),
        (
            "result",
            json!({ "action": "obtain", "route": route, "content": digest }),
            vec!["content", "route.given.digest", "route.taken.digest"],
        ),
        (
            "result",
            json!({ "action": "hand_out", "window": "B02", "id_number": "x", "signature": digest }),
            vec!["signature"],
        ),
    ];
    for (action, order, expected) in &orders {
        let refused = clerk.act(&case, action, order).await.ok(422);
        let named: Vec<&str> = fields(&refused.body).iter().map(|one| one.0).collect();
        assert_eq!(named, *expected, "{order}");
        assert!(
            fields(&refused.body)
                .iter()
                .all(|one| one.1 == "document-unknown")
        );
    }
    clerk.document(&case, "签名").await;
    let (action, order, _) = &orders[2];
    clerk.act(&case, action, order).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_names_a_document_that_the_department_handed_in() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    crate::window_http::scanned(&mut clerk, &case).await;
    clerk
        .act(&case, "dispatch", &json!({ "action": "push" }))
        .await
        .ok(200);
    let mut officer = hall.signed_in("scjg-03").await;
    let order =
        json!({ "action": "decide", "outcome": "granted", "document": Digest::of("nothing") });
    let decide = json!({ "department": "SCJG", "order": order });
    let refused = officer.act(&case, "review", &decide).await.ok(422);
    assert_eq!(fields(&refused.body), [("document", "document-unknown")]);
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_an_outage_is_entered_afterwards_with_its_blank() {
    let hall = Hall::open().await;
    blanks(&hall, 2).await;
    let mut clerk = hall.signed_in("c001").await;
    let case = entered_late(&mut clerk).await;
    let receipt = |serial: &str, occurred: Value| {
        json!({
            "action": "issue_receipt", "window": "A02", "manner": "print", "serial": serial,
            "occurred": occurred
        })
    };
    let then = || late("2026-03-09T09:40:00+08:00");
    let refused = clerk
        .act(&case, "intake", &receipt("KB-YLZX-000001", Value::Null))
        .await;
    assert_eq!(
        fields(&refused.ok(422).body),
        [("occurred", "blank-needs-time")]
    );
    let refused = clerk
        .act(&case, "intake", &receipt("KB-YLZX-000009", then()))
        .await
        .ok(409);
    assert_eq!(refused.reason(), "not-received");
    let future = late("2026-03-09T23:00:00+08:00");
    let refused = clerk
        .act(&case, "intake", &receipt("KB-YLZX-000001", future))
        .await;
    assert_eq!(
        fields(&refused.ok(422).body),
        [("occurred.at", "in-the-future")]
    );
    let long_ago = late("2026-01-20T09:00:00+08:00");
    let refused = clerk
        .act(&case, "intake", &receipt("KB-YLZX-000001", long_ago))
        .await;
    assert_eq!(
        fields(&refused.ok(422).body),
        [("occurred.at", "too-long-ago")]
    );
    clerk
        .act(&case, "intake", &receipt("KB-YLZX-000001", then()))
        .await
        .ok(200);

    let order = json!({ "form": "intake_receipt" });
    let print = clerk
        .post(&format!("{case}/forms"), &order)
        .await
        .ok(201)
        .body;
    let (_, _, pdf) = clerk.fetch(print["link"].as_str().unwrap()).await;
    let text = Paper::from_bytes(&pdf, 1).text();
    for part in ["KB-YLZX-000001", "2026年3月9日09时40分", "补录"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let other = entered_late(&mut clerk).await;
    let refused = clerk
        .act(&other, "intake", &receipt("KB-YLZX-000001", then()))
        .await
        .ok(409);
    assert_eq!(refused.reason(), "used-before");
    let stock = clerk.get("/api/v1/stocks/blank-receipt").await.ok(200).body;
    assert_eq!((&stock["used"], &stock["balance"]), (&json!(1), &json!(1)));

    // The facts say both times; the reason stays out of them.
    let subject = Subject::Case(number(&case));
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
