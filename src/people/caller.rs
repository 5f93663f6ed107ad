//! Whoever asks for something, with what they may do.

use super::error::PeopleError;
use super::session::Session;
use super::{People, SecretText};
use crate::domain::access::{Action, Grant, Target, Verdict, allows};
use crate::domain::staff::actor_of;
use crate::domain::{Actor, Digest, SiteCode, StaffId, TokenId};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Whoever runs the program on the machine itself, and so holds the keys anyway.
    Operator,
    /// A person with a session.
    Staff {
        /// Who.
        staff: StaffId,
        /// In which session.
        session: Session,
    },
    /// A station with a token.
    Station {
        /// Which token.
        token: TokenId,
        /// Its site.
        site: SiteCode,
    },
}

/// Whoever asks, as the newest facts leave them. Made for one request and not kept.
#[derive(Debug, Clone)]
pub struct Caller {
    /// How the facts name them: `staff:<id>`, `station:<token>` or `cli:operator`.
    pub actor: Actor,
    /// Who it is.
    pub who: Who,
    grants: Vec<Grant>,
    fresh: bool,
}

impl Caller {
    /// The operator of the machine. For the command line only.
    pub fn operator() -> Result<Self, PeopleError> {
        Ok(Self {
            actor: Actor::new("cli:operator").map_err(|_| PeopleError::Damaged)?,
            who: Who::Operator,
            grants: Vec::new(),
            fresh: true,
        })
    }

    pub(super) fn station(
        token: TokenId,
        site: SiteCode,
        grant: Grant,
    ) -> Result<Self, PeopleError> {
        Ok(Self {
            actor: Actor::new(format!("station:{token}")).map_err(|_| PeopleError::Damaged)?,
            who: Who::Station { token, site },
            grants: vec![grant],
            fresh: false,
        })
    }

    /// The person's id, if it is a person.
    pub fn staff(&self) -> Option<&StaffId> {
        match &self.who {
            Who::Staff { staff, .. } => Some(staff),
            _ => None,
        }
    }

    /// The roles held, for lists that are cut to what the caller may see.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// What the table says about `action` at `target`.
    pub fn verdict(&self, action: Action, target: &Target<'_>) -> Verdict {
        if self.who == Who::Operator {
            return Verdict::Allowed;
        }
        allows(&self.grants, action, target)
    }

    /// Lets an action pass, or says in which way it may not: as if there were nothing, as forbidden, or not before
    /// a second factor was shown again.
    pub fn require(&self, action: Action, target: &Target<'_>) -> Result<(), PeopleError> {
        match self.verdict(action, target) {
            Verdict::Hidden => Err(PeopleError::NotFound),
            Verdict::Denied => Err(PeopleError::Forbidden),
            Verdict::Allowed if action.is_sensitive() && !self.fresh => {
                Err(PeopleError::StepUpNeeded)
            }
            Verdict::Allowed => Ok(()),
        }
    }

    /// Lets pass only a person who proved a short while ago who they are, for what concerns the person's own account.
    pub fn require_fresh(&self) -> Result<(), PeopleError> {
        if self.fresh {
            return Ok(());
        }
        Err(PeopleError::StepUpNeeded)
    }
}

impl People {
    /// Whoever holds this session. The session counts as used now. Someone who left or was locked a moment ago is
    /// nobody any more.
    pub async fn caller(&self, token: &SecretText) -> Result<Caller, PeopleError> {
        let key = Digest::of(token.expose());
        let now = self.now();
        let session = self.sessions().touch(&key, now)?;
        let state = self.state(&session.staff).await?;
        let Some(state) = state.filter(|state| state.is_active()) else {
            self.sessions().close(&key);
            return Err(PeopleError::NotSignedIn);
        };
        if session.stage != super::Stage::Full {
            return Err(PeopleError::Unfinished {
                stage: session.stage,
            });
        }
        // A role that was given during the session may ask for more than the session began with.
        let all = self.inner.settings.second_factor_for_all;
        if state.factors.is_empty() && state.needs_second_factor(all) {
            return Err(PeopleError::Unfinished {
                stage: super::Stage::EnrolFactor,
            });
        }
        Ok(Caller {
            actor: actor_of(&session.staff)?,
            grants: state.grants.clone(),
            fresh: self.sessions().is_fresh(&session, now),
            who: Who::Staff {
                staff: session.staff.clone(),
                session,
            },
        })
    }

    /// The session of a token, whatever it still lacks; it does not count as used. For "who am I" at every stage.
    pub fn session(&self, token: &SecretText) -> Result<Session, PeopleError> {
        let key = Digest::of(token.expose());
        Ok(self.sessions().peek(&key, self.now())?)
    }

    /// Ends the session of a token.
    pub fn sign_out(&self, token: &SecretText) {
        let key = Digest::of(token.expose());
        self.sessions().close(&key);
        super::lock(&self.inner.pending).remove(&key);
    }

    /// Locks the session of a token at once, as if it had been idle.
    pub fn lock_session(&self, token: &SecretText) {
        self.sessions().lock(&Digest::of(token.expose()));
    }

    /// A person's sessions, newest first.
    pub fn sessions_of(&self, staff: &StaffId) -> Vec<Session> {
        self.sessions().list(staff, self.now())
    }

    /// Ends one of a person's sessions by its public name.
    pub fn revoke_session(&self, staff: &StaffId, id: &str) -> Result<(), PeopleError> {
        if self.sessions().revoke(staff, id) {
            return Ok(());
        }
        Err(PeopleError::NotFound)
    }

    /// Ends all of a person's sessions; how many there were.
    pub fn revoke_sessions(&self, staff: &StaffId) -> usize {
        self.sessions().revoke_all(staff, None)
    }
}
