//! The worker: frames under hostile bytes, and the keeper against the real program when its child crashes,
//! hangs, leaks or answers nonsense.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use counterfoil::domain::event::FileFormat;
use counterfoil::domain::{Finding, FindingCode};
use counterfoil::imaging::Limits;
use counterfoil::ocr::EngineKind;
use counterfoil::worker::child::{ChildOptions, MISBEHAVE_MARK, Misbehaviour, run};
use counterfoil::worker::protocol::{
    Failure, FrameError, HEADER_BYTES_MAX, Job, MAGIC, PageFacts, Reply, StageJob, read_frame,
    write_frame,
};
use counterfoil::worker::{WorkerError, WorkerOptions, WorkerPool};
use proptest::prelude::*;

const LONG: Duration = Duration::from_secs(30);
const MIB: u64 = 1024 * 1024;

/// A small grey page as PNG, with `text` in a comment of the file.
pub fn page_png(width: u32, height: u32, text: &[u8]) -> Bytes {
    let pixels = image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([if (x / 4 + y / 4) % 2 == 0 { 40 } else { 220 }; 3])
    });
    let mut file = Cursor::new(Vec::new());
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let mut file = file.into_inner();
    let mut comment = b"tEXtComment\0".to_vec();
    comment.extend_from_slice(text);
    let mut chunk = u32::to_be_bytes(comment.len() as u32 - 4).to_vec();
    chunk.extend_from_slice(&comment);
    chunk.extend_from_slice(&crc32fast::hash(&comment).to_be_bytes());
    // After the signature (8) and the header chunk (25).
    file.splice(33..33, chunk);
    file.into()
}

/// How the real program's child is started in tests; `misbehave` on marked masters.
pub fn test_options(misbehave: Option<&str>) -> WorkerOptions {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_counterfoil"));
    let mut options = WorkerOptions::new(program, EngineKind::Recorded, PathBuf::from("absent"));
    if let Some(kind) = misbehave {
        options.arguments = vec!["--misbehave".into(), kind.into()];
        options.environment = vec![("COUNTERFOIL_TEST_MISBEHAVE".into(), "1".into())];
    }
    options
}

fn load_job() -> Job {
    Job::Load {
        format: FileFormat::Png,
        limits: Limits::default(),
    }
}

fn frame(job: &Job, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, job, body).unwrap();
    bytes
}

#[test]
fn frames_round_trip_and_the_stream_may_end_between_them() {
    let job = load_job();
    let mut bytes = frame(&job, b"master");
    bytes.extend(frame(&Job::Art { page: 3 }, b""));
    let mut stream = Cursor::new(bytes);
    let first = read_frame::<Job>(&mut stream, 100).unwrap();
    assert_eq!(first, Some((job, b"master".to_vec())));
    let second = read_frame::<Job>(&mut stream, 100).unwrap();
    assert_eq!(second, Some((Job::Art { page: 3 }, Vec::new())));
    assert!(read_frame::<Job>(&mut stream, 100).unwrap().is_none());
}

#[test]
fn a_frame_cut_anywhere_is_an_error() {
    let bytes = frame(&load_job(), b"master");
    for length in 1..bytes.len() {
        let cut = bytes.get(..length).unwrap();
        let found = read_frame::<Job>(&mut Cursor::new(cut), 100);
        assert!(
            matches!(found, Err(FrameError::Io(_))),
            "cut at {length}: {found:?}"
        );
    }
}

#[test]
fn an_announced_size_over_the_limit_is_refused_before_it_is_read() {
    let bytes = frame(&load_job(), &[0; 101]);
    let found = read_frame::<Job>(&mut Cursor::new(bytes), 100);
    assert!(matches!(
        found,
        Err(FrameError::TooLarge {
            part: "body",
            bytes: 101,
            limit: 100
        })
    ));
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(HEADER_BYTES_MAX + 1).to_be_bytes());
    bytes.extend_from_slice(&0u64.to_be_bytes());
    let found = read_frame::<Job>(&mut Cursor::new(bytes), 100);
    assert!(matches!(
        found,
        Err(FrameError::TooLarge { part: "header", .. })
    ));
}

#[test]
fn unknown_keys_in_a_header_are_refused() {
    let header = serde_json::json!({"job": "art", "page": 1, "mode": "fast"});
    let mut bytes = Vec::new();
    write_frame(&mut bytes, &header, b"").unwrap();
    let found = read_frame::<Job>(&mut Cursor::new(bytes), 100);
    assert!(matches!(found, Err(FrameError::Header(_))));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_frame::<Job>(&mut Cursor::new(&bytes), 64);
        let mut framed = MAGIC.to_vec();
        framed.extend_from_slice(&bytes);
        let _ = read_frame::<Job>(&mut Cursor::new(framed), 64);
    }

    #[test]
    fn a_damaged_frame_is_read_as_something_else_or_refused(place in 0usize..60, bit in 0u8..8) {
        let mut bytes = frame(&Job::Art { page: 3 }, b"body");
        let place = place % bytes.len();
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= 1 << bit;
        }
        let whole = Some((Job::Art { page: 3 }, b"body".to_vec()));
        prop_assert_ne!(read_frame::<Job>(&mut Cursor::new(bytes), 64).ok().flatten(), whole);
    }
}

/// What a child in this process answers to `input`.
fn answers(input: Vec<u8>, misbehave: Option<Misbehaviour>) -> (Result<(), String>, Vec<Reply>) {
    let options = ChildOptions {
        engine: EngineKind::Recorded,
        ocr_folder: PathBuf::from("absent"),
        runtime: counterfoil::ocr::paddle::net::Runtime::Auto,
        fonts: Vec::new(),
        misbehave,
    };
    let mut output = Vec::new();
    let ended = run(Cursor::new(input), &mut output, options);
    let mut stream = Cursor::new(output);
    let mut replies = Vec::new();
    while let Some((reply, _)) = read_frame::<Reply>(&mut stream, 100 * MIB).unwrap() {
        replies.push(reply);
    }
    (ended, replies)
}

#[test]
fn a_child_answers_each_job_and_ends_with_its_input() {
    let mut input = frame(&Job::Art { page: 1 }, b"");
    input.extend(frame(&load_job(), b"not a picture"));
    input.extend(frame(&load_job(), &page_png(8, 6, b"")));
    input.extend(frame(&Job::Art { page: 1 }, b""));
    let (ended, replies) = answers(input, None);
    assert_eq!(ended, Ok(()));
    assert_eq!(replies.len(), 4);
    assert!(matches!(
        &replies[0],
        Reply::Failed {
            failure: Failure::Refused { .. }
        }
    ));
    assert!(matches!(
        &replies[1],
        Reply::Failed {
            failure: Failure::Verdict { .. }
        }
    ));
    assert!(matches!(&replies[2], Reply::Loaded { pages: 1, .. }));
    let Reply::Art { art } = &replies[3] else {
        panic!("{:?}", replies[3]);
    };
    assert_eq!((art.width, art.height), (8, 6));
}

#[test]
fn a_panic_is_answered_as_a_crash_and_ends_the_child() {
    let mut input = frame(&load_job(), &page_png(8, 6, MISBEHAVE_MARK));
    input.extend(frame(&Job::Art { page: 1 }, b""));
    input.extend(frame(&Job::Art { page: 1 }, b""));
    let (ended, replies) = answers(input, Some(Misbehaviour::Panic));
    assert!(ended.is_err());
    let crashed = Failure::crashed(Some(1), "the job panicked");
    assert_eq!(replies.get(1), Some(&Reply::Failed { failure: crashed }));
    assert_eq!(replies.len(), 2);
}

/// The finding and reason of a page job on a marked master, and that a good master is read after it.
async fn misbehaved(options: WorkerOptions, deadline: Duration) -> (Finding, String, Duration) {
    let pool = WorkerPool::new(options, 1);
    let limits = Limits::default();
    let mut worker = pool.checkout().await.unwrap();
    let bad = page_png(64, 64, MISBEHAVE_MARK);
    worker
        .load(bad, FileFormat::Png, &limits, LONG)
        .await
        .unwrap();
    let started = Instant::now();
    let failed = worker.page(1, &[StageJob::Decode], deadline).await;
    let took = started.elapsed();
    let Err(WorkerError::Failed(Failure::Broken { finding, reason })) = failed else {
        panic!("{failed:?}");
    };
    drop(worker);
    let mut worker = pool.checkout().await.unwrap();
    let good = page_png(40, 30, b"");
    let loaded = worker
        .load(good, FileFormat::Png, &limits, LONG)
        .await
        .unwrap();
    assert_eq!(loaded.pages, 1);
    let read = worker
        .page(1, &[StageJob::Decode, StageJob::Quality], LONG)
        .await
        .unwrap();
    let outputs = read.outputs;
    let facts: PageFacts = serde_json::from_slice(&outputs[0]).unwrap();
    assert_eq!((facts.width, facts.height), (40, 30));
    assert_eq!(outputs.len(), 2);
    assert_eq!(pool.counts().spawned.load(Ordering::Relaxed), 2);
    (finding, reason, took)
}

#[tokio::test]
async fn a_crash_is_a_finding_and_the_next_job_goes_on() {
    let (finding, reason, _) = misbehaved(test_options(Some("crash")), LONG).await;
    assert_eq!(finding, Finding::page(1, FindingCode::WorkerCrashed));
    assert!(reason.contains("signal: 6"), "{reason}");
}

#[tokio::test]
async fn a_panic_is_a_finding_and_the_next_job_goes_on() {
    let (finding, reason, _) = misbehaved(test_options(Some("panic")), LONG).await;
    assert_eq!(finding, Finding::page(1, FindingCode::WorkerCrashed));
    assert!(reason.contains("panicked"), "{reason}");
}

#[tokio::test]
async fn a_hang_is_killed_at_its_deadline() {
    let deadline = Duration::from_millis(300);
    let (finding, _, took) = misbehaved(test_options(Some("hang")), deadline).await;
    assert_eq!(finding.code, FindingCode::DeadlineExceeded);
    assert_eq!((finding.page, finding.limit), (Some(1), Some(0.3)));
    assert!(
        took >= deadline && took < Duration::from_secs(10),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_leak_is_killed_at_its_limit() {
    let mut options = test_options(Some("leak"));
    options.memory_max = 200 * MIB;
    let (finding, _, _) = misbehaved(options, LONG).await;
    assert_eq!(finding.code, FindingCode::MemoryExceeded);
    assert_eq!(finding.limit, Some(200.0));
    let used = finding.value.unwrap();
    assert!((200.0..600.0).contains(&used), "{used} MiB");
}

#[tokio::test]
async fn garbage_is_a_finding_and_the_next_job_goes_on() {
    let (finding, reason, _) = misbehaved(test_options(Some("garbage")), LONG).await;
    assert_eq!(finding, Finding::page(1, FindingCode::WorkerCrashed));
    assert!(reason.contains("begins with"), "{reason}");
}

#[tokio::test]
async fn a_child_that_did_its_share_is_replaced_and_the_master_loaded_again() {
    let mut options = test_options(None);
    options.pages_recycle = 2;
    let pool = WorkerPool::new(options, 1);
    let mut worker = pool.checkout().await.unwrap();
    let limits = Limits::default();
    let master = page_png(16, 16, b"");
    worker
        .load(master, FileFormat::Png, &limits, LONG)
        .await
        .unwrap();
    for _ in 0..5 {
        worker.page(1, &[StageJob::Decode], LONG).await.unwrap();
    }
    assert_eq!(pool.counts().spawned.load(Ordering::Relaxed), 3);
    assert!(pool.peak_resident() > MIB, "{}", pool.peak_resident());
}

#[tokio::test]
async fn a_job_given_up_half_way_does_not_disturb_the_next() {
    let pool = WorkerPool::new(test_options(Some("hang")), 1);
    let limits = Limits::default();
    let mut worker = pool.checkout().await.unwrap();
    let bad = page_png(64, 64, MISBEHAVE_MARK);
    worker
        .load(bad, FileFormat::Png, &limits, LONG)
        .await
        .unwrap();
    let given_up = tokio::time::timeout(
        Duration::from_millis(50),
        worker.page(1, &[StageJob::Decode], LONG),
    );
    assert!(given_up.await.is_err());
    let good = page_png(10, 10, b"");
    worker
        .load(good, FileFormat::Png, &limits, LONG)
        .await
        .unwrap();
    worker.page(1, &[StageJob::Decode], LONG).await.unwrap();
}

#[tokio::test]
async fn a_missing_program_is_trouble_not_a_finding() {
    let mut options = test_options(None);
    options.program = PathBuf::from("/nonexistent/counterfoil");
    let pool = WorkerPool::new(options, 1);
    let mut worker = pool.checkout().await.unwrap();
    let failed = worker.check(EngineKind::Auto, &[], None, LONG).await;
    assert!(
        matches!(failed, Err(WorkerError::Spawn { .. })),
        "{failed:?}"
    );
}

#[tokio::test]
async fn keepers_are_lent_in_the_order_they_were_asked_for() {
    let pool = WorkerPool::new(test_options(None), 1);
    let first = pool.checkout().await.unwrap();
    let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for number in 0..4 {
        let (pool, order) = (pool.clone(), order.clone());
        waiting.push(tokio::spawn(async move {
            let _held = pool.checkout().await.unwrap();
            order.lock().unwrap().push(number);
        }));
        tokio::task::yield_now().await;
    }
    drop(first);
    for task in waiting {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), vec![0, 1, 2, 3]);
}
