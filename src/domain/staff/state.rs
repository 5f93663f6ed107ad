//! A person as the history tells it.

use super::event::{FactorKind, PublicKey, StaffEvent};
use crate::domain::access::{Grant, Role};
use crate::domain::id::{Commitment, FactorId, SigningKeyId, SiteCode, StaffId, TokenId};
use crate::domain::{Digest, Event, Timestamp};

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffState {
    /// Vault record with the name.
    pub profile: Commitment,
    /// Vault record with the password's hash, while there is a password.
    pub credential: Option<Commitment>,
    /// The password has to be changed before anything else.
    pub temporary: bool,
    /// The roles held.
    pub grants: Vec<Grant>,
    /// The second factors.
    pub factors: Vec<Factor>,
    /// A second factor has to be enrolled again, because a recovery made the old ones void.
    pub factor_due: bool,
    /// Whether the account is locked.
    pub locked: bool,
    /// The recovery that waits for its code.
    pub recovery: Option<Recovery>,
    /// Vault record of the link to single sign-on.
    pub single_sign_on: Option<Commitment>,
    /// Every signing key there ever was.
    pub keys: Vec<SigningKey>,
    /// Every token that was not revoked.
    pub tokens: Vec<Token>,
    /// Who took over, once the person left.
    pub successor: Option<StaffId>,
    /// Whose business this person took over.
    pub took_over: Vec<StaffId>,
    /// How many facts made the account what it is. Signing in and showing a factor use it and do not count.
    pub version: u32,
}

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its name.
    pub id: FactorId,
    /// What it is.
    pub kind: FactorKind,
    /// Vault record with its secret.
    pub secret: Commitment,
    /// The highest counter it showed.
    pub mark: u64,
}

/// A recovery that waits for its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// Vault record with the code's digest.
    pub code: Commitment,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// A signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name.
    pub id: SigningKeyId,
    /// Its public half.
    pub public: PublicKey,
    /// Vault record with its sealed private half.
    pub sealed: Option<Commitment>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A station's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub id: TokenId,
    /// SHA-256 of its secret.
    pub secret: Digest,
    /// Its site.
    pub site: SiteCode,
    /// Until when.
    pub expires: Timestamp,
}

impl StaffState {
    fn enrolled(profile: Commitment, credential: Option<Commitment>, temporary: bool) -> Self {
        Self {
            profile,
            credential,
            temporary,
            grants: Vec::new(),
            factors: Vec::new(),
            factor_due: false,
            locked: false,
            recovery: None,
            single_sign_on: None,
            keys: Vec::new(),
            tokens: Vec::new(),
            successor: None,
            took_over: Vec::new(),
            version: 1,
        }
    }

    /// Whether the person works here.
    pub fn works_here(&self) -> bool {
        self.successor.is_none()
    }

    /// Whether the account may be used: the person works here and it is not locked.
    pub fn is_active(&self) -> bool {
        self.works_here() && !self.locked
    }

    /// Whether the person holds `role` anywhere.
    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// Whether a sign-in takes a second factor: one of the roles asks for it, a recovery did, there is one, or the
    /// hall asks everyone.
    pub fn needs_second_factor(&self, everyone: bool) -> bool {
        everyone
            || self.factor_due
            || !self.factors.is_empty()
            || self
                .grants
                .iter()
                .any(|grant| grant.role.needs_second_factor())
    }

    /// A second factor by its name.
    pub fn factor(&self, id: &FactorId) -> Option<&Factor> {
        self.factors.iter().find(|factor| factor.id == *id)
    }

    /// A signing key in force by its name.
    pub fn key(&self, id: &SigningKeyId) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.id == *id && !key.revoked)
    }

    /// The signing key in force: there is one at most.
    pub fn signing_key(&self) -> Option<&SigningKey> {
        self.keys.iter().find(|key| !key.revoked)
    }

    /// A token that was not revoked, by its name.
    pub fn token(&self, id: &TokenId) -> Option<&Token> {
        self.tokens.iter().find(|token| token.id == *id)
    }

    fn apply(&mut self, event: &StaffEvent) {
        if !matches!(
            event,
            StaffEvent::SignedIn { .. } | StaffEvent::FactorUsed { .. }
        ) {
            self.version = self.version.saturating_add(1);
        }
        match event {
            StaffEvent::Listed { .. } | StaffEvent::Enrolled { .. } => {}
            StaffEvent::SignedIn { .. } => {}
            StaffEvent::ProfileChanged { profile } => self.profile = *profile,
            StaffEvent::RoleAssigned { grant } => self.grants.push(grant.clone()),
            StaffEvent::RoleRemoved { grant } => self.grants.retain(|held| held != grant),
            StaffEvent::PasswordChanged { credential } => self.set_password(*credential),
            StaffEvent::Locked { .. } => self.locked = true,
            StaffEvent::Unlocked => self.locked = false,
            StaffEvent::RecoveryIssued { code, expires } => {
                self.credential = None;
                self.factor_due = !self.factors.is_empty() || self.factor_due;
                self.factors.clear();
                self.recovery = Some(Recovery {
                    code: *code,
                    expires: *expires,
                });
            }
            StaffEvent::RecoveryUsed { credential } => {
                self.set_password(*credential);
                self.recovery = None;
            }
            StaffEvent::SingleSignOnLinked { link } => self.single_sign_on = Some(*link),
            StaffEvent::SingleSignOnUnlinked => self.single_sign_on = None,
            StaffEvent::FactorEnrolled { .. }
            | StaffEvent::FactorRemoved { .. }
            | StaffEvent::FactorUsed { .. } => self.apply_factor(event),
            StaffEvent::SigningKeyEnrolled { .. }
            | StaffEvent::SigningKeyRevoked { .. }
            | StaffEvent::TokenIssued { .. }
            | StaffEvent::TokenRevoked { .. } => self.apply_key(event),
            StaffEvent::Offboarded { successor } => self.leave(successor),
            StaffEvent::TookOver { from } => self.took_over.push(from.clone()),
        }
    }

    fn set_password(&mut self, credential: Commitment) {
        self.credential = Some(credential);
        self.temporary = false;
    }

    fn apply_factor(&mut self, event: &StaffEvent) {
        match event {
            StaffEvent::FactorEnrolled {
                factor,
                kind,
                secret,
                mark,
            } => {
                self.factor_due = false;
                self.factors.push(Factor {
                    id: factor.clone(),
                    kind: *kind,
                    secret: *secret,
                    mark: *mark,
                });
            }
            StaffEvent::FactorRemoved { factor } => self.factors.retain(|held| held.id != *factor),
            StaffEvent::FactorUsed { factor, mark } => {
                let used = self.factors.iter_mut().find(|held| held.id == *factor);
                if let Some(used) = used {
                    used.mark = used.mark.max(*mark);
                }
            }
            _ => {}
        }
    }

    fn apply_key(&mut self, event: &StaffEvent) {
        match event {
            StaffEvent::SigningKeyEnrolled {
                key,
                public,
                sealed,
            } => self.keys.push(SigningKey {
                id: key.clone(),
                public: *public,
                sealed: *sealed,
                revoked: false,
            }),
            StaffEvent::SigningKeyRevoked { key, .. } => {
                let revoked = self.keys.iter_mut().filter(|held| held.id == *key);
                revoked.for_each(|held| held.revoked = true);
            }
            StaffEvent::TokenIssued {
                token,
                secret,
                site,
                expires,
            } => self.tokens.push(Token {
                id: token.clone(),
                secret: *secret,
                site: site.clone(),
                expires: *expires,
            }),
            StaffEvent::TokenRevoked { token } => self.tokens.retain(|held| held.id != *token),
            _ => {}
        }
    }

    fn leave(&mut self, successor: &StaffId) {
        self.successor = Some(successor.clone());
        self.credential = None;
        self.recovery = None;
        self.single_sign_on = None;
        self.grants.clear();
        self.factors.clear();
        self.tokens.clear();
        self.keys.iter_mut().for_each(|key| key.revoked = true);
    }
}

/// Folds a person's history, oldest first; none when the person was never enrolled.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Event>) -> Option<StaffState> {
    let mut state: Option<StaffState> = None;
    for event in history {
        let Event::Staff { event } = event else {
            continue;
        };
        match (&mut state, event) {
            (
                None,
                StaffEvent::Enrolled {
                    profile,
                    credential,
                    temporary,
                },
            ) => state = Some(StaffState::enrolled(*profile, *credential, *temporary)),
            (Some(state), event) => state.apply(event),
            (None, _) => {}
        }
    }
    state
}
