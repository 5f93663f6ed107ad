//! Laws of waiting after failures, over random histories with a clock moved by hand, against a naive model.

use std::collections::HashMap;
use std::net::IpAddr;

use counterfoil::domain::Timestamp;
use counterfoil::people::{Backoff, Wait};

use crate::people_support::{HOUR, MINUTE, SECOND};
use crate::support::{Random, from_environment};

const START: i64 = 1_795_400_000_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

fn address(number: u64) -> IpAddr {
    IpAddr::from([10, 0, (number >> 8) as u8, number as u8])
}

#[test]
fn delays_double_from_one_second_to_a_minute() {
    let mut backoff = Backoff::default();
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..12 {
        if let Err(Wait(millis)) = backoff.attempt("c001", address(1), at(now)) {
            waits.push(millis);
            // A moment too early is refused, and costs nothing.
            let early = backoff.attempt("c001", address(1), at(now + millis - 1));
            assert_eq!(early, Err(Wait(1)));
            now += millis;
            backoff.attempt("c001", address(1), at(now)).unwrap();
        }
    }
    let seconds: Vec<i64> = waits.iter().map(|millis| millis / SECOND).collect();
    assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    // An hour later it is forgotten.
    backoff.attempt("c001", address(1), at(now + HOUR)).unwrap();
    backoff.attempt("c001", address(1), at(now + HOUR)).unwrap();
}

#[test]
fn success_takes_the_count_back_and_attempts_at_once_all_count() {
    let mut backoff = Backoff::default();
    for round in 0..50 {
        for _ in 0..3 {
            backoff.attempt("c001", address(1), at(round)).unwrap();
        }
        assert!(backoff.attempt("c001", address(1), at(round)).is_err());
        backoff.succeeded("c001", address(1));
        // Only the attempt that succeeded is given back to the address: fill it no further in this test.
        backoff = Backoff::default();
    }
}

#[test]
fn strangers_never_delay_a_person_at_their_own_desk() {
    let mut backoff = Backoff::default();
    let desk = address(1);
    backoff.attempt("c001", desk, at(0)).unwrap();
    backoff.succeeded("c001", desk);
    let mut refused = 0;
    for stranger in 2..5000 {
        let now = at(stranger as i64 * 10);
        refused += u32::from(backoff.attempt("c001", address(stranger), now).is_err());
        if stranger % 100 == 0 {
            backoff.attempt("c001", desk, now).unwrap();
            backoff.succeeded("c001", desk);
        }
    }
    assert!(refused > 4000, "strangers were refused {refused} times");
    // From anywhere else the wait is a minute at worst.
    let wait = backoff.attempt("c001", address(9000), at(50_000));
    assert!(matches!(wait, Err(Wait(millis)) if millis <= MINUTE));
}

#[test]
fn one_address_cannot_try_many_accounts() {
    let mut backoff = Backoff::default();
    let mut tried = 0;
    for second in 0..HOUR / SECOND {
        for _ in 0..10 {
            let account = format!("c{tried}");
            tried += u32::from(
                backoff
                    .attempt(&account, address(1), at(second * SECOND))
                    .is_ok(),
            );
        }
    }
    // Twenty at first, a few while the waits are short, then one in 30 s.
    assert!(
        (20..=20 + 6 + 120).contains(&tried),
        "{tried} attempts in an hour"
    );
    // Someone else at the same time is not concerned.
    backoff.attempt("d001", address(2), at(HOUR)).unwrap();
}

#[test]
fn memory_is_bounded() {
    let mut backoff = Backoff::default();
    for number in 0..120_000u64 {
        let account = format!("x{number}");
        let from = IpAddr::from((u128::from(number) << 64).to_be_bytes());
        let _ = backoff.attempt(&account, from, at(number as i64));
    }
    let shown = format!("{backoff:?}");
    assert!(shown.matches("Strikes").count() <= 100_000 + 2);
    assert!(!shown.contains("x119999"), "accounts are kept as digests");
}

/// Against a model that knows the whole history: the wait is never longer than the longest, an attempt is refused
/// exactly while it lasts, and refused attempts change nothing.
#[test]
fn any_history_of_attempts_waits_as_the_model_says() {
    let seed = from_environment("COUNTERFOIL_SEED", 3_141_592);
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut backoff = Backoff::default();
    let mut model: HashMap<String, (u32, i64)> = HashMap::new();
    let (mut now, mut refused) = (0i64, 0);
    for step in 0..20_000u64 {
        now += [0, 1, 500, SECOND, 10 * SECOND, MINUTE, HOUR][random.below(7) as usize];
        let account = format!("c{}", random.below(5));
        // A fresh address each time, so that only the account's count matters.
        let from = IpAddr::from((u128::from(step) << 64).to_be_bytes());
        let (count, last) = model.get(&account).copied().unwrap_or((0, now));
        let count = if now - last >= HOUR { 0 } else { count };
        let delay = match count {
            0..=2 => 0,
            count => (SECOND << (count - 3).min(20)).min(MINUTE),
        };
        let left = (last + delay - now).max(0);
        let result = backoff.attempt(&account, from, at(now));
        if left > 0 {
            assert_eq!(result, Err(Wait(left)), "seed {seed} step {step}");
            refused += 1;
            continue;
        }
        assert_eq!(result, Ok(()), "seed {seed} step {step}");
        model.insert(account, (count + 1, now));
    }
    assert!(refused > 500, "{refused} refused");
}
