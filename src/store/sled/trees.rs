//! The trees of the catalog and the ways to read and write them. Everything here is synchronous and short,
//! except where a comment says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::sled::transaction::{TransactionError, TransactionResult};
use ::sled::{Batch, Db, IVec, Transactional, Tree};

use super::codec::{self, FORMAT, Meta};
use super::failure::{Failure, guarded};
use crate::domain::{Digest, Subject};
use crate::ledger::Recorded;
use crate::store::catalog::{Counts, RowStatus, ScanRow};
use crate::store::catalog_fold::{ends_attempts, fold, scan_of, still_to_apply};
use crate::store::lists::{self, Listed, Page, Place, Placed};

/// Most facts applied in one transaction.
const APPLY_CHUNK: usize = 256;

/// Bytes of pages kept in memory. The catalog is small beside the blobs it lists.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// How often sled writes out by itself, in milliseconds. What a power loss takes is applied again.
const FLUSH_EVERY_MS: u64 = 500;

/// Present in a catalog's folder after damage was met in use: the next opening sets the folder aside.
const DAMAGED_MARK: &str = "damaged";

const META: &[u8] = b"meta";

/// An open catalog.
pub(super) struct Trees {
    folder: PathBuf,
    pub rows: Tree,
    /// Status and receipt index → scan.
    pub by_status: Tree,
    /// Attempts and leases of waiting scans. Not in the ledger: a rebuilt catalog begins without.
    pub work: Tree,
    pub memos: Tree,
    /// Entries of the lists, by [`lists::key`].
    pub lists: Tree,
    /// Subject → its places.
    placed: Tree,
    meta: Tree,
    /// Held by whoever writes: what a writer read stays true until its transaction.
    writer: Mutex<()>,
    /// A write failed half-way: nothing is known of the pages in memory any more.
    stopped: AtomicBool,
    _db: Db,
}

/// What one transaction writes.
#[derive(Default)]
pub(super) struct Change {
    pub rows: Batch,
    pub by_status: Batch,
    pub work: Batch,
    lists: Batch,
    placed: Batch,
}

impl Trees {
    /// Opens the catalog in `folder` and checks that its rows, its index and its position belong together. May
    /// panic or never return on a damaged folder.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let db = ::sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_EVERY_MS))
            .open()?;
        let trees = Self {
            folder: folder.to_path_buf(),
            rows: db.open_tree("rows")?,
            by_status: db.open_tree("by_status")?,
            work: db.open_tree("work")?,
            memos: db.open_tree("memos")?,
            lists: db.open_tree("lists")?,
            placed: db.open_tree("placed")?,
            meta: db.open_tree("meta")?,
            writer: Mutex::new(()),
            stopped: AtomicBool::new(false),
            _db: db,
        };
        trees.check()?;
        Ok(trees)
    }

    /// Whether the catalog in `folder` was found damaged while it was in use.
    pub fn marked_damaged(folder: &Path) -> bool {
        folder.join(DAMAGED_MARK).exists()
    }

    /// Runs one operation: stops panics, and remembers damage for the next opening.
    pub fn run<T>(
        &self,
        operation: impl FnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.stopped.load(Ordering::SeqCst) {
            let reason =
                "a write failed earlier; free disk space if there is none and restart the program";
            return Err(Failure::Medium(reason.to_owned()));
        }
        let outcome = guarded(|| operation(self));
        if let Err(Failure::Damaged(reason)) = &outcome {
            tracing::error!(%reason, "the catalog is damaged; the next start sets it aside and rebuilds it");
            if let Err(error) = std::fs::write(self.folder.join(DAMAGED_MARK), reason) {
                tracing::error!(%error, "the damaged catalog could not be marked; delete its folder");
            }
        }
        outcome
    }

    /// Waits for the turn to write.
    pub fn writing(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the catalog stands for.
    pub fn meta(&self) -> Result<Meta, Failure> {
        let bytes = self.meta.get(META)?;
        let bytes = bytes.ok_or_else(|| Failure::Damaged("the position is absent".to_owned()))?;
        codec::decode(&bytes)
    }

    /// Writes all of `change` and `meta`, or nothing. Called by whoever holds the turn to write.
    pub fn commit(&self, change: &Change, meta: &Meta) -> Result<(), Failure> {
        let meta_bytes = codec::encode(meta)?;
        let outcome = guarded(|| self.transaction(change, &meta_bytes));
        if outcome.is_err() {
            self.stopped.store(true, Ordering::SeqCst);
        }
        outcome
    }

    fn transaction(&self, change: &Change, meta_bytes: &[u8]) -> Result<(), Failure> {
        let trees = (
            &self.rows,
            &self.by_status,
            &self.work,
            &self.lists,
            &self.placed,
            &self.meta,
        );
        let outcome: TransactionResult<(), ()> =
            trees.transaction(|(rows, by_status, work, lists, placed, meta)| {
                rows.apply_batch(&change.rows)?;
                by_status.apply_batch(&change.by_status)?;
                work.apply_batch(&change.work)?;
                lists.apply_batch(&change.lists)?;
                placed.apply_batch(&change.placed)?;
                meta.insert(META, meta_bytes)?;
                Ok(())
            });
        outcome.map_err(|error| match error {
            TransactionError::Storage(cause) => cause.into(),
            TransactionError::Abort(()) => Failure::Medium("a transaction was given up".to_owned()),
        })
    }

    /// Applies the facts of a batch that are not applied yet, a transaction for every [`APPLY_CHUNK`]. `placed` has
    /// the places of the subjects they are about.
    pub fn apply(&self, from: u64, entries: &[Recorded], placed: &Placed) -> Result<(), Failure> {
        let _turn = self.writing();
        let position = self.meta()?.position;
        for chunk in still_to_apply(position, from, entries)?.chunks(APPLY_CHUNK) {
            self.apply_chunk(chunk, placed)?;
        }
        Ok(())
    }

    fn apply_chunk(&self, facts: &[Recorded], placed: &Placed) -> Result<(), Failure> {
        let mut meta = self.meta()?;
        let mut change = Change::default();
        let subjects: BTreeSet<&Subject> = facts.iter().map(|fact| &fact.entry.subject).collect();
        for (subject, places) in subjects.iter().filter_map(|one| placed.get_key_value(one)) {
            self.place(&mut change, &mut meta, &subject.to_string(), places)?;
        }
        let mut touched: BTreeMap<Digest, (Option<IVec>, Option<ScanRow>)> = BTreeMap::new();
        for fact in facts {
            meta.position = fact.index.saturating_add(1);
            let Some(scan) = scan_of(fact) else { continue };
            let (before, row) = match touched.remove(&scan) {
                Some(known) => known,
                None => self.row_with_bytes(&scan)?,
            };
            touched.insert(scan, (before, fold(scan, row, fact)));
            if ends_attempts(&fact.entry.event) {
                change.work.remove(scan.as_bytes());
            }
        }
        for (scan, (before, after)) in &touched {
            replace(
                &mut change,
                &mut meta,
                scan,
                before.as_ref(),
                after.as_ref(),
            )?;
        }
        self.commit(&change, &meta)
    }

    /// Moves a subject from its places to `places`.
    fn place(
        &self,
        change: &mut Change,
        meta: &mut Meta,
        subject: &str,
        places: &[Place],
    ) -> Result<(), Failure> {
        if let Some(before) = self.placed.get(subject)? {
            meta.sum = meta
                .sum
                .wrapping_sub(codec::share(subject.as_bytes(), &before));
            for (list, order) in codec::decode::<Vec<(String, u64)>>(&before)? {
                let key = lists::key(&list, order, subject);
                meta.sum = meta.sum.wrapping_sub(codec::share(&key, &[]));
                change.lists.remove(key);
            }
        }
        let record: Vec<(&str, u64)> = places
            .iter()
            .map(|place| (place.list.as_str(), place.order))
            .collect();
        let record = codec::encode(&record)?;
        meta.sum = meta
            .sum
            .wrapping_add(codec::share(subject.as_bytes(), &record));
        change.placed.insert(subject, record);
        for place in places {
            let key = lists::key(&place.list, place.order, subject);
            meta.sum = meta.sum.wrapping_add(codec::share(&key, &[]));
            change.lists.insert(key, &[]);
        }
        Ok(())
    }

    /// A page of a list.
    pub fn listed(&self, list: &str, page: &Page) -> Result<Vec<Listed>, Failure> {
        let (low, high) = lists::bounds(list, page);
        let walk: Box<dyn Iterator<Item = ::sled::Result<(IVec, IVec)>>> = if page.newest_first {
            Box::new(self.lists.range(low..high).rev())
        } else {
            Box::new(self.lists.range(low..high))
        };
        let mut found = Vec::new();
        for step in walk.take(page.limit) {
            let (key, _) = step?;
            let entry = lists::entry(list, &key);
            found.push(entry.ok_or_else(|| Failure::Damaged("a list has no entry".to_owned()))?);
        }
        Ok(found)
    }

    fn row_with_bytes(&self, scan: &Digest) -> Result<(Option<IVec>, Option<ScanRow>), Failure> {
        let bytes = self.rows.get(scan.as_bytes())?;
        let row = bytes
            .as_deref()
            .map(|bytes| codec::decode_row(*scan, bytes));
        let row = row.transpose()?;
        Ok((bytes, row))
    }

    /// One row.
    pub fn row(&self, scan: &Digest) -> Result<Option<ScanRow>, Failure> {
        Ok(self.row_with_bytes(scan)?.1)
    }

    /// Empties the catalog. The mark in the meta record is written first: a reset that was cut short is
    /// finished by the next opening. Takes some 10 µs a row.
    pub fn reset(&self) -> Result<(), Failure> {
        let _turn = self.writing();
        let mut meta = self.meta()?;
        meta.resetting = true;
        self.commit(&Change::default(), &meta)?;
        self.finish_reset(&meta)
    }

    fn finish_reset(&self, meta: &Meta) -> Result<(), Failure> {
        let trees = [&self.rows, &self.by_status, &self.work, &self.memos];
        for tree in trees.into_iter().chain([&self.lists, &self.placed]) {
            tree.clear()?;
        }
        // Tokens go on, so that a lease from before the reset never matches one from after it.
        self.commit(&Change::default(), &Meta::empty(meta.next_token))
    }

    /// Reads every row and every index entry once and holds them against the meta record.
    fn check(&self) -> Result<(), Failure> {
        let Some(bytes) = self.meta.get(META)? else {
            if self.rows.is_empty() && self.by_status.is_empty() && self.lists.is_empty() {
                return self.commit(&Change::default(), &Meta::empty(0));
            }
            return Err(Failure::Damaged(
                "there are rows but no position".to_owned(),
            ));
        };
        check_format(&bytes)?;
        let meta: Meta = codec::decode(&bytes)?;
        if meta.resetting {
            return self.finish_reset(&meta);
        }
        let mut found = Meta::empty(meta.next_token);
        found.position = meta.position;
        let mut rows = 0u64;
        for entry in self.rows.iter() {
            let (key, value) = entry?;
            rows += 1;
            found.sum = found.sum.wrapping_add(codec::share(&key, &value));
        }
        for status in [RowStatus::Pending, RowStatus::Sealed, RowStatus::Held] {
            for entry in self.by_status.scan_prefix([codec::status_byte(status)]) {
                let (key, value) = entry?;
                *found.count(status) += 1;
                found.sum = found.sum.wrapping_add(codec::share(&key, &value));
            }
        }
        for entry in self.lists.iter().chain(self.placed.iter()) {
            let (key, value) = entry?;
            found.sum = found.sum.wrapping_add(codec::share(&key, &value));
        }
        let Counts {
            pending,
            sealed,
            held,
        } = found.counts;
        if found != meta || rows != pending + sealed + held {
            let position = meta.position;
            return Err(Failure::Damaged(format!(
                "its {rows} rows and their index do not belong to position {position}"
            )));
        }
        for entry in self.work.iter() {
            codec::decode::<codec::Work>(&entry?.1)?;
        }
        Ok(())
    }
}

/// Other versions may have other fields, so the version is read by itself first.
fn check_format(bytes: &[u8]) -> Result<(), Failure> {
    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
    }
    let found: Version = codec::decode(bytes)?;
    if found.format != FORMAT {
        let found = found.format;
        return Err(Failure::Damaged(format!(
            "it has format {found}, this program uses {FORMAT}"
        )));
    }
    Ok(())
}

/// Puts the new row in the place of the old one, with its index entry, its counter and its share of the sum.
fn replace(
    change: &mut Change,
    meta: &mut Meta,
    scan: &Digest,
    before: Option<&IVec>,
    after: Option<&ScanRow>,
) -> Result<(), Failure> {
    if let Some(bytes) = before {
        let row = codec::decode_row(*scan, bytes)?;
        let key = codec::status_key(row.status, row.received_index);
        meta.sum = meta.sum.wrapping_sub(codec::share(scan.as_bytes(), bytes));
        meta.sum = meta.sum.wrapping_sub(codec::share(&key, scan.as_bytes()));
        let count = meta.count(row.status);
        *count = count.saturating_sub(1);
        change.by_status.remove(&key);
    }
    if let Some(row) = after {
        let bytes = codec::encode_row(row)?;
        let key = codec::status_key(row.status, row.received_index);
        meta.sum = meta.sum.wrapping_add(codec::share(scan.as_bytes(), &bytes));
        meta.sum = meta.sum.wrapping_add(codec::share(&key, scan.as_bytes()));
        let count = meta.count(row.status);
        *count = count.saturating_add(1);
        change.by_status.insert(&key, scan.as_bytes());
        change.rows.insert(scan.as_bytes(), bytes);
    }
    Ok(())
}
