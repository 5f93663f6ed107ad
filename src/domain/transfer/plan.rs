//! Planning: which rounds of transfer are to be opened. Told the same, it plans the same; what it planned is on a round
//! afterwards and is not planned again, so that it may be asked as often as one likes.

use std::collections::BTreeMap;

use super::due::{due_of, month_of};
use crate::domain::custody::BUNDLES_MAX;
use crate::domain::date::{Date, Month};
use crate::domain::id::{CaseNo, DepartmentCode, SiteCode, TransferId};

/// A closed case with the papers that are to be transferred and are on no round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The case.
    pub case: CaseNo,
    /// The site that holds its bundle.
    pub site: SiteCode,
    /// The day it closed (办结).
    pub closed: Date,
    /// The papers.
    pub papers: Vec<Candidate>,
}

/// A paper that the hall holds and that nothing else is being done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its number in the bundle.
    pub no: u16,
    /// The department it goes to: that named for its material, else the lead.
    pub department: DepartmentCode,
    /// The day it came in.
    pub came_in: Date,
    /// The day to which its transfer was put off.
    pub deferred: Option<Date>,
    /// The day since which nothing else is being done with it.
    pub free: Date,
}

/// What the rounds of one department, site and month are called by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Round {
    /// To whom.
    pub department: DepartmentCode,
    /// From where.
    pub site: SiteCode,
    /// The month its papers belong to.
    pub month: Month,
}

/// The rounds there are of a department, a site and a month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// The number of the last one.
    pub last: u32,
    /// Those that are still gathered, by their last day: papers can join them.
    pub gathered: BTreeMap<Date, u32>,
}

/// The rounds there are.
pub type Rounds = BTreeMap<Round, Opened>;

/// A round to be opened, or joined by more papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its number, which department, site, month and round determine.
    pub id: TransferId,
    /// Whose.
    pub of: Round,
    /// Which round, from 1.
    pub round: u32,
    /// Whether it is open already and the papers join it.
    pub joins: bool,
    /// The day on which it could first be opened.
    pub on: Date,
    /// The last day for it.
    pub due: Date,
    /// The papers of each bundle.
    pub lines: Vec<(CaseNo, Vec<u16>)>,
}

/// The rounds to be opened or joined on `today`. A month is gathered when it is over, or at once where `early` says so
/// (及时). What was put off is gathered in the month of its new day. What comes while a round with the same last day is
/// still gathered joins it; what does not fit on one slip makes another round.
pub fn plan(
    closed: &[Closed],
    rounds: &Rounds,
    today: Date,
    early: impl Fn(&Round) -> bool,
) -> Vec<Planned> {
    // By round, first day and last day.
    let mut gathered: BTreeMap<(Round, Date, Date), BTreeMap<&CaseNo, Vec<u16>>> = BTreeMap::new();
    // Since when one of its papers was ready.
    let mut ready: BTreeMap<(Round, Date, Date), Date> = BTreeMap::new();
    for case in closed {
        for paper in &case.papers {
            let of = Round {
                department: paper.department.clone(),
                site: case.site.clone(),
                month: month_of(case.closed, paper.came_in),
            };
            let month = paper.deferred.map_or(of.month.next(), Date::month);
            let on = month.first();
            if today < on && (paper.deferred.is_some() || !early(&of)) {
                continue;
            }
            let due = paper.deferred.unwrap_or(due_of(of.month));
            let round = (of, on, due);
            let since = ready.entry(round.clone()).or_insert(paper.free);
            *since = paper.free.min(*since);
            let lines = gathered.entry(round).or_default();
            lines.entry(&case.case).or_default().push(paper.no);
        }
    }
    let mut planned = Vec::new();
    let mut numbers: BTreeMap<Round, u32> = BTreeMap::new();
    for ((round, lines), since) in gathered.into_iter().zip(ready.into_values()) {
        let (of, first, due) = round;
        let opened = rounds.get(&of).cloned().unwrap_or_default();
        let lines: Vec<(CaseNo, Vec<u16>)> = lines
            .into_iter()
            .map(|(case, papers)| (case.clone(), papers))
            .collect();
        // Not before it could be known; a round of a month that is not over is opened on the day on which it is wanted.
        let on = first.max(since).min(today);
        let joined = opened.gathered.get(&due).copied();
        let joined = joined.filter(|_| lines.len() <= BUNDLES_MAX);
        for chunk in lines.chunks(BUNDLES_MAX) {
            let next = numbers.entry(of.clone()).or_insert(opened.last);
            *next += u32::from(joined.is_none());
            let number = joined.unwrap_or(*next);
            planned.push(Planned {
                id: TransferId::of(&of.department, &of.site, of.month, number),
                of: of.clone(),
                round: number,
                joins: joined.is_some(),
                on,
                due,
                lines: chunk.to_vec(),
            });
        }
    }
    planned
}
