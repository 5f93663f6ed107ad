//! Sites and their windows: what stands where, what each window takes, and whether it serves at an instant.
//! Regulation Art 5, 6, 7.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::HallEvent;
use super::mandate::Post;
use super::refusal::{HallRefusal, Referral, SetupRefusal};
use super::role::Role;
use super::timetable::Timetable;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{FieldCode, SiteCode, Subject, WindowCode};
use crate::domain::time::Timestamp;

/// The level of a service agency's site (regulation Art 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteLevel {
    /// 政务服务中心.
    Centre,
    /// 分中心.
    SubCentre,
    /// 区镇（街道）便民服务中心.
    Town,
    /// 村（社区）便民服务站.
    Village,
}

/// Which items a window takes (Art 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum WindowKind {
    /// 分领域综合窗口: the items of some fields.
    FieldLimited {
        /// Those fields, at least one.
        fields: Vec<FieldCode>,
    },
    /// 无差别综合窗口: any listed item.
    Undifferentiated,
    /// 全科窗口: any listed item, in a village.
    AllInOne,
}

impl WindowKind {
    /// Whether a window of this kind takes items of `field`.
    pub fn takes(&self, field: &FieldCode) -> bool {
        match self {
            WindowKind::FieldLimited { fields } => fields.contains(field),
            WindowKind::Undifferentiated | WindowKind::AllInOne => true,
        }
    }
}

/// How a window is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowPlan {
    /// Which items it takes.
    pub kind: WindowKind,
    /// What it does: one role, or several merged.
    pub roles: Vec<Role>,
    /// When it is open; none is a window that always is. A window with a timetable is tidal (Art 7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timetable: Option<Timetable>,
}

/// What can happen to a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SiteEvent {
    /// It opened.
    Opened {
        /// Its level.
        level: SiteLevel,
        /// The site above it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<SiteCode>,
        /// Digest of its [`super::SiteDefinition`].
        definition: Digest,
    },
    /// Its name or address changed.
    Described {
        /// Digest of the new definition.
        definition: Digest,
    },
    /// It serves no more from a day on.
    Closed {
        /// That day.
        from: Date,
    },
    /// A window opened, or opened again.
    WindowOpened {
        /// Which.
        window: WindowCode,
        /// How it is set up.
        plan: WindowPlan,
    },
    /// A window is set up differently.
    WindowChanged {
        /// Which.
        window: WindowCode,
        /// How it is set up now.
        plan: WindowPlan,
    },
    /// A window serves no more from a day on.
    WindowClosed {
        /// Which.
        window: WindowCode,
        /// That day.
        from: Date,
    },
    /// A tidal window was opened outside its timetable.
    TidalOpened {
        /// Which.
        window: WindowCode,
        /// Until just before this instant.
        until: Timestamp,
    },
}

/// A window as its site's history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowState {
    /// How it is set up.
    pub plan: WindowPlan,
    /// The day from which it serves no more.
    pub closed: Option<Date>,
    /// Open outside its timetable until then.
    pub open_until: Option<Timestamp>,
}

impl WindowState {
    /// Whether it serves at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let table = self.plan.timetable.as_ref();
        let tide = table.is_none_or(|table| table.is_open(now))
            || self.open_until.is_some_and(|until| now < until);
        tide && !self.is_closed(Date::of(now))
    }

    fn is_closed(&self, day: Date) -> bool {
        self.closed.is_some_and(|from| day >= from)
    }
}

/// A site as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteState {
    /// Its code.
    pub code: SiteCode,
    /// Its level.
    pub level: SiteLevel,
    /// The site above it.
    pub parent: Option<SiteCode>,
    /// Digest of its definition.
    pub definition: Digest,
    /// The day from which it serves no more.
    pub closed: Option<Date>,
    /// Its windows, also closed ones.
    pub windows: BTreeMap<WindowCode, WindowState>,
}

/// Folds the history of site `code`, oldest first; none when it never opened.
pub fn fold<'a>(
    code: &SiteCode,
    history: impl IntoIterator<Item = &'a Event>,
) -> Option<SiteState> {
    let mut state: Option<SiteState> = None;
    for event in history {
        let Event::Site { event } = event else {
            continue;
        };
        match (&mut state, event) {
            (
                None,
                SiteEvent::Opened {
                    level,
                    parent,
                    definition,
                },
            ) => {
                state = Some(SiteState {
                    code: code.clone(),
                    level: *level,
                    parent: parent.clone(),
                    definition: *definition,
                    closed: None,
                    windows: BTreeMap::new(),
                });
            }
            (Some(site), event) => site.apply(event),
            (None, _) => {}
        }
    }
    state
}

impl SiteState {
    fn apply(&mut self, event: &SiteEvent) {
        match event {
            SiteEvent::Opened { .. } => {}
            SiteEvent::Described { definition } => self.definition = *definition,
            SiteEvent::Closed { from } => self.closed = Some(*from),
            SiteEvent::WindowOpened { window, plan }
            | SiteEvent::WindowChanged { window, plan } => {
                let state = WindowState {
                    plan: plan.clone(),
                    closed: None,
                    open_until: None,
                };
                self.windows.insert(window.clone(), state);
            }
            SiteEvent::WindowClosed { window, from } => {
                if let Some(state) = self.windows.get_mut(window) {
                    state.closed = Some(*from);
                }
            }
            SiteEvent::TidalOpened { window, until } => {
                if let Some(state) = self.windows.get_mut(window) {
                    state.open_until = Some(*until);
                }
            }
        }
    }

    /// Whether a window may serve in a role at `now`: the site and the window stand, the window has the role and is
    /// open. A window of another site is unknown here: a village serves only at its own (Art 5(3)).
    pub fn stand(
        &self,
        window: &WindowCode,
        role: Role,
        now: Timestamp,
    ) -> Result<Post, HallRefusal> {
        let day = Date::of(now);
        if let Some(since) = self.closed.filter(|from| day >= *from) {
            let site = self.code.clone();
            return Err(HallRefusal::SiteClosed { site, since });
        }
        let state = self
            .windows
            .get(window)
            .ok_or_else(|| HallRefusal::WindowUnknown {
                site: self.code.clone(),
                window: window.clone(),
            })?;
        if let Some(since) = state.closed.filter(|from| day >= *from) {
            let window = window.clone();
            return Err(HallRefusal::WindowClosed { window, since });
        }
        if !state.plan.roles.contains(&role) {
            let window = window.clone();
            return Err(match self.referral(role, None, now) {
                Some(referral) => HallRefusal::RoleMissing {
                    window,
                    role,
                    referral,
                },
                None => HallRefusal::RoleNowhere { window, role },
            });
        }
        if !state.is_open(now) {
            let table = state.plan.timetable.as_ref();
            let next = table.and_then(|table| table.next_opening(now));
            return Err(HallRefusal::WindowShut {
                window: window.clone(),
                opens: next.map_or_else(|| "–".to_owned(), shown_in_hall),
            });
        }
        Ok(Post {
            site: self.code.clone(),
            window: window.clone(),
            role,
        })
    }

    /// The windows that have `role` and take items of `field`, those that are open at `now` first; none if no window
    /// does (Art 5(1)).
    pub fn referral(
        &self,
        role: Role,
        field: Option<&FieldCode>,
        now: Timestamp,
    ) -> Option<Referral> {
        let able = self.windows.iter().filter(|(_, state)| {
            let takes = field.is_none_or(|field| state.plan.kind.takes(field));
            takes && state.plan.roles.contains(&role) && !state.is_closed(Date::of(now))
        });
        let (open, shut): (Vec<_>, Vec<_>) = able.partition(|(_, state)| state.is_open(now));
        let windows: Vec<WindowCode> = open
            .into_iter()
            .chain(shut)
            .map(|(code, _)| code.clone())
            .collect();
        (!windows.is_empty()).then(|| Referral {
            site: self.code.clone(),
            windows,
        })
    }
}

/// An instant as the people of the hall read it: `2026-11-23 09:00`.
fn shown_in_hall(at: Timestamp) -> String {
    format!("{} {}", Date::of(at), super::timetable::TimeOfDay::of(at))
}

/// A fact about site `code`.
pub(super) fn fact(code: &SiteCode, event: SiteEvent) -> Fact {
    Fact::new(Subject::Site(code.clone()), Event::Site { event })
}

/// Decides whether a site may be opened below `parent`, and lists it in the hall.
pub fn open(
    state: Option<&SiteState>,
    code: &SiteCode,
    level: SiteLevel,
    parent: Option<&SiteState>,
    definition: Digest,
) -> Result<Vec<Fact>, SetupRefusal> {
    if state.is_some() {
        let code = code.to_string();
        return Err(SetupRefusal::AlreadyOpen { code });
    }
    let (fits, expected) = match (level, parent.map(|site| site.level)) {
        (SiteLevel::Centre, above) => (above.is_none(), "无 none"),
        (SiteLevel::SubCentre, above) => (above == Some(SiteLevel::Centre), "中心 a centre"),
        (SiteLevel::Town, above) => (
            matches!(above, Some(SiteLevel::Centre | SiteLevel::SubCentre)),
            "中心或分中心 a centre or sub-centre",
        ),
        (SiteLevel::Village, above) => (above == Some(SiteLevel::Town), "区镇（街道）中心 a town"),
    };
    if !fits {
        let site = code.clone();
        return Err(SetupRefusal::WrongParent { site, expected });
    }
    let listed = HallEvent::SiteListed { site: code.clone() };
    let opened = SiteEvent::Opened {
        level,
        parent: parent.map(|site| site.code.clone()),
        definition,
    };
    Ok(vec![super::house::fact(listed), fact(code, opened)])
}

/// Decides on a site's new name or address; the same definition gives no fact.
pub fn describe(state: &SiteState, definition: Digest) -> Vec<Fact> {
    if state.definition == definition {
        return Vec::new();
    }
    vec![fact(&state.code, SiteEvent::Described { definition })]
}

/// Decides whether a window may be set up like this; as it already is gives no fact.
pub fn set_window(
    state: &SiteState,
    window: &WindowCode,
    plan: WindowPlan,
) -> Result<Vec<Fact>, SetupRefusal> {
    super::plan::check(state.level, window, &plan)?;
    let window = window.clone();
    let event = match state.windows.get(&window) {
        Some(known) if known.plan == plan && known.closed.is_none() => return Ok(Vec::new()),
        Some(known) if known.closed.is_none() => SiteEvent::WindowChanged { window, plan },
        _ => SiteEvent::WindowOpened { window, plan },
    };
    Ok(vec![fact(&state.code, event)])
}
