//! Papers put off: asked for with a reason, agreed to by the department, approved by the hall's supervisor.

use serde::Deserialize;
use utoipa::ToSchema;

use super::gather::round_bundles;
use crate::counter::bundles::round;
use crate::counter::{Ask, Counter, CounterError, Done};
use crate::domain::custody::Side;
use crate::domain::transfer::{
    RoundLine, RoundLines, approve_deferral, ask_deferral, consent_deferral, decline_deferral,
    on_round,
};
use crate::domain::{CaseNo, Date, StaffId, Subject, TransferId};

/// A request to transfer papers later.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeferralRequestOrder {
    /// The cases whose papers are meant; without it the whole round.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub cases: Option<Vec<CaseNo>>,
    /// Until when.
    pub until: Date,
    /// Why, in words.
    pub reason: String,
}

/// What is done about a request to transfer later.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeferralOrder {
    /// The hall asks.
    Ask {
        /// For what.
        request: DeferralRequestOrder,
    },
    /// The department agrees.
    Consent {},
    /// The hall's supervisor approves.
    Approve {},
    /// The department declines.
    DepartmentDeclines {
        /// Why, in words.
        reason: String,
    },
    /// The hall's supervisor declines.
    HallDeclines {
        /// Why, in words.
        reason: String,
    },
}

impl Counter {
    /// Asks for a deferral, or does something about one.
    pub async fn defer_round(
        &self,
        ask: &Ask,
        id: &TransferId,
        by: &StaffId,
        order: DeferralOrder,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Transfer(id.clone());
        let (known, _) = self.round_now(id).await?;
        let lines = self.deferred_lines(id, &order).await?;
        let mut drafts = self.drafts(subject.clone());
        let words = match &order {
            DeferralOrder::Ask { request } => Some(&request.reason),
            DeferralOrder::DepartmentDeclines { reason }
            | DeferralOrder::HallDeclines { reason } => Some(reason),
            DeferralOrder::Consent {} | DeferralOrder::Approve {} => None,
        };
        let mut reason = None;
        if let Some(words) = words {
            match drafts.words("reason", words).await {
                Ok(put) => reason = Some(put),
                Err(error) => return drafts.end(Err(error)).await,
            }
        }
        let lost = || CounterError::Internal("the reason was not put into the vault".to_owned());
        let done = self
            .done(ask, &subject, |_, reads, _| {
                let round = round(reads, id)?;
                Ok(match &order {
                    DeferralOrder::Ask { request } => {
                        let bundles = round_bundles(reads, &lines)?;
                        let reason = reason.ok_or_else(lost)?;
                        ask_deferral(&round, &bundles, &lines, request.until, reason, by)?
                    }
                    DeferralOrder::Consent {} => consent_deferral(&round, by)?,
                    DeferralOrder::Approve {} => {
                        let bundles = round_bundles(reads, &lines)?;
                        approve_deferral(&round, &bundles, &lines, by)?
                    }
                    DeferralOrder::DepartmentDeclines { .. } => {
                        let department = known.of.department.clone();
                        let side = Side::Department { department };
                        decline_deferral(&round, side, by, reason.ok_or_else(lost)?)?
                    }
                    DeferralOrder::HallDeclines { .. } => {
                        let site = known.of.site.clone();
                        decline_deferral(&round, Side::Hall { site }, by, reason.ok_or_else(lost)?)?
                    }
                })
            })
            .await;
        drafts.end(done).await
    }

    /// The lines a request is about: those it names, kept before the fact that names them, or those of the open one.
    async fn deferred_lines(
        &self,
        id: &TransferId,
        order: &DeferralOrder,
    ) -> Result<RoundLines, CounterError> {
        let (round, _) = self.round_now(id).await?;
        match order {
            DeferralOrder::Ask { request } => {
                let all = self.round_lines(&round.lines).await?;
                let bundles = self.bundles_of(&all).await?;
                let mut lines = on_round(&round, &bundles);
                if let Some(cases) = &request.cases {
                    lines = self.chosen(lines, cases);
                }
                let transfer = id.clone();
                let lines = RoundLines { transfer, lines };
                self.blobs.put(&lines.bytes()).await?;
                Ok(lines)
            }
            _ => match &round.deferral {
                Some(open) => self.round_lines(&open.lines).await,
                None => Ok(RoundLines {
                    transfer: id.clone(),
                    lines: Vec::new(),
                }),
            },
        }
    }

    /// The lines of the cases that were chosen; one that is not on the round stands with a paper it does not have, so
    /// that the decision refuses it by name.
    fn chosen(&self, lines: Vec<RoundLine>, cases: &[CaseNo]) -> Vec<RoundLine> {
        let chosen = cases.iter().map(|case| {
            let on = lines.iter().find(|line| line.case == *case);
            on.cloned().unwrap_or(RoundLine {
                case: case.clone(),
                papers: vec![0],
            })
        });
        chosen.collect()
    }
}
