//! The opening stock-take of a site: old files registered, all of an order or none. An old number is kept in the vault, so
//! that whether a file is registered already is told by reading those of the site; another file registered in the meantime
//! makes the decision start over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::counter::bundles::person;
use crate::counter::change::count;
use crate::counter::words::{Drafts, check_words};
use crate::counter::{Ask, Counter, CounterError, Done, Refusal, about};
use crate::custody::PaperOrder;
use crate::domain::case::{TakenOver, number};
use crate::domain::catalogue::{ApplicantKind, ServiceItem};
use crate::domain::custody::{
    self, NewPaper, OldFile, Origin, StocktakeRefusal, StocktakeState, fold_stocktake,
};
use crate::domain::{CaseNo, Commitment, Date, Digest, SiteCode, StaffId, Subject, TaskCode};
use crate::ledger::Recorded;

/// Most files registered at once.
pub const FILES_MAX: usize = 2_000;
/// Longest old number, in characters.
const NUMBER_CHARS_MAX: usize = 60;

/// An old file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OldFileOrder)]
pub struct OldFileOrder {
    /// The item it was about; its department is the item's lead.
    pub task: TaskCode,
    /// Its old number, in words of the hall: it goes into the vault, because it may name a person.
    pub number: String,
    /// What its applicant was.
    pub applicant: ApplicantKind,
    /// The day it closed (办结).
    pub closed: Date,
    /// Its papers.
    #[schema(max_items = 1000)]
    pub papers: Vec<PaperOrder>,
}

/// What became of the files of an order.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct RegisteredView {
    /// Registered now.
    pub registered: Vec<NumberedFile>,
    /// Registered before, with the same content.
    pub known: Vec<NumberedFile>,
}

/// An old number and the one the file has now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NumberedFile {
    /// The old number.
    pub number: String,
    /// The number it has now: what its label shows.
    pub case: CaseNo,
}

/// An old file with where in the order it stands: `files[3]`, `line 7`.
pub(super) type Placed = (String, OldFileOrder);

/// What is registered: number, and the file as it was registered.
type Known = BTreeMap<(TaskCode, String), (CaseNo, OldFileOrder)>;

/// A file that can be registered.
struct Ready {
    order: OldFileOrder,
    content: Digest,
    item: Arc<ServiceItem>,
}

pub(super) fn wrong(place: &str, field: &str, code: &str, zh: &str, en: &str) -> Refusal {
    Refusal {
        code: code.to_owned(),
        zh: format!("{place}：{zh}"),
        en: format!("{place}: {en}"),
        field: Some(format!("{place}.{field}")),
    }
}

fn folded(site: &SiteCode, history: &[Recorded]) -> Result<StocktakeState, StocktakeRefusal> {
    let state = fold_stocktake(history.iter().map(|fact| &fact.entry));
    state.ok_or_else(|| StocktakeRefusal::NotOpened { site: site.clone() })
}

impl Counter {
    /// The stock-take of a site, and how many facts it has.
    pub async fn stocktake(&self, site: &SiteCode) -> Result<(StocktakeState, u32), CounterError> {
        let history = self.history(&Subject::Stocktake(site.clone())).await?;
        let state = fold_stocktake(history.iter().map(|fact| &fact.entry));
        let state = state.ok_or_else(|| CounterError::NotFound(format!("stocktake/{site}")))?;
        Ok((state, count(&history)))
    }

    /// Opens the stock-take of a site.
    pub async fn open_stocktake(
        &self,
        ask: &Ask,
        site: &SiteCode,
        by: &StaffId,
    ) -> Result<Done, CounterError> {
        self.site(site).await?;
        let subject = Subject::Stocktake(site.clone());
        self.done(ask, &subject, |history, _, _| {
            let known = fold_stocktake(history.iter().map(|fact| &fact.entry));
            Ok(custody::open_stocktake(known.as_ref(), site, by)?)
        })
        .await
    }

    /// Closes it.
    pub async fn close_stocktake(
        &self,
        ask: &Ask,
        site: &SiteCode,
        by: &StaffId,
    ) -> Result<Done, CounterError> {
        let subject = Subject::Stocktake(site.clone());
        self.done(ask, &subject, |history, _, _| {
            Ok(custody::close_stocktake(&folded(site, history)?, by))
        })
        .await
    }

    /// Registers old files, all of them or none; every one that cannot be is named. One that is registered already with
    /// the same content is passed over, so that an order may be repeated.
    pub async fn register_old_files(
        &self,
        ask: &Ask,
        site: &SiteCode,
        clerk: &StaffId,
        orders: Vec<OldFileOrder>,
    ) -> Result<RegisteredView, CounterError> {
        let placed = orders.into_iter().enumerate();
        let placed = placed.map(|(place, order)| (format!("files[{place}]"), order));
        self.register_placed(ask, site, clerk, placed.collect())
            .await
    }

    pub(super) async fn register_placed(
        &self,
        ask: &Ask,
        site: &SiteCode,
        clerk: &StaffId,
        placed: Vec<Placed>,
    ) -> Result<RegisteredView, CounterError> {
        let history = self.history(&Subject::Stocktake(site.clone())).await?;
        let state = folded(site, &history)?;
        if placed.len() > FILES_MAX {
            let zh = format!("一次最多登记 {FILES_MAX} 卷；请分成几次");
            let en = format!("at most {FILES_MAX} files at once; send several orders");
            let wrong = wrong("files", "length", "too-many-files", &zh, &en);
            return Err(CounterError::Fields(vec![wrong]));
        }
        let known = self.known_files(&state).await?;
        let (ready, view) = self.sorted_out(&known, placed).await?;
        if ready.is_empty() {
            return Ok(view);
        }
        let version = count(&history);
        self.record_files(ask, site, clerk, (ready, version), view)
            .await
    }

    /// The files of a stock-take as they were registered. Of one that was erased nothing is known.
    async fn known_files(&self, state: &StocktakeState) -> Result<Known, CounterError> {
        let mut known = Known::new();
        for file in &state.files {
            let (case, _) = self.case(&file.case).await?;
            let Some(taken) = case.taken_over.as_ref().filter(|_| case.erased.is_none()) else {
                continue;
            };
            let bundle = self.bundle_now(&file.case).await?;
            let papers = bundle.papers.values().map(|held| &held.paper);
            let papers = papers.filter(|paper| paper.origin == Origin::Stocktake);
            let order = OldFileOrder {
                task: taken.task.clone(),
                number: self.old_number(&case).await?,
                applicant: taken.applicant,
                closed: taken.closed,
                papers: papers
                    .map(|paper| PaperOrder {
                        form: paper.form,
                        count: paper.count,
                        pages: paper.pages,
                        condition: paper.condition,
                    })
                    .collect(),
            };
            let name = (order.task.clone(), order.number.clone());
            known.insert(name, (file.case.clone(), order));
        }
        Ok(known)
    }

    /// What of an order is to be registered, and what is already. Fails with everything that is wrong with it.
    async fn sorted_out(
        &self,
        known: &Known,
        placed: Vec<Placed>,
    ) -> Result<(Vec<Ready>, RegisteredView), CounterError> {
        let today = Date::of(self.clock.now());
        let (mut bad, mut ready) = (Vec::new(), Vec::new());
        let mut view = RegisteredView::default();
        let mut seen: BTreeSet<(TaskCode, String)> = BTreeSet::new();
        for (place, mut order) in placed {
            let before = bad.len();
            sound(&place, &mut order, today, &mut bad);
            let name = (order.task.clone(), order.number.clone());
            if !seen.insert(name.clone()) {
                bad.push(wrong(
                    &place,
                    "number",
                    "listed-twice",
                    "同一原卷号重复列出；请合并",
                    "this old number is listed twice; put them together",
                ));
            }
            match known.get(&name) {
                Some((case, same)) if *same == order => {
                    let (number, case) = (order.number.clone(), case.clone());
                    view.known.push(NumberedFile { number, case });
                    continue;
                }
                Some((case, _)) => {
                    let zh = format!("该卷已登记为 {case}，内容不同；请核对");
                    let en =
                        format!("this file is registered as {case} with other content; check it");
                    bad.push(wrong(&place, "number", "registered-differently", &zh, &en));
                }
                None => {}
            }
            match self.live_version(&order.task, today).await {
                Ok((content, item)) if bad.len() == before => ready.push(Ready {
                    order,
                    content,
                    item,
                }),
                Ok(_) => {}
                Err(CounterError::Refused(refusal)) => {
                    bad.push(wrong(
                        &place,
                        "task",
                        &refusal.code,
                        &refusal.zh,
                        &refusal.en,
                    ));
                }
                Err(error) => return Err(error),
            }
        }
        match bad.is_empty() {
            true => Ok((ready, view)),
            false => Err(CounterError::Fields(bad)),
        }
    }

    /// Records what is ready, in one decision.
    async fn record_files(
        &self,
        ask: &Ask,
        site: &SiteCode,
        clerk: &StaffId,
        (ready, version): (Vec<Ready>, u32),
        mut view: RegisteredView,
    ) -> Result<RegisteredView, CounterError> {
        let today = Date::of(self.clock.now());
        let mut put: Vec<Drafts<'_>> = Vec::new();
        let mut files: Vec<OldFile> = Vec::new();
        for file in ready {
            let order = &file.order;
            let case = self.free_number(&order.task, today).await?;
            let mut drafts = self.drafts(about(&case));
            let number = drafts.record(&order.number).await?;
            put.push(drafts);
            view.registered.push(NumberedFile {
                number: order.number.clone(),
                case: case.clone(),
            });
            files.push(old_file(case, (site, clerk), number, &file));
        }
        let subject = Subject::Stocktake(site.clone());
        let done = self
            .done(ask, &subject, |history, reads, now| {
                let found = count(history);
                if found != version {
                    let expected = version;
                    return Err(CounterError::Stale { expected, found }.into());
                }
                let state = folded(site, history)?;
                let registrar = person(reads, clerk)?;
                let mut facts = Vec::new();
                for file in &files {
                    let known = reads.history(&about(&file.case))?;
                    let known = number(known.iter().map(|fact| &fact.entry));
                    let today = Date::of(now);
                    let file = file.clone();
                    facts.extend(custody::register(&state, &known, file, &registrar, today)?);
                }
                Ok(facts)
            })
            .await;
        let (kept, error) = match done {
            Ok(done) => (Some(done), None),
            // A ledger that failed may have recorded the facts nevertheless: then the numbers stay.
            Err(error @ CounterError::Ledger(_)) => return Err(error),
            Err(error) => (None, Some(error)),
        };
        for drafts in put {
            let gone = || CounterError::NotFound(subject.to_string());
            // What was not recorded is erased again; that is all this says.
            let _ = drafts.end(kept.clone().ok_or_else(gone)).await;
        }
        match error {
            Some(error) => Err(error),
            None => Ok(view),
        }
    }
}

/// Looks at a file by itself; what is wrong with it is added to `bad`.
fn sound(place: &str, order: &mut OldFileOrder, today: Date, bad: &mut Vec<Refusal>) {
    match check_words("number", &order.number) {
        Ok(text) if text.chars().count() <= NUMBER_CHARS_MAX => order.number = text,
        _ => {
            let (zh, en) = (
                "原卷号应为 1–60 个字符",
                "an old number has 1 to 60 characters",
            );
            bad.push(wrong(place, "number", "bad-number", zh, en));
        }
    }
    if order.closed > today {
        let zh = "办结日期晚于今天；请核对";
        let en = "the closing day is after today; check it";
        bad.push(wrong(place, "closed", "closes-later", zh, en));
    }
    let whole = |paper: &PaperOrder| paper.count > 0 && paper.pages != Some(0);
    if order.papers.is_empty() || !order.papers.iter().all(whole) {
        let zh = "每卷至少一份材料，份数和页数至少为 1";
        let en = "a file has at least one paper, counts and pages are at least 1";
        bad.push(wrong(place, "papers", "no-papers", zh, en));
    }
}

fn old_file(
    case: CaseNo,
    (site, clerk): (&SiteCode, &StaffId),
    number: Commitment,
    file: &Ready,
) -> OldFile {
    let (order, item) = (&file.order, &file.item);
    let taken = TakenOver {
        site: site.clone(),
        department: item.lead.clone(),
        task: order.task.clone(),
        version: item.version,
        content: file.content,
        applicant: order.applicant,
        number,
        closed: order.closed,
        clerk: clerk.clone(),
    };
    let papers = order.papers.iter().map(|paper| NewPaper {
        row: None,
        form: paper.form,
        count: paper.count,
        pages: paper.pages,
        condition: paper.condition,
        origin: Origin::Stocktake,
    });
    OldFile {
        case,
        taken,
        papers: papers.collect(),
    }
}
