//! The log over HTTP as C2SP tlog-tiles: whoever has nothing but the served files builds the root again, proves a fact
//! in it and sees that the log only grows.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use counterfoil::domain::event::Fact;
use counterfoil::domain::hall::HallEvent;
use counterfoil::domain::{Actor, Date, Digest, Entry, Event, RequestId, Subject};
use counterfoil::http::router;
use counterfoil::merkle::tile::{TILE_WIDTH, bundle_entries};
use counterfoil::merkle::{
    Checkpoint, Hash, NodeId, NodePlan, Tile, leaf_hash, verify_consistency, verify_inclusion,
};
use tower::ServiceExt as _;

use crate::window_hall::Hall;

const PUBLISHED: &str = "[publish]\ntiles = true\n";

struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

async fn get(router: &Router, path: &str) -> Answer {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 32 << 20).await.unwrap().to_vec();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        bytes,
    }
}

async fn checkpoint(router: &Router) -> Checkpoint {
    let answer = get(router, "/checkpoint").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    let text = String::from_utf8(answer.bytes).unwrap();
    let (signed, _) = text.split_once("\n\n").unwrap();
    Checkpoint::parse(&format!("{signed}\n")).unwrap()
}

/// Whoever watches the log: every file fetched so far.
struct Watcher {
    router: Router,
    seen: HashMap<String, Vec<u8>>,
}

impl Watcher {
    /// Fetches a file; one that was fetched before has to be the same.
    async fn fetch(&mut self, path: &str) -> Vec<u8> {
        let answer = get(&self.router, &format!("/{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], "application/octet-stream");
        let keep = answer.headers["cache-control"].to_str().unwrap();
        assert_eq!(
            keep.contains("immutable"),
            !path.contains(".p/"),
            "{path}: {keep}"
        );
        let before = self.seen.insert(path.to_owned(), answer.bytes.clone());
        assert!(
            before.is_none_or(|before| before == answer.bytes),
            "{path} changed"
        );
        answer.bytes
    }

    async fn hashes(&mut self, nodes: &[NodeId], size: u64) -> Vec<Hash> {
        let mut hashes = Vec::new();
        for node in nodes {
            let tile = Tile::of_node(*node, size).unwrap();
            let bytes = self.fetch(&tile.path()).await;
            hashes.push(tile.hash_of(*node, &bytes).unwrap());
        }
        hashes
    }

    async fn assembled(&mut self, plan: NodePlan, size: u64) -> Vec<Hash> {
        let hashes = self.hashes(plan.nodes(), size).await;
        plan.assemble(&hashes).unwrap()
    }

    /// Every fact of the log, by its leaf's place.
    async fn facts(&mut self, size: u64) -> Vec<Vec<u8>> {
        let mut facts = Vec::new();
        for index in 0..size.div_ceil(TILE_WIDTH) {
            let tile = Tile::at(0, index, size).unwrap();
            let bytes = self.fetch(&tile.entries_path()).await;
            let entries = bundle_entries(&bytes).unwrap();
            assert_eq!(entries.len(), usize::from(tile.width));
            let leaves = self.fetch(&tile.path()).await;
            for (entry, leaf) in entries.into_iter().zip(leaves.chunks(32)) {
                assert_eq!(leaf_hash(entry).0, leaf);
                facts.push(entry.to_vec());
            }
        }
        facts
    }

    /// Everything a witness checks of a checkpoint.
    async fn witness(&mut self, checkpoint: &Checkpoint) {
        let size = checkpoint.size;
        let root = self.assembled(NodePlan::root(size), size).await;
        assert_eq!(root, [checkpoint.root]);
        let facts = self.facts(size).await;
        assert_eq!(facts.len() as u64, size);
        for index in [0, 1, size / 2, size - 1] {
            Entry::decode(&facts[index as usize]).unwrap();
            let plan = NodePlan::inclusion(index, size).unwrap();
            let proof = self.assembled(plan, size).await;
            let leaf = leaf_hash(&facts[index as usize]);
            verify_inclusion(index, size, &leaf, &proof, &checkpoint.root).unwrap();
            let other = leaf_hash(b"another fact");
            assert!(verify_inclusion(index, size, &other, &proof, &checkpoint.root).is_err());
        }
    }
}

/// Records `count` facts, each in a request of its own.
async fn grow(hall: &Hall, name: &str, count: u32) {
    for n in 0..count {
        let request = RequestId::new(format!("tiles/{name}/{n}")).unwrap();
        let by = Actor::new("cli:operator").unwrap();
        let day: Date = "2026-01-05".parse().unwrap();
        let log = Digest::of(format!("{name}{n}"));
        let recorded = hall.service.ledger.record(request, &by, |_, _| {
            let event = HallEvent::DayAudited {
                day,
                digest: log,
                count: 1,
            };
            Ok(vec![Fact::new(Subject::Hall, Event::Hall { event })])
        });
        recorded.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_only_the_served_files_proves_the_log() {
    let hall = Hall::open_with(PUBLISHED).await;
    let mut watcher = Watcher {
        router: router(Arc::clone(&hall.service)),
        seen: HashMap::new(),
    };
    let mut before: Option<Checkpoint> = None;
    for (name, count) in [("a", 5), ("b", 300), ("c", 1), ("d", 260)] {
        grow(&hall, name, count).await;
        let now = checkpoint(&watcher.router).await;
        watcher.witness(&now).await;
        if let Some(before) = &before {
            let plan = NodePlan::consistency(before.size, now.size).unwrap();
            let proof = watcher.assembled(plan, now.size).await;
            let (old, new) = (&before.root, &now.root);
            verify_consistency(before.size, now.size, old, new, &proof).unwrap();
            let asked = hall.service.ledger.consistency_proof(before.size, now.size);
            assert_eq!(asked.await.unwrap(), proof);
        }
        before = Some(now);
    }
    // What was served once is the same now that the log has grown, partial tiles included.
    let seen: Vec<String> = watcher.seen.keys().cloned().collect();
    assert!(seen.iter().any(|path| path.contains(".p/")));
    assert!(seen.iter().any(|path| path == "tile/0/001"), "{seen:?}");
    for path in seen {
        watcher.fetch(&path).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_does_not_reach_is_not_there() {
    let hall = Hall::open_with(PUBLISHED).await;
    let router = router(Arc::clone(&hall.service));
    let size = checkpoint(&router).await.size;
    assert!((2..TILE_WIDTH).contains(&size), "{size}");
    let partial = |width: u64| format!("/tile/0/000.p/{width}");
    for width in [1, size] {
        let answer = get(&router, &partial(width)).await;
        assert_eq!(
            (answer.status, answer.bytes.len() as u64),
            (200, 32 * width)
        );
    }
    let beyond = [
        partial(size + 1),
        format!("/tile/entries/000.p/{}", size + 1),
        "/tile/0/000".into(),
        "/tile/0/001.p/1".into(),
        "/tile/1/000.p/1".into(),
        "/tile/7/x999/999".into(),
        "/tile/entries/000".into(),
        "/tile/8/000.p/1".into(),
        "/tile/0/0.p/1".into(),
        "/tile/0/000.p/0".into(),
        "/tile/0/..%2f000.p/1".into(),
        "/tile/1/x018/x446/x744/x073/x709/551.p/1".into(),
    ];
    for path in beyond {
        let answer = get(&router, &path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_are_for_the_hall_to_publish_and_the_checkpoint_is_public() {
    let hall = Hall::open().await;
    let router = router(Arc::clone(&hall.service));
    let first = checkpoint(&router).await;
    let answer = get(&router, "/checkpoint").await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    for path in [
        "/tile/0/000.p/1",
        "/tile/entries/000.p/1",
        "/tile/0/x001/000.p/1",
    ] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, 404);
        let text = String::from_utf8(answer.bytes).unwrap();
        assert!(text.contains("[publish] tiles"), "{text}");
    }
    grow(&hall, "more", 1).await;
    assert_eq!(checkpoint(&router).await.size, first.size + 1);
}
