//! Waiting after failures, so that nobody guesses and no stranger locks anyone out.
//!
//! - An attempt counts before it is checked, so that many at once are no way around; success takes it back.
//! - **Account:** three attempts are free, then 1 s, doubling up to a minute. It is forgotten after success, or an hour
//!   after the last attempt. An address from which the account was signed in to before has a count of its own: what
//!   strangers do elsewhere never delays the person at their own desk, and even a stranger's worst is one minute.
//! - **Address:** twenty attempts are free, one more every 30 s (a whole hall may sit behind one address), then 1 s,
//!   doubling up to 15 minutes.
//! - An attempt made while waiting is refused unread and does not count.
//!
//! It is kept in memory: a restart forgets it, which costs a stranger nothing but gains them little. Time is an
//! argument.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

use crate::domain::{Digest, Timestamp};

const SECOND: i64 = 1000;
const ACCOUNT_FREE: u32 = 3;
const ACCOUNT_WAIT_MAX: i64 = 60 * SECOND;
const ACCOUNT_FORGET: i64 = 3600 * SECOND;
const ADDRESS_FREE: u32 = 20;
const ADDRESS_WAIT_MAX: i64 = 900 * SECOND;
/// One attempt of an address is forgotten each such span.
const ADDRESS_LEAK: i64 = 30 * SECOND;

/// The most accounts, addresses and known desks remembered, each.
const ENTRIES_MAX: usize = 50_000;
/// The most known addresses of one account.
const DESKS_MAX: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Strikes {
    count: u32,
    last: Timestamp,
}

/// The attempts of late.
#[derive(Debug, Default)]
pub struct Backoff {
    accounts: HashMap<(Digest, Option<IpAddr>), Strikes>,
    addresses: HashMap<IpAddr, Strikes>,
    desks: HashMap<Digest, Vec<IpAddr>>,
}

/// How long to wait, in milliseconds, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub i64);

impl Backoff {
    /// Counts an attempt on `account` from `address`, or says how long to wait first.
    pub fn attempt(&mut self, account: &str, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let key = self.key(account, address);
        let strikes = self.accounts.get(&key).copied();
        let strikes = strikes.filter(|strikes| since(*strikes, now) < ACCOUNT_FORGET);
        let leaked = self.addresses.get(&address).map(|one| leak(*one, now));
        let wait = remaining(strikes, ACCOUNT_FREE, ACCOUNT_WAIT_MAX, now).max(remaining(
            leaked,
            ADDRESS_FREE,
            ADDRESS_WAIT_MAX,
            now,
        ));
        if wait > 0 {
            return Err(Wait(wait));
        }
        make_room(&mut self.accounts, |one| since(*one, now) < ACCOUNT_FORGET);
        make_room(&mut self.addresses, |one| leak(*one, now).count > 0);
        self.accounts.insert(key, struck(strikes, now));
        self.addresses.insert(address, struck(leaked, now));
        Ok(())
    }

    /// Takes the attempt back, because it succeeded, and remembers the address as the account's own.
    pub fn succeeded(&mut self, account: &str, address: IpAddr) {
        let key = self.key(account, address);
        self.accounts.remove(&key);
        if let Some(strikes) = self.addresses.get_mut(&address) {
            strikes.count = strikes.count.saturating_sub(1);
        }
        let account = Digest::of(account);
        if self.desks.len() >= ENTRIES_MAX && !self.desks.contains_key(&account) {
            return;
        }
        let desks = self.desks.entry(account).or_default();
        if !desks.contains(&address) {
            desks.push(address);
            if desks.len() > DESKS_MAX {
                desks.remove(0);
            }
        }
    }

    /// The count an attempt belongs to: the account's own desk has its own.
    fn key(&self, account: &str, address: IpAddr) -> (Digest, Option<IpAddr>) {
        let account = Digest::of(account);
        let own = self.desks.get(&account);
        let own = own.is_some_and(|desks| desks.contains(&address));
        (account, own.then_some(address))
    }
}

fn since(strikes: Strikes, now: Timestamp) -> i64 {
    // A clock that was set back never makes the wait longer than the longest.
    now.as_millis()
        .saturating_sub(strikes.last.as_millis())
        .max(0)
}

/// What is left of an address's count. Attempts that were forgotten do not move the time of the last one.
fn leak(strikes: Strikes, now: Timestamp) -> Strikes {
    let forgotten = since(strikes, now) / ADDRESS_LEAK;
    let forgotten = u32::try_from(forgotten).unwrap_or(u32::MAX);
    Strikes {
        count: strikes.count.saturating_sub(forgotten),
        last: strikes.last,
    }
}

fn struck(strikes: Option<Strikes>, now: Timestamp) -> Strikes {
    Strikes {
        count: strikes.map_or(0, |one| one.count).saturating_add(1),
        last: now,
    }
}

fn remaining(strikes: Option<Strikes>, free: u32, longest: i64, now: Timestamp) -> i64 {
    let Some(strikes) = strikes.filter(|strikes| strikes.count >= free) else {
        return 0;
    };
    let doublings = (strikes.count - free).min(20);
    let delay = (SECOND << doublings).min(longest);
    (delay - since(strikes, now)).max(0)
}

/// Drops what is forgotten once there are too many entries, then the oldest half.
fn make_room<K: Clone + Eq + Hash>(
    entries: &mut HashMap<K, Strikes>,
    matters: impl Fn(&Strikes) -> bool,
) {
    if entries.len() < ENTRIES_MAX {
        return;
    }
    entries.retain(|_, strikes| matters(strikes));
    if entries.len() < ENTRIES_MAX {
        return;
    }
    let mut times: Vec<Timestamp> = entries.values().map(|strikes| strikes.last).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied();
    entries.retain(|_, strikes| Some(strikes.last) > middle);
}
