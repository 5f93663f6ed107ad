//! The window over HTTP, from the visit to the rating, as a clerk, a department and an applicant meet it.

use serde_json::{Value, json};

use crate::support::tiny_scan;
use crate::window_client::Client;
use crate::window_hall::{FOOD_PERMIT, Hall};

/// An applicant whose data must never be seen in a leaf or a log line.
pub const NAME: &str = "欧阳测试";
pub const ID_NUMBER: &str = "11010519491231002X";
pub const PHONE: &str = "13800138000";

pub fn parties() -> Value {
    json!({
        "applicant": { "kind": "person", "name": NAME, "id_kind": "citizen_id", "id_number": ID_NUMBER },
        "contact": { "name": NAME, "phone": PHONE },
        "delivery": { "kind": "pick_up" }
    })
}

pub async fn visit(clerk: &mut Client, site: &str, window: &str, role: &str) -> String {
    let body = json!({ "site": site, "window": window, "role": role, "channel": "window" });
    let answer = clerk.post("/api/v1/visits", &body).await.ok(201);
    answer.body["id"].as_str().unwrap().to_owned()
}

pub async fn opened(clerk: &mut Client) -> String {
    let visit = visit(clerk, "YLZX", "A02", "receive").await;
    let body = json!({ "visit": visit, "task": FOOD_PERMIT, "parties": parties() });
    let answer = clerk.post("/api/v1/cases", &body).await.ok(201);
    let no = answer.body["no"].as_str().unwrap();
    format!("/api/v1/cases/{no}")
}

pub async fn meet(clerk: &mut Client, case: &str, row: &str, way: &str, originals: u8, copies: u8) {
    let meet = json!({ "row": row, "way": way, "originals": originals, "copies": copies });
    let body = json!({ "action": "meet", "meet": meet });
    clerk.act(case, "materials", &body).await.ok(200);
}

pub async fn all_met(clerk: &mut Client, case: &str) {
    meet(clerk, case, "M01", "paper_kept", 1, 0).await;
    meet(clerk, case, "M02", "original_seen", 0, 0).await;
    meet(clerk, case, "M03", "paper_kept", 1, 0).await;
    meet(clerk, case, "M04", "paper_kept", 1, 0).await;
    meet(clerk, case, "M05", "paper_kept", 0, 1).await;
    let body = json!({ "action": "decide", "row": "M06", "needed": false, "reason": "本人办理" });
    clerk.act(case, "materials", &body).await.ok(200);
}

pub fn receipt() -> Value {
    json!({ "action": "issue_receipt", "window": "A02", "manner": "print" })
}

pub async fn received(clerk: &mut Client) -> String {
    let case = opened(clerk).await;
    all_met(clerk, &case).await;
    clerk.act(&case, "intake", &receipt()).await.ok(200);
    case
}

/// Scans the paper of every row and files it.
pub async fn scanned(clerk: &mut Client, case: &str) {
    let no = case.rsplit('/').next().unwrap();
    for (seed, row) in (1..).zip(["M01", "M02", "M03", "M04", "M05"]) {
        let scan = tiny_scan(seed);
        let digest = counterfoil::domain::Digest::of(&scan);
        let path = format!("/api/v1/scans/{digest}?case={no}");
        let status = clerk.upload(&path, scan).await;
        assert!(matches!(status, 200 | 202), "{status}");
        let order = json!({ "action": "file_scan", "row": row, "scan": digest });
        clerk.act(case, "materials", &order).await.ok(200);
    }
}

pub async fn decided(hall: &Hall, clerk: &mut Client) -> String {
    let mut officer = hall.signed_in("scjg-02").await;
    let mut chief = hall.signed_in("scjg-01").await;
    let mut decider = hall.signed_in("scjg-03").await;
    let case = received(clerk).await;
    let push = json!({ "action": "push" });
    let refused = clerk.act(&case, "dispatch", &push).await.ok(409);
    assert_eq!(refused.reason(), "not-digitised");
    scanned(clerk, &case).await;
    clerk
        .act(&case, "dispatch", &json!({ "action": "push" }))
        .await
        .ok(200);
    let accept = json!({ "department": "SCJG", "order": { "action": "accept" } });
    officer.act(&case, "review", &accept).await.ok(200);
    let document = decider.document(&case, "许可决定书").await;
    let order = json!({ "action": "decide", "outcome": "granted", "document": document });
    let decide = json!({ "department": "SCJG", "order": order });
    let refused = chief.act(&case, "review", &decide).await.ok(409);
    assert_eq!(refused.reason(), "needs-department");
    let order = json!({ "action": "suspend", "procedure": "site_inspection", "note": "现场踏勘", "days": 5 });
    let suspend = json!({ "department": "SCJG", "order": order });
    officer.act(&case, "review", &suspend).await.ok(200);
    let order = json!({ "action": "resume", "procedure": "site_inspection", "report": "符合" });
    let resume = json!({ "department": "SCJG", "order": order });
    officer.act(&case, "review", &resume).await.ok(200);
    let answer = decider.act(&case, "review", &decide).await.ok(200);
    assert_eq!(answer.body["decision"]["outcome"], "granted");
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_through_the_window_in_one_visit_and_back() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = decided(&hall, &mut clerk).await;
    let mut supervisor = hall.signed_in("s001").await;
    let blanks = json!({ "first": "JY0001", "last": "JY0100", "site": "YLZX" });
    let stock = "/api/v1/stocks/food-permit";
    supervisor
        .post(&format!("{stock}/deliveries"), &blanks)
        .await
        .ok(201);
    let content = clerk.document(&case, "证书").await;
    let obtain = json!({
        "action": "obtain", "route": { "type": "platform" }, "content": content,
        "serial": "JY0001"
    });
    let answer = clerk.act(&case, "result", &obtain).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let counted = clerk.get(stock).await.ok(200);
    assert_eq!(
        (
            counted.body["used"].as_u64(),
            counted.body["balance"].as_u64()
        ),
        (Some(1), Some(99))
    );
    let signature = clerk.document(&case, "签名").await;
    let hand_out = json!({
        "action": "hand_out", "window": "B02", "id_number": "110105194912310021", "signature": signature
    });
    let refused = clerk.act(&case, "result", &hand_out).await.ok(409);
    assert!(!refused.reason().is_empty(), "{}", refused.body);
    let hand_out = json!({
        "action": "hand_out", "window": "B02", "id_number": ID_NUMBER, "signature": signature
    });
    let answer = clerk.act(&case, "result", &hand_out).await.ok(200);
    assert_eq!(answer.body["progress"], "delivered");
    let answer = clerk
        .act(&case, "rating", &json!({ "level": "satisfied" }))
        .await
        .ok(200);
    assert_eq!(answer.body["rating"], "satisfied");
    hall.follow().await;
    let listed = clerk
        .get("/api/v1/cases?site=YLZX&result=delivered")
        .await
        .ok(200);
    assert_eq!(
        listed.body["items"].as_array().unwrap().len(),
        1,
        "{}",
        listed.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_receipt_while_a_row_is_open_and_numbers_are_masked() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = opened(&mut clerk).await;
    let refused = clerk.act(&case, "intake", &receipt()).await.ok(409);
    assert_eq!(refused.reason(), "row-open", "{}", refused.body);
    let shown = clerk.get(&case).await.ok(200);
    assert_eq!(
        shown.body["applicant"]["number"], "110***********002X",
        "{}",
        shown.body
    );
    assert_eq!(shown.body["applicant"]["phone"], "138****8000");
    let purpose = json!({ "purpose": "identity_check" });
    let revealed = clerk
        .post(&format!("{case}/reveal"), &purpose)
        .await
        .ok(200);
    assert_eq!(revealed.body["number"], ID_NUMBER);
    let day = "2026-03-09".parse().unwrap();
    assert!(hall.service.reads.digest(day).unwrap().count >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_fields_are_all_named_at_once() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let visit = visit(&mut clerk, "YLZX", "A02", "receive").await;
    let mut parties = parties();
    parties["applicant"]["id_number"] = json!("110105194912310021");
    parties["contact"]["phone"] = json!("123");
    let body = json!({ "visit": visit, "task": FOOD_PERMIT, "parties": parties });
    let refused = clerk.post("/api/v1/cases", &body).await.ok(422);
    let fields: Vec<&str> = refused.body["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        ["applicant.id_number", "contact.phone"],
        "{}",
        refused.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_another_site_or_department_does_not_exist() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let absent = {
        let mut other = hall.signed_in("c002").await;
        let no_such = other.get("/api/v1/cases/NO-SUCH-CASE").await;
        let hidden = other.get(&case).await;
        assert_eq!(hidden.status, 404);
        assert_eq!(hidden.body["code"], no_such.body["code"]);
        assert_eq!(hidden.body["detail"], no_such.body["detail"]);
        other
            .act(&case, "dispatch", &json!({ "action": "push" }))
            .await
            .status
    };
    assert_eq!(absent, 404);
    // Before it is pushed, its department knows nothing of it; after, the other departments still do not.
    let mut officer = hall.signed_in("scjg-02").await;
    assert_eq!(officer.get(&case).await.status, 404);
    scanned(&mut clerk, &case).await;
    clerk
        .act(&case, "dispatch", &json!({ "action": "push" }))
        .await
        .ok(200);
    officer.get(&case).await.ok(200);
    let mut stranger = hall.signed_in("mzj-02").await;
    assert_eq!(stranger.get(&case).await.status, 404);
    assert_eq!(hall.stranger().get(&case).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_does_nothing_twice_and_a_stale_one_is_told() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let visit = visit(&mut clerk, "YLZX", "A02", "receive").await;
    let body = json!({ "visit": visit, "task": FOOD_PERMIT, "parties": parties() });
    let path = "/api/v1/cases";
    let first = clerk
        .send("POST", path, Some(&body), Some("once"), None)
        .await
        .ok(201);
    let facts = *hall.app.ledger.published().borrow();
    let again = clerk
        .send("POST", path, Some(&body), Some("once"), None)
        .await
        .ok(201);
    assert_eq!(again.body["no"], first.body["no"]);
    assert_eq!(*hall.app.ledger.published().borrow(), facts);
    let another = clerk
        .send("POST", path, Some(&body), Some("twice"), None)
        .await
        .ok(201);
    assert_ne!(another.body["no"], first.body["no"]);

    let case = format!("{path}/{}", first.body["no"].as_str().unwrap());
    let etag = clerk.get(&case).await.etag();
    meet(&mut clerk, &case, "M01", "paper_kept", 1, 0).await;
    let meet = json!({ "row": "M03", "way": "paper_kept", "originals": 1 });
    let order = json!({ "action": "meet", "meet": meet });
    let materials = format!("{case}/materials");
    let stale = clerk
        .send("POST", &materials, Some(&order), Some("s"), Some(&etag))
        .await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    let none = clerk
        .send("POST", &materials, Some(&order), Some("s"), None)
        .await;
    assert_eq!(none.status, 428);
    let nameless = clerk
        .send("POST", &materials, Some(&order), None, Some(&etag))
        .await;
    assert_eq!(nameless.body["code"], "idempotency-key-required");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_looks_up_the_progress_with_the_code_alone() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let no = case.rsplit('/').next().unwrap().to_owned();
    let mut applicant = hall.stranger();
    let code = clerk.get(&case).await.ok(200).body["query_code"].clone();
    let right = json!({ "no": no, "code": code });
    let found = applicant.post("/api/v1/progress", &right).await.ok(200);
    assert_eq!(found.body["progress"], "received");
    assert!(!found.body.to_string().contains(NAME));
    let wrong = json!({ "no": no, "code": "00000000" });
    let refused = applicant.post("/api/v1/progress", &wrong).await.ok(404);
    let unknown = json!({ "no": "NOTHING", "code": "00000000" });
    let absent = applicant.post("/api/v1/progress", &unknown).await.ok(404);
    assert_eq!(refused.body["detail"], absent.body["detail"]);
    let mut last = 404;
    for _ in 0..30 {
        last = applicant
            .post("/api/v1/progress", &wrong)
            .await
            .status
            .as_u16();
    }
    assert_eq!(last, 429, "guessing is slowed down");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_hold_no_personal_data() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    received(&mut clerk).await;
    let size = *hall.app.ledger.published().borrow();
    let facts = hall.app.ledger.entries(0, size as usize).await.unwrap();
    assert!(facts.len() > 20);
    for fact in &facts {
        let leaf = String::from_utf8(fact.bytes.to_vec()).unwrap();
        for personal in [NAME, ID_NUMBER, PHONE, "本人办理", "测试人员"] {
            assert!(!leaf.contains(personal), "{leaf}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuilt_lists_give_the_same_answers() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    for _ in 0..3 {
        received(&mut clerk).await;
    }
    hall.follow().await;
    let paths = [
        "/api/v1/cases?site=YLZX",
        "/api/v1/cases?site=YLZX&stage=received&limit=2",
        "/api/v1/items",
        "/api/v1/sites/YLZX/visits",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(clerk.get(path).await.ok(200).body.to_string());
    }
    hall.app.catalog.reset().await.unwrap();
    hall.app.catch_up().await.unwrap();
    hall.follow().await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(
            clerk.get(path).await.ok(200).body.to_string(),
            before,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_use_the_cookie() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    assert_eq!(
        clerk
            .sent_from("https://evil.example", "DELETE", "/api/v1/session")
            .await,
        403
    );
    clerk.get("/api/v1/session").await.ok(200);
    assert_eq!(
        clerk
            .sent_from("http://hall.example", "DELETE", "/api/v1/session")
            .await,
        204
    );
    assert_eq!(clerk.get("/api/v1/items").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_and_takes_the_cookie_back() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let path = "/api/v1/session";
    let answer = clerk.send("DELETE", path, None, None, None).await.ok(204);
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        set.starts_with("counterfoil_session=;") && set.contains("Max-Age=0"),
        "{set}"
    );
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    assert_eq!(clerk.get(path).await.status, 401);
}
