//! How the hall is set up, its calendar, its load and its log of reads, through the HTTP face.

use counterfoil::domain::access::{Grant, Role, Scope};
use counterfoil::domain::{Actor, RequestId, StaffId};
use counterfoil::people::{NewPerson, Order, SecretText};
use serde_json::{Value, json};

use crate::window_client::{Answer, Client};
use crate::window_hall::{FOOD_PERMIT, Hall, PASSWORD};

const HOUR: i64 = 3_600_000;
/// "letter" in base64.
const LETTER: &str = "bGV0dGVy";

fn field(answer: &Answer) -> &str {
    answer.body["fields"][0]["field"].as_str().unwrap_or("none")
}

/// Somebody with one role in the whole hall, who is signed in.
pub async fn of_the_hall(hall: &Hall, staff: &str, role: Role) -> Client {
    let new = NewPerson {
        staff: StaffId::new(staff).unwrap(),
        name: SecretText::new("测试人员"),
        password: Some(SecretText::new(PASSWORD)),
        temporary: false,
        grants: vec![Grant {
            role,
            scope: Scope::Hall,
        }],
    };
    let order = Order {
        by: Actor::new("cli:operator").unwrap(),
        request: RequestId::new(format!("test/{staff}")).unwrap(),
        expected: None,
    };
    hall.service.people.enrol(&order, &new).await.unwrap();
    hall.signed_in(staff).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_departments_and_authorisations_are_shown_to_everyone_here() {
    let hall = Hall::open().await;
    hall.follow().await;
    let mut clerk = hall.signed_in("c001").await;
    let sites = clerk.get("/api/v1/sites?limit=2").await.ok(200);
    assert_eq!(sites.body["items"][0]["site"], "YLZX");
    assert!(sites.body["items"][0]["name"].is_string() && sites.body["next"].is_string());
    let departments = clerk.get("/api/v1/departments").await.ok(200);
    assert!(departments.body["items"].as_array().unwrap().len() >= 6);
    let one = clerk.get("/api/v1/departments/SCJG").await.ok(200);
    let chief = one.body["posts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|post| post["chief"] == true);
    assert_eq!(chief.unwrap()["holds"], true, "{}", one.body);
    let mandates = clerk.get("/api/v1/authorisations").await.ok(200);
    assert!(mandates.body["items"][0]["powers"][0]["holds"].is_boolean());
    clerk.get("/api/v1/departments/NONE").await.ok(404);
    clerk.get("/api/v1/authorisations/NONE").await.ok(404);
    for path in ["sites", "departments", "authorisations", "calendar"] {
        assert_eq!(
            hall.stranger().get(&format!("/api/v1/{path}")).await.status,
            401
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_1_powers_are_taken_back_with_a_letter() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let mut site = hall.signed_in("s001").await;
    let mut supervisor = of_the_hall(&hall, "s000", Role::Supervisor).await;
    let path = "/api/v1/authorisations/WT-2026-SCJG";
    let order = json!({ "powers": ["receive"], "from": "2026-03-09", "letter": LETTER });
    let denied = clerk.act(path, "revocations", &order).await;
    assert_eq!(denied.status, 403, "{}", denied.body);
    // This one is for two other sites, so it is no single site's supervisor's.
    let villages = "/api/v1/authorisations/WT-2026-SCJG-HYZ";
    let denied = site.act(villages, "revocations", &order).await;
    assert_eq!(denied.status, 403, "{}", denied.body);
    supervisor
        .act(villages, "revocations", &order)
        .await
        .ok(200);
    let bad = json!({ "powers": ["receive"], "from": "2026-03-09", "letter": "%" });
    assert_eq!(
        field(&supervisor.act(path, "revocations", &bad).await.ok(400)),
        "letter"
    );
    let past = json!({ "powers": ["receive"], "from": "2026-03-01", "letter": LETTER });
    assert_eq!(
        field(&supervisor.act(path, "revocations", &past).await.ok(409)),
        "from"
    );
    let etag = supervisor.get(path).await.etag();
    let revocations = format!("{path}/revocations");
    let stale = supervisor
        .send("POST", &revocations, Some(&order), Some("v"), Some("\"7\""))
        .await;
    assert_eq!(stale.status, 412);
    let done = supervisor
        .send("POST", &revocations, Some(&order), Some("v"), Some(&etag))
        .await
        .ok(200);
    let receive = |body: &Value| body["powers"].as_array().unwrap()[0].clone();
    assert_eq!(receive(&done.body)["holds"], false);
    let before = *hall.app.ledger.published().borrow();
    supervisor
        .send("POST", &revocations, Some(&order), Some("v"), Some(&etag))
        .await
        .ok(200);
    assert_eq!(*hall.app.ledger.published().borrow(), before);
    // The window takes no new case of that department from this moment on.
    let (site, window) = ("YLZX".parse().unwrap(), "A02".parse().unwrap());
    let (task, now) = (
        FOOD_PERMIT.parse().unwrap(),
        hall.service.counter.clock.now(),
    );
    let counter = &hall.service.counter;
    assert!(
        counter
            .may_receive(&site, &window, &task, now)
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_2_a_chief_representatives_post_ends() {
    let hall = Hall::open().await;
    let mut system = hall.signed_in("sys01").await;
    let mut supervisor = hall.signed_in("s001").await;
    let path = "/api/v1/departments/SCJG";
    let order =
        json!({ "action": "remove_post", "staff": "scjg-01", "chief": true, "from": "2026-03-10" });
    assert_eq!(supervisor.act(path, "actions", &order).await.status, 403);
    let stranger =
        json!({ "action": "remove_post", "staff": "c001", "chief": true, "from": "2026-03-10" });
    assert_eq!(
        field(&system.act(path, "actions", &stranger).await.ok(409)),
        "staff"
    );
    let done = system.act(path, "actions", &order).await.ok(200);
    let post = done.body["posts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|post| post["chief"] == true);
    assert_eq!(post.unwrap()["end"], "2026-03-10");
    let none = system
        .send(
            "POST",
            &format!("{path}/actions"),
            Some(&order),
            Some("n"),
            None,
        )
        .await;
    assert_eq!(none.status, 428);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_07_the_supervisor_opens_a_tidal_window() {
    let hall = Hall::open().await;
    let mut supervisor = hall.signed_in("s001").await;
    let mut clerk = hall.signed_in("c001").await;
    let path = "/api/v1/sites/YLZX";
    let order =
        json!({ "action": "open_tidal", "window": "C01", "until": "2026-03-09T06:00:00.000Z" });
    assert_eq!(clerk.act(path, "actions", &order).await.status, 403);
    assert_eq!(
        supervisor
            .act("/api/v1/sites/HYZ", "actions", &order)
            .await
            .status,
        403
    );
    let opened = supervisor.act(path, "actions", &order).await.ok(200);
    let window = |body: &Value| {
        body["windows"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["window"] == "C01")
            .cloned()
            .unwrap()
    };
    assert_eq!(
        window(&opened.body)["open_until"],
        "2026-03-09T06:00:00.000Z"
    );
    let always =
        json!({ "action": "open_tidal", "window": "A02", "until": "2026-03-09T06:00:00.000Z" });
    assert_eq!(
        supervisor
            .act(path, "actions", &always)
            .await
            .ok(409)
            .reason(),
        "not-tidal"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn art_07_the_load_is_what_happened_hour_by_hour() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let path = "/api/v1/sites/YLZX";
    let visit = json!({ "site": "YLZX", "window": "A02", "role": "receive", "channel": "window" });
    for _ in 0..3 {
        clerk.post("/api/v1/visits", &visit).await.ok(201);
    }
    // Sessions lock after a quarter of an hour; here only the hour has to turn.
    hall.clock.advance_millis(HOUR);
    let mut clerk = hall.signed_in("c001").await;
    let visit = clerk.post("/api/v1/visits", &visit).await.ok(201);
    let guide = json!({ "action": "guide", "kind": "guidance", "note": "问路" });
    let guided = clerk
        .act(
            &format!("/api/v1/visits/{}", visit.body["id"].as_str().unwrap()),
            "actions",
            &guide,
        )
        .await;
    let extra = u64::from(guided.status == 200);
    let load = clerk
        .get(&format!("{path}/load?from=2026-03-09&to=2026-03-09"))
        .await
        .ok(200);
    let hours: Vec<_> = load.body["hours"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["window"].as_str().unwrap(),
                row["hour"].as_str().unwrap(),
                row["acts"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(hours, [("A02", "10:00", 3), ("A02", "11:00", 1 + extra)]);
    assert_eq!(load.body["by_hour"][0]["days"], 1);
    let quiet = clerk
        .get(&format!("{path}/load?from=2026-03-01&to=2026-03-08"))
        .await
        .ok(200);
    assert_eq!(quiet.body["hours"], json!([]));
    let long = clerk
        .get(&format!("{path}/load?from=2026-01-01&to=2026-03-08"))
        .await
        .ok(422);
    assert_eq!(field(&long), "to");
    assert_eq!(
        clerk
            .get("/api/v1/sites/HYZ/load?from=2026-03-09&to=2026-03-09")
            .await
            .status,
        403
    );
    assert_eq!(
        field(
            &clerk
                .get(&format!("{path}/load?from=2026-03-09"))
                .await
                .ok(400)
        ),
        "to"
    );
}

const YEAR: &str = "[[year]]\nyear = 2027\nsource = \"notice\"\nholidays = [\n    { name = \"元旦\", first = 2027-01-01 },\n]\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_year_is_added_to_the_calendar_and_a_bad_file_is_refused_with_its_line() {
    let hall = Hall::open().await;
    let mut system = hall.signed_in("sys01").await;
    let mut supervisor = hall.signed_in("s001").await;
    let path = "/api/v1/calendar";
    let order = json!({ "year": 2027, "file": YEAR });
    assert_eq!(supervisor.act(path, "years", &order).await.status, 403);
    let bad = json!({ "year": 2027, "file": YEAR.replace("01-01", "13-01") });
    let refused = system.act(path, "years", &bad).await.ok(422);
    assert_eq!(field(&refused), "file");
    let told = refused.body["fields"][0]["zh"].as_str().unwrap();
    assert!(told.contains("第 5 行"), "{told}");
    let other = json!({ "year": 2028, "file": YEAR });
    assert_eq!(
        system.act(path, "years", &other).await.ok(422).body["fields"][0]["code"],
        "calendar-other-year"
    );
    let added = system.act(path, "years", &order).await.ok(200);
    let years = added.body["years"].as_array().unwrap();
    let year = years.iter().find(|year| year["year"] == 2027).unwrap();
    assert_eq!(
        (
            year["added"].as_bool(),
            year["holidays"][0]["first"].as_str()
        ),
        (Some(true), Some("2027-01-01"))
    );
    let calendar = hall.service.counter.calendar().await.unwrap();
    assert!(calendar.years().any(|year| year == 2027));
    let stale = system
        .send(
            "POST",
            &format!("{path}/years"),
            Some(&order),
            Some("y"),
            Some("\"1\""),
        )
        .await;
    assert_eq!(stale.status, 412);
}
