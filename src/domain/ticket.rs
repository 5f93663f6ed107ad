//! What is followed up until it is answered for: consultations and expert calls with their response times, referrals,
//! complaints, inspection findings, negative ratings. Art 10(6), 11(6), 12(5), 13(3), 14.

use serde::{Deserialize, Serialize};

use super::calendar::NoYear;
use super::case::{Party, RatingLevel, happened};
use super::date::Date;
use super::digest::Digest;
use super::event::{Entry, Event};
use super::id::{
    CaseNo, Commitment, DepartmentCode, SiteCode, StaffId, Subject, TaskCode, TicketId,
};
use super::refusal::refusals;
use super::time::Timestamp;

/// The local limit for following up, in working days, where the hall configured none (standards §2.7).
pub const FOLLOW_UP_DAYS: u32 = 15;

/// What a complaint is about, as Art 14 sorts them.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ComplaintCategory {
    /// 14(1)1: the attitude of the window's people.
    Attitude,
    /// 14(1)2: how far a case is.
    ProgressEnquiry,
    /// 14(1)3: not received as the department asks.
    WrongReceipt,
    /// 14(2)1: the substance.
    Substance,
    /// 14(2)1: the process.
    Process,
    /// 14(2)1: systems that do not fit together.
    SystemInterface,
    /// 14(2)1: how long it took.
    Duration,
    /// 14(2)1: the result.
    Result,
    /// 14(2)2: the list of materials is not the published one.
    ListMismatch,
    /// 14(2)3: the department's expert did not come at once.
    LateExpertHelp,
}

impl ComplaintCategory {
    /// Every one, in the order of Art 14.
    pub const ALL: &[ComplaintCategory] = &[
        Self::Attitude,
        Self::ProgressEnquiry,
        Self::WrongReceipt,
        Self::Substance,
        Self::Process,
        Self::SystemInterface,
        Self::Duration,
        Self::Result,
        Self::ListMismatch,
        Self::LateExpertHelp,
    ];

    /// Whether the window answers mainly (14(1)); otherwise the department does (14(2)).
    pub const fn is_windows(self) -> bool {
        matches!(
            self,
            Self::Attitude | Self::ProgressEnquiry | Self::WrongReceipt
        )
    }
}

/// What is followed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Matter {
    /// A question to the window or a department.
    Consultation {
        /// About which item, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskCode>,
    },
    /// A department's expert is called to the window (Art 11(6)); the time until the answer counts.
    ExpertCall,
    /// An enquiry that is not the hall's (Art 12(5)); the first asked owns it until it is taken over.
    Referral {
        /// Digest of the referral notice the visitor got.
        notice: Digest,
    },
    /// A complaint (Art 14).
    Complaint {
        /// About what.
        category: ComplaintCategory,
        /// Digest of the comparison that shows the list differs, filled in where there is one (Art 11(4)).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mismatch: Option<Digest>,
        /// The expert call that was late, and how long it took, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late_call: Option<LateCall>,
    },
    /// An inspection found a fault (Art 13(3)).
    Finding,
    /// A negative rating (Art 10(6)).
    Rating {
        /// The level.
        level: RatingLevel,
    },
}

/// What can happen to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TicketEvent {
    /// It was opened and routed.
    Opened {
        /// What it is about.
        matter: Matter,
        /// Who answers mainly.
        party: Party,
        /// The case it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseNo>,
        /// Where it came up.
        site: SiteCode,
        /// Who has to see to it: the first asked.
        owner: StaffId,
        /// Vault record of what was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Commitment>,
        /// The last day to settle it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Date>,
    },
    /// Another party helps to settle it (Art 14: both together).
    Joined {
        /// Which.
        party: Party,
    },
    /// Someone else has to see to it now.
    Reassigned {
        /// Who.
        owner: StaffId,
    },
    /// The question was answered, the expert came, the referral was taken over.
    Answered {
        /// Who answered.
        by: StaffId,
        /// Vault record of the answer.
        answer: Commitment,
    },
    /// It was looked into.
    Verified {
        /// Who did.
        by: StaffId,
        /// Whether it is as was said.
        founded: bool,
        /// Vault record of what was found.
        report: Commitment,
    },
    /// It was put right.
    Rectified {
        /// Who did.
        by: StaffId,
        /// Vault record of the measures.
        report: Commitment,
    },
    /// Whoever complained was told.
    FedBack {
        /// Who told.
        by: StaffId,
        /// Vault record of what was said.
        note: Commitment,
    },
    /// Whoever rated was asked again (回访).
    Revisited {
        /// Who asked.
        by: StaffId,
        /// Whether it is settled; if not, it is put right again.
        satisfied: bool,
        /// Vault record of what was said.
        note: Commitment,
    },
    /// The referral slip was printed.
    SlipPrinted {
        /// How.
        print: SlipPrint,
    },
    /// It is settled.
    Closed {
        /// Who closed it.
        by: StaffId,
    },
}

/// What has to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Answer.
    Answer,
    /// Look into it.
    Verify,
    /// Put it right.
    Rectify,
    /// Tell whoever complained.
    FeedBack,
    /// Ask again.
    Revisit,
    /// Close.
    Close,
    /// Nothing: it is settled.
    Done,
}

/// A ticket as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketState {
    /// Its id.
    pub id: TicketId,
    /// What it is about.
    pub matter: Matter,
    /// Who answers mainly.
    pub party: Party,
    /// Who helps.
    pub joined: Vec<Party>,
    /// The case it belongs to.
    pub case: Option<CaseNo>,
    /// Where it came up.
    pub site: SiteCode,
    /// Who has to see to it.
    pub owner: StaffId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The last day to settle it.
    pub due: Option<Date>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Who put it right last.
    pub rectified_by: Option<StaffId>,
    /// What has to be done next.
    pub next: Step,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The printings of its referral slip, the original first.
    pub slips: Vec<SlipPrint>,
}

impl TicketState {
    /// Milliseconds from opening to answer; none while there is none (Art 11(6)).
    pub fn response_ms(&self) -> Option<i64> {
        let answered = self.answered_at?;
        Some(answered.as_millis() - self.opened_at.as_millis())
    }

    /// Whether it was not settled in time: from the end of its last day on.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let settled = self.closed_at.unwrap_or(now);
        self.due.is_some_and(|due| settled >= due.end())
    }
}

mod decide;
mod slip;

pub use slip::{LateCall, SlipPrint, print_slip};

pub use decide::{OpenTicket, Proceed, join, late_call, open_ticket, proceed, reassign, route};

refusals! {
    /// Why a decision about a ticket was refused.
    TicketRefusal;
    AlreadyOpen, "ticket-already-open", "ticket", "该工单编号已被使用；请改用新的编号", "this ticket id is taken; use a new one";
    DepartmentMissing, "department-missing", "department", "此类投诉由业务审批部门为主答复；请指明部门", "a department answers such complaints; name it";
    WrongParty, "wrong-party", "party", "第十四条规定此类投诉由另一方为主答复；请按类别分派", "Article 14 has the other side answer such complaints; route it by its category";
    NotNegative, "rating-not-negative", "level", "只有差评需要跟进", "only a negative rating is followed up";
    DaysMissing, "days-missing", "days", "办理期限应至少为 1 个工作日", "the limit is at least 1 working day";
    WrongStep, "wrong-step", "", "工单当前不在这一步；请按核实、整改、反馈、回访的次序办理", "the ticket is not at this step; verify, rectify, feed back, revisit in this order";
    SamePerson, "same-person", "by", "整改人不能自行销号；请由检查人员确认", "whoever put it right cannot close it; an inspector does";
    NoReferral, "no-referral", "", "该工单不是首问转办，没有转办单可打印", "the ticket is no referral, so it has no slip to print";
    PrintedMeanwhile, "printed-meanwhile", "", "该转办单刚被他人打印；请刷新后重试", "somebody printed this slip meanwhile; refresh and try again";
    AlreadyClosed, "ticket-closed", "", "工单已办结", "the ticket is closed";
    Calendar { year: i16 }, "calendar-year-missing", "", "工作日历中没有{year}年，无法计算期限；请由系统管理员补充该年日历", "the calendar has no year {year}, so no limit can be counted; an administrator adds it";
}

impl From<NoYear> for TicketRefusal {
    fn from(missing: NoYear) -> Self {
        Self::Calendar { year: missing.year }
    }
}

/// Folds a ticket's history, oldest first.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<TicketState> {
    let mut state: Option<TicketState> = None;
    for entry in history {
        let (Subject::Ticket(id), Event::Ticket { event }) = (&entry.subject, &entry.event) else {
            continue;
        };
        match &mut state {
            None => state = opened(id, event, happened(entry)),
            Some(ticket) => apply(ticket, event, happened(entry)),
        }
    }
    state
}

fn opened(id: &TicketId, event: &TicketEvent, at: Timestamp) -> Option<TicketState> {
    let TicketEvent::Opened {
        matter,
        party,
        case,
        site,
        owner,
        due,
        ..
    } = event
    else {
        return None;
    };
    let next = match matter {
        Matter::Consultation { .. } | Matter::ExpertCall | Matter::Referral { .. } => Step::Answer,
        Matter::Complaint { .. } | Matter::Rating { .. } => Step::Verify,
        Matter::Finding => Step::Rectify,
    };
    Some(TicketState {
        id: id.clone(),
        matter: matter.clone(),
        party: party.clone(),
        joined: Vec::new(),
        case: case.clone(),
        site: site.clone(),
        owner: owner.clone(),
        opened_at: at,
        due: *due,
        answered_at: None,
        rectified_by: None,
        next,
        closed_at: None,
        slips: Vec::new(),
    })
}

fn apply(ticket: &mut TicketState, event: &TicketEvent, at: Timestamp) {
    match event {
        TicketEvent::Opened { .. } => {}
        TicketEvent::Joined { party } => ticket.joined.push(party.clone()),
        TicketEvent::Reassigned { owner } => ticket.owner = owner.clone(),
        TicketEvent::Answered { .. } => {
            ticket.answered_at = Some(at);
            ticket.next = Step::Close;
        }
        TicketEvent::Verified { founded: true, .. } => ticket.next = Step::Rectify,
        TicketEvent::Verified { founded: false, .. } => ticket.next = Step::FeedBack,
        TicketEvent::Rectified { by, .. } => {
            ticket.rectified_by = Some(by.clone());
            ticket.next = match ticket.matter {
                Matter::Finding => Step::Close,
                _ => Step::FeedBack,
            };
        }
        TicketEvent::FedBack { .. } => {
            ticket.next = match ticket.matter {
                Matter::Rating { .. } => Step::Revisit,
                _ => Step::Close,
            };
        }
        TicketEvent::Revisited { satisfied, .. } => {
            ticket.next = if *satisfied {
                Step::Close
            } else {
                Step::Rectify
            };
        }
        TicketEvent::SlipPrinted { print } => ticket.slips.push(print.clone()),
        TicketEvent::Closed { .. } => {
            ticket.closed_at = Some(at);
            ticket.next = Step::Done;
        }
    }
}

/// The department a complaint's routing names, for lists.
pub fn department(ticket: &TicketState) -> Option<&DepartmentCode> {
    match &ticket.party {
        Party::Department { department } => Some(department),
        Party::Window => None,
    }
}
