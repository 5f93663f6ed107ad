//! Laws of sessions, over a random history with a clock moved by hand, against a naive model.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use counterfoil::domain::staff::SignInMethod;
use counterfoil::domain::{Digest, StaffId, Timestamp};
use counterfoil::people::{NewSession, SessionFault, SessionLimits, Sessions, Stage};

use crate::people_support::{MINUTE, SECOND, staff};
use crate::support::{Random, from_environment};

struct Model {
    staff: StaffId,
    stage: Stage,
    begun: i64,
    seen: i64,
    proved: Option<i64>,
    locked: bool,
}

/// The sessions under test beside the model, at one moment.
struct Both {
    random: Random,
    limits: SessionLimits,
    sessions: Sessions,
    model: HashMap<Digest, Model>,
    tokens: Vec<Digest>,
    now: i64,
    step: u64,
    counts: HashMap<&'static str, u32>,
}

impl Both {
    fn at(&self) -> Timestamp {
        Timestamp::from_millis(1_795_400_000_000 + self.now)
    }

    fn count(&mut self, word: &'static str) {
        *self.counts.entry(word).or_default() += 1;
    }

    fn anyone(&mut self) -> StaffId {
        staff(&format!("c{}", self.random.below(3)))
    }

    /// One of the newest tokens, which may be void by now.
    fn any_token(&mut self) -> Digest {
        if self.tokens.is_empty() {
            return Digest::of("none");
        }
        let back = self.random.below(self.tokens.len().min(12) as u64) as usize;
        self.tokens[self.tokens.len() - 1 - back]
    }

    /// Time goes by: old sessions end and idle ones lock.
    fn pass_time(&mut self) {
        let steps = [0, SECOND, MINUTE, 4 * MINUTE, 16 * MINUTE];
        self.now += steps[self.random.below(5) as usize];
        let (now, limits) = (self.now, self.limits);
        self.model.retain(|_, one| {
            let longest = match one.stage {
                Stage::Full => limits.absolute_millis,
                _ => 10 * MINUTE,
            };
            now - one.begun < longest
        });
        for one in self.model.values_mut() {
            one.locked |= now - one.seen >= limits.idle_millis;
        }
    }

    fn open(&mut self) {
        let token = Digest::of(format!("open {}", self.step));
        let who = self.anyone();
        let stage = [Stage::Full, Stage::SecondFactor][self.random.below(2) as usize];
        let own = self.model.iter().filter(|(_, one)| one.staff == who);
        let mut own: Vec<(i64, Digest)> = own.map(|(key, one)| (one.begun, *key)).collect();
        own.sort_unstable();
        if own.len() >= 10 {
            self.model.remove(&own[0].1);
        }
        let new = NewSession {
            staff: who.clone(),
            stage,
            method: SignInMethod::Password,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            proved: None,
        };
        let at = self.at();
        self.sessions.open(token, new, at);
        let one = Model {
            staff: who,
            stage,
            begun: self.now,
            seen: self.now,
            proved: None,
            locked: false,
        };
        self.model.insert(token, one);
        self.tokens.push(token);
        self.count("open");
    }

    fn renew(&mut self) {
        let (token, at) = (self.any_token(), self.at());
        let next = Digest::of(format!("next {}", self.step));
        let proved = self.random.below(2) == 0;
        let renewed = self.sessions.renew(&token, next, Stage::Full, proved, at);
        let known = self.model.remove(&token);
        assert_eq!(renewed.is_ok(), known.is_some(), "step {}", self.step);
        let Some(mut one) = known else {
            return;
        };
        if one.stage != Stage::Full {
            one.begun = self.now;
        }
        one.stage = Stage::Full;
        one.seen = self.now;
        one.locked = false;
        one.proved = if proved { Some(self.now) } else { one.proved };
        self.model.insert(next, one);
        self.tokens.push(next);
        self.count("renewed");
    }

    fn revoke(&mut self) {
        let (who, keep) = (self.anyone(), self.any_token());
        self.model
            .retain(|key, one| one.staff != who || *key == keep);
        self.sessions.revoke_all(&who, Some(&keep));
        self.count("revoked");
    }

    fn touch(&mut self) {
        let (token, at) = (self.any_token(), self.at());
        let touched = self.sessions.touch(&token, at);
        let expected = match self.model.get_mut(&token) {
            None => Some(SessionFault::Unknown),
            Some(one) if one.locked => Some(SessionFault::Locked),
            Some(one) => {
                one.seen = self.now;
                None
            }
        };
        assert_eq!(
            touched.as_ref().err().copied(),
            expected,
            "step {}",
            self.step
        );
        if let (Ok(session), Some(one)) = (touched, self.model.get(&token)) {
            assert_eq!((&session.staff, session.stage), (&one.staff, one.stage));
            let fresh = one
                .proved
                .is_some_and(|at| self.now - at < self.limits.fresh_millis);
            assert_eq!(
                self.sessions.is_fresh(&session, at),
                fresh,
                "step {}",
                self.step
            );
        }
        self.count(match expected {
            None => "used",
            Some(SessionFault::Locked) => "locked",
            Some(SessionFault::Unknown) => "gone",
        });
    }

    fn compare_lists(&self) {
        for number in 0..3 {
            let who = staff(&format!("c{number}"));
            let listed = self.sessions.list(&who, self.at()).len();
            let own = self.model.values().filter(|one| one.staff == who).count();
            assert_eq!(listed, own, "step {}", self.step);
        }
    }
}

/// Idle ones lock, old ones end, revoked ones are gone, a renewed one has one token.
#[test]
fn any_history_of_sessions_is_as_the_model_says() {
    let seed = from_environment("COUNTERFOIL_SEED", 2_718_281);
    println!("seed {seed}");
    let limits = SessionLimits::default();
    let mut both = Both {
        random: Random::new(seed),
        limits,
        sessions: Sessions::new(limits),
        model: HashMap::new(),
        tokens: Vec::new(),
        now: 0,
        step: 0,
        counts: HashMap::new(),
    };
    for step in 0..30_000 {
        both.step = step;
        both.pass_time();
        match both.random.below(8) {
            0 | 1 => both.open(),
            2 => both.renew(),
            3 if both.random.below(6) == 0 => both.revoke(),
            _ => both.touch(),
        }
        both.compare_lists();
    }
    for word in ["open", "renewed", "revoked", "used", "locked", "gone"] {
        let count = both.counts.get(word).copied().unwrap_or(0);
        assert!(count > 100, "{:?}", both.counts);
    }
}
