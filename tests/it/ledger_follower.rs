//! The follower: every fact once, in order, whatever fails on the way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use counterfoil::ledger::{Follower, Projection, ProjectionError, Recorded, catch_up};
use counterfoil::store::MemoryLedger;

use crate::ledger_support::{add, open, scan};

/// A projection that counts facts, and fails when told to.
#[derive(Default)]
struct Counting {
    applied: Mutex<Vec<u64>>,
    failures: AtomicU64,
}

#[async_trait]
impl Projection for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn position(&self) -> Result<u64, ProjectionError> {
        Ok(self.applied.lock().unwrap().len() as u64)
    }

    async fn apply(&self, from: u64, entries: &[Recorded]) -> Result<(), ProjectionError> {
        let fails = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if fails.is_ok() {
            return Err("told to fail".into());
        }
        let mut applied = self.applied.lock().unwrap();
        assert_eq!(from, applied.len() as u64);
        applied.extend(entries.iter().map(|fact| fact.index));
        Ok(())
    }

    async fn reset(&self) -> Result<(), ProjectionError> {
        self.applied.lock().unwrap().clear();
        Ok(())
    }
}

#[tokio::test]
async fn the_follower_applies_every_fact_once_in_order() {
    let ledger = open(Arc::new(MemoryLedger::new())).await;
    let projection = Arc::new(Counting::default());
    // As if it came from another, longer log: it is built again.
    projection.applied.lock().unwrap().extend(900..1000);
    projection.failures.store(2, Ordering::SeqCst);
    let follower = Follower::spawn(&ledger, vec![projection.clone()]);
    for n in 0..40 {
        add(&ledger, &format!("r{n}"), &scan(format!("{}", n % 3)))
            .await
            .unwrap();
    }
    follower.wait_for("counting", 40).await.unwrap();
    assert_eq!(follower.positions(), [("counting", 41)]);
    assert!(follower.wait_for("unknown", 0).await.is_err());
    follower.stop().await;
    assert!(projection.applied.lock().unwrap().iter().copied().eq(0..41));
    add(&ledger, "later", &scan("a")).await.unwrap();
    assert_eq!(catch_up(&ledger, projection.as_ref()).await.unwrap(), 42);
    projection.failures.store(1, Ordering::SeqCst);
    add(&ledger, "last", &scan("a")).await.unwrap();
    assert!(catch_up(&ledger, projection.as_ref()).await.is_err());
    assert_eq!(catch_up(&ledger, projection.as_ref()).await.unwrap(), 43);
}
