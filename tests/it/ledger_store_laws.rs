//! What every ledger store promises, asked of the store directly.

use std::sync::Arc;

use counterfoil::domain::Subject;
use counterfoil::ledger::{LedgerStore, StoreError};
use counterfoil::merkle::{Checkpoint, NodeId};

use crate::ledger_support::{Chain, scan};
use crate::support::Random;

type Store = Arc<dyn LedgerStore>;

pub async fn an_empty_store_is_empty(store: Store) {
    assert_eq!(store.checkpoint().await.unwrap(), None);
    assert!(store.checkpoints(0, 10).await.unwrap().is_empty());
    assert!(store.entries(0, 10).await.unwrap().is_empty());
    assert!(store.history(&Subject::Log).await.unwrap().is_empty());
    assert!(store.hashes(&[]).await.unwrap().is_empty());
    let absent = store.hashes(&[NodeId { level: 0, index: 0 }]).await;
    assert!(matches!(absent, Err(StoreError::Damaged { .. })));
}

pub async fn what_was_appended_is_read_back(store: Store) {
    let seed = 20_261_122;
    println!("seed {seed}");
    let mut seeded = Random::new(seed);
    let mut chain = Chain::default();
    for _ in 0..60 {
        let count = 1 + seeded.below(6);
        let subjects: Vec<Subject> = (0..count)
            .map(|_| scan(seeded.below(9).to_le_bytes()))
            .collect();
        store.append(&chain.batch(&subjects)).await.unwrap();
    }
    let size = chain.entries.len();
    assert_eq!(
        store.checkpoint().await.unwrap().as_ref(),
        chain.checkpoints.last()
    );
    assert_eq!(store.checkpoints(0, 1000).await.unwrap(), chain.checkpoints);
    for (place, note) in chain.checkpoints.iter().enumerate() {
        let size = Checkpoint::parse_unverified(note).unwrap().size;
        let later = store.checkpoints(size, 2).await.unwrap();
        assert!(
            later
                .iter()
                .eq(chain.checkpoints.iter().skip(place + 1).take(2))
        );
        let from_inside = store.checkpoints(size - 1, 1).await.unwrap();
        assert_eq!(from_inside, std::slice::from_ref(note));
    }
    for _ in 0..60 {
        let (from, limit) = (
            seeded.below(size as u64 + 3) as usize,
            seeded.below(80) as usize,
        );
        let found = store.entries(from as u64, limit).await.unwrap();
        assert!(found.iter().eq(chain.entries.iter().skip(from).take(limit)));
    }
    let subjects: Vec<Subject> = (0..10u64).map(|n| scan(n.to_le_bytes())).collect();
    let histories = store.histories(&subjects).await.unwrap();
    for (subject, history) in subjects.iter().zip(&histories) {
        let expected = chain.entries.iter().filter(|r| r.entry.subject == *subject);
        assert!(history.iter().eq(expected));
        assert_eq!(store.history(subject).await.unwrap(), *history);
    }
    let nodes: Vec<NodeId> = chain.hashes.iter().map(|(node, _)| *node).collect();
    let hashes = store.hashes(&nodes).await.unwrap();
    assert!(hashes.iter().eq(chain.hashes.iter().map(|(_, hash)| hash)));
    let mut backwards = chain.hashes.clone();
    backwards.reverse();
    let nodes: Vec<NodeId> = backwards.iter().map(|(node, _)| *node).collect();
    let hashes = store.hashes(&nodes).await.unwrap();
    assert!(hashes.iter().eq(backwards.iter().map(|(_, hash)| hash)));
    for node in [(0, size as u64), (60, 3), (63, 0), (0, u64::MAX)] {
        let node = NodeId {
            level: node.0,
            index: node.1,
        };
        assert!(matches!(
            store.hashes(&[node]).await,
            Err(StoreError::Damaged { .. })
        ));
    }
}

pub async fn a_batch_that_does_not_fit_is_refused_whole(store: Store) {
    let (a, b) = (scan("a"), scan("b"));
    let mut chain = Chain::default();
    let first = chain.batch(&[a.clone(), b.clone()]);
    store.append(&first).await.unwrap();
    assert!(matches!(
        store.append(&first).await,
        Err(StoreError::Moved {
            size: 2,
            expected: 0
        })
    ));
    let good = chain.clone().batch(&[a.clone(), a.clone()]);
    let mut stale = good.clone();
    stale.reads.push((b.clone(), 0));
    assert!(matches!(
        store.append(&stale).await,
        Err(StoreError::StaleRead)
    ));
    let mut taken = good.clone();
    taken.reads.clear();
    taken.entries[0].entry.seq = 0;
    assert!(matches!(
        store.append(&taken).await,
        Err(StoreError::Moved { .. })
    ));
    let mut malformed = vec![good.clone(); 6];
    malformed[0].entries[1].entry.seq = 9;
    malformed[1].entries[1].index = 9;
    malformed[2].hashes.swap(0, 1);
    malformed[3].hashes.pop();
    malformed[4].entries.clear();
    malformed[5].hashes.push(good.hashes[0]);
    for batch in malformed {
        let refused = store.append(&batch).await;
        assert!(
            matches!(refused, Err(StoreError::Io(e)) if e.kind() == std::io::ErrorKind::InvalidInput)
        );
    }
    assert_eq!(store.entries(0, 10).await.unwrap(), chain.entries);
    assert_eq!(
        store.checkpoint().await.unwrap().as_ref(),
        chain.checkpoints.last()
    );
    store.append(&good).await.unwrap();
    assert_eq!(store.history(&a).await.unwrap().len(), 3);
}
