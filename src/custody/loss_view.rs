//! A loss as both sides see it, and the documents they sign.

use serde::Serialize;
use utoipa::ToSchema;

use super::loss::SearchWords;
use crate::counter::{Counter, CounterError, about};
use crate::domain::custody::{Holder, LossStanding, LossState, Paper, Side};
use crate::domain::{
    CaseNo, Commitment, DepartmentCode, Digest, DiscrepancyId, SiteCode, StaffId, Timestamp,
};

/// A report of lost paper.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LossView {
    /// Its number: that of what did not match.
    pub id: DiscrepancyId,
    /// How far it has come.
    pub standing: LossStanding,
    /// The same in Chinese.
    pub standing_zh: String,
    /// The case whose paper it is.
    pub case: CaseNo,
    /// The papers as they are registered.
    pub papers: Vec<Paper>,
    /// Who held them last.
    pub last: Holder,
    /// Since when.
    pub since: Timestamp,
    /// The sides that decide: the hall and each department.
    pub sides: Vec<Side>,
    /// Why they are taken for lost; none once the case is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who reported it.
    pub reported_by: StaffId,
    /// When.
    pub reported_at: Timestamp,
    /// The searches.
    pub searches: Vec<SearchView>,
    /// The approvals of what was found out so far.
    pub approvals: Vec<ApprovalView>,
    /// Who is to hold it again, since it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Holder>,
}

/// A search.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LossSearchView)]
pub struct SearchView {
    /// Who searched.
    pub by: StaffId,
    /// When that was recorded.
    pub at: Timestamp,
    /// What was searched; none once the case is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searched: Option<String>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// A side's approval.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LossApprovalView)]
pub struct ApprovalView {
    /// Which side.
    pub side: Side,
    /// Who signed.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// Digest of what was signed.
    pub document: Digest,
}

/// The document that both sides sign.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftedLoss {
    /// The report.
    pub loss: DiscrepancyId,
    /// The case whose paper it is.
    pub case: CaseNo,
    /// The papers as they are registered.
    pub papers: Vec<Paper>,
    /// Who held them last.
    pub last: Holder,
    /// The site whose supervisor decides.
    pub site: SiteCode,
    /// The departments that decide.
    pub departments: Vec<DepartmentCode>,
    /// How many searches there were.
    pub searches: usize,
    /// The document, word for word, as text.
    pub text: String,
    /// Its digest: what is signed.
    pub digest: Digest,
}

/// The document that finder and holder sign.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftedFound {
    /// Who is to hold the paper again.
    pub to: Holder,
    /// The document, word for word, as text.
    pub text: String,
    /// Its digest: what is signed.
    pub digest: Digest,
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

impl Counter {
    /// A report of lost paper as it stands, and how many facts it has.
    pub async fn loss_view(&self, id: &DiscrepancyId) -> Result<(LossView, u32), CounterError> {
        let (state, version) = self.loss(id).await?;
        let told = &state.reported;
        let case = &told.case;
        let bundle = self.bundle_now(case).await?;
        let reason: Option<String> = self.words_of_loss(case, &told.reason).await;
        let mut searches = Vec::new();
        for search in &state.searches {
            let words: Option<SearchWords> = self.words_of_loss(case, &search.record).await;
            let (searched, result) = words.map(|words| (words.searched, words.result)).unzip();
            searches.push(SearchView {
                by: search.by.clone(),
                at: search.at,
                searched,
                result,
            });
        }
        let approvals = state.approvals.iter().map(|one| ApprovalView {
            side: one.side.clone(),
            by: one.signed.staff.clone(),
            at: one.at,
            document: one.document,
        });
        let view = LossView {
            id: id.clone(),
            standing: state.standing,
            standing_zh: state.standing.zh().to_owned(),
            case: case.clone(),
            papers: state.document(&bundle).papers,
            last: told.last.clone(),
            since: told.since,
            sides: state.sides(),
            reason,
            reported_by: told.by.clone(),
            reported_at: state.reported_at,
            searches,
            approvals: approvals.collect(),
            found: state.found.as_ref().map(|(to, _, _)| to.clone()),
        };
        Ok((view, version))
    }

    /// Words that the vault keeps of a loss; none where the case is erased.
    async fn words_of_loss<T: serde::de::DeserializeOwned>(
        &self,
        case: &CaseNo,
        record: &Commitment,
    ) -> Option<T> {
        self.read_record(&about(case), record).await.ok()
    }

    /// Makes out what both sides sign. Nothing is recorded.
    pub async fn draft_loss(&self, id: &DiscrepancyId) -> Result<DraftedLoss, CounterError> {
        let (state, _) = self.loss(id).await?;
        let bundle = self.bundle_now(&state.reported.case).await?;
        let document = state.document(&bundle);
        let LossState { reported, .. } = state;
        Ok(DraftedLoss {
            loss: id.clone(),
            case: reported.case,
            last: reported.last,
            site: reported.site,
            departments: reported.departments,
            searches: document.searches.len(),
            digest: document.digest(),
            text: text(document.bytes()),
            papers: document.papers,
        })
    }

    /// Makes out what finder and holder sign where the paper goes to `to`; without it to who held it last.
    pub async fn draft_found(
        &self,
        id: &DiscrepancyId,
        to: Option<Holder>,
    ) -> Result<DraftedFound, CounterError> {
        let (state, _) = self.loss(id).await?;
        let bundle = self.bundle_now(&state.reported.case).await?;
        let known = state.found.as_ref().map(|(to, _, _)| to.clone());
        let to = known.or(to).unwrap_or_else(|| state.reported.last.clone());
        let document = state.found_paper(&bundle, &to);
        Ok(DraftedFound {
            to,
            digest: document.digest(),
            text: text(document.bytes()),
        })
    }
}
