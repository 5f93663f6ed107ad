//! Coming in: with a password, with a recovery code; and proving again who one is.
//!
//! A wrong password, an unknown account, one without a password and one whose person left are the same to whoever
//! tries: the same answer after the same work. What was typed as an account is written nowhere, for it may be a
//! password that slipped into the wrong field.

use std::net::IpAddr;

use super::backoff::Wait;
use super::error::PeopleError;
use super::password::check;
use super::secret::same;
use super::session::{NewSession, Session, Stage};
use super::{Order, People, SecretText, draw_name, draw_secret, lock, read};
use crate::domain::staff::{
    Proof, SignInMethod, StaffRefusal, StaffState, actor_of, change_password, sign_in, use_recovery,
};
use crate::domain::{Digest, RequestId, StaffId};
use crate::ledger::Decline;

/// A session that was opened or moved on. The token goes to the browser and nowhere else.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's token, 43 characters of base64url. Every step gives a new one, and the old one is void.
    pub token: SecretText,
    /// The session, with the stage that tells what it still lacks.
    pub session: Session,
}

impl People {
    /// Signs in with a password. The session's stage says what comes next.
    pub async fn sign_in(
        &self,
        account: &str,
        password: &SecretText,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        self.attempt(account, address)?;
        let known = self.known(account).await?;
        let staff = self.check_password(known, password).await?;
        self.succeeded(account, address);
        self.open(&staff, SignInMethod::Password, address).await
    }

    /// Signs in with a recovery code and the password that is to hold from now on.
    pub async fn recover(
        &self,
        account: &str,
        code: &SecretText,
        password: &SecretText,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        check(password, account)?;
        self.attempt(account, address)?;
        let hashed = self.inner.hasher.hash(password).await?;
        let known = self.known(account).await?;
        let waiting = known.and_then(|(staff, state)| Some((staff, state.recovery?)));
        let Some((staff, recovery)) = waiting else {
            return Err(PeopleError::SignInFailed);
        };
        let stored = self.get(&staff, &recovery.code).await?;
        let given = Digest::of(normal_code(code.expose()));
        if !same(&stored, given.as_bytes()) {
            return Err(PeopleError::SignInFailed);
        }
        let credential = self.put(&staff, hashed.as_bytes()).await?;
        let order = own_order(&staff, "recover")?;
        let recorded = self.commit(&order, &staff, vec![credential], |reads, now| {
            let state = read(reads, &staff)?;
            let facts = use_recovery(&staff, state.as_ref(), recovery.code, credential, now);
            facts.map_err(Decline::from)
        });
        recorded.await?;
        self.erase(&staff, &[recovery.code]).await;
        self.succeeded(account, address);
        let state = self.state(&staff).await?.ok_or(PeopleError::SignInFailed)?;
        let stage = self.next_stage(&state, SignInMethod::Recovery, true);
        self.admit(&staff, SignInMethod::Recovery, stage, address)
    }

    /// Unlocks a session with the password. Where there is no second factor, it is also what a step-up asks for.
    pub async fn prove_password(
        &self,
        token: &SecretText,
        password: &SecretText,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let session = self.session(token)?;
        let account = session.staff.as_str();
        self.attempt(account, address)?;
        let known = self.known(account).await?;
        let staff = self.check_password(known, password).await?;
        self.succeeded(account, address);
        let state = self.state(&staff).await?.ok_or(PeopleError::NotSignedIn)?;
        self.advance(token, session.stage, state.factors.is_empty())
    }

    /// Sets a password the person chose; every other session of the person ends. Whoever does not set the first one
    /// must have proved a short while ago who they are.
    pub async fn set_password(
        &self,
        token: &SecretText,
        password: &SecretText,
    ) -> Result<SignedIn, PeopleError> {
        let key = Digest::of(token.expose());
        let session = self.sessions().touch(&key, self.now())?;
        let staff = session.staff.clone();
        let state = self.state(&staff).await?.ok_or(PeopleError::NotSignedIn)?;
        match session.stage {
            Stage::SetPassword => {}
            Stage::Full if self.sessions().is_fresh(&session, self.now()) => {}
            Stage::Full => return Err(PeopleError::StepUpNeeded),
            stage => return Err(PeopleError::Unfinished { stage }),
        }
        check(password, staff.as_str())?;
        let hashed = self.inner.hasher.hash(password).await?;
        let credential = self.put(&staff, hashed.as_bytes()).await?;
        let order = own_order(&staff, "password")?;
        let recorded = self.commit(&order, &staff, vec![credential], |reads, _| {
            let state = read(reads, &staff)?;
            Ok(change_password(&staff, state.as_ref(), credential)?)
        });
        recorded.await?;
        self.erase(&staff, state.credential.as_slice()).await;
        self.sessions().revoke_all(&staff, Some(&key));
        let state = self.state(&staff).await?.ok_or(PeopleError::NotSignedIn)?;
        let stage = self.next_stage(&state, session.method, true);
        self.advance(token, stage, false)
    }

    /// Opens a session for a person whose password, or provider, vouched for them.
    pub(super) async fn open(
        &self,
        staff: &StaffId,
        method: SignInMethod,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let state = self.state(staff).await?.ok_or(PeopleError::SignInFailed)?;
        if state.locked {
            return Err(StaffRefusal::IsLocked.into());
        }
        let stage = self.next_stage(&state, method, false);
        if stage != Stage::SecondFactor {
            self.record_sign_in(staff, method, None).await?;
        }
        self.admit(staff, method, stage, address)
    }

    /// Writes a sign-in down; with a second factor, that it was used.
    pub(super) async fn record_sign_in(
        &self,
        staff: &StaffId,
        method: SignInMethod,
        proof: Option<&Proof>,
    ) -> Result<(), PeopleError> {
        let order = own_order(staff, "sign-in")?;
        let recorded = self.commit(&order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            Ok(sign_in(staff, state.as_ref(), method, proof)?)
        });
        recorded.await.map(drop)
    }

    fn admit(
        &self,
        staff: &StaffId,
        method: SignInMethod,
        stage: Stage,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let token = draw_secret()?;
        let now = self.now();
        let new = NewSession {
            staff: staff.clone(),
            stage,
            method,
            address,
            // The password was given just now; it suffices where there is no second factor.
            proved: (stage == Stage::Full).then_some(now),
        };
        let session = self.sessions().open(Digest::of(token.expose()), new, now);
        tracing::info!(staff = %staff, session = %session.id, stage = ?stage, "signed in");
        Ok(SignedIn { token, session })
    }

    /// Moves a session on, under a new token.
    pub(super) fn advance(
        &self,
        token: &SecretText,
        stage: Stage,
        proved: bool,
    ) -> Result<SignedIn, PeopleError> {
        let key = Digest::of(token.expose());
        let next = draw_secret()?;
        let to = Digest::of(next.expose());
        let session = self.sessions().renew(&key, to, stage, proved, self.now())?;
        let mut pending = lock(&self.inner.pending);
        if let Some(begun) = pending.remove(&key) {
            pending.insert(to, begun);
        }
        Ok(SignedIn {
            token: next,
            session,
        })
    }

    /// What a session lacks. `shown` says whether the second factor was shown, or cannot be asked for. A password that
    /// someone else chose matters to whoever came with it.
    pub(super) fn next_stage(
        &self,
        state: &StaffState,
        method: SignInMethod,
        shown: bool,
    ) -> Stage {
        let all = self.inner.settings.second_factor_for_all;
        if !state.factors.is_empty() && !shown {
            Stage::SecondFactor
        } else if state.temporary && method == SignInMethod::Password {
            Stage::SetPassword
        } else if state.factors.is_empty() && state.needs_second_factor(all) {
            Stage::EnrolFactor
        } else {
            Stage::Full
        }
    }

    async fn known(
        &self,
        account: &str,
    ) -> Result<Option<(StaffId, std::sync::Arc<StaffState>)>, PeopleError> {
        let Ok(staff) = StaffId::new(account) else {
            return Ok(None);
        };
        let state = self.state(&staff).await?;
        Ok(state.map(|state| (staff, state)))
    }

    async fn check_password(
        &self,
        known: Option<(StaffId, std::sync::Arc<StaffState>)>,
        password: &SecretText,
    ) -> Result<StaffId, PeopleError> {
        let mut stored = None;
        if let Some((staff, state)) = &known
            && let Some(credential) = &state.credential
        {
            let bytes = self.get(staff, credential).await?;
            let text = std::str::from_utf8(&bytes).map_err(|_| PeopleError::Damaged)?;
            stored = Some(zeroize::Zeroizing::new(text.to_owned()));
        }
        let fits = self.inner.hasher.matches(stored, password).await?;
        match known {
            Some((staff, _)) if fits => Ok(staff),
            Some((staff, _)) => {
                tracing::info!(staff = %staff, "a sign-in failed");
                Err(PeopleError::SignInFailed)
            }
            None => {
                tracing::info!("a sign-in to an unknown account failed");
                Err(PeopleError::SignInFailed)
            }
        }
    }

    pub(super) fn attempt(&self, account: &str, address: IpAddr) -> Result<(), PeopleError> {
        let attempted = lock(&self.inner.backoff).attempt(account, address, self.now());
        attempted.map_err(|Wait(millis)| PeopleError::SlowDown { millis })
    }

    pub(super) fn succeeded(&self, account: &str, address: IpAddr) {
        lock(&self.inner.backoff).succeeded(account, address);
    }
}

/// A step a person takes in their own name. Each is a request of its own.
pub(super) fn own_order(staff: &StaffId, step: &str) -> Result<Order, PeopleError> {
    let request = RequestId::new(format!("{step}/{}", draw_name()?));
    Ok(Order {
        by: actor_of(staff)?,
        request: request.map_err(|_| PeopleError::Damaged)?,
        expected: None,
    })
}

/// A code as it is compared: people add spaces and dashes and write it small.
pub(super) fn normal_code(code: &str) -> String {
    let kept = code.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_uppercase()).collect()
}
