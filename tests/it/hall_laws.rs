//! Laws of mandates, windows and versions against naive models, whatever was granted, revoked or proposed.

use std::collections::BTreeMap;

use counterfoil::domain::catalogue::{self, ItemState, Letter};
use counterfoil::domain::hall::{
    self, ALL_ROLES, AuthorisationState, Departments, Grant, HallBooks, ItemScope, Power,
    SiteLevel, Term, WindowKind, WindowPlan,
};
use counterfoil::domain::{
    AuthorisationId, Date, DepartmentCode, Digest, Event, Fact, SiteCode, TaskCode, Timestamp,
};
use proptest::prelude::*;

const DAYS: i64 = 20;

/// Day `number` of the model.
fn day(number: i64) -> Date {
    let first: Date = "2026-01-01".parse().unwrap();
    (0..number).fold(first, |day, _| day.next())
}

/// Noon of a day.
fn noon(number: i64) -> Timestamp {
    day(number).start().plus_millis(12 * 3600 * 1000)
}

fn events(facts: Vec<Fact>) -> Vec<Event> {
    facts.into_iter().map(|fact| fact.event).collect()
}

fn site_code(number: usize) -> SiteCode {
    format!("S{number}").parse().unwrap()
}

fn task_code(number: usize) -> TaskCode {
    format!("T{number}").parse().unwrap()
}

fn letter() -> Letter {
    Letter {
        number: "云市监函〔2026〕1号".parse().unwrap(),
        document: Digest::of("letter"),
    }
}

fn department() -> DepartmentCode {
    "D1".parse().unwrap()
}

#[derive(Debug, Clone)]
struct Given {
    sites: Vec<usize>,
    items: Option<Vec<usize>>,
    receive: Option<(i64, i64)>,
    issue: Option<(i64, i64)>,
    /// Powers taken back, and the day.
    revoked: Option<(bool, bool, i64)>,
}

fn given() -> impl Strategy<Value = Given> {
    let term = || prop::option::of((0..DAYS, 0..DAYS).prop_map(|(a, b)| (a.min(b), a.max(b))));
    let some = || prop::sample::subsequence(vec![0usize, 1], 1..=2);
    let revoked = prop::option::of((any::<bool>(), any::<bool>(), 0..DAYS));
    (some(), prop::option::of(some()), term(), term(), revoked).prop_map(
        |(sites, items, receive, issue, revoked)| Given {
            sites,
            items,
            receive,
            issue,
            revoked,
        },
    )
}

fn books(site: usize, task: usize, all: &[Given]) -> HallBooks {
    let code = site_code(site);
    let opened = hall::open_site(None, &code, SiteLevel::Centre, None, Digest::of("site")).unwrap();
    let mut history = events(opened);
    let state = hall::fold_site(&code, &history).unwrap();
    let plan = WindowPlan {
        kind: WindowKind::Undifferentiated,
        roles: ALL_ROLES.to_vec(),
        timetable: None,
    };
    history.extend(events(
        hall::set_window(&state, &"W1".parse().unwrap(), plan).unwrap(),
    ));
    let mut departments = Departments::new();
    let mut about = events(hall::open_department(None, &department(), Digest::of("d")).unwrap());
    let mut authorisations = BTreeMap::new();
    for (number, one) in all.iter().enumerate() {
        let id: AuthorisationId = format!("A{number}").parse().unwrap();
        let state = hall::fold_department(&department(), &about).unwrap();
        if let Some(known) = authorisation(&id, one, &state, &mut about) {
            authorisations.insert(id, known);
        }
    }
    let state = hall::fold_department(&department(), &about).unwrap();
    departments.insert(department(), state);
    HallBooks {
        site: hall::fold_site(&code, &history).unwrap(),
        item: live_item(task),
        departments,
        authorisations,
    }
}

/// Grants and revokes by the rules; none when the rules refuse the grant, as they must when it grants nothing.
fn authorisation(
    id: &AuthorisationId,
    one: &Given,
    department: &hall::DepartmentState,
    about: &mut Vec<Event>,
) -> Option<AuthorisationState> {
    let term = |days: Option<(i64, i64)>| {
        days.map(|(from, until)| Term {
            from: day(from),
            until: day(until),
        })
    };
    let items = one.items.as_ref().map(|items| ItemScope::Listed {
        items: items.iter().map(|task| task_code(*task)).collect(),
    });
    let grant = Grant {
        department: department.code.clone(),
        sites: one.sites.iter().map(|site| site_code(*site)).collect(),
        items: items.unwrap_or(ItemScope::All),
        receive: term(one.receive),
        issue: term(one.issue),
        document: Digest::of("document"),
    };
    let granted = hall::grant(None, id, department, grant);
    assert_eq!(
        granted.is_err(),
        one.receive.is_none() && one.issue.is_none()
    );
    let mut history = events(granted.ok()?);
    about.extend(
        history
            .iter()
            .filter(|event| matches!(event, Event::Department { .. }))
            .cloned(),
    );
    let state = hall::fold_authorisation(id, &history).unwrap();
    let powers = powers_of(one);
    if let Some((.., from)) = one.revoked {
        let revoked = hall::revoke(&state, &powers, day(from), Digest::of("x"), noon(0));
        let holds = powers.iter().all(|power| state.term(*power).is_some());
        assert_eq!(revoked.is_ok(), !powers.is_empty() && holds);
        history.extend(revoked.map(events).unwrap_or_default());
    }
    hall::fold_authorisation(id, &history)
}

fn powers_of(one: &Given) -> Vec<Power> {
    let (receive, issue, _) = one.revoked.unwrap_or_default();
    let chosen = [(receive, Power::Receive), (issue, Power::Issue)];
    chosen
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, power)| power)
        .collect()
}

fn live_item(task: usize) -> ItemState {
    let code = task_code(task);
    let mut history = Vec::new();
    let codes = (department(), "field".parse().unwrap());
    history.extend(events(
        catalogue::propose(None, &code, 1, codes, Digest::of("v1")).unwrap(),
    ));
    let fold = |history: &[Event]| catalogue::fold_item(&code, history).unwrap();
    let state = fold(&history);
    history.extend(events(catalogue::notify(&state, 1, letter()).unwrap()));
    let state = fold(&history);
    history.extend(events(catalogue::go_live(&state, 1, day(0)).unwrap()));
    history.extend(events(catalogue::enter(&state, day(0), letter()).unwrap()));
    fold(&history)
}

/// The naive model: some grant speaks of it, runs on that day, and was not taken back by then.
fn allowed(all: &[Given], site: usize, task: usize, power: Power, on: i64) -> bool {
    all.iter().any(|one| {
        let term = if power == Power::Receive {
            one.receive
        } else {
            one.issue
        };
        let scope = one.items.as_ref().is_none_or(|items| items.contains(&task));
        let powers = powers_of(one);
        // The rules refuse to take back a power that was never granted, and then nothing is taken back.
        let valid = powers.iter().all(|power| match power {
            Power::Receive => one.receive.is_some(),
            Power::Issue => one.issue.is_some(),
        });
        let gone = valid && powers.contains(&power);
        let gone = gone && one.revoked.is_some_and(|(.., from)| on >= from);
        let runs = term.is_some_and(|(from, until)| (from..=until).contains(&on));
        one.sites.contains(&site) && scope && runs && !gone
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_window_acts_exactly_when_some_mandate_holds(all in prop::collection::vec(given(), 0..5)) {
        let window = "W1".parse().unwrap();
        for (site, task) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let books = books(site, task, &all);
            for on in 0..DAYS + 1 {
                let received = books.may_receive(&window, noon(on));
                prop_assert_eq!(received.is_ok(), allowed(&all, site, task, Power::Receive, on), "{:?}", received);
                let issued = books.may_issue(&window, 1, noon(on));
                prop_assert_eq!(issued.is_ok(), allowed(&all, site, task, Power::Issue, on), "{:?}", issued);
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Propose(u32),
    Notify(u32),
    GoLive(u32, i64),
    Enter(i64),
    Withdraw(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (1..5u32).prop_map(Act::Propose),
        (1..5u32).prop_map(Act::Notify),
        (1..5u32, 0..DAYS).prop_map(|(version, from)| Act::GoLive(version, from)),
        (0..DAYS).prop_map(Act::Enter),
        (0..DAYS).prop_map(Act::Withdraw),
    ]
}

/// The naive model of an item: what was said, in order.
#[derive(Debug, Default)]
struct Model {
    proposed: u32,
    notified: Vec<u32>,
    live: BTreeMap<u32, i64>,
    listings: Vec<(i64, bool)>,
}

impl Model {
    /// Whether the rules should take it; then it is so.
    fn take(&mut self, act: &Act) -> bool {
        match *act {
            Act::Propose(version) if version == self.proposed + 1 => self.proposed = version,
            Act::Propose(version) => return version <= self.proposed,
            Act::Notify(version) | Act::GoLive(version, _) if version > self.proposed => {
                return false;
            }
            Act::Notify(version) => self.notified.push(version),
            Act::GoLive(version, from) => match self.live.get(&version) {
                Some(known) => return *known == from,
                None if !self.notified.contains(&version) => return false,
                None => {
                    let crossed = |(other, live): (&u32, &i64)| {
                        (*other < version && *live > from) || (*other > version && *live < from)
                    };
                    if self.live.iter().any(crossed) {
                        return false;
                    }
                    self.live.insert(version, from);
                }
            },
            Act::Enter(_) | Act::Withdraw(_) if self.proposed == 0 => return false,
            Act::Enter(from) => match self.listings.last() {
                // The very same entry again is no new one.
                _ if self.listings.contains(&(from, true)) => {}
                Some((last, entered)) if *entered || from < *last => return false,
                _ => self.listings.push((from, true)),
            },
            Act::Withdraw(from) => match self.listings.last() {
                Some((last, true)) if from >= *last => self.listings.push((from, false)),
                Some((last, false)) => return *last == from,
                _ => return false,
            },
        }
        true
    }

    /// The version a new case of a day follows.
    fn admits(&self, on: i64) -> Option<u32> {
        let listed = self.listings.iter().rev().find(|(from, _)| on >= *from);
        let live = self.live.iter().rev().find(|(_, from)| on >= **from);
        live.map(|(version, _)| *version)
            .filter(|_| listed.is_some_and(|(_, entered)| *entered))
    }
}

proptest! {
    #[test]
    fn a_new_case_follows_a_version_that_was_notified_while_its_item_is_listed(
        acts in prop::collection::vec(act(), 1..60)
    ) {
        let code = task_code(0);
        let mut history: Vec<Event> = Vec::new();
        let mut model = Model::default();
        for act in acts {
            let state = catalogue::fold_item(&code, &history);
            let codes = || (department(), "field".parse().unwrap());
            let decided = match (&act, &state) {
                (Act::Propose(version), state) => {
                    let content = Digest::of(version.to_string());
                    // An item that is new here may come with any number; the model counts from 1.
                    if state.is_none() && *version != 1 {
                        continue;
                    }
                    catalogue::propose(state.as_ref(), &code, *version, codes(), content).ok()
                }
                (_, None) => None,
                (Act::Notify(version), Some(state)) => catalogue::notify(state, *version, letter()).ok(),
                (Act::GoLive(version, from), Some(state)) => catalogue::go_live(state, *version, day(*from)).ok(),
                (Act::Enter(from), Some(state)) => catalogue::enter(state, day(*from), letter()).ok(),
                (Act::Withdraw(from), Some(state)) => catalogue::withdraw(state, day(*from), letter()).ok(),
            };
            prop_assert_eq!(decided.is_some(), model.take(&act), "{:?}", act);
            history.extend(decided.map(events).unwrap_or_default());
            let Some(state) = catalogue::fold_item(&code, &history) else { continue };
            for on in 0..DAYS {
                let admitted = state.admits(day(on)).ok();
                prop_assert_eq!(admitted.map(|(version, _)| version), model.admits(on));
                prop_assert!(admitted.is_none_or(|(_, version)| version.letter.is_some()));
            }
        }
    }
}
