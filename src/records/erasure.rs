//! Erasing a case: what only it refers to is left to its key alone, and that key is destroyed. The ledger is not
//! touched; it holds digests and commitments, which say nothing once their bytes are gone.
//!
//! The ledger tells who refers to what, so it does not matter by whom a blob was stored. The approval is recorded
//! before; a process that ends half-way is repeated as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Records, RecordsError};
use crate::domain::{CaseNo, Commitment, Digest, Event, Subject, Timestamp};
use crate::ledger::store::ProjectionError;
use crate::search::SearchIndex;
use crate::store::blob::BlobError;
use crate::store::case_keys::{CaseKeyError, Tombstone};
use crate::store::vault::{Vault, VaultError};

/// Facts read at a time.
const CHUNK: usize = 1000;

/// A case could not be erased. Repeating is safe.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The ledger or a blob could not be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// A key could not be changed.
    #[error(transparent)]
    Key(#[from] CaseKeyError),
    /// A vault record could not be erased.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The full text could not be purged.
    #[error(transparent)]
    Index(#[from] ProjectionError),
}

/// An erasure that was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Of which case.
    pub case: CaseNo,
    /// When.
    pub at: Timestamp,
    /// The vault record of who approved it.
    pub approval: Commitment,
}

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Blobs that nothing else refers to.
    pub blobs: u64,
    /// Blobs that others refer to, who keep them.
    pub kept: u64,
    /// Scans nothing of which can be read any more, for the projections to drop.
    pub scans: Vec<Digest>,
    /// What stands in place of the key.
    pub tombstone: Tombstone,
}

/// What the ledger tells of a scan.
#[derive(Default)]
struct Told {
    cases: BTreeSet<CaseNo>,
    /// Cases it was filed under by mistake: their keys may still open its blobs.
    left: BTreeSet<CaseNo>,
    manifests: BTreeSet<Digest>,
    note: Option<Commitment>,
}

/// Who refers to a blob.
#[derive(Default)]
struct Referrers {
    cases: BTreeSet<CaseNo>,
    /// Cases it was filed under by mistake.
    left: BTreeSet<CaseNo>,
    /// A scan that was filed under no case.
    hall: bool,
}

/// Erases a case that the ledger says may be erased: `approval` is the vault record of who approved it, `at` the time
/// of that fact. Afterwards nothing that it alone refers to can be opened, here or in any later copy.
pub async fn erase_case(
    records: &Records,
    vault: &Vault,
    case: &CaseNo,
    at: Timestamp,
    approval: Commitment,
) -> Result<Erased, ErasureError> {
    let scans = tell(records).await?;
    let mut referrers: BTreeMap<Digest, Referrers> = BTreeMap::new();
    let mut of_case = BTreeSet::new();
    for (scan, told) in &scans {
        for blob in blobs_of(records, scan, told).await? {
            let known = referrers.entry(blob).or_default();
            known.cases.extend(told.cases.iter().cloned());
            known.left.extend(told.left.iter().cloned());
            known.hall |= told.cases.is_empty();
            if told.cases.contains(case) || told.left.contains(case) {
                of_case.insert(blob);
            }
        }
    }
    let mut erased = (0, 0);
    for blob in &of_case {
        let Some(known) = referrers.get_mut(blob) else {
            continue;
        };
        known.cases.remove(case);
        if part(records, blob, case, known).await? {
            erased.0 += 1;
        } else {
            erased.1 += 1;
        }
    }
    let mut gone = Vec::new();
    for (scan, told) in scans {
        if !told.cases.contains(case) || has_living(records, &told.cases, case).await? {
            continue;
        }
        if let Some(note) = told.note {
            vault.erase(&Subject::Scan(scan), &note).await?;
        }
        gone.push(scan);
    }
    // The key goes last: a tombstone says that everything above was done.
    let tombstone = records
        .blobs
        .case_keys()
        .destroy(case, at, approval)
        .await?;
    Ok(Erased {
        blobs: erased.0,
        kept: erased.1,
        scans: gone,
        tombstone,
    })
}

/// Leaves a blob of the case to those who refer to it: to the case alone when nobody else does. Returns whether nobody
/// else does.
async fn part(
    records: &Records,
    blob: &Digest,
    case: &CaseNo,
    others: &Referrers,
) -> Result<bool, ErasureError> {
    let blobs = &records.blobs;
    let mut kept = false;
    let mut shared = Ok(());
    for other in &others.cases {
        if shared.is_err() || blobs.case_keys().tombstone(other).await?.is_some() {
            continue;
        }
        shared = blobs.share(blob, other).await;
        kept = true;
    }
    if others.hall && shared.is_ok() {
        shared = blobs.share_with_hall(blob).await;
        kept = true;
    }
    if !kept {
        shared = match blobs.case_keys().tombstone(case).await? {
            // An earlier attempt came this far: the key is gone, and with it what it opened.
            Some(_) => Ok(()),
            None => blobs.entrust_from(blob, case, &others.left).await,
        };
    }
    match shared {
        // Nothing can be done for, or against, a blob that cannot be opened.
        Err(error) if error.is_unreadable() => Ok(!kept),
        Err(error) => Err(RecordsError::from(error).into()),
        Ok(()) => Ok(!kept),
    }
}

async fn has_living(
    records: &Records,
    cases: &BTreeSet<CaseNo>,
    but: &CaseNo,
) -> Result<bool, CaseKeyError> {
    for case in cases.iter().filter(|case| *case != but) {
        if records.blobs.case_keys().tombstone(case).await?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The master, every manifest it ever had, and what they name.
async fn blobs_of(
    records: &Records,
    scan: &Digest,
    told: &Told,
) -> Result<BTreeSet<Digest>, RecordsError> {
    let mut found = BTreeSet::from([*scan]);
    for digest in &told.manifests {
        found.insert(*digest);
        match records.manifest_blob(digest).await {
            Ok(manifest) => found.extend(manifest.derived()),
            Err(RecordsError::Blob(error)) if error.is_unreadable() => {
                if !matches!(error, BlobError::Erased { .. }) {
                    tracing::warn!(%digest, %error, "what this manifest names is not known");
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

async fn tell(records: &Records) -> Result<BTreeMap<Digest, Told>, RecordsError> {
    let mut scans: BTreeMap<Digest, Told> = BTreeMap::new();
    let mut facts = 0;
    loop {
        let entries = records.store.entries(facts, CHUNK).await?;
        if entries.is_empty() {
            return Ok(scans);
        }
        facts += entries.len() as u64;
        for recorded in entries {
            let Subject::Scan(scan) = recorded.entry.subject else {
                continue;
            };
            let told = scans.entry(scan).or_default();
            match recorded.entry.event {
                Event::ScanReceived { case, note, .. } => {
                    told.cases.extend(case);
                    told.note = note;
                }
                Event::ScanFiled { case } => {
                    told.cases.insert(case);
                }
                Event::ScanRefiled { from, to, .. } => {
                    told.cases.remove(&from);
                    told.cases.insert(to);
                    told.left.insert(from);
                }
                Event::RecordSealed { manifest, .. } | Event::PagesRead { manifest, .. } => {
                    told.manifests.insert(manifest);
                }
                _ => {}
            }
        }
    }
}

/// Erases cases with everything that shows them: keys, vault records and the full text. A process has one.
pub struct Eraser {
    records: Records,
    vault: Arc<Vault>,
    index: Arc<SearchIndex>,
    /// Two erasures at once would each take the other for living and leave it what they share: one waits for the other.
    alone: tokio::sync::Mutex<()>,
    /// The cases that were erased wholly in this process.
    known: Mutex<BTreeSet<CaseNo>>,
}

impl Eraser {
    /// Erases by what `records` knows of references, from the vault and the full text.
    pub fn new(records: Records, vault: Arc<Vault>, index: Arc<SearchIndex>) -> Self {
        Self {
            records,
            vault,
            index,
            alone: tokio::sync::Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Erases a case as [`erase_case`] does, and takes its scans out of the full text. Repeating is safe.
    pub async fn erase(
        &self,
        case: &CaseNo,
        at: Timestamp,
        approval: Commitment,
    ) -> Result<Erased, ErasureError> {
        let _alone = self.alone.lock().await;
        let erased = erase_case(&self.records, &self.vault, case, at, approval).await?;
        self.index.purge(&erased.scans).await?;
        self.known().insert(case.clone());
        Ok(erased)
    }

    /// Finishes the erasures of `approved` that this process does not know to be whole; how many. Where the key is gone,
    /// nothing can be left to do but to purge the full text ([`erase_case`] destroys the key last): for all those the ledger
    /// is read once, and the full text written once. One that fails does not keep the others.
    pub async fn finish(&self, approved: &[Approved]) -> Result<usize, ErasureError> {
        let _alone = self.alone.lock().await;
        let open = approved.iter().filter(|one| !self.is_finished(&one.case));
        let open: Vec<&Approved> = open.collect();
        if open.is_empty() {
            return Ok(0);
        }
        let told = tell(&self.records).await?;
        let mut scans_of: BTreeMap<&CaseNo, Vec<(&Digest, &Told)>> = BTreeMap::new();
        for (scan, told) in &told {
            for case in &told.cases {
                scans_of.entry(case).or_default().push((scan, told));
            }
        }
        let (mut done, mut purged, mut failure) = (Vec::new(), BTreeSet::new(), None);
        for one in open {
            let scans = scans_of.get(&one.case).map_or(&[][..], Vec::as_slice);
            match self.unpurged(one, scans).await {
                Ok(scans) => {
                    purged.extend(scans);
                    done.push(one.case.clone());
                }
                Err(error) => failure = Some(error),
            }
        }
        let purged: Vec<Digest> = purged.into_iter().collect();
        self.index.purge(&purged).await?;
        let finished = done.len();
        self.known().extend(done);
        match failure {
            Some(error) => Err(error),
            None => Ok(finished),
        }
    }

    /// Erases a case as far as it is not erased; its scans that the full text may still show.
    async fn unpurged(
        &self,
        approved: &Approved,
        scans: &[(&Digest, &Told)],
    ) -> Result<Vec<Digest>, ErasureError> {
        let Approved { case, at, approval } = approved;
        let keys = self.records.blobs.case_keys();
        if keys.tombstone(case).await?.is_none() {
            let erased = erase_case(&self.records, &self.vault, case, *at, *approval).await?;
            return Ok(erased.scans);
        }
        let mut gone = Vec::new();
        for (scan, told) in scans {
            if !has_living(&self.records, &told.cases, case).await? {
                gone.push(**scan);
            }
        }
        Ok(gone)
    }

    /// Whether this process erased the case wholly.
    pub fn is_finished(&self, case: &CaseNo) -> bool {
        self.known().contains(case)
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<CaseNo>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
