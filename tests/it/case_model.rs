//! A random clerk, random departments and a random post at work for 2,000 days: the program and a naive model are told
//! the same legal and illegal commands and have to agree, command by command, on what is refused and what is seen.
//! `COUNTERFOIL_SEED` and `COUNTERFOIL_DAYS` choose another run.

use std::collections::BTreeMap;

use counterfoil::domain::calendar::Calendar;

use crate::case_model_chance::Chance;
use crate::case_model_items::{days, item, items};
use crate::case_model_real::{Real, at};
use crate::case_model_seen::real;
use crate::case_model_words::{Cmd, DAY, Did, Model};
use crate::support::{Random, from_environment};

/// What the run came to, so that a run that exercises nothing fails.
#[derive(Default)]
struct Tally {
    refused: BTreeMap<&'static str, u32>,
    done: BTreeMap<String, u32>,
}

impl Tally {
    fn note(&mut self, cmd: &Cmd, outcome: &Result<usize, counterfoil::domain::case::CaseRefusal>) {
        let name = format!("{cmd:?}");
        let name = name.split([' ', '(']).next().unwrap_or("").to_string();
        match outcome {
            Ok(facts) => *self.done.entry(name).or_default() += u32::from(*facts > 0),
            Err(refusal) => *self.refused.entry(refusal.code()).or_default() += 1,
        }
    }
}

struct Run {
    random: Random,
    model: Model,
    real: Real,
    t: i64,
    case: usize,
    tally: Tally,
}

impl Run {
    fn open(&mut self) {
        let number = self.model.cases.len();
        let item = self.random.below(self.model.items.len() as u64) as usize;
        let applicant = self.random.below(3) as u8;
        let remote = self.random.below(8) == 0;
        let mail = self.random.below(2) == 0;
        self.model.open(item, applicant, remote, mail, self.t);
        self.real
            .open(number, item, applicant, remote, mail, self.t);
        self.compare(number, "opening");
    }

    fn command(&mut self) {
        let newest = self.model.cases.len();
        let recent = newest.saturating_sub(12);
        let among = if self.random.below(6) == 0 { 0 } else { recent };
        // Often the same case again, so that much happens to it on one day.
        if self.random.below(2) == 0 {
            self.case = among + self.random.below((newest - among) as u64) as usize;
        }
        let case = self.case;
        let likely = self.random.below(5) < 3;
        let mut chance = Chance {
            random: &mut self.random,
            model: &self.model,
            case,
            t: self.t,
        };
        let cmd = if likely {
            chance.likely()
        } else {
            chance.any()
        };
        // Some things are entered later than they happened.
        let late = self.random.below(25) == 0;
        let back = if late {
            self.random.below(2 * DAY as u64) as i64
        } else {
            0
        };
        let happened = (self.t - back).max(self.model.cases[case].opened);
        let expected = self.model.apply(case, &cmd, happened);
        let outcome = self.real.apply(case, &cmd, happened, late);
        let found = match &outcome {
            Err(_) => Did::Refused,
            Ok(0) => Did::Nothing,
            Ok(_) => Did::Something,
        };
        let item = self.model.cases[case].item;
        assert_eq!(
            found, expected,
            "case {case} of item {item}, {cmd:?} at {happened}: the program says {outcome:?}\n{:#?}",
            self.model.cases[case]
        );
        self.tally.note(&cmd, &outcome);
        self.compare(case, &format!("{cmd:?}"));
    }

    fn compare(&mut self, case: usize, after: &str) {
        let state = self.real.case(case);
        let item = &self.real.items[self.model.cases[case].item];
        let found = real(&state, item, &self.real.calendar, at(self.t));
        let expected = self.model.seen(case, self.t);
        assert_eq!(found, expected, "case {case} after {after} at {}", self.t);
    }

    fn day(&mut self, day: i64) {
        self.t = day * DAY;
        for _ in 0..self.random.below(2) + u64::from(day == 0) {
            self.open();
        }
        // Limits end with the first instant of a day.
        for case in self.model.cases.len().saturating_sub(5)..self.model.cases.len() {
            self.compare(case, "midnight");
        }
        for _ in 0..10 + self.random.below(14) {
            let left = (day + 1) * DAY - 1 - self.t;
            self.t += match self.random.below(10) {
                // The last millisecond of the day, and no time at all.
                0 => left,
                1 => 0,
                _ => self.random.below(left as u64 / 8 + 1) as i64,
            };
            self.command();
        }
    }
}

#[test]
fn the_program_agrees_with_a_naive_model_for_2000_days() {
    let seed = from_environment("COUNTERFOIL_SEED", 20_261_123);
    let length = from_environment("COUNTERFOIL_DAYS", 2000) as i64;
    println!("COUNTERFOIL_SEED={seed} COUNTERFOIL_DAYS={length}");
    let (worked, file) = days();
    let naive = items();
    let made = naive
        .iter()
        .enumerate()
        .map(|(number, one)| item(number, one))
        .collect();
    let mut run = Run {
        random: Random::new(seed),
        model: Model {
            items: naive,
            cases: Vec::new(),
            worked,
        },
        real: Real::new(made, Calendar::parse(&file).unwrap()),
        t: 0,
        case: 0,
        tally: Tally::default(),
    };
    for day in 0..length {
        run.day(day);
    }
    for case in 0..run.model.cases.len() {
        run.compare(case, "the end");
    }
    println!(
        "{} cases\ndone: {:?}\nrefused: {:?}",
        run.model.cases.len(),
        run.tally.done,
        run.tally.refused
    );
    if length >= 2000 {
        let idle: Vec<_> = run
            .tally
            .done
            .iter()
            .filter(|(_, times)| **times < 5)
            .collect();
        assert!(idle.is_empty(), "hardly ever done: {idle:?}");
        assert!(
            run.tally.done.len() >= 37,
            "{} kinds of commands",
            run.tally.done.len()
        );
        assert!(
            run.tally.refused.len() >= 50,
            "{} kinds of refusals",
            run.tally.refused.len()
        );
    }
}
