//! A month closes once, on the day on which it could; and the on-time rate, against an example made by hand.

use std::slice;

use counterfoil::domain::transfer::*;
use counterfoil::domain::witness::WitnessEvent;
use counterfoil::domain::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A paper of January: came in on the 5th, settled on a day or put off on one to another.
fn paper(settled: Option<&str>, deferred: Option<(&str, &str)>) -> PaperCourse {
    PaperCourse {
        no: 1,
        came_in: day("2026-01-05"),
        settled: settled.map(day),
        deferred: deferred.map(|(since, until)| (day(since), day(until))),
    }
}

fn close(cases: &[Vec<PaperCourse>], today: &str) -> Option<(String, [u32; 4], bool)> {
    let site = SiteCode::new("CENTRE").unwrap();
    let month = "2026-01".parse().unwrap();
    let MonthEvent::Closed {
        on,
        cases,
        no_paper,
        settled,
        deferred,
        late,
        ..
    } = close_month(&site, month, cases, day(today))?;
    Some((on.to_string(), [cases, no_paper, settled, deferred], late))
}

#[test]
fn a_month_closes_when_the_last_of_it_is_settled_and_not_before_it_is_over() {
    let early = vec![paper(Some("2026-01-20"), None)];
    let last = vec![paper(Some("2026-02-12"), None)];
    let open = vec![paper(None, None)];
    let closed = |on: &str, counts, late| Some((on.to_owned(), counts, late));
    assert_eq!(
        close(&[], "2026-02-01"),
        closed("2026-02-01", [0; 4], false)
    );
    assert_eq!(close(slice::from_ref(&early), "2026-01-31"), None);
    let one = [1, 0, 1, 0];
    assert_eq!(
        close(slice::from_ref(&early), "2026-02-01"),
        closed("2026-02-01", one, false)
    );
    let two = [early.clone(), last.clone(), Vec::new()];
    assert_eq!(
        close(&two, "2026-02-12"),
        closed("2026-02-12", [3, 1, 2, 0], false)
    );
    // The server was down: the same day, and late.
    assert_eq!(
        close(&two, "2026-03-20"),
        closed("2026-02-12", [3, 1, 2, 0], true)
    );
    assert_eq!(close(&[early, last, open], "2026-03-20"), None);
}

#[test]
fn what_is_put_off_does_not_hold_a_month_open_while_its_new_day_holds() {
    let put_off = vec![paper(None, Some(("2026-02-10", "2026-04-20")))];
    let expected = Some(("2026-02-10".to_owned(), [1, 0, 0, 1], false));
    assert_eq!(close(slice::from_ref(&put_off), "2026-02-10"), expected);
    // What else is settled only after that day: by then it is overdue.
    let late = vec![paper(Some("2026-04-25"), None)];
    assert_eq!(close(&[put_off, late.clone()], "2026-04-25"), None);
    let then = vec![paper(
        Some("2026-05-03"),
        Some(("2026-02-10", "2026-04-20")),
    )];
    let expected = Some(("2026-05-03".to_owned(), [2, 0, 2, 0], false));
    assert_eq!(close(&[then, late], "2026-05-03"), expected);
}

#[test]
fn what_came_in_after_the_month_is_another_months() {
    let later = PaperCourse {
        came_in: day("2026-02-03"),
        ..paper(None, None)
    };
    let both = vec![paper(Some("2026-02-05"), None), later];
    let expected = Some(("2026-02-05".to_owned(), [1, 0, 1, 0], false));
    assert_eq!(close(&[both], "2026-02-05"), expected);
    let expected = Some(("2026-02-01".to_owned(), [1, 1, 0, 0], false));
    assert_eq!(close(&[vec![later]], "2026-02-01"), expected);
}

/// Ten papers that are due on 28 February, looked at on 10 April.
#[test]
fn the_rate_is_what_a_person_counts() {
    let settled = |text: &str| PaperEnd::Settled(day(text));
    let later = |text: &str| Some(day(text));
    let example = [
        // transferred, collected or returned before the last day, and on it
        (None, settled("2026-01-15"), Timeliness::OnTime),
        (None, settled("2026-02-10"), Timeliness::OnTime),
        (None, settled("2026-02-28"), Timeliness::OnTime),
        (
            later("2026-03-31"),
            settled("2026-02-27"),
            Timeliness::OnTime,
        ),
        // a day late; later than it was put off to
        (None, settled("2026-03-01"), Timeliness::Late),
        (later("2026-03-31"), settled("2026-04-02"), Timeliness::Late),
        // put off, and come by then; put off, and still to come
        (
            later("2026-03-31"),
            settled("2026-03-31"),
            Timeliness::PutOff,
        ),
        (later("2026-04-30"), PaperEnd::Open, Timeliness::PutOff),
        // still owed; lost
        (later("2026-04-09"), PaperEnd::Open, Timeliness::Overdue),
        (None, PaperEnd::Lost, Timeliness::Lost),
    ];
    let (due, today) = (day("2026-02-28"), day("2026-04-10"));
    let mut count = RateCount::default();
    for (place, (deferred, end, expected)) in example.into_iter().enumerate() {
        let found = timeliness(due, deferred, end, today);
        assert_eq!(found, expected, "{place}");
        // The department kept the first late one waiting.
        count.add(found, place == 4);
    }
    let by_hand = RateCount {
        on_time: 4,
        late: 2,
        put_off: 2,
        overdue: 1,
        lost: 1,
        not_yet_due: 0,
        by_hall: 3,
        by_department: 1,
    };
    assert_eq!(count, by_hand);
    assert_eq!(count.per_mille(), Some(500), "four of eight");
    let open = timeliness(due, None, PaperEnd::Open, day("2026-02-28"));
    assert_eq!(open, Timeliness::NotYetDue);
    let mut none = RateCount::default();
    none.add(open, true);
    assert_eq!((none.per_mille(), none.by_department), (None, 0));
}

/// A month's fact, for the golden file.
pub fn month_events() -> Vec<(Subject, Event)> {
    let site = SiteCode::new("CENTRE").unwrap();
    let month: Month = "2026-01".parse().unwrap();
    let subject = Subject::Month(MonthId::of(&site, month));
    let event = MonthEvent::Closed {
        site,
        month,
        on: "2026-02-12".parse().unwrap(),
        cases: 7,
        no_paper: 1,
        settled: 5,
        deferred: 1,
        late: false,
    };
    vec![(subject, Event::Month { event })]
}

/// Those of a witness.
pub fn witness_events() -> Vec<(Subject, Event)> {
    let subject = Subject::Witness(WitnessId::new("market").unwrap());
    let events = [
        WitnessEvent::Enrolled {
            key: "market.example/witness+1a2b3c4d+BA==".to_owned(),
            department: Some(DepartmentCode::new("market").unwrap()),
        },
        WitnessEvent::Cosigned {
            size: 890,
            root: Digest::of("root"),
            time: 1_770_000_000,
            signature: "c2lnbmF0dXJl".to_owned(),
        },
        WitnessEvent::Retired {},
    ];
    let events = events.map(|event| (subject.clone(), Event::Witness { event }));
    events.into()
}
