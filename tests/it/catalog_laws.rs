//! The laws of every catalog. Each law is a function over `Arc<dyn Catalog>`, an empty catalog; every back end
//! obeys all of them.

use std::sync::Arc;

use counterfoil::domain::{CaseNo, Digest, Event, Subject, scan};
use counterfoil::store::catalog::{Catalog, CatalogError, Counts, Lease, RowStatus};
use counterfoil::store::memory_catalog::MemoryCatalog;

use crate::catalog_facts::{
    Facts, at, derived, held, name, open, read, received, requeued, sealed,
};

async fn claimed(catalog: &dyn Catalog, limit: usize, now: i64, ttl: i64) -> Vec<Lease> {
    catalog.claim(limit, at(now), ttl).await.unwrap()
}

fn lost<T: std::fmt::Debug>(outcome: Result<T, CatalogError>) {
    assert!(
        matches!(outcome, Err(CatalogError::LeaseLost)),
        "{outcome:?}"
    );
}

/// A fact is applied once, however often it is given; nothing is skipped.
pub async fn exactly_once(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    facts.received(1).received(2).on(1, sealed("m")).received(3);
    facts.on(1, requeued()).on(2, held()).on(1, sealed("n"));
    let all = &facts.0;
    assert_eq!(catalog.position().await.unwrap(), 0);
    let gap = catalog.apply(1, &all[1..2]).await.unwrap_err();
    assert!(gap.to_string().contains("facts 0 to 1"), "{gap}");
    catalog.apply(0, &all[..3]).await.unwrap();
    assert_eq!(catalog.position().await.unwrap(), 3);
    let before = derived(&*catalog).await;
    catalog.apply(0, &all[..3]).await.unwrap();
    catalog.apply(1, &all[1..2]).await.unwrap();
    catalog.apply(0, &[]).await.unwrap();
    catalog.apply(3, &[]).await.unwrap();
    catalog.apply(4, &all[4..]).await.unwrap_err();
    let swapped = [all[0].clone(), all[2].clone()];
    catalog.apply(0, &swapped).await.unwrap_err();
    catalog.apply(2, &all[3..]).await.unwrap_err();
    assert_eq!(derived(&*catalog).await, before);
    catalog.apply(1, &all[1..]).await.unwrap();
    assert_eq!(catalog.position().await.unwrap(), 7);
    let counts = Counts {
        pending: 1,
        sealed: 1,
        held: 1,
    };
    assert_eq!(catalog.counts().await.unwrap(), counts);
}

/// Each event shows in the row as the domain says.
pub async fn rows_follow_events(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    facts.add(
        Subject::Log,
        Event::LogOpened {
            origin: "counterfoil.local/test".into(),
            key: "key".into(),
        },
    );
    facts.on(9, sealed("before any receipt"));
    facts.on(1, received(1, Some("A-1")));
    facts.on(
        1,
        Event::ScanFiled {
            case: CaseNo::new("B-2").unwrap(),
        },
    );
    facts.on(1, read("the first page"));
    facts.on(1, held()).on(1, requeued()).on(1, sealed("m"));
    facts
        .on(1, received(1, Some("C-3")))
        .on(1, requeued())
        .on(1, held());
    for fact in &facts.0 {
        catalog
            .apply(fact.index, std::slice::from_ref(fact))
            .await
            .unwrap();
        let history = facts.0.iter().take(fact.index as usize + 1);
        let history = history.filter(|fact| fact.entry.subject == Subject::Scan(name(1)));
        let state = scan::fold(history.map(|fact| &fact.entry.event));
        let row = catalog.scan(&name(1)).await.unwrap();
        let Some(state) = state else {
            assert_eq!(row, None);
            continue;
        };
        let row = row.unwrap();
        let status = match &state.status {
            scan::ScanStatus::Pending => RowStatus::Pending,
            scan::ScanStatus::Sealed { pages, .. } => {
                assert_eq!(row.pages, Some(*pages));
                RowStatus::Sealed
            }
            scan::ScanStatus::Held { findings } => {
                assert_eq!(&row.findings, findings);
                RowStatus::Held
            }
        };
        assert_eq!((row.status, row.scan), (status, name(1)));
        assert_eq!((&row.pipeline, &row.cases), (&state.pipeline, &state.cases));
        assert_eq!(row.manifest, state.last_manifest);
        assert_eq!((row.received_index, row.last_index), (2, fact.index));
        assert_eq!((row.received_at, row.bytes), (at(2), 1001));
        assert_eq!(row.findings.is_empty(), status != RowStatus::Held);
        assert_eq!(catalog.list(status, None, 9).await.unwrap(), vec![row]);
    }
    assert_eq!(catalog.scan(&name(9)).await.unwrap(), None);
}

/// Lists are in the order of receipt and can be read in parts.
pub async fn lists_are_paged(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    for scan in 0..600 {
        facts.received(scan);
    }
    for scan in (0..600).step_by(3) {
        facts.on(scan, sealed("m"));
    }
    catalog.apply(0, &facts.0).await.unwrap();
    let all = catalog
        .list(RowStatus::Pending, None, usize::MAX)
        .await
        .unwrap();
    assert_eq!(all.len(), 400);
    assert!(
        all.iter()
            .zip(all.iter().skip(1))
            .all(|(a, b)| a.received_index < b.received_index)
    );
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = catalog.list(RowStatus::Pending, after, 37).await.unwrap();
        assert!(page.len() <= 37);
        let Some(last) = page.last() else { break };
        after = Some(last.received_index);
        paged.extend(page);
    }
    assert_eq!(paged, all);
    assert_eq!(
        catalog.list(RowStatus::Sealed, None, 0).await.unwrap(),
        vec![]
    );
    assert_eq!(
        catalog
            .list(RowStatus::Sealed, Some(u64::MAX), 9)
            .await
            .unwrap(),
        vec![]
    );
    assert_eq!(
        catalog
            .list(RowStatus::Sealed, None, 999)
            .await
            .unwrap()
            .len(),
        200
    );
    assert_eq!(
        catalog.list(RowStatus::Held, None, 9).await.unwrap(),
        vec![]
    );
}

/// Claims go to the oldest receipts; a scan has one live lease.
pub async fn claims_in_order(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    facts
        .received(5)
        .received(4)
        .received(3)
        .received(2)
        .on(4, held());
    catalog.apply(0, &facts.0).await.unwrap();
    assert_eq!(claimed(&*catalog, 0, 0, 100).await, vec![]);
    let first = claimed(&*catalog, 2, 0, 100).await;
    let scans: Vec<_> = first
        .iter()
        .map(|lease| (lease.scan, lease.attempt, lease.until))
        .collect();
    assert_eq!(scans, vec![(name(5), 1, at(100)), (name(3), 1, at(100))]);
    let second = claimed(&*catalog, 9, 99, 100).await;
    assert_eq!(
        second.iter().map(|lease| lease.scan).collect::<Vec<_>>(),
        vec![name(2)]
    );
    assert_eq!(claimed(&*catalog, 9, 99, 100).await, vec![]);
    let mut tokens: Vec<_> = first
        .iter()
        .chain(&second)
        .map(|lease| lease.token)
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

/// A lease that ran out goes to the next claim, and the first claimant is told so.
pub async fn leases_run_out(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    catalog.apply(0, &facts.received(1).0).await.unwrap();
    let old = claimed(&*catalog, 1, 0, 100).await.remove(0);
    assert_eq!(claimed(&*catalog, 1, 99, 100).await, vec![]);
    let new = claimed(&*catalog, 1, 100, 100).await.remove(0);
    assert_eq!((new.attempt, new.until), (2, at(200)));
    assert_ne!(new.token, old.token);
    lost(catalog.renew(&old, at(900)).await);
    lost(catalog.release(&old, at(0)).await);
    let renewed = catalog.renew(&new, at(500)).await.unwrap();
    assert_eq!((renewed.until, renewed.token), (at(500), new.token));
    assert_eq!(claimed(&*catalog, 1, 499, 100).await, vec![]);
    // Renewed or not, it is the same lease.
    catalog.release(&new, at(600)).await.unwrap();
    lost(catalog.release(&renewed, at(0)).await);
    lost(catalog.renew(&renewed, at(900)).await);
    assert_eq!(claimed(&*catalog, 1, 599, 100).await, vec![]);
    let third = claimed(&*catalog, 1, 600, 100).await.remove(0);
    assert_eq!(third.attempt, 3);
    let stranger = Lease {
        scan: name(2),
        ..third
    };
    lost(catalog.release(&stranger, at(0)).await);
}

/// A fact that ends the waiting ends the lease; another reading counts its attempts from 1.
pub async fn facts_end_leases(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    facts.received(1);
    catalog.apply(0, &facts.0).await.unwrap();
    for event in [sealed("m"), held()] {
        let failed = claimed(&*catalog, 1, 0, 100).await.remove(0);
        assert_eq!(failed.attempt, 1);
        catalog.release(&failed, at(0)).await.unwrap();
        let lease = claimed(&*catalog, 1, 0, 100).await.remove(0);
        assert_eq!(lease.attempt, 2);
        let from = facts.0.len();
        facts.on(1, event);
        catalog.apply(from as u64, &facts.0[from..]).await.unwrap();
        lost(catalog.renew(&lease, at(900)).await);
        lost(catalog.release(&lease, at(0)).await);
        assert_eq!(claimed(&*catalog, 1, 9999, 100).await, vec![]);
        let from = facts.0.len();
        facts.on(1, requeued());
        catalog.apply(from as u64, &facts.0[from..]).await.unwrap();
        lost(catalog.release(&lease, at(0)).await);
    }
    // Filing under a case does not touch a lease.
    let lease = claimed(&*catalog, 1, 0, 100).await.remove(0);
    let from = facts.0.len();
    let case = CaseNo::new("A-1").unwrap();
    facts.on(1, Event::ScanFiled { case });
    catalog.apply(from as u64, &facts.0[from..]).await.unwrap();
    catalog.renew(&lease, at(900)).await.unwrap();
}

/// No scan is claimed twice by claimants at the same time.
pub async fn claims_are_exclusive(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    for scan in 0..200 {
        facts.received(scan);
    }
    catalog.apply(0, &facts.0).await.unwrap();
    let mut claimants = Vec::new();
    for _ in 0..8 {
        let catalog = Arc::clone(&catalog);
        claimants.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leases = claimed(&*catalog, 3, 0, 1000).await;
                if leases.is_empty() {
                    return mine;
                }
                mine.extend(leases);
            }
        }));
    }
    let mut scans = Vec::new();
    let mut tokens = Vec::new();
    for claimant in claimants {
        for lease in claimant.await.unwrap() {
            scans.push(lease.scan);
            tokens.push(lease.token);
        }
    }
    assert_eq!((scans.len(), tokens.len()), (200, 200));
    scans.sort_unstable();
    scans.dedup();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!((scans.len(), tokens.len()), (200, 200));
}

/// A memo is found under its key and input and nowhere else; the newest output counts.
pub async fn memos(catalog: Arc<dyn Catalog>) {
    let [key, input, output, other] = ["k", "i", "o", "x"].map(Digest::of);
    assert_eq!(catalog.memo(&key, &input).await.unwrap(), None);
    catalog.remember(&key, &input, &output).await.unwrap();
    assert_eq!(catalog.memo(&key, &input).await.unwrap(), Some(output));
    assert_eq!(catalog.memo(&input, &key).await.unwrap(), None);
    assert_eq!(catalog.memo(&key, &other).await.unwrap(), None);
    catalog.remember(&key, &input, &other).await.unwrap();
    assert_eq!(catalog.memo(&key, &input).await.unwrap(), Some(other));
}

/// A reset forgets everything; the same facts give the same rows again, and old leases stay void.
pub async fn reset(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    facts.received(1).received(2).on(2, held());
    catalog.apply(0, &facts.0).await.unwrap();
    let before = derived(&*catalog).await;
    let [key, input] = ["k", "i"].map(Digest::of);
    catalog.remember(&key, &input, &key).await.unwrap();
    let lease = claimed(&*catalog, 1, 0, 100).await.remove(0);
    catalog.reset().await.unwrap();
    assert_eq!(catalog.position().await.unwrap(), 0);
    assert_eq!(catalog.counts().await.unwrap(), Counts::default());
    assert_eq!(catalog.scan(&name(1)).await.unwrap(), None);
    assert_eq!(catalog.with_prefix("", 9).await.unwrap(), vec![]);
    assert_eq!(catalog.memo(&key, &input).await.unwrap(), None);
    lost(catalog.renew(&lease, at(900)).await);
    catalog.apply(0, &facts.0).await.unwrap();
    assert_eq!(derived(&*catalog).await, before);
    let again = claimed(&*catalog, 1, 0, 100).await.remove(0);
    assert_eq!((again.scan, again.attempt), (name(1), 1));
    lost(catalog.release(&lease, at(0)).await);
}

/// Prefixes of any length find what begins like them, in order.
pub async fn prefixes(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    for scan in 0..300 {
        facts.received(scan);
    }
    catalog.apply(0, &facts.0).await.unwrap();
    let mut texts: Vec<String> = (0..300).map(|scan| name(scan).to_string()).collect();
    texts.sort_unstable();
    for length in [0, 1, 2, 3, 4, 63, 64] {
        let prefix = &texts[7][..length];
        let expected = texts.iter().filter(|text| text.starts_with(prefix));
        let expected: Vec<Digest> = expected.map(|text| text.parse().unwrap()).collect();
        assert_eq!(catalog.with_prefix(prefix, 999).await.unwrap(), expected);
        let upper = prefix.to_ascii_uppercase();
        assert_eq!(catalog.with_prefix(&upper, 999).await.unwrap(), expected);
        assert_eq!(catalog.with_prefix(prefix, 1).await.unwrap(), expected[..1]);
    }
    let too_long = format!("{}0", texts[7]);
    for prefix in ["x", "张", "0张", " ", "%", too_long.as_str()] {
        assert_eq!(
            catalog.with_prefix(prefix, 9).await.unwrap(),
            vec![],
            "{prefix}"
        );
    }
}

macro_rules! laws {
    ($($law:ident,)*) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                super::$law(std::sync::Arc::new(super::MemoryCatalog::new())).await;
            })*
        }
        mod on_sled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let folder = tempfile::tempdir().unwrap();
                let catalog = super::open(&folder.path().join("catalog"));
                super::$law(std::sync::Arc::new(catalog)).await;
                // What the law left behind passes the check at opening.
                drop(super::open(&folder.path().join("catalog")));
            })*
        }
    };
}

laws! {
    exactly_once,
    rows_follow_events,
    lists_are_paged,
    claims_in_order,
    leases_run_out,
    facts_end_leases,
    claims_are_exclusive,
    memos,
    reset,
    prefixes,
}
