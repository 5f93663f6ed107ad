//! What happens by the clock and not because somebody asks: the day's log of reads is fixed by its digest, the city
//! platform is told how far its cases are, an erasure that was cut off is finished, rounds of transfer are opened and
//! followed up. Every step may be repeated; what fails is tried again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{App, OpenError};
use crate::counter::{Ask, Counter, CounterError};
use crate::domain::{Actor, CaseNo, RequestId};
use crate::platform::{Platform, PlatformError, ProgressReport, ResultReport};
use crate::records::erasure::{Approved, Eraser, ErasureError};
use crate::store::read_log::ReadLog;
use crate::transfer::Ticked;

/// Who does what happens by the clock.
const ACTOR: &str = "system:clock";
/// How often it is looked whether something is to be done.
const TICK: Duration = Duration::from_secs(10);
/// Milliseconds of an hour.
const HOUR_MILLIS: i64 = 3_600_000;
/// Cases told to the platform in one round.
const TOLD_AT_ONCE: usize = 100;

/// The work of the clock over the parts of an [`App`].
pub struct Clockwork {
    counter: Counter,
    reads: ReadLog,
    platform: Option<Arc<Platform>>,
    eraser: Arc<Eraser>,
    actor: Actor,
    /// The hour in which the transfer was looked at last, counted from 1970.
    transfers: Mutex<Option<i64>>,
}

/// What one round did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Days whose reads were fixed.
    pub audited: usize,
    /// Reports the platform took.
    pub told: usize,
    /// Erasures that were cut off and are finished now.
    pub erased: usize,
    /// What the calendar made of the transfers.
    pub transfers: Ticked,
}

/// Why a round did not do everything.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// A fact could not be read or recorded.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// A case could not be erased.
    #[error(transparent)]
    Erasure(#[from] ErasureError),
    /// The platform did not take a report.
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

impl App {
    /// What happens by the clock.
    pub fn clockwork(&self) -> Result<Clockwork, OpenError> {
        Ok(Clockwork {
            counter: self.counter(),
            reads: self.reads()?,
            platform: self.platform()?,
            eraser: self.eraser.clone(),
            transfers: Mutex::default(),
            actor: Actor::new(ACTOR).map_err(|error| OpenError::Internal(error.to_string()))?,
        })
    }
}

impl Clockwork {
    /// Works until told to stop. What fails is logged and tried again with the next tick.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        let rounds = async {
            loop {
                if let Err(error) = self.finish_erasures().await {
                    tracing::error!(%error, "an approved erasure is not finished yet");
                }
                if let Err(error) = self.record_reads().await {
                    tracing::warn!(%error, "the day's log of reads is not fixed yet");
                }
                if let Err(error) = self.tell_platform().await {
                    tracing::warn!(%error, "the city platform was not told yet");
                }
                if let Err(error) = self.tick_transfers_hourly().await {
                    tracing::error!(%error, "the monthly transfer was not looked at to its end");
                }
                tokio::time::sleep(TICK).await;
            }
        };
        // Everything in a round may be repeated, so it may be left at any point.
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => {}
            () = rounds => {}
        }
    }

    /// One round of everything.
    pub async fn round(&self) -> Result<Round, RoundError> {
        Ok(Round {
            audited: self.record_reads().await?,
            told: self.tell_platform().await?,
            erased: self.finish_erasures().await?,
            transfers: self.tick_transfers().await?,
        })
    }

    /// Opens rounds of the monthly transfer, reminds, tells what is overdue.
    pub async fn tick_transfers(&self) -> Result<Ticked, RoundError> {
        Ok(self.counter.transfer_tick(&self.actor).await?)
    }

    /// The same, once an hour.
    async fn tick_transfers_hourly(&self) -> Result<(), RoundError> {
        let hour = self.counter.clock.now().as_millis() / HOUR_MILLIS;
        if *self.hour() == Some(hour) {
            return Ok(());
        }
        let ticked = self.tick_transfers().await?;
        tracing::info!(?ticked, "the monthly transfer was looked at");
        *self.hour() = Some(hour);
        Ok(())
    }

    fn hour(&self) -> MutexGuard<'_, Option<i64>> {
        self.transfers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Fixes the log of reads of every day that is over by its digest, as a fact.
    async fn record_reads(&self) -> Result<usize, RoundError> {
        let recorded = self.counter.record_reads(&self.reads, &self.actor).await?;
        Ok(recorded.len())
    }

    /// Finishes erasures that were approved and cut off, also where the key is gone already and the full text is not
    /// purged yet: each once in this process. One that fails does not keep the others.
    async fn finish_erasures(&self) -> Result<usize, RoundError> {
        let unfinished = |no: &CaseNo| !self.eraser.is_finished(no);
        let approved = self.counter.erasures(unfinished).await?.into_iter();
        let approved = approved.map(|(case, (at, approval))| Approved { case, at, approval });
        let approved: Vec<Approved> = approved.collect();
        Ok(self.eraser.finish(&approved).await?)
    }

    /// Tells the platform what it does not know yet, and notes what it took.
    async fn tell_platform(&self) -> Result<usize, RoundError> {
        let Some(platform) = &self.platform else {
            return Ok(0);
        };
        let mut told = 0;
        for waiting in self.counter.unreported(TOLD_AT_ONCE).await? {
            let result = waiting.case.result.as_ref().map(|record| ResultReport {
                content: record.result.content,
                serial: record.result.serial.clone(),
            });
            let report = ProgressReport {
                number: waiting.number.clone(),
                progress: waiting.progress,
                version: waiting.version,
                since: waiting.since,
                result,
            };
            match platform.tell(&report).await {
                Ok(()) => {}
                Err(error) if error.is_about_the_case() => {
                    tracing::warn!(%error, "a case's progress was not taken; the others go on");
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            let ask = self.ask(format!("clock/told/{}/{}", waiting.no, waiting.version))?;
            self.counter.reported(&ask, &waiting).await?;
            told += 1;
        }
        Ok(told)
    }

    fn ask(&self, request: String) -> Result<Ask, CounterError> {
        let request = RequestId::new(request);
        Ok(Ask {
            by: self.actor.clone(),
            request: request.map_err(|error| CounterError::Internal(error.to_string()))?,
            expected: None,
            occurred: None,
        })
    }
}
