//! What a case, a visit or a ticket looks like to those who may read it. Numbers and phones are masked here, and what a
//! department may not read is left out.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Counter, CounterError, about};
use crate::domain::case::clocks::ClockKind;
use crate::domain::case::{
    self, CaseState, Channel, DeliveryChoice, Ending, Outcome, PaperCount, PaperHolder, Progress,
    RatingLevel, Stage, Standing, VisitState,
};
use crate::domain::catalogue::{MetBy, ServiceItem};
use crate::domain::person;
use crate::domain::ticket::{Matter, Step, TicketState};
use crate::domain::{CaseNo, DepartmentCode, MaterialCode, Timestamp};

/// A case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// 办件编号.
    pub no: String,
    /// Its number on the city platform.
    pub platform_no: Option<String>,
    /// The item's implementing code.
    pub task: String,
    /// What the item is called.
    pub item: String,
    /// The version it pins.
    pub version: u32,
    /// Where it was taken.
    pub site: String,
    /// At which window.
    pub window: String,
    /// The department that decides.
    pub department: String,
    /// By which channel it came.
    pub channel: Channel,
    /// Who took it.
    pub clerk: String,
    /// When.
    pub opened_at: String,
    /// Where it stands.
    pub stage: Stage,
    /// The same, as the applicant is told.
    pub progress: Progress,
    /// Who applies.
    pub applicant: PartyView,
    /// Who acts for the applicant.
    pub agent: Option<PartyView>,
    /// Whether the result is to be posted.
    pub by_mail: bool,
    /// The checklist.
    pub rows: Vec<RowView>,
    /// Paper kept, in all.
    pub kept: PaperCount,
    /// Its limits.
    pub clocks: Vec<ClockView>,
    /// The receipt of this submission: digest of what it states.
    pub receipt: Option<String>,
    /// Correction notices given.
    pub notices: usize,
    /// Digest of the decision's document.
    pub decision: Option<DecisionView>,
    /// How it ended without a decision.
    pub ending: Option<Ending>,
    /// The result.
    pub result: Option<ResultView>,
    /// The rating.
    pub rating: Option<RatingLevel>,
    /// The number it had before it was taken over, of a case that was closed before the system was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_number: Option<String>,
    /// The code the applicant looks up the progress with; for the site's own eyes.
    pub query_code: Option<String>,
}

/// Somebody a case is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartyView {
    /// The name.
    pub name: String,
    /// Number of the document or credit code, masked.
    pub number: String,
    /// The phone, masked.
    pub phone: String,
}

/// A row of the checklist.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowView {
    /// Its code.
    pub row: String,
    /// What it is called.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// How it is met.
    pub way: Option<MetBy>,
    /// Paper kept for it.
    pub kept: PaperCount,
    /// Its scans.
    pub scans: Vec<String>,
    /// Until when it may come.
    pub deferred: Option<String>,
    /// Who has its paper: `window`, `applicant`, or a department's code.
    pub holder: Option<String>,
}

/// A limit.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// Which.
    pub kind: ClockKind,
    /// The last day.
    pub last_day: String,
    /// From when on it is passed.
    pub due: String,
    /// Whether it stands still.
    pub paused: bool,
    /// Whether it is passed and was not met.
    pub overdue: bool,
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// What was decided.
    pub outcome: Outcome,
    /// Digest of the document.
    pub document: String,
    /// Who decided.
    pub officer: String,
    /// When (办结).
    pub at: String,
}

/// A result.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultView {
    /// Digest of the document.
    pub content: String,
    /// Serial of the certificate.
    pub serial: Option<String>,
    /// When the window got it.
    pub obtained_at: String,
    /// When it was delivered.
    pub delivered_at: Option<String>,
    /// The window that handed it out; none by mail.
    pub delivered_by: Option<String>,
}

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitView {
    /// Its id.
    pub id: String,
    /// Where.
    pub site: String,
    /// At which window.
    pub window: String,
    /// Who serves.
    pub clerk: String,
    /// How the visitor came.
    pub channel: Channel,
    /// When.
    pub opened_at: String,
    /// The cases it opened.
    pub cases: Vec<String>,
    /// When it ended.
    pub closed_at: Option<String>,
}

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketView {
    /// Its id.
    pub id: String,
    /// What it is: `complaint`, `expert_call` …
    pub matter: String,
    /// The department that answers; none when the windows do.
    pub department: Option<String>,
    /// The case it is about.
    pub case: Option<String>,
    /// Where it was opened.
    pub site: String,
    /// Who sees to it.
    pub owner: String,
    /// When it was opened.
    pub opened_at: String,
    /// Its last day.
    pub due: Option<String>,
    /// Whether that is passed.
    pub overdue: bool,
    /// How long the answer took, in milliseconds.
    pub response_ms: Option<i64>,
    /// What is to be done next.
    pub next: Step,
}

impl Counter {
    /// A case as somebody sees it who may read it. `department` limits the rows to those that it may read.
    pub async fn case_view(
        &self,
        no: &CaseNo,
        department: Option<&DepartmentCode>,
        now: Timestamp,
    ) -> Result<(CaseView, u32), CounterError> {
        let (case, version) = self.case(no).await?;
        let item = self.item_today(&case, now).await?;
        let calendar = self.calendar().await?;
        let clocks = case::clocks::clocks(&case, &item, &calendar, now)?;
        let readable = department.map(|department| {
            let mut readers = case::readers(&case, &item);
            readers.remove(department).unwrap_or_default()
        });
        let mut view = view_of(&case, &item, readable.as_ref());
        view.clocks = clocks
            .into_iter()
            .map(|(kind, limit)| ClockView {
                kind,
                last_day: limit.last_day.to_string(),
                due: limit.due.to_string(),
                paused: limit.paused,
                overdue: limit.is_overdue(now),
            })
            .collect();
        if department.is_none() && case.taken_over.is_none() {
            view.query_code = Some(self.query_code(no, &case.query).await?);
        }
        if case.taken_over.is_some() {
            view.old_number = Some(self.old_number(&case).await?);
            return Ok((view, version));
        }
        let applicant = self.applicant(&case).await?;
        view.applicant = PartyView {
            name: applicant.applicant.name().to_owned(),
            number: applicant.applicant.masked_number(),
            phone: applicant.contact.phone.masked(),
        };
        if let Some(agent) = case.agent {
            let agent: person::Agent = self.read_record(&about(no), &agent.record).await?;
            view.agent = Some(PartyView {
                number: agent.id.masked(),
                phone: agent.phone.masked(),
                name: agent.name,
            });
        }
        Ok((view, version))
    }
}

fn view_of(
    case: &CaseState,
    item: &ServiceItem,
    readable: Option<&BTreeSet<MaterialCode>>,
) -> CaseView {
    // Of a case that was taken over nobody asks for materials any more.
    let shown = |code: &MaterialCode| {
        case.taken_over.is_none() && readable.is_none_or(|rows| rows.contains(code))
    };
    let rows = case::checklist(case, item).into_iter();
    let rows = rows.filter(|row| shown(&row.material.code)).map(row_view);
    CaseView {
        no: case.no.to_string(),
        platform_no: case.platform_no.as_ref().map(ToString::to_string),
        task: case.mandate.task.to_string(),
        item: item.name.clone(),
        version: case.mandate.version,
        site: case.mandate.site.to_string(),
        window: case.mandate.window.to_string(),
        department: case.mandate.department.to_string(),
        channel: case.channel,
        clerk: case.clerk.to_string(),
        opened_at: case.opened_at.to_string(),
        stage: case.stage,
        progress: case::progress(case),
        applicant: PartyView {
            name: String::new(),
            number: String::new(),
            phone: String::new(),
        },
        agent: None,
        by_mail: matches!(case.delivery, DeliveryChoice::Mail { .. }),
        rows: rows.collect(),
        kept: case.kept(),
        clocks: Vec::new(),
        receipt: case.receipt().map(|receipt| receipt.manifest.to_string()),
        notices: case.notices.len(),
        decision: case.decision.as_ref().map(|decision| DecisionView {
            outcome: decision.outcome,
            document: decision.document.to_string(),
            officer: decision.officer.staff.to_string(),
            at: decision.at.to_string(),
        }),
        ending: case.ending,
        result: case.result.as_ref().map(|record| ResultView {
            content: record.result.content.to_string(),
            serial: record.result.serial.as_ref().map(ToString::to_string),
            obtained_at: record.obtained_at.to_string(),
            delivered_at: case.delivered.as_ref().map(|one| one.at.to_string()),
            delivered_by: case
                .delivered
                .as_ref()
                .and_then(|one| Some(one.way.window()?.to_string())),
        }),
        rating: case.rating,
        old_number: None,
        query_code: None,
    }
}

fn row_view(row: case::ChecklistRow<'_>) -> RowView {
    let state = &row.row;
    RowView {
        row: row.material.code.to_string(),
        name: row.material.name.clone(),
        standing: row.standing,
        way: state.met.as_ref().map(|met| met.way),
        kept: state.kept(),
        scans: state.scans.iter().map(ToString::to_string).collect(),
        deferred: state.deferred.map(|day| day.to_string()),
        holder: state.holder.as_ref().map(|holder| match holder {
            PaperHolder::Window => "window".to_owned(),
            PaperHolder::Applicant => "applicant".to_owned(),
            PaperHolder::Department(department) => department.to_string(),
        }),
    }
}

impl VisitView {
    /// Shows a visit.
    pub fn of(visit: &VisitState) -> Self {
        Self {
            id: visit.id.to_string(),
            site: visit.site.to_string(),
            window: visit.window.to_string(),
            clerk: visit.clerk.to_string(),
            channel: visit.channel,
            opened_at: visit.opened_at.to_string(),
            cases: visit.cases.iter().map(ToString::to_string).collect(),
            closed_at: visit.closed_at.map(|at| at.to_string()),
        }
    }
}

impl TicketView {
    /// Shows a ticket at an instant.
    pub fn of(ticket: &TicketState, now: Timestamp) -> Self {
        let department = match &ticket.party {
            case::Party::Window => None,
            case::Party::Department { department } => Some(department.to_string()),
        };
        let matter = match &ticket.matter {
            Matter::Consultation { .. } => "consultation",
            Matter::ExpertCall => "expert_call",
            Matter::Referral { .. } => "referral",
            Matter::Complaint { .. } => "complaint",
            Matter::Finding => "finding",
            Matter::Rating { .. } => "rating",
        };
        Self {
            id: ticket.id.to_string(),
            matter: matter.to_owned(),
            department,
            case: ticket.case.as_ref().map(ToString::to_string),
            site: ticket.site.to_string(),
            owner: ticket.owner.to_string(),
            opened_at: ticket.opened_at.to_string(),
            due: ticket.due.map(|due| due.to_string()),
            overdue: ticket.is_overdue(now),
            response_ms: ticket.response_ms(),
            next: ticket.next,
        }
    }
}
