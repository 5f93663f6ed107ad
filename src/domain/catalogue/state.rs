//! An item's life: versions are proposed, notified in writing and go live from a day; the item enters the integrated
//! window and may leave it. Regulation Art 11(3), 11(4), 13(1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document::Letter;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::hall::{HallEvent, HallRefusal, hall_fact};
use crate::domain::id::{DepartmentCode, FieldCode, Subject, TaskCode};
use crate::domain::refusal::refusals;

/// What can happen to a service item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemEvent {
    /// A version was handed in. It is not used yet.
    Proposed {
        /// Its number.
        version: u32,
        /// The department that decides.
        lead: DepartmentCode,
        /// The field whose windows take it.
        field: FieldCode,
        /// Digest of the [`super::ServiceItem`] blob.
        content: Digest,
    },
    /// The department notified a version to the hall in writing (函), as Art 11(4) asks.
    Notified {
        /// Which version.
        version: u32,
        /// The letter.
        letter: Letter,
    },
    /// A version is what new cases follow, from a day on.
    WentLive {
        /// Which version.
        version: u32,
        /// That day.
        from: Date,
    },
    /// The item is on the integrated window's list from a day on.
    Entered {
        /// That day.
        from: Date,
        /// The approval.
        approval: Letter,
    },
    /// The item leaves the list from a day on: no new case, old ones finish.
    Withdrawn {
        /// That day.
        from: Date,
        /// The approval.
        approval: Letter,
    },
}

/// A version as the item's history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionState {
    /// The department that decides.
    pub lead: DepartmentCode,
    /// The field whose windows take it.
    pub field: FieldCode,
    /// Digest of its blob.
    pub content: Digest,
    /// The letter by which it was notified.
    pub letter: Option<Letter>,
    /// The day from which it is what new cases follow.
    pub live_from: Option<Date>,
}

/// An entry into the list, or an exit from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// From which day.
    pub from: Date,
    /// Whether it is an entry.
    pub entered: bool,
    /// The approval.
    pub approval: Letter,
}

/// An item as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemState {
    /// Its implementing code.
    pub task: TaskCode,
    /// Its versions by number.
    pub versions: BTreeMap<u32, VersionState>,
    /// Its entries and exits, oldest first.
    pub listings: Vec<Listing>,
}

refusals! {
    /// Why an item's versions or its place on the list cannot change like this.
    ItemRefusal;
    Unknown { task: TaskCode }, "item-unknown", "task_code",
        "没有事项 {task}；请先导入", "there is no item {task}; import it first";
    VersionNotNext { task: TaskCode, version: u32, next: u32 }, "version-not-next", "version",
        "事项 {task}：版本 {version} 不是下一版；内容有变时请使用版本 {next}", "item {task}: version {version} is not the next one; a changed content needs version {next}";
    VersionDiffers { task: TaskCode, version: u32, next: u32 }, "version-differs", "version",
        "事项 {task} 的第 {version} 版已登记且内容不同；版本不能改写，请使用版本 {next}", "version {version} of item {task} is registered with other content; it is never rewritten, use version {next}";
    NoSuchVersion { task: TaskCode, version: u32 }, "no-such-version", "version",
        "事项 {task} 没有第 {version} 版；请先提交该版本", "item {task} has no version {version}; propose it first";
    NotNotified { task: TaskCode, version: u32 }, "not-notified", "letter",
        "事项 {task} 的第 {version} 版未经部门书面函告，不能启用；请补充函件", "version {version} of item {task} was not notified in writing and cannot go live; add the department's letter";
    LetterDiffers { task: TaskCode, version: u32 }, "letter-differs", "letter",
        "事项 {task} 的第 {version} 版已有另一函件；请核对函号", "version {version} of item {task} was notified by another letter; check its number";
    LiveAlready { task: TaskCode, version: u32, from: Date }, "live-already", "from",
        "事项 {task} 的第 {version} 版已定于 {from} 启用；不能更改日期", "version {version} of item {task} is live from {from}; the day cannot change";
    OutOfOrder { task: TaskCode, after: Date }, "out-of-order", "from",
        "事项 {task}：生效日期早于已登记的 {after}；请填写不早于该日的日期", "item {task}: the day is before {after}, which is registered already; give that day or a later one";
    ListedAlready { task: TaskCode, since: Date }, "listed-already", "from",
        "事项 {task} 已于 {since} 纳入；无需再次纳入", "item {task} is on the list from {since}; it need not enter again";
    NotListed { task: TaskCode }, "not-listed", "task_code",
        "事项 {task} 不在清单内；无需退出", "item {task} is not on the list; it cannot leave it";
}

/// Folds the history of item `task`, oldest first; none when nothing was ever proposed.
pub fn fold<'a>(
    task: &TaskCode,
    history: impl IntoIterator<Item = &'a Event>,
) -> Option<ItemState> {
    let mut state: Option<ItemState> = None;
    for event in history {
        let Event::Item { event } = event else {
            continue;
        };
        let state = state.get_or_insert_with(|| ItemState {
            task: task.clone(),
            versions: BTreeMap::new(),
            listings: Vec::new(),
        });
        state.apply(event);
    }
    state
}

impl ItemState {
    fn apply(&mut self, event: &ItemEvent) {
        match event {
            ItemEvent::Proposed {
                version,
                lead,
                field,
                content,
            } => {
                let state = VersionState {
                    lead: lead.clone(),
                    field: field.clone(),
                    content: *content,
                    letter: None,
                    live_from: None,
                };
                self.versions.insert(*version, state);
            }
            ItemEvent::Notified { version, letter } => {
                if let Some(state) = self.versions.get_mut(version) {
                    state.letter = Some(letter.clone());
                }
            }
            ItemEvent::WentLive { version, from } => {
                if let Some(state) = self.versions.get_mut(version) {
                    state.live_from = Some(*from);
                }
            }
            ItemEvent::Entered { from, approval } => self.list(*from, true, approval),
            ItemEvent::Withdrawn { from, approval } => self.list(*from, false, approval),
        }
    }

    fn list(&mut self, from: Date, entered: bool, approval: &Letter) {
        self.listings.push(Listing {
            from,
            entered,
            approval: approval.clone(),
        });
    }

    /// The version that new cases of `day` follow.
    pub fn live(&self, day: Date) -> Option<(u32, &VersionState)> {
        let mut live = self
            .versions
            .iter()
            .filter(|(_, state)| state.live_from.is_some_and(|from| day >= from));
        live.next_back().map(|(number, state)| (*number, state))
    }

    /// A version a case pinned.
    pub fn version(&self, number: u32) -> Result<&VersionState, HallRefusal> {
        self.versions
            .get(&number)
            .ok_or_else(|| HallRefusal::NoSuchVersion {
                task: self.task.clone(),
                version: number,
            })
    }

    /// The entry or exit that holds on `day`.
    pub fn listing(&self, day: Date) -> Option<&Listing> {
        let mut begun = self.listings.iter().rev();
        begun.find(|listing| day >= listing.from)
    }

    /// The version that a new case of `day` follows, if the item takes new cases then (Art 13(1)).
    pub fn admits(&self, day: Date) -> Result<(u32, &VersionState), HallRefusal> {
        let task = || self.task.clone();
        match self.listing(day) {
            None => return Err(HallRefusal::ItemNotListed { task: task() }),
            Some(listing) if !listing.entered => {
                let since = listing.from;
                return Err(HallRefusal::ItemWithdrawn {
                    task: task(),
                    since,
                });
            }
            Some(_) => {}
        }
        self.live(day)
            .ok_or_else(|| HallRefusal::NoLiveVersion { task: task() })
    }

    fn next_version(&self) -> u32 {
        self.versions.keys().next_back().map_or(1, |last| last + 1)
    }
}

fn fact(task: &TaskCode, event: ItemEvent) -> Fact {
    Fact::new(Subject::Item(task.clone()), Event::Item { event })
}

/// Decides whether a version may be handed in. The same content under the same number gives no fact; a content is
/// never changed, a changed one takes the next number. The first version lists the item in the hall.
pub fn propose(
    state: Option<&ItemState>,
    task: &TaskCode,
    version: u32,
    (lead, field): (DepartmentCode, FieldCode),
    content: Digest,
) -> Result<Vec<Fact>, ItemRefusal> {
    let next = state.map_or(1, ItemState::next_version);
    let known = state.and_then(|state| state.versions.get(&version));
    let task_code = || task.clone();
    match known {
        Some(known) if known.content == content => return Ok(Vec::new()),
        Some(_) => {
            return Err(ItemRefusal::VersionDiffers {
                task: task_code(),
                version,
                next,
            });
        }
        // An item that is new here may come with any number: it had its earlier ones elsewhere.
        None if state.is_some() && version != next => {
            return Err(ItemRefusal::VersionNotNext {
                task: task_code(),
                version,
                next,
            });
        }
        None => {}
    }
    let listed = state
        .is_none()
        .then(|| hall_fact(HallEvent::ItemListed { task: task.clone() }));
    let proposed = ItemEvent::Proposed {
        version,
        lead,
        field,
        content,
    };
    Ok(listed.into_iter().chain([fact(task, proposed)]).collect())
}

/// Decides on the letter by which a version is notified; the same letter again gives no fact.
pub fn notify(state: &ItemState, version: u32, letter: Letter) -> Result<Vec<Fact>, ItemRefusal> {
    let task = state.task.clone();
    let known = find(state, version)?;
    match &known.letter {
        Some(same) if *same == letter => Ok(Vec::new()),
        Some(_) => Err(ItemRefusal::LetterDiffers { task, version }),
        None => {
            let event = ItemEvent::Notified { version, letter };
            Ok(vec![fact(&task, event)])
        }
    }
}

/// Decides whether a version goes live from a day on: only one that was notified in writing (Art 11(4)), and never
/// before the version it follows.
pub fn go_live(state: &ItemState, version: u32, from: Date) -> Result<Vec<Fact>, ItemRefusal> {
    let task = state.task.clone();
    let known = find(state, version)?;
    match known.live_from {
        Some(same) if same == from => return Ok(Vec::new()),
        Some(from) => {
            return Err(ItemRefusal::LiveAlready {
                task,
                version,
                from,
            });
        }
        None => {}
    }
    if known.letter.is_none() {
        return Err(ItemRefusal::NotNotified { task, version });
    }
    let others = state.versions.iter().filter_map(|(number, other)| {
        let live = other.live_from?;
        let wrong = (*number < version && live > from) || (*number > version && live < from);
        wrong.then_some(live)
    });
    if let Some(after) = others.max() {
        return Err(ItemRefusal::OutOfOrder { task, after });
    }
    Ok(vec![fact(&task, ItemEvent::WentLive { version, from })])
}

/// Decides whether the item enters the integrated window's list from a day on (Art 13(1)); the same entry again gives
/// no fact.
pub fn enter(state: &ItemState, from: Date, approval: Letter) -> Result<Vec<Fact>, ItemRefusal> {
    let task = state.task.clone();
    let same = |listing: &&Listing| {
        listing.entered && listing.from == from && listing.approval == approval
    };
    if state.listings.iter().any(|listing| same(&listing)) {
        return Ok(Vec::new());
    }
    match state.listings.last() {
        Some(last) if last.entered => Err(ItemRefusal::ListedAlready {
            task,
            since: last.from,
        }),
        Some(last) if from < last.from => Err(ItemRefusal::OutOfOrder {
            task,
            after: last.from,
        }),
        _ => Ok(vec![fact(&task, ItemEvent::Entered { from, approval })]),
    }
}

/// Decides whether the item leaves the list from a day on (Art 13(1)); the same exit again gives no fact. A case
/// opened before finishes under the version it pinned.
pub fn withdraw(state: &ItemState, from: Date, approval: Letter) -> Result<Vec<Fact>, ItemRefusal> {
    let task = state.task.clone();
    match state.listings.last() {
        Some(last) if last.entered && from >= last.from => {
            Ok(vec![fact(&task, ItemEvent::Withdrawn { from, approval })])
        }
        Some(last) if last.entered => Err(ItemRefusal::OutOfOrder {
            task,
            after: last.from,
        }),
        Some(last) if last.from == from && last.approval == approval => Ok(Vec::new()),
        _ => Err(ItemRefusal::NotListed { task }),
    }
}

fn find(state: &ItemState, version: u32) -> Result<&VersionState, ItemRefusal> {
    state
        .versions
        .get(&version)
        .ok_or_else(|| ItemRefusal::NoSuchVersion {
            task: state.task.clone(),
            version,
        })
}
