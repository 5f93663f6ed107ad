//! What was read, as files over HTTP: whoever may read the scan has it in every format, nobody else has it in any, and
//! the case as one file has a bookmark for each material.

use std::sync::Arc;

use counterfoil::domain::text::PageTurn;
use counterfoil::domain::{Actor, Digest};
use counterfoil::pipeline::{Engine, EngineOptions, EngineParts};
use serde_json::json;

use crate::export_kit::{line_of, ofd_text, scan_with_reading};
use crate::window_client::Client;
use crate::window_hall::Hall;
use crate::window_http::received;

/// The engine of the hall, with children of the real program.
async fn read_all(hall: &Hall) {
    hall.follow().await;
    let parts = EngineParts {
        ledger: hall.app.ledger.clone(),
        blobs: hall.app.blobs.clone(),
        catalog: hall.app.catalog.clone(),
        pool: hall.readers(),
        clock: hall.clock.clone(),
        pipelines: hall.app.pipelines.clone(),
        actor: Actor::new("system:pipeline").unwrap(),
    };
    let engine: Arc<Engine> = Engine::new(parts, EngineOptions::for_workers(1));
    engine.drain().await.unwrap();
    hall.follow().await;
}

/// Files a scan under each of these rows; their digests.
async fn filed(hall: &Hall, clerk: &mut Client, case: &str, rows: &[(u64, &str)]) -> Vec<String> {
    let no = case.rsplit('/').next().unwrap();
    let mut scans = Vec::new();
    for (seed, row) in rows {
        let turn = match seed % 2 {
            0 => PageTurn::Quarter,
            _ => PageTurn::None,
        };
        let scan = scan_with_reading(&hall.readings(), *seed, turn);
        let digest = Digest::of(&scan);
        let path = format!("/api/v1/scans/{digest}?case={no}");
        assert!(matches!(clerk.upload(&path, scan).await, 200 | 202));
        let order = json!({ "action": "file_scan", "row": row, "scan": digest });
        clerk.act(case, "materials", &order).await.ok(200);
        scans.push(digest.to_string());
    }
    scans
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_read_a_scan_has_it_in_every_format() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let scans = filed(&hall, &mut clerk, &case, &[(1, "M01"), (2, "M03")]).await;
    let file = |scan: &str, format: &str| format!("/api/v1/scans/{scan}/file?format={format}");
    let early = clerk.get(&file(&scans[0], "pdf")).await;
    assert_eq!(early.body["code"], "not-sealed", "{}", early.body);
    read_all(&hall).await;
    for (format, kind) in [
        ("pdf", "application/pdf"),
        ("ofd", "application/ofd"),
        ("alto", "application/xml"),
        ("hocr", "text/html; charset=utf-8"),
        ("text", "text/plain; charset=utf-8"),
    ] {
        let path = file(&scans[0], format);
        let (status, headers, bytes) = clerk.fetch(&path).await;
        assert_eq!(status.as_u16(), 200, "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(headers["content-type"], kind);
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(
            headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment")
        );
        let again = clerk.fetch(&path).await.2;
        assert!(bytes == again, "{format}");
        match format {
            "pdf" => assert!(bytes.starts_with(b"%PDF-")),
            "ofd" => assert!(ofd_text(&bytes).contains(&line_of(1))),
            _ => assert!(String::from_utf8(bytes).unwrap().contains("第1件材料")),
        }
    }
    let (status, headers, picture) = clerk
        .fetch(&format!("/api/v1/scans/{}/pages/1/thumbnail", scans[1]))
        .await;
    assert_eq!(
        (status.as_u16(), &headers["content-type"]),
        (200, &"image/jpeg".parse().unwrap())
    );
    let picture = image::load_from_memory(&picture).unwrap();
    // The second scan was turned by a quarter to be read.
    assert_eq!((picture.width(), picture.height()), (128, 96));

    let mut neighbour = hall.signed_in("c002").await;
    let mut stranger = hall.signed_in("mzj-02").await;
    for path in [
        file(&scans[0], "pdf"),
        file(&scans[0], "ofd"),
        format!("/api/v1/scans/{}/pages/1/thumbnail", scans[0]),
        format!("{case}/file?format=ofd"),
    ] {
        assert_eq!(neighbour.get(&path).await.status, 404, "{path}");
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
        assert_eq!(hall.stranger().get(&path).await.status, 401, "{path}");
    }
    assert_eq!(clerk.get(&file(&scans[0], "docx")).await.status, 400);
    let nowhere = Digest::of("nowhere").to_string();
    assert_eq!(clerk.get(&file(&nowhere, "pdf")).await.status, 404);
    let missing = format!("/api/v1/scans/{}/pages/9/thumbnail", scans[0]);
    assert_eq!(clerk.get(&missing).await.status, 404);
    let noted = hall.reads_text();
    assert!(
        noted.contains("\"document\"") && noted.contains("c001"),
        "{noted}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_one_file_with_a_bookmark_for_each_material() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    // Filed in another order than the checklist's; two of one material, one under two rows.
    let rows = [(3, "M03"), (1, "M01"), (2, "M01"), (1, "M04")];
    filed(&hall, &mut clerk, &case, &rows).await;
    read_all(&hall).await;
    let (status, _, text) = clerk.fetch(&format!("{case}/file?format=text")).await;
    assert_eq!(status.as_u16(), 200);
    let pages: Vec<String> = String::from_utf8(text)
        .unwrap()
        .split_terminator('\u{c}')
        .map(|page| page.trim().to_owned())
        .collect();
    assert_eq!(pages, [line_of(1), line_of(2), line_of(3)]);
    let view = clerk.get(&case).await.ok(200);
    let name = |row: &str| {
        let rows = view.body["rows"].as_array().unwrap();
        let found = rows.iter().find(|one| one["row"] == row).unwrap();
        found["name"].as_str().unwrap().to_owned()
    };
    let (_, _, ofd) = clerk.fetch(&format!("{case}/file?format=ofd")).await;
    let text = ofd_text(&ofd);
    let titles: Vec<&str> = text
        .split("OutlineElem Title=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(titles, [name("M01"), name("M03")]);
    let (_, _, pdf) = clerk.fetch(&format!("{case}/file?format=pdf")).await;
    assert!(pdf == clerk.fetch(&format!("{case}/file?format=pdf")).await.2);
    let pdf = String::from_utf8_lossy(&pdf).into_owned();
    assert_eq!(pdf.matches("/Dest [").count(), 2);
    assert!(pdf.contains("/PageMode /UseOutlines"));
    let refused = clerk.get(&format!("{case}/file?format=alto")).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

/// A department reads the rows that it was given, and of the scans no others.
#[tokio::test(flavor = "multi_thread")]
async fn a_department_has_the_scans_of_its_rows() {
    let hall = Hall::open().await;
    let mut clerk = hall.signed_in("c001").await;
    let case = received(&mut clerk).await;
    let rows = [(1, "M01"), (2, "M02"), (3, "M03"), (4, "M04"), (5, "M05")];
    let scans = filed(&hall, &mut clerk, &case, &rows).await;
    read_all(&hall).await;
    let mut officer = hall.signed_in("scjg-02").await;
    let path = format!("/api/v1/scans/{}/file?format=text", scans[0]);
    assert_eq!(officer.get(&path).await.status, 404, "not before the push");
    let push = json!({ "action": "push" });
    clerk.act(&case, "dispatch", &push).await.ok(200);
    let view = officer.get(&case).await.ok(200);
    let given = view.body["rows"].as_array().unwrap();
    let given: Vec<&str> = given
        .iter()
        .map(|row| row["row"].as_str().unwrap())
        .collect();
    for (scan, (seed, row)) in scans.iter().zip(rows) {
        let path = format!("/api/v1/scans/{scan}/file?format=text");
        let (status, _, text) = officer.fetch(&path).await;
        match given.contains(&row) {
            true => {
                assert_eq!(status.as_u16(), 200, "{row}");
                assert!(String::from_utf8(text).unwrap().contains(&line_of(seed)));
            }
            false => assert_eq!(status.as_u16(), 404, "{row}"),
        }
        for rest in ["", "/pages", "/pages/1/meaning", "/pages/1/thumbnail"] {
            let (status, ..) = officer.fetch(&format!("/api/v1/scans/{scan}{rest}")).await;
            let wanted = if given.contains(&row) { 200 } else { 404 };
            assert_eq!(status.as_u16(), wanted, "{row}{rest}");
        }
    }
    let (status, _, text) = officer.fetch(&format!("{case}/file?format=text")).await;
    assert_eq!(status.as_u16(), 200);
    let pages = String::from_utf8(text).unwrap().matches('\u{c}').count();
    let expected = rows.iter().filter(|(_, row)| given.contains(row)).count();
    assert_eq!(pages, expected);
}
