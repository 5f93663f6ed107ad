//! The working days of China: the published years, the vectors, and a naive model that walks day by day.

use std::collections::BTreeSet;

use counterfoil::domain::calendar::{Calendar, CalendarFault, NoYear};
use counterfoil::domain::{Date, Timestamp};

use crate::support::Random;

/// The notices as published, month.day, make-up days in brackets: written apart from the calendar file.
const NOTICES: [(i32, &str); 3] = [
    (
        2024,
        "1.1; 2.10-2.17 [2.4, 2.18]; 4.4-4.6 [4.7]; 5.1-5.5 [4.28, 5.11]; 6.10; 9.15-9.17 [9.14]; 10.1-10.7 [9.29, 10.12]",
    ),
    (
        2025,
        "1.1; 1.28-2.4 [1.26, 2.8]; 4.4-4.6; 5.1-5.5 [4.27]; 5.31-6.2; 10.1-10.8 [9.28, 10.11]",
    ),
    (
        2026,
        "1.1-1.3 [1.4]; 2.15-2.23 [2.14, 2.28]; 4.4-4.6; 5.1-5.5 [5.9]; 6.19-6.21; 9.25-9.27; 10.1-10.7 [9.20, 10.10]",
    ),
];

/// Days as (year, month, day), stepped by hand.
type Day = (i32, u32, u32);

fn month_days(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn after((year, month, day): Day) -> Day {
    if day < month_days(year, month) {
        (year, month, day + 1)
    } else if month < 12 {
        (year, month + 1, 1)
    } else {
        (year + 1, 1, 1)
    }
}

/// Every day of the three years with whether it is worked. 2024-01-01 was a Monday.
fn model() -> Vec<(Day, bool)> {
    let mut off = BTreeSet::new();
    let mut make_up = BTreeSet::new();
    for (year, notice) in NOTICES {
        let parse = |text: &str| -> Day {
            let (month, day) = text.trim().split_once('.').unwrap();
            (year, month.parse().unwrap(), day.parse().unwrap())
        };
        for holiday in notice.split(';') {
            let (days, worked) = holiday.split_once('[').unwrap_or((holiday, ""));
            let worked = worked.trim().trim_end_matches(']');
            let list = worked.split(',').filter(|text| !text.trim().is_empty());
            make_up.extend(list.map(parse));
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let mut day = parse(first);
            while day <= parse(last) {
                off.insert(day);
                day = after(day);
            }
        }
    }
    let mut days = Vec::new();
    let mut day = (2024, 1, 1);
    let mut weekday = 1;
    while day.0 < 2027 {
        let worked = make_up.contains(&day) || weekday <= 5 && !off.contains(&day);
        days.push((day, worked));
        day = after(day);
        weekday = weekday % 7 + 1;
    }
    days
}

fn date((year, month, day): Day) -> Date {
    format!("{year:04}-{month:02}-{day:02}").parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn every_published_day_is_as_in_the_notices() {
    let calendar = Calendar::embedded();
    assert_eq!(calendar.years().collect::<Vec<_>>(), [2024, 2025, 2026]);
    let mut counts = [0; 3];
    for (of_model, worked) in model() {
        let found = calendar.is_working_day(date(of_model));
        assert_eq!(found, Ok(worked), "{of_model:?}");
        counts[(of_model.0 - 2024) as usize] += usize::from(worked);
    }
    assert_eq!(counts, [251, 248, 248]);
    assert_eq!(calendar.holidays(2026).unwrap()[1].name, "春节");
    assert_eq!(calendar.holidays(2025).unwrap().len(), 6);
    assert!(calendar.source(2024).unwrap().contains("2024"));
}

#[test]
fn the_vectors_hold() {
    let calendar = Calendar::embedded();
    for (start, days, end) in [
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-14", 1, "2026-02-24"),
        ("2025-09-30", 5, "2025-10-14"),
        ("2024-02-08", 1, "2024-02-09"),
        ("2026-02-17", 0, "2026-02-17"),
        ("2024-12-31", 1, "2025-01-02"),
    ] {
        let found = calendar.plus_working_days(day(start), days);
        assert_eq!(found, Ok(day(end)), "{start} + {days}");
    }
    assert_eq!(calendar.is_working_day(day("2024-02-09")), Ok(true));
    let last = |text| calendar.last_working_day_on_or_before(day(text));
    assert_eq!(last("2026-02-28"), Ok(day("2026-02-28")));
    assert_eq!(last("2026-01-31"), Ok(day("2026-01-30")));
    assert_eq!(last("2026-02-23"), Ok(day("2026-02-14")));
}

#[test]
fn a_limit_is_passed_at_the_first_instant_after_its_last_day() {
    let calendar = Calendar::embedded();
    let limit = calendar.deadline(day("2026-02-13"), 1).unwrap();
    assert_eq!(limit, day("2026-02-14").end());
    // Midnight in the hall is 16:00 of the day before in UTC.
    let expected: Timestamp = "2026-02-14T16:00:00.000Z".parse().unwrap();
    assert_eq!(limit, expected);
    assert_eq!(Date::of(limit.plus_millis(-1)), day("2026-02-14"));
}

#[test]
fn counting_agrees_with_walking() {
    let calendar = Calendar::embedded();
    let days = model();
    for seed in 0..20 {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        for _ in 0..400 {
            let start = random.below(days.len() as u64) as usize;
            let steps = random.below(60) as u32;
            let from = date(days[start].0);
            let mut left = steps;
            let mut end = Ok(from);
            for (of_model, worked) in days.iter().skip(start + 1) {
                if left > 0 && *worked {
                    left -= 1;
                    end = Ok(date(*of_model));
                }
            }
            if left > 0 {
                end = Err(NoYear { year: 2027 });
            }
            assert_eq!(
                calendar.plus_working_days(from, steps),
                end,
                "{from} + {steps}"
            );
            if let Ok(end) = end {
                assert_eq!(calendar.working_days_between(from, end), Ok(steps));
                assert_eq!(calendar.deadline(from, steps), Ok(end.end()));
            }
            let other = random.below(days.len() as u64) as usize;
            let walked = days
                .iter()
                .enumerate()
                .filter(|(place, (_, worked))| *worked && (start + 1..=other).contains(place))
                .count() as u32;
            let between = calendar.working_days_between(from, date(days[other].0));
            assert_eq!(between, Ok(walked), "{from} to {:?}", days[other].0);
            let before = days[..=start].iter().rev().find(|(_, worked)| *worked);
            let expected = before
                .map(|(found, _)| date(*found))
                .ok_or(NoYear { year: 2023 });
            assert_eq!(calendar.last_working_day_on_or_before(from), expected);
        }
    }
}

#[test]
fn a_missing_year_is_an_error_that_says_what_to_do() {
    let calendar = Calendar::embedded();
    let refused = calendar.plus_working_days(day("2026-12-31"), 1);
    let error = refused.unwrap_err();
    assert_eq!(error, NoYear { year: 2027 });
    assert!(error.zh().contains("2027") && error.en().contains("calendars/china.toml"));
    assert!(calendar.is_working_day(day("2023-12-29")).is_err());
    assert!(
        calendar
            .last_working_day_on_or_before(day("2024-01-01"))
            .is_err()
    );
    let far = calendar.working_days_between(day("2026-12-30"), day("9999-12-31"));
    assert_eq!(far, Err(NoYear { year: 2027 }));
    assert_eq!(
        calendar.plus_working_days(day("2026-12-30"), u32::MAX),
        Err(NoYear { year: 2027 })
    );
}

const NEXT_YEAR: &str = r#"
[[year]]
year = 2027
source = "通知"
holidays = [
    { name = "元旦", first = 2027-01-01, last = 2027-01-03, make_up = [2027-01-09] },
]
"#;

#[test]
fn an_administrator_adds_and_corrects_years() {
    let added = Calendar::parse(NEXT_YEAR).unwrap();
    let calendar = Calendar::embedded().merge(added);
    assert_eq!(
        calendar.years().collect::<Vec<_>>(),
        [2024, 2025, 2026, 2027]
    );
    let over = calendar.plus_working_days(day("2026-12-31"), 1);
    assert_eq!(over, Ok(day("2027-01-04")));
    assert_eq!(calendar.is_working_day(day("2027-01-09")), Ok(true));
    let corrected = NEXT_YEAR
        .replace("2027-01-03", "2027-01-05")
        .replace(", make_up = [2027-01-09]", "");
    let calendar = calendar.merge(Calendar::parse(&corrected).unwrap());
    let over = calendar.plus_working_days(day("2026-12-31"), 1);
    assert_eq!(over, Ok(day("2027-01-06")));
    assert_eq!(calendar.is_working_day(day("2027-01-09")), Ok(false));
    assert_eq!(calendar.is_working_day(day("2026-01-04")), Ok(true));
}

/// A calendar file with these holidays, one a line from line 5 on.
fn file(holidays: &str) -> String {
    format!("[[year]]\nyear = 2027\nsource = \"通知\"\nholidays = [\n{holidays}\n]\n")
}

#[test]
fn every_problem_of_a_file_is_named_with_its_line_at_once() {
    let text = file(concat!(
        "{ name = \"一\", first = 2026-12-31, last = 2027-01-03 },\n",
        "{ name = \"二\", first = 2027-02-06, last = 2027-02-05 },\n",
        "{ name = \"三\", first = 2027-03-01, last = 2027-03-03, make_up = [2027-03-08, 2027-03-13] },\n",
        "{ name = \"四\", first = 2027-03-03, make_up = [2027-03-13] },\n",
        "{ name = \"五\", first = 2027-04-03, last = 2027-04-05, make_up = [2027-04-04] },\n",
        "{ nome = \"六\", first = \"2027-05-01\" },\n",
        "{ name = \"七\", first = 2027-05-01T10:00:00, make_up = 7 },",
    ));
    let problems = Calendar::parse(&text).unwrap_err();
    let found: Vec<(usize, &str)> = problems
        .iter()
        .map(|problem| (problem.line, problem.fault.code()))
        .collect();
    assert_eq!(
        found,
        [
            (5, "calendar-outside-year"),
            (6, "calendar-backwards"),
            (7, "calendar-no-weekend"),
            (8, "calendar-overlap"),
            (8, "calendar-duplicate-make-up"),
            (9, "calendar-make-up-off"),
            (10, "calendar-unknown-key"),
            (10, "calendar-missing-key"),
            (10, "calendar-wrong-value"),
            (11, "calendar-wrong-value"),
            (11, "calendar-wrong-value"),
        ]
    );
    for problem in &problems {
        assert!(!problem.fault.zh().is_empty() && !problem.fault.en().is_empty());
    }
}

#[test]
fn a_file_that_is_no_calendar_is_refused() {
    let twice = format!("{NEXT_YEAR}{NEXT_YEAR}");
    for (text, code) in [
        ("", "calendar-empty"),
        ("year = []", "calendar-empty"),
        ("year = 2027", "calendar-wrong-value"),
        (
            "[[year]]\nyear = 2027\nsource = \"x\"\nholidays = []",
            "calendar-empty",
        ),
        (
            "[[year]]\nsource = \"x\"\nholidays = [{name=\"x\",first=2027-01-01}]",
            "calendar-missing-key",
        ),
        (
            "[[year]]\nyear = 20270\nsource = \"x\"\nholidays = [{name=\"x\",first=2027-01-01}]",
            "calendar-wrong-value",
        ),
        ("[[year]\n", "calendar-syntax"),
        (
            &file("{ name = \"x\", first = 2027-02-30 }"),
            "calendar-syntax",
        ),
        (
            &file("{ name = \"\", first = 2027-02-20 }"),
            "calendar-wrong-value",
        ),
        (&twice, "calendar-duplicate-year"),
        (&"#".repeat(300 * 1024), "calendar-too-long"),
    ] {
        let problems = Calendar::parse(text).unwrap_err();
        let codes: Vec<&str> = problems.iter().map(|one| one.fault.code()).collect();
        assert!(codes.contains(&code), "{codes:?} for {:.80}", text);
    }
    let far = file("{ name = \"x\", first = 2027-01-01, last = 9999-12-31 }");
    let problems = Calendar::parse(&far).unwrap_err();
    assert!(matches!(
        problems[0].fault,
        CalendarFault::OutsideYear { year: 2027, .. }
    ));
}
