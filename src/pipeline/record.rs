//! From a lease to a fact: what the ledger knows of the scan, one attempt, and the sealing or holding of it.

use std::time::Duration;

use super::attempt::{Attempt, Reading, Stop};
use super::engine::{Ended, Engine, lock};
use super::pages::Source;
use super::parts::Parts;
use super::progress::Outcome;
use super::trouble::Trouble;
use crate::domain::event::FileFormat;
use crate::domain::id::NotACode;
use crate::domain::manifest::RecordManifest;
use crate::domain::scan::{self, ScanRefusal, ScanState, ScanStatus};
use crate::domain::{
    CaseNo, Date, Digest, Event, Fact, Finding, FindingCode, PipelineName, RequestId, Sm3, Subject,
};
use crate::ledger::{Decline, LedgerError, Recorded};
use crate::store::blob::{BlobError, Blobs};
use crate::store::catalog::Lease;

/// The most findings in a `ScanHeld` fact; a fact is small, and the first findings tell enough.
const HELD_FINDINGS_MAX: usize = 100;

/// What the ledger knows of a scan.
struct Received {
    sm3: Sm3,
    bytes: u64,
    format: FileFormat,
    pipeline: PipelineName,
    waiting: bool,
    /// What is derived from it is stored through here: it belongs to the scan's cases.
    blobs: Blobs,
    /// The day it was received.
    day: Date,
    /// How often it was put back in the queue: each round is sealed or held once.
    round: usize,
    /// Pages that are known already; none where it was sealed before.
    pages_known: Option<u32>,
}

impl Engine {
    /// Attempts the scan of a lease, and records what came out.
    pub(super) async fn attempt(&self, lease: &Lease) -> Ended {
        match self.attempt_and_record(lease).await {
            Ok(ended) | Err(ended) => ended,
        }
    }

    async fn attempt_and_record(&self, lease: &Lease) -> Result<Ended, Ended> {
        let received = self.received(&lease.scan).await?;
        if !received.waiting {
            return Ok(Ended::Done(Outcome::NotWaiting));
        }
        let Some(spec) = self.parts.pipelines.get(&received.pipeline) else {
            return Err(Trouble::UnknownPipeline(received.pipeline).into());
        };
        let kind = spec.ocr.engine;
        let tell = |progress| self.tell(progress);
        let mut attempt = Attempt {
            memos: &self.memos,
            spec: &spec,
            source: Source {
                blobs: &received.blobs,
                pool: &self.parts.pool,
                memory: &self.memory,
                memory_permits: self.memory_permits,
                scan: lease.scan,
                bytes: received.bytes,
                format: received.format,
                limits: &spec.limits,
                worker: None,
                permit: None,
                loaded: None,
                spent: Duration::ZERO,
            },
            engine: self.known_engine(kind),
            forced: lock(&self.forced).get(&lease.scan).copied(),
            sm3: received.sm3,
            day: received.day,
            parts: Parts {
                ledger: &self.parts.ledger,
                blobs: &received.blobs,
                actor: &self.parts.actor,
                scan: lease.scan,
                round: received.round,
                known: received.pages_known,
            },
            tell: &tell,
        };
        let reading = attempt.read().await;
        if let Some(engine) = &attempt.engine {
            self.note_engine(kind, Some(engine.clone()));
        }
        drop(attempt);
        match reading {
            Ok(Reading::Complete(manifest)) => self.seal(&received, *manifest).await,
            Ok(Reading::Hold(findings)) => self.hold(lease, &received, findings).await,
            Err(Stop::Verdict(finding)) => self.hold(lease, &received, vec![finding]).await,
            Err(Stop::Failed { finding, reason }) => {
                let failures = self.failures(lease);
                if failures < spec.limits.attempts_max {
                    return Ok(Ended::Failed { reason });
                }
                tracing::warn!(scan = %lease.scan, reason, "the last attempt failed, a person has to look");
                let exhausted = Finding::file(FindingCode::AttemptsExhausted)
                    .measured(failures.into(), spec.limits.attempts_max.into());
                self.hold(lease, &received, vec![finding, exhausted]).await
            }
            Err(Stop::Trouble(trouble)) => {
                // Whatever was replaced, the next attempt asks anew which engine there is.
                self.note_engine(kind, None);
                Err(Ended::Trouble(trouble))
            }
            Err(Stop::Stopped) => Ok(Ended::Stopped),
        }
    }

    async fn received(&self, scan: &Digest) -> Result<Received, Trouble> {
        let history = self.parts.ledger.history(&Subject::Scan(*scan)).await?;
        let state = fold(&history).ok_or(Trouble::NotReceived)?;
        let first = history.first().map(|recorded| &recorded.entry.event);
        let Some(Event::ScanReceived {
            sm3, bytes, format, ..
        }) = first
        else {
            return Err(Trouble::NotReceived);
        };
        let day = history.first().map(|recorded| Date::of(recorded.entry.at));
        Ok(Received {
            day: day.ok_or(Trouble::NotReceived)?,
            sm3: *sm3,
            bytes: *bytes,
            format: *format,
            pipeline: state.pipeline,
            waiting: state.status == ScanStatus::Pending,
            blobs: self.parts.blobs.for_cases(&self.living(state.cases).await?),
            round: round(&history),
            pages_known: match state.last_manifest {
                Some(_) => state.pages_read,
                None => Some(0),
            },
        })
    }

    /// Those cases that were not erased: only for them can anything be stored. Where all were, nothing of the scan can
    /// be read, so nothing will be stored.
    async fn living(&self, cases: Vec<CaseNo>) -> Result<Vec<CaseNo>, Trouble> {
        let mut living = Vec::new();
        for case in cases {
            let tombstone = self.parts.blobs.case_keys().tombstone(&case).await;
            if tombstone.map_err(BlobError::from)?.is_none() {
                living.push(case);
            }
        }
        Ok(living)
    }

    async fn seal(&self, received: &Received, manifest: RecordManifest) -> Result<Ended, Ended> {
        let pages = u32::try_from(manifest.pages.len()).unwrap_or(u32::MAX);
        let bytes = serde_json::to_vec(&manifest).map_err(Trouble::from)?;
        let stored = received.blobs.put(&bytes).await.map_err(Trouble::from)?;
        let request = request("seal", &manifest.scan, received.round)?;
        let scan = manifest.scan;
        let decide = move |state: Option<&ScanState>| scan::seal(state, scan, stored.digest, pages);
        let outcome = Outcome::Sealed {
            manifest: stored.digest,
            pages,
            findings: manifest.findings,
        };
        self.decide(request, scan, decide, outcome).await
    }

    async fn hold(
        &self,
        lease: &Lease,
        received: &Received,
        mut findings: Vec<Finding>,
    ) -> Result<Ended, Ended> {
        // Those that hold come first: they are the reason, and the list is cut.
        findings.sort_by_key(|finding| !finding.code.holds());
        findings.dedup();
        findings.truncate(HELD_FINDINGS_MAX);
        let request = request("hold", &lease.scan, received.round)?;
        let scan = lease.scan;
        let told = findings.clone();
        let decide = move |state: Option<&ScanState>| scan::hold(state, scan, told.clone());
        let outcome = Outcome::Held { findings };
        self.decide(request, scan, decide, outcome).await
    }

    async fn decide(
        &self,
        request: RequestId,
        scan: Digest,
        decide: impl Fn(Option<&ScanState>) -> Result<Vec<Fact>, ScanRefusal> + Send + Sync + 'static,
        outcome: Outcome,
    ) -> Result<Ended, Ended> {
        let subject = Subject::Scan(scan);
        let recorded = self
            .parts
            .ledger
            .record(request, &self.parts.actor, move |reads, _now| {
                let state = fold(reads.history(&subject)?);
                decide(state.as_ref()).map_err(Decline::from)
            })
            .await;
        match recorded {
            Ok(_) => Ok(Ended::Done(outcome)),
            Err(LedgerError::Refused(reason)) if was_not_waiting(reason.as_ref()) => {
                Ok(Ended::Done(Outcome::NotWaiting))
            }
            Err(error) => Err(Trouble::from(error).into()),
        }
    }
}

/// The state that a scan's facts tell.
pub(super) fn fold(history: &[Recorded]) -> Option<ScanState> {
    scan::fold(history.iter().map(|recorded| &recorded.entry.event))
}

/// How often a scan was put back in the queue.
pub(super) fn round(history: &[Recorded]) -> usize {
    let requeued =
        |recorded: &&Recorded| matches!(recorded.entry.event, Event::ScanRequeued { .. });
    history.iter().filter(requeued).count()
}

/// The request's name: a repeated one is answered with the first receipt.
pub(super) fn request(verb: &str, scan: &Digest, round: usize) -> Result<RequestId, Trouble> {
    let name = RequestId::new(format!("{verb}/{scan}/{round}"));
    name.map_err(|error: NotACode| Trouble::Request(error))
}

fn was_not_waiting(reason: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(
        reason.downcast_ref::<ScanRefusal>(),
        Some(ScanRefusal::NotPending)
    )
}
