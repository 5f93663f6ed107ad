//! Documents and signatures of a case as files, and orders that name them by digest.

use counterfoil::domain::barcode::{Barcode, BarcodeKind, PageCodes};
use counterfoil::domain::text::Rect;
use counterfoil::domain::{Date, Digest};
use counterfoil::records::audit::{AuditKind, audit_blobs, blobs_named, tell};
use serde_json::{Value, json};

use crate::erasure::{seal, text};
use crate::support::tiny_scan;
use crate::window_hall::Hall;
use crate::window_http::{opened, received, scanned};

/// The fields that were refused, with their codes.
pub fn fields(body: &Value) -> Vec<(&str, &str)> {
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
    scanned(&mut clerk, &case).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_misses_a_document_that_is_gone() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let digest = clerk.document(&case, "kept").await;
    let records = hall.app.records();
    let told = tell(&records).await.unwrap();
    assert!(told.papers.contains_key(&digest.parse().unwrap()));
    assert!(
        blobs_named(&records)
            .await
            .unwrap()
            .contains(&digest.parse().unwrap())
    );
    let (findings, _) = audit_blobs(&records, &told, || {}).await.unwrap();
    assert_eq!(findings, []);
    hall.lose_blob(&digest);
    let (findings, _) = audit_blobs(&records, &told, || {}).await.unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].kind, AuditKind::Document);
    assert!(case.ends_with(findings[0].subject.trim_start_matches("case/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_codes_of_a_records_pages_are_told_to_whoever_may_read_its_case() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let number = case.rsplit('/').next().unwrap();
    let bytes = tiny_scan(77);
    let scan = Digest::of(&bytes);
    let upload = format!("/api/v1/scans/{scan}?case={number}");
    assert_eq!(clerk.upload(&upload, bytes).await, 202);
    let pages = format!("/api/v1/scans/{scan}/pages");
    let waiting = clerk.get(&pages).await.ok(409);
    assert_eq!(waiting.body["code"], "not-sealed");
    let code = Barcode {
        kind: BarcodeKind::Qr,
        value: "tel:13800138000".into(),
        binary: false,
        rect: Rect::from([4, 5, 60, 60]),
    };
    let codes = serde_json::to_vec(&PageCodes { codes: vec![code] }).unwrap();
    seal(
        &hall.app.ledger,
        &hall.app.blobs,
        scan,
        &[&text("甲"), &codes],
    )
    .await;
    let told = clerk.get(&pages).await.ok(200).body;
    assert_eq!(told["total"], 1);
    let expected = json!([{ "kind": "qr", "value": "tel:13800138000", "rect": [4, 5, 60, 60] }]);
    assert_eq!(told["pages"][0]["codes"], expected);
    let none = clerk.get(&format!("{pages}?from=2")).await.ok(200).body;
    assert_eq!(none["pages"], json!([]));
    clerk.get(&format!("{pages}?from=x")).await.ok(400);
    // A clerk of another site learns nothing, and who read it is in the log of reads.
    let mut other = hall.signed_in("c002").await;
    other.get(&pages).await.ok(404);
    hall.stranger().get(&pages).await.ok(401);
    let day = Date::of(counterfoil::domain::Clock::now(hall.clock.as_ref()));
    let (lines, _) = hall.service.reads.lines(day, 0, 1000).unwrap();
    let read = lines.iter().filter(|line| {
        line.subject.to_string().ends_with(number)
            && serde_json::to_value(line.kind).unwrap() == "document"
    });
    assert_eq!(read.count(), 3);
}
