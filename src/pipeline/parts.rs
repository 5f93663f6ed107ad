//! A long scan becomes searchable while it is read: after 1, 2, 4, 8 … pages a fact says which pages are known.

use super::record::{fold, request};
use super::trouble::Trouble;
use crate::domain::manifest::RecordManifest;
use crate::domain::scan::{self, ScanRefusal};
use crate::domain::{Actor, Digest, Subject};
use crate::ledger::{Decline, Ledger, LedgerError};
use crate::store::blob::Blobs;

/// Scans with fewer pages are sealed soon enough.
const LONG: u32 = 8;

/// Where the pages read so far are told.
pub(super) struct Parts<'e> {
    pub(super) ledger: &'e Ledger,
    pub(super) blobs: &'e Blobs,
    pub(super) actor: &'e Actor,
    pub(super) scan: Digest,
    pub(super) round: usize,
    /// Pages known before; none where the scan was sealed before, so that all of it can be found.
    pub(super) known: Option<u32>,
}

impl Parts<'_> {
    /// Whether `read` of `pages` pages are worth a fact: their number has doubled since the last one, so the facts of a
    /// scan are few and what they write is twice the record at most.
    pub(super) fn due(&self, read: u32, pages: u32) -> bool {
        pages >= LONG
            && read < pages
            && read.is_power_of_two()
            && self.known.is_some_and(|known| read > known)
    }

    /// Records which pages are known.
    pub(super) async fn record(&self, manifest: &RecordManifest) -> Result<(), Trouble> {
        let pages = u32::try_from(manifest.pages.len()).unwrap_or(u32::MAX);
        let stored = self.blobs.put(&serde_json::to_vec(manifest)?).await?;
        let scan = self.scan;
        let verb = format!("read-{pages}");
        let request = request(&verb, &scan, self.round)?;
        let decide = |reads: &mut crate::ledger::Reads<'_>, _now| {
            let state = fold(reads.history(&Subject::Scan(scan))?);
            let facts = scan::pages_read(state.as_ref(), scan, stored.digest, pages);
            facts.map_err(Decline::from)
        };
        match self.ledger.record(request, self.actor, decide).await {
            Ok(_) => Ok(()),
            // Another was faster; the sealing will find out.
            Err(LedgerError::Refused(reason))
                if matches!(reason.downcast_ref(), Some(ScanRefusal::NotPending)) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}
