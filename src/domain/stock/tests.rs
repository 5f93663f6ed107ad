//! Laws of the stock: whatever is asked, what is there is what came in less what went.

use proptest::prelude::*;

use super::*;
use crate::domain::Digest;

fn serial(text: impl Into<String>) -> SerialNo {
    SerialNo::new(text).unwrap()
}

fn range(first: &str, last: &str) -> Result<SerialRange, StockRefusal> {
    SerialRange::new(serial(first), serial(last))
}

#[test]
fn serials_of_one_kind_count_up() {
    let ten = range("JY0091", "JY0100").unwrap();
    assert_eq!(ten.count(), 10);
    let all: Vec<String> = ten.serials().map(|one| one.to_string()).collect();
    assert_eq!((all.len(), all[9].as_str()), (10, "JY0100"));
    for (text, inside) in [
        ("JY0091", true),
        ("JY0100", true),
        ("JY0090", false),
        ("JY0101", false),
        ("JY091", false),
        ("JX0095", false),
    ] {
        assert_eq!(ten.contains(&serial(text)), inside, "{text}");
    }
    for (first, last) in [
        ("JY2", "JY1"),
        ("JY9", "JY10"),
        ("JA1", "JB2"),
        ("JY", "JY"),
        ("0", "9999999999"),
        ("JY0000001", "JY1000001"),
    ] {
        assert!(range(first, last).is_err(), "{first} {last}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Receive(u64, u64, Option<u8>),
    Spend(u64, u8),
    Spoil(u64, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..40u64, 0..8u64, prop::option::of(0..2u8)).prop_map(|(a, b, c)| Step::Receive(a, b, c)),
        (0..50u64, 0..2u8).prop_map(|(a, b)| Step::Spend(a, b)),
        (0..50u64, 0..2u8).prop_map(|(a, b)| Step::Spoil(a, b)),
    ]
}

/// The naive model: what each number is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Blank {
    Here(Option<u8>),
    Used,
    Spoiled,
}

proptest! {
    #[test]
    fn the_balance_is_what_came_in_less_what_went(steps in prop::collection::vec(step(), 1..80)) {
        let kind = CertificateKind::new("food-permit").unwrap();
        let site = |number: u8| SiteCode::new(format!("S{number}")).unwrap();
        let number = |number: u64| serial(format!("N{number:05}"));
        let mut history: Vec<Event> = Vec::new();
        let mut model: BTreeMap<u64, Blank> = BTreeMap::new();
        for step in steps {
            let state = fold(&history);
            let (decided, expected) = match step {
                Step::Receive(first, more, holder) => {
                    let fresh = (first..=first + more).all(|one| !model.contains_key(&one));
                    if fresh {
                        model.extend((first..=first + more).map(|one| (one, Blank::Here(holder))));
                    }
                    let range = SerialRange::new(number(first), number(first + more)).unwrap();
                    (receive(&state, &kind, range, holder.map(site)), fresh)
                }
                Step::Spend(one, at) | Step::Spoil(one, at) => {
                    let free = match model.get(&one) {
                        Some(Blank::Here(holder)) => holder.is_none_or(|holder| holder == at),
                        _ => false,
                    };
                    let spent = matches!(step, Step::Spend(..));
                    if free {
                        model.insert(one, if spent { Blank::Used } else { Blank::Spoiled });
                    }
                    let case = CaseNo::new("C1").unwrap();
                    let reason = Commitment(Digest::of("torn"));
                    let decided = if spent {
                        spend(&state, &kind, number(one), case, site(at))
                    } else {
                        spoil(&state, &kind, number(one), reason, site(at))
                    };
                    (decided, free)
                }
            };
            prop_assert_eq!(decided.is_ok(), expected, "{:?}", decided);
            history.extend(decided.into_iter().flatten().map(|fact| fact.event));
            let count = fold(&history).count();
            let of = |wanted: fn(&Blank) -> bool| model.values().filter(|one| wanted(one)).count() as u64;
            prop_assert_eq!(count.received, model.len() as u64);
            prop_assert_eq!(count.used, of(|one| *one == Blank::Used));
            prop_assert_eq!(count.spoiled, of(|one| *one == Blank::Spoiled));
            prop_assert_eq!(count.balance(), of(|one| matches!(one, Blank::Here(_))));
            for at in 0..2u8 {
                let next = fold(&history).next(&site(at));
                let able = model.values().any(|one| match one {
                    Blank::Here(holder) => holder.is_none_or(|holder| holder == at),
                    _ => false,
                });
                prop_assert_eq!(next.is_some(), able);
            }
        }
    }
}
