//! A box over HTTP: filled, moved, sealed, sent with a carrier, received by the number of its seal, checked later with one
//! paper missing, and proved offline.

use counterfoil::domain::access::Role;
use counterfoil::domain::{Calendar, Clock as _, ContainerId, Date, Digest};
use counterfoil::package::verify::{Trust, Verdict};
use serde_json::{Value, json};

use crate::paper_http::{
    DAY, Person, bundle, department, holders, id, judged, month, number, site,
};
use crate::support::tiny_scan;
use crate::window_client::{Answer, Client};
use crate::window_hall::{Hall, at_site};

const BOX: &str = "/api/v1/containers/BOX-1";

async fn order(client: &mut Client, order: Value) -> Answer {
    client.act(BOX, "orders", &order).await
}

/// A room with a cabinet of two shelves, and a box on the first.
async fn furnished(keeper: &mut Client) {
    let places = [
        ("ROOM-1", "room", None),
        ("CAB-1", "cabinet", Some("ROOM-1")),
        ("SH-1", "shelf", Some("CAB-1")),
        ("SH-2", "shelf", Some("CAB-1")),
        ("BOX-1", "box", Some("SH-1")),
    ];
    for (id, kind, into) in places {
        let new = json!({ "id": id, "kind": kind, "site": "YLZX" });
        keeper.post("/api/v1/containers", &new).await.ok(201);
        if let Some(into) = into {
            let path = format!("/api/v1/containers/{id}");
            let order = json!({ "action": "move", "into": into });
            keeper.act(&path, "orders", &order).await.ok(200);
        }
    }
    let again = json!({ "id": "BOX-1", "kind": "box", "site": "YLZX" });
    let again = keeper.post("/api/v1/containers", &again).await.ok(409);
    assert_eq!(again.reason(), "container-known");
    let cabinet = "/api/v1/containers/CAB-1";
    let upside = json!({ "action": "move", "into": "SH-1" });
    let upside = keeper.act(cabinet, "orders", &upside).await.ok(409);
    assert_eq!(upside.reason(), "container-too-small");
}

/// The place of the first paper of a case, from the room to the box.
async fn place(client: &mut Client, case: &str) -> Vec<String> {
    let shown = client.get(&bundle(case)).await.ok(200).body;
    let steps = shown["papers"][0]["place"].as_array().cloned();
    let steps = steps.unwrap_or_default();
    let name = |step: &Value| step["container"].as_str().unwrap().to_owned();
    steps.iter().map(name).collect()
}

/// The round's papers offered with the sealed box, and given to a courier.
async fn sent(hall: &Hall, clerk: &mut Person, round: &str, case: &str) -> String {
    let draft = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"),
        "to": department("SCJG"), "boxes": ["BOX-1"] });
    let offered = clerk.offer(&draft).await.ok(201);
    let boxes = &offered.body["manifest"]["boxes"];
    assert_eq!(boxes[0]["seal"], "F-2026-1", "{boxes}");
    let slip = id(&offered);
    let path = format!("/api/v1/slips/{slip}");
    let pad = tiny_scan(77);
    let digest = Digest::of(&pad);
    let dispatch = json!({ "action": "dispatch", "carrier": "courier", "name": "王五，顺丰速运",
        "proof": "work_card", "signature": digest });
    let early = clerk.client.act(&path, "carriage", &dispatch).await;
    assert_eq!(
        early.status.as_u16(),
        404,
        "nobody handed that signature in"
    );
    let upload = format!("/api/v1/scans/{digest}?case={}", number(case));
    assert!(matches!(clerk.client.upload(&upload, pad).await, 200 | 202));
    let away = clerk.client.act(&path, "carriage", &dispatch).await.ok(200);
    assert_eq!(away.body["standing"], "in_transit");
    assert_eq!(away.body["journeys"][0]["name"], "王五，顺丰速运");
    let cancel = json!({ "action": "cancel", "reason": "不寄了" });
    let cancel = clerk.client.act(&path, "end", &cancel).await.ok(409);
    assert_eq!(cancel.reason(), "in-transit");
    // It comes back and goes again: the giver holds it all the while.
    let back = json!({ "action": "bring_back", "signature": digest });
    let back = clerk.client.act(&path, "carriage", &back).await.ok(200);
    assert_eq!(back.body["standing"], "open");
    clerk.client.act(&path, "carriage", &dispatch).await.ok(200);
    let shown = clerk.client.get(&bundle(case)).await.ok(200).body;
    let transit = &shown["papers"][0]["transit"];
    assert_eq!(transit["carrier"]["carrier"], "courier", "{transit}");
    assert_eq!(holders(&mut clerk.client, case).await[0], "YLZX:c001");
    hall.follow().await;
    slip
}

/// The lines of the box are checked too late, and one paper is missing.
async fn checked(hall: &Hall, officer: &mut Person, slip: &str, numbers: &[String]) {
    let clockwork = hall.app.clockwork().unwrap();
    hall.follow().await;
    assert_eq!(clockwork.round().await.unwrap().transfers.unchecked, 0);
    hall.clock.advance_millis(12 * DAY);
    assert_eq!(clockwork.round().await.unwrap().transfers.unchecked, 1);
    hall.follow().await;
    assert_eq!(clockwork.round().await.unwrap().transfers.unchecked, 0);
    officer.client = hall.signed_in("scjg-02").await;
    let path = format!("/api/v1/slips/{slip}");
    let shown = officer.client.get(&path).await.ok(200).body;
    assert_eq!(shown["check"]["overdue"], true);
    let missing = json!([{ "case": numbers[1], "no": 2, "found": "missing" }]);
    let draft = json!({ "scanned": [numbers[0], numbers[1]], "found": missing });
    let drafts = format!("{path}/checks/drafts");
    let drafted = officer.client.post(&drafts, &draft).await.ok(200).body;
    let by = officer.sign(&drafted["digest"]);
    let order = json!({ "outcome": drafted["outcome"], "receipt": { "type": "signed", "by": by } });
    let done = officer
        .client
        .act(&path, "checks", &order)
        .await
        .ok(200)
        .body;
    assert_eq!(done["standing"], "received_with_discrepancy");
    assert!(done["check"]["checked"]["index"].as_u64() > done["taken"]["index"].as_u64());
    let again = officer.client.act(&path, "checks", &order).await.ok(409);
    assert_eq!(again.reason(), "nothing-to-check");
}

/// The box filled with two of the cases, moved, and sealed; the round's package sealed, too. Gives the round.
async fn filled(
    hall: &Hall,
    clerk: &mut Person,
    keeper: &mut Client,
    path: &str,
    cases: &[String],
) -> String {
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let clerk_client = &mut clerk.client;
    for case in &numbers[..2] {
        let put = json!({ "action": "put", "case": case });
        order(clerk_client, put.clone()).await.ok(200);
        let again = json!({ "action": "put", "case": case, "papers": [1] });
        let again = order(clerk_client, again).await.ok(409);
        assert_eq!(again.reason(), "in-container");
    }
    order(keeper, json!({ "action": "move", "into": "SH-2" }))
        .await
        .ok(200);
    let where_it_is = place(clerk_client, &cases[0]).await;
    assert_eq!(where_it_is, ["ROOM-1", "CAB-1", "SH-2", "BOX-1"]);
    hall.follow().await;
    let content = clerk_client
        .get(&format!("{BOX}/content"))
        .await
        .ok(200)
        .body;
    assert_eq!(content["items"].as_array().unwrap().len(), 2, "{content}");

    hall.app.engine().unwrap().drain().await.unwrap();
    let all = json!({ "scanned": numbers });
    clerk_client.act(path, "reconciliation", &all).await.ok(200);
    let sealed = clerk_client.act(path, "seal", &json!({})).await.ok(200);
    let round = sealed.body["round"]["id"].as_str().unwrap().to_owned();
    let seal = json!({ "action": "seal", "seal": "F-2026-1" });
    let sealed = order(clerk_client, seal).await.ok(200).body;
    assert_eq!(sealed["seal"]["papers"], 8);
    let late = json!({ "action": "put", "case": numbers[2] });
    assert_eq!(
        order(clerk_client, late).await.ok(409).reason(),
        "box-sealed"
    );
    let loose = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"),
        "to": department("SCJG"), "lines": [{ "case": numbers[0], "papers": [1] }] });
    assert_eq!(clerk.offer(&loose).await.ok(409).reason(), "in-sealed-box");
    round
}

/// The seal is whole: the box is taken without its lines.
async fn by_seal(hall: &Hall, officer: &mut Person, slip: &str, cases: &[String]) {
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let wrong = json!({ "container": "BOX-1", "seal": "F-2026-2", "whole": true });
    let whole = json!({ "container": "BOX-1", "seal": "F-2026-1", "whole": true });
    let boxed = json!([{ "case": numbers[0], "no": 1, "found": "sealed" }]);
    let other = json!({ "scanned": numbers, "found": boxed, "seals": [wrong] });
    let refused = officer.receive(slip, &other).await.ok(409);
    assert_eq!(refused.reason(), "seal-not-whole");
    let by_seal = json!({ "scanned": [numbers[2]], "seals": [whole] });
    let received = officer.receive(slip, &by_seal).await.ok(200).body;
    assert_eq!(received["standing"], "received_by_seal");
    let today = Date::of(hall.clock.now());
    let check_by = Calendar::embedded().plus_working_days(today, 5).unwrap();
    assert_eq!(received["check"]["check_by"], check_by.to_string());
    for case in cases {
        let held = holders(&mut officer.client, case).await;
        assert!(held.iter().all(|one| one == "SCJG:scjg-02"), "{held:?}");
    }
    assert!(place(&mut officer.client, &cases[0]).await.is_empty());
    let shown = officer.client.get(BOX).await.ok(200).body;
    assert_eq!(shown["side"], department("SCJG"));
}

/// Offline everything follows from what both sides signed.
async fn proved(hall: &Hall, officer: &mut Person, path: &str) {
    let kept = hall.app.ledger.checkpoint().await;
    let take = format!("{path}/package");
    let (status, package) = officer
        .client
        .post_for_bytes(&take, &json!({ "form": "zip" }))
        .await;
    assert_eq!(status, 200);
    let trust = Trust::default().with_since(&kept).unwrap();
    let (verdict, found) = judged(&format!("{}.zip", number(path)), &package, &trust);
    assert_eq!((verdict, found), (Verdict::Holds, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_sealed_box_is_received_by_its_seal_and_checked_within_days() {
    let hall = Hall::open().await;
    hall.add("a001", at_site(Role::Archivist, "YLZX")).await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let (cases, path) = month(&hall, &mut clerk).await;
    officer.client = hall.signed_in("scjg-02").await;
    let mut keeper = hall.signed_in("a001").await;
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();

    furnished(&mut keeper).await;
    let clerks = json!({ "id": "BOX-9", "kind": "box", "site": "YLZX" });
    let refused = clerk.client.post("/api/v1/containers", &clerks).await;
    assert_eq!(
        refused.status.as_u16(),
        403,
        "a clerk fills boxes and does not make them"
    );
    let round = filled(&hall, &mut clerk, &mut keeper, &path, &cases).await;
    let slip = sent(&hall, &mut clerk, &round, &cases[0]).await;
    by_seal(&hall, &mut officer, &slip, &cases).await;
    checked(&hall, &mut officer, &slip, &numbers).await;
    let held = holders(&mut officer.client, &cases[1]).await;
    assert_eq!(
        held[1], "SCJG:scjg-02",
        "what is missing stays with the receiver of record"
    );
    hall.follow().await;
    let mut clerk = hall.signed_in("c001").await;
    let open = clerk
        .get("/api/v1/discrepancies?site=YLZX")
        .await
        .ok(200)
        .body;
    let open = open["items"].as_array().unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(
        (&open[0]["kind"], &open[0]["owner"]["staff"]),
        (&json!("missing"), &json!("c001"))
    );

    proved(&hall, &mut officer, &path).await;
    told(&hall, &numbers[0]).await;
}

/// The history of the paper tells the moves of the box and of what it stood in, as long as the paper was in it.
async fn told(hall: &Hall, case: &str) {
    let counter = hall.app.counter();
    let case = case.parse().unwrap();
    let box_1 = ContainerId::new("BOX-1").unwrap();
    let history = counter.paper_history(&case).await.unwrap();
    let names = history.iter().map(|fact| fact.entry.event.name());
    let expected = [
        "bundle.opened",
        "bundle.listed",
        "bundle.shelved",
        "container.moved",
        "container.sealed",
        "bundle.sealed",
        "bundle.offered",
        "bundle.dispatched",
        "bundle.carriage_ended",
        "bundle.dispatched",
        "container.handed_over",
        "bundle.received",
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    assert!(counter.container(&box_1).await.unwrap().0.into.is_none());
}
