//! The search index as a projection: exactly once, after any interruption, from one process or two.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use counterfoil::domain::Digest;
use counterfoil::domain::manifest::RecordManifest;
use counterfoil::domain::text::OcrPage;
use counterfoil::ledger::Projection;
use counterfoil::ledger::store::ProjectionError;
use counterfoil::search::{
    INDEX_VERSION, MemorySource, PageSource, SearchError, SearchIndex, SearchView,
};

use crate::search_corpus::{Facts, Found, ask, count, index_of, one_line};

#[tokio::test]
async fn a_record_sealed_again_or_filed_again_replaces_its_pages() {
    let mut facts = Facts::default();
    let scan = facts.record("a", None, &[one_line("旧的文字"), one_line("旧的第二页")]);
    let other = facts.record("b", None, &[one_line("别的旧的")]);
    let index = index_of(&facts).await;
    let view = index.view();
    assert_eq!(count(&view, "旧的"), 3);
    facts.sealed(scan, &[one_line("新的文字")]);
    index.apply(0, &facts.all).await.unwrap();
    assert_eq!(ask(&view, "旧的"), Found::from_iter([(other, 1)]));
    assert_eq!(ask(&view, "新的文字"), Found::from_iter([(scan, 1)]));
    facts.filed(scan, "A");
    facts.filed(scan, "A");
    index.apply(4, &facts.all[4..]).await.unwrap();
    assert_eq!(ask(&view, "新的 case:A"), Found::from_iter([(scan, 1)]));
    assert_eq!(count(&view, "文字"), 1);
}

#[tokio::test]
async fn facts_count_once_however_they_come() {
    let mut facts = Facts::default();
    for number in 0..6 {
        facts.record(&format!("{number}"), None, &[one_line("申请")]);
    }
    let folder = tempfile::tempdir().unwrap();
    let open = || SearchIndex::open(folder.path(), facts.source.clone()).unwrap();
    let index = open();
    index.apply(0, &facts.all[..4]).await.unwrap();
    index.apply(0, &facts.all[..4]).await.unwrap();
    index.apply(2, &facts.all[2..7]).await.unwrap();
    index.apply(0, &[]).await.unwrap();
    assert_eq!(index.position().await.unwrap(), 7);
    assert!(index.apply(8, &facts.all[8..]).await.is_err(), "a gap");
    let holed = [facts.all[7].clone(), facts.all[9].clone()];
    assert!(index.apply(7, &holed).await.is_err(), "a hole");
    assert_eq!(
        (
            index.position().await.unwrap(),
            count(&index.view(), "申请")
        ),
        (7, 3)
    );
    drop(index);
    let index = open();
    assert_eq!(
        (
            index.position().await.unwrap(),
            count(&index.view(), "申请")
        ),
        (7, 3)
    );
    index.apply(7, &facts.all[7..]).await.unwrap();
    assert_eq!(
        (
            index.position().await.unwrap(),
            count(&index.view(), "申请")
        ),
        (12, 6)
    );
    index.reset().await.unwrap();
    assert_eq!(
        (
            index.position().await.unwrap(),
            count(&index.view(), "申请")
        ),
        (0, 0)
    );
    index.apply(0, &facts.all).await.unwrap();
    assert_eq!(
        (
            index.position().await.unwrap(),
            count(&index.view(), "申请")
        ),
        (12, 6)
    );
}

#[tokio::test]
async fn a_batch_that_fails_leaves_nothing_behind() {
    let mut facts = Facts::default();
    let first = facts.record("a", None, &[one_line("第一")]);
    let broken = facts.received("b", None);
    let manifest = facts.sealed(broken, &[one_line("第二")]);
    let bytes = facts.source.clone();
    let index = index_of(&Facts {
        source: bytes.clone(),
        all: facts.all[..1].to_vec(),
    })
    .await;
    bytes.remove(&manifest);
    for _ in 0..2 {
        assert!(index.apply(1, &facts.all[1..]).await.is_err());
        assert_eq!(index.position().await.unwrap(), 1);
    }
    // The part that can be read is applied alone; nothing of the failed batch comes with it.
    index.apply(1, &facts.all[1..3]).await.unwrap();
    assert_eq!(ask(&index.view(), "第"), Found::from_iter([(first, 1)]));
    facts.sealed(broken, &[one_line("第二")]);
    index.apply(3, &facts.all[3..]).await.unwrap();
    assert_eq!(
        ask(&index.view(), "第"),
        Found::from_iter([(first, 1), (broken, 1)])
    );
}

#[tokio::test]
async fn a_second_process_reads_and_does_not_write() {
    let mut facts = Facts::default();
    facts.record("a", None, &[one_line("申请")]);
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        SearchView::open(folder.path()),
        Err(SearchError::Unreadable { .. })
    ));
    let index = SearchIndex::open(folder.path(), facts.source.clone()).unwrap();
    let view = SearchView::open(folder.path()).unwrap();
    assert_eq!((view.position().unwrap(), count(&view, "申请")), (0, 0));
    let second = SearchIndex::open(folder.path(), facts.source.clone());
    assert!(matches!(second, Err(SearchError::InUse)));
    index.apply(0, &facts.all).await.unwrap();
    view.reload().unwrap();
    assert_eq!((view.position().unwrap(), count(&view, "申请")), (2, 1));
    assert!(index.damaged_files().unwrap().is_empty());
}

/// Copies a folder as it is at this moment: what a process that is killed now leaves behind. A copy during which
/// the folder changed shows no moment, and is made again.
fn copy_as_killed(from: &Path, to: &Path) {
    while !copied_unchanged(from, to).unwrap_or(false) {
        for entry in std::fs::read_dir(to).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}

fn copied_unchanged(from: &Path, to: &Path) -> std::io::Result<bool> {
    let before = listing(from)?;
    for name in &before {
        std::fs::copy(from.join(&name.0), to.join(&name.0))?;
    }
    Ok(listing(from)? == before)
}

/// Names and lengths of a folder's files.
fn listing(folder: &Path) -> std::io::Result<Vec<(std::ffi::OsString, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        found.push((entry.file_name(), entry.metadata()?.len()));
    }
    found.sort();
    Ok(found)
}

/// A source that never answers for one manifest.
struct Stuck {
    source: Arc<MemorySource>,
    at: Digest,
}

#[async_trait]
impl PageSource for Stuck {
    async fn manifest(&self, digest: &Digest) -> Result<Option<RecordManifest>, ProjectionError> {
        if *digest == self.at {
            std::future::pending::<()>().await;
        }
        self.source.manifest(digest).await
    }

    async fn page(&self, digest: &Digest) -> Result<Option<OcrPage>, ProjectionError> {
        self.source.page(digest).await
    }
}

#[tokio::test]
async fn a_batch_cut_short_in_the_middle_never_happened() {
    let mut facts = Facts::default();
    let mut scans: Vec<Digest> = (0..4)
        .map(|n| facts.received(&format!("{n}"), None))
        .collect();
    // A batch goes through its scans in the order of their digests: the last one is stuck after the others.
    scans.sort_unstable();
    facts.sealed(scans[0], &[one_line("申请")]);
    facts.sealed(scans[1], &[one_line("申请")]);
    let at = facts.sealed(scans[3], &[one_line("申请")]);
    let source = Arc::new(Stuck {
        source: facts.source.clone(),
        at,
    });
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), source).unwrap();
    index.apply(0, &facts.all[..5]).await.unwrap();
    let cut =
        tokio::time::timeout(Duration::from_millis(200), index.apply(5, &facts.all[5..])).await;
    assert!(cut.is_err(), "it is stuck");
    let killed = tempfile::tempdir().unwrap();
    copy_as_killed(folder.path(), killed.path());
    let copy = SearchIndex::open(killed.path(), facts.source.clone()).unwrap();
    assert_eq!(
        (copy.position().await.unwrap(), count(&copy.view(), "申请")),
        (5, 1)
    );
    copy.apply(5, &facts.all[5..]).await.unwrap();
    assert_eq!(
        (copy.position().await.unwrap(), count(&copy.view(), "申请")),
        (7, 3)
    );
    // The same process goes on too, and what the cut batch had given to the writer is not committed with it.
    index.apply(5, &facts.all[5..6]).await.unwrap();
    assert_eq!(
        (
            index.position().await.unwrap(),
            count(&index.view(), "申请")
        ),
        (6, 2)
    );
}

#[tokio::test]
async fn a_killed_writer_leaves_its_last_commit() {
    let mut facts = Facts::default();
    for number in 0..40 {
        facts.record(
            &format!("{number}"),
            None,
            &[one_line("申请"), one_line("甲乙丙")],
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), facts.source.clone()).unwrap();
    let source = Arc::clone(&facts.source);
    for (from, batch) in facts.all.chunks(3).enumerate() {
        let from = from as u64 * 3;
        index.apply(from, batch).await.unwrap();
        let killed = tempfile::tempdir().unwrap();
        copy_as_killed(folder.path(), killed.path());
        let copy = SearchIndex::open(killed.path(), source.clone()).unwrap();
        let position = copy.position().await.unwrap();
        assert_eq!(position, from + batch.len() as u64);
        assert_eq!(count(&copy.view(), "申请"), position as usize / 2);
    }
    // Files of segments that were merged away or never committed do not pile up.
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(files < 120, "{files} files");
}

#[tokio::test]
async fn an_index_that_does_not_open_is_set_aside_and_built_anew() {
    let mut facts = Facts::default();
    facts.record("a", None, &[one_line("申请")]);
    let spoil: [fn(&Path); 4] = [
        |path| std::fs::write(path.join("meta.json"), "{").unwrap(),
        |path| {
            let meta = std::fs::read_to_string(path.join("meta.json")).unwrap();
            let version = format!("version\\\":{INDEX_VERSION}");
            let other = meta.replace(&version, "version\\\":999");
            assert_ne!(meta, other);
            std::fs::write(path.join("meta.json"), other).unwrap();
        },
        |path| {
            for entry in std::fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                if path
                    .extension()
                    .is_some_and(|extension| extension == "store" || extension == "idx")
                {
                    std::fs::write(path, "cut").unwrap();
                }
            }
        },
        |path| {
            let terms = |path: &Path| {
                path.extension()
                    .is_some_and(|extension| extension == "term")
            };
            for entry in std::fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                if terms(&path) {
                    std::fs::remove_file(path).unwrap();
                }
            }
        },
    ];
    for spoil in spoil {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("search");
        let open = || SearchIndex::open(&path, facts.source.clone()).unwrap();
        let index = open();
        index.apply(0, &facts.all).await.unwrap();
        drop(index);
        spoil(&path);
        let index = open();
        assert_eq!(index.position().await.unwrap(), 0);
        assert!(folder.path().join("search.set-aside").is_dir());
        index.apply(0, &facts.all).await.unwrap();
        assert_eq!(count(&index.view(), "申请"), 1);
    }
}
