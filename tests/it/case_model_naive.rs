//! A deliberately naive model of a case: plain numbers and vectors, written from the regulation alone. It shares no
//! code with the program. This file: what happens at the window.

use crate::case_model_words::*;

impl Model {
    pub fn open(&mut self, item: usize, applicant: u8, remote: bool, mail: bool, t: i64) {
        let rows = self.items[item].rows.len();
        self.cases.push(NCase {
            item,
            applicant,
            remote,
            mail,
            opened: t,
            since: t,
            sub: 1,
            sub_at: t,
            needed: vec![None; rows],
            met: vec![None; rows],
            deferred: vec![None; rows],
            holder: vec![0; rows],
            scans: vec![Vec::new(); rows],
            ..NCase::default()
        });
    }

    /// The day that is `days` working days after `day`.
    pub fn after(&self, day: i64, days: u16) -> i64 {
        let (mut day, mut left) = (day, days);
        while left > 0 {
            day += 1;
            if self.worked[day as usize] {
                left -= 1;
            }
        }
        day
    }

    /// Row standings: 0 undecided, 1 not needed, 2 open, 3 deferred, 4 met.
    pub fn standing(&self, case: &NCase, row: usize) -> u8 {
        let rule = &self.items[case.item].rows[row];
        if case.met[row].is_some() {
            4
        } else if case.deferred[row].is_some() {
            3
        } else if !rule.conditional || case.needed[row] == Some(true) {
            2
        } else if case.needed[row] == Some(false) {
            1
        } else {
            0
        }
    }

    fn may_take(&self, case: usize, taking: &Taking) -> bool {
        let me = &self.cases[case];
        let rule = &self.items[me.item].rows[taking.row];
        if !rule.ways.contains(&taking.way) {
            return false;
        }
        if me.remote && taking.way <= 1 {
            return false;
        }
        if taking.way != 0 {
            let clean = taking.originals == 0 && taking.copies == 0 && taking.shared.is_none();
            return clean && (taking.way == 1 || taking.proof);
        }
        if taking.copies < rule.copies {
            return false;
        }
        let Some((other, row)) = taking.shared else {
            return taking.originals >= rule.originals && taking.originals + taking.copies > 0;
        };
        let Some(holding) = self.cases.get(other) else {
            return false;
        };
        other != case
            && holding.applicant == me.applicant
            && row < holding.met.len()
            && holding.holder[row] == 1
            && holding.met[row].is_some_and(|met| met.1 > 0)
    }

    fn take(&mut self, case: usize, taking: &Taking) {
        let me = &mut self.cases[case];
        let kept = taking.originals + taking.copies > 0;
        me.met[taking.row] = Some((taking.way, taking.originals, taking.copies, me.sub));
        me.holder[taking.row] = kept as u8;
    }

    fn can_defer(&self, case: &NCase, row: usize, days: u16, excluded: bool) -> bool {
        let item = &self.items[case.item];
        let rule = &item.rows[row];
        let Some(most) = rule.defer else { return false };
        item.promised > 0
            && self.standing(case, row) == 2
            && !rule.main
            && !excluded
            && days >= 1
            && days <= most.min(item.promised)
    }

    /// What happens at the window before the push. None: another part of the model answers.
    pub fn window(&mut self, case: usize, cmd: &Cmd, t: i64) -> Option<Did> {
        let me = self.cases[case].clone();
        let intake = me.phase == 0;
        let on_time = t + 60_000 >= me.since;
        Some(match cmd {
            Cmd::Attend => {
                let allowed = me.phase < 6;
                if allowed {
                    self.cases[case].remote = false;
                }
                yes(allowed)
            }
            Cmd::Fields { bad } => {
                if intake && *bad == me.field_bad {
                    return Some(Did::Nothing);
                }
                if intake {
                    self.cases[case].field_bad = *bad;
                }
                yes(intake)
            }
            Cmd::DecideRow { row, needed } => {
                let conditional = self.items[me.item].rows[*row].conditional;
                let allowed = intake && conditional && self.standing(&me, *row) <= 2;
                if allowed {
                    self.cases[case].needed[*row] = Some(*needed);
                }
                yes(allowed)
            }
            Cmd::Meet(taking) => {
                let open = intake && on_time && self.standing(&me, taking.row) == 2;
                let allowed = open && self.may_take(case, taking);
                if allowed {
                    self.take(case, taking);
                }
                yes(allowed)
            }
            Cmd::Reopen { row } => {
                let allowed = intake && me.met[*row].is_some_and(|met| met.3 == me.sub);
                if allowed {
                    self.cases[case].met[*row] = None;
                    self.cases[case].holder[*row] = 0;
                }
                yes(allowed)
            }
            Cmd::Scan { row, scan } => {
                if me.phase == 7 {
                    return Some(Did::Refused);
                }
                if me.scans[*row].contains(scan) {
                    return Some(Did::Nothing);
                }
                self.cases[case].scans[*row].push(*scan);
                Did::Something
            }
            _ => return self.deferring(case, cmd, t),
        })
    }

    fn deferring(&mut self, case: usize, cmd: &Cmd, t: i64) -> Option<Did> {
        let me = self.cases[case].clone();
        let intake = me.phase == 0;
        let on_time = t + 60_000 >= me.since;
        Some(match cmd {
            Cmd::Defer {
                rows,
                days,
                excluded,
            } => {
                let all = |row: &usize| self.can_defer(&me, *row, *days, *excluded);
                let allowed = intake && on_time && !rows.is_empty() && rows.iter().all(all);
                if allowed {
                    let due = self.after(t / DAY, *days);
                    for row in rows {
                        self.cases[case].deferred[*row] = Some(due);
                    }
                }
                yes(allowed)
            }
            Cmd::RefuseDeferral {
                rows,
                days,
                excluded,
            } => {
                let any = |row: &usize| self.can_defer(&me, *row, *days, *excluded);
                yes(intake && !rows.is_empty() && !rows.iter().any(any))
            }
            Cmd::Supplement(taking) => {
                let receipted = me.receipts.last().is_some_and(|last| last.0 == me.sub);
                let wanted = self.standing(&me, taking.row) == 3;
                let time = me.phase != 7 && on_time;
                let allowed = time && receipted && wanted && self.may_take(case, taking);
                if allowed {
                    self.take(case, taking);
                    self.cases[case].supplied_at = Some(t);
                }
                yes(allowed)
            }
            _ => return self.papers(case, cmd, t),
        })
    }

    /// Receipt, notice, escalation, resubmission.
    fn papers(&mut self, case: usize, cmd: &Cmd, t: i64) -> Option<Did> {
        let me = self.cases[case].clone();
        let on_time = t + 60_000 >= me.since;
        let rows = me.met.len();
        let given = me
            .notices
            .iter()
            .filter(|notice| notice.0 == me.sub)
            .count();
        let extra = me.escalations.iter().filter(|sub| **sub == me.sub).count();
        Some(match cmd {
            Cmd::Receipt { right } => {
                let settled = (0..rows).all(|row| [1, 3, 4].contains(&self.standing(&me, row)));
                let allowed = me.phase == 0 && on_time && *right && settled && !me.field_bad;
                if allowed {
                    self.cases[case].receipts.push((me.sub, t));
                    self.enter(case, 3, t);
                }
                yes(allowed)
            }
            Cmd::Notice {
                rows: listed,
                field,
                due,
                signed,
            } => self.notice(case, (listed, *field, *due, *signed), given < 1 + extra, t),
            Cmd::Escalate => {
                let allowed = me.phase < 6 && given > 0 && given == 1 + extra;
                if allowed {
                    self.cases[case].escalations.push(me.sub);
                }
                yes(allowed)
            }
            Cmd::Resubmit => {
                let allowed = (me.phase == 1 || me.phase == 2) && on_time;
                if allowed {
                    self.cases[case].sub += 1;
                    self.cases[case].sub_at = t;
                    self.enter(case, 0, t);
                }
                yes(allowed)
            }
            _ => return None,
        })
    }

    fn notice(
        &mut self,
        case: usize,
        (listed, field, due, signed): (&[usize], bool, i64, bool),
        left: bool,
        t: i64,
    ) -> Did {
        let me = self.cases[case].clone();
        let on_time = t + 60_000 >= me.since;
        let rows = me.met.len();

        let known = |row: &usize| {
            let this = me.notices.iter().filter(|notice| notice.0 == me.sub);
            this.clone().any(|notice| notice.1.contains(row))
        };
        let field_known = me
            .notices
            .iter()
            .any(|notice| notice.0 == me.sub && notice.2);
        let complete = (0..rows)
            .filter(|row| [0, 2].contains(&self.standing(&me, *row)))
            .all(|row| listed.contains(&row) || known(&row))
            && (!me.field_bad || field || field_known);
        let hand_back = listed.iter().all(|row| match me.holder[*row] {
            1 => me.receipts.is_empty() || signed,
            holder => holder < 10,
        });
        let something = !listed.is_empty() || field;
        let allowed = me.phase <= 2 && on_time && left && complete;
        let allowed = allowed && hand_back && something && due > t / DAY;
        if allowed {
            let this = &mut self.cases[case];
            for row in listed {
                this.met[*row] = None;
                this.deferred[*row] = None;
                this.holder[*row] = 0;
                this.scans[*row].clear();
            }
            this.notices.push((me.sub, listed.to_vec(), field, due, t));
            self.enter(case, 1, t);
        }
        yes(allowed)
    }

    pub fn enter(&mut self, case: usize, phase: u8, t: i64) {
        self.cases[case].phase = phase;
        self.cases[case].since = t;
    }
}
