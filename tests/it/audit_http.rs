//! The log of reads, through the HTTP face.

use counterfoil::domain::Actor;
use counterfoil::domain::access::Role;
use serde_json::json;

use crate::hall_http::of_the_hall;
use crate::window_client::Answer;
use crate::window_hall::Hall;

const HOUR: i64 = 3_600_000;

fn field(answer: &Answer) -> &str {
    answer.body["fields"][0]["field"].as_str().unwrap_or("none")
}

/// Three reads of the first day.
fn some_reads(hall: &Hall) {
    let actor = Actor::new("staff:c001").unwrap();
    let case = "case/C-1".parse().unwrap();
    for _ in 0..3 {
        let now = hall.service.counter.clock.now();
        let kind = counterfoil::store::read_log::ReadKind::View;
        hall.service
            .reads
            .note(now, &actor, &case, kind, None)
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_reads_are_shown_with_their_digest_and_a_changed_file_shows() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    some_reads(&hall);
    let path = "/api/v1/audit/reads?day=2026-03-09";
    assert_eq!(clerk.get(path).await.status, 403);
    let mut auditor = hall.signed_in("aud01").await;
    let page = auditor.get(&format!("{path}&limit=2")).await.ok(200);
    assert_eq!(
        (
            page.body["items"].as_array().unwrap().len(),
            &page.body["standing"]
        ),
        (2, &json!("open"))
    );
    assert_eq!(page.body["items"][0]["by"], "staff:c001");
    let next = page.body["next"].as_str().unwrap();
    let rest = auditor
        .get(&format!("{path}&limit=2&cursor={next}"))
        .await
        .ok(200);
    assert_eq!(rest.body["items"].as_array().unwrap().len(), 1);
    assert!(rest.body.get("next").is_none());
    assert_eq!(
        field(&auditor.get(&format!("{path}&cursor=3")).await.ok(422)),
        "cursor"
    );
    assert_eq!(
        field(&auditor.get("/api/v1/audit/reads").await.ok(400)),
        "day"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_reads_that_was_changed_shows() {
    let hall = Hall::open().await;
    some_reads(&hall);
    let path = "/api/v1/audit/reads?day=2026-03-09";
    let system = Actor::new("system:audit").unwrap();
    let counter = &hall.service.counter;
    assert!(
        counter
            .record_reads(&hall.service.reads, &system)
            .await
            .unwrap()
            .is_empty(),
        "the day is not over"
    );
    hall.clock.advance_millis(24 * HOUR);
    assert_eq!(
        counter
            .record_reads(&hall.service.reads, &system)
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        counter
            .record_reads(&hall.service.reads, &system)
            .await
            .unwrap()
            .is_empty()
    );
    let mut auditor = of_the_hall(&hall, "aud02", Role::Auditor).await;
    let intact = auditor.get(path).await.ok(200);
    assert_eq!(
        (&intact.body["standing"], &intact.body["recorded"]),
        (&json!("intact"), &intact.body["found"])
    );
    let file = hall.app.config.data.folder.join("reads/2026-03-09.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let less: Vec<&str> = text.lines().skip(1).collect();
    std::fs::write(&file, format!("{}\n", less.join("\n"))).unwrap();
    assert_eq!(auditor.get(path).await.ok(200).body["standing"], "altered");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(auditor.get(path).await.ok(200).body["standing"], "missing");
}
