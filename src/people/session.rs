//! Sessions: who is signed in where.
//!
//! They live in this process's memory. A session is asked for with every request and touched each time, so it must
//! cost neither a read nor a write; nothing is lost that signing in again does not bring back; and a copy of the disk
//! holds no session. A restart therefore ends them all. Only the SHA-256 of a token is kept, so not even the memory
//! holds what a browser sends. Time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::domain::staff::SignInMethod;
use crate::domain::{Digest, StaffId, Timestamp};

/// The most sessions of one person; a further one ends the oldest.
const SESSIONS_MAX: usize = 10;

/// How long a half-finished sign-in waits, in milliseconds.
const UNFINISHED_MILLIS: i64 = 10 * 60 * 1000;

/// How long a session lasts, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request for so long, the session locks. Default 15 minutes.
    pub idle_millis: i64,
    /// So long after it began, it ends whatever happens. Default 12 hours.
    pub absolute_millis: i64,
    /// For so long a second factor counts as just shown. Default 10 minutes.
    pub fresh_millis: i64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle_millis: 15 * 60 * 1000,
            absolute_millis: 12 * 3600 * 1000,
            fresh_millis: 10 * 60 * 1000,
        }
    }
}

/// What a session still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A second factor has to be shown.
    SecondFactor,
    /// Another password has to be set.
    SetPassword,
    /// A second factor has to be enrolled.
    EnrolFactor,
    /// Nothing: the person is in.
    Full,
}

/// A session as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its public name: 16 hexadecimal digits that open nothing.
    pub id: String,
    /// Whose.
    pub staff: StaffId,
    /// What it still lacks.
    pub stage: Stage,
    /// How it began.
    pub method: SignInMethod,
    /// From where.
    pub address: IpAddr,
    /// When it began.
    pub begun: Timestamp,
    /// When it was last used.
    pub seen: Timestamp,
    /// When the person last showed a second factor, or the password where there is no factor.
    pub proved: Option<Timestamp>,
    locked: bool,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionFault {
    /// There is no such session, or no longer.
    Unknown,
    /// It was idle too long and waits for the password.
    Locked,
}

/// Every session there is.
#[derive(Debug, Default)]
pub struct Sessions {
    limits: SessionLimits,
    all: HashMap<Digest, Session>,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(limits: SessionLimits) -> Self {
        Self {
            limits,
            all: HashMap::new(),
        }
    }

    /// Opens a session under the digest of its token.
    pub fn open(&mut self, token: Digest, session: NewSession, now: Timestamp) -> Session {
        let limits = self.limits;
        self.all.retain(|_, held| !is_over(held, &limits, now));
        self.drop_oldest(&session.staff);
        let opened = Session {
            id: public_name(&token),
            staff: session.staff,
            stage: session.stage,
            method: session.method,
            address: session.address,
            begun: now,
            seen: now,
            proved: session.proved,
            locked: false,
        };
        self.all.insert(token, opened.clone());
        opened
    }

    fn drop_oldest(&mut self, staff: &StaffId) {
        loop {
            let own = self.all.iter().filter(|(_, held)| held.staff == *staff);
            if own.clone().count() < SESSIONS_MAX {
                return;
            }
            let oldest = own.min_by_key(|(token, held)| (held.begun, **token));
            let Some(token) = oldest.map(|(token, _)| *token) else {
                return;
            };
            self.all.remove(&token);
        }
    }

    /// The session of a token, which counts as used now.
    pub fn touch(&mut self, token: &Digest, now: Timestamp) -> Result<Session, SessionFault> {
        let session = self.look(token, now)?;
        if session.locked {
            return Err(SessionFault::Locked);
        }
        session.seen = now;
        Ok(session.clone())
    }

    /// The session of a token, locked or not, which does not count as used.
    pub fn peek(&mut self, token: &Digest, now: Timestamp) -> Result<Session, SessionFault> {
        self.look(token, now).cloned()
    }

    fn look(&mut self, token: &Digest, now: Timestamp) -> Result<&mut Session, SessionFault> {
        let limits = self.limits;
        let held = self.all.get(token).ok_or(SessionFault::Unknown)?;
        if is_over(held, &limits, now) {
            self.all.remove(token);
            return Err(SessionFault::Unknown);
        }
        let session = self.all.get_mut(token).ok_or(SessionFault::Unknown)?;
        if elapsed(session.seen, now) >= limits.idle_millis {
            session.locked = true;
        }
        Ok(session)
    }

    /// Moves a session to another token and stage, and unlocks it: whoever knew the old token has nothing. `proved`
    /// says that the person has just shown what a step-up asks for.
    pub fn renew(
        &mut self,
        token: &Digest,
        next: Digest,
        stage: Stage,
        proved: bool,
        now: Timestamp,
    ) -> Result<Session, SessionFault> {
        self.look(token, now)?;
        let mut session = self.all.remove(token).ok_or(SessionFault::Unknown)?;
        // The limit of a half-finished sign-in does not bind what came of it, and no other limit moves.
        if session.stage != Stage::Full && stage == Stage::Full {
            session.begun = now;
        }
        session.stage = stage;
        session.seen = now;
        session.locked = false;
        if proved {
            session.proved = Some(now);
        }
        session.id = public_name(&next);
        self.all.insert(next, session.clone());
        Ok(session)
    }

    /// Whether the person proved who they are a short while ago.
    pub fn is_fresh(&self, session: &Session, now: Timestamp) -> bool {
        session
            .proved
            .is_some_and(|at| elapsed(at, now) < self.limits.fresh_millis)
    }

    /// Locks a session at once.
    pub fn lock(&mut self, token: &Digest) {
        if let Some(session) = self.all.get_mut(token) {
            session.locked = true;
        }
    }

    /// Ends the session of a token.
    pub fn close(&mut self, token: &Digest) -> Option<Session> {
        self.all.remove(token)
    }

    /// Ends a person's session by its public name; whether there was one.
    pub fn revoke(&mut self, staff: &StaffId, id: &str) -> bool {
        let before = self.all.len();
        self.all
            .retain(|_, held| held.staff != *staff || held.id != id);
        self.all.len() < before
    }

    /// Ends all of a person's sessions, but for the one of `keep`; how many there were.
    pub fn revoke_all(&mut self, staff: &StaffId, keep: Option<&Digest>) -> usize {
        let before = self.all.len();
        self.all
            .retain(|token, held| held.staff != *staff || Some(token) == keep);
        before - self.all.len()
    }

    /// A person's sessions, newest first.
    pub fn list(&self, staff: &StaffId, now: Timestamp) -> Vec<Session> {
        let own = self.all.values();
        let own = own.filter(|held| held.staff == *staff && !is_over(held, &self.limits, now));
        let mut own: Vec<Session> = own.cloned().collect();
        own.sort_by(|a, b| b.begun.cmp(&a.begun).then(a.id.cmp(&b.id)));
        own
    }
}

/// What a session begins with.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Whose.
    pub staff: StaffId,
    /// What it still lacks.
    pub stage: Stage,
    /// How it began.
    pub method: SignInMethod,
    /// From where.
    pub address: IpAddr,
    /// When the person proved who they are, if a step-up needs no more than that.
    pub proved: Option<Timestamp>,
}

fn elapsed(from: Timestamp, now: Timestamp) -> i64 {
    now.as_millis().saturating_sub(from.as_millis())
}

fn is_over(session: &Session, limits: &SessionLimits, now: Timestamp) -> bool {
    let longest = match session.stage {
        Stage::Full => limits.absolute_millis,
        _ => UNFINISHED_MILLIS.min(limits.absolute_millis),
    };
    elapsed(session.begun, now) >= longest
}

fn public_name(token: &Digest) -> String {
    let named = Digest::of(format!("counterfoil/session/{token}"));
    hex::encode(&named.as_bytes()[..8])
}
