//! What was filed with the wrong case (串件) moves by a recorded correction: scans with what was read of them, and paper.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use counterfoil::domain::custody::{self, BundleEvent, CustodyRefusal, Place, take_in};
use counterfoil::domain::finding::{Finding, FindingCode};
use counterfoil::domain::scan::{self, RefilingRefusal, ScanStatus};
use counterfoil::domain::{
    Actor, CaseNo, Commitment, Digest, DiscrepancyId, Event, Fact, PipelineName, RequestId,
    SiteCode, StaffId, Subject,
};
use counterfoil::ledger::{Decline, Reads, catch_up};
use counterfoil::package::verify::{Trust, Verdict};
use counterfoil::records::erasure::erase_case;
use counterfoil::search::{Mode, Query, Reader, SearchIndex, SearchView, case_label};
use counterfoil::store::blob::BlobError;
use serde_json::{Value, json};

use crate::case_keys::{approval, at, case};
use crate::custody_kit::{self, Log, two_papers};
use crate::erasure::{House, found, text};
use crate::paper_http::{Person, bundle, holders, judged, month, number};
use crate::support::tiny_scan;
use crate::window_client::Client;
use crate::window_hall::Hall;
use crate::window_http::received;

const WHY: Commitment = Commitment(Digest::from_bytes([7; 32]));

/// Moves a scan as the use case does: first shared, then recorded.
async fn moved(house: &House, scan: Digest, from: &CaseNo, to: &CaseNo) {
    let records = house.records(&house.blobs);
    let manifest = records.manifest(&scan).await.unwrap();
    let state = scan::fold(
        records
            .history(&scan)
            .await
            .unwrap()
            .iter()
            .map(|fact| &fact.entry.event),
    );
    let mut blobs = vec![scan, state.unwrap().last_manifest.unwrap()];
    blobs.extend(manifest.derived());
    for blob in blobs {
        house.blobs.share(&blob, to).await.unwrap();
    }
    let request = RequestId::new(format!("refile/{scan}/{to}")).unwrap();
    let by = Actor::new("staff:c001").unwrap();
    let decide = |reads: &mut Reads<'_>, _| {
        let history = reads.history(&Subject::Scan(scan))?;
        let state = scan::fold(history.iter().map(|fact| &fact.entry.event));
        scan::refile(state.as_ref(), scan, (from, to), WHY).map_err(Decline::from)
    };
    house.ledger.record(request, &by, decide).await.unwrap();
}

fn found_by(view: &SearchView, words: &str, case: &CaseNo) -> u64 {
    let query = Query::parse(words, Mode::default()).unwrap();
    let reader = Reader::Labels(vec![case_label(case)]);
    view.search(&query, &reader, 0, 10).unwrap().total
}

#[tokio::test]
async fn a_page_moved_to_its_own_case_leaves_the_other_ones_search_and_its_key() {
    for erased_first in ["A-1", "B-1"] {
        let house = House::open().await;
        let (one, two) = (case("A-1"), case("B-1"));
        let scan = house.receive(1, Some(&one)).await.unwrap();
        house.seal(scan, &[&text("乙的申请书")]).await;
        let stays = house.receive(2, Some(&one)).await.unwrap();
        house.seal(stays, &[&text("甲的申请书")]).await;
        let records = house.records(&house.blobs);
        let index = SearchIndex::in_memory(Arc::new(records.clone())).unwrap();
        catch_up(&house.ledger, &index).await.unwrap();
        assert_eq!(found_by(&index.view(), "申请书", &one), 2);
        moved(&house, scan, &one, &two).await;
        catch_up(&house.ledger, &index).await.unwrap();
        let anew = SearchIndex::in_memory(Arc::new(records.clone())).unwrap();
        catch_up(&house.ledger, &anew).await.unwrap();
        for view in [index.view(), anew.view()] {
            assert_eq!(found(&view, "申请书"), 2);
            assert_eq!(found_by(&view, "申请书", &one), 1);
            assert_eq!(found_by(&view, "申请书", &two), 1);
        }
        let first = case(erased_first);
        let erased = erase_case(&records, &house.vault, &first, at(9), approval()).await;
        let expected = if first == one { stays } else { scan };
        assert_eq!(erased.unwrap().scans, [expected], "{erased_first}");
        // Whoever is erased takes its own along and nothing else, though both keys once opened the scan.
        for (scan, words, gone) in [
            (stays, "甲的申请书", first == one),
            (scan, "乙的申请书", first == two),
        ] {
            for blob in [scan, Digest::of(text(words))] {
                let read = house.blobs.get(&blob, 1 << 20).await;
                let is_gone = matches!(read, Err(BlobError::Erased { .. }));
                assert_eq!(is_gone, gone, "{erased_first} {words}: {read:?}");
            }
        }
    }
}

#[test]
fn a_scan_moves_only_from_its_case_and_when_it_has_been_read() {
    let (one, two) = (case("A-1"), case("B-1"));
    let digest = Digest::of("scan");
    let mut state = scan::ScanState {
        status: ScanStatus::Pending,
        pipeline: PipelineName::new("counter-paper").unwrap(),
        cases: vec![one.clone()],
        last_manifest: None,
        pages_read: None,
    };
    let refused = |state: &scan::ScanState, from: &CaseNo, to: &CaseNo| {
        scan::refile(Some(state), digest, (from, to), WHY).unwrap_err()
    };
    let reading = RefilingRefusal::BeingRead { scan: digest };
    assert_eq!(refused(&state, &one, &two), reading);
    let (manifest, pages) = (Digest::of("m"), 1);
    state.status = ScanStatus::Sealed { manifest, pages };
    assert_eq!(refused(&state, &one, &one).code(), "same-case");
    assert_eq!(refused(&state, &two, &one).code(), "scan-not-of-case");
    let facts = scan::refile(Some(&state), digest, (&one, &two), WHY).unwrap();
    assert_eq!(facts.len(), 1);
    // Filed under both already, it is the other's alone afterwards.
    let mut cases = vec![two.clone(), one.clone()];
    scan::move_case(&mut cases, &one, &two);
    assert_eq!(cases, [two]);
}

#[test]
fn paper_moves_to_the_bundle_it_belongs_to_and_stays_with_its_holder() {
    let mut log = Log::default();
    let site = SiteCode::new("CENTRE").unwrap();
    let (clerk, other) = (StaffId::new("c-1").unwrap(), StaffId::new("c-2").unwrap());
    let (one, two) = (custody_kit::case(1), custody_kit::case(2));
    for case in [&one, &two] {
        let facts = take_in(&log.bundle(case), &site, &clerk, two_papers()).unwrap();
        log.record(1, facts);
    }
    let refile = |log: &Log, papers: &[u16], by: &StaffId| {
        let papers: Vec<_> = papers.iter().map(|no| (*no, None)).collect();
        custody::refile(
            &log.bundle(&one),
            &log.bundle(&two),
            &papers,
            &BTreeSet::new(),
            by,
            WHY,
        )
    };
    let refused = refile(&log, &[1], &other).unwrap_err();
    assert!(matches!(refused, CustodyRefusal::NotHolder { no: 1, .. }));
    assert_eq!(refile(&log, &[], &clerk), Err(CustodyRefusal::NoPapers));
    let twice = CustodyRefusal::ListedTwice { case: one.clone() };
    assert_eq!(refile(&log, &[1, 1], &clerk), Err(twice));
    // What is in doubt for another reason than that it lies here is cleared up first.
    let id = DiscrepancyId::of("S-1", 1);
    let doubted = BundleEvent::Doubted {
        discrepancy: id.clone(),
        papers: vec![2],
    };
    let subject = Subject::Bundle(one.clone());
    let event = Event::Bundle { event: doubted };
    log.record(1, vec![Fact::new(subject, event)]);
    let refused = refile(&log, &[2], &clerk).unwrap_err();
    assert!(matches!(refused, CustodyRefusal::InDoubt { no: 2, .. }));
    let misplaced = BTreeSet::from([id]);
    let (from, to) = (log.bundle(&one), log.bundle(&two));
    let facts = custody::refile(&from, &to, &[(2, None)], &misplaced, &clerk, WHY);
    log.record(2, facts.unwrap());
    let (from, to) = (log.bundle(&one), log.bundle(&two));
    assert_eq!(from.papers[&2].place, Place::Refiled(two.clone()));
    assert!(from.papers[&1].holder().is_some());
    let came = &to.papers[&3];
    assert_eq!(came.holder(), to.papers[&1].holder());
    assert_eq!((came.paper.count, &came.paper.row), (2, &None));
    // It came in when it did, wherever it lay since.
    assert_eq!(came.since, from.papers[&1].since);
    let again = refile(&log, &[2], &clerk).unwrap_err();
    assert!(matches!(again, CustodyRefusal::NotHolder { no: 2, .. }));
}

/// Uploads a page and files it under a row of the case; it moves nowhere before it was read.
async fn filed(hall: &Hall, clerk: &mut Client, case: &str) -> Digest {
    let bytes = tiny_scan(77);
    let scan = Digest::of(&bytes);
    let path = format!("/api/v1/scans/{scan}?case={}", number(case));
    assert_eq!(clerk.upload(&path, bytes).await, 202);
    let order = json!({ "action": "file_scan", "row": "M01", "scan": scan });
    clerk.act(case, "materials", &order).await.ok(200);
    let itself =
        json!({ "to": number(case), "scans": [{ "scan": scan, "row": "M01" }], "reason": "x" });
    let refused = clerk.act(case, "refiling", &itself).await.ok(409);
    assert_eq!(refused.reason(), "same-case");
    // It could not be read: somebody has to look.
    let request = RequestId::new(format!("hold/{scan}")).unwrap();
    let by = Actor::new("system:pipeline").unwrap();
    let decide = |reads: &mut Reads<'_>, _| {
        let history = reads.history(&Subject::Scan(scan))?;
        let state = scan::fold(history.iter().map(|fact| &fact.entry.event));
        let why = vec![Finding::file(FindingCode::Damaged)];
        scan::hold(state.as_ref(), scan, why).map_err(Decline::from)
    };
    let held = hall.app.ledger.record(request, &by, decide);
    held.await.unwrap();
    scan
}

fn row_scans(case: &Value) -> Vec<String> {
    let rows = case["rows"].as_array().unwrap();
    let scans = rows
        .iter()
        .filter_map(|row| row["scans"].as_array())
        .flatten();
    scans
        .map(|scan| scan.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn art_12_1_a_misfiled_page_and_its_paper_go_to_the_case_they_belong_to() {
    let hall = Hall::open().await;
    let mut clerk = Person::new(&hall, "c001").await;
    let clerk = &mut clerk.client;
    let (wrong, right) = (received(clerk).await, received(clerk).await);
    let scan = filed(&hall, clerk, &wrong).await;
    let scans = json!([{ "scan": scan, "row": "M03" }]);
    let order = json!({ "to": number(&right), "scans": scans,
        "papers": [{ "no": 2, "row": "M03" }], "reason": "张某的合同放进了李某的材料袋" });
    let nowhere =
        json!({ "to": number(&right), "scans": [{ "scan": scan, "row": "M99" }], "reason": "x" });
    let refused = clerk.act(&wrong, "refiling", &nowhere).await.ok(409);
    assert_eq!(refused.reason(), "unknown-row");
    // A clerk of another site learns of neither.
    let mut other = hall.signed_in("c002").await;
    other.act(&wrong, "refiling", &order).await.ok(404);
    let left = clerk.act(&wrong, "refiling", &order).await.ok(200).body;
    assert_eq!(row_scans(&left), Vec::<String>::new());
    let now = clerk.get(&right).await.ok(200).body;
    assert_eq!(row_scans(&now), [scan.to_string()]);
    let papers = clerk.get(&bundle(&wrong)).await.ok(200).body;
    assert_eq!(papers["papers"][1]["moved_to"], number(&right));
    assert_eq!(holders(clerk, &right).await, ["YLZX:c001"; 5]);
    let about = clerk.get(&format!("/api/v1/scans/{scan}")).await.ok(200);
    assert_eq!(about.body["cases"], json!([number(&right)]));
    let again = clerk.act(&wrong, "refiling", &order).await.ok(409);
    assert_eq!(again.reason(), "scan-not-of-case");
}

/// The masters of each case in a zipped package, by digest.
fn masters(package: &[u8], scan: Digest) -> Vec<String> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(package)).unwrap();
    let mut found = Vec::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let name = file.name().unwrap().into_owned();
        if !name.contains("/masters/") {
            continue;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        if Digest::of(&bytes) == scan {
            let case = name.split('/').rev().nth(2).unwrap();
            found.push(case.to_owned());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_holds_a_moved_page_with_its_own_case_and_verifies_whenever_it_moved() {
    let hall = Hall::open().await;
    let mut clerk = Person::new(&hall, "c001").await;
    let (cases, path) = month(&hall, &mut clerk).await;
    let mut officer = hall.signed_in("scjg-02").await;
    let clerk = &mut clerk.client;
    let scan = filed(&hall, clerk, &cases[0]).await;
    let to = |case: &str| {
        let scans = json!([{ "scan": scan, "row": "M01" }]);
        json!({ "to": number(case), "scans": scans, "reason": "放错" })
    };
    clerk
        .act(&cases[0], "refiling", &to(&cases[1]))
        .await
        .ok(200);
    let listed = json!({ "to": number(&cases[1]), "papers": [{ "no": 1 }], "reason": "放错" });
    let refused = clerk.act(&cases[0], "refiling", &listed).await.ok(409);
    assert_eq!(refused.reason(), "on-round");
    let numbers: Vec<String> = cases.iter().map(|case| number(case)).collect();
    let scanned = json!({ "scanned": numbers });
    clerk.act(&path, "reconciliation", &scanned).await.ok(200);
    clerk.act(&path, "seal", &json!({})).await.ok(200);
    for moved_back in [false, true] {
        if moved_back {
            clerk
                .act(&cases[1], "refiling", &to(&cases[2]))
                .await
                .ok(200);
        }
        let take = format!("{path}/package");
        let order = json!({ "form": "zip" });
        let (status, package) = officer.post_for_bytes(&take, &order).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&package));
        assert_eq!(masters(&package, scan), [number(&cases[1])]);
        let (verdict, found) = judged("moved.zip", &package, &Trust::default());
        assert_eq!((verdict, found), (Verdict::OnlyItself, Vec::new()));
    }
}
