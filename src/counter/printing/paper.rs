//! What the papers of custody and transfer are printed with. They are printed from what the ledger says at that moment and
//! kept nowhere: what counts is on the slip's and the round's own facts.

use bytes::Bytes;

use super::phrases;
use crate::counter::{Counter, CounterError, Refusal};
use crate::domain::custody::Side;
use crate::domain::{Date, Digest, Timestamp};
use crate::forms::handover::LogPosition;
use crate::forms::{Form, Head, Printing};
use crate::merkle::Checkpoint;

/// A paper that is handed out as it is printed.
#[derive(Debug, Clone)]
pub struct PrintedPaper {
    /// The PDF/A-2b.
    pub pdf: Bytes,
    /// Its digest.
    pub digest: Digest,
    /// Its pages.
    pub pages: u32,
    /// Which volume of it, from 1.
    pub volume: u32,
    /// Volumes that there are.
    pub volumes: u32,
}

/// A side of a hand-over in words.
pub(crate) struct SideWords {
    /// What it is called.
    pub name: String,
    /// Its code.
    pub code: String,
    /// How it is reached.
    pub phone: Option<String>,
}

/// `2026年11月23日`.
pub(crate) fn day(day: Date) -> String {
    phrases::day(day)
}

/// `2026年11月23日 10时26分`, in the hall's time.
pub(crate) fn moment(at: Timestamp) -> String {
    phrases::moment(at)
}

/// Volume `wanted` of `count`, as an index; refused where there is no such volume.
pub(crate) fn volume_index(wanted: u32, count: usize) -> Result<usize, CounterError> {
    let index = usize::try_from(wanted)
        .ok()
        .and_then(|no| no.checked_sub(1));
    index.filter(|index| *index < count).ok_or_else(|| {
        CounterError::Fields(vec![Refusal {
            code: "no-volume".to_owned(),
            zh: format!("没有第 {wanted} 册；共 {count} 册"),
            en: format!("there is no volume {wanted}; there are {count}"),
            field: Some("volume".to_owned()),
        }])
    })
}

impl Counter {
    /// Prints volume `volume` of a paper as of `at`. The same statement and time give the same bytes.
    pub(crate) async fn print_paper(
        &self,
        form: &Form,
        at: Timestamp,
        (volume, volumes): (usize, usize),
    ) -> Result<PrintedPaper, CounterError> {
        let printer = self.printer.as_ref().map_err(|error| error.clone())?;
        let printed = printer.print(form, Printing { at, reprint: 0 }).await?;
        for warning in &printed.warnings {
            tracing::warn!(%warning, "a form's template");
        }
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Ok(PrintedPaper {
            digest: Digest::of(&printed.pdf),
            pdf: printed.pdf,
            pages: printed.pages,
            volume: number(volume + 1),
            volumes: number(volumes),
        })
    }

    /// The newest checkpoint: it holds every fact that was read before this was asked.
    pub(crate) async fn log_position(&self) -> Result<LogPosition, CounterError> {
        let checkpoint = self.newest_checkpoint().await?;
        Ok(position(&checkpoint))
    }

    /// The checkpoint of the first `size` facts.
    pub(crate) async fn log_position_at(&self, size: u64) -> Result<LogPosition, CounterError> {
        let newest = self.newest_checkpoint().await?;
        let root = self.ledger.root(size).await?;
        Ok(position(&Checkpoint {
            size,
            root,
            ..newest
        }))
    }

    async fn newest_checkpoint(&self) -> Result<Checkpoint, CounterError> {
        let note = self.ledger.checkpoint().await;
        let checkpoint = Checkpoint::parse_unverified(&note);
        checkpoint.map_err(|error| CounterError::Internal(error.to_string()))
    }

    /// A side of a hand-over in words.
    pub(crate) async fn side_in_words(&self, side: &Side) -> Result<SideWords, CounterError> {
        Ok(match side {
            Side::Hall { site } => {
                let known = self.site_definition(&self.site(site).await?).await?;
                SideWords {
                    name: known.name,
                    code: site.to_string(),
                    phone: known.phone,
                }
            }
            Side::Department { department } => {
                let state = self.department(department).await?;
                let known = self.department_definition(&state).await?;
                SideWords {
                    name: known.name,
                    code: department.to_string(),
                    phone: known.phone,
                }
            }
        })
    }
}

impl SideWords {
    /// The head of a paper of this side.
    pub(crate) fn head(self, number: &str, clerk: &str, at: Timestamp, copies: &[&str]) -> Head {
        Head {
            agency: self.name.clone(),
            number: number.to_owned(),
            issued: phrases::moment(at),
            window: self.name.clone(),
            clerk: clerk.to_owned(),
            contact: self.phone,
            seal: self.name,
            copies: copies.iter().map(ToString::to_string).collect(),
            verify: "凭编号到任一综合窗口，或以摘要与检查点对照存证日志核验".to_owned(),
        }
    }
}

/// The checkpoint as papers state it: its last line is the root.
fn position(checkpoint: &Checkpoint) -> LogPosition {
    let text = checkpoint.text();
    LogPosition {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: text.lines().last().unwrap_or_default().to_owned(),
    }
}
