//! Sealing: what was gathered and checked is fixed by the digest of its list of files.

use super::accept::{Acceptance, usable};
use super::report::CheckReport;
use super::{Packer, unbagged};
use crate::bag::manifest_text;
use crate::counter::bundles::round;
use crate::counter::{Ask, Counter, CounterError, Done};
use crate::domain::transfer::{Seal, TransferRefusal, checked, on_round, seal};
use crate::domain::{Digest, StaffId, Subject, TransferId};
use crate::transfer::gather::round_bundles;

/// Most bytes of a report.
const REPORT_BYTES_MAX: u64 = 16 * 1024 * 1024;

impl Packer {
    /// Gathers and checks the package of a round, and seals it unless a mandatory check failed: then that is recorded.
    pub async fn seal_round(
        &self,
        counter: &Counter,
        ask: &Ask,
        id: &TransferId,
        by: &StaffId,
    ) -> Result<(Done, CheckReport), CounterError> {
        let (known, _) = counter.round_now(id).await?;
        if known.reconciled.is_none() {
            let transfer = id.clone();
            return Err(TransferRefusal::NotReconciled { transfer }.into());
        }
        let lines = counter.round_lines(&known.lines).await?;
        let on = on_round(&known, &counter.bundles_of(&lines).await?);
        let (now, log_size) = (counter.clock.now(), *self.ledger.published().borrow());
        let gathered = self
            .gather(counter, &known, &on, (now, log_size), by)
            .await?;
        let report = self.check(&gathered, &on, now).await?;
        let payload = gathered.payload();
        let manifest = manifest_text(&payload).map_err(|fault| unbagged(&fault))?;
        let made = Seal {
            package: counter.blobs.put(manifest.as_bytes()).await?.digest,
            checks: counter.blobs.put(&report.bytes()).await?.digest,
            failed: report.failed(),
            files: u64::try_from(payload.len()).unwrap_or(u64::MAX),
            bytes: gathered.bytes(),
            log_size,
            lines: on,
        };
        let subject = Subject::Transfer(id.clone());
        let done = counter
            .done(ask, &subject, |_, reads, _| {
                let round = round(reads, id)?;
                let bundles = round_bundles(reads, &lines)?;
                Ok(seal(&round, &bundles, &made, by)?)
            })
            .await?;
        Ok((done, report))
    }

    /// Records what the department found when it checked the package that it has.
    pub async fn accept_package(
        &self,
        counter: &Counter,
        ask: &Ask,
        id: &TransferId,
        by: &StaffId,
        order: &Acceptance,
    ) -> Result<Done, CounterError> {
        let Acceptance { package, report } = order;
        usable(id, report)?;
        let checks = counter.blobs.put(&report.bytes()).await?.digest;
        let failed = report.failed();
        let subject = Subject::Transfer(id.clone());
        counter
            .done(ask, &subject, |_, reads, _| {
                Ok(checked(&round(reads, id)?, *package, checks, failed, by)?)
            })
            .await
    }

    /// The checks with this digest.
    pub async fn report(
        &self,
        counter: &Counter,
        digest: &Digest,
    ) -> Result<CheckReport, CounterError> {
        CheckReport::read(&counter.blobs.get(digest, REPORT_BYTES_MAX).await?)
    }
}
