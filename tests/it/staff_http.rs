//! Accounts, tokens, signing keys and leaving, through the HTTP face.

use counterfoil::domain::Digest;
use counterfoil::people::SecretText;
use serde_json::{Value, json};

use crate::support::tiny_scan;
use crate::window_client::{Answer, Client};
use crate::window_hall::{Hall, PASSWORD};
use crate::window_http::opened;

const STAFF: &str = "/api/v1/staff";
const MINUTE: i64 = 60_000;

fn of(staff: &str) -> String {
    format!("{STAFF}/{staff}")
}

fn field(answer: &Answer) -> &str {
    answer.body["fields"][0]["field"].as_str().unwrap_or("none")
}

async fn act(client: &mut Client, staff: &str, order: Value) -> Answer {
    client.act(&of(staff), "actions", &order).await
}

async fn facts(hall: &Hall) -> u64 {
    *hall.app.ledger.published().borrow()
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_who_works_here_and_administrators_see_accounts() {
    let hall = Hall::open().await;
    hall.follow().await;
    let mut clerk = hall.signed_in("c001").await;
    let (mut seen, mut path) = (Vec::new(), format!("{STAFF}?limit=4"));
    loop {
        let page = clerk.get(&path).await.ok(200);
        for row in page.body["items"].as_array().unwrap() {
            assert!(row.get("account").is_none(), "{row}");
            seen.push(row["staff"].as_str().unwrap().to_owned());
        }
        match page.body["next"].as_str() {
            Some(next) => path = format!("{STAFF}?limit=4&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
    assert_eq!((seen[0].as_str(), seen[3].as_str()), ("sys01", "c001"));
    let one = clerk.get(&of("s001")).await.ok(200);
    assert_eq!(one.body["grants"][0]["role"], "supervisor");
    assert!(one.body.get("account").is_none());
    let mut administrator = hall.signed_in("aud01").await;
    let whole = administrator.get(&of("c001")).await.ok(200);
    assert_eq!(whole.body["account"]["locked"], false);
    assert_eq!(
        whole.body["account"]["sessions"].as_array().unwrap().len(),
        1
    );
    clerk.get(&of("nobody")).await.ok(404);
    assert_eq!(hall.stranger().get(STAFF).await.status, 401);
    let wrong = clerk.get("/api/v1/staff?limit=x").await.ok(400);
    assert_eq!(field(&wrong), "limit", "{}", wrong.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_opened_once_by_a_system_administrator() {
    let hall = Hall::open().await;
    let mut system = hall.signed_in("sys01").await;
    let mut security = hall.signed_in("sec01").await;
    let mut clerk = hall.signed_in("c001").await;
    let new = json!({ "staff": "c009", "name": "新同事甲", "password": "a first password 1" });
    for client in [&mut clerk, &mut security] {
        assert_eq!(client.post(STAFF, &new).await.status, 403);
    }
    let nameless = system
        .post(STAFF, &json!({ "staff": "c009" }))
        .await
        .ok(400);
    assert_eq!(field(&nameless), "name");
    assert_eq!(nameless.reason(), "missing-field");
    assert!(
        nameless.body["reason"]["zh"]
            .as_str()
            .unwrap()
            .contains("缺少")
    );
    let wrong = json!({ "staff": 9, "name": "x" });
    assert_eq!(field(&system.post(STAFF, &wrong).await.ok(400)), "staff");
    let weak = json!({ "staff": "c009", "name": "新", "password": "short" });
    assert_eq!(field(&system.post(STAFF, &weak).await.ok(422)), "password");

    let first = system
        .send("POST", STAFF, Some(&new), Some("enrol-1"), None)
        .await
        .ok(201);
    assert_eq!(first.body["grants"], json!([]));
    let before = facts(&hall).await;
    system
        .send("POST", STAFF, Some(&new), Some("enrol-1"), None)
        .await
        .ok(201);
    assert_eq!(facts(&hall).await, before, "repeated, it does nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_given_by_another_administrator_than_opens_the_account() {
    let hall = Hall::open().await;
    let mut system = hall.signed_in("sys01").await;
    let mut security = hall.signed_in("sec01").await;
    let new = json!({ "staff": "c009", "name": "新同事甲" });
    system.post(STAFF, &new).await.ok(201);
    let grant = json!({ "role": "clerk", "scope": { "type": "site", "site": "YLZX" } });
    let give = json!({ "action": "give_role", "grant": grant });
    assert_eq!(act(&mut system, "c009", give.clone()).await.status, 403);
    let path = format!("{}/actions", of("c009"));
    let stale = security
        .send("POST", &path, Some(&give), Some("g"), Some("\"9\""))
        .await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    let none = security
        .send("POST", &path, Some(&give), Some("g"), None)
        .await;
    assert_eq!(none.status, 428);
    let given = act(&mut security, "c009", give.clone()).await.ok(200);
    assert_eq!(given.body["grants"][0]["role"], "clerk");
    let twice = act(&mut security, "c009", give).await.ok(409);
    assert_eq!((twice.reason(), field(&twice)), ("role-held", "role"));
    let renamed = act(
        &mut system,
        "c009",
        json!({ "action": "rename", "name": "新同事乙" }),
    )
    .await;
    assert_eq!(renamed.ok(200).body["name"], "新同事乙");
    let empty = act(
        &mut system,
        "c009",
        json!({ "action": "rename", "name": " " }),
    )
    .await;
    assert_eq!(field(&empty.ok(422)), "name");
    let size = facts(&hall).await as usize;
    for fact in hall.app.ledger.entries(0, size).await.unwrap() {
        assert!(!String::from_utf8_lossy(&fact.bytes).contains("新同事"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_is_out_at_once_and_a_stale_proof_is_asked_for_again() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let mut security = hall.signed_in("sec01").await;
    let lock = json!({ "action": "lock", "reason": "suspicion" });
    assert_eq!(act(&mut clerk, "c002", lock.clone()).await.status, 403);
    act(&mut security, "c001", lock).await.ok(200);
    assert_eq!(clerk.get(STAFF).await.status, 401);
    let unlocked = act(&mut security, "c001", json!({ "action": "unlock" })).await;
    assert_eq!(unlocked.ok(200).body["account"]["locked"], false);
    let mut clerk = hall.signed_in("c001").await;
    act(&mut security, "c001", json!({ "action": "end_sessions" }))
        .await
        .ok(200);
    assert_eq!(clerk.get(STAFF).await.status, 401);
    // Ten minutes after the second factor was shown, what is sensitive asks for it again; what is not goes on.
    hall.clock.advance_millis(11 * MINUTE);
    let refused = act(
        &mut security,
        "c001",
        json!({ "action": "lock", "reason": "absence" }),
    )
    .await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.body["code"], "step-up-needed");
    security.get(STAFF).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_is_shown_once_and_opens_the_account() {
    let hall = Hall::open().await;
    let mut security = hall.signed_in("sec01").await;
    let mut system = hall.signed_in("sys01").await;
    let (path, hours) = (format!("{}/recovery", of("c001")), json!({ "hours": 24 }));
    let etag = security.get(&of("c001")).await.etag();
    let denied = system
        .send("POST", &path, Some(&hours), Some("r"), Some(&etag))
        .await;
    assert_eq!(denied.status, 403);
    let none = json!({ "hours": 0 });
    let none = security
        .send("POST", &path, Some(&none), Some("r"), Some(&etag))
        .await
        .ok(422);
    assert_eq!(field(&none), "hours");
    let issued = security
        .send("POST", &path, Some(&hours), Some("r"), Some(&etag))
        .await
        .ok(201);
    assert_eq!(issued.headers["cache-control"], "no-store");
    let again = security
        .send("POST", &path, Some(&hours), Some("r"), Some(&etag))
        .await
        .ok(409);
    assert_eq!(again.reason(), "shown-once");
    let mut clerk = hall.stranger();
    let body = json!({ "staff": "c001", "code": issued.body["code"], "password": PASSWORD });
    clerk.post("/api/v1/session/recovery", &body).await.ok(200);
    clerk.get(STAFF).await.ok(200);
}

async fn complaint(clerk: &mut Client) -> String {
    let body = json!({
        "site": "YLZX", "note": "态度问题", "days": 5,
        "matter": { "matter": "complaint", "category": "attitude" }
    });
    let opened = clerk.post("/api/v1/tickets", &body).await.ok(201);
    opened.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_held_is_the_successors_when_they_leave() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let listed = complaint(&mut clerk).await;
    hall.follow().await;
    // The lists need not hold the newest ticket yet.
    let newest = complaint(&mut clerk).await;
    let mut security = hall.signed_in("sec01").await;
    let mut system = hall.signed_in("sys01").await;
    let order = json!({ "successor": "s001" });
    let denied = security.act(&of("c001"), "offboarding", &order).await;
    assert_eq!(denied.status, 403);
    let nobody = json!({ "successor": "nobody" });
    let refused = system
        .act(&of("c001"), "offboarding", &nobody)
        .await
        .ok(409);
    assert_eq!(
        (refused.reason(), field(&refused)),
        ("no-successor", "successor")
    );
    let (path, etag) = (
        format!("{}/offboarding", of("c001")),
        system.get(&of("c001")).await.etag(),
    );
    let left = system
        .send("POST", &path, Some(&order), Some("o"), Some(&etag))
        .await
        .ok(200);
    let mut tickets = vec![listed.clone(), newest];
    tickets.sort();
    assert_eq!(left.body["tickets"], json!(tickets));
    assert_eq!(clerk.get(STAFF).await.status, 401);
    let mut supervisor = hall.signed_in("s001").await;
    let ticket = supervisor
        .get(&format!("/api/v1/tickets/{listed}"))
        .await
        .ok(200);
    assert_eq!(ticket.body["owner"], "s001");
    let before = facts(&hall).await;
    let again = system
        .send("POST", &path, Some(&order), Some("o"), Some(&etag))
        .await
        .ok(200);
    assert_eq!(
        (again.body["successor"].as_str(), facts(&hall).await),
        (Some("s001"), before)
    );
    let gone = system.act(&of("c001"), "offboarding", &order).await.ok(409);
    assert_eq!(gone.reason(), "has-left");
    // A post needs a letter, so it is named and not passed on.
    let chief = json!({ "successor": "scjg-02" });
    let left = system
        .act(&of("scjg-01"), "offboarding", &chief)
        .await
        .ok(200);
    assert_eq!(
        left.body["posts"],
        json!([{ "department": "SCJG", "chief": true }])
    );
}

/// A station of `site`: its token.
async fn station(security: &mut Client, staff: &str, site: &str) -> String {
    let order = json!({ "staff": staff, "site": site, "days": 30 });
    let issued = security.post("/api/v1/tokens", &order).await.ok(201);
    issued.body["text"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_reads_what_its_site_scanned_and_nothing_else() {
    let hall = Hall::open().await;
    let mut security = hall.signed_in("sec01").await;
    let mut clerk = hall.signed_in("c001").await;
    let ours = station(&mut security, "c001", "YLZX").await;
    let theirs = station(&mut security, "c002", "HYZ").await;
    let path = |seed: u64| format!("/api/v1/scans/{}", Digest::of(tiny_scan(seed)));
    for (seed, token) in [(1, &ours), (2, &theirs)] {
        let scan = Some(tiny_scan(seed));
        let taken = clerk.with_token(token, "PUT", &path(seed), scan).await;
        taken.ok(202);
    }
    // A scan of a clerk at our site, for a case of that site.
    let case = opened(&mut clerk).await;
    let no = case.rsplit('/').next().unwrap();
    let for_case = format!("{}?case={no}", path(3));
    assert_eq!(clerk.upload(&for_case, tiny_scan(3)).await, 202);
    let readers = [(&ours, [200, 404, 200]), (&theirs, [404, 200, 404])];
    for (token, expected) in readers {
        for (seed, status) in (1..).zip(expected) {
            let read = clerk.with_token(token, "GET", &path(seed), None).await;
            assert_eq!(read.status, status, "scan {seed}: {}", read.body);
        }
        // Another site's scan looks like none.
        let none = clerk.with_token(token, "GET", &path(9), None).await;
        assert_eq!(none.status, 404);
    }
    let read = clerk.with_token(&ours, "GET", &path(3), None).await.ok(200);
    assert_eq!(read.body["cases"], json!([no]));
    let foreign = clerk.with_token(&theirs, "PUT", &for_case, Some(tiny_scan(3)));
    assert_eq!(foreign.await.status, 404, "nor is anything brought to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stations_token_is_shown_once_listed_and_revoked() {
    let hall = Hall::open().await;
    let mut security = hall.signed_in("sec01").await;
    let mut clerk = hall.signed_in("c001").await;
    let order = json!({ "staff": "c001", "site": "YLZX", "days": 30 });
    let path = "/api/v1/tokens";
    assert_eq!(clerk.post(path, &order).await.status, 403);
    assert_eq!(clerk.get(path).await.status, 403);
    let nowhere = json!({ "staff": "c001", "site": "NOWHERE", "days": 30 });
    let refused = security.post(path, &nowhere).await.ok(409);
    assert_eq!(field(&refused), "site");
    let long = json!({ "staff": "c001", "site": "YLZX", "days": 401 });
    assert_eq!(field(&security.post(path, &long).await.ok(409)), "expires");
    let issued = security
        .send("POST", path, Some(&order), Some("t"), None)
        .await
        .ok(201);
    let again = security
        .send("POST", path, Some(&order), Some("t"), None)
        .await
        .ok(409);
    assert_eq!(again.reason(), "shown-once");
    let text = SecretText::new(issued.body["text"].as_str().unwrap());
    hall.service.people.bearer(&text).await.unwrap();
    security.post(path, &order).await.ok(201);
    let page = security.get("/api/v1/tokens?limit=1").await.ok(200);
    assert!(!page.body.to_string().contains("cft~"));
    let next = page.body["next"].as_str().unwrap();
    let rest = security
        .get(&format!("{path}?limit=1&cursor={next}"))
        .await
        .ok(200);
    assert_eq!(rest.body["items"].as_array().unwrap().len(), 1);
    assert!(rest.body.get("next").is_none());
    let revoke = json!({ "action": "revoke_token", "token": issued.body["token"] });
    act(&mut security, "c001", revoke.clone()).await.ok(200);
    assert!(hall.service.people.bearer(&text).await.is_err());
    assert_eq!(
        act(&mut security, "c001", revoke).await.ok(409).reason(),
        "token-unknown"
    );
}
