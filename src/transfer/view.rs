//! A round as both sides see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::counter::{Counter, CounterError};
use crate::domain::custody::{Found, Holder, Paper, Side};
use crate::domain::transfer::{RoundOutcome, RoundStage, RoundState, shown};
use crate::domain::{
    CaseNo, Date, DepartmentCode, Digest, Month, SiteCode, SlipId, StaffId, Timestamp, TransferId,
};

/// A round of transfer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RoundView {
    /// Its number.
    pub id: TransferId,
    /// To whom.
    pub department: DepartmentCode,
    /// From where.
    pub site: SiteCode,
    /// The month its papers belong to.
    #[schema(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
    /// Which round of that month, from 1.
    pub round: u32,
    /// The last day for it.
    pub due: Date,
    /// The last working day on or before that; none while the calendar does not have the year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_working: Option<Date>,
    /// Where it stands.
    pub stage: RoundStage,
    /// The same in Chinese.
    pub stage_zh: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Papers still on it.
    pub left: u32,
    /// Which side keeps it waiting (责任方).
    pub waits_for: Side,
    /// Whose fault it is that it is overdue; none while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Side>,
    /// The highest level told.
    pub escalated: u8,
    /// Its package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageFacts>,
    /// What the department found when it checked that package (接收检测); none while it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedFacts>,
    /// Its open offers.
    pub offers: Vec<SlipId>,
    /// The slips on which it was handed over.
    pub handed_over: Vec<SlipId>,
    /// When the department first signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// The request to have papers later that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferral: Option<DeferralView>,
    /// Every paper that is or was on it.
    pub papers: Vec<RoundPaper>,
}

/// A sealed package.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PackageFacts {
    /// SHA-256 of its payload manifest.
    pub digest: Digest,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When it was sealed.
    pub at: Timestamp,
}

/// How the department's checks of a package ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AcceptedFacts {
    /// Digest of the checks.
    pub checks: Digest,
    /// How many mandatory ones failed.
    pub failed: u32,
    /// By whom.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

/// A request to have papers later.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeferralView {
    /// Until when.
    pub until: Date,
    /// Who asked.
    pub asked_by: StaffId,
    /// Who agreed for the department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consented_by: Option<StaffId>,
}

/// A paper of a round.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RoundPaper {
    /// The case on the bundle's label.
    pub case: CaseNo,
    /// What it is.
    pub paper: Paper,
    /// Who holds it; none where it went back to the applicant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
    /// Whether it is still on the round.
    pub on_round: bool,
    /// What the window found when it looked it up last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

impl Counter {
    /// A round with its papers, and how many facts it has.
    pub async fn round_view(&self, id: &TransferId) -> Result<(RoundView, u32), CounterError> {
        let (round, version) = self.round_now(id).await?;
        let lines = self.round_lines(&round.lines).await?;
        let found: Option<RoundOutcome> = match &round.reconciled {
            Some(digest) => Some(self.kept_document(digest).await?),
            None => None,
        };
        let mut papers = Vec::new();
        for line in &lines.lines {
            let bundle = self.bundle_now(&line.case).await?;
            for no in &line.papers {
                let Some(held) = bundle.papers.get(no) else {
                    continue;
                };
                papers.push(RoundPaper {
                    case: line.case.clone(),
                    paper: held.paper.clone(),
                    holder: held.holder().cloned(),
                    on_round: held.listed.as_ref() == Some(id),
                    found: found
                        .as_ref()
                        .and_then(|found| found_of(found, &line.case, *no)),
                });
            }
        }
        let calendar = self.calendar().await?;
        let mut view = summary(&round);
        view.due_working = shown(round.due, &calendar).ok().map(|due| due.working);
        view.papers = papers;
        Ok((view, version))
    }

    /// Rounds in short, without their papers.
    pub async fn round_summary(&self, id: &TransferId) -> Result<RoundView, CounterError> {
        let (round, _) = self.round_now(id).await?;
        let calendar = self.calendar().await?;
        let mut view = summary(&round);
        view.due_working = shown(round.due, &calendar).ok().map(|due| due.working);
        Ok(view)
    }
}

fn found_of(outcome: &RoundOutcome, case: &CaseNo, no: u16) -> Option<Found> {
    let line = outcome.lines.iter().find(|line| line.case == *case)?;
    let paper = line.papers.iter().find(|paper| paper.no == no)?;
    Some(paper.found)
}

fn summary(round: &RoundState) -> RoundView {
    RoundView {
        id: round.id.clone(),
        department: round.of.department.clone(),
        site: round.of.site.clone(),
        month: round.of.month,
        round: round.round,
        due: round.due,
        due_working: None,
        stage: round.stage(),
        stage_zh: round.stage().to_string(),
        opened_at: round.opened_at,
        left: round.left,
        waits_for: round.waits_for(),
        overdue: round.overdue.clone(),
        escalated: round.escalated,
        package: round.sealed.map(|sealed| PackageFacts {
            digest: sealed.package,
            files: sealed.files,
            bytes: sealed.bytes,
            at: sealed.at,
        }),
        accepted: round.checked.as_ref().map(|checked| AcceptedFacts {
            checks: checked.checks,
            failed: checked.failed,
            by: checked.by.clone(),
            at: checked.at,
        }),
        offers: round.offers.iter().cloned().collect(),
        handed_over: round.handed_over.keys().cloned().collect(),
        signed_at: round.signed_at,
        deferral: round.deferral.as_ref().map(|open| DeferralView {
            until: open.until,
            asked_by: open.asked_by.clone(),
            consented_by: open.consented_by.clone(),
        }),
        papers: Vec::new(),
    }
}
