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

/// 张三己, as a browser writes it.
const NAME: &str = "%E5%BC%A0%E4%B8%89%E5%B7%B1";

/// A hall with these pages in a case and the name in another one: the case and its scans.
async fn filed(hall: &Hall, clerk: &mut Client) -> (String, Vec<String>) {
    let (case, other) = (received(clerk).await, received(clerk).await);
    let mut scans = Vec::new();
    for (seed, read) in (200..).zip(pages()) {
        scans.push(kept(hall, clerk, &case, seed, &read).await);
    }
    let elsewhere = one_line("张三己在别的案卷");
    kept(hall, clerk, &other, 300, &elsewhere).await;
    catch_up(&hall.app.ledger, hall.app.index.as_ref())
        .await
        .unwrap();
    (case, scans)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scans_of_a_case_are_searched_over_http() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let (case, scans) = filed(&hall, &mut clerk).await;
    let path = |asked: &str| format!("{case}/search?{asked}");
    let named = |more: &str| path(&format!("q={NAME}{more}"));
    let exact = clerk.get(&named("")).await.ok(200).body;
    assert_eq!(exact["total"], 1);
    assert_eq!(exact["items"][0]["record"], scans[0]);
    assert_eq!(exact["items"][0]["marks"], json!([[4, 7]]));
    assert_eq!(exact["items"][0]["boxes"], json!([[40, 0, 30, 20]]));
    let fuzzy = clerk.get(&named("&match=fuzzy")).await.ok(200).body;
    let items = fuzzy["items"].as_array().unwrap();
    let hows: Vec<&Value> = items.iter().map(|hit| &hit["how"]).collect();
    assert_eq!(hows, ["exact", "nearly-read", "look-alike"]);
    assert_eq!(items[1]["snippet"], "申请人：弓三己");
    let cut = named("&match=fuzzy&limit=1&offset=1");
    let cut = clerk.get(&cut).await.ok(200).body;
    assert_eq!((&cut["total"], &cut["items"][0]), (&json!(3), &items[1]));
    let sound = path("q=zhang+san&match=pinyin");
    assert_eq!(clerk.get(&sound).await.ok(200).body["total"], 2);
    let letters = path("q=zs&match=exact");
    assert_eq!(clerk.get(&letters).await.ok(200).body["total"], 0);
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
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_a_case_does_not_search_it_and_who_does_is_noted() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let (case, _) = filed(&hall, &mut clerk).await;
    let asked = format!("{case}/search?q={NAME}");
    for stranger in ["c002", "mzj-02", "scjg-02", "sys01"] {
        let mut stranger = hall.signed_in(stranger).await;
        let refused = stranger.get(&asked).await;
        let status = refused.status.as_u16();
        assert!(matches!(status, 403 | 404), "{}", refused.body);
    }
    hall.stranger().get(&asked).await.ok(401);
    let mut auditor = hall.signed_in("aud01").await;
    let reads = "/api/v1/audit/reads?day=2026-03-09&limit=200";
    let subject = format!("case/{}", number(&case));
    let noted = |reads: &Value| -> usize {
        let reads = reads["items"].as_array().unwrap().iter();
        let of_case = reads.filter(|read| read["subject"] == subject.as_str());
        of_case.filter(|read| read["kind"] == "document").count()
    };
    let before = noted(&auditor.get(reads).await.ok(200).body);
    clerk.get(&asked).await.ok(200);
    let after = noted(&auditor.get(reads).await.ok(200).body);
    assert_eq!(after, before + 1);
}
