//! Searching by the command line and over HTTP: the ways to compare, what each hit says, and who may ask.

use counterfoil::domain::Digest;
use counterfoil::domain::text::OcrPage;
use counterfoil::ledger::catch_up;
use counterfoil::ocr::recorded::page_key;
use serde_json::{Value, json};

use crate::erasure::seal;
use crate::paper_http::number;
use crate::search_corpus::one_line;
use crate::search_fuzzy::nearly;
use crate::support::{Workspace, tiny_scan};
use crate::window_client::Client;
use crate::window_hall::Hall;
use crate::window_http::received;

/// Three pages that the engine will read so: the name itself, nearly the name, and what looks like it.
fn pages() -> [OcrPage; 3] {
    [
        one_line("申请人：张三己"),
        nearly("申请人：弓三己", &[(4, &[('张', 0.4)])]),
        one_line("申请人：张三已"),
    ]
}

/// A workspace with these pages in it, and the digests of their scans.
fn workspace() -> (Workspace, Vec<String>) {
    let workspace = Workspace::new();
    let folder = workspace.path().join("in");
    std::fs::create_dir_all(&folder).unwrap();
    let mut records = Vec::new();
    for (seed, read) in (1..).zip(pages()) {
        let bytes = tiny_scan(seed);
        let pixels = image::load_from_memory(&bytes).unwrap().to_rgb8();
        let read = OcrPage {
            width: pixels.width(),
            height: pixels.height(),
            ..read
        };
        let path = format!("ocr/{}.json", page_key(&pixels));
        let text = serde_json::to_string(&read).unwrap();
        std::fs::write(workspace.path().join(path), text).unwrap();
        std::fs::write(folder.join(format!("{seed}.png")), &bytes).unwrap();
        records.push(Digest::of(&bytes).to_string());
    }
    let folder = folder.display().to_string();
    let done = workspace.command(&["ingest", &folder]).output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    (workspace, records)
}

fn printed(workspace: &Workspace, arguments: &[&str]) -> (Option<i32>, String) {
    let done = workspace.command(arguments).output().unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn the_command_line_says_how_each_page_was_found() {
    let (workspace, records) = workspace();
    let found = |arguments: &[&str]| -> Vec<(String, String, String)> {
        let (code, lines) = printed(&workspace, &[&["--json", "search"], arguments].concat());
        assert_eq!(code, Some(0));
        let field = |hit: &Value, name: &str| hit[name].as_str().unwrap().to_owned();
        let hit = |line: &str| {
            let hit: Value = serde_json::from_str(line).unwrap();
            (
                field(&hit, "record"),
                field(&hit, "how"),
                field(&hit, "snippet"),
            )
        };
        lines.lines().map(hit).collect()
    };
    let hit = |place: usize, how: &str| {
        let snippet = pages()[place].text();
        (records[place].clone(), how.to_owned(), snippet)
    };
    assert_eq!(found(&["张三己"]), [hit(0, "exact")]);
    assert_eq!(found(&["--exact", "张三己"]), [hit(0, "exact")]);
    let fuzzy = [hit(0, "exact"), hit(1, "nearly-read"), hit(2, "look-alike")];
    assert_eq!(found(&["--fuzzy", "张三己"]), fuzzy);
    let pinyin = found(&["--pinyin", "zhang sanji"]);
    assert_eq!(pinyin, [hit(0, "pinyin")]);
    let (_, words) = printed(&workspace, &["search", "--fuzzy", "张三己"]);
    for expected in [
        "第 1 页\n    申请人：【张三己】",
        "〔险些读成 nearly read〕\n    申请人：【弓三己】",
        "〔形近 look-alike〕\n    申请人：【张三已】",
        "共 3 页 / 3 pages",
    ] {
        assert!(words.contains(expected), "{expected} in {words}");
    }
    for both in [
        ["--fuzzy", "--pinyin"],
        ["--exact", "--fuzzy"],
        ["--exact", "--pinyin"],
    ] {
        let (code, _) = printed(&workspace, &["search", both[0], both[1], "张三"]);
        assert_eq!(code, Some(2), "{both:?}");
    }
}

async fn kept(hall: &Hall, clerk: &mut Client, case: &str, seed: u64, read: &OcrPage) -> String {
    let bytes = tiny_scan(seed);
    let scan = Digest::of(&bytes);
    let path = format!("/api/v1/scans/{scan}?case={}", number(case));
    assert_eq!(clerk.upload(&path, bytes).await, 202);
    let text = serde_json::to_vec(read).unwrap();
    seal(&hall.app.ledger, &hall.app.blobs, scan, &[&text]).await;
    scan.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_searched_over_http_by_those_who_may_read_its_scans() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let (case, other) = (received(&mut clerk).await, received(&mut clerk).await);
    let mut scans = Vec::new();
    for (seed, read) in (200..).zip(pages()) {
        scans.push(kept(&hall, &mut clerk, &case, seed, &read).await);
    }
    kept(
        &hall,
        &mut clerk,
        &other,
        300,
        &one_line("张三己在别的案卷"),
    )
    .await;
    catch_up(&hall.app.ledger, hall.app.index.as_ref())
        .await
        .unwrap();
    // 张三己, 张三, zhang san and zs, as a browser writes them.
    let (name, short) = ("%E5%BC%A0%E4%B8%89%E5%B7%B1", "%E5%BC%A0%E4%B8%89");
    let path = |asked: &str| format!("{case}/search?{asked}");
    let exact = clerk.get(&path(&format!("q={name}"))).await.ok(200).body;
    assert_eq!(exact["total"], 1);
    assert_eq!(exact["items"][0]["record"], scans[0]);
    assert_eq!(exact["items"][0]["marks"], json!([[4, 7]]));
    assert_eq!(exact["items"][0]["boxes"], json!([[40, 0, 30, 20]]));
    let fuzzy = clerk
        .get(&path(&format!("q={name}&match=fuzzy")))
        .await
        .ok(200)
        .body;
    let hows: Vec<&Value> = fuzzy["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| &hit["how"])
        .collect();
    assert_eq!(hows, ["exact", "nearly-read", "look-alike"]);
    assert_eq!(fuzzy["items"][1]["snippet"], "申请人：弓三己");
    let cut = clerk
        .get(&path(&format!("q={name}&match=fuzzy&limit=1&offset=1")))
        .await
        .ok(200)
        .body;
    assert_eq!(
        (&cut["total"], &cut["items"][0]),
        (&json!(3), &fuzzy["items"][1])
    );
    let sound = clerk
        .get(&path("q=zhang+san&match=pinyin"))
        .await
        .ok(200)
        .body;
    assert_eq!(sound["total"], 2);
    assert_eq!(
        clerk.get(&path("q=zs&match=exact")).await.ok(200).body["total"],
        0
    );
    for wrong in [
        "q=%22",
        "q=",
        "q=a&limit=0",
        "q=a&match=both",
        "q=a&offset=2000000",
        "match=fuzzy",
        "q=a&x=1",
    ] {
        clerk.get(&path(wrong)).await.ok(400);
    }
    // Who may not read the case learns nothing; who searches is noted.
    let asked = path(&format!("q={short}"));
    for stranger in ["c002", "mzj-02", "sys01"] {
        let mut stranger = hall.signed_in(stranger).await;
        let refused = stranger.get(&asked).await;
        assert!(
            matches!(refused.status.as_u16(), 403 | 404),
            "{}",
            refused.body
        );
    }
    hall.stranger().get(&asked).await.ok(401);
    let mut auditor = hall.signed_in("aud01").await;
    let reads = auditor
        .get("/api/v1/audit/reads?day=2026-03-09&limit=200")
        .await
        .ok(200)
        .body;
    let subject = format!("case/{}", number(&case));
    let noted = reads["items"].as_array().unwrap().iter();
    let noted =
        noted.filter(|read| read["subject"] == subject.as_str() && read["kind"] == "document");
    assert!(noted.count() >= 5);
}
