//! A stock-take as those see it who may read the site's paper.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::custody::StocktakeState;
use crate::domain::{CaseNo, SiteCode, StaffId, Timestamp};

/// A stock-take.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StocktakeView {
    /// Where.
    pub site: SiteCode,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: StaffId,
    /// When it was closed; none while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Papers registered.
    pub papers: u32,
    /// Files that were overdue when they were registered.
    pub overdue: u32,
    /// The files.
    pub files: Vec<TakenFileView>,
}

/// A registered file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TakenFileView {
    /// The number it has now: what its label shows.
    pub case: CaseNo,
    /// Its papers.
    pub papers: u32,
    /// Whether its transfer was overdue already.
    pub overdue: bool,
    /// Who registered it, and held it then.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

impl StocktakeView {
    /// A stock-take as it stands.
    pub fn of(state: &StocktakeState) -> Self {
        let files = state.files.iter().map(|file| TakenFileView {
            case: file.case.clone(),
            papers: file.papers,
            overdue: file.overdue,
            by: file.by.clone(),
            at: file.at,
        });
        Self {
            site: state.site.clone(),
            opened_at: state.opened_at,
            opened_by: state.opened_by.clone(),
            closed_at: state.closed.as_ref().map(|(at, _)| *at),
            papers: state.papers(),
            overdue: state.overdue(),
            files: files.collect(),
        }
    }
}
