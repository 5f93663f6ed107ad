//! Paper over HTTP: a bundle opens with the receipt, slips are signed by two people, a month is transferred.

use counterfoil::domain::Digest;
use counterfoil::domain::access::Role;
use counterfoil::package::verify::{Limits, Trust, Verdict, verify};
use counterfoil::people::seal::StaffKey;
use serde_json::{Value, json};

use crate::signing_http::proved;
use crate::window_client::{Answer, Client};
use crate::window_hall::{Hall, at_site};
use crate::window_http::{ID_NUMBER, received, scanned};

pub const DAY: i64 = 24 * 3_600_000;

/// Somebody with a session and a signing key in force.
pub struct Person {
    pub id: &'static str,
    pub client: Client,
    pub key: StaffKey,
    pub key_id: String,
}

impl Person {
    pub async fn new(hall: &Hall, id: &'static str) -> Self {
        let mut client = hall.signed_in(id).await;
        let (key, order) = proved(&mut client).await;
        let own = "/api/v1/session/signing-key";
        let enrolled = client.send("PUT", own, Some(&order), None, None).await;
        let key_id = enrolled.ok(200).body["key"].as_str().unwrap().to_owned();
        Self {
            id,
            client,
            key,
            key_id,
        }
    }

    pub fn sign(&self, digest: &Value) -> Value {
        let digest: Digest = digest.as_str().unwrap().parse().unwrap();
        let signature = self.key.sign(&digest).to_string();
        json!({ "staff": self.id, "key": self.key_id, "signature": signature })
    }

    /// Makes a slip out, signs it and offers it.
    pub async fn offer(&mut self, draft: &Value) -> Answer {
        let drafts = "/api/v1/slips/drafts";
        let drafted = self.client.post(drafts, draft).await.ok(200).body;
        let given = self.sign(&drafted["digest"]);
        let order = json!({ "manifest": drafted["manifest"], "given": given });
        self.client.post("/api/v1/slips", &order).await
    }

    /// Checks a slip, signs what was found and receives it.
    pub async fn receive(&mut self, slip: &str, draft: &Value) -> Answer {
        let path = format!("/api/v1/slips/{slip}");
        let outcomes = format!("{path}/outcomes");
        let drafted = self.client.post(&outcomes, draft).await.ok(200).body;
        let by = self.sign(&drafted["digest"]);
        let receipt = json!({ "type": "signed", "by": by });
        let order = json!({ "outcome": drafted["outcome"], "receipt": receipt });
        self.client.act(&path, "receipt", &order).await
    }
}

pub fn site(code: &str) -> Value {
    json!({ "type": "hall", "site": code })
}

pub fn department(code: &str) -> Value {
    json!({ "type": "department", "department": code })
}

pub fn number(case: &str) -> String {
    case.rsplit('/').next().unwrap().to_owned()
}

pub fn bundle(case: &str) -> String {
    format!("/api/v1/bundles/{}", number(case))
}

pub fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}

pub async fn holders(client: &mut Client, case: &str) -> Vec<String> {
    let shown = client.get(&bundle(case)).await.ok(200).body;
    let papers = shown["papers"].as_array().unwrap().clone();
    let holder = |paper: &Value| match paper["holder"].as_object() {
        Some(holder) => {
            let side = &holder["side"];
            let place = side["site"].as_str().or(side["department"].as_str());
            let staff = holder.get("staff").and_then(Value::as_str);
            format!("{}:{}", place.unwrap(), staff.unwrap_or("-"))
        }
        None => "applicant".to_owned(),
    };
    papers.iter().map(holder).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_opens_the_bundle_and_its_clerk_holds_it() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let shown = clerk.get(&bundle(&case)).await.ok(200).body;
    let papers = shown["papers"].as_array().unwrap();
    let rows: Vec<&str> = papers
        .iter()
        .map(|paper| paper["paper"]["row"].as_str().unwrap())
        .collect();
    assert_eq!(
        rows,
        ["M01", "M03", "M04", "M05"],
        "what was seen only is not kept"
    );
    assert_eq!(papers[3]["paper"]["form"], "copy");
    assert_eq!(holders(&mut clerk, &case).await, ["YLZX:c001"; 4]);
    // Another site does not learn that it exists.
    let mut other = hall.signed_in("c002").await;
    other.get(&bundle(&case)).await.ok(404);
    let signature = clerk.document(&case, "签名").await;
    let withdraw = json!({ "action": "withdraw", "id_number": ID_NUMBER, "signature": signature });
    clerk.act(&case, "ending", &withdraw).await.ok(200);
    let back = json!({ "action": "return_paper", "id_number": ID_NUMBER, "signature": signature });
    clerk.act(&case, "ending", &back).await.ok(200);
    assert_eq!(holders(&mut clerk, &case).await, ["applicant"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_is_collected_and_brought_back_with_two_signatures() {
    let hall = Hall::open().await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let case = received(&mut clerk.client).await;
    let lines = json!([{ "case": number(&case), "papers": [1] }]);
    let collection = json!({ "leg": "collection", "from": site("YLZX"), "to": department("SCJG"), "lines": lines });
    let refused = clerk.offer(&collection).await.ok(409);
    assert_eq!(refused.reason(), "not-pushed");
    scanned(&mut clerk.client, &case).await;
    let push = json!({ "action": "push", "by_paper": ["M01"] });
    clerk.client.act(&case, "dispatch", &push).await.ok(200);
    let offered = clerk.offer(&collection).await.ok(201);
    assert_eq!(offered.body["standing"], "open");
    let slip = id(&offered);
    assert_eq!(holders(&mut clerk.client, &case).await[0], "YLZX:c001");
    let scan = json!({ "scanned": [number(&case)] });
    let outcomes = format!("/api/v1/slips/{slip}/outcomes");
    // A clerk does not receive for a department.
    clerk.client.post(&outcomes, &scan).await.ok(404);
    let received = officer.receive(&slip, &scan).await.ok(200);
    assert_eq!(received.body["standing"], "received");
    assert!(received.body["taken"]["index"].as_u64() > received.body["given"]["index"].as_u64());
    assert_eq!(holders(&mut clerk.client, &case).await[0], "SCJG:scjg-02");
    let shown = clerk.client.get(&case).await.ok(200).body;
    let rows = shown["rows"].as_array().unwrap();
    let first = rows.iter().find(|row| row["row"] == "M01").unwrap();
    assert_eq!(first["holder"], "SCJG", "{first}");
    let back =
        json!({ "leg": "return", "from": department("SCJG"), "to": site("YLZX"), "lines": lines });
    let slip = id(&officer.offer(&back).await.ok(201));
    clerk.receive(&slip, &scan).await.ok(200);
    assert_eq!(holders(&mut clerk.client, &case).await[0], "YLZX:c001");
    let shown = clerk.client.get(&case).await.ok(200).body;
    let rows = shown["rows"].as_array().unwrap();
    let first = rows.iter().find(|row| row["row"] == "M01").unwrap();
    assert_eq!(first["holder"], "window", "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_offer_stays_with_its_giver_and_says_why() {
    let hall = Hall::open().await;
    hall.add("a001", at_site(Role::Archivist, "YLZX")).await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut archivist = Person::new(&hall, "a001").await;
    let case = received(&mut clerk.client).await;
    let lines = json!([{ "case": number(&case) }]);
    let shift =
        json!({ "leg": "internal", "from": site("YLZX"), "to": site("YLZX"), "lines": lines });
    let slip = id(&clerk.offer(&shift).await.ok(201));
    let lines = json!([{ "case": number(&case), "papers": [1] }]);
    let twice =
        json!({ "leg": "internal", "from": site("YLZX"), "to": site("YLZX"), "lines": lines });
    assert_eq!(clerk.offer(&twice).await.ok(409).reason(), "on-slip");
    let path = format!("/api/v1/slips/{slip}");
    let own = json!({ "scanned": [number(&case)] });
    let refused = clerk.receive(&slip, &own).await.ok(409);
    assert_eq!(refused.reason(), "same-person");
    let refuse = json!({ "action": "refuse", "reason": "袋签不清" });
    let ended = archivist.client.act(&path, "end", &refuse).await.ok(200);
    assert_eq!(ended.body["standing"], "refused");
    assert_eq!(holders(&mut clerk.client, &case).await, ["YLZX:c001"; 4]);
    let slip = id(&clerk.offer(&shift).await.ok(201));
    // Three working days later nobody has received it: the clock ends it, once.
    hall.clock.advance_millis(5 * DAY);
    hall.follow().await;
    let clockwork = hall.app.clockwork().unwrap();
    assert_eq!(clockwork.round().await.unwrap().transfers.lapsed, 1);
    assert_eq!(clockwork.round().await.unwrap().transfers.lapsed, 0);
    let mut clerk = hall.signed_in("c001").await;
    let shown = clerk.get(&format!("/api/v1/slips/{slip}")).await.ok(200);
    assert_eq!(shown.body["standing"], "lapsed");
}

/// A case that is received, scanned, accepted and decided.
pub async fn settled(clerk: &mut Client, officer: &mut Client, decider: &mut Client) -> String {
    let case = received(clerk).await;
    scanned(clerk, &case).await;
    let push = json!({ "action": "push" });
    clerk.act(&case, "dispatch", &push).await.ok(200);
    let accept = json!({ "department": "SCJG", "order": { "action": "accept" } });
    officer.act(&case, "review", &accept).await.ok(200);
    let suspend = json!({ "action": "suspend", "procedure": "site_inspection", "note": "现场踏勘", "days": 5 });
    let resume = json!({ "action": "resume", "procedure": "site_inspection", "report": "符合" });
    for order in [suspend, resume] {
        let review = json!({ "department": "SCJG", "order": order });
        officer.act(&case, "review", &review).await.ok(200);
    }
    let document = decider.document(&case, "许可决定书").await;
    let order = json!({ "action": "decide", "outcome": "granted", "document": document });
    let decide = json!({ "department": "SCJG", "order": order });
    decider.act(&case, "review", &decide).await.ok(200);
    case
}

/// Three decided cases of March, the last with a process paper, and the round that opens when March is over.
pub async fn month(hall: &Hall, clerk: &mut Person) -> (Vec<String>, String) {
    let mut cases = Vec::new();
    let mut officer = hall.signed_in("scjg-02").await;
    let mut decider = hall.signed_in("scjg-03").await;
    for _ in 0..3 {
        cases.push(settled(&mut clerk.client, &mut officer, &mut decider).await);
    }
    let notice = json!({ "form": "original", "count": 1, "pages": 2, "condition": "good" });
    let last = bundle(&cases[2]);
    clerk.client.act(&last, "papers", &notice).await.ok(201);
    hall.follow().await;
    let clockwork = hall.app.clockwork().unwrap();
    let ticked = clockwork.round().await.unwrap().transfers;
    assert_eq!(ticked.opened, 0, "March is not over");
    hall.clock.advance_millis(25 * DAY);
    let ticked = clockwork.round().await.unwrap().transfers;
    assert_eq!(ticked.opened, 1);
    assert_eq!(clockwork.round().await.unwrap().transfers.opened, 0);
    hall.follow().await;
    clerk.client = hall.signed_in(clerk.id).await;
    let rounds = clerk.client.get("/api/v1/transfers?site=YLZX").await;
    let round = rounds.ok(200).body["items"][0].clone();
    assert_eq!(round["month"], "2026-03");
    assert_eq!(
        (&round["due"], &round["left"]),
        (&json!("2026-04-30"), &json!(13))
    );
    let path = format!("/api/v1/transfers/{}", round["id"].as_str().unwrap());
    (cases, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_what_is_not_found_is_off_the_round_until_it_is_cleared_up() {
    let hall = Hall::open().await;
    let mut clerk = Person::new(&hall, "c001").await;
    let (cases, path) = month(&hall, &mut clerk).await;
    let clockwork = hall.app.clockwork().unwrap();
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let damaged = json!([{ "case": numbers[1], "no": 2, "found": "damaged" }]);
    let scanned = json!({ "scanned": [numbers[0], numbers[1]], "found": damaged });
    let clerk = &mut clerk.client;
    let found = clerk.act(&path, "reconciliation", &scanned).await.ok(200);
    let body = &found.body;
    assert_eq!(
        (&body["left"], &body["stage"]),
        (&json!(7), &json!("reconciled"))
    );
    hall.follow().await;
    let open = clerk.get("/api/v1/discrepancies?site=YLZX").await.ok(200);
    let open = open.body["items"].as_array().unwrap().clone();
    let kinds: Vec<&str> = open
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["missing", "damaged"]);
    assert_eq!(clockwork.round().await.unwrap().transfers.joined, 0);
    let order = json!({ "note": "已用修复纸修补" });
    let one = format!("/api/v1/discrepancies/{}", open[1]["id"].as_str().unwrap());
    clerk.act(&one, "clearance", &order).await.ok(200);
    hall.follow().await;
    assert_eq!(clockwork.round().await.unwrap().transfers.joined, 1);
    let months = clerk.get("/api/v1/sites/YLZX/months").await.ok(200).body;
    assert_eq!(months[0]["count"]["not_yet_due"], 3, "{months}");
    assert_eq!(months[0]["closed"], false);
}

/// Saves a package and judges it offline.
pub fn judged(name: &str, bytes: &[u8], trust: &Trust) -> (Verdict, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let report = verify(&path, trust, &Limits::default(), &|| false);
    let found = report
        .findings
        .iter()
        .map(|one| format!("{}: {}", one.code(), one.en()));
    (report.verdict(), found.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_month_is_sealed_signed_for_and_verified_offline() {
    let hall = Hall::open().await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let (cases, path) = month(&hall, &mut clerk).await;
    officer.client = hall.signed_in("scjg-02").await;
    let engine = hall.app.engine().unwrap();
    engine.drain().await.unwrap();
    let early = clerk.client.act(&path, "seal", &json!({})).await.ok(409);
    assert_eq!(early.reason(), "round-not-reconciled");
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let scanned = json!({ "scanned": numbers });
    clerk
        .client
        .act(&path, "reconciliation", &scanned)
        .await
        .ok(200);
    let sealed = clerk
        .client
        .act(&path, "seal", &json!({}))
        .await
        .ok(200)
        .body;
    assert_eq!(sealed["round"]["stage"], "sealed");
    let checks = sealed["report"]["checks"].as_array().unwrap();
    let passed = checks
        .iter()
        .filter(|check| check["verdict"] == "passed")
        .count();
    assert!(passed >= 8, "{checks:#?}");
    let round = sealed["round"]["id"].as_str().unwrap().to_owned();
    let order = json!({ "form": "zip" });
    let (status, package) = clerk
        .client
        .post_for_bytes(&format!("{path}/package"), &order)
        .await;
    assert_eq!(status, 403, "a clerk seals, and does not export");
    drop(package);
    let name = format!("{round}.zip");
    let take = format!("{path}/package");
    let (status, package) = officer.client.post_for_bytes(&take, &order).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&package));
    let (verdict, found) = judged(&name, &package, &Trust::default());
    assert_eq!((verdict, found), (Verdict::OnlyItself, Vec::new()));
    let draft = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"), "to": department("SCJG") });
    let slip = id(&clerk.offer(&draft).await.ok(201));
    let short = json!({ "scanned": numbers, "found": [{ "case": numbers[2], "no": 5, "found": "missing" }] });
    let received = officer.receive(&slip, &short).await.ok(200);
    assert_eq!(received.body["standing"], "received_with_discrepancy");
    let shown = officer.client.get(&path).await.ok(200).body;
    assert_eq!(
        (&shown["left"], &shown["stage"]),
        (&json!(0), &json!("done"))
    );
    let kept = hall.app.ledger.checkpoint().await;
    let (status, package) = officer.client.post_for_bytes(&take, &order).await;
    assert_eq!(status, 200);
    let trust = Trust::default().with_since(&kept).unwrap();
    let (verdict, found) = judged(&name, &package, &trust);
    assert_eq!((verdict, found), (Verdict::Holds, Vec::new()));
}
