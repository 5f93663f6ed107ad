//! The window looks every paper of a round up by its label.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::counter::bundles::{bundles, round};
use crate::counter::{Ask, Counter, CounterError, Done};
use crate::custody::FoundLine;
use crate::domain::custody::{
    Bundles, CLEAR_DAYS, Extra, Found, OutcomeLine, PaperOutcome, clear_by,
};
use crate::domain::transfer::{RoundLines, RoundOutcome, RoundState, on_round, reconcile};
use crate::domain::{CaseNo, StaffId, Subject, TransferId};
use crate::ledger::{Decline, Reads};

/// What the window found when it scanned the labels.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconcileDraft {
    /// The labels that were scanned. A bundle of the round that was not scanned is missing.
    #[schema(max_items = 4000)]
    pub scanned: Vec<CaseNo>,
    /// Papers that are not as registered.
    #[serde(default)]
    #[schema(max_items = 4000)]
    pub found: Vec<FoundLine>,
}

/// The bundles that are or were on a round, within a decision.
pub(super) fn round_bundles(reads: &mut Reads<'_>, lines: &RoundLines) -> Result<Bundles, Decline> {
    bundles(reads, lines.lines.iter().map(|line| &line.case))
}

/// What the draft says of every paper on the round.
fn outcome(
    round: &RoundState,
    bundles: &Bundles,
    draft: &ReconcileDraft,
) -> Result<RoundOutcome, CounterError> {
    let on = on_round(round, bundles);
    let known: BTreeSet<(&CaseNo, u16)> = on
        .iter()
        .flat_map(|line| line.papers.iter().map(move |no| (&line.case, *no)))
        .collect();
    for line in &draft.found {
        if !known.contains(&(&line.case, line.no)) {
            let refusal = crate::domain::transfer::TransferRefusal::NotOnRound {
                case: line.case.clone(),
                no: line.no,
            };
            return Err(refusal.into());
        }
    }
    let scanned: BTreeSet<&CaseNo> = draft.scanned.iter().collect();
    let found = |case: &CaseNo, no: u16| {
        let stated = draft
            .found
            .iter()
            .find(|line| line.case == *case && line.no == no);
        match stated {
            Some(line) => line.found,
            None if scanned.contains(case) => Found::Present,
            None => Found::Missing,
        }
    };
    let lines = on.iter().map(|line| OutcomeLine {
        case: line.case.clone(),
        papers: line
            .papers
            .iter()
            .map(|no| PaperOutcome {
                no: *no,
                found: found(&line.case, *no),
            })
            .collect(),
    });
    let listed: BTreeSet<&CaseNo> = on.iter().map(|line| &line.case).collect();
    let extras = scanned.difference(&listed).map(|case| Extra {
        case: Clone::clone(case),
        count: 1,
    });
    Ok(RoundOutcome {
        transfer: round.id.clone(),
        lines: lines.collect(),
        extras: extras.collect(),
    })
}

impl Counter {
    /// The bundles that are or were on a round.
    pub(super) async fn bundles_of(&self, lines: &RoundLines) -> Result<Bundles, CounterError> {
        let mut found = Bundles::new();
        for line in &lines.lines {
            found.insert(line.case.clone(), self.bundle_now(&line.case).await?);
        }
        Ok(found)
    }

    /// Records what the window found of every paper on a round.
    pub async fn reconcile_round(
        &self,
        ask: &Ask,
        id: &TransferId,
        by: &StaffId,
        draft: ReconcileDraft,
    ) -> Result<Done, CounterError> {
        let clear_by = clear_by(&*self.calendar().await?, CLEAR_DAYS, self.clock.now())?;
        let (known, _) = self.round_now(id).await?;
        let lines = self.round_lines(&known.lines).await?;
        // Kept before the fact that names it; decided again on what the decision reads. What is refused is refused there:
        // a request that was recorded before is answered as it was then, though its papers are off the round.
        let kept = outcome(&known, &self.bundles_of(&lines).await?, &draft).ok();
        if let Some(kept) = &kept {
            self.blobs.put(&kept.bytes()).await?;
        }
        self.done(ask, &Subject::Transfer(id.clone()), |history, reads, _| {
            let round = round(reads, id)?;
            let bundles = round_bundles(reads, &lines)?;
            let outcome = outcome(&round, &bundles, &draft)?;
            if kept.as_ref() != Some(&outcome) {
                let (expected, found) = (0, crate::counter::change::count(history));
                return Err(CounterError::Stale { expected, found }.into());
            }
            Ok(reconcile(&round, &bundles, &outcome, by, clear_by)?)
        })
        .await
    }
}
