//! A deliberately naive model of a case: plain numbers and vectors, written from the regulation alone. It shares no
//! code with the program; days are counted from 2024-01-01, departments, rows and ways are numbers.
//! This file: the items, the calendar, and what happens at the window.

pub const DAY: i64 = 86_400_000;

/// Ways: 0 paper kept, 1 original seen, 2 e-licence, 3 shared data, 4 commitment, 5 earlier submission.
#[derive(Debug, Clone)]
pub struct NRow {
    pub conditional: bool,
    pub main: bool,
    pub originals: u8,
    pub copies: u8,
    pub defer: Option<u16>,
    pub ways: Vec<u8>,
}

/// Procedures: 0 hearing, 1 expert review, 2 site inspection, 3 collective discussion, 4 inspection.
#[derive(Debug, Clone)]
pub struct NItem {
    pub lead: u8,
    pub rows: Vec<NRow>,
    pub legal: u16,
    /// 0: on the spot.
    pub promised: u16,
    /// Department, step, days, rows.
    pub parts: Vec<(u8, u8, u16, Vec<usize>)>,
    pub procs: Vec<u8>,
    pub higher: bool,
    pub certificate: bool,
    pub licence: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Applicant,
    Agent,
    Other,
}

/// A row as it is met: number, way, originals, copies, where the original lies, whether there is proof.
#[derive(Debug, Clone)]
pub struct Taking {
    pub row: usize,
    pub way: u8,
    pub originals: u8,
    pub copies: u8,
    pub shared: Option<(usize, usize)>,
    pub proof: bool,
}

#[derive(Debug, Clone)]
pub enum Cmd {
    Attend,
    Fields {
        bad: bool,
    },
    DecideRow {
        row: usize,
        needed: bool,
    },
    Meet(Taking),
    Reopen {
        row: usize,
    },
    Scan {
        row: usize,
        scan: u32,
    },
    Defer {
        rows: Vec<usize>,
        days: u16,
        excluded: bool,
    },
    RefuseDeferral {
        rows: Vec<usize>,
        days: u16,
        excluded: bool,
    },
    Receipt {
        right: bool,
    },
    Supplement(Taking),
    Notice {
        rows: Vec<usize>,
        field: bool,
        due: i64,
        signed: bool,
    },
    Escalate,
    Resubmit,
    Push {
        by_paper: Vec<usize>,
    },
    Ack {
        department: u8,
        step: u8,
        same: bool,
    },
    Collect {
        department: u8,
        rows: Vec<usize>,
        signers: u8,
    },
    Accept {
        department: u8,
    },
    RefuseAcceptance {
        department: u8,
    },
    Return {
        department: u8,
    },
    Suspend {
        department: u8,
        procedure: u8,
    },
    Resume {
        department: u8,
        procedure: u8,
    },
    Extend {
        department: u8,
        days: u16,
    },
    Task {
        department: u8,
        step: u8,
    },
    Decide {
        department: u8,
        chief: bool,
        grant: bool,
    },
    Review {
        department: u8,
    },
    Authority {
        department: u8,
    },
    Withdraw {
        who: Who,
    },
    Void,
    Terminate {
        reason: u8,
    },
    PaperBack {
        who: Who,
    },
    Result {
        route: u8,
        serial: bool,
        text: u8,
        signers: u8,
    },
    Choose {
        mail: bool,
    },
    HandOut {
        who: Who,
        right: bool,
    },
    Post {
        waybill: u32,
        by_department: bool,
    },
    EndPost {
        waybill: u32,
        outcome: u8,
    },
    Chase,
    Rate {
        level: u8,
        ticket: bool,
    },
    Appoint {
        collect: bool,
        until: i64,
    },
    Report,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    Refused,
    Nothing,
    Something,
}

pub fn yes(allowed: bool) -> Did {
    if allowed {
        Did::Something
    } else {
        Did::Refused
    }
}

/// Phases: 0 intake, 1 correcting, 2 returned, 3 received, 4 pushed, 5 accepted, 6 decided, 7 ended.
#[derive(Debug, Clone, Default)]
pub struct NCase {
    pub item: usize,
    pub applicant: u8,
    pub remote: bool,
    /// Whether the agent may collect, and until which day.
    pub agent: Option<(bool, i64)>,
    pub opened: i64,
    pub field_bad: bool,
    pub needed: Vec<Option<bool>>,
    /// Way, originals, copies, submission.
    pub met: Vec<Option<(u8, u8, u8, u32)>>,
    pub deferred: Vec<Option<i64>>,
    /// 0 nobody, 1 the window, 2 the applicant, 10 and on a department.
    pub holder: Vec<u8>,
    pub scans: Vec<Vec<u32>>,
    pub phase: u8,
    pub since: i64,
    pub sub: u32,
    pub sub_at: i64,
    /// Submission, rows, field, last day, when.
    pub notices: Vec<(u32, Vec<usize>, bool, i64, i64)>,
    pub escalations: Vec<u32>,
    /// Submission, when.
    pub receipts: Vec<(u32, i64)>,
    pub supplied_at: Option<i64>,
    /// Submission, department, step, when, confirmed.
    pub pushes: Vec<(u32, u8, u8, i64, bool)>,
    pub accepted_at: Option<i64>,
    pub pauses: Vec<(u8, i64, Option<i64>)>,
    pub extra: Option<u16>,
    pub done: Vec<(u8, u8)>,
    pub reviewed: bool,
    /// Granted, when.
    pub decided: Option<(bool, i64)>,
    /// 10 refused, 11 withdrawn, 12 voided, 13 terminated.
    pub ending: u8,
    /// Route, serial, text, when.
    pub result: Option<(u8, bool, u8, i64)>,
    pub mail: bool,
    pub posts: Vec<(u32, i64, Option<u8>)>,
    pub delivered_at: Option<i64>,
    pub rated: bool,
    pub reported: Option<u8>,
}

pub struct Model {
    pub items: Vec<NItem>,
    pub cases: Vec<NCase>,
    /// Whether each day is worked.
    pub worked: Vec<bool>,
}

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
            } => {
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
                    && (!me.field_bad || *field || field_known);
                let hand_back = listed.iter().all(|row| match me.holder[*row] {
                    1 => me.receipts.is_empty() || *signed,
                    holder => holder < 10,
                });
                let something = !listed.is_empty() || *field;
                let allowed = me.phase <= 2 && on_time && given < 1 + extra && complete;
                let allowed = allowed && hand_back && something && *due > t / DAY;
                if allowed {
                    let this = &mut self.cases[case];
                    for row in listed {
                        this.met[*row] = None;
                        this.deferred[*row] = None;
                        this.holder[*row] = 0;
                        this.scans[*row].clear();
                    }
                    this.notices.push((me.sub, listed.clone(), *field, *due, t));
                    self.enter(case, 1, t);
                }
                yes(allowed)
            }
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

    pub fn enter(&mut self, case: usize, phase: u8, t: i64) {
        self.cases[case].phase = phase;
        self.cases[case].since = t;
    }
}
