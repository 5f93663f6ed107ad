//! Departments: who decides for them, who comes after them. Regulation Art 11(2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::HallEvent;
use super::authorisation::ItemScope;
use super::mandate::Delegation;
use super::refusal::{HallRefusal, SetupRefusal};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{AuthorisationId, DepartmentCode, StaffId, Subject, TaskCode};
use crate::domain::time::Timestamp;

/// What can happen to a department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DepartmentEvent {
    /// It came into the hall.
    Opened {
        /// Digest of its [`super::DepartmentDefinition`].
        definition: Digest,
    },
    /// Its name or its details changed.
    Described {
        /// Digest of the new definition.
        definition: Digest,
    },
    /// Another department takes over its cases and mandates from a day on.
    Succeeded {
        /// That department.
        by: DepartmentCode,
        /// That day.
        from: Date,
        /// Digest of the document that says so.
        document: Digest,
    },
    /// It takes over another department's cases and mandates from a day on.
    Inherited {
        /// That department.
        of: DepartmentCode,
        /// That day.
        from: Date,
    },
    /// It authorised the windows; the authorisation's own history says to what.
    Authorised {
        /// Under which id.
        authorisation: AuthorisationId,
    },
    /// A chief representative (首席代表) was appointed, with the department's power to decide.
    ChiefAppointed {
        /// Who.
        staff: StaffId,
        /// On which items.
        items: ItemScope,
        /// From this day.
        from: Date,
        /// To the end of this day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
        /// Digest of the letter of appointment.
        document: Digest,
    },
    /// A chief representative's appointment ended.
    ChiefRemoved {
        /// Who.
        staff: StaffId,
        /// The first day without it.
        from: Date,
    },
    /// A person became an officer of the department.
    OfficerAssigned {
        /// Who.
        staff: StaffId,
        /// Whether the officer also decides what is not the chief representative's to decide.
        decides: bool,
        /// From this day.
        from: Date,
    },
    /// A person is no officer of the department any more.
    OfficerRemoved {
        /// Who.
        staff: StaffId,
        /// The first day without it.
        from: Date,
    },
}

/// A person's post at a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Who.
    pub staff: StaffId,
    /// Whether as chief representative.
    pub chief: bool,
    /// On which items the person decides; none for an officer who only reviews.
    pub decides: Option<ItemScope>,
    /// From this day.
    pub from: Date,
    /// To the end of this day.
    pub until: Option<Date>,
    /// Digest of the letter of appointment; officers need none.
    pub document: Option<Digest>,
    /// The first day without it, when it was ended.
    pub ended: Option<Date>,
}

impl Appointment {
    /// The first day without it, however it ends.
    pub fn end(&self) -> Option<Date> {
        let until = self.until.map(Date::next);
        match (until, self.ended) {
            (Some(until), Some(ended)) => Some(until.min(ended)),
            (until, ended) => until.or(ended),
        }
    }

    /// Whether it holds on `day`.
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && self.end().is_none_or(|end| day < end)
    }
}

/// A department as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentState {
    /// Its code.
    pub code: DepartmentCode,
    /// Digest of its definition.
    pub definition: Digest,
    /// Who comes after it, from which day, and by which document.
    pub successor: Option<(DepartmentCode, Date, Digest)>,
    /// Whose cases and mandates it took over.
    pub predecessors: Vec<DepartmentCode>,
    /// Its mandates to the windows, also those that ended.
    pub authorisations: Vec<AuthorisationId>,
    /// Chief representatives and officers, in the order they came, also those that ended.
    pub posts: Vec<Appointment>,
}

/// Departments by code: those a decision is about, with the ones before and after them.
pub type Departments = BTreeMap<DepartmentCode, DepartmentState>;

/// Folds the history of department `code`, oldest first; none when it never came.
pub fn fold<'a>(
    code: &DepartmentCode,
    history: impl IntoIterator<Item = &'a Event>,
) -> Option<DepartmentState> {
    let mut state: Option<DepartmentState> = None;
    for event in history {
        let Event::Department { event } = event else {
            continue;
        };
        match (&mut state, event) {
            (None, DepartmentEvent::Opened { definition }) => {
                state = Some(DepartmentState {
                    code: code.clone(),
                    definition: *definition,
                    successor: None,
                    predecessors: Vec::new(),
                    authorisations: Vec::new(),
                    posts: Vec::new(),
                });
            }
            (Some(department), event) => department.apply(event),
            (None, _) => {}
        }
    }
    state
}

impl DepartmentState {
    fn apply(&mut self, event: &DepartmentEvent) {
        match event {
            DepartmentEvent::Opened { .. } => {}
            DepartmentEvent::Described { definition } => self.definition = *definition,
            DepartmentEvent::Succeeded { by, from, document } => {
                self.successor = Some((by.clone(), *from, *document));
            }
            DepartmentEvent::Inherited { of, .. } => self.predecessors.push(of.clone()),
            DepartmentEvent::Authorised { authorisation } => {
                self.authorisations.push(authorisation.clone());
            }
            DepartmentEvent::ChiefAppointed {
                staff,
                items,
                from,
                until,
                document,
            } => {
                self.posts.push(Appointment {
                    staff: staff.clone(),
                    chief: true,
                    decides: Some(items.clone()),
                    from: *from,
                    until: *until,
                    document: Some(*document),
                    ended: None,
                });
            }
            DepartmentEvent::OfficerAssigned {
                staff,
                decides,
                from,
            } => self.posts.push(Appointment {
                staff: staff.clone(),
                chief: false,
                decides: decides.then_some(ItemScope::All),
                from: *from,
                until: None,
                document: None,
                ended: None,
            }),
            DepartmentEvent::ChiefRemoved { staff, from } => self.end(staff, true, *from),
            DepartmentEvent::OfficerRemoved { staff, from } => self.end(staff, false, *from),
        }
    }

    fn end(&mut self, staff: &StaffId, chief: bool, from: Date) {
        let mut posts = self.posts.iter_mut().rev();
        if let Some(post) = posts.find(|post| post.staff == *staff && post.chief == chief) {
            post.ended = Some(from);
        }
    }

    /// The posts that hold at `now`.
    pub fn holders(&self, now: Timestamp) -> impl Iterator<Item = &Appointment> {
        let day = Date::of(now);
        self.posts.iter().filter(move |post| post.holds(day))
    }

    /// Whether a person may review for the department at `now`.
    pub fn may_review(&self, staff: &StaffId, now: Timestamp) -> Result<(), HallRefusal> {
        if self.holders(now).any(|post| post.staff == *staff) {
            return Ok(());
        }
        Err(HallRefusal::NotAnOfficer {
            staff: staff.clone(),
            department: self.code.clone(),
        })
    }
}

/// The department that answers on `day` for what was `department`'s: itself, or whoever came after it.
pub fn responsible<'d>(
    departments: &'d Departments,
    department: &DepartmentCode,
    day: Date,
) -> Result<&'d DepartmentState, HallRefusal> {
    let unknown = |code: &DepartmentCode| HallRefusal::DepartmentUnknown {
        department: code.clone(),
    };
    let find = |code: &DepartmentCode| departments.get(code).ok_or_else(|| unknown(code));
    let mut found = find(department)?;
    for _ in 0..departments.len() {
        match &found.successor {
            Some((by, from, _)) if day >= *from => found = find(by)?,
            _ => return Ok(found),
        }
    }
    Err(unknown(department))
}

/// Concludes that a person may decide an item for what was `department`'s at `now` (Art 11(2)): as its chief
/// representative, or as an officer who decides what is not the chief representative's.
pub fn delegate(
    departments: &Departments,
    department: &DepartmentCode,
    staff: &StaffId,
    task: &TaskCode,
    now: Timestamp,
) -> Result<Delegation, HallRefusal> {
    let day = Date::of(now);
    let department = responsible(departments, department, day)?;
    let decides = |post: &&Appointment| {
        let covered = post
            .decides
            .as_ref()
            .is_some_and(|scope| scope.covers(task));
        post.staff == *staff && covered
    };
    let held: Vec<&Appointment> = department.posts.iter().filter(decides).collect();
    let in_force = held.iter().filter(|post| post.holds(day));
    if let Some(chief) = in_force.map(|post| post.chief).max() {
        return Ok(Delegation {
            staff: staff.clone(),
            department: department.code.clone(),
            chief,
        });
    }
    let ended = held.iter().filter_map(|post| post.end());
    let (staff, code) = (staff.clone(), department.code.clone());
    Err(match ended.filter(|end| *end <= day).max() {
        Some(since) => HallRefusal::DelegationEnded {
            staff,
            department: code,
            since,
        },
        None => HallRefusal::NotDelegated {
            staff,
            department: code,
            task: task.clone(),
        },
    })
}

/// A fact about department `code`.
pub(super) fn fact(code: &DepartmentCode, event: DepartmentEvent) -> Fact {
    Fact::new(
        Subject::Department(code.clone()),
        Event::Department { event },
    )
}

/// Decides whether a department may come into the hall, and lists it there.
pub fn open(
    state: Option<&DepartmentState>,
    code: &DepartmentCode,
    definition: Digest,
) -> Result<Vec<Fact>, SetupRefusal> {
    if state.is_some() {
        let code = code.to_string();
        return Err(SetupRefusal::AlreadyOpen { code });
    }
    let listed = HallEvent::DepartmentListed {
        department: code.clone(),
    };
    let opened = DepartmentEvent::Opened { definition };
    Ok(vec![super::house::fact(listed), fact(code, opened)])
}

/// Decides on a department's new name or details; the same definition gives no fact.
pub fn describe(state: &DepartmentState, definition: Digest) -> Vec<Fact> {
    if state.definition == definition {
        return Vec::new();
    }
    vec![fact(&state.code, DepartmentEvent::Described { definition })]
}

/// Decides whether `new` may take over from `old` on a day. Neither may have been succeeded before.
pub fn succeed(
    old: &DepartmentState,
    new: &DepartmentState,
    from: Date,
    document: Digest,
) -> Result<Vec<Fact>, SetupRefusal> {
    if old.successor == Some((new.code.clone(), from, document)) {
        return Ok(Vec::new());
    }
    if old.code == new.code {
        let department = old.code.clone();
        return Err(SetupRefusal::CircularSuccession { department });
    }
    for state in [old, new] {
        if let Some((by, ..)) = &state.successor {
            return Err(SetupRefusal::AlreadySucceeded {
                department: state.code.clone(),
                by: by.clone(),
            });
        }
    }
    let succeeded = DepartmentEvent::Succeeded {
        by: new.code.clone(),
        from,
        document,
    };
    let inherited = DepartmentEvent::Inherited {
        of: old.code.clone(),
        from,
    };
    Ok(vec![fact(&old.code, succeeded), fact(&new.code, inherited)])
}
