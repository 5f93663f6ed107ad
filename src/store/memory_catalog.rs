//! The catalog in memory, for tests and for trying the program out: it starts empty with each process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::catalog::{Catalog, CatalogError, Counts, Lease, RowStatus, ScanRow};
use super::catalog_fold::{ends_attempts, fold, scan_of, still_to_apply};
use super::lists::{Listed, Listing, Page, Placed, bounds, entry, key};
use crate::domain::{Digest, Timestamp};
use crate::ledger::store::ProjectionError;
use crate::ledger::{Projection, Recorded};

/// A catalog that lives and ends with the process.
#[derive(Default)]
pub struct MemoryCatalog {
    state: Mutex<State>,
    listing: Option<Listing>,
}

#[derive(Debug, Default)]
struct State {
    position: u64,
    next_token: u64,
    rows: BTreeMap<Digest, ScanRow>,
    pending: BTreeMap<u64, Digest>,
    sealed: BTreeMap<u64, Digest>,
    held: BTreeMap<u64, Digest>,
    work: HashMap<Digest, Work>,
    memos: HashMap<(Digest, Digest), Digest>,
    /// Keys of the entries of every list.
    lists: BTreeSet<Vec<u8>>,
    /// The places of each subject.
    placed: Placed,
}

/// What is known of the attempts at one waiting scan.
#[derive(Debug, Clone)]
struct Work {
    attempts: u32,
    /// The live claim, none once it was given back.
    token: Option<u64>,
    /// When the scan may be claimed (again): the end of the lease, or the retry time.
    due: Timestamp,
}

impl State {
    fn by_status(&mut self, status: RowStatus) -> &mut BTreeMap<u64, Digest> {
        match status {
            RowStatus::Pending => &mut self.pending,
            RowStatus::Sealed => &mut self.sealed,
            RowStatus::Held => &mut self.held,
        }
    }

    fn apply(&mut self, fact: &Recorded) {
        self.position = fact.index.saturating_add(1);
        let Some(scan) = scan_of(fact) else { return };
        let before = self.rows.remove(&scan);
        if let Some(row) = &before {
            self.by_status(row.status).remove(&row.received_index);
        }
        if let Some(row) = fold(scan, before, fact) {
            self.by_status(row.status).insert(row.received_index, scan);
            self.rows.insert(scan, row);
        }
        if ends_attempts(&fact.entry.event) {
            self.work.remove(&scan);
        }
    }

    fn place(&mut self, placed: Placed) {
        for (subject, places) in placed {
            let name = subject.to_string();
            for place in self.placed.remove(&subject).unwrap_or_default() {
                self.lists.remove(&key(&place.list, place.order, &name));
            }
            for place in &places {
                self.lists.insert(key(&place.list, place.order, &name));
            }
            self.placed.insert(subject, places);
        }
    }

    /// The work entry of a lease that is still held.
    fn held_work(&mut self, lease: &Lease) -> Result<&mut Work, CatalogError> {
        self.work
            .get_mut(&lease.scan)
            .filter(|work| work.token == Some(lease.token))
            .ok_or(CatalogError::LeaseLost)
    }
}

impl MemoryCatalog {
    /// An empty catalog.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the lists that `listing` tells of.
    pub fn with_listing(mut self, listing: Listing) -> Self {
        self.listing = Some(listing);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Projection for MemoryCatalog {
    fn name(&self) -> &'static str {
        "catalog"
    }

    async fn position(&self) -> Result<u64, ProjectionError> {
        Ok(self.state().position)
    }

    async fn apply(&self, from: u64, entries: &[Recorded]) -> Result<(), ProjectionError> {
        let placed = match &self.listing {
            Some(listing) => listing.places(entries).await?,
            None => Placed::new(),
        };
        let mut state = self.state();
        for fact in still_to_apply(state.position, from, entries)? {
            state.apply(fact);
        }
        state.place(placed);
        Ok(())
    }

    async fn reset(&self) -> Result<(), ProjectionError> {
        let mut state = self.state();
        // Tokens go on, so that a lease from before the reset never matches one from after it.
        *state = State {
            next_token: state.next_token,
            ..State::default()
        };
        Ok(())
    }
}

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        ttl_millis: i64,
    ) -> Result<Vec<Lease>, CatalogError> {
        let mut guard = self.state();
        let state = &mut *guard;
        let mut leases = Vec::new();
        for scan in state.pending.values() {
            if leases.len() >= limit {
                break;
            }
            let before = state.work.get(scan);
            if before.is_some_and(|work| work.due > now) {
                continue;
            }
            let lease = Lease {
                scan: *scan,
                token: state.next_token,
                attempt: before.map_or(0, |work| work.attempts).saturating_add(1),
                until: now.plus_millis(ttl_millis),
            };
            state.next_token += 1;
            let work = Work {
                attempts: lease.attempt,
                token: Some(lease.token),
                due: lease.until,
            };
            state.work.insert(*scan, work);
            leases.push(lease);
        }
        Ok(leases)
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease, CatalogError> {
        let mut state = self.state();
        state.held_work(lease)?.due = until;
        Ok(Lease {
            until,
            ..lease.clone()
        })
    }

    async fn release(&self, lease: &Lease, retry_at: Timestamp) -> Result<(), CatalogError> {
        let mut state = self.state();
        let work = state.held_work(lease)?;
        work.token = None;
        work.due = retry_at;
        Ok(())
    }

    async fn release_all(&self, now: Timestamp) -> Result<u64, CatalogError> {
        let mut released = 0;
        for work in self.state().work.values_mut() {
            if work.token.take().is_some() {
                work.attempts = work.attempts.saturating_sub(1);
                work.due = now;
                released += 1;
            }
        }
        Ok(released)
    }

    async fn scan(&self, scan: &Digest) -> Result<Option<ScanRow>, CatalogError> {
        Ok(self.state().rows.get(scan).cloned())
    }

    async fn with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Digest>, CatalogError> {
        let prefix = prefix.to_ascii_lowercase();
        let state = self.state();
        let matching = state.rows.keys();
        let matching = matching.filter(|scan| scan.to_string().starts_with(&prefix));
        Ok(matching.take(limit).copied().collect())
    }

    async fn list(
        &self,
        status: RowStatus,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ScanRow>, CatalogError> {
        let mut guard = self.state();
        let state = &mut *guard;
        let Some(first) = after.map_or(Some(0), |index| index.checked_add(1)) else {
            return Ok(Vec::new());
        };
        let scans: Vec<Digest> = state
            .by_status(status)
            .range(first..)
            .take(limit)
            .map(|(_, scan)| *scan)
            .collect();
        let rows = scans.iter().filter_map(|scan| state.rows.get(scan));
        Ok(rows.cloned().collect())
    }

    async fn counts(&self) -> Result<Counts, CatalogError> {
        let state = self.state();
        Ok(Counts {
            pending: state.pending.len() as u64,
            sealed: state.sealed.len() as u64,
            held: state.held.len() as u64,
        })
    }

    async fn listed(&self, list: &str, page: &Page) -> Result<Vec<Listed>, CatalogError> {
        let state = self.state();
        let (low, high) = bounds(list, page);
        let found = state
            .lists
            .range(low..high)
            .filter_map(|key| entry(list, key));
        Ok(if page.newest_first {
            found.rev().take(page.limit).collect()
        } else {
            found.take(page.limit).collect()
        })
    }

    async fn memo(&self, key: &Digest, input: &Digest) -> Result<Option<Digest>, CatalogError> {
        Ok(self.state().memos.get(&(*key, *input)).copied())
    }

    async fn remember(
        &self,
        key: &Digest,
        input: &Digest,
        output: &Digest,
    ) -> Result<(), CatalogError> {
        self.state().memos.insert((*key, *input), *output);
        Ok(())
    }
}
