//! The opening stock-take (期初盘点): once a site registers the paper that lay in its cabinets before the system was there.
//! Each old file becomes a case that closed long ago, and a bundle held by whoever registered it; from then on its paper
//! is transferred like any other, late where it is late.

use serde::{Deserialize, Serialize};

use super::keeping::{NewPaper, take_in};
use super::signer::acts_for;
use super::terms::{Origin, Side};
use super::{Bundle, CustodyRefusal};
use crate::domain::case::{CaseRefusal, Number, TakenOver, happened, take_over};
use crate::domain::date::Date;
use crate::domain::event::{Entry, Event, Fact};
use crate::domain::id::{CaseNo, SiteCode, StaffId, Subject};
use crate::domain::refusal::refusals;
use crate::domain::staff::StaffState;
use crate::domain::time::Timestamp;
use crate::domain::transfer::due_of;

/// What can happen to a stock-take. Its subject names the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StocktakeEvent {
    /// It was opened.
    Opened {
        /// By whom.
        by: StaffId,
    },
    /// An old file was registered.
    Registered {
        /// The number it has from now on.
        case: CaseNo,
        /// Its papers.
        papers: u32,
        /// Whether its transfer was overdue already.
        overdue: bool,
        /// By whom, who holds it.
        by: StaffId,
    },
    /// It was closed: nothing more lay there.
    Closed {
        /// Files registered.
        files: u32,
        /// Papers in them.
        papers: u32,
        /// Files that were overdue when they were registered.
        overdue: u32,
        /// By whom.
        by: StaffId,
    },
}

/// A file that was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenFile {
    /// Its number.
    pub case: CaseNo,
    /// Its papers.
    pub papers: u32,
    /// Whether its transfer was overdue already.
    pub overdue: bool,
    /// By whom.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

/// A stock-take as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StocktakeState {
    /// Where.
    pub site: SiteCode,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: StaffId,
    /// What was registered.
    pub files: Vec<TakenFile>,
    /// When it was closed, and by whom.
    pub closed: Option<(Timestamp, StaffId)>,
}

impl StocktakeState {
    /// Papers registered.
    pub fn papers(&self) -> u32 {
        let papers = self.files.iter().map(|file| file.papers);
        papers.fold(0, u32::saturating_add)
    }

    /// Files that were overdue when they were registered.
    pub fn overdue(&self) -> u32 {
        super::offer::count(self.files.iter().filter(|file| file.overdue).count())
    }
}

refusals! {
    /// Why a stock-take cannot go on like this.
    StocktakeRefusal;
    OnceOnly { site: SiteCode }, "stocktake-once", "",
        "站点 {site} 已做过期初盘点；每个站点只做一次，后来发现的材料请用清点登记", "site {site} had its stock-take; there is one a site, what turns up later is for an inventory";
    NotOpened { site: SiteCode }, "stocktake-not-opened", "",
        "站点 {site} 尚未开始期初盘点；请主管先开始", "the stock-take of site {site} was not opened; its supervisor opens it";
    Closed { site: SiteCode }, "stocktake-closed", "",
        "站点 {site} 的期初盘点已结束，不能再登记", "the stock-take of site {site} is closed; nothing more is registered";
    ClosesLater { closed: Date }, "closes-later", "closed",
        "办结日期 {closed} 晚于今天；请核对", "the closing day {closed} is after today; check it";
    NotTheirs { staff: StaffId, site: SiteCode }, "not-their-side", "",
        "{staff} 不在站点 {site} 任职，不能登记其材料", "{staff} does not work at site {site} and cannot register its paper";
    NoPapers, "no-papers", "papers",
        "没有列出任何材料；每卷至少一份，份数至少为 1", "no paper is listed; a file has at least one, and each a count";
    NumberTaken { case: CaseNo }, "case-already-open", "",
        "办件编号 {case} 刚被占用；请重试", "case number {case} was just taken; try again";
}

fn of_site(site: &SiteCode, event: StocktakeEvent) -> Fact {
    Fact::new(Subject::Stocktake(site.clone()), Event::Stocktake { event })
}

/// Opens the stock-take of a site, once.
pub fn open(
    known: Option<&StocktakeState>,
    site: &SiteCode,
    by: &StaffId,
) -> Result<Vec<Fact>, StocktakeRefusal> {
    if known.is_some() {
        let site = site.clone();
        return Err(StocktakeRefusal::OnceOnly { site });
    }
    let by = by.clone();
    Ok(vec![of_site(site, StocktakeEvent::Opened { by })])
}

/// An old file as it is registered.
#[derive(Debug, Clone)]
pub struct OldFile {
    /// The number it gets.
    pub case: CaseNo,
    /// What it is.
    pub taken: TakenOver,
    /// Its papers; their origin is said here and nowhere else.
    pub papers: Vec<NewPaper>,
}

fn still_open(state: &StocktakeState) -> Result<(), StocktakeRefusal> {
    match state.closed {
        Some(_) => Err(StocktakeRefusal::Closed {
            site: state.site.clone(),
        }),
        None => Ok(()),
    }
}

/// Registers an old file: a case that closed long ago, its bundle, and a line of the stock-take. `known` is what its
/// number is already.
pub fn register(
    state: &StocktakeState,
    known: &Number,
    file: OldFile,
    registrar: &StaffState,
    today: Date,
) -> Result<Vec<Fact>, StocktakeRefusal> {
    still_open(state)?;
    let OldFile {
        case,
        taken,
        mut papers,
    } = file;
    let (clerk, closed) = (taken.clerk.clone(), taken.closed);
    let site = state.site.clone();
    let side = Side::Hall { site: site.clone() };
    if taken.site != site || acts_for(&clerk, registrar, &side).is_err() {
        let staff = clerk;
        return Err(StocktakeRefusal::NotTheirs { staff, site });
    }
    if closed > today {
        return Err(StocktakeRefusal::ClosesLater { closed });
    }
    for paper in &mut papers {
        (paper.row, paper.origin) = (None, Origin::Stocktake);
    }
    let count = super::offer::count(papers.len());
    let mut facts = take_over(known, &case, taken)
        .map_err(|_: CaseRefusal| StocktakeRefusal::NumberTaken { case: case.clone() })?;
    let bundle = Bundle::new(case.clone());
    let opened = take_in(&bundle, &site, &clerk, papers);
    facts.extend(opened.map_err(|_: CustodyRefusal| StocktakeRefusal::NoPapers)?);
    let registered = StocktakeEvent::Registered {
        case,
        papers: count,
        overdue: today > due_of(closed.month()),
        by: clerk,
    };
    facts.push(of_site(&site, registered));
    Ok(facts)
}

/// Closes the stock-take of a site. Closed before, it gives no fact.
pub fn close(state: &StocktakeState, by: &StaffId) -> Vec<Fact> {
    if state.closed.is_some() {
        return Vec::new();
    }
    let closed = StocktakeEvent::Closed {
        files: super::offer::count(state.files.len()),
        papers: state.papers(),
        overdue: state.overdue(),
        by: by.clone(),
    };
    vec![of_site(&state.site, closed)]
}

/// Folds the history of a stock-take, oldest first; none while it was not opened.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<StocktakeState> {
    let mut state: Option<StocktakeState> = None;
    for entry in history {
        let (Event::Stocktake { event }, Subject::Stocktake(site)) = (&entry.event, &entry.subject)
        else {
            continue;
        };
        let at = happened(entry);
        match (event, &mut state) {
            (StocktakeEvent::Opened { by }, None) => {
                state = Some(StocktakeState {
                    site: site.clone(),
                    opened_at: at,
                    opened_by: by.clone(),
                    files: Vec::new(),
                    closed: None,
                });
            }
            (
                StocktakeEvent::Registered {
                    case,
                    papers,
                    overdue,
                    by,
                },
                Some(state),
            ) => state.files.push(TakenFile {
                case: case.clone(),
                papers: *papers,
                overdue: *overdue,
                by: by.clone(),
                at,
            }),
            (StocktakeEvent::Closed { by, .. }, Some(state)) => {
                state.closed = Some((at, by.clone()));
            }
            _ => {}
        }
    }
    state
}
