//! A month of a real hall closes once its last paper is signed for, stays closed when more comes in, and counts as in time.

use serde_json::{Value, json};

use crate::package_http::sealed;
use crate::paper_http::{DAY, Person, bundle, department, id, site};
use crate::window_client::Client;
use crate::window_hall::Hall;

const MONTHS: &str = "/api/v1/sites/YLZX/months";
const RATE: &str = "/api/v1/sites/YLZX/on-time?from=2026-03&to=2026-03";

/// What the clock did by now: opened and closed. Asked twice, because nothing is closed while the lists lag.
async fn ticked(hall: &Hall) -> (usize, usize) {
    let clockwork = hall.app.clockwork().unwrap();
    let (mut opened, mut closed) = (0, 0);
    for _ in 0..2 {
        hall.follow().await;
        let ticked = clockwork.round().await.unwrap().transfers;
        (opened, closed) = (opened + ticked.opened, closed + ticked.closed);
    }
    hall.follow().await;
    (opened, closed)
}

async fn march(client: &mut Client) -> Value {
    client.get(MONTHS).await.ok(200).body[0].clone()
}

/// March's three cases with their thirteen papers, signed for; and their numbers.
async fn signed(hall: &Hall) -> (Person, Vec<String>) {
    let (mut clerk, mut officer, numbers, path) = sealed(hall).await;
    let round = path.rsplit('/').next().unwrap().to_owned();
    ticked(hall).await;
    let mut supervisor = hall.signed_in("s001").await;
    let before = march(&mut supervisor).await;
    assert_eq!(before["closed"], false, "paper of March is owed");
    assert_eq!(before.get("closing"), None);
    let open = supervisor.get(RATE).await.ok(200).body;
    assert_eq!(
        (&open["total"]["not_yet_due"], open.get("per_mille")),
        (&json!(13), None)
    );
    let draft = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"), "to": department("SCJG") });
    let slip = id(&clerk.offer(&draft).await.ok(201));
    let scanned = json!({ "scanned": numbers });
    officer.receive(&slip, &scanned).await.ok(200);
    (clerk, numbers)
}

/// A signed delivery receipt comes in: April's paper, due in May; March stays closed.
async fn more_comes_in(hall: &Hall, clerk: &mut Person, case: &str, closing: &Value) {
    let mut supervisor = hall.signed_in("s001").await;
    let case = format!("/api/v1/cases/{case}");
    let notice = json!({ "form": "original", "count": 1, "pages": 1, "condition": "good" });
    let added = clerk.client.act(&bundle(&case), "papers", &notice).await;
    added.ok(201);
    ticked(hall).await;
    let later = march(&mut supervisor).await;
    assert_eq!(
        (&later["closed"], &later["closing"]),
        (&json!(true), closing)
    );
    assert_eq!(
        (&later["supplementary"], &later["count"]["not_yet_due"]),
        (&json!(1), &json!(1))
    );
    hall.clock.advance_millis(28 * DAY);
    let mut supervisor = hall.signed_in("s001").await;
    let sites = supervisor.get("/api/v1/sites").await.ok(200).body;
    let sites = sites["items"].as_array().unwrap().len();
    assert_eq!(ticked(hall).await, (1, sites), "April of every site");
    let rounds = supervisor.get("/api/v1/transfers?site=YLZX").await;
    let second = &rounds.ok(200).body["items"][0];
    assert_eq!(
        (&second["month"], &second["due"]),
        (&json!("2026-04"), &json!("2026-05-31"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_month_closes_once_and_what_comes_later_has_a_round_of_its_own() {
    let hall = Hall::open().await;
    let (mut clerk, numbers) = signed(&hall).await;
    assert_eq!(ticked(&hall).await.1, 1);
    assert_eq!(ticked(&hall).await.1, 0, "once");
    let mut supervisor = hall.signed_in("s001").await;
    let closed = march(&mut supervisor).await;
    assert_eq!(closed["closed"], true, "{closed}");
    let closing = &closed["closing"];
    let told = ["on", "cases", "settled", "late"].map(|name| closing[name].clone());
    let expected = [json!("2026-04-03"), json!(3), json!(3), json!(false)];
    assert_eq!(told, expected);
    assert_eq!(closed["supplementary"], 0);
    more_comes_in(&hall, &mut clerk, &numbers[0], closing).await;

    // By window, department and month; the hall as a whole is not theirs.
    let mut supervisor = hall.signed_in("s001").await;
    let view = supervisor.get(RATE).await.ok(200).body;
    let row = &view["rows"][0];
    let place = ["window", "department", "month"].map(|name| row[name].clone());
    assert_eq!(place, [json!("A02"), json!("SCJG"), json!("2026-03")]);
    assert_eq!(row["count"], view["total"]);
    let total = ["on_time", "not_yet_due"].map(|name| view["total"][name].clone());
    assert_eq!(
        (total, &view["per_mille"]),
        ([json!(13), json!(1)], &json!(1000))
    );
    for (elsewhere, status) in [
        ("/api/v1/sites/HYZ/on-time?from=2026-03&to=2026-03", 404),
        ("/api/v1/on-time?from=2026-03&to=2026-03", 404),
        ("/api/v1/sites/YLZX/on-time?from=2026-04&to=2026-03", 400),
        ("/api/v1/sites/YLZX/on-time?from=2020-01&to=2026-03", 400),
    ] {
        supervisor.get(elsewhere).await.ok(status);
    }
    // On 1 June the later paper is overdue, and the hall's.
    hall.clock.advance_millis(31 * DAY);
    ticked(&hall).await;
    let mut supervisor = hall.signed_in("s001").await;
    let late = supervisor.get(RATE).await.ok(200).body;
    let total = ["overdue", "by_hall"].map(|name| late["total"][name].clone());
    assert_eq!(total, [json!(1), json!(1)]);
    assert_eq!(late["per_mille"], 928, "thirteen of fourteen");
}
