//! Labels, slips and registers on paper, over HTTP: what they say of the hall's own facts, who may have them, and the register
//! in a package.

use std::io::{Cursor, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil::domain::access::Role;
use counterfoil::package::verify::{Trust, Verdict};
use serde_json::{Value, json};

use crate::forms::bars::bars;
use crate::forms::support::Paper;
use crate::paper_http::{Person, department, id, judged, month, number, site};
use crate::window_client::Client;
use crate::window_hall::{Hall, at_site};
use crate::window_http::{received, scanned};

/// Number of pages of a PDF, as poppler counts them; the paper itself.
fn paper(bytes: &[u8]) -> Paper {
    assert!(
        bytes.starts_with(b"%PDF-"),
        "{}",
        String::from_utf8_lossy(bytes)
    );
    Paper::from_bytes(bytes, pages(bytes))
}

fn pages(bytes: &[u8]) -> u32 {
    let document = lopdf::Document::load_mem(bytes).unwrap();
    u32::try_from(document.get_pages().len()).unwrap()
}

async fn printed(client: &mut Client, path: &str) -> Paper {
    let (status, headers, bytes) = client.fetch(path).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    assert_eq!(headers["content-type"], "application/pdf");
    assert_eq!(headers["cache-control"], "no-store");
    paper(&bytes)
}

/// The root of the log's first `size` facts, as papers print it.
async fn root(hall: &Hall, size: u64) -> String {
    STANDARD.encode(hall.app.ledger.root(size).await.unwrap().0)
}

/// The number before `after` and behind `before` on a paper.
fn between(text: &str, before: &str, after: &str) -> u64 {
    let from = text
        .find(before)
        .unwrap_or_else(|| panic!("{before} in {text}"))
        + before.len();
    let to = text[from..].find(after).unwrap();
    text[from..from + to].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_gives_the_number_that_hand_overs_ask_for_and_names_nobody() {
    let hall = Hall::open().await;
    hall.add("au01", at_site(Role::Auditor, "YLZX")).await;
    let mut clerk = Person::new(&hall, "c001").await;
    let (one, other) = (
        received(&mut clerk.client).await,
        received(&mut clerk.client).await,
    );
    let label = format!("{one}/label");
    let shown = printed(&mut clerk.client, &label).await;
    shown.is_sound_on("283.465 x 141.732 pts");
    let picture = shown.picture(1);
    assert_eq!(
        (bars(&picture), picture.codes()),
        (vec![number(&one)], vec![number(&one)])
    );
    let text = shown.text();
    assert!(text.contains("材料4件2026年3月9日收件"), "{text}");
    // Neither the applicant's name nor a number of theirs.
    let case = clerk.client.get(&one).await.ok(200).body;
    let name = case["applicant"]["name"].as_str().unwrap();
    assert!(!name.is_empty() && !text.contains(name), "{name} in {text}");
    // What the gun types is what a slip takes.
    let typed = bars(&picture).remove(0);
    let draft = json!({ "leg": "internal", "from": site("YLZX"), "to": site("YLZX"), "lines": [{ "case": typed }] });
    clerk.offer(&draft).await.ok(201);
    let order = json!({ "cases": [number(&one), number(&other)], "layout": "sheet", "skip": 4 });
    let (status, bytes) = clerk.client.post_for_bytes("/api/v1/labels", &order).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    assert_eq!(
        bars(&paper(&bytes).picture(1)),
        [number(&one), number(&other)]
    );
    let mut elsewhere = hall.signed_in("c002").await;
    assert_eq!(elsewhere.fetch(&label).await.0, 404);
    let theirs = json!({ "cases": [number(&other)] });
    elsewhere.post("/api/v1/labels", &theirs).await.ok(404);
    let mut auditor = hall.signed_in("au01").await;
    assert_eq!(
        auditor.fetch(&label).await.0,
        403,
        "an auditor prints nothing"
    );
    let many = json!({ "cases": vec![number(&one); 201] });
    clerk.client.post("/api/v1/labels", &many).await.ok(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_is_printed_to_be_signed_by_hand_and_again_when_it_was_received() {
    let hall = Hall::open().await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let case = received(&mut clerk.client).await;
    scanned(&mut clerk.client, &case).await;
    let push = json!({ "action": "push", "by_paper": ["M01", "M03"] });
    clerk.client.act(&case, "dispatch", &push).await.ok(200);
    let lines = json!([{ "case": number(&case), "papers": [1, 2] }]);
    let draft = json!({ "leg": "collection", "from": site("YLZX"), "to": department("SCJG"), "lines": lines });
    let offered = clerk.offer(&draft).await.ok(201);
    let slip = id(&offered);
    let path = format!("/api/v1/slips/{slip}/sheet");
    let waiting = printed(&mut officer.client, &path).await;
    waiting.is_sound();
    let text = waiting.text();
    let manifest = offered.body["given"]["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    for stated in [
        "部门领取",
        "待签收",
        "（盖章处）",
        &manifest,
        &number(&case),
        "c001",
    ] {
        assert!(text.contains(stated), "{stated} is not in {text}");
    }
    let codes = waiting.codes(waiting.pages, &[(0, 85)]);
    assert_eq!(
        codes,
        [format!("counterfoil:1?slip={slip}&manifest={manifest}")]
    );
    let mut elsewhere = hall.signed_in("mzj-02").await;
    assert_eq!(elsewhere.fetch(&path).await.0, 404, "neither side's");
    assert_eq!(
        officer.client.fetch(&format!("{path}?volume=2")).await.0,
        422
    );
    let found = json!({ "scanned": [number(&case)], "found": [{ "case": number(&case), "no": 2, "found": "disputed" }] });
    let taken = officer.receive(&slip, &found).await.ok(200).body;
    let signed = printed(&mut clerk.client, &path).await;
    let text = signed.text();
    let index = |side: &Value| side["index"].as_u64().unwrap();
    for stated in [
        "已签收，有差异",
        "相符",
        "异议",
        "scjg-02",
        taken["taken"]["statement"].as_str().unwrap(),
    ] {
        assert!(text.contains(stated), "{stated} is not in {text}");
    }
    assert!(!text.contains("（盖章处）"), "{text}");
    assert_eq!(between(&text, "交出记录第", "条"), index(&taken["given"]));
    assert_eq!(between(&text, "签收记录第", "条"), index(&taken["taken"]));
    let size = between(&text, "检查点前", "条记录");
    assert!(
        size > index(&taken["taken"]),
        "the checkpoint holds both facts"
    );
    assert!(text.contains(&root(&hall, size).await), "{text}");
    let signature = taken["given"]["by"]["signature"].as_str().unwrap();
    assert!(
        text.contains(&format!("{}…{}", &signature[..16], &signature[112..])),
        "{text}"
    );
}

/// The files of a package under `data/` that are about it as a whole.
fn file(package: &[u8], name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    let mut names = Vec::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let path = file.name().unwrap().into_owned();
        if path.ends_with(&format!("/data/{name}")) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            return bytes;
        }
        names.push(path);
    }
    panic!("no {name} in {names:?}");
}

/// A hall whose round of March is sealed, with the people of both sides, the labels and the round's path.
struct Sealed {
    hall: Hall,
    clerk: Person,
    officer: Person,
    labels: Vec<String>,
    path: String,
    round: String,
}

/// Seals the round of March; one paper was damaged when the window looked it up.
async fn sealed() -> Sealed {
    let hall = Hall::open().await;
    let mut clerk = Person::new(&hall, "c001").await;
    let mut officer = Person::new(&hall, "scjg-02").await;
    let (cases, path) = month(&hall, &mut clerk).await;
    officer.client = hall.signed_in("scjg-02").await;
    hall.app.engine().unwrap().drain().await.unwrap();
    let register = format!("{path}/register");
    let open = printed(&mut officer.client, &register).await;
    open.is_sound();
    assert!(open.text().contains("合计3个办件，13件"), "{}", open.text());
    let mut elsewhere = hall.signed_in("mzj-02").await;
    assert_eq!(elsewhere.fetch(&register).await.0, 404);
    let labels: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let found = json!([{ "case": labels[1], "no": 2, "found": "damaged" }]);
    let looked_up = json!({ "scanned": labels, "found": found });
    let client = &mut clerk.client;
    client
        .act(&path, "reconciliation", &looked_up)
        .await
        .ok(200);
    let sealed = client.act(&path, "seal", &json!({})).await.ok(200).body;
    let round = sealed["round"]["id"].as_str().unwrap().to_owned();
    Sealed {
        hall,
        clerk,
        officer,
        labels,
        path,
        round,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_4_the_register_goes_into_the_package_and_is_the_same_each_time() {
    let Sealed {
        hall,
        mut clerk,
        mut officer,
        labels,
        path,
        round,
    } = sealed().await;
    let (take, order) = (format!("{path}/package"), json!({ "form": "zip" }));
    let (status, first) = officer.client.post_for_bytes(&take, &order).await;
    assert_eq!(status, 200);
    let kept = file(&first, "register.pdf");
    let sheet = paper(&kept);
    sheet.is_sound();
    let text = sheet.text();
    for stated in [
        "已封装",
        "合计3个办件，12件",
        "（盖章处）",
        "过程文书",
        &labels[2],
        &round,
    ] {
        assert!(text.contains(stated), "{stated} is not in {text}");
    }
    let facts = hall
        .service
        .counter
        .round_now(&round.parse().unwrap())
        .await
        .unwrap()
        .0;
    let size = between(&text, "检查点前", "条记录");
    assert_eq!(
        size,
        facts.sealed.unwrap().log_size,
        "the checkpoint of the sealing"
    );
    assert!(text.contains(&root(&hall, size).await), "{text}");
    let draft = json!({ "leg": "transfer", "transfer": round, "from": site("YLZX"), "to": department("SCJG") });
    let slip = id(&clerk.offer(&draft).await.ok(201));
    let short =
        json!({ "scanned": labels, "found": [{ "case": labels[2], "no": 5, "found": "missing" }] });
    officer.receive(&slip, &short).await.ok(200);
    let trust = Trust::default()
        .with_since(&hall.app.ledger.checkpoint().await)
        .unwrap();
    let (_, second) = officer.client.post_for_bytes(&take, &order).await;
    for name in [
        "register.pdf",
        "register.csv",
        "register.xlsx",
        "transfer.json",
    ] {
        assert!(file(&second, name) == file(&first, name), "another {name}");
    }
    assert_eq!(
        judged(&format!("{round}.zip"), &second, &trust),
        (Verdict::Holds, Vec::new())
    );
    // The register of the round itself now says what was found, and names no paper that was never offered.
    let after = printed(&mut officer.client, &format!("{path}/register"))
        .await
        .text();
    for stated in ["已办结", "合计3个办件，12件", "缺失"] {
        assert!(after.contains(stated), "{stated} is not in {after}");
    }
    assert_eq!(after.matches("04-30相符").count(), 11, "{after}");
}
