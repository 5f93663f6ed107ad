//! The catalogue as files over the wire, its comparison with the published list, and an item's versions.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil::domain::access::Role;
use serde_json::{Value, json};

use crate::hall_http::of_the_hall;
use crate::window_client::Answer;
use crate::window_hall::{FOOD_PERMIT, Hall};

const IMPORTS: &str = "/api/v1/catalogue/imports";
const LETTER: &str = "bGV0dGVy";

fn field(answer: &Answer) -> &str {
    answer.body["fields"][0]["field"].as_str().unwrap_or("none")
}

fn fixtures() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/catalogue");
    let mut files = BTreeMap::new();
    for folder in ["", "items", "documents"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn wire(files: &BTreeMap<String, Vec<u8>>) -> Value {
    let files = files
        .iter()
        .map(|(path, bytes)| (path.clone(), json!(STANDARD.encode(bytes))));
    Value::Object(files.collect())
}

/// The food permit's next version as a department hands it in.
fn proposal(days: i64) -> String {
    let files = fixtures();
    let texts = files.iter().filter(|(path, _)| path.starts_with("items/"));
    let mut texts = texts.map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap());
    let text = texts.find(|text| text.contains(FOOD_PERMIT)).unwrap();
    let mut item: toml::Table = text.parse().unwrap();
    for key in ["notice", "live_from", "entered", "withdrawn"] {
        item.remove(key);
    }
    item.insert("version".to_owned(), toml::Value::Integer(2));
    item.insert("promised_days".to_owned(), toml::Value::Integer(days));
    toml::to_string(&item).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue_goes_over_the_wire_and_back() {
    let hall = Hall::open().await;
    let mut supervisor = of_the_hall(&hall, "s000", Role::Supervisor).await;
    let mut site = hall.signed_in("s001").await;
    let files = fixtures();
    let order = json!({ "files": wire(&files) });
    assert_eq!(site.post(IMPORTS, &order).await.status, 403);
    assert_eq!(site.get("/api/v1/catalogue/export").await.status, 403);
    let same = supervisor.post(IMPORTS, &order).await.ok(200);
    assert_eq!(
        (same.body["recorded"].as_bool(), &same.body["changes"]),
        (Some(false), &json!([]))
    );

    let exported = supervisor.get("/api/v1/catalogue/export").await.ok(200);
    let again = json!({ "files": exported.body["files"] });
    let same = supervisor.post(IMPORTS, &again).await.ok(200);
    assert_eq!(
        same.body["changes"],
        json!([]),
        "what was exported changes nothing"
    );

    let mut changed = files.clone();
    let text = String::from_utf8(changed["hall.toml"].clone()).unwrap();
    let renamed = text.replacen("phone = \"", "phone = \"1", 1);
    assert_ne!(renamed, text);
    changed.insert("hall.toml".to_owned(), renamed.into_bytes());
    let preview = json!({ "files": wire(&changed), "preview": true });
    let told = supervisor.post(IMPORTS, &preview).await.ok(200);
    assert_eq!(
        (
            told.body["recorded"].as_bool(),
            told.body["changes"][0]["change"].as_str()
        ),
        (Some(false), Some("described"))
    );
    let order = json!({ "files": wire(&changed) });
    let done = supervisor
        .send("POST", IMPORTS, Some(&order), Some("i"), None)
        .await
        .ok(200);
    assert_eq!(done.body["recorded"], true);
    let before = *hall.app.ledger.published().borrow();
    supervisor
        .send("POST", IMPORTS, Some(&order), Some("i"), None)
        .await
        .ok(200);
    assert_eq!(*hall.app.ledger.published().borrow(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_named_with_its_line() {
    let hall = Hall::open().await;
    let mut supervisor = of_the_hall(&hall, "s000", Role::Supervisor).await;
    let mut files = fixtures();
    files.insert(
        "hall.toml".to_owned(),
        b"[[site]]\ncode = \"X\"\nlevel = \"moon\"\n".to_vec(),
    );
    let refused = supervisor
        .post(IMPORTS, &json!({ "files": wire(&files) }))
        .await
        .ok(422);
    let fields = refused.body["fields"].as_array().unwrap();
    assert!(
        fields.iter().any(|one| one["field"] == "hall.toml:3"),
        "{}",
        refused.body
    );
    let mut files = fixtures();
    files.retain(|path, _| !path.starts_with("documents/"));
    let refused = supervisor
        .post(IMPORTS, &json!({ "files": wire(&files) }))
        .await
        .ok(422);
    assert!(
        refused.body.to_string().contains("was not sent along"),
        "{}",
        refused.body
    );
    let none = supervisor
        .post(IMPORTS, &json!({ "files": {} }))
        .await
        .ok(422);
    assert!(none.body.to_string().contains("hall.toml"));
    let torn = supervisor
        .post(IMPORTS, &json!({ "files": { "hall.toml": "%" } }))
        .await
        .ok(400);
    assert_eq!(field(&torn), "files.hall\u{2e}toml");
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_4_what_differs_from_the_published_list_is_an_alarm() {
    let hall = Hall::open().await;
    let mut supervisor = of_the_hall(&hall, "s000", Role::Supervisor).await;
    let mut clerk = hall.signed_in("c001").await;
    let files = fixtures();
    let path = "/api/v1/catalogue/comparisons";
    let order = |name: &str| json!({ "name": name, "list": STANDARD.encode(&files[name]) });
    assert_eq!(clerk.post(path, &order("published.csv")).await.status, 403);
    clerk.get(&format!("{path}/latest")).await.ok(404);
    let same = supervisor.post(path, &order("published.csv")).await.ok(201);
    // One item is published later than it is live.
    let same = same.body["mismatches"].as_array().unwrap().clone();
    assert_eq!(
        (same.len(), &same[0]["code"]),
        (1, &json!("item-not-published"))
    );
    let found = supervisor
        .post(path, &order("published-mismatch.json"))
        .await
        .ok(201);
    let mismatches = found.body["mismatches"].as_array().unwrap();
    assert!(mismatches.len() > 1 && mismatches[0]["zh"].is_string());
    let latest = clerk.get(&format!("{path}/latest")).await.ok(200);
    assert_eq!(latest.body["mismatches"], found.body["mismatches"]);
    let torn = json!({ "name": "list.csv", "list": STANDARD.encode("task_code\nx\n") });
    let torn = supervisor.post(path, &torn).await.ok(422);
    assert_eq!(field(&torn), "list.csv:2", "{}", torn.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_3_a_department_proposes_and_the_hall_publishes_with_its_letter() {
    let hall = Hall::open().await;
    let mut officer = hall.signed_in("scjg-02").await;
    let mut foreign = hall.signed_in("mzj-02").await;
    let item = format!("/api/v1/items/{FOOD_PERMIT}");
    let versions = format!("{item}/versions");
    let order = json!({ "file": proposal(6) });
    assert_eq!(foreign.post(&versions, &order).await.status, 403);
    let bad = json!({ "file": proposal(6).replace("version = 2", "version = \"two\"") });
    let refused = officer.post(&versions, &bad).await.ok(422);
    assert!(
        field(&refused).starts_with("items/file.toml:"),
        "{}",
        refused.body
    );
    let live = json!({ "file": format!("live_from = 2026-04-01\n{}", proposal(6)) });
    assert_eq!(field(&officer.post(&versions, &live).await.ok(422)), "file");
    let proposed = officer
        .send("POST", &versions, Some(&order), Some("p"), None)
        .await
        .ok(201);
    assert_eq!(proposed.body["versions"][1]["version"], 2);
    officer
        .send("POST", &versions, Some(&order), Some("p"), None)
        .await
        .ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_11_4_a_version_goes_live_by_its_departments_letter_alone() {
    let hall = Hall::open().await;
    let mut officer = hall.signed_in("scjg-02").await;
    let mut supervisor = of_the_hall(&hall, "s000", Role::Supervisor).await;
    let item = format!("/api/v1/items/{FOOD_PERMIT}");
    let versions = format!("{item}/versions");
    let order = json!({ "file": proposal(6) });
    officer.post(&versions, &order).await.ok(201);
    let publish = json!({ "from": "2026-04-01", "letter": { "number": "云市监函〔2026〕8号", "document": LETTER } });
    let path = format!("{versions}/2/publication");
    let etag = officer.get(&versions).await.etag();
    let denied = officer
        .send("POST", &path, Some(&publish), Some("q"), Some(&etag))
        .await;
    assert_eq!(denied.status, 403);
    let stale = supervisor
        .send("POST", &path, Some(&publish), Some("q"), Some("\"1\""))
        .await;
    assert_eq!(stale.status, 412);
    let unnumbered =
        json!({ "from": "2026-04-01", "letter": { "number": "8", "document": LETTER } });
    let refused = supervisor
        .send("POST", &path, Some(&unnumbered), Some("q"), Some(&etag))
        .await
        .ok(400);
    assert_eq!(field(&refused), "letter.number");
    let absent = format!("{versions}/9/publication");
    let refused = supervisor
        .send("POST", &absent, Some(&publish), Some("q9"), Some(&etag))
        .await
        .ok(409);
    assert_eq!(refused.reason(), "no-such-version");
    let live = supervisor
        .send("POST", &path, Some(&publish), Some("q"), Some(&etag))
        .await
        .ok(200);
    assert_eq!(live.body["versions"][1]["live_from"], "2026-04-01");
    supervisor
        .send("POST", &path, Some(&publish), Some("q"), Some(&etag))
        .await
        .ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn art_13_1_an_item_leaves_the_list_and_comes_back() {
    let hall = Hall::open().await;
    let mut officer = hall.signed_in("scjg-02").await;
    let mut supervisor = of_the_hall(&hall, "s000", Role::Supervisor).await;
    let item = format!("/api/v1/items/{FOOD_PERMIT}");
    let versions = format!("{item}/versions");
    let leave = json!({ "from": "2026-05-01", "letter": { "number": "云政务办〔2026〕9号", "document": LETTER } });
    assert_eq!(officer.act(&item, "withdrawal", &leave).await.status, 403);
    let etag = supervisor.get(&versions).await.etag();
    let gone = supervisor
        .send(
            "POST",
            &format!("{item}/withdrawal"),
            Some(&leave),
            Some("w"),
            Some(&etag),
        )
        .await
        .ok(200);
    assert_eq!(gone.body["listings"][1]["entered"], false);
    let back = json!({ "from": "2026-06-01", "letter": { "number": "云政务办〔2026〕10号", "document": LETTER } });
    let entry = format!("{item}/entry");
    let back = supervisor
        .send("POST", &entry, Some(&back), Some("e"), Some(&gone.etag()))
        .await
        .ok(200);
    assert_eq!(back.body["listings"][2]["entered"], true);
}
