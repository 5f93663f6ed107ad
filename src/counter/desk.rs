//! At the window: the checklist, row by row. Art 8(2).

use serde::Deserialize;
use utoipa::ToSchema;

use super::documents::handed_in;
use super::{Ask, Counter, CounterError, Done, LateEntry, about};
use crate::domain::case::{self, CaseState, FieldFinding, Meet, SharedOriginal};
use crate::domain::catalogue::MetBy;
use crate::domain::{CaseNo, Digest, MaterialCode, StaffId, Subject};
use crate::ledger::{Decline, Reads};

/// How a material is met.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeetOrder {
    /// The row.
    pub row: MaterialCode,
    /// The way, one of the row's own.
    pub way: MetBy,
    /// Originals that stay here.
    #[serde(default)]
    pub originals: u8,
    /// Copies that stay here.
    #[serde(default)]
    pub copies: u8,
    /// An original that lies in another case's bundle.
    #[serde(default)]
    pub shared: Option<SharedOriginal>,
    /// Digest of the e-licence, the shared data or the signed commitment.
    #[serde(default)]
    pub evidence: Option<Digest>,
    /// The earlier case it was handed in with.
    #[serde(default)]
    pub earlier: Option<CaseNo>,
}

/// Something done to the checklist.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum MaterialOrder {
    /// A row is met.
    Meet {
        /// How.
        meet: MeetOrder,
        /// When, if it is entered later (补录).
        #[serde(default)]
        occurred: Option<LateEntry>,
    },
    /// The clerk decides whether a conditional row is needed.
    Decide {
        /// The row.
        row: MaterialCode,
        /// Whether it is.
        needed: bool,
        /// Why.
        reason: String,
        /// When, if it is entered later (补录).
        #[serde(default)]
        occurred: Option<LateEntry>,
    },
    /// A row that was met by mistake is open again; its paper goes back.
    Reopen {
        /// The row.
        row: MaterialCode,
    },
    /// A scan belongs to a row.
    FileScan {
        /// The row.
        row: MaterialCode,
        /// The scan.
        scan: Digest,
    },
    /// What the check of the entry found.
    CheckFields {
        /// All of it; none when the entry is right.
        findings: Vec<FieldFinding>,
    },
}

impl MaterialOrder {
    /// When it happened, if it is entered later.
    pub fn occurred(&self) -> Option<&LateEntry> {
        match self {
            Self::Meet { occurred, .. } | Self::Decide { occurred, .. } => occurred.as_ref(),
            Self::Reopen { .. } | Self::FileScan { .. } | Self::CheckFields { .. } => None,
        }
    }
}

impl MeetOrder {
    pub(super) fn command(&self, clerk: StaffId) -> Meet {
        Meet {
            row: self.row.clone(),
            way: self.way,
            originals: self.originals,
            copies: self.copies,
            shared: self.shared.clone(),
            evidence: self.evidence,
            earlier: self.earlier.clone(),
            clerk,
        }
    }

    /// The case that holds what this row points to.
    pub(super) fn holding(&self, reads: &mut Reads<'_>) -> Result<Option<CaseState>, Decline> {
        let other = self
            .shared
            .as_ref()
            .map(|shared| &shared.case)
            .or(self.earlier.as_ref());
        let Some(other) = other else { return Ok(None) };
        let history = reads.history(&about(other))?;
        Ok(case::fold(history.iter().map(|fact| &fact.entry)))
    }
}

impl Counter {
    /// Does something to the checklist.
    pub async fn handle_material(
        &self,
        ask: &Ask,
        no: &CaseNo,
        order: MaterialOrder,
    ) -> Result<Done, CounterError> {
        let mut drafts = self.drafts(about(no));
        let put = match &order {
            MaterialOrder::Decide { reason, .. } => drafts.words("reason", reason).await.map(Some),
            _ => Ok(None),
        };
        let put = match put {
            Ok(reason) => drafts
                .late(ask, order.occurred())
                .await
                .map(|ask| (reason, ask)),
            Err(error) => Err(error),
        };
        let (reason, ask) = match put {
            Ok(put) => put,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let done = self
            .on_case(&ask, no, |case, item, reads, now| match &order {
                MaterialOrder::Meet { meet, .. } => {
                    handed_in(case, &[("meet.evidence", meet.evidence.as_ref())])?;
                    let holding = meet.holding(reads)?;
                    Ok(case::meet(
                        case,
                        item,
                        meet.command(ask.staff()?),
                        holding.as_ref(),
                        now,
                    )?)
                }
                MaterialOrder::Decide { row, needed, .. } => {
                    let reason = reason.ok_or_else(lost)?;
                    let clerk = ask.staff()?;
                    Ok(case::decide_row(case, item, row, *needed, reason, clerk)?)
                }
                MaterialOrder::Reopen { row } => Ok(case::reopen(case, item, row)?),
                MaterialOrder::FileScan { row, scan } => {
                    known_scan(reads, scan)?;
                    Ok(case::file_scan(case, item, row, *scan)?)
                }
                MaterialOrder::CheckFields { findings } => {
                    Ok(case::check_fields(case, findings.clone())?)
                }
            })
            .await;
        drafts.end(done).await
    }
}

/// The words of an order were not put: a fault of this program.
pub(super) fn lost() -> CounterError {
    CounterError::Internal("what the order says was not put into the vault".to_owned())
}

fn known_scan(reads: &mut Reads<'_>, scan: &Digest) -> Result<(), Decline> {
    if reads.history(&Subject::Scan(*scan))?.is_empty() {
        return Err(CounterError::NotFound(format!("scan {scan}")).into());
    }
    Ok(())
}
