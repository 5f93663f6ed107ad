//! Art 12(4) over HTTP: paper counted, and paper lost and found again.

use std::io::Read as _;

use counterfoil::domain::access::Role;
use counterfoil::package::verify::{Trust, Verdict};
use serde_json::{Value, json};

use crate::paper_http::{Person, bundle, judged, month, number};
use crate::window_client::Answer;
use crate::window_hall::{Hall, at_site};
use crate::window_http::received;

const INVENTORIES: &str = "/api/v1/inventories";

/// Opens an inventory of the site; its path.
async fn opened(person: &mut Person, order: &Value) -> String {
    let opened = person.client.post(INVENTORIES, order).await.ok(201);
    format!("{INVENTORIES}/{}", opened.body["id"].as_str().unwrap())
}

async fn close(person: &mut Person, path: &str) -> Answer {
    let drafted = person.client.get(&format!("{path}/findings")).await;
    let drafted = drafted.ok(200).body;
    let signed = person.sign(&drafted["digest"]);
    let order = json!({ "findings": drafted["findings"], "signed": signed });
    person.client.act(path, "close", &order).await
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_site_is_counted_and_what_does_not_match_is_followed_up() {
    let hall = Hall::open().await;
    hall.add("a001", at_site(Role::Archivist, "YLZX")).await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut archivist = Person::new(&hall, "a001").await;
    let there = number(&received(&mut clerk.client).await);
    let gone = number(&received(&mut clerk.client).await);
    let path = opened(&mut clerk, &json!({ "site": "YLZX" })).await;
    let mut other = hall.signed_in("c002").await;
    other.get(&path).await.ok(404);
    let scans = format!("{path}/scans");
    let labels = json!({ "labels": [there] });
    clerk.client.post(&scans, &labels).await.ok(200);
    let labels = json!({ "labels": [there, "X-2019-1"] });
    let scanned = archivist.client.post(&scans, &labels).await.ok(200);
    assert_eq!(scanned.body["scanned"], 2);
    // All of it is the clerk's own.
    let own = close(&mut clerk, &path).await.ok(409);
    assert_eq!(own.reason(), "counts-own");
    let drafted = archivist.client.get(&format!("{path}/findings")).await;
    let drafted = drafted.ok(200).body;
    let signed = clerk.sign(&drafted["digest"]);
    let order = json!({ "findings": drafted["findings"], "signed": signed });
    let others = archivist.client.act(&path, "close", &order).await;
    others.ok(403);
    let closed = close(&mut archivist, &path).await.ok(200).body;
    let figures =
        json!({ "expected": 2, "found": 1, "missing": 1, "unexpected": 1, "discrepancies": 2 });
    assert_eq!(closed["figures"], figures);
    assert_eq!(
        (&closed["open"], &closed["counted_by"]),
        (&json!(2), &json!("a001"))
    );
    let found = closed["discrepancies"].as_array().unwrap();
    assert_eq!(found[0]["kind"], "missing");
    assert_eq!(found[0]["case"], gone);
    assert_eq!(found[0]["owner"]["staff"], "c001");
    assert_eq!(
        (&found[1]["kind"], &found[1]["case"]),
        (&json!("extra"), &json!("X-2019-1"))
    );
    let late = archivist.client.post(&scans, &labels).await.ok(409);
    assert_eq!(late.reason(), "inventory-closed");
    let one = format!("/api/v1/discrepancies/{}", found[0]["id"].as_str().unwrap());
    let note = json!({ "note": "在二号柜找到" });
    clerk.client.act(&one, "clearance", &note).await.ok(200);
    hall.follow().await;
    let list = format!("{INVENTORIES}?site=YLZX");
    let listed = clerk.client.get(&list).await.ok(200).body;
    let shown = &listed["items"][0];
    assert_eq!(shown["open"], 1);
    assert_eq!(shown["discrepancies"][0]["cleared_by"], "c001");
    // One person's paper: somebody else counts it.
    let mine = json!({ "site": "YLZX", "holder": "c001" });
    let path = opened(&mut archivist, &mine).await;
    let labels = json!({ "labels": [there, gone] });
    let scans = format!("{path}/scans");
    clerk.client.post(&scans, &labels).await.ok(200);
    let own = close(&mut clerk, &path).await.ok(409);
    assert_eq!(own.reason(), "counts-own");
    let closed = close(&mut archivist, &path).await.ok(200).body;
    assert_eq!(closed["figures"]["found"], 2);
    assert_eq!(closed["open"], 0);
}

/// Makes out the document of a loss, signs it for a side and approves.
async fn approve(person: &mut Person, path: &str, side: Value) -> Answer {
    let drafted = person.client.get(&format!("{path}/document")).await;
    let digest = drafted.ok(200).body["digest"].clone();
    let order = json!({ "side": side, "document": digest, "signed": person.sign(&digest) });
    person.client.act(path, "approval", &order).await
}

/// Reports, searches and has both sides approve.
async fn lose(
    (clerk, archivist): (&mut Person, &mut Person),
    (supervisor, officer): (&mut Person, &mut Person),
    path: &str,
) {
    let report = json!({ "reason": "清点时未找到，三人查找无果" });
    let reported = clerk.client.act(path, "report", &report).await.ok(200);
    assert_eq!(reported.body["standing"], "reported");
    let early = approve(supervisor, path, crate::paper_http::site("YLZX")).await;
    assert_eq!(early.ok(409).reason(), "not-searched");
    let search = json!({ "searched": "一至四号柜、扫描台", "result": "未找到" });
    let searched = archivist.client.act(path, "searches", &search).await;
    searched.ok(200);
    let wrong = approve(clerk, path, crate::paper_http::site("YLZX")).await;
    wrong.ok(403);
    let wrong = approve(supervisor, path, crate::paper_http::department("SCJG")).await;
    wrong.ok(404);
    let first = approve(supervisor, path, crate::paper_http::site("YLZX")).await;
    assert_eq!(first.ok(200).body["standing"], "reported");
    let second = approve(officer, path, crate::paper_http::department("SCJG")).await;
    let second = second.ok(200).body;
    assert_eq!(second["standing"], "lost");
    assert_eq!(second["searches"][0]["result"], "未找到");
}

/// The text of a file of a zip.
fn file_of(package: &[u8], suffix: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(package)).unwrap();
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    let name = names.iter().find(|name| name.ends_with(suffix)).unwrap();
    let mut text = String::new();
    let mut file = archive.by_name(name).unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_a_paper_is_lost_with_both_approvals_and_found_again() {
    let hall = Hall::open().await;
    hall.add("a001", at_site(Role::Archivist, "YLZX")).await;
    let mut clerk = Person::new(&hall, "c001").await;
    let (cases, round) = month(&hall, &mut clerk).await;
    let mut archivist = Person::new(&hall, "a001").await;
    let mut supervisor = Person::new(&hall, "s001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let missing = json!([{ "case": numbers[2], "no": 5, "found": "missing" }]);
    let scanned = json!({ "scanned": numbers, "found": missing });
    let found = clerk.client.act(&round, "reconciliation", &scanned).await;
    found.ok(200);
    hall.follow().await;
    let open = clerk.client.get("/api/v1/discrepancies?site=YLZX").await;
    let id = open.ok(200).body["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/losses/{id}");
    clerk.client.get(&path).await.ok(404);
    let mut stranger = hall.signed_in("mzj-02").await;
    lose(
        (&mut clerk, &mut archivist),
        (&mut supervisor, &mut officer),
        &path,
    )
    .await;
    stranger.get(&path).await.ok(404);
    let shown = clerk.client.get(&bundle(&cases[2])).await.ok(200).body;
    let paper = &shown["papers"][4];
    assert_eq!(paper["lost"]["staff"], "c001", "{paper}");
    assert!(paper["holder"].is_null() && paper["doubts"] == json!([]));
    hall.app.engine().unwrap().drain().await.unwrap();
    clerk.client.act(&round, "seal", &json!({})).await.ok(200);
    let take = format!("{round}/package");
    let order = json!({ "form": "zip" });
    let (status, package) = officer.client.post_for_bytes(&take, &order).await;
    assert_eq!(status, 200);
    let (verdict, wrong) = judged("lost.zip", &package, &Trust::default());
    assert_eq!((verdict, wrong), (Verdict::OnlyItself, Vec::new()));
    let register = file_of(&package, "data/register.csv");
    assert_eq!(
        register.matches("遗失（双方已认定）").count(),
        1,
        "{register}"
    );
    found_again((&mut clerk, &mut archivist), &path).await;
    hall.follow().await;
    let clockwork = hall.app.clockwork().unwrap();
    let ticked = clockwork.round().await.unwrap().transfers;
    assert_eq!(
        (ticked.opened, ticked.joined),
        (1, 0),
        "on a round of its own"
    );
    let (_, package) = officer.client.post_for_bytes(&take, &order).await;
    let (verdict, wrong) = judged("found.zip", &package, &Trust::default());
    assert_eq!((verdict, wrong), (Verdict::OnlyItself, Vec::new()));
}

/// Lost paper is found again: the finder signs, and then whoever held it last.
async fn found_again((clerk, archivist): (&mut Person, &mut Person), path: &str) {
    let drafts = format!("{path}/found/drafts");
    let drafted = archivist
        .client
        .post(&drafts, &json!({}))
        .await
        .ok(200)
        .body;
    let signed = archivist.sign(&drafted["digest"]);
    let order = json!({ "to": drafted["to"], "signed": signed });
    let found = archivist.client.act(path, "found", &order).await.ok(200);
    assert_eq!(found.body["standing"], "found");
    let order = json!({ "document": drafted["digest"], "signed": clerk.sign(&drafted["digest"]) });
    let back = clerk.client.act(path, "back", &order).await.ok(200);
    assert_eq!(back.body["standing"], "back");
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_what_a_count_misses_leaves_its_round_when_it_is_lost() {
    let hall = Hall::open().await;
    hall.add("a001", at_site(Role::Archivist, "YLZX")).await;
    let mut clerk = Person::new(&hall, "c001").await;
    let (cases, round) = month(&hall, &mut clerk).await;
    let mut archivist = Person::new(&hall, "a001").await;
    let mut supervisor = Person::new(&hall, "s001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let count = opened(&mut archivist, &json!({ "site": "YLZX" })).await;
    let labels = json!({ "labels": [numbers[0], numbers[1]] });
    let scans = format!("{count}/scans");
    archivist.client.post(&scans, &labels).await.ok(200);
    let closed = close(&mut archivist, &count).await.ok(200).body;
    let id = closed["discrepancies"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/losses/{id}");
    lose(
        (&mut clerk, &mut archivist),
        (&mut supervisor, &mut officer),
        &path,
    )
    .await;
    let shown = clerk.client.get(&round).await.ok(200).body;
    assert_eq!(
        (&shown["left"], &shown["stage"]),
        (&json!(8), &json!("gathering"))
    );
    let months = clerk
        .client
        .get("/api/v1/sites/YLZX/months")
        .await
        .ok(200)
        .body;
    let counted = &months[0]["count"];
    assert_eq!(
        (&counted["settled"], &counted["not_yet_due"]),
        (&json!(1), &json!(2))
    );
    let shown = clerk.client.get(&count).await.ok(200).body;
    assert_eq!(shown["open"], 0, "the loss cleared it up");
}
