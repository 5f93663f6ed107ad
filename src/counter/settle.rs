//! From what a catalogue's files want to the facts that are missing. The same steps are asked for a preview and for
//! the import itself, so that both say the same.

use crate::counter::catalogue::{
    Catalogue, WantedAuthorisation, WantedDepartment, WantedItem, WantedSite, WantedSuccession,
};
use crate::domain::catalogue::{self, ItemState};
use crate::domain::hall::{self, AuthorisationState, DepartmentState, SetupRefusal, SiteState};
use crate::domain::{
    AuthorisationId, Date, DepartmentCode, Digest, Event, Fact, SiteCode, Subject, TaskCode,
    Timestamp,
};
use crate::ledger::Decline;

/// Histories as they will be once the facts found so far are recorded.
pub(super) struct Story<'f> {
    fetch: &'f mut dyn FnMut(&Subject) -> Result<Vec<Event>, Decline>,
    now: Timestamp,
    /// The facts found so far.
    pub(super) facts: Vec<Fact>,
}

/// One thing a catalogue wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'c> {
    Site(&'c WantedSite),
    Department(&'c WantedDepartment),
    Succession(&'c DepartmentCode, &'c WantedSuccession),
    Authorisation(&'c WantedAuthorisation),
    Item(&'c WantedItem),
}

impl<'c> Step<'c> {
    /// The steps of a catalogue, each after those it rests on.
    pub(super) fn of(catalogue: &'c Catalogue) -> Vec<Self> {
        let departments = &catalogue.departments;
        let mut successions: Vec<_> = departments
            .iter()
            .filter_map(|one| Some((&one.definition.code, one.succeeded.as_ref()?)))
            .collect();
        // A department hands on before the one that took over from it does.
        successions.sort_by_key(|(_, succeeded)| succeeded.from);
        let successions = successions
            .into_iter()
            .map(|(code, succeeded)| Step::Succession(code, succeeded));
        let sites = catalogue.sites.iter().map(Step::Site);
        sites
            .chain(departments.iter().map(Step::Department))
            .chain(successions)
            .chain(catalogue.authorisations.iter().map(Step::Authorisation))
            .chain(catalogue.items.iter().map(Step::Item))
            .collect()
    }

    /// The file that wants it, and the line.
    pub(super) fn place(&self, catalogue: &'c Catalogue) -> (&'c str, usize) {
        let line = match self {
            Step::Site(site) => site.line,
            Step::Department(department) => department.line,
            Step::Succession(code, _) => {
                let mut departments = catalogue.departments.iter();
                let found = departments.find(|one| one.definition.code == **code);
                found.map_or(1, |one| one.line)
            }
            Step::Authorisation(authorisation) => authorisation.line,
            Step::Item(item) => return (&item.file, 1),
        };
        (&catalogue.hall_file, line)
    }
}

/// The bytes of a definition's blob. Texts and codes always have a JSON form.
fn digest_of(bytes: Result<Vec<u8>, serde_json::Error>) -> Result<Digest, Decline> {
    Ok(Digest::of(bytes?))
}

impl<'f> Story<'f> {
    /// Goes on from `facts`, found by the steps before.
    pub(super) fn resume(
        fetch: &'f mut dyn FnMut(&Subject) -> Result<Vec<Event>, Decline>,
        now: Timestamp,
        facts: Vec<Fact>,
    ) -> Self {
        Self { fetch, now, facts }
    }

    fn history(&mut self, subject: &Subject) -> Result<Vec<Event>, Decline> {
        let mut events = (self.fetch)(subject)?;
        let ours = self.facts.iter().filter(|fact| fact.subject == *subject);
        events.extend(ours.map(|fact| fact.event.clone()));
        Ok(events)
    }

    fn site(&mut self, code: &SiteCode) -> Result<Option<SiteState>, Decline> {
        let events = self.history(&Subject::Site(code.clone()))?;
        Ok(hall::fold_site(code, &events))
    }

    fn department(&mut self, code: &DepartmentCode) -> Result<Option<DepartmentState>, Decline> {
        let events = self.history(&Subject::Department(code.clone()))?;
        Ok(hall::fold_department(code, &events))
    }

    fn authorisation(
        &mut self,
        id: &AuthorisationId,
    ) -> Result<Option<AuthorisationState>, Decline> {
        let events = self.history(&Subject::Authorisation(id.clone()))?;
        Ok(hall::fold_authorisation(id, &events))
    }

    fn item(&mut self, task: &TaskCode) -> Result<Option<ItemState>, Decline> {
        let events = self.history(&Subject::Item(task.clone()))?;
        Ok(catalogue::fold_item(task, &events))
    }

    fn known_site(&mut self, code: &SiteCode) -> Result<SiteState, Decline> {
        let found = self.site(code)?;
        Ok(found.ok_or_else(|| unknown(code))?)
    }

    fn known_department(&mut self, code: &DepartmentCode) -> Result<DepartmentState, Decline> {
        let found = self.department(code)?;
        Ok(found.ok_or_else(|| unknown(code))?)
    }

    /// Finds the facts of one step. On a refusal the facts found before stay.
    pub(super) fn settle(&mut self, step: Step<'_>) -> Result<(), Decline> {
        match step {
            Step::Site(wanted) => self.settle_site(wanted),
            Step::Department(wanted) => self.settle_department(wanted),
            Step::Succession(code, wanted) => {
                let old = self.known_department(code)?;
                let new = self.known_department(&wanted.by)?;
                let facts = hall::succeed(&old, &new, wanted.from, wanted.document)?;
                self.facts.extend(facts);
                Ok(())
            }
            Step::Authorisation(wanted) => self.settle_authorisation(wanted),
            Step::Item(wanted) => self.settle_item(wanted),
        }
    }

    /// When an ending is looked at: now, for what was known before; for what is taken over with its ending, the day of
    /// that ending, because it is not dated back but told late.
    fn ending(&self, known: bool, from: Date) -> Timestamp {
        if known { self.now } else { from.start() }
    }

    fn settle_site(&mut self, wanted: &WantedSite) -> Result<(), Decline> {
        let code = &wanted.definition.code;
        let definition = digest_of(wanted.definition.to_bytes())?;
        let before = self.site(code)?;
        match &before {
            Some(site) if (site.level, &site.parent) != (wanted.level, &wanted.parent) => {
                let site = code.clone();
                return Err(SetupRefusal::WrongLevel { site }.into());
            }
            Some(site) => self.facts.extend(hall::describe_site(site, definition)),
            None => {
                let parent = match &wanted.parent {
                    Some(parent) => Some(self.known_site(parent)?),
                    None => None,
                };
                let facts = hall::open_site(None, code, wanted.level, parent.as_ref(), definition)?;
                self.facts.extend(facts);
            }
        }
        for window in &wanted.windows {
            let site = self.known_site(code)?;
            let known = before
                .as_ref()
                .and_then(|site| site.windows.get(&window.code));
            if let Some(from) = window.closed
                && known.is_some_and(|known| known.closed == Some(from))
            {
                continue;
            }
            let plan = window.plan.clone();
            self.facts
                .extend(hall::set_window(&site, &window.code, plan)?);
            if let Some(from) = window.closed {
                let site = self.known_site(code)?;
                let at = self.ending(known.is_some(), from);
                let facts = hall::close_window(&site, &window.code, from, at)?;
                self.facts.extend(facts);
            }
        }
        let site = self.known_site(code)?;
        if let Some(from) = wanted.closed.filter(|from| site.closed != Some(*from)) {
            let at = self.ending(before.is_some(), from);
            self.facts.extend(hall::close_site(&site, from, at)?);
        }
        Ok(())
    }

    fn settle_department(&mut self, wanted: &WantedDepartment) -> Result<(), Decline> {
        let code = &wanted.definition.code;
        let definition = digest_of(wanted.definition.to_bytes())?;
        let before = self.department(code)?;
        let facts = match &before {
            Some(department) => hall::describe_department(department, definition),
            None => hall::open_department(None, code, definition)?,
        };
        self.facts.extend(facts);
        for chief in &wanted.chiefs {
            let state = self.known_department(code)?;
            let (items, term) = (chief.items.clone(), (chief.from, chief.until));
            let facts = hall::appoint(&state, &chief.staff, items, term, chief.document)?;
            let known = facts.is_empty();
            self.facts.extend(facts);
            self.settle_removal(code, &chief.staff, true, chief.from, chief.removed, known)?;
        }
        for officer in &wanted.officers {
            let state = self.known_department(code)?;
            let facts = hall::assign(&state, &officer.staff, officer.decides, officer.from)?;
            let known = facts.is_empty();
            self.facts.extend(facts);
            let (from, removed) = (officer.from, officer.removed);
            self.settle_removal(code, &officer.staff, false, from, removed, known)?;
        }
        Ok(())
    }

    fn settle_removal(
        &mut self,
        code: &DepartmentCode,
        staff: &crate::domain::StaffId,
        chief: bool,
        from: Date,
        removed: Option<Date>,
        known: bool,
    ) -> Result<(), Decline> {
        let Some(removed) = removed else {
            return Ok(());
        };
        let state = self.known_department(code)?;
        let ended = state.posts.iter().any(|post| {
            let same = post.staff == *staff && post.chief == chief && post.from == from;
            same && post.ended == Some(removed)
        });
        if !ended {
            let at = self.ending(known, removed);
            let facts = hall::remove(&state, staff, chief, removed, at)?;
            self.facts.extend(facts);
        }
        Ok(())
    }

    fn settle_authorisation(&mut self, wanted: &WantedAuthorisation) -> Result<(), Decline> {
        let department = self.known_department(&wanted.grant.department)?;
        for site in &wanted.grant.sites {
            self.known_site(site)?;
        }
        let before = self.authorisation(&wanted.id)?;
        let grant = wanted.grant.clone();
        let facts = hall::grant(before.as_ref(), &wanted.id, &department, grant)?;
        self.facts.extend(facts);
        for (powers, from, document) in &wanted.revoked {
            let state = self.authorisation(&wanted.id)?;
            let state = state.ok_or_else(|| unknown(&wanted.id))?;
            let done = |power| state.revoked.get(power) == Some(&(*from, *document));
            if powers.iter().all(done) {
                continue;
            }
            let at = self.ending(before.is_some(), *from);
            let facts = hall::revoke(&state, powers, *from, *document, at)?;
            self.facts.extend(facts);
        }
        Ok(())
    }

    fn settle_item(&mut self, wanted: &WantedItem) -> Result<(), Decline> {
        let item = &wanted.item;
        self.known_department(&item.lead)?;
        for task in &item.co_tasks {
            self.known_department(&task.department)?;
        }
        let task = &item.task_code;
        let content = digest_of(item.to_bytes())?;
        let codes = (item.lead.clone(), item.field.clone());
        let state = self.item(task)?;
        let facts = catalogue::propose(state.as_ref(), task, item.version, codes, content)?;
        self.facts.extend(facts);
        if let Some(letter) = &wanted.letter {
            let state = self.known_item(task)?;
            let facts = catalogue::notify(&state, item.version, letter.clone())?;
            self.facts.extend(facts);
        }
        if let Some(from) = wanted.live_from {
            let state = self.known_item(task)?;
            let facts = catalogue::go_live(&state, item.version, from)?;
            self.facts.extend(facts);
        }
        if let Some((from, approval)) = &wanted.entered {
            let state = self.known_item(task)?;
            let facts = catalogue::enter(&state, *from, approval.clone())?;
            self.facts.extend(facts);
        }
        if let Some((from, approval)) = &wanted.withdrawn {
            let state = self.known_item(task)?;
            let facts = catalogue::withdraw(&state, *from, approval.clone())?;
            self.facts.extend(facts);
        }
        Ok(())
    }

    fn known_item(&mut self, task: &TaskCode) -> Result<ItemState, Decline> {
        let found = self.item(task)?;
        Ok(found.ok_or_else(|| unknown(task))?)
    }
}

fn unknown(code: &impl ToString) -> SetupRefusal {
    let code = code.to_string();
    SetupRefusal::Unknown { code }
}
