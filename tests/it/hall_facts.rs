//! Facts about the hall: what they may hold, that they stay readable, and what the rules of arranging refuse.

use std::path::Path;

use counterfoil::domain::hall::{self, HallRefusal};
use counterfoil::domain::stock::{SerialRange, fold};
use counterfoil::domain::{Digest, Subject};

use crate::hall_support::{Hall, MONDAY, code, instant};

#[tokio::test]
async fn the_halls_facts_hold_no_words() {
    let hall = Hall::at(MONDAY).await;
    let size = *hall.counter.ledger.published().borrow();
    for recorded in hall.counter.ledger.entries(0, size as usize).await.unwrap() {
        let text = String::from_utf8(recorded.bytes.to_vec()).unwrap();
        // Document numbers are the only Chinese there is: issuer's short name, year, number.
        let words = text.split(['"']).filter(|part| !part.is_ascii());
        for word in words {
            assert!(
                word.contains('〔') && word.ends_with('号'),
                "{word} in {text}"
            );
        }
    }
}

#[test]
fn a_refusal_says_what_to_do_in_two_languages() {
    let refusal = HallRefusal::WindowUnknown {
        site: "S1".parse().unwrap(),
        window: "W1".parse().unwrap(),
    };
    assert_eq!(refusal.code(), "window-unknown");
    assert_eq!(refusal.field(), Some("window"));
    assert!(refusal.zh().contains("S1") && refusal.zh().contains("请"));
    assert!(refusal.to_string().starts_with(&refusal.zh()));
}

#[tokio::test]
async fn blanks_of_a_kind_are_booked_once_over_the_real_ledger() {
    let hall = Hall::at(MONDAY).await;
    let counter = &hall.counter;
    let kind = "food-permit".parse().unwrap();
    let (town, centre) = ("HYZ".parse().unwrap(), "YLZX".parse().unwrap());
    let range = |first: &str, last: &str| {
        SerialRange::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    };
    let (ours, theirs) = (range("JY0001", "JY0010"), range("JY0011", "JY0012"));
    counter
        .receive_blanks(&hall.ask(), &kind, ours, None)
        .await
        .unwrap();
    counter
        .receive_blanks(&hall.ask(), &kind, theirs, Some(town))
        .await
        .unwrap();
    let again = counter
        .receive_blanks(&hall.ask(), &kind, range("JY0010", "JY0020"), None)
        .await;
    assert_eq!(code(again), "overlap");
    let (serial, case) = ("JY0001".parse().unwrap(), "2026-1".parse().unwrap());
    let ask = hall.ask();
    let used = counter
        .use_blank(&ask, &kind, serial, case, centre)
        .await
        .unwrap();
    let (serial, case) = ("JY0001".parse().unwrap(), "2026-1".parse().unwrap());
    let centre = || "YLZX".parse().unwrap();
    let retried = counter
        .use_blank(&ask, &kind, serial, case, centre())
        .await
        .unwrap();
    assert!(retried.repeated && retried.first == used.first);
    let case = || "2026-2".parse().unwrap();
    for (serial, refusal) in [
        ("JY0001", "used-before"),
        ("JY0011", "other-site"),
        ("JY0099", "not-received"),
    ] {
        let serial = serial.parse().unwrap();
        let refused = counter
            .use_blank(&hall.ask(), &kind, serial, case(), centre())
            .await;
        assert_eq!(code(refused), refusal);
    }
    let torn = "JY0002".parse().unwrap();
    counter
        .spoil_blank(&hall.ask(), &kind, torn, "打印错位", centre())
        .await
        .unwrap();
    let history = counter
        .history(&Subject::Stock(kind.clone()))
        .await
        .unwrap();
    let state = fold(history.iter().map(|recorded| &recorded.entry.event));
    assert_eq!(state.count().balance(), 10);
    assert_eq!(state.next(&centre()).unwrap().as_str(), "JY0003");
    assert!(counter.hall().await.unwrap().stocks.contains(&kind));
}

#[tokio::test]
async fn the_hall_keeps_calendar_years_and_audit_digests() {
    let hall = Hall::at(MONDAY).await;
    let counter = &hall.counter;
    let file = b"[[year]]\nyear = 2027\nsource = \"notice\"\nholidays = [{ name = \"A\", first = 2027-01-01 }]\n";
    let extended = counter
        .extend_calendar(&hall.ask(), 2027, file)
        .await
        .unwrap();
    let again = counter
        .extend_calendar(&hall.ask(), 2027, file)
        .await
        .unwrap();
    assert_eq!((extended.count, again.count), (1, 0));
    assert_eq!(
        counter.hall().await.unwrap().calendar[&2027],
        Digest::of(file)
    );
    let (day, digest) = ("2026-03-02".parse().unwrap(), Digest::of("records"));
    let early = counter.record_audit(&hall.ask(), day, digest, 3).await;
    assert_eq!(code(early), "day-not-over");
    hall.move_to("2026-03-03T00:00:00+08:00");
    counter
        .record_audit(&hall.ask(), day, digest, 3)
        .await
        .unwrap();
    let again = counter
        .record_audit(&hall.ask(), day, digest, 3)
        .await
        .unwrap();
    assert_eq!(again.count, 0);
    let other = counter.record_audit(&hall.ask(), day, digest, 4).await;
    assert_eq!(code(other), "day-recorded");
}

#[tokio::test]
async fn windows_and_posts_change_only_as_the_rules_say() {
    let hall = Hall::at(MONDAY).await;
    let state = hall.counter.site(&"YLZX".parse().unwrap()).await.unwrap();
    let (window, now) = ("A06".parse().unwrap(), instant(MONDAY));
    let past = hall::close_window(&state, &window, "2026-03-01".parse().unwrap(), now);
    assert_eq!(past.unwrap_err().code(), "past-date");
    let facts = hall::close_window(&state, &window, "2026-03-03".parse().unwrap(), now).unwrap();
    assert_eq!(facts.len(), 1);
    let department = hall
        .counter
        .department(&"RSJ".parse().unwrap())
        .await
        .unwrap();
    let (staff, day) = ("rsj-01".parse().unwrap(), "2026-06-01".parse().unwrap());
    let twice = hall::appoint(
        &department,
        &staff,
        hall::ItemScope::All,
        (day, None),
        Digest::of("x"),
    );
    assert_eq!(twice.unwrap_err().code(), "already-appointed");
    let stranger = "RSJ-99".parse().unwrap();
    let removed = hall::remove(&department, &stranger, true, day, now);
    assert_eq!(removed.unwrap_err().code(), "not-appointed");
}

/// Facts once written stay readable: one line of each kind stands in the event files, which another test reads.
#[test]
fn every_kind_of_fact_about_the_hall_stands_in_the_event_files() {
    let kinds = [
        (
            "hall",
            "calendar_extended day_audited department_listed item_listed list_compared site_listed stock_listed",
        ),
        (
            "site",
            "closed described opened tidal_opened window_changed window_closed window_opened",
        ),
        (
            "department",
            "authorised chief_appointed chief_removed described inherited officer_assigned officer_removed opened succeeded",
        ),
        ("authorisation", "granted revoked"),
        ("item", "entered notified proposed went_live withdrawn"),
        ("stock", "printed received spoiled used"),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events");
    let text = std::fs::read_to_string(folder.join("v1-hall.jsonl")).unwrap();
    let mut found = std::collections::BTreeSet::new();
    for line in text.lines() {
        let fact: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |path: &str| {
            fact.pointer(path)
                .and_then(|word| word.as_str())
                .unwrap()
                .to_owned()
        };
        found.insert((word("/event/type"), word("/event/event/type")));
    }
    let expected = kinds.into_iter().flat_map(|(about, kinds)| {
        let kinds = kinds.split(' ');
        kinds.map(move |kind| (about.to_owned(), kind.to_owned()))
    });
    assert_eq!(found, expected.collect());
}
