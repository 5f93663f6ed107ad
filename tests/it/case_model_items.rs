//! What the model test is about: a calendar, and items, in the model's form and in the program's.

use std::fmt::Write as _;

use counterfoil::domain::catalogue::*;

use crate::case_kit::*;
use crate::case_model_real::{PROCEDURES, WAYS, department, rows};
use crate::case_model_words::{NItem, NRow};

const YEARS: i64 = 8;

/// Which days are worked, day by day from 2024-01-01, which was a Monday; and the same as a calendar file.
pub fn days() -> (Vec<bool>, String) {
    let mut worked = Vec::new();
    let mut file = String::new();
    for year in 2024..2024 + YEARS {
        let leap = year % 4 == 0;
        let months = [
            31,
            28 + i64::from(leap),
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ];
        let mut off = String::new();
        let mut make_up = Vec::new();
        for (month, length) in (1..).zip(months) {
            for day in 1..=length {
                let weekend = worked.len() % 7 >= 5;
                let holiday = (month == 2 && (10..=17).contains(&day)) || (month == 10 && day <= 7);
                let made_up = weekend && month == 9 && day > 23;
                worked.push(made_up || !weekend && !holiday);
                if made_up {
                    make_up.push(format!("{year}-{month:02}-{day:02}"));
                }
            }
        }
        let _ = write!(
            off,
            "{{ name = \"一\", first = {year}-02-10, last = {year}-02-17 }},"
        );
        let make_up = make_up.join(", ");
        let _ = write!(
            off,
            "{{ name = \"二\", first = {year}-10-01, last = {year}-10-07, make_up = [{make_up}] }}"
        );
        let _ = write!(
            file,
            "[[year]]\nyear = {year}\nsource = \"test\"\nholidays = [{off}]\n"
        );
    }
    (worked, file)
}

fn row(conditional: bool, main: bool, originals: u8, copies: u8, defer: u16, ways: &[u8]) -> NRow {
    NRow {
        conditional,
        main,
        originals,
        copies,
        defer: (defer > 0).then_some(defer),
        ways: ways.to_vec(),
    }
}

pub fn items() -> Vec<NItem> {
    let rows = vec![
        row(false, true, 1, 0, 0, &[0]),
        row(false, true, 0, 0, 3, &[1, 2]),
        row(false, false, 1, 1, 5, &[0, 5]),
        row(true, false, 0, 1, 9, &[0, 3, 4]),
    ];
    let base = NItem {
        lead: 0,
        rows,
        legal: 20,
        promised: 6,
        parts: Vec::new(),
        procs: vec![0, 4],
        higher: false,
        certificate: true,
        licence: true,
    };
    let joint = NItem {
        lead: 1,
        parts: vec![
            (2, 1, 3, vec![0, 2]),
            (3, 1, 4, vec![2]),
            (4, 2, 2, vec![0]),
        ],
        certificate: false,
        ..base.clone()
    };
    let instant = NItem {
        promised: 0,
        legal: 0,
        licence: false,
        procs: Vec::new(),
        ..base.clone()
    };
    let inspected = NItem {
        procs: vec![0, 2],
        ..base.clone()
    };
    let higher = NItem {
        higher: true,
        procs: vec![1],
        certificate: false,
        ..base.clone()
    };
    vec![base, joint, instant, inspected, higher]
}

/// The program's form of an item of the model.
pub fn item(number: usize, naive: &NItem) -> ServiceItem {
    let handling = match naive.promised {
        0 => Handling::Instant,
        promised_days => Handling::TimeLimited {
            legal_days: naive.legal,
            promised_days,
        },
    };
    let mut item = plain(&format!("i{number}"), &department(naive.lead), handling);
    item.materials.clear();
    for (place, rule) in naive.rows.iter().enumerate() {
        let weight = if rule.main {
            Weight::Main
        } else {
            Weight::Secondary
        };
        let ways: Vec<MetBy> = rule.ways.iter().map(|way| WAYS[*way as usize]).collect();
        let name = format!("m{place}");
        let mut made = material(&name, weight, rule.originals, rule.copies, &ways);
        made.deferral = rule.defer.map(|days| Deferral { days });
        if rule.conditional {
            let when = "sometimes".into();
            made.necessity = Necessity::Conditional { when };
        }
        item.materials.push(made);
    }
    let part = |part: &(u8, u8, u16, Vec<usize>)| CoTask {
        department: code(&department(part.0)),
        step: part.1,
        days: part.2,
        materials: rows(&part.3),
    };
    item.co_tasks = naive.parts.iter().map(part).collect();
    item.special_procedures = naive
        .procs
        .iter()
        .map(|p| PROCEDURES[*p as usize])
        .collect();
    item.higher_authority = naive.higher;
    item.result.certificate = naive.certificate.then(|| code("paper"));
    if !naive.licence {
        item.kind = ItemKind::Confirmation;
    }
    item
}
