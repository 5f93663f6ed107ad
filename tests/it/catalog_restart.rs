//! What the start of the only process of a data folder does with the leases of a holder that is gone.

use std::sync::Arc;

use counterfoil::ledger::Projection;
use counterfoil::store::catalog::{Catalog, CatalogError};
use counterfoil::store::memory_catalog::MemoryCatalog;

use crate::catalog_facts::{Facts, at, open};

/// Every lease is given back at once, its attempt does not count, and its old holder has lost it.
async fn leases_of_the_dead_are_given_back(catalog: Arc<dyn Catalog>) {
    let mut facts = Facts::default();
    facts.received(1).received(2);
    Projection::apply(&*catalog, 0, &facts.0).await.unwrap();
    for round in 0..5 {
        let leases = catalog.claim(2, at(round), 60_000).await.unwrap();
        assert_eq!(leases.len(), 2);
        assert!(leases.iter().all(|lease| lease.attempt == 1), "{leases:?}");
        assert_eq!(catalog.claim(2, at(round), 60_000).await.unwrap(), vec![]);
        assert_eq!(catalog.release_all(at(round)).await.unwrap(), 2);
        assert_eq!(catalog.release_all(at(round)).await.unwrap(), 0);
        let stale = catalog.release(&leases[0], at(round)).await;
        assert!(matches!(stale, Err(CatalogError::LeaseLost)), "{stale:?}");
    }
}

#[tokio::test]
async fn in_memory() {
    leases_of_the_dead_are_given_back(Arc::new(MemoryCatalog::new())).await;
}

#[tokio::test]
async fn on_sled() {
    let folder = tempfile::tempdir().unwrap();
    leases_of_the_dead_are_given_back(Arc::new(open(&folder.path().join("catalog")))).await;
}
