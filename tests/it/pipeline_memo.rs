//! Memos and replay: nothing is read twice without need, and what is asked for is read again.

use std::sync::Arc;

use counterfoil::domain::scan::ScanStatus;
use counterfoil::domain::{Digest, PipelineName};
use counterfoil::pipeline::{ReplayError, Selection, remember_from_manifests};
use counterfoil::store::blob::address;
use counterfoil::store::memory_catalog::MemoryCatalog;
use object_store::ObjectStoreExt;

use crate::pipeline_hall::{Hall, RETRY_MILLIS, counter_paper, good};
use crate::worker::test_options;

#[tokio::test]
async fn a_second_reading_gives_no_job_to_a_worker() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let (first, jobs) = (hall.manifest(scan).await, hall.jobs());
    assert_eq!(engine.replay(None, Selection::All, None).await.unwrap(), 1);
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.jobs(), jobs);
    assert_eq!(hall.manifest(scan).await, first);
    assert_eq!(hall.facts(scan).await, 4);
    assert_eq!((engine.tally().made, engine.tally().recalled), (7, 7));
}

#[tokio::test]
async fn a_changed_setting_runs_only_what_depends_on_it() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    hall.finish(&hall.engine()).await;
    let before = hall.manifest(scan).await;
    let changes = [
        ("languages = [\"zh\", \"en\"]", "languages = [\"zh\"]", 2),
        // How an output is judged is not how it is made.
        ("verify_below = 0.5", "verify_below = 0.9", 0),
        ("skew_max = 3", "skew_max = 1", 0),
        ("page_deadline_s = 90", "page_deadline_s = 80", 0),
        // A cap on decoding can change what opening the file says, and nothing else.
        ("attempts_max = 3", "attempts_max = 3\npages_max = 9", 1),
    ];
    for (from, to, made) in changes {
        let engine = hall.engine_with(counter_paper(from, to));
        engine.replay(None, Selection::Sealed, None).await.unwrap();
        hall.follow().await;
        hall.finish(&engine).await;
        assert_eq!(engine.tally().made, made, "{to}");
        assert_eq!(engine.tally().recalled, 7 - made, "{to}");
        let after = hall.manifest(scan).await;
        assert_ne!(after.pipeline_digest, before.pipeline_digest);
    }
}

#[tokio::test]
async fn replay_of_a_stage_runs_it_and_its_dependants_only() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let before = hall.manifest(scan).await;
    for (stage, runs) in [
        ("understand", 1),
        ("ocr", 2),
        ("look", 1),
        ("codes", 1),
        ("quality", 1),
        ("decode", 6),
        ("load", 7),
    ] {
        let made = engine.tally().made;
        let these = Selection::These(vec![scan]);
        assert_eq!(engine.replay(Some(stage), these, None).await.unwrap(), 1);
        hall.follow().await;
        hall.finish(&engine).await;
        assert_eq!(engine.tally().made - made, runs, "{stage}");
        assert_eq!(hall.manifest(scan).await, before);
    }
    let failed = engine.replay(Some("orc"), Selection::All, None).await;
    assert_eq!(
        failed.unwrap_err().to_string(),
        "there is no stage \"orc\"; did you mean \"ocr\"?"
    );
    let unknown = Selection::These(vec![Digest::of("unknown")]);
    let failed = engine.replay(None, unknown, None).await;
    assert!(matches!(failed, Err(ReplayError::UnknownScan(_))));
}

#[tokio::test]
async fn replay_may_name_another_pipeline() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let other = PipelineName::new("archive-backfile").unwrap();
    engine
        .replay(None, Selection::All, Some(&other))
        .await
        .unwrap();
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.manifest(scan).await.pipeline, other);
    let absent = PipelineName::new("absent").unwrap();
    assert!(
        engine
            .replay(None, Selection::All, Some(&absent))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_memo_whose_output_is_gone_is_made_again() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    let engine = hall.engine();
    hall.finish(&engine).await;
    let before = hall.manifest(scan).await;
    hall.objects
        .delete(&address(&before.pages[0].text))
        .await
        .unwrap();
    let damaged = address(&before.pages[0].stages[2].output);
    hall.objects.put(&damaged, "noise".into()).await.unwrap();
    engine.replay(None, Selection::All, None).await.unwrap();
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(hall.manifest(scan).await, before);
    assert_eq!(engine.tally().made, 9);
    assert!(hall.blobs.contains(&before.pages[0].text).await.unwrap());
}

#[tokio::test]
async fn an_end_between_the_outputs_and_the_fact_costs_no_second_reading() {
    let hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    hall.faults.plan("ledger.append", 1, false);
    let engine = hall.engine();
    engine.drain().await.unwrap();
    assert_eq!(hall.state(scan).await.status, ScanStatus::Pending);
    drop(engine);
    let jobs = hall.jobs();
    hall.clock.advance_millis(RETRY_MILLIS);
    let engine = hall.engine();
    hall.finish(&engine).await;
    hall.manifest(scan).await;
    // The new engine asks once which engine there is; no page is read.
    assert_eq!(hall.jobs(), jobs + 1);
    assert_eq!(engine.tally().made, 0);
}

#[tokio::test]
async fn memos_are_rebuilt_from_the_manifests() {
    let mut hall = Hall::open(test_options(None)).await;
    let scan = hall.receive(&good(1), "counter-paper").await;
    hall.finish(&hall.engine()).await;
    hall.catalog = Arc::new(MemoryCatalog::new());
    hall.follow().await;
    let remembered =
        remember_from_manifests(&hall.ledger, &hall.blobs, hall.catalog.as_ref()).await;
    assert_eq!(remembered.unwrap(), 7);
    let engine = hall.engine();
    engine.replay(None, Selection::All, None).await.unwrap();
    hall.follow().await;
    hall.finish(&engine).await;
    assert_eq!(engine.tally().made, 0);
    hall.manifest(scan).await;
}
