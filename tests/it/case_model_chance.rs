//! Chance in the model test: commands that are likely to be allowed, and any command at all.

use crate::case_model_words::{Cmd, DAY, Model, Taking, Who};
use crate::support::Random;

pub struct Chance<'a> {
    pub random: &'a mut Random,
    pub model: &'a Model,
    pub case: usize,
    pub t: i64,
}

impl Chance<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn row(&mut self) -> usize {
        self.below(4) as usize
    }

    fn rows(&mut self) -> Vec<usize> {
        (0..4).filter(|_| self.random.below(3) == 0).collect()
    }

    fn department(&mut self) -> u8 {
        let lead = self.model.items[self.model.cases[self.case].item].lead;
        if self.one_in(8) {
            self.below(5) as u8
        } else {
            lead
        }
    }

    fn who(&mut self) -> Who {
        [Who::Applicant, Who::Applicant, Who::Agent, Who::Other][self.below(4) as usize]
    }

    fn taking(&mut self, row: usize) -> Taking {
        let rule = self.model.items[self.model.cases[self.case].item].rows[row].clone();
        let mut way = rule.ways[self.random.below(rule.ways.len() as u64) as usize];
        if self.one_in(10) {
            way = self.below(6) as u8;
        }
        let shared = way == 0 && self.one_in(6);
        let other = self.below(self.model.cases.len() as u64 + 1) as usize;
        let place = self.row();
        let odd = self.one_in(6);
        let (originals, copies) = match (way, odd) {
            (_, true) => (self.below(3) as u8, self.below(3) as u8),
            (0, _) if shared => (0, rule.copies),
            (0, _) => (rule.originals, rule.copies),
            _ => (0, 0),
        };
        Taking {
            row,
            way,
            originals,
            copies,
            shared: shared.then_some((other, place)),
            proof: !self.one_in(8),
        }
    }

    /// A command that may well be allowed now.
    pub fn likely(&mut self) -> Cmd {
        let case = &self.model.cases[self.case];
        let item = &self.model.items[case.item];
        match case.phase {
            0 if case.remote => Cmd::Attend,
            0 if self.one_in(12) => Cmd::Reopen { row: self.row() },
            0 => self.at_window(),
            1 if self.one_in(3) => self.another_notice(),
            1 | 2 => Cmd::Resubmit,
            3 if self.one_in(2) => Cmd::Scan {
                row: self.row(),
                scan: self.random.below(1000) as u32,
            },
            3 => Cmd::Push {
                by_paper: self.rows(),
            },
            4 if item.promised == 0 => self.deciding(),
            4 | 5 if self.one_in(8) => Cmd::Collect {
                department: item.lead,
                rows: (0..4).filter(|row| case.holder[*row] == 1).collect(),
                signers: 2,
            },
            4 if self.one_in(6) => Cmd::Return {
                department: item.lead,
            },
            4 if self.one_in(8) => Cmd::RefuseAcceptance {
                department: item.lead,
            },
            4 => Cmd::Accept {
                department: item.lead,
            },
            5 => self.deciding(),
            6 => self.delivering(),
            _ => Cmd::PaperBack { who: self.who() },
        }
    }

    fn another_notice(&mut self) -> Cmd {
        if self.one_in(2) {
            return Cmd::Escalate;
        }
        Cmd::Notice {
            rows: self.rows(),
            field: false,
            due: self.t / DAY + 1 + self.below(9) as i64,
            signed: true,
        }
    }

    fn at_window(&mut self) -> Cmd {
        let case = &self.model.cases[self.case];
        let wanted = (0..4).find(|row| [0, 2].contains(&self.model.standing(case, *row)));
        match wanted {
            _ if case.field_bad => Cmd::Fields { bad: false },
            None => Cmd::Receipt { right: true },
            Some(row) if self.model.standing(case, row) == 0 => Cmd::DecideRow {
                row,
                needed: self.one_in(2),
            },
            Some(row) if row > 0 && self.one_in(4) => Cmd::Defer {
                rows: vec![row],
                days: self.below(7) as u16,
                excluded: self.one_in(6),
            },
            Some(row) => Cmd::Meet(self.taking(row)),
        }
    }

    fn deciding(&mut self) -> Cmd {
        let case = &self.model.cases[self.case];
        let item = &self.model.items[case.item];
        let department = item.lead;
        if let Some((procedure, _, None)) = case.pauses.last() {
            return Cmd::Resume {
                department,
                procedure: *procedure,
            };
        }
        let undone = item
            .procs
            .iter()
            .find(|p| !case.pauses.iter().any(|pause| pause.0 == **p));
        let undone = undone.copied();
        let part = item
            .parts
            .iter()
            .find(|part| !case.done.contains(&(part.0, part.1)));
        let part = part.cloned();
        match (undone, part, self.below(7)) {
            (_, _, 6) => Cmd::Extend {
                department,
                days: 1 + self.below(15) as u16,
            },
            (Some(procedure), _, 0) => Cmd::Suspend {
                department,
                procedure,
            },
            (_, Some(part), 1..=3) => Cmd::Task {
                department: part.0,
                step: part.1,
            },
            (_, Some(_), _) => Cmd::Push {
                by_paper: self.rows(),
            },
            (_, None, 1) if item.higher => Cmd::Review { department },
            (_, None, _) if item.higher => Cmd::Authority { department },
            (_, None, choice) => Cmd::Decide {
                department,
                chief: choice % 2 == 0,
                grant: choice != 5,
            },
        }
    }

    fn delivering(&mut self) -> Cmd {
        let case = &self.model.cases[self.case];
        let numbered = !self.one_in(8);
        if case.delivered_at.is_some() {
            return Cmd::Rate {
                level: self.below(5) as u8,
                ticket: self.one_in(2),
            };
        }
        let missing = (0..4).find(|row| self.model.standing(case, *row) == 3);
        if let Some(row) = missing
            && self.one_in(2)
        {
            return Cmd::Supplement(self.taking(row));
        }
        match (case.result, case.posts.last()) {
            (Some(_), _) if self.one_in(8) => Cmd::Chase,
            (None, _) => Cmd::Result {
                route: self.below(3) as u8,
                serial: numbered,
                text: 0,
                signers: 2,
            },
            (_, Some((waybill, _, None))) => Cmd::EndPost {
                waybill: *waybill,
                outcome: self.below(3) as u8,
            },
            _ if case.mail => Cmd::Post {
                waybill: self.below(9) as u32,
                by_department: self.one_in(6),
            },
            _ => Cmd::HandOut {
                who: self.who(),
                right: !self.one_in(6),
            },
        }
    }

    /// Any command, mostly not allowed now.
    pub fn any(&mut self) -> Cmd {
        if self.one_in(2) {
            return self.any_at_window();
        }
        let department = self.department();
        let step = self.below(3) as u8;
        let procedure = self.below(5) as u8;
        match self.below(22) {
            0 => Cmd::Ack {
                department,
                step,
                same: !self.one_in(3),
            },
            1 => Cmd::Collect {
                department,
                rows: self.rows(),
                signers: self.below(5).min(2) as u8,
            },
            2 => Cmd::Accept { department },
            3 if self.one_in(3) => Cmd::RefuseAcceptance { department },
            4 => Cmd::Return { department },
            5 => Cmd::Suspend {
                department,
                procedure,
            },
            6 => Cmd::Resume {
                department,
                procedure,
            },
            7 => Cmd::Extend {
                department,
                days: self.below(17) as u16,
            },
            8 => Cmd::Task { department, step },
            9 => Cmd::Decide {
                department,
                chief: self.one_in(2),
                grant: self.one_in(2),
            },
            10 => Cmd::Review { department },
            11 => Cmd::Authority { department },
            12 if self.one_in(6) => Cmd::Withdraw { who: self.who() },
            13 if self.one_in(6) => Cmd::Void,
            14 => Cmd::Terminate {
                reason: if self.one_in(12) { 2 } else { step % 2 },
            },
            15 => Cmd::PaperBack { who: self.who() },
            _ => self.any_at_the_end(),
        }
    }

    fn any_at_the_end(&mut self) -> Cmd {
        let waybill = self.below(9) as u32;
        match self.below(6) {
            0 => Cmd::Result {
                route: self.below(3) as u8,
                serial: self.one_in(2),
                text: self.below(2) as u8,
                signers: self.below(3) as u8,
            },
            1 => Cmd::HandOut {
                who: self.who(),
                right: true,
            },
            2 => Cmd::Post {
                waybill,
                by_department: false,
            },
            3 => Cmd::EndPost {
                waybill,
                outcome: self.below(3) as u8,
            },
            4 => Cmd::Chase,
            _ => Cmd::Rate {
                level: self.below(5) as u8,
                ticket: true,
            },
        }
    }

    fn any_at_window(&mut self) -> Cmd {
        let row = self.row();
        let day = self.t / DAY;
        match self.below(18) {
            0 => Cmd::Attend,
            1 => Cmd::Fields {
                bad: self.one_in(2),
            },
            2 => Cmd::DecideRow {
                row,
                needed: self.one_in(2),
            },
            3 => Cmd::Meet(self.taking(row)),
            4 => Cmd::Reopen { row },
            5 => Cmd::Scan {
                row,
                scan: self.below(3) as u32,
            },
            6 => Cmd::Defer {
                rows: self.rows(),
                days: self.below(8) as u16,
                excluded: false,
            },
            7 => Cmd::RefuseDeferral {
                rows: self.rows(),
                days: self.below(8) as u16,
                excluded: self.one_in(3),
            },
            8 => Cmd::Receipt {
                right: self.one_in(2),
            },
            9..=11 => Cmd::Supplement(self.taking(row)),
            12 | 13 => Cmd::Notice {
                rows: if self.one_in(2) {
                    (0..4).collect()
                } else {
                    self.rows()
                },
                field: self.one_in(2),
                due: day + self.below(12) as i64,
                signed: self.one_in(2),
            },
            14 => Cmd::Escalate,
            15 => Cmd::Choose {
                mail: self.one_in(2),
            },
            16 => Cmd::Appoint {
                collect: self.one_in(2),
                until: day + self.below(40) as i64,
            },
            _ => Cmd::Report,
        }
    }
}
