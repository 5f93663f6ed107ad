//! Replay: scans that were sealed or held are put back in the queue and read again. Memos make that cheap: only
//! what changed since, or what is asked for, runs.

use super::engine::{Engine, lock};
use super::keys::STAGES;
use super::record::{fold, request, round};
use super::trouble::Trouble;
use crate::domain::scan::{self, ScanRefusal};
use crate::domain::{Digest, PipelineName, Subject};
use crate::ledger::{Decline, LedgerError};
use crate::store::catalog::RowStatus;
use crate::strict::nearest;

/// How many rows are listed at a time.
const ROWS_AT_A_TIME: usize = 256;

/// Which scans are read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every sealed and every held scan.
    All,
    /// Every sealed scan.
    Sealed,
    /// Every held scan.
    Held,
    /// These.
    These(Vec<Digest>),
}

/// Why a replay did not start, or stopped half way; what was put back stays in the queue.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// No stage is called so.
    #[error("there is no stage {name:?}; {meant}")]
    UnknownStage {
        /// What was asked for, cut to 40 characters.
        name: String,
        /// What there is.
        meant: String,
    },
    /// No such scan was received.
    #[error("no scan {0} was received")]
    UnknownScan(Digest),
    /// Infrastructure failed.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Engine {
    /// Puts scans back in the queue of `pipeline`, or of the one that read them; how many. With `stage`, that stage
    /// and those that depend on it run again even where their output is remembered; this holds for this
    /// engine, so a replay cut short by the process's end reads the rest from memos.
    pub async fn replay(
        &self,
        stage: Option<&str>,
        selection: Selection,
        pipeline: Option<&PipelineName>,
    ) -> Result<u64, ReplayError> {
        let stage = stage.map(known_stage).transpose()?;
        if let Some(name) = pipeline.filter(|name| self.parts.pipelines.get(name).is_none()) {
            return Err(Trouble::UnknownPipeline(name.clone()).into());
        }
        let statuses: &[RowStatus] = match selection {
            Selection::These(scans) => return self.replay_these(stage, &scans, pipeline).await,
            Selection::All => &[RowStatus::Sealed, RowStatus::Held],
            Selection::Sealed => &[RowStatus::Sealed],
            Selection::Held => &[RowStatus::Held],
        };
        let mut count = 0;
        for status in statuses {
            // Listed first and put back then: a scan that is sealed again meanwhile is not met a second time.
            let scans = self.scans_of(*status).await?;
            count += self.replay_these(stage, &scans, pipeline).await?;
        }
        Ok(count)
    }

    async fn scans_of(&self, status: RowStatus) -> Result<Vec<Digest>, Trouble> {
        let mut scans = Vec::new();
        let mut after = None;
        loop {
            let rows = self
                .parts
                .catalog
                .list(status, after, ROWS_AT_A_TIME)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(scans);
            };
            after = Some(last.received_index);
            scans.extend(rows.iter().map(|row| row.scan));
        }
    }

    async fn replay_these(
        &self,
        stage: Option<&'static str>,
        scans: &[Digest],
        pipeline: Option<&PipelineName>,
    ) -> Result<u64, ReplayError> {
        let mut count = 0;
        for scan in scans {
            // Forced before it is put back: a worker may claim it at once.
            if let Some(stage) = stage {
                lock(&self.forced).insert(*scan, stage);
            }
            self.requeue(scan, pipeline).await?;
            count += 1;
        }
        self.nudge();
        Ok(count)
    }

    async fn requeue(
        &self,
        scan: &Digest,
        pipeline: Option<&PipelineName>,
    ) -> Result<(), ReplayError> {
        let subject = Subject::Scan(*scan);
        let history = self.parts.ledger.history(&subject).await;
        let history = history.map_err(Trouble::from)?;
        let state = fold(&history).ok_or(ReplayError::UnknownScan(*scan))?;
        let pipeline = pipeline.cloned().unwrap_or(state.pipeline);
        let request = request("requeue", scan, round(&history) + 1)?;
        let scan = *scan;
        let recorded = self
            .parts
            .ledger
            .record(request, &self.parts.actor, move |reads, _now| {
                let state = fold(reads.history(&subject)?);
                let facts = scan::requeue(state.as_ref(), scan, pipeline.clone());
                facts.map_err(|refusal: ScanRefusal| Decline::from(refusal))
            })
            .await;
        recorded.map_err(|error: LedgerError| Trouble::from(error))?;
        Ok(())
    }
}

fn known_stage(name: &str) -> Result<&'static str, ReplayError> {
    if let Some(known) = STAGES.iter().find(|stage| **stage == name) {
        return Ok(known);
    }
    let meant = match nearest(name, STAGES.iter().copied()) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("there are {}", STAGES.join(", ")),
    };
    Err(ReplayError::UnknownStage {
        name: name.chars().take(40).collect(),
        meant,
    })
}
