//! The naive model, continued: departments, decision, result, delivery.

use crate::case_model_words::{Cmd, Did, Model, NCase, NItem, Who, yes};

impl Model {
    pub fn apply(&mut self, case: usize, cmd: &Cmd, t: i64) -> Did {
        let answers = [
            Model::window,
            Model::sending,
            Model::reviewing,
            Model::closing,
        ];
        for answer in answers {
            if let Some(did) = answer(self, case, cmd, t) {
                return did;
            }
        }
        self.handing(case, cmd, t)
    }

    /// The step under way: the lowest with an open part.
    pub fn step(&self, case: &NCase) -> Option<u8> {
        let parts = &self.items[case.item].parts;
        let open = parts
            .iter()
            .filter(|part| !case.done.contains(&(part.0, part.1)));
        open.map(|part| part.1).min()
    }

    pub fn has(&self, case: &NCase, department: u8, step: u8) -> bool {
        case.pushes
            .iter()
            .any(|push| push.0 == case.sub && push.1 == department && push.2 == step)
    }

    /// The rows a department may read now.
    pub fn reads(&self, case: &NCase, department: u8) -> Vec<usize> {
        let item = &self.items[case.item];
        let mut rows: Vec<usize> = Vec::new();
        if department == item.lead && self.has(case, department, 0) {
            rows.extend(0..item.rows.len());
        }
        for part in &item.parts {
            let open = case.phase < 6 && !case.done.contains(&(part.0, part.1));
            if part.0 == department && open && self.has(case, department, part.1) {
                rows.extend(&part.3);
            }
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn to_push(&self, case: &NCase) -> Vec<(u8, u8, Vec<usize>)> {
        let item = &self.items[case.item];
        let mut wanted = vec![(item.lead, 0, (0..item.rows.len()).collect::<Vec<_>>())];
        for part in &item.parts {
            if Some(part.1) == self.step(case) && !case.done.contains(&(part.0, part.1)) {
                wanted.push((part.0, part.1, part.3.clone()));
            }
        }
        wanted.retain(|one| !self.has(case, one.0, one.1));
        wanted
    }

    fn sending(&mut self, case: usize, cmd: &Cmd, t: i64) -> Option<Did> {
        let me = self.cases[case].clone();
        let on_time = t + 60_000 >= me.since;
        Some(match cmd {
            Cmd::Push { by_paper } => {
                let wanted = self.to_push(&me);
                let bare = |row: &usize| {
                    let kept = me.met[*row].is_some_and(|met| met.1 + met.2 > 0);
                    kept && me.scans[*row].is_empty() && !by_paper.contains(row)
                };
                let unsent = wanted.iter().any(|one| one.2.iter().any(bare));
                if !(3..=5).contains(&me.phase) || !on_time || unsent {
                    return Some(Did::Refused);
                }
                if wanted.is_empty() {
                    return Some(Did::Nothing);
                }
                for (department, step, _) in wanted {
                    let push = (me.sub, department, step, t, false);
                    self.cases[case].pushes.push(push);
                }
                if me.phase == 3 {
                    self.enter(case, 4, t);
                }
                Did::Something
            }
            Cmd::Ack {
                department,
                step,
                same,
            } => {
                if !self.has(&me, *department, *step) || !same {
                    return Some(Did::Refused);
                }
                for push in &mut self.cases[case].pushes {
                    if push.0 == me.sub && push.1 == *department && push.2 == *step {
                        let known = push.4;
                        push.4 = true;
                        return Some(if known { Did::Nothing } else { Did::Something });
                    }
                }
                Did::Refused
            }
            Cmd::Collect {
                department,
                rows,
                signers,
            } => {
                let readable = self.reads(&me, *department);
                let here = |row: &usize| readable.contains(row) && me.holder[*row] == 1;
                let allowed = me.phase < 6 && on_time && !rows.is_empty();
                let allowed = allowed && rows.iter().all(here) && *signers == 2;
                if allowed {
                    for row in rows {
                        self.cases[case].holder[*row] = 10 + department;
                    }
                }
                yes(allowed)
            }
            _ => return None,
        })
    }

    fn reviewing(&mut self, case: usize, cmd: &Cmd, t: i64) -> Option<Did> {
        let me = self.cases[case].clone();
        let item = self.items[me.item].clone();
        let on_time = t + 60_000 >= me.since;
        let to_review = |department: &u8| *department == item.lead && me.phase == 4 && on_time;
        Some(match cmd {
            Cmd::Accept { department } => {
                let allowed = to_review(department);
                if allowed {
                    self.cases[case].accepted_at = Some(t);
                    self.enter(case, 5, t);
                }
                yes(allowed)
            }
            Cmd::RefuseAcceptance { department } => self.finish(case, 10, to_review(department), t),
            Cmd::Return { department } => {
                let allowed = to_review(department);
                if allowed {
                    self.enter(case, 2, t);
                }
                yes(allowed)
            }
            _ => return self.pausing(case, cmd, t),
        })
    }

    fn pausing(&mut self, case: usize, cmd: &Cmd, t: i64) -> Option<Did> {
        let me = self.cases[case].clone();
        let item = self.items[me.item].clone();
        let on_time = t + 60_000 >= me.since;
        let accepted = |department: &u8| *department == item.lead && me.phase == 5;
        let running = me.pauses.last().is_some_and(|pause| pause.2.is_none());
        Some(match cmd {
            Cmd::Suspend {
                department,
                procedure,
            } => {
                let over = me
                    .pauses
                    .last()
                    .and_then(|pause| pause.2)
                    .unwrap_or(i64::MIN);
                let listed = item.procs.contains(procedure);
                let allowed = accepted(department) && on_time && listed && !running && over <= t;
                if allowed {
                    self.cases[case].pauses.push((*procedure, t, None));
                }
                yes(allowed)
            }
            Cmd::Resume {
                department,
                procedure,
            } => {
                let this = running && me.pauses.last().is_some_and(|p| p.0 == *procedure);
                let allowed = accepted(department) && this && me.pauses.last().unwrap().1 <= t;
                if allowed {
                    self.cases[case].pauses.last_mut().unwrap().2 = Some(t);
                }
                yes(allowed)
            }
            Cmd::Extend { department, days } => {
                let most = if item.parts.is_empty() { 10 } else { 15 };
                let fits = item.promised > 0 && *days >= 1 && *days <= most;
                let free = accepted(department) && on_time && me.extra.is_none() && fits;
                let allowed = free
                    && t < (self.last_day(&me, item.legal, t).unwrap() + 1)
                        * crate::case_model_words::DAY;
                if allowed {
                    self.cases[case].extra = Some(*days);
                }
                yes(allowed)
            }
            Cmd::Task { department, step } => {
                let part = item
                    .parts
                    .iter()
                    .any(|p| p.0 == *department && p.1 == *step);
                let open = !me.done.contains(&(*department, *step));
                let due = self.step(&me) == Some(*step) && self.has(&me, *department, *step);
                let allowed = me.phase == 5 && on_time && part && open && due;
                if allowed {
                    self.cases[case].done.push((*department, *step));
                }
                yes(allowed)
            }
            _ => return None,
        })
    }

    fn finish(&mut self, case: usize, ending: u8, allowed: bool, t: i64) -> Did {
        if allowed {
            self.cases[case].ending = ending;
            self.enter(case, 7, t);
        }
        yes(allowed)
    }

    fn ripe(&self, me: &NCase, item: &NItem, department: u8, t: i64) -> bool {
        let accepted = me.phase == 5 || item.promised == 0 && me.phase == 4;
        let running = me.pauses.last().is_some_and(|pause| pause.2.is_none());
        let all = item
            .parts
            .iter()
            .all(|part| me.done.contains(&(part.0, part.1)));
        department == item.lead && accepted && !running && all && t + 60_000 >= me.since
    }

    fn closing(&mut self, case: usize, cmd: &Cmd, t: i64) -> Option<Did> {
        let me = self.cases[case].clone();
        let item = self.items[me.item].clone();
        let before = me.phase < 6 && t + 60_000 >= me.since;
        Some(match cmd {
            Cmd::Decide {
                department,
                chief,
                grant,
            } => {
                let needed: Vec<u8> = item
                    .procs
                    .iter()
                    .copied()
                    .filter(|p| (1..=3).contains(p))
                    .collect();
                let done = |p: &u8| {
                    me.pauses
                        .iter()
                        .any(|pause| pause.0 == *p && pause.2.is_some())
                };
                let own = !item.higher && (needed.is_empty() || !chief) && needed.iter().all(done);
                let allowed = self.ripe(&me, &item, *department, t) && own;
                self.decided(case, allowed, *grant, t)
            }
            Cmd::Review { department } => {
                let allowed = self.ripe(&me, &item, *department, t) && item.higher && !me.reviewed;
                self.cases[case].reviewed |= allowed;
                yes(allowed)
            }
            Cmd::Authority { department } => {
                let allowed = self.ripe(&me, &item, *department, t) && item.higher && me.reviewed;
                self.decided(case, allowed, true, t)
            }
            Cmd::Withdraw { who } => self.finish(case, 11, before && *who == Who::Applicant, t),
            Cmd::Void => self.finish(case, 12, before && me.phase < 5, t),
            Cmd::Terminate { reason } => {
                let day = t / crate::case_model_words::DAY;
                let missing = (0..me.met.len()).any(|row| {
                    me.met[row].is_none() && me.deferred[row].is_some_and(|due| due < day)
                });
                let lapsed = match reason {
                    0 => missing,
                    1 => me.phase == 1 && me.notices.last().unwrap().3 < day,
                    _ => true,
                };
                self.finish(case, 13, before && lapsed, t)
            }
            Cmd::PaperBack { who } => {
                let allowed =
                    me.phase == 7 && me.holder.contains(&1) && self.may_collect(&me, *who, t);
                if allowed {
                    for holder in &mut self.cases[case].holder {
                        if *holder == 1 {
                            *holder = 2;
                        }
                    }
                }
                yes(allowed)
            }
            _ => return None,
        })
    }

    fn decided(&mut self, case: usize, allowed: bool, grant: bool, t: i64) -> Did {
        if allowed {
            self.cases[case].decided = Some((grant, t));
            self.enter(case, 6, t);
        }
        yes(allowed)
    }
}
