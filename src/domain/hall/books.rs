//! What the hall knows that a case asks for: the site, the item, the departments and their mandates, read together
//! so that a decision rests on all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::authorisation::{self, AuthorisationState};
use super::department::{self, Departments, responsible};
use super::mandate::{Mandate, Power};
use super::refusal::HallRefusal;
use super::site::{self, SiteState};
use crate::domain::catalogue::{ItemState, VersionState, fold_item};
use crate::domain::date::Date;
use crate::domain::event::Event;
use crate::domain::id::{AuthorisationId, DepartmentCode, SiteCode, Subject, TaskCode, WindowCode};
use crate::domain::time::Timestamp;

/// The books a decision at a window opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HallBooks {
    /// The site.
    pub site: SiteState,
    /// The item.
    pub item: ItemState,
    /// Its departments with those before and after them.
    pub departments: Departments,
    /// Their mandates.
    pub authorisations: BTreeMap<AuthorisationId, AuthorisationState>,
}

/// Reads the books for `task` at `site`. `history` gives every fact about a subject, oldest first; what it fails with
/// is passed on.
pub fn gather<'a, E: From<HallRefusal>>(
    site: &SiteCode,
    task: &TaskCode,
    mut history: impl FnMut(&Subject) -> Result<Vec<&'a Event>, E>,
) -> Result<HallBooks, E> {
    let facts = history(&Subject::Site(site.clone()))?;
    let site_state =
        site::fold(site, facts).ok_or_else(|| HallRefusal::SiteUnknown { site: site.clone() })?;
    let facts = history(&Subject::Item(task.clone()))?;
    let item =
        fold_item(task, facts).ok_or_else(|| HallRefusal::ItemUnknown { task: task.clone() })?;
    let leads = item.versions.values().map(|version| version.lead.clone());
    let leads: BTreeSet<DepartmentCode> = leads.collect();
    let departments = gather_departments(leads, &mut history)?;
    let mut authorisations = BTreeMap::new();
    for id in departments.values().flat_map(|state| &state.authorisations) {
        let facts = history(&Subject::Authorisation(id.clone()))?;
        if let Some(state) = authorisation::fold(id, facts) {
            authorisations.insert(id.clone(), state);
        }
    }
    Ok(HallBooks {
        site: site_state,
        item,
        departments,
        authorisations,
    })
}

/// Reads departments with every one before and after them. One that is unknown is left out.
pub fn gather_departments<'a, E>(
    codes: impl IntoIterator<Item = DepartmentCode>,
    mut history: impl FnMut(&Subject) -> Result<Vec<&'a Event>, E>,
) -> Result<Departments, E> {
    let mut found = Departments::new();
    let mut waiting: Vec<DepartmentCode> = codes.into_iter().collect();
    while let Some(code) = waiting.pop() {
        if found.contains_key(&code) {
            continue;
        }
        let facts = history(&Subject::Department(code.clone()))?;
        if let Some(state) = department::fold(&code, facts) {
            waiting.extend(state.successor.iter().map(|(by, ..)| by.clone()));
            waiting.extend(state.predecessors.iter().cloned());
            found.insert(code, state);
        }
    }
    Ok(found)
}

impl HallBooks {
    /// Whether the window may receive a new case of the item at `now`: it serves and receives, takes the item, the
    /// item is listed and live, and its department's mandate to receive is in force. Art 5, 6, 11(1), 13(1).
    pub fn may_receive(&self, window: &WindowCode, now: Timestamp) -> Result<Mandate, HallRefusal> {
        let day = Date::of(now);
        let (number, version) = self.item.admits(day)?;
        self.mandate(window, Power::Receive, (number, version), now)
    }

    /// Whether the window may take further materials of a case that pinned `version` of the item: as for a new case,
    /// but an item that was withdrawn still finishes (Art 13(1)).
    pub fn may_supplement(
        &self,
        window: &WindowCode,
        version: u32,
        now: Timestamp,
    ) -> Result<Mandate, HallRefusal> {
        let pinned = (version, self.item.version(version)?);
        self.mandate(window, Power::Receive, pinned, now)
    }

    /// Whether the window may hand out the result of a case that pinned `version` of the item. The mandate to issue
    /// is another than that to receive, and a withdrawn item still finishes. Art 11(1), 13(1).
    pub fn may_issue(
        &self,
        window: &WindowCode,
        version: u32,
        now: Timestamp,
    ) -> Result<Mandate, HallRefusal> {
        let pinned = (version, self.item.version(version)?);
        self.mandate(window, Power::Issue, pinned, now)
    }

    fn mandate(
        &self,
        window: &WindowCode,
        power: Power,
        (number, version): (u32, &VersionState),
        now: Timestamp,
    ) -> Result<Mandate, HallRefusal> {
        let day = Date::of(now);
        self.site.stand(window, power.into(), now)?;
        self.check_scope(window, power, version, now)?;
        let department = responsible(&self.departments, &version.lead, day)?;
        let authorisation = self.authorised(&department.code, power, day)?;
        Ok(Mandate {
            site: self.site.code.clone(),
            window: window.clone(),
            power,
            department: department.code.clone(),
            authorisation,
            task: self.item.task.clone(),
            version: number,
            content: version.content,
        })
    }

    fn check_scope(
        &self,
        window: &WindowCode,
        power: Power,
        version: &VersionState,
        now: Timestamp,
    ) -> Result<(), HallRefusal> {
        let state = self.site.windows.get(window);
        if state.is_some_and(|state| state.plan.kind.takes(&version.field)) {
            return Ok(());
        }
        let task = self.item.task.clone();
        let referral = self.site.referral(power.into(), Some(&version.field), now);
        Err(match referral {
            Some(referral) => HallRefusal::OutOfScope {
                task,
                window: window.clone(),
                referral,
            },
            None => HallRefusal::NowhereHere {
                task,
                site: self.site.code.clone(),
            },
        })
    }

    /// The mandate in force, of the department or of one before it. When there is none, the reason nearest to one
    /// that was: one that ended is told before one that is yet to come.
    fn authorised(
        &self,
        department: &DepartmentCode,
        power: Power,
        day: Date,
    ) -> Result<AuthorisationId, HallRefusal> {
        let covering = self.authorisations.values().filter(|state| {
            let holder = responsible(&self.departments, &state.grant.department, day);
            holder.is_ok_and(|holder| holder.code == *department)
                && state.covers(&self.site.code, &self.item.task, power)
        });
        let mut nearest: Option<HallRefusal> = None;
        for state in covering {
            match state.check(power, day) {
                Ok(()) => return Ok(state.id.clone()),
                Err(reason) => {
                    let pending = matches!(nearest, Some(HallRefusal::NotYetAuthorised { .. }));
                    if nearest.is_none() || pending {
                        nearest = reason;
                    }
                }
            }
        }
        Err(nearest.unwrap_or_else(|| HallRefusal::NotAuthorised {
            department: department.clone(),
            site: self.site.code.clone(),
            power,
        }))
    }
}
