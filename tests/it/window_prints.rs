//! The rules of printing: what is refused, what a reprint states, who sees it, what an erasure leaves.

use counterfoil::domain::case::CaseForm;
use counterfoil::domain::{Commitment, Digest, Subject};
use serde_json::{Value, json};

use crate::forms::support::Paper;
use crate::window_client::Client;
use crate::window_forms::{number, print, prints, says};
use crate::window_hall::Hall;
use crate::window_http::{ID_NUMBER, all_met, decided, opened, received, scanned};

#[tokio::test(flavor = "multi_thread")]
async fn a_reprint_states_the_same_and_says_that_it_is_one() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let first = print(&mut clerk, &case, "intake_receipt").await;
    // What came later is not on a reprint.
    clerk.document(&case, "另一份文件").await;
    let second = print(&mut clerk, &case, "intake_receipt").await;
    let third = print(&mut clerk, &case, "intake_receipt").await;
    assert_eq!(
        (&first["print"], &second["print"], &third["print"]),
        (&json!(1), &json!(2), &json!(3))
    );
    assert_eq!(first["statement"], second["statement"]);
    assert_ne!(first["pdf"], second["pdf"]);
    let (_, _, pdf) = clerk.fetch(third["link"].as_str().unwrap()).await;
    says(&Paper::from_bytes(&pdf, 1), &["第 2 次补打"]);
    let choose = json!({ "form": "intake_receipt", "copies": 3 });
    let refused = clerk.post(&format!("{case}/forms"), &choose).await.ok(422);
    assert_eq!(refused.body["fields"][0]["field"], "copies");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_and_the_seal_are_chosen_within_limits() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let forms = format!("{case}/forms");
    let many = json!({ "form": "intake_receipt", "copies": 4 });
    let refused = clerk.post(&forms, &many).await.ok(422);
    assert!(
        refused.body["detail"].as_str().unwrap().contains("copies"),
        "{}",
        refused.body
    );
    let unknown = json!({ "form": "intake_receipt", "applicant": "别人" });
    clerk.post(&forms, &unknown).await.ok(400);
    let chosen = json!({ "form": "intake_receipt", "copies": 3, "seal": "department" });
    let print = clerk.post(&forms, &chosen).await.ok(201).body;
    let (_, _, pdf) = clerk.fetch(print["link"].as_str().unwrap()).await;
    says(
        &Paper::from_bytes(&pdf, 1),
        &["一式三份", "云澜市市场监督管理局"],
    );
    assert_eq!(
        prints(&hall, &case).await.len(),
        1,
        "refused requests are no facts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_refused_before_its_step_and_the_same_request_prints_once() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let forms = format!("{case}/forms");
    for form in CaseForm::ALL {
        let refused = clerk.post(&forms, &json!({ "form": form })).await.ok(409);
        assert_eq!(refused.reason(), "nothing-to-print", "{form:?}");
        let why = refused.body["reason"]["zh"].as_str().unwrap();
        assert!(why.contains(&form.to_string()), "{why}");
    }
    all_met(&mut clerk, &case).await;
    let receipt = json!({ "action": "issue_receipt", "window": "A02", "manner": "print" });
    clerk.act(&case, "intake", &receipt).await.ok(200);
    let order = json!({ "form": "intake_receipt" });
    let wrong = json!({ "form": "intake_receipt", "fact": 0 });
    let refused = clerk.post(&forms, &wrong).await.ok(409);
    assert_eq!(refused.reason(), "fact-not-stated");
    let once = clerk
        .send("POST", &forms, Some(&order), Some("one"), None)
        .await
        .ok(201);
    let again = clerk
        .send("POST", &forms, Some(&order), Some("one"), None)
        .await
        .ok(201);
    assert_eq!(once.body, again.body);
    assert_eq!(prints(&hall, &case).await.len(), 1);
    let nameless = clerk.send("POST", &forms, Some(&order), None, None).await;
    assert_eq!(nameless.body["code"], "idempotency-key-required");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_no_forms_and_a_department_only_its_own() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let print = print(&mut clerk, &case, "intake_receipt").await;
    let link = print["link"].as_str().unwrap();
    let forms = format!("{case}/forms");
    let order = json!({ "form": "intake_receipt" });
    let mut other = hall.signed_in("c002").await;
    assert_eq!(other.fetch(link).await.0, 404);
    assert_eq!(other.get(&forms).await.status, 404);
    assert_eq!(other.post(&forms, &order).await.status, 404);
    assert_eq!(hall.stranger().fetch(link).await.0, 401);
    scanned(&mut clerk, &case).await;
    clerk
        .act(&case, "dispatch", &json!({ "action": "push" }))
        .await
        .ok(200);
    let mut officer = hall.signed_in("scjg-02").await;
    assert_eq!(officer.fetch(link).await.0, 404);
    assert_eq!(officer.post(&forms, &order).await.status, 403);
    let listed = officer.get(&forms).await.ok(200).body;
    assert_eq!(listed["printed"], json!([]));
    assert_eq!(listed["printable"][0]["form"], "dispatch_slip");
    let day = "2026-03-09".parse().unwrap();
    let before = hall.service.reads.digest(day).unwrap().count;
    clerk.fetch(link).await;
    assert_eq!(hall.service.reads.digest(day).unwrap().count, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_case_prints_nothing_and_its_papers_are_gone() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let print = print(&mut clerk, &case, "intake_receipt").await;
    let document = clerk.document(&case, "签名").await;
    let keys = hall.app.blobs.case_keys();
    let now = hall.service.counter.clock.now();
    keys.destroy(&number(&case), now, Commitment(Digest::of("approval")))
        .await
        .unwrap();
    let link = print["link"].as_str().unwrap();
    assert_eq!(clerk.fetch(link).await.0, 410);
    assert_eq!(
        clerk.fetch(&format!("{case}/documents/{document}")).await.0,
        410
    );
    let forms = format!("{case}/forms");
    let again = clerk
        .post(&forms, &json!({ "form": "intake_receipt" }))
        .await;
    assert_eq!(again.body["code"], "erased", "{}", again.body);
    let kept = clerk
        .post_bytes(&format!("{case}/documents"), b"%PDF-1.4 x".to_vec())
        .await;
    assert_eq!(kept.body["code"], "erased", "{}", kept.body);
    // The ledger still says that it was printed; it holds nothing of what was.
    assert_eq!(prints(&hall, &case).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_of_papers_hold_nothing_of_them() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    meet_nothing(&mut clerk, &case).await;
    print(&mut clerk, &case, "intake_receipt").await;
    clerk.document(&case, "签名").await;
    let history = hall
        .service
        .counter
        .history(&Subject::Case(number(&case)))
        .await
        .unwrap();
    for fact in history {
        let leaf = String::from_utf8(fact.bytes.to_vec()).unwrap();
        assert!(leaf.is_ascii(), "{leaf}");
    }
}

/// After the receipt nothing more is taken.
async fn meet_nothing(clerk: &mut Client, case: &str) {
    let meet_again = json!({ "row": "M01", "way": "paper_kept", "originals": 1 });
    let order = json!({ "action": "meet", "meet": meet_again });
    clerk.act(case, "materials", &order).await.ok(409);
}

/// Prints a paper to sign; the answer's status and bytes.
async fn to_sign(client: &mut Client, case: &str, order: &Value) -> (u16, Vec<u8>) {
    let path = format!("{case}/forms/unsigned");
    let (status, bytes) = client.post_for_bytes(&path, order).await;
    (status, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn art_08_3_the_undertaking_is_printed_signed_and_then_given() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let facts = *hall.app.ledger.published().borrow();
    let order = json!({ "paper": "undertaking", "rows": ["M05"], "days": 3 });
    let (status, pdf) = to_sign(&mut clerk, &case, &order).await;
    assert_eq!(status, 200);
    says(
        &Paper::from_bytes(&pdf, 1),
        &["从业人员健康证明", "复印件 1 份", "2026年3月12日", "承诺"],
    );
    assert_eq!(
        *hall.app.ledger.published().borrow(),
        facts,
        "nothing is recorded"
    );
    // What cannot be deferred is not printed for signing either, and a department has no say here.
    let main = json!({ "paper": "undertaking", "rows": ["M01"], "days": 3 });
    assert_eq!(to_sign(&mut clerk, &case, &main).await.0, 409);
    let mut other = hall.signed_in("c002").await;
    assert_eq!(to_sign(&mut other, &case, &order).await.0, 404);
    // It comes back signed, and the deferral is granted on it.
    let kept = clerk
        .post_bytes(&format!("{case}/documents"), pdf)
        .await
        .ok(201);
    let defer = json!({
        "action": "defer", "rows": ["M05"], "days": 3, "excluded": false, "signature": kept.body["digest"]
    });
    clerk.act(&case, "intake", &defer).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_10_2_the_receipt_for_a_result_is_printed_before_it_is_signed() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = decided(&hall, &mut clerk).await;
    let order = |id: &str| json!({ "paper": "delivery_receipt", "window": "B02", "id_number": id });
    assert_eq!(
        to_sign(&mut clerk, &case, &order(ID_NUMBER)).await.0,
        409,
        "no result yet"
    );
    let mut supervisor = hall.signed_in("s001").await;
    let blanks = json!({ "first": "JY0001", "last": "JY0100", "site": "YLZX" });
    let stock = "/api/v1/stocks/food-permit/deliveries";
    supervisor.post(stock, &blanks).await.ok(201);
    let content = clerk.document(&case, "证书").await;
    let obtain = json!({
        "action": "obtain", "route": { "type": "platform" }, "content": content, "serial": "JY0001"
    });
    clerk.act(&case, "result", &obtain).await.ok(200);
    // Somebody else's document gets no paper.
    let stranger = order("110105194912310021");
    assert_eq!(to_sign(&mut clerk, &case, &stranger).await.0, 409);
    let (status, pdf) = to_sign(&mut clerk, &case, &order(ID_NUMBER)).await;
    assert_eq!(status, 200);
    says(&Paper::from_bytes(&pdf, 1), &["JY0001", "B02 号窗口"]);
    let kept = clerk
        .post_bytes(&format!("{case}/documents"), pdf)
        .await
        .ok(201);
    let hand_out = json!({
        "action": "hand_out", "window": "B02", "id_number": ID_NUMBER, "signature": kept.body["digest"]
    });
    // A window that only receives hands nothing out, and another site's is none.
    for (window, reason) in [("A02", "role-missing"), ("T01", "window-unknown")] {
        let mut elsewhere = hand_out.clone();
        elsewhere["window"] = json!(window);
        let refused = clerk.act(&case, "result", &elsewhere).await.ok(409);
        assert_eq!(refused.reason(), reason, "{window}");
    }
    let handed = clerk.act(&case, "result", &hand_out).await.ok(200);
    assert_eq!(handed.body["result"]["delivered_by"], "B02");
}
